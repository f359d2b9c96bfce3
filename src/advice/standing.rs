//! Whether an instance runs, is stopped, or is gone, as of when it was last seen or noted.

use jiff::Timestamp;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::by_id::ById;
use crate::ledger::{End, Evidence, InstanceSeen, InstanceState, Ledger, Phase, Session, Stretch};

/// The state of an instance when it was last seen.
#[derive(Clone, Copy, Debug)]
pub(super) enum State<'a> {
    /// In this session, whose end is open.
    Running(&'a Session),
    /// Since when, as far as the evidence goes.
    Stopped { since: End },
    /// Noted as running so many hours a day, ended by a note, terminated, or not known.
    Other,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    pub id: &'a str,
    pub state: State<'a>,
    pub last_seen: Timestamp,
    pub session: Option<&'a Session>,
    pub seen: Option<(&'a Evidence, &'a InstanceSeen)>,
}

/// Of every instance that was seen or noted.
pub(super) fn standings<'a>(ledger: &'a Ledger, now: Timestamp) -> ById<'a, Standing<'a>> {
    let of_one = |a: &Session, b: &Session| a.instance_id == b.instance_id;
    let sessions: FxHashMap<&str, &[Session]> = (ledger.sessions.chunk_by(of_one))
        .filter_map(|sessions| Some((sessions.first()?.instance_id.as_str(), sessions)))
        .collect();
    let mut ids: Vec<&str> = (sessions.keys().copied())
        .chain(ledger.instances.keys().map(String::as_str))
        .chain(ledger.stretches.keys().map(String::as_str))
        .filter(|id| !id.is_empty())
        .collect();
    ids.par_sort_unstable();
    ids.dedup();
    let standing = |id: &'a str| {
        let seen = ledger.instances.get(id).map(|(evidence, seen)| (evidence, seen));
        let of_instance = sessions.get(id).copied().unwrap_or_default();
        let begun = of_instance.get(..of_instance.partition_point(|session| session.start <= now)).unwrap_or_default();
        let session = begun.last();
        let noted_later = |session: &&Session| seen.is_none_or(|(_, seen)| session.start > seen.seen_at);
        let stretches = ledger.stretches.get(id).map_or(&[][..], Vec::as_slice);
        match (seen, session.filter(noted_later)) {
            (Some(seen), None) => Standing { id, session, ..seen_standing(id, seen, begun) },
            (_, session) => noted_standing(id, session, stretches, seen, now),
        }
    };
    ids.par_iter().map(|id| (*id, standing(id))).collect::<Vec<_>>().into()
}

fn seen_standing<'a>(
    id: &'a str,
    (evidence, seen): (&'a Evidence, &'a InstanceSeen),
    sessions: &'a [Session],
) -> Standing<'a> {
    let by_then = sessions.partition_point(|session| session.start <= seen.seen_at.max(seen.launch_time));
    let session = by_then.checked_sub(1).and_then(|last| sessions.get(last));
    let state = match (seen.state, session) {
        (InstanceState::Pending | InstanceState::Running, Some(session)) if !session.end.is_over() => {
            State::Running(session)
        }
        (InstanceState::Stopping | InstanceState::Stopped, session) => {
            let bounds = End::Between { earliest: seen.launch_time.min(seen.seen_at), latest: seen.seen_at };
            State::Stopped { since: session.map(|session| session.end).filter(|end| end.is_over()).unwrap_or(bounds) }
        }
        _ => State::Other,
    };
    Standing { id, state, last_seen: seen.seen_at, session, seen: Some((evidence, seen)) }
}

/// From notes alone: what they do not name as running was stopped.
fn noted_standing<'a>(
    id: &'a str,
    session: Option<&'a Session>,
    stretches: &[Stretch],
    seen: Option<(&'a Evidence, &'a InstanceSeen)>,
    now: Timestamp,
) -> Standing<'a> {
    let ran_until = session.map(|session| session.end.earliest());
    let stopped_after = stretches.iter().filter(|stretch| {
        stretch.phase == Phase::Stopped
            && stretch.hours_per_day.is_none()
            && stretch.period.start <= now
            && ran_until.is_none_or(|until| stretch.period.start >= until)
    });
    let first_stopped = stopped_after.clone().map(|stretch| stretch.period.start).min();
    let last_stopped = stopped_after.map(|stretch| stretch.period.end).max();
    let last_seen = last_stopped.or(ran_until).unwrap_or(now).min(now);
    let state = match (session, first_stopped) {
        (Some(session), _) if session.end.latest().is_some_and(|end| end < now) => {
            State::Stopped { since: session.end }
        }
        (Some(Session { end: End::At(_), .. }), _) => State::Other,
        (_, Some(start)) => State::Stopped { since: End::At(start) },
        (Some(session), None) if session.hours_per_day.is_none() => State::Running(session),
        _ => State::Other,
    };
    Standing { id, state, last_seen, session, seen }
}
