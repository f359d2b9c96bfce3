//! What an audit log says changed a resource, and when to the second.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A call that changed a resource, from AWS CloudTrail. Only calls that took effect: no error, no dry run, no stop of
/// what stood still.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceChanged {
    pub account: String,
    pub region: String,
    /// An instance's or a volume's.
    pub resource_id: String,
    pub at: Timestamp,
    pub change: Change,
    /// CloudTrail's own id of the event: one event is one fact, however often it is looked up.
    pub event_id: String,
}

/// What the call did. Fields are `None` where the event does not say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Change {
    /// RunInstances
    Launched {
        instance_type: Option<String>,
    },
    Started,
    Stopped,
    Terminated,
    /// ModifyInstanceAttribute
    Retyped {
        instance_type: String,
    },
    /// CreateVolume
    VolumeCreated {
        volume_type: Option<String>,
        size_gb: Option<u32>,
        iops: Option<u32>,
        throughput_mibps: Option<u32>,
    },
    VolumeDeleted,
    /// ModifyVolume: from here on the volume is billed as this.
    VolumeModified {
        volume_type: Option<String>,
        size_gb: Option<u32>,
        iops: Option<u32>,
        throughput_mibps: Option<u32>,
    },
}

/// What a list of AWS can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    Instance,
    Volume,
    Address,
    Snapshot,
    /// An AMI that the account owns.
    Image,
}

impl ResourceKind {
    pub const ALL: [ResourceKind; 5] = [
        ResourceKind::Instance,
        ResourceKind::Volume,
        ResourceKind::Address,
        ResourceKind::Snapshot,
        ResourceKind::Image,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            ResourceKind::Instance => "instance",
            ResourceKind::Volume => "volume",
            ResourceKind::Address => "address",
            ResourceKind::Snapshot => "snapshot",
            ResourceKind::Image => "image",
        }
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A resource that was in its list at one poll, and not in the whole list of a later one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceGone {
    pub what: ResourceKind,
    pub account: String,
    pub region: String,
    pub resource_id: String,
    pub last_seen: Timestamp,
    /// The first poll that missed it.
    pub missed_at: Timestamp,
}

/// A list that was read whole: what it does not name was not there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourcesListed {
    pub what: ResourceKind,
    /// Empty where the answer does not say.
    pub account: String,
    pub region: String,
    pub at: Timestamp,
    /// gpucost asked for all of it itself; otherwise somebody printed it, and filters leave no trace.
    pub polled: bool,
}
