//! A question as flows of dollars per hour, per month and once: the one place the formulas are written.

use rust_decimal::Decimal;

use super::discount::Discount;
use super::hourly::energy_kwh;
use super::input::{Electricity, Financing, Owning, Question, Renting, Upkeep};
use super::loan::Loan;
use super::resale::Resale;
use super::terms::{MonthLength, Percentage};
use crate::money::Usd;

pub(super) const HOURS_A_DAY: Decimal = Decimal::from_parts(24, 0, 0, false, 0);
pub(super) const MONTHS_A_YEAR: u32 = 12;
/// Months that were days before may be off by a division's last digit: no new term begins for that.
pub(super) const MONTH_NOISE: Decimal = Decimal::from_parts(1, 0, 0, false, 15);

/// What both sides pay, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flows {
    /// Once, on the first day of owning: the price and its tax, less what a loan pays of them.
    pub price: Usd,
    /// Pays the rest of the price, and is paid back month by month.
    pub loan: Option<Loan>,
    /// What comes back when the machine is sold.
    pub resale: Resale,
    pub upgrade: Option<Upgraded>,
    /// Instance, AMI and public address, for the work of one rented hour.
    pub rent_per_hour: Usd,
    /// Electricity of the machine for the work of one rented hour, over what it draws idle, at the first year's rate.
    pub own_per_hour: Usd,
    /// Of the rented side, whatever the hours: storage, addresses that stay, transfer, and the hours of a commitment.
    pub rent_per_month: Usd,
    /// Of owning, whatever the hours: upkeep, and what the machine draws idle at the first year's rate.
    pub own_per_month: Usd,
    /// The electricity in `own_per_month`.
    pub idle_per_month: Usd,
    /// By how much all electricity gets dearer at the end of each twelve months.
    pub escalation_per_year: Percentage,
    /// Of a commitment, at the beginning of each of its terms.
    pub fee: Option<TermFee>,
    pub hours_per_day: Decimal,
    pub month: MonthLength,
}

/// Paid once, at the end of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgraded {
    pub usd: Usd,
    pub month: u32,
}

/// Paid at the beginning of every term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermFee {
    pub usd: Usd,
    pub term_months: u32,
}

impl Flows {
    /// `None` if a sum or product leaves the range of decimals, which a checked question's do not.
    pub fn of(question: &Question) -> Option<Flows> {
        let Question { owning, renting, terms } = question;
        let month = terms.month.value;
        let idle_per_month = idle_a_month(owning, month)?;
        let taxed = owning.price.value.scaled(with(owning.sales_tax.value)?, Decimal::ONE)?;
        let loan = owning.financing.as_ref().map(|financing| borrowed(financing, taxed));
        let loan = match loan {
            None => None,
            Some(loan) => Some(loan?),
        };
        let financed = loan.map_or(Usd::ZERO, Loan::financed);
        Some(Flows {
            price: taxed.checked_add(-financed)?,
            loan,
            resale: Resale::of(owning)?,
            upgrade: owning
                .upgrade
                .as_ref()
                .map(|upgrade| Upgraded { usd: upgrade.usd.value, month: upgrade.month.value }),
            rent_per_hour: rented_hour(renting)?,
            own_per_hour: own_per_rented_hour(owning)?,
            rent_per_month: rented_month(renting, month)?,
            own_per_month: upkeep_a_month(owning)?.checked_add(idle_per_month)?,
            idle_per_month,
            escalation_per_year: owning
                .electricity
                .as_ref()
                .map_or(Percentage::ZERO, |electricity| electricity.escalation_per_year.value),
            fee: renting
                .committed
                .as_ref()
                .map(|term| TermFee { usd: term.upfront.value, term_months: term.term_months.value }),
            hours_per_day: terms.hours_per_day.value,
            month,
        })
    }

    /// Each month like the one before, so that break-evens are closed formulas.
    pub fn is_constant(&self) -> bool {
        let growing = !self.escalation_per_year.is_zero() && self.electricity_a_month() != Some(Usd::ZERO);
        self.loan.is_none() && self.upgrade.is_none() && self.fee.is_none() && self.resale.is_constant() && !growing
    }

    /// `c = p·φ − W·U·e/k`: what not renting an hour's work saves; negative if the machine's hour costs more.
    pub fn saved_per_rented_hour(&self) -> Option<Usd> {
        self.rent_per_hour.checked_add(-self.own_per_hour)
    }

    /// `A = h·c·D + s − f`: what owning saves in a month of this use, of the first year.
    pub fn saved_per_month(&self) -> Option<Usd> {
        self.rent_a_month()?.checked_add(-self.own_a_month()?)
    }

    /// `a = A/D`.
    pub fn saved_per_day(&self) -> Option<Usd> {
        let daily = self.saved_per_rented_hour()?.amount().checked_mul(self.hours_per_day)?;
        let steady = self.rent_per_month.checked_add(-self.own_per_month)?;
        daily.checked_add(self.month.months(steady.amount())?).map(Usd::new)
    }

