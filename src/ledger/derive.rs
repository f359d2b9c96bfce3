//! From facts to the ledger's view: who is there now, what ran when, and the usage to be billed.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::address::addresses;
use super::change::{ResourceKind, ResourcesListed};
use super::fact::{Evidence, Fact, Metered, Noted};
use super::gone::Gone;
use super::session::{Overlap, Session, runs_of, sessions_of};
use super::sight::{AddressSeen, ImageSeen, InstanceSeen, SnapshotSeen, VolumeSeen};
use super::signal::Activity;
use super::storage::{noted_volumes, refuse_volume_overlaps, snapshots, unsized_volumes};
use super::tags::Tags;
use super::timeline::{HOURS_PER_DAY, Timelines, possible_stretch};
use super::usage::{Certainty, Phase, Resource, Stretch, Subject, Usage};
use super::volume_life::{known_volumes, seen_volumes};
use crate::time::Period;

/// Everything the ledger says, derived from its facts as of one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// By instance and start.
    pub sessions: Vec<Session>,
    /// By resource and start.
    pub usage: Vec<Usage>,
    /// When each instance ran, and when it surely did not.
    pub stretches: BTreeMap<String, Vec<Stretch>>,
    /// By resource and start.
    pub metered: Vec<(Evidence, Metered)>,
    /// The latest sight of each, by id.
    pub instances: BTreeMap<String, (Evidence, InstanceSeen)>,
    pub volumes: BTreeMap<String, (Evidence, VolumeSeen)>,
    pub addresses: BTreeMap<String, (Evidence, AddressSeen)>,
    pub snapshots: BTreeMap<String, (Evidence, SnapshotSeen)>,
    pub images: BTreeMap<String, (Evidence, ImageSeen)>,
    /// Which lists were read whole.
    pub listed: Listings,
    /// What resources did, where that was asked for: `derive` knows nothing of it.
    pub activity: Activity,
}

/// The last time each list was read whole, by kind, account and region.
pub type Listings = BTreeMap<(ResourceKind, String, String), (Evidence, ResourcesListed)>;

/// Derives the ledger's view. Nothing after `now` is looked at, and nothing is assumed after a
/// resource was last seen: what may have gone on until `now` is usage of `Certainty::Possible`.
///
/// # Errors
/// Two records that say the same instance ran, or the same volume existed, at the same time.
pub fn derive(
    facts: &[(Evidence, Fact)],
    metered: Vec<(Evidence, Metered)>,
    now: Timestamp,
) -> Result<Ledger, Overlap> {
    let known = known_by(facts, now);
    let facts = known.as_ref();
    let (sessions, mut ledger) = rayon::join(|| sessions_of(facts), || Ledger::of_latest(facts));
    ledger.sessions = sessions?;
    ledger.sessions.retain(|session| session.start <= now);
    refuse_volume_overlaps(facts)?;
    ledger.metered = by_start(metered, now);
    let (timelines, (gone, seen)) = rayon::join(
        || Timelines::new(&ledger.sessions, facts, now),
        || rayon::join(|| Gone::new(facts), || known_volumes(facts)),
    );
    let (of_volumes, others) = rayon::join(
        || seen_volumes(&seen, &gone, &timelines, now),
        || {
            let mut others = compute(&ledger.sessions, now);
            others.append(&mut noted_volumes(facts, &timelines, now));
            others.append(&mut unsized_volumes(&ledger, facts, &gone, &timelines, now));
            others.append(&mut addresses(facts, &ledger, &gone, &timelines, now));
            others.append(&mut snapshots(&ledger, &gone, now));
            others
        },
    );
    gone.leave(&mut ledger);
    ledger.stretches = timelines.sure();
    ledger.usage.reserve(of_volumes.iter().map(Vec::len).sum::<usize>() + others.len());
    of_volumes.into_iter().chain([others]).for_each(|mut part| ledger.usage.append(&mut part));
    ledger.usage.par_sort_by(|a, b| (&a.resource.id, a.period, a.phase).cmp(&(&b.resource.id, b.period, b.phase)));
    Ok(ledger)
}

fn by_start(metered: Vec<(Evidence, Metered)>, now: Timestamp) -> Vec<(Evidence, Metered)> {
    let mut metered: Vec<(Evidence, Metered)> = metered.into_iter().filter(|(_, row)| row.start < now).collect();
    metered.sort_by(|(_, a), (_, b)| (&a.resource_id, a.start).cmp(&(&b.resource_id, b.start)));
    metered
}

/// What an import has to pass: facts that no one could derive a ledger from are not to be recorded.
///
/// # Errors
/// Two records that say the same instance ran, or the same volume existed, at the same time.
pub fn refuse_overlaps(facts: &[(Evidence, Fact)]) -> Result<(), Overlap> {
    sessions_of(facts)?;
    refuse_volume_overlaps(facts)
}

