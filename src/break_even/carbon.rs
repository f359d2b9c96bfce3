//! Carbon beside dollars: energy at the meter times what the grid emits for a kilowatt-hour.
//!
//! Use alone: making the machine, and what the rented side's processors, disks and network draw, are not counted.

use rust_decimal::Decimal;

use super::flows::HOURS_A_DAY;
use super::hourly::energy_kwh;
use super::input::{Input, Question};

const GRAMS_A_KILOGRAM: Decimal = Decimal::ONE_THOUSAND;

/// What carbon needs beyond the question; `None` is not known, and so is what rests on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grids {
    /// Drawn by the rented GPUs while they work.
    pub rented_watts: Option<Input<Decimal>>,
    pub cloud_pue: Input<Decimal>,
    /// CO2-equivalent of a kWh where the instance runs.
    pub region_grams_per_kwh: Option<Input<Decimal>>,
    /// The same where the machine stands.
    pub home_grams_per_kwh: Option<Input<Decimal>>,
}

/// Energy and what it emits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footprint {
    pub kwh: Decimal,
    pub kg: Decimal,
}

/// Over the horizon; `None` where something is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carbon {
    pub rent: Option<Footprint>,
    pub own: Option<Footprint>,
}

/// Watts for some hours, with what cooling and conversion add, on a grid. `None` out of the range of decimals.
///
/// ```
/// # use gpucost::break_even::footprint;
/// let run = footprint(300.into(), "93.8".parse()?, "1.19".parse()?, 650.into()).ok_or("out of range")?;
/// assert_eq!((run.kwh.to_string().as_str(), run.kg.to_string().as_str()), ("33.4866", "21.76629"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn footprint(watts: Decimal, hours: Decimal, pue: Decimal, grams_per_kwh: Decimal) -> Option<Footprint> {
    let kwh = energy_kwh(watts, hours, pue)?.normalize();
    Some(Footprint { kwh, kg: kwh.checked_mul(grams_per_kwh)?.checked_div(GRAMS_A_KILOGRAM)?.normalize() })
}

/// Of the question's hours over its horizon. `None` out of the range of decimals.
pub fn carbon(question: &Question, grids: &Grids) -> Option<Carbon> {
    let terms = &question.terms;
    let days = terms.horizon.value.days(terms.month.value)?;
    let hours = terms.hours_per_day.value.checked_mul(days)?;
    let rented = match (&grids.rented_watts, &grids.region_grams_per_kwh) {
        (Some(watts), Some(grams)) => {
            let paid = hours.checked_mul(question.renting.overhead.value)?;
            Some(footprint(watts.value, paid, grids.cloud_pue.value, grams.value)?)
        }
        _ => None,
    };
    let owned = match (&question.owning.electricity, &grids.home_grams_per_kwh) {
        (Some(power), Some(grams)) => {
            let at_work = hours.checked_div(question.owning.speed_ratio.value)?;
            let at_rest = days.checked_mul(HOURS_A_DAY)?.checked_sub(at_work)?;
            let watt_hours = power.load_watts.value.checked_mul(at_work)?;
            let watt_hours = watt_hours.checked_add(power.idle_watts.value.checked_mul(at_rest)?)?;
            Some(footprint(watt_hours, Decimal::ONE, power.pue.value, grams.value)?)
        }
        _ => None,
    };
    Some(Carbon { rent: rented, own: owned })
}
