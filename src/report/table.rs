//! A table as values: `render` turns it into text, CSV or JSON.

use rust_decimal::Decimal;

use crate::money::Usd;
use crate::quantity::exact;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    Left,
    Right,
}

/// One column: `key` names it in CSV and JSON, `title` in text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub key: &'static str,
    pub title: String,
    pub align: Align,
    /// In CSV and JSON always, in text only when asked for more (`-v`).
    pub detail: bool,
}

impl Column {
    pub fn left(key: &'static str, title: impl Into<String>) -> Column {
        Column { key, title: title.into(), align: Align::Left, detail: false }
    }

    pub fn right(key: &'static str, title: impl Into<String>) -> Column {
        Column { align: Align::Right, ..Column::left(key, title) }
    }

    pub fn detail(self) -> Column {
        Column { detail: true, ..self }
    }
}

/// One value as a person reads it (`shown`) and as a program does (`exact`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    pub shown: String,
    /// `None` is unknown or not applicable: empty in CSV, null in JSON; never 0.
    pub exact: Option<String>,
}

impl Cell {
    pub fn text(text: impl Into<String>) -> Cell {
        let text = text.into();
        Cell { shown: text.clone(), exact: Some(text) }
    }

    pub fn new(shown: impl Into<String>, exact: impl Into<String>) -> Cell {
        Cell { shown: shown.into(), exact: Some(exact.into()) }
    }

    /// Money in cents for people, all digits for programs.
    pub fn cost(amount: Usd) -> Cell {
        Cell::new(amount.to_string(), amount.exact())
    }

    /// A rate, all its digits.
    pub fn rate(amount: Usd) -> Cell {
        Cell::new(amount.rate(), amount.exact())
    }

    /// A number rounded for people to at most `decimals`.
    pub fn number(amount: Decimal, decimals: u32) -> Cell {
        let shown = amount.round_dp_with_strategy(decimals, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        Cell::new(exact(shown), exact(amount))
    }

    /// Unknown or not applicable, said in a word (`no rate`, `unknown`, `-`).
    pub fn missing(shown: impl Into<String>) -> Cell {
        Cell { shown: shown.into(), exact: None }
    }
}

/// Rows under columns, with a title above and notes below.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Table {
    /// Names the table in JSON when several are printed together (`line_items`).
    pub key: &'static str,
    pub title: String,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// The total row: in text under a rule, in JSON apart, not in CSV (where it would be summed twice).
    pub total: Option<Vec<Cell>>,
    pub notes: Vec<String>,
    /// Lines for a shell, under the notes: shown as they are, for people to copy.
    pub commands: Vec<String>,
}

impl Table {
    pub fn new(key: &'static str, title: impl Into<String>, columns: Vec<Column>) -> Table {
        Table { key, title: title.into(), columns, ..Table::default() }
    }

    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.columns.len(), "table {}", self.key);
        self.rows.push(row);
    }
}
