//! A file over HTTP into a reader of it, resumed where a connection breaks.

use std::io::Read;
use std::thread;

use ureq::http::{Response, StatusCode, header};
use ureq::{Body, Timeout};

use crate::aws::offer::error::{Fault, OfferError};
use crate::aws::offer::mirror::Mirror;
use crate::aws::offer::scan::READ_BYTES;

/// How far a file has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub received: u64,
    /// `None`: the server did not say.
    pub total: Option<u64>,
}

/// What a file is read with: something fresh for each beginning, which takes chunk after chunk.
pub(super) struct Reader<S, F: Fn() -> S> {
    pub(super) fresh: F,
    pub(super) feed: fn(&mut S, &[u8]) -> Result<(), OfferError>,
}

#[derive(Debug)]
pub(super) enum Transferred<S> {
    /// The server's copy is the known one.
    Unchanged,
    Whole {
        read: S,
        etag: Option<String>,
    },
}

/// A connection that can be tried again, or an end.
enum Stop {
    Broken(Fault),
    Final(OfferError),
}

struct Transfer<'a, S> {
    mirror: &'a Mirror,
    path: &'a str,
    read: S,
    received: u64,
    total: Option<u64>,
    etag: Option<String>,
}

/// Gets the whole file, in as many connections as it takes.
pub(super) fn transfer<S, F: Fn() -> S>(
    mirror: &Mirror,
    path: &str,
    known_etag: Option<&str>,
    reader: &Reader<S, F>,
    progress: &mut impl FnMut(Progress),
) -> Result<Transferred<S>, OfferError> {
    let mut transfer = Transfer { mirror, path, read: (reader.fresh)(), received: 0, total: None, etag: None };
    let (mut failures, mut furthest) = (0, 0);
    loop {
        let fault = match transfer.attempt(known_etag, reader, progress) {
            Ok(true) => return Ok(Transferred::Whole { read: transfer.read, etag: transfer.etag }),
            Ok(false) => return Ok(Transferred::Unchanged),
            Err(Stop::Final(error)) => return Err(error),
            Err(Stop::Broken(fault)) => fault,
        };
        // A connection that brought more is no failure in a row.
        failures = if transfer.received > furthest { 1 } else { failures + 1 };
        furthest = furthest.max(transfer.received);
        let is_first_contact = furthest == 0 && !matches!(fault, Fault::Status { .. } | Fault::Broken { .. });
        if is_first_contact || failures >= mirror.patience.failures {
            return Err(OfferError::Fetch { url: mirror.url(path), fault });
        }
        thread::sleep(mirror.patience.wait * 2_u32.saturating_pow(failures - 1));
    }
}

