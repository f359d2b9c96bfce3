//! What is there now, looked at for an action: a resource with all that stands in the way of it.

use aws_sdk_ec2::types::{
    Address, Filter, Instance, InstanceAttributeName, Snapshot, SpotInstanceState, SpotInstanceType, Volume,
    VolumeAttachment, VolumeAttachmentState,
};

use super::AwsError;
use super::act::{ACTION_TAG, Actor, code};
use super::describe::{tags, timestamp};
use crate::advice::plan::{
    AddressUser, Attachment, LiveAddress, LiveInstance, LiveSnapshot, LiveVolume, SpotRequest, Step,
};
use crate::catalog::{VolumeType, region_of_zone};
use crate::ledger::{InstanceState, Purchase, VolumeShape};

const NO_SPOT_REQUEST: &str = "InvalidSpotInstanceRequestID.NotFound";

/// Turns an SDK error into gpucost's, with the action it was.
macro_rules! failed {
    ($self:ident, $action:expr, $error:expr) => {
        AwsError::from_sdk($action, &$self.region, $self.profile.as_deref(), $error)
    };
}

impl Actor {
    /// An instance with its volumes and protections; `None`: there is none of this id here.
    ///
    /// # Errors
    /// What of it cannot be looked at: an action on what is half known is none.
    pub async fn instance(&self, id: &str) -> Result<Option<LiveInstance>, AwsError> {
        let Some(instance) = self.described(id).await? else { return Ok(None) };
        let volume_ids: Vec<String> = instance
            .block_device_mappings()
            .iter()
            .filter_map(|mapping| mapping.ebs()?.volume_id().map(str::to_owned))
            .collect();
        let volumes = if volume_ids.is_empty() { Vec::new() } else { self.volumes(&volume_ids).await? };
        // What is lost, or left behind, must be known.
        if let Some(unseen) = volume_ids.iter().find(|id| volumes.iter().all(|volume| volume.id != **id)) {
            return Err(self.incomplete(
                "ec2:DescribeVolumes",
                unseen,
                &format!("what {id} names as its volume, and all"),
            ));
        }
        let terminated = self.attribute(id, InstanceAttributeName::DisableApiTermination).await?;
        let stopped = self.attribute(id, InstanceAttributeName::DisableApiStop).await?;
        let spot_request = match instance.spot_instance_request_id().filter(|request| !request.is_empty()) {
            Some(request) => Some(self.spot_request(request).await?),
            None => None,
        };
        self.live_instance(id, &instance, volumes, (terminated, stopped), spot_request).map(Some)
    }

    async fn described(&self, id: &str) -> Result<Option<Instance>, AwsError> {
        const ACTION: &str = "ec2:DescribeInstances";
        let filter = Filter::builder().name("instance-id").values(id).build();
        let answer = self.client.describe_instances().filters(filter).send().await;
        let answer = answer.map_err(|e| failed!(self, ACTION, e))?;
        let mut instances = answer.reservations.into_iter().flatten().flat_map(|r| r.instances.unwrap_or_default());
        Ok(instances.find(|instance| instance.instance_id() == Some(id)))
    }

    /// Its state alone; `None`: there is none of this id here.
    ///
    /// # Errors
    /// Whatever AWS, or the way to it, says no with.
    pub async fn instance_state(&self, id: &str) -> Result<Option<InstanceState>, AwsError> {
        let Some(instance) = self.described(id).await? else { return Ok(None) };
        self.need("ec2:DescribeInstances", id, "a known state", state_of(&instance)).map(Some)
    }

