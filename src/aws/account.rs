//! Whose AWS, and where: one configuration for all clients.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// One try of one request.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(20);
/// All tries of one request.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(60);
const MAX_ATTEMPTS: u32 = 4;

/// Credentials and region from every usual place: environment, profile, SSO, `credential_process`, instance role;
/// endpoints from `AWS_ENDPOINT_URL` and its per-service variants.
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
}
