//! Instance-hours, hour by hour.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp, ToSpan};
use rust_decimal::Decimal;

use crate::time::{Period, utc_date};

const SECONDS_PER_HOUR: i64 = 3600;
const SECONDS_PER_DAY: Decimal = Decimal::from_parts(86_400, 0, 0, false, 0);

/// What ran in each hour of a window, of one instance or of many: 2 is two instances all hour long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    window: Period,
    /// By hours since 1970; what is not there was idle.
    hours: BTreeMap<i64, Decimal>,
}

impl Load {
    /// Hours outside the window, and hours in which nothing ran, are left out.
    pub fn new(window: Period, hours: BTreeMap<i64, Decimal>) -> Load {
        let mut load = Load { window, hours };
        load.hours.retain(|hour, used| *used > Decimal::ZERO && touches(window, *hour));
        load
    }

    pub const fn window(&self) -> Period {
        self.window
    }

    pub fn days(&self) -> Decimal {
        Decimal::from(self.window.seconds()) / SECONDS_PER_DAY
    }

    /// Instance-hours of the whole window.
    pub fn hours(&self) -> Decimal {
        self.hours.values().sum()
    }

    /// Hours in which anything ran, by how much of one instance's hour it was.
    pub fn busy_hours(&self) -> Decimal {
        self.served(Decimal::ZERO, Decimal::ONE)
    }

    /// The most that ran at once, averaged over an hour.
    pub fn peak(&self) -> Decimal {
        self.hours.values().copied().max().unwrap_or_default()
    }

    /// Instance-hours a day; `None` for an empty window.
    pub fn per_day(&self) -> Option<Decimal> {
        self.hours().checked_div(self.days())
    }

    /// The hours that lie above `below` and within the next `width` of them, hour by hour.
    pub fn served(&self, below: Decimal, width: Decimal) -> Decimal {
        self.hours.values().map(|used| (used - below).clamp(Decimal::ZERO, width)).sum()
    }

    /// What one machine of this width could have served of it.
    pub fn capped(&self, width: Decimal) -> Load {
        let hours = self.hours.iter().map(|(hour, used)| (*hour, (*used).min(width)));
        Load { window: self.window, hours: hours.collect() }
    }

    /// Of part of the window.
    pub fn within(&self, part: Period) -> Load {
        let window = self.window.intersection(part).unwrap_or(Period { start: part.start, end: part.start });
        Load::new(window, self.hours.clone())
    }

    /// Of the last `span` before `end`; `None` if the window begins later than that.
    pub fn last(&self, span: Span, end: Timestamp) -> Option<Load> {
        let start = before(end, span)?;
        (self.window.start <= start).then(|| self.within(Period { start, end }))
    }

    /// Of each day of the window (UTC): how much of it there is, in days, and its hours.
    pub(super) fn by_day(&self) -> Vec<(Date, Decimal, Decimal)> {
        let mut of_day: BTreeMap<Date, Decimal> = BTreeMap::new();
        for (hour, used) in &self.hours {
            let at = Timestamp::from_second(hour * SECONDS_PER_HOUR).unwrap_or(self.window.start);
            // The window may begin and end within an hour, and that hour counts.
            *of_day.entry(utc_date(at.max(self.window.start))).or_default() += used;
        }
        let days = self.window.by_day();
        days.map(|(date, part)| {
            let hours = of_day.get(&date).copied().unwrap_or_default();
            (date, Decimal::from(part.seconds()) / SECONDS_PER_DAY, hours)
        })
        .collect()
    }

    /// Hours of each weekday, from Monday on, with the days of it that the window has.
    pub(super) fn by_weekday(&self) -> [(Decimal, Decimal); 7] {
        let mut week = [(Decimal::ZERO, Decimal::ZERO); 7];
        let place = |date: jiff::civil::Date| usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        for (date, part) in self.window.by_day() {
            if let Some((_, days)) = week.get_mut(place(date)) {
                *days += Decimal::from(part.seconds()) / SECONDS_PER_DAY;
            }
        }
        for (hour, used) in &self.hours {
            let at = Timestamp::from_second(hour * SECONDS_PER_HOUR).unwrap_or(self.window.start);
            if let Some((hours, _)) = week.get_mut(place(at.to_zoned(TimeZone::UTC).date())) {
                *hours += used;
            }
        }
        week
    }
}

fn touches(window: Period, hour: i64) -> bool {
    hour * SECONDS_PER_HOUR < window.end.as_second() && (hour + 1) * SECONDS_PER_HOUR > window.start.as_second()
}

/// By the calendar, UTC.
pub(super) fn before(end: Timestamp, span: Span) -> Option<Timestamp> {
    end.to_zoned(TimeZone::UTC).checked_sub(span).ok().map(|zoned| zoned.timestamp())
}

/// Blocks counted back from a window's end, the latest first, as many as lie wholly in it.
pub(super) fn blocks(load: &Load, months: bool) -> impl Iterator<Item = Load> + '_ {
    let end = load.window().end;
    (1..).map_while(move |n: i64| {
        let span = |n: i64| if months { n.months() } else { (7 * n).days() };
        let (start, end) = (before(end, span(n))?, before(end, span(n - 1))?);
        (load.window().start <= start).then(|| load.within(Period { start, end }))
    })
}
