//! What the rules find in ledgers made of facts: exact dollars, bounds, and what is left alone.

mod advice_ledger;

use advice_ledger::*;
use gpucost::advice::{Action, Choice, Dollars, Finding, RULES, Thresholds};
use gpucost::ledger::{Fact, InstanceState, Purchase};
use gpucost::report::advice::{advice_tables, command_lines, finding_tables};

fn only<'a>(findings: &'a [Finding], rule: &str) -> &'a Finding {
    let of_rule: Vec<&Finding> = findings.iter().filter(|finding| finding.rule == rule).collect();
    assert_eq!(of_rule.len(), 1, "{rule} in {:?}", ids(findings));
    of_rule[0]
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.id.as_str()).collect()
}

fn shown(dollars: Option<&Dollars>) -> String {
    dollars.map_or("-".to_owned(), ToString::to_string)
}

fn choice(finding: &Finding, action: Action) -> &Choice {
    let found = finding.choices.iter().find(|choice| choice.action == action);
    found.unwrap_or_else(|| panic!("no {} in {}", action.name(), finding.id))
}

/// (action, $ a month) of each choice.
fn ways_out(finding: &Finding) -> Vec<(&'static str, String)> {
    finding.choices.iter().map(|choice| (choice.action.name(), choice.per_month.to_string())).collect()
}

fn pairs(of: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    of.iter().map(|(name, dollars)| (*name, (*dollars).to_owned())).collect()
}

// stopped-accruing

/// Stopped on October 1, 2026, 12:00, seen on October 31, 12:00: 30 of October's 31 days.
fn stopped_g5() -> Vec<Fact> {
    vec![
        instance("i-0g5", "g5.xlarge", InstanceState::Stopped)
            .reason("User initiated (2026-10-01 12:00:00 GMT)")
            .volume("vol-1", true)
            .fact(),
        volume("vol-1", "gp3", 500).on("i-0g5", true).fact(),
    ]
}

#[test]
fn a_stopped_instance_pays_for_its_volumes() {
    let findings = advise(&stopped_g5(), SEEN);
    assert_eq!(ids(&findings), ["stopped-accruing:i-0g5"]);
    let finding = &findings[0];
    assert_eq!(finding.title, "Stopped for 30 days, its volume still billed");
    // 500 GB × $0.08 × 30/31 of October.
    assert_eq!(finding.accrued, Some(Dollars::Exact(usd("38.7096774194"))));
    assert_eq!(finding.accrued_if_still_there, None);
    // Deleted: all of it; with a full snapshot at $0.05: $15.
    assert_eq!(finding.saving_per_month, Dollars::Between { least: usd("15"), most: usd("40") });
    assert_eq!(
        ways_out(finding),
        pairs(&[
            ("keep", "$40.00"),
            ("snapshot-then-delete", "≤ $25.00"),
            ("archive-then-delete", "≤ $6.25"),
            ("terminate", "$0.00"),
        ])
    );
    let part = &finding.parts[0];
    assert_eq!((part.id.as_str(), part.what.as_str()), ("vol-1", "gp3 500 GB, 3,000 IOPS, 125 MiB/s"));
    assert_eq!(part.per_month, Dollars::Exact(usd("40")));
    let evidence = finding.evidence.join("\n");
    for fact in [
        "instances.json (record 1)",
        "volumes.json (record 1)",
        "User initiated (2026-10-01 12:00:00 GMT)",
        "500 × $0.08 per GB-month = $40.00 a month (rate as of 2024-07-18",
        "30 days up to 2026-10-31 12:00 UTC",
    ] {
        assert!(evidence.contains(fact), "{fact} in {evidence}");
    }
}

#[test]
fn utc_in_the_reason_is_as_good_as_gmt() {
    let mut facts = stopped_g5();
    facts[0] = instance("i-0g5", "g5.xlarge", InstanceState::Stopped)
        .reason("User initiated (2026-10-01 12:00:00 UTC)")
        .volume("vol-1", true)
        .fact();
    assert_eq!(advise(&facts, SEEN)[0].accrued, Some(Dollars::Exact(usd("38.7096774194"))));
}

