//! Sessions from descriptions: one for each LaunchTime, its end as far as the evidence goes.

use gpucost::ledger::{Certainty, End, Fact, InstanceSeen, InstanceState, Session};
use gpucost::time::Period;

use crate::facts::{LATER, at, ledger, note, open_note, period, seen, stopped, try_ledger};

const LAUNCH: &str = "2026-10-05T09:00:00Z";
const SEEN: &str = "2026-10-09T12:00:00Z";

fn sessions(sights: impl IntoIterator<Item = InstanceSeen>) -> Vec<Session> {
    ledger(sights.into_iter().map(Fact::Instance), LATER).sessions
}

fn end(sights: impl IntoIterator<Item = InstanceSeen>) -> End {
    let sessions = sessions(sights);
    assert_eq!(sessions.len(), 1, "{sessions:?}");
    sessions[0].end
}

fn between(earliest: &str, latest: &str) -> End {
    End::Between { earliest: at(earliest), latest: at(latest) }
}

/// (sure, possible) periods of compute.
fn compute(facts: Vec<Fact>, now: &str) -> (Vec<Period>, Vec<Period>) {
    let ledger = ledger(facts, now);
    let of = |certainty| {
        ledger.usage.iter().filter(|usage| usage.certainty == certainty).map(|usage| usage.period).collect::<Vec<_>>()
    };
    (of(Certainty::Measured), of(Certainty::Possible))
}

#[test]
fn a_stop_time_ends_the_session_to_the_second() {
    for reason in [
        "User initiated (2026-10-06 03:04:05 GMT)",
        "User initiated (2026-10-06 03:04:05 UTC)",
        "Server.SpotInstanceTermination (2026-10-06 03:04:05 GMT)",
    ] {
        assert_eq!(end([stopped(LAUNCH, reason, SEEN)]), End::At(at("2026-10-06T03:04:05Z")), "{reason}");
    }
    let (sure, possible) =
        compute(vec![Fact::Instance(stopped(LAUNCH, "User initiated (2026-10-06 03:04:05 GMT)", SEEN))], LATER);
    assert_eq!(sure, [period(LAUNCH, "2026-10-06T03:04:05Z")]);
    assert_eq!(possible, []);
}

#[test]
fn without_a_stop_time_the_end_is_bounded_by_launch_and_sight() {
    for reason in [
        "",
        "User initiated",
        "Client.InstanceInitiatedShutdown: Instance initiated shutdown",
        "Server.InternalError",
        "User initiated (soon GMT)",
        // Of an earlier stop, or of one after the sight: not of this one.
        "User initiated (2026-10-04 00:00:00 GMT)",
        "User initiated (2026-10-10 00:00:00 GMT)",
    ] {
        assert_eq!(end([stopped(LAUNCH, reason, SEEN)]), between(LAUNCH, SEEN), "{reason}");
    }
    let (sure, possible) = compute(vec![Fact::Instance(stopped(LAUNCH, "", SEEN))], LATER);
    assert_eq!(sure, [period(LAUNCH, LAUNCH)], "nothing but the start is sure");
    assert_eq!(possible, [period(LAUNCH, SEEN)]);
}

#[test]
fn sights_of_a_running_instance_raise_the_lower_bound() {
    let running = |seen_at| seen(InstanceState::Running, LAUNCH, seen_at);
    let sights = || [running("2026-10-07"), running("2026-10-06"), stopped(LAUNCH, "", SEEN)];
    assert_eq!(end(sights()), between("2026-10-07", SEEN));
    assert_eq!(sessions(sights())[0].evidence.len(), 3, "every sight is evidence");
    let mut backwards = sights();
    backwards.reverse();
    assert_eq!(end(backwards), between("2026-10-07", SEEN), "the order of imports does not matter");
}

#[test]
fn the_first_sight_of_a_stop_bounds_it() {
    let sights = [stopped(LAUNCH, "", "2026-10-20"), stopped(LAUNCH, "", SEEN)];
    assert_eq!(end(sights), between(LAUNCH, SEEN));
}

