//! Up to when the ledger knows of what is open: by looks at the account it is in, and by notes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gpucost::advice::{Finding, IDLE_RUNNING, LEFT_RUNNING, STOPPED_ACCRUING};
use gpucost::alerts::{Episode, Kind, Look, Looks, Steps, decide, ends, evidence};
use gpucost::ledger::{
    Evidence, EvidenceKind, Fact, InstanceSeen, InstanceState, Ledger, Noted, Purchase, Tags, VolumeNote, derive,
};
use jiff::Timestamp;

use crate::story::{at, finding};

/// An open episode about this resource of an account, last seen at the 24th hour.
fn opened(resource: &str, account: &str) -> BTreeMap<String, Episode> {
    let mut found: Finding = finding(1, at(0), at(24), 100);
    Arc::make_mut(&mut found.resource).id = resource.to_owned();
    Arc::make_mut(&mut found.resource).account = account.to_owned();
    decided(&[found], &BTreeMap::new(), &BTreeMap::new(), 24).0
}

type Episodes = BTreeMap<String, Episode>;

fn decided(
    findings: &[Finding],
    past: &Episodes,
    evidence: &BTreeMap<String, Timestamp>,
    hours: i64,
) -> (Episodes, Vec<Kind>) {
    let look =
        Look { findings, silenced: &BTreeSet::new(), evidence, ends: &BTreeMap::new(), steps: &Steps::default() };
    let decided = decide(&look, past, at(hours));
    let episodes = decided.episodes.into_iter().map(|episode| (episode.finding.clone(), episode)).collect();
    (episodes, decided.notices.into_iter().map(|notice| notice.kind).collect())
}

fn place(account: &str, hours: i64) -> ((String, String), Timestamp) {
    ((account.to_owned(), "us-west-2".to_owned()), at(hours))
}

/// A volume does not name its account: an account that nobody polls any more says nothing of another's volume.
#[test]
fn an_account_that_is_polled_no_more_holds_up_only_what_is_its_own() {
    let episodes = opened("vol-1", "");
    let newest = |owner: Option<&str>| {
        let owners = owner.map(|owner| ("vol-1".to_owned(), owner.to_owned())).into_iter().collect();
        let places = [place("111111111111", 2), place("222222222222", 48)].into_iter().collect();
        let looks = Looks { places, owners, ..Looks::default() };
        evidence(&episodes, &Ledger::default(), &looks, at(100)).into_values().next()
    };
    assert_eq!(newest(Some("222222222222")), Some(at(48)));
    assert_eq!(newest(Some("111111111111")), Some(at(2)), "its own account is not looked at");
    assert_eq!(newest(Some("333333333333")), None);
    // Whose it is nobody saw: any account may have it.
    assert_eq!(newest(None), Some(at(2)));
    let over = |owner| evidence_of(newest(Some(owner)));
    assert_eq!(decided(&[], &episodes, &over("222222222222"), 48).1, [Kind::Resolved]);
    assert_eq!(decided(&[], &episodes, &over("111111111111"), 48).1, []);
}

fn evidence_of(newest: Option<Timestamp>) -> BTreeMap<String, Timestamp> {
    newest.map(|at| ("stopped-accruing:i-1".to_owned(), at)).into_iter().collect()
}

/// A row on an instance and its volume, from the beginning to `end`, written at `noted_at`.
fn noted(end: Option<i64>, noted_at: i64) -> (Evidence, Fact) {
    let noted = Noted {
        account: String::new(),
        region: "us-west-2".to_owned(),
        instance_id: "my-box".to_owned(),
        name: String::new(),
        instance_type: None,
        start: at(0),
        end: end.map(at),
        hours_per_day: None,
        volumes: vec![VolumeNote { id: "my-box/1".to_owned(), spec: "gp2:75".parse().unwrap() }],
        public_ipv4: false,
        purchase: Purchase::OnDemand,
        usd_per_hour: None,
        noted_at: at(end.unwrap_or(noted_at)),
    };
    (Evidence { kind: EvidenceKind::Notes, file: "notes.csv".into(), line: 2 }, Fact::Noted(noted))
}