/// The facts as they could be known at `now`: later sights are left out, later ends are not yet known. All as they are,
/// which is the rule, are not copied.
fn known_by(facts: &[(Evidence, Fact)], now: Timestamp) -> Cow<'_, [(Evidence, Fact)]> {
    let is_as_it_was = |fact: &Fact| match fact {
        Fact::Noted(noted) => noted.start <= now && noted_by(noted, now) == *noted,
        _ => fact.known_at() <= now,
    };
    if facts.par_iter().all(|(_, fact)| is_as_it_was(fact)) {
        return Cow::Borrowed(facts);
    }
    let known = facts.iter().filter_map(|(evidence, fact)| match fact {
        Fact::Noted(noted) => (noted.start <= now).then(|| (evidence.clone(), Fact::Noted(noted_by(noted, now)))),
        _ => (fact.known_at() <= now).then(|| (evidence.clone(), fact.clone())),
    });
    Cow::Owned(known.collect())
}

/// A row as it stood at `now`. What no import takes (an end before the start, a day of 30 hours) is
/// brought within bounds here, so that nothing derived from it runs backwards.
fn noted_by(noted: &Noted, now: Timestamp) -> Noted {
    let end = noted.end.map(|end| end.max(noted.start));
    Noted {
        end: end.filter(|end| *end <= now),
        noted_at: end.unwrap_or(noted.noted_at).min(now).max(noted.start),
        hours_per_day: noted.hours_per_day.map(|hours| hours.clamp(Decimal::ZERO, HOURS_PER_DAY)),
        ..noted.clone()
    }
}

impl Ledger {
    /// Who is there, and which lists were read whole.
    fn of_latest(facts: &[(Evidence, Fact)]) -> Ledger {
        let instances = || {
            latest(facts, |fact| match fact {
                Fact::Instance(seen) => Some((&seen.instance_id, seen.seen_at, seen)),
                _ => None,
            })
        };
        let volumes = || {
            latest(facts, |fact| match fact {
                Fact::Volume(seen) => Some((&seen.volume_id, seen.seen_at, seen)),
                _ => None,
            })
        };
        let (instances, volumes) = rayon::join(instances, volumes);
        let mut ledger = Ledger {
            instances,
            volumes,
            addresses: latest(facts, |fact| match fact {
                Fact::Address(seen) => Some((&seen.allocation_id, seen.seen_at, seen)),
                _ => None,
            }),
            snapshots: latest(facts, |fact| match fact {
                Fact::Snapshot(seen) => Some((&seen.snapshot_id, seen.seen_at, seen)),
                _ => None,
            }),
            images: latest(facts, |fact| match fact {
                Fact::Image(seen) => Some((&seen.image_id, seen.seen_at, seen)),
                _ => None,
            }),
            ..Ledger::default()
        };
        for (evidence, fact) in facts {
            if let Fact::Listed(listed) = fact {
                ledger.keep_listing(evidence, listed);
            }
        }
        ledger
    }

    fn keep_listing(&mut self, evidence: &Evidence, listed: &ResourcesListed) {
        let key = (listed.what, listed.account.clone(), listed.region.clone());
        if self.listed.get(&key).is_none_or(|(_, kept)| kept.at <= listed.at) {
            self.listed.insert(key, (evidence.clone(), listed.clone()));
        }
    }

    /// Leaves out everything of other regions.
    pub fn keep_regions(&mut self, regions: &[String]) {
        let kept = |region: &String| regions.contains(region);
        self.sessions.retain(|session| kept(&session.region));
        self.usage.retain(|usage| kept(&usage.resource.region));
        self.metered.retain(|(_, row)| kept(&row.region));
        self.instances.retain(|_, (_, seen)| kept(&seen.region));
        self.volumes.retain(|_, (_, seen)| kept(&seen.region));
        self.addresses.retain(|_, (_, seen)| kept(&seen.region));
        self.snapshots.retain(|_, (_, seen)| kept(&seen.region));
        self.images.retain(|_, (_, seen)| kept(&seen.region));
        self.listed.retain(|(_, _, region), _| kept(region));
        let ids: BTreeSet<&str> = self.usage.iter().filter_map(|usage| usage.resource.instance_id.as_deref()).collect();
        self.stretches.retain(|id, _| ids.contains(id.as_str()));
    }

    /// The Name of a resource, where one is known.
    pub fn name_of(&self, id: &str) -> Option<&str> {
        let seen = self.instances.get(id).map(|(_, seen)| &seen.name);
        let seen = seen.or_else(|| self.volumes.get(id).map(|(_, seen)| &seen.name));
        let of_usage = || run_of(&self.usage, |usage| usage.resource.id.as_str().cmp(id)).map(|u| &u.resource.name);
        let of_metered =
            || run_of(&self.metered, |(_, row)| row.resource_id.as_str().cmp(id)).map(|(_, row)| &row.name);
        let named = |name: &&String| !name.is_empty();
        seen.filter(named).or_else(|| of_usage().find(named)).or_else(|| of_metered().find(named)).map(String::as_str)
    }

