//! Instances left running.

use gpucost::advice::{Action, Dollars, Thresholds};
use gpucost::ledger::{InstanceState, Purchase};

use crate::asked::*;
use crate::facts::*;

#[test]
fn an_instance_left_running_is_projected() {
    let launched = "2026-10-30T12:00:00Z"; // 24 h before it was seen
    let facts = [
        instance("i-1", "g5.xlarge", InstanceState::Running)
            .launched(launched)
            .volume("vol-1", true)
            .public_ip()
            .fact(),
        volume("vol-1", "gp3", 500).on("i-1", true).fact(),
    ];
    let findings = advise(&facts, SEEN);
    assert_eq!(ids(&findings), ["left-running:i-1"]);
    let finding = &findings[0];
    // 24 h × ($1.006 + $0.005); the month of 730 h alike.
    assert_eq!(finding.accrued, Some(Dollars::Exact(usd("24.264"))));
    assert_eq!(finding.saving_per_month.to_string(), "≤ $738.03");
    assert_eq!(
        ways_out(finding),
        pairs(&[
            ("keep", "$778.03"),
            ("stop", "$40.00"),
            ("snapshot-then-delete", "≤ $25.00"),
            ("archive-then-delete", "≤ $6.25"),
            ("terminate", "$0.00"),
        ])
    );
    assert_eq!(
        finding.recommended().unwrap().commands,
        ["aws ec2 stop-instances --region us-east-1 --instance-ids i-1"]
    );
    let evidence = finding.evidence.join("\n");
    assert!(evidence.contains("$24.14 a day, $734.38 in an estimate month of 730 h"), "{evidence}");
    assert!(finding.risk.contains("instance store"), "{}", finding.risk);
}

#[test]
fn the_threshold_is_twelve_hours_unless_said_otherwise() {
    let since = |launched: &str| instance("i-1", "g5.xlarge", InstanceState::Running).launched(launched).fact();
    assert_eq!(ids(&advise(&[since("2026-10-31T00:00:00Z")], SEEN)), [""; 0]);
    assert_eq!(ids(&advise(&[since("2026-10-30T23:59:59Z")], SEEN)), ["left-running:i-1"]);
    let patient = Thresholds { left_running_hours: 1000, ..Thresholds::default() };
    assert_eq!(ids(&advise_with(&[since("2026-10-30T00:00:00Z")], patient, SEEN)), [""; 0]);
    // Notes without an end run until they were written.
    let open = [noted("i-1", "2026-10-31", None).compute("p2.xlarge").fact()];
    assert_eq!(shown(advise(&open, NOTED)[0].accrued.as_ref()), "$21.60"); // 24 h × $0.90
}

#[test]
fn spot_prices_paid_are_unknown_and_spot_is_not_stopped() {
    let facts = [instance("i-1", "g5.xlarge", InstanceState::Running)
        .launched("2026-10-01T00:00:00Z")
        .purchase(Purchase::Spot)
        .fact()];
    let finding = &advise(&facts, SEEN)[0];
    assert_eq!(finding.saving_per_month.to_string(), "unknown");
    assert!(finding.choices.iter().all(|choice| choice.action != Action::Stop));
    assert_eq!(finding.recommended().unwrap().action, Action::Terminate);
}

#[test]
fn a_saving_without_a_rate_is_unknown_though_its_address_has_one() {
    let facts = [instance("i-1", "g5.xlarge", InstanceState::Running)
        .launched("2026-10-01T00:00:00Z")
        .purchase(Purchase::Spot)
        .public_ip()
        .fact()];
    let finding = &advise(&facts, SEEN)[0];
    // The address ends with the instance: $3.65 of keeping it are known, and not that they would be saved.
    assert_eq!(ways_out(finding)[0], pairs(&[("keep", "≥ $3.65")])[0]);
    assert_eq!(finding.saving_per_month.to_string(), "unknown");
    assert_eq!(finding.saving_per_month.least(), None);
}
