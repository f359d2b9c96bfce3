//! Billing exports at scale: FOCUS 1.0 to 1.2 as CSV or CSV.gz → daily usage records, exact and in bounded memory.
//!
//! AWS writes FOCUS with columns of its own (`x_ServiceCode`, `x_UsageType`, …), `NULL` or nothing for null, and
//! times as `2024-09-18 23:00:00` or `2024-05-01T00:00:00.000Z`; all are read, other providers' rows are
//! counted and skipped. What comes out depends on the file alone, not on threads or block sizes.

mod check;
mod classify;
mod columns;
mod error;
mod kinds;
mod pipeline;
mod records;
mod rollup;
mod rows;
mod source;
mod values;

use std::collections::BTreeMap;
use std::path::Path;

pub use check::{CheckReport, Mismatch, Tally, check};
pub use columns::FocusVersion;
pub use error::{ExportError, Fault};
pub use kinds::SkipReason;
pub use rollup::UsageRecord;
pub use rows::Skipped;
pub use source::Packing;

use columns::{Columns, read_header};
use error::Located;
use rollup::{LOOKED_UP_TOGETHER, Rollup};
use rows::{Batch, RowReader};
use source::{Block, Source, unpacked_head};

/// Groups held before they are handed on: about 50 MB of them.
pub const DEFAULT_MAX_GROUPS: usize = 150_000;

const DEFAULT_BLOCK_BYTES: usize = 1 << 19;
const MAX_THREADS: usize = 4;

/// How to read: results are the same for every choice of threads and block size.
pub struct Reading<'a> {
    threads: usize,
    block_bytes: usize,
    max_groups: usize,
    progress: Option<&'a mut dyn FnMut(u64, u64)>,
}

impl Default for Reading<'_> {
    fn default() -> Self {
        Reading {
            threads: std::thread::available_parallelism().map_or(1, |cores| cores.get().min(MAX_THREADS)),
            block_bytes: DEFAULT_BLOCK_BYTES,
            max_groups: DEFAULT_MAX_GROUPS,
            progress: None,
        }
    }
}

impl<'a> Reading<'a> {
    /// Parsing threads; at least one. Reading the file and rolling up have one each besides.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self
    }

    /// Bytes of text handed to a parsing thread at a time.
    #[must_use]
    pub fn block_bytes(mut self, bytes: usize) -> Self {
        self.block_bytes = bytes;
        self
    }

    /// Groups held before they are handed on. Fewer groups mean less memory and more records for a key.
    #[must_use]
    pub fn max_groups(mut self, groups: usize) -> Self {
        self.max_groups = groups;
        self
    }

    /// Called after every block with the bytes of the file read so far and its size.
    #[must_use]
    pub fn on_progress(mut self, progress: &'a mut dyn FnMut(u64, u64)) -> Self {
        self.progress = Some(progress);
        self
    }
}

/// What an export was and what was taken from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub version: FocusVersion,
    pub packing: Packing,
    pub delimiter: char,
    /// Columns of the header.
    pub columns: usize,
    /// Rows of data.
    pub rows: u64,
    /// Rows that are part of a record.
    pub taken: u64,
    pub skipped: BTreeMap<SkipReason, Skipped>,
    /// Records handed on.
    pub records: u64,
    /// Of the file as it is on disk, packed if it is: hexadecimal SHA-256 and size.
    pub sha256: String,
    pub bytes: u64,
}

/// An open export whose header was read.
struct Opened {
    source: Source,
    total: u64,
    columns: Columns,
    first: Block,
}

fn open(path: &Path, block_bytes: usize) -> Result<Opened, Located> {
    let (mut source, total) = Source::open(path, block_bytes)?;
    loop {
        let Some(mut first) = source.next_block(Vec::new())? else {
            return Err(Located::anywhere(Fault::Empty));
        };
        // A block of nothing but blank lines holds no header.
        if let Some((columns, from, line)) = read_header(&first)? {
            (first.from, first.first_line) = (from, line);
            return Ok(Opened { source, total, columns, first });
        }
    }
}

/// Reads a FOCUS export and hands on what EC2, EBS and public IPv4 addresses used, by day.
///
/// Records come sorted by account, region, resource, SKU, meter, rate and day, unless there are more than
/// [`Reading::max_groups`]: then they come in several sorted runs in which a key may be repeated.
///
/// # Errors
/// The first fault of the file, by line, or the first error of `on_record`. Records may have been handed on
/// before: whoever stores them stores all or none.
pub fn read_focus<E: From<ExportError>>(
    path: &Path,
    mut reading: Reading<'_>,
    mut on_record: impl FnMut(UsageRecord) -> Result<(), E>,
) -> Result<Summary, E> {
    let locate = |located: Located| E::from(located.in_file(path));
    let Opened { mut source, total, columns, first } = open(path, reading.block_bytes).map_err(locate)?;
    let mut rollup = Rollup::new(reading.max_groups);
    let (mut rows, mut taken, mut records) = (0, 0, 0);
    let mut skipped = BTreeMap::new();
    let mut count_record = |record| {
        records += 1;
        on_record(record)
    };
    let fold = |batch: Batch| {
        for rows in batch.rows.chunks(LOOKED_UP_TOGETHER) {
            let places = rollup.find_all(rows);
            for (row, place) in rows.iter().zip(places) {
                if !rollup.add(row, place, &batch).map_err(locate)? {
                    rollup.drain(locate, &mut count_record)?;
                    rollup.add(row, None, &batch).map_err(locate)?;
                }
            }
        }
        rows += batch.seen;
        taken += batch.rows.len() as u64;
        merge(&mut skipped, &batch.skipped);
        if let Some(progress) = &mut reading.progress {
            progress(batch.bytes_read, total);
        }
        batch.fault.map_or(Ok(()), |fault| Err(locate(fault)))
    };
    let worker = || {
        let mut reader = RowReader::new(&columns);
        move |block: &Block| reader.read(block)
    };
    pipeline::run(&mut source, first, reading.threads, worker, fold, locate)?;
    rollup.drain(locate, &mut count_record)?;
    let (sha256, bytes) = source.digest();
    Ok(Summary {
        version: columns.version,
        packing: source.packing(),
        delimiter: char::from(columns.delimiter),
        columns: columns.count,
        rows,
        taken,
        skipped,
        records,
        sha256,
        bytes,
    })
}

fn merge(all: &mut BTreeMap<SkipReason, Skipped>, more: &BTreeMap<SkipReason, Skipped>) {
    for (reason, skipped) in more {
        all.entry(*reason).and_modify(|sum| sum.rows += skipped.rows).or_insert(*skipped);
    }
}

/// Whether a file that begins with these bytes is a FOCUS export, plain or gzip: by the columns its header names.
/// A few KiB are enough.
pub fn is_focus(first_bytes: &[u8]) -> bool {
    let head = unpacked_head(first_bytes);
    let line = head.split(|byte| *byte == b'\n').find(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    ["BilledCost", "ChargePeriodStart", "ChargeCategory", "ProviderName"].iter().all(|name| {
        line.split([',', ';', '\t', '|'])
            .any(|column| column.trim().trim_start_matches('\u{feff}').trim_matches('"') == *name)
    })
}
