//! Half-open UTC periods, calendar months, and the labelled estimate month of 730 hours.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use rust_decimal::{Decimal, RoundingStrategy};

/// Hours in the month that quotes assume when no calendar month is named: 365 × 24 / 12.
pub const ESTIMATE_MONTH_HOURS: u32 = 730;

/// AWS reports instance-hours with this many decimals (1066 s = 0.296111 h).
pub const HOUR_DECIMALS: u32 = 6;

const SECONDS_PER_HOUR: u32 = 3600;
const SECONDS_PER_DAY: i64 = 86_400;

/// From `start` up to, not including, `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    pub start: Timestamp,
    pub end: Timestamp,
}

/// A period whose end lies before its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the end {end} is before the start {start}")]
pub struct EndsBeforeStart {
    pub start: Timestamp,
    pub end: Timestamp,
}

impl Period {
    /// # Errors
    /// An `end` before `start`; an empty period is fine.
    pub fn new(start: Timestamp, end: Timestamp) -> Result<Period, EndsBeforeStart> {
        if end < start {
            return Err(EndsBeforeStart { start, end });
        }
        Ok(Period { start, end })
    }

    pub fn seconds(self) -> i64 {
        self.end.as_second() - self.start.as_second()
    }

    pub fn is_empty(self) -> bool {
        self.start >= self.end
    }

    /// The common part, if it is not empty.
    pub fn intersection(self, other: Period) -> Option<Period> {
        let both = Period { start: self.start.max(other.start), end: self.end.min(other.end) };
        (both.start < both.end).then_some(both)
    }

    /// What is left of it without `other`: nothing, one part or two.
    pub fn without(self, other: Period) -> impl Iterator<Item = Period> {
        let before = Period { start: self.start, end: self.end.min(other.start) };
        let after = Period { start: self.start.max(other.end), end: self.end };
        [before, after].into_iter().filter(|part| part.start < part.end)
    }

    pub fn contains(self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// The parts of this period in each UTC day it touches, in order.
    pub fn by_day(self) -> impl Iterator<Item = (Date, Period)> {
        let mut start = self.start;
        std::iter::from_fn(move || {
            if start >= self.end {
                return None;
            }
            let date = utc_date(start);
            let part = Period { start, end: day(date).end.min(self.end) };
            start = part.end;
            Some((date, part))
        })
    }

    /// The calendar months this period touches, in order.
    pub fn months(self) -> impl Iterator<Item = Month> {
        let last = Month::of(self.end);
        let mut next = (!self.is_empty()).then(|| Month::of(self.start));
        std::iter::from_fn(move || {
            let month = next?;
            next = month.next().filter(|m| *m <= last && m.period().start < self.end);
            Some(month)
        })
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.start, self.end)
    }
}

/// The UTC date of an instant.
pub fn utc_date(at: Timestamp) -> Date {
    Offset::UTC.to_datetime(at).date()
}

/// Midnight UTC at the beginning of a date.
pub fn midnight(date: Date) -> Timestamp {
    Offset::UTC.to_timestamp(date.to_datetime(Time::midnight())).unwrap_or(Timestamp::MIN)
}

/// The whole UTC day.
pub fn day(date: Date) -> Period {
    let start = midnight(date);
    let end = start.checked_add(SECONDS_PER_DAY.seconds()).unwrap_or(Timestamp::MAX);
    Period { start, end }
}

/// Seconds as hours, rounded half-up at 6 decimals as AWS reports them.
pub fn hours(seconds: i64) -> Decimal {
    (Decimal::from(seconds) / Decimal::from(SECONDS_PER_HOUR))
        .round_dp_with_strategy(HOUR_DECIMALS, RoundingStrategy::MidpointAwayFromZero)
}

/// A calendar month, UTC: the billing period of AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    first: Date,
}

impl Month {
    pub fn new(year: i16, month: i8) -> Option<Month> {
        // The first and last years jiff holds are left out, so that a month always has neighbours.
        (1..=9998).contains(&year).then(|| Date::new(year, month, 1).ok()).flatten().map(|first| Month { first })
    }

