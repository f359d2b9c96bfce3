//! What `aws ec2 describe-instances|volumes|addresses|snapshots|images` prints, told apart by content.
//!
//! The shapes are AWS's: <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/> (read 2026-11-22).
//! Only the fields gpucost uses are read; a field it needs and does not find is an error, never a guess.

mod answer;

use std::collections::BTreeSet;

use jiff::Timestamp;

use answer::{Address, Document, Image, Instance, Snapshot, Tag, Volume};

use crate::catalog::{VolumeType, region_of_zone};
use crate::ledger::{
    AddressSeen, Fact, ImageSeen, InstanceSeen, InstanceState, Purchase, ResourceKind, ResourcesListed, SnapshotSeen,
    Tags, VolumeAttachment, VolumeSeen,
};
use crate::time::parse_timestamp;

/// What is wrong with a description. `record` counts from 1 in its list; 0 is the document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{why}", if *record == 0 { String::new() } else { format!("{list} record {record}: ") })]
pub struct DescribeError {
    pub list: &'static str,
    pub record: u64,
    pub why: String,
}

/// The facts of one document, each with its place in its list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    pub facts: Vec<(u64, Fact)>,
    /// Lists that tell by what they leave out. The document does not show a filter: that it is whole is the word of who
    /// printed it.
    pub lists: Vec<ResourcesListed>,
    /// `describe-instances`, or several joined by `+`.
    pub format: String,
}

/// Reads a document. `seen_at` is when AWS answered; `region` serves where the answer names none
/// (addresses on older outputs, snapshots, images).
///
/// # Errors
/// JSON that is none of these five documents, a record without a field gpucost needs, a time after
/// `seen_at`.
pub fn read_descriptions(json: &str, seen_at: Timestamp, region: Option<&str>) -> Result<Described, DescribeError> {
    let broken = |why| DescribeError { list: "document", record: 0, why };
    // serde would take a list for an object's fields in order.
    if json.trim_start().starts_with('[') {
        return Err(broken("it is a JSON list, not the object that an aws ec2 describe command prints".to_owned()));
    }
    let document: Document = serde_json::from_str(json).map_err(|e| {
        broken(match e.classify() {
            serde_json::error::Category::Data => format!("it is not what an aws ec2 describe command prints: {e}"),
            serde_json::error::Category::Eof => format!("the JSON ends too early: {e}"),
            _ => format!("it is not JSON: {e}"),
        })
    })?;
    let mut described = Described::default();
    let mut formats = Vec::new();
    let given = Given { seen_at, region };
    if let Some(reservations) = document.reservations {
        formats.push("describe-instances");
        let instances =
            reservations.into_iter().flat_map(|r| r.instances.into_iter().map(move |i| (r.owner_id.clone(), i)));
        read_list("Instances", instances, &mut described, |(owner, instance)| given.instance(owner, instance))?;
    }
    if let Some(volumes) = document.volumes {
        formats.push("describe-volumes");
        read_list("Volumes", volumes, &mut described, |volume| given.volume(volume))?;
    }
    if let Some(addresses) = document.addresses {
        formats.push("describe-addresses");
        read_list("Addresses", addresses, &mut described, |address| given.address(address))?;
    }
    if let Some(snapshots) = document.snapshots {
        formats.push("describe-snapshots");
        read_list("Snapshots", snapshots, &mut described, |snapshot| given.snapshot(snapshot))?;
    }
    if let Some(images) = document.images {
        formats.push("describe-images");
        read_list("Images", images, &mut described, |image| given.image(image))?;
    }
    if formats.is_empty() {
        return Err(broken("it has none of Reservations, Volumes, Addresses, Snapshots, Images".to_owned()));
    }
    if document.next_token.is_none() {
        described.lists = given.lists(&formats, &described.facts);
    }
    described.format = formats.join("+");
    Ok(described)
}

fn read_list<T>(
    list: &'static str,
    records: impl IntoIterator<Item = T>,
    described: &mut Described,
    read: impl Fn(T) -> Result<Fact, String>,
) -> Result<(), DescribeError> {
    for (record, value) in (1..).zip(records) {
        let fact = read(value).map_err(|why| DescribeError { list, record, why })?;
        described.facts.push((record, fact));
    }
    Ok(())
}

struct Given<'a> {
    seen_at: Timestamp,
    region: Option<&'a str>,
}

