//! One block of the export → the rows gpucost bills, parsed; the rest counted by reason.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::Hasher;

use rustc_hash::{FxHashMap, FxHasher};

use super::classify::{Charge, Texts, classify};
use super::columns::Columns;
use super::error::{Fault, Located};
use super::kinds::SkipReason;
use super::records::{Record, Records};
use super::source::Block;
use super::values::{Amount, seconds};
use crate::ledger::{Meter, Purchase};
use crate::time::EndsBeforeStart;

const SECONDS_PER_DAY: i64 = 86_400;

/// Kinds of charge remembered; an export has a few hundred.
const MAX_VERDICTS: usize = 8_192;

/// How many rows were skipped for one reason, and the line of the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub rows: u64,
    pub first_line: u64,
}

/// The texts of a row that make it part of a group, then those that only describe it.
pub(super) const KEY_TEXTS: usize = 7;
pub(super) const ALL_TEXTS: usize = 10;

/// One billed row; its texts lie one after the other in the batch.
pub(super) struct Row {
    pub hash: u64,
    pub line: u64,
    pub text_start: u32,
    /// Ends of account, region, resource, SKU price, SKU, instance type, volume type; zone, name, tags:
    /// counted from `text_start`.
    pub text_ends: [u32; ALL_TEXTS],
    pub meter: Meter,
    pub purchase: Purchase,
    pub rate: Option<Amount>,
    pub start: i64,
    pub end: i64,
    pub quantity: Amount,
    pub list_cost: Amount,
    pub billed_cost: Amount,
    pub effective_cost: Amount,
}

impl Row {
    /// Days since 1970 of the UTC day the row's charge period begins in.
    pub fn day(&self) -> i64 {
        self.start.div_euclid(SECONDS_PER_DAY)
    }

    /// A bit for each UTC hour of that day that the charge period touches.
    pub fn hours_mask(&self) -> u32 {
        let midnight = self.day() * SECONDS_PER_DAY;
        let first = (self.start - midnight) / 3600;
        let last = ((self.end - 1).max(self.start) - midnight) / 3600;
        (first..=last.min(23)).fold(0, |mask, hour| mask | 1 << hour)
    }
}

/// The rows of one block. A fault comes after the rows that stand before it.
#[derive(Default)]
pub(super) struct Batch {
    pub rows: Vec<Row>,
    pub text: Vec<u8>,
    pub seen: u64,
    pub skipped: BTreeMap<SkipReason, Skipped>,
    pub bytes_read: u64,
    pub fault: Option<Located>,
}

/// Reads blocks on one thread, remembering what each kind of charge was found to be.
pub(super) struct RowReader<'c> {
    columns: &'c Columns,
    /// By the texts of [`kind_columns`].
    places: FxHashMap<Box<[u8]>, usize>,
    verdicts: Vec<Result<Charge, SkipReason>>,
    kind: Vec<u8>,
    kind_columns: Vec<usize>,
    starts: LastTime,
    ends: LastTime,
}

/// The time last read, and its text: neighbors mostly have the same.
#[derive(Default)]
struct LastTime {
    text: Vec<u8>,
    seconds: i64,
}

impl LastTime {
    fn read(&mut self, field: &[u8], column: &'static str) -> Result<i64, Fault> {
        if field.is_empty() {
            return Err(Fault::MissingValue { column });
        }
        if field != self.text {
            self.seconds = seconds(field).map_err(|source| Fault::Time { column, source })?;
            self.text.clear();
            self.text.extend_from_slice(field);
        }
        Ok(self.seconds)
    }
}

