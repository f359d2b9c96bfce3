//! A POST that is tried a few times.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use backon::{BlockingRetryable, ExponentialBuilder};
use secrecy::{ExposeSecret, SecretString};
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};

use super::Fault;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// One try, answer and all.
const TRY_TIMEOUT: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const REPETITIONS: usize = 2;
/// A server that wants to be left alone for longer is asked in the next run.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

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

/// How one try ended.
struct Failed {
    fault: Fault,
    /// Another try may go better.
    passing: bool,
    retry_after: Option<Duration>,
}

/// Posts JSON until it is taken, refused for good, or has failed a few times.
pub(super) fn post(address: &Address, headers: &[(&str, String)], body: &str) -> Result<(), Fault> {
    let agent = agent();
    let asked = Rc::new(Cell::new(None));
    let told = Rc::clone(&asked);
    // Refused at the last try, it may still have arrived with an earlier one.
    let in_doubt = Cell::new(false);
    let attempt = || {
        attempt(&agent, address, headers, body).inspect_err(|failed| {
            asked.set(failed.retry_after);
            in_doubt.set(in_doubt.get() || matches!(failed.fault, Fault::Unsure(_)));
        })
    };
    let waits = ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_times(REPETITIONS).with_jitter();
    attempt
        .retry(waits)
        .sleep(move |wait: Duration| std::thread::sleep(told.take().unwrap_or(wait).max(wait).min(LONGEST_WAIT)))
        .when(|failed| failed.passing && failed.retry_after.is_none_or(|wait| wait <= LONGEST_WAIT))
        .call()
        .map_err(|failed| match failed.fault {
            Fault::Refused(why) if in_doubt.get() => Fault::Unsure(why),
            fault => fault,
        })
}

fn agent() -> ureq::Agent {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(provider)
        .build();
    ureq::Agent::config_builder()
        .tls_config(tls)
        .http_status_as_error(false)
        // What is secret in the address, or signed, goes nowhere else.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("gpucost/", env!("CARGO_PKG_VERSION")))
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
    Err(Failed {
        fault: if in_doubt { Fault::Unsure(why) } else { Fault::Refused(why) },
        passing,
        retry_after: seconds.map(Duration::from_secs),
    })
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
    Failed { fault, passing: true, retry_after: None }
}
