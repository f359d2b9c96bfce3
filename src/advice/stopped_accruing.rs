//! A stopped instance whose volumes still bill, and its Elastic IPs with them.

use std::sync::Arc;

use jiff::Timestamp;

use super::View;
use super::cost::{
    Since, accrued, accrued_by_now, address_accrued, address_month, address_month_line, at_most_gb, excerpt, moment,
    shape_name, snapshot_gb, snapshots_month, whole_days,
};
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Finding, Part};
use super::inventory::{Address, Volume};
use super::standing::{Standing, State};
use super::ways_out::{Holding, instance_risk};
use crate::catalog::SnapshotRate;
use crate::ledger::{End, EvidenceKind, Purchase, Resource, Tags};
use crate::money::Usd;

pub const ID: &str = "stopped-accruing";

/// So many snapshots of a volume are named one by one.
const FEW_SNAPSHOTS: usize = 3;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.of_standings(|standing| finding(view, standing))
}

/// A stop, and how far the ledger follows it.
#[derive(Clone, Copy)]
struct Stop {
    end: End,
    since: Since,
    until: Timestamp,
}

fn finding(view: &View<'_>, standing: &Standing<'_>) -> Option<Finding> {
    let State::Stopped { since: end } = standing.state else { return None };
    let volumes = view.inventory.volumes_of(standing.id);
    let first = volumes.first()?;
    // Notes say of an instance only when it ran: their word on its volumes is their word on the stop.
    let seen_until = match standing.seen {
        Some(_) => standing.last_seen,
        None => volumes.iter().map(|volume| volume.last_seen).fold(standing.last_seen, Timestamp::max),
    };
    let until = seen_until.min(view.now);
    let since = Since { earliest: end.earliest(), latest: end.latest().unwrap_or(until).max(end.earliest()) };
    let stop = Stop { end, since, until };
    let resource = resource_of(standing, first);
    let addresses = view.inventory.addresses_of(standing.id);
    let priced: Vec<Priced> = (volumes.iter().map(|volume| of_volume(view, volume, stop)))
        .chain(addresses.iter().map(|address| of_address(view, address, stop)))
        .collect();
    let beside: Vec<Part> =
        view.told(|| volumes.iter().flat_map(|volume| snapshots_beside(view, volume, stop)).collect());
    let of_addresses = priced.get(volumes.len()..).unwrap_or_default();
    let holding = Holding {
        region: &resource.region,
        instance_id: Some(standing.id),
        running: None,
        has_store: false,
        volumes: volumes.clone(),
        addresses: addresses.iter().copied().zip(of_addresses.iter().map(|p| p.part.per_month.clone())).collect(),
        card: view.card,
    };
    let mut evidence = view.told(|| stop_evidence(view, standing, &volumes, stop));
    let parts: Vec<Part> = priced.iter().map(|priced| priced.part.clone()).collect();
    evidence.extend(priced.iter().flat_map(|priced| priced.evidence.iter().cloned()));
    let saving = holding.saving();
    let by_now = priced.iter().map(|priced| priced.by_now).sum::<Option<Usd>>();
    Some(Finding {
        id: format!("{ID}:{}", resource.id),
        rule: ID,
        title: view.told(|| title(&volumes, stop)),
        last_seen: until,
        evidence,
        accrued: Some(priced.iter().fold(Dollars::ZERO, |sum, priced| sum.plus(priced.part.accrued.clone()))),
        accrued_if_still_there: by_now.filter(|_| view.now > until),
        since: Some(since.latest),
        confidence: confidence(stop, &holding.storage()),
        choices: view.choices(&saving, || choices(&holding, standing.id)),
        saving_per_month: saving,
        risk: view.told(|| risk(view, standing)),
        parts: parts.into_iter().chain(beside).collect(),
        resource,
        detail: None,
    })
}

fn resource_of(standing: &Standing<'_>, volume: &Volume<'_>) -> Arc<Resource> {
    let (account, region, name) = match (standing.seen, standing.session) {
        (Some((_, seen)), _) => (seen.account.clone(), seen.region.clone(), seen.name.clone()),
        (None, Some(session)) => (session.account.clone(), session.region.clone(), session.name.clone()),
        (None, None) => (volume.resource.account.clone(), volume.resource.region.clone(), volume.resource.name.clone()),
    };
    let tags = standing.seen.map_or(Tags::new(), |(_, seen)| seen.tags.clone());
    let (id, instance_id) = (standing.id.to_owned(), Some(standing.id.to_owned()));
    Arc::new(Resource { account, region, id, name, instance_id, tags })
}

