//! A generic webhook: JSON, signed with HMAC-SHA256.

use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use sha2::Sha256;

use super::post::{Address, post};
use super::{Fault, Message, headline};

/// The receiver computes the same over `timestamp + "." + body` and compares in constant time; it refuses timestamps that
/// are minutes off, and drops a message whose `Idempotency-Key` it has seen.
const SIGNATURE: &str = "X-Gpucost-Signature";
const TIMESTAMP: &str = "X-Gpucost-Timestamp";
const KEY: &str = "Idempotency-Key";

#[derive(Debug)]
pub struct Webhook {
    address: Address,
    secret: Option<SecretString>,
}

impl Webhook {
    /// # Errors
    /// Why the address is none, without saying what it is.
    pub fn new(url: SecretString, secret: Option<SecretString>) -> Result<Webhook, &'static str> {
        Ok(Webhook { address: Address::new(url)?, secret })
    }

    pub(super) fn send(&self, message: &Message<'_>) -> Result<(), Fault> {
        let body = json!({
            "key": message.key,
            "made_at": message.made_at,
            "title": headline(message.notices),
            "notices": message.notices,
        })
        .to_string();
        let timestamp = message.made_at.as_second().to_string();
        let mut headers = vec![(KEY, message.key.to_owned()), (TIMESTAMP, timestamp.clone())];
        if let Some(secret) = &self.secret {
            headers.push((SIGNATURE, format!("v1={}", signature(secret, &timestamp, &body))));
        }
        post(&self.address, &headers, &body)
    }
}

/// Lower-case hex of HMAC-SHA256 over `timestamp.body`.
pub fn signature(secret: &SecretString, timestamp: &str, body: &str) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()) else {
        // HMAC takes keys of any length.
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_hmac_sha256_of_timestamp_and_body() {
        // Python: hmac.new(b'key', b'1700000000.{"a":1}', 'sha256').hexdigest()
        let signed = signature(&SecretString::from("key"), "1700000000", "{\"a\":1}");
        assert_eq!(signed, "a438e398bfafc57e4396bb7fc2304422f0f768e965d073ca313cb52e22e6ad03");
    }
}
