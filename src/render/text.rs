//! A table as text for people: title above, a thin rule under the header, the total under another, notes below.
//!
//! Uses the width it gets. Text columns wrap; numbers, dates and ids stay whole. Where the columns cannot stand side
//! by side without breaking those, each row becomes a short list of `title  value` lines instead.

mod columns;

use std::borrow::Cow;

use comfy_table::{Attribute, CellAlignment, ColumnConstraint, Width};
use rayon::prelude::*;

use crate::render::untrusted::visible;
use crate::report::table::{Align, Cell, Table};
use columns::Plan;

/// Narrower terminals get lines of this width.
const NARROWEST: usize = 20;
const GAP: u16 = 2;

/// How the text looks, apart from its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Bold titles and dim rules, by terminal escapes.
    pub color: bool,
    /// Columns marked as detail too.
    pub detail: bool,
    /// Rules drawn as `─` rather than `-`.
    pub unicode: bool,
}

impl Style {
    pub const PLAIN: Style = Style { color: false, detail: false, unicode: true };
}

/// The table in lines no wider than `width` columns (of at least 20), each ended by a line break.
pub fn table(table: &Table, width: usize, style: Style) -> String {
    let width = u16::try_from(width.max(NARROWEST)).unwrap_or(u16::MAX);
    let mut lines = Vec::new();
    if !table.title.is_empty() {
        lines.extend(paragraph(&table.title, width, Attribute::Bold, style));
        lines.push(String::new());
    }
    let grid = Grid::of(table, style);
    if grid.rows.is_empty() {
        lines.push("(no rows)".to_owned());
    } else {
        match Plan::of(&grid, usize::from(width), usize::from(GAP)) {
            Plan::SideBySide(widths) => lines.extend(side_by_side(&grid, &widths, style)),
            Plan::Stacked => lines.extend(stacked(&grid, width, style)),
        }
    }
    if !table.notes.is_empty() {
        lines.push(String::new());
    }
    for note in &table.notes {
        lines.extend(paragraph(note, width, Attribute::Dim, style));
    }
    // Never wrapped: a broken line is another command.
    lines.extend(table.commands.iter().map(|command| visible(command).into_owned()));
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// What is shown of a table: safe text, the total as its last row.
struct Grid<'a> {
    header: Vec<Cow<'a, str>>,
    align: Vec<Align>,
    rows: Vec<Vec<Cow<'a, str>>>,
    has_total: bool,
}

