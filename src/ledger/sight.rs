//! What a look at AWS showed: instances, volumes, addresses, snapshots and images, each at one instant.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use super::fact::Purchase;
use super::tags::Tags;
use crate::catalog::VolumeType;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InstanceState {
    Pending,
    Running,
    Stopping,
    Stopped,
    ShuttingDown,
    Terminated,
}

impl InstanceState {
    pub const fn name(self) -> &'static str {
        match self {
            InstanceState::Pending => "pending",
            InstanceState::Running => "running",
            InstanceState::Stopping => "stopping",
            InstanceState::Stopped => "stopped",
            InstanceState::ShuttingDown => "shutting-down",
            InstanceState::Terminated => "terminated",
        }
    }

    pub fn from_name(name: &str) -> Option<InstanceState> {
        [
            InstanceState::Pending,
            InstanceState::Running,
            InstanceState::Stopping,
            InstanceState::Stopped,
            InstanceState::ShuttingDown,
            InstanceState::Terminated,
        ]
        .into_iter()
        .find(|state| state.name() == name)
    }

    pub const fn is_gone(self) -> bool {
        matches!(self, InstanceState::ShuttingDown | InstanceState::Terminated)
    }

    /// Whether AWS has stopped the meter. `stopping` and `shutting-down` bill no more, but for hibernation.
    pub const fn is_stopped(self) -> bool {
        matches!(
            self,
            InstanceState::Stopping | InstanceState::Stopped | InstanceState::ShuttingDown | InstanceState::Terminated
        )
    }
}

/// An instance as `describe-instances` showed it at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceSeen {
    pub account: String,
    pub region: String,
    pub instance_id: String,
    pub name: String,
    pub tags: Tags,
    pub instance_type: String,
    pub state: InstanceState,
    /// The last start.
    pub launch_time: Timestamp,
    /// `StateTransitionReason`, as AWS wrote it.
    pub reason: String,
    /// `PlatformDetails`; empty where the answer has none (older outputs), which AWS means as Linux.
    pub platform: String,
    pub purchase: Purchase,
    pub public_ip: Option<String>,
    /// The public address is an Elastic IP (its owner is not `amazon`).
    pub elastic_ip: bool,
    /// What is derived of an instance shares them.
    pub volumes: Arc<[VolumeAttachment]>,
    /// `RootDeviceName`, where the answer has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root_device: Option<String>,
    pub seen_at: Timestamp,
}

/// A volume as an instance names it: no size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeAttachment {
    pub volume_id: String,
    pub device: String,
    pub delete_on_termination: bool,
    pub attached_at: Option<Timestamp>,
}

/// A volume as `describe-volumes` showed it at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeSeen {
    pub region: String,
    pub volume_id: String,
    pub name: String,
    pub tags: Tags,
    /// What AWS calls it: borrowed, where gpucost knows it.
    #[serde(deserialize_with = "volume_type")]
    pub volume_type: Cow<'static, str>,
    pub size_gb: u32,
    pub iops: Option<u32>,
    pub throughput_mibps: Option<u32>,
    pub created_at: Timestamp,
    pub state: String,
    /// (instance, deleted with it)
    pub attached_to: Option<(String, bool)>,
    pub seen_at: Timestamp,
}

fn volume_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'static, str>, D::Error> {
    String::deserialize(deserializer).map(|name| VolumeType::known_name(&name))
}

/// An Elastic IP address as `describe-addresses` showed it. AWS does not say since when it is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressSeen {
    pub region: String,
    pub allocation_id: String,
    pub public_ip: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    pub instance_id: Option<String>,
    pub associated: bool,
    pub seen_at: Timestamp,
}

/// A snapshot as `describe-snapshots` showed it. AWS bills changed blocks, which the answer does not
/// tell: the volume's size is only the upper bound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotSeen {
    pub account: String,
    pub region: String,
    pub snapshot_id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    pub volume_id: String,
    pub volume_size_gb: u32,
    pub full_size_bytes: Option<u64>,
    pub started_at: Timestamp,
    pub archived: bool,
    /// What who made it wrote. Untrusted text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub seen_at: Timestamp,
}

/// An AMI of the account's own, as `describe-images --owners self` showed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageSeen {
    pub account: String,
    pub region: String,
    pub image_id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    pub tags: Tags,
    /// The snapshots that it is made of.
    pub snapshots: Vec<String>,
    pub seen_at: Timestamp,
}
