//! How all instances of one type were used, hour by hour: what one machine could have shared among them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::measured_use::{hours_of, known_window, lies_in, measured, one_date, paid, storage};
use super::{LineItem, MeasuredStorage, MeasuredUse};
use crate::ledger::Meter;
use crate::money::Usd;
use crate::time::{Period, utc_date};

const SECONDS_PER_HOUR: i64 = 3600;

/// The hours of all instances of a type, wherever they ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetUse {
    /// The busiest instance of them stands for all where one region or rate is needed; hours and costs are of all.
    pub all: MeasuredUse,
    /// With most hours first.
    pub instances: Vec<InstanceUse>,
    /// Instance-hours by the hour they ran in, in hours since 1970; what is not there was idle.
    pub hourly: BTreeMap<i64, Decimal>,
    /// Hours of records longer than an hour that say how many hours ran, not which: spread evenly over each record.
    pub spread_hours: Decimal,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceUse {
    pub id: String,
    pub region: String,
    pub hours: Decimal,
    pub storage: MeasuredStorage,
    /// Its last known instant, if it may have run on after it.
    pub unknown_since: Option<Timestamp>,
}

/// The use of all instances of `instance_type`, or of the type with most hours; `None` if none ran.
///
/// The window begins with the day any of them is first known to run; hours that no record knows are not counted,
/// and [`InstanceUse::unknown_since`] says of which instance there may be more.
pub fn fleet_use(lines: &[LineItem], instance_type: Option<&str>, within: Period) -> Option<FleetUse> {
    let end = measured(lines).map(|line| line.period.end).max()?.min(within.end);
    let within = Period { end, ..within };
    let instance_type = instance_type.or_else(|| most_used_type(lines, within))?;
    let is_run =
        |line: &&LineItem| line.meter == Meter::Compute && line.subject == instance_type && lies_in(line, within);
    let runs: Vec<&LineItem> = measured(lines).filter(is_run).collect();
    let mut hours: BTreeMap<&str, (Decimal, &str)> = BTreeMap::new();
    for line in &runs {
        hours.entry(&line.resource.id).or_insert((Decimal::ZERO, &line.resource.region)).0 += hours_of(line);
    }
    let mut instances: Vec<(InstanceUse, Period)> = hours
        .into_iter()
        .filter(|(_, (hours, _))| *hours > Decimal::ZERO)
        .filter_map(|(id, (hours, region))| instance_use(lines, instance_type, id, region, hours, within))
        .collect();
    instances.sort_by(|(a, _), (b, _)| b.hours.cmp(&a.hours).then_with(|| a.id.cmp(&b.id)));
    let window = Period {
        start: instances.iter().map(|(_, known)| known.start).min()?,
        end: instances.iter().map(|(_, known)| known.end).max()?,
    };
    let instances: Vec<InstanceUse> = instances.into_iter().map(|(instance, _)| instance).collect();
    let ids: BTreeSet<&str> = instances.iter().map(|instance| instance.id.as_str()).collect();
    let runs: Vec<&LineItem> = runs.into_iter().filter(|line| ids.contains(line.resource.id.as_str())).collect();
    let (hourly, spread_hours) = by_hour(&runs)?;
    Some(FleetUse { all: as_one(&instances, &runs, instance_type, window)?, instances, hourly, spread_hours })
}

fn most_used_type(lines: &[LineItem], within: Period) -> Option<&str> {
    let mut hours: BTreeMap<&str, Decimal> = BTreeMap::new();
    for line in measured(lines).filter(|line| line.meter == Meter::Compute && lies_in(line, within)) {
        *hours.entry(&line.subject).or_default() += hours_of(line);
    }
    hours.into_iter().max_by_key(|(_, hours)| *hours).map(|(instance_type, _)| instance_type)
}

fn instance_use(
    lines: &[LineItem],
    instance_type: &str,
    id: &str,
    region: &str,
    hours: Decimal,
    within: Period,
) -> Option<(InstanceUse, Period)> {
    let is_it = |line: &LineItem| line.subject == instance_type && line.resource.id == id;
    let known = known_window(lines, id, within, is_it)?;
    let instance = InstanceUse {
        id: id.to_owned(),
        region: region.to_owned(),
        hours,
        storage: storage(lines, id, known),
        unknown_since: (known.end < within.end).then_some(known.end),
    };
    Some((instance, known))
}

/// All of them as if they were one: the busiest one's name and region, everyone's hours, cost and storage.
fn as_one(instances: &[InstanceUse], runs: &[&LineItem], instance_type: &str, window: Period) -> Option<MeasuredUse> {
    let busiest = instances.first()?;
    let hours: Decimal = instances.iter().map(|instance| instance.hours).sum();
    let rated: Vec<(Usd, Decimal)> = runs.iter().filter_map(|line| Some((paid(line)?, hours_of(line)))).collect();
    let mut all = MeasuredUse {
        instance_type: instance_type.to_owned(),
        region: busiest.region.clone(),
        instance_id: busiest.id.clone(),
        instances: instances.len(),
        window,
        hours,
        hours_per_day: Decimal::ZERO,
        rated_cost: rated.iter().map(|(cost, _)| *cost).sum(),
        rated_hours: rated.iter().map(|(_, hours)| *hours).sum(),
        rate_as_of: one_date(runs.iter().copied()),
        storage: storage_of_all(instances),
    };
    all.hours_per_day = hours.checked_div(all.days())?;
    Some(all)
}

/// One whose storage is unknown makes the sum unknown.
fn storage_of_all(instances: &[InstanceUse]) -> MeasuredStorage {
    let mut sum = Usd::ZERO;
    for instance in instances {
        match instance.storage {
            MeasuredStorage::PerMonth(usd) => sum += usd,
            unknown => return unknown,
        }
    }
    MeasuredStorage::PerMonth(sum)
}

/// Each line's hours over the hours it lies in; and those that its record only counts.
fn by_hour(runs: &[&LineItem]) -> Option<(BTreeMap<i64, Decimal>, Decimal)> {
    let (mut hourly, mut spread) = (BTreeMap::new(), Decimal::ZERO);
    for line in runs {
        let (hours, seconds) = (hours_of(line), line.period.seconds());
        let whole = Decimal::from(seconds) / Decimal::from(SECONDS_PER_HOUR);
        // A start's minimum of a minute makes a line's hours more than its time, never less.
        if seconds > SECONDS_PER_HOUR && hours < whole.trunc_with_scale(2) {
            spread += hours;
        }
        let (start, end) = (line.period.start.as_second(), line.period.end.as_second());
        let mut at = start;
        while at < end {
            let hour = at.div_euclid(SECONDS_PER_HOUR);
            let until = ((hour + 1) * SECONDS_PER_HOUR).min(end);
            // Multiplied first, so that a line of whole hours gives whole hours.
            let part = hours.checked_mul(Decimal::from(until - at))?.checked_div(Decimal::from(seconds))?;
            *hourly.entry(hour).or_default() += part;
            at = until;
        }
    }
    // Corrections of an export may take back hours that another row has in another hour.
    hourly.retain(|_, hours: &mut Decimal| *hours > Decimal::ZERO);
    Some((hourly, spread))
}

impl FleetUse {
    /// Instances that may have run on unknown to the records, and since when.
    pub fn unknown(&self) -> impl Iterator<Item = (&str, jiff::civil::Date)> {
        self.instances.iter().filter_map(|it| Some((it.id.as_str(), utc_date(it.unknown_since?))))
    }
}
