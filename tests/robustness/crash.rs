//! kill -9 at instants all through an import: what was acknowledged is there, and nothing is half there.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::program::{Lab, Ran};
use crate::samples::NOTES;

const ROWS: usize = 20_000;
const KILLS: u32 = 40;

fn notes(file: u32, rows: usize) -> String {
    let mut text = format!("{}\n", NOTES.lines().next().unwrap());
    for row in 0..rows {
        text += &format!("us-east-1,i-{file}-{row},p2.xlarge,2026-10-01,2026-10-02,,\n");
    }
    text
}

/// Imports and facts in the ledger, after a check of the whole file.
fn counts(lab: &Lab) -> (usize, usize) {
    let ledger = rusqlite::Connection::open(lab.ledger()).expect("the ledger opens");
    let check: String = ledger.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(check, "ok");
    let count = |table: &str| -> usize {
        let sql = format!("SELECT count(*) FROM {table}");
        ledger.query_row(&sql, [], |row| row.get::<_, i64>(0)).expect("a count").unsigned_abs() as usize
    };
    (count("imports"), count("facts"))
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_half_there() {
    let lab = Lab::new();
    lab.write("first.csv", notes(0, 3));
    lab.ok(&["usage", "import", "first.csv"]);
    let first = fs::read(lab.ledger()).expect("the ledger");
    lab.write("big.csv", notes(1, ROWS));
    let started = Instant::now();
    lab.ok(&["usage", "import", "big.csv"]);
    let whole = started.elapsed();
    assert_eq!(counts(&lab), (2, 3 + ROWS));

    let (mut killed, mut finished) = (0, 0);
    for kill in 0..KILLS {
        for ending in ["", "-wal", "-shm"] {
            _ = fs::remove_file(format!("{}{ending}", lab.ledger().display()));
        }
        fs::write(lab.ledger(), &first).expect("the ledger as it was");
        let mut command = lab.gpucost(&["usage", "import", "big.csv"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        // Instants spread evenly over the import and a little past its end.
        std::thread::sleep(whole.mul_f64(f64::from(kill) / f64::from(KILLS) * 1.15).max(Duration::from_millis(1)));
        let acknowledged = child.try_wait().expect("its state").is_some_and(|status| status.success());
        child.kill().expect("the kill");
        child.wait().expect("its end");
        match counts(&lab) {
            (1, 3) => {
                assert!(!acknowledged, "kill {kill}: an acknowledged import is gone");
                killed += 1;
            }
            (2, facts) => {
                assert_eq!(facts, 3 + ROWS, "kill {kill}: half an import");
                finished += 1;
            }
            other => panic!("kill {kill}: {other:?}"),
        }
    }
    assert!(killed > KILLS / 4, "{killed} of {KILLS} kills hit an import, {finished} came too late");
    // The ledger goes on as if nothing had happened.
    lab.write("after.csv", notes(2, 3));
    lab.ok(&["usage", "import", "after.csv"]);
}

#[test]
fn a_killed_report_leaves_whole_files() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.ok(&["usage", "import", "notes.csv"]);
    let report = ["report", "--month", "2026-10", "--as-of", "2026-11-02"];
    let started = Instant::now();
    lab.ok(&report);
    let whole = started.elapsed();
    let folder = lab.cwd().join("reports/2026-10");
    let read = || -> Vec<(String, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(&folder)
            .expect("the folder")
            .map(|entry| entry.expect("an entry").path())
            .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), path))
            .filter(|(name, _)| !name.starts_with(".tmp"))
            .map(|(name, path)| (name, fs::read(path).expect("a file")))
            .collect();
        files.sort();
        files
    };
    let before = read();
    assert_eq!(before.len(), 5);
    for kill in 0..8_u32 {
        let mut command = lab.gpucost(&report);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
        std::thread::sleep(whole.mul_f64(f64::from(kill) / 7.0));
        child.kill().expect("the kill");
        child.wait().expect("its end");
        assert_eq!(read(), before, "kill {kill}");
    }
    assert_eq!(Ran::of(&mut lab.gpucost(&report)).code, Some(0));
}
