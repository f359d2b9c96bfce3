//! Growth and season, measured, or how much more history it takes to measure them.

use rust_decimal::Decimal;

use super::load::{Load, blocks};
use super::trailing::median;

/// Fewer months show a difference, not a trend.
pub const GROWTH_MONTHS: usize = 4;
/// Each month of the year twice.
pub const SEASON_MONTHS: usize = 24;
/// Each weekday four times.
pub const WEEKDAY_WEEKS: usize = 4;

/// What a history has of each; `None` where it is too short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Whole months counted back from the end of what is known.
    pub months: usize,
    pub growth: Option<Growth>,
    /// Hours a day on weekdays and on weekends (UTC).
    pub weekdays_and_weekends: Option<(Decimal, Decimal)>,
    /// Of the same month a year apart, the hours a day over the year's mean: least and most, 1 is no season.
    pub season: Option<(Decimal, Decimal)>,
}

/// How hours a day change from month to month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    /// The median of the slopes between any two months (Theil and Sen): one odd month does not make a trend.
    pub hours_per_day_each_month: Decimal,
    pub months: usize,
}

pub fn pattern(load: &Load) -> Pattern {
    // The latest first.
    let months: Vec<Decimal> = blocks(load, true).filter_map(|month| month.per_day()).collect();
    let weeks = blocks(load, false).take(WEEKDAY_WEEKS).count();
    Pattern {
        months: months.len(),
        growth: growth(&months),
        weekdays_and_weekends: if weeks < WEEKDAY_WEEKS { None } else { weekdays_and_weekends(load) },
        season: season(&months),
    }
}

fn growth(latest_first: &[Decimal]) -> Option<Growth> {
    if latest_first.len() < GROWTH_MONTHS {
        return None;
    }
    let mut slopes = Vec::new();
    for (later, after) in latest_first.iter().enumerate() {
        for (earlier, before) in latest_first.iter().enumerate().skip(later + 1) {
            slopes.push(after.checked_sub(*before)?.checked_div(Decimal::from(earlier - later))?);
        }
    }
    slopes.sort_unstable();
    Some(Growth { hours_per_day_each_month: median(&slopes)?, months: latest_first.len() })
}

fn weekdays_and_weekends(load: &Load) -> Option<(Decimal, Decimal)> {
    let week = load.by_weekday();
    let (weekdays, weekend) = week.split_at(5);
    let per_day = |days: &[(Decimal, Decimal)]| {
        let hours: Decimal = days.iter().map(|(hours, _)| *hours).sum();
        hours.checked_div(days.iter().map(|(_, days)| *days).sum())
    };
    Some((per_day(weekdays)?, per_day(weekend)?))
}

fn season(latest_first: &[Decimal]) -> Option<(Decimal, Decimal)> {
    let years = latest_first.len() / 12;
    if latest_first.len() < SEASON_MONTHS {
        return None;
    }
    let whole = latest_first.get(..years * 12)?;
    let mean = whole.iter().sum::<Decimal>().checked_div(Decimal::from(whole.len()))?;
    let of_month = |month: usize| {
        let hours: Decimal = whole.iter().skip(month).step_by(12).sum();
        hours.checked_div(Decimal::from(years))?.checked_div(mean)
    };
    let shares = (0..12).map(of_month).collect::<Option<Vec<Decimal>>>()?;
    Some((shares.iter().copied().min()?, shares.iter().copied().max()?))
}
