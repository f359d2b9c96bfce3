//! What a command has to show in several steps: text as it comes, JSON and CSV as one document at the end.

use std::io::{IsTerminal, Write, stdout};

use super::args::Output;
use super::error::Failure;
use super::request::Request;
use super::show;
use crate::render::{self, text::Style};
use crate::report::table::Table;

pub struct Pages<'a> {
    request: &'a Request,
    /// What belongs into a document that is not printed yet.
    held: Vec<Table>,
    is_begun: bool,
}

impl<'a> Pages<'a> {
    pub const fn new(request: &'a Request) -> Pages<'a> {
        Pages { request, held: Vec::new(), is_begun: false }
    }

    /// People see it now; a program has it with all else.
    ///
    /// # Errors
    /// A stdout that cannot be written to.
    pub fn show(&mut self, tables: Vec<Table>) -> Result<(), Failure> {
        if self.holds() {
            tables.into_iter().for_each(|table| hold(&mut self.held, table));
            return Ok(());
        }
        if self.is_begun {
            show::text("")?;
        }
        self.is_begun = true;
        show::tables(&tables, self.request).map(drop)
    }

    /// Before a question about them: on stderr, beside the question, where stdout is not what the user looks at.
    pub fn preview(&self, tables: &[Table]) {
        if !self.holds() && stdout().is_terminal() {
            return;
        }
        let style = Style { color: false, detail: self.request.verbose, unicode: true };
        let texts: Vec<String> =
            tables.iter().map(|table| render::text::table(table, self.request.width, style)).collect();
        // A question whose subject cannot be shown is asked all the same: it names the resource.
        _ = writeln!(anstream::stderr(), "{}", texts.join("\n"));
    }

    /// What is held, as one document.
    ///
    /// # Errors
    /// A stdout that cannot be written to.
    pub fn flush(&mut self) -> Result<(), Failure> {
        match std::mem::take(&mut self.held) {
            held if held.is_empty() => Ok(()),
            held => show::tables(&held, self.request).map(drop),
        }
    }

    /// However the command ended: what there was to show is shown.
    ///
    /// # Errors
    /// That of the command, or else of a stdout that cannot be written to.
    pub fn close<T>(mut self, ended: Result<T, Failure>) -> Result<T, Failure> {
        let flushed = self.flush();
        let ended = ended?;
        flushed.map(|()| ended)
    }

    const fn holds(&self) -> bool {
        matches!(self.request.output, Output::Json | Output::Csv)
    }
}

/// A second table of the same name would hide the first from a program: it is more of it.
fn hold(held: &mut Vec<Table>, more: Table) {
    let Some(table) = held.iter_mut().find(|table| table.key == more.key && table.columns == more.columns) else {
        held.push(more);
        return;
    };
    if !table.title.split("; ").any(|title| title == more.title) {
        table.title = format!("{}; {}", table.title, more.title);
    }
    table.rows.extend(more.rows);
    let new = more.notes.into_iter().filter(|note| !table.notes.contains(note)).collect::<Vec<_>>();
    table.notes.extend(new);
    table.commands.extend(more.commands);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::table::{Cell, Column};

    fn table(key: &'static str, title: &str, cell: &str) -> Table {
        let mut table = Table::new(key, title, vec![Column::left("resource", "Resource")]);
        table.push(vec![Cell::text(cell)]);
        table.notes.push("Nothing was changed.".to_owned());
        table
    }

    #[test]
    fn tables_of_one_name_are_one_table() {
        let mut held = Vec::new();
        hold(&mut held, table("plan", "Plan: stop 1 resource", "i-1"));
        hold(&mut held, table("results", "Done", "i-1"));
        hold(&mut held, table("plan", "Plan: terminate 1 resource", "i-2"));
        hold(&mut held, table("results", "Done", "i-2"));
        let [plan, results] = held.as_slice() else { panic!("{held:?}") };
        assert_eq!(plan.title, "Plan: stop 1 resource; Plan: terminate 1 resource");
        assert_eq!((plan.rows.len(), results.rows.len()), (2, 2));
        assert_eq!((results.title.as_str(), plan.notes.len()), ("Done", 1));
    }
}
