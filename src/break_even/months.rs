//! Both sides' dollars month by month, as they are paid; and the first moment at which owning has cost no more.
//!
//! The closed formulas of [`Flows`] say the same of any month at once: `tests/break_even_flows.rs` holds one against the other.

use rust_decimal::Decimal;

use super::discount::Discount;
use super::flows::{Flows, MONTHS_A_YEAR};
use super::peak::Within;
use super::terms::Horizon;
use crate::money::Usd;

/// What one month pays. Use and steady costs fall due at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MonthFlow {
    /// From 1 on.
    pub month: u32,
    /// A commitment's fee, at the month's beginning.
    pub rent_fee: Usd,
    /// The hours used, at their rates.
    pub rent_use: Usd,
    pub rent_steady: Usd,
    pub own_electricity: Usd,
    pub own_upkeep: Usd,
    pub own_payment: Usd,
    /// At the month's end, if the machine is kept.
    pub own_upgrade: Usd,
    /// If it is sold at the month's end: what that brings when selling is paid for.
    pub sold_for: Usd,
    /// What the loan still claims then.
    pub owed: Usd,
}

impl MonthFlow {
    /// Of use and steady costs, electricity at this month's rate.
    fn saved(&self) -> Option<Usd> {
        let rent = self.rent_use.checked_add(self.rent_steady)?;
        rent.checked_add(-self.own_electricity)?.checked_add(-self.own_upkeep)
    }
}

/// The months of some flows, one after another; ends where a sum leaves the range of decimals.
#[derive(Clone, Copy, Debug)]
pub struct Months {
    flows: Flows,
    month: u32,
    /// How many times the first year's rate electricity costs.
    dearer: Decimal,
}

impl Flows {
    /// Month by month from the first.
    pub const fn months(&self) -> Months {
        Months { flows: *self, month: 0, dearer: Decimal::ONE }
    }
}

impl Iterator for Months {
    type Item = MonthFlow;

    fn next(&mut self) -> Option<MonthFlow> {
        let flows = &self.flows;
        if self.month > 0 && self.month.is_multiple_of(MONTHS_A_YEAR) {
            let growth = Decimal::ONE.checked_add(flows.escalation_per_year.fraction())?;
            self.dearer = self.dearer.checked_mul(growth)?;
        }
        let begun = self.month;
        self.month = begun.checked_add(1)?;
        let end = Decimal::from(self.month);
        let rent_fee = flows.fee.filter(|fee| begun.is_multiple_of(fee.term_months)).map_or(Usd::ZERO, |fee| fee.usd);
        let upgrade = flows.upgrade.filter(|upgrade| upgrade.month == self.month);
        Some(MonthFlow {
            month: self.month,
            rent_fee,
            rent_use: flows.rent_a_month()?.checked_add(-flows.rent_per_month)?,
            rent_steady: flows.rent_per_month,
            own_electricity: flows.electricity_a_month()?.scaled(self.dearer, Decimal::ONE)?,
            own_upkeep: flows.own_per_month.checked_add(-flows.idle_per_month)?,
            own_payment: flows.loan.filter(|loan| begun < loan.months()).map_or(Usd::ZERO, |loan| loan.payment()),
            own_upgrade: upgrade.map_or(Usd::ZERO, |upgrade| upgrade.usd),
            sold_for: flows.resale.net_after(end)?,
            owed: flows.loan.map_or(Some(Usd::ZERO), |loan| loan.owed_after(end))?,
        })
    }
}

/// Sums of months in today's dollars.
struct Sums {
    rent: Usd,
    own: Usd,
    /// What a dollar of this moment is worth today.
    worth: Decimal,
}

impl Sums {
    /// What owning has saved if the machine is sold now.
    fn saved(&self, sold_for: Usd, owed: Usd) -> Option<Usd> {
        let back = sold_for.checked_add(-owed)?.scaled(self.worth, Decimal::ONE)?;
        self.rent.checked_add(-self.own)?.checked_add(back)
    }

    fn pay(sum: Usd, paid: Usd, worth: Decimal) -> Option<Usd> {
        sum.checked_add(paid.scaled(worth, Decimal::ONE)?)
    }

    fn end_month(&mut self, flow: &MonthFlow, a_month: Decimal) -> Option<()> {
        self.worth = self.worth.checked_mul(a_month)?;
        for paid in [flow.rent_use, flow.rent_steady] {
            self.rent = Sums::pay(self.rent, paid, self.worth)?;
        }
        for paid in [flow.own_electricity, flow.own_upkeep, flow.own_payment] {
            self.own = Sums::pay(self.own, paid, self.worth)?;
        }
        Some(())
    }
}

