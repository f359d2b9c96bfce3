//! Notices, open findings and deliveries as tables.

use jiff::Timestamp;

use super::table::{Cell, Column, Table};
use crate::advice::Dollars;
use crate::alerts::{Amount, Episode, Kind, Notice};
use crate::money::Usd;

/// What became of a run's message on one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub channel: String,
    pub notices: usize,
    /// `None`: it was taken.
    pub failed: Option<String>,
}

/// What a run has to tell.
pub fn notices_table(notices: &[Notice]) -> Table {
    let title = match notices.len() {
        0 => "Alerts: nothing new".to_owned(),
        1 => "Alerts: 1 notice".to_owned(),
        many => format!("Alerts: {many} notices"),
    };
    let mut table = Table::new("notices", title, notice_columns());
    for notice in notices {
        table.push(notice_row(notice));
    }
    table
}

fn notice_columns() -> Vec<Column> {
    vec![
        Column::left("key", "Key").detail(),
        Column::left("event", "Event"),
        Column::left("resource", "Resource"),
        Column::left("name", "Name").detail(),
        Column::left("title", "What"),
        Column::right("cost", "Cost"),
        Column::right("least_usd", "At least").detail(),
        Column::right("most_usd", "At most").detail(),
        Column::right("per_month", "A month").detail(),
        Column::right("saving_per_month", "Saves a month"),
        Column::left("region", "Region").detail(),
        Column::left("account", "Account").detail(),
        Column::left("last_seen", "Last seen").detail(),
        Column::left("command", "Command").detail(),
    ]
}

fn notice_row(notice: &Notice) -> Vec<Cell> {
    let resource = if notice.matter.resource.is_empty() { &notice.about } else { &notice.matter.resource };
    let amount = |usd: Option<Usd>| usd.map_or_else(|| Cell::missing("-"), Cell::cost);
    vec![
        Cell::text(notice.key.clone()),
        Cell::new(event(&notice.kind), notice.kind.key()),
        Cell::text(resource.clone()),
        Cell::text(notice.matter.name.clone()),
        Cell::text(notice.matter.title.clone()),
        said(&notice.cost),
        amount(notice.least_usd),
        amount(notice.most_usd),
        said(&notice.per_month),
        said(&notice.saving_per_month),
        Cell::text(notice.matter.region.clone()),
        Cell::text(notice.matter.account.clone()),
        Cell::text(notice.last_seen.to_string()),
        Cell::text(notice.matter.command.clone()),
    ]
}

fn said(text: &str) -> Cell {
    if text.is_empty() { Cell::missing("-") } else { Cell::text(text) }
}

fn event(kind: &Kind) -> String {
    match kind {
        Kind::Opened | Kind::Resolved => kind.word().to_owned(),
        Kind::AgeStep { days } => format!("{days} days"),
        Kind::DollarStep { usd } => format!("passed ${usd}"),
        Kind::Reminder { .. } => "reminder".to_owned(),
        Kind::Budget { measure, percent } => format!("{} {percent} %", measure.name()),
    }
}

/// Who was told, and who was not.
pub fn deliveries_table(deliveries: &[Delivery]) -> Table {
    let columns = vec![
        Column::left("channel", "Channel"),
        Column::right("notices", "Notices"),
        Column::left("delivered", "Delivered"),
        Column::left("failure", "Why not"),
    ];
    let mut table = Table::new("deliveries", "Told", columns);
    for delivery in deliveries {
        table.push(vec![
            Cell::text(delivery.channel.clone()),
            Cell::text(delivery.notices.to_string()),
            Cell::text(if delivery.failed.is_none() { "yes" } else { "no" }),
            delivery.failed.as_ref().map_or_else(|| Cell::missing("-"), Cell::text),
        ]);
    }
    table
}

