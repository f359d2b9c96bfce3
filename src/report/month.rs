//! A month's report as one document: what it cost, what it went to, rent or own, what to do.

use super::bill::{bill_table, summary_table};
use super::table::Table;
use crate::billing::{Bill, LineItem};
use crate::ledger::{Certainty, Ledger};

/// Text, tables and pictures under headings, in no format yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    pub title: String,
    pub sections: Vec<Section>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    pub heading: String,
    pub paragraphs: Vec<String>,
    /// (file beside the document, what it shows)
    pub picture: Option<(&'static str, String)>,
    pub tables: Vec<Table>,
}

/// The names of a report's files.
pub const LINE_ITEMS: &str = "line-items.csv";
pub const SUMMARY: &str = "summary.csv";
pub const COST_BY_DAY: &str = "cost-by-day.png";
pub const BREAK_EVEN: &str = "break-even.png";
pub const REPORT: &str = "report.md";

/// The verdict of a rent-or-own question, arranged.
pub struct Comparison {
    pub verdict: String,
    pub tables: Vec<Table>,
}

/// Ties a month's tables and pictures together; `comparison` is the verdict's, or says why there is none.
pub fn document(
    bill: &Bill,
    ledger: &Ledger,
    comparison: Result<Comparison, Vec<String>>,
    advice: Vec<Table>,
) -> Document {
    let mut cost = Section {
        heading: "What it cost".to_owned(),
        paragraphs: vec![cost_sentence(bill)],
        picture: Some((COST_BY_DAY, format!("Cost of {} by day", bill.month))),
        tables: vec![summary_table(bill, ledger), bill_table(bill, false)],
    };
    // The notes of the two tables say the same: once is enough.
    if let Some(summary) = cost.tables.first_mut() {
        summary.notes.clear();
    }
    let rent_or_own = match comparison {
        Ok(comparison) => Section {
            heading: "Rent or own".to_owned(),
            paragraphs: vec![comparison.verdict],
            picture: Some((BREAK_EVEN, "Cumulative cost of renting and owning".to_owned())),
            tables: comparison.tables,
        },
        Err(paragraphs) => Section { heading: "Rent or own".to_owned(), paragraphs, ..Section::default() },
    };
    let advice = Section { heading: "What to do".to_owned(), tables: advice, ..Section::default() };
    let files = Section {
        heading: "Files".to_owned(),
        paragraphs: vec![format!(
            "{LINE_ITEMS} has every line item with all its digits, its rate's source and date, and its evidence; \
             {SUMMARY} what each resource cost by purpose. Days and months are UTC."
        )],
        ..Section::default()
    };
    Document { title: format!("GPU costs of {}", bill.month), sections: vec![cost, rent_or_own, advice, files] }
}

/// What a break-even without a machine says.
pub const fn no_machine() -> &'static str {
    "No machine to compare with was named: run again with --machine-usd or --machine."
}

fn cost_sentence(bill: &Bill) -> String {
    if bill.line_items.is_empty() {
        return format!("Nothing is recorded for {}.", bill.month);
    }
    let is_rated = |line: &LineItem| line.certainty == Certainty::Measured && line.charge.cost().is_some();
    if bill.is_lower_bound() && !bill.line_items.iter().any(is_rated) {
        return format!("The cost of {} is unknown.", bill.month);
    }
    let possible = bill.possible();
    let bound = if bill.is_lower_bound() { "at least " } else { "" };
    let cost = format!("{} cost {bound}{}", bill.month, bill.total());
    if possible.is_zero() {
        return format!("{cost}.");
    }
    format!("{cost}; up to {possible} more if what was open when last seen went on.")
}
