//! The horizontal axis: dates where they are known, else time since the start, never two labels on one spot.

use jiff::civil::Date;

use super::lettering::{Lettering, Weight};
use super::page::TICK_SIZE;
use super::palette::{AXIS, QUIET};
use super::scene::{Anchor, Area, Scene, Text, WIDTH};

/// Labels keep this far apart.
const APART: f64 = 12.0;
const EDGE: f64 = 8.0;

/// A label at a position, and the month or year it lies in where that changes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub x: f64,
    pub label: String,
    pub under: Option<String>,
}

/// Which dates are labeled.
#[derive(Clone, Copy)]
enum Grain {
    Day,
    Week,
    Month,
    Quarter,
    Years(i16),
}

const GRAINS: [Grain; 10] = [
    Grain::Day,
    Grain::Week,
    Grain::Month,
    Grain::Quarter,
    Grain::Years(1),
    Grain::Years(2),
    Grain::Years(5),
    Grain::Years(10),
    Grain::Years(50),
    Grain::Years(100),
];

impl Grain {
    fn labels(self, date: Date) -> bool {
        match self {
            Grain::Day => true,
            Grain::Week => matches!(date.day(), 1 | 8 | 15 | 22),
            Grain::Month => date.day() == 1,
            Grain::Quarter => date.day() == 1 && matches!(date.month(), 1 | 4 | 7 | 10),
            Grain::Years(n) => date.day() == 1 && date.month() == 1 && date.year() % n == 0,
        }
    }

    fn label(self, date: Date) -> String {
        match self {
            Grain::Day | Grain::Week => date.day().to_string(),
            Grain::Month | Grain::Quarter => month_name(date).to_owned(),
            Grain::Years(_) => date.year().to_string(),
        }
    }

    fn under(self, date: Date) -> Option<String> {
        match self {
            Grain::Day | Grain::Week => Some(format!("{} {}", month_name(date), date.year())),
            Grain::Month | Grain::Quarter => Some(date.year().to_string()),
            Grain::Years(_) => None,
        }
    }
}

fn month_name(date: Date) -> &'static str {
    const NAMES: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    usize::try_from(date.month() - 1).ok().and_then(|i| NAMES.get(i)).copied().unwrap_or_default()
}

/// Labels for dates at their positions, from left to right: every day if there is room, else weeks, months, years.
pub(super) fn date_ticks(dates: &[(Date, f64)], lettering: &Lettering) -> Vec<Tick> {
    GRAINS
        .into_iter()
        .map(|grain| grained(dates, grain, lettering))
        .find(|ticks| (ticks.len() > 1 || dates.len() == 1) && all_apart(ticks, lettering))
        .unwrap_or_else(|| ends(dates, lettering))
}

fn grained(dates: &[(Date, f64)], grain: Grain, lettering: &Lettering) -> Vec<Tick> {
    let mut ticks: Vec<Tick> = Vec::new();
    let mut group = None;
    for &(date, x) in dates.iter().filter(|(date, _)| grain.labels(*date)) {
        let under = grain.under(date);
        let changed = under != group;
        ticks.push(Tick { x, label: grain.label(date), under: under.clone().filter(|_| changed) });
        group = under;
    }
    thin_under(&mut ticks, lettering);
    ticks
}

/// Where two of the second line would meet, the earlier one goes: it names the shorter stretch.
fn thin_under(ticks: &mut [Tick], lettering: &Lettering) {
    let mut free_from = f64::INFINITY;
    for tick in ticks.iter_mut().rev() {
        let Some(under) = &tick.under else { continue };
        let (left, right) = extent(under, tick.x, lettering);
        if right + APART > free_from {
            tick.under = None;
        } else {
            free_from = left;
        }
    }
}

/// From where to where a centered label reaches; at the edges of the page it is moved in.
fn extent(label: &str, x: f64, lettering: &Lettering) -> (f64, f64) {
    let width = lettering.width(label, TICK_SIZE, Weight::Regular);
    let left = (x - width / 2.0).min(WIDTH - EDGE - width).max(EDGE);
    (left, left + width)
}

fn all_apart(ticks: &[Tick], lettering: &Lettering) -> bool {
    let extents: Vec<_> = ticks.iter().map(|tick| extent(&tick.label, tick.x, lettering)).collect();
    extents.windows(2).all(|pair| matches!(pair, [(_, right), (left, _)] if right + APART <= *left))
}

/// The first and the last date in full.
fn ends(dates: &[(Date, f64)], lettering: &Lettering) -> Vec<Tick> {
    let full = |(date, x): &(Date, f64)| Tick { x: *x, label: date.to_string(), under: None };
    let both: Vec<Tick> = dates.first().into_iter().chain(dates.last()).map(full).collect();
    if all_apart(&both, lettering) { both } else { both.into_iter().take(1).collect() }
}

/// A unit of elapsed time and how many days it has; months and years are twelfths and wholes of 365 days.
struct Stride {
    days: f64,
    count: u32,
    unit: &'static str,
}

