//! Snapshots whose volume and AMI are gone: nothing is called an orphan that a list could not tell of.

use gpucost::advice::{Action, Dollars, Finding, Level, Thresholds, unjudged};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Fact, ImageSeen, ResourceKind, ResourcesListed, SnapshotSeen, Tags, derive};
use proptest::prelude::*;

use crate::asked::*;
use crate::facts::*;

const RULE: &str = "orphan-snapshot";
const ACCOUNT: &str = "111122223333";
/// When the snapshot is made.
const MADE: &str = "2026-10-01T00:00:00Z";

fn snapshot(id: &str, volume_id: &str) -> SnapshotSeen {
    SnapshotSeen {
        account: ACCOUNT.to_owned(),
        region: "us-east-1".to_owned(),
        snapshot_id: id.to_owned(),
        name: String::new(),
        tags: Tags::new(),
        volume_id: volume_id.to_owned(),
        volume_size_gb: 100,
        full_size_bytes: None,
        started_at: at(MADE),
        archived: false,
        description: String::new(),
        seen_at: at(SEEN),
    }
}

fn image(id: &str, snapshots: &[&str]) -> Fact {
    Fact::Image(ImageSeen {
        account: ACCOUNT.to_owned(),
        region: "us-east-1".to_owned(),
        image_id: id.to_owned(),
        name: String::new(),
        tags: Tags::new(),
        snapshots: snapshots.iter().map(|id| (*id).to_owned()).collect(),
        seen_at: at(SEEN),
    })
}

fn listed(what: ResourceKind, account: &str, when: &str, polled: bool) -> Fact {
    let region = "us-east-1".to_owned();
    Fact::Listed(ResourcesListed { what, account: account.to_owned(), region, at: at(when), polled })
}

/// Both lists, read by the tracker.
fn lists() -> [Fact; 2] {
    [ResourceKind::Volume, ResourceKind::Image].map(|what| listed(what, ACCOUNT, SEEN, true))
}

fn with(snapshot: SnapshotSeen, others: &[Fact]) -> Vec<Fact> {
    [&[Fact::Snapshot(snapshot)], others].concat()
}

fn found(facts: &[Fact]) -> Option<Finding> {
    advise(facts, SEEN).into_iter().find(|finding| finding.rule == RULE)
}

/// Whether it is found, and whether it can be told whether it is one.
fn of(facts: &[Fact]) -> (bool, bool) {
    let ledger = derive(&with_evidence(facts), Vec::new(), at(SEEN)).unwrap();
    let unknown =
        unjudged(["orphan-snapshot:snap-1"].into_iter(), &ledger, RateCard::shipped(), Thresholds::default(), at(SEEN));
    (found(facts).is_some(), unknown.is_empty())
}

#[test]
fn an_orphan_is_bounded_by_its_full_size() {
    let finding = found(&with(snapshot("snap-1", "vol-1"), &lists())).expect("a finding");
    assert_eq!(finding.id, "orphan-snapshot:snap-1");
    assert_eq!(finding.title, "Snapshot of at most 100 GB, its volume and any AMI of it are gone");
    // 100 GB × $0.05; how many of its blocks no other snapshot needs is not known.
    assert_eq!(finding.saving_per_month, Dollars::at_most(usd("5")));
    // 30.5 of October's 31 days.
    assert_eq!(shown(finding.accrued.as_ref()), "≤ $4.92");
    assert_eq!((finding.since, finding.confidence.level), (None, Level::High));
    assert_eq!(
        ways_out(&finding),
        pairs(&[("keep", "≤ $5.00"), ("archive-snapshot", "≤ $1.25"), ("delete-snapshot", "$0.00")])
    );
    assert_eq!(choice(&finding, Action::ArchiveSnapshot).over(1).to_string(), "≤ $3.70"); // 90 days at least
    assert_eq!(choice(&finding, Action::ArchiveSnapshot).restore.as_ref().unwrap().to_string(), "≤ $3.00");
    let recommended = finding.recommended().expect("one");
    assert_eq!(recommended.action, Action::ArchiveSnapshot);
    assert_eq!(
        recommended.commands,
        ["aws ec2 modify-snapshot-tier --region us-east-1 --snapshot-id snap-1 --storage-tier archive"]
    );
    assert_eq!(
        choice(&finding, Action::DeleteSnapshot).commands,
        ["aws ec2 delete-snapshot --region us-east-1 --snapshot-id snap-1"]
    );
    let evidence = finding.evidence.join("\n");
    for line in [
        "vol-1: never seen",
        "not among the volumes of us-east-1, listed 2026-10-31 12:00 UTC: images.json",
        "in none of the account's AMIs there, listed 2026-10-31 12:00 UTC: images.json",
        "its volume had 100 GB; how many were written is not known",
        "snapshots: $0.05 per GB-month",
    ] {
        assert!(evidence.contains(line), "{line} in {evidence}");
    }
}

