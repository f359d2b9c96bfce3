//! Snapshots: changed blocks by the GB-month. Only a billing export tells how many; a description
//! bounds them from above. <https://aws.amazon.com/ebs/pricing/> (read 2026-11-22)

use rust_decimal::{Decimal, RoundingStrategy};

use super::line_item::{Charged, RunUp};
use crate::catalog::{RateCard, SnapshotRate, UsageKind, UsageType};
use crate::ledger::{Meter, Usage};
use crate::quantity::{Quantity, Unit};
use crate::time::{Month, Period};

pub(super) fn charged(
    usage: &Usage,
    size_gb: Decimal,
    archived: bool,
    part: Period,
    card: &RateCard,
    month: Month,
) -> Charged<'static> {
    let (tier, name, usage_type) = if archived {
        (SnapshotRate::Archive, "archived snapshot", UsageType::bare(UsageKind::SnapshotArchive, "Storage"))
    } else {
        (SnapshotRate::Standard, "snapshot", UsageType::bare(UsageKind::Snapshot, ""))
    };
    let months = RunUp::since(month.period().start, part, None).months(size_gb, month);
    let quantity = Quantity::new(months, Unit::GbMonth);
    let subject = format!("{name}, at most {} GB", at_most(size_gb));
    let rate = card.snapshot(&usage.resource.region, tier);
    Charged::priced(Meter::Snapshot, subject, part, quantity, rate).of_usage_type(usage_type)
}

/// Rounded up: an upper bound stays one.
fn at_most(size_gb: Decimal) -> Decimal {
    size_gb.round_dp_with_strategy(3, RoundingStrategy::AwayFromZero).normalize()
}