#[test]
fn the_commands_snapshot_before_they_delete() {
    let findings = advise(&stopped_g5(), SEEN);
    let snapshot = choice(&findings[0], Action::SnapshotThenDelete);
    assert!(snapshot.recommended);
    assert_eq!(
        snapshot.commands,
        [
            "SNAPSHOT=$(aws ec2 create-snapshot --region us-east-1 --volume-id vol-1 --description \
             'gpucost: vol-1 before its deletion' --query SnapshotId --output text)",
            "aws ec2 wait snapshot-completed --region us-east-1 --snapshot-ids \"${SNAPSHOT:?}\" && \
             aws ec2 detach-volume --region us-east-1 --volume-id vol-1 && \
             aws ec2 wait volume-available --region us-east-1 --volume-ids vol-1 && \
             aws ec2 delete-volume --region us-east-1 --volume-id vol-1",
        ]
    );
    let archive = choice(&findings[0], Action::ArchiveThenDelete);
    assert_eq!(shown(archive.restore.as_ref()), "≤ $15.00"); // 500 GB × $0.03
    assert!(archive.commands[1].contains("modify-snapshot-tier --region us-east-1 --snapshot-id"));
    let terminate = choice(&findings[0], Action::Terminate);
    assert_eq!(terminate.commands, ["aws ec2 terminate-instances --region us-east-1 --instance-ids i-0g5"]);
    assert_eq!(terminate.lost, "the instance and the data of 1 volume");
}

#[test]
fn after_the_last_sight_it_is_only_possible() {
    let finding = &advise(&stopped_g5(), "2026-11-30T12:00:00Z")[0];
    assert_eq!(finding.accrued, Some(Dollars::Exact(usd("38.7096774194"))));
    // The rest of October (12 h) and 29.5 days of November.
    let later = usd("38.7096774194") + usd("0.6451612903") + usd("39.3333333333");
    let by_now = finding.accrued_if_still_there.unwrap();
    assert!((by_now - later).amount().abs() < usd("0.00000001").amount(), "{by_now:?}");
    assert!(finding.evidence.contains(&"as of 2026-10-31 12:00 UTC, when last seen".to_owned()));
}

#[test]
fn without_a_stop_time_the_dollars_are_bounds() {
    for reason in ["", "User initiated", "Server.SpotInstanceShutdown: Spot"] {
        let mut facts = stopped_g5();
        // Started on September 30 at 12:00: at most 31 days, half a day of them in September.
        facts[0] = instance("i-0g5", "g5.xlarge", InstanceState::Stopped).reason(reason).volume("vol-1", true).fact();
        let finding = &advise(&facts, SEEN)[0];
        assert_eq!(finding.title, "Stopped for at most 31 days, its volume still billed");
        assert_eq!(shown(finding.accrued.as_ref()), "≤ $40.02");
        assert_eq!(finding.saving_per_month.to_string(), "$15.00–$40.00");
    }
}

#[test]
fn an_earlier_sight_gives_a_lower_bound() {
    let mut facts = stopped_g5();
    let stopped = || instance("i-0g5", "g5.xlarge", InstanceState::Stopped).reason("").volume("vol-1", true);
    facts[0] = stopped().seen("2026-10-21T12:00:00Z").fact();
    facts.push(stopped().fact());
    let finding = &advise(&facts, SEEN)[0];
    assert_eq!(finding.title, "Stopped for at least 10 and at most 31 days, its volume still billed");
    assert_eq!(shown(finding.accrued.as_ref()), "$12.90–$40.02");
}

#[test]
fn unknown_sizes_are_unknown_dollars() {
    let finding = &advise(&stopped_g5()[..1], SEEN)[0];
    assert_eq!(finding.id, "stopped-accruing:i-0g5");
    assert_eq!(shown(finding.accrued.as_ref()), "unknown");
    assert_eq!(finding.saving_per_month.to_string(), "unknown");
    assert!(finding.saving_per_month.why_unknown().unwrap().contains("describe-volumes"));
    assert_eq!(finding.parts[0].what, "volume of unknown size");
    assert_eq!(ways_out(finding)[0], ("keep", "unknown".to_owned()));
    // One of two known: at least so much.
    let facts = vec![
        instance("i-0g5", "g5.xlarge", InstanceState::Stopped)
            .reason("User initiated (2026-10-01 12:00:00 GMT)")
            .volume("vol-1", true)
            .volume("vol-2", true)
            .fact(),
        volume("vol-1", "gp3", 500).on("i-0g5", true).fact(),
    ];
    let finding = &advise(&facts, SEEN)[0];
    assert_eq!(shown(finding.accrued.as_ref()), "≥ $38.71");
    assert_eq!(finding.saving_per_month.to_string(), "≥ $15.00");
}

