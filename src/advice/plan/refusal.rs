//! Why an action is not done, and what to do instead.

use super::live::{LiveAddress, LiveInstance, LiveVolume};
use crate::ledger::{InstanceState, Tags};

/// A tag of this name keeps gpucost's hands off, whatever its value.
pub const PROTECT_TAG: &str = "gpucost:protect";

/// Who else starts, stops and replaces an instance, told by tags that AWS sets.
/// <https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet-tags.html> (not checked since this was written)
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
        protect_tag(&instance.id, &volume.tags).map_err(|_| {
            Refusal::protected(&instance.id, &format!("its volume {} has the tag {PROTECT_TAG}", volume.id))
        })?;
    }
    managed(&instance.id, &instance.tags)
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
    if let Some(instance) = holder {
        protect_tag(&volume.id, &instance.tags)?;
        managed(&volume.id, &instance.tags)?;
        if instance.state != InstanceState::Stopped {
            let why = format!("it is attached to {}, which is {}", instance.id, instance.state.name());
            return Err(Refusal::new(&volume.id, &why, "stop the instance first: `gpucost stop`"));
        }
    }
    match (volume.state.as_str(), &volume.attached_to, holder) {
        ("available", None, _) | ("in-use", Some(_), Some(_)) => Ok(()),
        ("in-use", Some(id), None) => Err(Refusal::new(
            &volume.id,
            &format!("it is attached to {id}, which cannot be looked at"),
            "ask for a policy that allows ec2:DescribeInstances",
        )),
        (state, ..) => Err(Refusal::state(&volume.id, state, "it is in no state to be deleted from")),
    }
}

pub(super) fn of_address(address: &LiveAddress) -> Result<(), Refusal> {
    protect_tag(&address.id, &address.tags)
}
