//! Present values: the monthly rate, and what a steady monthly saving is worth.

use rust_decimal::{Decimal, MathematicalOps};

use super::terms::Percentage;

const MONTHS_A_YEAR: u64 = 12;
/// The last digit a decimal of size one can hold.
const EPSILON: Decimal = Decimal::from_parts(1, 0, 0, false, 28);

/// A monthly discount rate `i` with `(1 + i)^12 = 1 + r`, compounded at each month's end.
/// Parts of a month discount by the same power, so that value over time has no steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Discount {
    monthly_rate: Decimal,
    /// ln(1 + i)
    log: Decimal,
}

impl Discount {
    /// Dollars of each day: nothing is discounted.
    pub const NONE: Discount = Discount { monthly_rate: Decimal::ZERO, log: Decimal::ZERO };

    /// `None` only if the root does not settle, which no percentage has been seen to do.
    pub fn per_year(rate: Percentage) -> Option<Discount> {
        Discount::growing(twelfth_root(Decimal::ONE.checked_add(rate.fraction())?)?)
    }

    /// A month's rate as it is: an APR over twelve.
    pub fn per_month(rate: Decimal) -> Option<Discount> {
        Discount::growing(Decimal::ONE.checked_add(rate)?)
    }

    /// What keeps this share of its value each year: its [`factor`](Discount::factor) is `kept^(months/12)`.
    /// `None` for nothing kept, which no curve describes.
    pub(super) fn keeping_per_year(kept: Percentage) -> Option<Discount> {
        Discount::growing(twelfth_root(Decimal::ONE.checked_div(kept.fraction())?)?)
    }

    fn growing(a_month: Decimal) -> Option<Discount> {
        Some(Discount { monthly_rate: a_month.checked_sub(Decimal::ONE)?, log: a_month.checked_ln()? })
    }

    pub const fn monthly_rate(self) -> Decimal {
        self.monthly_rate
    }

    /// `ln(1 + i)`
    pub(super) const fn log(self) -> Decimal {
        self.log
    }

    /// `ln(1 + i) / i`, without a rate its limit.
    pub(super) fn log_over_rate(self) -> Option<Decimal> {
        if self.monthly_rate.is_zero() { Some(Decimal::ONE) } else { self.log.checked_div(self.monthly_rate) }
    }

    /// What a dollar after so many months is worth today: `(1 + i)^−months`.
    pub fn factor(self, months: Decimal) -> Option<Decimal> {
        if self.monthly_rate.is_zero() {
            return Some(Decimal::ONE);
        }
        let whole = u64::try_from(months.trunc()).ok()?;
        let a_month = Decimal::ONE.checked_div(self.monthly_rate.checked_add(Decimal::ONE)?)?;
        let exponent = months.fract().checked_mul(self.log)?;
        let part = Decimal::ONE.checked_div(exponent.checked_exp_with_tolerance(EPSILON)?)?;
        power(a_month, whole)?.checked_mul(part)
    }

    /// What a dollar at each month's end is worth today: `(1 − (1 + i)^−months) / i`, without a rate the months themselves.
    pub fn annuity(self, months: Decimal) -> Option<Decimal> {
        if self.monthly_rate.is_zero() {
            return Some(months);
        }
        Decimal::ONE.checked_sub(self.factor(months)?)?.checked_div(self.monthly_rate)
    }

    /// Months until a saving of `a_month` has paid for `price`, `salvage` coming back at that moment:
    /// `−ln((A − P·i)/(A − S·i)) / ln(1 + i)`. `None` if it never does, takes longer than a decimal holds,
    /// or there is no rate: then months are a plain quotient.
    pub fn months_to_recover(self, price: Decimal, salvage: Decimal, a_month: Decimal) -> Option<Decimal> {
        let after_interest = a_month.checked_sub(price.checked_mul(self.monthly_rate)?)?;
        if after_interest <= Decimal::ZERO {
            return None;
        }
        let without_salvage = a_month.checked_sub(salvage.checked_mul(self.monthly_rate)?)?;
        let log = after_interest.checked_div(without_salvage)?.checked_ln()?;
        // Minus the logarithm of a ratio of at most one; written so that zero months carry no minus sign.
        Decimal::ZERO.checked_sub(log)?.checked_div(self.log)
    }
}

/// By squaring: each step rounds at the 28th decimal, a large power of a number below one ends at zero.
fn power(base: Decimal, exponent: u64) -> Option<Decimal> {
    let (mut square, mut left, mut product) = (base, exponent, Decimal::ONE);
    while left > 0 {
        if left & 1 == 1 {
            product = product.checked_mul(square)?;
        }
        left >>= 1;
        if left > 0 {
            square = square.checked_mul(square)?;
        }
    }
    Some(product)
}

/// Newton's method from above: `1 + r/12` is at least the root, and every step stays at or above it until the digits end.
fn twelfth_root(of: Decimal) -> Option<Decimal> {
    let twelve = Decimal::from(MONTHS_A_YEAR);
    let mut root = of.checked_sub(Decimal::ONE)?.checked_div(twelve)?.checked_add(Decimal::ONE)?;
    for _ in 0..100 {
        let slope = power(root, MONTHS_A_YEAR - 1)?.checked_mul(twelve)?;
        let miss = power(root, MONTHS_A_YEAR)?.checked_sub(of)?;
        let step = miss.checked_div(slope)?;
        if step <= EPSILON {
            return Some(root);
        }
        root = root.checked_sub(step)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(percent: &str) -> Discount {
        Discount::per_year(percent.parse().unwrap()).unwrap()
    }

    #[test]
    fn twelve_months_make_the_year() {
        for percent in ["0.00000001%", "1%", "8%", "9.5%", "50%", "100%"] {
            let rate: Percentage = percent.parse().unwrap();
            let year = power(at(percent).monthly_rate() + Decimal::ONE, 12).unwrap();
            let miss = (year - Decimal::ONE - rate.fraction()).abs();
            assert!(miss < Decimal::new(1, 25), "{percent} misses by {miss}");
        }
        // 1.08^(1/12) − 1 to 20 digits, from another decimal library (Python, 50 digits).
        assert_eq!(at("8%").monthly_rate().round_dp(20).to_string(), "0.00643403011000345483");
    }

    #[test]
    fn the_annuity_is_the_sum_of_its_months() {
        let discount = at("8%");
        let sum: Decimal = (1..=36u32).map(|month| discount.factor(Decimal::from(month)).unwrap()).sum();
        let closed = discount.annuity(Decimal::from(36)).unwrap();
        assert!((sum - closed).abs() < Decimal::new(1, 22), "{sum} {closed}");
        assert_eq!(at("0%").annuity(Decimal::from(36)), Some(Decimal::from(36)));
    }

    #[test]
    fn a_part_of_a_month_discounts_by_the_same_power() {
        let discount = at("8%");
        let half = discount.factor(Decimal::new(5, 1)).unwrap();
        let month = discount.factor(Decimal::ONE).unwrap();
        assert!((half * half - month).abs() < Decimal::new(1, 25));
    }

    #[test]
    fn a_century_at_the_highest_rate_is_worth_nothing_not_an_overflow() {
        assert!(at("100%").factor(Decimal::from(1_000_000)).unwrap().is_zero());
    }
}
