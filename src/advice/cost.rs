//! What things have cost and what they cost a month, each with the line that says how.
//!
//! Accrued dollars are billing's own line items over the usage the ledger measured. A month is the estimate month of
//! 730 hours; storage is charged by the month, so that its dollars a month are GB × rate in any of them.

use jiff::Timestamp;
use rust_decimal::{Decimal, RoundingStrategy};

use super::dollars::Dollars;
use super::inventory::Address;
use crate::billing::{Charge, charges_by_month, volume_charges};
use crate::catalog::{NoRate, Rate, RateCard, SnapshotRate, VolumeType};
use crate::ledger::{Certainty, SnapshotSeen, Subject, Usage, VolumeShape};
use crate::money::Usd;
use crate::quantity::exact;
use crate::time::{ESTIMATE_MONTH_HOURS, Period, hours};

pub(super) const UNKNOWN_SIZE: &str = "its size is unknown: import `aws ec2 describe-volumes` too";

pub(super) fn estimate_month_hours() -> Decimal {
    Decimal::from(ESTIMATE_MONTH_HOURS)
}

/// `rate as of 2024-07-18, ec2.shop-ebs`, with the mark of a rate that is not to be taken as fresh.
pub(super) fn as_of(rate: &Rate) -> String {
    let provenance = &rate.provenance;
    let mark = provenance.mark.as_ref().map_or(String::new(), |mark| format!("; {mark}"));
    format!("rate as of {}, {}{mark}", provenance.as_of, provenance.source)
}

fn no_rate(missing: &NoRate) -> Dollars {
    Dollars::unknown(missing.to_string())
}

fn priced(amount: Decimal, rate: &Rate) -> Dollars {
    match Usd::of_line_item(amount, rate.usd) {
        Some(cost) => Dollars::Exact(cost),
        None => Dollars::unknown("the cost is too large to hold exactly"),
    }
}

/// `gp3 500 GB, 4,000 IOPS, 250 MiB/s`.
pub(super) fn shape_name(shape: Option<&VolumeShape>) -> String {
    let Some(shape) = shape else { return "volume of unknown size".to_owned() };
    let mut name = format!("{} {} GB", shape.volume_type, grouped(shape.size_gb));
    if let Some(iops) = shape.iops {
        name.push_str(&format!(", {} IOPS", grouped(iops)));
    }
    if let Some(mibps) = shape.throughput_mibps {
        name.push_str(&format!(", {} MiB/s", grouped(mibps)));
    }
    name
}

pub(super) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What a volume of this shape costs a month in this region.
pub(super) fn volume_month(region: &str, shape: Option<&VolumeShape>, card: &RateCard) -> Dollars {
    let Some(shape) = shape else { return Dollars::unknown(UNKNOWN_SIZE) };
    let Some(volume_type) = VolumeType::from_name(&shape.volume_type) else {
        return Dollars::unknown(format!("gpucost does not know the volume type `{}`", shape.volume_type));
    };
    let month = volume_charges(volume_type, shape).fold(Dollars::ZERO, |month, charge| {
        month.plus(match card.volume(region, volume_type, charge.rate) {
            Ok(rate) => priced(charge.amount, &rate),
            Err(missing) => no_rate(&missing),
        })
    });
    if volume_type.requires_iops() && shape.iops.is_none() {
        return month.plus(Dollars::unknown(format!("the provisioned IOPS of this {volume_type} volume are unknown")));
    }
    month
}

/// The lines that derive it.
pub(super) fn volume_month_lines(region: &str, shape: Option<&VolumeShape>, card: &RateCard) -> Vec<String> {
    let known = shape.and_then(|shape| Some((shape, VolumeType::from_name(&shape.volume_type)?)));
    let Some((shape, volume_type)) = known else { return Vec::new() };
    let lines = volume_charges(volume_type, shape).filter_map(|charge| {
        let rate = card.volume(region, volume_type, charge.rate).ok()?;
        Some(format!(
            "{}: {} × {} per {} = {} a month ({})",
            charge.subject(),
            exact(charge.amount),
            rate.usd.rate(),
            rate.unit,
            priced(charge.amount, &rate),
            as_of(&rate)
        ))
    });
    lines.collect()
}

/// What a full snapshot of so many GB costs at most: changed blocks are billed, and how many is not known before.
pub(super) fn snapshot_month(
    region: &str,
    tier: SnapshotRate,
    shape: Option<&VolumeShape>,
    card: &RateCard,
) -> Dollars {
    match per_gb(region, tier, shape, card) {
        // The archive keeps whole snapshots, but of the blocks in use only.
        Dollars::Exact(most) => Dollars::at_most(most),
        unknown => unknown,
    }
}

/// What snapshots of so many GB together cost a month at most.
pub(super) fn snapshots_month(region: &str, tier: SnapshotRate, size_gb: Decimal, card: &RateCard) -> Dollars {
    match card.snapshot(region, tier).map(|rate| priced(size_gb, &rate)) {
        Ok(Dollars::Exact(most)) => Dollars::at_most(most),
        Ok(unknown) => unknown,
        Err(missing) => no_rate(&missing),
    }
}

/// How large a snapshot is at most: all blocks that were written, or all of its volume where AWS does not tell.
pub(super) fn snapshot_gb(seen: &SnapshotSeen) -> Decimal {
    let gibibyte = Decimal::from(1_u64 << 30);
    seen.full_size_bytes.map_or(Decimal::from(seen.volume_size_gb), |bytes| Decimal::from(bytes) / gibibyte)
}

