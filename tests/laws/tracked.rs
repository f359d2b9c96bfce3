//! What polls, reasons and CloudTrail tell together: the better evidence closes what the worse one bounds.

use gpucost::billing::bill;
use gpucost::catalog::RateCard;
use gpucost::ledger::{
    Certainty, Change, End, EvidenceKind, Fact, InstanceSeen, InstanceState, Ledger, Phase, Purchase, ResourceChanged,
    ResourceGone, ResourceKind, Session, Subject, UNKNOWN_TYPE, VolumeSeen,
};
use gpucost::time::Period;
use rust_decimal::Decimal;

use crate::facts::{
    INSTANCE, LATER, REGION, address, at, attachment, dec, ledger, month, period, quantity, seen, snapshot, stopped,
    try_ledger, volume_phases, volume_seen,
};

use Certainty::{Measured, Possible};

const LAUNCH: &str = "2026-10-05T09:00:00Z";

pub fn changed(id: &str, when: &str, change: Change) -> Fact {
    Fact::Changed(ResourceChanged {
        account: "111122223333".to_owned(),
        region: REGION.to_owned(),
        resource_id: id.to_owned(),
        at: at(when),
        event_id: format!("{when} {change:?}"),
        change,
    })
}

fn called(when: &str, change: Change) -> Fact {
    changed(INSTANCE, when, change)
}

fn gone(what: ResourceKind, id: &str, last_seen: &str, missed_at: &str) -> Fact {
    Fact::Gone(ResourceGone {
        what,
        account: "111122223333".to_owned(),
        region: REGION.to_owned(),
        resource_id: id.to_owned(),
        last_seen: at(last_seen),
        missed_at: at(missed_at),
    })
}

fn running(launch: &str, seen_at: &str) -> Fact {
    Fact::Instance(seen(InstanceState::Running, launch, seen_at))
}

fn off(launch: &str, reason: &str, seen_at: &str) -> Fact {
    Fact::Instance(stopped(launch, reason, seen_at))
}

fn of_type(name: &str, fact: Fact) -> Fact {
    match fact {
        Fact::Instance(seen) => Fact::Instance(InstanceSeen { instance_type: name.to_owned(), ..seen }),
        other => other,
    }
}

fn between(earliest: &str, latest: &str) -> End {
    End::Between { earliest: at(earliest), latest: at(latest) }
}

type Told = (Option<jiff::Timestamp>, jiff::Timestamp, End);

fn told(ledger: &Ledger) -> Vec<Told> {
    ledger.sessions.iter().map(|session| (session.started_after, session.start, session.end)).collect()
}

fn sessions(facts: impl IntoIterator<Item = Fact>) -> Vec<Told> {
    told(&ledger(facts, LATER))
}

fn types(facts: impl IntoIterator<Item = Fact>) -> Vec<String> {
    ledger(facts, LATER).sessions.into_iter().map(|session: Session| session.instance_type).collect()
}

fn exact(start: &str, end: &str) -> Told {
    (None, at(start), End::At(at(end)))
}

/// Hours of compute in October: surely, and possibly on top.
fn hours(facts: impl IntoIterator<Item = Fact>, now: &str) -> (Decimal, Decimal) {
    let bill = bill(&ledger(facts, now), RateCard::shipped(), month("2026-10"));
    let of = |certainty| {
        let compute = |line: &&gpucost::billing::LineItem| {
            line.certainty == certainty && line.meter == gpucost::ledger::Meter::Compute
        };
        quantity(bill.line_items.iter().filter(compute))
    };
    (of(Measured), of(Possible))
}

#[test]
fn an_event_closes_a_stop_that_polls_only_bound() {
    let polls = || [running(LAUNCH, "2026-10-05T10:00:00Z"), off(LAUNCH, "", "2026-10-05T11:00:00Z")];
    assert_eq!(sessions(polls()), [(None, at(LAUNCH), between("2026-10-05T10:00:00Z", "2026-10-05T11:00:00Z"))]);
    let stop = called("2026-10-05T10:30:15Z", Change::Stopped);
    let all = || polls().into_iter().chain([stop.clone()]);
    assert_eq!(sessions(all()), [exact(LAUNCH, "2026-10-05T10:30:15Z")]);
    assert_eq!(hours(all(), LATER), (dec("1.504167"), dec("0")));
    let kinds = |ledger: Ledger| ledger.sessions[0].evidence.iter().any(|e| e.kind == EvidenceKind::CloudTrail);
    assert!(kinds(ledger(all(), LATER)), "and is named as its evidence");
}

