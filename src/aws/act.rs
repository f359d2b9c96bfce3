//! The only calls of gpucost that change anything in AWS, each behind a plan, AWS's own dry run and a confirmation; and
//! the looks that those need.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::types::{
    Address, Filter, Instance, InstanceAttributeName, ResourceType, Snapshot, SpotInstanceType, Tag, TagSpecification,
    Volume,
};

use super::describe::{tags, timestamp};
use super::{Account, AwsError};
use crate::advice::plan::{LiveAddress, LiveInstance, LiveSnapshot, LiveVolume, Step};
use crate::catalog::region_of_zone;
use crate::ledger::{InstanceState, Purchase, VolumeShape};

/// The tag of a snapshot that was made for a deletion: its value names the one run that may rely on it.
pub const ACTION_TAG: &str = "gpucost:action";

/// What AWS answers where a call would have been allowed.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html> (not checked since this was written)
const ALLOWED: &str = "DryRunOperation";

const NO_VOLUME: &str = "InvalidVolume.NotFound";

/// How a call ended.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// Nothing was changed.
    #[error(transparent)]
    Refused(#[from] AwsError),
    /// AWS was asked and did not answer: it may have been done.
    #[error("{0}; it may have been done all the same")]
    Unsure(AwsError),
}

/// One region of one account.
#[derive(Clone, Debug)]
pub struct Actor {
    client: Client,
    /// Without repetitions: what must not be done twice.
    once: Client,
    region: String,
    profile: Option<String>,
}

/// Turns an SDK error into gpucost's, with the action it was.
macro_rules! failed {
    ($self:ident, $action:expr, $error:expr) => {
        AwsError::from_sdk($action, &$self.region, $self.profile.as_deref(), $error)
    };
}

/// Sends a request that AWS only checks, or one that it carries out.
macro_rules! send {
    ($self:ident, $step:expr, $request:expr, $dry_run:expr) => {{
        match $request.dry_run($dry_run).send().await {
            Ok(_) => Ok(()),
            Err(error) if $dry_run && code(&error) == Some(ALLOWED) => Ok(()),
            Err(error) => Err($self.ended($step.action(), error)),
        }
    }};
}

