//! What a refresh fetched, region by region.

use std::collections::BTreeSet;

use super::table::{Cell, Column, Table};
use crate::catalog::{Listing, Publication, Published, SpotHistory};
use crate::time::utc_date;

/// One region's rates as they were fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refreshed {
    pub published: Published,
    /// Rates that differ from those before.
    pub changed: usize,
    /// `None`: not asked for, or failed.
    pub spot: Option<SpotHistory>,
}

/// `with_details`: what was left out, row for row.
pub fn refreshed_table(regions: &[Refreshed], notes: Vec<String>, with_details: bool) -> Table {
    let mut table = Table::new(
        "refreshed",
        "Rates fetched",
        vec![
            Column::left("region", "Region"),
            Column::left("source", "From"),
            Column::left("published_on", "Published"),
            Column::right("instance_types", "Types"),
            Column::right("on_demand_rates", "On-demand"),
            Column::right("reserved_rates", "Reserved"),
            Column::right("storage_rates", "EBS"),
            Column::right("savings_plan_rates", "Savings Plans").detail(),
            Column::right("spot_types", "Spot types"),
            Column::right("changed_rates", "Changed"),
            Column::left("families", "Families").detail(),
            Column::left("fetched_at", "Fetched at").detail(),
        ],
    );
    regions.iter().for_each(|region| table.push(cells(region)));
    table.notes = notes;
    if regions.iter().any(|region| region.changed > 0) {
        table.notes.push("Changed: `gpucost rates diff` shows them.".to_owned());
    }
    for Refreshed { published, spot, .. } in regions {
        let skipped = spot.as_ref().map_or(0, |spot| spot.skipped);
        if skipped > 0 {
            table
                .notes
                .push(format!("{}: {skipped} spot prices of nothing, or absurd, do not count.", published.region));
        }
        let left_out = published.left_out.len();
        if with_details {
            table.notes.extend(published.left_out.iter().map(|why| format!("{}: left out: {why}.", published.region)));
        } else if left_out > 0 {
            table.notes.push(format!("{}: {left_out} rows are no rates; -v lists them.", published.region));
        }
    }
    table
}

fn cells(region: &Refreshed) -> Vec<Cell> {
    let Refreshed { published, changed, spot } = region;
    let count = |count: usize| Cell::text(count.to_string());
    let sold = published.on_demand.iter().filter(|row| matches!(row.listing, Listing::OnDemand(_))).count();
    let spot = spot
        .as_ref()
        .map(|spot| spot.means.iter().map(|mean| mean.instance_type.as_str()).collect::<BTreeSet<_>>().len());
    vec![
        Cell::text(&*published.region),
        Cell::text(match published.publication {
            Publication::PricingApi => "Pricing API",
            Publication::OfferFile => "offer file",
        }),
        Cell::text(utc_date(published.published_at).to_string()),
        count(published.types.len()),
        count(sold),
        count(published.reserved.len()),
        count(published.volumes.len() + published.snapshots.len()),
        published.savings_plans.as_ref().map_or(Cell::missing("-"), |plans| count(plans.rates.len())),
        spot.map_or(Cell::missing("-"), count),
        count(*changed),
        Cell::text(published.families.join(" ")),
        Cell::text(published.fetched_at.to_string()),
    ]
}
