//! What AWS, or the way to it, said no with.

use std::error::Error;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};

/// A request that failed: which, where, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AwsError {
    #[error("no region is known to ask AWS in")]
    NoRegion,
    #[error("no usable AWS credentials{}: {trouble}", of_profile(profile.as_deref()))]
    Credentials { action: &'static str, region: String, profile: Option<String>, trouble: Trouble },
    #[error("{action} in {region}: the region is not enabled in this account")]
    RegionDisabled { action: &'static str, region: String },
    #[error("{action} in {region}: access denied ({code})")]
    Denied { action: &'static str, region: String, code: String },
    #[error("{action} in {region}: AWS cannot be reached: {why}")]
    Unreachable { action: &'static str, region: String, why: String },
    #[error("{action} in {region}: {why}")]
    Request { action: &'static str, region: String, why: String },
    #[error("{action} in {region}: the answer lacks {what}")]
    Incomplete { action: &'static str, region: String, what: String },
}

/// What is wrong with credentials, in fixed words: what a provider prints may hold secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("none were found")]
    Missing,
    #[error("no such profile is defined")]
    UnknownProfile,
    #[error("the SSO session has expired, or there was none")]
    SsoSession,
    #[error("they have expired")]
    Expired,
    #[error("AWS does not know them")]
    Refused,
    #[error("the clock of this computer differs too much from AWS's, or the secret key is wrong")]
    Signature,
    #[error("the provider that the profile names gave none")]
    Provider,
}

/// Codes by which AWS says that the policy does not allow a call.
const DENIED: [&str; 4] = ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException", "AuthorizationError"];
/// The code by which EC2 says that a region was not opted into.
const NOT_OPTED_IN: &str = "OptInRequired";
/// Codes by which AWS says that the credentials are no good. A region that was not opted into says the first three of
/// any credentials.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html> (read 2026-11-23)
const BAD_CREDENTIALS: [(&str, Trouble); 10] = [
    ("AuthFailure", Trouble::Refused),
    ("InvalidClientTokenId", Trouble::Refused),
    ("UnrecognizedClientException", Trouble::Refused),
    ("ExpiredToken", Trouble::Expired),
    ("ExpiredTokenException", Trouble::Expired),
    ("SignatureDoesNotMatch", Trouble::Signature),
    ("InvalidSignatureException", Trouble::Signature),
    ("RequestExpired", Trouble::Signature),
    ("RequestTimeTooSkewed", Trouble::Signature),
    ("MissingAuthenticationToken", Trouble::Missing),
];

/// Of an answer without a code of AWS's.
const NOT_AWS: &str = "came back, and not in the form AWS answers in";

/// Long messages (encoded policies, HTML) say nothing to a person.
const LONGEST_MESSAGE: usize = 300;

impl AwsError {
    pub(super) fn from_sdk<E>(action: &'static str, region: &str, profile: Option<&str>, error: SdkError<E>) -> AwsError
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let (region, profile) = (region.to_owned(), profile.map(str::to_owned));
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        let code = error.as_service_error().and_then(ProvideErrorMetadata::code).unwrap_or_default().to_owned();
        if let Some((_, trouble)) = BAD_CREDENTIALS.iter().find(|(bad, _)| *bad == code) {
            return AwsError::Credentials { action, region, profile, trouble: *trouble };
        }
        if code == NOT_OPTED_IN {
            return AwsError::RegionDisabled { action, region };
        }
        if DENIED.contains(&code.as_str()) {
            return AwsError::Denied { action, region, code };
        }
        match (&error, status) {
            (SdkError::DispatchFailure(_) | SdkError::TimeoutError(_), _) => {
                let why = causes(&error);
                match credential_trouble(&why) {
                    Some(trouble) => AwsError::Credentials { action, region, profile, trouble },
                    None => AwsError::Unreachable { action, region, why: shortened(plain(&why)) },
                }
            }
            // A proxy's or a load balancer's page, not AWS's answer.
            (_, Some(status)) if code.is_empty() => {
                let why = format!("HTTP {status} {NOT_AWS}");
                AwsError::Request { action, region, why }
            }
            _ => {
                let message = error.as_service_error().and_then(ProvideErrorMetadata::message);
                let why = message.map_or_else(|| causes(&error), str::to_owned);
                let why = if code.is_empty() { why } else { format!("{why} ({code})") };
                AwsError::Request { action, region, why: shortened(&why) }
            }
        }
    }

    /// Whether every other request would fail the same way.
    pub(super) const fn is_general(&self) -> bool {
        matches!(
            self,
            AwsError::NoRegion
                | AwsError::Credentials { .. }
                | AwsError::Unreachable { .. }
                | AwsError::RegionDisabled { .. }
        )
    }

    /// The same failure of credentials that AWS took elsewhere: the region was not opted into.
    pub(super) fn of_good_credentials(self) -> AwsError {
        match self {
            AwsError::Credentials { action, region, trouble: Trouble::Refused, .. } => {
                AwsError::RegionDisabled { action, region }
            }
            other => other,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            AwsError::NoRegion => "name one with --region, AWS_REGION or the profile".to_owned(),
            AwsError::Credentials { profile, trouble, .. } => mend(profile.as_deref(), *trouble),
            AwsError::RegionDisabled { .. } => {
                "nothing can run in a region that is not enabled; leave it out, or enable it in the account".to_owned()
            }
            AwsError::Denied { action, .. } => format!("ask for a policy that allows `{action}`"),
            AwsError::Unreachable { .. } => {
                "check the network, the region's name, and AWS_ENDPOINT_URL if it is set; nothing was recorded"
                    .to_owned()
            }
            AwsError::Request { why, .. } if why.ends_with(NOT_AWS) => {
                "something on the way answered for AWS: check AWS_ENDPOINT_URL if it is set, and any proxy".to_owned()
            }
            AwsError::Request { .. } | AwsError::Incomplete { .. } => return None,
        })
    }
}

fn of_profile(profile: Option<&str>) -> String {
    profile.map(|profile| format!(" for the profile `{profile}`")).unwrap_or_default()
}

/// The command that mends credentials.
fn mend(profile: Option<&str>, trouble: Trouble) -> String {
    let option = profile.map(|profile| format!(" --profile {profile}")).unwrap_or_default();
    match trouble {
        Trouble::Missing if profile.is_none() => {
            "`aws configure`, or name a profile with --profile; files can be imported without credentials".to_owned()
        }
        Trouble::Missing | Trouble::Refused => format!("`aws configure{option}`"),
        Trouble::UnknownProfile => {
            format!("`aws configure list-profiles` tells which there are; `aws configure{option}` makes it")
        }
        Trouble::SsoSession => format!("`aws sso login{option}`"),
        Trouble::Expired => {
            format!("get new ones as you got these: `aws sso login{option}`, or `aws configure{option}`")
        }
        Trouble::Signature => format!("set the clock; if it is right, `aws configure{option}`"),
        Trouble::Provider => {
            format!("`aws sts get-caller-identity{option}` tells more; mend the profile in ~/.aws/config")
        }
    }
}

/// What the SDK's words about a request that was never sent tell of the credentials; `None`: it was not for them.
fn credential_trouble(why: &str) -> Option<Trouble> {
    let why = why.to_ascii_lowercase();
    if !why.contains("credential") {
        return None;
    }
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    Some(if says(&["sso"]) {
        Trouble::SsoSession
    } else if says(&["was not defined", "no profile", "could not find profile"]) {
        Trouble::UnknownProfile
    } else if says(&["expired"]) {
        Trouble::Expired
    } else if says(&["no providers in chain provided", "not enabled", "not loaded"]) {
        Trouble::Missing
    } else {
        Trouble::Provider
    })
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

/// Without the layers of the client that the error came through.
fn plain(why: &str) -> &str {
    let layers = ["dispatch failure: ", "request has timed out: ", "io error: ", "client error (Connect): "];
    layers.iter().fold(why, |why, layer| why.strip_prefix(layer).unwrap_or(why))
}

fn shortened(why: &str) -> String {
    match why.char_indices().nth(LONGEST_MESSAGE) {
        Some((at, _)) => format!("{}…", why.get(..at).unwrap_or_default()),
        None => why.to_owned(),
    }
}
