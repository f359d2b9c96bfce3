//! What an audit log says changed a resource, and when to the second.

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
