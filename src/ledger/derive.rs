//! From facts to the ledger's view: who is there now, what ran when, and the usage to be billed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::fact::{AddressSeen, Evidence, Fact, InstanceSeen, Metered, Noted, SnapshotSeen, Tags, VolumeSeen};
use super::moment::End;
use super::session::{Overlap, Session, latest_notes, sessions_of};
use super::usage::{Certainty, Phase, Resource, Stretch, Subject, Usage, VolumeShape, cut};
use crate::time::Period;

const HOURS_PER_DAY: Decimal = Decimal::from_parts(24, 0, 0, false, 0);

/// Everything the ledger says, derived from its facts as of one instant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// By instance and start.
    pub sessions: Vec<Session>,
    pub usage: Vec<Usage>,
    /// When each instance ran, and when it surely did not.
    pub stretches: BTreeMap<String, Vec<Stretch>>,
    pub metered: Vec<(Evidence, Metered)>,
    /// The latest sight of each, by id.
    pub instances: BTreeMap<String, (Evidence, InstanceSeen)>,
    pub volumes: BTreeMap<String, (Evidence, VolumeSeen)>,
    pub addresses: BTreeMap<String, (Evidence, AddressSeen)>,
    pub snapshots: BTreeMap<String, (Evidence, SnapshotSeen)>,
}

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
    let facts = &known_by(facts, now);
    let metered = metered.into_iter().filter(|(_, row)| row.end <= now).collect();
    let mut ledger = Ledger { sessions: sessions_of(facts)?, metered, ..Ledger::default() };
    for (evidence, fact) in facts {
        ledger.keep_latest(evidence, fact);
    }
    ledger.usage.extend(ledger.sessions.iter().flat_map(|session| compute_usage(session, now)));
    let timelines = Timelines::new(&ledger.sessions, facts);
    let mut usage = noted_volumes(facts, &timelines, now)?;
    usage.append(&mut seen_volumes(facts, &timelines, now));
    usage.append(&mut unsized_volumes(&ledger, &timelines));
    usage.append(&mut addresses(facts, &ledger, now));
    usage.append(&mut snapshots(&ledger, now));
    ledger.usage.append(&mut usage);
    ledger.stretches = timelines.stretches;
    ledger.usage.sort_by(|a, b| (&a.resource.id, a.period, a.phase).cmp(&(&b.resource.id, b.period, b.phase)));
    Ok(ledger)
}

/// The facts as they could be known at `now`: later sights are left out, later ends are not yet known.
fn known_by(facts: &[(Evidence, Fact)], now: Timestamp) -> Vec<(Evidence, Fact)> {
    let known = facts.iter().filter_map(|(evidence, fact)| match fact {
        Fact::Noted(noted) => (noted.start <= now).then(|| {
            let end = noted.end.filter(|end| *end <= now);
            (
                evidence.clone(),
                Fact::Noted(Noted { end, noted_at: noted.end.unwrap_or(noted.noted_at).min(now), ..noted.clone() }),
            )
        }),
        _ => (fact.known_at() <= now).then(|| (evidence.clone(), fact.clone())),
    });
    known.collect()
}

