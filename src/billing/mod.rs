//! AWS's billing rules, one rule a file: rates and usage over a month become line items.
//!
//! A line item covers one UTC day at most (but for rows of exports that are coarser), so that the same lines serve the bill, the daily chart and
//! the CSV, however the ledger happened to be cut.

mod account_totals;
mod address;
mod changed_volume;
mod compute;
mod daily_use;
mod exported;
mod fleet_use;
mod line_item;
mod measured_use;
mod metered;
pub mod reconcile;
mod snapshot;
mod volume;

use jiff::Timestamp;

pub use account_totals::AccountTotals;
use account_totals::is_total;
use compute::Compute;
pub use daily_use::daily_use;
use exported::Exported;
pub use fleet_use::{FleetUse, InstanceUse, fleet_use};
use line_item::Charged;
pub use line_item::{Bill, Charge, LineItem};
pub use measured_use::{MeasuredStorage, MeasuredUse, measured_use};
pub use metered::at_card_rate;
pub use volume::{VolumeCharge, volume_charges};

use crate::catalog::{Rate, RateCard};
use crate::ledger::{Evidence, Ledger, Metered, Subject, Usage};
use crate::time::{Month, Period, day, utc_date};

/// AWS bills at least this many seconds for each start of an instance and each volume.
/// <https://aws.amazon.com/ec2/pricing/on-demand/>, <https://aws.amazon.com/ebs/pricing/> (read 2026-11-22)
pub const MINIMUM_SECONDS: i64 = 60;

/// The line items of one calendar month (UTC), by day, resource and meter.
///
/// Where a billing export reaches (from its first to its last charge of an account, region and month), its rows are the
/// line items of the resources it names, and what other evidence says of them is left out. Rows of exports coarser than
/// a day stay as they are. Cost Explorer's totals count where nothing else is recorded ([`AccountTotals`]).
pub fn bill(ledger: &Ledger, card: &RateCard, month: Month) -> Bill {
    Bill { month, line_items: line_items_within(ledger, card, month.period()) }
}

/// The line items of all time, as [`bill`] has them. AWS sells compute since August 2006: what a record
/// dates before that, or a century after, is left out, so that no record makes work without end.
pub fn all_line_items(ledger: &Ledger, card: &RateCard) -> Vec<LineItem> {
    let edge = |year| Month::new(year, 8).map(|month| month.period().start);
    let (start, end) = (edge(2006).unwrap_or(Timestamp::MIN), edge(2106).unwrap_or(Timestamp::MAX));
    line_items_within(ledger, card, Period { start, end })
}

fn line_items_within(ledger: &Ledger, card: &RateCard, window: Period) -> Vec<LineItem> {
    let totals = AccountTotals::of(ledger);
    let counted = |(evidence, row): &&(Evidence, Metered)| !is_total(evidence) || totals.counts(row);
    let (of_accounts, of_resources): (Vec<_>, Vec<_>) = ledger
        .metered
        .iter()
        .filter(|(_, row)| window.contains(row.start))
        .filter(counted)
        .partition(|(evidence, _)| is_total(evidence));
    let line_items_of = |rows: Vec<&(Evidence, Metered)>| -> Vec<LineItem> {
        rows.into_iter().map(|(evidence, row)| metered::line_item(row, evidence)).collect()
    };
    let metered = line_items_of(of_resources);
    let exported = Exported::new(&metered);
    let mut line_items = Vec::new();
    for usage in &ledger.usage {
        let left = exported.left_to(usage, window);
        let days = left.into_iter().flat_map(|part| days_of(usage, part));
        let lines = days.flat_map(|day| charged(usage, day, card)).map(|charged| LineItem::of(usage, charged));
        line_items.extend(lines.filter(|line| !totals.cover_possible(usage, Month::of(line.period.start), line.meter)));
    }
    drop(exported);
    line_items.extend(metered);
    line_items.extend(line_items_of(of_accounts));
    line_items.sort_by(LineItem::reading_order);
    line_items
}

fn days_of(usage: &Usage, window: Period) -> impl Iterator<Item = Period> {
    let instant = instant_in(usage, window);
    let within = usage.period.intersection(window);
    instant.into_iter().chain(within.into_iter().flat_map(|within| within.by_day().map(|(_, part)| part)))
}

