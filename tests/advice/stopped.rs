//! A stopped instance still pays.

use gpucost::advice::{Action, Dollars, Finding, HORIZONS};
use gpucost::ledger::{Fact, InstanceState, SnapshotSeen, Tags};

use crate::asked::*;
use crate::facts::*;

/// Stopped on October 1, 2026, 12:00, seen on October 31, 12:00: 30 of October's 31 days.
pub fn stopped_g5() -> Vec<Fact> {
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
            ("ami-then-terminate", "≤ $25.00"),
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
             aws ec2 detach-volume --region us-east-1 --volume-id vol-1 --instance-id i-0g5 && \
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
            ("ami-then-terminate", "$3.65–$58.65"),
            ("terminate", "$48.65"),
            ("terminate-and-delete", "$0.00"),
        ])
    );
    // st1 is cheaper than a full standard snapshot: the archive is the way that surely saves.
    assert_eq!(finding.recommended().unwrap().action, Action::ArchiveThenDelete);
    assert_eq!(choice(finding, Action::Terminate).what, "leaves vol-data and the address 203.0.113.7, still billed");
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
        assert_eq!(ways_out(finding)[4], ("terminate", "≤ $40.00".to_owned()));
        assert_eq!(choice(finding, Action::Terminate).what, "leaves perhaps 1 volume, still billed");
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
    // What two hours a day could cost less is another matter.
    assert_eq!(ids(&advise(&facts, NOTED)), ["cheaper-elsewhere:i-3"]);
}

#[test]
fn a_volume_moved_since_is_not_billed_to_its_old_instance() {
    let mut facts = stopped_g5();
    facts.push(volume("vol-1", "gp3", 500).seen("2026-11-01T00:00:00Z").fact());
    assert_eq!(ids(&advise(&facts, "2026-11-01T00:00:00Z")), ["unattached-volume:vol-1"]);
}

#[test]
fn snapshots_there_are_make_a_new_one_small() {
    let mut facts = stopped_g5();
    facts.push(Fact::Snapshot(SnapshotSeen {
        description: String::new(),
        tags: gpucost::ledger::Tags::new(),
        account: String::new(),
        region: "us-east-1".to_owned(),
        snapshot_id: "snap-1".to_owned(),
        name: String::new(),
        volume_id: "vol-1".to_owned(),
        volume_size_gb: 500,
        full_size_bytes: None,
        started_at: at("2026-10-01"),
        archived: false,
        seen_at: at(SEEN),
    }));
    let evidence = advise(&facts, SEEN)[0].evidence.join("\n");
    assert!(evidence.contains("snapshot snap-1 exists and bills on"), "{evidence}");
}

#[test]
fn ways_out_are_compared_over_months() {
    let finding = &advise(&stopped_g5(), SEEN)[0];
    let over = |action| HORIZONS.map(|months| choice(finding, action).over(months).to_string());
    assert_eq!(over(Action::Keep), ["$40.00", "$120.00", "$480.00"]);
    assert_eq!(over(Action::SnapshotThenDelete), ["≤ $25.00", "≤ $75.00", "≤ $300.00"]);
    // What leaves the archive after one month is billed for 90 days: 500 GB × $0.0125 × 2160/730.
    assert_eq!(over(Action::ArchiveThenDelete), ["≤ $18.49", "≤ $18.75", "≤ $75.00"]);
    assert_eq!(over(Action::Terminate), ["$0.00", "$0.00", "$0.00"]);
}

