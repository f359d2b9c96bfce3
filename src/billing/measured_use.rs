//! How one instance was used over a window: the measured side of a break-even.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::LineItem;
use crate::ledger::{Certainty, Meter};
use crate::money::Usd;
use crate::time::{Period, day, utc_date};

const SECONDS_PER_DAY: Decimal = Decimal::from_parts(86_400, 0, 0, false, 0);
const HOURS_PER_DAY: Decimal = Decimal::from_parts(24, 0, 0, false, 0);

/// Hours, compute cost and storage of one instance: one machine takes the place of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasuredUse {
    pub instance_type: String,
    pub region: String,
    /// The instance with most hours of its type and region.
    pub instance_id: String,
    /// How many instances of this type ran in this region.
    pub instances: usize,
    /// From the day the instance is first known to run, to the last instant known.
    pub window: Period,
    pub hours: Decimal,
    /// At most 24: minimum charges can add up to more.
    pub hours_per_day: Decimal,
    /// What the hours with a rate cost together: at the rates paid where the records name them
    /// (spot of an export: AWS's effective cost), else the card's.
    pub rated_cost: Usd,
    pub rated_hours: Decimal,
    /// The date of the rates, where all hours with a rate have the same.
    pub rate_as_of: Option<String>,
    pub storage: MeasuredStorage,
}

/// What the instance's volumes cost. A billing export does not say which instance a volume belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasuredStorage {
    /// Dollars per calendar month, averaged over the window.
    PerMonth(Usd),
    /// No volume of the instance is in the records, which does not say that it has none.
    NotRecorded,
    /// The records know of a volume whose cost they do not.
    Unpriced,
}

impl MeasuredUse {
    pub fn days(&self) -> Decimal {
        Decimal::from(self.window.seconds()) / SECONDS_PER_DAY
    }

    /// Hours without a rate: spot without its price, say.
    pub fn unrated_hours(&self) -> Decimal {
        self.hours - self.rated_hours
    }

    /// What an hour costs, with the unrated hours at `unrated`: six decimals are what rounded lines leave sure.
    /// `None` if there are unrated hours and no rate for them, or none at all.
    pub fn usd_per_hour(&self, unrated: Option<Usd>) -> Option<Usd> {
        let rest = match self.unrated_hours() {
            hours if hours.is_zero() => Usd::ZERO,
            hours => unrated?.scaled(hours, Decimal::ONE)?,
        };
        let cost = self.rated_cost.checked_add(rest)?;
        Some(cost.scaled(Decimal::ONE, self.hours)?.to_decimals(6))
    }
}

/// The use of the busiest instance of `instance_type`, or of the type with most hours; `None` if none ran.
///
/// Of `within`, time before the instance first ran and after the last instant the lines know is left out:
/// its state then is unknown, and unknown is not zero hours.
pub fn measured_use(lines: &[LineItem], instance_type: Option<&str>, within: Period) -> Option<MeasuredUse> {
    let end = measured(lines).map(|line| line.period.end).max()?.min(within.end);
    let within = Period { end, ..within };
    let ran = || measured(lines).filter(|line| line.meter == Meter::Compute && lies_in(line, within));
    let mut hours: BTreeMap<(&str, &str), BTreeMap<&str, Decimal>> = BTreeMap::new();
    for line in ran().filter(|line| instance_type.is_none_or(|wanted| wanted == line.subject)) {
        let of_type = hours.entry((&line.subject, &line.resource.region)).or_default();
        *of_type.entry(&line.resource.id).or_default() += hours_of(line);
    }
    let ((instance_type, region), of_type) =
        hours.into_iter().max_by_key(|(_, of_type)| of_type.values().sum::<Decimal>())?;
    // Corrections of an export may take back what they found.
    let (id, hours) = of_type.iter().filter(|(_, hours)| **hours > Decimal::ZERO).max_by_key(|(_, hours)| **hours)?;
    let is_it = |line: &LineItem| line.subject == instance_type && line.resource.id == **id;
    let window = known_window(lines, id, within, is_it)?;
    let days = Decimal::from(window.seconds()) / SECONDS_PER_DAY;
    let rated: Vec<(Usd, Decimal)> =
        ran().filter(|line| is_it(line)).filter_map(|line| Some((paid(line)?, hours_of(line)))).collect();
    Some(MeasuredUse {
        instance_type: instance_type.to_owned(),
        region: region.to_owned(),
        instance_id: (*id).to_owned(),
        instances: of_type.len(),
        window,
        hours: *hours,
        hours_per_day: hours.checked_div(days)?.min(HOURS_PER_DAY),
        rated_cost: rated.iter().map(|(cost, _)| *cost).sum(),
        rated_hours: rated.iter().map(|(_, hours)| *hours).sum(),
        rate_as_of: one_date(ran().filter(|line| is_it(line))),
        storage: storage(lines, id, window),
    })
}

