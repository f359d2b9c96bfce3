//! When dollars are paid and what they are worth today, in floats: the formulas of `Discount`, `Loan` and `Flows`, where a
//! path may draw the horizon, the discount rate, the rise of electricity or the months of a loan.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::break_even::discount::Discount;
use crate::break_even::flows::{Flows, MONTH_NOISE, MONTHS_A_YEAR, TermFee};
use crate::break_even::input::Question;
use crate::break_even::input_name::InputName;
use crate::break_even::loan::Loan;
use crate::break_even::terms::Horizon;
use crate::money::Usd;

const A_YEAR: f64 = MONTHS_A_YEAR as f64;
/// Months that were days before may be off by a float's last digits: nothing falls due for that.
const NOISE: f64 = 1e-9;

/// What a dollar of each kind is worth today over so many months.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// At each month's end.
    pub(super) annuity: f64,
    /// The same of electricity, its rises included.
    pub(super) electricity: f64,
    pub(super) at_end: f64,
    pub(super) fees: f64,
    /// Of a borrowed dollar.
    pub(super) loan: f64,
    pub(super) upgrade: f64,
    pub(super) years: f64,
}

/// What a path may draw of when things are paid.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// As the question counts it, months or days.
    horizon: f64,
    months_a_count: f64,
    discount_per_year: f64,
    escalation_per_year: f64,
    apr: f64,
    /// 0 without a loan.
    loan_months: f64,
    /// Never without an upgrade.
    upgrade_month: f64,
    /// 0 without a commitment.
    term_months: f64,
}

/// Hours a day over a span, each month's times what a dollar of it is worth today.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Use {
    pub(super) rented: f64,
    /// With the rises of electricity.
    pub(super) run: f64,
}

impl Span {
    /// `None` if the discount or an amount leaves the range of decimals.
    pub(super) fn of(question: &Question, months: Decimal) -> Option<Span> {
        let discount = Discount::per_year(question.terms.discount_per_year.value)?;
        let flows = Flows::of(question)?;
        let unit = Flows { fee: flows.fee.map(|fee| TermFee { usd: Usd::ONE, ..fee }), ..flows };
        let borrowed = match &question.owning.financing {
            None => Decimal::ZERO,
            Some(loan) => {
                let loan = Loan::new(Usd::ONE, loan.apr.value.fraction(), loan.months.value)?;
                loan.present(months, discount)?.amount()
            }
        };
        let upgrade = match flows.upgrade.map(|upgrade| Decimal::from(upgrade.month)) {
            Some(month) if month < months.checked_sub(MONTH_NOISE)? => discount.factor(month)?,
            _ => Decimal::ZERO,
        };
        let annuity = discount.annuity(months)?;
        Some(Span {
            annuity: annuity.to_f64()?,
            electricity: annuity.checked_add(flows.escalated(months, discount)?)?.to_f64()?,
            at_end: discount.factor(months)?.to_f64()?,
            fees: unit.fees(months, discount)?.amount().to_f64()?,
            loan: borrowed.to_f64()?,
            upgrade: upgrade.to_f64()?,
            years: months.checked_div(MONTHS_A_YEAR.into())?.to_f64()?,
        })
    }
}

impl Schedule {
    /// `None` only if a number does not fit a float, which all decimals do.
    pub(super) fn of(question: &Question) -> Option<Schedule> {
        let Question { owning, renting, terms } = question;
        let (horizon, months_a_count) = match terms.horizon.value {
            Horizon::Months(months) => (f64::from(months), 1.0),
            Horizon::Days(days) => (f64::from(days), terms.month.value.months(Decimal::ONE)?.to_f64()?),
        };
        let financing = owning.financing.as_ref();
        let escalation = owning.electricity.as_ref().map(|power| power.escalation_per_year.value.fraction());
        Some(Schedule {
            horizon,
            months_a_count,
            discount_per_year: terms.discount_per_year.value.fraction().to_f64()?,
            escalation_per_year: escalation.unwrap_or_default().to_f64()?,
            apr: financing.map(|loan| loan.apr.value.fraction()).unwrap_or_default().to_f64()?,
            loan_months: financing.map_or(0.0, |loan| f64::from(loan.months.value)),
            upgrade_month: owning.upgrade.as_ref().map_or(f64::INFINITY, |upgrade| f64::from(upgrade.month.value)),
            term_months: renting.committed.as_ref().map_or(0.0, |term| f64::from(term.term_months.value)),
        })
    }

    /// Whether drawing this input moves when something is paid, or what it is then worth.
    pub(super) const fn rests_on(input: InputName) -> bool {
        matches!(
            input,
            InputName::Horizon
                | InputName::DiscountRate
                | InputName::Escalation
                | InputName::LoanApr
                | InputName::LoanMonths
                | InputName::UpgradeMonth
                | InputName::TermMonths
        )
    }

