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
    /// Of a spot instance: it may be stopped and comes back.
    pub spot_is_persistent: bool,
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
    pub attached_to: Option<String>,
    pub device: String,
    pub attached_at: Option<Timestamp>,
    pub deleted_with_instance: bool,
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
    /// What must not have changed between the plan and the call.
    pub fn state_words(&self) -> String {
        format!("{}, started {}", self.state.name(), self.launched_at)
    }
}

impl LiveVolume {
    /// What must not have changed between the plan and the call.
    pub fn state_words(&self) -> String {
        match (&self.attached_to, self.attached_at) {
            (Some(id), Some(at)) => format!("{}, on {id} since {at}", self.state),
            (Some(id), None) => format!("{}, on {id}", self.state),
            (None, _) => format!("{}, attached to nothing", self.state),
        }
    }
}

impl LiveVolume {
    /// With the last start of the instance that holds it: one that was started since has written to it, though the
    /// attachment be the same.
    pub fn state_with(&self, holder: Option<&LiveInstance>) -> String {
        match holder {
            Some(instance) => format!("{}, which is {}", self.state_words(), instance.state_words()),
            None => self.state_words(),
        }
    }
}

impl LiveAddress {
    /// What must not have changed between the plan and the call.
    pub fn state_words(&self) -> String {
        match (&self.association_id, &self.instance_id) {
            (None, _) => "associated with nothing".to_owned(),
            (Some(association), Some(id)) => format!("{association}, on {id}"),
            (Some(association), None) => association.clone(),
        }
    }
}

impl LiveSnapshot {
    /// Whether it is a whole copy of this volume.
    pub fn is_complete_of(&self, volume_id: &str, size_gb: u32) -> bool {
        self.state == "completed" && self.volume_id == volume_id && self.size_gb == size_gb
    }
}
