//! Why an action is not done, and what to do instead.

use super::live::{AddressUser, LiveAddress, LiveInstance, LiveVolume};
use crate::ledger::{InstanceState, Tags};

/// A tag of this name keeps gpucost's hands off, whatever its value.
pub const PROTECT_TAG: &str = "gpucost:protect";

/// Who else starts, stops and replaces an instance, told by tags that AWS and Kubernetes' tools set. Auto Scaling tags what
/// it launches: <http://docs.aws.amazon.com/AutoScaling/latest/DeveloperGuide/ASTagging.html> (read 2026-11-27), and so does
/// an EC2 Fleet, as AWS's workshop on spot instances says (read 2026-11-28). The tags of Spot Fleets and clusters are those
/// that public code filters by (read 2026-11-27; AWS's own pages on them name none: looked for 2026-11-28).
const MANAGERS: [(&str, &str); 6] = [
    ("aws:autoscaling:groupName", "an Auto Scaling group"),
    ("eks:cluster-name", "an EKS cluster"),
    ("eks:nodegroup-name", "an EKS node group"),
    ("kubernetes.io/cluster/", "a Kubernetes cluster"),
    ("aws:ec2spot:fleet-request-id", "a Spot Fleet"),
    ("aws:ec2:fleet-id", "an EC2 Fleet"),
];

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{id}: {why}")]
pub struct Refusal {
    pub id: String,
    pub why: String,
    pub instead: String,
}

impl Refusal {
    pub fn new(id: &str, why: &str, instead: &str) -> Refusal {
        Refusal { id: id.to_owned(), why: why.to_owned(), instead: instead.to_owned() }
    }

    pub(super) fn state(id: &str, state: &str, why: &str) -> Refusal {
        Refusal::new(id, &format!("{why}: AWS says {state}"), "`gpucost track` records what is there now")
    }

    pub(super) fn protected(id: &str, why: &str) -> Refusal {
        Refusal::new(
            id,
            &format!("it is protected: {why}"),
            "ask who protected it, and take the protection away in AWS",
        )
    }

    /// What was planned for is not what is there any more.
    pub fn changed(id: &str, planned: &str, now: &str) -> Refusal {
        Refusal::new(
            id,
            &format!("it has changed since it was planned for: it was {planned}, it is {now}"),
            "look again: run the command anew",
        )
    }
}

fn protect_tag(id: &str, tags: &Tags) -> Result<(), Refusal> {
    match tags.contains_key(PROTECT_TAG) {
        true => Err(Refusal::protected(id, &format!("it has the tag {PROTECT_TAG}"))),
        false => Ok(()),
    }
}

/// Its own protection, its volumes', and whoever else manages it.
pub(super) fn of_instance(instance: &LiveInstance) -> Result<(), Refusal> {
    protect_tag(&instance.id, &instance.tags)?;
    for volume in &instance.volumes {
        of_part(&instance.id, volume)?;
    }
    managed(&instance.id, &instance.tags)
}

/// Of a volume that would go with its instance.
pub(super) fn of_part(instance_id: &str, volume: &LiveVolume) -> Result<(), Refusal> {
    protect_tag(instance_id, &volume.tags)
        .map_err(|_| Refusal::protected(instance_id, &format!("its volume {} has the tag {PROTECT_TAG}", volume.id)))
}

fn managed(id: &str, tags: &Tags) -> Result<(), Refusal> {
    // Kubernetes has the cluster's name in the key.
    let is_by = |tag: &str, key: &str| if tag.ends_with('/') { key.starts_with(tag) } else { key == tag };
    match MANAGERS.iter().find(|(tag, _)| tags.keys().any(|key| is_by(tag, key))) {
        Some((tag, manager)) => Err(Refusal::new(
            id,
            &format!("it belongs to {manager} (tag {tag}), which would replace it"),
            "change that group's size instead",
        )),
        None => Ok(()),
    }
}

pub(super) fn of_volume(volume: &LiveVolume, holder: Option<&LiveInstance>) -> Result<(), Refusal> {
    protect_tag(&volume.id, &volume.tags)?;
    if let several @ [_, _, ..] = volume.attachments.as_slice() {
        let names: Vec<&str> = several.iter().map(|attachment| attachment.to.as_str()).collect();
        return Err(Refusal::new(
            &volume.id,
            &format!("it is attached to {} at once: any of them may write to it", names.join(" and ")),
            "take it off all but one of them, which is stopped: `aws ec2 detach-volume`",
        ));
    }
    if let Some(instance) = holder {
        of_holder(&volume.id, instance)?;
    }
    let held_by = volume.attachments.first().map(|attachment| attachment.to.as_str());
    match (volume.state.as_str(), held_by, holder) {
        ("available", None, None) => Ok(()),
        ("in-use", Some(id), Some(holder)) if holder.id == id => Ok(()),
        ("in-use", Some(id), None) => Err(Refusal::new(
            &volume.id,
            &format!("it is attached to {id}, which cannot be looked at"),
            "ask for a policy that allows ec2:DescribeInstances",
        )),
        (state, ..) => Err(Refusal::state(&volume.id, state, "it is in no state to be deleted from")),
    }
}

/// Of the instance that a volume is to be taken off.
fn of_holder(id: &str, instance: &LiveInstance) -> Result<(), Refusal> {
    of_user(id, &instance.id, &instance.tags)?;
    if instance.state == InstanceState::Stopped {
        return Ok(());
    }
    let why = format!("it is attached to {}, which is {}", instance.id, instance.state.name());
    Err(Refusal::new(id, &why, "stop the instance first: `gpucost stop`"))
}

/// Who uses something may be protected, or another's, though the thing itself be neither.
fn of_user(id: &str, user: &str, tags: &Tags) -> Result<(), Refusal> {
    protect_tag(id, tags)
        .map_err(|_| Refusal::protected(id, &format!("{user}, which uses it, has the tag {PROTECT_TAG}")))?;
    managed(user, tags).map_err(|refusal| Refusal {
        id: id.to_owned(),
        why: format!("{user}: {}", refusal.why),
        ..refusal
    })
}

pub(super) fn of_address(address: &LiveAddress) -> Result<(), Refusal> {
    protect_tag(&address.id, &address.tags)
}

/// Of an address that is to be taken from who uses it, if that could be looked at.
pub(super) fn of_address_in_use(address: &LiveAddress, user: Option<&AddressUser>) -> Result<(), Refusal> {
    let id = address.user_id().unwrap_or("something that AWS does not name");
    let refused = |why: String, instead: &str| Err(Refusal::new(&address.id, &why, instead));
    match user {
        None => refused(
            format!("it is on {id}, which cannot be looked at"),
            "ask for a policy that allows ec2:DescribeInstances and ec2:DescribeNetworkInterfaces",
        ),
        Some(AddressUser { made_by_aws: Some(what), .. }) => refused(
            format!("it is on {id}, which a service of AWS made and needs ({what})"),
            "delete what it was made for, a NAT gateway or a load balancer: its address is idle then",
        ),
        Some(AddressUser { tags, made_by_aws: None }) => of_user(&address.id, id, tags),
    }
}
