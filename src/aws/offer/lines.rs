//! Bytes as they come, cut into whole lines. Holds one line at most.

use memchr::memchr;

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
    /// Gives `take` every line that ends in `chunk`, with its number, without its line break.
    pub(super) fn feed<F>(&mut self, mut chunk: &[u8], take: &mut F) -> Result<(), OfferError>
    where
        F: FnMut(u64, &[u8]) -> Result<(), OfferError>,
    {
        while let Some(end) = memchr(b'\n', chunk) {
            let (line, after) = chunk.split_at(end);
            chunk = after.get(1..).unwrap_or_default();
            self.count += 1;
            if self.rest.is_empty() {
                self.give(line, take)?;
            } else {
                self.rest.extend_from_slice(line);
                let whole = std::mem::take(&mut self.rest);
                self.give(&whole, take)?;
                self.rest = whole;
                self.rest.clear();
            }
        }
        if self.rest.len() + chunk.len() > LONGEST_LINE {
            return Err(too_long(self.count + 1));
        }
        self.rest.extend_from_slice(chunk);
        Ok(())
    }

    fn give<F>(&self, line: &[u8], take: &mut F) -> Result<(), OfferError>
    where
        F: FnMut(u64, &[u8]) -> Result<(), OfferError>,
    {
        if line.len() > LONGEST_LINE {
            return Err(too_long(self.count));
        }
        take(self.count, line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// The number of the last line, and the line itself if no line break ended it.
    pub(super) fn finish(self) -> (u64, Option<Vec<u8>>) {
        if self.rest.is_empty() { (self.count, None) } else { (self.count + 1, Some(self.rest)) }
    }
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
            lines.feed(chunk, &mut |number, line| {
                given.push((number, String::from_utf8_lossy(line).into_owned()));
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
