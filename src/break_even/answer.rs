//! The answer: when owning has paid for itself, over the horizon which is cheaper, and where that flips.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::check::{BreakEvenError, MAX_DAYS, most_hours};
use super::discount::Discount;
use super::flows::{Flows, MONTHS_A_YEAR};
use super::input::Question;
use super::months::months_to_recover;
use super::terms::{Horizon, MonthLength};
use crate::money::Usd;

/// Less than this apart is the same to the cent.
const HALF_A_CENT: Decimal = Decimal::from_parts(5, 0, 0, false, 3);
/// Under a tenth of a millisecond: what a division's last digit may add to a whole number of days.
const DAY_NOISE: Decimal = Decimal::from_parts(1, 0, 0, false, 9);

/// Everything the question's numbers decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub start: Date,
    pub discount: Discount,
    pub flows: Flows,
    pub saved_per_rented_hour: Usd,
    pub saved_per_day: Usd,
    /// In dollars of each day: nothing discounted.
    pub break_even: BreakEven,
    /// In today's dollars: where the net present value is zero. Equal to `break_even` without a discount rate.
    pub payback: BreakEven,
    /// Hours a day at which the verdict for the horizon flips.
    pub flip: FlipHours,
    /// Of owning instead of renting over the horizon, the resale at its end included; positive favors owning.
    pub npv: Usd,
    pub verdict: Verdict,
    pub at_horizon: Totals,
    /// At the start, at each month's end, and at the horizon.
    pub by_month: Vec<Totals>,
    /// Over the horizon, nothing discounted; `None` without a used hour.
    pub per_hour_used: Option<PerHourUsed>,
}

/// When owning has paid for itself, or that it never does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakEven {
    After(Reached),
    Never(Never),
}

/// A point where both options have cost the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    pub days: Decimal,
    pub months: Decimal,
    /// The first whole day by which owning is no dearer.
    pub day: u32,
    /// That many days after the start; `None` past the calendar's year 9999.
    pub date: Option<Date>,
}

impl BreakEven {
    pub const fn reached(self) -> Option<Reached> {
        match self {
            BreakEven::After(reached) => Some(reached),
            BreakEven::Never(_) => None,
        }
    }
}

/// Why owning never pays for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Never {
    NothingSaved {
        rent_per_month: Usd,
        own_per_month: Usd,
    },
    /// Only with a discount rate: the saving does not even cover the interest on the price.
    InterestOutrunsSaving {
        saved_per_month: Usd,
        interest_per_month: Usd,
    },
    /// Longer than [`MAX_DAYS`].
    TooLong,
    /// Not in a century of changing costs, which is as far as months are looked at.
    NotInACentury,
}

impl fmt::Display for Never {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Never::NothingSaved { rent_per_month, own_per_month } => {
                write!(
                    f,
                    "renting costs {rent_per_month} a month and running the machine {own_per_month}, so nothing is left to pay for it"
                )
            }
            Never::InterestOutrunsSaving { saved_per_month, interest_per_month } => {
                write!(
                    f,
                    "owning saves {saved_per_month} a month, no more than the price's interest of {interest_per_month}"
                )
            }
            Never::TooLong => write!(f, "it would take over a million days"),
            Never::NotInACentury => {
                write!(f, "renting stays cheaper for {} years", Horizon::MAX_MONTHS / MONTHS_A_YEAR)
            }
        }
    }
}

/// Hours a day on the rented instance at which renting and owning cost the same over the horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlipHours {
    /// Above these hours owning is cheaper, below them renting.
    Above(Decimal),
    /// Below these hours owning is cheaper: the rent is mostly storage, and the machine's hour is the dearer one.
    Below(Decimal),
    /// Owning is cheaper at any number of hours a day.
    OwnAtAnyHours,
    /// More than the machine and the day have: 24 hours, fewer if the machine is slower than the instance.
    MoreThanADay { limit: Decimal },
    /// An hour of the machine costs as much as a rented one or more, so using it more never helps.
    Never { rent_per_hour: Usd, own_per_hour: Usd },
}

/// Which is cheaper over the horizon, in today's dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Rent,
    Own,
    /// To the cent.
    Same,
}

/// What both have cost after so many days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    pub days: Decimal,
    pub months: Decimal,
    /// The first midnight by which these days are over; `None` past the year 9999.
    pub date: Option<Date>,
    pub rent: Usd,
    /// Less the resale, as if sold on that day.
    pub own: Usd,
    /// The same two in today's dollars.
    pub rent_present: Usd,
    pub own_present: Usd,
}

impl Totals {
    /// What owning is better by, in today's dollars; `None` past what can be held exactly.
    pub fn npv(&self) -> Option<Usd> {
        self.rent_present.checked_add(-self.own_present)
    }

