//! Volumes and addresses that nothing uses.

use gpucost::advice::{Action, Dollars};
use gpucost::ledger::InstanceState;

use crate::asked::*;
use crate::facts::*;

#[test]
fn an_unattached_volume_is_bounded_by_its_creation() {
    let facts = [volume("vol-1", "gp2", 100).created("2026-10-01").fact()];
    let findings = advise(&facts, SEEN);
    assert_eq!(ids(&findings), ["unattached-volume:vol-1", "gp2-to-gp3:vol-1"]);
    let finding = &findings[0];
    // 100 GB × $0.10 × 30.5/31 at most: AWS does not tell when it was detached.
    assert_eq!(shown(finding.accrued.as_ref()), "≤ $9.84");
    assert_eq!(finding.saving_per_month.to_string(), "$5.00–$10.00");
    assert_eq!(
        ways_out(finding),
        pairs(&[
            ("keep", "$10.00"),
            ("snapshot-then-delete", "≤ $5.00"),
            ("archive-then-delete", "≤ $1.25"),
            ("delete", "$0.00"),
        ])
    );
    let commands = &choice(finding, Action::SnapshotThenDelete).commands;
    assert!(!commands.join(" ").contains("detach-volume"), "{commands:?}");
}

#[test]
fn more_sights_or_a_note_make_it_surer() {
    let sights = ["2026-10-10T12:00:00Z", "2026-10-20T12:00:00Z", SEEN];
    let facts = sights.map(|seen| volume("vol-1", "gp3", 100).created("2026-10-01").seen(seen).fact());
    // 100 GB × $0.08 × 21/31 since the first sight of it unattached, and × 30.5/31 since it was created.
    assert_eq!(shown(advise(&facts, SEEN)[0].accrued.as_ref()), "$5.42–$7.87");
    let facts = [
        volume("vol-1", "gp3", 100).created("2026-10-01").seen("2026-10-10T12:00:00Z").on("i-9", true).fact(),
        volume("vol-1", "gp3", 100).created("2026-10-01").seen("2026-10-20T12:00:00Z").fact(),
        volume("vol-1", "gp3", 100).created("2026-10-01").fact(),
    ];
    // Attached on the 10th, not on the 20th: 11 days sure, usage of the first sight's shape since creation at most.
    assert!(shown(advise(&facts, SEEN)[0].accrued.as_ref()).starts_with("$2.84–$"));
    let noted = [noted("", "2026-10-01", None).volume("vol-2", "gp3:100").fact()];
    let findings = advise(&noted, NOTED);
    assert_eq!(ids(&findings), ["unattached-volume:vol-2"]);
    assert_eq!(findings[0].accrued, Some(Dollars::Exact(usd("8"))));
}

#[test]
fn a_deleted_or_attached_volume_is_not_unattached() {
    let facts = [volume("vol-1", "gp3", 1).state("deleting").fact(), volume("vol-2", "gp3", 1).on("i-9", true).fact()];
    assert_eq!(ids(&advise(&facts, SEEN)), [""; 0]);
}

#[test]
fn an_idle_address_costs_three_sixty_five_a_month() {
    let facts = [
        address("eipalloc-1", "203.0.113.7").seen("2026-10-30T12:00:00Z").fact(),
        address("eipalloc-1", "203.0.113.7").fact(),
    ];
    let findings = advise(&facts, SEEN);
    let finding = only(&findings, "idle-address");
    assert_eq!(finding.saving_per_month, Dollars::Exact(usd("3.65")));
    assert_eq!(shown(finding.accrued.as_ref()), "≥ $0.12"); // 24 h × $0.005
    assert_eq!(
        finding.recommended().unwrap().commands,
        ["aws ec2 release-address --region us-east-1 --allocation-id eipalloc-1"]
    );
    // One sight: since when it is held is unknown, never $0.
    assert_eq!(shown(advise(&facts[1..], SEEN)[0].accrued.as_ref()), "unknown");
}

#[test]
fn an_address_of_a_stopped_instance_is_named_once() {
    let stopped = || instance("i-1", "g5.xlarge", InstanceState::Stopped).elastic_ip("203.0.113.7");
    let bare = [stopped().fact(), address("eipalloc-1", "203.0.113.7").on("i-1").fact()];
    assert_eq!(ids(&advise(&bare, SEEN)), ["idle-address:eipalloc-1"]);
    let with_volume = [stopped().volume("vol-1", true).fact(), bare[1].clone()];
    assert_eq!(ids(&advise(&with_volume, SEEN)), ["stopped-accruing:i-1"]);
    // Only the instance was described: the address is known by its number, and looked up to be released.
    let findings = advise(&bare[..1], SEEN);
    assert_eq!(ids(&findings), ["idle-address:203.0.113.7"]);
    let release = &findings[0].recommended().unwrap().commands[0];
    assert!(release.contains("describe-addresses --region us-east-1 --public-ips 203.0.113.7"), "{release}");
    // In use it is not idle; of an instance nobody described it is not known to be.
    let running = instance("i-1", "g5.xlarge", InstanceState::Running).launched("2026-10-31T11:00:00Z");
    assert_eq!(ids(&advise(&[running.fact(), bare[1].clone()], SEEN)), [""; 0]);
    assert_eq!(ids(&advise(&bare[1..], SEEN)), [""; 0]);
}

#[test]
fn what_a_volume_cost_between_a_resize_and_its_sight_is_bounded() {
    let facts = [
        instance("i-1", "g5.xlarge", InstanceState::Running)
            .launched("2026-10-01")
            .volume("vol-1", true)
            .seen("2026-11-01")
            .fact(),
        volume("vol-1", "gp3", 100).on("i-1", true).created("2026-10-01").seen("2026-10-01").fact(),
        volume("vol-1", "gp3", 500).on("i-1", true).created("2026-10-01").seen("2026-11-01").fact(),
    ];
    let findings = advise(&facts, "2026-11-01");
    assert_eq!(ids(&findings), ["left-running:i-1", "cheaper-elsewhere:i-1"]);
    // October at $0.08: 100 GB surely, 500 GB at most.
    assert_eq!(shown(Some(&findings[0].parts[1].accrued)), "$8.00–$40.00");
}
