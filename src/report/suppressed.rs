//! What advice leaves out, and on whose word.

use jiff::Timestamp;

use super::table::{Cell, Column, Table};
use crate::advice::{By, Sifted, Snooze, Suppressed};

/// One row a finding that is left out.
pub fn suppressed_table(suppressed: &[Suppressed]) -> Table {
    let columns = vec![
        Column::left("finding", "Id").detail(),
        Column::left("rule", "Rule"),
        Column::left("resource", "Resource"),
        Column::left("name", "Name").detail(),
        Column::left("title", "Finding").detail(),
        Column::left("by", "By"),
        Column::left("why", "Why"),
        Column::left("until", "Until"),
    ];
    let mut table = Table::new("suppressed", format!("Suppressed: {}", suppressed.len()), columns);
    for one in suppressed {
        let finding = &one.finding;
        table.push(vec![
            Cell::text(finding.id.clone()),
            Cell::text(finding.rule),
            Cell::text(finding.resource.id.clone()),
            Cell::text(finding.resource.name.clone()),
            Cell::text(finding.title.clone()),
            Cell::text(one.by.name()),
            Cell::text(one.why.clone()),
            one.until.map_or(Cell::missing("for ever"), instant),
        ]);
    }
    table
}

/// `3 suppressed: 1 by tag, 2 by config.`, how to see them where they are not listed, and what was meant to suppress and
/// cannot be read.
pub fn suppressed_notes(sifted: &Sifted, listed: bool) -> Vec<String> {
    let count = |by: By| sifted.suppressed.iter().filter(|one| one.by == by).count();
    let counts: Vec<String> = [By::Tag, By::Config, By::Snooze]
        .into_iter()
        .map(|by| (count(by), by.name()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, by)| format!("{count} by {by}"))
        .collect();
    let total = sifted.suppressed.len();
    let how = if listed { "" } else { "; gpucost advise --suppressed lists them" };
    let counted = (total > 0).then(|| format!("{total} suppressed: {}{how}.", counts.join(", ")));
    counted.into_iter().chain(sifted.unread.iter().map(|unread| format!("{unread}."))).collect()
}

/// What is snoozed, until when.
pub fn snoozes_table(snoozes: &[Snooze], now: Timestamp) -> Table {
    let columns =
        vec![Column::left("finding", "Finding"), Column::left("until", "Until"), Column::left("state", "State")];
    let mut table = Table::new("snoozes", "Snoozed findings", columns);
    for snooze in snoozes {
        let state = if snooze.until > now { "snoozed" } else { "over" };
        table.push(vec![Cell::text(snooze.finding.clone()), instant(snooze.until), Cell::text(state)]);
    }
    table
}

/// The day where it is one, to the second for programs.
fn instant(at: Timestamp) -> Cell {
    let shown = at.strftime("%Y-%m-%d %H:%M").to_string();
    let shown = shown.strip_suffix(" 00:00").map(str::to_owned).unwrap_or(shown);
    Cell::new(shown, at.to_string())
}
