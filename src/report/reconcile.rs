//! Our line items beside AWS's charges.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::table::{Cell, Column, Table};
use crate::billing::reconcile::{Reconciliation, Row, Verdict};
use crate::money::Usd;
use crate::time::Month;

/// What is compared, and what there is to say of where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    pub month: Month,
    pub account: String,
    pub notes: Vec<String>,
    /// When AWS answered.
    pub answered_at: Timestamp,
}

/// Decimals of quantities for people.
const SHOWN_DECIMALS: u32 = 3;

/// One row a usage type, and a day if the comparison is by day.
pub fn reconciliation_table(reconciled: &Reconciliation, heading: &Heading) -> Table {
    let by_day = reconciled.rows.iter().any(|row| row.day.is_some());
    let day = Column::left("day", "Day");
    let columns = vec![
        if by_day { day } else { day.detail() },
        Column::left("usage_type", "Usage type"),
        Column::left("region", "Region").detail(),
        Column::left("unit", "Unit").detail(),
        Column::right("our_quantity", "Ours"),
        Column::right("our_possible_quantity", "Possible").detail(),
        Column::right("aws_quantity", "AWS"),
        Column::right("our_usd", "Our cost"),
        Column::right("our_possible_usd", "Possible cost").detail(),
        Column::right("aws_unblended_usd", "AWS cost"),
        Column::right("aws_amortized_usd", "Amortized").detail(),
        Column::right("difference_usd", "Difference").detail(),
        Column::right("unexplained_usd", "Unexplained").detail(),
        Column::left("verdict", "Verdict"),
        Column::left("reasons", "Why").detail(),
        Column::left("estimated", "Estimated").detail(),
    ];
    let title = format!("{} of account {}: ours and AWS's", heading.month, heading.account);
    let mut table = Table::new("reconciliation", title, columns);
    for row in &reconciled.rows {
        table.push(cells(row));
    }
    table.total = (!reconciled.rows.is_empty()).then(|| total(reconciled));
    table.notes = notes(reconciled, heading, by_day);
    table
}

fn cells(row: &Row) -> Vec<Cell> {
    let ours = &row.ours;
    let unit = row.meter.map_or_else(
        || Cell::text(row.theirs.units.iter().cloned().collect::<Vec<_>>().join(" ")),
        |meter| Cell::text(meter.unit().name()),
    );
    let recorded = |cell: Cell| if ours.recorded { cell } else { Cell::missing("-") };
    let charged = |cell: Cell| if row.theirs.is_charged() { cell } else { Cell::missing("-") };
    vec![
        // The title names the month.
        row.day.map_or(Cell::missing(""), |day| Cell::new(format!("{:02}", day.day()), day.to_string())),
        Cell::text(row.usage_type.clone()),
        Cell::text(row.place.clone()),
        unit,
        recorded(quantity(ours.sure.quantity)),
        recorded(quantity(ours.possible.quantity)),
        charged(quantity(row.theirs.quantity)),
        recorded(cost(ours.sure.cost, ours.sure.lacks_rate)),
        recorded(cost(ours.possible.cost, ours.possible.lacks_rate)),
        charged(Cell::cost(row.theirs.unblended)),
        charged(Cell::cost(row.theirs.amortized)),
        Cell::cost(row.difference),
        Cell::cost(row.unexplained()),
        Cell::text(row.verdict.name()),
        Cell::text(reasons(row)),
        Cell::text(if row.theirs.estimated { "yes" } else { "no" }),
    ]
}

fn quantity(amount: Decimal) -> Cell {
    Cell::number(amount, SHOWN_DECIMALS)
}

/// What has no rate is not $0.
fn cost(amount: Usd, lacks_rate: bool) -> Cell {
    match (lacks_rate, amount.is_zero()) {
        (false, _) => Cell::cost(amount),
        (true, true) => Cell::missing("no rate"),
        (true, false) => Cell::missing(format!("≥ {amount}")),
    }
}

fn reasons(row: &Row) -> String {
    let unit = row.meter.map_or("unit", |meter| meter.unit().name());
    let reasons = row.reasons.iter().map(|(reason, amount)| format!("{} {}", signed(*amount), reason.told(unit)));
    reasons.collect::<Vec<_>>().join("; ")
}

/// `+$1.00`, `-$1.00`.
fn signed(amount: Usd) -> String {
    if amount.is_negative() { amount.to_string() } else { format!("+{amount}") }
}

fn total(reconciled: &Reconciliation) -> Vec<Cell> {
    let none = || Cell::missing("");
    vec![
        none(),
        Cell::text("Total"),
        none(),
        none(),
        none(),
        none(),
        none(),
        cost(reconciled.ours, reconciled.lacks_rates),
        Cell::cost(reconciled.possible),
        Cell::cost(reconciled.unblended),
        Cell::cost(reconciled.amortized),
        Cell::cost(reconciled.difference()),
        Cell::cost(reconciled.unexplained()),
        none(),
        none(),
        Cell::text(if reconciled.estimated { "yes" } else { "no" }),
    ]
}

fn notes(reconciled: &Reconciliation, heading: &Heading, by_day: bool) -> Vec<String> {
    let mut notes = heading.notes.clone();
    if reconciled.rows.is_empty() {
        notes.push("Neither the ledger nor AWS has anything of these days.".to_owned());
        return notes;
    }
    let counts = [Verdict::Agrees, Verdict::WithinBounds, Verdict::Explained, Verdict::Unexplained];
    let counts: Vec<String> =
        counts.into_iter().map(|verdict| format!("{verdict} {}", reconciled.count(verdict))).collect();
    notes.push(format!(
        "AWS: {} unblended, {} amortized. Unblended less ours: {}, of it unexplained: {}.",
        reconciled.unblended,
        reconciled.amortized,
        signed(reconciled.difference()),
        unexplained(reconciled)
    ));
    notes.push(format!("Rows: {}.", counts.join(", ")));
    if reconciled.estimated {
        notes.push("AWS marks some of its figures as estimates: they may still change.".to_owned());
    }
    let differs = |row: &&Row| match row.verdict {
        Verdict::Agrees => false,
        Verdict::Unexplained => true,
        // By day these would be a page of the same few reasons: the column has them.
        Verdict::WithinBounds | Verdict::Explained => !by_day,
    };
    notes.extend(reconciled.rows.iter().filter(differs).map(note));
    notes
}

/// What is too much and what is too little apart: together they could hide each other.
fn unexplained(reconciled: &Reconciliation) -> String {
    let rows = || reconciled.rows.iter().filter(|row| row.verdict == Verdict::Unexplained).map(Row::unexplained);
    let more: Usd = rows().filter(|amount| !amount.is_negative()).sum();
    let less: Usd = rows().filter(|amount| amount.is_negative()).sum();
    match (more.is_zero(), less.is_zero()) {
        (true, true) => "nothing".to_owned(),
        (false, true) => signed(more),
        (true, false) => signed(less),
        (false, false) => format!("{} and {}", signed(more), signed(less)),
    }
}

/// `2026-10-02 USW2-BoxUsage:p2.xlarge: -$4.00 credits and refunds.`
fn note(row: &Row) -> String {
    let day = row.day.map_or(String::new(), |day| format!("{day} "));
    let usage_type = &row.usage_type;
    match row.reasons.as_slice() {
        [] => format!("{day}{usage_type}: {}, for no reason that the records show.", signed(row.difference)),
        [(_, amount)] if *amount == row.difference => format!("{day}{usage_type}: {}.", reasons(row)),
        _ => format!("{day}{usage_type}: {} in all: {}.", signed(row.difference), reasons(row)),
    }
}
