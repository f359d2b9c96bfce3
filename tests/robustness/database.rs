//! Ledgers that are none, are damaged, newer, locked, or written to by several at once.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::program::{Lab, Ran, recorded};
use crate::samples::NOTES;

/// The commands that open a ledger.
const COMMANDS: [&[&str]; 5] = [
    &["usage", "import", "notes.csv"],
    &["usage"],
    &["bill", "--month", "2026-10"],
    &["advise"],
    &["report", "--month", "2026-10"],
];

fn lab_with_notes() -> Lab {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab
}

/// Every command fails over the ledger at `path`, says why, and leaves its bytes alone.
#[track_caller]
fn every_command_refuses(lab: &Lab, path: &str, told: &[&str]) {
    let bytes = fs::read(lab.cwd().join(path)).ok();
    for command in COMMANDS {
        let ran = Ran::of(lab.gpucost(command).args(["--ledger", path]));
        assert_eq!(ran.code, Some(1), "{command:?} on {path}: {ran:?}");
        assert!(ran.err.starts_with("error: ") && ran.out.is_empty(), "{command:?} on {path}: {ran:?}");
        assert!(!ran.err.contains("panicked"), "{command:?}: {}", ran.err);
        assert!(ran.err.contains(path) && ran.err.contains("\nhint: "), "{command:?}: {}", ran.err);
        assert!(told.iter().any(|text| ran.err.contains(text)), "{command:?}: {} tells none of {told:?}", ran.err);
        assert_eq!(fs::read(lab.cwd().join(path)).ok(), bytes, "{command:?} changed {path}");
    }
}

#[test]
fn files_that_are_no_ledger() {
    let lab = lab_with_notes();
    lab.write("text.db", "not a database, only text that is longer than a header of SQLite would be, by some way\n");
    every_command_refuses(&lab, "text.db", &["is not a gpucost ledger"]);
    every_command_refuses(&lab, "notes.csv", &["is not a gpucost ledger"]);
    // (SQLite takes a file of a single byte for an empty one.)
    lab.write("short.db", "xy");
    every_command_refuses(&lab, "short.db", &["is not a gpucost ledger"]);
    Connection::open(lab.cwd().join("other.db"))
        .and_then(|other| other.execute_batch("CREATE TABLE bookmarks (url TEXT); PRAGMA user_version = 1;"))
        .expect("another program's file");
    every_command_refuses(&lab, "other.db", &["is not a gpucost ledger"]);
    fs::create_dir(lab.cwd().join("folder.db")).expect("a folder");
    every_command_refuses(&lab, "folder.db", &["is not a gpucost ledger"]);
}

#[test]
fn a_ledger_that_is_not_there_is_named_and_not_made() {
    let lab = lab_with_notes();
    for command in &COMMANDS[1..] {
        let ran = Ran::of(lab.gpucost(command).args(["--ledger", "none.db"]));
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains("there is no ledger at none.db") && ran.err.contains("usage import"), "{}", ran.err);
    }
    assert!(!lab.cwd().join("none.db").exists());
}

#[test]
fn names_that_sqlite_reads_otherwise_are_files() {
    let lab = lab_with_notes();
    for name in [":memory:", "file:odd.db?mode=memory"] {
        lab.run(&["usage", "import", "notes.csv", "--ledger", name]);
        assert_eq!(recorded(&lab.cwd().join(".").join(name)).len(), 4, "{name}");
    }
}

#[test]
fn a_newer_ledger_is_left_alone() {
    let lab = lab_with_notes();
    lab.ok(&["usage", "import", "notes.csv", "--ledger", "l.db"]);
    let open = || Connection::open(lab.cwd().join("l.db")).expect("the ledger");
    let own: i32 = open().pragma_query_value(None, "user_version", |row| row.get(0)).expect("its version");
    for version in [own + 1, 99, -1] {
        let ledger = open();
        ledger.pragma_update(None, "user_version", version).expect("a newer version");
        drop(ledger);
        every_command_refuses(&lab, "l.db", &["was written by a newer gpucost"]);
    }
}

