//! The lives of volumes and snapshots, cut along what their instances did.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::derive::{Ledger, measured};
use super::fact::{Evidence, Fact, Noted, Tags, VolumeNote, VolumeSeen};
use super::moment::End;
use super::session::{Overlap, latest_notes};
use super::timeline::{Timelines, possible_stretch};
use super::usage::{Certainty, Phase, Resource, Subject, Usage, VolumeShape};
use crate::catalog::{GP3_BASELINE_IOPS, GP3_BASELINE_THROUGHPUT_MIBPS, VolumeType};
use crate::time::Period;

/// A volume as one row of the notes has it.
struct NotedVolume<'a> {
    evidence: &'a Evidence,
    noted: &'a Noted,
    volume: &'a VolumeNote,
    life: Period,
    end: End,
}

impl NotedVolume<'_> {
    /// `next` is the next row on the same volume, not another one.
    fn goes_on_as(&self, next: &NotedVolume<'_>) -> bool {
        self.volume.id == next.volume.id && self.end == End::At(next.life.start) && !self.life.is_empty()
    }
}

/// By id and start.
fn noted_rows(facts: &[(Evidence, Fact)]) -> Vec<NotedVolume<'_>> {
    let mut rows: Vec<NotedVolume<'_>> = Vec::new();
    for (evidence, noted) in latest_notes(facts) {
        let end = noted.end.map_or(End::Open { last_seen: noted.noted_at }, End::At);
        let life = Period { start: noted.start, end: end.earliest() };
        rows.extend(noted.volumes.iter().map(|volume| NotedVolume { evidence, noted, volume, life, end }));
    }
    rows.sort_by(|a, b| (&a.volume.id, a.life).cmp(&(&b.volume.id, b.life)));
    rows
}

/// By id; each by time.
fn seen_rows(facts: &[(Evidence, Fact)]) -> BTreeMap<&str, Vec<(&Evidence, &VolumeSeen)>> {
    let mut by_id: BTreeMap<&str, Vec<(&Evidence, &VolumeSeen)>> = BTreeMap::new();
    for (evidence, fact) in facts {
        if let Fact::Volume(seen) = fact {
            by_id.entry(&seen.volume_id).or_default().push((evidence, seen));
        }
    }
    for sights in by_id.values_mut() {
        sights.sort_by(|(a, x), (b, y)| (x.seen_at, a).cmp(&(y.seen_at, b)));
    }
    by_id
}

/// # Errors
/// Two records that say the same volume existed at the same time.
pub(super) fn refuse_volume_overlaps(facts: &[(Evidence, Fact)]) -> Result<(), Overlap> {
    let mut lives: BTreeMap<&str, Vec<(Period, &Evidence)>> = BTreeMap::new();
    let rows = noted_rows(facts);
    for row in rows.iter().filter(|row| !row.life.is_empty()) {
        lives.entry(&row.volume.id).or_default().push((row.life, row.evidence));
    }
    for (id, sights) in seen_rows(facts) {
        let (Some((evidence, first)), Some((_, last))) = (sights.first(), sights.last()) else { continue };
        if let Some(lives) = lives.get_mut(id) {
            lives.push((Period { start: first.created_at, end: last.seen_at }, evidence));
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
                    first: Box::new((*first_evidence).clone()),
                    second: Box::new((*second_evidence).clone()),
                });
            }
        }
    }
    Ok(())
}

pub(super) fn noted_volumes(facts: &[(Evidence, Fact)], timelines: &Timelines, now: Timestamp) -> Vec<Usage> {
    let mut usage = Vec::new();
    let mut rows = noted_rows(facts);
    let seen = seen_rows(facts);
    for i in 0..rows.len() {
        let next = rows.get(i + 1).filter(|next| next.volume.id == rows[i].volume.id).map(|next| next.life.start);
        let created = seen.get(rows[i].volume.id.as_str()).and_then(|sights| sights.first()).map(|(_, s)| s.created_at);
        let row = &mut rows[i];
        for start in next.into_iter().chain(created).filter(|start| *start >= row.life.end) {
            row.end = row.end.before(start);
        }
    }
    let lives = whole_lives(&rows);
    for (row, whole) in rows.iter().zip(lives) {
        let resource = volume_resource(row.noted, &row.volume.id);
        let spec = row.volume.spec;
        let shape = VolumeShape {
            volume_type: spec.volume_type.name().to_owned(),
            size_gb: spec.size_gb,
            iops: spec.iops,
            throughput_mibps: spec.throughput_mibps,
        };
        let subject = Subject::Volume { shape, life: whole };
        let evidence = std::slice::from_ref(row.evidence);
        for stretch in timelines.cut(row.life, resource.instance_id.as_deref()) {
            usage.push(measured(resource.clone(), subject.clone(), stretch, evidence));
        }
        usage.extend(possibly_later(resource, subject, row.end, now, evidence));
    }
    usage
}

