//! Rates of what stays billed when the instance stops: EBS volumes, snapshots, public IPv4 addresses.

use rust_decimal::Decimal;

use super::table::{Cell, Column, Table};
use crate::catalog::{NoRate, Rate, RateCard, SnapshotRate, VolumeRate, VolumeType};
use crate::money::Usd;

const MIBPS_PER_GIBPS: Decimal = Decimal::from_parts(1024, 0, 0, false, 0);
const MILLION: Decimal = Decimal::from_parts(1_000_000, 0, 0, false, 0);

/// All dimensions of EBS, snapshots and addresses in each region, per the unit AWS publishes; those the card lacks
/// in a region say so.
pub fn storage_rate_table(card: &RateCard, regions: &[&str], title: String) -> Table {
    let region_column = Column::left("region", "Region");
    let several = regions.len() > 1;
    let mut table = Table::new(
        "storage_rates",
        title,
        vec![
            if several { region_column } else { region_column.detail() },
            Column::left("resource", "What"),
            Column::left("dimension", "Charge"),
            Column::right("rate_usd", "Rate"),
            Column::left("unit", "per"),
            Column::left("as_of", "As of"),
            Column::left("mark", "Mark").detail(),
            Column::left("source", "From").detail(),
            Column::left("sku_rate_code", "SKU").detail(),
        ],
    );
    for region in regions {
        for (volume_type, dimension) in volume_dimensions() {
            let rate = card.volume(region, volume_type, dimension);
            table.push(row(region, volume_type.name(), charge(volume_type, dimension), published(rate, dimension)));
        }
        for dimension in SnapshotRate::ALL {
            let rate = card.snapshot(region, dimension).map(|rate| (rate.usd, rate.unit.name(), rate));
            table.push(row(region, "snapshot", snapshot_charge(dimension), rate));
        }
        for (in_use, charge) in [(true, "in use"), (false, "idle")] {
            let rate = card.public_ipv4(region, in_use).map(|rate| (rate.usd, rate.unit.name(), rate));
            table.push(row(region, "public IPv4", charge, rate));
        }
    }
    table
}

/// What each volume type is charged for, whether or not the card has the rate everywhere.
fn volume_dimensions() -> impl Iterator<Item = (VolumeType, VolumeRate)> {
    VolumeType::ALL.into_iter().flat_map(|volume_type| {
        let beyond_size: &[VolumeRate] = match volume_type {
            VolumeType::Gp3 => &[VolumeRate::Iops, VolumeRate::Throughput],
            VolumeType::Io1 => &[VolumeRate::Iops],
            VolumeType::Io2 => &[VolumeRate::IopsTier1, VolumeRate::IopsTier2, VolumeRate::IopsTier3],
            VolumeType::Standard => &[VolumeRate::IoRequest],
            VolumeType::Gp2 | VolumeType::St1 | VolumeType::Sc1 => &[],
        };
        let dimensions = std::iter::once(VolumeRate::Storage).chain(beyond_size.iter().copied());
        dimensions.map(move |dimension| (volume_type, dimension))
    })
}

fn charge(volume_type: VolumeType, dimension: VolumeRate) -> &'static str {
    match (volume_type, dimension) {
        (_, VolumeRate::Storage) => "storage",
        (VolumeType::Gp3, VolumeRate::Iops) => "IOPS above 3,000",
        (_, VolumeRate::Iops) => "IOPS, all",
        (_, VolumeRate::IopsTier1) => "IOPS to 32,000",
        (_, VolumeRate::IopsTier2) => "IOPS 32,001 to 64,000",
        (_, VolumeRate::IopsTier3) => "IOPS above 64,000",
        (_, VolumeRate::Throughput) => "throughput above 125 MiB/s",
        (_, VolumeRate::IoRequest) => "I/O requests",
    }
}

fn snapshot_charge(dimension: SnapshotRate) -> &'static str {
    match dimension {
        SnapshotRate::Standard => "changed blocks",
        SnapshotRate::Archive => "archive",
        SnapshotRate::ArchiveRetrieval => "archive retrieval",
        SnapshotRate::ArchiveEarlyDelete => "archive, deleted early",
        SnapshotRate::FastRestore => "fast restore, per zone",
    }
}

type Published = Result<(Usd, &'static str, Rate), NoRate>;

/// As AWS's price pages have it: throughput per MiB/s (billed per GiB/s), requests by the million.
fn published(rate: Result<Rate, NoRate>, dimension: VolumeRate) -> Published {
    let rate = rate?;
    let of_unit = (rate.usd, rate.unit.name());
    let (usd, unit) = match dimension {
        VolumeRate::Throughput => per_mibps(rate.usd).map_or(of_unit, |usd| (usd, "MiB/s-month")),
        VolumeRate::IoRequest => per_million(rate.usd).map_or(of_unit, |usd| (usd, "million requests")),
        _ => of_unit,
    };
    Ok((usd, unit, rate))
}

/// The published rate of throughput from the billed one.
pub(super) fn per_mibps(usd_per_gibps: Usd) -> Option<Usd> {
    usd_per_gibps.scaled(Decimal::ONE, MIBPS_PER_GIBPS)
}

pub(super) fn per_million(usd: Usd) -> Option<Usd> {
    usd.scaled(MILLION, Decimal::ONE)
}

fn row(region: &str, resource: &str, charge: &str, rate: Published) -> Vec<Cell> {
    let mut cells = vec![Cell::text(region), Cell::text(resource), Cell::text(charge)];
    let Ok((usd, unit, Rate { provenance, .. })) = rate else {
        cells.push(Cell::missing("no rate"));
        cells.extend((0..5).map(|_| Cell::missing("")));
        return cells;
    };
    let marked = provenance.mark.as_ref().map_or(String::new(), |mark| format!(" ({mark})"));
    let optional = |text: Option<&str>| text.map_or(Cell::missing(""), Cell::text);
    cells.extend([
        Cell::rate(usd),
        Cell::text(unit),
        Cell::new(format!("{}{marked}", provenance.as_of), &*provenance.as_of),
        optional(provenance.mark.as_deref()),
        Cell::text(&*provenance.source),
        optional(provenance.sku_rate_code.as_deref()),
    ]);
    cells
}
