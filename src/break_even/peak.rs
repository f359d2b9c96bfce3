//! Whether owning catches up within a month in which it is behind at both ends.
//!
//! Of the terms of the net present value only a loan cheaper than the discount rate bends it so that it can rise and fall
//! again within a month: putting off its payments gains less and less as the debt shrinks. With `v^t` taken out, the slope is
//! a constant, plus `(ln(1+i) − ln(1+r))` times what is owed, less `(ln(1+i) + κ)` times what the resale brings: what is owed
//! falls ever faster and the resale ever slower, so the slope rises, then falls, if `i > r`; else it only rises, and the
//! most is at an end.

use rust_decimal::Decimal;

use super::discount::Discount;
use super::flows::Flows;
use crate::money::Usd;

/// 2^-70 of a month is less than the last digit of a dollar.
const HALVINGS: u32 = 70;

/// A month in which owning is dearer at its beginning and at its end.
pub(super) struct Within<'a> {
    pub flows: &'a Flows,
    pub discount: Discount,
    pub begin: Decimal,
    pub end: Decimal,
    /// Saved in it: its rent less its electricity and upkeep.
    pub saved_per_month: Usd,
    /// Of owning at its beginning: less than zero.
    pub npv_at_begin: Usd,
}

impl Within<'_> {
    /// A moment at which owning has cost no more. The outer `None` is arithmetic out of range.
    pub fn caught_up(&self) -> Option<Option<Decimal>> {
        let Some(loan) = self.flows.loan.filter(|loan| self.begin < Decimal::from(loan.months())) else {
            return Some(None);
        };
        if self.discount.log() <= loan.interest().log() || !self.may_catch_up()? {
            return Some(None);
        }
        // Where the resale meets its floor its slope jumps up: a piece before, a piece after.
        let kink = self.flows.resale.floor_reached_between(self.begin, self.end)?.unwrap_or(self.end);
        for (from, to) in [(self.begin, kink), (kink, self.end)] {
            if from >= to {
                continue;
            }
            let Some(top) = self.top(from, to)? else { continue };
            if !self.flows.npv(top, self.discount)?.is_negative() {
                return Some(Some(top));
            }
        }
        Some(None)
    }

    /// The most that the slope can be, of its terms each at its largest, for the whole month: seldom enough.
    fn may_catch_up(&self) -> Option<bool> {
        let most = self.slope_of(self.begin, self.end, self.end)?.checked_mul(self.end.checked_sub(self.begin)?)?;
        Some(most > Decimal::ZERO && self.npv_at_begin.amount().checked_add(most)? >= Decimal::ZERO)
    }

    /// Where the value is largest inside a piece in which the slope rises, then falls; `None` if it only falls, or ends
    /// while it rises.
    fn top(&self, from: Decimal, to: Decimal) -> Option<Option<Decimal>> {
        let inside = from.checked_add(to)?.checked_div(Decimal::TWO)?;
        let slope = |at: Decimal| self.slope_of(at, at, inside);
        if slope(to)? >= Decimal::ZERO {
            return Some(None);
        }
        let (mut low, mut high) = (from, to);
        for _ in 0..HALVINGS {
            let third = high.checked_sub(low)?.checked_div(Decimal::from(3))?;
            let (one, other) = (low.checked_add(third)?, high.checked_sub(third)?);
            if slope(one)? < slope(other)? { low = one } else { high = other }
        }
        if slope(low)? <= Decimal::ZERO {
            return Some(None);
        }
        let mut high = to;
        for _ in 0..HALVINGS {
            let middle = low.checked_add(high)?.checked_div(Decimal::TWO)?;
            if slope(middle)? > Decimal::ZERO { low = middle } else { high = middle }
        }
        Some(Some(low))
    }

    /// Of the net present value, in dollars of that moment, with what is owed and what the resale brings each at a moment
    /// of its own; whether the resale still falls is asked of a third.
    fn slope_of(&self, owed_at: Decimal, sold_at: Decimal, falls_at: Decimal) -> Option<Decimal> {
        let loan = self.flows.loan?;
        let (log, interest) = (self.discount.log(), loan.interest());
        let steady = self.saved_per_month.checked_add(-loan.payment())?.amount();
        let steady = steady.checked_mul(self.discount.log_over_rate()?)?;
        let a_payment = loan.payment().amount().checked_mul(interest.log_over_rate()?)?;
        let owed = loan.owed_after(owed_at)?.amount();
        let put_off = log.checked_sub(interest.log())?.checked_mul(owed)?.checked_add(a_payment)?;
        let falling = log.checked_add(self.flows.resale.falling_log(falls_at)?)?;
        let sold = falling.checked_mul(self.flows.resale.net_after(sold_at)?.amount())?;
        steady.checked_add(put_off)?.checked_sub(sold)
    }
}