#[test]
fn an_instance_last_seen_running_is_open() {
    let running = seen(InstanceState::Running, LAUNCH, SEEN);
    assert_eq!(end([running.clone()]), End::Open { last_seen: at(SEEN) });
    let (sure, possible) = compute(vec![Fact::Instance(running)], "2026-10-12");
    assert_eq!(sure, [period(LAUNCH, SEEN)]);
    assert_eq!(possible, [period(SEEN, "2026-10-12")], "it may have gone on until now, which nobody saw");
}

#[test]
fn states_on_the_way_count_as_where_they_lead() {
    let in_state = |state| end([seen(state, LAUNCH, SEEN)]);
    for running in [InstanceState::Pending, InstanceState::Running] {
        assert_eq!(in_state(running), End::Open { last_seen: at(SEEN) }, "{running:?}");
    }
    // AWS meters neither `stopping` nor `shutting-down`.
    for over in
        [InstanceState::Stopping, InstanceState::Stopped, InstanceState::ShuttingDown, InstanceState::Terminated]
    {
        assert_eq!(in_state(over), between(LAUNCH, SEEN), "{over:?}");
    }
}

#[test]
fn a_later_launch_time_ends_the_session_before_it() {
    let restart = "2026-10-08T10:00:00Z";
    let sessions =
        sessions([seen(InstanceState::Running, LAUNCH, "2026-10-07"), seen(InstanceState::Running, restart, SEEN)]);
    assert_eq!(sessions.len(), 2);
    assert_eq!(sessions[0].end, between("2026-10-07", restart));
    assert_eq!((sessions[1].start, sessions[1].end), (at(restart), End::Open { last_seen: at(SEEN) }));
}

#[test]
fn a_stop_bounded_by_a_later_sight_cannot_reach_into_the_next_session() {
    // Seen stopped by a clock that runs an hour ahead of AWS's.
    let restart = "2026-10-08T10:00:00Z";
    let sessions = sessions([stopped(LAUNCH, "", "2026-10-08T11:00:00Z"), seen(InstanceState::Running, restart, SEEN)]);
    assert_eq!(sessions[0].end, between(LAUNCH, restart));
}

#[test]
fn a_type_changed_while_stopped_is_two_sessions_of_two_types() {
    let restart = "2026-10-08";
    let bigger = InstanceSeen { instance_type: "p3.2xlarge".to_owned(), ..seen(InstanceState::Running, restart, SEEN) };
    let sessions = sessions([stopped(LAUNCH, "User initiated (2026-10-06 00:00:00 GMT)", "2026-10-07"), bigger]);
    let told: Vec<_> = sessions.iter().map(|session| (session.instance_type.as_str(), session.start)).collect();
    assert_eq!(told, [("p2.xlarge", at(LAUNCH)), ("p3.2xlarge", at(restart))]);
}

#[test]
fn a_launch_after_its_own_sight_is_no_time_run_backwards() {
    for sight in [seen(InstanceState::Running, LAUNCH, "2026-10-05"), stopped(LAUNCH, "", "2026-10-05")] {
        let session = &sessions([sight])[0];
        assert!(session.end.earliest() >= session.start, "{session:?}");
        assert!(session.end.latest().is_none_or(|latest| latest >= session.end.earliest()), "{session:?}");
    }
    let early = ledger([Fact::Instance(seen(InstanceState::Running, LAUNCH, "2026-10-05"))], "2026-10-05T01:00:00Z");
    assert_eq!(early.usage, [], "as of before the launch nothing ran");
    assert_eq!(early.instances.len(), 1, "and yet it was seen");
}