fn title(volumes: &[&Volume<'_>], stop: Stop) -> String {
    let count = match volumes.len() {
        1 => "its volume".to_owned(),
        many => format!("its {many} volumes"),
    };
    format!("Stopped for {}, {count} still billed", days(stop))
}

/// `30 days`, `at least 3 and at most 40 days`.
fn days(stop: Stop) -> String {
    let least = whole_days(stop.since.latest, stop.until);
    let most = whole_days(stop.since.earliest, stop.until);
    let plural = |n: i64| if n == 1 { "1 day".to_owned() } else { format!("{n} days") };
    match (least, most) {
        (least, most) if least == most => plural(least),
        (0, most) => format!("at most {}", plural(most)),
        (least, most) => format!("at least {} and at most {}", least, plural(most)),
    }
}

struct Priced {
    part: Part,
    by_now: Option<Usd>,
    evidence: Vec<String>,
}

fn of_volume(view: &View<'_>, volume: &Volume<'_>, stop: Stop) -> Priced {
    let until = stop.until.min(volume.last_seen);
    Priced {
        part: Part {
            id: volume.resource.id.clone(),
            what: view.told(|| shape_name(volume.shape.as_ref())),
            accrued: accrued(&volume.usage, stop.since, until, view.card),
            per_month: volume.month.clone(),
            counted: true,
        },
        by_now: accrued_by_now(&volume.usage, stop.since, stop.until, view.now, view.card),
        evidence: view.told(|| volume_evidence(view, volume)),
    }
}

fn volume_evidence(view: &View<'_>, volume: &Volume<'_>) -> Vec<String> {
    let id = &volume.resource.id;
    let lines = volume.month_lines(view.card).into_iter().chain(volume.month.why_unknown().map(str::to_owned));
    lines.map(|line| format!("{id}: {line}")).chain(snapshots_line(view, volume)).collect()
}

/// Snapshots there are already go on, and make a further one small.
pub(super) fn snapshots_line(view: &View<'_>, volume: &Volume<'_>) -> Option<String> {
    let snapshots = view.inventory.snapshots_of(&volume.resource.id);
    let last = snapshots.last()?;
    let id = &volume.resource.id;
    if let Some(last) = volume.unwritten_since {
        return Some(format!(
            "{id}: nothing was written since its snapshot {} of {}: a new one adds nothing, while that bills on",
            last.snapshot_id,
            moment(last.started_at)
        ));
    }
    Some(match snapshots.len() {
        1 => format!("{id}: snapshot {last} exists and bills on; a new one adds what changed since"),
        many => format!("{id}: {many} snapshots exist and bill on ({last} is one); a new one adds what changed since"),
    })
}

fn of_address(view: &View<'_>, address: &Address<'_>, stop: Stop) -> Priced {
    let month = address_month(&address.resource.region, false, view.card);
    let mut evidence = vec![format!("Elastic IP {}: {}", address.public_ip, address.evidence)];
    evidence.extend(address_month_line(&address.resource.region, false, view.card));
    let (so_far, by_now) = address_accrued(address, stop.since, stop.until, view.now, view.card);
    Priced {
        part: Part {
            id: address.resource.id.clone(),
            what: format!("Elastic IP {}", address.public_ip),
            accrued: so_far,
            per_month: month,
            counted: true,
        },
        by_now,
        evidence,
    }
}

fn confidence(stop: Stop, storage: &Dollars) -> Confidence {
    if stop.since.earliest == stop.since.latest {
        return Confidence::as_seen("its stop has a time", storage);
    }
    Confidence::medium("since when it is stopped is bounded by what was seen: the days and dollars are bounds")
}

fn stop_evidence(view: &View<'_>, standing: &Standing<'_>, volumes: &[&Volume<'_>], stop: Stop) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((evidence, seen)) = standing.seen {
        lines.push(format!("{} when last seen, {}: {evidence}", seen.state.name(), moment(stop.until)));
        let reason = excerpt(&seen.reason);
        lines.push(match (stop.end, seen.reason.is_empty()) {
            (End::At(at), false) => format!("stopped {}: AWS's reason is `{reason}`", moment(at)),
            (End::At(at), true) => format!("stopped {}: {}", moment(at), told_by(standing)),
            (_, empty) => format!(
                "{}: stopped between {} and {}, when it was first seen so",
                if empty { "AWS gives no reason".to_owned() } else { format!("AWS's reason `{reason}` has no time") },
                moment(stop.since.earliest),
                moment(stop.since.latest)
            ),
        });
    } else {
        lines.push(format!("noted as stopped since {}", moment(stop.since.latest)));
        lines.extend(
            standing.session.iter().flat_map(|session| &session.evidence).map(|e| format!("ran until then: {e}")),
        );
    }
    for volume in volumes {
        lines.push(format!("{}: {}", volume.resource.id, volume.sources()));
    }
    lines.push(format!("stopped for {} up to {}", days(stop), moment(stop.until)));
    if view.now > stop.until {
        lines.push(format!("as of {}, when last seen", moment(stop.until)));
    }
    lines
}

/// The record that the time of the stop is from, where the reason has none.
fn told_by(standing: &Standing<'_>) -> String {
    let evidence = standing.session.map_or(&[][..], |session| &session.evidence);
    match evidence.iter().rfind(|evidence| evidence.kind == EvidenceKind::CloudTrail) {
        Some(event) => format!("CloudTrail's event, {event}"),
        None => "as an earlier record says".to_owned(),
    }
}

/// The snapshots of a volume, which go on whatever becomes of it. Few by name, many in one line.
fn snapshots_beside(view: &View<'_>, volume: &Volume<'_>, stop: Stop) -> Vec<Part> {
    let ids = view.inventory.snapshots_of(&volume.resource.id);
    let parts: Vec<Part> = ids.iter().filter_map(|id| snapshot_part(view, id, stop)).collect();
    if parts.len() <= FEW_SNAPSHOTS {
        return parts;
    }
    let sum = |of: fn(&Part) -> &Dollars| parts.iter().fold(Dollars::ZERO, |sum, part| sum.plus(of(part).clone()));
    vec![Part {
        id: volume.resource.id.clone(),
        what: format!("its {} snapshots, which go on", parts.len()),
        accrued: sum(|part| &part.accrued),
        per_month: sum(|part| &part.per_month),
        counted: false,
    }]
}

fn snapshot_part(view: &View<'_>, id: &str, stop: Stop) -> Option<Part> {
    let (_, seen) = view.inventory.ledger.snapshots.get(id)?;
    let size_gb = snapshot_gb(seen);
    let tier = if seen.archived { SnapshotRate::Archive } else { SnapshotRate::Standard };
    let usage = view.inventory.usage_of(id).iter().collect::<Vec<_>>();
    let so_far = accrued(&usage, stop.since, stop.until.min(seen.seen_at), view.card);
    Some(Part {
        id: id.to_owned(),
        what: format!("snapshot of {}, at most {} GB, which goes on", seen.volume_id, at_most_gb(size_gb)),
        // Of changed blocks, which nothing tells.
        accrued: so_far.most().map_or(so_far, Dollars::at_most),
        per_month: snapshots_month(&seen.region, tier, size_gb, view.card),
        counted: false,
    })
}

fn choices(holding: &Holding<'_, '_>, instance_id: &str) -> Vec<Choice> {
    let mut choices = vec![Choice::new(Action::Keep, "as it is, stopped", holding.keep_month())];
    if !holding.addresses.is_empty() {
        choices.push(holding.release_choice());
    }
    choices.extend(holding.delete_data_choice(instance_id));
    choices.extend(holding.snapshot_choices());
    choices.push(holding.image_choice(instance_id));
    choices.extend(holding.terminate_choices(instance_id));
    choices
}

fn risk(view: &View<'_>, standing: &Standing<'_>) -> String {
    let kind = standing.seen.map(|(_, seen)| (seen.instance_type.as_str(), seen.purchase));
    let kind = kind.or(standing.session.map(|session| (session.instance_type.as_str(), session.purchase)));
    let (instance_type, purchase) = kind.unwrap_or(("", Purchase::Other));
    let mut risk = vec![
        "without its root volume the instance does not start; deleted volumes cannot be had back, snapshots apart"
            .to_owned(),
    ];
    risk.extend(instance_risk(instance_type, purchase, view.card));
    risk.join("; ")
}
