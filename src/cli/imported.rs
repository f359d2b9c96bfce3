//! What an import took and skipped, and how an export's own figures compare, as tables.

use crate::exports::{CheckReport, Tally};
use crate::money::Usd;
use crate::report::table::{Cell, Column, Table};
use crate::store::Recorded;

/// One imported file.
pub struct Imported {
    pub file: String,
    pub format: String,
    pub rows: u64,
    pub taken: u64,
    pub recorded: Recorded,
    /// Why rows were skipped, how many, and the first line of them.
    pub skipped: Vec<(String, u64, u64)>,
}

pub fn import_table(imported: &[Imported]) -> Table {
    let mut table = Table::new(
        "imports",
        "Imported",
        vec![
            Column::left("file", "File"),
            Column::left("format", "Format"),
            Column::right("rows", "Rows"),
            Column::right("taken", "Taken"),
            Column::right("skipped", "Skipped"),
            Column::right("new_facts", "New facts"),
            Column::right("known_facts", "Known"),
            Column::right("superseded_facts", "Superseded").detail(),
        ],
    );
    let count = |n: u64| Cell::text(n.to_string());
    for file in imported {
        table.push(vec![
            Cell::text(file.file.clone()),
            Cell::text(file.format.clone()),
            count(file.rows),
            count(file.taken),
            count(file.rows - file.taken),
            count(file.recorded.new),
            count(file.recorded.known),
            count(file.recorded.superseded),
        ]);
        if file.recorded.same_file {
            table.notes.push(format!("{}: imported before, nothing changed.", file.file));
            continue;
        }
        for (why, rows, first_line) in &file.skipped {
            table.notes.push(format!("{}: skipped {rows}, first on line {first_line}: {why}.", file.file));
        }
    }
    table
}

pub fn check_table(file: &str, report: &CheckReport) -> Table {
    let mut table = Table::new(
        "check",
        format!("Quantity × rate against AWS's own cost in {file}"),
        vec![
            Column::left("rows_of", "Rows of"),
            Column::right("rows", "Rows"),
            Column::right("matched", "Matched"),
            Column::right("mismatched", "Mismatched"),
            Column::right("unrated", "No rate"),
        ],
    );
    let row = |name: &str, tally: Tally| {
        let count = |n: u64| Cell::text(n.to_string());
        vec![Cell::text(name), count(tally.rows), count(tally.matched), count(tally.mismatched), count(tally.unrated)]
    };
    table.push(row("AWS", report.aws));
    table.push(row("EC2, EBS, public IPv4", report.ec2));
    table.push(row("GPU instances", report.gpu));
    if report.other_rows > 0 {
        table.notes.push(format!("{} rows of other providers or currencies were not compared.", report.other_rows));
    }
    let cost = |amount: Usd| amount.rounded(10);
    for mismatch in &report.mismatches {
        table.notes.push(format!(
            "{file}:{}: quantity × rate is {}, the export says {}: {}",
            mismatch.line,
            cost(mismatch.expected),
            cost(mismatch.found),
            mismatch.description
        ));
    }
    table
}
