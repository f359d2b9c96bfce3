//! What a verdict survives: for each input by itself the value at which owning and renting cost the same over the horizon.

use rust_decimal::Decimal;

use super::check::{BreakEvenError, limits};
use super::discount::Discount;
use super::flows::Flows;
use super::input::Question;
use super::input_name::InputName;
use crate::money::Usd;

/// Where the net present value changes its sign, all other inputs as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlipPoint {
    /// The verdict is the other one beyond this value.
    At(Decimal),
    /// The verdict stays for every value that such an input can have.
    Never { from: Decimal, to: Decimal },
}

/// Less than this is zero: a millionth of a dollar.
const NOTHING: Decimal = Decimal::from_parts(1, 0, 0, false, 6);
/// A share has ten decimals, and no other input is told more closely than that.
const DECIMALS: u32 = 10;
/// Where an input may favor one side in the middle and the other at its ends, so many places in between are looked at.
const PLACES: u32 = 16;

/// The value of one input at which the verdict flips: by the line through two values where the net present value is linear
/// in it, else by halving. Of several, the nearest on the side on which the first is found. The inner `None` is an input
/// that the question does not have as a number, or one the rework overhead follows from: that one is looked at itself.
///
/// # Errors
/// A question that cannot be meant.
pub fn flip_point(question: &Question, input: InputName) -> Result<Option<FlipPoint>, BreakEvenError> {
    question.check()?;
    let Some(value) = question.value_of(input).filter(|_| !input.makes_overhead()) else { return Ok(None) };
    let (from, to) = limits(question, input);
    let search = Search { question, input };
    let found = search.flip(value, from, to);
    found.map(Some).ok_or(BreakEvenError::OutOfRange { what: "where the verdict flips" })
}

struct Search<'a> {
    question: &'a Question,
    input: InputName,
}

impl Search<'_> {
    /// What owning saves over the horizon with this value.
    fn npv(&self, value: Decimal) -> Option<Decimal> {
        let mut at = self.question.clone();
        at.put(self.input, value)?;
        let months = at.terms.horizon.value.months(at.terms.month.value)?;
        let discount = Discount::per_year(at.terms.discount_per_year.value)?;
        Flows::of(&at)?.npv(months, discount).map(Usd::amount)
    }

    fn flip(&self, value: Decimal, from: Decimal, to: Decimal) -> Option<FlipPoint> {
        let now = self.npv(value)?;
        if now.abs() < NOTHING {
            return Some(FlipPoint::At(value));
        }
        for end in [to, from] {
            if let Some(found) = self.toward(value, now, end)? {
                return Some(FlipPoint::At(found));
            }
        }
        Some(FlipPoint::Never { from, to })
    }

    /// The nearest flip between the value and an end. The end is looked at first, then places on the way there.
    fn toward(&self, value: Decimal, now: Decimal, end: Decimal) -> Option<Option<Decimal>> {
        if value == end {
            return Some(None);
        }
        let other = |npv: Decimal| npv.is_sign_negative() != now.is_sign_negative() || npv.is_zero();
        if other(self.npv(end)?) {
            return self.between(value, now, end).map(Some);
        }
        if self.is_monotone() {
            return Some(None);
        }
        let mut before = value;
        for place in 1..PLACES {
            let way = end.checked_sub(value)?.checked_mul(place.into())?.checked_div(PLACES.into())?;
            let at = value.checked_add(way)?.trunc_with_scale(DECIMALS);
            if other(self.npv(at)?) {
                return self.between(before, now, at).map(Some);
            }
            before = at;
        }
        Some(None)
    }

    /// A higher discount rate makes both later savings and a later resale count less; every other input has one sign.
    fn is_monotone(&self) -> bool {
        self.input != InputName::DiscountRate
    }

    /// The sign changes somewhere between the two.
    fn between(&self, near: Decimal, now: Decimal, far: Decimal) -> Option<Decimal> {
        if let Some(found) = self.on_the_line(near, now, far) {
            return Some(found);
        }
        let (mut near, mut far) = (near, far);
        let least = Decimal::new(1, DECIMALS);
        while far.checked_sub(near)?.abs() > least {
            let middle = near.checked_add(far)?.checked_div(Decimal::TWO)?.trunc_with_scale(DECIMALS);
            if middle == near || middle == far {
                break;
            }
            let npv = self.npv(middle)?;
            if npv.is_zero() {
                return Some(middle);
            }
            if npv.is_sign_negative() == now.is_sign_negative() {
                near = middle;
            } else {
                far = middle;
            }
        }
        Some(far)
    }

    /// Exact where the net present value is linear in the input, as it is in most; checked, not believed.
    fn on_the_line(&self, near: Decimal, now: Decimal, far: Decimal) -> Option<Decimal> {
        let rise = self.npv(far)?.checked_sub(now)?;
        let way = now.checked_mul(far.checked_sub(near)?)?.checked_div(rise)?;
        let at = near.checked_sub(way)?;
        let at = if self.input.is_share() { at.trunc_with_scale(DECIMALS) } else { at };
        let inside = at >= near.min(far) && at <= near.max(far);
        (inside && self.npv(at)?.abs() < NOTHING).then_some(at)
    }
}
