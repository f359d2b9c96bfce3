//! What the machine is sold for: a sum whenever it is, or a curve that falls by the same part each year.

use rust_decimal::{Decimal, MathematicalOps};

use super::discount::Discount;
use super::input::Owning;
use super::terms::Percentage;
use crate::money::Usd;

/// What comes back when the machine is sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resale {
    /// It never sells for less.
    floor: Usd,
    /// From the price downwards; `None` sells for the floor, whenever.
    curve: Option<Curve>,
    /// The part that selling costs.
    selling_cost: Percentage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Curve {
    price: Usd,
    falling: Discount,
}

impl Resale {
    /// `None` out of the range of decimals.
    pub(super) fn of(owning: &Owning) -> Option<Resale> {
        let price = owning.price.value;
        let share = match &owning.resale_share {
            None => Usd::ZERO,
            Some(share) => price.scaled(share.value.fraction(), Decimal::ONE)?,
        };
        let curve = match &owning.value_kept_per_year {
            None => None,
            Some(kept) => Some(Curve { price, falling: Discount::keeping_per_year(kept.value)? }),
        };
        let floor = owning.resale.value.max(share);
        Some(Resale { floor, curve, selling_cost: owning.selling_cost.value })
    }

    /// The same whenever the machine is sold.
    pub const fn is_constant(self) -> bool {
        self.curve.is_none()
    }

    /// After so many months, before the cost of selling.
    pub fn value_after(self, months: Decimal) -> Option<Usd> {
        match self.curve {
            None => Some(self.floor),
            Some(curve) => Some(curve.price.scaled(curve.falling.factor(months)?, Decimal::ONE)?.max(self.floor)),
        }
    }

    /// By what logarithm a month it falls at that moment: none on the floor.
    pub(super) fn falling_log(self, months: Decimal) -> Option<Decimal> {
        let falls = self.curve.filter(|_| self.value_after(months).is_some_and(|value| value > self.floor));
        Some(falls.map_or(Decimal::ZERO, |curve| curve.falling.log()))
    }

    /// The moment at which the curve meets the floor, if that is between the two.
    pub(super) fn floor_reached_between(self, begin: Decimal, end: Decimal) -> Option<Option<Decimal>> {
        let Some(curve) = self.curve.filter(|curve| !self.floor.is_zero() && !curve.falling.log().is_zero()) else {
            return Some(None);
        };
        let parts = curve.price.amount().checked_div(self.floor.amount())?;
        let months = parts.checked_ln()?.checked_div(curve.falling.log())?;
        Some(Some(months).filter(|months| *months > begin && *months < end))
    }

    /// What is left of it when the sale has been paid for.
    pub fn net_after(self, months: Decimal) -> Option<Usd> {
        self.net_of_selling(self.value_after(months)?)
    }

    /// What is left at least, whenever the machine is sold.
    pub fn sure(self) -> Option<Usd> {
        self.net_of_selling(self.floor)
    }

    fn net_of_selling(self, resale: Usd) -> Option<Usd> {
        let kept = Decimal::ONE.checked_sub(self.selling_cost.fraction())?;
        resale.scaled(kept, Decimal::ONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::break_even::input::Input;

    #[test]
    fn falls_by_the_same_part_each_year_down_to_its_floor() {
        let mut owning = Owning::at_price("the machine", Input::given("1000".parse().unwrap()));
        owning.value_kept_per_year = Some(Input::given("50%".parse().unwrap()));
        owning.resale = Input::given("100".parse().unwrap());
        owning.selling_cost = Input::given("10%".parse().unwrap());
        let resale = Resale::of(&owning).unwrap();
        for (months, value, net) in [
            ("0", "$1,000.000000", "$900.000000"),
            ("6", "$707.106781", "$636.396103"),
            ("12", "$500.000000", "$450.000000"),
            ("36", "$125.000000", "$112.500000"),
            ("48", "$100.000000", "$90.000000"),
        ] {
            let months: Decimal = months.parse().unwrap();
            assert_eq!(resale.value_after(months).unwrap().rounded(6), value);
            assert_eq!(resale.net_after(months).unwrap().rounded(6), net);
        }
        assert_eq!(resale.sure(), "90".parse().ok());
    }

    #[test]
    fn a_share_of_the_price_is_a_sum_whenever() {
        let mut owning = Owning::at_price("the machine", Input::given("1000".parse().unwrap()));
        owning.resale_share = Some(Input::given("40%".parse().unwrap()));
        let resale = Resale::of(&owning).unwrap();
        assert!(resale.is_constant());
        assert_eq!(resale.net_after(Decimal::from(60)), "400".parse().ok());
    }
}
