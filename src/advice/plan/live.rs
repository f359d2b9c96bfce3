//! What AWS says of a resource at the moment it is asked. Names and tags are untrusted text.

use jiff::Timestamp;

use crate::ledger::{InstanceState, Purchase, Tags, VolumeShape};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveInstance {
    pub id: String,
    pub name: String,
    pub region: String,
    pub tags: Tags,
    pub instance_type: String,
    pub state: InstanceState,
    pub launched_at: Timestamp,
    pub purchase: Purchase,
    /// Of a spot instance: what launched it, if AWS names that.
    pub spot_request: Option<SpotRequest>,
    pub is_linux: bool,
    pub root_device: String,
    pub termination_protected: bool,
    pub stop_protected: bool,
    /// It has a public address that goes at its stop.
    pub auto_address: bool,
    /// Elastic IPs that go on.
    pub elastic_addresses: u32,
    pub volumes: Vec<LiveVolume>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveVolume {
    pub id: String,
    pub name: String,
    pub region: String,
    pub tags: Tags,
    pub shape: VolumeShape,
    /// As AWS calls it: `available`, `in-use`.
    pub state: String,
    /// More than one where it is shared (Multi-Attach).
    pub attachments: Vec<Attachment>,
}

/// Where a volume is attached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// An instance, or what else AWS names.
    pub to: String,
    pub device: String,
    pub attached_at: Option<Timestamp>,
    pub deleted_with_instance: bool,
}

/// The request that a spot instance was launched by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpotRequest {
    pub id: String,
    /// An instance of it may be stopped; for one that ends it launches another.
    pub is_persistent: bool,
    /// It was canceled, or has ended, or is not there any more: it launches nothing.
    pub is_over: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveAddress {
    /// The allocation.
    pub id: String,
    pub name: String,
    pub region: String,
    pub tags: Tags,
    pub public_ip: String,
    pub association_id: Option<String>,
    pub instance_id: Option<String>,
    /// Of the instance, or of none: a load balancer's, a NAT gateway's, one that stands by.
    pub interface_id: Option<String>,
}

/// What an address is associated with, as far as it tells whether the address may be taken: an instance, or a network
/// interface of none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressUser {
    pub tags: Tags,
    /// What AWS says of an interface that one of its services made: `Interface for NAT Gateway nat-…`.
    pub made_by_aws: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSnapshot {
    pub id: String,
    pub volume_id: String,
    pub size_gb: u32,
    /// As AWS calls it: `pending`, `completed`, `error`.
    pub state: String,
    pub progress: String,
}

impl LiveInstance {
    pub const fn is_gone(&self) -> bool {
        self.state.is_gone()
    }

    /// What must not have changed between the plan and the call.
    pub fn state_words(&self) -> String {
        format!("{}, started {}", self.state.name(), self.launched_at)
    }
}

impl LiveVolume {
    /// Whether it is deleted when this instance is terminated. One that others hold too stays: it goes with the last that
    /// holds it, if that is set so. <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volumes-multi.html> (read 2026-11-28)
    pub fn goes_with(&self, instance_id: &str) -> bool {
        let [only] = self.attachments.as_slice() else { return false };
        only.to == instance_id && only.deleted_with_instance
    }

    /// What must not have changed between the plan and the call.
    pub fn state_words(&self) -> String {
        if self.attachments.is_empty() {
            return format!("{}, attached to nothing", self.state);
        }
        let mut held: Vec<String> = self.attachments.iter().map(Attachment::words).collect();
        held.sort_unstable();
        format!("{}, {}", self.state, held.join(", "))
    }

    /// With the last start of the instance that holds it: one that was started since has written to it, though the
    /// attachment be the same.
    pub fn state_with(&self, holder: Option<&LiveInstance>) -> String {
        match holder {
            Some(instance) => format!("{}, which is {}", self.state_words(), instance.state_words()),
            None => self.state_words(),
        }
    }
}

impl Attachment {
    fn words(&self) -> String {
        match self.attached_at {
            Some(at) => format!("on {} since {at}", self.to),
            None => format!("on {}", self.to),
        }
    }
}

impl LiveAddress {
    /// What must not have changed between the plan and the call.
    pub fn state_words(&self) -> String {
        match (&self.association_id, self.user_id()) {
            (None, _) => "associated with nothing".to_owned(),
            (Some(association), Some(id)) => format!("{association}, on {id}"),
            (Some(association), None) => association.clone(),
        }
    }

    /// What it is associated with.
    pub fn user_id(&self) -> Option<&str> {
        self.instance_id.as_deref().or(self.interface_id.as_deref())
    }
}

impl LiveSnapshot {
    /// Whether it is a whole copy of this volume.
    pub fn is_complete_of(&self, volume_id: &str, size_gb: u32) -> bool {
        self.state == "completed" && self.volume_id == volume_id && self.size_gb == size_gb
    }
}