#[test]
fn unknown_regions_and_types_are_findings_all_the_same() {
    let facts = [
        instance("i-1", "p9.huge", InstanceState::Stopped).region("mars-north-1").volume("vol-1", true).fact(),
        volume("vol-1", "gp3", 500).region("mars-north-1").on("i-1", true).fact(),
        volume("vol-2", "gp9", 10).fact(),
    ];
    let findings = advise(&facts, SEEN);
    assert_eq!(ids(&findings), ["stopped-accruing:i-1", "unattached-volume:vol-2"]);
    for (finding, why) in findings.iter().zip(["`mars-north-1` is no region", "the volume type `gp9`"]) {
        let unknown = finding.saving_per_month.why_unknown().unwrap();
        assert!(unknown.contains(why), "{unknown}");
    }
}

#[test]
fn survivors_and_addresses_go_on_after_termination() {
    let facts = [
        instance("i-1", "p3.2xlarge", InstanceState::Stopped)
            .reason("User initiated (2026-10-01 12:00:00 GMT)")
            .volume("vol-root", true)
            .volume("vol-data", false)
            .elastic_ip("203.0.113.7")
            .fact(),
        volume("vol-root", "gp3", 100).on("i-1", true).fact(),
        volume("vol-data", "st1", 1000).on("i-1", false).fact(),
        address("eipalloc-1", "203.0.113.7").on("i-1").fact(),
    ];
    let findings = advise(&facts, SEEN);
    assert_eq!(ids(&findings), ["stopped-accruing:i-1", "volume-survives-termination:vol-data"]);
    let finding = &findings[0];
    // 100 × 0.08 + 1000 × 0.045 + 730 × 0.005.
    assert_eq!(
        ways_out(finding),
        pairs(&[
            ("keep", "$56.65"),
            ("release-address", "$53.00"),
            ("snapshot-then-delete", "$3.65–$58.65"),
            ("archive-then-delete", "$3.65–$17.40"),
            ("terminate", "$48.65"),
            ("terminate-and-delete", "$0.00"),
        ])
    );
    // st1 is cheaper than a full standard snapshot: the archive is the way that surely saves.
    assert_eq!(finding.recommended().unwrap().action, Action::ArchiveThenDelete);
    assert_eq!(choice(finding, Action::Terminate).what, "1 volume and 1 address survive and bill on");
    assert_eq!(
        choice(finding, Action::TerminateAndDelete).commands,
        [
            "aws ec2 terminate-instances --region us-east-1 --instance-ids i-1 && \
             aws ec2 wait instance-terminated --region us-east-1 --instance-ids i-1 && \
             aws ec2 delete-volume --region us-east-1 --volume-id vol-data",
            "aws ec2 release-address --region us-east-1 --allocation-id eipalloc-1",
        ]
    );
    assert!(choice(finding, Action::ReleaseAddress).commands[0].starts_with("aws ec2 disassociate-address "));
    assert!(finding.risk.contains("p3.2xlarge is no longer offered"), "{}", finding.risk);
    // $53 × 30/31 sure; the address at most 720 h on top.
    assert_eq!(shown(finding.accrued.as_ref()), "$51.29–$54.89");
}

#[test]
fn notes_tell_a_stop_by_zero_hours_or_by_their_end() {
    let zero = [
        noted("i-1", "2026-10-01", Some("2026-10-11")).compute("g5.xlarge").volume("vol-1", "gp3:500").fact(),
        noted("i-1", "2026-10-11", None).hours_per_day("0").compute("g5.xlarge").volume("vol-1", "gp3:500").fact(),
    ];
    let alone = [
        noted("i-1", "2026-10-01", Some("2026-10-11")).compute("g5.xlarge").fact(),
        noted("i-1", "2026-10-01", None).volume("vol-1", "gp3:500").fact(),
    ];
    for facts in [&zero, &alone] {
        let findings = advise(facts, NOTED);
        assert_eq!(ids(&findings), ["stopped-accruing:i-1"]);
        let finding = &findings[0];
        assert_eq!(finding.title, "Stopped for 21 days, its volume still billed");
        // 500 GB × $0.08 × 21/31.
        assert_eq!(shown(finding.accrued.as_ref()), "$27.10");
        assert_eq!(ways_out(finding)[3], ("terminate", "≤ $40.00".to_owned()));
        assert_eq!(choice(finding, Action::Terminate).what, "perhaps 1 volume survive and bill on");
        assert!(finding.evidence.join("\n").contains("notes.csv:"));
    }
}

#[test]
fn what_runs_or_ended_is_not_stopped() {
    let running = [
        instance("i-1", "g5.xlarge", InstanceState::Running).launched("2026-10-31T11:00:00Z").volume("vol-1", true),
        instance("i-2", "g5.xlarge", InstanceState::Terminated).volume("vol-2", true),
    ];
    let mut facts: Vec<Fact> = running.into_iter().map(InstanceMaker::fact).collect();
    // Two hours a day is in use; a note that ends its volume leaves nothing to pay for.
    facts.push(
        noted("i-3", "2026-10-01", None).hours_per_day("2").compute("p2.xlarge").volume("vol-3", "gp3:75").fact(),
    );
    let ended = noted("i-4", "2026-10-01", Some("2026-10-11")).compute("g5.xlarge").volume("vol-4", "gp3:500");
    facts.push(ended.fact());
    assert_eq!(ids(&advise(&facts, NOTED)), [""; 0]);
}

