//! `gpucost report`

use std::path::{Path, PathBuf};

use super::advise::{findings, in_words, sifted};
use super::args::{BreakEvenArgs, ReportArgs};
use super::break_even::{assumptions, question, tables};
use super::error::{Exit, Failure};
use super::ledger::{all_lines, load, load_activity, load_bill, parse_month};
use super::request::Request;
use super::show;
use crate::advice::Finding;
use crate::billing::{Bill, MeasuredUse, measured_use};
use crate::break_even::{Answer, Question, break_even};
use crate::ledger::Ledger;
use crate::render;
use crate::report::bill::{line_item_table, summary_table};
use crate::report::break_even::{cumulative_chart, verdict_sentence};
use crate::report::chart::Chart;
use crate::report::daily::daily_chart;
use crate::report::month::{BREAK_EVEN, COST_BY_DAY, Comparison, LINE_ITEMS, REPORT, SUMMARY, document, no_machine};
use crate::report::suppressed::suppressed_notes;
use crate::report::table::Table;
use crate::store::{Store, replace_directory};
use crate::time::{Period, utc_date};

/// A month, computed: what a report is made of.
pub struct MonthReport {
    pub ledger: Ledger,
    pub bill: Bill,
    /// What is suppressed is not among them.
    pub findings: Vec<Finding>,
    /// How many are suppressed, and on whose word.
    pub left_out: Vec<String>,
    pub comparison: Option<(Question, Answer)>,
    /// What the comparison takes for granted of the ledger; why there is none, if there is none.
    pub said_of_comparison: Vec<String>,
}

pub fn run(args: &ReportArgs, request: &Request) -> Result<Exit, Failure> {
    let month = parse_month(&args.month)?;
    let (mut ledger, bill) = load_bill(request, month)?;
    load_activity(&mut ledger, request)?;
    let comparison = BreakEvenArgs {
        instance: args.instance.clone(),
        machine_usd: args.machine_usd.clone(),
        machine: args.machine.clone(),
        ..BreakEvenArgs::with_defaults()
    };
    let report = compute(ledger, bill, &comparison, request)?;
    let written = write(&report, &args.out.join(month.to_string()), request)?;
    let mut lines: Vec<String> = written.iter().map(|path| path.display().to_string()).collect();
    lines.push(String::new());
    show::text(&lines.join("\n"))
}

/// The bill's month with its advice and, if a machine is named, rent or own from the month's own hours.
pub fn compute(ledger: Ledger, bill: Bill, args: &BreakEvenArgs, request: &Request) -> Result<MonthReport, Failure> {
    let store = Store::open(&request.ledger)?;
    let sifted = sifted(findings(&ledger, &store, request)?, &ledger, &store, request)?;
    let (left_out, findings) = (suppressed_notes(&sifted, false), sifted.told);
    let month = bill.month;
    let report = |comparison, said_of_comparison| MonthReport {
        ledger,
        bill,
        findings,
        left_out,
        comparison,
        said_of_comparison,
    };
    if args.machine.is_none() && args.machine_usd.is_none() {
        return Ok(report(None, vec![no_machine().to_owned()]));
    }
    let Period { start, end } = month.period();
    // Of a month in progress, the days to come are no days without use.
    let within = Period { start, end: end.min(request.now) };
    let Some(measured) = in_month(args, within, request)? else {
        let what = args.instance.as_deref().unwrap_or("any instance");
        return Ok(report(None, vec![format!("The ledger has no running hours of {what} in {month}.")]));
    };
    if args.usd_per_hour.is_none() && !measured.unrated_hours().is_zero() {
        let MeasuredUse { region, instance_type, .. } = &measured;
        if let Err(no_rate) = request.card()?.on_demand(region, instance_type) {
            return Ok(report(None, vec![format!("Not compared: {no_rate}.")]));
        }
    }
    let question = question(args, Some(&measured), request)?;
    let answer = break_even(&question, utc_date(within.end))?;
    Ok(report(Some((question, answer)), assumptions(args, &measured, request.card()?)))
}

/// The month's use as `gpucost break-even` measures it: of the whole ledger, which knows since when.
fn in_month(args: &BreakEvenArgs, within: Period, request: &Request) -> Result<Option<MeasuredUse>, Failure> {
    let whole = load(request, None)?;
    Ok(measured_use(&all_lines(&whole, request)?, args.instance.as_deref(), within))
}

/// Renders every file first, then writes them: a failure leaves the old report as it was.
pub fn write(report: &MonthReport, folder: &Path, request: &Request) -> Result<Vec<PathBuf>, Failure> {
    let bill = &report.bill;
    let chart = match &report.comparison {
        Some((question, answer)) => cumulative_chart(question, answer),
        None => Chart::Empty { title: "Rent or own".to_owned(), why: report.said_of_comparison.join(" ") },
    };
    let comparison = report.comparison.as_ref().map(|(question, answer)| Comparison {
        verdict: verdict_sentence(question, answer),
        tables: untitled(tables(question, answer, report.said_of_comparison.clone(), true)),
    });
    let comparison = comparison.ok_or_else(|| report.said_of_comparison.clone());
    let mut advice = in_words(&report.findings, true, request.now);
    if let Some(list) = advice.first_mut() {
        list.notes.extend(report.left_out.iter().cloned());
    }
    let document = document(bill, &report.ledger, comparison, advice);
    let files = [
        (LINE_ITEMS, render::csv::table(&line_item_table(bill))?.into_bytes()),
        (SUMMARY, render::csv::table(&summary_table(bill, &report.ledger))?.into_bytes()),
        (COST_BY_DAY, render::chart::png(&daily_chart(bill))?),
        (BREAK_EVEN, render::chart::png(&chart)?),
        (REPORT, render::markdown::document(&document).into_bytes()),
    ];
    Ok(replace_directory(folder, &files)?)
}

/// The verdict stands above the tables already.
fn untitled(mut tables: Vec<Table>) -> Vec<Table> {
    if let Some(first) = tables.first_mut() {
        first.title.clear();
    }
    tables
}
