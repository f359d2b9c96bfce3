//! What there is, as of when each thing was last seen: volumes, addresses and instances put together from
//! descriptions and notes. The later word wins; where the words leave it open, nothing is assumed.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::by_id::ById;
use super::cost::{volume_month, volume_month_lines};
use super::dollars::Dollars;
use super::standing::{Standing, State, standings};
use crate::catalog::RateCard;
use crate::ledger::{
    Certainty, Evidence, EvidenceKind, InstanceSeen, InstanceState, Ledger, Resource, SnapshotSeen, Subject, Tags,
    Usage, VolumeAttachment, VolumeSeen, VolumeShape, hour_start,
};

/// Whose a volume is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder<'a> {
    Instance(&'a str),
    Nobody,
    /// What was last seen of its instance does not fit what was last seen of the volume.
    Unclear,
}

/// A volume that was there when last seen.
#[derive(Debug)]
pub(super) struct Volume<'a> {
    pub resource: Arc<Resource>,
    /// `None`: an instance names it, nothing gives its size.
    pub shape: Option<VolumeShape>,
    /// What it costs.
    pub month: Dollars,
    pub holder: Holder<'a>,
    pub device: Option<&'a str>,
    /// `None`: the records do not say.
    pub is_root: Option<bool>,
    pub attached_at: Option<Timestamp>,
    /// The newest snapshot since which surely nothing was written to it: a further one would hold no block of its own.
    pub unwritten_since: Option<&'a SnapshotSeen>,
    /// `None`: the records do not say.
    pub deleted_with_instance: Option<bool>,
    pub last_seen: Timestamp,
    pub evidence: Vec<&'a Evidence>,
    pub usage: Vec<&'a Usage>,
}

impl Volume<'_> {
    /// The lines that derive what it costs.
    pub(super) fn month_lines(&self, card: &RateCard) -> Vec<String> {
        volume_month_lines(&self.resource.region, self.shape.as_ref(), card)
    }

    /// `volumes.json (record 1), instances.json (record 3)`.
    pub(super) fn sources(&self) -> String {
        self.evidence.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// An Elastic IP address.
#[derive(Debug)]
pub(super) struct Address<'a> {
    pub resource: Arc<Resource>,
    pub public_ip: &'a str,
    /// `None`: only its instance was described.
    pub allocation_id: Option<&'a str>,
    pub associated: bool,
    pub instance_id: Option<&'a str>,
    pub last_seen: Timestamp,
    pub evidence: &'a Evidence,
    pub usage: Vec<&'a Usage>,
}

pub(super) struct Inventory<'a> {
    pub ledger: &'a Ledger,
    pub volumes: ById<'a, Volume<'a>>,
    pub addresses: ById<'a, Address<'a>>,
    pub standings: ById<'a, Standing<'a>>,
    usage: UsageOf<'a>,
    volumes_of: FxHashMap<&'a str, Vec<&'a str>>,
    addresses_of: FxHashMap<&'a str, Vec<&'a str>>,
    snapshots_of: FxHashMap<&'a str, Vec<&'a str>>,
}

/// The usage of each resource.
type UsageOf<'a> = FxHashMap<&'a str, &'a [Usage]>;

impl<'a> Inventory<'a> {
    pub(super) fn new(ledger: &'a Ledger, card: &RateCard, now: Timestamp) -> Inventory<'a> {
        let holdings = || {
            let usage = usage_of(ledger);
            (volumes(ledger, &usage, card, now), addresses(ledger, &usage), usage)
        };
        let (standings, (volumes, addresses, usage)) = rayon::join(|| standings(ledger, now), holdings);
        let mut inventory = Inventory {
            ledger,
            standings,
            volumes_of: FxHashMap::default(),
            addresses_of: FxHashMap::default(),
            snapshots_of: FxHashMap::default(),
            usage,
            volumes,
            addresses,
        };
        inventory.index();
        inventory
    }

    fn index(&mut self) {
        for (id, volume) in self.volumes.iter() {
            if let Holder::Instance(instance_id) = volume.holder {
                self.volumes_of.entry(instance_id).or_default().push(id);
            }
        }
        for (id, address) in self.addresses.iter() {
            if let Some(instance_id) = address.instance_id {
                self.addresses_of.entry(instance_id).or_default().push(id);
            }
        }
        for (id, (_, snapshot)) in &self.ledger.snapshots {
            self.snapshots_of.entry(&snapshot.volume_id).or_default().push(id);
        }
        for (id, of_volume) in &self.snapshots_of {
            let Some(volume) = self.volumes.get_mut(id) else { continue };
            let Some(since) = still_since(volume, &self.standings) else { continue };
            let snapshots = of_volume.iter().filter_map(|id| Some(&self.ledger.snapshots.get(*id)?.1));
            // The archive keeps whole snapshots, which no other builds on.
            let after = snapshots.filter(|snapshot| !snapshot.archived && snapshot.started_at >= since);
            volume.unwritten_since = after.max_by_key(|snapshot| snapshot.started_at);
        }
    }

    /// By start.
    pub(super) fn usage_of(&self, id: &str) -> &'a [Usage] {
        self.usage.get(id).copied().unwrap_or_default()
    }

