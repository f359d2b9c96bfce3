//! Whose AWS, and where: one configuration for all clients.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};

use super::AwsError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// One try of one request: a page of 1,000 instances takes AWS a few seconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// All tries of one request: who answers nothing is given up on after this.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_ATTEMPTS: u32 = 4;

/// The regions that no account can switch off, one for each partition.
const HOMES: [(&str, &str); 3] = [("cn-", "cn-north-1"), ("us-gov-", "us-gov-west-1"), ("", "us-east-1")];

const IDENTITY: &str = "sts:GetCallerIdentity";

/// Credentials and region from every usual place: environment, profile, SSO, `credential_process`, instance role;
/// endpoints from `AWS_ENDPOINT_URL` and its per-service variants.
#[derive(Clone, Debug)]
pub struct Account {
    pub(super) config: SdkConfig,
    pub(super) profile: Option<String>,
}

impl Account {
    /// Reads the configuration; credentials are asked for only with the first request.
    pub async fn resolve(profile: Option<&str>, region: Option<&str>) -> Account {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS))
            .timeout_config(timeouts);
        if let Ok(name) = AppName::new("gpucost") {
            loader = loader.app_name(name);
        }
        if let Some(profile) = profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = region {
            loader = loader.region(Region::new(region.to_owned()));
        }
        Account { config: loader.load().await, profile: profile.map(str::to_owned) }
    }

    /// The region asked for, or the one the environment or the profile names.
    pub fn region(&self) -> Option<&str> {
        self.config.region().map(Region::as_ref)
    }

    /// The same credentials, and the same cache of them, in another region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Account {
        let config = self.config.to_builder().region(Region::new(region.to_owned())).build();
        Account { config, profile: self.profile.clone() }
    }

    /// The account's id. AWS tells it to anyone with valid credentials, whatever the policy.
    /// <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html> (read 2026-11-23)
    pub(super) async fn identity(&self) -> Result<String, AwsError> {
        let region = self.region().ok_or(AwsError::NoRegion)?;
        let answer = match self.caller(region).await {
            // A region that was not opted into knows nobody's credentials; the partition's home does.
            Err(AwsError::Credentials { .. }) if home_of(region) != region => {
                self.in_region(home_of(region)).caller(home_of(region)).await
            }
            answer => answer,
        };
        answer?.ok_or_else(|| AwsError::Incomplete {
            action: IDENTITY,
            region: region.to_owned(),
            what: "an Account".to_owned(),
        })
    }

    async fn caller(&self, region: &str) -> Result<Option<String>, AwsError> {
        let answer = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
        let answer = answer.map_err(|e| AwsError::from_sdk(IDENTITY, region, self.profile.as_deref(), e))?;
        Ok(answer.account().map(str::to_owned))
    }
}

/// The region of the same partition that is always enabled.
pub(super) fn home_of(region: &str) -> &'static str {
    HOMES.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("us-east-1", |(_, home)| home)
}