    pub fn verdict(&self) -> Option<Verdict> {
        self.npv().map(verdict)
    }
}

/// Cost per hour of use, an hour being the work of one hour on the rented instance. Quotients: shown, not multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerHourUsed {
    pub hours: Decimal,
    pub rent: Usd,
    pub own: Usd,
}

/// Answers a question for a machine bought, or an instance first rented, on `start`.
///
/// ```
/// use gpucost::break_even::{BreakEven, Input, Owning, Question, Renting, Terms, break_even};
/// let question = Question {
///     owning: Owning::at_price("the machine", Input::given("1000".parse()?)),
///     renting: Renting::at_rate("p2.xlarge", Input::given("0.90".parse()?)),
///     terms: Terms::at_hours(Input::given(2.into())),
/// };
/// let answer = break_even(&question, "2026-11-22".parse()?)?;
/// let BreakEven::After(reached) = answer.break_even else { panic!("never") };
/// assert_eq!((reached.day, reached.date), (556, "2028-05-31".parse().ok()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// An input that is negative, absurd, or contradicts another. "Never" is an answer.
pub fn break_even(question: &Question, start: Date) -> Result<Answer, BreakEvenError> {
    question.check()?;
    answer(question, start).ok_or(BreakEvenError::OutOfRange { what: "the break-even" })
}

/// What both options have cost after any number of days, parts of days included.
///
/// # Errors
/// As [`break_even`], and days below zero or above [`MAX_DAYS`].
pub fn totals_after(question: &Question, days: Decimal, start: Date) -> Result<Totals, BreakEvenError> {
    question.check()?;
    if days < Decimal::ZERO || days > Decimal::from(MAX_DAYS) {
        return Err(BreakEvenError::DaysOutOfRange { days });
    }
    let out_of_range = BreakEvenError::OutOfRange { what: "the total cost" };
    let discount = Discount::per_year(question.terms.discount_per_year.value);
    let (Some(flows), Some(discount)) = (Flows::of(question), discount) else {
        return Err(out_of_range);
    };
    totals(&flows, discount, days, start).ok_or(out_of_range)
}

fn answer(question: &Question, start: Date) -> Option<Answer> {
    let terms = &question.terms;
    let discount = Discount::per_year(terms.discount_per_year.value)?;
    let flows = Flows::of(question)?;
    let horizon_days = terms.horizon.value.days(flows.month)?;
    let horizon_months = terms.horizon.value.months(flows.month)?;
    let at_horizon = totals(&flows, discount, horizon_days, start)?;
    let npv = at_horizon.npv()?;
    Some(Answer {
        start,
        discount,
        flows,
        saved_per_rented_hour: flows.saved_per_rented_hour()?,
        saved_per_day: flows.saved_per_day()?,
        break_even: recovered(&flows, None, start)?,
        payback: recovered(&flows, Some(discount).filter(|d| !d.monthly_rate().is_zero()), start)?,
        flip: flip_hours(&flows, discount, horizon_months, most_hours(question))?,
        npv,
        verdict: verdict(npv),
        at_horizon,
        by_month: by_month(&flows, discount, horizon_months, at_horizon, start)?,
        per_hour_used: per_hour_used(&flows, at_horizon),
    })
}

fn verdict(npv: Usd) -> Verdict {
    if npv.amount().abs() < HALF_A_CENT {
        Verdict::Same
    } else if npv.is_negative() {
        Verdict::Rent
    } else {
        Verdict::Own
    }
}

/// The outer `None` is arithmetic out of range; a long wait is an answer.
fn recovered(flows: &Flows, discount: Option<Discount>, start: Date) -> Option<BreakEven> {
    let saved_per_month = flows.saved_per_month()?;
    // A fee that falls due each term is saved too; nothing else that changes makes renting dearer.
    if saved_per_month <= Usd::ZERO && flows.fee.is_none() {
        let (rent_per_month, own_per_month) = (flows.rent_a_month()?, flows.own_a_month()?);
        return Some(BreakEven::Never(Never::NothingSaved { rent_per_month, own_per_month }));
    }
    if !flows.is_constant() {
        let months = months_to_recover(flows, discount.unwrap_or(Discount::NONE))?;
        let reached = months.map(|months| reached_after(flows.month.days(months)?, flows.month, start));
        return Some(reached.flatten().map_or(BreakEven::Never(Never::NotInACentury), BreakEven::After));
    }
    let days = match discount {
        None => flows.days_to_recover(),
        Some(discount) => {
            let interest_per_month = flows.price.scaled(discount.monthly_rate(), Decimal::ONE)?;
            if saved_per_month <= interest_per_month {
                return Some(BreakEven::Never(Never::InterestOutrunsSaving { saved_per_month, interest_per_month }));
            }
            let (price, salvage) = (flows.price.amount(), flows.resale.sure()?.amount());
            let months = discount.months_to_recover(price, salvage, saved_per_month.amount());
            months.and_then(|months| flows.month.days(months))
        }
    };
    let reached = days.and_then(|days| reached_after(days, flows.month, start));
    Some(reached.map_or(BreakEven::Never(Never::TooLong), BreakEven::After))
}

