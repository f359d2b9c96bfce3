//! What AWS's clock and the polls tell of one instance, brought into one order.
//!
//! LaunchTime, the time in a reason and the times of CloudTrail are AWS's; a sight has the time of the machine that
//! looked. Where the two contradict each other AWS's stand, and the sight is moved to where it fits.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::change::{Change, ResourceChanged, ResourceGone, ResourceKind};
use super::fact::{Evidence, Fact};
use super::moment::StopReason;
use super::sight::{InstanceSeen, InstanceState};

/// Two records of AWS within this of each other tell of one call: LaunchTime, a reason and CloudTrail differ by
/// seconds. No start follows another so soon: between two there is a stop.
pub(super) const ONE_CALL: SignedDuration = SignedDuration::from_secs(60);

/// What the clock of the machine that looks may be off, where a poll and a call contradict each other.
pub(super) const OFF_BY: SignedDuration = SignedDuration::from_secs(10);

/// A sight cannot tell of what comes after it: a reason's time that lies later is the looking clock's fault, up to this.
const FAR_OFF: SignedDuration = SignedDuration::from_hours(1);

pub(super) type Sight<'a> = (&'a Evidence, &'a InstanceSeen);

/// All that is known of one instance; sights and changes by time.
#[derive(Default)]
pub(super) struct Known<'a> {
    pub sights: Vec<Sight<'a>>,
    pub changes: Vec<(&'a Evidence, &'a ResourceChanged)>,
    /// Missing from a whole list, and not seen again.
    pub gone: Option<(&'a Evidence, &'a ResourceGone)>,
}

#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    Start,
    On(&'a InstanceSeen),
    /// Told by CloudTrail, or by a reason.
    Stop {
        by_event: bool,
    },
    /// The end of all: a stop, if it ran still.
    Terminate {
        by_event: bool,
    },
    /// It did not run then; a sight of it, if there is one.
    Off(Option<&'a InstanceSeen>),
}

#[derive(Clone, Copy)]
pub(super) struct Mark<'a> {
    pub at: Timestamp,
    pub what: What<'a>,
    pub evidence: &'a Evidence,
}

pub(super) struct Marks<'a> {
    /// By time.
    pub marks: Vec<Mark<'a>>,
    /// Each start has a LaunchTime of its own. On AWS it has; on servers that imitate AWS it may not.
    pub launch_moves: bool,
}

