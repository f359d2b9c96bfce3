//! How one instance type was used over a window: the measured side of a break-even.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::LineItem;
use crate::ledger::{Certainty, Meter};
use crate::money::Usd;
use crate::time::Period;

/// Hours and storage of all instances of one type in one region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasuredUse {
    pub instance_type: String,
    pub region: String,
    pub instances: usize,
    pub window: Period,
    pub hours: Decimal,
    pub hours_per_day: Decimal,
    /// What their volumes cost per calendar month, averaged over the window; `None` if some of it is unrated.
    pub storage_per_month: Option<Usd>,
}

/// The use of `instance_type`, or of the type with most hours, in `window`; `None` if none ran.
pub fn measured_use(lines: &[LineItem], instance_type: Option<&str>, window: Period) -> Option<MeasuredUse> {
    let in_window = |line: &&LineItem| {
        line.certainty == Certainty::Measured && window.contains(line.period.start) && line.period.end <= window.end
    };
    let compute = || {
        lines
            .iter()
            .filter(in_window)
            .filter(|line| line.meter == Meter::Compute && instance_type.is_none_or(|wanted| wanted == line.subject))
    };
    let mut hours: BTreeMap<(&str, &str), Decimal> = BTreeMap::new();
    for line in compute() {
        let amount = line.quantity.map_or(Decimal::ZERO, |quantity| quantity.amount);
        *hours.entry((&line.subject, &line.resource.region)).or_default() += amount;
    }
    let ((instance_type, region), hours) = hours.into_iter().max_by_key(|(_, hours)| *hours)?;
    let mut instances: Vec<&str> = compute()
        .filter(|line| line.subject == instance_type && line.resource.region == region)
        .map(|line| line.resource.id.as_str())
        .collect();
    instances.sort_unstable();
    instances.dedup();
    let owned = |line: &&LineItem| line.resource.instance_id.as_deref().is_some_and(|id| instances.contains(&id));
    let is_storage =
        |line: &&LineItem| matches!(line.meter, Meter::VolumeStorage | Meter::VolumeIops | Meter::VolumeThroughput);
    let storage: Option<Usd> = lines
        .iter()
        .filter(in_window)
        .filter(is_storage)
        .filter(owned)
        .map(|line| line.charge.cost())
        .try_fold(Usd::ZERO, |sum, cost| Some(sum + cost?));
    let days = Decimal::from(window.seconds()) / Decimal::from(86_400);
    Some(MeasuredUse {
        instance_type: instance_type.to_owned(),
        region: region.to_owned(),
        instances: instances.len(),
        window,
        hours,
        hours_per_day: hours.checked_div(days)?,
        // Each day's line was rounded at 10 decimals: six are what a window of years leaves sure.
        storage_per_month: storage
            .and_then(|storage| storage.scaled(Decimal::ONE, calendar_months(window)))
            .map(|storage| storage.to_decimals(6)),
    })
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
