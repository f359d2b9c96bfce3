//! Downloads from a server that answers as it is told, connection by connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::*;
use crate::aws::offer::{Fault, Patience};
use crate::catalog::Listing;

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const FILE: &str = "/offers/v1.0/aws/AmazonEC2/20260910195514/us-west-2/index.csv";

const IMPATIENT: Patience = Patience {
    connect: Duration::from_secs(5),
    answer: Duration::from_secs(10),
    stall: Duration::from_secs(10),
    failures: 3,
    wait: Duration::from_millis(1),
};

/// Takes the head of a request, gives all that is sent back, and says whether the connection is held open after.
type Answer = Box<dyn Fn(&str) -> (Vec<u8>, bool) + Send>;

/// A server that gives each connection the next answer, and the requests it saw.
struct Server {
    url: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(answers: Vec<Answer>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let says = Arc::clone(&seen);
        thread::spawn(move || {
            for answer in answers {
                let Ok((stream, _)) = listener.accept() else { return };
                let head = head_of(&stream);
                says.lock().expect("the requests").push(head.clone());
                let (bytes, hold) = answer(&head);
                let _ = (&stream).write_all(&bytes);
                if hold {
                    // Until the client has enough of it.
                    let _ = BufReader::new(&stream).read_line(&mut String::new());
                }
                let _ = stream.shutdown(Shutdown::Both);
            }
        });
        Server { url, seen }
    }

    fn requests(&self) -> Vec<String> {
        self.seen.lock().expect("the requests").clone()
    }

    fn fetch(&self, known: Option<&str>) -> Result<Fetched<Published>, OfferError> {
        fetch_from(&self.url, known, IMPATIENT)
    }
}

fn fetch_from(url: &str, known: Option<&str>, patience: Patience) -> Result<Fetched<Published>, OfferError> {
    let mirror = Mirror::new(Some(url), patience)?;
    fetch_region(&mirror, "us-west-2", &["p".to_owned()], known, |_| (), AT)
}

