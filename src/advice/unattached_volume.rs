//! A volume that is attached to nothing.

use jiff::Timestamp;

use super::View;
use super::command::{Aws, or_withheld};
use super::cost::{Since, accrued, accrued_by_now, moment, shape_name};
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Finding, Part};
use super::inventory::{Holder, Volume};
use super::stopped_accruing::snapshots_line;
use super::ways_out::Holding;
use crate::ledger::{Certainty, EvidenceKind, Usage};

pub(super) const ID: &str = "unattached-volume";

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.of_volumes(|volume| (volume.holder == Holder::Nobody).then(|| finding(view, volume)))
}

fn finding(view: &View<'_>, volume: &Volume<'_>) -> Finding {
    let until = volume.last_seen.min(view.now);
    let since = unattached_since(volume, until);
    let month = &volume.month;
    let so_far = accrued(&volume.usage, since, until, view.card);
    let holding = Holding {
        region: &volume.resource.region,
        instance_id: None,
        running: None,
        has_store: false,
        volumes: vec![volume],
        addresses: Vec::new(),
        card: view.card,
    };
    let mut evidence = vec![format!("attached to no instance: {}", volume.sources())];
    evidence.push(if since.earliest == since.latest {
        format!("unattached since {}", moment(since.earliest))
    } else {
        format!("AWS does not tell since when: between {} and {}", moment(since.earliest), moment(since.latest))
    });
    evidence.extend(volume.month_lines(view.card));
    evidence.extend(month.why_unknown().map(str::to_owned));
    evidence.extend(snapshots_line(view, volume));
    if view.now > until {
        evidence.push(format!("as of {}, when last seen", moment(until)));
    }
    Finding {
        id: format!("{ID}:{}", volume.resource.id),
        rule: ID,
        title: format!("{}, attached to nothing", shape_name(volume.shape.as_ref())),
        resource: volume.resource.clone(),
        last_seen: until,
        evidence,
        parts: vec![Part {
            id: volume.resource.id.clone(),
            what: shape_name(volume.shape.as_ref()),
            accrued: so_far.clone(),
            per_month: month.clone(),
            counted: true,
        }],
        accrued: Some(so_far),
        accrued_if_still_there: accrued_by_now(&volume.usage, since, until, view.now, view.card),
        since: Some(since.latest),
        saving_per_month: holding.saving(),
        confidence: match since.earliest == since.latest {
            true => Confidence::as_seen("it was noted as unattached", &holding.storage()),
            false => Confidence::as_seen("it was seen unattached; since when is bounded", &holding.storage()),
        },
        choices: choices(view, volume, &holding),
        risk: "somebody may mean to attach it again; a deleted volume cannot be had back, snapshots apart".to_owned(),
        detail: None,
    }
}

fn choices(view: &View<'_>, volume: &Volume<'_>, holding: &Holding<'_, '_>) -> Vec<Choice> {
    let delete = Aws::new(&volume.resource.region, view.card).delete_volume(&volume.resource.id);
    let mut choices = vec![Choice::new(Action::Keep, "as it is, unattached", holding.keep_month())];
    choices.extend(holding.snapshot_choices());
    choices.push(
        Choice::new(Action::DeleteVolume, "nothing is left", Dollars::ZERO)
            .losing("its data")
            .by(or_withheld(delete.map(|command| vec![command]))),
    );
    choices
}

/// Notes say since when. Descriptions only show that it was unattached at each sight: usage begins anew with each of
/// them but the first, which speaks for all the time since the volume was created.
fn unattached_since(volume: &Volume<'_>, until: Timestamp) -> Since {
    let mut measured: Vec<&Usage> =
        volume.usage.iter().copied().filter(|u| u.certainty == Certainty::Measured).collect();
    measured.sort_by_key(|used| used.period.start);
    let attached = measured.iter().rposition(|used| used.resource.instance_id.is_some());
    let first = attached.map_or(0, |at| at + 1);
    let start = |at: usize| measured.get(at).map(|used| used.period.start.min(until));
    let latest = start(first).unwrap_or(until);
    let noted = volume.evidence.iter().any(|evidence| evidence.kind == EvidenceKind::Notes);
    match attached {
        _ if noted => Since { earliest: latest, latest },
        Some(at) => Since { earliest: start(at).unwrap_or(latest), latest },
        None => Since { earliest: latest, latest: start(first + 1).unwrap_or(until) },
    }
}
