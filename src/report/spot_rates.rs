//! Spot prices zone by zone.

use super::rates::Wanted;
use super::table::{Cell, Column, Table};
use crate::catalog::{InstanceType, RateCard, SpotRate};
use crate::money::Usd;

/// A row for each zone of each wanted type, cheapest zone first. What was seen once has no mean: it stands under `now`.
pub fn spot_table(card: &RateCard, regions: &[&str], wanted: &[Wanted<'_>], title: String) -> Table {
    let mut table = Table::new("spot_rates", title, columns(regions.len() > 1));
    let mut has_single = false;
    for Wanted { kind, by_name } in wanted {
        for region in regions {
            let rates = card.spot(region, &kind.name);
            has_single |= rates.iter().any(|rate| rate.seen.is_none());
            if rates.is_empty() && *by_name {
                table.notes.push(format!("{}: no spot price in {region} on the card.", kind.name));
            }
            rates.iter().for_each(|rate| table.push(cells(region, kind, rate)));
        }
    }
    table.notes.insert(0, "USD per hour, Linux. A mean weights each price with the time it held.".to_owned());
    if has_single {
        table.notes.push("Prices seen once have no mean: `gpucost rates refresh` fetches a window of days.".to_owned());
    }
    table
}

fn columns(several: bool) -> Vec<Column> {
    let region = Column::left("region", "Region");
    vec![
        Column::left("instance_type", "Type"),
        if several { region } else { region.detail() },
        Column::left("az_id", "Zone"),
        Column::right("mean_usd_per_hour", "Mean"),
        Column::right("now_usd_per_hour", "Now"),
        Column::right("min_usd_per_hour", "Min"),
        Column::right("max_usd_per_hour", "Max"),
        Column::left("as_of", "As of"),
        Column::left("mark", "Of"),
        Column::left("window_start", "From").detail(),
        Column::left("window_end", "Until").detail(),
        Column::left("source", "Source").detail(),
    ]
}

fn cells(region: &str, kind: &InstanceType, rate: &SpotRate) -> Vec<Cell> {
    let provenance = &rate.provenance;
    let usd = |usd: Option<Usd>| usd.map_or(Cell::missing("-"), |usd| Cell::new(usd.rounded(4), usd.exact()));
    let seen = rate.seen;
    let time = |at: Option<jiff::Timestamp>| at.map_or(Cell::missing(""), |at| Cell::text(at.to_string()));
    vec![
        Cell::text(&*kind.name),
        Cell::text(region),
        rate.az_id.as_deref().map_or(Cell::missing("cheapest"), Cell::text),
        usd(seen.map(|_| rate.usd_per_hour)),
        usd(Some(seen.map_or(rate.usd_per_hour, |seen| seen.now))),
        usd(seen.map(|seen| seen.min)),
        usd(seen.map(|seen| seen.max)),
        Cell::text(&*provenance.as_of),
        provenance.mark.as_deref().map_or(Cell::missing(""), Cell::text),
        time(seen.map(|seen| seen.window.start)),
        time(seen.map(|seen| seen.window.end)),
        Cell::text(&*provenance.source),
    ]
}