/// By instance.
pub(super) fn known_instances(facts: &[(Evidence, Fact)]) -> Vec<(&str, Known<'_>)> {
    let mut known: FxHashMap<&str, Known<'_>> = FxHashMap::default();
    for (evidence, fact) in facts {
        match fact {
            Fact::Instance(seen) => known.entry(&seen.instance_id).or_default().sights.push((evidence, seen)),
            Fact::Changed(changed) if is_of_instance(&changed.change) => {
                known.entry(&changed.resource_id).or_default().changes.push((evidence, changed));
            }
            Fact::Gone(gone) if gone.what == ResourceKind::Instance => {
                let kept = &mut known.entry(&gone.resource_id).or_default().gone;
                if kept.is_none_or(|(_, kept)| kept.missed_at < gone.missed_at) {
                    *kept = Some((evidence, gone));
                }
            }
            _ => {}
        }
    }
    let mut known: Vec<(&str, Known<'_>)> = known.into_iter().collect();
    known.par_sort_unstable_by_key(|(id, _)| *id);
    known.par_iter_mut().for_each(|(_, of_instance)| {
        of_instance.sights.sort_by_key(|(evidence, seen)| (seen.seen_at, *evidence));
        of_instance.changes.sort_by_key(|(evidence, changed)| (changed.at, *evidence));
        // A list of AWS may miss for a while what is there.
        let last = of_instance.sights.last().map(|(_, seen)| seen.seen_at);
        of_instance.gone = of_instance.gone.filter(|(_, gone)| last.is_none_or(|last| last < gone.missed_at));
    });
    known
}

fn is_of_instance(change: &Change) -> bool {
    match change {
        Change::Launched { .. } | Change::Started | Change::Stopped | Change::Terminated | Change::Retyped { .. } => {
            true
        }
        Change::VolumeCreated { .. } | Change::VolumeDeleted | Change::VolumeModified { .. } => false,
    }
}

impl<'a> Known<'a> {
    pub(super) fn marks(&self) -> Marks<'a> {
        let mut keyed: Vec<((Timestamp, usize, u8), Mark<'a>)> = Vec::new();
        let mut calls = self.calls();
        let mut restarts = false;
        let mut by_launch: BTreeMap<Timestamp, Vec<Sight<'a>>> = BTreeMap::new();
        for sight in &self.sights {
            by_launch.entry(sight.1.launch_time).or_default().push(*sight);
        }
        let launches: Vec<Timestamp> = by_launch.keys().copied().collect();
        for (i, (launch, sights)) in by_launch.iter().enumerate() {
            let Some((first, _)) = sights.first() else { continue };
            calls.push(Call { at: *launch, what: What::Start, evidence: first });
            let placed = Placed::new(*launch, launches.get(i + 1).copied(), sights);
            restarts |= placed.restarts;
            calls.extend(placed.stops);
            for mark in placed.sights {
                keyed.push(((mark.at, i + 1, rank(mark.what)), mark));
            }
        }
        let calls = merged(calls, &launches);
        let launch_moves = !restarts && !self.started_without_launch(&calls, &launches);
        for call in calls {
            let group = launches.partition_point(|launch| *launch <= call.at);
            keyed.push(((call.at, group, rank(call.what)), call));
        }
        if let Some((evidence, gone)) = self.gone {
            keyed.push((
                (gone.missed_at, usize::MAX, u8::MAX),
                Mark { at: gone.missed_at, what: What::Off(None), evidence },
            ));
        }
        keyed.sort_by_key(|(key, mark)| (*key, mark.evidence));
        Marks { marks: keyed.into_iter().map(|(_, mark)| mark).collect(), launch_moves }
    }

    /// What CloudTrail tells.
    fn calls(&self) -> Vec<Call<'a>> {
        let calls = self.changes.iter().filter_map(|(evidence, changed)| {
            let what = match &changed.change {
                Change::Launched { .. } | Change::Started => What::Start,
                Change::Stopped => What::Stop { by_event: true },
                Change::Terminated => What::Terminate { by_event: true },
                // AWS changes the type of a stopped instance alone.
                // https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/change-instance-type-of-ebs-backed-instance.html
                Change::Retyped { .. } => What::Off(None),
                Change::VolumeCreated { .. } | Change::VolumeDeleted | Change::VolumeModified { .. } => return None,
            };
            Some(Mark { at: changed.at, what, evidence })
        });
        calls.collect()
    }

    /// Whether a sight after some start shows the LaunchTime of an earlier one.
    fn started_without_launch(&self, calls: &[Call<'a>], launches: &[Timestamp]) -> bool {
        let starts = calls.iter().filter(|call| matches!(call.what, What::Start));
        let unseen: Vec<Timestamp> =
            starts.map(|call| call.at).filter(|at| launches.binary_search(at).is_err()).collect();
        self.sights.iter().any(|(_, seen)| {
            let i = unseen.partition_point(|start| later(*start, ONE_CALL) < seen.seen_at);
            i.checked_sub(1).and_then(|i| unseen.get(i)).is_some_and(|start| seen.launch_time < *start)
        })
    }
}

type Call<'a> = Mark<'a>;

/// At one instant: a start, then what was seen of it, then its stop.
const fn rank(what: What<'_>) -> u8 {
    match what {
        What::Start => 0,
        What::On(_) => 1,
        What::Stop { .. } => 2,
        What::Terminate { .. } => 3,
        What::Off(_) => 4,
    }
}

/// One mark for each call: LaunchTime is the surest of a start, CloudTrail of a stop.
fn merged<'a>(mut calls: Vec<Call<'a>>, launches: &[Timestamp]) -> Vec<Call<'a>> {
    let is_launch = |call: &Call<'_>| launches.binary_search(&call.at).is_ok();
    calls.sort_by_key(|call| (call.at, rank(call.what), call.evidence));
    let mut kept: Vec<Call<'a>> = Vec::with_capacity(calls.len());
    for call in calls {
        let Some(last) = kept.last_mut() else {
            kept.push(call);
            continue;
        };
        let soon = call.at <= later(last.at, ONE_CALL);
        match (last.what, call.what) {
            (What::Start, What::Start) if soon && !(is_launch(last) && is_launch(&call) && last.at != call.at) => {
                if is_launch(&call) && !is_launch(last) {
                    *last = call;
                }
            }
            (What::Stop { by_event: first }, What::Stop { by_event: second })
            | (What::Terminate { by_event: first }, What::Terminate { by_event: second })
                if (soon && first != second) || last.at == call.at =>
            {
                if second && !first {
                    *last = call;
                }
            }
            _ => kept.push(call),
        }
    }
    kept
}

