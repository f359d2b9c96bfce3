//! The live view as a table, and a poll as a line of a log.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Owner, Reading, Spent, Sum, Watched};
use crate::ledger::InstanceSeen;
use crate::report::table::{Cell, Column, Table};

/// A session's cents stand still for a while; its tenths of a cent tick.
const SESSION_DECIMALS: u32 = 3;

impl Sum {
    fn cell(self, decimals: u32) -> Cell {
        Cell { shown: self.shown(decimals), exact: (!self.is_lower_bound).then(|| self.usd.exact()) }
    }
}

/// The view as a table: each instance with its volumes and addresses, the running ones first.
pub fn watch_table(watched: &Watched, reading: &Reading, now: Timestamp) -> Table {
    let (running, stopped) = watched.counts();
    let title = format!(
        "{}   {running} running, {stopped} stopped   {} an hour",
        now.strftime("%Y-%m-%d %H:%M:%S UTC"),
        reading.total.hourly.shown(2)
    );
    let columns = vec![
        Column::left("instance", "Instance"),
        Column::left("state", "Type, state"),
        Column::right("session_usd", "Session"),
        Column::right("today_usd", "Today"),
        Column::right("month_usd", "Month"),
        Column::right("projected_usd", "Projected"),
    ];
    let mut table = Table::new("watch", title, columns);
    let mut rows: Vec<&(Owner, Spent)> = reading.rows.iter().collect();
    rows.sort_by_key(|(owner, _)| (watched.rank(owner), owner.clone()));
    for (owner, spent) in rows {
        let (name, state) = watched.words(owner);
        let session = spent.session.map_or_else(|| Cell::missing("-"), |sum| sum.cell(SESSION_DECIMALS));
        table.push(vec![
            Cell::text(name),
            Cell::text(state),
            session,
            spent.today.cell(2),
            spent.month.cell(2),
            spent.projected.cell(2),
        ]);
    }
    let Spent { today, month, projected, .. } = reading.total;
    table.total = Some(vec![
        Cell::text("Total"),
        Cell::missing(""),
        Cell::missing(""),
        today.cell(2),
        month.cell(2),
        projected.cell(2),
    ]);
    let end = watched.month.period().end.strftime("%Y-%m-%d");
    table.notes.push(format!(
        "{} of it since the last poll, if what was there then goes on. Projected: as now until {end}. With volumes and \
         addresses; snapshots bill by changed blocks, which only AWS's bill tells. Days and months are UTC.",
        reading.since_poll.shown(2)
    ));
    table
}

impl Watched {
    fn rank(&self, owner: &Owner) -> u8 {
        match owner {
            Owner::Instance(id) if self.starts.contains_key(id) => 0,
            Owner::Instance(_) => 1,
            Owner::Unattached => 2,
            Owner::Gone => 3,
        }
    }

    fn words(&self, owner: &Owner) -> (String, String) {
        let (id, seen) = match owner {
            Owner::Unattached => return ("Unattached".to_owned(), "disks, IPs".to_owned()),
            Owner::Gone => return ("Gone".to_owned(), "this month".to_owned()),
            Owner::Instance(id) => match self.instances.get(id) {
                Some(seen) => (id, seen),
                None => return (id.clone(), "never seen".to_owned()),
            },
        };
        let one_of = |field: fn(&InstanceSeen) -> &str| {
            let mut all: Vec<&str> = self.instances.values().map(field).collect();
            all.sort_unstable();
            all.dedup();
            all.len() > 1
        };
        let mut name = vec![seen.name.as_str(), id.as_str()];
        if one_of(|seen| &seen.region) {
            name.push(&seen.region);
        }
        if one_of(|seen| &seen.account) {
            name.push(&seen.account);
        }
        name.retain(|part| !part.is_empty());
        (name.join(" "), format!("{} {}", seen.instance_type, seen.state.name()))
    }
}

/// One poll as a line for a log.
pub fn log_line(watched: &Watched, reading: &Reading, changes: &[String], now: Timestamp) -> String {
    let (running, stopped) = watched.counts();
    let Spent { today, month, projected, hourly, .. } = reading.total;
    let mut line = format!(
        "{} {running} running, {stopped} stopped; {}/h; today {}, month {}, projected {}",
        now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        hourly.shown(2),
        today.shown(2),
        month.shown(2),
        projected.shown(2)
    );
    for change in changes {
        line.push_str("; ");
        line.push_str(change);
    }
    line
}

/// What differs between two polls, an instance at a time.
pub fn changes(before: &BTreeMap<String, InstanceSeen>, after: &BTreeMap<String, InstanceSeen>) -> Vec<String> {
    let mut changes = Vec::new();
    for (id, seen) in after {
        let who = if seen.name.is_empty() { id.clone() } else { format!("{id} ({})", seen.name) };
        let state = seen.state.name();
        let Some(earlier) = before.get(id) else {
            changes.push(format!("{who} is new, {} {state}", seen.instance_type));
            continue;
        };
        if earlier.instance_type != seen.instance_type {
            changes.push(format!("{who} is now {}", seen.instance_type));
        }
        match (earlier.state.is_stopped(), seen.state.is_stopped()) {
            (true, false) => changes.push(format!("{who} started")),
            (false, true) => changes.push(format!("{who} {state}")),
            (false, false) if earlier.launch_time != seen.launch_time => {
                changes.push(format!("{who} stopped and started again"));
            }
            _ => {}
        }
    }
    let gone = before.iter().filter(|(id, _)| !after.contains_key(*id));
    changes.extend(gone.map(|(id, _)| format!("{id} is gone")));
    changes
}
