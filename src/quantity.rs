//! Units of measure, quantities in them, and the one check that a rate and a quantity agree.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};

/// What a rate is the price of one of, and what a usage quantity counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unit {
    /// One instance running for one hour.
    InstanceHour,
    /// One public IPv4 address held for one hour.
    AddressHour,
    /// One GB (AWS bills GiB under this name) provisioned for a whole calendar month.
    GbMonth,
    /// One IOPS provisioned for a whole calendar month.
    IopsMonth,
    /// One GiB/s of throughput provisioned for a whole calendar month (1024 × the MiB/s rate).
    GibpsMonth,
    /// One GB moved or restored, once.
    Gb,
    /// One I/O request.
    Request,
    /// One hour of fast snapshot restore in one zone.
    DsuHour,
}

impl Unit {
    pub const ALL: [Unit; 8] = [
        Unit::InstanceHour,
        Unit::AddressHour,
        Unit::GbMonth,
        Unit::IopsMonth,
        Unit::GibpsMonth,
        Unit::Gb,
        Unit::Request,
        Unit::DsuHour,
    ];

    /// The name used in tables, CSV, JSON and the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::InstanceHour => "instance-hour",
            Unit::AddressHour => "address-hour",
            Unit::GbMonth => "GB-month",
            Unit::IopsMonth => "IOPS-month",
            Unit::GibpsMonth => "GiB/s-month",
            Unit::Gb => "GB",
            Unit::Request => "request",
            Unit::DsuHour => "DSU-hour",
        }
    }

    pub fn from_name(name: &str) -> Option<Unit> {
        Unit::ALL.into_iter().find(|unit| unit.name() == name)
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// So many of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantity {
    pub amount: Decimal,
    pub unit: Unit,
}

impl Quantity {
    pub const fn new(amount: Decimal, unit: Unit) -> Quantity {
        Quantity { amount, unit }
    }
}

/// A rate per one unit was put to a quantity of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rate per {rate} cannot price a quantity in {quantity}s")]
pub struct UnitMismatch {
    pub rate: Unit,
    pub quantity: Unit,
}

/// Text that is no decimal number gpucost can hold exactly.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a number gpucost can hold exactly: {why}")]
pub struct NotANumber {
    pub text: String,
    pub why: &'static str,
}

/// Amounts are read up to this size, so that sums and products of them stay in range.
const LARGEST: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0); // 10^15

/// Reads a decimal, plain or scientific (`4.0E-10`, as billing exports write), losing no digit.
///
/// # Errors
/// Empty or non-numeric text, more than 28 significant digits, or a size beyond 10^15.
pub fn parse_decimal(text: &str) -> Result<Decimal, NotANumber> {
    let fail = |why| NotANumber { text: text.chars().take(60).collect(), why };
    let trimmed = text.trim();
    let parsed =
        if trimmed.contains(['e', 'E']) { Decimal::from_scientific(trimmed) } else { Decimal::from_str_exact(trimmed) };
    let amount = parsed.map_err(|_| fail("it is not a decimal number of at most 28 digits"))?;
    if amount.abs() > LARGEST {
        return Err(fail("it is larger than 10^15"));
    }
    Ok(amount)
}

/// Rounded half-up to so many decimals: a number as people read it. Money is rounded by `Usd` alone.
pub fn half_up(number: Decimal, decimals: u32) -> Decimal {
    number.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero).normalize()
}

/// A decimal without trailing zeros: the one spelling used in files.
pub fn exact(amount: Decimal) -> String {
    amount.normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_ten_to_the_fifteenth() {
        assert_eq!(LARGEST.to_string(), "1000000000000000");
    }

    #[test]
    fn reads_what_exports_write_and_refuses_the_rest() {
        assert_eq!(parse_decimal("0.001388888900000").unwrap().normalize().to_string(), "0.0013888889");
        assert_eq!(parse_decimal("4.0E-10").unwrap().normalize().to_string(), "0.0000000004");
        for bad in ["", " ", "1e400", "NaN", "inf", "1,5", "0x10", "1000000000000000.1", "--1"] {
            assert!(parse_decimal(bad).is_err(), "{bad} was read");
        }
    }
}
