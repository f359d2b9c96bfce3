//! What EC2 says is there: the same facts as the AWS CLI's `describe-…` output, without the files.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types::{Address, Filter, Image, Instance, Snapshot, Tag, Volume};
use jiff::{SignedDuration, Timestamp};

use super::AwsError;
use super::places::{Asked, Place};
use crate::catalog::{VolumeType, region_of_zone};
use crate::ledger::{
    AddressSeen, Fact, ImageSeen, InstanceSeen, InstanceState, Purchase, SnapshotSeen, Tags, VolumeAttachment,
    VolumeSeen,
};
use crate::store::{Poll, Whole};

const INSTANCES: &str = "ec2:DescribeInstances";
const VOLUMES: &str = "ec2:DescribeVolumes";
const ADDRESSES: &str = "ec2:DescribeAddresses";
const SNAPSHOTS: &str = "ec2:DescribeSnapshots";
const IMAGES: &str = "ec2:DescribeImages";

/// The most that AWS gives on one page. <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/> (read 2026-11-23)
const LARGEST_PAGE: i32 = 1000;
/// AWS gives no more than 500 volumes on one page, and takes no larger number everywhere.
const LARGEST_PAGE_OF_VOLUMES: i32 = 500;

/// What one look at one place gave.
#[derive(Debug)]
pub struct Polled {
    pub place: Place,
    /// `None`: nothing could be asked.
    pub poll: Option<Poll>,
    pub failures: Vec<AwsError>,
    /// The region is not enabled in the account: nothing can be there.
    pub is_disabled: bool,
    /// By how much AWS's clock was seen ahead of this computer's.
    pub clock_behind: Option<SignedDuration>,
}

/// Looks at all places, a few at a time. `clock` is read just before the first request to each.
pub fn poll_places(places: &[Place], clock: fn() -> Timestamp) -> Asked<Polled> {
    Asked::of_each(places.to_vec(), move |place| poll(place, clock))
}

async fn poll(place: Place, clock: fn() -> Timestamp) -> Polled {
    // Whole seconds, as AWS keeps its own times.
    let now = clock();
    let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let client = Client::new(&place.account.config);
    let sight = Sight { client, region: place.region.clone(), profile: place.account.profile.clone(), now };
    let instances = sight.instances().await;
    // Without credentials, a way to AWS or an enabled region the first request says so, once for all.
    if let Some(general) = instances.failures.iter().find(|failure| failure.is_general()).cloned() {
        let general = if place.is_known { general.of_good_credentials() } else { general };
        let is_disabled = matches!(general, AwsError::RegionDisabled { .. });
        let failures = if is_disabled { Vec::new() } else { vec![general] };
        return Polled { place, poll: None, failures, is_disabled, clock_behind: None };
    }
    let (volumes, addresses, snapshots, images) =
        tokio::join!(sight.volumes(), sight.addresses(), sight.snapshots(), sight.images());
    let whole = Whole {
        instances: instances.failures.is_empty(),
        volumes: volumes.failures.is_empty(),
        addresses: addresses.failures.is_empty(),
        snapshots: snapshots.failures.is_empty(),
        images: images.failures.is_empty(),
    };
    let (mut facts, mut failures) = (Vec::new(), Vec::new());
    for mut list in [instances, volumes, addresses, snapshots, images] {
        facts.append(&mut list.facts);
        failures.append(&mut list.failures);
    }
    let saw_any = whole != Whole::default() || !facts.is_empty();
    let poll = Poll { account: account_of(&place, &facts), region: place.region.clone(), at: now, facts, whole };
    let clock_behind = clock_behind(&poll);
    Polled { poll: saw_any.then_some(poll), place, failures, is_disabled: false, clock_behind }
}

/// The account's id, or where it was not told, the owner of what is there.
fn account_of(place: &Place, facts: &[Fact]) -> String {
    if !place.account_id.is_empty() {
        return place.account_id.clone();
    }
    let owner = facts.iter().find_map(|fact| match fact {
        Fact::Instance(seen) => Some(&seen.account).filter(|account| !account.is_empty()),
        Fact::Snapshot(seen) => Some(&seen.account).filter(|account| !account.is_empty()),
        Fact::Image(seen) => Some(&seen.account).filter(|account| !account.is_empty()),
        _ => None,
    });
    owner.cloned().unwrap_or_default()
}