    /// Whether it is as this step would leave it: who lost the answer looks before it calls the step failed.
    ///
    /// # Errors
    /// Whatever AWS, or the way to it, says no with.
    pub async fn is_so(&self, step: &Step) -> Result<bool, AwsError> {
        Ok(match step {
            Step::StopInstance { id } => self.instance_state(id).await?.is_some_and(InstanceState::is_stopped),
            Step::TerminateInstance { id } => self.instance_state(id).await?.is_none_or(InstanceState::is_gone),
            Step::WaitTerminated { id } => {
                self.instance_state(id).await?.is_none_or(|state| state == InstanceState::Terminated)
            }
            Step::DetachVolume { volume_id, instance_id } => {
                let volumes = self.volumes(std::slice::from_ref(volume_id)).await?;
                let attached = volumes.iter().flat_map(|volume| &volume.attachments);
                attached.into_iter().all(|attachment| attachment.to != *instance_id)
            }
            Step::DeleteVolume { volume_id } => self.volumes(std::slice::from_ref(volume_id)).await?.is_empty(),
            Step::DisassociateAddress { association_id } => {
                let all = self.addresses().await?;
                all.iter().all(|address| address.association_id() != Some(association_id))
            }
            Step::ReleaseAddress { allocation_id } => self.address(allocation_id).await?.is_none(),
            Step::CreateSnapshot { .. } => false,
        })
    }

    fn live_instance(
        &self,
        id: &str,
        instance: &Instance,
        volumes: Vec<LiveVolume>,
        (termination_protected, stop_protected): (bool, bool),
        spot_request: Option<SpotRequest>,
    ) -> Result<LiveInstance, AwsError> {
        const ACTION: &str = "ec2:DescribeInstances";
        let tags = tags(instance.tags());
        let state = state_of(instance);
        let associations = instance.network_interfaces().iter().filter_map(|interface| interface.association());
        let is_automatic = |owner: Option<&str>| owner.is_none_or(|owner| owner == "amazon");
        let (automatic, elastic): (Vec<_>, Vec<_>) = associations.partition(|a| is_automatic(a.ip_owner_id()));
        let zone = instance.placement().and_then(|placement| placement.availability_zone());
        Ok(LiveInstance {
            id: id.to_owned(),
            name: tags.get("Name").unwrap_or_default().to_owned(),
            region: zone.map_or_else(|| self.region.clone(), region_of_zone),
            tags,
            instance_type: self.need(ACTION, id, "an InstanceType", instance.instance_type())?.as_str().to_owned(),
            state: self.need(ACTION, id, "a known state", state)?,
            launched_at: self.need(ACTION, id, "a LaunchTime", instance.launch_time().and_then(timestamp))?,
            purchase: match instance.instance_lifecycle().map(|lifecycle| lifecycle.as_str()) {
                None => Purchase::OnDemand,
                Some("spot") => Purchase::Spot,
                Some(_) => Purchase::Other,
            },
            spot_request,
            is_linux: instance.platform_details().is_none_or(|details| details == "Linux/UNIX" || details.is_empty()),
            root_device: instance.root_device_name().unwrap_or_default().to_owned(),
            termination_protected,
            stop_protected,
            auto_address: !automatic.is_empty(),
            elastic_addresses: u32::try_from(elastic.len()).unwrap_or(u32::MAX),
            volumes,
        })
    }

    async fn attribute(&self, id: &str, attribute: InstanceAttributeName) -> Result<bool, AwsError> {
        const ACTION: &str = "ec2:DescribeInstanceAttribute";
        let is_stop = attribute == InstanceAttributeName::DisableApiStop;
        let answer = self.client.describe_instance_attribute().instance_id(id).attribute(attribute).send().await;
        let answer = answer.map_err(|e| failed!(self, ACTION, e))?;
        let value = if is_stop { answer.disable_api_stop() } else { answer.disable_api_termination() };
        // AWS leaves out what was never set.
        Ok(value.and_then(|value| value.value()).unwrap_or(false))
    }

