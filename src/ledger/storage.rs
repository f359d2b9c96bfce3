//! The lives of volumes and snapshots, cut along what their instances did.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::change::{Change, ResourceKind};
use super::derive::{Ledger, measured};
use super::fact::{Evidence, Fact, Noted, VolumeNote};
use super::gone::Gone;
use super::moment::End;
use super::session::{Overlap, latest_notes};
use super::sight::VolumeSeen;
use super::tags::Tags;
use super::timeline::{Timelines, possible_stretch};
use super::usage::{Certainty, Phase, Resource, Subject, Usage, VolumeShape};
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
    // What was seen overlaps at most what was noted.
    if lives.is_empty() {
        return Ok(());
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
                    places: None,
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
    if rows.is_empty() {
        return usage;
    }
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
        let resource = Arc::new(volume_resource(row.noted, &row.volume.id));
        let subject = Subject::Volume { shape: VolumeShape::from(&row.volume.spec), life: whole };
        let evidence = Arc::from([row.evidence.clone()]);
        for stretch in timelines.cut(row.life, resource.instance_id.as_deref()) {
            usage.push(measured(&resource, subject.clone(), stretch, &evidence));
        }
        usage.extend(possibly_later(resource, subject, row.end, now, &evidence));
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
    resource: Arc<Resource>,
    subject: Subject,
    end: End,
    now: Timestamp,
    evidence: &Arc<[Evidence]>,
) -> Option<Usage> {
    let period = possible_stretch(end, now)?;
    Some(Usage {
        resource,
        subject,
        phase: Phase::Unknown,
        certainty: Certainty::Possible,
        period,
        hours_per_day: None,
        evidence: Arc::clone(evidence),
    })
}

/// Volumes that instances name and no description or note sizes: they bill, the amount is unknown.
pub(super) fn unsized_volumes(
    ledger: &Ledger,
    facts: &[(Evidence, Fact)],
    gone: &Gone<'_>,
    timelines: &Timelines,
    now: Timestamp,
) -> Vec<Usage> {
    let created = facts.iter().filter_map(|(_, fact)| match fact {
        Fact::Changed(changed) if matches!(changed.change, Change::VolumeCreated { .. }) => {
            Some(changed.resource_id.as_str())
        }
        _ => None,
    });
    let noted: BTreeSet<&str> = latest_notes(facts)
        .into_iter()
        .flat_map(|(_, noted)| noted.volumes.iter().map(|volume| volume.id.as_str()))
        .chain(created)
        .collect();
    let mut usage = Vec::new();
    for (evidence, instance) in ledger.instances.values() {
        for attached in instance.volumes.iter() {
            if ledger.volumes.contains_key(&attached.volume_id) || noted.contains(attached.volume_id.as_str()) {
                continue;
            }
            let resource = Arc::new(Resource {
                account: instance.account.clone(),
                region: instance.region.clone(),
                id: attached.volume_id.clone(),
                name: instance.name.clone(),
                instance_id: Some(instance.instance_id.clone()),
                tags: Tags::new(),
            });
            let start = attached.attached_at.unwrap_or(instance.launch_time).min(instance.seen_at);
            let life = Period { start, end: instance.seen_at };
            let evidence = Arc::from([evidence.clone()]);
            for stretch in timelines.cut(life, Some(&instance.instance_id)) {
                usage.push(measured(&resource, Subject::VolumeOfUnknownSize, stretch, &evidence));
            }
            let missed = gone.missed(ResourceKind::Volume, &attached.volume_id);
            let missed = missed.or(gone.missed(ResourceKind::Instance, &instance.instance_id));
            let open = End::Open { last_seen: life.end };
            let end = missed.map_or(open, |missed| open.before(missed));
            usage.extend(possibly_later(resource, Subject::VolumeOfUnknownSize, end, now, &evidence));
        }
    }
    usage
}

/// A snapshot's billed size is unknown: everything about it is at most.
pub(super) fn snapshots(ledger: &Ledger, gone: &Gone<'_>, now: Timestamp) -> Vec<Usage> {
    let gibibyte = Decimal::from(1_u64 << 30);
    ledger
        .snapshots
        .values()
        .filter_map(|(evidence, seen)| {
            let size_gb = seen
                .full_size_bytes
                .map_or(Decimal::from(seen.volume_size_gb), |bytes| Decimal::from(bytes) / gibibyte);
            let missed = gone.missed(ResourceKind::Snapshot, &seen.snapshot_id);
            let period = Period { start: seen.started_at, end: missed.unwrap_or(now).max(seen.seen_at) };
            (!period.is_empty()).then(|| Usage {
                resource: Arc::new(Resource {
                    account: seen.account.clone(),
                    region: seen.region.clone(),
                    id: seen.snapshot_id.clone(),
                    name: seen.name.clone(),
                    instance_id: None,
                    tags: Tags::new(),
                }),
                subject: Subject::Snapshot { size_gb, archived: seen.archived },
                phase: Phase::Unattached,
                certainty: Certainty::Possible,
                period,
                hours_per_day: None,
                evidence: Arc::from([evidence.clone()]),
            })
        })
        .collect()
}
