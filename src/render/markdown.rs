//! A table as GitHub-flavored Markdown, for `report.md`.
//!
//! Names cannot add markup: what Markdown or HTML would obey is escaped, controls are written out.

use crate::render::untrusted::visible;
use crate::report::month::Document;
use crate::report::table::{Align, Cell, Table};

/// A heading of the second level, the table, and the notes as a list. Detail columns are left out, as in text.
pub fn table(table: &Table) -> String {
    table_under(table, "##")
}

/// A document: its title, then each section's text, picture and tables.
pub fn document(document: &Document) -> String {
    let mut out = format!("# {}\n", inline(&document.title));
    for section in &document.sections {
        out.push_str(&format!("\n## {}\n", inline(&section.heading)));
        for paragraph in &section.paragraphs {
            out.push_str(&format!("\n{}\n", escaped(paragraph)));
        }
        if let Some((file, shows)) = &section.picture {
            out.push_str(&format!("\n![{}]({file})\n", inline(shows)));
        }
        for table in &section.tables {
            out.push('\n');
            out.push_str(&table_under(table, "###"));
        }
    }
    out
}

fn table_under(table: &Table, heading: &str) -> String {
    let mut out = String::new();
    if !table.title.is_empty() {
        out.push_str(&format!("{heading} {}\n\n", inline(&table.title)));
    }
    let shown: Vec<usize> = (0..table.columns.len()).filter(|&i| !table.columns[i].detail).collect();
    if table.rows.is_empty() && table.total.is_none() {
        out.push_str("(no rows)\n");
    } else {
        push_row(&mut out, shown.iter().map(|&i| inline(&table.columns[i].title)));
        push_row(&mut out, shown.iter().map(|&i| dashes(table.columns[i].align)));
        for row in &table.rows {
            push_row(&mut out, shown.iter().map(|&i| row.get(i).map(|cell| inline(&cell.shown)).unwrap_or_default()));
        }
        if let Some(total) = &table.total {
            push_row(&mut out, shown.iter().map(|&i| total.get(i).map(bold).unwrap_or_default()));
        }
    }
    if !table.notes.is_empty() {
        out.push('\n');
    }
    for note in &table.notes {
        out.push_str(&format!("- {}\n", escaped(note)));
    }
    if !table.commands.is_empty() {
        out.push_str("\n```sh\n");
        // A fence inside would end the fence.
        table
            .commands
            .iter()
            .for_each(|command| out.push_str(&format!("{}\n", visible(command).replace("```", "`\u{200b}``"))));
        out.push_str("```\n");
    }
    out
}

/// Text that Markdown shows as it is, anywhere, at the beginning of a line too.
pub fn escaped(text: &str) -> String {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    match text.as_bytes().get(digits) {
        // A heading, a list or an underline of a heading.
        Some(b'#' | b'-' | b'+' | b'=') if digits == 0 => format!("\\{}", inline(text)),
        Some(b'.' | b')') if digits > 0 => {
            let (number, rest) = text.split_at(digits);
            format!("{number}\\{}", inline(rest))
        }
        _ => inline(text),
    }
}

/// The same within a line, where `-3` and `1.` are harmless.
fn inline(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in visible(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => out.extend(['\\', c]),
            _ => out.push(c),
        }
    }
    out
}

fn bold(total: &Cell) -> String {
    let text = inline(total.shown.trim());
    if text.is_empty() { text } else { format!("**{text}**") }
}

fn dashes(align: Align) -> String {
    match align {
        Align::Left => ":---".to_owned(),
        Align::Right => "---:".to_owned(),
    }
}

fn push_row(out: &mut String, cells: impl Iterator<Item = String>) {
    out.push('|');
    for cell in cells {
        out.push(' ');
        out.push_str(&cell);
        out.push_str(" |");
    }
    out.push('\n');
}
