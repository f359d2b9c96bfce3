//! That something does nothing is over when its signals say so, not when it is seen again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gpucost::advice::{Finding, IDLE_RUNNING, OVERSIZED_IOPS};
use gpucost::alerts::{Episode, Look, Looks, Steps, decide, evidence};
use gpucost::ledger::{
    Activity, Evidence, EvidenceKind, Fact, Hour, InstanceSeen, InstanceState, Ledger, Purchase, Reading, Signal,
    Signals, Tags, VolumeSeen, derive, hour_of, hour_start,
};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::story::{at, finding};

/// An episode that these signals have opened.
fn opened(rule: &'static str, resource: &str) -> BTreeMap<String, Episode> {
    let mut found: Finding = finding(1, at(0), at(24), 100);
    found.rule = rule;
    Arc::make_mut(&mut found.resource).id = resource.to_owned();
    found.last_seen = hour_start(hour_of(at(24)));
    let look = Look {
        findings: &[found],
        silenced: &BTreeSet::new(),
        evidence: &BTreeMap::new(),
        ends: &BTreeMap::new(),
        steps: &Steps::default(),
    };
    let decided = decide(&look, &BTreeMap::new(), at(24));
    decided.episodes.into_iter().map(|episode| (episode.finding.clone(), episode)).collect()
}

fn ledger(state: InstanceState, iops: u32, seen_at: Timestamp, resource: &str, known_until: Timestamp) -> Ledger {
    let instance = Fact::Instance(InstanceSeen {
        root_device: None,
        account: "123456789012".to_owned(),
        region: "us-west-2".to_owned(),
        instance_id: "i-1".to_owned(),
        name: String::new(),
        tags: Tags::new(),
        instance_type: "g5.xlarge".to_owned(),
        state,
        launch_time: at(0),
        reason: String::new(),
        platform: String::new(),
        purchase: Purchase::OnDemand,
        public_ip: None,
        elastic_ip: false,
        volumes: std::sync::Arc::default(),
        seen_at,
    });
    let volume = Fact::Volume(VolumeSeen {
        region: "us-west-2".to_owned(),
        volume_id: "vol-1".to_owned(),
        name: String::new(),
        tags: Tags::new(),
        volume_type: "io1".into(),
        size_gb: 100,
        iops: Some(iops),
        throughput_mibps: None,
        created_at: at(0),
        state: "in-use".to_owned(),
        attached_to: None,
        seen_at,
    });
    let by = |line, fact| (Evidence { kind: EvidenceKind::Description, file: "track".into(), line }, fact);
    let mut ledger = derive(&[by(1, instance), by(2, volume)], Vec::new(), seen_at).expect("a ledger");
    let hour = Hour { slots: 0xfff, all: Reading::counted(Decimal::ZERO) };
    let until = |end: Timestamp| (hour_of(at(0))..hour_of(end)).map(|at| (at, hour)).collect();
    let told = Signals {
        account: "123456789012".to_owned(),
        region: "us-west-2".to_owned(),
        resource_id: resource.to_owned(),
        asked_at: seen_at,
        // One signal goes on, the other ends.
        series: BTreeMap::from([
            ((Signal::Cpu, String::new()), until(seen_at)),
            ((Signal::GpuUtilization, "0".to_owned()), until(known_until)),
        ]),
    };
    ledger.activity = Activity::known_by([told], [], seen_at);
    ledger
}

#[test]
fn an_idle_instance_of_which_nothing_is_heard_is_not_resolved() {
    let episodes = opened(IDLE_RUNNING, "i-1");
    let opened_until = episodes.values().next().expect("it").last_seen;
    let newest = |state, known_until| {
        let ledger = ledger(state, 5000, at(72), "i-1", known_until);
        evidence(&episodes, &ledger, &Looks::default(), at(100)).into_values().next()
    };
    // Its GPU fell silent: it was seen running since, and nobody knows whether it works.
    assert_eq!(newest(InstanceState::Running, at(24)), Some(opened_until));
    assert!(newest(InstanceState::Running, at(72)) > Some(opened_until), "its signals go on");
    assert_eq!(newest(InstanceState::Stopped, at(24)), Some(at(72)), "what is stopped is not idle");
}

#[test]
fn a_volume_is_oversized_until_its_signals_or_its_shape_say_otherwise() {
    let episodes = opened(OVERSIZED_IOPS, "vol-1");
    let opened_until = episodes.values().next().expect("it").last_seen;
    let newest = |iops, known_until| {
        let ledger = ledger(InstanceState::Running, iops, at(72), "vol-1", known_until);
        evidence(&episodes, &ledger, &Looks::default(), at(100)).into_values().next()
    };
    assert_eq!(newest(5000, at(24)), Some(opened_until));
    assert!(newest(5000, at(72)) > Some(opened_until));
    assert_eq!(newest(100, at(24)), Some(at(72)), "nothing is paid for any more");
}
