//! Notebook servers: a real one, and every way in which one can answer nothing.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use gpucost::jupyter::{JupyterError, Patience, Server, Token, ask};
use serde_json::Value;

use crate::peers::{Answers, Jupyter};
use crate::program::{Lab, Ran};

const TOKEN: &str = "0123456789abcdef-nobody-may-read-this";

/// Asks with the token in a variable; whatever happens, nobody reads it.
fn signals(lab: &Lab, url: &str, args: &[&str]) -> Ran {
    let mut command = lab.gpucost(&["track", "signals", "--jupyter", &format!("i-1={url}"), "-o", "json"]);
    command.args(args).env("LAB_TOKEN", TOKEN);
    let ran = Ran::of(&mut command);
    assert!(!ran.err.contains("panicked"), "{ran:?}");
    assert!(!ran.out.contains(TOKEN) && !ran.err.contains(TOKEN), "the token is told: {ran:?}");
    let ledger = fs::read(lab.ledger()).unwrap_or_default();
    assert!(!ledger.windows(TOKEN.len()).any(|bytes| bytes == TOKEN.as_bytes()), "the token is in the ledger");
    ran
}

const WITH_TOKEN: &[&str] = &["--jupyter-token-env", "LAB_TOKEN"];

fn said(ran: &Ran) -> Value {
    let all: Value = serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"));
    all["jupyter"]["rows"].as_array().or_else(|| all["jupyter"].as_array()).expect("rows")[0].clone()
}

#[test]
fn a_real_server_with_an_idle_and_a_busy_kernel() {
    let (mut jupyter, lab) = (Jupyter::start(TOKEN), Lab::new());
    jupyter.start_kernel();
    let first = signals(&lab, &jupyter.url(), WITH_TOKEN);
    assert_eq!(first.code, Some(0), "{first:?}");
    let first = said(&first);
    assert_eq!((&first["kernels"], &first["busy"]), (&Value::from("1"), &Value::from("0")), "{first}");
    // Being asked is no activity: else nothing that is looked at were ever idle.
    std::thread::sleep(Duration::from_millis(1500));
    let second = said(&signals(&lab, &jupyter.url(), WITH_TOKEN));
    assert_eq!(second["last_activity"], first["last_activity"]);
    let busy = jupyter.start_kernel();
    jupyter.keep_busy(&busy);
    let third = said(&signals(&lab, &jupyter.url(), WITH_TOKEN));
    assert_eq!((&third["kernels"], &third["busy"]), (&Value::from("2"), &Value::from("1")), "{third}");
    // From a file, as well; and by the config file.
    lab.write("token", format!("{TOKEN}\n"));
    let from_file = said(&signals(&lab, &jupyter.url(), &["--jupyter-token-file", "token"]));
    assert_eq!(from_file["busy"], "1");
    let config = format!("[[jupyter]]\ninstance = \"i-2\"\nurl = \"{}\"\ntoken_file = \"token\"\n", jupyter.url());
    lab.write(lab.config(), config);
    let configured = lab.run(&["track", "signals", "-o", "json"]);
    assert_eq!(said(&configured)["instance"], "i-2", "{configured:?}");
    // Without its token, or with another, it tells nothing.
    lab.write(lab.config(), "");
    for (args, says) in
        [(&[][..], "it wants a token"), (&["--jupyter-token-file", "other"][..], "the token is not its own")]
    {
        lab.write("other", "another-token");
        let ran = signals(&lab, &jupyter.url(), args);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains("403") && ran.err.contains(says) && ran.err.contains("hint:"), "{ran:?}");
    }
    // What it said, and that it once said nothing, is in the ledger.
    let database = rusqlite::Connection::open(lab.ledger()).expect("the ledger");
    let rows: i64 = database.query_row("SELECT count(*) FROM jupyter", [], |row| row.get(0)).expect("a number");
    assert!(rows >= 4, "{rows}");
}

