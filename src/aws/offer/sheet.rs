//! The CSV AWS publishes price lists in: lines of metadata, a line of column names, rows.
//!
//! Most rows of a list are of no interest: only those are looked at whose bytes could be one that is.

use jiff::Timestamp;
use memchr::{memchr, memchr_iter, memrchr};

use crate::aws::offer::OfferError;
use crate::aws::offer::lines::{Lines, bare};
use crate::aws::offer::needles::Needles;

/// A column by its name, and whether a list can do without it.
pub(super) type Column = (&'static str, Need);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Without it nothing can be told.
    Needed,
    /// Older lists, and those of regions without what it tells of, do not have it: empty.
    Optional,
}

/// Lines of metadata there are before the names at most; AWS writes five.
const MOST_METADATA: u64 = 40;
/// What the first column is called.
const FIRST_COLUMN: &str = "SKU";

/// Reads a price list in chunks, row by row.
#[derive(Debug)]
pub(super) struct Sheet<const N: usize> {
    lines: Lines,
    table: Table<N>,
}

#[derive(Debug)]
struct Table<const N: usize> {
    columns: &'static [Column; N],
    /// How the list begins, to say what it is if it is none.
    begins: String,
    published_at: Option<Timestamp>,
    header: Option<Header<N>>,
    record: Record,
    has_rows: bool,
    /// Where wanted rows may be, in a buffer that is used again.
    places: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Header<const N: usize> {
    width: usize,
    /// Where each of the columns is.
    at: [Option<usize>; N],
}

impl<const N: usize> Sheet<N> {
    pub(super) fn new(columns: &'static [Column; N]) -> Sheet<N> {
        let table = Table {
            columns,
            begins: String::new(),
            published_at: None,
            header: None,
            // `Reader::default()` is one without its tables: it splits nothing.
            record: Record { reader: csv_core::Reader::new(), text: Vec::new(), ends: Vec::new() },
            has_rows: false,
            places: Vec::new(),
        };
        Sheet { lines: Lines::default(), table }
    }

    /// Gives `take` the rows that end in `chunk` and that the needles find.
    pub(super) fn feed(
        &mut self,
        chunk: &[u8],
        needles: &Needles,
        take: &mut impl FnMut([&str; N]) -> Result<(), OfferError>,
    ) -> Result<(), OfferError> {
        let Sheet { lines, table } = self;
        lines.feed(chunk, &mut |first, block| table.block(first, block, needles, take))
    }

    /// Gives `take` the last row if no line break ended it. Returns when the list was published.
    ///
    /// # Errors
    /// If the list was cut off, or if it was none.
    pub(super) fn finish(
        self,
        take: &mut impl FnMut([&str; N]) -> Result<(), OfferError>,
    ) -> Result<Timestamp, OfferError> {
        let Sheet { lines, mut table } = self;
        let (number, last) = lines.finish();
        if let Some(last) = last {
            // A line without its end may be cut off: every one of its columns must be there.
            let cut_off = |_| OfferError::Truncated { why: format!("it ends within line {number}") };
            let is_row = table.header.is_some();
            table.line(number, bare(&last), take).map_err(|error| match error {
                OfferError::Line { .. } if is_row => cut_off(error),
                other => other,
            })?;
        }
        if table.header.is_none() {
            return Err(OfferError::NotAList { begins: table.begins });
        }
        if !table.has_rows {
            return Err(OfferError::Truncated { why: "it has no rows".to_owned() });
        }
        table.published_at.ok_or(OfferError::NotAList { begins: table.begins })
    }
}

impl<const N: usize> Table<N> {
    /// Whole lines, the first of which has this number.
    fn block(
        &mut self,
        first: u64,
        block: &[u8],
        needles: &Needles,
        take: &mut impl FnMut([&str; N]) -> Result<(), OfferError>,
    ) -> Result<(), OfferError> {
        let (mut number, mut rows) = (first, block);
        while self.header.is_none() && !rows.is_empty() {
            let (line, after) = rows.split_at(end_of_line(rows, 0));
            self.line(number, bare(line), take)?;
            (number, rows) = (number + 1, after);
        }
        self.has_rows |= !rows.is_empty();
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        needles.places_in(rows, &mut places);
        let taken = self.rows_at(&places, number, rows, needles, take);
        self.places = places;
        taken
    }

