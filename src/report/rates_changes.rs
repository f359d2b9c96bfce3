//! What changed from one publication of rates to the next.

use rust_decimal::Decimal;

use super::table::{Cell, Column, Table};
use crate::catalog::{Listed, RateChange};
use crate::quantity::exact;

/// A region's changes, against what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegionChanges {
    pub region: String,
    /// `the publication of 2026-10-01`, `the shipped card`.
    pub before: String,
    /// When AWS published the one in force.
    pub published_on: String,
    pub changes: Vec<RateChange>,
}

/// Changed rates first, then those that are new, then those that are gone.
pub fn changes_table(regions: &[RegionChanges]) -> Table {
    let names: Vec<&str> = regions.iter().map(|region| region.region.as_str()).collect();
    let several = regions.len() > 1;
    let region = Column::left("region", "Region");
    let mut table = Table::new(
        "rate_changes",
        format!("Changed rates in {}, USD", names.join(", ")),
        vec![
            if several { region } else { region.detail() },
            Column::left("rate", "Rate"),
            Column::left("unit", "Unit").detail(),
            Column::left("change", "Change"),
            Column::right("before_usd", "Before"),
            Column::right("after_usd", "After"),
            Column::right("before_upfront_usd", "Upfront before").detail(),
            Column::right("after_upfront_usd", "Upfront after").detail(),
            Column::right("relative", "By"),
            Column::left("before_as_of", "Before as of"),
            Column::left("after_as_of", "After as of"),
        ],
    );
    for region in regions {
        let mut changes: Vec<&RateChange> = region.changes.iter().collect();
        changes.sort_by_key(|change| what(change));
        changes.into_iter().for_each(|change| table.push(cells(region, change)));
        table.notes.push(match region.changes.len() {
            0 => format!("{}: nothing changed against {}.", region.region, region.before),
            count => {
                let count = if count == 1 { "1 rate".to_owned() } else { format!("{count} rates") };
                format!("{}: {count} changed from {} to that of {}.", region.region, region.before, region.published_on)
            }
        });
    }
    if regions.iter().flat_map(|region| &region.changes).any(|change| change.after.is_none()) {
        table.notes.push("gone: AWS does not list it any more; usage of before keeps its rate, marked.".to_owned());
    }
    table
}

/// As it is sorted and named.
fn what(change: &RateChange) -> (u8, &'static str) {
    match (&change.before, &change.after) {
        (Some(_), Some(_)) => (0, "changed"),
        (None, _) => (1, "new"),
        (Some(_), None) => (2, "gone"),
    }
}

fn cells(region: &RegionChanges, change: &RateChange) -> Vec<Cell> {
    let usd = |listed: Option<&Listed>| listed.map_or(Cell::missing("-"), |listed| Cell::rate(listed.usd));
    let upfront =
        |listed: Option<&Listed>| listed.and_then(|listed| listed.upfront).map_or(Cell::missing(""), Cell::cost);
    let as_of = |listed: Option<&Listed>| listed.map_or(Cell::missing("-"), |listed| Cell::text(&*listed.as_of));
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    vec![
        Cell::text(&*region.region),
        Cell::text(change.key.to_string()),
        Cell::text(change.key.unit().name()),
        Cell::text(what(change).1),
        usd(before),
        usd(after),
        upfront(before),
        upfront(after),
        change.relative().map_or(Cell::missing("-"), percent),
        as_of(before),
        as_of(after),
    ]
}

/// `+2.5%` for people, the ratio for programs.
fn percent(relative: Decimal) -> Cell {
    let percent = relative.checked_mul(Decimal::ONE_HUNDRED).unwrap_or_default();
    let shown = percent.round_dp_with_strategy(1, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    let sign = if relative.is_sign_negative() { "" } else { "+" };
    Cell::new(format!("{sign}{}%", exact(shown)), exact(relative))
}