    /// What buying commits to, less the resale that is sure: price, tax, and every payment of a loan.
    pub fn at_once(&self) -> Option<Usd> {
        let borrowed = self.loan.map_or(Some(Usd::ZERO), Loan::total)?;
        self.price.checked_add(borrowed)?.checked_add(-self.resale.sure()?)
    }

    /// `n* = (P − S)/a` for an `a` above zero and constant flows, divided last, so that a whole number of days comes out whole.
    pub fn days_to_recover(&self) -> Option<Decimal> {
        let (days, over) = self.month.days_over();
        let daily = self.saved_per_rented_hour()?.amount().checked_mul(self.hours_per_day)?;
        let steady = self.rent_per_month.checked_add(-self.own_per_month)?.amount();
        let saved = daily.checked_mul(days)?.checked_add(steady.checked_mul(over)?)?;
        self.at_once()?.amount().checked_mul(days)?.checked_div(saved)
    }

    /// Of the first year; without a commitment's fees.
    pub fn rent_a_month(&self) -> Option<Usd> {
        self.a_month(self.rent_per_hour, self.rent_per_month)
    }

    /// Of the first year; without a loan's payments.
    pub fn own_a_month(&self) -> Option<Usd> {
        self.a_month(self.own_per_hour, self.own_per_month)
    }

    /// At work and idle, in a month of the first year.
    pub fn electricity_a_month(&self) -> Option<Usd> {
        self.a_month(self.own_per_hour, self.idle_per_month)
    }

    fn a_month(&self, per_hour: Usd, per_month: Usd) -> Option<Usd> {
        let used = per_hour.amount().checked_mul(self.hours_per_day)?;
        Usd::new(self.month.days(used)?).checked_add(per_month)
    }

    /// Renting for so many days, in dollars of each day.
    pub fn rent_after(&self, days: Decimal) -> Option<Usd> {
        let steady = self.after(self.rent_per_hour, self.rent_per_month, days)?;
        steady.checked_add(self.fees(self.month.months(days)?, Discount::NONE)?)
    }

    /// Owning for so many days and selling then, in dollars of each day.
    pub fn own_after(&self, days: Decimal) -> Option<Usd> {
        let months = self.month.months(days)?;
        let running = self.after(self.own_per_hour, self.own_per_month, days)?;
        running.checked_add(self.once(months, Discount::NONE)?)?.checked_add(self.dearer(months, Discount::NONE)?)
    }

    fn after(&self, per_hour: Usd, per_month: Usd, days: Decimal) -> Option<Usd> {
        let used = per_hour.amount().checked_mul(self.hours_per_day)?.checked_mul(days)?;
        let steady = self.month.months(per_month.amount().checked_mul(days)?)?;
        used.checked_add(steady).map(Usd::new)
    }

    /// Renting for so many months, in today's dollars.
    pub fn rent_present(&self, months: Decimal, discount: Discount) -> Option<Usd> {
        let steady = self.rent_a_month()?.scaled(discount.annuity(months)?, Decimal::ONE)?;
        steady.checked_add(self.fees(months, discount)?)
    }

    /// Owning for so many months and selling then, in today's dollars.
    pub fn own_present(&self, months: Decimal, discount: Discount) -> Option<Usd> {
        let running = self.own_a_month()?.scaled(discount.annuity(months)?, Decimal::ONE)?;
        running.checked_add(self.once(months, discount)?)?.checked_add(self.dearer(months, discount)?)
    }

    /// What renting costs more than owning in so many months, in today's dollars.
    pub fn npv(&self, months: Decimal, discount: Discount) -> Option<Usd> {
        self.rent_present(months, discount)?.checked_add(-self.own_present(months, discount)?)
    }

    /// A commitment's fees: the first on the first day, another as each term is over and renting goes on.
    pub(super) fn fees(&self, months: Decimal, discount: Discount) -> Option<Usd> {
        let Some(TermFee { usd, term_months }) = self.fee else { return Some(Usd::ZERO) };
        let term = Decimal::from(term_months);
        let terms = months.checked_sub(MONTH_NOISE)?.checked_div(term)?.ceil().max(Decimal::ONE);
        let a_term = discount.factor(term)?;
        if a_term == Decimal::ONE {
            return usd.scaled(terms, Decimal::ONE);
        }
        let all = Decimal::ONE.checked_sub(discount.factor(terms.checked_mul(term)?)?)?;
        usd.scaled(all, Decimal::ONE.checked_sub(a_term)?)
    }

    /// What owning pays whatever the hours and however long they are: price, loan and upgrade, less the resale.
    pub(super) fn once(&self, months: Decimal, discount: Discount) -> Option<Usd> {
        let back = self.resale.net_after(months)?.scaled(discount.factor(months)?, Decimal::ONE)?;
        let loan = self.loan.map_or(Some(Usd::ZERO), |loan| loan.present(months, discount))?;
        let upgrade = match self.upgrade {
            Some(Upgraded { usd, month }) if Decimal::from(month) < months.checked_sub(MONTH_NOISE)? => {
                usd.scaled(discount.factor(Decimal::from(month))?, Decimal::ONE)?
            }
            _ => Usd::ZERO,
        };
        self.price.checked_add(loan)?.checked_add(upgrade)?.checked_add(-back)
    }

