//! What an action would do to one resource, before it is done: its steps in order, its dollars, what is lost; or why it
//! is refused. A function of what AWS says is there now: nothing here acts.

mod address;
mod instance;
mod live;
mod refusal;
mod volume;

pub use address::plan_release;
pub use instance::{Rest, plan_rest_of_termination, plan_stop, plan_terminate};
pub use live::{AddressUser, Attachment, LiveAddress, LiveInstance, LiveSnapshot, LiveVolume, SpotRequest};
pub use refusal::{PROTECT_TAG, Refusal};
pub use volume::plan_snapshot_and_delete;

use serde::{Deserialize, Serialize};

use super::dollars::Dollars;

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

/// One call that changes something, or the wait between two. Kept with the record of an action: what a run that died had
/// agreed to is read from there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
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
    /// The record of an earlier run whose action it goes on with.
    pub resumes: Option<String>,
}
