//! What would have happened had one bought N months ago, at today's price and rates.

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::load::Load;
use super::shared::as_one;
use crate::break_even::answer::{Answer, Totals, break_even, totals_after};
use crate::break_even::check::BreakEvenError;
use crate::break_even::input::Question;
use crate::money::Usd;
use crate::time::utc_date;

/// A purchase in the past, judged today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hindsight {
    /// `None`: on the first day known.
    pub months_ago: Option<u8>,
    pub bought_on: Date,
    /// Instance-hours a day that the machine would have served.
    pub hours_per_day: Decimal,
    /// From the purchase to the end of what is known; owning less the resale, as if sold now.
    pub since: Totals,
    /// What owning would have saved by now; negative if it would still have to.
    pub saved: Usd,
    /// Had the hours gone on as they were since: when it pays for itself, and what the horizon brings.
    pub answer: Answer,
}

/// Of the first machine's hours: what it would have served since. `None` if the history begins later.
///
/// # Errors
/// As [`break_even`].
pub fn hindsight(
    question: &Question,
    load: &Load,
    months_ago: Option<u8>,
) -> Result<Option<Hindsight>, BreakEvenError> {
    let since = match months_ago {
        None => Some(load.clone()),
        Some(months) => load.last(i64::from(months).months(), load.window().end),
    };
    let Some(since) = since else { return Ok(None) };
    let out_of_range = || BreakEvenError::OutOfRange { what: "the cost since then" };
    let width = question.owning.speed_ratio.value;
    let hours = since.capped(width).per_day().ok_or_else(out_of_range)?;
    let volumes = question.renting.storage_usd_per_month.value;
    let asked = as_one(question, hours, width, volumes).ok_or_else(out_of_range)?;
    let bought_on = utc_date(since.window().start);
    let totals = totals_after(&asked, since.days(), bought_on)?;
    let saved = totals.rent.checked_add(-totals.own).ok_or_else(out_of_range)?;
    let answer = break_even(&asked, bought_on)?;
    Ok(Some(Hindsight { months_ago, bought_on, hours_per_day: hours, since: totals, saved, answer }))
}