    /// The sessions of one instance, by start.
    pub fn sessions_of<'a>(&'a self, instance_id: &'a str) -> impl DoubleEndedIterator<Item = &'a Session> {
        run_of(&self.sessions, |session| session.instance_id.as_str().cmp(instance_id))
    }
}

/// The last sight of each resource of one kind, by id; of equals the one recorded last.
fn latest<'a, T: Clone + Send + Sync + 'a>(
    facts: &'a [(Evidence, Fact)],
    sight: impl Fn(&'a Fact) -> Option<(&'a String, Timestamp, &'a T)>,
) -> BTreeMap<String, (Evidence, T)> {
    let mut kept: FxHashMap<&String, (Timestamp, &Evidence, &T)> = FxHashMap::default();
    for (evidence, fact) in facts {
        let Some((id, at, seen)) = sight(fact) else { continue };
        let last = kept.entry(id).or_insert((at, evidence, seen));
        if last.0 <= at {
            *last = (at, evidence, seen);
        }
    }
    let mut kept: Vec<_> = kept.into_iter().collect();
    kept.par_sort_unstable_by_key(|(id, _)| *id);
    let sights = kept.into_par_iter().map(|(id, (_, evidence, seen))| (id.clone(), (evidence.clone(), seen.clone())));
    sights.collect::<Vec<_>>().into_iter().collect()
}

/// The run of equal elements in a sorted list: a ledger of ten thousand instances is asked for each of them.
fn run_of<'a, T>(sorted: &'a [T], order: impl Fn(&T) -> Ordering) -> std::slice::Iter<'a, T> {
    let from = sorted.partition_point(|item| order(item).is_lt());
    let to = sorted.partition_point(|item| order(item).is_le());
    sorted.get(from..to).unwrap_or_default().iter()
}

pub(super) fn measured(
    resource: &Arc<Resource>,
    subject: Subject,
    stretch: Stretch,
    evidence: &Arc<[Evidence]>,
) -> Usage {
    Usage {
        resource: Arc::clone(resource),
        subject,
        phase: stretch.phase,
        certainty: Certainty::Measured,
        period: stretch.period,
        hours_per_day: stretch.hours_per_day,
        evidence: Arc::clone(evidence),
    }
}

fn compute(sessions: &[Session], now: Timestamp) -> Vec<Usage> {
    sessions.iter().zip(runs_of(sessions)).flat_map(|(session, run)| compute_usage(session, run, now)).collect()
}

/// `run` is the start-to-stop that the session is, or is a part of.
fn compute_usage(session: &Session, run: Period, now: Timestamp) -> Vec<Usage> {
    let resource = Arc::new(Resource {
        account: session.account.clone(),
        region: session.region.clone(),
        id: session.instance_id.clone(),
        name: session.name.clone(),
        instance_id: Some(session.instance_id.clone()),
        tags: Tags::new(),
    });
    let evidence: Arc<[Evidence]> = session.evidence.as_slice().into();
    let sure = Period { start: session.start, end: session.end.earliest() };
    let subject = Subject::Compute {
        instance_type: session.instance_type.clone(),
        platform: session.platform.clone(),
        purchase: session.purchase,
        usd_per_hour: session.usd_per_hour,
        session: session.hours_per_day.is_none().then_some(run),
    };
    let stretch = Stretch { period: sure, phase: Phase::Running, hours_per_day: session.hours_per_day };
    let mut usage = vec![measured(&resource, subject.clone(), stretch, &evidence)];
    if session.public_ipv4 {
        usage.push(measured(&resource, Subject::PublicIpv4 { in_use: true }, stretch, &evidence));
    }
    let possible = |period: Period, run: Period| {
        usage.iter().map(move |used| Usage {
            certainty: Certainty::Possible,
            period,
            subject: match &used.subject {
                Subject::Compute { instance_type, platform, purchase, usd_per_hour, session } => Subject::Compute {
                    instance_type: instance_type.clone(),
                    platform: platform.clone(),
                    purchase: *purchase,
                    usd_per_hour: *usd_per_hour,
                    session: session.map(|_| run),
                },
                other => other.clone(),
            },
            ..used.clone()
        })
    };
    let before = session.possibly_before(now);
    // What may come after the session comes on top of what may have come before it.
    let whole = Period { start: before.map_or(run.start, |before| before.start), ..run };
    let after = possible_stretch(session.end, now);
    let mut rest: Vec<Usage> = before.into_iter().flat_map(|period| possible(period, run)).collect();
    rest.extend(after.into_iter().flat_map(|period| possible(period, whole)));
    usage.append(&mut rest);
    usage
}