#[test]
fn cloudtrail_outranks_the_time_in_a_reason() {
    let seen_off = off(LAUNCH, "User initiated (2026-10-05 10:30:17 GMT)", "2026-10-05T11:00:00Z");
    let stop = called("2026-10-05T10:30:15Z", Change::Stopped);
    assert_eq!(sessions([seen_off.clone(), stop]), [exact(LAUNCH, "2026-10-05T10:30:15Z")]);
    assert_eq!(sessions([seen_off]), [exact(LAUNCH, "2026-10-05T10:30:17Z")]);
}

#[test]
fn a_session_that_no_poll_saw_is_told_by_its_events() {
    let facts = [
        off(LAUNCH, "User initiated (2026-10-05 10:00:00 GMT)", "2026-10-05T10:01:00Z"),
        called("2026-10-06T08:00:00Z", Change::Started),
        called("2026-10-06T08:20:00Z", Change::Stopped),
        running("2026-10-07T09:00:00Z", "2026-10-07T09:01:00Z"),
    ];
    assert_eq!(
        sessions(facts),
        [
            exact(LAUNCH, "2026-10-05T10:00:00Z"),
            exact("2026-10-06T08:00:00Z", "2026-10-06T08:20:00Z"),
            (None, at("2026-10-07T09:00:00Z"), End::Open { last_seen: at("2026-10-07T09:01:00Z") }),
        ]
    );
}

#[test]
fn what_ran_before_the_tracker_existed_is_told_by_its_events() {
    let launched = Change::Launched { instance_type: Some("p2.xlarge".to_owned()) };
    let facts =
        || vec![called("2026-10-01T08:00:00Z", launched.clone()), called("2026-10-01T09:30:00Z", Change::Terminated)];
    let found = ledger(facts(), LATER);
    assert_eq!(told(&found), [exact("2026-10-01T08:00:00Z", "2026-10-01T09:30:00Z")]);
    let session = &found.sessions[0];
    assert_eq!((session.instance_type.as_str(), session.region.as_str()), ("p2.xlarge", REGION));
    assert_eq!(session.purchase, Purchase::Other, "how it was paid for, CloudTrail does not tell");
    assert_eq!(hours(facts(), LATER), (dec("1.5"), dec("0")));
    let bill = bill(&found, RateCard::shipped(), month("2026-10"));
    assert!(bill.is_lower_bound(), "hours without a rate are unknown, never $0");
    // Where another of its sessions was seen, it was bought alike.
    let seen_later = running("2026-10-05T09:00:00Z", "2026-10-05T10:00:00Z");
    let all = [called("2026-10-01T08:00:00Z", launched), called("2026-10-01T09:30:00Z", Change::Stopped), seen_later];
    assert!(ledger(all, "2026-10-05T10:00:00Z").sessions.iter().all(|session| session.purchase == Purchase::OnDemand));
}

#[test]
fn an_event_and_the_launch_time_of_one_start_are_one_start() {
    let facts = [
        called("2026-10-05T08:59:58Z", Change::Launched { instance_type: Some("p2.xlarge".to_owned()) }),
        running(LAUNCH, "2026-10-05T10:00:00Z"),
        called("2026-10-05T10:30:00Z", Change::Stopped),
        called("2026-10-06T07:59:57Z", Change::Started),
        running("2026-10-06T08:00:00Z", "2026-10-06T09:00:00Z"),
    ];
    assert_eq!(
        sessions(facts),
        [
            exact(LAUNCH, "2026-10-05T10:30:00Z"),
            (None, at("2026-10-06T08:00:00Z"), End::Open { last_seen: at("2026-10-06T09:00:00Z") })
        ]
    );
}

#[test]
fn a_shutdown_from_inside_leaves_no_event_and_stays_bounded() {
    let facts = [
        called("2026-10-05T09:00:00Z", Change::Started),
        running(LAUNCH, "2026-10-05T10:00:00Z"),
        off(LAUNCH, "Client.InstanceInitiatedShutdown: Instance initiated shutdown", "2026-10-05T11:00:00Z"),
        called("2026-10-06T08:00:00Z", Change::Started),
        called("2026-10-06T09:00:00Z", Change::Stopped),
    ];
    let found = sessions(facts);
    assert_eq!(found[0], (None, at(LAUNCH), between("2026-10-05T10:00:00Z", "2026-10-05T11:00:00Z")));
    assert_eq!(found[1], exact("2026-10-06T08:00:00Z", "2026-10-06T09:00:00Z"));
}

