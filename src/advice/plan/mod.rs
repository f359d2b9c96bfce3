//! What an action would do to one resource, before it is done: its steps in order, its dollars, what is lost; or why it
//! is refused. A function of what AWS says is there now: nothing here acts.

mod live;
mod refusal;

pub use live::{LiveAddress, LiveInstance, LiveSnapshot, LiveVolume};
pub use refusal::Refusal;

use super::cost::{address_month, estimate_month_hours, shape_name, volume_month};
use super::dollars::Dollars;
use crate::catalog::RateCard;
use crate::ledger::{InstanceState, Purchase};

/// What one can ask for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verb {
    Stop,
    Terminate,
    SnapshotAndDelete,
    ReleaseAddress,
}

impl Verb {
    pub const ALL: [Verb; 4] = [Verb::Stop, Verb::Terminate, Verb::SnapshotAndDelete, Verb::ReleaseAddress];

    /// As the command is called.
    pub const fn name(self) -> &'static str {
        match self {
            Verb::Stop => "stop",
            Verb::Terminate => "terminate",
            Verb::SnapshotAndDelete => "snapshot-and-delete",
            Verb::ReleaseAddress => "release-address",
        }
    }

    pub fn from_name(name: &str) -> Option<Verb> {
        Verb::ALL.into_iter().find(|verb| verb.name() == name)
    }
}

/// What was said beside the ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// Volumes that outlive a termination are to be left, and go on billing.
    pub leave_volumes: bool,
    /// They are to be deleted after it.
    pub delete_volumes: bool,
    /// What is on instance store may be lost by a stop.
    pub lose_instance_store: bool,
    /// An address in use may be taken from who uses it.
    pub disassociate: bool,
}

/// One call that changes something, or the wait between two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    StopInstance { id: String },
    TerminateInstance { id: String },
    WaitTerminated { id: String },
    CreateSnapshot { volume_id: String, size_gb: u32 },
    DetachVolume { volume_id: String, instance_id: String },
    DeleteVolume { volume_id: String },
    DisassociateAddress { association_id: String },
    ReleaseAddress { allocation_id: String },
}

impl Step {
    /// The IAM action that it needs.
    pub const fn action(&self) -> &'static str {
        match self {
            Step::StopInstance { .. } => "ec2:StopInstances",
            Step::TerminateInstance { .. } => "ec2:TerminateInstances",
            Step::WaitTerminated { .. } => "ec2:DescribeInstances",
            Step::CreateSnapshot { .. } => "ec2:CreateSnapshot",
            Step::DetachVolume { .. } => "ec2:DetachVolume",
            Step::DeleteVolume { .. } => "ec2:DeleteVolume",
            Step::DisassociateAddress { .. } => "ec2:DisassociateAddress",
            Step::ReleaseAddress { .. } => "ec2:ReleaseAddress",
        }
    }

    /// In words: `delete vol-1`.
    pub fn words(&self) -> String {
        match self {
            Step::StopInstance { id } => format!("stop {id}"),
            Step::TerminateInstance { id } => format!("terminate {id}"),
            Step::WaitTerminated { id } => format!("wait until {id} is terminated"),
            Step::CreateSnapshot { volume_id, .. } => format!("snapshot {volume_id}, wait until it is complete"),
            Step::DetachVolume { volume_id, instance_id } => format!("detach {volume_id} from {instance_id}"),
            Step::DeleteVolume { volume_id } => format!("delete {volume_id}"),
            Step::DisassociateAddress { association_id } => format!("disassociate {association_id}"),
            Step::ReleaseAddress { allocation_id } => format!("release {allocation_id}"),
        }
    }
}

/// What would be done to one resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub verb: Verb,
    /// As it was asked for.
    pub id: String,
    /// Untrusted text.
    pub name: String,
    pub region: String,
    /// The state it rests on, in words; it is looked at again just before the first call.
    pub state: String,
    pub steps: Vec<Step>,
    pub saving_per_month: Dollars,
    /// What goes on being charged.
    pub goes_on: Dollars,
    pub lost: String,
    /// Volumes that are left, and go on billing.
    pub survive: Vec<String>,
}

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
    if instance.purchase == Purchase::Spot && !instance.spot_is_persistent {
        return Err(Refusal::new(
            &instance.id,
            "it is a one-time spot instance, which cannot be stopped",
            "save what it holds, then `gpucost terminate`",
        ));
    }
    let store = instance_store(instance, card);
    if let Some(store) = store.filter(|_| !consent.lose_instance_store) {
        return Err(Refusal::new(
            &instance.id,
            &format!("a stop loses what is on its instance store ({store})"),
            "save that first, then say --lose-instance-store",
        ));
    }
    let lost = match store {
        Some(store) => format!("what is in memory and on its instance store ({store})"),
        None => "what is in memory".to_owned(),
    };
    let address = if instance.auto_address { "; its automatic public address" } else { "" };
    Ok(Plan {
        verb: Verb::Stop,
        steps: vec![Step::StopInstance { id: instance.id.clone() }],
        saving_per_month: running_month(instance, card),
        goes_on: at_rest(&instance.volumes, instance, card),
        lost: format!("{lost}{address}"),
        survive: Vec::new(),
        ..for_instance(instance, Verb::Stop)
    })
}

