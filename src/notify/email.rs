//! Email by SMTP.

use std::io::ErrorKind;
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{SmtpTransport, Transport};
use secrecy::{ExposeSecret, SecretString};

use super::retry::{Failed, until_taken};
use super::{Fault, Message, headline, text};

/// One try, greeting and all.
const TIMEOUT: Duration = Duration::from_secs(10);
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

    /// A server that is busy, or says nothing, is asked again, as one behind HTTP is. The mail keeps its `Message-ID`.
    pub(super) fn send(&self, message: &Message<'_>) -> Result<(), Fault> {
        let mail = self.mail(message).map_err(|why| Fault::Rejected(format!("{}: {why}", self.host)))?;
        until_taken(|| self.transport.send(&mail).map(drop).map_err(|error| self.failed(&error)))
    }

    fn failed(&self, error: &lettre::transport::smtp::Error) -> Failed {
        let why = |what: &str| format!("{}: {what}", self.host);
        if error.is_permanent() || error.is_transient() {
            // The server's own words may quote the login.
            let code = error.status().map_or_else(String::new, |code| format!(" ({code})"));
            let refused = why(&format!("the mail server refused it{code}"));
            // 5yz is its last word on this mail, 4yz is for now: <https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1>
            return match error.is_permanent() {
                true => Failed::lasting(Fault::Rejected(refused)),
                false => Failed::passing(Fault::Refused(refused)),
            };
        }
        if error.is_tls() {
            return Failed::lasting(Fault::Refused(why("no trusted TLS connection can be made")));
        }
        let kind = io_error_kind(error);
        // A read that waits too long would block.
        let too_late = error.is_timeout() || matches!(kind, Some(ErrorKind::WouldBlock | ErrorKind::TimedOut));
        let why = why(if too_late { "no answer came in time" } else { "the connection failed" });
        // Nobody listens there: nothing was sent.
        let refused = kind == Some(ErrorKind::ConnectionRefused);
        Failed::passing(if refused { Fault::Refused(why) } else { Fault::Unsure(why) })
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
