//! Sends alerts: webhooks, Slack, SNS, email. It knows nothing of why.
//!
//! A message is delivered at least once: a channel that surely did not take it says [`Fault::Refused`], one that may have
//! taken it [`Fault::Unsure`], and the same message is sent again under the same key; one that will not take it as it is
//! says [`Fault::Rejected`], and its notices go out in another. Names in it are untrusted: each
//! channel makes them harmless in its own way. Addresses and tokens are secrets, and no error names more than a host.

mod email;
mod post;
mod retry;
mod slack;
mod sns;
mod webhook;
mod words;

use jiff::Timestamp;

pub use email::{Email, SmtpTls};
pub use slack::Slack;
pub use sns::Topic;
pub use webhook::{Webhook, signature};
pub use words::{headline, text};

use crate::alerts::Notice;

/// What goes out at once.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// The same when the same notices are sent again to the same channel.
    pub key: &'a str,
    pub notices: &'a [Notice],
    pub made_at: Timestamp,
}

/// Where to.
#[derive(Debug)]
pub enum Channel {
    Webhook(Webhook),
    Slack(Slack),
    Sns(Topic),
    Email(Box<Email>),
}

/// What became of a message that was not accepted. No secret is in the words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It surely did not arrive.
    #[error("{0}")]
    Refused(String),
    /// The receiver has answered, and will not take it however often it is sent.
    #[error("{0}")]
    Rejected(String),
    /// It may have arrived.
    #[error("{0}; it may have arrived, and will be sent again under the same key")]
    Unsure(String),
}

impl Channel {
    /// Sends and waits for the channel's word.
    ///
    /// # Errors
    /// After a few tries, what stood in the way.
    pub fn send(&self, message: &Message<'_>) -> Result<(), Fault> {
        match self {
            Channel::Webhook(webhook) => webhook.send(message),
            Channel::Slack(slack) => slack.send(message),
            Channel::Sns(topic) => topic.send(message),
            Channel::Email(email) => email.send(message),
        }
    }

    /// `webhook`, `slack`, `sns`, `email`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Channel::Webhook(_) => "webhook",
            Channel::Slack(_) => "slack",
            Channel::Sns(_) => "sns",
            Channel::Email(_) => "email",
        }
    }
}