#[test]
fn what_aws_gives_as_its_full_size_bounds_it_closer() {
    let written = SnapshotSeen { full_size_bytes: Some(3 << 29), ..snapshot("snap-1", "vol-1") };
    let finding = found(&with(written, &lists())).expect("a finding");
    assert_eq!(finding.saving_per_month, Dollars::at_most(usd("0.075")));
    let archived = SnapshotSeen { archived: true, ..snapshot("snap-1", "vol-1") };
    let finding = found(&with(archived, &lists())).expect("a finding");
    assert_eq!(ways_out(&finding), pairs(&[("keep", "≤ $1.25"), ("delete-snapshot", "$0.00")]));
}

#[test]
fn without_a_whole_list_of_both_nothing_is_an_orphan() {
    let snapshot = || snapshot("snap-1", "vol-1");
    assert_eq!(of(&with(snapshot(), &lists())), (true, true));
    for missing in 0..2 {
        let one = [lists()[missing].clone()];
        assert_eq!(of(&with(snapshot(), &one)), (false, false), "{one:?} alone");
        let mut old = lists();
        old[missing] = match &old[missing] {
            Fact::Listed(list) => Fact::Listed(ResourcesListed { at: at("2026-09-30T23:59:59Z"), ..list.clone() }),
            _ => unreachable!(),
        };
        assert_eq!(of(&with(snapshot(), &old)), (false, false), "read before it was made");
    }
    // Another account's lists, or another region's, do not tell.
    let others = [ResourceKind::Volume, ResourceKind::Image].map(|what| listed(what, "999", SEEN, true));
    assert_eq!(of(&with(snapshot(), &others)), (false, false));
    let elsewhere = SnapshotSeen { region: "eu-west-1".to_owned(), ..snapshot() };
    assert_eq!(of(&with(elsewhere, &lists())), (false, false));
    assert_eq!(of(&lists()), (false, true), "one that is gone is no orphan");
}

#[test]
fn a_volume_or_an_image_that_is_there_holds_it() {
    let there = |fact: Fact| of(&with(snapshot("snap-1", "vol-1"), &[&lists()[..], &[fact]].concat()));
    assert_eq!(there(volume("vol-1", "gp3", 100).fact()), (false, true));
    assert_eq!(there(volume("vol-2", "gp3", 100).fact()), (true, true));
    assert_eq!(there(image("ami-1", &["snap-0", "snap-1"])), (false, true));
    assert_eq!(there(image("ami-1", &["snap-0"])), (true, true));
    // An instance names the volume, in whatever list it is missing.
    let named = instance("i-1", "g5.xlarge", gpucost::ledger::InstanceState::Stopped).volume("vol-1", true);
    assert_eq!(there(named.fact()), (false, true));
}

#[test]
fn the_volume_of_a_copy_is_not_known() {
    let copy = |volume_id: &str, description: &str| {
        let copy = SnapshotSeen { description: description.to_owned(), ..snapshot("snap-1", volume_id) };
        of(&with(copy, &lists()))
    };
    assert_eq!(copy("vol-ffffffff", ""), (false, true));
    assert_eq!(copy("", ""), (false, true));
    assert_eq!(copy("vol-1", "[Copied snap-0 from us-west-2]"), (false, true));
    assert_eq!(copy("vol-1", "Created by CreateImage(i-1) for ami-1"), (true, true));
}