#[test]
fn a_stop_that_a_poll_contradicts_did_not_take_effect() {
    // Seen running an hour later, and on since the same LaunchTime: AWS's state is kept.
    let facts = [called("2026-10-05T10:00:00Z", Change::Stopped), running(LAUNCH, "2026-10-05T11:00:00Z")];
    assert_eq!(sessions(facts), [(None, at(LAUNCH), End::Open { last_seen: at("2026-10-05T11:00:00Z") })]);
    // Some seconds are the clock of the machine that looked: before it or after it, the call stands.
    for seen_at in ["2026-10-05T10:00:07Z", "2026-10-05T09:59:53Z"] {
        let facts = [called("2026-10-05T10:00:00Z", Change::Stopped), running(LAUNCH, seen_at)];
        assert_eq!(sessions(facts), [exact(LAUNCH, "2026-10-05T10:00:00Z")], "{seen_at}");
    }
    let early = [called("2026-10-05T10:00:00Z", Change::Stopped), off(LAUNCH, "", "2026-10-05T09:59:55Z")];
    assert_eq!(sessions(early), [exact(LAUNCH, "2026-10-05T10:00:00Z")]);
}

#[test]
fn over_a_gap_a_moved_launch_time_bounds_the_stop_before_it() {
    // The laptop slept for six hours.
    let facts =
        || vec![running(LAUNCH, "2026-10-05T10:00:00Z"), running("2026-10-05T15:00:00Z", "2026-10-05T16:00:00Z")];
    assert_eq!(
        sessions(facts()),
        [
            (None, at(LAUNCH), between("2026-10-05T10:00:00Z", "2026-10-05T15:00:00Z")),
            (None, at("2026-10-05T15:00:00Z"), End::Open { last_seen: at("2026-10-05T16:00:00Z") }),
        ]
    );
    assert_eq!(hours(facts(), "2026-10-05T16:00:00Z"), (dec("2"), dec("5")), "the gap is possible, not counted");
    let stop = called("2026-10-05T12:00:00Z", Change::Stopped);
    let closed = facts().into_iter().chain([stop]);
    assert_eq!(hours(closed, "2026-10-05T16:00:00Z"), (dec("4"), dec("0")), "an event closes it");
}

#[test]
fn over_a_gap_the_same_launch_time_says_that_it_ran_through() {
    let facts = [running(LAUNCH, "2026-10-05T10:00:00Z"), running(LAUNCH, "2026-10-05T16:00:00Z")];
    assert_eq!(hours(facts, "2026-10-05T16:00:00Z"), (dec("7"), dec("0")));
}

#[test]
fn over_a_gap_a_newer_launch_and_a_newer_reason_are_a_session_in_between() {
    let facts = [
        off(LAUNCH, "User initiated (2026-10-05 09:30:00 GMT)", "2026-10-05T10:00:00Z"),
        off("2026-10-05T12:00:00Z", "User initiated (2026-10-05 13:15:00 GMT)", "2026-10-05T16:00:00Z"),
    ];
    assert_eq!(
        sessions(facts),
        [exact(LAUNCH, "2026-10-05T09:30:00Z"), exact("2026-10-05T12:00:00Z", "2026-10-05T13:15:00Z")]
    );
}

#[test]
fn a_newer_reason_under_a_launch_time_that_does_not_move_is_a_session_of_unknown_start() {
    let facts = [
        off(LAUNCH, "User initiated (2026-10-05 09:30:00 UTC)", "2026-10-05T10:00:00Z"),
        off(LAUNCH, "User initiated (2026-10-05 13:15:00 UTC)", "2026-10-05T16:00:00Z"),
    ];
    let second = (Some(at("2026-10-05T10:00:00Z")), at("2026-10-05T13:15:00Z"), End::At(at("2026-10-05T13:15:00Z")));
    assert_eq!(sessions(facts.clone()), [exact(LAUNCH, "2026-10-05T09:30:00Z"), second]);
    // A start is charged its minute; the rest is possible.
    assert_eq!(hours(facts, LATER), (dec("0.516667"), dec("3.233333")));
}

