//! A message to an SNS topic.

use std::error::Error;

use aws_sdk_sns::Client;
use aws_sdk_sns::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sns::types::MessageAttributeValue;

use super::{Account, AwsError};

const PUBLISH: &str = "sns:Publish";
/// What AWS says of a message that is wrong in itself; all else may be mended without another message.
const INVALID: [&str; 4] =
    ["InvalidParameter", "InvalidParameterException", "ParameterValueInvalid", "InvalidParameterValue"];

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    #[error("{0}")]
    Refused(String),
    /// AWS will not take it as it is, however often.
    #[error("{0}")]
    Rejected(String),
    /// It may have been.
    #[error("{0}")]
    Unsure(String),
}

/// Publishes and waits. A FIFO topic drops a message whose key it had within five minutes.
///
/// # Errors
/// Whatever AWS, or the way to it, says no with, after the client's own repetitions.
pub fn publish(
    arn: &str,
    region: &str,
    profile: Option<&str>,
    subject: &str,
    message: &str,
    key: &str,
) -> Result<(), PublishError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| PublishError::Refused(format!("cannot start the network runtime: {e}")))?;
    runtime.block_on(async {
        let account = Account::resolve(profile, Some(region)).await;
        let attribute = MessageAttributeValue::builder().data_type("String").string_value(key).build();
        let attribute = attribute.map_err(|e| PublishError::Refused(format!("{PUBLISH}: {e}")))?;
        let mut request = Client::new(&account.config).publish().topic_arn(arn).subject(subject).message(message);
        request = request.message_attributes("gpucost_key", attribute);
        if arn.ends_with(".fifo") {
            request = request.message_group_id("gpucost").message_deduplication_id(key);
        }
        request.send().await.map(drop).map_err(|error| {
            let may_have_arrived = may_have_arrived(&error);
            let is_invalid = error.code().is_some_and(|code| INVALID.contains(&code));
            let error = AwsError::from_sdk(PUBLISH, region, profile, error);
            let why = match error.hint() {
                Some(hint) => format!("{error}; {hint}"),
                None => error.to_string(),
            };
            match (may_have_arrived, is_invalid) {
                (true, _) => PublishError::Unsure(why),
                (false, true) => PublishError::Rejected(why),
                (false, false) => PublishError::Refused(why),
            }
        })
    })
}

/// AWS was asked and its answer did not come, or was that something went wrong inside.
fn may_have_arrived<E: Error>(error: &SdkError<E>) -> bool {
    match error {
        SdkError::ServiceError(said) => said.raw().status().is_server_error(),
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        SdkError::DispatchFailure(failure) => failure.is_timeout() || failure.is_io(),
        _ => false,
    }
}
