//! Findings as tables: one line each, and for each what is charged, the ways out, the evidence and the commands.

use jiff::Timestamp;
use rayon::prelude::*;

use super::idle_week::{idle_week_map, idle_week_table};
use super::running::running_table;
use super::table::{Cell, Column, Table};
use crate::advice::{Choice, Dollars, Finding, HORIZONS, rule};
use crate::money::Usd;

/// Commands are folded to lines of this many columns, so that a terminal does not break them where a shell would not.
const COMMAND_COLUMNS: usize = 78;

/// All findings for programs and for people: `findings`, `charges`, `choices`, `running` and
/// `idle_week`, each naming its finding.
pub fn advice_tables(findings: &[Finding], now: Timestamp) -> Vec<Table> {
    vec![
        findings_table(findings, now),
        charges_table(findings),
        choices_table(findings),
        running_table(findings),
        idle_week_table(findings),
    ]
}

/// One row a finding, by saving: what people are shown unless they ask for more. Of a fleet that is most of the work.
pub fn findings_list(findings: &[Finding], now: Timestamp) -> Table {
    let columns = columns().into_iter().filter(|column| !column.detail).collect();
    let mut table = Table::new("findings", title(findings), columns);
    table.rows = findings.par_iter().map(list_row).collect();
    table.notes = notes(findings, now);
    table
}

/// One row a finding, by saving, with all that one row can hold.
pub fn findings_table(findings: &[Finding], now: Timestamp) -> Table {
    let mut table = Table::new("findings", title(findings), columns());
    table.rows = findings.par_iter().map(finding_row).collect();
    table.notes = notes(findings, now);
    table
}

fn title(findings: &[Finding]) -> String {
    match findings.len() {
        0 => "Advice: nothing found".to_owned(),
        1 => "Advice: 1 finding".to_owned(),
        many => format!("Advice: {many} findings"),
    }
}

fn columns() -> Vec<Column> {
    let mut columns = vec![
        Column::left("finding", "Id").detail(),
        Column::left("rule", "Rule").detail(),
        Column::left("title", "Finding"),
        Column::left("resource", "Resource"),
        Column::left("name", "Name").detail(),
        Column::left("region", "Region").detail(),
        Column::left("account", "Account").detail(),
    ];
    columns.extend(dollar_columns(ACCRUED, "So far"));
    columns.push(Column::right("accrued_if_still_there_usd", "By now, at most").detail());
    columns.extend(dollar_columns(SAVING, "Saves a month"));
    columns.extend([
        Column::left("last_seen", "Last seen").detail(),
        Column::left("details", "In words").detail(),
        Column::left("evidence", "Evidence").detail(),
        Column::left("confidence", "Confidence").detail(),
        Column::left("confidence_why", "Why so sure").detail(),
        Column::left("since", "Since").detail(),
        Column::left("risk", "Risk").detail(),
        Column::left("action", "Do").detail(),
        Column::left("command", "Command").detail(),
    ]);
    columns
}

/// The cells of the columns that are no detail.
fn list_row(finding: &Finding) -> Vec<Cell> {
    let accrued = finding.accrued.as_ref().map_or(Cell::missing("-"), dollar_cell);
    let id = finding.resource.id.clone();
    vec![Cell::text(rule_title(finding)), Cell::text(id), accrued, saving_cell(&finding.saving_per_month)]
}