/// What one server that misbehaves is said to have done; all within the patience.
fn refused(url: &str) -> JupyterError {
    let patience = Patience { connect: Duration::from_millis(700), answer: Duration::from_millis(700) };
    let begun = Instant::now();
    let token = Token::new(TOKEN).expect("a token");
    let error = ask(&Server::new(url).expect("a URL"), Some(&token), patience).expect_err("nothing is told");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert!(!error.to_string().contains(TOKEN), "{error}");
    error
}

#[test]
fn each_way_of_telling_nothing_has_its_own_words() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port").local_addr().expect("it").port();
    let status =
        r#"{"connections":0,"kernels":0,"last_activity":"2026-11-01T00:00:00Z","started":"2026-11-01T00:00:00Z"}"#;
    let json = "Content-Type: application/json\r\n";
    let page = Answers::with(200, "Content-Type: text/html\r\n", "<!DOCTYPE html><html>hello</html>");
    // The first answer is fine, and it is no list of kernels.
    let half = Answers::with(200, json, status);
    let echo = Answers::with(200, json, &format!("{{\"last_activity\": \"{TOKEN}\"}}"));
    let cut = Answers::start(Some(format!("HTTP/1.1 200 OK\r\n{json}Content-Length: 1000\r\n\r\n{{").into_bytes()));
    let huge = Answers::with(200, json, &format!("[{}]", " ".repeat(2 * 1024 * 1024)));
    let silent = Answers::start(None);
    for (url, says) in [
        (format!("http://127.0.0.1:{closed}"), "it cannot be reached"),
        (silent.url(), "no answer within"),
        (page.url(), "not what a Jupyter server answers: a web page"),
        (half.url(), "/api/kernels is not what a Jupyter server answers"),
        (echo.url(), "not what a Jupyter server answers"),
        (cut.url(), "it cannot be reached"),
        (huge.url(), "too long"),
        (Answers::start(Some(b"garbage\r\n\r\n".to_vec())).url(), "it cannot be reached"),
        (Answers::start(Some(Vec::new())).url(), "it cannot be reached"),
        (Answers::with(403, json, "{}").url(), "/api/status was refused (403): the token is not its own"),
        (Answers::with(500, json, "{}").url(), "answered 500"),
        (Answers::with(404, json, "{}").url(), "answered 404"),
        // TLS to a server that speaks none.
        (page.url().replace("http:", "https:"), "it cannot be reached"),
    ] {
        let error = refused(&url);
        assert!(error.to_string().contains(says), "{url}: {error}, not {says}");
    }
}

#[test]
fn a_redirect_does_not_carry_the_token() {
    let other = Answers::with(200, "", "{}");
    for status in [301, 302, 303, 307, 308] {
        let server = Answers::with(status, &format!("Location: {}/api/status\r\n", other.url()), "");
        let error = refused(&server.url());
        assert!(error.to_string().contains("leads elsewhere"), "{error}");
        assert!(
            server.heard()[0].to_lowercase().contains(&format!("authorization: token {TOKEN}")),
            "it was sent there"
        );
    }
    assert_eq!(other.heard(), [""; 0]);
}

#[test]
fn what_names_no_server_is_wrong_usage_and_is_not_quoted() {
    let lab = Lab::new();
    for typed in [
        format!("i-1=http://127.0.0.1:8888/?token={TOKEN}"),
        format!("i-1=http://{TOKEN}@127.0.0.1:8888"),
        format!("http://127.0.0.1:8888/{TOKEN}"),
        format!("i-1=ftp://{TOKEN}"),
    ] {
        let ran = lab.run(&["track", "signals", "--jupyter", &typed]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(!ran.err.contains(TOKEN), "{ran:?}");
    }
    // A token that is not there is said, by the name of its variable.
    let ran = lab.run(&["track", "signals", "--jupyter", "i-1=http://127.0.0.1:1", "--jupyter-token-env", "NOT_SET"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("needs the variable NOT_SET, which is not set"), "{ran:?}");
}