/// The sights of one LaunchTime, each where it fits.
struct Placed<'a> {
    sights: Vec<Mark<'a>>,
    /// The stops that reasons tell.
    stops: Vec<Call<'a>>,
    /// It ran again under the same LaunchTime.
    restarts: bool,
}

impl<'a> Placed<'a> {
    fn new(launch: Timestamp, next_launch: Option<Timestamp>, sights: &[Sight<'a>]) -> Placed<'a> {
        let first_off = sights.iter().position(|(_, seen)| seen.state.is_stopped());
        let last_on = sights.iter().rposition(|(_, seen)| !seen.state.is_stopped());
        let restarts = matches!((first_off, last_on), (Some(off), Some(on)) if off < on);
        let mut placed = Placed { sights: Vec::with_capacity(sights.len()), stops: Vec::new(), restarts };
        // Since the last sight that saw it stopped.
        let mut ran_from = 0;
        for (evidence, seen) in sights {
            let mut at = seen.seen_at.max(launch).min(next_launch.unwrap_or(Timestamp::MAX));
            let what = if seen.state.is_stopped() { What::Off(Some(seen)) } else { What::On(seen) };
            if let What::Off(_) = what {
                let ran = placed.sights.get_mut(ran_from..).unwrap_or_default();
                let reason = reason_time(launch, seen);
                let ran_until = ran.last().map(|mark| mark.at);
                // Without a LaunchTime of its own a later stop without a time shows the time of the one before.
                let is_of_this_stop = |at: Timestamp| !restarts || ran_until.is_none_or(|on| on <= later(at, OFF_BY));
                if let Some(stopped) = reason.filter(|at| is_of_this_stop(*at)) {
                    for mark in ran {
                        mark.at = mark.at.min(stopped);
                    }
                    at = at.max(stopped);
                    let is_over = matches!(seen.state, InstanceState::ShuttingDown | InstanceState::Terminated);
                    let by_event = false;
                    let what = if is_over { What::Terminate { by_event } } else { What::Stop { by_event } };
                    placed.stops.push(Mark { at: stopped, what, evidence });
                }
                ran_from = placed.sights.len() + 1;
            }
            placed.sights.push(Mark { at, what, evidence });
        }
        placed
    }
}

/// When it stopped, by the reason a sight gives: not before it started, and not after it was seen.
fn reason_time(launch: Timestamp, seen: &InstanceSeen) -> Option<Timestamp> {
    StopReason::parse(&seen.reason).at.filter(|at| *at >= launch && *at <= later(seen.seen_at, FAR_OFF))
}

/// At the end of time it stays there.
pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
