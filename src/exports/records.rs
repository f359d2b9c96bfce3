//! Splits a block of CSV into records, eight bytes at a time, strict about quotes.
//!
//! Not a CSV crate's reader, for three measured reasons: `csv` takes 2.1 times the CPU; `simd-csv` is
//! exactly as fast as this, but takes stray quotes in silence and then answers differently for different
//! buffer sizes; and neither tells the line a record of several lines began on. Here a malformed
//! record is an error at its line whatever the block size.

use std::ops::Range;

use super::error::{Fault, Located};

/// A record longer than this is taken for an unclosed quote: memory stays bounded.
pub(super) const MAX_RECORD_BYTES: usize = 1 << 20;

const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;

/// The high bit of each byte of `word` that equals the byte repeated in `splat`.
fn equal_bytes(word: u64, splat: u64) -> u64 {
    let difference = word ^ splat;
    !(((difference & LOW_BITS) + LOW_BITS) | difference | LOW_BITS)
}

/// Splits `bytes` into records.
pub(super) struct Records<'a> {
    bytes: &'a [u8],
    /// What ends a field, repeated eight times.
    delimiters: u64,
    /// Where the current word begins, and its bytes of interest that are still to be seen.
    word_start: usize,
    pending: u64,
    /// The line of the next byte.
    line: u64,
    /// The field ends of the current record.
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
    pub line: u64,
}

impl<'r> Record<'r> {
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where the record lies in its block.
    pub fn range(&self) -> Range<usize> {
        self.start..self.ends.last().map_or(self.start, |end| *end as usize)
    }

    /// The field without its outer quotes; empty when absent, empty or `NULL`.
    pub fn field(&self, index: usize) -> &'r [u8] {
        let start = match index.checked_sub(1) {
            None => self.start,
            Some(before) => self.ends.get(before).map_or(usize::MAX, |end| *end as usize + 1),
        };
        let end = self.ends.get(index).map_or(0, |end| *end as usize);
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
        let mut records = Records {
            bytes,
            delimiters: u64::from_ne_bytes([delimiter; 8]),
            word_start: from,
            pending: 0,
            line: first_line,
            ends: Vec::with_capacity(80),
            next_start: from,
            cut_short,
        };
        records.pending = records.marks();
        records
    }

    /// The line of the next byte to be read.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Where the next record begins.
    pub fn position(&self) -> usize {
        self.next_start
    }

    /// Marks the delimiters, line ends and quotes of the current word.
    fn marks(&self) -> u64 {
        let mut word = [0; 8];
        match self.bytes.get(self.word_start..self.word_start + 8) {
            Some(whole) => word.copy_from_slice(whole),
            None => {
                let rest = self.bytes.get(self.word_start..).unwrap_or_default();
                word.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
            }
        }
        let word = u64::from_le_bytes(word);
        equal_bytes(word, self.delimiters)
            | equal_bytes(word, u64::from_ne_bytes([b'\n'; 8]))
            | equal_bytes(word, u64::from_ne_bytes([b'"'; 8]))
    }

    /// The next delimiter, line end or quote.
    fn next_mark(&mut self) -> Option<(usize, u8)> {
        while self.pending == 0 {
            self.word_start += 8;
            if self.word_start >= self.bytes.len() {
                self.word_start = self.bytes.len();
                return None;
            }
            self.pending = self.marks();
        }
        let at = self.word_start + (self.pending.trailing_zeros() / 8) as usize;
        self.pending &= self.pending - 1;
        self.bytes.get(at).map(|byte| (at, *byte))
    }

    /// The next record that is not a blank line.
    pub fn next(&mut self) -> Result<Option<Record<'_>>, Located> {
        loop {
            let (start, line) = (self.next_start, self.line);
            if start >= self.bytes.len() {
                return Ok(None);
            }
            self.split(start, line)?;
            let blank = match self.ends.as_slice() {
                [only] => *only as usize == start,
                _ => false,
            };
            if !blank {
                return Ok(Some(Record { bytes: self.bytes, start, ends: &self.ends, line }));
            }
        }
    }

    /// Finds the field ends of the record that begins at `start`.
    fn split(&mut self, start: usize, line: u64) -> Result<(), Located> {
        self.ends.clear();
        let mut field_start = start;
        let mut in_quotes = false;
        // One past the last closing quote of this field: only a field's end or a doubled quote may follow.
        let mut closed_at = None;
        loop {
            let Some((at, byte)) = self.next_mark() else {
                return self.end_of_block(start, line, field_start, in_quotes, closed_at);
            };
            if byte == b'"' {
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
            if in_quotes {
                continue;
            }
            let end = if ends_line { self.before_line_end(field_start, at) } else { at };
            if closed_at.is_some_and(|closed| closed != end) {
                return Err(misplaced(start, at, line));
            }
            self.ends.push(as_offset(end));
            if ends_line {
                self.next_start = at + 1;
                return within_limit(start, at, line);
            }
            field_start = at + 1;
            closed_at = None;
        }
    }

    /// The last record of a file may lack its line end; one cut short is too long.
    fn end_of_block(
        &mut self,
        start: usize,
        line: u64,
        field_start: usize,
        in_quotes: bool,
        closed_at: Option<usize>,
    ) -> Result<(), Located> {
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
        self.next_start = self.bytes.len();
        Ok(())
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
