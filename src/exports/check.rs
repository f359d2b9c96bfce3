//! `usage check`: does quantity × rate give AWS's own cost on every row?

use std::path::Path;

use rust_decimal::Decimal;

use super::classify::{is_accelerated, is_aws, is_ec2_or_vpc, is_instance_type};
use super::columns::Columns;
use super::error::{ExportError, Fault, Located};
use super::records::Record;
use super::rows::{amount, for_each_record, text};
use super::source::Block;
use super::{Opened, Reading, open, pipeline};
use crate::money::Usd;

/// Mismatches named one by one; all are counted.
const MISMATCHES_NAMED: usize = 20;

/// Rows of one kind, by how their cost compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub rows: u64,
    /// Quantity × rate, half-up at 10 decimals, is AWS's list cost.
    pub matched: u64,
    pub mismatched: u64,
    /// The export names no rate or no quantity: nothing to compare.
    pub unrated: u64,
}

/// A row whose cost is not quantity × rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    pub line: u64,
    pub expected: Usd,
    /// The export's `ListCost`.
    pub found: Usd,
    pub description: String,
}

/// The law of line items put to an export's own rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// All rows of AWS in USD.
    pub aws: Tally,
    /// Those of EC2, EBS and VPC, which holds public IPv4.
    pub ec2: Tally,
    /// Those of instances with GPUs or other accelerators.
    pub gpu: Tally,
    /// Rows of other providers or currencies.
    pub other_rows: u64,
    /// The first mismatches.
    pub mismatches: Vec<Mismatch>,
}

enum Outcome {
    Matched,
    Unrated,
    Mismatched(Usd, Usd),
}

#[derive(Default)]
struct Part {
    report: CheckReport,
    bytes_read: u64,
    fault: Option<Located>,
}

impl Tally {
    fn count(&mut self, outcome: &Outcome) {
        self.rows += 1;
        match outcome {
            Outcome::Matched => self.matched += 1,
            Outcome::Unrated => self.unrated += 1,
            Outcome::Mismatched(..) => self.mismatched += 1,
        }
    }

    fn add(&mut self, other: Tally) {
        self.rows += other.rows;
        self.matched += other.matched;
        self.mismatched += other.mismatched;
        self.unrated += other.unrated;
    }
}

/// Compares `PricingQuantity` × `ListUnitPrice` with `ListCost` on every row of AWS that names a rate.
/// Contracted prices are not looked at: anonymised exports hold placeholders there.
///
/// # Errors
/// The first fault of the file, by line.
pub fn check(path: &Path, mut reading: Reading<'_>) -> Result<CheckReport, ExportError> {
    let locate = |located: Located| located.in_file(path);
    let block_bytes = reading.block_bytes;
    let Opened { mut source, total, columns, first } = open(path, block_bytes).map_err(locate)?;
    let mut report = CheckReport::default();
    let fold = |part: Part| {
        report.add(part.report);
        if let Some(progress) = &mut reading.progress {
            progress(part.bytes_read, total);
        }
        part.fault.map_or(Ok(()), |fault| Err(locate(fault)))
    };
    let worker = || |block: &Block| check_block(block, &columns);
    pipeline::run(&mut source, first, reading.threads, worker, fold, locate)?;
    Ok(report)
}

impl CheckReport {
    fn add(&mut self, part: CheckReport) {
        self.aws.add(part.aws);
        self.ec2.add(part.ec2);
        self.gpu.add(part.gpu);
        self.other_rows += part.other_rows;
        let room = MISMATCHES_NAMED.saturating_sub(self.mismatches.len());
        self.mismatches.extend(part.mismatches.into_iter().take(room));
    }

    fn count(&mut self, record: &Record<'_>, columns: &Columns) -> Result<(), Fault> {
        let currency = record.field(columns.currency);
        if !is_aws(&text(record.field(columns.provider))) || currency != b"USD" {
            self.other_rows += 1;
            return Ok(());
        }
        let outcome = compare(record, columns)?;
        let description = text(record.field(columns.description));
        self.aws.count(&outcome);
        if is_ec2_or_vpc(&text(record.field(columns.service)), &text(record.optional(columns.service_code))) {
            self.ec2.count(&outcome);
            let mut words = description.split([' ', ',']);
            if words.any(|word| is_instance_type(word) && is_accelerated(word)) {
                self.gpu.count(&outcome);
            }
        }
        if let Outcome::Mismatched(expected, found) = outcome
            && self.mismatches.len() < MISMATCHES_NAMED
        {
            let description = description.chars().take(200).collect();
            self.mismatches.push(Mismatch { line: record.line, expected, found, description });
        }
        Ok(())
    }
}

fn check_block(block: &Block, columns: &Columns) -> Part {
    let mut part = Part { bytes_read: block.bytes_read, ..Part::default() };
    let report = &mut part.report;
    let outcome = for_each_record(block, columns, |record| {
        report.count(record, columns).map_err(|fault| Located::at(record.line, fault))
    });
    part.fault = outcome.err();
    part
}

fn compare(record: &Record<'_>, columns: &Columns) -> Result<Outcome, Fault> {
    let known = |field: &[u8], column| match field {
        b"" => Ok(None),
        field => decimal(field, column).map(Some),
    };
    let rate = known(record.optional(columns.list_unit_price), "ListUnitPrice")?;
    let quantity = known(record.field(columns.quantity), "PricingQuantity")?;
    let (Some(rate), Some(quantity)) = (rate, quantity) else {
        return Ok(Outcome::Unrated);
    };
    let found = Usd::new(decimal(record.field(columns.list_cost), "ListCost")?);
    let expected = Usd::of_line_item(quantity, Usd::new(rate)).ok_or(Fault::SumTooLong { column: "ListCost" })?;
    Ok(if expected == found { Outcome::Matched } else { Outcome::Mismatched(expected, found) })
}

fn decimal(field: &[u8], column: &'static str) -> Result<Decimal, Fault> {
    amount(field, column)?.to_decimal().ok_or(Fault::SumTooLong { column })
}