    pub(super) fn volumes_of(&self, instance_id: &str) -> Vec<&Volume<'a>> {
        let ids = self.volumes_of.get(instance_id).into_iter().flatten();
        ids.filter_map(|id| self.volumes.get(id)).collect()
    }

    pub(super) fn addresses_of(&self, instance_id: &str) -> Vec<&Address<'a>> {
        let ids = self.addresses_of.get(instance_id).into_iter().flatten();
        ids.filter_map(|id| self.addresses.get(id)).collect()
    }

    /// Whether an instance may have run in an hour. Of what was never seen to run nothing is known.
    pub(super) fn may_have_run(&self, instance_id: &str, hour: i64) -> bool {
        let (start, end) = (hour_start(hour), hour_start(hour + 1));
        let mut sessions = self.ledger.sessions_of(instance_id).peekable();
        sessions.peek().is_none()
            || sessions.any(|session| {
                let began = session.started_after.unwrap_or(session.start);
                began < end && session.end.latest().is_none_or(|latest| latest > start)
            })
    }

    pub(super) fn snapshots_of(&self, volume_id: &str) -> &[&'a str] {
        self.snapshots_of.get(volume_id).map_or(&[], Vec::as_slice)
    }
}

/// Since when surely nothing was written to a volume: it has been on one instance, which has been stopped. io1 and io2 may be
/// on several at once. <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes-multi.html> (read 2026-11-28)
fn still_since(volume: &Volume<'_>, standings: &ById<'_, Standing<'_>>) -> Option<Timestamp> {
    let Holder::Instance(instance_id) = volume.holder else { return None };
    let State::Stopped { since } = standings.get(instance_id)?.state else { return None };
    let shared = volume.shape.as_ref().is_none_or(|shape| ["io1", "io2"].contains(&&*shape.volume_type));
    let since = since.latest()?.max(volume.attached_at?);
    (!shared).then_some(since)
}

/// Where an instance's description names a volume.
#[derive(Clone, Copy)]
struct Named<'a> {
    instance_id: &'a str,
    account: &'a str,
    region: &'a str,
    name: &'a str,
    root_device: Option<&'a str>,
    attachment: &'a VolumeAttachment,
    evidence: &'a Evidence,
    seen_at: Timestamp,
}

/// What AWS calls the root volume in its own images, for records without the instance's own word: the names are reserved
/// for it. <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html> (read 2026-11-28)
const ROOT_DEVICES: [&str; 2] = ["/dev/xvda", "/dev/sda1"];

impl Named<'_> {
    /// `None`: no device is named, or none that could be the root's.
    fn is_root(&self) -> Option<bool> {
        let device = Some(self.attachment.device.as_str()).filter(|device| !device.is_empty())?;
        Some(self.root_device.map_or(ROOT_DEVICES.contains(&device), |root| root == device))
    }
}

fn usage_of(ledger: &Ledger) -> UsageOf<'_> {
    let of_one = |a: &Usage, b: &Usage| a.resource.id == b.resource.id;
    ledger.usage.chunk_by(of_one).filter_map(|usage| Some((usage.first()?.resource.id.as_str(), usage))).collect()
}

fn named_by_instances(ledger: &Ledger) -> FxHashMap<&str, Named<'_>> {
    let mut named: FxHashMap<&str, Named<'_>> = FxHashMap::default();
    for (evidence, instance) in ledger.instances.values() {
        if matches!(instance.state, InstanceState::ShuttingDown | InstanceState::Terminated) {
            continue;
        }
        for attachment in instance.volumes.iter() {
            let known = named.get(attachment.volume_id.as_str()).map(|named| named.seen_at);
            if known.is_none_or(|seen_at| seen_at < instance.seen_at) {
                let (instance_id, account) = (instance.instance_id.as_str(), instance.account.as_str());
                let (region, name, seen_at) = (instance.region.as_str(), instance.name.as_str(), instance.seen_at);
                let root_device = instance.root_device.as_deref();
                let named_here =
                    Named { instance_id, account, region, name, root_device, attachment, evidence, seen_at };
                named.insert(&attachment.volume_id, named_here);
            }
        }
    }
    named
}