#[test]
fn data_volumes_go_alone_where_it_is_known_which_they_are() {
    let stopped = |root: &str, data: &str| {
        let reason = "User initiated (2026-10-01 12:00:00 GMT)";
        let at_root = instance("i-1", "g5.xlarge", InstanceState::Stopped).reason(reason).device(root);
        vec![
            at_root.volume("vol-1", true).device(data).volume("vol-2", false).fact(),
            volume("vol-1", "gp3", 100).on("i-1", true).fact(),
            volume("vol-2", "gp3", 500).on("i-1", false).fact(),
        ]
    };
    let facts = stopped("/dev/xvda", "/dev/sdf");
    let findings = advise(&facts, SEEN);
    let stopped_finding = findings.iter().find(|finding| finding.rule == "stopped-accruing").unwrap();
    let delete = choice(stopped_finding, Action::DeleteDataVolumes);
    assert_eq!((delete.per_month.to_string().as_str(), &*delete.lost), ("$8.00", "the data of 1 volume"));
    assert_eq!(
        delete.commands,
        ["aws ec2 detach-volume --region us-east-1 --volume-id vol-2 --instance-id i-1 && \
          aws ec2 wait volume-available --region us-east-1 --volume-ids vol-2 && \
          aws ec2 delete-volume --region us-east-1 --volume-id vol-2"]
    );
    let image = choice(stopped_finding, Action::ImageThenTerminate);
    assert_eq!(image.commands.len(), 2);
    assert!(image.commands[1].starts_with("aws ec2 wait image-available"), "{:?}", image.commands);
    assert!(image.commands[1].ends_with("delete-volume --region us-east-1 --volume-id vol-2"), "{:?}", image.commands);
    for (root, data) in [("/dev/sdf", "/dev/sdg"), ("/dev/sda1", "/dev/xvda"), ("", "")] {
        let findings = advise(&stopped(root, data), SEEN);
        let finding = findings.iter().find(|finding| finding.rule == "stopped-accruing").unwrap();
        assert!(finding.choices.iter().all(|choice| choice.action != Action::DeleteDataVolumes), "{root} {data}");
    }
}

#[test]
fn snapshots_go_on_beside_the_sums() {
    let snapshot = |id: &str, full_size_bytes, archived| {
        Fact::Snapshot(SnapshotSeen {
            description: String::new(),
            tags: gpucost::ledger::Tags::new(),
            account: String::new(),
            region: "us-east-1".to_owned(),
            snapshot_id: id.to_owned(),
            name: String::new(),
            volume_id: "vol-1".to_owned(),
            volume_size_gb: 500,
            full_size_bytes,
            started_at: at("2026-09-30T12:00:00Z"),
            archived,
            seen_at: at(SEEN),
        })
    };
    let mut facts = stopped_g5();
    facts.extend([snapshot("snap-1", Some(100 << 30), false), snapshot("snap-2", None, true)]);
    let finding = &advise(&facts, SEEN)[0];
    let beside: Vec<_> = finding.parts.iter().filter(|part| !part.counted).collect();
    assert_eq!(beside[0].what, "snapshot of vol-1, at most 100 GB, which goes on");
    assert_eq!(beside[0].per_month.to_string(), "≤ $5.00"); // 100 GB × $0.05
    assert_eq!(beside[0].accrued.to_string(), "≤ $4.84"); // × 30/31 of October
    assert_eq!(beside[1].per_month.to_string(), "≤ $6.25"); // 500 GB × $0.0125
    assert_eq!(finding.accrued, Some(Dollars::Exact(usd("38.7096774194"))));
    facts.extend([snapshot("snap-3", None, true), snapshot("snap-4", None, true)]);
    let parts = advise(&facts, SEEN)[0].parts.clone();
    assert_eq!((parts.len(), parts[1].what.as_str()), (2, "its 4 snapshots, which go on"));
    assert_eq!(parts[1].per_month.to_string(), "≤ $23.75");
}

fn snapshot_of(volume_id: &str, started_at: &str, full_gb: u64) -> Fact {
    Fact::Snapshot(SnapshotSeen {
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        snapshot_id: "snap-1".to_owned(),
        name: String::new(),
        tags: Tags::new(),
        volume_id: volume_id.to_owned(),
        volume_size_gb: 500,
        full_size_bytes: Some(full_gb << 30),
        started_at: at(started_at),
        archived: false,
        description: String::new(),
        seen_at: at(SEEN),
    })
}

