//! What an hour or a job costs: electricity, depreciation, one training run.

use rust_decimal::Decimal;

use super::terms::Percentage;
use crate::money::Usd;

const HOURS_PER_YEAR: u32 = 8760;
const SECONDS_PER_HOUR: u32 = 3600;
const WATTS_PER_KILOWATT: u32 = 1000;

/// Energy at the meter: watts of the machine × hours × PUE, in kWh.
/// `None` if the product leaves the range of decimals; so for all of this room.
///
/// ```
/// # use gpucost::break_even::hourly::energy_kwh;
/// let kwh = energy_kwh(450.into(), (365 * 2).into(), 1.into()).unwrap();
/// assert_eq!(kwh.normalize().to_string(), "328.5");
/// ```
pub fn energy_kwh(watts: Decimal, hours: Decimal, pue: Decimal) -> Option<Decimal> {
    watts.checked_mul(hours)?.checked_mul(pue)?.checked_div(WATTS_PER_KILOWATT.into())
}

/// The machine's price over the hours it is used in its life (years of 8,760 hours at this utilization).
/// `None` too for a machine that is never used: its hour has no price.
pub fn depreciation_per_hour(price: Usd, life_years: Decimal, utilization: Percentage) -> Option<Usd> {
    let hours = life_years.checked_mul(HOURS_PER_YEAR.into())?.checked_mul(utilization.fraction())?;
    if hours <= Decimal::ZERO {
        return None;
    }
    price.scaled(Decimal::ONE, hours)
}

/// One job of so many seconds at an hourly rate, by the second; the minimum of a start is billing's, not a job's.
pub fn job_cost(seconds: Decimal, usd_per_hour: Usd) -> Option<Usd> {
    usd_per_hour.scaled(seconds, SECONDS_PER_HOUR.into())
}
