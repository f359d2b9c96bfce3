//! Hours a day against the horizon: what owning saves in each, exactly, and the hours at which it changes sides.

use rust_decimal::Decimal;

use crate::break_even::answer::{FlipHours, flip_hours};
use crate::break_even::check::{BreakEvenError, most_hours as most_hours_of_a_day};
use crate::break_even::discount::Discount;
use crate::break_even::flows::Flows;
use crate::break_even::input::Question;
use crate::break_even::terms::Horizon;
use crate::money::Usd;

const ROWS: u32 = 10;
const COLUMNS: u32 = 8;

/// A grid of net present values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heat {
    /// Ascending.
    pub hours_per_day: Vec<Decimal>,
    pub columns: Vec<HeatColumn>,
}

/// One horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatColumn {
    pub months: u32,
    /// For each of the grid's hours a day.
    pub npv: Vec<Usd>,
    /// Where the verdict of this horizon flips: the indifference line.
    pub flip: FlipHours,
}

/// Around the question: to twice its hours a day, and to twice its horizon, no use included.
///
/// # Errors
/// As [`break_even`](crate::break_even::break_even).
pub fn heat(question: &Question, most_hours: Decimal) -> Result<Heat, BreakEvenError> {
    question.check()?;
    let limit = most_hours_of_a_day(question);
    let top = most_hours.max(question.terms.hours_per_day.value.saturating_mul(Decimal::TWO));
    let top = if top.is_zero() { limit } else { top.min(limit) };
    let hours_per_day: Vec<Decimal> =
        (0..=ROWS).map(|row| (top * Decimal::from(row) / Decimal::from(ROWS)).normalize()).collect();
    let whole = question.terms.horizon.value.months(question.terms.month.value);
    let whole = whole.ok_or(BreakEvenError::OutOfRange { what: "the horizon" })?;
    let longest = u32::try_from((whole * Decimal::TWO).ceil()).unwrap_or(Horizon::MAX_MONTHS);
    let mut months: Vec<u32> =
        (1..=COLUMNS).map(|column| (longest * column / COLUMNS).clamp(1, Horizon::MAX_MONTHS)).collect();
    months.dedup();
    let columns = months.into_iter().map(|months| column(question, months, &hours_per_day, limit));
    let columns = columns.collect::<Option<_>>().ok_or(BreakEvenError::OutOfRange { what: "the map" })?;
    Ok(Heat { columns, hours_per_day })
}

fn column(question: &Question, months: u32, hours: &[Decimal], limit: Decimal) -> Option<HeatColumn> {
    let (flows, over) = (Flows::of(question)?, Decimal::from(months));
    let discount = Discount::per_year(question.terms.discount_per_year.value)?;
    let npv = hours.iter().map(|hours| Flows { hours_per_day: *hours, ..flows }.npv(over, discount));
    Some(HeatColumn { months, npv: npv.collect::<Option<_>>()?, flip: flip_hours(&flows, discount, over, limit)? })
}
