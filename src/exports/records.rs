//! Splits a block of CSV into records, 64 bytes at a time, strict about quotes.
//!
//! Not a CSV crate's reader, for exactness: `simd-csv` (measured: no faster, 1.65 GB/s a core) takes stray quotes in
//! silence, and what it then answers depends on its buffer's size; `csv` is slower and lenient as well. Neither tells
//! the line that a record of several lines began on. Here a malformed record is an error at its line whatever the
//! block size.

use std::ops::Range;

use super::error::{Fault, Located};

/// A record longer than this is taken for an unclosed quote: memory stays bounded.
pub(super) const MAX_RECORD_BYTES: usize = 1 << 20;

/// Bytes looked at together: one bit each.
const WINDOW: usize = 64;

/// A bit for each byte of the window that is a delimiter, a line end or a quote, and a bit for each that is
/// not a delimiter. Written so that the compiler compares 16 bytes at a time on any x86-64 or ARM.
fn marks(window: &[u8; WINDOW], delimiter: u8) -> (u64, u64) {
    let rare = window.map(|byte| u8::from(byte == b'\n') | u8::from(byte == b'"'));
    let common = window.map(|byte| u8::from(byte == delimiter));
    let rare = gathered(&rare);
    (rare | gathered(&common), rare)
}

/// The lowest bits of 64 bytes in one word.
fn gathered(flags: &[u8; WINDOW]) -> u64 {
    let (words, _) = flags.as_chunks::<8>();
    words.iter().rev().fold(0, |bits, word| {
        // Gathers the lowest bit of each of the eight bytes in the topmost byte.
        bits << 8 | u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56
    })
}

/// Where in a block the delimiters, line ends and quotes are.
struct Marks {
    places: Vec<u32>,
    /// Of those, the ones that are no delimiters: line ends and quotes.
    rare: Vec<u32>,
}

impl Marks {
    fn of(bytes: &[u8], from: usize, delimiter: u8) -> Marks {
        let bytes = bytes.get(from..).unwrap_or_default();
        let mut found =
            Marks { places: Vec::with_capacity(bytes.len() / 6), rare: Vec::with_capacity(bytes.len() / 64) };
        let (windows, rest) = bytes.as_chunks::<WINDOW>();
        let mut last = [0; WINDOW];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        for (window, start) in windows.iter().chain([&last]).zip((from..).step_by(WINDOW)) {
            let (mut all, mut rare) = marks(window, delimiter);
            let (start, seen) = (as_offset(start), as_offset(found.places.len()));
            while rare != 0 {
                let before = all & ((rare & rare.wrapping_neg()) - 1);
                found.rare.push(seen + before.count_ones());
                rare &= rare - 1;
            }
            while all != 0 {
                found.places.push(start + all.trailing_zeros());
                all &= all - 1;
            }
        }
        found
    }
}

/// Splits `bytes` into records.
pub(super) struct Records<'a> {
    bytes: &'a [u8],
    marks: Marks,
    /// How many of the marks, and of the rare ones, were passed.
    passed: usize,
    rare_passed: usize,
    /// The line of the next byte.
    line: u64,
    /// The field ends of the current record, unless they are its marks.
    ends: Vec<u32>,
    next_start: usize,
    /// Whether the block stops amid a record that is too long.
    cut_short: bool,
}

/// One record of a block; fields are handed out without their outer quotes, inner ones still doubled.
pub(super) struct Record<'r> {
    bytes: &'r [u8],
    start: usize,
    ends: &'r [u32],
    /// The end of the last field, before the line end.
    end: usize,
    pub line: u64,
}

impl<'r> Record<'r> {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where the record lies in its block.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The field without its outer quotes; empty when absent, empty or `NULL`.
    pub fn field(&self, index: usize) -> &'r [u8] {
        let start = match index.checked_sub(1) {
            None => self.start,
            Some(before) => self.ends.get(before).map_or(usize::MAX, |end| *end as usize + 1),
        };
        let end = self.ends.get(index).map_or(0, |end| (*end as usize).min(self.end));
        let field = match self.bytes.get(start..end) {
            Some([b'"', inner @ .., b'"']) => inner,
            Some(field) => field,
            None => &[],
        };
        if field == b"NULL" { &[] } else { field }
    }

    /// As [`Record::field`], for a column the export may not have.
    pub fn optional(&self, index: Option<usize>) -> &'r [u8] {
        index.map_or(&[], |index| self.field(index))
    }
}