/// An instance that starts after it was seen: AWS's clock is ahead of ours by that much at least.
fn clock_behind(poll: &Poll) -> Option<SignedDuration> {
    let starts = poll.facts.iter().filter_map(|fact| match fact {
        Fact::Instance(seen) => Some(seen.launch_time),
        _ => None,
    });
    starts.max().map(|latest| latest.duration_since(poll.at)).filter(|ahead| ahead.is_positive())
}

struct Sight {
    client: Client,
    region: String,
    profile: Option<String>,
    now: Timestamp,
}

/// What was read of one list, and what could not be.
#[derive(Default)]
struct List {
    facts: Vec<Fact>,
    failures: Vec<AwsError>,
}

impl List {
    /// A record that gpucost cannot read is a failure of its own; the others are as good as ever.
    fn take(&mut self, fact: Result<Fact, AwsError>) {
        match fact {
            Ok(fact) => self.facts.push(fact),
            Err(failure) => self.failures.push(failure),
        }
    }
}

macro_rules! pages {
    ($self:ident, $request:expr, $action:expr, $page:ident => $each:expr) => {{
        let mut pages = $request.into_paginator().send();
        let mut list = List::default();
        while let Some(page) = pages.next().await {
            match page {
                Ok($page) => $each.for_each(|fact| list.take(fact)),
                Err(error) => {
                    list.failures.push(AwsError::from_sdk($action, &$self.region, $self.profile.as_deref(), error));
                    break;
                }
            }
        }
        list
    }};
}

impl Sight {
    async fn instances(&self) -> List {
        let request = self.client.describe_instances().max_results(LARGEST_PAGE);
        pages!(self, request, INSTANCES, page => page.reservations().iter().flat_map(|reservation| {
            let owner = reservation.owner_id().unwrap_or_default();
            reservation.instances().iter().map(move |instance| self.instance(owner, instance))
        }))
    }

    async fn volumes(&self) -> List {
        let request = self.client.describe_volumes().max_results(LARGEST_PAGE_OF_VOLUMES);
        pages!(self, request, VOLUMES, page => page.volumes().iter().map(|volume| self.volume(volume)))
    }

    async fn snapshots(&self) -> List {
        let own = self.client.describe_snapshots().owner_ids("self").max_results(LARGEST_PAGE);
        let finished = Filter::builder().name("status").values("completed").values("pending").build();
        pages!(self, own.filters(finished), SNAPSHOTS, page => page.snapshots().iter().map(|snapshot| self.snapshot(snapshot)))
    }

    /// Disabled images hold their snapshots too, and AWS leaves them out unless they are asked for.
    /// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeImages.html> (its parameters read 2026-11-27)
    async fn images(&self) -> List {
        let own = self.client.describe_images().owners("self").include_disabled(true).max_results(LARGEST_PAGE);
        pages!(self, own, IMAGES, page => page.images().iter().map(|image| self.image(image)))
    }

    /// AWS gives all addresses at once.
    async fn addresses(&self) -> List {
        let mut list = List::default();
        match self.client.describe_addresses().send().await {
            Ok(answer) => answer.addresses().iter().for_each(|address| list.take(self.address(address))),
            Err(e) => {
                list.failures.push(AwsError::from_sdk(ADDRESSES, &self.region, self.profile.as_deref(), e));
            }
        }
        list
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
        let id = self.need(INSTANCES, "an instance", "an InstanceId", instance.instance_id())?;
        Ok(Fact::Instance(InstanceSeen {
            account: owner.to_owned(),
            region: self.region_of(zone),
            instance_id: id.to_owned(),
            name: tags.get("Name").unwrap_or_default().to_owned(),
            tags,
            instance_type: self.need(INSTANCES, id, "an InstanceType", instance.instance_type())?.as_str().to_owned(),
            state: self.need(INSTANCES, id, "a known state", state.and_then(InstanceState::from_name))?,
            // As AWS says, though its clock be ahead of ours: a start that moved would be another start.
            launch_time: self.need(INSTANCES, id, "a LaunchTime", instance.launch_time().and_then(timestamp))?,
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
            root_device: instance.root_device_name().filter(|device| !device.is_empty()).map(str::to_owned),
            seen_at: self.now,
        }))
    }

