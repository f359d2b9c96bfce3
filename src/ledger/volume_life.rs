//! The lives of volumes that were seen, or that CloudTrail tells of: of which shape they were when, and how sure that is.

use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::change::{Change, ResourceChanged, ResourceKind};
use super::derive::measured;
use super::fact::{Evidence, Fact};
use super::gone::Gone;
use super::marks::{ONE_CALL, later};
use super::moment::End;
use super::sight::VolumeSeen;
use super::storage::possibly_later;
use super::tags::Tags;
use super::timeline::Timelines;
use super::usage::{Certainty, Phase, Resource, Stretch, Subject, Usage, VolumeShape};
use crate::catalog::{GP3_BASELINE_IOPS, GP3_BASELINE_THROUGHPUT_MIBPS, VolumeType};
use crate::time::Period;

/// Thousands are gone through in parts, on all cores.
const VOLUMES_AT_ONCE: usize = 256;

type Sight<'a> = (&'a Evidence, &'a VolumeSeen);
type Call<'a> = (&'a Evidence, &'a ResourceChanged);

/// All that is known of one volume, by time.
#[derive(Default)]
pub(super) struct Known<'a> {
    sights: Vec<Sight<'a>>,
    modified: Vec<Call<'a>>,
    created: Option<Call<'a>>,
    deleted: Option<Call<'a>>,
}

/// What it was over some time.
#[derive(Clone)]
enum Shape {
    Known(VolumeShape),
    /// Changed from the one to the other, nobody knows when.
    Changed(VolumeShape, VolumeShape),
    Unknown,
}

struct Part<'a> {
    period: Period,
    shape: Shape,
    /// `None`: nobody saw it then.
    seen: Option<&'a VolumeSeen>,
    evidence: Arc<[Evidence]>,
}

/// By id.
pub(super) fn known_volumes(facts: &[(Evidence, Fact)]) -> Vec<(&str, Known<'_>)> {
    let mut known: FxHashMap<&str, Known<'_>> = FxHashMap::default();
    for (evidence, fact) in facts {
        match fact {
            Fact::Volume(seen) => known.entry(&seen.volume_id).or_default().sights.push((evidence, seen)),
            Fact::Changed(changed) if is_of_volume(&changed.change) => {
                let of_volume = known.entry(&changed.resource_id).or_default();
                match changed.change {
                    Change::VolumeCreated { .. } => keep_first(&mut of_volume.created, (evidence, changed)),
                    Change::VolumeDeleted => keep_first(&mut of_volume.deleted, (evidence, changed)),
                    _ => of_volume.modified.push((evidence, changed)),
                }
            }
            _ => {}
        }
    }
    let mut known: Vec<(&str, Known<'_>)> = known.into_iter().collect();
    known.par_sort_unstable_by_key(|(id, _)| *id);
    known.par_iter_mut().for_each(|(_, of_volume)| {
        of_volume.sights.sort_by(|(a, x), (b, y)| (x.seen_at, a).cmp(&(y.seen_at, b)));
        of_volume.modified.sort_by_key(|(evidence, changed)| (changed.at, *evidence));
    });
    known
}

fn is_of_volume(change: &Change) -> bool {
    matches!(change, Change::VolumeCreated { .. } | Change::VolumeDeleted | Change::VolumeModified { .. })
}

fn keep_first<'a>(kept: &mut Option<Call<'a>>, call: Call<'a>) {
    if kept.is_none_or(|(_, first)| call.1.at < first.at) {
        *kept = Some(call);
    }
}