#[test]
fn each_session_has_the_type_it_ran_as() {
    let again = "2026-10-06T09:00:00Z";
    let sights = |retyped_at: &str| {
        vec![
            running(LAUNCH, "2026-10-05T10:00:00Z"),
            of_type("p3.2xlarge", off(LAUNCH, "User initiated (2026-10-05 10:30:00 GMT)", retyped_at)),
            of_type("p3.2xlarge", running(again, "2026-10-06T10:00:00Z")),
        ]
    };
    assert_eq!(types(sights("2026-10-05T20:00:00Z")), ["p2.xlarge", "p3.2xlarge"], "seen retyped while it stood still");
    // Nobody saw the second session run.
    let unseen = || {
        vec![
            running(LAUNCH, "2026-10-05T10:00:00Z"),
            of_type("p3.2xlarge", off(again, "User initiated (2026-10-06 10:30:00 GMT)", "2026-10-06T20:00:00Z")),
        ]
    };
    assert_eq!(types(unseen()), ["p2.xlarge", UNKNOWN_TYPE], "changed before it or after it, nobody knows");
    let retyped = |when: &str| called(when, Change::Retyped { instance_type: "p3.2xlarge".to_owned() });
    let with = |event: Fact| types(unseen().into_iter().chain([event]));
    assert_eq!(with(retyped("2026-10-05T22:00:00Z")), ["p2.xlarge", "p3.2xlarge"]);
    assert_eq!(with(retyped("2026-10-06T11:00:00Z")), ["p2.xlarge", "p2.xlarge"]);
    let bill = bill(&ledger(unseen(), LATER), RateCard::shipped(), month("2026-10"));
    assert!(bill.unrated().any(|(_, why)| why.contains("of which type")), "hours of an unknown type have no rate");
}

#[test]
fn an_instance_that_vanished_while_running_ended_between_two_polls() {
    let facts = || {
        vec![
            running(LAUNCH, "2026-10-05T10:00:00Z"),
            gone(ResourceKind::Instance, INSTANCE, "2026-10-05T10:00:00Z", "2026-10-05T10:05:00Z"),
        ]
    };
    let found = ledger(facts(), LATER);
    assert_eq!(told(&found), [(None, at(LAUNCH), between("2026-10-05T10:00:00Z", "2026-10-05T10:05:00Z"))]);
    assert_eq!(found.instances[INSTANCE].1.state, InstanceState::Terminated, "and is there no more");
    // Not gone, but missed once by a list.
    let back = facts().into_iter().chain([running(LAUNCH, "2026-10-05T10:06:00Z")]);
    assert_eq!(sessions(back), [(None, at(LAUNCH), End::Open { last_seen: at("2026-10-05T10:06:00Z") })]);
}

#[test]
fn an_instance_that_vanished_after_it_was_terminated_ended_when_the_reason_says() {
    let reason = "User initiated (2026-10-05 10:30:00 GMT)";
    let terminated =
        InstanceSeen { state: InstanceState::Terminated, ..stopped(LAUNCH, reason, "2026-10-05T10:31:00Z") };
    let facts = [
        running(LAUNCH, "2026-10-05T10:00:00Z"),
        Fact::Instance(terminated.clone()),
        gone(ResourceKind::Instance, INSTANCE, "2026-10-05T11:20:00Z", "2026-10-05T11:21:00Z"),
    ];
    assert_eq!(sessions(facts), [exact(LAUNCH, "2026-10-05T10:30:00Z")]);
    // Terminated while it stood still: the reason is that of the end, not of the stop.
    let facts = [
        off(LAUNCH, "User initiated (2026-10-05 09:45:00 GMT)", "2026-10-05T10:00:00Z"),
        Fact::Instance(terminated),
        called("2026-10-05T10:30:00Z", Change::Terminated),
    ];
    assert_eq!(sessions(facts), [exact(LAUNCH, "2026-10-05T09:45:00Z")]);
}

#[test]
fn a_clock_that_is_minutes_off_leaves_hours_exact_where_aws_gives_both_ends() {
    let reason = "User initiated (2026-10-05 10:30:00 GMT)";
    // Five minutes behind: started, and stopped, after it was seen so.
    let behind = [running(LAUNCH, "2026-10-05T08:57:00Z"), off(LAUNCH, reason, "2026-10-05T10:26:00Z")];
    assert_eq!(hours(behind, LATER), (dec("1.5"), dec("0")));
    // Five minutes ahead: seen running after it had stopped, and after it had started again.
    let again = "2026-10-05T10:33:00Z";
    let ahead = [
        running(LAUNCH, "2026-10-05T10:34:00Z"),
        off(LAUNCH, reason, "2026-10-05T10:36:00Z"),
        running(again, "2026-10-05T10:39:00Z"),
    ];
    assert_eq!(
        sessions(ahead),
        [exact(LAUNCH, "2026-10-05T10:30:00Z"), (None, at(again), End::Open { last_seen: at("2026-10-05T10:39:00Z") })]
    );
}

