//! An SNS topic.

use super::{Fault, Message, headline, text};
use crate::aws::{PublishError, publish};

/// A subject is UTF-8 of fewer than 100 characters without line breaks or control characters, a message at most 256 KiB.
/// <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html> (read 2026-11-28 in the SDK's copy of it). Printable ASCII
/// alone is sent: it once was all that SNS took, and some of those that the subject is passed on to still take no more.
const MOST_SUBJECT: usize = 99;
const MOST_BYTES: usize = 256 * 1024;

#[derive(Debug)]
pub struct Topic {
    pub arn: String,
    pub profile: Option<String>,
}

impl Topic {
    /// The region is in the ARN: `arn:aws:sns:us-west-2:123456789012:alerts`.
    ///
    /// # Errors
    /// What is wrong with the ARN.
    pub fn new(arn: &str, profile: Option<&str>) -> Result<Topic, &'static str> {
        let parts: Vec<&str> = arn.split(':').collect();
        match parts.as_slice() {
            ["arn", _, "sns", region, account, name] if ![region, account, name].iter().any(|part| part.is_empty()) => {
                Ok(Topic { arn: arn.to_owned(), profile: profile.map(str::to_owned) })
            }
            _ => Err("it is no ARN of an SNS topic, such as arn:aws:sns:us-west-2:123456789012:alerts"),
        }
    }

    fn region(&self) -> &str {
        self.arn.split(':').nth(3).unwrap_or_default()
    }

    pub(super) fn send(&self, message: &Message<'_>) -> Result<(), Fault> {
        let subject: String = ascii(&headline(message.notices)).chars().take(MOST_SUBJECT).collect();
        let body = cut(text(message.key, message.notices));
        publish(&self.arn, self.region(), self.profile.as_deref(), &subject, &body, message.key).map_err(|error| {
            match error {
                PublishError::Refused(why) => Fault::Refused(why),
                PublishError::Rejected(why) => Fault::Rejected(why),
                PublishError::Unsure(why) => Fault::Unsure(why),
            }
        })
    }
}

fn ascii(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect()
}

/// To what SNS takes, at the end of a character.
fn cut(mut text: String) -> String {
    const END: &str = "\n(cut: gpucost alerts history has all)\n";
    if text.len() > MOST_BYTES {
        let mut end = MOST_BYTES - END.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(END);
    }
    text
}