    /// `false` for an input that is none of these.
    pub(super) fn put(&mut self, input: InputName, value: f64) -> bool {
        let place = match input {
            InputName::Horizon => &mut self.horizon,
            InputName::DiscountRate => &mut self.discount_per_year,
            InputName::Escalation => &mut self.escalation_per_year,
            InputName::LoanApr => &mut self.apr,
            InputName::LoanMonths => &mut self.loan_months,
            InputName::UpgradeMonth => &mut self.upgrade_month,
            InputName::TermMonths => &mut self.term_months,
            _ => return false,
        };
        *place = value;
        true
    }

    /// To the horizon.
    pub(super) fn span(&self) -> Span {
        self.span_of(self.horizon * self.months_a_count)
    }

    /// To any moment, in months.
    pub(super) fn span_of(&self, months: f64) -> Span {
        let discount = Rate::per_year(self.discount_per_year);
        let upgraded = self.upgrade_month < months - NOISE;
        let annuity = discount.annuity(months);
        Span {
            annuity,
            electricity: annuity + self.escalated(discount, months),
            at_end: discount.factor(months),
            fees: self.fees(discount, months),
            loan: self.loan(discount, months),
            upgrade: if upgraded { discount.factor(self.upgrade_month) } else { 0.0 },
            years: months / A_YEAR,
        }
    }

    /// As [`Span`] has it of all of them, of each month to the horizon; the last may be a part of one.
    pub(super) fn worth_of_months(&self) -> impl Iterator<Item = Use> + use<> {
        let discount = Rate::per_year(self.discount_per_year);
        let months = self.horizon * self.months_a_count;
        let (a_month, a_year) = (discount.factor(1.0), 1.0 + self.escalation_per_year);
        let (mut month, mut worth, mut dearer) = (0u32, 1.0, 1.0);
        std::iter::from_fn(move || {
            let left = months - f64::from(month);
            if left <= NOISE {
                return None;
            }
            if month > 0 && month.is_multiple_of(MONTHS_A_YEAR) {
                dearer *= a_year;
            }
            let dollar = if left < 1.0 { worth * discount.annuity(left) } else { worth * a_month };
            month += 1;
            worth *= a_month;
            Some(Use { rented: dollar, run: dollar * dearer })
        })
    }

    /// Months, each times how much dearer electricity is in it than in the first year and what a dollar of it is worth.
    fn escalated(&self, discount: Rate, months: f64) -> f64 {
        if self.escalation_per_year == 0.0 {
            return 0.0;
        }
        let (mut begin, mut dearer, mut sum) = (A_YEAR, 1.0 + self.escalation_per_year, 0.0);
        while begin < months {
            let of_year = discount.factor(begin) * discount.annuity((months - begin).min(A_YEAR));
            sum += (dearer - 1.0) * of_year;
            begin += A_YEAR;
            dearer *= 1.0 + self.escalation_per_year;
        }
        sum
    }

    /// A dollar at the beginning of each term.
    fn fees(&self, discount: Rate, months: f64) -> f64 {
        if self.term_months == 0.0 {
            return 0.0;
        }
        let terms = ((months - NOISE) / self.term_months).ceil().max(1.0);
        if discount.monthly == 0.0 {
            return terms;
        }
        (1.0 - discount.factor(terms * self.term_months)) / (1.0 - discount.factor(self.term_months))
    }

    /// A borrowed dollar, paid back by the month and what is owed at the end at once.
    fn loan(&self, discount: Rate, months: f64) -> f64 {
        if self.loan_months == 0.0 {
            return 0.0;
        }
        let interest = Rate::per_month(self.apr / A_YEAR);
        let payment = 1.0 / interest.annuity(self.loan_months);
        let paid = payment * discount.annuity(months.min(self.loan_months));
        if months >= self.loan_months {
            return paid;
        }
        let owed = (1.0 - payment * interest.annuity(months)) / interest.factor(months);
        paid + owed * discount.factor(months)
    }
}

/// Interest of a month.
#[derive(Clone, Copy)]
struct Rate {
    monthly: f64,
    /// ln(1 + monthly)
    log: f64,
}

impl Rate {
    /// `(1 + i)^12 = 1 + r`
    fn per_year(rate: f64) -> Rate {
        let log = rate.ln_1p() / A_YEAR;
        Rate { monthly: log.exp_m1(), log }
    }

    fn per_month(monthly: f64) -> Rate {
        Rate { monthly, log: monthly.ln_1p() }
    }

    fn factor(self, months: f64) -> f64 {
        (-months * self.log).exp()
    }

    fn annuity(self, months: f64) -> f64 {
        if self.monthly == 0.0 {
            return months;
        }
        -(-months * self.log).exp_m1() / self.monthly
    }
}
