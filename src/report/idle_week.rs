//! The week of an instance as a heat map: for people a line a day with a letter an hour, for programs a row an hour.

use super::table::{Cell, Column, Table};
use crate::advice::{Detail, Finding, IdleWeek, WeekHour};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
/// Above the letters, each hour of a day has one.
const HOURS: &str = "0     6     12    18    ";

fn week_of(finding: &Finding) -> Option<&IdleWeek> {
    match &finding.detail {
        Some(Detail::Week(week)) => Some(week),
        _ => None,
    }
}

/// One finding's week for people. `None`: it has none.
pub fn idle_week_map(finding: &Finding) -> Option<Table> {
    let week = week_of(finding)?;
    let columns =
        vec![Column::left("day", "UTC"), Column::left("hours", HOURS), Column::left("stopped", "To be stopped")];
    let mut table = Table::new("idle_week_map", "", columns);
    for (day, hours) in DAYS.into_iter().zip(week.hours.chunks(DAYS_HOURS)) {
        let letters: String = hours.iter().map(|hour| letter(*hour, week.weeks)).collect();
        let stopped: String = hours.iter().map(|hour| if hour.proposed { '=' } else { '-' }).collect();
        table.push(vec![Cell::text(day), Cell::text(letters), Cell::text(stopped)]);
    }
    table.notes.push(format!(
        "Over {} weeks: # at work in each, + in some, ? perhaps, o it ran and did nothing, - it stood still; = to be stopped.",
        week.weeks
    ));
    Some(table)
}

const DAYS_HOURS: usize = 24;

fn letter(hour: WeekHour, weeks: u32) -> char {
    match hour {
        WeekHour { active, .. } if active >= weeks => '#',
        WeekHour { active: 1.., .. } => '+',
        WeekHour { unknown: 1.., .. } => '?',
        WeekHour { idle: 1.., .. } => 'o',
        _ => '-',
    }
}

/// Every hour of every finding's week, with the weeks in which it was at work, idle, off and unknown.
pub fn idle_week_table(findings: &[Finding]) -> Table {
    let columns = vec![
        Column::left("finding", "Id"),
        Column::left("resource", "Resource"),
        Column::left("day", "Day"),
        Column::right("hour", "Hour"),
        Column::right("weeks_active", "Active"),
        Column::right("weeks_idle", "Idle"),
        Column::right("weeks_off", "Off"),
        Column::right("weeks_unknown", "Unknown"),
        Column::left("stopped", "To be stopped"),
    ];
    let mut table = Table::new("idle_week", "", columns);
    for (finding, week) in findings.iter().filter_map(|finding| Some((finding, week_of(finding)?))) {
        for (n, hour) in week.hours.iter().enumerate() {
            let count = |n: u32| Cell::text(n.to_string());
            table.push(vec![
                Cell::text(finding.id.clone()),
                Cell::text(finding.resource.id.clone()),
                Cell::text(DAYS.get(n / DAYS_HOURS).copied().unwrap_or_default()),
                Cell::text((n % DAYS_HOURS).to_string()),
                count(hour.active),
                count(hour.idle),
                count(hour.off),
                count(hour.unknown),
                Cell::text(if hour.proposed { "yes" } else { "no" }),
            ]);
        }
    }
    table
}