fn finding_row(finding: &Finding) -> Vec<Cell> {
    let mut row = vec![
        Cell::text(finding.id.clone()),
        Cell::text(finding.rule),
        Cell::text(rule_title(finding)),
        Cell::text(finding.resource.id.clone()),
        Cell::text(finding.resource.name.clone()),
        Cell::text(finding.resource.region.clone()),
        Cell::text(finding.resource.account.clone()),
    ];
    row.extend(accrued_cells(finding));
    row.push(finding.accrued_if_still_there.map_or(Cell::missing("-"), Cell::cost));
    row.extend(saving_cells(finding));
    let recommended = finding.recommended();
    row.extend([
        Cell::text(finding.last_seen.to_string()),
        Cell::text(finding.title.clone()),
        Cell::text(finding.evidence.join("; ")),
        Cell::text(finding.confidence.level.name()),
        Cell::text(finding.confidence.why.clone()),
        finding.since.map_or(Cell::missing("-"), |since| Cell::text(since.to_string())),
        Cell::text(finding.risk.clone()),
        recommended.map_or(Cell::missing("-"), |choice| Cell::text(choice.action.name())),
        recommended.map_or(Cell::missing("-"), |choice| Cell::text(choice.commands.join(" && "))),
    ]);
    row
}

fn accrued_cells(finding: &Finding) -> [Cell; 3] {
    match &finding.accrued {
        Some(accrued) => dollar_cells(accrued),
        None => [Cell::missing("-"), Cell::missing("-"), Cell::missing("-")],
    }
}

fn saving_cells(finding: &Finding) -> [Cell; 3] {
    let [_, least, most] = dollar_cells(&finding.saving_per_month);
    [saving_cell(&finding.saving_per_month), least, most]
}

fn saving_cell(saving: &Dollars) -> Cell {
    match saving {
        Dollars::Exact(none) if none.is_zero() => Cell::new("none now", none.exact()),
        saving => dollar_cell(saving),
    }
}

fn rule_title(finding: &Finding) -> &'static str {
    rule(finding.rule).map_or(finding.rule, |rule| rule.title)
}

fn notes(findings: &[Finding], now: Timestamp) -> Vec<String> {
    let mut notes = Vec::new();
    let seen = findings.iter().map(|finding| finding.last_seen);
    if let (Some(first), Some(last)) = (seen.clone().min(), seen.max())
        && first < now
    {
        let when = if day(first) == day(last) { day(first) } else { format!("{} to {}", day(first), day(last)) };
        notes.push(format!("As of {when}, when last seen: \"so far\" ends there."));
    }
    if let Some(most) = accrued_by_now(findings, now) {
        notes.push(format!("If all of it is still there, it has cost at most {most} by {}.", day(now)));
    }
    if !findings.is_empty() {
        notes.push(
            "A month is 730 h. Savings on one resource are alternatives: they are not to be summed. \
             ≤ and ≥ are bounds."
                .to_owned(),
        );
    }
    for finding in findings {
        let accrued = finding.accrued.as_ref().and_then(Dollars::why_unknown);
        if let Some(why) = finding.saving_per_month.why_unknown().or(accrued) {
            notes.push(format!("{}: {why}.", finding.resource.id));
        }
    }
    notes
}

