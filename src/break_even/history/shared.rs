//! Several instances against machines that share their hours: rent all, own enough for all, or own some and rent what
//! they cannot serve.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::load::Load;
use crate::break_even::answer::{Answer, break_even};
use crate::break_even::check::BreakEvenError;
use crate::break_even::input::Question;
use crate::money::Usd;

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
    let mut parts = Vec::with_capacity(machines);
    for place in 0..machines {
        let below = width.checked_mul(Decimal::from(place)).ok_or_else(out_of_range)?;
        let hours = load.served(below, width).checked_div(load.days()).ok_or_else(out_of_range)?;
        let volumes = volumes_of(place, machines, storage);
        let mut of_part = as_one(question, hours, width, volumes).ok_or_else(out_of_range)?;
        if place > 0 {
            // Paid for once, however many run.
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

fn volumes_of(place: usize, parts: usize, storage: StorageOf<'_>) -> Usd {
    let kept = storage.get(place).copied().unwrap_or(Usd::ZERO);
    if place > 0 {
        return kept;
    }
    storage.iter().copied().enumerate().filter(|(at, _)| *at == 0 || *at >= parts).map(|(_, usd)| usd).sum()
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
