//! AWS's billing rules, one rule a file: rates and usage over a month become line items.
//!
//! A line item covers one UTC day at most, so that the same lines serve the bill, the daily chart and
//! the CSV, however the ledger happened to be cut.

mod address;
mod compute;
mod line_item;
mod measured_use;
mod metered;
mod snapshot;
mod volume;

use std::collections::HashSet;

use jiff::civil::Date;

pub use line_item::{Bill, Charge, LineItem};
pub use measured_use::{MeasuredUse, measured_use};
pub use volume::{VolumeCharge, volume_charges};

use crate::catalog::RateCard;
use crate::ledger::{Ledger, Meter, Subject, Usage};
use crate::time::{Month, Period, utc_date};

/// AWS bills at least this many seconds for each start of an instance and each volume.
/// <https://aws.amazon.com/ec2/pricing/on-demand/>, <https://aws.amazon.com/ebs/pricing/> (read 2026-11-22)
pub const MINIMUM_SECONDS: i64 = 60;

/// The line items of one calendar month (UTC), by day, resource and meter.
///
/// Where a billing export covers a resource's day, its rows are the line items of that day and meter, and
/// what other evidence says of it is left out: AWS's own meter is the better witness.
pub fn bill(ledger: &Ledger, card: &RateCard, month: Month) -> Bill {
    let metered: Vec<LineItem> = ledger
        .metered
        .iter()
        .filter(|(_, row)| Month::of(row.start) == month)
        .map(|(evidence, row)| metered::line_item(row, evidence))
        .collect();
    let exported = Exported::new(&metered);
    let mut line_items: Vec<LineItem> = ledger
        .usage
        .iter()
        .flat_map(|usage| line_items(usage, card, month))
        .filter(|line| !exported.covers(line))
        .collect();
    line_items.extend(metered);
    line_items.sort_by(LineItem::reading_order);
    Bill { month, line_items }
}

/// The days and meters that a billing export has the last word on.
struct Exported {
    resources: HashSet<(String, Meter, Date)>,
    /// Address rows name a network interface, not the instance: whole regions are compared.
    addresses: HashSet<(String, Meter, Date)>,
}

impl Exported {
    fn new(metered: &[LineItem]) -> Exported {
        let key = |line: &LineItem, id: &str| (id.to_owned(), line.meter, utc_date(line.period.start));
        let is_address = |line: &&LineItem| matches!(line.meter, Meter::PublicIpv4InUse | Meter::PublicIpv4Idle);
        Exported {
            resources: metered.iter().map(|line| key(line, &line.resource.id)).collect(),
            addresses: metered.iter().filter(is_address).map(|line| key(line, &line.resource.region)).collect(),
        }
    }

    fn covers(&self, line: &LineItem) -> bool {
        let day = utc_date(line.period.start);
        self.resources.contains(&(line.resource.id.clone(), line.meter, day))
            || self.addresses.contains(&(line.resource.region.clone(), line.meter, day))
    }
}

fn line_items(usage: &Usage, card: &RateCard, month: Month) -> Vec<LineItem> {
    let Some(in_month) = usage.period.intersection(month.period()).or_else(|| instant_in(usage, month)) else {
        return Vec::new();
    };
    let days: Vec<Period> =
        if in_month.is_empty() { vec![in_month] } else { in_month.by_day().map(|(_, part)| part).collect() };
    days.into_iter().flat_map(|part| line_items_of_day(usage, part, card, month)).collect()
}

/// The line items of one usage over part of its period, one for each charge and calendar month it touches:
/// for sums that name no day. They differ from the same days of a bill by the rounding of a line at most.
pub fn line_items_by_month(usage: &Usage, card: &RateCard, part: Period) -> Vec<LineItem> {
    let Some(part) = usage.period.intersection(part) else { return Vec::new() };
    let parts = part.months().filter_map(|month| Some((month, part.intersection(month.period())?)));
    parts.flat_map(|(month, part)| line_items_of_day(usage, part, card, month)).collect()
}

/// A session that ended in the second it began still bills its minimum.
fn instant_in(usage: &Usage, month: Month) -> Option<Period> {
    let has_minimum = matches!(usage.subject, Subject::Compute { session: Some(_), .. });
    (has_minimum && usage.period.is_empty() && month.period().contains(usage.period.start)).then_some(usage.period)
}

fn line_items_of_day(usage: &Usage, part: Period, card: &RateCard, month: Month) -> Vec<LineItem> {
    match &usage.subject {
        Subject::Compute { .. } => vec![compute::line_item(usage, part, card)],
        Subject::Volume { shape, life } => volume::line_items(usage, shape, *life, part, card, month),
        Subject::VolumeOfUnknownSize => vec![volume::unknown_size(usage, part)],
        Subject::Snapshot { size_gb, archived } => {
            vec![snapshot::line_item(usage, *size_gb, *archived, part, card, month)]
        }
        Subject::PublicIpv4 { in_use } => vec![address::line_item(usage, *in_use, part, card)],
    }
}
