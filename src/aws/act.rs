//! The only calls of gpucost that change anything in AWS, each behind a plan, AWS's own dry run and a confirmation. The
//! looks that those need are in `live.rs`.

use std::time::Duration;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::types::{ResourceType, Tag, TagSpecification};

use super::{Account, AwsError};
use crate::advice::plan::Step;

/// The tag of a snapshot that was made for a deletion: its value names the one run that may rely on it.
pub(super) const ACTION_TAG: &str = "gpucost:action";

/// What AWS answers where a call would have been allowed: an error, always.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonParameters.html> (read 2026-11-27)
const ALLOWED: &str = "DryRunOperation";

const NO_VOLUME: &str = "InvalidVolume.NotFound";

/// What AWS answers where too much is asked: nothing was done, whatever the status.
const THROTTLED: [&str; 4] =
    ["RequestLimitExceeded", "Throttling", "ThrottlingException", "SnapshotCreationPerVolumeRateExceeded"];
/// Before the repetitions of a call that was throttled and that the client itself does not repeat.
const WAITS: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(2), Duration::from_secs(5)];

/// How a call ended.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// Nothing was changed.
    #[error(transparent)]
    Refused(#[from] AwsError),
    /// AWS was asked and did not answer: it may have been done.
    #[error("{0}; it may have been done all the same")]
    Unsure(AwsError),
    /// AWS was asked whether it would do it, and says that it has.
    #[error("{action} in {region}: asked only whether it would be allowed, AWS says that it is done")]
    Done { action: &'static str, region: String },
}

/// One region of one account.
#[derive(Clone, Debug)]
pub struct Actor {
    pub(super) client: Client,
    /// Without repetitions: what must not be done twice.
    once: Client,
    account: String,
    pub(super) region: String,
    pub(super) profile: Option<String>,
}

/// Sends a request that AWS only checks, or one that it carries out.
macro_rules! send {
    ($self:ident, $step:expr, $request:expr, $dry_run:expr) => {{
        match $request.dry_run($dry_run).send().await {
            Ok(_) if $dry_run => Err($self.done($step)),
            Ok(_) => Ok(()),
            Err(error) if $dry_run && code(&error) == Some(ALLOWED) => Ok(()),
            Err(error) => Err($self.ended($step.action(), error)),
        }
    }};
}

impl Actor {
    /// # Errors
    /// If it cannot be told whose account it is: what is done is written down under its account.
    pub async fn new(profile: Option<&str>, region: &str) -> Result<Actor, AwsError> {
        let account = Account::resolve(profile, Some(region)).await;
        let retries = aws_config::retry::RetryConfig::disabled();
        let once = aws_sdk_ec2::config::Builder::from(&account.config).retry_config(retries).build();
        Ok(Actor {
            client: Client::new(&account.config),
            once: Client::from_conf(once),
            account: account.identity().await?,
            region: region.to_owned(),
            profile: profile.map(str::to_owned),
        })
    }

    pub fn account(&self) -> &str {
        &self.account
    }

    pub fn region(&self) -> &str {
        &self.region
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
                    Ok(_) if dry_run => Err(self.done(step)),
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
        let mut waits = WAITS.iter();
        loop {
            match (request.clone().send().await, waits.next()) {
                (Ok(_), _) if dry_run => return Err(self.done(step)),
                (Ok(answer), _) => return Ok(answer.snapshot_id().map(str::to_owned)),
                (Err(error), _) if dry_run && code(&error) == Some(ALLOWED) => return Ok(None),
                // To repeat what was surely not done does nothing twice.
                (Err(error), Some(wait)) if is_throttled(&error) => tokio::time::sleep(*wait).await,
                (Err(error), _) => return Err(self.ended(step.action(), error)),
            }
        }
    }

    fn done(&self, step: &Step) -> ActError {
        ActError::Done { action: step.action(), region: self.region.clone() }
    }

    fn ended<E>(&self, action: &'static str, error: SdkError<E>) -> ActError
    where
        E: std::error::Error + ProvideErrorMetadata + 'static,
    {
        // A server that fails may have failed after it did it; a connection that broke may have carried it.
        let may_have_arrived = match &error {
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) | SdkError::DispatchFailure(_) => true,
            SdkError::ServiceError(service) => service.raw().status().is_server_error() && !is_throttled(&error),
            _ => false,
        };
        let error = AwsError::from_sdk(action, &self.region, self.profile.as_deref(), error);
        let is_clear = matches!(error, AwsError::Credentials { .. } | AwsError::Denied { .. });
        if may_have_arrived && !is_clear { ActError::Unsure(error) } else { ActError::Refused(error) }
    }
}

pub(super) fn code<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Option<&str> {
    error.as_service_error().and_then(ProvideErrorMetadata::code)
}

fn is_throttled<E: ProvideErrorMetadata>(error: &SdkError<E>) -> bool {
    code(error).is_some_and(|code| THROTTLED.contains(&code))
}