fn volumes<'a>(ledger: &'a Ledger, usage: &UsageOf<'a>, card: &RateCard, now: Timestamp) -> ById<'a, Volume<'a>> {
    let instances = || -> FxHashMap<&str, &InstanceSeen> {
        ledger.instances.iter().map(|(id, (_, seen))| (id.as_str(), seen)).collect()
    };
    let (named, instances) = rayon::join(|| named_by_instances(ledger), instances);
    let usage_of = |id: &str| usage.get(id).copied().unwrap_or_default();
    let there =
        ledger.volumes.par_iter().filter(|(_, (_, seen))| !matches!(seen.state.as_str(), "deleting" | "deleted"));
    let there = there.map(|(id, (evidence, seen))| {
        let named = named.get(id.as_str()).copied();
        (id.as_str(), seen_volume(&instances, evidence, seen, named, usage_of(id), card))
    });
    let is_seen = |id: &str| ledger.volumes.contains_key(id);
    let noted = usage.par_iter().filter_map(|(id, usage)| {
        let volume = noted_volume(usage, named.get(id).copied(), card, now)?;
        (!is_seen(id)).then_some((*id, volume))
    });
    let volumes: ById<'_, Volume<'_>> = there.chain(noted).collect::<Vec<_>>().into();
    let others = named.par_iter().filter(|(id, _)| volumes.get(id).is_none() && !is_seen(id));
    let others = others.map(|(id, named)| (*id, unsized_volume(*named, usage_of(id), card))).collect();
    volumes.with(others)
}

fn seen_volume<'a>(
    instances: &FxHashMap<&str, &'a InstanceSeen>,
    evidence: &'a Evidence,
    seen: &'a VolumeSeen,
    named: Option<Named<'a>>,
    usage: &'a [Usage],
    card: &RateCard,
) -> Volume<'a> {
    let of_volume = seen.attached_to.as_ref().map(|(instance_id, deleted)| (instance_id.as_str(), *deleted));
    let later = named.filter(|named| named.seen_at > seen.seen_at);
    let (holder, deleted_with_instance) = match (later, of_volume) {
        (Some(named), _) => (Holder::Instance(named.instance_id), Some(named.attachment.delete_on_termination)),
        (None, Some((instance_id, deleted))) => match instances.get(instance_id) {
            // Looked at later, the instance was gone, or named its volumes and not this one.
            Some(instance)
                if instance.seen_at > seen.seen_at
                    && (!instance.volumes.is_empty()
                        || matches!(instance.state, InstanceState::ShuttingDown | InstanceState::Terminated)) =>
            {
                (Holder::Unclear, None)
            }
            _ => (Holder::Instance(instance_id), Some(deleted)),
        },
        (None, None) => (Holder::Nobody, None),
    };
    let held_by = |named: &Named<'a>| holder == Holder::Instance(named.instance_id);
    let named = named.filter(held_by);
    let account = match holder {
        Holder::Instance(id) => instances.get(id).map_or("", |instance| instance.account.as_str()),
        _ => "",
    };
    let shape = VolumeShape::from(seen);
    Volume {
        month: volume_month(&seen.region, Some(&shape), card),
        resource: Arc::new(Resource {
            account: account.to_owned(),
            region: seen.region.clone(),
            id: seen.volume_id.clone(),
            name: seen.name.clone(),
            instance_id: match holder {
                Holder::Instance(id) => Some(id.to_owned()),
                _ => None,
            },
            tags: seen.tags.clone(),
        }),
        shape: Some(shape),
        holder,
        device: named.map(|named| named.attachment.device.as_str()),
        is_root: named.and_then(|named| named.is_root()),
        attached_at: named.and_then(|named| named.attachment.attached_at),
        unwritten_since: None,
        deleted_with_instance,
        last_seen: named.map_or(seen.seen_at, |named| named.seen_at.max(seen.seen_at)),
        evidence: std::iter::once(evidence).chain(named.map(|named| named.evidence)).collect(),
        usage: usage.iter().collect(),
    }
}

