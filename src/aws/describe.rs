//! What EC2 says is there: the same facts as the AWS CLI's `describe-…` output, without the files.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types::{Address, Filter, Instance, Snapshot, Tag, Volume};
use jiff::Timestamp;

use super::{Account, AwsError};
use crate::catalog::region_of_zone;
use crate::ledger::{
    AddressSeen, Fact, InstanceSeen, InstanceState, Purchase, SnapshotSeen, Tags, VolumeAttachment, VolumeSeen,
};

const INSTANCES: &str = "ec2:DescribeInstances";
const VOLUMES: &str = "ec2:DescribeVolumes";
const ADDRESSES: &str = "ec2:DescribeAddresses";
const SNAPSHOTS: &str = "ec2:DescribeSnapshots";

/// The instances, volumes, addresses and own snapshots of one region, as they are now. One part that AWS refuses
/// leaves the others: facts and failures both come back.
///
/// # Errors
/// No region, no credentials, no way to AWS. What single requests failed with is in the second half of the answer.
pub async fn fetch_facts(account: &Account, now: Timestamp) -> Result<(Vec<Fact>, Vec<AwsError>), AwsError> {
    let region = account.region().ok_or(AwsError::NoRegion)?.to_owned();
    let at = Sight { client: Client::new(&account.config), region, profile: account.profile.clone(), now };
    // Without credentials or a way to AWS the first request says so, once for all.
    let instances = at.instances().await;
    if instances.as_ref().is_err_and(AwsError::is_general) {
        return instances.map(|facts| (facts, Vec::new()));
    }
    let (mut facts, mut failures) = (Vec::new(), Vec::new());
    for part in [instances, at.volumes().await, at.addresses().await, at.snapshots().await] {
        match part {
            Ok(mut found) => facts.append(&mut found),
            Err(failure) => failures.push(failure),
        }
    }
    Ok((facts, failures))
}

struct Sight {
    client: Client,
    region: String,
    profile: Option<String>,
    now: Timestamp,
}

macro_rules! pages {
    ($self:ident, $request:expr, $action:expr, $page:ident => $each:expr) => {{
        let mut pages = $request.into_paginator().send();
        let mut facts = Vec::new();
        while let Some(page) = pages.next().await {
            let $page = page.map_err(|e| AwsError::from_sdk($action, &$self.region, $self.profile.as_deref(), e))?;
            for fact in $each {
                facts.push(fact?);
            }
        }
        Ok(facts)
    }};
}

impl Sight {
    async fn instances(&self) -> Result<Vec<Fact>, AwsError> {
        pages!(self, self.client.describe_instances(), INSTANCES, page => page.reservations().iter().flat_map(|reservation| {
            let owner = reservation.owner_id().unwrap_or_default();
            reservation.instances().iter().map(move |instance| self.instance(owner, instance))
        }))
    }

    async fn volumes(&self) -> Result<Vec<Fact>, AwsError> {
        pages!(self, self.client.describe_volumes(), VOLUMES, page => page.volumes().iter().map(|volume| self.volume(volume)))
    }

    async fn snapshots(&self) -> Result<Vec<Fact>, AwsError> {
        let own = self.client.describe_snapshots().owner_ids("self");
        let finished = Filter::builder().name("status").values("completed").values("pending").build();
        pages!(self, own.filters(finished), SNAPSHOTS, page => page.snapshots().iter().map(|snapshot| self.snapshot(snapshot)))
    }

    async fn addresses(&self) -> Result<Vec<Fact>, AwsError> {
        let answer = self.client.describe_addresses().send().await;
        let answer = answer.map_err(|e| AwsError::from_sdk(ADDRESSES, &self.region, self.profile.as_deref(), e))?;
        answer.addresses().iter().map(|address| self.address(address)).collect()
    }

