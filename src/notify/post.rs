//! A POST that is tried a few times.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use ureq::http::Uri;

use super::Fault;
use super::retry::{Failed, until_taken};
use crate::web::client_with_secret;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// One try, answer and all.
const TRY_TIMEOUT: Duration = Duration::from_secs(10);

/// A web address that is a secret: whoever knows a webhook can write to it.
#[derive(Debug)]
pub struct Address {
    url: SecretString,
    /// What errors may name.
    pub host: String,
}

impl Address {
    /// # Errors
    /// Why it is none, without saying what it is.
    pub fn new(url: SecretString) -> Result<Address, &'static str> {
        let uri: Uri = url.expose_secret().trim().parse().map_err(|_| "it is no URL")?;
        if !matches!(uri.scheme_str(), Some("https" | "http")) {
            return Err("it begins with neither https:// nor http://");
        }
        let host = uri.host().filter(|host| !host.is_empty()).ok_or("it names no host")?.to_owned();
        // Plain HTTP would show the address, the signature and the names to everyone on the way.
        if uri.scheme_str() == Some("http") && !is_this_machine(&host) {
            return Err("it is not https://, and not on this machine");
        }
        Ok(Address { url: SecretString::from(uri.to_string()), host })
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Posts JSON until it is taken, refused for good, or has failed a few times.
pub(super) fn post(address: &Address, headers: &[(&str, String)], body: &str) -> Result<(), Fault> {
    let agent = agent();
    until_taken(|| attempt(&agent, address, headers, body))
}

fn agent() -> ureq::Agent {
    client_with_secret()
        .timeout_resolve(Some(CONNECT_TIMEOUT))
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_global(Some(TRY_TIMEOUT))
        .build()
        .into()
}

fn attempt(agent: &ureq::Agent, address: &Address, headers: &[(&str, String)], body: &str) -> Result<(), Failed> {
    let mut request = agent.post(address.url.expose_secret()).header("Content-Type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    // The status is the answer: what is in its body, or breaks off in it, changes nothing.
    let answer = request.send(body).map_err(|error| unanswered(&address.host, &error))?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let passing = status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429);
    // Of a gateway that heard nothing good from the server behind it: that one may have taken it.
    let in_doubt = matches!(status.as_u16(), 502 | 504 | 520..=599);
    let seconds = answer.headers().get("Retry-After").and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let why = if status.is_redirection() { ", a redirect, which is not followed" } else { "" };
    let why = format!("{} answered {}{why}", address.host, status.as_u16());
    let fault = match (in_doubt, passing) {
        (true, _) => Fault::Unsure(why),
        (false, true) => Fault::Refused(why),
        (false, false) => Fault::Rejected(why),
    };
    Err(Failed { fault, passing, retry_after: seconds.map(Duration::from_secs) })
}

/// The words of a client's error may hold the address: only its kind is told.
fn unanswered(host: &str, error: &ureq::Error) -> Failed {
    use ureq::{Error, Timeout};
    let (why, arrived) = match error {
        Error::HostNotFound => ("its name is not known", false),
        Error::ConnectionFailed => ("it cannot be reached", false),
        Error::Timeout(Timeout::Resolve | Timeout::Connect) => ("it does not answer", false),
        Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused => ("it refuses connections", false),
        Error::Tls(_) | Error::Rustls(_) | Error::TlsRequired => ("no trusted TLS connection can be made", false),
        Error::Timeout(_) => ("no answer came in time", true),
        _ => ("the connection broke before an answer", true),
    };
    let why = format!("{host}: {why}");
    let fault = if arrived { Fault::Unsure(why) } else { Fault::Refused(why) };
    Failed::passing(fault)
}