impl Given<'_> {
    fn instance(&self, account: String, instance: Instance) -> Result<Fact, String> {
        let zone = instance.placement.and_then(|placement| placement.availability_zone);
        let tags = tags(instance.tags);
        let associations = instance.network_interfaces.iter().filter_map(|i| i.association.as_ref());
        let elastic_ip = associations
            .filter(|a| a.public_ip == instance.public_ip_address)
            .any(|a| a.ip_owner_id.as_deref().is_some_and(|owner| owner != "amazon"));
        let attached = instance.block_device_mappings.into_iter().filter_map(|mapping| {
            let ebs = mapping.ebs?;
            Some((mapping.device_name, ebs.volume_id?, ebs.delete_on_termination, ebs.attach_time))
        });
        let volumes = attached
            .map(|(device, volume_id, delete_on_termination, attach_time)| {
                let attached_at = attach_time.map(|time| self.past("AttachTime", &time)).transpose()?;
                Ok(VolumeAttachment { volume_id, device, delete_on_termination, attached_at })
            })
            .collect::<Result<_, String>>()?;
        Ok(Fact::Instance(InstanceSeen {
            account,
            region: self.region_of(zone.as_deref())?,
            name: name(&tags),
            tags,
            instance_type: instance.instance_type,
            state: state(&instance.state.name)?,
            launch_time: self.past("LaunchTime", &instance.launch_time)?,
            reason: instance.state_transition_reason,
            platform: if instance.platform_details.is_empty() { instance.platform } else { instance.platform_details },
            purchase: match instance.instance_lifecycle.as_str() {
                "" => Purchase::OnDemand,
                "spot" => Purchase::Spot,
                _ => Purchase::Other,
            },
            public_ip: instance.public_ip_address,
            elastic_ip,
            volumes,
            root_device: instance.root_device_name.filter(|device| !device.is_empty()),
            seen_at: self.seen_at,
            instance_id: instance.instance_id,
        }))
    }

    fn volume(&self, volume: Volume) -> Result<Fact, String> {
        let tags = tags(volume.tags);
        let attached_to = volume
            .attachments
            .into_iter()
            .find_map(|a| a.instance_id.map(|instance| (instance, a.delete_on_termination)));
        Ok(Fact::Volume(VolumeSeen {
            region: self.region_of(volume.availability_zone.as_deref())?,
            name: name(&tags),
            tags,
            size_gb: size("Size", volume.size)?,
            volume_type: VolumeType::known_name(&volume.volume_type),
            iops: volume.iops,
            throughput_mibps: volume.throughput,
            created_at: self.past("CreateTime", &volume.create_time)?,
            state: volume.state,
            attached_to,
            seen_at: self.seen_at,
            volume_id: volume.volume_id,
        }))
    }

    fn address(&self, address: Address) -> Result<Fact, String> {
        let tags = tags(address.tags);
        let public_ip = address.public_ip.ok_or("it has no PublicIp")?;
        Ok(Fact::Address(AddressSeen {
            region: self.region_of(address.network_border_group.as_deref())?,
            allocation_id: address.allocation_id.unwrap_or_else(|| public_ip.clone()),
            public_ip,
            name: name(&tags),
            tags,
            associated: address.association_id.is_some() || address.instance_id.is_some(),
            instance_id: address.instance_id.filter(|id| !id.is_empty()),
            seen_at: self.seen_at,
        }))
    }

    fn snapshot(&self, snapshot: Snapshot) -> Result<Fact, String> {
        let tags = tags(snapshot.tags);
        Ok(Fact::Snapshot(SnapshotSeen {
            account: snapshot.owner_id,
            region: self.region_of(snapshot.availability_zone.as_deref())?,
            name: name(&tags),
            tags,
            volume_id: snapshot.volume_id,
            volume_size_gb: size("VolumeSize", snapshot.volume_size)?,
            full_size_bytes: snapshot.full_snapshot_size_in_bytes,
            started_at: self.past("StartTime", &snapshot.start_time)?,
            archived: snapshot.storage_tier.as_deref() == Some("archive"),
            description: snapshot.description,
            seen_at: self.seen_at,
            snapshot_id: snapshot.snapshot_id,
        }))
    }

    fn image(&self, image: Image) -> Result<Fact, String> {
        let tags = tags(image.tags);
        let disks = image.block_device_mappings.into_iter().filter_map(|mapping| mapping.ebs?.snapshot_id);
        Ok(Fact::Image(ImageSeen {
            account: image.owner_id,
            region: self.region_of(None)?,
            name: Some(name(&tags)).filter(|name| !name.is_empty()).unwrap_or(image.name),
            tags,
            snapshots: disks.collect(),
            seen_at: self.seen_at,
            image_id: image.image_id,
        }))
    }

    /// Of which places the document lists all volumes, all images. Where it names none, of the place it was said to be of.
    fn lists(&self, formats: &[&str], facts: &[(u64, Fact)]) -> Vec<ResourcesListed> {
        let mut places: BTreeSet<(ResourceKind, String, String)> = BTreeSet::new();
        for (format, what) in [("describe-volumes", ResourceKind::Volume), ("describe-images", ResourceKind::Image)] {
            if !formats.contains(&format) {
                continue;
            }
            let named = facts.iter().filter_map(|(_, fact)| match (what, fact) {
                (ResourceKind::Volume, Fact::Volume(seen)) => Some((what, String::new(), seen.region.clone())),
                (ResourceKind::Image, Fact::Image(seen)) => Some((what, seen.account.clone(), seen.region.clone())),
                _ => None,
            });
            let named: BTreeSet<_> = named.collect();
            if let (true, Some(region)) = (named.is_empty(), self.region) {
                places.insert((what, String::new(), region.to_owned()));
            }
            places.extend(named);
        }
        let listed =
            |(what, account, region)| ResourcesListed { what, account, region, at: self.seen_at, polled: false };
        places.into_iter().map(listed).collect()
    }

    fn past(&self, field: &str, text: &str) -> Result<Timestamp, String> {
        let at = parse_timestamp(text).map_err(|e| format!("{field}: {e}"))?;
        if at > self.seen_at {
            return Err(format!(
                "{field} {at} is after the answer was written ({}): say when with --observed-at",
                self.seen_at
            ));
        }
        Ok(at)
    }

    fn region_of(&self, zone: Option<&str>) -> Result<String, String> {
        zone.filter(|zone| !zone.is_empty())
            .map(region_of_zone)
            .or_else(|| self.region.map(str::to_owned))
            .ok_or_else(|| "it does not name its region: say which with --region".to_owned())
    }
}

fn size(field: &str, gb: u32) -> Result<u32, String> {
    if gb == 0 { Err(format!("{field} is 0")) } else { Ok(gb) }
}

fn tags(tags: Vec<Tag>) -> Tags {
    tags.into_iter().map(|tag| (tag.key, tag.value)).collect()
}

fn name(tags: &Tags) -> String {
    tags.get("Name").unwrap_or_default().to_owned()
}

fn state(name: &str) -> Result<InstanceState, String> {
    InstanceState::from_name(name).ok_or_else(|| format!("unknown state `{name}`"))
}
