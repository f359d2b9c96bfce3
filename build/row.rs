//! Reading `data/*.csv`: rows that know their file and line, and fields checked as they are read.

use std::collections::BTreeMap;
use std::path::Path;

pub type Built<T> = Result<T, String>;

/// Text that repeats in many rows, kept once; a row holds its index.
#[derive(Default)]
pub struct Interned(Vec<String>);

impl Interned {
    pub fn index(&mut self, text: &str) -> usize {
        self.0.iter().position(|known| known == text).unwrap_or_else(|| {
            self.0.push(text.to_owned());
            self.0.len() - 1
        })
    }

    pub fn array(&self, name: &str) -> String {
        format!("static {name}: [&str; {}] = {:?};\n", self.0.len(), self.0)
    }
}

pub struct Row {
    file: &'static str,
    line: u64,
    fields: BTreeMap<String, String>,
}

impl Row {
    pub fn has(&self, column: &str) -> bool {
        self.fields.contains_key(column)
    }

    pub fn at(&self) -> String {
        format!("data/{}:{}", self.file, self.line)
    }

    pub fn wrong(&self, column: &str, why: &str) -> String {
        let value = self.fields.get(column).map_or("", String::as_str);
        format!("{}: {column} `{value}`: {why}", self.at())
    }

    pub fn text(&self, column: &str) -> Built<&str> {
        self.fields.get(column).map(String::as_str).ok_or_else(|| format!("{}: no column {column}", self.at()))
    }

    pub fn filled(&self, column: &str) -> Built<&str> {
        let text = self.text(column)?;
        if text.is_empty() { Err(self.wrong(column, "is empty")) } else { Ok(text) }
    }

    pub fn known(&self, column: &str, names: &BTreeMap<String, usize>) -> Built<usize> {
        names.get(self.text(column)?).copied().ok_or_else(|| self.wrong(column, "is not a known one"))
    }

    pub fn whole(&self, column: &str) -> Built<u32> {
        self.text(column)?.parse().map_err(|_| self.wrong(column, "is not a whole number"))
    }

    /// `d(mantissa, scale)` of a plain decimal ≥ 0, times `factor`.
    pub fn decimal(&self, column: &str, factor: u64) -> Built<String> {
        let text = self.text(column)?;
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = format!("{whole}{fraction}");
        if whole.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) || text.ends_with('.') {
            return Err(self.wrong(column, "is not a plain decimal number"));
        }
        let mantissa = digits.parse::<u64>().ok().and_then(|m| m.checked_mul(factor));
        let mantissa = mantissa.ok_or_else(|| self.wrong(column, "has too many digits"))?;
        Ok(format!("d({mantissa},{})", fraction.len()))
    }

    /// A price: never zero, for an unknown price is an empty field.
    pub fn price(&self, column: &str, factor: u64) -> Built<String> {
        let literal = self.decimal(column, factor)?;
        if literal.starts_with("d(0,") { Err(self.wrong(column, "a price of zero")) } else { Ok(literal) }
    }

    pub fn one_of(&self, column: &str, names: &[(&str, &'static str)]) -> Built<&'static str> {
        let text = self.text(column)?;
        let found = names.iter().find(|(name, _)| *name == text).map(|(_, variant)| *variant);
        found.ok_or_else(|| self.wrong(column, "is not one of its values"))
    }
}

pub fn read(file: &'static str) -> Built<Vec<Row>> {
    let mut reader = csv::Reader::from_path(Path::new("data").join(file)).map_err(|e| format!("data/{file}: {e}"))?;
    let header = reader.headers().map_err(|e| format!("data/{file}:1: {e}"))?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| format!("data/{file}: {e}"))?;
        let line = record.position().map_or(0, csv::Position::line);
        let fields = header.iter().zip(&record).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        rows.push(Row { file, line, fields });
    }
    Ok(rows)
}

pub fn optional(text: &str) -> String {
    if text.is_empty() { "None".into() } else { format!("Some({text:?})") }
}

/// `2024`, `2024-07`, `2024-07-18`, or two of them with a slash between.
pub fn is_as_of(text: &str) -> bool {
    let is_date = |part: &str| {
        let shape: String = part.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        matches!(shape.as_str(), "0000" | "0000-00" | "0000-00-00")
    };
    text.split('/').count() <= 2 && text.split('/').all(is_date)
}
