//! The sessions of one instance, from the marks that sights and calls leave.

use jiff::Timestamp;

use super::change::{Change, ResourceChanged};
use super::fact::{Evidence, Purchase};
use super::marks::{Known, Mark, Marks, OFF_BY, ONE_CALL, What, later};
use super::moment::End;
use super::session::Session;
use super::sight::InstanceSeen;

/// For a session of which no record tells the type.
pub const UNKNOWN_TYPE: &str = "(unknown)";

/// A session as it takes shape.
struct Draft<'a> {
    start: Timestamp,
    started_after: Option<Timestamp>,
    end: End,
    /// Sights of it, and of the stop that followed.
    sights: Vec<&'a InstanceSeen>,
    last_on: Option<&'a InstanceSeen>,
    evidence: Vec<Evidence>,
}

impl<'a> Draft<'a> {
    fn new(start: Timestamp, started_after: Option<Timestamp>) -> Draft<'a> {
        let end = End::Open { last_seen: start };
        Draft { start, started_after, end, sights: Vec::new(), last_on: None, evidence: Vec::new() }
    }
}

#[derive(Clone, Copy)]
enum State {
    /// Nothing is known yet.
    Before,
    /// And surely ran until then.
    Running { until: Timestamp },
    /// And surely did not run then; `told`: by a call alone, no sight confirms it.
    Off { known: Timestamp, told: bool },
}

struct Walk<'a> {
    drafts: Vec<Draft<'a>>,
    state: State,
    launch_moves: bool,
}

impl<'a> Walk<'a> {
    fn of(marks: Marks<'a>) -> Vec<Draft<'a>> {
        let mut walk = Walk { drafts: Vec::new(), state: State::Before, launch_moves: marks.launch_moves };
        for mark in marks.marks {
            walk.take(mark);
        }
        if let (State::Running { until }, Some(last)) = (walk.state, walk.drafts.last_mut()) {
            last.end = End::Open { last_seen: until };
        }
        walk.drafts
    }

    fn take(&mut self, mark: Mark<'a>) {
        match mark.what {
            What::Start => self.start(mark.at),
            What::On(_) => self.on(mark.at),
            What::Stop { by_event } => self.stop(mark.at, by_event),
            What::Terminate { by_event } => match self.state {
                // What stood still is terminated without having run again.
                State::Off { .. } => {}
                State::Before | State::Running { .. } => self.stop(mark.at, by_event),
            },
            What::Off(_) => self.off(mark.at),
        }
        let Some(draft) = self.drafts.last_mut() else { return };
        if draft.evidence.last() != Some(mark.evidence) {
            draft.evidence.push(mark.evidence.clone());
        }
        match mark.what {
            What::On(seen) => {
                draft.sights.push(seen);
                draft.last_on = Some(seen);
            }
            What::Off(Some(seen)) => draft.sights.push(seen),
            _ => {}
        }
    }

    fn begin(&mut self, start: Timestamp, started_after: Option<Timestamp>) {
        self.drafts.push(Draft::new(start, started_after));
        self.state = State::Running { until: start };
    }

    fn close(&mut self, end: End, told: bool) {
        if let Some(draft) = self.drafts.last_mut() {
            draft.end = end;
        }
        self.state = State::Off { known: end.latest().unwrap_or(end.earliest()), told };
    }

    /// Whatever ran before had stopped, nobody saw when.
    fn start(&mut self, at: Timestamp) {
        if let State::Running { until } = self.state {
            self.close(End::Between { earliest: until.min(at), latest: at }, false);
        }
        self.begin(at, None);
    }

    fn on(&mut self, at: Timestamp) {
        match self.state {
            State::Before => self.begin(at, None),
            State::Running { until } => self.state = State::Running { until: until.max(at) },
            // The clock that looked is ahead by some seconds: it was seen just before it stopped.
            State::Off { known, told: true } if at <= later(known, OFF_BY) => {}
            // A call says it stopped, AWS shows it running on since the same start: the call did not take effect.
            State::Off { .. } if self.launch_moves => self.state = State::Running { until: at },
            // Running again under a LaunchTime that does not move: since when, only the sights bound.
            State::Off { known, .. } => self.begin(at.max(known), Some(known)),
        }
    }

    fn stop(&mut self, at: Timestamp, by_event: bool) {
        match self.state {
            State::Before => {
                self.begin(at, None);
                self.close(End::At(at), by_event);
            }
            State::Running { until } => self.close(End::At(at.max(until)), by_event),
            State::Off { known, .. } => {
                let bounded = self.drafts.last().is_some_and(|draft| matches!(draft.end, End::Between { .. }));
                if bounded && at <= later(known, OFF_BY) {
                    // The clock that looked is behind by some seconds: it is the stop that was seen.
                    self.close(End::At(at), by_event);
                } else if at > known {
                    // It cannot stop without having run: since when, nobody saw.
                    self.begin(at, Some(known));
                    self.close(End::At(at), by_event);
                }
            }
        }
    }

    fn off(&mut self, at: Timestamp) {
        match self.state {
            State::Before => {}
            State::Running { until } => self.close(End::Between { earliest: until.min(at), latest: at }, false),
            State::Off { known, .. } => self.state = State::Off { known: known.max(at), told: false },
        }
    }
}

/// How an instance's type is known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Sight,
    Launch,
    Retype,
}

