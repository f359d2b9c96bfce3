//! How much, how long, at what interest: hours a day, horizon, percentages, and the length of a month.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use super::input::Input;
use crate::quantity::{exact, parse_decimal};

/// Use, horizon and conventions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Hours a day on the rented instance.
    pub hours_per_day: Input<Decimal>,
    pub horizon: Input<Horizon>,
    /// Per year; a month's rate `i` makes twelve months of it exactly: `(1 + i)^12 = 1 + r`.
    pub discount_per_year: Input<Percentage>,
    pub month: Input<MonthLength>,
}

impl Terms {
    /// Three years, nothing discounted, months of 730 hours: all assumed.
    pub const fn at_hours(hours_per_day: Input<Decimal>) -> Terms {
        Terms {
            hours_per_day,
            horizon: Input::assumed(Horizon::Months(36)),
            discount_per_year: Input::assumed(Percentage::ZERO),
            month: Input::assumed(MonthLength::Average),
        }
    }
}

/// How many days a month of rates stands for. Monthly rates meet daily use here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MonthLength {
    /// 365/12 days: 730 hours, the estimate month of AWS quotes.
    Average,
    /// 30 days: 720 hours.
    Thirty,
}

impl MonthLength {
    /// Days as a fraction, so that 365/12 is never rounded before it is used.
    pub(super) const fn days_over(self) -> (Decimal, Decimal) {
        match self {
            MonthLength::Average => (Decimal::from_parts(365, 0, 0, false, 0), Decimal::from_parts(12, 0, 0, false, 0)),
            MonthLength::Thirty => (Decimal::from_parts(30, 0, 0, false, 0), Decimal::ONE),
        }
    }

    pub fn days(self, months: Decimal) -> Option<Decimal> {
        let (days, over) = self.days_over();
        months.checked_mul(days)?.checked_div(over)
    }

    pub fn months(self, days: Decimal) -> Option<Decimal> {
        let (of_a_month, over) = self.days_over();
        days.checked_mul(over)?.checked_div(of_a_month)
    }
}

impl fmt::Display for MonthLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            MonthLength::Average => "365/12 days (730 h)",
            MonthLength::Thirty => "30 days (720 h)",
        })
    }
}

/// Text that names neither convention.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a month length: write 365/12 (730 hours) or 30 (720 hours)")]
pub struct NotAMonthLength(pub String);

impl FromStr for MonthLength {
    type Err = NotAMonthLength;

    fn from_str(text: &str) -> Result<MonthLength, NotAMonthLength> {
        match text.trim() {
            "365/12" => Ok(MonthLength::Average),
            "30" => Ok(MonthLength::Thirty),
            _ => Err(NotAMonthLength(beginning(text))),
        }
    }
}

/// How far ahead the verdict looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Horizon {
    Days(u32),
    /// Months of the question's [`MonthLength`]; years are twelve of them.
    Months(u32),
}

impl Horizon {
    /// A hundred years: beyond it a machine's break-even is no longer a question.
    pub const MAX_MONTHS: u32 = 1200;
    pub const MAX_DAYS: u32 = 36_500;

    pub fn is_in_range(self) -> bool {
        match self {
            Horizon::Days(days) => (1..=Horizon::MAX_DAYS).contains(&days),
            Horizon::Months(months) => (1..=Horizon::MAX_MONTHS).contains(&months),
        }
    }

    pub fn days(self, month: MonthLength) -> Option<Decimal> {
        match self {
            Horizon::Days(days) => Some(Decimal::from(days)),
            Horizon::Months(months) => month.days(Decimal::from(months)),
        }
    }

    pub fn months(self, month: MonthLength) -> Option<Decimal> {
        match self {
            Horizon::Days(days) => month.months(Decimal::from(days)),
            Horizon::Months(months) => Some(Decimal::from(months)),
        }
    }
}

/// `3 years`, `18 months`, `500 days`.
impl fmt::Display for Horizon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match *self {
            Horizon::Days(days) => (days, "day"),
            Horizon::Months(months) if months > 0 && months.is_multiple_of(12) => (months / 12, "year"),
            Horizon::Months(months) => (months, "month"),
        };
        let plural = if count == 1 { "" } else { "s" };
        f.pad(&format!("{count} {unit}{plural}"))
    }
}

/// Text that is no horizon.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a horizon: {why}; write 3y, 18m or 500d")]
pub struct NotAHorizon {
    pub text: String,
    pub why: &'static str,
}

impl FromStr for Horizon {
    type Err = NotAHorizon;

    /// Reads `3y`, `1.5y`, `18m`, `500d`.
    fn from_str(text: &str) -> Result<Horizon, NotAHorizon> {
        let fail = |why| NotAHorizon { text: beginning(text), why };
        let trimmed = text.trim();
        let unit = trimmed.chars().next_back().ok_or_else(|| fail("it is empty"))?;
        let count = trimmed.strip_suffix(unit).unwrap_or_default();
        if !count.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(fail("it needs a number before its unit"));
        }
        let count = parse_decimal(count).map_err(|_| fail("it needs a number before its unit"))?;
        let whole = |count: Decimal| {
            let whole = count.is_integer().then(|| u32::try_from(count).ok()).flatten();
            whole.ok_or_else(|| fail("it is no whole number of days or months"))
        };
        let horizon = match unit {
            'd' => Horizon::Days(whole(count)?),
            'm' => Horizon::Months(whole(count)?),
            'y' => Horizon::Months(whole(count.saturating_mul(Decimal::from(12)))?),
            _ => return Err(fail("it needs a unit: y, m or d")),
        };
        if horizon.is_in_range() { Ok(horizon) } else { Err(fail("it must lie between a day and 100 years")) }
    }
}

