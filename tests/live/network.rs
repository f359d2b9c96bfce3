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
const PATIENCE: Duration = Duration::from_secs(120);

/// Every command that asks AWS and ends: `watch` polls as `track` does.
const COMMANDS: [&[&str]; 8] = [
    &["rates", "refresh", "--region", REGION, "--source", "api"],
    &["rates", "refresh", "--region", REGION, "--source", "bulk"],
    &["track", "--region", REGION],
    &["track", "backfill", "--days", "1", "--region", REGION],
    &["reconcile", "--month", "2026-08", "--yes", "--refresh"],
    &["preflight", "g5.xlarge", "--region", REGION],
    &["usage", "import", "--from-cost-explorer", "--month", "2026-03", "--yes"],
    &["track", "signals", "--region", REGION],
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

    /// Runs every command side by side, changed as `change` says. Each must fail as it should; `what` names the case.
    fn every_command_fails(&self, what: &str, change: impl Fn(&mut Command) + Sync) {
        let before = self.held();
        std::thread::scope(|scope| {
            for args in COMMANDS {
                let change = &change;
                scope.spawn(move || {
                    let mut command = self.aws.gpucost(&self.lab, args);
                    change(&mut command);
                    fails(&format!("{what}, {args:?}"), &mut command);
                });
            }
        });
        assert_eq!(self.held(), before, "{what}: cache and ledger");
    }
}

fn fails(what: &str, command: &mut Command) {
    let started = Instant::now();
    let ran = Ran::of(command);
    assert!(started.elapsed() < PATIENCE, "{what}: {:?}", started.elapsed());
    assert!(matches!(ran.code, Some(1 | 4)), "{what}: {ran:?}");
    assert!(ran.err.contains("error: "), "{what}: {ran:?}");
    for noise in ["panicked", "</body>", "Unhandled(", "DispatchFailure", "nobody-checks-this-secret"] {
        assert!(!ran.err.contains(noise), "{what}: {noise}: {}", ran.err);
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

/// Waiting is most of it: all cases at once.
#[test]
fn however_the_network_fails_a_command_says_so_in_time_and_loses_nothing() {
    std::thread::scope(|scope| {
        // Refused, an HTML page, cut off amid the answer, an answer that makes no sense, no answer at all.
        for mode in ["refuse", "html500", "reset_mid_body", "garbage", "hang"] {
            scope.spawn(move || {
                let place = Place::new();
                place.aws.misbehave(json!({ "mode": mode, "times": 1000 }));
                place.every_command_fails(mode, |_| {});
            });
        }
        // A name nobody knows, a port where nobody listens, a server that speaks no TLS.
        for wrong in ["http://aws.invalid", "http://127.0.0.1:1", "https://"] {
            scope.spawn(move || {
                let place = Place::new();
                let plain = place.aws.url();
                let url = if wrong == "https://" { plain.replace("http://", wrong) } else { wrong.to_owned() };
                place.every_command_fails(wrong, |command| {
                    command.env("AWS_ENDPOINT_URL", &url).env("GPUCOST_OFFERS_URL", &url);
                });
            });
        }
    });
}