/// # Errors
/// Why it is refused.
pub fn plan_terminate(instance: &LiveInstance, consent: Consent, card: &RateCard) -> Result<Plan, Refusal> {
    refusal::of_instance(instance)?;
    if matches!(instance.state, InstanceState::Terminated | InstanceState::ShuttingDown) {
        return Err(Refusal::state(&instance.id, instance.state.name(), "it is gone, or going"));
    }
    if instance.termination_protected {
        return Err(Refusal::protected(&instance.id, "termination protection is on (DisableApiTermination)"));
    }
    let (survivors, gone): (Vec<&LiveVolume>, Vec<&LiveVolume>) =
        instance.volumes.iter().partition(|volume| !volume.deleted_with_instance);
    if !survivors.is_empty() && !consent.leave_volumes && !consent.delete_volumes {
        let names: Vec<&str> = survivors.iter().map(|volume| volume.id.as_str()).collect();
        return Err(Refusal::new(
            &instance.id,
            &format!("{} would survive it and go on billing", names.join(", ")),
            "say --leave-volumes to leave them, --delete-volumes to delete them after it",
        ));
    }
    let mut steps = vec![Step::TerminateInstance { id: instance.id.clone() }];
    if consent.delete_volumes && !survivors.is_empty() {
        steps.push(Step::WaitTerminated { id: instance.id.clone() });
        steps.extend(survivors.iter().map(|volume| Step::DeleteVolume { volume_id: volume.id.clone() }));
    }
    let kept: Vec<&LiveVolume> = if consent.delete_volumes { Vec::new() } else { survivors.clone() };
    let lost: Vec<String> = gone
        .iter()
        .chain(if consent.delete_volumes { survivors.iter() } else { [].iter() })
        .map(|v| v.id.clone())
        .collect();
    let all = instance.volumes.iter().fold(Dollars::ZERO, |sum, volume| sum.plus(month_of(volume, card)));
    let goes_on = kept.iter().fold(addresses_month(instance, card), |sum, volume| sum.plus(month_of(volume, card)));
    let volumes_saved = all.less(kept.iter().fold(Dollars::ZERO, |sum, volume| sum.plus(month_of(volume, card))));
    let running = if instance.state.is_stopped() { Dollars::ZERO } else { running_month(instance, card) };
    Ok(Plan {
        steps,
        saving_per_month: running.plus(volumes_saved),
        goes_on,
        lost: match lost.as_slice() {
            [] => "the instance".to_owned(),
            ids => format!("the instance and the data of {}", ids.join(", ")),
        },
        survive: kept.iter().map(|volume| format!("{} ({})", volume.id, shape_name(Some(&volume.shape)))).collect(),
        ..for_instance(instance, Verb::Terminate)
    })
}

/// `holder` is the instance that the volume is attached to, if any.
///
/// # Errors
/// Why it is refused.
pub fn plan_snapshot_and_delete(
    volume: &LiveVolume,
    holder: Option<&LiveInstance>,
    card: &RateCard,
) -> Result<Plan, Refusal> {
    refusal::of_volume(volume, holder)?;
    let mut steps = vec![Step::CreateSnapshot { volume_id: volume.id.clone(), size_gb: volume.shape.size_gb }];
    let mut lost = "nothing once the snapshot is complete; first reads of a restored volume are slow".to_owned();
    if let Some(instance) = holder {
        steps.push(Step::DetachVolume { volume_id: volume.id.clone(), instance_id: instance.id.clone() });
        if instance.root_device == volume.device {
            lost = format!("{} does not start without it, its root volume, until it is restored; {lost}", instance.id);
        }
    }
    steps.push(Step::DeleteVolume { volume_id: volume.id.clone() });
    let month = month_of(volume, card);
    let snapshot =
        super::cost::snapshot_month(&volume.region, crate::catalog::SnapshotRate::Standard, Some(&volume.shape), card);
    Ok(Plan {
        verb: Verb::SnapshotAndDelete,
        id: volume.id.clone(),
        name: volume.name.clone(),
        region: volume.region.clone(),
        state: volume.state_with(holder),
        steps,
        saving_per_month: month.less(snapshot.clone()),
        goes_on: snapshot,
        lost,
        survive: Vec::new(),
    })
}

/// # Errors
/// Why it is refused.
pub fn plan_release(address: &LiveAddress, consent: Consent, card: &RateCard) -> Result<Plan, Refusal> {
    refusal::of_address(address)?;
    let mut steps = Vec::new();
    if let Some(association) = &address.association_id {
        if !consent.disassociate {
            let with = address.instance_id.as_deref().unwrap_or("a network interface");
            return Err(Refusal::new(
                &address.id,
                &format!("{} is associated with {with}", address.public_ip),
                "say --disassociate to take it away first",
            ));
        }
        steps.push(Step::DisassociateAddress { association_id: association.clone() });
    }
    steps.push(Step::ReleaseAddress { allocation_id: address.id.clone() });
    Ok(Plan {
        verb: Verb::ReleaseAddress,
        id: address.id.clone(),
        name: address.name.clone(),
        region: address.region.clone(),
        state: address.state_words(),
        steps,
        saving_per_month: address_month(&address.region, address.association_id.is_some(), card).dollars,
        goes_on: Dollars::ZERO,
        lost: format!("the address for good: {}", address.public_ip),
        survive: Vec::new(),
    })
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
    }
}

/// What is not known to have none may have one.
fn instance_store<'c>(instance: &LiveInstance, card: &'c RateCard) -> Option<&'c str> {
    let Some(kind) = card.instance_type(&instance.instance_type) else { return Some(UNKNOWN_STORE) };
    kind.local_storage.or(Some(UNKNOWN_STORE)).filter(|storage| *storage != "EBS only")
}

const UNKNOWN_STORE: &str = "whether it has one is not known";

fn month_of(volume: &LiveVolume, card: &RateCard) -> Dollars {
    volume_month(&volume.region, Some(&volume.shape), card).dollars
}

fn addresses_month(instance: &LiveInstance, card: &RateCard) -> Dollars {
    let each = || address_month(&instance.region, false, card).dollars;
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
        return compute.plus(address_month(&instance.region, true, card).dollars);
    }
    compute
}