#[test]
fn one_id_in_two_regions_is_refused_with_both_named() {
    let elsewhere = InstanceSeen { region: "eu-west-1".to_owned(), ..seen(InstanceState::Running, LAUNCH, LAUNCH) };
    let here = running(LAUNCH, "2026-10-05T10:00:00Z");
    let error = try_ledger([here.clone(), Fact::Instance(elsewhere)], LATER).expect_err("refused");
    let text = error.to_string();
    assert!(
        text.contains("instance `i-1`") && text.contains("in us-west-2 of account 111122223333 and in eu-west-1"),
        "{text}"
    );
    let stranger = InstanceSeen { account: "999".to_owned(), ..seen(InstanceState::Running, LAUNCH, LAUNCH) };
    try_ledger([here.clone(), Fact::Instance(stranger)], LATER).expect_err("refused");
    let unnamed = InstanceSeen { account: String::new(), ..seen(InstanceState::Running, LAUNCH, LAUNCH) };
    assert_eq!(ledger([here, Fact::Instance(unnamed)], LATER).sessions.len(), 1);
}

fn shapes(ledger: &Ledger) -> Vec<(u32, Certainty, Period)> {
    let volumes = ledger.usage.iter().filter_map(|usage| match &usage.subject {
        Subject::Volume { shape, .. } => Some((shape.size_gb, usage.certainty, usage.period)),
        _ => None,
    });
    // Parts that touch are one.
    let mut joined: Vec<(u32, Certainty, Period)> = Vec::new();
    for (size, certainty, period) in volumes {
        match joined.last_mut() {
            Some(last) if (last.0, last.1, last.2.end) == (size, certainty, period.start) => last.2.end = period.end,
            _ => joined.push((size, certainty, period)),
        }
    }
    joined
}

fn modified(when: &str, size_gb: u32) -> Fact {
    let change =
        Change::VolumeModified { volume_type: None, size_gb: Some(size_gb), iops: None, throughput_mibps: None };
    changed("vol-1", when, change)
}

#[test]
fn a_volume_resized_in_the_month_is_billed_as_larger_from_the_call_on() {
    let grown = VolumeSeen { size_gb: 500, ..volume_seen("vol-1", "2026-10-01", "2026-10-20") };
    let sights = || vec![Fact::Volume(volume_seen("vol-1", "2026-10-01", "2026-10-03")), Fact::Volume(grown.clone())];
    let of = |events: Vec<Fact>| shapes(&ledger(sights().into_iter().chain(events), "2026-10-20"));
    let call = "2026-10-10T12:00:00Z";
    assert_eq!(
        of(vec![modified(call, 500)]),
        [(100, Measured, period("2026-10-01", call)), (500, Measured, period(call, "2026-10-20"))]
    );
    assert_eq!(
        of(vec![modified("2026-10-05", 200), modified(call, 500)]),
        [
            (100, Measured, period("2026-10-01", "2026-10-05")),
            (200, Measured, period("2026-10-05", call)),
            (500, Measured, period(call, "2026-10-20"))
        ]
    );
    // The poll came before the change showed.
    let early = |call| shapes(&ledger(sights().into_iter().chain([modified(call, 500)]), "2026-10-20"));
    assert_eq!(
        early("2026-10-02T23:59:30Z"),
        [(100, Measured, period("2026-10-01", "2026-10-03")), (500, Measured, period("2026-10-03", "2026-10-20"))]
    );
}

#[test]
fn a_call_that_leads_to_another_size_than_was_seen_leaves_the_rest_bounded() {
    let grown = VolumeSeen { size_gb: 500, ..volume_seen("vol-1", "2026-10-01", "2026-10-20") };
    let facts = [
        Fact::Volume(volume_seen("vol-1", "2026-10-01", "2026-10-03")),
        modified("2026-10-05", 200),
        Fact::Volume(grown),
    ];
    assert_eq!(
        shapes(&ledger(facts, "2026-10-20")),
        [
            (100, Measured, period("2026-10-01", "2026-10-05")),
            (200, Measured, period("2026-10-05", "2026-10-20")),
            (300, Possible, period("2026-10-05", "2026-10-20")),
        ]
    );
}