    fn volume(&self, volume: &Volume) -> Result<Fact, AwsError> {
        let tags = tags(volume.tags());
        let size = |what: Option<i32>| what.and_then(|size| u32::try_from(size).ok());
        let id = self.need(VOLUMES, "a volume", "a VolumeId", volume.volume_id())?;
        Ok(Fact::Volume(VolumeSeen {
            region: self.region_of(volume.availability_zone()),
            volume_id: id.to_owned(),
            name: tags.get("Name").unwrap_or_default().to_owned(),
            tags,
            volume_type: VolumeType::known_name(self.need(VOLUMES, id, "a VolumeType", volume.volume_type())?.as_str()),
            size_gb: self.need(VOLUMES, id, "a Size", size(volume.size()).filter(|size| *size > 0))?,
            iops: size(volume.iops()),
            throughput_mibps: size(volume.throughput()),
            created_at: self.need(VOLUMES, id, "a CreateTime", volume.create_time().and_then(timestamp))?,
            state: volume.state().map(|state| state.as_str().to_owned()).unwrap_or_default(),
            attached_to: volume.attachments().iter().find_map(|attachment| {
                Some((attachment.instance_id()?.to_owned(), attachment.delete_on_termination().unwrap_or(false)))
            }),
            seen_at: self.now,
        }))
    }

    fn address(&self, address: &Address) -> Result<Fact, AwsError> {
        let tags = tags(address.tags());
        let public_ip = self.need(ADDRESSES, "an address", "a PublicIp", address.public_ip())?.to_owned();
        Ok(Fact::Address(AddressSeen {
            region: self.region_of(address.network_border_group()),
            allocation_id: address.allocation_id().unwrap_or(&public_ip).to_owned(),
            name: tags.get("Name").unwrap_or_default().to_owned(),
            tags,
            instance_id: address.instance_id().filter(|id| !id.is_empty()).map(str::to_owned),
            associated: address.association_id().is_some(),
            public_ip,
            seen_at: self.now,
        }))
    }

    fn snapshot(&self, snapshot: &Snapshot) -> Result<Fact, AwsError> {
        let tags = tags(snapshot.tags());
        let size = snapshot.volume_size().and_then(|size| u32::try_from(size).ok());
        let id = self.need(SNAPSHOTS, "a snapshot", "a SnapshotId", snapshot.snapshot_id())?;
        Ok(Fact::Snapshot(SnapshotSeen {
            account: snapshot.owner_id().unwrap_or_default().to_owned(),
            region: self.region.clone(),
            snapshot_id: id.to_owned(),
            name: tags.get("Name").unwrap_or_default().to_owned(),
            tags,
            volume_id: snapshot.volume_id().unwrap_or_default().to_owned(),
            volume_size_gb: self.need(SNAPSHOTS, id, "a VolumeSize", size)?,
            full_size_bytes: snapshot.full_snapshot_size_in_bytes().and_then(|bytes| u64::try_from(bytes).ok()),
            started_at: self.need(SNAPSHOTS, id, "a StartTime", snapshot.start_time().and_then(timestamp))?,
            archived: snapshot.storage_tier().is_some_and(|tier| tier.as_str() == "archive"),
            description: snapshot.description().unwrap_or_default().to_owned(),
            seen_at: self.now,
        }))
    }

    fn image(&self, image: &Image) -> Result<Fact, AwsError> {
        let tags = tags(image.tags());
        let disks = image.block_device_mappings().iter().filter_map(|mapping| mapping.ebs()?.snapshot_id());
        let name = tags.get("Name").filter(|name| !name.is_empty());
        Ok(Fact::Image(ImageSeen {
            account: image.owner_id().unwrap_or_default().to_owned(),
            region: self.region.clone(),
            image_id: self.need(IMAGES, "an image", "an ImageId", image.image_id())?.to_owned(),
            name: name.or(image.name()).unwrap_or_default().to_owned(),
            snapshots: disks.map(str::to_owned).collect(),
            tags,
            seen_at: self.now,
        }))
    }

    /// Local and wavelength zones have rates of their own: the zone says more than the region that was asked.
    fn region_of(&self, zone: Option<&str>) -> String {
        zone.filter(|zone| !zone.is_empty()).map_or_else(|| self.region.clone(), region_of_zone)
    }

    /// A record without what gpucost needs is an error, never a guess.
    fn need<T>(&self, action: &'static str, id: &str, what: &str, value: Option<T>) -> Result<T, AwsError> {
        value.ok_or_else(|| {
            let what = format!("{what} of {id}: it was left out");
            AwsError::Incomplete { action, region: self.region.clone(), what }
        })
    }
}

pub(super) fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::new(at.secs(), i32::try_from(at.subsec_nanos()).ok()?).ok()
}

pub(super) fn tags(tags: &[Tag]) -> Tags {
    tags.iter().filter_map(|tag| Some((tag.key()?.to_owned(), tag.value().unwrap_or_default().to_owned()))).collect()
}