/// What is open, the oldest first.
pub fn open_table(open: &[&Episode], now: Timestamp) -> Table {
    let title = match open.len() {
        0 => "Open: nothing".to_owned(),
        1 => "Open: 1 finding".to_owned(),
        many => format!("Open: {many} findings"),
    };
    let columns = vec![
        Column::left("finding", "Id").detail(),
        Column::left("rule", "Rule"),
        Column::left("resource", "Resource"),
        Column::left("name", "Name").detail(),
        Column::left("title", "What").detail(),
        Column::left("since", "Since"),
        Column::right("told_days", "Told at, days").detail(),
        Column::right("cost", "Cost"),
        Column::right("per_month", "A month").detail(),
        Column::right("saving_per_month", "Saves a month"),
        Column::right("reminders", "Reminders").detail(),
        Column::left("opened_at", "Opened").detail(),
        Column::left("last_seen", "Last seen").detail(),
    ];
    let mut table = Table::new("open", title, columns);
    let mut open = open.to_vec();
    open.sort_by(|a, b| (a.since, &a.finding).cmp(&(b.since, &b.finding)));
    for episode in open {
        let accrued = episode.accrued.as_ref().map(Amount::dollars);
        let day = episode.since.strftime("%Y-%m-%d").to_string();
        table.push(vec![
            Cell::text(episode.finding.clone()),
            Cell::text(episode.matter.rule.clone()),
            Cell::text(episode.matter.resource.clone()),
            Cell::text(episode.matter.name.clone()),
            Cell::text(episode.matter.title.clone()),
            Cell::new(day, episode.since.to_string()),
            Cell::text(episode.told_days.to_string()),
            accrued.as_ref().map_or_else(|| Cell::missing("-"), |accrued| Cell::text(accrued.to_string())),
            Cell::text(episode.per_month.dollars().to_string()),
            Cell::text(episode.saving_per_month.dollars().to_string()),
            Cell::text(episode.reminders.to_string()),
            Cell::text(episode.opened_at.to_string()),
            Cell::text(episode.last_seen.to_string()),
        ]);
        if let Some(why) = accrued.as_ref().and_then(Dollars::why_unknown) {
            table.notes.push(format!("{}: {why}.", episode.matter.resource));
        }
    }
    if !table.rows.is_empty() {
        table.notes.push(format!("As of each one's last sight; looked at {}.", now.strftime("%Y-%m-%d %H:%M UTC")));
    }
    table
}

/// One notice on one channel.
pub struct Past<'a> {
    pub notice: &'a Notice,
    pub decided_at: &'a str,
    pub channel: Option<&'a str>,
    pub sent_at: Option<&'a str>,
    pub failures: u32,
    pub last_failure: Option<&'a str>,
}

/// All that was told, newest first.
pub fn history_table<'a>(past: impl Iterator<Item = Past<'a>>) -> Table {
    let mut columns = vec![
        Column::left("decided_at", "Decided"),
        Column::left("channel", "Channel"),
        Column::left("sent_at", "Sent"),
    ];
    // Of many notices one wants to see which; `-v` has the rest.
    let brief = ["event", "resource", "cost"];
    columns.extend(notice_columns().into_iter().map(|column| match brief.contains(&column.key) {
        true => column,
        false => column.detail(),
    }));
    columns.extend([
        Column::right("failures", "Failures").detail(),
        Column::left("last_failure", "Last failure").detail(),
    ]);
    let mut table = Table::new("history", "Alerts so far", columns);
    let minute = |at: &str| {
        let shown = at.parse::<Timestamp>().map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
        Cell::new(shown.unwrap_or_else(|_| at.to_owned()), at)
    };
    // Side by side at 80 columns: a message mostly goes out in the run that decided it.
    let sent = |at: &str, decided_at: &str| match (at.parse::<Timestamp>(), decided_at.parse::<Timestamp>()) {
        (Ok(sent), Ok(decided)) if sent.as_second() / 60 == decided.as_second() / 60 => Cell::new("at once", at),
        (Ok(sent), _) => Cell::new(sent.strftime("%Y-%m-%d").to_string(), at),
        (Err(_), _) => Cell::text(at),
    };
    for past in past {
        let mut row = vec![
            minute(past.decided_at),
            past.channel.map_or_else(|| Cell::missing("-"), Cell::text),
            past.sent_at.map_or_else(|| Cell::missing("not yet"), |at| sent(at, past.decided_at)),
        ];
        row.extend(notice_row(past.notice));
        row.extend([
            Cell::text(past.failures.to_string()),
            past.last_failure.map_or_else(|| Cell::missing("-"), Cell::text),
        ]);
        table.push(row);
    }
    table
}