pub(super) fn measured(lines: &[LineItem]) -> impl Iterator<Item = &LineItem> {
    lines.iter().filter(|line| line.certainty == Certainty::Measured)
}

pub(super) fn lies_in(line: &LineItem, window: Period) -> bool {
    window.start <= line.period.start && line.period.end <= window.end
}

pub(super) fn hours_of(line: &LineItem) -> Decimal {
    line.quantity.map_or(Decimal::ZERO, |quantity| quantity.amount)
}

/// By its rate; where an export names none (spot), AWS's own figure of what it cost. $0 there says nothing.
pub(super) fn paid(line: &LineItem) -> Option<Usd> {
    line.charge.cost().or_else(|| line.effective_cost.filter(|cost| !cost.is_zero()))
}

pub(super) fn one_date<'a>(lines: impl Iterator<Item = &'a LineItem>) -> Option<String> {
    let mut dates = lines.filter_map(|line| line.charge.rate()).map(|rate| rate.provenance.as_of.as_ref());
    let first = dates.next()?;
    dates.all(|date| date == first).then(|| first.to_owned())
}

fn belongs_to(line: &LineItem, id: &str) -> bool {
    line.resource.id == id || line.resource.instance_id.as_deref() == Some(id)
}

/// The part of `within` in which the instance's state is known, from midnight of its first day on.
pub(super) fn known_window(
    lines: &[LineItem],
    id: &str,
    within: Period,
    is_it: impl Fn(&LineItem) -> bool,
) -> Option<Period> {
    let is_run = |line: &&LineItem| line.meter == Meter::Compute && is_it(line);
    let first = measured(lines).filter(is_run).map(|line| line.period.start).min()?;
    let start = day(utc_date(first)).start.max(within.start);
    // Where it may be running still, the ledger knows no more than what it last saw of it.
    let open = |line: &LineItem| line.certainty == Certainty::Possible && line.period.end >= within.end;
    let end = if lines.iter().filter(is_run).any(open) {
        let seen: Option<Timestamp> = measured(lines)
            .filter(|line| belongs_to(line, id) && lies_in(line, within))
            .map(|line| line.period.end)
            .max();
        seen?
    } else {
        within.end
    };
    (start < end).then_some(Period { start, end })
}

/// The cost of the volumes linked to the instance. An export's rows name no instance: other evidence may.
pub(super) fn storage(lines: &[LineItem], id: &str, window: Period) -> MeasuredStorage {
    let is_storage =
        |line: &&LineItem| matches!(line.meter, Meter::VolumeStorage | Meter::VolumeIops | Meter::VolumeThroughput);
    let linked: BTreeSet<&str> = lines
        .iter()
        .filter(is_storage)
        .filter(|line| line.resource.instance_id.as_deref() == Some(id))
        .map(|line| line.resource.id.as_str())
        .collect();
    let owned = |line: &&LineItem| match &line.resource.instance_id {
        Some(instance) => instance == id,
        None => linked.contains(line.resource.id.as_str()),
    };
    let of_it: Vec<&LineItem> =
        measured(lines).filter(is_storage).filter(owned).filter(|line| lies_in(line, window)).collect();
    if of_it.is_empty() {
        return MeasuredStorage::NotRecorded;
    }
    of_it
        .iter()
        .try_fold(Usd::ZERO, |sum, line| sum.checked_add(line.charge.cost()?))
        .and_then(|cost| cost.scaled(Decimal::ONE, calendar_months(window)))
        // Each day's line was rounded at 10 decimals: six are what a window of years leaves sure.
        .map_or(MeasuredStorage::Unpriced, |cost| MeasuredStorage::PerMonth(cost.to_decimals(6)))
}

/// The window's length in calendar months, parts of a month by its own length.
fn calendar_months(window: Period) -> Decimal {
    window
        .months()
        .filter_map(|month| {
            let part = window.intersection(month.period())?;
            Some(Decimal::from(part.seconds()) / Decimal::from(month.seconds()))
        })
        .sum()
}
