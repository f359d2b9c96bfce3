//! The generated file as it grows: sorted arrays, and the names their rows point to.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::row::{Built, Interned, Row, is_as_of, optional};

#[derive(Default)]
pub struct Card {
    pub code: String,
    pub dates: Interned,
    pub marks: Interned,
    pub sources: BTreeMap<String, usize>,
    pub regions: BTreeMap<String, usize>,
    pub types: BTreeMap<String, usize>,
}

impl Card {
    /// Sorted by key, keys unique, as one `static` array.
    pub fn array<K: Ord>(&mut self, name: &str, row_type: &str, mut rows: Vec<(K, String, String)>) -> Built<()> {
        rows.sort_by(|a, b| a.0.cmp(&b.0));
        if let Some(pair) = rows.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(format!("{}: the same key as {}", pair[1].1, pair[0].1));
        }
        let _ = writeln!(self.code, "pub(super) static {name}: [{row_type}; {}] = [", rows.len());
        for (_, _, literal) in rows {
            let _ = writeln!(self.code, "{literal},");
        }
        self.code.push_str("];\n");
        Ok(())
    }

    /// `Dated` literal: where and when a rate was read.
    pub fn dated(&mut self, row: &Row) -> Built<String> {
        let sku = if row.has("sku_rate_code") { row.text("sku_rate_code")? } else { "" };
        if !is_as_of(row.text("as_of")?) {
            return Err(row.wrong("as_of", "no year, year-month, date or interval A/B"));
        }
        let source = row.known("source", &self.sources)?;
        let (date, mark) = (self.dates.index(row.text("as_of")?), self.marks.index(row.text("mark")?));
        Ok(format!("n({date},{source},{mark},{sku:?})"))
    }

    /// `Provenance` literal, for rows few enough to spell out.
    pub fn provenance(&self, row: &Row) -> Built<String> {
        row.known("source", &self.sources)?;
        if !is_as_of(row.text("as_of")?) {
            return Err(row.wrong("as_of", "no year, year-month, date or interval A/B"));
        }
        let mark = if row.has("mark") { optional(row.text("mark")?) } else { "None".into() };
        Ok(format!("p({:?},{:?},{mark})", row.text("as_of")?, row.text("source")?))
    }
}
