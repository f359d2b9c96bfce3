//! Amounts and times of billing rows, read exactly and fast.

use jiff::civil::DateTime;
use jiff::tz::Offset;
use rust_decimal::Decimal;

use crate::quantity::{NotANumber, parse_decimal};
use crate::time::{NotATime, parse_timestamp};

/// Decimals that sums are kept with; a non-zero digit beyond them is refused, never dropped.
const SCALE: u32 = 18;

/// An exact amount in units of 10^-18: sums of rows are additions of integers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Amount(i128);

impl Amount {
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    pub fn checked_add(self, other: Amount) -> Option<Amount> {
        self.0.checked_add(other.0).map(Amount)
    }

    /// `None` if it needs more than a decimal's 28 digits.
    pub fn to_decimal(self) -> Option<Decimal> {
        let (mut units, mut scale) = (self.0, SCALE);
        while scale > 0 && units % 10 == 0 {
            units /= 10;
            scale -= 1;
        }
        Decimal::try_from_i128_with_scale(units, scale).ok()
    }

    /// # Errors
    /// What [`parse_decimal`] refuses, and non-zero digits beyond 18 decimals.
    pub fn parse(text: &[u8]) -> Result<Amount, NotANumber> {
        plain(text).map_or_else(|| unusual(text), |units| Ok(Amount(units)))
    }
}

/// At most 15 digits before the point and 18 in all, no sign: nearly every amount there is.
fn plain(text: &[u8]) -> Option<i128> {
    let (mut number, mut point) = (0_u64, None);
    if text.len() > SCALE as usize + 1 {
        return None;
    }
    for (at, byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            // 19 digits at most, which fit.
            number = number * 10 + u64::from(digit);
        } else if *byte == b'.' && point.is_none() {
            point = Some(at);
        } else {
            return None;
        }
    }
    let whole_digits = point.unwrap_or(text.len());
    let decimals = text.len() - point.map_or(text.len(), |point| point + 1);
    if whole_digits == 0 || whole_digits > 15 {
        return None;
    }
    let padding = 10_u64.pow(SCALE.checked_sub(u32::try_from(decimals).ok()?)?);
    Some(i128::from(number) * i128::from(padding))
}

/// At most 18 digits, so that nothing overflows.
fn digits(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit < 10).then(|| number * 10 + u64::from(digit))
    })
}

/// Signs, exponents, long fractions.
fn unusual(text: &[u8]) -> Result<Amount, NotANumber> {
    let text = String::from_utf8_lossy(text);
    let decimal = parse_decimal(&text)?.normalize();
    let too_fine =
        || NotANumber { text: text.chars().take(60).collect(), why: "it has more than 18 decimals that are not zero" };
    let padding = SCALE.checked_sub(decimal.scale()).ok_or_else(too_fine)?;
    decimal.mantissa().checked_mul(10_i128.pow(padding)).map(Amount).ok_or_else(too_fine)
}

/// Seconds since 1970 of `2024-09-18 23:00:00`, `2024-05-01T00:00:00.000Z`, or what
/// [`parse_timestamp`] reads.
///
/// # Errors
/// Text that is no time.
pub(super) fn seconds(text: &[u8]) -> Result<i64, NotATime> {
    match usual_time(text) {
        Some(seconds) => Ok(seconds),
        None => parse_timestamp(&String::from_utf8_lossy(text)).map(jiff::Timestamp::as_second),
    }
}

fn usual_time(text: &[u8]) -> Option<i64> {
    let (time, zone) = text.split_at_checked(19)?;
    if !matches!(zone, b"" | b"Z" | b".000Z") {
        return None;
    }
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T' | b' ', h1, h2, b':', n1, n2, b':', s1, s2] = time else {
        return None;
    };
    let two = |a: u8, b: u8| digits(&[a, b]).and_then(|number| i8::try_from(number).ok());
    let year = i16::try_from(digits(&[y1, y2, y3, y4])?).ok()?;
    let at = DateTime::new(year, two(m1, m2)?, two(d1, d2)?, two(h1, h2)?, two(n1, n2)?, two(s1, s2)?, 0).ok()?;
    Offset::UTC.to_timestamp(at).ok().map(jiff::Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decimal(text: &str) -> String {
        Amount::parse(text.as_bytes()).unwrap().to_decimal().unwrap().normalize().to_string()
    }

    #[test]
    fn amounts_lose_no_digit() {
        for (text, expected) in [
            ("0.001388888900000", "0.0013888889"),
            ("4.0E-10", "0.0000000004"),
            ("-2.61370000000", "-2.6137"),
            ("123456789.123456789012345678", "123456789.123456789012345678"),
            ("999999999999999", "999999999999999"),
            ("0.1000000000000000000000", "0.1"),
            ("1.", "1"),
        ] {
            assert_eq!(decimal(text), expected);
        }
        for bad in
            ["", ".", "1e400", "0.1234567890123456789", "1,5", "1 2", "--1", "NaN", "1000000000000001", "\u{661}"]
        {
            assert!(Amount::parse(bad.as_bytes()).is_err(), "{bad} was read");
        }
    }

    #[test]
    fn both_spellings_of_time() {
        for text in
            ["2024-09-18 23:00:00", "2024-09-18T23:00:00.000Z", "2024-09-18T23:00:00Z", "2024-09-19T01:00:00+02:00"]
        {
            assert_eq!(seconds(text.as_bytes()).unwrap(), 1_726_700_400, "{text}");
        }
        for bad in ["", "2024-02-30 00:00:00", "2024-09-18 24:00:00", "2024/09/18 00:00:00", "2024-09-18 00:00:0x"] {
            assert!(seconds(bad.as_bytes()).is_err(), "{bad} was read");
        }
    }

    proptest! {
        #[test]
        fn the_fast_way_reads_what_the_plain_way_reads(text in "-?[0-9]{1,17}(\\.[0-9]{0,20})?") {
            let exact = parse_decimal(&text).ok();
            let fast = Amount::parse(text.as_bytes()).ok().and_then(Amount::to_decimal);
            // Only what has more decimals than sums are kept with may be refused by one alone.
            let too_fine = exact.is_some_and(|exact| exact.normalize().scale() > SCALE);
            prop_assert_eq!(fast, exact.filter(|_| !too_fine));
        }

        #[test]
        fn times_agree_with_the_calendar(at in -62_000_000_000_i64..253_000_000_000) {
            let text = jiff::Timestamp::from_second(at).unwrap().to_string();
            prop_assert_eq!(seconds(text.as_bytes()).unwrap(), at);
            prop_assert_eq!(seconds(text.replace('T', " ").trim_end_matches('Z').as_bytes()).unwrap(), at);
        }
    }
}