/// Each sight of a volume tells its shape from then on, up to the next if that sees the same. If it sees another, and
/// no call says when it was changed, it was the one or the other. What the first sight sees counts since the creation:
/// a change before it that no call tells of leaves no trace, and nothing better is known. In parts, by id.
pub(super) fn seen_volumes(
    known: &[(&str, Known<'_>)],
    gone: &Gone<'_>,
    timelines: &Timelines,
    now: Timestamp,
) -> Vec<Vec<Usage>> {
    let of_volume = |(id, known): &(&str, Known<'_>)| {
        let missed = gone.missed(ResourceKind::Volume, id);
        known.usage(id, missed, timelines, now)
    };
    known.par_chunks(VOLUMES_AT_ONCE).map(|part| part.iter().flat_map(of_volume).collect()).collect()
}

fn stretches(part: &Part<'_>, resource: &Resource, timelines: &Timelines) -> Vec<Stretch> {
    match part.seen {
        Some(_) => timelines.cut(part.period, resource.instance_id.as_deref()),
        None => vec![Stretch { period: part.period, phase: Phase::Unknown, hours_per_day: None }],
    }
}

enum Step<'a> {
    Seen(&'a Evidence, &'a VolumeSeen),
    Called(&'a Evidence, &'a Change),
}

/// The life as far as it is told.
struct Line<'a> {
    parts: Vec<Part<'a>>,
    /// The parts reach until here; what follows is of this shape.
    at: Timestamp,
    shape: Shape,
    seen: Option<&'a VolumeSeen>,
    evidence: Vec<Evidence>,
    /// The last call, if nobody saw it since.
    call: Option<&'a Change>,
}

impl<'a> Line<'a> {
    fn push(&mut self, until: Timestamp, is_last: bool) {
        if until > self.at || is_last {
            let period = Period { start: self.at, end: until.max(self.at) };
            let evidence = self.evidence.as_slice().into();
            self.parts.push(Part { period, shape: self.shape.clone(), seen: self.seen, evidence });
            self.at = period.end;
        }
    }

    fn called(&mut self, at: Timestamp, evidence: &Evidence, change: &'a Change) {
        if self.evidence.is_empty() {
            self.evidence.push(evidence.clone());
        }
        self.push(at, false);
        self.shape = changed_by(change, &self.shape).map_or(Shape::Unknown, Shape::Known);
        self.evidence = vec![evidence.clone()];
        self.call = Some(change);
    }

    fn seen(&mut self, at: Timestamp, evidence: &Evidence, seen: &'a VolumeSeen) {
        let new = VolumeShape::from(seen);
        let is_first = self.seen.is_none() && self.call.is_none();
        let fits = match (&self.shape, self.call) {
            (_, Some(call)) => agrees(call, &new),
            (Shape::Known(old), None) => *old == new,
            (Shape::Unknown | Shape::Changed(..), None) => false,
        };
        if is_first {
            // What the first sight sees counts since the creation.
            (self.shape, self.seen, self.evidence) = (Shape::Known(new.clone()), Some(seen), vec![evidence.clone()]);
        } else if fits {
            self.shape = Shape::Known(new.clone());
        } else if let Shape::Known(old) = self.shape.clone() {
            self.shape = Shape::Changed(old, new.clone());
            self.evidence.push(evidence.clone());
        }
        self.push(at, false);
        self.evidence = vec![evidence.clone()];
        self.shape = Shape::Known(new);
        self.seen = Some(seen);
        self.call = None;
    }
}

impl Part<'_> {
    fn usage(&self, resource: &Arc<Resource>, stretch: Stretch, life: Option<Period>) -> Vec<Usage> {
        let of = |subject, certainty| Usage { certainty, ..measured(resource, subject, stretch, &self.evidence) };
        match &self.shape {
            Shape::Known(shape) => vec![of(Subject::Volume { shape: shape.clone(), life }, Certainty::Measured)],
            Shape::Unknown => vec![of(Subject::VolumeOfUnknownSize, Certainty::Measured)],
            Shape::Changed(old, new) if old.volume_type == new.volume_type => {
                let (sure, rest) = bounds_of_change(old, new);
                let volume = |shape| Subject::Volume { shape, life: None };
                let sure = of(volume(sure), Certainty::Measured);
                std::iter::once(sure).chain(rest.map(|rest| of(volume(rest), Certainty::Possible))).collect()
            }
            Shape::Changed(old, new) => {
                let either = Subject::VolumeOneOf { one: old.clone(), other: new.clone() };
                vec![of(either.clone(), Certainty::Measured), of(either, Certainty::Possible)]
            }
        }
    }
}