#[test]
fn running_again_with_the_same_launch_time_is_a_session_that_began_between_two_sights() {
    // AWS moves LaunchTime at a restart, other servers do not.
    let stop = stopped(LAUNCH, "User initiated (2026-10-06 00:00:00 UTC)", "2026-10-07");
    let again = seen(InstanceState::Running, LAUNCH, SEEN);
    let both = sessions([stop.clone(), again.clone()]);
    let told = |sessions: &[Session]| -> Vec<_> {
        sessions.iter().map(|session| (session.started_after, session.start, session.end)).collect()
    };
    let first = (None, at(LAUNCH), End::At(at("2026-10-06")));
    assert_eq!(told(&both), [first, (Some(at("2026-10-07")), at(SEEN), End::Open { last_seen: at(SEEN) })]);
    let last = stopped(LAUNCH, "User initiated (2026-10-11 00:00:00 UTC)", "2026-10-12");
    let second = (Some(at("2026-10-07")), at(SEEN), End::At(at("2026-10-11")));
    assert_eq!(told(&sessions([stop.clone(), again.clone(), last.clone()])), [first, second]);
    // A stop without a time of its own still shows the time of the one before.
    let stale = InstanceSeen { reason: stop.reason.clone(), ..last };
    let second = (Some(at("2026-10-07")), at(SEEN), between(SEEN, "2026-10-12"));
    assert_eq!(told(&sessions([stop.clone(), again.clone(), stale])), [first, second]);
    let facts = vec![Fact::Instance(stop), Fact::Instance(again)];
    let (sure, possible) = compute(facts, SEEN);
    assert_eq!(sure, [period(LAUNCH, "2026-10-06"), period(SEEN, SEEN)]);
    assert_eq!(possible, [period("2026-10-07", SEEN)], "the stopped stretch is not billed as running");
}

#[test]
fn what_was_seen_after_the_as_of_date_is_not_known() {
    let sights = || {
        vec![
            Fact::Instance(seen(InstanceState::Running, LAUNCH, "2026-10-06")),
            Fact::Instance(stopped(LAUNCH, "User initiated (2026-10-08 00:00:00 GMT)", SEEN)),
        ]
    };
    let (sure, possible) = compute(sights(), "2026-10-07");
    assert_eq!((sure, possible), (vec![period(LAUNCH, "2026-10-06")], vec![period("2026-10-06", "2026-10-07")]));
    let (sure, possible) = compute(sights(), SEEN);
    assert_eq!((sure, possible), (vec![period(LAUNCH, "2026-10-08")], vec![]));
    assert_eq!(compute(sights(), "2026-10-05T10:00:00Z"), (vec![], vec![]), "before the first sight");
}

#[test]
fn notes_that_a_description_contradicts_are_refused_with_both_named() {
    let error = try_ledger(
        [Fact::Noted(note("2026-10-01", "2026-10-06")), Fact::Instance(seen(InstanceState::Running, LAUNCH, SEEN))],
        LATER,
    )
    .expect_err("they overlap");
    assert_eq!((error.what, error.id.as_str()), ("instance", "i-1"));
    assert_eq!((error.from, error.until), (at(LAUNCH), at("2026-10-06")));
    let text = error.to_string();
    assert!(text.contains("notes.csv:1") && text.contains("described.json (record 2)"), "{text}");
}

#[test]
fn notes_that_touch_a_description_are_not_refused() {
    let told = || [Fact::Noted(note("2026-10-01", LAUNCH)), Fact::Instance(seen(InstanceState::Running, LAUNCH, SEEN))];
    assert_eq!(ledger(told(), LATER).sessions.len(), 2);
}

#[test]
fn an_open_note_may_have_gone_on_only_until_the_next_session() {
    let facts = vec![
        Fact::Noted(open_note("2026-10-01", "2026-10-03")),
        Fact::Instance(stopped(LAUNCH, "User initiated (2026-10-06 00:00:00 GMT)", SEEN)),
    ];
    let (sure, possible) = compute(facts, LATER);
    assert_eq!(sure, [period("2026-10-01", "2026-10-03"), period(LAUNCH, "2026-10-06")]);
    assert_eq!(possible, [period("2026-10-03", LAUNCH)], "an instance runs but once at a time");
}
