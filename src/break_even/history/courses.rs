//! The dollars of a history day by day: as it was rented, and had the machine been bought on a day in it.

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::load::Load;
use super::shared::as_one;
use crate::break_even::answer::{Totals, totals_after};
use crate::break_even::check::BreakEvenError;
use crate::break_even::input::Question;
use crate::money::Usd;
use crate::time::utc_date;

/// What it has cost so far, at the end of each day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Course {
    /// `None` was rented all along.
    pub bought: Option<Purchase>,
    /// Up to the purchase.
    pub rent_before: Usd,
    /// From the history's first moment, or the purchase; the machine is sold at each of them, as it were.
    pub points: Vec<SoFar>,
}

impl Course {
    fn begins_after(&self, days: Decimal) -> bool {
        self.points.first().is_some_and(|first| first.days == days)
    }
}

/// When the machine was bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// `None`: on the first day known.
    pub months_ago: Option<u8>,
    pub on: Date,
}

/// One day's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoFar {
    pub date: Date,
    /// Since the history's first moment.
    pub days: Decimal,
    /// Since the course began: those that the machine serves.
    pub hours: Decimal,
    /// Rent before the purchase included.
    pub cost: Usd,
}

/// The rent of the first machine's hours, and each purchase in place of what was rented since; those the history does not
/// reach back to are left out. Their last points are what [`hindsight`](super::hindsight()) finds.
///
/// # Errors
/// As [`break_even`](crate::break_even::break_even).
pub fn courses(question: &Question, load: &Load, purchases: &[Option<u8>]) -> Result<Vec<Course>, BreakEvenError> {
    let out_of_range = || BreakEvenError::OutOfRange { what: "the cost so far" };
    let whole = load.capped(question.owning.speed_ratio.value);
    let mut found = vec![course(question, &whole, None, (Decimal::ZERO, Usd::ZERO))?];
    for months_ago in purchases {
        let since = match months_ago {
            None => Some(whole.clone()),
            Some(months) => whole.last(i64::from(*months).months(), whole.window().end),
        };
        let Some(since) = since else { continue };
        let days = whole.days() - since.days();
        // The first day may be so many months ago.
        if found.iter().any(|course| course.bought.is_some() && course.begins_after(days)) {
            continue;
        }
        let before = totals_at(question, days, whole.hours() - since.hours(), utc_date(whole.window().start))?;
        let purchase = Purchase { months_ago: *months_ago, on: utc_date(since.window().start) };
        found.push(course(question, &since, Some(purchase), (days, before.rent))?);
    }
    if found.iter().any(|course| course.points.is_empty()) { Err(out_of_range()) } else { Ok(found) }
}

fn course(
    question: &Question,
    load: &Load,
    bought: Option<Purchase>,
    (days_before, rent_before): (Decimal, Usd),
) -> Result<Course, BreakEvenError> {
    let out_of_range = || BreakEvenError::OutOfRange { what: "the cost so far" };
    let begun = utc_date(load.window().start);
    let mut points = Vec::new();
    let (mut days, mut hours) = (Decimal::ZERO, Decimal::ZERO);
    for (date, of_day, served) in std::iter::once((begun, Decimal::ZERO, Decimal::ZERO)).chain(load.by_day()) {
        (days, hours) = (days + of_day, hours + served);
        let Totals { rent, own, .. } = totals_at(question, days, hours, begun)?;
        let since = if bought.is_some() { own } else { rent };
        let cost = rent_before.checked_add(since).ok_or_else(out_of_range)?;
        points.push(SoFar { date, days: days_before + days, hours, cost });
    }
    Ok(Course { bought, rent_before, points })
}

/// After so many days in which the machine served so many hours.
fn totals_at(question: &Question, days: Decimal, hours: Decimal, begun: Date) -> Result<Totals, BreakEvenError> {
    let per_day = hours.checked_div(days).unwrap_or_default();
    let volumes = question.renting.storage_usd_per_month.value;
    let asked = as_one(question, per_day, question.owning.speed_ratio.value, volumes);
    totals_after(&asked.ok_or(BreakEvenError::OutOfRange { what: "the rate of a machine's hour" })?, days, begun)
}
