//! A month's bill as tables: by charge, by line item, and by what it went to.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::table::{Cell, Column, Table};
use crate::billing::{Bill, LineItem};
use crate::ledger::{Certainty, Evidence, Ledger, Meter, Phase, Resource};
use crate::money::Usd;
use crate::quantity::{Unit, exact};
use crate::time::utc_date;

/// What money went to: the series of the daily chart and the columns of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    Compute,
    StorageRunning,
    StorageStopped,
    StorageUnattached,
    /// The ledger does not know whether the volume's instance ran.
    StorageUnknown,
    Snapshots,
    Addresses,
}

impl Purpose {
    pub const ALL: [Purpose; 7] = [
        Purpose::Compute,
        Purpose::StorageRunning,
        Purpose::StorageStopped,
        Purpose::StorageUnattached,
        Purpose::StorageUnknown,
        Purpose::Snapshots,
        Purpose::Addresses,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Purpose::Compute => "compute",
            Purpose::StorageRunning => "storage while running",
            Purpose::StorageStopped => "storage while stopped",
            Purpose::StorageUnattached => "unattached storage",
            Purpose::StorageUnknown => "storage, instance state unknown",
            Purpose::Snapshots => "snapshots",
            Purpose::Addresses => "addresses",
        }
    }

    pub const fn of(meter: Meter, phase: Phase) -> Purpose {
        match (meter, phase) {
            (Meter::Compute, _) => Purpose::Compute,
            (Meter::Snapshot, _) => Purpose::Snapshots,
            (Meter::PublicIpv4InUse | Meter::PublicIpv4Idle, _) => Purpose::Addresses,
            (_, Phase::Running) => Purpose::StorageRunning,
            (_, Phase::Stopped) => Purpose::StorageStopped,
            (_, Phase::Unattached) => Purpose::StorageUnattached,
            (_, Phase::Unknown) => Purpose::StorageUnknown,
        }
    }
}

/// The bill by resource and charge. What only may have been used is left to the note, unless `with_possible`.
pub fn bill_table(bill: &Bill, with_possible: bool) -> Table {
    let mut table = Table::new(
        "bill",
        format!("Bill for {}", bill.month),
        vec![
            Column::left("resource", "Resource"),
            Column::left("name", "Name").detail(),
            Column::left("account", "Account").detail(),
            Column::left("region", "Region").detail(),
            Column::left("charge", "Charge"),
            Column::left("phase", "While").detail(),
            Column::right("quantity", "Quantity"),
            Column::left("unit", "Unit"),
            Column::right("rate_usd", "Rate"),
            Column::right("cost_usd", "Cost"),
            Column::left("certainty", "Certainty").detail(),
            Column::left("rate_as_of", "Rate as of").detail(),
            Column::left("rate_source", "Rate from").detail(),
            Column::left("evidence", "Hours from").detail(),
        ],
    );
    for (_, lines) in grouped(bill).into_iter().filter(|(key, _)| with_possible || key.3 == Certainty::Measured) {
        table.push(charge_row(&lines));
    }
    let cells = table.columns.len();
    let mut total: Vec<Cell> = (0..cells).map(|_| Cell::missing("")).collect();
    total[0] = Cell::text("Total");
    total[9] = total_cell(bill);
    // The sum of no records is not $0.
    table.total = (!bill.line_items.is_empty()).then_some(total);
    table.notes = notes(bill);
    table
}

type ChargeKey<'a> = (&'a str, &'a str, &'a str, Certainty, Meter, &'a str, Phase, Option<Usd>);

/// Lines of one charge at one rate, in the order of the bill: by region and resource, sure before possible.
fn grouped(bill: &Bill) -> BTreeMap<ChargeKey<'_>, Vec<&LineItem>> {
    let mut groups: BTreeMap<ChargeKey<'_>, Vec<&LineItem>> = BTreeMap::new();
    // The days of one charge stand together: one look-up for all of them.
    for days in bill.line_items.chunk_by(|a, b| charge_key(a) == charge_key(b)) {
        if let Some(first) = days.first() {
            groups.entry(charge_key(first)).or_default().extend(days);
        }
    }
    groups
}

fn charge_key(line: &LineItem) -> ChargeKey<'_> {
    let Resource { account, region, id, .. } = &*line.resource;
    let rate = line.charge.rate().map(|rate| rate.usd);
    (account, region, id, line.certainty, line.meter, &line.subject, line.phase, rate)
}