    async fn spot_request(&self, id: &str) -> Result<SpotRequest, AwsError> {
        const ACTION: &str = "ec2:DescribeSpotInstanceRequests";
        // AWS shows requests for a while after their end: one that is not shown any more launches nothing.
        let gone = || SpotRequest { id: id.to_owned(), is_persistent: false, is_over: true };
        let answer = self.client.describe_spot_instance_requests().spot_instance_request_ids(id).send().await;
        let answer = match answer {
            Err(error) if code(&error) == Some(NO_SPOT_REQUEST) => return Ok(gone()),
            answer => answer.map_err(|e| failed!(self, ACTION, e))?,
        };
        let mut requests = answer.spot_instance_requests().iter();
        let Some(request) = requests.find(|request| request.spot_instance_request_id() == Some(id)) else {
            return Ok(gone());
        };
        let kind = self.need(ACTION, id, "a Type", request.r#type())?;
        let state = self.need(ACTION, id, "a State", request.state())?;
        Ok(SpotRequest {
            id: id.to_owned(),
            is_persistent: *kind != SpotInstanceType::OneTime,
            is_over: matches!(
                state,
                SpotInstanceState::Cancelled | SpotInstanceState::Closed | SpotInstanceState::Failed
            ),
        })
    }

    /// Those of these volumes that are here.
    ///
    /// # Errors
    /// Whatever AWS, or the way to it, says no with.
    pub async fn volumes(&self, ids: &[String]) -> Result<Vec<LiveVolume>, AwsError> {
        const ACTION: &str = "ec2:DescribeVolumes";
        let filter = Filter::builder().name("volume-id").set_values(Some(ids.to_vec())).build();
        let answer = self.client.describe_volumes().filters(filter).send().await;
        let answer = answer.map_err(|e| failed!(self, ACTION, e))?;
        let mut volumes = Vec::new();
        for volume in answer.volumes() {
            let Some(id) = volume.volume_id().filter(|id| ids.iter().any(|asked| asked == id)) else { continue };
            volumes.push(self.live_volume(id, volume)?);
        }
        Ok(volumes)
    }

    fn live_volume(&self, id: &str, volume: &Volume) -> Result<LiveVolume, AwsError> {
        const ACTION: &str = "ec2:DescribeVolumes";
        let size = |what: Option<i32>| what.and_then(|size| u32::try_from(size).ok());
        let tags = tags(volume.tags());
        let attached = volume.attachments().iter().filter(|a| a.state() != Some(&VolumeAttachmentState::Detached));
        Ok(LiveVolume {
            id: id.to_owned(),
            name: tags.get("Name").unwrap_or_default().to_owned(),
            region: volume.availability_zone().map_or_else(|| self.region.clone(), region_of_zone),
            tags,
            shape: VolumeShape {
                volume_type: VolumeType::known_name(
                    self.need(ACTION, id, "a VolumeType", volume.volume_type())?.as_str(),
                ),
                size_gb: self.need(ACTION, id, "a Size", size(volume.size()))?,
                iops: size(volume.iops()),
                throughput_mibps: size(volume.throughput()),
            },
            state: self.need(ACTION, id, "a State", volume.state())?.as_str().to_owned(),
            attachments: attached.map(attachment).collect(),
        })
    }

    async fn addresses(&self) -> Result<Vec<Address>, AwsError> {
        const ACTION: &str = "ec2:DescribeAddresses";
        let answer = self.client.describe_addresses().send().await.map_err(|e| failed!(self, ACTION, e))?;
        Ok(answer.addresses.unwrap_or_default())
    }

    /// The address of this allocation, or of this public IP.
    ///
    /// # Errors
    /// Whatever AWS, or the way to it, says no with.
    pub async fn address(&self, id: &str) -> Result<Option<LiveAddress>, AwsError> {
        const ACTION: &str = "ec2:DescribeAddresses";
        let all = self.addresses().await?;
        let is_it = |address: &&Address| address.allocation_id() == Some(id) || address.public_ip() == Some(id);
        let Some(address) = all.iter().find(is_it) else { return Ok(None) };
        let tags = tags(address.tags());
        Ok(Some(LiveAddress {
            id: self.need(ACTION, id, "an AllocationId", address.allocation_id())?.to_owned(),
            name: tags.get("Name").unwrap_or_default().to_owned(),
            region: self.region.clone(),
            tags,
            public_ip: address.public_ip().unwrap_or_default().to_owned(),
            association_id: address.association_id().map(str::to_owned),
            instance_id: address.instance_id().filter(|id| !id.is_empty()).map(str::to_owned),
            interface_id: address.network_interface_id().filter(|id| !id.is_empty()).map(str::to_owned),
        }))
    }

    /// What this address is associated with; `None`: with nothing, or AWS does not show it.
    ///
    /// # Errors
    /// Whatever AWS, or the way to it, says no with.
    pub async fn address_user(&self, address: &LiveAddress) -> Result<Option<AddressUser>, AwsError> {
        match (&address.instance_id, &address.interface_id) {
            (Some(id), _) => {
                let instance = self.described(id).await?;
                Ok(instance.map(|instance| AddressUser { tags: tags(instance.tags()), made_by_aws: None }))
            }
            (None, Some(id)) => self.interface(id).await,
            (None, None) => Ok(None),
        }
    }

    /// A network interface of no instance. `RequesterManaged` marks those that AWS's services make and use: an address
    /// cannot be taken from one. <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/requester-managed-eni.html> (read
    /// 2026-11-28)
    async fn interface(&self, id: &str) -> Result<Option<AddressUser>, AwsError> {
        const ACTION: &str = "ec2:DescribeNetworkInterfaces";
        let filter = Filter::builder().name("network-interface-id").values(id).build();
        let answer = self.client.describe_network_interfaces().filters(filter).send().await;
        let answer = answer.map_err(|e| failed!(self, ACTION, e))?;
        let found = answer.network_interfaces().iter().find(|interface| interface.network_interface_id() == Some(id));
        Ok(found.map(|interface| AddressUser {
            tags: tags(interface.tag_set()),
            made_by_aws: interface
                .requester_managed()
                .unwrap_or(false)
                .then(|| interface.description().unwrap_or("AWS does not say for what").to_owned()),
        }))
    }

    /// The snapshot that carries this token.
    ///
    /// # Errors
    /// Whatever AWS, or the way to it, says no with.
    pub async fn snapshot_of(&self, token: &str) -> Result<Option<LiveSnapshot>, AwsError> {
        let filter = Filter::builder().name(format!("tag:{ACTION_TAG}")).values(token).build();
        self.snapshots(filter).await
    }

    /// # Errors
    /// Whatever AWS, or the way to it, says no with.
    pub async fn snapshot_state(&self, id: &str) -> Result<Option<LiveSnapshot>, AwsError> {
        self.snapshots(Filter::builder().name("snapshot-id").values(id).build()).await
    }

    async fn snapshots(&self, filter: Filter) -> Result<Option<LiveSnapshot>, AwsError> {
        const ACTION: &str = "ec2:DescribeSnapshots";
        let answer = self.client.describe_snapshots().owner_ids("self").filters(filter).send().await;
        let answer = answer.map_err(|e| failed!(self, ACTION, e))?;
        let live = |snapshot: &Snapshot| {
            Ok(LiveSnapshot {
                id: self.need(ACTION, "a snapshot", "a SnapshotId", snapshot.snapshot_id())?.to_owned(),
                volume_id: snapshot.volume_id().unwrap_or_default().to_owned(),
                size_gb: snapshot.volume_size().and_then(|size| u32::try_from(size).ok()).unwrap_or_default(),
                state: snapshot.state().map(|state| state.as_str().to_owned()).unwrap_or_default(),
                progress: snapshot.progress().unwrap_or_default().to_owned(),
            })
        };
        answer.snapshots().iter().map(live).next().transpose()
    }

    pub(super) fn need<T>(&self, action: &'static str, id: &str, what: &str, value: Option<T>) -> Result<T, AwsError> {
        value.ok_or_else(|| self.incomplete(action, id, what))
    }

    pub(super) fn incomplete(&self, action: &'static str, id: &str, what: &str) -> AwsError {
        AwsError::Incomplete { action, region: self.region.clone(), what: format!("{what} of {id}: it was left out") }
    }
}

fn state_of(instance: &Instance) -> Option<InstanceState> {
    instance.state().and_then(|state| state.name()).and_then(|name| InstanceState::from_name(name.as_str()))
}

/// What is attached to something else than an instance is held all the same.
fn attachment(attachment: &VolumeAttachment) -> Attachment {
    let named = |id: Option<&str>| id.filter(|id| !id.is_empty()).map(str::to_owned);
    let to = named(attachment.instance_id()).or_else(|| named(attachment.associated_resource()));
    Attachment {
        to: to.unwrap_or_else(|| "something that AWS does not name".to_owned()),
        device: attachment.device().unwrap_or_default().to_owned(),
        attached_at: attachment.attach_time().and_then(timestamp),
        deleted_with_instance: attachment.delete_on_termination().unwrap_or(false),
    }
}