impl Actor {
    pub async fn new(profile: Option<&str>, region: &str) -> Actor {
        let account = Account::resolve(profile, Some(region)).await;
        let retries = aws_config::retry::RetryConfig::disabled();
        let once = aws_sdk_ec2::config::Builder::from(&account.config).retry_config(retries).build();
        Actor {
            client: Client::new(&account.config),
            once: Client::from_conf(once),
            region: region.to_owned(),
            profile: profile.map(str::to_owned),
        }
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    /// An instance with its volumes and protections; `None`: there is none of this id here.
    ///
    /// # Errors
    /// What of it cannot be looked at: an action on what is half known is none.
    pub async fn instance(&self, id: &str) -> Result<Option<LiveInstance>, AwsError> {
        const ACTION: &str = "ec2:DescribeInstances";
        let filter = Filter::builder().name("instance-id").values(id).build();
        let answer = self.client.describe_instances().filters(filter).send().await;
        let answer = answer.map_err(|e| failed!(self, ACTION, e))?;
        let found = answer.reservations().iter().flat_map(|r| r.instances()).find(|i| i.instance_id() == Some(id));
        let Some(instance) = found else { return Ok(None) };
        let volume_ids: Vec<String> = instance
            .block_device_mappings()
            .iter()
            .filter_map(|mapping| mapping.ebs()?.volume_id().map(str::to_owned))
            .collect();
        let volumes = if volume_ids.is_empty() { Vec::new() } else { self.volumes(&volume_ids).await? };
        let terminated = self.attribute(id, InstanceAttributeName::DisableApiTermination).await?;
        let stopped = self.attribute(id, InstanceAttributeName::DisableApiStop).await?;
        let persistent = match instance.spot_instance_request_id() {
            Some(request) => self.is_persistent(request).await?,
            None => false,
        };
        self.live_instance(id, instance, volumes, (terminated, stopped), persistent).map(Some)
    }

    fn live_instance(
        &self,
        id: &str,
        instance: &Instance,
        volumes: Vec<LiveVolume>,
        (termination_protected, stop_protected): (bool, bool),
        spot_is_persistent: bool,
    ) -> Result<LiveInstance, AwsError> {
        const ACTION: &str = "ec2:DescribeInstances";
        let tags = tags(instance.tags());
        let state =
            instance.state().and_then(|state| state.name()).and_then(|name| InstanceState::from_name(name.as_str()));
        let associations = instance.network_interfaces().iter().filter_map(|interface| interface.association());
        let is_automatic = |owner: Option<&str>| owner.is_none_or(|owner| owner == "amazon");
        let (automatic, elastic): (Vec<_>, Vec<_>) = associations.partition(|a| is_automatic(a.ip_owner_id()));
        let zone = instance.placement().and_then(|placement| placement.availability_zone());
        Ok(LiveInstance {
            id: id.to_owned(),
            name: tags.get("Name").cloned().unwrap_or_default(),
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
            spot_is_persistent,
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

    async fn is_persistent(&self, request: &str) -> Result<bool, AwsError> {
        const ACTION: &str = "ec2:DescribeSpotInstanceRequests";
        let answer = self.client.describe_spot_instance_requests().spot_instance_request_ids(request).send().await;
        let answer = answer.map_err(|e| failed!(self, ACTION, e))?;
        Ok(answer
            .spot_instance_requests()
            .iter()
            .any(|request| request.r#type() == Some(&SpotInstanceType::Persistent)))
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
        let attachment = volume.attachments().iter().find(|attachment| attachment.instance_id().is_some());
        Ok(LiveVolume {
            id: id.to_owned(),
            name: tags.get("Name").cloned().unwrap_or_default(),
            region: volume.availability_zone().map_or_else(|| self.region.clone(), region_of_zone),
            tags,
            shape: VolumeShape {
                volume_type: self.need(ACTION, id, "a VolumeType", volume.volume_type())?.as_str().to_owned(),
                size_gb: self.need(ACTION, id, "a Size", size(volume.size()))?,
                iops: size(volume.iops()),
                throughput_mibps: size(volume.throughput()),
            },
            state: self.need(ACTION, id, "a State", volume.state())?.as_str().to_owned(),
            attached_to: attachment.and_then(|a| a.instance_id()).map(str::to_owned),
            device: attachment.and_then(|a| a.device()).unwrap_or_default().to_owned(),
            attached_at: attachment.and_then(|a| a.attach_time()).and_then(timestamp),
            deleted_with_instance: attachment.and_then(|a| a.delete_on_termination()).unwrap_or(false),
        })
    }

    /// The address of this allocation, or of this public IP.
    ///
    /// # Errors
    /// Whatever AWS, or the way to it, says no with.
    pub async fn address(&self, id: &str) -> Result<Option<LiveAddress>, AwsError> {
        const ACTION: &str = "ec2:DescribeAddresses";
        let answer = self.client.describe_addresses().send().await.map_err(|e| failed!(self, ACTION, e))?;
        let is_it = |address: &&Address| address.allocation_id() == Some(id) || address.public_ip() == Some(id);
        let Some(address) = answer.addresses().iter().find(is_it) else { return Ok(None) };
        let tags = tags(address.tags());
        Ok(Some(LiveAddress {
            id: self.need(ACTION, id, "an AllocationId", address.allocation_id())?.to_owned(),
            name: tags.get("Name").cloned().unwrap_or_default(),
            region: self.region.clone(),
            tags,
            public_ip: address.public_ip().unwrap_or_default().to_owned(),
            association_id: address.association_id().map(str::to_owned),
            instance_id: address.instance_id().filter(|id| !id.is_empty()).map(str::to_owned),
        }))
    }

    /// Asks AWS whether it would do it. What has no dry run of its own (a wait) is always allowed.
    ///
    /// # Errors
    /// The action that is not allowed, or what else stands in the way.
    pub async fn dry_run(&self, step: &Step) -> Result<(), ActError> {
        match step {
            Step::CreateSnapshot { .. } => self.create_snapshot(step, "dry-run", true).await.map(drop),
            _ => self.call(step, true).await,
        }
    }

    /// Does it.
    ///
    /// # Errors
    /// What AWS says, or that it said nothing.
    pub async fn act(&self, step: &Step) -> Result<(), ActError> {
        self.call(step, false).await
    }

    async fn call(&self, step: &Step, dry_run: bool) -> Result<(), ActError> {
        match step {
            Step::StopInstance { id } => {
                send!(self, step, self.client.stop_instances().instance_ids(id), dry_run)
            }
            Step::TerminateInstance { id } => {
                send!(self, step, self.client.terminate_instances().instance_ids(id), dry_run)
            }
            Step::DetachVolume { volume_id, instance_id } => {
                let request = self.client.detach_volume().volume_id(volume_id).instance_id(instance_id);
                send!(self, step, request, dry_run)
            }
            Step::DeleteVolume { volume_id } => {
                match self.client.delete_volume().volume_id(volume_id).dry_run(dry_run).send().await {
                    Err(error) if dry_run && code(&error) == Some(ALLOWED) => Ok(()),
                    // Gone is gone, whoever did it.
                    Err(error) if !dry_run && code(&error) == Some(NO_VOLUME) => Ok(()),
                    ended => ended.map(drop).map_err(|error| self.ended(step.action(), error)),
                }
            }
            Step::DisassociateAddress { association_id } => {
                send!(self, step, self.client.disassociate_address().association_id(association_id), dry_run)
            }
            Step::ReleaseAddress { allocation_id } => {
                send!(self, step, self.client.release_address().allocation_id(allocation_id), dry_run)
            }
            Step::WaitTerminated { .. } | Step::CreateSnapshot { .. } => Ok(()),
        }
    }

    /// Begins a snapshot that carries `token`, and gives its id. AWS has no token of its own for this call: it is sent
    /// once, and who gets no answer looks for the tag.
    ///
    /// # Errors
    /// As [`Actor::act`].
    pub async fn snapshot(&self, step: &Step, token: &str) -> Result<String, ActError> {
        let id = self.create_snapshot(step, token, false).await?;
        id.ok_or_else(|| ActError::Unsure(self.incomplete(step.action(), "the new snapshot", "a SnapshotId")))
    }

    async fn create_snapshot(&self, step: &Step, token: &str, dry_run: bool) -> Result<Option<String>, ActError> {
        let Step::CreateSnapshot { volume_id, .. } = step else { return Ok(None) };
        let tag = |key: &str, value: &str| Tag::builder().key(key).value(value).build();
        let tags = TagSpecification::builder()
            .resource_type(ResourceType::Snapshot)
            .tags(tag(ACTION_TAG, token))
            .tags(tag("Name", &format!("{volume_id}, before its deletion")))
            .build();
        let request = self.once.create_snapshot().volume_id(volume_id).tag_specifications(tags).dry_run(dry_run);
        let request = request.description(format!("gpucost: {volume_id}, before its deletion"));
        match request.send().await {
            Ok(answer) => Ok(answer.snapshot_id().map(str::to_owned)),
            Err(error) if dry_run && code(&error) == Some(ALLOWED) => Ok(None),
            Err(error) => Err(self.ended(step.action(), error)),
        }
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

    fn ended<E>(&self, action: &'static str, error: SdkError<E>) -> ActError
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        // A server that fails may have failed after it did it; a connection that broke may have carried it.
        let may_have_arrived = match &error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) | SdkError::DispatchFailure(_) => true,
            SdkError::ServiceError(service) => service.raw().status().is_server_error(),
            _ => false,
        };
        let error = AwsError::from_sdk(action, &self.region, self.profile.as_deref(), error);
        let is_clear = matches!(error, AwsError::Credentials { .. } | AwsError::Denied { .. });
        if may_have_arrived && !is_clear { ActError::Unsure(error) } else { ActError::Refused(error) }
    }

    fn need<T>(&self, action: &'static str, id: &str, what: &str, value: Option<T>) -> Result<T, AwsError> {
        value.ok_or_else(|| self.incomplete(action, id, what))
    }

    fn incomplete(&self, action: &'static str, id: &str, what: &str) -> AwsError {
        AwsError::Incomplete { action, region: self.region.clone(), what: format!("{what} of {id}: it was left out") }
    }
}

fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}