fn charge_row(lines: &[&LineItem]) -> Vec<Cell> {
    let Some(first) = lines.first() else { return Vec::new() };
    let quantity: Option<Decimal> = lines.iter().map(|line| line.quantity.map(|q| q.amount)).sum();
    let cost: Option<Usd> =
        lines.iter().map(|line| line.charge.cost()).try_fold(Usd::ZERO, |sum, cost| Some(sum + cost?));
    let rate = first.charge.rate();
    let provenance = rate.map(|rate| &rate.provenance);
    vec![
        Cell::text(first.resource.id.clone()),
        Cell::text(first.resource.name.clone()),
        Cell::text(first.resource.account.clone()),
        Cell::text(first.resource.region.clone()),
        charge_cell(first),
        Cell::text(first.phase.name()),
        quantity.map_or(Cell::missing("unknown"), |quantity| Cell::number(quantity, 4)),
        first.quantity.map_or(Cell::missing(""), |q| Cell::new(unit_shown(q.unit), q.unit.name())),
        rate.map_or(Cell::missing("no rate"), |rate| Cell::rate(rate.usd)),
        cost.map_or(Cell::missing("unrated"), |cost| possible(first, Cell::cost(cost))),
        certainty_cell(first),
        provenance.map_or(Cell::missing(""), |p| Cell::text(p.as_of.clone())),
        provenance.map_or(Cell::missing(""), |p| Cell::text(p.source.clone())),
        Cell::text(evidence(lines)),
    ]
}

fn possible(line: &LineItem, cell: Cell) -> Cell {
    match line.certainty {
        Certainty::Measured => cell,
        Certainty::Possible => Cell { shown: format!("≤ {}", cell.shown), ..cell },
    }
}

fn charge_cell(line: &LineItem) -> Cell {
    let storage = matches!(line.meter, Meter::VolumeStorage | Meter::VolumeIops | Meter::VolumeThroughput);
    let mut shown = line.subject.clone();
    match line.phase {
        Phase::Running if storage => shown.push_str(", running"),
        Phase::Stopped if storage => shown.push_str(", stopped"),
        Phase::Unattached if storage => shown.push_str(", unattached"),
        _ => {}
    }
    if line.certainty == Certainty::Possible {
        shown.push_str(", if it went on");
    }
    Cell::new(shown, line.subject.clone())
}

fn certainty_cell(line: &LineItem) -> Cell {
    Cell::text(match line.certainty {
        Certainty::Measured => "measured",
        Certainty::Possible => "possible",
    })
}

/// Short enough for a column.
const fn unit_shown(unit: Unit) -> &'static str {
    match unit {
        Unit::InstanceHour | Unit::AddressHour => "h",
        Unit::DsuHour => "DSU-h",
        Unit::GbMonth => "GB-mo",
        Unit::IopsMonth => "IOPS-mo",
        Unit::GibpsMonth => "GiB/s-mo",
        Unit::Gb => "GB",
        Unit::Request => "requests",
    }
}

fn evidence(lines: &[&LineItem]) -> String {
    let all: BTreeSet<&Evidence> = lines.iter().flat_map(|line| line.evidence.iter()).collect();
    let mut shown: Vec<String> = all.iter().take(3).map(ToString::to_string).collect();
    if all.len() > 3 {
        shown.push(format!("and {} more", all.len() - 3));
    }
    shown.join("; ")
}

/// The sum of what has a rate: at least that much, where something measured has none.
fn total_cell(bill: &Bill) -> Cell {
    let total = Cell::cost(bill.total());
    if bill.is_lower_bound() {
        return Cell { shown: format!("≥ {}", total.shown), ..total };
    }
    total
}

/// The latest date of a card's rate that is later than the usage it prices.
fn later_rate(bill: &Bill) -> Option<&str> {
    let dates = bill.line_items.iter().filter_map(|line| {
        let as_of: &str = &line.charge.rate()?.provenance.as_of;
        let used = utc_date(line.period.start).to_string();
        // ISO dates, months and intervals compare as text, by their beginning.
        (as_of.get(..7)? > used.get(..7)?).then_some(as_of)
    });
    dates.max()
}

/// What the total leaves out, and why.
fn notes(bill: &Bill) -> Vec<String> {
    let mut notes = Vec::new();
    if bill.line_items.is_empty() {
        notes.push(format!("Nothing is recorded for {}.", bill.month));
    }
    if !bill.possible().is_zero() {
        notes.push(format!(
            "Up to {} more, if what was open when last seen went on and snapshots are full.",
            bill.possible()
        ));
    }
    if let Some(as_of) = later_rate(bill) {
        notes.push(format!(
            "Rates as of {as_of} stand in for those of {}: what AWS charged then may differ.",
            bill.month
        ));
    }
    let mut unrated: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (line, why) in bill.unrated() {
        unrated.entry(why).or_default().insert(&line.resource.id);
    }
    for (why, resources) in unrated {
        let first = resources.iter().next().copied().unwrap_or_default();
        let others = resources.len() - 1;
        let whose = if others == 0 { format!("`{first}`") } else { format!("`{first}` and {others} more") };
        notes.push(format!("Not in the total: {whose}: {why}."));
    }
    notes
}