impl<'a> Records<'a> {
    pub fn new(bytes: &'a [u8], from: usize, delimiter: u8, first_line: u64, cut_short: bool) -> Records<'a> {
        Records {
            bytes,
            marks: Marks::of(bytes, from, delimiter),
            passed: 0,
            rare_passed: 0,
            line: first_line,
            ends: Vec::with_capacity(80),
            next_start: from,
            cut_short,
        }
    }

    /// The line of the next byte to be read.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Where the next record begins.
    pub fn position(&self) -> usize {
        self.next_start
    }

    /// The next record that is not a blank line.
    pub fn next(&mut self) -> Result<Option<Record<'_>>, Located> {
        loop {
            let (start, line, first) = (self.next_start, self.line, self.passed);
            if start >= self.bytes.len() {
                return Ok(None);
            }
            let plain_end = self.plain_end();
            let end = match plain_end {
                Some(end) => end,
                None => self.split(start, line)?,
            };
            within_limit(start, end, line)?;
            if start == end {
                continue;
            }
            let bytes = self.bytes;
            let ends = match plain_end {
                Some(_) => self.marks.places.get(first..self.passed),
                None => Some(self.ends.as_slice()),
            };
            return Ok(Some(Record { bytes, start, ends: ends.unwrap_or_default(), end, line }));
        }
    }

    /// Passes a record without quotes, whose marks are its field ends; gives its end. `None` for any other.
    fn plain_end(&mut self) -> Option<usize> {
        let mark = *self.marks.rare.get(self.rare_passed)? as usize;
        let at = *self.marks.places.get(mark)? as usize;
        if self.bytes.get(at) != Some(&b'\n') {
            return None;
        }
        let end = self.before_line_end(self.next_start, at);
        self.passed = mark + 1;
        self.rare_passed += 1;
        self.next_start = at + 1;
        self.line += 1;
        Some(end)
    }

    /// Finds the field ends of the record that begins at `start` mark by mark; gives its end.
    fn split(&mut self, start: usize, line: u64) -> Result<usize, Located> {
        self.ends.clear();
        let mut field_start = start;
        let mut in_quotes = false;
        // One past the last closing quote of this field: only a field's end or a doubled quote may follow.
        let mut closed_at = None;
        let marks = self.marks.places.get(self.passed..).unwrap_or_default();
        for (at, passed) in marks.iter().map(|at| *at as usize).zip(self.passed + 1..) {
            let byte = self.bytes.get(at).copied().unwrap_or_default();
            if byte == b'"' {
                self.rare_passed += 1;
                if in_quotes {
                    in_quotes = false;
                    closed_at = Some(at + 1);
                } else if at == field_start || closed_at == Some(at) {
                    in_quotes = true;
                } else {
                    return Err(misplaced(start, at, line));
                }
                continue;
            }
            let ends_line = byte == b'\n';
            self.line += u64::from(ends_line);
            self.rare_passed += usize::from(ends_line);
            if in_quotes {
                continue;
            }
            let end = if ends_line { self.before_line_end(field_start, at) } else { at };
            if closed_at.is_some_and(|closed| closed != end) {
                return Err(misplaced(start, at, line));
            }
            self.ends.push(as_offset(end));
            if ends_line {
                self.passed = passed;
                self.next_start = at + 1;
                return Ok(end);
            }
            field_start = at + 1;
            closed_at = None;
        }
        self.end_of_block(start, line, field_start, in_quotes, closed_at)
    }

    /// The last record of a file may lack its line end; one cut short is too long.
    fn end_of_block(
        &mut self,
        start: usize,
        line: u64,
        field_start: usize,
        in_quotes: bool,
        closed_at: Option<usize>,
    ) -> Result<usize, Located> {
        let end = self.before_line_end(field_start, self.bytes.len());
        within_limit(start, end, line)?;
        if self.cut_short {
            return Err(Located::at(line, Fault::RecordTooLong { limit: MAX_RECORD_BYTES }));
        }
        if in_quotes {
            return Err(Located::at(line, Fault::UnclosedQuote));
        }
        if closed_at.is_some_and(|closed| closed != end) {
            return Err(misplaced(start, end, line));
        }
        self.ends.push(as_offset(end));
        self.passed = self.marks.places.len();
        self.next_start = self.bytes.len();
        Ok(end)
    }

