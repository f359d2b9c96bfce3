//! The checks before a launch as a table, with what to do under it.

use super::table::{Cell, Column, Table};
use crate::advice::preflight::{Check, Outcome, Plan};

pub fn preflight_table(plan: &Plan, checks: &[Check]) -> Table {
    let mut table = Table::new(
        "preflight",
        format!("Preflight of {} in {}", plan.instance_type, plan.region),
        vec![
            Column::left("check", "Check"),
            Column::left("result", "Result"),
            Column::left("found", "Found"),
            Column::left("needs", "Needs").detail(),
            Column::left("advice", "Advice").detail(),
            Column::left("link", "Link").detail(),
            Column::left("source", "AWS's page").detail(),
        ],
    );
    for check in checks {
        table.push(row(check));
    }
    let advised = checks.iter().filter_map(|check| Some(format!("{}: {}", check.subject, check.advice.as_ref()?)));
    table.notes.push(summary(checks));
    table.notes.extend(advised);
    table.commands = checks.iter().flat_map(links_and_commands).collect();
    table
}

/// Lines that must not be broken; what is no command is a comment to a shell.
fn links_and_commands(check: &Check) -> Vec<String> {
    let link = check.link.as_ref().map(|link| format!("# {}: {link}", check.subject));
    link.into_iter().chain(check.command.clone()).collect()
}

fn row(check: &Check) -> Vec<Cell> {
    let optional = |text: Option<&str>| text.map_or(Cell::missing(""), Cell::text);
    vec![
        Cell::text(check.subject),
        Cell::text(check.outcome.name()),
        Cell::text(check.found.clone()),
        optional(check.needs.as_deref()),
        optional(check.advice.as_deref()),
        optional(check.link.as_deref()),
        optional(check.source),
    ]
}

fn summary(checks: &[Check]) -> String {
    let count = |outcome| checks.iter().filter(|check| check.outcome == outcome).count();
    let (warnings, untold, unasked) =
        (count(Outcome::Warning), count(Outcome::CouldNotCheck), count(Outcome::NotAsked));
    let mut parts = vec![match warnings {
        0 => "No warnings".to_owned(),
        1 => "1 warning".to_owned(),
        several => format!("{several} warnings"),
    }];
    parts.extend((untold > 0).then(|| format!("{untold} could not be checked")));
    parts.extend((unasked > 0).then(|| format!("{unasked} not asked for")));
    format!("{}. Nothing was launched, nothing was changed.", parts.join(", "))
}