impl<'a> Known<'a> {
    fn usage(&self, id: &str, missed_at: Option<Timestamp>, timelines: &Timelines, now: Timestamp) -> Vec<Usage> {
        let mut usage = Vec::new();
        let parts = self.parts();
        let Some(last) = parts.last() else { return usage };
        let end = self.end(last.period.end, missed_at);
        let life = match (parts.as_slice(), end) {
            ([only], End::At(_)) => Some(only.period),
            _ => None,
        };
        for part in &parts {
            let resource = Arc::new(self.resource(id, part.seen));
            for stretch in stretches(part, &resource, timelines) {
                usage.extend(part.usage(&resource, stretch, life));
            }
        }
        let (Shape::Known(shape) | Shape::Changed(_, shape)) = &last.shape else { return usage };
        let subject = Subject::Volume { shape: shape.clone(), life: None };
        usage.extend(possibly_later(Arc::new(self.resource(id, last.seen)), subject, end, now, &last.evidence));
        usage
    }

    fn resource(&self, id: &str, seen: Option<&VolumeSeen>) -> Resource {
        if let Some(seen) = seen.or_else(|| self.sights.first().map(|(_, seen)| *seen)) {
            return Resource {
                account: String::new(),
                region: seen.region.clone(),
                id: seen.volume_id.clone(),
                name: seen.name.clone(),
                instance_id: seen.attached_to.as_ref().map(|(instance_id, _)| instance_id.clone()),
                tags: seen.tags.clone(),
            };
        }
        let call = self.created.or(self.modified.first().copied()).or(self.deleted).map(|(_, call)| call);
        let (account, region) = call.map(|call| (call.account.clone(), call.region.clone())).unwrap_or_default();
        Resource { account, region, id: id.to_owned(), name: String::new(), instance_id: None, tags: Tags::new() }
    }

    /// The shape over its known life, without gaps, by time.
    fn parts(&self) -> Vec<Part<'a>> {
        let first = self.sights.first();
        let created = self.created.map(|(_, call)| call.at);
        let born =
            first.map(|(_, seen)| seen.created_at).or(created).or(self.modified.first().map(|(_, call)| call.at));
        let Some(born) = born else { return Vec::new() };
        let shape = self.created.and_then(|(_, call)| changed_by(&call.change, &Shape::Unknown));
        let mut line = Line {
            parts: Vec::new(),
            at: born,
            shape: shape.map_or(Shape::Unknown, Shape::Known),
            seen: None,
            evidence: self.created.map(|(evidence, _)| evidence.clone()).into_iter().collect(),
            call: None,
        };
        for (at, _, step) in self.steps() {
            match step {
                Step::Seen(evidence, seen) => line.seen(at, evidence, seen),
                Step::Called(evidence, change) => line.called(at, evidence, change),
            }
        }
        let deleted = self.deleted.filter(|(_, deleted)| deleted.at > line.at);
        line.evidence.extend(deleted.map(|(evidence, _)| evidence.clone()));
        line.push(deleted.map_or(line.at, |(_, deleted)| deleted.at), true);
        line.parts
    }

    fn steps(&self) -> Vec<(Timestamp, u8, Step<'a>)> {
        let seen = self.sights.iter().map(|(evidence, seen)| (seen.seen_at, 0, Step::Seen(evidence, seen)));
        let called = self.modified.iter().map(|(evidence, call)| {
            // A change takes a moment to show: what was seen just after it, and without it, was seen before it.
            let from = self.sights.partition_point(|(_, seen)| seen.seen_at < call.at);
            let soon = self.sights.iter().skip(from).take_while(|(_, seen)| seen.seen_at <= later(call.at, ONE_CALL));
            let without = soon.filter(|(_, seen)| !agrees(&call.change, &VolumeShape::from(*seen))).last();
            (without.map_or(call.at, |(_, seen)| seen.seen_at), 1, Step::Called(evidence, &call.change))
        });
        let mut steps: Vec<(Timestamp, u8, Step<'a>)> = seen.chain(called).collect();
        steps.sort_by_key(|(at, rank, _)| (*at, *rank));
        steps
    }

    /// How it ended, if it is known to be there until `last_known`.
    fn end(&self, last_known: Timestamp, missed_at: Option<Timestamp>) -> End {
        match (self.deleted, missed_at) {
            // Seen long after the call: the call was not about this.
            (Some((_, deleted)), _) if later(deleted.at, ONE_CALL) >= last_known => End::At(last_known),
            (_, Some(missed)) => End::Between { earliest: last_known.min(missed), latest: missed.max(last_known) },
            _ => End::Open { last_seen: last_known },
        }
    }
}