    /// The end of a line's last field: before the `\n`, and before the `\r` that may precede it.
    fn before_line_end(&self, field_start: usize, at: usize) -> usize {
        match self.bytes.get(field_start..at) {
            Some([.., b'\r']) => at - 1,
            _ => at,
        }
    }
}

/// Blocks are a few MiB at most, so that offsets fit.
fn as_offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn within_limit(start: usize, end: usize, line: u64) -> Result<(), Located> {
    if end.saturating_sub(start) > MAX_RECORD_BYTES {
        return Err(Located::at(line, Fault::RecordTooLong { limit: MAX_RECORD_BYTES }));
    }
    Ok(())
}

/// A stray quote, unless the record was too long before it came.
fn misplaced(start: usize, at: usize, line: u64) -> Located {
    within_limit(start, at, line).err().unwrap_or(Located::at(line, Fault::StrayQuote))
}

/// Where the last complete record of `bytes` ends: at a line end outside quotes, which then begins the
/// next block. `None` if there is none past the first byte. `bytes` begins outside quotes.
pub(super) fn last_line_end(bytes: &[u8]) -> Option<usize> {
    let mut quotes_before = memchr::memchr_iter(b'"', bytes).count();
    let mut rest = bytes;
    loop {
        let at = memchr::memrchr(b'\n', rest).filter(|at| *at > 0)?;
        let (before, after) = rest.split_at(at);
        quotes_before -= memchr::memchr_iter(b'"', after).count();
        if quotes_before.is_multiple_of(2) {
            return Some(at);
        }
        rest = before;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Result<Vec<(u64, Vec<String>)>, Located> {
        let mut records = Records::new(text.as_bytes(), 0, b',', 1, false);
        let mut all = Vec::new();
        while let Some(record) = records.next()? {
            let fields = (0..record.len()).map(|i| String::from_utf8_lossy(record.field(i)).into_owned()).collect();
            all.push((record.line, fields));
        }
        Ok(all)
    }

    #[test]
    fn fields_lines_and_quotes() {
        let text = "a,b,c\r\n\n\"x,\ny\",\"say \"\"hi\"\"\",\r\n,NULL,\"\"\n1,2,3";
        let expected: [(u64, [&str; 3]); 4] =
            [(1, ["a", "b", "c"]), (3, ["x,\ny", "say \"\"hi\"\"", ""]), (5, ["", "", ""]), (6, ["1", "2", "3"])];
        let found = split(text).unwrap();
        assert_eq!(found.len(), expected.len());
        for ((line, fields), (expected_line, expected_fields)) in found.into_iter().zip(expected) {
            assert_eq!((line, fields), (expected_line, expected_fields.map(str::to_owned).to_vec()));
        }
    }

    #[test]
    fn misplaced_quotes_are_named_by_line() {
        for (text, line) in [
            ("a,b\nc\"d,e\n", 2),
            ("a\n\"b\"c\n", 2),
            ("\"a\" ,b\n", 1),
            ("a\n\n\"b\"\"c\"d", 3),
            ("\"a\"\r\"b\"\n", 1),
        ] {
            let error = split(text).unwrap_err();
            assert!(matches!(error.fault, Fault::StrayQuote), "{text:?}: {error:?}");
            assert_eq!(error.line, Some(line), "{text:?}");
        }
        let error = split("a,b\n1,\"2\n3,4\n").unwrap_err();
        assert!(matches!(error.fault, Fault::UnclosedQuote));
        assert_eq!(error.line, Some(2));
    }

    #[test]
    fn a_block_ends_at_a_line_end_outside_quotes() {
        assert_eq!(last_line_end(b"a,b\nc,\"d\ne"), Some(3));
        assert_eq!(last_line_end(b"a,b\nc,\"d\ne\"\n"), Some(11));
        assert_eq!(last_line_end(b"\nabc"), None);
        assert_eq!(last_line_end(b""), None);
    }
}
