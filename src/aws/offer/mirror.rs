//! Where AWS publishes its price lists, and how long one waits for it.

use std::time::Duration;

use ureq::http::Uri;

use crate::aws::offer::OfferError;
use crate::web::client;

/// AWS's own: <https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api-fetching-price-list-files-manually.html>
pub const AWS_OFFERS_URL: &str = "https://pricing.us-east-1.amazonaws.com";

/// A server of price lists in AWS's layout: AWS's, or a copy of it.
#[derive(Clone, Debug)]
pub struct Mirror {
    /// Without a slash at its end.
    base: String,
    agent: ureq::Agent,
    pub(super) patience: Patience,
}

/// How long to wait for a server, and how often to ask again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, TLS and all.
    pub connect: Duration,
    /// For the beginning of an answer.
    pub answer: Duration,
    /// For the next bytes of it.
    pub stall: Duration,
    /// Failures in a row after which no more is asked.
    pub failures: u32,
    /// Before the first repetition; each one after waits twice as long.
    pub wait: Duration,
}

impl Patience {
    pub const USUAL: Patience = Patience {
        connect: Duration::from_secs(10),
        answer: Duration::from_secs(20),
        stall: Duration::from_secs(20),
        failures: 4,
        wait: Duration::from_millis(500),
    };
}

impl Mirror {
    /// `None` is AWS.
    ///
    /// # Errors
    /// If the address is none of a web server.
    pub fn new(base: Option<&str>, patience: Patience) -> Result<Mirror, OfferError> {
        let base = base.unwrap_or(AWS_OFFERS_URL).trim_end_matches('/').to_owned();
        check(&base).map_err(|why| OfferError::Address { why })?;
        let config = client()
            .timeout_resolve(Some(patience.connect))
            .timeout_connect(Some(patience.connect))
            .timeout_send_request(Some(patience.answer))
            .timeout_recv_response(Some(patience.answer))
            .timeout_per_read(Some(patience.stall))
            .build();
        Ok(Mirror { base, agent: config.into(), patience })
    }

    pub(super) fn get(&self, path: &str) -> ureq::RequestBuilder<ureq::typestate::WithoutBody> {
        self.agent.get(self.url(path))
    }

    /// `path` begins with a slash.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

/// An address is printed in errors: one with a password in it is refused.
fn check(base: &str) -> Result<(), &'static str> {
    let uri: Uri = base.parse().map_err(|_| "it is no URL")?;
    let authority = uri.authority().ok_or("it names no host")?;
    match uri.scheme_str() {
        Some("https" | "http") => {}
        _ => return Err("it begins with neither https:// nor http://"),
    }
    if authority.as_str().contains('@') {
        return Err("it has a user name in it");
    }
    if base.contains(['?', '#']) { Err("it has more than a path behind the host") } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_web_server_without_secrets() {
        for base in ["https://mirror.example/aws", "http://127.0.0.1:8080", "http://127.0.0.1:8080/"] {
            let mirror = Mirror::new(Some(base), Patience::USUAL).expect(base);
            assert_eq!(mirror.url("/offers"), format!("{}/offers", base.trim_end_matches('/')));
        }
        for base in ["", "pricing.example", "ftp://x.example", "/offers", "https://x.example/?a=b", "not a url"] {
            assert!(Mirror::new(Some(base), Patience::USUAL).is_err(), "{base}");
        }
        let error = Mirror::new(Some("https://me:hunter2@x.example"), Patience::USUAL).expect_err("a password");
        assert_eq!(error.to_string(), "the address of the price lists cannot be used: it has a user name in it");
    }
}