/// Rounded up: an upper bound stays one.
pub(super) fn at_most_gb(size_gb: Decimal) -> Decimal {
    size_gb.round_dp_with_strategy(1, RoundingStrategy::AwayFromZero).normalize()
}

fn per_gb(region: &str, tier: SnapshotRate, shape: Option<&VolumeShape>, card: &RateCard) -> Dollars {
    let Some(shape) = shape else { return Dollars::unknown(UNKNOWN_SIZE) };
    match card.snapshot(region, tier) {
        Ok(rate) => priced(Decimal::from(shape.size_gb), &rate),
        Err(missing) => no_rate(&missing),
    }
}

/// An address held for the estimate month.
pub(super) fn address_month(region: &str, in_use: bool, card: &RateCard) -> Dollars {
    match card.public_ipv4(region, in_use) {
        Err(missing) => no_rate(&missing),
        Ok(rate) => priced(estimate_month_hours(), &rate),
    }
}

/// The line that derives it, where there is a rate.
pub(super) fn address_month_line(region: &str, in_use: bool, card: &RateCard) -> Option<String> {
    let rate = card.public_ipv4(region, in_use).ok()?;
    Some(format!(
        "public IPv4 address: {ESTIMATE_MONTH_HOURS} h × {} per {} = {} in an estimate month ({})",
        rate.usd.rate(),
        rate.unit,
        priced(estimate_month_hours(), &rate),
        as_of(&rate)
    ))
}

/// What this usage cost in `window`. Usage that only may have happened counts up to `sure_until`, to where other
/// evidence shows that it did; what may have been on top of something sure is at most.
pub(super) fn spent(usage: &[&Usage], window: Period, sure_until: Timestamp, card: &RateCard) -> Dollars {
    let mut sum = Dollars::ZERO;
    for used in usage {
        let end = match used.certainty {
            Certainty::Measured => window.end,
            Certainty::Possible => window.end.min(sure_until),
        };
        let on_top = is_on_top(used, usage);
        for charge in charges_by_month(used, card, Period { start: window.start, end }) {
            sum = sum.plus(match charge {
                Charge::Rated { cost, .. } if on_top => Dollars::at_most(cost),
                Charge::Rated { cost, .. } => Dollars::Exact(cost),
                Charge::Unrated { why } => Dollars::Unknown { why },
            });
        }
    }
    sum
}

/// Whether it may have been beside what surely was of the same volume: a volume changed between two sights.
fn is_on_top(used: &Usage, usage: &[&Usage]) -> bool {
    let is_volume = |used: &Usage| matches!(used.subject, Subject::Volume { .. } | Subject::VolumeOneOf { .. });
    let beside = |other: &&Usage| {
        other.certainty == Certainty::Measured
            && is_volume(other)
            && other.resource.id == used.resource.id
            && other.period.intersection(used.period).is_some()
    };
    used.certainty == Certainty::Possible && is_volume(used) && usage.iter().any(beside)
}

/// When something began to cost in vain, at the earliest and at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Since {
    pub earliest: Timestamp,
    pub latest: Timestamp,
}

/// What this usage cost from then up to `until`: the bounds that the evidence gives.
pub(super) fn accrued(usage: &[&Usage], since: Since, until: Timestamp, card: &RateCard) -> Dollars {
    let from = |start: Timestamp| spent(usage, Period { start, end: until }, until, card);
    let sure = from(since.latest);
    if since.earliest == since.latest {
        return sure;
    }
    let widest = from(since.earliest);
    let most = match (widest.most(), widest.why_unknown()) {
        (Some(most), _) => Ok(most),
        (None, why) => Err(why.unwrap_or("it is unknown").to_owned()),
    };
    Dollars::of(sure.least().unwrap_or(Usd::ZERO), most)
}

/// The most this usage has cost by now, if it went on after it was last seen, at `until`.
pub(super) fn accrued_by_now(
    usage: &[&Usage],
    since: Since,
    until: Timestamp,
    now: Timestamp,
    card: &RateCard,
) -> Option<Usd> {
    if now <= until {
        return None;
    }
    spent(usage, Period { start: since.earliest, end: now }, now, card).most()
}

/// Of text that somebody wrote: long enough for what AWS does.
pub(super) fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}

/// `2026-10-31 12:00 UTC`.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Whole days from one instant to another; none if that lies before.
pub(super) fn whole_days(from: Timestamp, to: Timestamp) -> i64 {
    (Period { start: from, end: to }.seconds() / 86_400).max(0)
}

/// What an address held without use has cost, and the most by now. Its usage reaches from its first to its last sight;
/// that it was held before, within `since`, is possible and not known.
pub(super) fn address_accrued(
    address: &Address<'_>,
    since: Since,
    until: Timestamp,
    now: Timestamp,
    card: &RateCard,
) -> (Dollars, Option<Usd>) {
    let held = |end: Timestamp| match card.public_ipv4(&address.resource.region, false) {
        Ok(rate) => priced(hours(Period { start: since.earliest, end }.seconds().max(0)), &rate),
        Err(missing) => no_rate(&missing),
    };
    let sure = spent(&address.usage, Period { start: since.latest, end: until }, Timestamp::MIN, card);
    let most = match held(until) {
        Dollars::Exact(most) => Ok(most.max(sure.least().unwrap_or(Usd::ZERO))),
        unknown => Err(unknown.why_unknown().unwrap_or("it is unknown").to_owned()),
    };
    (Dollars::of(sure.least().unwrap_or(Usd::ZERO), most), held(now.max(until)).most())
}
