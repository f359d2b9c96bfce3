//! Bytes as they come, cut into blocks of whole lines. Holds one line at most.

use memchr::{memchr, memchr_iter, memrchr};

use crate::aws::offer::OfferError;

/// No line of AWS's lists is near it: what is longer is something else.
const LONGEST_LINE: usize = 1 << 20;

#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The beginning of a line whose end has not come yet.
    rest: Vec<u8>,
    /// Lines given so far.
    count: u64,
}

impl Lines {
    /// Gives `take` every line that ends in `chunk`, many at once, each with its line break, and the number of the
    /// first of them.
    pub(super) fn feed<F>(&mut self, chunk: &[u8], take: &mut F) -> Result<(), OfferError>
    where
        F: FnMut(u64, &[u8]) -> Result<(), OfferError>,
    {
        let whole = memrchr(b'\n', chunk).map_or(0, |last| last + 1);
        let (mut whole, after) = chunk.split_at(whole);
        if !whole.is_empty() && !self.rest.is_empty() {
            let (end, others) = whole.split_at(memchr(b'\n', whole).map_or(0, |end| end + 1));
            self.rest.extend_from_slice(end);
            let line = std::mem::take(&mut self.rest);
            self.give(&line, take)?;
            self.rest = line;
            self.rest.clear();
            whole = others;
        }
        self.give(whole, take)?;
        self.rest.extend_from_slice(after);
        if self.rest.len() > LONGEST_LINE { Err(too_long(self.count + 1)) } else { Ok(()) }
    }

    fn give<F>(&mut self, block: &[u8], take: &mut F) -> Result<(), OfferError>
    where
        F: FnMut(u64, &[u8]) -> Result<(), OfferError>,
    {
        if block.is_empty() {
            return Ok(());
        }
        let first = self.count + 1;
        if block.len() > LONGEST_LINE {
            let is_long = |line: &[u8]| line.len() > LONGEST_LINE;
            if let Some((number, _)) = (first..).zip(block.split(|byte| *byte == b'\n')).find(|(_, line)| is_long(line))
            {
                return Err(too_long(number));
            }
        }
        self.count += u64::try_from(memchr_iter(b'\n', block).count()).unwrap_or(u64::MAX);
        take(first, block)
    }

    /// The number of the last line, and the line itself if no line break ended it.
    pub(super) fn finish(self) -> (u64, Option<Vec<u8>>) {
        if self.rest.is_empty() { (self.count, None) } else { (self.count + 1, Some(self.rest)) }
    }
}

/// A line without its line break.
pub(super) fn bare(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn too_long(line: u64) -> OfferError {
    OfferError::Line { line, why: format!("is longer than {} MiB", LONGEST_LINE >> 20) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Given = (Vec<(u64, String)>, Option<String>);

    fn cut(chunks: &[&[u8]]) -> Result<Given, OfferError> {
        let (mut lines, mut given) = (Lines::default(), Vec::new());
        for chunk in chunks {
            lines.feed(chunk, &mut |first, block| {
                let lines = block.split_inclusive(|byte| *byte == b'\n');
                given.extend((first..).zip(lines.map(|line| String::from_utf8_lossy(bare(line)).into_owned())));
                Ok(())
            })?;
        }
        let (_, rest) = lines.finish();
        Ok((given, rest.map(|rest| String::from_utf8_lossy(&rest).into_owned())))
    }

    proptest! {
        /// However the bytes come, the lines are those of the whole text.
        #[test]
        fn chunks_do_not_matter(text in "[ab\r\n]{0,40}", at in proptest::collection::vec(0_usize..40, 0..6)) {
            let mut at: Vec<usize> = at.into_iter().map(|at| at.min(text.len())).collect();
            at.extend([0, text.len()]);
            at.sort_unstable();
            let chunks: Vec<&[u8]> = at.windows(2).map(|pair| &text.as_bytes()[pair[0]..pair[1]]).collect();
            let (given, rest) = cut(&chunks).expect("short lines");
            let mut expected: Vec<&str> = text.split('\n').collect();
            let last = expected.pop().filter(|last| !last.is_empty());
            prop_assert_eq!(rest.as_deref(), last);
            let expected: Vec<(u64, String)> = (1..)
                .zip(expected)
                .map(|(number, line)| (number, line.strip_suffix('\r').unwrap_or(line).to_owned()))
                .collect();
            prop_assert_eq!(given, expected);
        }
    }

    #[test]
    fn a_line_without_end_is_refused_before_it_fills_the_memory() {
        let chunk = vec![b'x'; 1 << 16];
        let (mut lines, mut fed) = (Lines::default(), 0);
        let error = loop {
            fed += chunk.len();
            if let Err(error) = lines.feed(&chunk, &mut |_, _| Ok(())) {
                break error;
            }
        };
        assert!(fed <= LONGEST_LINE + chunk.len());
        assert_eq!(error.to_string(), "line 1 is longer than 1 MiB");
        let mut long = vec![b'x'; LONGEST_LINE + 1];
        long.push(b'\n');
        assert!(cut(&[b"short\n", &long]).expect_err("too long").to_string().starts_with("line 2 "));
    }
}
