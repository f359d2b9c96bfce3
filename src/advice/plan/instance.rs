//! Stopping and terminating an instance.

use super::live::{LiveInstance, LiveVolume, SpotRequest};
use super::refusal::{self, Refusal};
use super::{Consent, Plan, Step, Verb};
use crate::advice::cost::{address_month, estimate_month_hours, shape_name, volume_month};
use crate::advice::dollars::Dollars;
use crate::catalog::RateCard;
use crate::ledger::{InstanceState, Purchase};

/// # Errors
/// Why it is refused.
pub fn plan_stop(instance: &LiveInstance, consent: Consent, card: &RateCard) -> Result<Plan, Refusal> {
    refusal::of_instance(instance)?;
    match instance.state {
        InstanceState::Running | InstanceState::Pending => {}
        state => return Err(Refusal::state(&instance.id, state.name(), "it is not running")),
    }
    if instance.stop_protected {
        return Err(Refusal::protected(&instance.id, "stop protection is on (DisableApiStop)"));
    }
    refuse_spot_stop(instance)?;
    let store = instance_store(instance, card);
    if let Some(store) = store.filter(|_| !consent.lose_instance_store) {
        return Err(Refusal::new(
            &instance.id,
            &format!("a stop loses what is on its instance store ({store})"),
            "save that first, then say --lose-instance-store",
        ));
    }
    let address = if instance.auto_address { "; its automatic public address" } else { "" };
    Ok(Plan {
        steps: vec![Step::StopInstance { id: instance.id.clone() }],
        saving_per_month: running_month(instance, card),
        goes_on: at_rest(&instance.volumes, instance, card),
        lost: format!("{}{address}", ends_with_its_running(store)),
        ..for_instance(instance, Verb::Stop)
    })
}

/// AWS stops spot instances of persistent requests alone, while the request stands; those of a fleet, a launch group or an
/// Availability Zone group not at all (its own dry run refuses what the tags of the first do not tell).
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances-request.html> (read 2026-11-28)
fn refuse_spot_stop(instance: &LiveInstance) -> Result<(), Refusal> {
    if instance.purchase != Purchase::Spot {
        return Ok(());
    }
    let why = match &instance.spot_request {
        Some(request) if request.is_persistent && !request.is_over => return Ok(()),
        Some(request) if request.is_persistent => {
            format!("its spot request {} is over: it cannot be stopped any more", request.id)
        }
        Some(_) => "it is a one-time spot instance, which cannot be stopped".to_owned(),
        None => "it is a spot instance, and AWS does not name the request that launched it".to_owned(),
    };
    Err(Refusal::new(&instance.id, &why, "save what it holds, then `gpucost terminate`"))
}

/// # Errors
/// Why it is refused.
pub fn plan_terminate(instance: &LiveInstance, consent: Consent, card: &RateCard) -> Result<Plan, Refusal> {
    refusal::of_instance(instance)?;
    if instance.is_gone() {
        return Err(Refusal::state(&instance.id, instance.state.name(), "it is gone, or going"));
    }
    if instance.termination_protected {
        return Err(Refusal::protected(&instance.id, "termination protection is on (DisableApiTermination)"));
    }
    refuse_relaunched(instance)?;
    let (gone, survivors): (Vec<&LiveVolume>, Vec<&LiveVolume>) =
        instance.volumes.iter().partition(|volume| volume.goes_with(&instance.id));
    if !survivors.is_empty() && !consent.leave_volumes && !consent.delete_volumes {
        return Err(Refusal::new(
            &instance.id,
            &format!("{} would survive it and go on billing", ids(&survivors).join(", ")),
            "say --leave-volumes to leave them, --delete-volumes to delete them after it",
        ));
    }
    let (deleted, kept) = if consent.delete_volumes { (survivors, Vec::new()) } else { (Vec::new(), survivors) };
    for volume in &deleted {
        refuse_held_elsewhere(volume, &instance.id)?;
    }
    let mut steps = vec![Step::TerminateInstance { id: instance.id.clone() }];
    if !deleted.is_empty() {
        steps.push(Step::WaitTerminated { id: instance.id.clone() });
        steps.extend(deleted.iter().map(|volume| Step::DeleteVolume { volume_id: volume.id.clone() }));
    }
    let lost: Vec<&LiveVolume> = gone.into_iter().chain(deleted).collect();
    let running = if instance.state.is_stopped() { Dollars::ZERO } else { running_month(instance, card) };
    Ok(Plan {
        steps,
        saving_per_month: running.plus(months_of(&lost, card)),
        goes_on: addresses_month(instance, card).plus(months_of(&kept, card)),
        lost: lost_by_termination(instance, &lost, card),
        survive: left_behind(&kept, instance),
        ..for_instance(instance, Verb::Terminate)
    })
}