    pub fn of(at: Timestamp) -> Month {
        Month { first: utc_date(at).first_of_month() }
    }

    pub fn first_day(self) -> Date {
        self.first
    }

    pub fn days(self) -> i64 {
        i64::from(self.first.days_in_month())
    }

    pub fn seconds(self) -> i64 {
        self.days() * SECONDS_PER_DAY
    }

    pub fn period(self) -> Period {
        Period { start: midnight(self.first), end: day(self.first.last_of_month()).end }
    }

    pub fn next(self) -> Option<Month> {
        self.first.checked_add(1.month()).ok().map(|first| Month { first })
    }

    pub fn previous(self) -> Option<Month> {
        self.first.checked_sub(1.month()).ok().map(|first| Month { first })
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}", self.first.year(), self.first.month()))
    }
}

/// Text that names no calendar month.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a month: write it as YYYY-MM, for example 2026-10")]
pub struct NotAMonth(pub String);

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Month, NotAMonth> {
        let fail = || NotAMonth(text.chars().take(40).collect());
        let (year, month) = text.split_once('-').ok_or_else(fail)?;
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
            return Err(fail());
        }
        let year = year.parse().map_err(|_| fail())?;
        let month = month.parse().map_err(|_| fail())?;
        Month::new(year, month).ok_or_else(fail)
    }
}

/// Text that names no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time: write a date (2026-10-01) or a UTC time (2026-10-01T09:00:00Z)")]
pub struct NotATime(pub String);

/// Reads a date (its midnight), `2026-10-01T09:00:00Z`, an offset (`+02:00`), or a bare UTC time as
/// exports write it (`2024-09-18 23:00:00`).
///
/// # Errors
/// Anything else, and dates that do not exist.
pub fn parse_timestamp(text: &str) -> Result<Timestamp, NotATime> {
    let fail = || NotATime(text.chars().take(40).collect());
    let trimmed = text.trim();
    if let Ok(at) = trimmed.parse::<Timestamp>() {
        return Ok(at);
    }
    let civil = trimmed.parse::<jiff::civil::DateTime>().map_err(|_| fail())?;
    civil.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp()).map_err(|_| fail())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        parse_timestamp(text).expect("a time")
    }

    #[test]
    fn hours_have_six_decimals() {
        assert_eq!(hours(1066).to_string(), "0.296111");
    }

    #[test]
    fn september_has_720_hours() {
        let september: Month = "2024-09".parse().unwrap();
        assert_eq!(september.seconds(), 720 * 3600);
        assert_eq!(september.period().seconds(), september.seconds());
        assert_eq!(september.to_string(), "2024-09");
    }

    #[test]
    fn reads_both_spellings_of_exports() {
        assert_eq!(at("2024-09-18 23:00:00"), at("2024-09-18T23:00:00.000Z"));
        assert_eq!(at("2024-09-18"), at("2024-09-18T00:00:00Z"));
        for bad in ["", "2024-13-01", "2024-02-30", "yesterday", "2024-09-18T25:00:00Z"] {
            assert!(parse_timestamp(bad).is_err(), "{bad} was read");
        }
        for bad in ["2026-13", "2026-1", "26-10", "2026", "2026-00", "+026-10"] {
            assert!(bad.parse::<Month>().is_err(), "{bad} was read");
        }
    }

    #[test]
    fn a_period_falls_apart_by_day_and_month() {
        let period = Period::new(at("2026-01-31T12:00:00Z"), at("2026-03-01")).unwrap();
        let days: Vec<_> = period.by_day().collect();
        assert_eq!(days.len(), 29);
        assert_eq!(days.iter().map(|(_, part)| part.seconds()).sum::<i64>(), period.seconds());
        let months: Vec<_> = period.months().map(|m| m.to_string()).collect();
        assert_eq!(months, ["2026-01", "2026-02"]);
    }
}