    /// The rows that are at these places; `number` is that of the first row.
    fn rows_at(
        &mut self,
        places: &[usize],
        mut number: u64,
        rows: &[u8],
        needles: &Needles,
        take: &mut impl FnMut([&str; N]) -> Result<(), OfferError>,
    ) -> Result<(), OfferError> {
        let part = |from: usize, to: usize| rows.get(from..to).unwrap_or_default();
        // `number` is that of the row that begins at `at`.
        let mut at = 0;
        for &place in places {
            if place < at {
                continue;
            }
            let start = memrchr(b'\n', part(at, place)).map_or(at, |end| at + end + 1);
            let end = end_of_line(rows, place);
            number += u64::try_from(memchr_iter(b'\n', part(at, start)).count()).unwrap_or(u64::MAX);
            let row = bare(part(start, end));
            if needles.may_be(row) {
                self.line(number, row, take)?;
            }
            (number, at) = (number + 1, end);
        }
        Ok(())
    }

    fn line(
        &mut self,
        number: u64,
        line: &[u8],
        take: &mut impl FnMut([&str; N]) -> Result<(), OfferError>,
    ) -> Result<(), OfferError> {
        let Some(header) = self.header else {
            return self.before_rows(number, line);
        };
        self.has_rows = true;
        let fields = self.record.parse(number, line, header.width)?;
        if fields.count() != header.width {
            let why = format!("has {} columns, the header has {}", fields.count(), header.width);
            return Err(OfferError::Line { line: number, why });
        }
        take(header.at.map(|at| at.map_or("", |at| fields.get(at))))
    }

    /// Metadata, `name,value`, until the line that begins with the first column's name.
    fn before_rows(&mut self, number: u64, line: &[u8]) -> Result<(), OfferError> {
        if self.begins.is_empty() {
            self.begins = String::from_utf8_lossy(line.get(..200).unwrap_or(line)).chars().take(80).collect();
        }
        let no_list = || OfferError::NotAList { begins: self.begins.clone() };
        let fields = self.record.parse(number, line, line.len() + 1).map_err(|_| no_list())?;
        match fields.get(0) {
            FIRST_COLUMN => self.header = Some(Header::of(&fields, self.columns)?),
            "Publication Date" => self.published_at = Some(fields.get(1).parse().map_err(|_| no_list())?),
            _ if number >= MOST_METADATA => return Err(no_list()),
            _ => {}
        }
        Ok(())
    }
}

/// Past the line break of the line that `at` is in.
fn end_of_line(lines: &[u8], at: usize) -> usize {
    memchr(b'\n', lines.get(at..).unwrap_or_default()).map_or(lines.len(), |end| at + end + 1)
}

impl<const N: usize> Header<N> {
    fn of(names: &Fields<'_>, columns: &[Column; N]) -> Result<Header<N>, OfferError> {
        let find = |wanted: &str| (0..names.count()).find(|at| names.get(*at).eq_ignore_ascii_case(wanted));
        let at = columns.map(|(name, _)| find(name));
        match columns.iter().zip(at).find(|((_, need), at)| *need == Need::Needed && at.is_none()) {
            Some(((column, _), _)) => Err(OfferError::Column { column }),
            None => Ok(Header { width: names.count(), at }),
        }
    }
}

/// A line's fields, in buffers that are used again.
#[derive(Debug)]
struct Record {
    reader: csv_core::Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

struct Fields<'a> {
    text: &'a str,
    ends: &'a [usize],
}

impl Record {
    /// `widest`: more columns than that are told as one too many.
    fn parse(&mut self, number: u64, line: &[u8], widest: usize) -> Result<Fields<'_>, OfferError> {
        let fault = |why: &str| OfferError::Line { line: number, why: why.to_owned() };
        // Quotes come in pairs, also the doubled ones within a field.
        if memchr_iter(b'"', line).count() % 2 == 1 {
            return Err(fault("leaves a quote open"));
        }
        self.reader.reset();
        // The parser writes no more than it reads, and asks for one place beyond.
        self.text.resize(line.len() + 1, 0);
        self.ends.resize(widest + 2, 0);
        let (result, _, written, ended) = self.reader.read_record(line, &mut self.text, &mut self.ends);
        let (mut written, mut ended) = (written, ended);
        if result == csv_core::ReadRecordResult::InputEmpty {
            // Nothing more comes: the last field ends here.
            let text = self.text.get_mut(written..).unwrap_or_default();
            let ends = self.ends.get_mut(ended..).unwrap_or_default();
            let (_, _, more, ends) = self.reader.read_record(&[], text, ends);
            written += more;
            ended += ends;
        }
        let text = self.text.get(..written).and_then(|text| std::str::from_utf8(text).ok());
        let text = text.ok_or_else(|| fault("is not UTF-8"))?;
        Ok(Fields { text, ends: self.ends.get(..ended).unwrap_or_default() })
    }
}

impl<'a> Fields<'a> {
    fn count(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, at: usize) -> &'a str {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(at).and_then(|end| self.text.get(start..*end)).unwrap_or_default()
    }
}