fn left_behind(volumes: &[&LiveVolume], instance: &LiveInstance) -> Vec<String> {
    let volumes = volumes.iter().map(|volume| format!("{} ({})", volume.id, shape_name(Some(&volume.shape))));
    let addresses = match instance.elastic_addresses {
        0 => None,
        1 => Some("1 Elastic IP address".to_owned()),
        many => Some(format!("{many} Elastic IP addresses")),
    };
    volumes.chain(addresses).collect()
}

/// A persistent request launches another instance for one that is terminated, as long as it stands: it is to be canceled
/// first, which leaves a running instance running and terminates a stopped one.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-instances-request.html> (read 2026-11-28)
fn refuse_relaunched(instance: &LiveInstance) -> Result<(), Refusal> {
    match &instance.spot_request {
        Some(SpotRequest { id, is_persistent: true, is_over: false }) => Err(Refusal::new(
            &instance.id,
            &format!("its persistent spot request {id} would launch another in its place"),
            &format!(
                "cancel that {}: aws ec2 cancel-spot-instance-requests --region {} --spot-instance-request-ids {id}",
                if instance.state.is_stopped() { "instead, which terminates a stopped instance" } else { "first" },
                instance.region
            ),
        )),
        None if instance.purchase == Purchase::Spot => Err(Refusal::new(
            &instance.id,
            "AWS does not name the spot request that launched it: whether that would launch another is not known",
            &format!(
                "look for it: aws ec2 describe-spot-instance-requests --region {} --filters \
                 Name=instance-id,Values={}",
                instance.region, instance.id
            ),
        )),
        _ => Ok(()),
    }
}

/// What an earlier run agreed to and did not come to: the instance is gone, or going, and these steps are left.
#[derive(Clone, Debug)]
pub struct Rest<'a> {
    /// Of the record of that run.
    pub token: &'a str,
    pub id: &'a str,
    pub region: &'a str,
    pub steps: &'a [Step],
    /// Those of its volumes that are still there.
    pub volumes: &'a [LiveVolume],
}

/// # Errors
/// Why the rest is refused.
pub fn plan_rest_of_termination(rest: &Rest<'_>, card: &RateCard) -> Result<Plan, Refusal> {
    for volume in rest.volumes {
        refusal::of_part(rest.id, volume)?;
        refuse_held_elsewhere(volume, rest.id)?;
    }
    let volumes: Vec<&LiveVolume> = rest.volumes.iter().collect();
    Ok(Plan {
        verb: Verb::Terminate,
        id: rest.id.to_owned(),
        name: String::new(),
        region: rest.region.to_owned(),
        state: "terminated by an earlier run".to_owned(),
        steps: rest.steps.to_vec(),
        saving_per_month: months_of(&volumes, card),
        goes_on: Dollars::ZERO,
        lost: format!("the data of {}", ids(&volumes).join(", ")),
        survive: Vec::new(),
        resumes: Some(rest.token.to_owned()),
    })
}