/// The most that all findings have cost by now; `None` where one of them is unknown, or nothing is later than its sight.
fn accrued_by_now(findings: &[Finding], now: Timestamp) -> Option<Usd> {
    let accruing = || findings.iter().filter(|finding| finding.accrued.is_some());
    if accruing().all(|finding| finding.last_seen >= now) {
        return None;
    }
    let by_now = |finding: &Finding| {
        finding.accrued_if_still_there.or_else(|| finding.accrued.as_ref().filter(|_| finding.last_seen >= now)?.most())
    };
    accruing().map(by_now).try_fold(Usd::ZERO, |sum, usd| sum.checked_add(usd?))
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// What each finding is charged for: volumes with their shape, addresses.
pub fn charges_table(findings: &[Finding]) -> Table {
    let mut columns = vec![
        Column::left("finding", "Id").detail(),
        Column::left("resource", "Resource"),
        Column::left("what", "What"),
    ];
    columns.extend(dollar_columns(ACCRUED, "So far"));
    columns.extend(dollar_columns(PER_MONTH, "A month"));
    columns.push(Column::left("counted", "In the sums").detail());
    let mut table = Table::new("charges", "What is charged", columns);
    for finding in findings {
        for part in &finding.parts {
            let mut row =
                vec![Cell::text(finding.id.clone()), Cell::text(part.id.clone()), Cell::text(part.what.clone())];
            row.extend(dollar_cells(&part.accrued));
            row.extend(dollar_cells(&part.per_month));
            row.push(Cell::text(if part.counted { "yes" } else { "no" }));
            table.push(row);
        }
    }
    table
}

/// The ways out of each finding.
pub fn choices_table(findings: &[Finding]) -> Table {
    let mut columns = vec![
        Column::left("finding", "Id").detail(),
        Column::left("resource", "Resource").detail(),
        Column::left("action", "Choice"),
        Column::left("what", "What it means"),
    ];
    columns.extend(dollar_columns(PER_MONTH, "A month"));
    columns.extend(dollar_columns(RESTORE, "To restore"));
    columns.extend([
        Column::left("restore", "How it is restored").detail(),
        Column::left("lost", "What is lost"),
        Column::left("recommended", "Recommended").detail(),
        Column::left("command", "Command").detail(),
    ]);
    for (keys, months) in OVER.into_iter().zip(HORIZONS) {
        columns.extend(dollar_columns(keys, &over_months(months)).map(Column::detail));
    }
    let mut table = Table::new("choices", "Ways out", columns);
    for finding in findings {
        for choice in &finding.choices {
            table.push(choice_row(finding, choice));
        }
    }
    table
}

fn choice_row(finding: &Finding, choice: &Choice) -> Vec<Cell> {
    let mut row = vec![
        Cell::text(finding.id.clone()),
        Cell::text(finding.resource.id.clone()),
        Cell::text(choice.action.name()),
        Cell::text(choice.what.clone()),
    ];
    row.extend(dollar_cells(&choice.per_month));
    row.extend(match &choice.restore {
        Some(restore) => dollar_cells(restore),
        None => [Cell::missing("-"), Cell::missing("-"), Cell::missing("-")],
    });
    row.extend([
        Cell::text(choice.restore_note.clone()),
        Cell::text(choice.lost.clone()),
        Cell::text(if choice.recommended { "yes" } else { "no" }),
        Cell::text(choice.commands.join(" && ")),
    ]);
    row.extend(HORIZONS.into_iter().flat_map(|months| dollar_cells(&choice.over(months))));
    row
}

fn over_months(months: u32) -> String {
    if months == 1 { "1 month".to_owned() } else { format!("{months} months") }
}

/// The ways out over months; `None` where a month's dollars times their number say the same.
fn horizons_table(finding: &Finding) -> Option<Table> {
    finding.choices.iter().find(|choice| choice.for_90_days.is_some())?;
    let mut columns = vec![Column::left("action", "Over")];
    for (keys, months) in OVER.into_iter().zip(HORIZONS) {
        columns.extend(dollar_columns(keys, &over_months(months)));
    }
    let mut table = Table::new("horizons", "", columns);
    for choice in &finding.choices {
        let mut row = vec![Cell::text(choice.action.name())];
        row.extend(HORIZONS.into_iter().flat_map(|months| dollar_cells(&choice.over(months))));
        table.push(row);
    }
    Some(table)
}

/// One finding in full, for text and Markdown: what is charged, then the ways out with the evidence, the risk and the
/// recommended commands.
pub fn finding_tables(finding: &Finding) -> Vec<Table> {
    let one = std::slice::from_ref(finding);
    let name = if finding.resource.name.is_empty() { String::new() } else { format!(" ({})", finding.resource.name) };
    let heading = format!("{}: {}{name}, {}", rule_title(finding), finding.resource.id, finding.resource.region);
    let mut tables = Vec::new();
    if !finding.parts.is_empty() {
        tables.push(Table { title: heading.clone(), notes: vec![format!("{}.", finding.title)], ..charges_table(one) });
    }
    tables.extend(Some(running_table(one)).filter(|running| !running.rows.is_empty()));
    let map = idle_week_map(finding);
    let mut choices = choices_table(one);
    if tables.is_empty() {
        choices.title = heading;
        choices.notes.push(format!("{}.", finding.title));
    }
    let restores = finding.choices.iter().filter(|choice| !choice.restore_note.is_empty());
    choices
        .notes
        .extend(restores.map(|choice| format!("To restore after {}: {}.", choice.action.name(), choice.restore_note)));
    choices.notes.extend(finding.evidence.iter().map(|line| format!("Evidence: {line}.")));
    choices.notes.push(format!("Risk: {}.", finding.risk));
    if let Some(choice) = finding.recommended() {
        choices.notes.push(format!("To {}:", choice.action.name()));
        choices.commands = command_lines(choice);
    }
    match map.or_else(|| horizons_table(finding)) {
        None => tables.push(choices),
        Some(mut over) => {
            // Notes and commands close the whole.
            over.notes.append(&mut choices.notes);
            over.commands = std::mem::take(&mut choices.commands);
            tables.extend([choices, over]);
        }
    }
    tables
}

/// The commands of a choice in lines of at most 78 columns where they can be folded, to be pasted as they are.
pub fn command_lines(choice: &Choice) -> Vec<String> {
    choice.commands.iter().flat_map(|command| folded(command)).collect()
}

/// Folds before options, before JSON, and after `&&`, where a backslash may end a shell's line.
fn folded(command: &str) -> Vec<String> {
    if command.starts_with('#') {
        return vec![command.to_owned()];
    }
    let words = command.replace(" && ", " &&\n").replace(" --", "\n --").replace(" '[", "\n '[");
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for piece in words.split('\n') {
        let ends_step = line.ends_with("&&");
        if !line.is_empty() && (ends_step || line.chars().count() + piece.chars().count() + 2 > COMMAND_COLUMNS) {
            line.push_str(if ends_step { "" } else { " \\" });
            lines.push(std::mem::take(&mut line));
            line.push_str("   ");
            if !piece.starts_with(' ') {
                line.push(' ');
            }
        }
        line.push_str(piece);
    }
    lines.push(line);
    lines
}

/// Keys of the three columns of an amount that may only be bounded.
pub(super) type DollarKeys = [&'static str; 3];
const ACCRUED: DollarKeys = ["accrued_usd", "accrued_at_least_usd", "accrued_at_most_usd"];
const SAVING: DollarKeys = ["saving_usd_per_month", "saving_at_least_usd_per_month", "saving_at_most_usd_per_month"];
const PER_MONTH: DollarKeys = ["usd_per_month", "at_least_usd_per_month", "at_most_usd_per_month"];
const RESTORE: DollarKeys = ["restore_usd", "restore_at_least_usd", "restore_at_most_usd"];

const OVER: [DollarKeys; 3] = [
    ["usd_over_1_month", "at_least_usd_over_1_month", "at_most_usd_over_1_month"],
    ["usd_over_3_months", "at_least_usd_over_3_months", "at_most_usd_over_3_months"],
    ["usd_over_12_months", "at_least_usd_over_12_months", "at_most_usd_over_12_months"],
];

/// The amount as people read it, and its bounds for programs.
pub(super) fn dollar_columns([exact, least, most]: DollarKeys, title: &str) -> [Column; 3] {
    [
        Column::right(exact, title),
        Column::right(least, format!("{title}, at least")).detail(),
        Column::right(most, format!("{title}, at most")).detail(),
    ]
}

pub(super) fn dollar_cells(dollars: &Dollars) -> [Cell; 3] {
    let bound = |bound: Option<Usd>| bound.map_or(Cell::missing("unknown"), Cell::cost);
    [dollar_cell(dollars), bound(dollars.least()), bound(dollars.most())]
}

fn dollar_cell(dollars: &Dollars) -> Cell {
    let exact = match dollars {
        Dollars::Exact(usd) => Some(usd.exact()),
        _ => None,
    };
    Cell { shown: dollars.to_string(), exact }
}