impl<'a> Grid<'a> {
    fn of(table: &'a Table, style: Style) -> Grid<'a> {
        let shown: Vec<usize> =
            table.columns.iter().enumerate().filter(|(_, c)| style.detail || !c.detail).map(|(i, _)| i).collect();
        let pick = |row: &'a Vec<Cell>| -> Vec<Cow<'a, str>> {
            let cell = |&i: &usize| row.get(i).map(|cell| visible(&cell.shown));
            shown.iter().map(|i| cell(i).unwrap_or_default()).collect()
        };
        let columns = || shown.iter().filter_map(|&i| table.columns.get(i));
        Grid {
            header: columns().map(|column| visible(&column.title)).collect(),
            align: columns().map(|column| column.align).collect(),
            rows: table.rows.par_iter().chain(&table.total).map(pick).collect(),
            has_total: table.total.is_some(),
        }
    }

    fn is_total(&self, row: usize) -> bool {
        self.has_total && row + 1 == self.rows.len()
    }
}

fn side_by_side(grid: &Grid<'_>, widths: &[u16], style: Style) -> Vec<String> {
    let rule = || -> Vec<_> { widths.iter().map(|&width| rule_cell(width, style)).collect() };
    let mut head = new_layout(style);
    head.set_header(grid.header.iter().map(|title| styled(title, Attribute::Bold, style)).collect::<Vec<_>>());
    head.add_row(rule());
    fix_columns(&mut head, widths, &grid.align);
    // Of fixed widths, so that no row's lines depend on another's.
    let lines_of = |(i, row): (usize, &Vec<Cow<'_, str>>)| -> Vec<String> {
        if let Some(line) = line(row, widths, &grid.align).filter(|_| !grid.is_total(i)) {
            return vec![line];
        }
        let mut layout = new_layout(style);
        if grid.is_total(i) {
            layout.add_row(rule());
            layout.add_row(row.iter().map(|text| styled(text, Attribute::Bold, style)).collect::<Vec<_>>());
        } else {
            layout.add_row(row.iter().map(comfy_table::Cell::new).collect::<Vec<_>>());
        }
        fix_columns(&mut layout, widths, &grid.align);
        layout.lines().collect()
    };
    let mut lines: Vec<String> = head.lines().collect();
    lines.par_extend(grid.rows.par_iter().enumerate().flat_map_iter(lines_of));
    lines
}

/// A row that fits into one line, as nearly all of a long table do: it needs no wrapping.
fn line(row: &[Cow<'_, str>], widths: &[u16], align: &[Align]) -> Option<String> {
    let mut line = String::new();
    for (i, (text, (&width, align))) in row.iter().zip(widths.iter().zip(align)).enumerate() {
        let blank = usize::from(width).checked_sub(columns::width(text))?;
        let (before, after) = if *align == Align::Right { (blank, 0) } else { (0, blank) };
        let gap = if i + 1 == widths.len() { 0 } else { usize::from(GAP) };
        line.extend(std::iter::repeat_n(' ', before));
        line.push_str(text);
        line.extend(std::iter::repeat_n(' ', after + gap));
    }
    Some(line)
}

/// Each row as lines of `title  value`, rows apart by an empty line, the total under a rule.
fn stacked(grid: &Grid<'_>, width: u16, style: Style) -> Vec<String> {
    let title_width = columns::widest(grid.header.iter()).clamp(1, usize::from(width) / 3);
    let title_width = u16::try_from(title_width).unwrap_or(1);
    let value_width = width.saturating_sub(title_width + GAP);
    let mut layout = new_layout(style);
    for (i, row) in grid.rows.iter().enumerate() {
        if grid.is_total(i) {
            layout.add_row(vec![rule_cell(title_width, style), rule_cell(value_width, style)]);
        } else if i > 0 {
            layout.add_row(vec![""]);
        }
        for (title, value) in grid.header.iter().zip(row) {
            if !value.trim().is_empty() {
                layout.add_row(vec![styled(title, Attribute::Bold, style), comfy_table::Cell::new(value)]);
            }
        }
    }
    fix_columns(&mut layout, &[title_width, value_width], &[Align::Left, Align::Left]);
    layout.lines().collect()
}

/// A paragraph of its own, in lines no wider than `width`, each ended by a line break.
pub fn prose(text: &str, width: usize, style: Style) -> String {
    let width = u16::try_from(width.max(NARROWEST)).unwrap_or(u16::MAX);
    let lines = paragraph(text, width, Attribute::Bold, style);
    lines.iter().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn paragraph(text: &str, width: u16, attribute: Attribute, style: Style) -> Vec<String> {
    let mut layout = new_layout(style);
    layout.add_row(vec![styled(&visible(text), attribute, style)]);
    fix_columns(&mut layout, &[width], &[Align::Left]);
    layout.lines().collect()
}

fn new_layout(style: Style) -> comfy_table::Table {
    let mut layout = comfy_table::Table::new();
    layout.load_style(comfy_table::presets::NOTHING);
    // The terminal is the caller's business: never look at stdout, color exactly when told.
    layout.force_no_tty();
    if style.color {
        layout.enforce_styling().style_text_only();
    }
    layout
}

fn fix_columns(layout: &mut comfy_table::Table, widths: &[u16], align: &[Align]) {
    let last = widths.len().saturating_sub(1);
    for (i, (column, (&width, align))) in layout.column_iter_mut().zip(widths.iter().zip(align)).enumerate() {
        let gap = if i == last { 0 } else { GAP };
        column.set_padding((0, gap));
        column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width.saturating_add(gap))));
        column.set_cell_alignment(match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        });
    }
}

fn styled(text: &str, attribute: Attribute, style: Style) -> comfy_table::Cell {
    let cell = comfy_table::Cell::new(text);
    // Escapes around nothing would keep the blanks before them from being trimmed.
    if style.color && !text.trim().is_empty() { cell.add_attribute(attribute) } else { cell }
}

fn rule_cell(width: u16, style: Style) -> comfy_table::Cell {
    let stroke = if style.unicode { "─" } else { "-" };
    styled(&stroke.repeat(usize::from(width)), Attribute::Dim, style)
}