#[test]
fn a_snapshot_of_what_nobody_wrote_to_since_the_last_adds_nothing() {
    // Stopped at the beginning of October, and attached since before.
    let ways = |taken: &str, volume_type: &str| {
        let stopped = instance("i-1", "g5.xlarge", InstanceState::Stopped)
            .reason("User initiated (2026-10-01 00:00:00 GMT)")
            .volume("vol-1", true)
            .fact();
        let facts =
            [stopped, volume("vol-1", volume_type, 500).on("i-1", true).fact(), snapshot_of("vol-1", taken, 40)];
        only(&advise(&facts, SEEN), "stopped-accruing").clone()
    };
    let finding = ways("2026-10-05", "gp3");
    assert_eq!(choice(&finding, Action::SnapshotThenDelete).per_month, Dollars::ZERO);
    assert_eq!(choice(&finding, Action::ImageThenTerminate).per_month, Dollars::ZERO);
    // The archive keeps all of it: the 40 GB that were ever written.
    assert_eq!(choice(&finding, Action::ArchiveThenDelete).per_month.to_string(), "≤ $0.50");
    assert_eq!(choice(&finding, Action::ArchiveThenDelete).restore.as_ref().unwrap().to_string(), "≤ $1.20");
    assert_eq!(finding.saving_per_month, Dollars::Exact(usd("40")));
    let line = "vol-1: nothing was written since its snapshot snap-1 of 2026-10-05 00:00 UTC";
    assert!(finding.evidence.iter().any(|said| said.starts_with(line)), "{:#?}", finding.evidence);
    // Taken while it ran, it may have changed since; an io2 volume may be on another instance too.
    assert_eq!(
        choice(&ways("2026-09-30T23:00:00Z", "gp3"), Action::SnapshotThenDelete).per_month.to_string(),
        "≤ $25.00"
    );
    assert_eq!(choice(&ways("2026-10-05", "io2"), Action::SnapshotThenDelete).per_month.to_string(), "≤ $25.00");
}

#[test]
fn the_root_volume_is_what_the_instance_says() {
    let with = |root: Option<&str>| {
        let stopped = instance("i-1", "g5.xlarge", InstanceState::Stopped);
        let stopped = root.map_or(stopped.device("/dev/sda1"), |root| {
            instance("i-1", "g5.xlarge", InstanceState::Stopped).root(root).device("/dev/sda1")
        });
        let facts = [
            stopped.volume("vol-1", true).device("/dev/nvme0n1").volume("vol-2", false).fact(),
            volume("vol-1", "gp3", 100).on("i-1", true).fact(),
            volume("vol-2", "gp3", 500).on("i-1", false).fact(),
        ];
        only(&advise(&facts, SEEN), "stopped-accruing").clone()
    };
    let stays = |finding: &Finding| choice(finding, Action::DeleteDataVolumes).per_month.to_string();
    assert_eq!(stays(&with(None)), "$8.00");
    assert_eq!(stays(&with(Some("/dev/nvme0n1"))), "$40.00", "an image may name its root anything");
    let unknown = with(Some("/dev/xvdz"));
    assert!(unknown.choices.iter().all(|choice| choice.action != Action::DeleteDataVolumes), "none of them is it");
}

/// What is saved for sure is what the way out that is recommended saves: all volumes in one tier, the address kept.
#[test]
fn a_saving_is_at_least_that_of_the_recommended_way_out() {
    let machine =
        instance("i-1", "g5.xlarge", InstanceState::Stopped).reason("User initiated (2026-10-01 12:00:00 GMT)");
    let facts = [
        machine.device("/dev/xvda").volume("vol-1", true).device("/dev/sdf").volume("vol-2", false).fact(),
        volume("vol-1", "gp3", 100).on("i-1", true).fact(),
        // $15.00 a month, of which a full snapshot costs $50.00 and an archived one $12.50.
        volume("vol-2", "sc1", 1000).on("i-1", false).fact(),
        address("eipalloc-1", "203.0.113.5").on("i-1").fact(),
    ];
    let findings = advise(&facts, SEEN);
    let finding = findings.iter().find(|finding| finding.rule == "stopped-accruing").unwrap();
    let keep = choice(finding, Action::Keep).per_month.clone();
    let surely = keep.less(finding.recommended().unwrap().per_month.clone()).least();
    assert_eq!(finding.saving_per_month.least(), surely);
    // All of it: $8.00, $15.00 and $3.65.
    assert_eq!(finding.saving_per_month.most(), Some(usd("26.65")));
    let plain = choice(finding, Action::Terminate);
    assert_eq!(plain.what, "leaves vol-2 and the address 203.0.113.5, still billed");
    assert_eq!(choice(finding, Action::TerminateAndDelete).lost, "the instance, all its data and its addresses");
    let archive = choice(finding, Action::ArchiveThenDelete);
    assert!(archive.restore_note.ends_with("until then the instance does not start"), "{}", archive.restore_note);
}