#[test]
fn a_list_that_names_no_account_is_of_the_only_one_there_is() {
    let printed = |account: &str| {
        let lists = [listed(ResourceKind::Volume, "", SEEN, false), listed(ResourceKind::Image, account, SEEN, false)];
        found(&with(snapshot("snap-1", "vol-1"), &lists))
    };
    let finding = printed(ACCOUNT).expect("a finding");
    assert_eq!(finding.confidence.level, Level::Medium);
    assert!(finding.confidence.why.contains("--include-disabled"), "{}", finding.confidence.why);
    assert!(printed("").is_some(), "an account without AMIs");
    assert!(printed("999").is_none(), "two accounts: whose volumes they are is not known");
}

#[test]
fn others_of_the_same_volume_share_its_blocks() {
    let second = SnapshotSeen { started_at: at("2026-10-02"), ..snapshot("snap-2", "vol-1") };
    let finding = found(&with(snapshot("snap-1", "vol-1"), &[&lists()[..], &[Fact::Snapshot(second)]].concat()));
    let finding = finding.expect("a finding");
    // The archive would keep all of it, where the standard tier may keep little: not surely cheaper.
    assert_eq!(finding.recommended().unwrap().action, Action::DeleteSnapshot);
    assert!(
        finding.evidence.iter().any(|line| line.starts_with("another snapshot of vol-1")),
        "{:?}",
        finding.evidence
    );
}

#[test]
fn what_aws_backup_keeps_is_not_deleted_by_hand() {
    let tags = [("aws:backup:source-resource".to_owned(), "vol-1".to_owned())].into();
    let finding = found(&with(SnapshotSeen { tags, ..snapshot("snap-1", "vol-1") }, &lists())).expect("a finding");
    for choice in finding.choices.iter().filter(|choice| choice.action != Action::Keep) {
        assert!(choice.commands.concat().starts_with("# no command: AWS Backup"), "{:?}", choice.commands);
    }
}

#[test]
fn an_image_registered_since_the_list_is_not_denied() {
    let mut facts = with(snapshot("snap-1", "vol-1"), &lists());
    facts[2] = listed(ResourceKind::Image, ACCOUNT, "2026-10-20", true);
    let finding = found(&facts).expect("a finding");
    assert_eq!(finding.last_seen, at("2026-10-20"));
    assert!(finding.evidence.contains(&"as of 2026-10-20 00:00 UTC".to_owned()), "{:?}", finding.evidence);
}

/// Lists, images and volumes of two snapshots, any of them missing.
fn known() -> impl Strategy<Value = Vec<Fact>> {
    let hour = |n: i64| jiff::Timestamp::from_second(at(MADE).as_second() + n * 3600).unwrap().to_string();
    let list = (0..2_usize, prop_oneof![3 => Just(ACCOUNT), 1 => Just("")], -24..700_i64, any::<bool>()).prop_map(
        move |(what, account, n, polled)| {
            listed([ResourceKind::Volume, ResourceKind::Image][what], account, &hour(n), polled)
        },
    );
    let snapshot = (1..3_u8, 1..3_u8)
        .prop_map(|(n, volume)| Fact::Snapshot(snapshot(&format!("snap-{n}"), &format!("vol-{volume}"))));
    let held = (1..4_u8).prop_map(|n| image(&format!("ami-{n}"), &[format!("snap-{n}").as_str()]));
    let there = (1..4_u8).prop_map(|n| volume(&format!("vol-{n}"), "gp3", 10).fact());
    let facts = prop_oneof![4 => list, 3 => snapshot, 1 => held, 1 => there];
    prop::collection::vec(facts, 0..10)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn what_becomes_unknown_or_is_seen_never_makes_an_orphan(facts in known(), which in 0..10_usize, more in known()) {
        let orphans = |facts: &[Fact]| -> std::collections::BTreeSet<String> {
            advise(facts, SEEN).into_iter().filter(|f| f.rule == RULE).map(|f| f.id).collect()
        };
        let all = orphans(&facts);
        // A list that was not read.
        let mut fewer = facts.clone();
        if fewer.get(which).is_some_and(|fact| matches!(fact, Fact::Listed(_))) {
            fewer.remove(which);
            prop_assert!(orphans(&fewer).is_subset(&all));
        }
        // An image or a volume that is seen too.
        let holders = more.into_iter().filter(|fact| matches!(fact, Fact::Image(_) | Fact::Volume(_)));
        let held = facts.iter().cloned().chain(holders).collect::<Vec<_>>();
        prop_assert!(orphans(&held).is_subset(&all));
    }
}
