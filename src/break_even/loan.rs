//! A loan on the price: equal payments at each month's end, and what is still owed at any time.

use rust_decimal::Decimal;

use super::discount::Discount;
use crate::money::Usd;

const MONTHS_A_YEAR: u64 = 12;

/// What is borrowed and how it is paid back.
///
/// ```
/// use gpucost::break_even::Loan;
/// let loan = Loan::new("2200".parse()?, "0.09".parse()?, 24).ok_or("out of range")?;
/// assert_eq!(loan.payment().rounded(6), "$100.506433");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loan {
    financed: Usd,
    payment: Usd,
    months: u32,
    interest: Discount,
}

impl Loan {
    /// With a nominal annual rate as a fraction, a twelfth of it due each month.
    /// `None` without a month to pay in, or out of the range of decimals.
    pub fn new(financed: Usd, apr: Decimal, months: u32) -> Option<Loan> {
        let interest = Discount::per_month(apr.checked_div(MONTHS_A_YEAR.into())?)?;
        let payment = financed.scaled(Decimal::ONE, interest.annuity(Decimal::from(months))?)?;
        Some(Loan { financed, payment, months, interest })
    }

    /// What was borrowed.
    pub const fn financed(self) -> Usd {
        self.financed
    }

    /// What is paid at each month's end.
    pub const fn payment(self) -> Usd {
        self.payment
    }

    /// How many payments.
    pub const fn months(self) -> u32 {
        self.months
    }

    /// Of a month.
    pub(super) const fn interest(self) -> Discount {
        self.interest
    }

    /// All payments together.
    pub fn total(self) -> Option<Usd> {
        self.payment.scaled(Decimal::from(self.months), Decimal::ONE)
    }

    /// Still owed after so many months; within a month interest runs by the same power.
    pub fn owed_after(self, months: Decimal) -> Option<Usd> {
        if months >= Decimal::from(self.months) {
            return Some(Usd::ZERO);
        }
        let paid = self.payment.scaled(self.interest.annuity(months)?, Decimal::ONE)?;
        self.financed.checked_add(-paid)?.scaled(Decimal::ONE, self.interest.factor(months)?)
    }

    /// Payments up to a month and what is owed then, paid back at once, in dollars of today. At the loan's own rate that is
    /// what was borrowed, whenever the machine is sold.
    pub fn present(self, months: Decimal, discount: Discount) -> Option<Usd> {
        let paying = months.min(Decimal::from(self.months));
        let paid = self.payment.scaled(discount.annuity(paying)?, Decimal::ONE)?;
        let owed = self.owed_after(months)?.scaled(discount.factor(months)?, Decimal::ONE)?;
        paid.checked_add(owed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden() -> Loan {
        Loan::new("2200".parse().unwrap(), "0.09".parse().unwrap(), 24).unwrap()
    }

    #[test]
    fn pays_back_in_equal_sums() {
        assert_eq!(golden().payment().rounded(6), "$100.506433");
        assert_eq!(golden().total().unwrap().rounded(6), "$2,412.154392");
    }

    #[test]
    fn owes_what_interest_and_payments_leave_month_by_month() {
        let mut owed = Decimal::from(2200);
        for month in 0..=24u32 {
            let closed = golden().owed_after(Decimal::from(month)).unwrap().amount();
            assert!((closed - owed).abs() < Decimal::new(1, 18), "month {month}: {closed} {owed}");
            owed = owed * Decimal::new(10_075, 4) - golden().payment().amount();
        }
    }

    #[test]
    fn is_neutral_at_its_own_rate_whenever_the_machine_is_sold() {
        let same = Discount::per_month("0.0075".parse().unwrap()).unwrap();
        for months in ["0", "0.5", "7", "11.3", "23.99", "24", "60"] {
            let present = golden().present(months.parse().unwrap(), same).unwrap();
            assert_eq!(present.rounded(12), "$2,200.000000000000", "after {months} months");
        }
    }

    #[test]
    fn without_interest_it_only_spreads_the_price() {
        let loan = Loan::new("2400".parse().unwrap(), Decimal::ZERO, 24).unwrap();
        assert_eq!(loan.payment(), "100".parse().unwrap());
        assert_eq!(loan.owed_after(Decimal::from(6)), "1800".parse().ok());
        assert_eq!(Loan::new("2400".parse().unwrap(), Decimal::ZERO, 0), None);
    }
}