/// Every line item, all digits.
pub fn line_item_table(bill: &Bill) -> Table {
    let mut table = Table::new(
        "line_items",
        format!("Line items of {}", bill.month),
        vec![
            Column::left("charge_period_start", "Start"),
            Column::left("charge_period_end", "End").detail(),
            Column::left("account", "Account").detail(),
            Column::left("region", "Region").detail(),
            Column::left("resource", "Resource"),
            Column::left("name", "Name").detail(),
            Column::left("meter", "Meter").detail(),
            Column::left("charge", "Charge"),
            Column::left("phase", "While"),
            Column::left("certainty", "Certainty").detail(),
            Column::right("quantity", "Quantity"),
            Column::left("unit", "Unit").detail(),
            Column::right("rate_usd", "Rate"),
            Column::right("cost_usd", "Cost"),
            Column::right("billed_cost_usd", "Billed").detail(),
            Column::right("effective_cost_usd", "Effective").detail(),
            Column::left("rate_as_of", "Rate as of").detail(),
            Column::left("rate_source", "Rate from").detail(),
            Column::left("evidence", "Hours from").detail(),
        ],
    );
    for line in &bill.line_items {
        table.push(line_row(line));
    }
    table.notes = notes(bill);
    table
}

fn line_row(line: &LineItem) -> Vec<Cell> {
    let provenance = line.charge.rate().map(|rate| &rate.provenance);
    let cost =
        |amount: Option<Usd>| amount.map_or(Cell::missing("-"), |cost| Cell::new(cost.rounded(10), cost.exact()));
    vec![
        Cell::new(utc_date(line.period.start).to_string(), line.period.start.to_string()),
        Cell::text(line.period.end.to_string()),
        Cell::text(line.resource.account.clone()),
        Cell::text(line.resource.region.clone()),
        Cell::text(line.resource.id.clone()),
        Cell::text(line.resource.name.clone()),
        Cell::text(line.meter.name()),
        Cell::text(line.subject.clone()),
        Cell::text(line.phase.name()),
        certainty_cell(line),
        line.quantity.map_or(Cell::missing("unknown"), |q| Cell::new(exact(q.amount), exact(q.amount))),
        Cell::text(line.quantity.map_or("", |q| q.unit.name())),
        line.charge.rate().map_or(Cell::missing("no rate"), |rate| Cell::rate(rate.usd)),
        cost(line.charge.cost()),
        cost(line.billed_cost),
        cost(line.effective_cost),
        provenance.map_or(Cell::missing(""), |p| Cell::text(p.as_of.clone())),
        provenance.map_or(Cell::missing(""), |p| Cell::text(p.source.clone())),
        Cell::text(evidence(&[line])),
    ]
}

/// What each resource cost, by purpose. Only purposes that cost something have a column.
pub fn summary_table(bill: &Bill, ledger: &Ledger) -> Table {
    let mut by_owner: BTreeMap<(&str, &str), BTreeMap<Purpose, Usd>> = BTreeMap::new();
    let mut totals: BTreeMap<Purpose, Usd> = BTreeMap::new();
    for (line, cost) in measured(bill) {
        let owner = line.resource.instance_id.as_deref().unwrap_or(&line.resource.id);
        let purpose = Purpose::of(line.meter, line.phase);
        *by_owner.entry((&line.resource.region, owner)).or_default().entry(purpose).or_default() += cost;
        *totals.entry(purpose).or_default() += cost;
    }
    let mut columns = vec![
        Column::left("name", "Resource"),
        Column::left("resource", "Id").detail(),
        Column::left("region", "Region").detail(),
    ];
    columns.extend(totals.keys().map(|purpose| Column::right(key_of(*purpose), capitalized(purpose.name()))));
    columns.push(Column::right("total_usd", "Total"));
    let mut table = Table::new("summary", format!("What {} went to", bill.month), columns);
    let cells = |costs: &BTreeMap<Purpose, Usd>| -> Vec<Cell> {
        let mut cells: Vec<Cell> =
            totals.keys().map(|p| costs.get(p).map_or(Cell::missing(""), |cost| Cell::cost(*cost))).collect();
        cells.push(Cell::cost(costs.values().copied().sum()));
        cells
    };
    for ((region, owner), costs) in &by_owner {
        let name = ledger.name_of(owner).unwrap_or(owner);
        let mut row = vec![Cell::text(name), Cell::text(*owner), Cell::text(*region)];
        row.extend(cells(costs));
        table.push(row);
    }
    let mut total = vec![Cell::text("Total"), Cell::missing(""), Cell::missing("")];
    total.extend(cells(&totals));
    total.pop();
    total.push(total_cell(bill));
    table.total = (!bill.line_items.is_empty()).then_some(total);
    table.notes = notes(bill);
    table
}

pub(super) fn measured(bill: &Bill) -> impl Iterator<Item = (&LineItem, Usd)> {
    bill.line_items
        .iter()
        .filter(|line| line.certainty == Certainty::Measured)
        .filter_map(|line| line.charge.cost().map(|cost| (line, cost)))
}

const fn key_of(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Compute => "compute_usd",
        Purpose::StorageRunning => "storage_running_usd",
        Purpose::StorageStopped => "storage_stopped_usd",
        Purpose::StorageUnattached => "storage_unattached_usd",
        Purpose::StorageUnknown => "storage_state_unknown_usd",
        Purpose::Snapshots => "snapshots_usd",
        Purpose::Addresses => "addresses_usd",
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}