impl<S> Transfer<'_, S> {
    /// One connection. `false`: the known copy is the current one.
    fn attempt<F: Fn() -> S>(
        &mut self,
        known_etag: Option<&str>,
        reader: &Reader<S, F>,
        progress: &mut impl FnMut(Progress),
    ) -> Result<bool, Stop> {
        let mut request = self.mirror.get(self.path);
        if let Some(etag) = self.etag.as_deref().filter(|etag| self.received > 0 && is_strong(etag)) {
            let range = format!("bytes={}-", self.received);
            request = request.header(header::RANGE, range).header(header::IF_RANGE, etag);
        } else if let Some(etag) = known_etag.filter(|_| self.received == 0) {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let mut response = request.call().map_err(|error| Stop::Broken(self.fault(error)))?;
        match response.status() {
            StatusCode::NOT_MODIFIED if self.received == 0 => return Ok(false),
            StatusCode::PARTIAL_CONTENT if self.continues(&response) => {}
            StatusCode::OK => self.begin(&response, reader),
            _ => return Err(self.refused(&mut response)),
        }
        self.take_body(response.into_body(), reader, progress)?;
        Ok(true)
    }

    /// Whether a part begins where the last one ended, of the same file.
    fn continues(&self, response: &Response<Body>) -> bool {
        let range = text(response, header::CONTENT_RANGE).unwrap_or_default();
        let starts = range.strip_prefix("bytes ").and_then(|range| range.split('-').next()?.parse().ok());
        starts == Some(self.received) && text(response, header::ETAG) == self.etag
    }

    /// From the first byte on: also when the file changed since the last connection.
    fn begin<F: Fn() -> S>(&mut self, response: &Response<Body>, reader: &Reader<S, F>) {
        self.read = (reader.fresh)();
        self.received = 0;
        self.total = text(response, header::CONTENT_LENGTH).and_then(|length| length.parse().ok());
        self.etag = text(response, header::ETAG);
    }

    fn take_body<F: Fn() -> S>(
        &mut self,
        body: Body,
        reader: &Reader<S, F>,
        progress: &mut impl FnMut(Progress),
    ) -> Result<(), Stop> {
        let mut body = body.into_reader();
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let read = body.read(&mut buffer).map_err(|error| Stop::Broken(self.fault(error.into())))?;
            let chunk = buffer.get(..read).unwrap_or_default();
            if chunk.is_empty() {
                break;
            }
            (reader.feed)(&mut self.read, chunk).map_err(|error| Stop::Final(self.content(error)))?;
            self.received += u64::try_from(read).unwrap_or_default();
            progress(Progress { received: self.received, total: self.total });
        }
        if self.total.is_some_and(|total| self.received < total) {
            return Err(Stop::Broken(self.broken("the server closed it".to_owned())));
        }
        Ok(())
    }

    /// An answer that is no file. What passes is asked for again, what stays is not.
    fn refused(&mut self, response: &mut Response<Body>) -> Stop {
        let status = response.status();
        let page = response.body_mut().with_config().limit(512).lossy_utf8(true).read_to_string().unwrap_or_default();
        let begins = page.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(80).collect();
        let fault = Fault::Status { status: status.as_u16(), begins };
        let is_odd_part = matches!(status, StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE);
        if is_odd_part {
            // The file is another by now: from the first byte on.
            (self.received, self.etag) = (0, None);
        }
        if is_odd_part || status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Stop::Broken(fault);
        }
        Stop::Final(OfferError::Fetch { url: self.mirror.url(self.path), fault })
    }

    fn content(&self, fault: OfferError) -> OfferError {
        OfferError::Content { url: self.mirror.url(self.path), fault: Box::new(fault) }
    }

    fn broken(&self, why: String) -> Fault {
        Fault::Broken { received: self.received, total: self.total, why }
    }

    fn fault(&self, error: ureq::Error) -> Fault {
        let patience = self.mirror.patience;
        match error {
            ureq::Error::HostNotFound => Fault::NoHost,
            ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                Fault::Silent { what: "connection", waited: patience.connect }
            }
            ureq::Error::Timeout(Timeout::RecvResponse | Timeout::SendRequest) => {
                Fault::Silent { what: "answer", waited: patience.answer }
            }
            ureq::Error::Timeout(_) => {
                let what = if self.received == 0 { "answer" } else { "more bytes" };
                Fault::Silent { what, waited: patience.stall }
            }
            ureq::Error::Rustls(error) => Fault::Tls(error.to_string()),
            ureq::Error::Tls(why) => Fault::Tls(why.to_owned()),
            ureq::Error::Io(error) => self.io_fault(&error),
            other => Fault::Other(other.to_string()),
        }
    }

    fn io_fault(&self, error: &std::io::Error) -> Fault {
        use std::io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, UnexpectedEof};
        let why = error.to_string();
        if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
            return Fault::Tls(why);
        }
        match error.kind() {
            ConnectionRefused => Fault::Refused,
            ConnectionReset | ConnectionAborted | UnexpectedEof | BrokenPipe => self.broken(why),
            // The standard library has no kind of its own for a name that is not found.
            _ if why.contains("failed to lookup address") => Fault::NoHost,
            _ => Fault::Other(why),
        }
    }
}

/// A weak one does not promise the same bytes: it can say unchanged, it cannot resume.
/// <https://www.rfc-editor.org/rfc/rfc9110#section-13.1.5> (read 2026-11-27).
fn is_strong(etag: &str) -> bool {
    !etag.starts_with("W/")
}

fn text(response: &Response<Body>, name: header::HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}
