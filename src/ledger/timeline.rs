//! When each instance ran, when it was stopped, and when nobody knows: what the lives of volumes and
//! addresses are cut along.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::fact::{Evidence, Fact};
use super::moment::End;
use super::session::{Session, latest_notes};
use super::usage::{Phase, Stretch};
use crate::time::Period;

pub(super) const HOURS_PER_DAY: Decimal = Decimal::from_parts(24, 0, 0, false, 0);

/// By instance.
#[derive(Default)]
pub(super) struct Timelines(FxHashMap<String, Timeline>);

#[derive(Default)]
struct Timeline {
    stretches: Vec<Stretch>,
    noted: bool,
    seen: bool,
}

impl Timelines {
    pub(super) fn new(sessions: &[Session], facts: &[(Evidence, Fact)], now: Timestamp) -> Timelines {
        let mut timelines = Timelines::default();
        for session in sessions {
            timelines.add_session(session, now);
        }
        for (_, noted) in latest_notes(facts) {
            timelines.of(&noted.instance_id).noted = true;
            if noted.hours_per_day.is_some_and(|hours| hours.is_zero()) {
                let period = Period { start: noted.start, end: noted.end.unwrap_or(noted.noted_at) };
                timelines.add(&noted.instance_id, period, Phase::Stopped, None);
            }
        }
        timelines.add_seen_stops(sessions, facts);
        for Timeline { stretches, .. } in timelines.0.values_mut() {
            stretches.sort_by_key(|stretch| (stretch.period, stretch.phase));
            merge_stopped(stretches);
        }
        timelines
    }

    fn of(&mut self, instance_id: &str) -> &mut Timeline {
        self.0.entry(instance_id.to_owned()).or_default()
    }

    fn add(&mut self, instance_id: &str, period: Period, phase: Phase, hours_per_day: Option<Decimal>) {
        self.of(instance_id).stretches.push(Stretch { period, phase, hours_per_day });
    }

    fn add_session(&mut self, session: &Session, now: Timestamp) {
        let id = &session.instance_id;
        let sure = Period { start: session.start, end: session.end.earliest() };
        if let Some(period) = session.possibly_before(now) {
            self.add(id, period, Phase::Unknown, None);
        }
        self.add(id, sure, Phase::Running, session.hours_per_day);
        if let Some(rest) = session.hours_per_day.map(|hours| HOURS_PER_DAY - hours).filter(|rest| !rest.is_zero()) {
            self.add(id, sure, Phase::Stopped, Some(rest));
        }
        if let Some(period) = possible_stretch(session.end, now) {
            self.add(id, period, Phase::Unknown, None);
        }
    }

    /// An instance seen stopped was stopped since its session ended.
    fn add_seen_stops(&mut self, sessions: &[Session], facts: &[(Evidence, Fact)]) {
        for (_, fact) in facts {
            let Fact::Instance(seen) = fact else { continue };
            self.of(&seen.instance_id).seen = true;
            if !seen.state.is_stopped() {
                continue;
            }
            let at = (seen.instance_id.as_str(), seen.seen_at.max(seen.launch_time));
            let next = sessions.partition_point(|session| (session.instance_id.as_str(), session.start) <= at);
            let last = next.checked_sub(1).and_then(|last| sessions.get(last));
            let end = last.filter(|last| last.instance_id == seen.instance_id).and_then(|last| last.end.latest());
            if let Some(start) = end.filter(|end| *end < seen.seen_at) {
                let period = Period { start, end: seen.seen_at };
                self.add(&seen.instance_id, period, Phase::Stopped, None);
            }
        }
    }

    /// Cuts a life along the instance's stretches; `None`: a volume of no instance.
    pub(super) fn cut(&self, life: Period, instance_id: Option<&str>) -> Vec<Stretch> {
        let Some(instance_id) = instance_id else { return cut(life, &[], Phase::Unattached) };
        let Some(timeline) = self.0.get(instance_id) else { return cut(life, &[], Phase::Unknown) };
        // Of what only notes speak of: what the notes do not name as running was stopped.
        let otherwise = if timeline.noted && !timeline.seen { Phase::Stopped } else { Phase::Unknown };
        cut(life, &timeline.stretches, otherwise)
    }

    /// The stretches of which the state is known.
    pub(super) fn sure(self) -> BTreeMap<String, Vec<Stretch>> {
        let known = self.0.into_iter().filter(|(_, timeline)| !timeline.stretches.is_empty());
        let sure = known.map(|(id, Timeline { mut stretches, .. })| {
            stretches.retain(|stretch| stretch.phase != Phase::Unknown);
            (id, stretches)
        });
        sure.collect()
    }
}

/// The stretch in which something may have gone on after its last sure instant.
pub(super) fn possible_stretch(end: End, now: Timestamp) -> Option<Period> {
    let period = Period { start: end.earliest(), end: end.latest().unwrap_or(now).min(now) };
    (!period.is_empty()).then_some(period)
}

/// Several sights of one stop say the same thing over nested periods: keep the longest.
fn merge_stopped(stretches: &mut Vec<Stretch>) {
    let mut kept: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for stretch in stretches.drain(..) {
        match kept.last_mut() {
            Some(last)
                if last.phase == Phase::Stopped
                    && stretch.phase == Phase::Stopped
                    && last.hours_per_day.is_none()
                    && last.period.start == stretch.period.start =>
            {
                last.period.end = last.period.end.max(stretch.period.end);
            }
            _ => kept.push(stretch),
        }
    }
    *stretches = kept;
}

/// Cuts `life` along the stretches (sorted), filling what none of them covers with `otherwise`. Every
/// instant counts once, however the stretches contradict each other; those of one period that share its
/// days by hours all count.
fn cut(life: Period, stretches: &[Stretch], otherwise: Phase) -> Vec<Stretch> {
    let mut cut: Vec<Stretch> = Vec::new();
    let mut covered_until = life.start;
    let mut shared: Option<Period> = None;
    let whole = |start, end, phase| Stretch { period: Period { start, end }, phase, hours_per_day: None };
    for stretch in stretches {
        let Some(part) = stretch.period.intersection(life) else { continue };
        let shares = stretch.hours_per_day.is_some() && shared == Some(stretch.period);
        if shares {
            let period = cut.last().map_or(part, |last| last.period);
            cut.push(Stretch { period, ..*stretch });
            continue;
        }
        if part.start > covered_until {
            cut.push(whole(covered_until, part.start, otherwise));
        }
        let part = Period { start: part.start.max(covered_until), ..part };
        shared = None;
        if !part.is_empty() {
            covered_until = part.end;
            shared = stretch.hours_per_day.map(|_| stretch.period);
            cut.push(Stretch { period: part, ..*stretch });
        }
    }
    if covered_until < life.end {
        cut.push(whole(covered_until, life.end, otherwise));
    }
    cut
}
