//! A question as flows of dollars per hour, per month and once: the one place the formulas are written.

use rust_decimal::Decimal;

use super::discount::Discount;
use super::input::{Electricity, Owning, Question};
use super::terms::{MonthLength, Percentage};
use crate::break_even::hourly::energy_kwh;
use crate::money::Usd;

/// What both sides pay, and when. Constant over the horizon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flows {
    /// Once, on the first day of owning.
    pub price: Usd,
    /// Comes back when the machine is sold: resale less the cost of selling.
    pub salvage: Usd,
    /// Instance, AMI and public address, per rented hour.
    pub rent_per_hour: Usd,
    /// Electricity of the machine for the work of one rented hour.
    pub own_per_hour: Usd,
    /// Storage of the rented side, per month.
    pub rent_per_month: Usd,
    /// Other cost of owning, per month.
    pub own_per_month: Usd,
    pub hours_per_day: Decimal,
    pub month: MonthLength,
}

impl Flows {
    /// `None` if a sum or product leaves the range of decimals, which a checked question's do not.
    pub fn of(question: &Question) -> Option<Flows> {
        let Question { owning, renting, terms } = question;
        let rent_per_hour = renting
            .usd_per_hour
            .value
            .checked_add(renting.ami_usd_per_hour.value)?
            .checked_add(renting.address_usd_per_hour.value)?;
        Some(Flows {
            price: owning.price.value,
            salvage: net_of_selling(owning.resale.value, owning.selling_cost.value)?,
            rent_per_hour,
            own_per_hour: own_per_rented_hour(owning)?,
            rent_per_month: renting.storage_usd_per_month.value,
            own_per_month: owning.other_usd_per_month.value,
            hours_per_day: terms.hours_per_day.value,
            month: terms.month.value,
        })
    }

    /// `c = p − W·U·e/k`: what not renting an hour saves; negative if the machine's hour costs more.
    pub fn saved_per_rented_hour(&self) -> Option<Usd> {
        self.rent_per_hour.checked_add(-self.own_per_hour)
    }

    /// `A = h·c·D + s − f`: what owning saves in a month of this use.
    pub fn saved_per_month(&self) -> Option<Usd> {
        self.rent_a_month()?.checked_add(-self.own_a_month()?)
    }

    /// `a = A/D`.
    pub fn saved_per_day(&self) -> Option<Usd> {
        let daily = self.saved_per_rented_hour()?.amount().checked_mul(self.hours_per_day)?;
        let steady = self.rent_per_month.checked_add(-self.own_per_month)?;
        daily.checked_add(self.month.months(steady.amount())?).map(Usd::new)
    }

    /// Price less what comes back: what the savings have to pay for.
    pub fn price_net_of_resale(&self) -> Option<Usd> {
        self.price.checked_add(-self.salvage)
    }

    /// `n* = (P − S)/a` for an `a` above zero, divided last, so that a whole number of days comes out whole.
    pub fn days_to_recover(&self) -> Option<Decimal> {
        let (days, over) = self.month.days_over();
        let daily = self.saved_per_rented_hour()?.amount().checked_mul(self.hours_per_day)?;
        let steady = self.rent_per_month.checked_add(-self.own_per_month)?.amount();
        let saved = daily.checked_mul(days)?.checked_add(steady.checked_mul(over)?)?;
        self.price_net_of_resale()?.amount().checked_mul(days)?.checked_div(saved)
    }

    pub fn rent_a_month(&self) -> Option<Usd> {
        self.a_month(self.rent_per_hour, self.rent_per_month)
    }

    pub fn own_a_month(&self) -> Option<Usd> {
        self.a_month(self.own_per_hour, self.own_per_month)
    }

    fn a_month(&self, per_hour: Usd, per_month: Usd) -> Option<Usd> {
        let used = per_hour.amount().checked_mul(self.hours_per_day)?;
        Usd::new(self.month.days(used)?).checked_add(per_month)
    }

    /// Renting for so many days, in dollars of each day.
    pub fn rent_after(&self, days: Decimal) -> Option<Usd> {
        self.after(self.rent_per_hour, self.rent_per_month, days)
    }

    /// Owning for so many days and selling then, in dollars of each day.
    pub fn own_after(&self, days: Decimal) -> Option<Usd> {
        let running = self.after(self.own_per_hour, self.own_per_month, days)?;
        running.checked_add(self.price_net_of_resale()?)
    }

    fn after(&self, per_hour: Usd, per_month: Usd, days: Decimal) -> Option<Usd> {
        let used = per_hour.amount().checked_mul(self.hours_per_day)?.checked_mul(days)?;
        let steady = self.month.months(per_month.amount().checked_mul(days)?)?;
        used.checked_add(steady).map(Usd::new)
    }

    /// Renting for so many months, in today's dollars.
    pub fn rent_present(&self, months: Decimal, discount: Discount) -> Option<Usd> {
        self.rent_a_month()?.scaled(discount.annuity(months)?, Decimal::ONE)
    }

    /// Owning for so many months and selling then, in today's dollars.
    pub fn own_present(&self, months: Decimal, discount: Discount) -> Option<Usd> {
        let running = self.own_a_month()?.scaled(discount.annuity(months)?, Decimal::ONE)?;
        let salvage = self.salvage.scaled(discount.factor(months)?, Decimal::ONE)?;
        self.price.checked_add(running)?.checked_add(-salvage)
    }
}

fn net_of_selling(resale: Usd, selling_cost: Percentage) -> Option<Usd> {
    let kept = Decimal::ONE.checked_sub(selling_cost.fraction())?;
    resale.scaled(kept, Decimal::ONE)
}

fn own_per_rented_hour(owning: &Owning) -> Option<Usd> {
    let Some(Electricity { load_watts, usd_per_kwh, pue }) = &owning.electricity else {
        return Some(Usd::ZERO);
    };
    let kwh = energy_kwh(load_watts.value, Decimal::ONE, pue.value)?;
    usd_per_kwh.value.scaled(kwh, owning.speed_ratio.value)
}