/// Calls `each` for every record of a block, checked for its width and UTF-8.
pub(super) fn for_each_record(
    block: &Block,
    columns: &Columns,
    mut each: impl FnMut(&Record<'_>) -> Result<(), Located>,
) -> Result<(), Located> {
    let bytes = block.bytes.as_slice();
    let valid_up_to = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let mut records = Records::new(bytes, block.from, columns.delimiter, block.first_line, block.cut_short);
    while let Some(record) = records.next()? {
        let range = record.range();
        if range.end > valid_up_to {
            let before = bytes.get(range.start..valid_up_to).unwrap_or_default();
            let lines_before = memchr::memchr_iter(b'\n', before).count() as u64;
            return Err(Located::at(record.line + lines_before, Fault::NotUtf8));
        }
        if record.len() != columns.count {
            let fault = Fault::Ragged { expected: columns.count, found: record.len() };
            return Err(Located::at(record.line, fault));
        }
        each(&record)?;
    }
    Ok(())
}

impl<'c> RowReader<'c> {
    pub fn new(columns: &'c Columns) -> RowReader<'c> {
        RowReader {
            columns,
            places: FxHashMap::default(),
            verdicts: Vec::new(),
            kind: Vec::new(),
            kind_columns: kind_columns(columns).into_iter().flatten().collect(),
            starts: LastTime::default(),
            ends: LastTime::default(),
        }
    }

    pub fn read(&mut self, block: &Block) -> Batch {
        let mut batch = Batch { bytes_read: block.bytes_read, ..Batch::default() };
        let columns = self.columns;
        let outcome = for_each_record(block, columns, |record| {
            batch.seen += 1;
            self.take(record, &mut batch).map_err(|fault| Located::at(record.line, fault))
        });
        batch.fault = outcome.err();
        batch
    }

    fn take(&mut self, record: &Record<'_>, batch: &mut Batch) -> Result<(), Fault> {
        let place = self.recall(record);
        match self.verdicts.get(place) {
            Some(Ok(charge)) => {
                let period = charge_period(self.columns, record, &mut self.starts, &mut self.ends)?;
                let row = row(self.columns, record, charge, period, &mut batch.text)?;
                batch.rows.push(row);
            }
            Some(Err(reason)) => {
                let first = Skipped { rows: 0, first_line: record.line };
                batch.skipped.entry(*reason).or_insert(first).rows += 1;
            }
            None => {}
        }
        Ok(())
    }

    /// Where the verdict on this kind of charge stands; judges it if it is new.
    fn recall(&mut self, record: &Record<'_>) -> usize {
        let columns = self.columns;
        self.kind.clear();
        for place in &self.kind_columns {
            self.kind.extend_from_slice(record.field(*place));
            // A byte that UTF-8 never uses.
            self.kind.push(0xff);
        }
        if let Some(place) = self.places.get(self.kind.as_slice()) {
            return *place;
        }
        if self.verdicts.len() >= MAX_VERDICTS {
            self.places.clear();
            self.verdicts.clear();
        }
        let place = self.verdicts.len();
        self.places.insert(self.kind.as_slice().into(), place);
        self.verdicts.push(verdict(columns, record));
        place
    }
}

/// The columns that [`classify`] looks at.
fn kind_columns(columns: &Columns) -> [Option<usize>; 15] {
    [
        Some(columns.provider),
        Some(columns.service),
        columns.service_code,
        Some(columns.charge_category),
        columns.charge_class,
        Some(columns.currency),
        columns.pricing_category,
        columns.commitment_type,
        columns.commitment_status,
        columns.reservation_status,
        Some(columns.unit),
        Some(columns.description),
        columns.usage_type,
        columns.sku_meter,
        columns.sku_price_details,
    ]
}

fn verdict(columns: &Columns, record: &Record<'_>) -> Result<Charge, SkipReason> {
    let texts = kind_columns(columns).map(|place| text(record.optional(place)));
    let [
        provider,
        service,
        service_code,
        charge_category,
        charge_class,
        currency,
        pricing_category,
        commitment_type,
        commitment_status,
        reservation_status,
        unit,
        description,
        usage_type,
        sku_meter,
        sku_price_details,
    ] = &texts;
    classify(&Texts {
        provider,
        service,
        service_code,
        charge_category,
        charge_class,
        currency,
        pricing_category,
        commitment_type,
        commitment_status,
        reservation_status,
        unit,
        description,
        usage_type,
        sku_meter,
        sku_price_details,
    })
}

/// A field as text, inner quotes undoubled. Blocks are checked to be UTF-8 before.
pub(super) fn text(field: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(field);
    if text.contains("\"\"") { Cow::Owned(text.replace("\"\"", "\"")) } else { text }
}

fn row(
    columns: &Columns,
    record: &Record<'_>,
    charge: &Charge,
    (start, end): (i64, i64),
    texts: &mut Vec<u8>,
) -> Result<Row, Fault> {
    let quantity_text = record.field(columns.quantity);
    let quantity = amount(quantity_text, "PricingQuantity")?;
    if quantity.is_negative() {
        return Err(negative("PricingQuantity", quantity_text));
    }
    let rate = optional_rate(columns, record)?;
    let list_text = record.field(columns.list_cost);
    let list_cost = amount(list_text, "ListCost")?;
    // Mostly the same text: then read once.
    let cost = |place, column| match record.field(place) {
        same if same == list_text => Ok(list_cost),
        field => amount(field, column),
    };

    let text_start = texts.len();
    let text_ends = [
        record.field(columns.account),
        record.field(columns.region),
        bare_resource_id(record.field(columns.resource_id)),
        record.optional(columns.sku_price_id),
        record.optional(columns.sku_id),
        charge.instance_type.as_bytes(),
        charge.volume_type.as_bytes(),
        record.optional(columns.availability_zone),
        record.optional(columns.resource_name),
        record.optional(columns.tags),
    ]
    .map(|text| {
        texts.extend_from_slice(text);
        offset(texts.len() - text_start)
    });
    let mut row = Row {
        hash: 0,
        line: record.line,
        text_start: offset(text_start),
        text_ends,
        meter: charge.meter,
        purchase: charge.purchase,
        rate,
        start,
        end,
        quantity,
        list_cost,
        billed_cost: cost(columns.billed_cost, "BilledCost")?,
        effective_cost: cost(columns.effective_cost, "EffectiveCost")?,
    };
    row.hash = key_hash(&row, texts.get(text_start..).unwrap_or_default());
    Ok(row)
}

fn key_hash(row: &Row, texts: &[u8]) -> u64 {
    let [.., key_end, _, _, _] = row.text_ends;
    let mut hasher = FxHasher::default();
    hasher.write(texts.get(..key_end as usize).unwrap_or_default());
    hasher.write_i64(row.day());
    hasher.write_u8(row.meter as u8);
    hasher.write_u8(row.purchase as u8);
    hasher.finish()
}

/// Texts of a batch are shorter than its block and the charges' names: they fit.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

pub(super) fn amount(field: &[u8], column: &'static str) -> Result<Amount, Fault> {
    if field.is_empty() {
        return Err(Fault::MissingValue { column });
    }
    Amount::parse(field).map_err(|source| Fault::Number { column, source })
}

fn negative(column: &'static str, field: &[u8]) -> Fault {
    Fault::Negative { column, text: text(field).chars().take(60).collect() }
}

/// `None` where the export names no rate: it stays unknown.
fn optional_rate(columns: &Columns, record: &Record<'_>) -> Result<Option<Amount>, Fault> {
    let field = record.optional(columns.list_unit_price);
    if field.is_empty() {
        return Ok(None);
    }
    let rate = amount(field, "ListUnitPrice")?;
    if rate.is_negative() {
        return Err(negative("ListUnitPrice", field));
    }
    Ok(Some(rate))
}

fn charge_period(
    columns: &Columns,
    record: &Record<'_>,
    starts: &mut LastTime,
    ends: &mut LastTime,
) -> Result<(i64, i64), Fault> {
    let start = starts.read(record.field(columns.period_start), "ChargePeriodStart")?;
    let end = ends.read(record.field(columns.period_end), "ChargePeriodEnd")?;
    if end < start {
        let at = |second| jiff::Timestamp::from_second(second).unwrap_or_default();
        return Err(Fault::EndsBeforeStart(EndsBeforeStart { start: at(start), end: at(end) }));
    }
    Ok((start, end))
}

/// `arn:aws:ec2:us-east-1:111122223333:volume/vol-0abc` → `vol-0abc`; anything else as it is.
fn bare_resource_id(field: &[u8]) -> &[u8] {
    match memchr::memrchr(b'/', field) {
        Some(slash) if field.starts_with(b"arn:") => field.get(slash + 1..).unwrap_or(field),
        _ => field,
    }
}
