//! The hours of a measured instance, day by day: the history that "buy now or wait" is decided from.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{LineItem, MeasuredUse};
use crate::ledger::{Certainty, Meter};
use crate::time::utc_date;

const HOURS_PER_DAY: Decimal = Decimal::from_parts(24, 0, 0, false, 0);

/// Every day of the measured window with its hours, idle days as zero: inside the window the state is known.
/// At most 24: minimum charges can add up to more.
pub fn daily_use(lines: &[LineItem], measured: &MeasuredUse) -> Vec<(Date, Decimal)> {
    let window = measured.window;
    let mut hours: BTreeMap<Date, Decimal> = window.by_day().map(|(date, _)| (date, Decimal::ZERO)).collect();
    let of_it = lines.iter().filter(|line| {
        line.certainty == Certainty::Measured
            && line.meter == Meter::Compute
            && line.subject == measured.instance_type
            && line.resource.id == measured.instance_id
            && window.start <= line.period.start
            && line.period.end <= window.end
    });
    for line in of_it {
        let amount = line.quantity.map_or(Decimal::ZERO, |quantity| quantity.amount);
        if let Some(day) = hours.get_mut(&utc_date(line.period.start)) {
            *day += amount;
        }
    }
    hours.into_iter().map(|(date, hours)| (date, hours.clamp(Decimal::ZERO, HOURS_PER_DAY))).collect()
}