fn head_of(stream: &TcpStream) -> String {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines.by_ref().take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let length =
        if headers.contains("Content-Length") { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    let head = format!("HTTP/1.1 {status}\r\n{length}{headers}Connection: close\r\n\r\n");
    [head.as_bytes(), body].concat()
}

fn says(status: &'static str, headers: &'static str, body: Vec<u8>) -> Answer {
    Box::new(move |_| (answer(status, headers, &body), false))
}

fn index() -> Answer {
    let index = format!(
        r#"{{"regions":{{"us-west-2":{{"regionCode":"us-west-2","currentVersionUrl":"{}"}}}}}}"#,
        FILE.replace(".csv", ".json")
    );
    says("200 OK", "", index.into_bytes())
}

/// An offer file whose p3.2xlarge costs that much.
fn offer(usd: &str) -> Vec<u8> {
    let filler =
        "\"X\",\"J\",\"X.J.6\",\"OnDemand\",\"GB\",\"1\",\"USD\",,,,\"Data Transfer\",,,,,,,,,,,\n".repeat(3000);
    format!(
        "\"FormatVersion\",\"v1.0\"\n\"Publication Date\",\"2026-09-10T19:55:14Z\"\n\
         \"SKU\",\"OfferTermCode\",\"RateCode\",\"TermType\",\"Unit\",\"PricePerUnit\",\"Currency\",\
         \"LeaseContractLength\",\"PurchaseOption\",\"OfferingClass\",\"Product Family\",\"Region Code\",\
         \"Location Type\",\"Instance Type\",\"vCPU\",\"Memory\",\"Operating System\",\"Tenancy\",\
         \"Pre Installed S/W\",\"CapacityStatus\",\"usageType\"\n{filler}\
         \"ABCDP3\",\"JRTCKXETXF\",\"ABCDP3.JRTCKXETXF.6YS6EN2CT7\",\"OnDemand\",\"Hrs\",\"{usd}\",\"USD\",\
         ,,,\"Compute Instance\",\"us-west-2\",\"AWS Region\",\"p3.2xlarge\",\"8\",\"61 GiB\",\"Linux\",\
         \"Shared\",\"NA\",\"Used\",\"USW2-BoxUsage:p3.2xlarge\"\n"
    )
    .into_bytes()
}

/// The first bytes of the file and no more.
fn cut(etag: &'static str, file: Vec<u8>, at: usize, hold: bool) -> Answer {
    Box::new(move |_| {
        let headers = format!("{etag}Content-Length: {}\r\n", file.len());
        (answer("200 OK", &headers, &file[..at]), hold)
    })
}

/// The rest of it, as the range asks.
fn rest(etag: &'static str, file: Vec<u8>) -> Answer {
    Box::new(move |head| {
        let start =
            head.to_ascii_lowercase().split("range: bytes=").nth(1).and_then(|it| it.split('-').next()?.parse().ok());
        let start: usize = start.expect("a range");
        let headers = format!("{etag}Content-Range: bytes {start}-{}/{}\r\n", file.len() - 1, file.len());
        (answer("206 Partial Content", &headers, &file[start..]), false)
    })
}

fn rate(fetched: Result<Fetched<Published>, OfferError>) -> (String, Option<String>) {
    let Fetched::New(published) = fetched.expect("rates") else { panic!("unchanged") };
    let Listing::OnDemand(usd) = published.on_demand[0].listing else { panic!("no rate") };
    (usd.exact(), published.etag)
}

fn fault(fetched: Result<Fetched<Published>, OfferError>) -> Fault {
    match fetched.expect_err("a fault") {
        OfferError::Fetch { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

#[test]
fn a_break_is_resumed_where_it_was() {
    for (at, hold) in [(150_000, false), (200_000, true), (1, false), (offer("3.06").len() - 1, false)] {
        let etag = "ETag: \"one\"\r\n";
        let server = Server::start(vec![index(), cut(etag, offer("3.06"), at, hold), rest(etag, offer("3.06"))]);
        let patience = Patience { stall: Duration::from_millis(1500), ..IMPATIENT };
        let fetched = fetch_from(&server.url, None, patience);
        assert_eq!(rate(fetched), ("3.06".to_owned(), Some("\"one\"".to_owned())));
        let last = server.requests().pop().expect("a third request").to_ascii_lowercase();
        assert!(last.contains(&format!("range: bytes={at}-")) && last.contains("if-range: \"one\""), "{last}");
    }
}

#[test]
fn a_file_that_changed_in_a_break_is_read_anew() {
    // A server that knows If-Range gives all of the new file; one that does not gives a part of another.
    for changed in [
        vec![says("200 OK", "ETag: \"two\"\r\n", offer("2.5"))],
        vec![rest("ETag: \"two\"\r\n", offer("2.5")), says("200 OK", "ETag: \"two\"\r\n", offer("2.5"))],
        vec![says("416 Range Not Satisfiable", "", vec![]), says("200 OK", "ETag: \"two\"\r\n", offer("2.5"))],
    ] {
        let mut answers = vec![index(), cut("ETag: \"one\"\r\n", offer("3.06"), 150_000, false)];
        answers.extend(changed);
        assert_eq!(rate(Server::start(answers).fetch(None)), ("2.5".to_owned(), Some("\"two\"".to_owned())));
    }
}

#[test]
fn without_an_etag_that_promises_the_bytes_a_break_begins_anew() {
    for (etag, kept) in [("", None), ("ETag: W/\"one\"\r\n", Some("W/\"one\"".to_owned()))] {
        let whole = says("200 OK", etag, offer("3.06"));
        let server = Server::start(vec![index(), cut(etag, offer("3.06"), 150_000, false), whole]);
        assert_eq!(rate(server.fetch(None)), ("3.06".to_owned(), kept));
        assert!(!server.requests()[2].to_ascii_lowercase().contains("range:"));
    }
}

#[test]
fn what_is_known_is_not_sent_again() {
    let server = Server::start(vec![index(), says("304 Not Modified", "ETag: \"one\"\r\n", vec![])]);
    assert_eq!(server.fetch(Some("\"one\"")), Ok(Fetched::Unchanged));
    assert!(server.requests()[1].to_ascii_lowercase().contains("if-none-match: \"one\""));
    assert!(server.requests()[1].starts_with(&format!("GET {FILE} ")));
}

#[test]
fn a_connection_that_never_holds_ends_in_its_fault() {
    let etag = "ETag: \"one\"\r\n";
    let server = Server::start(vec![
        index(),
        cut(etag, offer("3.06"), 150_000, false),
        says("503 Slow Down", "", b"<html>Please reduce   your\nrequest rate</html>".to_vec()),
        says("503 Slow Down", "", b"<html>Please reduce   your\nrequest rate</html>".to_vec()),
    ]);
    let begins = "<html>Please reduce your request rate</html>".to_owned();
    assert_eq!(fault(server.fetch(None)), Fault::Status { status: 503, begins });
    let short = |at| cut(etag, offer("3.06"), at, false);
    let server = Server::start(vec![index(), short(10), short(10), short(10)]);
    let said = fault(server.fetch(None)).to_string();
    assert!(said.starts_with("the connection ended after 10 of "), "{said}");
}

#[test]
fn silence_ends_within_its_time() {
    let server = Server::start(vec![Box::new(|_| (vec![], true))]);
    let patience = Patience { answer: Duration::from_millis(300), ..IMPATIENT };
    assert_eq!(fault(fetch_from(&server.url, None, patience)).to_string(), "no answer within 300ms");
    let etag = "ETag: \"one\"\r\n";
    let stalls = |_| cut(etag, offer("3.06"), 100, true);
    let server = Server::start([index()].into_iter().chain((0..2).map(stalls)).collect());
    let patience = Patience { stall: Duration::from_millis(1500), failures: 2, ..IMPATIENT };
    assert_eq!(fault(fetch_from(&server.url, None, patience)).to_string(), "no more bytes within 1.5s");
}

#[test]
fn nobody_there_is_said_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|it| it.local_addr()).expect("a port that is free again");
    assert_eq!(fault(fetch_from(&format!("http://{free}"), None, IMPATIENT)), Fault::Refused);
    assert_eq!(fault(fetch_from("http://nowhere.invalid", None, IMPATIENT)), Fault::NoHost);
    let plain = Server::start(vec![Box::new(|_| (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), false))]);
    let said = fault(fetch_from(&plain.url.replace("http:", "https:"), None, IMPATIENT));
    assert!(matches!(said, Fault::Tls(_)), "{said:?}");
}

#[test]
fn pages_that_are_no_lists_are_told_with_their_address() {
    let page = || says("200 OK", "", b"<html>Sign in to the hotel's network</html>".to_vec());
    let server = Server::start(vec![page()]);
    let error = server.fetch(None).expect_err("no index").to_string();
    assert!(error.contains("region_index.json") && error.contains("begins with `<html>Sign in"), "{error}");
    let server = Server::start(vec![index(), page()]);
    let error = server.fetch(None).expect_err("no offer").to_string();
    assert!(error.contains(FILE) && error.contains("begins with `<html>Sign in"), "{error}");
    let server = Server::start(vec![says("404 Not Found", "", vec![])]);
    assert_eq!(fault(server.fetch(None)).to_string(), "HTTP status 404");
    let endless = Server::start(vec![says("200 OK", "", vec![b'x'; index::MOST_BYTES + 1])]);
    assert!(endless.fetch(None).expect_err("too large").to_string().contains("no price list"));
}

#[test]
fn a_chunked_file_that_ends_early_is_refused() {
    let file = offer("3.06");
    let chunked = move |_: &str| {
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".to_vec();
        let chunk = format!("{:x}\r\n", file.len() - 1);
        ([head, chunk.into_bytes(), file[..file.len() - 1].to_vec(), b"\r\n".to_vec()].concat(), false)
    };
    let answers: Vec<Answer> =
        vec![index(), Box::new(chunked.clone()), Box::new(chunked.clone()), Box::new(chunked.clone())];
    let said = fault(Server::start(answers).fetch(None));
    assert!(matches!(said, Fault::Broken { total: None, .. }), "{said:?}");
}

#[test]
fn regions_in_other_currencies_are_refused_before_asking() {
    let mirror = Mirror::new(Some("http://nowhere.invalid"), IMPATIENT).expect("an address");
    let error = fetch_region(&mirror, "cn-north-1", &[], None, |_| (), AT).expect_err("yuan");
    assert_eq!(error.to_string(), "cn-north-1 is priced in another currency than USD");
}

#[test]
fn progress_is_told_up_to_the_whole() {
    let length = u64::try_from(offer("3.06").len()).expect("a length");
    let server = Server::start(vec![index(), says("200 OK", "", offer("3.06"))]);
    let mirror = Mirror::new(Some(&server.url), IMPATIENT).expect("an address");
    let mut told = Vec::new();
    fetch_region(&mirror, "us-west-2", &["p".to_owned()], None, |it| told.push(it), AT).expect("rates");
    assert_eq!(told.last(), Some(&Progress { received: length, total: Some(length) }));
    assert!(told.windows(2).all(|pair| pair[0].received < pair[1].received) && told.len() > 1);
}
