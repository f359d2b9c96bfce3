//! The last months, and how much their hours differ.

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::load::{Load, before, blocks};
use super::shared::as_one;
use crate::break_even::answer::{Answer, break_even};
use crate::break_even::check::BreakEvenError;
use crate::break_even::input::Question;
use crate::time::Period;

/// The use of the last months up to the end of what is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trailing {
    /// As asked.
    pub months: u8,
    /// What there is of them.
    pub window: Period,
    /// The history does not reach as far back.
    pub is_short: bool,
    pub hours: Decimal,
    pub hours_per_day: Decimal,
    /// Of its months; of its weeks where one month was asked for. `None` where there are fewer than two.
    pub spread: Option<Spread>,
}

/// Hours a day of the parts of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    pub parts: usize,
    /// Weeks, not months.
    pub of_weeks: bool,
    pub least: Decimal,
    pub median: Decimal,
    pub most: Decimal,
}

/// Rent or own if all hours were like those of a window.
///
/// # Errors
/// As [`break_even`].
pub fn answer_at(question: &Question, hours_per_day: Decimal, start: Date) -> Result<Answer, BreakEvenError> {
    let width = question.owning.speed_ratio.value;
    let volumes = question.renting.storage_usd_per_month.value;
    let asked = as_one(question, hours_per_day, width, volumes);
    break_even(&asked.ok_or(BreakEvenError::OutOfRange { what: "the rate of a machine's hour" })?, start)
}

/// `None` for a history without a moment in it.
pub fn trailing(load: &Load, months: u8) -> Option<Trailing> {
    let end = load.window().end;
    let start = before(end, i64::from(months).months())?;
    let is_short = load.window().start > start;
    let part = load.within(Period { start, end });
    let of_weeks = months <= 1;
    let blocks: Vec<Decimal> = blocks(&part, !of_weeks).filter_map(|block| block.per_day()).collect();
    Some(Trailing {
        months,
        window: part.window(),
        is_short,
        hours: part.hours(),
        hours_per_day: part.per_day()?,
        spread: spread(blocks, of_weeks),
    })
}

fn spread(mut per_day: Vec<Decimal>, of_weeks: bool) -> Option<Spread> {
    if per_day.len() < 2 {
        return None;
    }
    per_day.sort_unstable();
    let (least, most) = (*per_day.first()?, *per_day.last()?);
    Some(Spread { parts: per_day.len(), of_weeks, least, median: median(&per_day)?, most })
}

/// Of sorted values; the mean of the two in the middle.
pub(super) fn median(sorted: &[Decimal]) -> Option<Decimal> {
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get(sorted.len().checked_sub(1)? / 2)?;
    lower.checked_add(*upper)?.checked_div(Decimal::TWO)
}