/// For each row the whole life it is a part of, where its end is known: rows that touch are one volume.
fn whole_lives(rows: &[NotedVolume<'_>]) -> Vec<Option<Period>> {
    let goes_on: Vec<bool> = rows.windows(2).map(|pair| pair[0].goes_on_as(&pair[1])).collect();
    let mut lives: Vec<(Period, bool)> = rows.iter().map(|row| (row.life, matches!(row.end, End::At(_)))).collect();
    for i in (0..goes_on.len()).filter(|i| goes_on[*i]) {
        lives[i + 1].0.start = lives[i].0.start;
    }
    for i in (0..goes_on.len()).rev().filter(|i| goes_on[*i]) {
        lives[i] = lives[i + 1];
    }
    lives.into_iter().map(|(life, is_over)| is_over.then_some(life)).collect()
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

pub(super) fn possibly_later(
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

/// Each sight of a volume tells its shape from then on, up to the next if that sees the same. If it sees another,
/// nobody knows when in between the volume was changed: the smaller is sure, the rest possible. What the first sight
/// sees counts since the creation: a change before it leaves no trace, and nothing better is known.
pub(super) fn seen_volumes(facts: &[(Evidence, Fact)], timelines: &Timelines, now: Timestamp) -> Vec<Usage> {
    let mut usage = Vec::new();
    for sights in seen_rows(facts).into_values() {
        let mut start = sights.first().map_or(Timestamp::MIN, |(_, first)| first.created_at);
        for (i, (evidence, seen)) in sights.iter().enumerate() {
            let resource = seen_volume_resource(seen);
            let shape = seen_shape(seen);
            let next = sights.get(i + 1).map(|(evidence, next)| (*evidence, *next, seen_shape(next)));
            let unchanged_until = match &next {
                Some((_, next, next_shape)) if *next_shape == shape => next.seen_at,
                _ => seen.seen_at,
            };
            let life = Period { start, end: unchanged_until.max(start) };
            let subject = Subject::Volume { shape: shape.clone(), life: None };
            let evidence = std::slice::from_ref(*evidence);
            for stretch in timelines.cut(life, resource.instance_id.as_deref()) {
                usage.push(measured(resource.clone(), subject.clone(), stretch, evidence));
            }
            start = life.end;
            match next {
                Some((next_evidence, next, next_shape)) if next.seen_at > start => {
                    let between = Period { start, end: next.seen_at };
                    let both = [evidence, std::slice::from_ref(next_evidence)].concat();
                    let (sure, rest) = bounds_of_change(&shape, &next_shape);
                    usage.extend(changed(&resource, sure, Certainty::Measured, between, timelines, &both));
                    if let Some(rest) = rest {
                        usage.extend(changed(&resource, rest, Certainty::Possible, between, timelines, &both));
                    }
                    start = between.end;
                }
                Some(_) => {}
                None => usage.extend(possibly_later(resource, subject, End::Open { last_seen: start }, now, evidence)),
            }
        }
    }
    usage
}

fn changed(
    resource: &Resource,
    shape: VolumeShape,
    certainty: Certainty,
    between: Period,
    timelines: &Timelines,
    evidence: &[Evidence],
) -> Vec<Usage> {
    let subject = Subject::Volume { shape, life: None };
    let stretches = timelines.cut(between, resource.instance_id.as_deref()).into_iter();
    stretches
        .map(|stretch| Usage { certainty, ..measured(resource.clone(), subject.clone(), stretch, evidence) })
        .collect()
}

fn seen_shape(seen: &VolumeSeen) -> VolumeShape {
    VolumeShape {
        volume_type: seen.volume_type.clone(),
        size_gb: seen.size_gb,
        iops: seen.iops,
        throughput_mibps: seen.throughput_mibps,
    }
}

/// What surely was provisioned of a volume that one sight saw as `old` and the next as `new`, and what may have been
/// on top: the smaller (the old one of equals), and a volume of the difference of the larger's type.
fn bounds_of_change(old: &VolumeShape, new: &VolumeShape) -> (VolumeShape, Option<VolumeShape>) {
    let (smaller, larger) = if new.size_gb < old.size_gb { (new, old) } else { (old, new) };
    let size_gb = larger.size_gb - smaller.size_gb;
    if smaller.volume_type != larger.volume_type {
        let rest = VolumeShape { size_gb, ..larger.clone() };
        return (smaller.clone(), (size_gb > 0).then_some(rest));
    }
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
pub(super) fn unsized_volumes(
    ledger: &Ledger,
    facts: &[(Evidence, Fact)],
    timelines: &Timelines,
    now: Timestamp,
) -> Vec<Usage> {
    let noted: BTreeSet<&str> = latest_notes(facts)
        .into_iter()
        .flat_map(|(_, noted)| noted.volumes.iter().map(|volume| volume.id.as_str()))
        .collect();
    let mut usage = Vec::new();
    for (evidence, instance) in ledger.instances.values() {
        for attached in &instance.volumes {
            if ledger.volumes.contains_key(&attached.volume_id) || noted.contains(attached.volume_id.as_str()) {
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
            let evidence = std::slice::from_ref(evidence);
            for stretch in timelines.cut(life, Some(&instance.instance_id)) {
                usage.push(measured(resource.clone(), Subject::VolumeOfUnknownSize, stretch, evidence));
            }
            let open = End::Open { last_seen: life.end };
            usage.extend(possibly_later(resource, Subject::VolumeOfUnknownSize, open, now, evidence));
        }
    }
    usage
}

/// A snapshot's billed size is unknown: everything about it is at most.
pub(super) fn snapshots(ledger: &Ledger, now: Timestamp) -> Vec<Usage> {
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