/// Months until owning has cost no more than renting, the machine being sold then; looked for at each month's two ends and
/// at the [most within it](super::peak), and found by halving. The inner `None` is not within [`Horizon::MAX_MONTHS`].
pub(super) fn months_to_recover(flows: &Flows, discount: Discount) -> Option<Option<Decimal>> {
    let a_month = discount.factor(Decimal::ONE)?;
    let mut sums = Sums { rent: Usd::ZERO, own: flows.price, worth: Decimal::ONE };
    let (mut sold_for, mut owed) = (flows.resale.net_after(Decimal::ZERO)?, borrowed(flows));
    for flow in flows.months().take(Horizon::MAX_MONTHS as usize) {
        sums.rent = Sums::pay(sums.rent, flow.rent_fee, sums.worth)?;
        let begun = Decimal::from(flow.month.saturating_sub(1));
        if !sums.saved(sold_for, owed)?.is_negative() {
            return Some(Some(begun));
        }
        let within = Within {
            flows,
            discount,
            begin: begun,
            end: Decimal::from(flow.month),
            saved_per_month: flow.saved()?,
            npv_at_begin: sums.saved(sold_for, owed)?,
        };
        sums.end_month(&flow, a_month)?;
        let at_end = !sums.saved(flow.sold_for, flow.owed)?.is_negative();
        if let Some(reached) = within.caught_up()?.or(Some(within.end).filter(|_| at_end)) {
            return halved(flows, discount, begun, reached).map(Some);
        }
        sums.own = Sums::pay(sums.own, flow.own_upgrade, sums.worth)?;
        (sold_for, owed) = (flow.sold_for, flow.owed);
    }
    Some(None)
}

fn borrowed(flows: &Flows) -> Usd {
    flows.loan.map_or(Usd::ZERO, |loan| loan.financed())
}

/// Owning is dearer right after `low` and no dearer at `high`.
fn halved(flows: &Flows, discount: Discount, mut low: Decimal, mut high: Decimal) -> Option<Decimal> {
    /// 2^-70 of a month is less than the last digit of a dollar.
    const HALVINGS: u32 = 70;
    for _ in 0..HALVINGS {
        let middle = low.checked_add(high)?.checked_div(Decimal::TWO)?;
        if flows.npv(middle, discount)?.is_negative() {
            low = middle;
        } else {
            high = middle;
        }
    }
    Some(high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::break_even::{Input, Owning, Question, Renting, Terms};

    fn reserved(upfront: &str) -> Flows {
        let mut renting = Renting::at_rate("an instance", Input::given(Usd::ZERO));
        renting.committed = Some(crate::break_even::Committed {
            upfront: Input::given(upfront.parse().unwrap()),
            term_months: Input::given(12),
        });
        let owning = Owning::at_price("the machine", Input::given("1000".parse().unwrap()));
        let question = Question { owning, renting, terms: Terms::at_hours(Input::given(Decimal::TWO)) };
        Flows::of(&question).unwrap()
    }

    #[test]
    fn a_fee_that_falls_due_is_a_step() {
        // 400, 800, 1200: owning at 1000 is cheaper from the moment the third fee falls due.
        let months = months_to_recover(&reserved("400"), Discount::NONE);
        assert_eq!(months, Some(Some(Decimal::from(24))));
        assert_eq!(months_to_recover(&reserved("1000"), Discount::NONE), Some(Some(Decimal::ZERO)));
        assert_eq!(months_to_recover(&reserved("0"), Discount::NONE), Some(None));
    }

    #[test]
    fn closed_sums_of_fees_are_the_months() {
        let flows = reserved("400");
        let discount = Discount::per_year("8%".parse().unwrap()).unwrap();
        let mut sum = Usd::ZERO;
        for flow in flows.months().take(30) {
            let begun = Decimal::from(flow.month - 1);
            sum += flow.rent_fee.scaled(discount.factor(begun).unwrap(), Decimal::ONE).unwrap();
            let closed = flows.fees(Decimal::from(flow.month), discount).unwrap();
            assert!((closed.amount() - sum.amount()).abs() < Decimal::new(1, 20), "month {}", flow.month);
        }
    }
}
