//! Tables as JSON for programs.
//!
//! `{"title": …, "rows": [{key: "exact value" or null}], "total": {…} or null, "notes": […]}`, in the order of the
//! table's columns. Money and numbers are decimal strings, so that no reader turns them into floats and loses
//! digits; unknown is null. Characters that terminals obey are `\u` escapes, which lose nothing.

use serde::ser::{Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::render::RenderError;
use crate::render::untrusted::json_escaped;
use crate::report::table::{Cell, Table};

/// One table, with a line break at the end.
///
/// # Errors
/// None in practice: writing to memory does not fail.
pub fn table(table: &Table) -> Result<String, RenderError> {
    pretty(&TableJson(table))
}

/// Several tables: an object with each under its key, in the order given. Keys should differ.
///
/// # Errors
/// None in practice: writing to memory does not fail.
pub fn tables(tables: &[Table]) -> Result<String, RenderError> {
    pretty(&TablesJson(tables))
}

fn pretty(value: &impl Serialize) -> Result<String, RenderError> {
    let mut json = json_escaped(&serde_json::to_string_pretty(value)?).into_owned();
    json.push('\n');
    Ok(json)
}

struct TablesJson<'a>(&'a [Table]);

impl Serialize for TablesJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|table| (table.key, TableJson(table))))
    }
}

struct TableJson<'a>(&'a Table);

impl Serialize for TableJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let table = self.0;
        let row = |cells| RowJson { table, cells };
        let mut object = serializer.serialize_struct("Table", 4)?;
        object.serialize_field("title", &table.title)?;
        object.serialize_field("rows", &table.rows.iter().map(|cells| row(cells)).collect::<Vec<_>>())?;
        object.serialize_field("total", &table.total.as_deref().map(row))?;
        object.serialize_field("notes", &table.notes)?;
        object.end()
    }
}

struct RowJson<'a> {
    table: &'a Table,
    cells: &'a [Cell],
}

impl Serialize for RowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.table.columns.len()))?;
        for (i, column) in self.table.columns.iter().enumerate() {
            object.serialize_entry(column.key, &self.cells.get(i).and_then(|cell| cell.exact.as_deref()))?;
        }
        object.end()
    }
}