/// `None` beyond [`MAX_DAYS`].
fn reached_after(days: Decimal, month: MonthLength, start: Date) -> Option<Reached> {
    let months = month.months(days)?;
    let day = whole_days(days).filter(|day| *day <= MAX_DAYS)?;
    Some(Reached { days, months, day, date: date_after(start, day) })
}

/// The number of days when the last of them is over.
fn whole_days(days: Decimal) -> Option<u32> {
    u32::try_from(days.checked_sub(DAY_NOISE)?.max(Decimal::ZERO).ceil()).ok()
}

fn date_after(start: Date, day: u32) -> Option<Date> {
    start.checked_add(i32::try_from(day).ok()?.days()).ok()
}

/// `h* = ((A* + f − s)/D)/c`, with A* the monthly saving that makes the net present value zero;
/// without discount and resale that is price over months. It is linear in the hours whatever else changes.
pub(super) fn flip_hours(flows: &Flows, discount: Discount, months: Decimal, limit: Decimal) -> Option<FlipHours> {
    let idle = Flows { hours_per_day: Decimal::ZERO, ..*flows };
    let once = idle.once(months, discount)?.checked_add(idle.dearer(months, discount)?)?;
    let once = once.checked_add(-flows.fees(months, discount)?)?;
    let needed = once.scaled(Decimal::ONE, discount.annuity(months)?)?;
    let from_use = needed.checked_add(flows.own_per_month)?.checked_add(-flows.rent_per_month)?;
    let a_day = flows.month.months(from_use.amount())?;
    let own_per_hour = own_hour_over(flows, discount, months)?;
    let saved = flows.rent_per_hour.checked_add(-own_per_hour)?.amount();
    let never = FlipHours::Never { rent_per_hour: flows.rent_per_hour, own_per_hour };
    let helps = saved > Decimal::ZERO;
    if a_day < Decimal::ZERO && saved >= Decimal::ZERO {
        return Some(FlipHours::OwnAtAnyHours);
    }
    if !helps && (saved.is_zero() || a_day >= Decimal::ZERO) {
        return Some(never);
    }
    // A quotient past the decimals is past the day too.
    let hours = a_day.checked_div(saved).filter(|hours| *hours <= limit);
    Some(match (hours, helps) {
        (Some(hours), true) => FlipHours::Above(hours),
        (Some(hours), false) => FlipHours::Below(hours),
        (None, true) => FlipHours::MoreThanADay { limit },
        (None, false) => FlipHours::OwnAtAnyHours,
    })
}

/// An hour's electricity over the horizon, its rises included.
fn own_hour_over(flows: &Flows, discount: Discount, months: Decimal) -> Option<Usd> {
    let escalated = flows.escalated(months, discount)?;
    if escalated.is_zero() {
        return Some(flows.own_per_hour);
    }
    let more = flows.own_per_hour.scaled(escalated, discount.annuity(months)?)?;
    flows.own_per_hour.checked_add(more)
}

fn totals(flows: &Flows, discount: Discount, days: Decimal, start: Date) -> Option<Totals> {
    let months = flows.month.months(days)?;
    Some(Totals {
        days,
        months,
        date: date_after(start, whole_days(days)?),
        rent: flows.rent_after(days)?,
        own: flows.own_after(days)?,
        rent_present: flows.rent_present(months, discount)?,
        own_present: flows.own_present(months, discount)?,
    })
}

fn by_month(
    flows: &Flows,
    discount: Discount,
    months: Decimal,
    at_horizon: Totals,
    start: Date,
) -> Option<Vec<Totals>> {
    let before = u32::try_from(months.ceil()).ok()?;
    let mut series = (0..before)
        .map(|month| totals(flows, discount, flows.month.days(Decimal::from(month))?, start))
        .collect::<Option<Vec<_>>>()?;
    series.push(at_horizon);
    Some(series)
}

fn per_hour_used(flows: &Flows, at_horizon: Totals) -> Option<PerHourUsed> {
    let hours = flows.hours_per_day.checked_mul(at_horizon.days)?;
    let each = |total: Usd| total.scaled(Decimal::ONE, hours);
    Some(PerHourUsed { hours, rent: each(at_horizon.rent)?, own: each(at_horizon.own)? })
}
