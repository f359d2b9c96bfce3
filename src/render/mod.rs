//! `Table` and `Chart` values turned into bytes: text, CSV, JSON, Markdown, PNG, SVG.
//!
//! Opens no file and asks for no terminal: the width and the style are arguments, the answer is a value.
//! Names in usage come from other people, so every format passes them through [`untrusted`].

pub mod chart;
pub mod csv;
pub mod json;
pub mod markdown;
pub mod text;
pub mod untrusted;

use rust_decimal::Decimal;

/// Why a table or chart could not be turned into bytes.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("the series `{series}` has {values} values for {days} days")]
    UnevenSeries { series: String, values: usize, days: usize },
    #[error("the line `{line}` goes back in time, from day {from} to day {to}")]
    TimeGoesBack { line: String, from: Decimal, to: Decimal },
    #[error("{what} is {amount}, beyond the 10^15 that a chart can show")]
    TooLarge { what: String, amount: Decimal },
    #[error("{count} {what} are more than one chart can show legibly; {most} are the most")]
    TooMany { what: &'static str, count: usize, most: usize },
    #[error("the chart could not be drawn: {0}")]
    Drawing(String),
    #[error("the chart could not be written as PNG")]
    Png(#[from] png::EncodingError),
    #[error("the table could not be written as CSV")]
    Csv(#[from] ::csv::Error),
    #[error("the table could not be written as JSON")]
    Json(#[from] serde_json::Error),
}
