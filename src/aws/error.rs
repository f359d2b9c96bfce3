//! What AWS, or the way to it, said no with.

use std::error::Error;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};

/// A request that failed: which, where, why, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum AwsError {
    #[error("no region is known to ask AWS in")]
    NoRegion,
    #[error("{action} in {region}: no usable AWS credentials: {why}")]
    Credentials { action: &'static str, region: String, profile: Option<String>, why: String },
    #[error("{action} in {region}: access denied ({code})")]
    Denied { action: &'static str, region: String, code: String },
    #[error("{action} in {region}: AWS cannot be reached: {why}")]
    Unreachable { action: &'static str, region: String, why: String },
    #[error("{action} in {region}: {why}")]
    Request { action: &'static str, region: String, why: String },
    #[error("{action} in {region}: the answer lacks {what}")]
    Incomplete { action: &'static str, region: String, what: String },
}

/// Codes by which EC2 says that the policy does not allow a call.
const DENIED: [&str; 3] = ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"];
/// Codes by which AWS says that the credentials are no good.
const BAD_CREDENTIALS: [&str; 5] =
    ["AuthFailure", "ExpiredToken", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException"];

impl AwsError {
    pub(super) fn from_sdk<E, R>(
        action: &'static str,
        region: &str,
        profile: Option<&str>,
        error: SdkError<E, R>,
    ) -> AwsError
    where
        E: Error + ProvideErrorMetadata + 'static,
        R: std::fmt::Debug + 'static,
    {
        let (region, profile) = (region.to_owned(), profile.map(str::to_owned));
        let Some(refusal) = error.as_service_error() else {
            let why = causes(&error);
            return match error {
                SdkError::DispatchFailure(_) if why.contains("credential") => {
                    let why = "none were found, or they could not be loaded".to_owned();
                    AwsError::Credentials { action, region, profile, why }
                }
                SdkError::DispatchFailure(_) | SdkError::TimeoutError(_) => {
                    AwsError::Unreachable { action, region, why }
                }
                _ => AwsError::Request { action, region, why },
            };
        };
        let code = refusal.code().unwrap_or_default().to_owned();
        let why = refusal.message().map_or_else(|| causes(refusal), str::to_owned);
        if DENIED.contains(&code.as_str()) {
            AwsError::Denied { action, region, code }
        } else if BAD_CREDENTIALS.contains(&code.as_str()) {
            AwsError::Credentials { action, region, profile, why }
        } else {
            AwsError::Request { action, region, why }
        }
    }

    /// Whether every other request would fail the same way.
    pub(super) const fn is_general(&self) -> bool {
        matches!(self, AwsError::NoRegion | AwsError::Credentials { .. } | AwsError::Unreachable { .. })
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            AwsError::NoRegion => "name one with --region, AWS_REGION or the profile".to_owned(),
            AwsError::Credentials { profile: Some(profile), .. } => {
                format!("`aws sso login --profile {profile}`, or `aws configure --profile {profile}`")
            }
            AwsError::Credentials { profile: None, .. } => {
                "`aws configure`, or name a profile with --profile; files can be imported without credentials"
                    .to_owned()
            }
            AwsError::Denied { action, .. } => format!("ask for a policy that allows `{action}`"),
            AwsError::Unreachable { .. } => {
                "check the network, the region's name, and AWS_ENDPOINT_URL if it is set; nothing was recorded"
                    .to_owned()
            }
            AwsError::Request { .. } | AwsError::Incomplete { .. } => return None,
        })
    }
}

/// What an error says and what caused it, each said once.
fn causes(error: &dyn Error) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let words = error.to_string();
        if !said.iter().any(|earlier| earlier.contains(&words)) {
            said.push(words);
        }
        next = error.source();
    }
    said.join(": ")
}