/// The line items of one usage over part of its period, one for each charge and calendar month it touches:
/// for sums that name no day. They differ from the same days of a bill by the rounding of a line at most.
pub fn line_items_by_month(usage: &Usage, card: &RateCard, part: Period) -> Vec<LineItem> {
    charged_by_month(usage, card, part).map(|charged| LineItem::of(usage, charged)).collect()
}

/// What [`line_items_by_month`] come to.
pub fn charges_by_month(usage: &Usage, card: &RateCard, part: Period) -> impl Iterator<Item = Charge> {
    charged_by_month(usage, card, part).map(|charged| charged.charge)
}

fn charged_by_month<'a>(usage: &'a Usage, card: &RateCard, part: Period) -> impl Iterator<Item = Charged<'a>> {
    let part = usage.period.intersection(part);
    part.into_iter().flat_map(months_of).flat_map(|part| charged(usage, part, card))
}

/// The rate of the hours that an instance ran, or why there is none. `None` of other usage.
pub fn hourly_rate(usage: &Usage, card: &RateCard) -> Option<Result<Rate, String>> {
    Some(match compute_of(&usage.subject)?.rate(usage, card) {
        Ok(rate) => rate.map_err(|missing| missing.to_string()),
        Err(why) => Err(why.into_owned()),
    })
}

fn compute_of(subject: &Subject) -> Option<Compute<'_>> {
    let Subject::Compute { instance_type, platform, purchase, usd_per_hour, session } = subject else { return None };
    let (purchase, usd_per_hour, session) = (*purchase, *usd_per_hour, *session);
    Some(Compute { instance_type, platform, purchase, usd_per_hour, session })
}

/// The charges of one usage in a window, the whole days of a month together: to the digit what a bill has of it by day,
/// exports apart.
pub fn charges_of_usage(usage: &Usage, card: &RateCard, window: Period) -> impl Iterator<Item = Charge> {
    let within = usage.period.intersection(window);
    let days = within.into_iter().flat_map(months_of).flat_map(whole_days_together);
    let parts = instant_in(usage, window).into_iter().chain(days);
    parts.flat_map(|part| charged(usage, part, card)).map(|charged| charged.charge)
}

/// A period cut at the ends of calendar months.
fn months_of(period: Period) -> impl Iterator<Item = Period> {
    period.months().filter_map(move |month| period.intersection(month.period()))
}

/// A period of one month as what it has of its first day, the days after it, and what it has of its last.
fn whole_days_together(part: Period) -> impl Iterator<Item = Period> {
    let first = day(utc_date(part.start));
    let first = if part.start == first.start { part.start } else { first.end.min(part.end) };
    let last = day(utc_date(part.end)).start.max(first);
    let cuts = [(part.start, first), (first, last), (last, part.end)];
    cuts.into_iter().map(|(start, end)| Period { start, end }).filter(|part| !part.is_empty())
}

/// A session that ended in the instant it began still bills its minimum.
fn instant_in(usage: &Usage, window: Period) -> Option<Period> {
    let at = usage.period.start;
    let has_minimum = matches!(usage.subject, Subject::Compute { session: Some(_), .. });
    (has_minimum && usage.period.is_empty() && window.contains(at)).then_some(Period { start: at, end: at })
}

/// Of a part within one calendar month.
fn charged<'a>(usage: &'a Usage, part: Period, card: &RateCard) -> Vec<Charged<'a>> {
    let month = Month::of(part.start);
    match &usage.subject {
        subject @ Subject::Compute { .. } => {
            compute_of(subject).into_iter().map(|compute| compute.charged(usage, part, card)).collect()
        }
        Subject::Volume { shape, life } => volume::charged(usage, shape, *life, part, card, month),
        Subject::VolumeOneOf { one, other } => changed_volume::charged(usage, one, other, part, card, month),
        Subject::VolumeOfUnknownSize => vec![volume::unknown_size(part)],
        Subject::Snapshot { size_gb, archived } => {
            vec![snapshot::charged(usage, *size_gb, *archived, part, card, month)]
        }
        Subject::PublicIpv4 { in_use } => vec![address::charged(usage, *in_use, part, card)],
    }
}