impl Ledger {
    fn keep_latest(&mut self, evidence: &Evidence, fact: &Fact) {
        fn keep<T: Clone>(
            map: &mut BTreeMap<String, (Evidence, T)>,
            id: &str,
            (evidence, seen): (&Evidence, &T),
            seen_at: impl Fn(&T) -> Timestamp,
        ) {
            if map.get(id).is_none_or(|(_, kept)| seen_at(kept) <= seen_at(seen)) {
                map.insert(id.to_owned(), (evidence.clone(), seen.clone()));
            }
        }
        match fact {
            Fact::Noted(_) => {}
            Fact::Instance(seen) => keep(&mut self.instances, &seen.instance_id, (evidence, seen), |s| s.seen_at),
            Fact::Volume(seen) => keep(&mut self.volumes, &seen.volume_id, (evidence, seen), |s| s.seen_at),
            Fact::Address(seen) => keep(&mut self.addresses, &seen.allocation_id, (evidence, seen), |s| s.seen_at),
            Fact::Snapshot(seen) => keep(&mut self.snapshots, &seen.snapshot_id, (evidence, seen), |s| s.seen_at),
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
        let ids: BTreeSet<&str> = self.usage.iter().filter_map(|usage| usage.resource.instance_id.as_deref()).collect();
        self.stretches.retain(|id, _| ids.contains(id.as_str()));
    }

    /// The Name of a resource, where one is known.
    pub fn name_of(&self, id: &str) -> Option<&str> {
        let seen = self.instances.get(id).map(|(_, seen)| &seen.name);
        let seen = seen.or_else(|| self.volumes.get(id).map(|(_, seen)| &seen.name));
        let of_usage = || self.usage.iter().find(|usage| usage.resource.id == id).map(|usage| &usage.resource.name);
        let metered = || self.metered.iter().find(|(_, row)| row.resource_id == id).map(|(_, row)| &row.name);
        seen.or_else(of_usage).or_else(metered).map(String::as_str).filter(|name| !name.is_empty())
    }

    /// The sessions of one instance, by start.
    pub fn sessions_of<'a>(&'a self, instance_id: &'a str) -> impl Iterator<Item = &'a Session> {
        self.sessions.iter().filter(move |session| session.instance_id == instance_id)
    }
}

fn measured(resource: Resource, subject: Subject, stretch: Stretch, evidence: &[Evidence]) -> Usage {
    Usage {
        resource,
        subject,
        phase: stretch.phase,
        certainty: Certainty::Measured,
        period: stretch.period,
        hours_per_day: stretch.hours_per_day,
        evidence: evidence.to_vec(),
    }
}

/// The stretch in which something may have gone on after its last sure instant.
fn possible_stretch(end: End, now: Timestamp) -> Option<Period> {
    let period = Period { start: end.earliest(), end: end.latest().unwrap_or(now).min(now) };
    (!period.is_empty()).then_some(period)
}

fn compute_usage(session: &Session, now: Timestamp) -> Vec<Usage> {
    let resource = Resource {
        account: session.account.clone(),
        region: session.region.clone(),
        id: session.instance_id.clone(),
        name: session.name.clone(),
        instance_id: Some(session.instance_id.clone()),
        tags: Tags::new(),
    };
    let sure = Period { start: session.start, end: session.end.earliest() };
    let subject = Subject::Compute {
        instance_type: session.instance_type.clone(),
        platform: session.platform.clone(),
        purchase: session.purchase,
        usd_per_hour: session.usd_per_hour,
        session: session.hours_per_day.is_none().then_some(sure),
    };
    let stretch = Stretch { period: sure, phase: Phase::Running, hours_per_day: session.hours_per_day };
    let mut usage = vec![measured(resource.clone(), subject.clone(), stretch, &session.evidence)];
    if session.public_ipv4 {
        usage.push(measured(resource, Subject::PublicIpv4 { in_use: true }, stretch, &session.evidence));
    }
    if let Some(period) = possible_stretch(session.end, now) {
        let possible: Vec<Usage> =
            usage.iter().map(|u| Usage { certainty: Certainty::Possible, period, ..u.clone() }).collect();
        usage.extend(possible);
    }
    usage
}

/// When each instance ran and when it surely did not.
struct Timelines {
    stretches: BTreeMap<String, Vec<Stretch>>,
    /// Instances that only notes speak of: what the notes do not name as running was stopped.
    noted_only: BTreeMap<String, bool>,
}

impl Timelines {
    fn new(sessions: &[Session], facts: &[(Evidence, Fact)]) -> Timelines {
        let mut stretches: BTreeMap<String, Vec<Stretch>> = BTreeMap::new();
        let mut noted_only: BTreeMap<String, bool> = BTreeMap::new();
        for session in sessions {
            let period = Period { start: session.start, end: session.end.earliest() };
            let of_instance = stretches.entry(session.instance_id.clone()).or_default();
            of_instance.push(Stretch { period, phase: Phase::Running, hours_per_day: session.hours_per_day });
            if let Some(hours) = session.hours_per_day {
                let rest = Some(HOURS_PER_DAY - hours);
                of_instance.push(Stretch { period, phase: Phase::Stopped, hours_per_day: rest });
            }
        }
        for (_, fact) in facts {
            match fact {
                Fact::Noted(noted) => {
                    noted_only.entry(noted.instance_id.clone()).or_insert(true);
                    if noted.hours_per_day.is_some_and(|hours| hours.is_zero()) {
                        let period = Period { start: noted.start, end: noted.end.unwrap_or(noted.noted_at) };
                        let of_instance = stretches.entry(noted.instance_id.clone()).or_default();
                        of_instance.push(Stretch { period, phase: Phase::Stopped, hours_per_day: None });
                    }
                }
                Fact::Instance(seen) => {
                    noted_only.insert(seen.instance_id.clone(), false);
                    let stopped_from = sessions
                        .iter()
                        .find(|s| s.instance_id == seen.instance_id && s.start == seen.launch_time)
                        .and_then(|s| s.end.latest());
                    if let (true, Some(start)) = (seen.state.is_stopped(), stopped_from) {
                        let period = Period { start, end: seen.seen_at };
                        let of_instance = stretches.entry(seen.instance_id.clone()).or_default();
                        of_instance.push(Stretch { period, phase: Phase::Stopped, hours_per_day: None });
                    }
                }
                _ => {}
            }
        }
        for of_instance in stretches.values_mut() {
            of_instance.sort_by_key(|stretch| (stretch.period, stretch.phase));
            merge_stopped(of_instance);
        }
        Timelines { stretches, noted_only }
    }

