//! `gpucost demo`: a built-in month of a small lab through the whole path, with no account.

use std::cell::OnceCell;
use std::path::PathBuf;

use jiff::Timestamp;

use super::args::{BreakEvenArgs, DemoArgs};
use super::error::{Exit, Failure};
use super::ledger::load_bill;
use super::report::{compute, write};
use super::request::Request;
use super::show;
use crate::ledger::Fact;
use crate::render;
use crate::report::advice::findings_table;
use crate::report::bill::summary_table;
use crate::report::break_even::verdict_sentence;
use crate::store::{Import, Store, read_descriptions, read_notes};
use crate::time::{Month, parse_timestamp};

/// The lab's records: what its people noted, and what the AWS CLI printed at the month's end.
const NOTES: (&str, &str) = ("demo/notes.csv", include_str!("../../data/demo/notes.csv"));
const DESCRIPTIONS: [(&str, &str); 2] = [
    ("demo/instances.json", include_str!("../../data/demo/instances.json")),
    ("demo/volumes.json", include_str!("../../data/demo/volumes.json")),
];
/// The end of the lab's month: the demo's now, so that it prints the same on any day.
const NOW: &str = "2026-11-01T00:00:00Z";
const MONTH: &str = "2026-10";
const FOLDER: &str = "demo-2026-10";

pub fn run(args: &DemoArgs, request: &Request) -> Result<Exit, Failure> {
    let scratch = tempfile::tempdir().map_err(|e| Failure::new(format!("cannot make a temporary folder: {e}")))?;
    let request = &Request {
        ledger: scratch.path().join("ledger.db"),
        now: parse_timestamp(NOW).map_err(Failure::new)?,
        regions: Vec::new(),
        ledger_regions: Vec::new(),
        // The shipped rates: the demo prints the same on any computer.
        cache_dir: PathBuf::new(),
        card: OnceCell::new(),
        #[cfg(feature = "aws")]
        live: false,
        ..request.clone()
    };
    record(request)?;
    let month: Month = MONTH.parse().map_err(Failure::new)?;
    let (ledger, bill) = load_bill(request, month)?;
    // The tutorial's question, with the lab's own hours: a $1000 machine against its p2.xlarge.
    let comparison = BreakEvenArgs {
        instance: Some("p2.xlarge".to_owned()),
        machine_usd: Some("1000".to_owned()),
        ..BreakEvenArgs::with_defaults()
    };
    let report = compute(ledger, bill, &comparison, request)?;
    let written = write(&report, &args.out.join(FOLDER), request)?;
    let mut tables = vec![summary_table(&report.bill, &report.ledger)];
    let mut findings = findings_table(&report.findings, request.now);
    findings.notes.extend(report.left_out.iter().cloned());
    tables.push(findings);
    show::tables(&tables, request)?;
    if request.output == super::args::Output::Table {
        let mut lines = vec![String::new()];
        if let Some((question, answer)) = &report.comparison {
            lines.push(render::text::prose(&verdict_sentence(question, answer), request.width, show::style(request)));
        }
        lines.push("Written:".to_owned());
        lines.extend(written.iter().map(|path| format!("  {}", path.display())));
        lines.push("\nYour own: gpucost usage import FILE, then gpucost report --month YYYY-MM".to_owned());
        show::text(&lines.join("\n"))?;
    }
    Ok(Exit::Ok)
}

fn record(request: &Request) -> Result<(), Failure> {
    let mut store = Store::create(&request.ledger)?;
    let (file, text) = NOTES;
    let notes = read_notes(text, request.now).map_err(|e| Failure::new(format!("{file}: {e}")))?;
    let facts = notes.into_iter().map(|(line, noted)| (line, Fact::Noted(noted))).collect();
    record_file(&mut store, file, facts, request.now)?;
    for (file, text) in DESCRIPTIONS {
        let described = read_descriptions(text, request.now, None).map_err(|e| Failure::new(format!("{file}: {e}")))?;
        record_file(&mut store, file, described.facts, request.now)?;
    }
    Ok(())
}

fn record_file(store: &mut Store, file: &str, facts: Vec<(u64, Fact)>, now: Timestamp) -> Result<(), Failure> {
    let import = Import { file: file.to_owned(), format: "demo".to_owned(), imported_at: now };
    store.record(&import, false, |recorder| {
        for (line, fact) in &facts {
            recorder.fact(*line, fact)?;
        }
        Ok::<_, Failure>(file.to_owned())
    })?;
    Ok(())
}