#[test]
fn a_volume_moved_since_is_not_billed_to_its_old_instance() {
    let mut facts = stopped_g5();
    facts.push(volume("vol-1", "gp3", 500).seen("2026-11-01T00:00:00Z").fact());
    assert_eq!(ids(&advise(&facts, "2026-11-01T00:00:00Z")), ["unattached-volume:vol-1"]);
}

// unattached-volume

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
    // 100 GB × $0.08 × 11/31 since the second sight, and × 30.5/31 since it was created.
    assert_eq!(shown(advise(&facts, SEEN)[0].accrued.as_ref()), "$2.84–$7.87");
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

// idle-address

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

// gp2-to-gp3

#[test]
fn gp3_is_matched_to_what_gp2_sustains() {
    // (GB, IOPS, MiB/s, saved): $0.02 a GB less $0.005 an IOPS above 3,000 and $0.04 a MiB/s above 125.
    let cases = [
        (75, 3000, 125, "1.5"),
        (170, 3000, 128, "3.28"),
        (500, 3000, 250, "5"),
        (2000, 6000, 250, "20"),
        (6000, 16_000, 250, "50"),
    ];
    for (size_gb, iops, mibps, saved) in cases {
        let facts = [volume("vol-1", "gp2", size_gb).on("i-9", true).fact()];
        let findings = advise(&facts, SEEN);
        let finding = only(&findings, "gp2-to-gp3");
        assert_eq!(finding.saving_per_month, Dollars::Exact(usd(saved)), "{size_gb} GB");
        assert_eq!(finding.accrued, None);
        assert_eq!(
            finding.recommended().unwrap().commands,
            [format!(
                "aws ec2 modify-volume --region us-east-1 --volume-id vol-1 --volume-type gp3 --iops {iops} \
                 --throughput {mibps}"
            )]
        );
    }
}

#[test]
fn gp2_saves_at_every_size_and_other_types_are_left_alone() {
    // In us-east-1 it always is: what 334 GB pay for 250 MiB/s, $5, is less than the $6.68 that storage saves.
    for size_gb in 1..=400 {
        let facts = [volume("vol-1", "gp2", size_gb).on("i-9", true).fact()];
        let saved = usd("0.02").amount() * rust_decimal::Decimal::from(size_gb);
        let paid = (size_gb * 3).max(100).div_ceil(4).min(if size_gb <= 170 { 128 } else { 250 }).saturating_sub(125);
        let saved = saved - usd("0.04").amount() * rust_decimal::Decimal::from(paid);
        let findings = advise(&facts, SEEN);
        assert!(saved > rust_decimal::Decimal::ZERO);
        assert_eq!(only(&findings, "gp2-to-gp3").saving_per_month, Dollars::Exact(gpucost::money::Usd::new(saved)));
    }
    let other =
        ["gp3", "io1", "io2", "st1", "sc1", "standard"].map(|kind| volume("vol-1", kind, 500).on("i-9", true).fact());
    for fact in other {
        assert_eq!(ids(&advise(&[fact], SEEN)), [""; 0]);
    }
    let unknown = [volume("vol-1", "gp2", 500).region("mars-north-1").on("i-9", true).fact()];
    let findings = advise(&unknown, SEEN);
    assert_eq!(shown(Some(&only(&findings, "gp2-to-gp3").saving_per_month)), "unknown");
}

// volume-survives-termination

#[test]
fn a_surviving_volume_is_a_warning() {
    let facts = [
        instance("i-1", "g5.xlarge", InstanceState::Running)
            .launched("2026-10-31T11:00:00Z")
            .volume("vol-root", true)
            .volume("vol-data", false)
            .fact(),
        volume("vol-root", "gp3", 100).on("i-1", true).fact(),
        volume("vol-data", "gp3", 500).on("i-1", false).fact(),
    ];
    let findings = advise(&facts, SEEN);
    assert_eq!(ids(&findings), ["volume-survives-termination:vol-data"]);
    let finding = &findings[0];
    assert_eq!(finding.saving_per_month, Dollars::ZERO);
    assert_eq!(finding.accrued, None);
    assert_eq!(ways_out(finding), pairs(&[("keep", "$40.00"), ("delete-on-termination", "$0.00")]));
    assert_eq!(
        finding.recommended().unwrap().commands,
        [
            r#"aws ec2 modify-instance-attribute --region us-east-1 --instance-id i-1 --block-device-mappings '[{"DeviceName":"/dev/sdf","Ebs":{"DeleteOnTermination":true}}]'"#
        ]
    );
}