    fn cut(&self, life: Period, instance_id: Option<&str>) -> Vec<Stretch> {
        let Some(instance_id) = instance_id else { return cut(life, &[], Phase::Unattached) };
        let none = Vec::new();
        let stretches = self.stretches.get(instance_id).unwrap_or(&none);
        let noted_only = self.noted_only.get(instance_id).copied().unwrap_or(false);
        cut(life, stretches, if noted_only { Phase::Stopped } else { Phase::Unknown })
    }
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

fn noted_volumes(facts: &[(Evidence, Fact)], timelines: &Timelines, now: Timestamp) -> Result<Vec<Usage>, Overlap> {
    let mut lives: BTreeMap<&str, Vec<(Period, &Evidence)>> = BTreeMap::new();
    let mut usage = Vec::new();
    for (evidence, noted) in latest_notes(facts) {
        let end = noted.end.map_or(End::Open { last_seen: noted.noted_at }, End::At);
        let life = Period { start: noted.start, end: end.earliest() };
        for volume in &noted.volumes {
            lives.entry(&volume.id).or_default().push((life, evidence));
            let resource = volume_resource(noted, &volume.id);
            let shape = VolumeShape {
                volume_type: volume.spec.volume_type.name().to_owned(),
                size_gb: volume.spec.size_gb,
                iops: volume.spec.iops,
                throughput_mibps: volume.spec.throughput_mibps,
            };
            let subject = Subject::Volume { shape, life: end.is_over().then_some(life) };
            let evidence = std::slice::from_ref(evidence);
            for stretch in timelines.cut(life, resource.instance_id.as_deref()) {
                usage.push(measured(resource.clone(), subject.clone(), stretch, evidence));
            }
            usage.extend(possibly_later(resource, subject, end, now, evidence));
        }
    }
    for (id, mut lives) in lives {
        lives.sort();
        for pair in lives.windows(2) {
            let [(first, first_evidence), (second, second_evidence)] = pair else { continue };
            if let Some(both) = first.intersection(*second) {
                return Err(Overlap {
                    what: "volume",
                    id: id.to_owned(),
                    from: both.start,
                    until: both.end,
                    first: (*first_evidence).clone(),
                    second: (*second_evidence).clone(),
                });
            }
        }
    }
    Ok(usage)
}

fn volume_resource(noted: &Noted, id: &str) -> Resource {
    Resource {
        account: noted.account.clone(),
        region: noted.region.clone(),
        id: id.to_owned(),
        name: noted.name.clone(),
        instance_id: (!noted.instance_id.is_empty()).then(|| noted.instance_id.clone()),
        tags: Tags::new(),
    }
}

fn possibly_later(
    resource: Resource,
    subject: Subject,
    end: End,
    now: Timestamp,
    evidence: &[Evidence],
) -> Option<Usage> {
    let period = possible_stretch(end, now)?;
    Some(Usage {
        resource,
        subject,
        phase: Phase::Unknown,
        certainty: Certainty::Possible,
        period,
        hours_per_day: None,
        evidence: evidence.to_vec(),
    })
}

/// Each sight of a volume tells its shape from then on; the first also what it was since its creation.
fn seen_volumes(facts: &[(Evidence, Fact)], timelines: &Timelines, now: Timestamp) -> Vec<Usage> {
    let mut by_id: BTreeMap<&str, Vec<(&Evidence, &VolumeSeen)>> = BTreeMap::new();
    for (evidence, fact) in facts {
        if let Fact::Volume(seen) = fact {
            by_id.entry(&seen.volume_id).or_default().push((evidence, seen));
        }
    }
    let mut usage = Vec::new();
    for (_, mut sights) in by_id {
        sights.sort_by_key(|(evidence, seen)| (seen.seen_at, (*evidence).clone()));
        let mut start = sights.first().map_or(Timestamp::MIN, |(_, first)| first.created_at);
        let last_index = sights.len().saturating_sub(1);
        for (i, (evidence, seen)) in sights.iter().enumerate() {
            let evidence = std::slice::from_ref(*evidence);
            let end = sights.get(i + 1).map_or(seen.seen_at, |(_, next)| next.seen_at);
            let resource = seen_volume_resource(seen);
            let shape = VolumeShape {
                volume_type: seen.volume_type.clone(),
                size_gb: seen.size_gb,
                iops: seen.iops,
                throughput_mibps: seen.throughput_mibps,
            };
            let subject = Subject::Volume { shape, life: None };
            let life = Period { start, end: end.max(start) };
            for stretch in timelines.cut(life, resource.instance_id.as_deref()) {
                usage.push(measured(resource.clone(), subject.clone(), stretch, evidence));
            }
            start = life.end;
            if i == last_index {
                usage.extend(possibly_later(resource, subject, End::Open { last_seen: start }, now, evidence));
            }
        }
    }
    usage
}

fn seen_volume_resource(seen: &VolumeSeen) -> Resource {
    Resource {
        account: String::new(),
        region: seen.region.clone(),
        id: seen.volume_id.clone(),
        name: seen.name.clone(),
        instance_id: seen.attached_to.as_ref().map(|(instance_id, _)| instance_id.clone()),
        tags: seen.tags.clone(),
    }
}

/// Volumes that instances name and no description or note sizes: they bill, the amount is unknown.
fn unsized_volumes(ledger: &Ledger, timelines: &Timelines) -> Vec<Usage> {
    let mut usage = Vec::new();
    for (evidence, instance) in ledger.instances.values() {
        for attached in &instance.volumes {
            if ledger.volumes.contains_key(&attached.volume_id) {
                continue;
            }
            let resource = Resource {
                account: instance.account.clone(),
                region: instance.region.clone(),
                id: attached.volume_id.clone(),
                name: instance.name.clone(),
                instance_id: Some(instance.instance_id.clone()),
                tags: Tags::new(),
            };
            let start = attached.attached_at.unwrap_or(instance.launch_time).min(instance.seen_at);
            let life = Period { start, end: instance.seen_at };
            for stretch in timelines.cut(life, Some(&instance.instance_id)) {
                let evidence = std::slice::from_ref(evidence);
                usage.push(measured(resource.clone(), Subject::VolumeOfUnknownSize, stretch, evidence));
            }
        }
    }
    usage
}

/// Elastic IPs, from first to last sight (AWS tells no allocation time): idle but for the sessions of
/// the instance they are on, whose own address-hours are theirs.
fn addresses(facts: &[(Evidence, Fact)], ledger: &Ledger, now: Timestamp) -> Vec<Usage> {
    let mut by_id: BTreeMap<&str, Vec<(&Evidence, &AddressSeen)>> = BTreeMap::new();
    for (evidence, fact) in facts {
        if let Fact::Address(seen) = fact {
            by_id.entry(&seen.allocation_id).or_default().push((evidence, seen));
        }
    }
    let mut usage = Vec::new();
    for (_, mut sights) in by_id {
        sights.sort_by_key(|(evidence, seen)| (seen.seen_at, (*evidence).clone()));
        let (Some((_, first)), Some((_, last))) = (sights.first(), sights.last()) else { continue };
        let life = Period { start: first.seen_at, end: last.seen_at };
        let evidence: Vec<Evidence> = sights.iter().map(|(evidence, _)| (*evidence).clone()).collect();
        let resource = address_resource(last);
        let busy = running_stretches(last, ledger);
        for stretch in cut(life, &busy, Phase::Stopped) {
            if stretch.phase != Phase::Running {
                let idle = Subject::PublicIpv4 { in_use: false };
                usage.push(measured(resource.clone(), idle, stretch, &evidence));
            }
        }
        let in_use = last.associated;
        let open = End::Open { last_seen: last.seen_at };
        if busy.is_empty() {
            usage.extend(possibly_later(resource, Subject::PublicIpv4 { in_use }, open, now, &evidence));
        }
    }
    usage
}

fn running_stretches(address: &AddressSeen, ledger: &Ledger) -> Vec<Stretch> {
    let Some(instance_id) = &address.instance_id else { return Vec::new() };
    ledger
        .sessions_of(instance_id)
        .filter(|session| session.public_ipv4)
        .map(|session| Stretch {
            period: Period { start: session.start, end: session.end.earliest() },
            phase: Phase::Running,
            hours_per_day: None,
        })
        .collect()
}

fn address_resource(seen: &AddressSeen) -> Resource {
    Resource {
        account: String::new(),
        region: seen.region.clone(),
        id: seen.allocation_id.clone(),
        name: if seen.name.is_empty() { seen.public_ip.clone() } else { seen.name.clone() },
        instance_id: seen.instance_id.clone(),
        tags: Tags::new(),
    }
}

/// A snapshot's billed size is unknown: everything about it is at most.
fn snapshots(ledger: &Ledger, now: Timestamp) -> Vec<Usage> {
    let gibibyte = Decimal::from(1_u64 << 30);
    ledger
        .snapshots
        .values()
        .filter_map(|(evidence, seen)| {
            let size_gb = seen
                .full_size_bytes
                .map_or(Decimal::from(seen.volume_size_gb), |bytes| Decimal::from(bytes) / gibibyte);
            let period = Period { start: seen.started_at, end: now.max(seen.seen_at) };
            (!period.is_empty()).then(|| Usage {
                resource: Resource {
                    account: seen.account.clone(),
                    region: seen.region.clone(),
                    id: seen.snapshot_id.clone(),
                    name: seen.name.clone(),
                    instance_id: None,
                    tags: Tags::new(),
                },
                subject: Subject::Snapshot { size_gb, archived: seen.archived },
                phase: Phase::Unattached,
                certainty: Certainty::Possible,
                period,
                hours_per_day: None,
                evidence: vec![evidence.clone()],
            })
        })
        .collect()
}