/// A volume of the user's notes that no row ends before `now`.
fn noted_volume<'a>(
    usage: &'a [Usage],
    named: Option<Named<'a>>,
    card: &RateCard,
    now: Timestamp,
) -> Option<Volume<'a>> {
    let is_note = |used: &&Usage| {
        used.certainty == Certainty::Measured
            && used.period.start <= now
            && used.evidence.iter().any(|evidence| evidence.kind == EvidenceKind::Notes)
    };
    let last = usage.iter().filter(is_note).max_by_key(|used| (used.period.end, used.period.start))?;
    let Subject::Volume { shape, life } = &last.subject else { return None };
    if life.is_some_and(|life| life.end < now) && named.is_none() {
        return None;
    }
    let of_notes = last.resource.instance_id.as_deref();
    let holder = named.map(|named| named.instance_id).or(of_notes).map_or(Holder::Nobody, Holder::Instance);
    let sized = |used: &&Usage| matches!(used.subject, Subject::Volume { .. });
    Some(Volume {
        resource: last.resource.clone(),
        shape: Some(shape.clone()),
        month: volume_month(&last.resource.region, Some(shape), card),
        holder,
        device: named.map(|named| named.attachment.device.as_str()),
        is_root: named.and_then(|named| named.is_root()),
        attached_at: named.and_then(|named| named.attachment.attached_at),
        unwritten_since: None,
        deleted_with_instance: named.map(|named| named.attachment.delete_on_termination),
        last_seen: named.map_or(last.period.end, |named| named.seen_at.max(last.period.end)).min(now),
        evidence: last.evidence.iter().chain(named.map(|named| named.evidence)).collect(),
        // The instance's description adds the same volume without a size.
        usage: usage.iter().filter(sized).collect(),
    })
}

fn unsized_volume<'a>(named: Named<'a>, usage: &'a [Usage], card: &RateCard) -> Volume<'a> {
    Volume {
        resource: Arc::new(Resource {
            account: named.account.to_owned(),
            region: named.region.to_owned(),
            id: named.attachment.volume_id.clone(),
            name: named.name.to_owned(),
            instance_id: Some(named.instance_id.to_owned()),
            tags: Tags::new(),
        }),
        shape: None,
        month: volume_month(named.region, None, card),
        holder: Holder::Instance(named.instance_id),
        device: Some(&named.attachment.device),
        is_root: named.is_root(),
        attached_at: named.attachment.attached_at,
        unwritten_since: None,
        deleted_with_instance: Some(named.attachment.delete_on_termination),
        last_seen: named.seen_at,
        evidence: vec![named.evidence],
        usage: usage.iter().collect(),
    }
}

fn addresses<'a>(ledger: &'a Ledger, usage: &UsageOf<'a>) -> ById<'a, Address<'a>> {
    let mut addresses = Vec::new();
    for (id, (evidence, seen)) in &ledger.addresses {
        addresses.push((
            id.as_str(),
            Address {
                resource: Arc::new(Resource {
                    account: String::new(),
                    region: seen.region.clone(),
                    id: id.clone(),
                    name: if seen.name.is_empty() { seen.public_ip.clone() } else { seen.name.clone() },
                    instance_id: seen.instance_id.clone(),
                    tags: seen.tags.clone(),
                }),
                public_ip: &seen.public_ip,
                allocation_id: Some(id.as_str()).filter(|id| *id != seen.public_ip),
                associated: seen.associated,
                instance_id: seen.instance_id.as_deref(),
                last_seen: seen.seen_at,
                evidence,
                usage: usage.get(id.as_str()).copied().unwrap_or_default().iter().collect(),
            },
        ));
    }
    let mut known: BTreeSet<&str> = ledger.addresses.values().map(|(_, seen)| seen.public_ip.as_str()).collect();
    known.extend(ledger.addresses.keys().map(String::as_str));
    for (evidence, instance) in ledger.instances.values() {
        let Some(public_ip) = instance.public_ip.as_deref().filter(|_| instance.elastic_ip) else { continue };
        // Described, or named by another instance already.
        if !known.insert(public_ip) {
            continue;
        }
        let address = Address {
            resource: Arc::new(Resource {
                account: instance.account.clone(),
                region: instance.region.clone(),
                id: public_ip.to_owned(),
                name: instance.name.clone(),
                instance_id: Some(instance.instance_id.clone()),
                tags: Tags::new(),
            }),
            public_ip,
            allocation_id: None,
            associated: true,
            instance_id: Some(&instance.instance_id),
            last_seen: instance.seen_at,
            evidence,
            usage: Vec::new(),
        };
        addresses.push((public_ip, address));
    }
    addresses.into()
}
