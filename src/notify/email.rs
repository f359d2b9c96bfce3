//! Email by SMTP.

use std::io::ErrorKind;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{SmtpTransport, Transport};
use secrecy::{ExposeSecret, SecretString};

use super::{Fault, Message, headline, text};

const TIMEOUT: Duration = Duration::from_secs(15);
const MOST_SUBJECT: usize = 200;

/// How the connection is kept private.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SmtpTls {
    /// TLS from the first byte (port 465).
    Tls,
    /// The server is asked for TLS, and must have it (port 587).
    #[default]
    Starttls,
    /// Not at all: only to a server on this machine.
    None,
}

#[derive(Debug)]
pub struct Email {
    transport: SmtpTransport,
    host: String,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Email {
    /// # Errors
    /// What of it cannot be used.
    pub fn new(
        host: &str,
        port: Option<u16>,
        tls: SmtpTls,
        login: Option<(String, SecretString)>,
        from: &str,
        to: &[String],
    ) -> Result<Email, String> {
        let mailbox = |text: &str| text.parse::<Mailbox>().map_err(|e| format!("`{text}` is no address of mail: {e}"));
        if to.is_empty() {
            return Err("it names nobody in `to`".to_owned());
        }
        let is_local = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let builder = match tls {
            SmtpTls::Tls => SmtpTransport::relay(host),
            SmtpTls::Starttls => SmtpTransport::starttls_relay(host),
            SmtpTls::None if is_local => Ok(SmtpTransport::builder_dangerous(host)),
            SmtpTls::None => return Err(format!("`tls = \"none\"` is for a server on this machine, not {host}")),
        };
        let mut builder = builder.map_err(|e| format!("{host} cannot be used: {e}"))?.timeout(Some(TIMEOUT));
        if let Some(port) = port {
            builder = builder.port(port);
        }
        if let Some((user, password)) = login {
            builder = builder.credentials(Credentials::new(user, password.expose_secret().to_owned()));
        }
        let to = to.iter().map(|text| mailbox(text)).collect::<Result<_, _>>()?;
        Ok(Email { transport: builder.build(), host: host.to_owned(), from: mailbox(from)?, to })
    }

    pub(super) fn send(&self, message: &Message<'_>) -> Result<(), Fault> {
        let refused = |why: String| Fault::Refused(format!("{}: {why}", self.host));
        let mail = self.mail(message).map_err(refused)?;
        self.transport.send(&mail).map(drop).map_err(|error| {
            if error.is_permanent() || error.is_transient() {
                // The server's own words may quote the login.
                let code = error.status().map_or_else(String::new, |code| format!(" ({code})"));
                return refused(format!("the mail server refused it{code}"));
            }
            if error.is_tls() {
                return refused("no trusted TLS connection can be made".to_owned());
            }
            let kind = io_error_kind(&error);
            // A read that waits too long would block.
            let too_late = error.is_timeout() || matches!(kind, Some(ErrorKind::WouldBlock | ErrorKind::TimedOut));
            let why = if too_late { "no answer came in time" } else { "the connection failed" };
            let why = format!("{}: {why}", self.host);
            // Nobody listens there: nothing was sent.
            if kind == Some(ErrorKind::ConnectionRefused) { Fault::Refused(why) } else { Fault::Unsure(why) }
        })
    }

    /// Plain text alone: nothing in it can be HTML.
    fn mail(&self, message: &Message<'_>) -> Result<lettre::Message, String> {
        let subject: String = headline(message.notices).chars().take(MOST_SUBJECT).collect();
        let name = HeaderName::new_from_ascii_str("X-Gpucost-Key");
        let mut builder = lettre::Message::builder()
            .from(self.from.clone())
            .subject(subject)
            .message_id(Some(format!("<{}@gpucost>", message.key)))
            .raw_header(HeaderValue::new(name, message.key.to_owned()));
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        let body = text(message.key, message.notices);
        builder.header(ContentType::TEXT_PLAIN).body(body).map_err(|e| format!("the mail cannot be written: {e}"))
    }
}

fn io_error_kind(error: &lettre::transport::smtp::Error) -> Option<ErrorKind> {
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        if let Some(io) = cause.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        source = cause.source();
    }
    None
}