    fn instance(&self, owner: &str, instance: &Instance) -> Result<Fact, AwsError> {
        let tags = tags(instance.tags());
        let state = instance.state().and_then(|state| state.name()).map(|name| name.as_str());
        let associations = instance.network_interfaces().iter().filter_map(|interface| interface.association());
        let elastic_ip = associations
            .filter(|a| a.public_ip() == instance.public_ip_address())
            .any(|a| a.ip_owner_id().is_some_and(|owner| owner != "amazon"));
        let attached = instance.block_device_mappings().iter().filter_map(|mapping| {
            let ebs = mapping.ebs()?;
            Some(VolumeAttachment {
                volume_id: ebs.volume_id()?.to_owned(),
                device: mapping.device_name().unwrap_or_default().to_owned(),
                delete_on_termination: ebs.delete_on_termination().unwrap_or(false),
                attached_at: ebs.attach_time().and_then(timestamp),
            })
        });
        let zone = instance.placement().and_then(|placement| placement.availability_zone());
        Ok(Fact::Instance(InstanceSeen {
            account: owner.to_owned(),
            region: self.region_of(zone),
            instance_id: self.need(INSTANCES, "an InstanceId", instance.instance_id())?.to_owned(),
            name: tags.get("Name").cloned().unwrap_or_default(),
            tags,
            instance_type: self.need(INSTANCES, "an InstanceType", instance.instance_type())?.as_str().to_owned(),
            state: self.need(INSTANCES, "a known state", state.and_then(InstanceState::from_name))?,
            launch_time: self
                .need(INSTANCES, "a LaunchTime", instance.launch_time().and_then(timestamp))?
                .min(self.now),
            reason: instance.state_transition_reason().unwrap_or_default().to_owned(),
            platform: instance.platform_details().unwrap_or_default().to_owned(),
            purchase: match instance.instance_lifecycle().map(|lifecycle| lifecycle.as_str()) {
                None => Purchase::OnDemand,
                Some("spot") => Purchase::Spot,
                Some(_) => Purchase::Other,
            },
            public_ip: instance.public_ip_address().map(str::to_owned),
            elastic_ip,
            volumes: attached.collect(),
            seen_at: self.now,
        }))
    }

    fn volume(&self, volume: &Volume) -> Result<Fact, AwsError> {
        let tags = tags(volume.tags());
        let size = |what: Option<i32>| what.and_then(|size| u32::try_from(size).ok());
        Ok(Fact::Volume(VolumeSeen {
            region: self.region_of(volume.availability_zone()),
            volume_id: self.need(VOLUMES, "a VolumeId", volume.volume_id())?.to_owned(),
            name: tags.get("Name").cloned().unwrap_or_default(),
            tags,
            volume_type: self.need(VOLUMES, "a VolumeType", volume.volume_type())?.as_str().to_owned(),
            size_gb: self.need(VOLUMES, "a Size", size(volume.size()).filter(|size| *size > 0))?,
            iops: size(volume.iops()),
            throughput_mibps: size(volume.throughput()),
            created_at: self.need(VOLUMES, "a CreateTime", volume.create_time().and_then(timestamp))?.min(self.now),
            state: volume.state().map(|state| state.as_str().to_owned()).unwrap_or_default(),
            attached_to: volume.attachments().iter().find_map(|attachment| {
                Some((attachment.instance_id()?.to_owned(), attachment.delete_on_termination().unwrap_or(false)))
            }),
            seen_at: self.now,
        }))
    }

    fn address(&self, address: &Address) -> Result<Fact, AwsError> {
        let tags = tags(address.tags());
        let public_ip = self.need(ADDRESSES, "a PublicIp", address.public_ip())?.to_owned();
        Ok(Fact::Address(AddressSeen {
            region: self.region_of(address.network_border_group()),
            allocation_id: address.allocation_id().unwrap_or(&public_ip).to_owned(),
            name: tags.get("Name").cloned().unwrap_or_default(),
            instance_id: address.instance_id().filter(|id| !id.is_empty()).map(str::to_owned),
            associated: address.association_id().is_some(),
            public_ip,
            seen_at: self.now,
        }))
    }

    fn snapshot(&self, snapshot: &Snapshot) -> Result<Fact, AwsError> {
        let tags = tags(snapshot.tags());
        let size = snapshot.volume_size().and_then(|size| u32::try_from(size).ok());
        Ok(Fact::Snapshot(SnapshotSeen {
            account: snapshot.owner_id().unwrap_or_default().to_owned(),
            region: self.region.clone(),
            snapshot_id: self.need(SNAPSHOTS, "a SnapshotId", snapshot.snapshot_id())?.to_owned(),
            name: tags.get("Name").cloned().unwrap_or_default(),
            volume_id: snapshot.volume_id().unwrap_or_default().to_owned(),
            volume_size_gb: self.need(SNAPSHOTS, "a VolumeSize", size)?,
            full_size_bytes: snapshot.full_snapshot_size_in_bytes().and_then(|bytes| u64::try_from(bytes).ok()),
            started_at: self.need(SNAPSHOTS, "a StartTime", snapshot.start_time().and_then(timestamp))?.min(self.now),
            archived: snapshot.storage_tier().is_some_and(|tier| tier.as_str() == "archive"),
            seen_at: self.now,
        }))
    }

    /// Local and wavelength zones have rates of their own: the zone says more than the region that was asked.
    fn region_of(&self, zone: Option<&str>) -> String {
        zone.filter(|zone| !zone.is_empty()).map_or_else(|| self.region.clone(), region_of_zone)
    }

    /// A record without what gpucost needs is an error, never a guess.
    fn need<T>(&self, action: &'static str, what: &str, value: Option<T>) -> Result<T, AwsError> {
        value.ok_or_else(|| AwsError::Incomplete { action, region: self.region.clone(), what: what.to_owned() })
    }
}

fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}

fn tags(tags: &[Tag]) -> Tags {
    tags.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))).collect()
}