const STRIDES: [(f64, &str, &[u32]); 4] = [
    (1.0 / 24.0, "hour", &[1, 2, 3, 6, 12]),
    (1.0, "day", &[1, 2, 5, 10]),
    (365.0 / 12.0, "month", &[1, 2, 3, 6]),
    (365.0, "year", &[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]),
];

/// Labels for so many days since the start: `6 months`, `1 year`, `18 months`.
pub(super) fn elapsed_ticks(last_day: f64, x: impl Fn(f64) -> f64, lettering: &Lettering) -> Vec<Tick> {
    let strides = STRIDES.iter().flat_map(|&(days, unit, counts)| {
        counts.iter().map(move |&count| Stride { days: days * f64::from(count), count, unit })
    });
    strides
        // Two days and more are not counted in hours.
        .filter(|stride| last_day / stride.days <= 12.0 && (stride.days >= 1.0 || last_day < 2.0))
        .map(|stride| strode(&stride, last_day, &x))
        .find(|ticks| all_apart(ticks, lettering))
        .unwrap_or_default()
}

fn strode(stride: &Stride, last_day: f64, x: impl Fn(f64) -> f64) -> Vec<Tick> {
    // A little over, so that a tick on the very end is not lost to the division.
    let count = (last_day / stride.days + 1e-9).floor() as u32;
    let tick = |n: u32| {
        let at = x((stride.days * f64::from(n)).min(last_day));
        Tick { x: at, label: elapsed(n.saturating_mul(stride.count), stride.unit), under: None }
    };
    (0..=count).map(tick).collect()
}

fn elapsed(count: u32, unit: &str) -> String {
    match (count, unit) {
        (0, _) => "start".to_owned(),
        (24, "hour") => "1 day".to_owned(),
        (12, "month") => "1 year".to_owned(),
        (n, "month") if n % 12 == 0 => format!("{} years", n / 12),
        (1, unit) => format!("1 {unit}"),
        (n, unit) => format!("{n} {unit}s"),
    }
}

/// The room the labels take below the plot, in one row or two.
pub(super) fn height(ticks: &[Tick]) -> f64 {
    if ticks.iter().any(|tick| tick.under.is_some()) { 52.0 } else { 31.0 }
}

/// Small strokes below the plot with their labels.
pub(super) fn draw(scene: &mut Scene, ticks: &[Tick], plot: Area, lettering: &Lettering) {
    for tick in ticks {
        scene.rectangle(tick.x - 0.75, plot.bottom, 1.5, 6.0, AXIS);
        let mut label = |text: &str, baseline: f64| {
            let (left, right) = extent(text, tick.x, lettering);
            let text = Text::new(text, (left + right) / 2.0, baseline, TICK_SIZE, QUIET);
            scene.text(text.anchored(Anchor::Middle));
        };
        label(&tick.label, plot.bottom + 23.0);
        if let Some(under) = &tick.under {
            label(under, plot.bottom + 44.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan;

    fn labels(first: Date, days: usize, width: f64) -> Vec<String> {
        let dates: Vec<_> =
            (0..days).map(|i| (first + (i as i64).days(), 60.0 + width * (i as f64 + 0.5) / days as f64)).collect();
        let join = |tick: &Tick| format!("{} {}", tick.label, tick.under.clone().unwrap_or_default());
        let lettering = Lettering::embedded().unwrap();
        date_ticks(&dates, &lettering).iter().map(|tick| join(tick).trim().to_owned()).collect()
    }

    #[test]
    fn dates_are_labeled_as_finely_as_there_is_room() {
        let october = jiff::civil::date(2026, 10, 1);
        assert_eq!(labels(october, 1, 1000.0), ["1 Oct 2026"]);
        assert_eq!(labels(october, 31, 1100.0).len(), 31);
        assert_eq!(labels(october, 61, 1000.0), ["1 Oct 2026", "8", "15", "22", "1 Nov 2026", "8", "15", "22"]);
        let year = labels(october, 365, 1000.0);
        assert_eq!(year[..4], ["Oct 2026", "Nov", "Dec", "Jan 2027"]);
        assert_eq!(labels(october, 3650, 1000.0)[..2], ["2027", "2028"]);
    }

    #[test]
    fn elapsed_time_is_in_the_unit_a_person_would_use() {
        let lettering = Lettering::embedded().unwrap();
        let labels = |days: f64| -> Vec<String> {
            let ticks = elapsed_ticks(days, |day| 60.0 + 900.0 * day / days, &lettering);
            ticks.into_iter().map(|tick| tick.label).collect()
        };
        assert_eq!(labels(3.0), ["start", "1 day", "2 days", "3 days"]);
        assert_eq!(labels(1.0)[..3], ["start", "3 hours", "6 hours"]);
        assert_eq!(labels(1.0).last().unwrap(), "1 day");
        assert_eq!(labels(1095.0), ["start", "6 months", "1 year", "18 months", "2 years", "30 months", "3 years"]);
        assert_eq!(labels(3650.0)[..3], ["start", "1 year", "2 years"]);
    }
}