/// A part of the whole, from 0 % to 100 %, with at most eight decimals of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percentage(Decimal);

impl Percentage {
    pub const ZERO: Percentage = Percentage(Decimal::ZERO);

    /// Finer fractions would cost the annuity formula the digits that its cents need.
    const MAX_SCALE: u32 = 10;

    /// From a fraction: 0.08 is 8 %.
    ///
    /// # Errors
    /// A fraction below 0, above 1, or with more than ten decimals.
    pub fn of_fraction(fraction: Decimal) -> Result<Percentage, NotAPercentage> {
        let fraction = fraction.normalize();
        let fail = |why: String| NotAPercentage { text: fraction.to_string(), why };
        if fraction < Decimal::ZERO {
            return Err(fail("it is negative".to_owned()));
        }
        if fraction > Decimal::ONE {
            let percent = fraction.saturating_mul(Decimal::ONE_HUNDRED);
            return Err(fail(format!("it is {} %, more than the whole", exact(percent))));
        }
        if fraction.scale() > Percentage::MAX_SCALE {
            return Err(fail("it has more than eight decimals of a percent".to_owned()));
        }
        Ok(Percentage(fraction))
    }

    pub const fn fraction(self) -> Decimal {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

/// `8%`.
impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}%", exact(self.0.saturating_mul(Decimal::ONE_HUNDRED))))
    }
}

/// Text or a number that is no percentage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a percentage: {why}; write 8% or 0.08")]
pub struct NotAPercentage {
    pub text: String,
    pub why: String,
}

impl FromStr for Percentage {
    type Err = NotAPercentage;

    /// Reads `8%`, `8 %` or `0.08`; a bare `8` is 800 % and refused.
    fn from_str(text: &str) -> Result<Percentage, NotAPercentage> {
        let fail = |why: String| NotAPercentage { text: beginning(text), why };
        let trimmed = text.trim();
        let (digits, per_cent) = match trimmed.strip_suffix('%') {
            Some(digits) => (digits, true),
            None => (trimmed, false),
        };
        let number = parse_decimal(digits).map_err(|_| fail("it is not a number".to_owned()))?;
        let fraction = if per_cent {
            // A shift of two decimals; a division would round the 28th digit.
            number.checked_mul(Decimal::new(1, 2)).ok_or_else(|| fail("it has too many digits".to_owned()))?
        } else {
            number
        };
        Percentage::of_fraction(fraction).map_err(|refused| fail(refused.why))
    }
}

/// Enough of a text to recognize it in an error.
fn beginning(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_horizons() {
        for (text, horizon, shown) in [
            ("3y", Horizon::Months(36), "3 years"),
            ("1.5y", Horizon::Months(18), "18 months"),
            (" 1y ", Horizon::Months(12), "1 year"),
            ("18m", Horizon::Months(18), "18 months"),
            ("1d", Horizon::Days(1), "1 day"),
            ("500d", Horizon::Days(500), "500 days"),
        ] {
            assert_eq!(text.parse(), Ok(horizon));
            assert_eq!(horizon.to_string(), shown);
        }
        for bad in [
            "",
            "3",
            "y",
            "-3y",
            "+3y",
            "0d",
            "0.3y",
            "1.5m",
            "101y",
            "36501d",
            "1e400d",
            "NaNy",
            "3 weeks",
            "9999999999d",
            "３y",
            "3é",
        ] {
            assert!(bad.parse::<Horizon>().is_err(), "{bad} was read");
        }
    }

    #[test]
    fn reads_percentages() {
        for (text, fraction, shown) in [
            ("8%", "0.08", "8%"),
            ("8 %", "0.08", "8%"),
            ("0.08", "0.08", "8%"),
            ("0", "0", "0%"),
            ("100%", "1", "100%"),
            ("7.25%", "0.0725", "7.25%"),
        ] {
            let read: Percentage = text.parse().unwrap();
            assert_eq!(exact(read.fraction()), fraction);
            assert_eq!(read.to_string(), shown);
        }
        let error = "8".parse::<Percentage>().unwrap_err().to_string();
        assert_eq!(error, "`8` is not a percentage: it is 800 %, more than the whole; write 8% or 0.08");
        for bad in ["", "%", "-1%", "101%", "NaN", "inf%", "1e400%", "8%%", "0.00000000001", "eight"] {
            assert!(bad.parse::<Percentage>().is_err(), "{bad} was read");
        }
    }

    #[test]
    fn reads_month_lengths() {
        assert_eq!("30".parse(), Ok(MonthLength::Thirty));
        assert_eq!("365/12".parse(), Ok(MonthLength::Average));
        assert!("31".parse::<MonthLength>().is_err());
    }
}
