//! A volume that would go on billing after its instance is terminated: AWS's default for all but the root volume.

use super::View;
use super::command::Aws;
use super::cost::{moment, shape_name};
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Finding};
use super::inventory::{Holder, Volume};

pub(super) const ID: &str = "volume-survives-termination";

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    view.of_volumes(|volume| match volume.deleted_with_instance {
        Some(false) => finding(view, volume),
        _ => None,
    })
}

fn finding(view: &View<'_>, volume: &Volume<'_>) -> Option<Finding> {
    let Holder::Instance(instance_id) = volume.holder else { return None };
    let month = &volume.month;
    let until = volume.last_seen.min(view.now);
    Some(Finding {
        id: format!("{ID}:{}", volume.resource.id),
        rule: ID,
        title: view
            .told(|| format!("{} would outlive its instance, at {month} a month", shape_name(volume.shape.as_ref()))),
        resource: volume.resource.clone(),
        last_seen: until,
        evidence: view.told(|| evidence(view, volume, instance_id)),
        parts: Vec::new(),
        accrued: None,
        accrued_if_still_there: None,
        // Nothing is saved before the instance goes.
        since: None,
        confidence: Confidence::high("AWS says so of the attachment"),
        saving_per_month: Dollars::ZERO,
        choices: vec![
            Choice::new(Action::Keep, "it outlives the instance, at this much a month", month.clone()),
            Choice::new(Action::DeleteOnTermination, "it goes with the instance", Dollars::ZERO)
                .losing("its data, when the instance is terminated")
                .by(view.told(|| vec![command(view, volume, instance_id)]))
                .recommended(),
        ],
        risk: view.told(|| {
            "none until the instance is terminated; keep it as it is if its data should outlive the instance".to_owned()
        }),
        detail: None,
    })
}

fn evidence(view: &View<'_>, volume: &Volume<'_>, instance_id: &str) -> Vec<String> {
    let (month, until) = (&volume.month, volume.last_seen.min(view.now));
    let mut lines = vec![format!("DeleteOnTermination is false on {instance_id}: {}", volume.sources())];
    lines.extend(volume.month_lines(view.card));
    lines.extend(month.why_unknown().map(str::to_owned));
    if view.now > until {
        lines.push(format!("as of {}, when last seen", moment(until)));
    }
    lines
}

fn command(view: &View<'_>, volume: &Volume<'_>, instance_id: &str) -> String {
    match volume.device {
        Some(device) => Aws::new(&volume.resource.region, view.card)
            .delete_on_termination(instance_id, device)
            .unwrap_or_else(|| super::command::WITHHELD.to_owned()),
        None => "# no command: the device is unknown, import what aws ec2 describe-instances prints too".to_owned(),
    }
}
