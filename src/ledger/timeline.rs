//! When each instance ran, when it was stopped, and when nobody knows: what the lives of volumes and
//! addresses are cut along.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::fact::{Evidence, Fact};
use super::moment::End;
use super::session::{Session, latest_notes};
use super::usage::{Phase, Stretch};
use crate::time::Period;

pub(super) const HOURS_PER_DAY: Decimal = Decimal::from_parts(24, 0, 0, false, 0);

pub(super) struct Timelines {
    stretches: BTreeMap<String, Vec<Stretch>>,
    /// Instances that only notes speak of: what the notes do not name as running was stopped.
    noted_only: BTreeMap<String, bool>,
}

impl Timelines {
    pub(super) fn new(sessions: &[Session], facts: &[(Evidence, Fact)], now: Timestamp) -> Timelines {
        let mut timelines = Timelines { stretches: BTreeMap::new(), noted_only: BTreeMap::new() };
        for session in sessions {
            timelines.add_session(session, now);
        }
        for (_, noted) in latest_notes(facts) {
            timelines.noted_only.entry(noted.instance_id.clone()).or_insert(true);
            if noted.hours_per_day.is_some_and(|hours| hours.is_zero()) {
                let period = Period { start: noted.start, end: noted.end.unwrap_or(noted.noted_at) };
                timelines.add(&noted.instance_id, period, Phase::Stopped, None);
            }
        }
        timelines.add_seen_stops(sessions, facts);
        for of_instance in timelines.stretches.values_mut() {
            of_instance.sort_by_key(|stretch| (stretch.period, stretch.phase));
            merge_stopped(of_instance);
        }
        timelines
    }

    fn add(&mut self, instance_id: &str, period: Period, phase: Phase, hours_per_day: Option<Decimal>) {
        let stretch = Stretch { period, phase, hours_per_day };
        match self.stretches.get_mut(instance_id) {
            Some(stretches) => stretches.push(stretch),
            None => _ = self.stretches.insert(instance_id.to_owned(), vec![stretch]),
        }
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
            self.noted_only.insert(seen.instance_id.clone(), false);
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
        let stretches = self.stretches.get(instance_id).map_or(&[][..], Vec::as_slice);
        let noted_only = self.noted_only.get(instance_id).copied().unwrap_or(false);
        cut(life, stretches, if noted_only { Phase::Stopped } else { Phase::Unknown })
    }

    /// The stretches of which the state is known.
    pub(super) fn sure(mut self) -> BTreeMap<String, Vec<Stretch>> {
        for stretches in self.stretches.values_mut() {
            stretches.retain(|stretch| stretch.phase != Phase::Unknown);
        }
        self.stretches
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
