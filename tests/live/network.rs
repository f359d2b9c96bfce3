//! However the network fails, a command says so in plain words within its time, and cache and ledger are as they were.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::peers::Aws;
use crate::program::{Lab, Ran};

const REGION: &str = "us-west-2";
/// The longest that one request is waited for, all its tries together, and what a loaded machine adds.
const PATIENCE: Duration = Duration::from_secs(90);

/// Every command that asks AWS.
const COMMANDS: [&[&str]; 6] = [
    &["rates", "refresh", "--region", REGION, "--source", "api"],
    &["rates", "refresh", "--region", REGION, "--source", "bulk"],
    &["track", "--region", REGION],
    &["track", "backfill", "--days", "1", "--region", REGION],
    &["reconcile", "--month", "2026-08", "--yes", "--refresh"],
    &["preflight", "g5.xlarge", "--region", REGION],
];

/// A home with a cache and a ledger that hold something.
struct Place {
    aws: Aws,
    lab: Lab,
}

impl Place {
    fn new() -> Place {
        let (aws, lab) = (Aws::start(), Lab::new());
        aws.run_instance(REGION, "p3.2xlarge");
        for args in [COMMANDS[0], COMMANDS[2]] {
            let ran = Ran::of(&mut aws.gpucost(&lab, args));
            assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
        }
        Place { aws, lab }
    }

    /// Every file of the cache, and what the ledger holds.
    fn held(&self) -> (BTreeMap<String, Vec<u8>>, Vec<String>) {
        let mut files = BTreeMap::new();
        read(&self.lab.home().join("cache"), &mut files);
        assert!(!files.is_empty());
        (files, self.lab.recorded())
    }

    /// Runs `command`, which must fail as it should: `what` names the case.
    #[track_caller]
    fn fails(&self, what: &str, command: &mut Command) -> Ran {
        let before = self.held();
        let started = Instant::now();
        let ran = Ran::of(command);
        assert!(started.elapsed() < PATIENCE, "{what}: {:?}", started.elapsed());
        assert!(matches!(ran.code, Some(1 | 4)), "{what}: {ran:?}");
        assert!(ran.err.contains("error: "), "{what}: {ran:?}");
        for noise in ["panicked", "<html", "<!DOCTYPE", "Unhandled(", "DispatchFailure", "nobody-checks-this-secret"] {
            assert!(!ran.err.contains(noise), "{what}: {noise}: {}", ran.err);
        }
        assert_eq!(self.held(), before, "{what}: cache and ledger");
        ran
    }
}

fn read(folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.is_dir() {
            read(&path, files);
        } else {
            files.insert(path.display().to_string(), fs::read(&path).expect("a file"));
        }
    }
}

/// All commands against a server that does one wrong thing again and again, side by side.
#[track_caller]
fn every_command_survives(mode: &str) {
    let cases: Vec<_> = COMMANDS.iter().map(|args| (*args, Place::new())).collect();
    std::thread::scope(|scope| {
        for (args, place) in &cases {
            scope.spawn(move || {
                place.aws.misbehave(json!({ "mode": mode, "times": 1000 }));
                place.fails(&format!("{mode}, {args:?}"), &mut place.aws.gpucost(&place.lab, args));
            });
        }
    });
}

#[test]
fn a_connection_that_is_refused() {
    every_command_survives("refuse");
}

#[test]
fn an_html_page_instead_of_an_answer() {
    every_command_survives("html500");
}

#[test]
fn a_connection_that_is_reset_amid_the_answer() {
    every_command_survives("reset_mid_body");
}

#[test]
fn an_answer_that_makes_no_sense() {
    every_command_survives("garbage");
}

#[test]
fn a_server_that_never_answers() {
    every_command_survives("hang");
}

/// The endpoints of `url` for every service and the public files.
fn all_at(place: &Place, args: &[&str], url: &str) -> Command {
    let mut command = place.aws.gpucost(&place.lab, args);
    command.env("AWS_ENDPOINT_URL", url).env("GPUCOST_OFFERS_URL", url);
    command
}

#[test]
fn a_name_that_nobody_knows_and_a_port_where_nobody_listens() {
    let place = Place::new();
    for args in COMMANDS {
        for url in ["http://aws.invalid", "http://127.0.0.1:1"] {
            place.fails(&format!("{url}, {args:?}"), &mut all_at(&place, args, url));
        }
    }
}

#[test]
fn a_server_that_speaks_no_tls() {
    let place = Place::new();
    let url = place.aws.url().replace("http://", "https://");
    for args in COMMANDS {
        place.fails(&format!("TLS, {args:?}"), &mut all_at(&place, args, &url));
    }
}