#[test]
fn notes_speak_up_to_their_ends() {
    for resource in ["my-box", "my-box/1"] {
        let episodes = opened(resource, "");
        let newest = |facts: &[(Evidence, Fact)]| {
            let ledger = derive(facts, Vec::new(), at(100)).unwrap();
            evidence(&episodes, &ledger, &Looks::default(), at(100)).into_values().next()
        };
        assert_eq!(newest(&[noted(None, 24)]), Some(at(24)), "{resource}: as it was when it was told of");
        assert_eq!(newest(&[noted(None, 24), noted(Some(30), 48)]), Some(at(30)), "{resource}: the row has an end now");
    }
    let episodes = opened("another", "");
    let ledger = derive(&[noted(Some(30), 48)], Vec::new(), at(100)).unwrap();
    assert!(evidence(&episodes, &ledger, &Looks::default(), at(100)).is_empty());
}

/// Notes that say today that it was over before it was told of.
#[test]
fn notes_that_came_since_may_speak_of_an_earlier_end() {
    let episodes = opened("my-box", "");
    let ledger = derive(&[noted(None, 24), noted(Some(12), 48)], Vec::new(), at(100)).unwrap();
    let newest = |imported: i64| {
        let noted = [("my-box".to_owned(), at(imported))].into_iter().collect();
        evidence(&episodes, &ledger, &Looks { noted, ..Looks::default() }, at(50))
    };
    assert_eq!(decided(&[], &episodes, &newest(48), 50).1, [Kind::Resolved]);
    // Notes of tomorrow say nothing yet, and hide nothing of what is known.
    assert_eq!(newest(80), newest(24));
    // What was known when it was told of takes nothing back.
    assert_eq!(decided(&[], &episodes, &newest(24), 50).1, []);
}

/// The ends that a ledger knows of a run seen at its third hour, and of a stop seen then.
#[test]
fn an_end_that_has_a_time_is_the_end() {
    let seen = |hours: i64, state: InstanceState, launched: i64, reason: &str| {
        let seen = InstanceSeen {
            account: String::new(),
            region: "us-west-2".to_owned(),
            instance_id: "my-box".to_owned(),
            name: String::new(),
            tags: Tags::new(),
            instance_type: "g5.xlarge".to_owned(),
            state,
            launch_time: at(launched),
            reason: reason.to_owned(),
            platform: "Linux/UNIX".to_owned(),
            purchase: Purchase::OnDemand,
            public_ip: None,
            elastic_ip: false,
            volumes: Arc::default(),
            root_device: None,
            seen_at: at(hours),
        };
        (Evidence { kind: EvidenceKind::Description, file: "seen.json".into(), line: 1 }, Fact::Instance(seen))
    };
    let end = |rule: &'static str, facts: &[(Evidence, Fact)]| {
        let mut found: Finding = finding(1, at(0), at(3), 100);
        (found.rule, Arc::make_mut(&mut found.resource).id) = (rule, "my-box".to_owned());
        let (episodes, _) = decided(&[found], &Episodes::new(), &BTreeMap::new(), 3);
        ends(&episodes, &derive(facts, Vec::new(), at(100)).unwrap()).into_values().next()
    };
    let running = seen(3, InstanceState::Running, 0, "");
    let stopped = |reason| seen(90, InstanceState::Stopped, 0, reason);
    for rule in [LEFT_RUNNING, IDLE_RUNNING] {
        let timed = [running.clone(), stopped("User initiated (2026-01-02 12:00:00 GMT)")];
        assert_eq!(end(rule, &timed), Some(at(36)), "{rule}");
        assert_eq!(end(rule, &[running.clone(), stopped("User initiated")]), None, "{rule}: between two looks");
        assert_eq!(end(rule, std::slice::from_ref(&running)), None, "{rule}: it runs");
    }
    let stop = seen(3, InstanceState::Stopped, 0, "User initiated (2026-01-01 01:00:00 GMT)");
    let again = seen(90, InstanceState::Running, 50, "");
    assert_eq!(end(STOPPED_ACCRUING, &[stop.clone(), again]), Some(at(50)));
    assert_eq!(end(STOPPED_ACCRUING, &[stop]), None);
}
