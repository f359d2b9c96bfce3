//! Instances left running.

use gpucost::advice::{Action, Detail, Dollars, Finding, Thresholds};
use gpucost::billing::{LineItem, bill};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Certainty, Fact, InstanceState, Purchase, derive};
use gpucost::money::Usd;
use gpucost::time::Period;
use jiff::Timestamp;
use proptest::prelude::*;

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

/// What a finding says of stretches of time: (key, dollars).
fn spans(finding: &Finding) -> Vec<(&'static str, Dollars)> {
    let Some(Detail::Spans(spans)) = &finding.detail else { panic!("{:?}", finding.detail) };
    spans.iter().map(|span| (span.key, span.dollars.clone())).collect()
}

#[test]
fn so_far_today_and_the_month_to_its_end() {
    let facts =
        [instance("i-1", "g5.xlarge", InstanceState::Running).launched("2026-10-30T12:00:00Z").public_ip().fact()];
    // As of the last sight, at noon of the 31st: half a day is left of the month, however late it is looked at.
    for now in [SEEN, "2026-11-20"] {
        let spans = spans(only(&advise(&facts, now), "left-running"));
        let exact = |text: &str| Dollars::Exact(usd(text));
        assert_eq!(
            spans,
            [
                ("since-start", exact("24.264")), // 24 h × ($1.006 + $0.005)
                ("day", exact("12.132")),         // 12 h
                ("month-to-date", exact("24.264")),
                ("month-projected", exact("36.396")), // 36 h
            ]
        );
    }
}

#[test]
fn the_day_and_the_month_are_those_that_end_at_a_midnight() {
    let facts = [instance("i-1", "g5.xlarge", InstanceState::Running)
        .launched("2026-10-30T00:00:00Z")
        .seen("2026-11-01T00:00:00Z")
        .fact()];
    let findings = advise(&facts, "2026-11-01T00:00:00Z");
    let Some(Detail::Spans(spans)) = &only(&findings, "left-running").detail else { panic!("no spans") };
    let said: Vec<(&str, String)> = spans.iter().map(|s| (s.what.as_str(), s.dollars.to_string())).collect();
    assert_eq!(
        said,
        [
            ("since its start, 2026-10-30 00:00 UTC", "$48.29".to_owned()),
            ("2026-10-31 so far", "$24.14".to_owned()),
            ("2026-10 so far, all its runs", "$48.29".to_owned()),
            ("2026-10, if it runs on to the end", "$48.29".to_owned()),
        ]
    );
}

#[test]
fn a_run_without_a_rate_costs_an_unknown_amount() {
    let spot = instance("i-1", "g5.xlarge", InstanceState::Running).launched("2026-10-01").purchase(Purchase::Spot);
    let findings = advise(&[spot.fact()], SEEN);
    for (key, dollars) in spans(only(&findings, "left-running")) {
        assert_eq!(dollars.to_string(), "unknown", "{key}");
    }
}

/// Dollars of an instance's hours and address in the bill: surely, and at most.
fn billed(facts: &[Fact], now: &str, within: Period) -> (Usd, Usd) {
    let ledger = derive(&with_evidence(facts), Vec::new(), at(now)).unwrap();
    let lines: Vec<_> =
        within.months().flat_map(|month| bill(&ledger, RateCard::shipped(), month).line_items).collect();
    let of_instance = lines.iter().filter(|line| line.resource.id == "i-1" && within.contains(line.period.start));
    let cost = |line: &&LineItem| line.charge.cost().unwrap();
    let sure = of_instance.clone().filter(|line| line.certainty == Certainty::Measured).map(|line| cost(&line)).sum();
    (sure, of_instance.map(|line| cost(&line)).sum())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Today and the month to date are the bill's own; the projection is the bill of a month in which it ran on.
    #[test]
    fn spans_are_what_the_bill_has(
        first in 0..2_000_000_i64, ran in 1..500_000_i64, known: bool, apart in 60..500_000_i64, runs in 43_201..600_000_i64,
        ip: bool,
    ) {
        let second = |n: i64| Timestamp::from_second(at("2026-09-20").as_second() + n).unwrap().to_string();
        let run = |launched: i64, seen: i64, state| {
            let made = instance("i-1", "g5.xlarge", state).launched(&second(launched)).seen(&second(seen));
            if ip { made.public_ip() } else { made }
        };
        // A run before, whose end is known to the second or to lie between two sights.
        let stop = first + ran + 1;
        let reason = format!("User initiated ({} GMT)", at(&second(stop)).strftime("%Y-%m-%d %H:%M:%S"));
        let stopped = run(first, stop + apart / 2, InstanceState::Stopped).reason(if known { &reason } else { "" });
        let (start, until) = (stop + apart, stop + apart + runs);
        let facts = [
            run(first, first + ran, InstanceState::Running).fact(),
            stopped.fact(),
            run(start, until, InstanceState::Running).fact(),
        ];
        let now = second(until);
        let findings = advise(&facts, &now);
        let Some(Detail::Spans(spans)) = &only(&findings, "left-running").detail else { panic!("no spans") };
        for span in spans.iter().filter(|span| ["day", "month-to-date"].contains(&span.key)) {
            let (sure, most) = billed(&facts, &now, span.period);
            prop_assert_eq!((span.dollars.least(), span.dollars.most()), (Some(sure), Some(most)), "{}", &span.what);
        }
        let projected = spans.iter().find(|span| span.key == "month-projected").unwrap();
        let end = projected.period.end.to_string();
        let seen = run(start, 0, InstanceState::Running).seen(&end).fact();
        let ran_on = [facts.as_slice(), &[seen]].concat();
        let (sure, most) = billed(&ran_on, &end, projected.period);
        prop_assert_eq!((projected.dollars.least(), projected.dollars.most()), (Some(sure), Some(most)));
    }
}

/// A stop empties the disks of the host, and so does every way out that begins with one.
#[test]
fn what_a_stop_loses_is_said_of_each_way_out_that_stops() {
    let facts = [
        instance("i-1", "g5.xlarge", InstanceState::Running).volume("vol-1", true).fact(),
        volume("vol-1", "gp3", 100).on("i-1", true).fact(),
    ];
    let findings = advise(&facts, SEEN);
    let finding = findings.iter().find(|finding| finding.rule == "left-running").unwrap();
    let lost = "what is in memory and on its instance store";
    for action in [Action::Stop, Action::SnapshotThenDelete, Action::ArchiveThenDelete, Action::Terminate] {
        let choice = finding.choices.iter().find(|choice| choice.action == action).unwrap();
        assert!(choice.lost.contains(lost), "{}: {}", action.name(), choice.lost);
    }
    // The volume bills whether it runs or not.
    assert_eq!(finding.parts.iter().map(|part| part.counted).collect::<Vec<_>>(), [true, false]);
}