/// Whether a shape is what the call asked for, as far as it did.
fn agrees(change: &Change, shape: &VolumeShape) -> bool {
    let (Change::VolumeModified { volume_type, size_gb, iops, throughput_mibps }
    | Change::VolumeCreated { volume_type, size_gb, iops, throughput_mibps }) = change
    else {
        return false;
    };
    volume_type.as_ref().is_none_or(|told| *told == *shape.volume_type)
        && size_gb.is_none_or(|told| told == shape.size_gb)
        && iops.is_none_or(|told| Some(told) == shape.iops)
        && throughput_mibps.is_none_or(|told| Some(told) == shape.throughput_mibps)
}

/// The shape after a call; `None`: type or size are unknown. Another type has performance of its own.
fn changed_by(change: &Change, before: &Shape) -> Option<VolumeShape> {
    let (Change::VolumeModified { volume_type, size_gb, iops, throughput_mibps }
    | Change::VolumeCreated { volume_type, size_gb, iops, throughput_mibps }) = change
    else {
        return None;
    };
    let before = match before {
        Shape::Known(shape) | Shape::Changed(_, shape) => Some(shape),
        Shape::Unknown => None,
    };
    let volume_type =
        volume_type.as_deref().map(VolumeType::known_name).or_else(|| Some(before?.volume_type.clone()))?;
    let same_type = before.filter(|before| before.volume_type == volume_type);
    Some(VolumeShape {
        size_gb: size_gb.or(before.map(|before| before.size_gb))?,
        iops: iops.or(same_type.and_then(|before| before.iops)),
        throughput_mibps: throughput_mibps.or(same_type.and_then(|before| before.throughput_mibps)),
        volume_type,
    })
}

/// What surely was provisioned of a volume that one sight saw as `old` and the next as `new`, and what may have been
/// on top: the smaller (the old one of equals), and a volume of the difference of the larger's type.
fn bounds_of_change(old: &VolumeShape, new: &VolumeShape) -> (VolumeShape, Option<VolumeShape>) {
    let (smaller, larger) = if new.size_gb < old.size_gb { (new, old) } else { (old, new) };
    let size_gb = larger.size_gb - smaller.size_gb;
    let gp3 = larger.volume_type == VolumeType::Gp3.name();
    let (free_iops, free_mibps) = if gp3 { (GP3_BASELINE_IOPS, GP3_BASELINE_THROUGHPUT_MIBPS) } else { (0, 0) };
    let (iops, more_iops) = bounds_of_amount(smaller.iops, larger.iops, free_iops);
    let (throughput_mibps, more_mibps) =
        bounds_of_amount(smaller.throughput_mibps, larger.throughput_mibps, free_mibps);
    let sure = VolumeShape { iops, throughput_mibps, ..smaller.clone() };
    let rest = VolumeShape { size_gb, iops: more_iops, throughput_mibps: more_mibps, ..larger.clone() };
    let is_more = size_gb > 0 || more_iops > Some(free_iops) || more_mibps > Some(free_mibps);
    (sure, is_more.then_some(rest))
}

/// The smaller of two amounts, and what the larger has more, on top of what is free: a volume that does not say has
/// that. Where nothing is free, what one sight does not tell is unknown.
fn bounds_of_amount(one: Option<u32>, other: Option<u32>, free: u32) -> (Option<u32>, Option<u32>) {
    let told = |amount: Option<u32>| amount.or((free > 0).then_some(free));
    let (Some(one), Some(other)) = (told(one), told(other)) else { return (None, None) };
    let billed = |amount: u32| amount.saturating_sub(free);
    (Some(one.min(other)), Some(free.saturating_add(billed(one).abs_diff(billed(other)))))
}