#[test]
fn a_volume_deleted_by_a_call_ends_to_the_second() {
    let deleted = changed("vol-1", "2026-10-10T12:00:00Z", Change::VolumeDeleted);
    let sight = Fact::Volume(volume_seen("vol-1", "2026-10-01", "2026-10-03"));
    let found = ledger([sight.clone(), deleted.clone()], LATER);
    assert_eq!(shapes(&found), [(100, Measured, period("2026-10-01", "2026-10-10T12:00:00Z"))]);
    assert_eq!(found.volumes["vol-1"].1.state, "deleted", "and is there no more");
    let missed = gone(ResourceKind::Volume, "vol-1", "2026-10-10", "2026-10-11");
    assert_eq!(shapes(&ledger([sight, deleted, missed], LATER)).len(), 1);
}

#[test]
fn a_volume_that_vanished_ended_between_two_polls() {
    let missed = gone(ResourceKind::Volume, "vol-1", "2026-10-03", "2026-10-04");
    let found = ledger([Fact::Volume(volume_seen("vol-1", "2026-10-01", "2026-10-03")), missed], LATER);
    assert_eq!(
        shapes(&found),
        [(100, Measured, period("2026-10-01", "2026-10-03")), (100, Possible, period("2026-10-03", "2026-10-04"))]
    );
}

#[test]
fn a_volume_that_no_poll_saw_lives_from_its_creation_to_its_deletion() {
    let created = Change::VolumeCreated {
        volume_type: Some("gp2".to_owned()),
        size_gb: Some(100),
        iops: None,
        throughput_mibps: None,
    };
    let facts = [
        changed("vol-1", "2026-10-01", created),
        modified("2026-10-02", 300),
        changed("vol-1", "2026-10-03", Change::VolumeDeleted),
    ];
    let found = ledger(facts, LATER);
    assert_eq!(
        shapes(&found),
        [(100, Measured, period("2026-10-01", "2026-10-02")), (300, Measured, period("2026-10-02", "2026-10-03"))]
    );
    assert!(volume_phases(&found).iter().all(|(phase, _, _)| *phase == Phase::Unknown));
    // Changed before it was seen, and as what it was made nobody knows.
    let seen_late = Fact::Volume(VolumeSeen { size_gb: 300, ..volume_seen("vol-1", "2026-10-01", "2026-10-03") });
    let found = ledger([modified("2026-10-02", 300), seen_late], "2026-10-03");
    assert_eq!(shapes(&found), [(300, Measured, period("2026-10-02", "2026-10-03"))]);
    assert!(found.usage.iter().any(|usage| {
        usage.subject == Subject::VolumeOfUnknownSize && usage.period == period("2026-10-01", "2026-10-02")
    }));
}

#[test]
fn addresses_and_snapshots_that_vanished_ended_between_two_polls() {
    let ends = |facts: [Fact; 2]| ledger(facts, LATER).usage.iter().map(|usage| usage.period.end).max();
    let held = Fact::Address(address(None, "2026-10-03"));
    let released = gone(ResourceKind::Address, "eipalloc-1", "2026-10-03", "2026-10-04");
    assert_eq!(ends([held.clone(), released.clone()]), Some(at("2026-10-04")));
    assert!(ledger([held, released], LATER).addresses.is_empty());
    let kept = Fact::Snapshot(snapshot("2026-10-01", "2026-10-03"));
    let deleted = gone(ResourceKind::Snapshot, "snap-1", "2026-10-03", "2026-10-04");
    assert_eq!(ends([kept.clone(), deleted.clone()]), Some(at("2026-10-04")));
    assert!(ledger([kept, deleted], LATER).snapshots.is_empty());
}

#[test]
fn the_disks_of_an_instance_that_vanished_are_not_held_on_to() {
    let with_disk = InstanceSeen {
        volumes: vec![attachment("vol-9", None)].into(),
        ..seen(InstanceState::Running, LAUNCH, "2026-10-05T10:00:00Z")
    };
    let missed = gone(ResourceKind::Instance, INSTANCE, "2026-10-05T10:00:00Z", "2026-10-05T10:05:00Z");
    let found = ledger([Fact::Instance(with_disk), missed], LATER);
    let last = found.usage.iter().filter(|usage| usage.resource.id == "vol-9").map(|usage| usage.period.end).max();
    assert_eq!(last, Some(at("2026-10-05T10:05:00Z")));
    assert!(found.instances[INSTANCE].1.volumes.is_empty());
}