struct TypeTold<'a> {
    at: Timestamp,
    instance_type: &'a str,
    by: By,
}

fn types_told<'a>(known: &Known<'a>) -> Vec<TypeTold<'a>> {
    let seen = known.sights.iter().map(|(_, seen)| TypeTold {
        at: seen.seen_at.max(seen.launch_time),
        instance_type: &seen.instance_type,
        by: By::Sight,
    });
    let changed = known.changes.iter().filter_map(|(_, changed)| {
        let (instance_type, by) = match &changed.change {
            Change::Launched { instance_type } => (instance_type.as_deref()?, By::Launch),
            Change::Retyped { instance_type } => (instance_type.as_str(), By::Retype),
            _ => return None,
        };
        Some(TypeTold { at: changed.at, instance_type, by })
    });
    let mut told: Vec<TypeTold<'a>> = seen.chain(changed).collect();
    told.sort_by_key(|told| told.at);
    told
}

/// The type of a session that no sight saw running. Its own launch tells; else what was told before it and what was seen
/// after it must agree, for nobody knows when in between it was changed.
fn type_of(start: Timestamp, end: End, told: &[TypeTold<'_>]) -> String {
    let over = end.latest().unwrap_or(end.earliest()).max(start);
    let by_then = |at| told.partition_point(|told| told.at <= at);
    let before = by_then(start).checked_sub(1).and_then(|i| told.get(i));
    // A launch is logged within its minute.
    let soon = told.get(by_then(start)..by_then(later(start, ONE_CALL))).unwrap_or_default();
    let logged_before = before.filter(|told| later(told.at, ONE_CALL) >= start);
    let launch = logged_before.into_iter().chain(soon).find(|told| told.by == By::Launch);
    let after = told.get(told.partition_point(|told| told.at < over)..).and_then(|after| after.first());
    let seen_after = after.filter(|told| told.by == By::Sight);
    let instance_type = match (launch, before, seen_after) {
        (Some(launch), _, _) => launch.instance_type,
        (None, Some(before), Some(after)) if before.instance_type != after.instance_type => UNKNOWN_TYPE,
        (None, before, after) => before.or(after).map_or(UNKNOWN_TYPE, |told| told.instance_type),
    };
    instance_type.to_owned()
}

/// The sessions of one instance, by start.
pub(super) fn sessions_of_instance(instance_id: &str, known: &Known<'_>) -> Vec<Session> {
    let drafts = Walk::of(known.marks());
    let told = types_told(known);
    let change = known.changes.first().map(|(_, changed)| *changed);
    drafts.into_iter().map(|draft| session(instance_id, draft, known, &told, change)).collect()
}

fn session(
    instance_id: &str,
    draft: Draft<'_>,
    known: &Known<'_>,
    told: &[TypeTold<'_>],
    change: Option<&ResourceChanged>,
) -> Session {
    let instance_type = match draft.last_on {
        Some(seen) => seen.instance_type.clone(),
        None => type_of(draft.start, draft.end, told),
    };
    // What a session that nobody saw was otherwise, the nearest sight tells.
    let nearest = || {
        let next = known.sights.partition_point(|(_, seen)| seen.seen_at < draft.start);
        known.sights.get(next).or_else(|| known.sights.last()).map(|(_, seen)| *seen)
    };
    let described = draft.sights.last().copied().or_else(nearest);
    let public_ipv4 = match draft.sights.is_empty() {
        false => draft.sights.iter().any(|seen| seen.public_ip.is_some()),
        true => described.is_some_and(|seen| seen.public_ip.is_some()),
    };
    let text = |of_sight: fn(&InstanceSeen) -> &String| described.map(of_sight).cloned();
    Session {
        account: text(|seen| &seen.account).or_else(|| change.map(|change| change.account.clone())).unwrap_or_default(),
        region: text(|seen| &seen.region).or_else(|| change.map(|change| change.region.clone())).unwrap_or_default(),
        instance_id: instance_id.to_owned(),
        name: text(|seen| &seen.name).unwrap_or_default(),
        instance_type,
        platform: text(|seen| &seen.platform).unwrap_or_default(),
        // CloudTrail alone does not tell what was paid for it.
        purchase: described.map_or(Purchase::Other, |seen| seen.purchase),
        usd_per_hour: None,
        start: draft.start,
        started_after: draft.started_after,
        end: draft.end,
        hours_per_day: None,
        public_ipv4,
        evidence: draft.evidence,
    }
}
