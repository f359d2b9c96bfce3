//! A table as CSV for programs: keys as the header, exact values, no total row (it would be summed twice).
//!
//! Unknown is an empty field. Lines end in `\n`. Characters that terminals or editors obey are written out as in
//! text, line breaks too, so that one line is one row. A text a spreadsheet would run as a formula (it begins with
//! `=`, `+`, `-`, `@` and is no plain number) gets a leading `'`; numbers such as `-3.5` stay as they are.

use crate::render::RenderError;
use crate::render::untrusted::{is_formula, visible};
use crate::report::table::{Cell, Table};

/// # Errors
/// None in practice: writing to memory does not fail.
pub fn table(table: &Table) -> Result<String, RenderError> {
    let mut writer = ::csv::Writer::from_writer(Vec::new());
    writer.write_record(table.columns.iter().map(|column| field(column.key)))?;
    for row in &table.rows {
        // A row as long as the header whatever the table holds, so that columns cannot slip.
        let cells = row.iter().map(exact).chain(std::iter::repeat(String::new()));
        writer.write_record(cells.take(table.columns.len()))?;
    }
    let bytes = writer.into_inner().map_err(|e| RenderError::Drawing(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| RenderError::Drawing(e.to_string()))
}

fn exact(cell: &Cell) -> String {
    cell.exact.as_deref().map(field).unwrap_or_default()
}

fn field(text: &str) -> String {
    let quote = if is_formula(text) { "'" } else { "" };
    format!("{quote}{}", visible(text))
}