#[test]
fn a_damaged_ledger_is_said_to_be_damaged() {
    let lab = lab_with_notes();
    let rows: String = (0..500).map(|i| format!("us-east-1,i-{i},p2.xlarge,2026-10-01,2026-10-02,,\n")).collect();
    lab.write("notes.csv", format!("{}\n{rows}", NOTES.lines().next().unwrap()));
    lab.ok(&["usage", "import", "notes.csv", "--ledger", "l.db"]);
    let whole = fs::read(lab.cwd().join("l.db")).expect("the ledger");
    lab.write("notes.csv", NOTES.replace("i-", "i-new-"));
    for keep in [99, 512, 4096, 8192, whole.len() / 2, whole.len() - 4096, whole.len() - 1] {
        let name = format!("cut-{keep}.db");
        lab.write(&name, &whole[..keep]);
        every_command_refuses(&lab, &name, &["is damaged", "is not a gpucost ledger", "cannot be read"]);
    }
    // Rubbish in the middle: an error or an answer, never a crash.
    for (i, at) in (100..whole.len()).step_by(whole.len() / 16).enumerate() {
        let mut bytes = whole.clone();
        bytes[at..].iter_mut().take(64).for_each(|byte| *byte = byte.wrapping_mul(31).wrapping_add(17));
        let name = format!("rubbish-{i}.db");
        lab.write(&name, bytes);
        for command in &COMMANDS[..2] {
            let ran = Ran::of(lab.gpucost(command).args(["--ledger", &name]));
            assert!(matches!(ran.code, Some(0 | 1)), "{command:?} with rubbish at {at}: {ran:?}");
        }
    }
}

#[test]
fn a_damaged_fact_is_named() {
    let lab = lab_with_notes();
    lab.ok(&["usage", "import", "notes.csv", "--ledger", "l.db"]);
    let ledger = Connection::open(lab.cwd().join("l.db")).expect("the ledger");
    ledger.execute_batch("UPDATE facts SET body = '{}' WHERE id = 2").expect("damage");
    drop(ledger);
    lab.write("notes.csv", NOTES.replace("i-", "i-new-"));
    every_command_refuses(&lab, "l.db", &["fact 2 of the ledger l.db cannot be read"]);
}

#[test]
fn a_held_lock_is_waited_for_and_then_said() {
    let lab = lab_with_notes();
    lab.ok(&["usage", "import", "notes.csv"]);
    let before = lab.recorded();
    lab.write("more.csv", NOTES.replace("i-", "i-more-"));
    let holder = Connection::open(lab.ledger()).expect("the ledger");
    holder.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let started = Instant::now();
    let ran = lab.run(&["usage", "import", "more.csv"]);
    let waited = started.elapsed();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        ran.err.contains("another gpucost is writing to") && ran.err.contains("run the command again"),
        "{}",
        ran.err
    );
    assert!(waited > Duration::from_secs(4) && waited < Duration::from_secs(9), "{waited:?}");
    // Who only reads does not wait.
    assert!(lab.ok(&["usage"]).contains("i-b"));
    holder.execute_batch("ROLLBACK").expect("the lock is given back");
    drop(holder);
    assert_eq!(lab.recorded(), before);
    lab.ok(&["usage", "import", "more.csv"]);
}

#[test]
fn several_at_once_lose_nothing_and_record_nothing_twice() {
    for round in 0..3 {
        let lab = Lab::new();
        let header = NOTES.lines().next().unwrap();
        let names: Vec<String> = (0..10).map(|i| format!("notes-{i}.csv")).collect();
        for (i, name) in names.iter().enumerate() {
            let rows: String =
                (0..100).map(|r| format!("us-east-1,i-{i}-{r},p2.xlarge,2026-10-01,2026-10-02,,\n")).collect();
            lab.write(name, format!("{header}\n{rows}"));
        }
        // Each file comes twice, so that the same import races itself too.
        let children: Vec<_> = names
            .iter()
            .chain(&names)
            .map(|name| {
                let mut command = lab.gpucost(&["usage", "import", name]);
                command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
                (name, command.spawn().expect("the program starts"))
            })
            .collect();
        let mut acknowledged = Vec::new();
        for (name, child) in children {
            let ran = Ran::from(child.wait_with_output().expect("it ends"));
            if ran.code == Some(0) {
                acknowledged.push(name.clone());
            } else {
                assert_eq!(ran.code, Some(1), "round {round}: {ran:?}");
                assert!(ran.err.contains("another gpucost is writing to"), "round {round}: {ran:?}");
            }
        }
        acknowledged.sort();
        acknowledged.dedup();
        assert!(!acknowledged.is_empty());
        let rows = lab.recorded();
        let imports = rows.iter().filter(|row| row.starts_with("imports")).count();
        assert_eq!(imports, acknowledged.len());
        assert_eq!(rows.len() - imports, 100 * acknowledged.len());
        left_clean(&lab.ledger());
    }
}

/// No log is left beside a ledger that nobody has open.
fn left_clean(ledger: &Path) {
    assert!(!ledger.with_extension("db-wal").exists());
}
