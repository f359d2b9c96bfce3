//! The committed sample in `reports/` is what `gpucost demo` writes, byte for byte.
//!
//! `cargo test --test demo_report -- --ignored` rewrites it: look at the pictures before committing them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/reports/demo-2026-10");

fn demo(out: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gpucost"))
        .args(["demo", "--out"])
        .arg(out)
        .env_clear()
        .env("HOME", out)
        .output()
        .expect("gpucost runs")
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            (path.file_name().expect("a name").to_string_lossy().into_owned(), fs::read(&path).expect("a file"))
        })
        .collect()
}

#[test]
fn the_committed_sample_is_what_the_demo_writes() {
    let scratch = tempfile::tempdir().expect("a folder");
    let output = demo(scratch.path());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let (written, committed) = (files(&scratch.path().join("demo-2026-10")), files(Path::new(SAMPLE)));
    assert_eq!(written.keys().collect::<Vec<_>>(), committed.keys().collect::<Vec<_>>());
    assert_eq!(written.len(), 5);
    for (name, bytes) in &written {
        assert!(bytes == &committed[name], "{name} differs from the committed sample");
    }
}

#[test]
fn the_demo_writes_the_same_bytes_again_over_an_old_report() {
    let scratch = tempfile::tempdir().expect("a folder");
    demo(scratch.path());
    let first = files(&scratch.path().join("demo-2026-10"));
    demo(scratch.path());
    assert_eq!(first, files(&scratch.path().join("demo-2026-10")));
}

#[test]
fn totals_in_text_csv_and_markdown_agree_to_the_cent() {
    let scratch = tempfile::tempdir().expect("a folder");
    let output = demo(scratch.path());
    let folder = scratch.path().join("demo-2026-10");
    let mut reader = csv::Reader::from_path(folder.join("line-items.csv")).expect("a CSV");
    let headers = reader.headers().expect("a header").clone();
    let column = |name: &str| headers.iter().position(|header| header == name).expect("the column");
    let (cost, certainty) = (column("cost_usd"), column("certainty"));
    let mut sum = rust_decimal::Decimal::ZERO;
    for record in reader.records() {
        let record = record.expect("a row");
        if &record[certainty] == "measured" {
            sum += record[cost].parse::<rust_decimal::Decimal>().expect("a cost");
        }
    }
    let total = gpucost::money::Usd::new(sum).to_string();
    assert_ne!(total, "$0.00");
    let summary: rust_decimal::Decimal = csv::Reader::from_path(folder.join("summary.csv"))
        .expect("a CSV")
        .records()
        .map(|row| {
            row.expect("a row").iter().next_back().expect("a total").parse::<rust_decimal::Decimal>().expect("a cost")
        })
        .sum();
    assert_eq!(summary, sum);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let report = fs::read_to_string(folder.join("report.md")).expect("the report");
    assert!(text.contains(&total), "{total} is not in the text");
    assert!(report.contains(&total), "{total} is not in the report");
}

#[test]
#[ignore = "rewrites the committed sample"]
fn rewrite_the_sample() {
    let reports = Path::new(SAMPLE).parent().expect("reports/");
    assert!(demo(reports).status.success());
}