/// A volume that another holds cannot be deleted when this instance is gone.
fn refuse_held_elsewhere(volume: &LiveVolume, id: &str) -> Result<(), Refusal> {
    match volume.attachments.iter().find(|attachment| attachment.to != id) {
        None => Ok(()),
        Some(other) => Err(Refusal::new(
            id,
            &format!("its volume {} is attached to {}, and cannot be deleted", volume.id, other.to),
            "say --leave-volumes to leave its volumes",
        )),
    }
}

fn lost_by_termination(instance: &LiveInstance, volumes: &[&LiveVolume], card: &RateCard) -> String {
    let mut lost = vec!["the instance".to_owned()];
    // What was in memory and on instance store went with the stop.
    if !instance.state.is_stopped() {
        lost.push(ends_with_its_running(instance_store(instance, card)));
        if instance.auto_address {
            lost.push("its automatic public address".to_owned());
        }
    }
    if !volumes.is_empty() {
        lost.push(format!("the data of {}", ids(volumes).join(", ")));
    }
    lost.join("; ")
}

fn ends_with_its_running(store: Option<&str>) -> String {
    match store {
        Some(store) => format!("what is in memory and on its instance store ({store})"),
        None => "what is in memory".to_owned(),
    }
}

fn ids<'a>(volumes: &[&'a LiveVolume]) -> Vec<&'a str> {
    volumes.iter().map(|volume| volume.id.as_str()).collect()
}

fn for_instance(instance: &LiveInstance, verb: Verb) -> Plan {
    Plan {
        verb,
        id: instance.id.clone(),
        name: instance.name.clone(),
        region: instance.region.clone(),
        state: instance.state_words(),
        steps: Vec::new(),
        saving_per_month: Dollars::ZERO,
        goes_on: Dollars::ZERO,
        lost: String::new(),
        survive: Vec::new(),
        resumes: None,
    }
}

/// What is not known to have none may have one.
fn instance_store<'c>(instance: &LiveInstance, card: &'c RateCard) -> Option<&'c str> {
    let Some(kind) = card.instance_type(&instance.instance_type) else { return Some(UNKNOWN_STORE) };
    kind.local_storage.or(Some(UNKNOWN_STORE)).filter(|storage| *storage != "EBS only")
}

const UNKNOWN_STORE: &str = "whether it has one is not known";

fn months_of(volumes: &[&LiveVolume], card: &RateCard) -> Dollars {
    volumes.iter().fold(Dollars::ZERO, |sum, volume| sum.plus(month_of(volume, card)))
}

pub(super) fn month_of(volume: &LiveVolume, card: &RateCard) -> Dollars {
    volume_month(&volume.region, Some(&volume.shape), card)
}

fn addresses_month(instance: &LiveInstance, card: &RateCard) -> Dollars {
    let each = || address_month(&instance.region, false, card);
    (0..instance.elastic_addresses).fold(Dollars::ZERO, |sum, _| sum.plus(each()))
}

fn at_rest(volumes: &[LiveVolume], instance: &LiveInstance, card: &RateCard) -> Dollars {
    volumes.iter().fold(addresses_month(instance, card), |sum, volume| sum.plus(month_of(volume, card)))
}

/// What ends with its running: compute by the list rate, and an automatic address.
fn running_month(instance: &LiveInstance, card: &RateCard) -> Dollars {
    let compute = match (instance.purchase, instance.is_linux) {
        (Purchase::OnDemand, true) => match card.on_demand(&instance.region, &instance.instance_type) {
            Ok(rate) => Dollars::Exact(rate.usd).times(estimate_month_hours()),
            Err(missing) => Dollars::unknown(missing.to_string()),
        },
        (Purchase::OnDemand, false) => Dollars::unknown("only Linux rates are known"),
        (purchase, _) => Dollars::unknown(format!("its {purchase} rate is in no list")),
    };
    if instance.auto_address {
        return compute.plus(address_month(&instance.region, true, card));
    }
    compute
}
