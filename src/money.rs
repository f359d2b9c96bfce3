//! Exact decimal dollars: the only place that rounds or prints money.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::quantity::{NotANumber, parse_decimal};

/// Decimals of a line item's cost, as AWS bills (measured on 941 real rows of the FOCUS sample).
pub const LINE_ITEM_DECIMALS: u32 = 10;

/// US dollars, exact. Serialises as a decimal string, so that no reader is tempted into a float.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(Decimal);

impl Usd {
    pub const ONE: Usd = Usd(Decimal::ONE);
    pub const ZERO: Usd = Usd(Decimal::ZERO);

    pub const fn new(amount: Decimal) -> Usd {
        Usd(amount)
    }

    pub const fn amount(self) -> Decimal {
        self.0
    }

    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    pub fn is_negative(self) -> bool {
        self.0.is_sign_negative() && !self.0.is_zero()
    }

    /// The cost of one line item: quantity × rate, rounded half-up once at 10 decimals.
    /// `None` if the product leaves the range of a 96-bit decimal.
    ///
    /// ```
    /// use gpucost::money::Usd;
    /// let rate: Usd = "1.624".parse().unwrap();
    /// let cost = Usd::of_line_item("0.296111".parse().unwrap(), rate).unwrap();
    /// assert_eq!(cost.exact(), "0.480884264");
    /// ```
    pub fn of_line_item(quantity: Decimal, rate: Usd) -> Option<Usd> {
        let product = quantity.checked_mul(rate.0)?;
        Some(Usd(round_half_up(product, LINE_ITEM_DECIMALS)))
    }

    /// This amount `times` over `by`: multiplies first, divides last, rounds nothing it need not.
    pub fn scaled(self, times: Decimal, by: Decimal) -> Option<Usd> {
        let product = self.0.checked_mul(times)?;
        if by == Decimal::ONE { Some(Usd(product)) } else { product.checked_div(by).map(Usd) }
    }

    /// Rounded half-up to `decimals`: for an amount that is itself a sum of rounded ones.
    #[must_use]
    pub fn to_decimals(self, decimals: u32) -> Usd {
        Usd(round_half_up(self.0, decimals))
    }

    pub fn checked_add(self, other: Usd) -> Option<Usd> {
        self.0.checked_add(other.0).map(Usd)
    }

    /// All digits, nothing rounded, no currency sign: for CSV and JSON.
    pub fn exact(self) -> String {
        self.0.normalize().to_string()
    }

    /// The amount in whole cents, half-up, no sign or separators: for CSV totals.
    pub fn cents(self) -> String {
        format!("{:.2}", round_half_up(self.0, 2))
    }

    /// A rate as people write it: all its digits, at least two decimals (`$0.90`, `$0.000012`).
    pub fn rate(self) -> String {
        let mut amount = self.0.normalize();
        if amount.scale() < 2 {
            amount.rescale(2);
        }
        with_sign_and_commas(amount)
    }

    /// Rounded half-up to `decimals` and printed with them all.
    pub fn rounded(self, decimals: u32) -> String {
        let mut amount = self.to_decimals(decimals).0;
        amount.rescale(decimals);
        with_sign_and_commas(amount)
    }
}

fn round_half_up(amount: Decimal, decimals: u32) -> Decimal {
    amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// `-$1,234.50`: the sign before the dollar, commas in the whole part.
fn with_sign_and_commas(amount: Decimal) -> String {
    let text = amount.abs().to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::with_capacity(text.len() + 8);
    if amount.is_sign_negative() && !amount.is_zero() {
        out.push('-');
    }
    out.push('$');
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

/// In cents, half-up: `$7.50`.
impl fmt::Display for Usd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.rounded(2))
    }
}

impl FromStr for Usd {
    type Err = NotANumber;

    fn from_str(text: &str) -> Result<Usd, NotANumber> {
        parse_decimal(text).map(Usd)
    }
}

impl Serialize for Usd {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.exact())
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Usd, D::Error> {
        String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Add for Usd {
    type Output = Usd;
    fn add(self, other: Usd) -> Usd {
        Usd(self.0 + other.0)
    }
}

impl AddAssign for Usd {
    fn add_assign(&mut self, other: Usd) {
        self.0 += other.0;
    }
}

impl Sub for Usd {
    type Output = Usd;
    fn sub(self, other: Usd) -> Usd {
        Usd(self.0 - other.0)
    }
}

impl SubAssign for Usd {
    fn sub_assign(&mut self, other: Usd) {
        self.0 -= other.0;
    }
}

impl Neg for Usd {
    type Output = Usd;
    fn neg(self) -> Usd {
        Usd(-self.0)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Usd>>(amounts: I) -> Usd {
        amounts.fold(Usd::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Usd {
        text.parse().expect("a decimal")
    }

    #[test]
    fn prints_half_up_cents() {
        assert_eq!(usd("2.349").to_string(), "$2.35");
        assert_eq!(usd("2.345").to_string(), "$2.35");
        assert_eq!(usd("-2.345").to_string(), "-$2.35");
        assert_eq!(usd("1234567.5").to_string(), "$1,234,567.50");
        assert_eq!(usd("-0.001").to_string(), "$0.00");
    }

    #[test]
    fn a_rate_keeps_its_digits() {
        assert_eq!(usd("0.9").rate(), "$0.90");
        assert_eq!(usd("0.00000005").rate(), "$0.00000005");
        assert_eq!(usd("48.7424").rate(), "$48.7424");
    }

    #[test]
    fn a_line_item_rounds_once_at_ten_decimals() {
        // Real row: 0.00138888890 GB-months × $0.114 = 0.00015833330.
        let cost = Usd::of_line_item("0.0013888889".parse().unwrap(), usd("0.114")).unwrap();
        assert_eq!(cost, usd("0.0001583333"));
        assert_eq!(Usd::of_line_item(Decimal::MAX, usd("10")), None);
    }
}