// left-running

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
    let patient = Thresholds { left_running_hours: 1000 };
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

// Together

#[test]
fn findings_are_sorted_by_saving_with_the_unknown_last() {
    let mut facts = stopped_g5();
    facts.push(volume("vol-9", "gp3", 2000).fact());
    facts.push(volume("vol-0", "gp9", 2000).fact());
    facts.push(address("eipalloc-1", "203.0.113.7").fact());
    assert_eq!(
        ids(&advise(&facts, SEEN)),
        ["unattached-volume:vol-9", "stopped-accruing:i-0g5", "idle-address:eipalloc-1", "unattached-volume:vol-0"]
    );
}

#[test]
fn every_rule_has_an_id_and_a_title_of_its_own() {
    let mut ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), RULES.len());
    assert!(RULES.iter().all(|rule| rule.title.chars().count() <= 22));
}

#[test]
fn hostile_ids_and_names_stay_out_of_commands() {
    for id in ["vol-1; rm -rf ~", "$(reboot)", "file:///etc/passwd", "[\"vol-2\"]", "--dry-run", "vol\n-1", "vol-1'"] {
        let facts = [
            instance("i-1`id`", "g5.xlarge", InstanceState::Stopped).named("\x1b[2J'$(id)").volume(id, false).fact(),
            volume(id, "gp2", 500).on("i-1`id`", false).fact(),
            volume(&format!("{id}x"), "gp2", 10).region("us-east-1; id").fact(),
        ];
        let findings = advise(&facts, SEEN);
        assert_eq!(findings.len(), 5);
        for choice in findings.iter().flat_map(|finding| &finding.choices) {
            for command in &choice.commands {
                assert!(command.starts_with("# no command"), "{command}");
            }
        }
    }
    // A hostile device is no word either.
    let facts = [
        instance("i-1", "g5.xlarge", InstanceState::Running)
            .launched("2026-10-31T11:00:00Z")
            .device("/dev/sdf'\"; id")
            .volume("vol-1", false)
            .fact(),
        volume("vol-1", "gp3", 500).on("i-1", false).fact(),
    ];
    let findings = advise(&facts, SEEN);
    assert!(findings[0].recommended().unwrap().commands[0].starts_with("# no command"));
}

// Tables

#[test]
fn tables_show_bounds_and_leave_unknown_empty() {
    let mut facts = stopped_g5();
    facts.push(volume("vol-0", "gp9", 2000).fact());
    let findings = advise(&facts, SEEN);
    let tables = advice_tables(&findings, at("2026-11-30"));
    assert_eq!(tables.iter().map(|table| table.key).collect::<Vec<_>>(), ["findings", "charges", "choices"]);
    for table in tables.iter().chain(&finding_tables(&findings[0])) {
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.key);
    }
    let cell = |row: usize, key: &str| {
        let column = tables[0].columns.iter().position(|column| column.key == key).unwrap();
        let cell = &tables[0].rows[row][column];
        (cell.shown.clone(), cell.exact.clone())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(cell(0, "accrued_usd"), ("$38.71".to_owned(), some("38.7096774194")));
    assert_eq!(cell(0, "saving_usd_per_month"), ("$15.00–$40.00".to_owned(), None));
    assert_eq!(cell(0, "saving_at_least_usd_per_month").1, some("15"));
    assert_eq!(cell(1, "saving_usd_per_month"), ("unknown".to_owned(), None));
    assert_eq!(cell(1, "saving_at_least_usd_per_month").1, None);
    assert!(cell(0, "command").0.contains("create-snapshot"));
    let notes = tables[0].notes.join("\n");
    assert!(notes.contains("As of 2026-10-31, when last seen"), "{notes}");
    assert!(notes.contains("gpucost does not know the volume type `gp9`"), "{notes}");
}

#[test]
fn commands_fold_where_a_shell_allows_it() {
    let findings = advise(&stopped_g5(), SEEN);
    for choice in &findings[0].choices {
        let lines = command_lines(choice);
        assert!(lines.iter().all(|line| line.len() <= 80), "{lines:#?}");
        // As a shell joins them.
        let joined = lines.join("\n").replace(" \\\n", " ").replace("&&\n", "&& ");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&joined), words(&choice.commands.join("\n")));
    }
}
