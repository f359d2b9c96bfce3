//! Several instances against machines that share their hours: rent all, own enough for all, or own some and rent what
//! they cannot serve.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;

use super::load::Load;
use crate::break_even::answer::{Answer, break_even};
use crate::break_even::check::BreakEvenError;
use crate::break_even::input::Question;
use crate::money::Usd;
use crate::time::Period;

/// More machines than that are a data center's question.
const MOST_MACHINES: usize = 1_000;

/// The hours that each further machine would serve, and what it is to buy it for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shared {
    /// Instance-hours a machine serves in an hour: its speed over the instance's.
    pub width: Decimal,
    pub parts: Vec<Part>,
    /// So many machines cost least; the parts beyond are rented.
    pub machines: usize,
    /// By machines bought: none, one, …, one for each part.
    pub plans: Vec<Plan>,
}

/// What one more machine serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Instance-hours a day.
    pub hours_per_day: Decimal,
    /// Of the hours the machine has.
    pub utilization: Decimal,
    /// Rent or own for these hours alone, with [`Shared::width`] instances as one.
    pub answer: Answer,
}

/// What it all costs over the horizon, in today's dollars, with so many machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub machines: usize,
    pub owned: Usd,
    pub rented: Usd,
}

impl Plan {
    pub fn cost(&self) -> Option<Usd> {
        self.owned.checked_add(self.rented)
    }
}

/// The volumes of each instance, dollars a month, the busiest first.
pub type StorageOf<'a> = &'a [Usd];

/// `question` is that of one instance. The first machine takes the volumes of all instances but those that the parts
/// beyond it go on with: the second busiest's for the second part, and so on.
///
/// # Errors
/// As [`break_even`]; and more machines than a thousand.
pub fn shared(question: &Question, load: &Load, storage: StorageOf<'_>, start: Date) -> Result<Shared, BreakEvenError> {
    let out_of_range = || BreakEvenError::OutOfRange { what: "the cost of several instances" };
    let width = question.owning.speed_ratio.value;
    let machines = load.peak().checked_div(width).map(|peak| peak.ceil()).ok_or_else(out_of_range)?;
    let machines = usize::try_from(machines).ok().filter(|count| *count <= MOST_MACHINES);
    let machines =
        machines.ok_or(BreakEvenError::OutOfRange { what: "the machines for more than that at once" })?.max(1);
    let going_on = (0..=machines).map(|bought| going_on(load.peak(), width, bought)).collect::<Option<Vec<_>>>();
    let going_on = going_on.ok_or_else(out_of_range)?;
    let mut parts = Vec::with_capacity(machines);
    for place in 0..machines {
        let below = width.checked_mul(Decimal::from(place)).ok_or_else(out_of_range)?;
        let hours = load.served(below, width).checked_div(load.days()).ok_or_else(out_of_range)?;
        let volumes = volumes_of(place, &going_on, storage);
        let mut of_part = as_one(question, hours, width, volumes).ok_or_else(out_of_range)?;
        if place + 1 < machines {
            // Paid for once, as long as anything is rented.
            of_part.renting.transfer_usd_per_month.value = Usd::ZERO;
            of_part.renting.transfer = None;
            of_part.renting.elastic_ip_usd_per_hour.value = Usd::ZERO;
        }
        let utilization = of_part.terms.hours_per_day.value / Decimal::from(24);
        parts.push(Part { hours_per_day: hours, utilization, answer: break_even(&of_part, start)? });
    }
    let plans = (0..=machines).map(|bought| plan(&parts, bought)).collect::<Option<Vec<Plan>>>();
    let plans = plans.ok_or_else(out_of_range)?;
    // Of equal ones the one with fewer machines.
    let machines = plans.iter().filter_map(|plan| Some((plan.cost()?, plan.machines))).min().map_or(0, |least| least.1);
    Ok(Shared { width, parts, machines, plans })
}

/// Hours of one instance that are more than a machine has in a day: what it cannot serve is rented, or served by another. They
/// lie evenly over the day, as work that can wait may.
///
/// # Errors
/// As [`shared()`].
pub fn shared_by_day(question: &Question, start: Date) -> Result<Shared, BreakEvenError> {
    const DAY: i64 = 24;
    let out_of_range = || BreakEvenError::OutOfRange { what: "the cost of several machines" };
    let each = question.terms.hours_per_day.value.checked_div(Decimal::from(DAY)).ok_or_else(out_of_range)?;
    let day = Period { start: Timestamp::UNIX_EPOCH, end: Timestamp::UNIX_EPOCH + DAY.hours() };
    let load = Load::new(day, (0..DAY).map(|hour| (hour, each)).collect());
    shared(question, &load, &[question.renting.storage_usd_per_month.value], start)
}

/// The machine's whole width as if it were one instance: an hour of it costs `width` rented hours, and the machine
/// needs an hour for it.
pub(super) fn as_one(question: &Question, hours: Decimal, width: Decimal, volumes: Usd) -> Option<Question> {
    let mut of_part = question.clone();
    let renting = &mut of_part.renting;
    for rate in [&mut renting.usd_per_hour, &mut renting.ami_usd_per_hour, &mut renting.address_usd_per_hour] {
        rate.value = rate.value.scaled(width, Decimal::ONE)?;
    }
    if let Some(commitment) = &mut renting.committed {
        commitment.upfront.value = commitment.upfront.value.scaled(width, Decimal::ONE)?;
    }
    renting.storage_usd_per_month.value = volumes;
    of_part.owning.speed_ratio.value = Decimal::ONE;
    // The window's days are a quotient: a machine that never rests may come out a last digit above the day.
    of_part.terms.hours_per_day.value = hours.checked_div(width)?.min(Decimal::from(24));
    Some(of_part)
}

/// Instances that run at once beside so many machines, at most: what a machine serves of an instance's hour alone leaves the
/// instance, and its volumes, rented.
fn going_on(peak: Decimal, width: Decimal, machines: usize) -> Option<usize> {
    let served = width.checked_mul(Decimal::from(machines))?;
    usize::try_from(peak.checked_sub(served)?.max(Decimal::ZERO).ceil()).ok()
}

/// Of the instances that no longer go on with one machine more, the busiest first; the first machine's, those never at once
/// with others too.
fn volumes_of(place: usize, going_on: &[usize], storage: StorageOf<'_>) -> Usd {
    let at = |place: usize| going_on.get(place).copied().unwrap_or(0);
    let gone = at(0).saturating_sub(at(place))..at(0).saturating_sub(at(place + 1));
    let is_never = |instance: usize| place == 0 && instance >= at(0) && at(1) < at(0);
    storage.iter().enumerate().filter(|(i, _)| gone.contains(i) || is_never(*i)).map(|(_, usd)| *usd).sum()
}

fn plan(parts: &[Part], machines: usize) -> Option<Plan> {
    let sum = |parts: &[Part], of: fn(&Answer) -> Usd| {
        parts.iter().try_fold(Usd::ZERO, |sum, part| sum.checked_add(of(&part.answer)))
    };
    let (owned, rented) = parts.split_at_checked(machines)?;
    Some(Plan {
        machines,
        owned: sum(owned, |answer| answer.at_horizon.own_present)?,
        rented: sum(rented, |answer| answer.at_horizon.rent_present)?,
    })
}