    /// What electricity costs over the first year's rate.
    pub(super) fn dearer(&self, months: Decimal, discount: Discount) -> Option<Usd> {
        self.electricity_a_month()?.scaled(self.escalated(months, discount)?, Decimal::ONE)
    }

    /// Months, each times how much dearer electricity is in it and what a dollar of it is worth today.
    pub(super) fn escalated(&self, months: Decimal, discount: Discount) -> Option<Decimal> {
        if self.escalation_per_year.is_zero() {
            return Some(Decimal::ZERO);
        }
        let (year, a_year) = (Decimal::from(MONTHS_A_YEAR), with(self.escalation_per_year)?);
        let (mut begin, mut rate, mut sum) = (year, a_year, Decimal::ZERO);
        let mut before = discount.annuity(begin.min(months))?;
        while begin < months {
            let end = begin.checked_add(year)?.min(months);
            let until = discount.annuity(end)?;
            let dearer = rate.checked_sub(Decimal::ONE)?.checked_mul(until.checked_sub(before)?)?;
            sum = sum.checked_add(dearer)?;
            (begin, before, rate) = (end, until, rate.checked_mul(a_year)?);
        }
        Some(sum)
    }
}

fn with(share: Percentage) -> Option<Decimal> {
    Decimal::ONE.checked_add(share.fraction())
}

fn borrowed(financing: &Financing, taxed: Usd) -> Option<Loan> {
    let share = Decimal::ONE.checked_sub(financing.down_payment.value.fraction())?;
    Loan::new(taxed.scaled(share, Decimal::ONE)?, financing.apr.value.fraction(), financing.months.value)
}

/// An hour's work: more than an hour's rent where some of it is done twice. The hours of a commitment are not paid by use.
fn rented_hour(renting: &Renting) -> Option<Usd> {
    let rate = if renting.committed.is_some() { Usd::ZERO } else { renting.usd_per_hour.value };
    rate.checked_add(renting.ami_usd_per_hour.value)?
        .checked_add(renting.address_usd_per_hour.value)?
        .scaled(renting.overhead.value, Decimal::ONE)
}

fn rented_month(renting: &Renting, month: MonthLength) -> Option<Usd> {
    let rate = if renting.committed.is_some() { renting.usd_per_hour.value } else { Usd::ZERO };
    let each_hour = rate.checked_add(renting.elastic_ip_usd_per_hour.value)?.amount().checked_mul(HOURS_A_DAY)?;
    Usd::new(month.days(each_hour)?)
        .checked_add(renting.storage_usd_per_month.value)?
        .checked_add(renting.transfer_usd_per_month.value)?
        .checked_add(transferred(renting)?)
}

/// `None` too for more than there are rates for, which is no checked question's.
fn transferred(renting: &Renting) -> Option<Usd> {
    renting.transfer.as_ref().map_or(Some(Usd::ZERO), |out| out.rates.cost_of(out.gb_per_month.value))
}

fn own_per_rented_hour(owning: &Owning) -> Option<Usd> {
    let Some(Electricity { load_watts, idle_watts, usd_per_kwh, pue, .. }) = &owning.electricity else {
        return Some(Usd::ZERO);
    };
    let watts = load_watts.value.checked_sub(idle_watts.value)?;
    usd_per_kwh.value.scaled(energy_kwh(watts, Decimal::ONE, pue.value)?, owning.speed_ratio.value)
}

/// Around the clock; an hour of work then adds what it draws above that.
fn idle_a_month(owning: &Owning, month: MonthLength) -> Option<Usd> {
    let Some(Electricity { idle_watts, usd_per_kwh, pue, .. }) = &owning.electricity else {
        return Some(Usd::ZERO);
    };
    let kwh = energy_kwh(idle_watts.value, month.days(HOURS_A_DAY)?, pue.value)?;
    usd_per_kwh.value.scaled(kwh, Decimal::ONE)
}

fn upkeep_a_month(owning: &Owning) -> Option<Usd> {
    let Upkeep {
        admin_hours_per_month,
        usd_per_admin_hour,
        maintenance_usd_per_month,
        colocation_usd_per_month,
        repair_reserve_per_year,
    } = &owning.upkeep;
    let reserve = owning.price.value.scaled(repair_reserve_per_year.value.fraction(), MONTHS_A_YEAR.into())?;
    usd_per_admin_hour
        .value
        .scaled(admin_hours_per_month.value, Decimal::ONE)?
        .checked_add(maintenance_usd_per_month.value)?
        .checked_add(colocation_usd_per_month.value)?
        .checked_add(reserve)?
        .checked_add(owning.other_usd_per_month.value)
}
