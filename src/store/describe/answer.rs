//! The JSON that AWS's describe calls answer with: the fields that gpucost uses.

use serde::Deserialize;

#[derive(Deserialize)]
pub(super) struct Document {
    #[serde(rename = "Reservations")]
    pub(super) reservations: Option<Vec<Reservation>>,
    #[serde(rename = "Volumes")]
    pub(super) volumes: Option<Vec<Volume>>,
    #[serde(rename = "Addresses")]
    pub(super) addresses: Option<Vec<Address>>,
    #[serde(rename = "Snapshots")]
    pub(super) snapshots: Option<Vec<Snapshot>>,
    #[serde(rename = "Images")]
    pub(super) images: Option<Vec<Image>>,
    /// There is more that was not printed.
    #[serde(rename = "NextToken")]
    pub(super) next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Reservation {
    #[serde(default)]
    pub(super) owner_id: String,
    #[serde(default)]
    pub(super) instances: Vec<Instance>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Instance {
    pub(super) instance_id: String,
    pub(super) instance_type: String,
    pub(super) launch_time: String,
    pub(super) state: State,
    #[serde(default)]
    pub(super) state_transition_reason: String,
    #[serde(default)]
    pub(super) platform_details: String,
    #[serde(default)]
    pub(super) platform: String,
    #[serde(default)]
    pub(super) instance_lifecycle: String,
    pub(super) placement: Option<Placement>,
    pub(super) public_ip_address: Option<String>,
    #[serde(default)]
    pub(super) network_interfaces: Vec<Interface>,
    #[serde(default)]
    pub(super) block_device_mappings: Vec<Mapping>,
    pub(super) root_device_name: Option<String>,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct State {
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Placement {
    pub(super) availability_zone: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Interface {
    pub(super) association: Option<Association>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Association {
    pub(super) ip_owner_id: Option<String>,
    pub(super) public_ip: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Mapping {
    #[serde(default)]
    pub(super) device_name: String,
    pub(super) ebs: Option<Ebs>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Ebs {
    pub(super) volume_id: Option<String>,
    #[serde(default)]
    pub(super) delete_on_termination: bool,
    pub(super) attach_time: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    pub(super) key: String,
    #[serde(default)]
    pub(super) value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Volume {
    pub(super) volume_id: String,
    pub(super) volume_type: String,
    pub(super) size: u32,
    pub(super) iops: Option<u32>,
    pub(super) throughput: Option<u32>,
    pub(super) create_time: String,
    #[serde(default)]
    pub(super) state: String,
    pub(super) availability_zone: Option<String>,
    #[serde(default)]
    pub(super) attachments: Vec<Attachment>,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attachment {
    pub(super) instance_id: Option<String>,
    #[serde(default)]
    pub(super) delete_on_termination: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Address {
    pub(super) allocation_id: Option<String>,
    pub(super) public_ip: Option<String>,
    pub(super) instance_id: Option<String>,
    pub(super) association_id: Option<String>,
    pub(super) network_border_group: Option<String>,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Snapshot {
    pub(super) snapshot_id: String,
    #[serde(default)]
    pub(super) owner_id: String,
    #[serde(default)]
    pub(super) volume_id: String,
    pub(super) volume_size: u32,
    pub(super) full_snapshot_size_in_bytes: Option<u64>,
    pub(super) start_time: String,
    pub(super) storage_tier: Option<String>,
    pub(super) availability_zone: Option<String>,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Image {
    pub(super) image_id: String,
    #[serde(default)]
    pub(super) owner_id: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) block_device_mappings: Vec<ImageMapping>,
    #[serde(default)]
    pub(super) tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImageMapping {
    pub(super) ebs: Option<ImageDisk>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ImageDisk {
    pub(super) snapshot_id: Option<String>,
}
