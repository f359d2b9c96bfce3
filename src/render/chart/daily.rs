//! One stacked bar a day, each with its total, and each series' total in the legend.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::calendar;
use super::dollars::{DollarAxis, in_range};
use super::lettering::{Lettering, Weight};
use super::page::{self, MARGIN, TICK_SIZE};
use super::palette::{self, QUIET, TEXT, WHITE};
use super::scene::{Anchor, Area, HEIGHT, Scene, Text, WIDTH};
use crate::money::Usd;
use crate::render::RenderError;
use crate::report::chart::{BarSeries, DailyBars};

/// Three years: a bar is then one layout unit wide.
const MOST_DAYS: usize = 1100;
const MOST_SERIES: usize = 16;
/// Bars shorter than this say too little for their totals to stand above them.
const LEAST_HEIGHT: f64 = 170.0;
const WIDEST_BAR: f64 = 88.0;
const ROW: f64 = 26.0;
/// Two rows of labels: days or months, and the month or year they are in.
const DATES_HEIGHT: f64 = 52.0;

pub(super) fn scene(bars: &DailyBars, lettering: &Lettering) -> Result<Scene, RenderError> {
    check(bars)?;
    let days = stacked(bars)?;
    if days.is_empty() || bars.series.is_empty() {
        return Ok(page::empty(&bars.title, &bars.subtitle, "There is no day with usage to show.", lettering));
    }
    let low = days.iter().map(|day| day.low).min().unwrap_or(Usd::ZERO);
    let high = days.iter().map(|day| day.high).max().unwrap_or(Usd::ZERO);
    let axis = DollarAxis::around(low, high);
    let mut scene = Scene::default();
    let below_heading = page::heading(&mut scene, &bars.title, &bars.subtitle, lettering);
    let top = legend(&mut scene, bars, &axis, low.is_negative(), below_heading, lettering)?;
    let top = axis_name(&mut scene, &bars.y_label, top, lettering);
    let plot = Area {
        left: MARGIN + axis.width(lettering) + 10.0,
        top,
        right: WIDTH - MARGIN,
        bottom: HEIGHT - 16.0 - DATES_HEIGHT,
    };
    let totals = Totals::fitting(&days, &axis, plot, lettering);
    // Totals stand on the bars, so the tallest bar leaves room for its own.
    let nothing = days.iter().all(|day| day.segments.is_empty());
    let plot = Area { top: plot.top + if nothing { 0.0 } else { totals.height }, ..plot };
    axis.draw(&mut scene, plot);
    let slots = Slots { plot, count: days.len() };
    for (i, day) in days.iter().enumerate() {
        bar(&mut scene, day, slots.middle(i), slots.bar_width(), &axis, plot, low.is_negative());
    }
    totals.draw(&mut scene, &days, &slots, &axis, lettering);
    let dates: Vec<_> = bars.days.iter().enumerate().map(|(i, date)| (*date, slots.middle(i))).collect();
    calendar::draw(&mut scene, &calendar::date_ticks(&dates, lettering), plot, lettering);
    if nothing {
        let (x, y) = ((plot.left + plot.right) / 2.0, (plot.top + plot.bottom) / 2.0);
        scene.text(Text::new("Every day cost $0.00.", x, y, 21.0, QUIET).anchored(Anchor::Middle));
    }
    Ok(scene)
}

fn check(bars: &DailyBars) -> Result<(), RenderError> {
    let too_many = |what, count, most| RenderError::TooMany { what, count, most };
    if bars.days.len() > MOST_DAYS {
        return Err(too_many("days", bars.days.len(), MOST_DAYS));
    }
    if bars.series.len() > MOST_SERIES {
        return Err(too_many("series", bars.series.len(), MOST_SERIES));
    }
    for BarSeries { name, values } in &bars.series {
        if values.len() != bars.days.len() {
            let (values, days) = (values.len(), bars.days.len());
            return Err(RenderError::UnevenSeries { series: name.clone(), values, days });
        }
        for value in values {
            in_range(name, *value)?;
        }
    }
    Ok(())
}

/// One day's bar: its segments, costs upward from zero and credits downward.
struct Day {
    date: Date,
    segments: Vec<Segment>,
    low: Usd,
    high: Usd,
    total: Usd,
}

struct Segment {
    series: usize,
    from: Usd,
    to: Usd,
}

fn stacked(bars: &DailyBars) -> Result<Vec<Day>, RenderError> {
    bars.days.iter().enumerate().map(|(i, date)| stack(bars, i, *date)).collect()
}

fn stack(bars: &DailyBars, day: usize, date: Date) -> Result<Day, RenderError> {
    let mut stack = Day { date, segments: Vec::new(), low: Usd::ZERO, high: Usd::ZERO, total: Usd::ZERO };
    let add = |sum: Usd, value: Usd| {
        let what = format!("the total of {date}");
        let sum = sum.checked_add(value).ok_or(RenderError::TooLarge { what: what.clone(), amount: sum.amount() })?;
        in_range(&what, sum)
    };
    for (series, values) in bars.series.iter().enumerate() {
        let value = values.values.get(day).copied().unwrap_or(Usd::ZERO);
        if value.is_zero() {
            continue;
        }
        let side = if value.is_negative() { &mut stack.low } else { &mut stack.high };
        let from = *side;
        *side = add(from, value)?;
        stack.segments.push(Segment { series, from, to: *side });
        stack.total = add(stack.total, value)?;
    }
    Ok(stack)
}

/// Where each day's bar stands.
struct Slots {
    plot: Area,
    count: usize,
}

impl Slots {
    fn width(&self) -> f64 {
        self.plot.width() / self.count.max(1) as f64
    }

    fn middle(&self, i: usize) -> f64 {
        self.plot.left + self.width() * (i as f64 + 0.5)
    }

    fn bar_width(&self) -> f64 {
        // Bars of a year stand side by side; wider ones have air between them.
        let width = self.width();
        if width < 5.0 { width } else { (width * 0.74).min(WIDEST_BAR) }
    }
}

fn bar(scene: &mut Scene, day: &Day, middle: f64, width: f64, axis: &DollarAxis, plot: Area, has_credits: bool) {
    let left = middle - width / 2.0;
    for segment in &day.segments {
        let (from, to) = (axis.y(segment.from, plot), axis.y(segment.to, plot));
        let (top, height) = (from.min(to), (from - to).abs());
        swatch(scene, left, top, width, height, segment.series);
        // A white hairline keeps neighbors apart in print and in grey.
        if height > 4.0 && width > 5.0 && !segment.from.is_zero() {
            scene.rectangle(left, from - 0.5, width, 1.0, WHITE);
        }
    }
    if has_credits && !day.total.is_zero() {
        let y = axis.y(day.total, plot);
        scene.rectangle(middle - width / 2.0 - 2.0, y - 1.5, width + 4.0, 3.0, TEXT);
    }
}

fn swatch(scene: &mut Scene, left: f64, top: f64, width: f64, height: f64, series: usize) {
    let fill = palette::fill(series);
    scene.rectangle(left, top, width, height, fill.ink);
    if fill.striped {
        let mut stripe = top + 2.0;
        while stripe + 1.5 < top + height {
            scene.rectangle(left, stripe, width, 1.5, WHITE);
            stripe += 4.5;
        }
    }
}

/// Swatch, name and total of each series, in as many rows as it takes. Returns where the page goes on.
fn legend(
    scene: &mut Scene,
    bars: &DailyBars,
    axis: &DollarAxis,
    has_credits: bool,
    top: f64,
    lettering: &Lettering,
) -> Result<f64, RenderError> {
    let (mut x, mut y) = (MARGIN, top + 16.0);
    let mut all = Usd::ZERO;
    let mut entries = Vec::new();
    for (i, series) in bars.series.iter().enumerate() {
        let total = sum(&series.name, &series.values)?;
        all = sum("the total", &[all, total])?;
        let name = lettering.shortened(&series.name, TICK_SIZE, Weight::Regular, 260.0);
        entries.push((Some(i), name, total_label(total, axis.fine_decimals())));
    }
    if bars.series.len() > 1 {
        entries.push((None, "Total".to_owned(), total_label(all, axis.fine_decimals())));
    }
    for (series, name, total) in entries {
        let mark = if series.is_some() { 22.0 } else { 0.0 };
        let name_width = lettering.width(&name, TICK_SIZE, Weight::Regular);
        let width = mark + name_width + 8.0 + lettering.width(&total, TICK_SIZE, Weight::Bold);
        if x > MARGIN && x + width > WIDTH - MARGIN {
            (x, y) = (MARGIN, y + ROW);
        }
        if let Some(series) = series {
            swatch(scene, x, y - 13.0, 15.0, 15.0, series);
        }
        scene.text(Text::new(name, x + mark, y, TICK_SIZE, TEXT));
        scene.text(Text::new(total, x + mark + name_width + 8.0, y, TICK_SIZE, TEXT).bold());
        x += width + 30.0;
    }
    if has_credits {
        let words = "after credits";
        if x + 26.0 + lettering.width(words, TICK_SIZE, Weight::Regular) > WIDTH - MARGIN {
            (x, y) = (MARGIN, y + ROW);
        }
        scene.rectangle(x, y - 7.0, 18.0, 3.0, TEXT);
        scene.text(Text::new(words, x + 26.0, y, TICK_SIZE, TEXT));
    }
    Ok(y + 14.0)
}

fn sum(what: &str, values: &[Usd]) -> Result<Usd, RenderError> {
    let total = values.iter().try_fold(Usd::ZERO, |sum, value| sum.checked_add(*value));
    let largest = values.iter().copied().max().unwrap_or(Usd::ZERO);
    let total = total.ok_or(RenderError::TooLarge { what: what.to_owned(), amount: largest.amount() })?;
    in_range(what, total)
}

/// What the vertical axis counts, above it.
pub(super) fn axis_name(scene: &mut Scene, name: &str, top: f64, lettering: &Lettering) -> f64 {
    let name = lettering.shortened(name, TICK_SIZE, Weight::Regular, WIDTH - 2.0 * MARGIN);
    if name.is_empty() {
        return top + 12.0;
    }
    scene.text(Text::new(name, MARGIN, top + 18.0, TICK_SIZE, QUIET));
    top + 36.0
}

/// How the totals on the bars are written, as large as they fit.
struct Totals {
    labels: Vec<String>,
    size: f64,
    upward: bool,
    /// Room they need above the tallest bar.
    height: f64,
    /// With no room for all, the highest day alone is labeled.
    only: Option<usize>,
}

impl Totals {
    fn fitting(days: &[Day], axis: &DollarAxis, plot: Area, lettering: &Lettering) -> Totals {
        let slot = plot.width() / days.len().max(1) as f64;
        let labels: Vec<String> = days.iter().map(|day| total_label(day.total, axis.fine_decimals())).collect();
        let bare: Vec<String> = labels.iter().map(|label| label.replacen('$', "", 1)).collect();
        let widest = |labels: &[String], size| {
            labels.iter().map(|label| lettering.width(label, size, Weight::Regular)).fold(0.0, f64::max)
        };
        for (labels, size) in [(&labels, TICK_SIZE), (&labels, 14.0), (&bare, TICK_SIZE), (&bare, 14.0)] {
            if widest(labels, size) + 6.0 <= slot {
                return Totals { labels: labels.clone(), size, upward: false, height: size + 8.0, only: None };
            }
        }
        for size in [15.0, 13.0] {
            let height = widest(&labels, size) + 10.0;
            if size + 3.0 <= slot && plot.height() - height >= LEAST_HEIGHT {
                return Totals { labels, size, upward: true, height, only: None };
            }
        }
        let highest = (0..days.len()).max_by_key(|&i| (days.get(i).map(|day| day.high), std::cmp::Reverse(i)));
        let labels = labels.into_iter().zip(days).map(|(label, day)| format!("highest: {label}, {}", day.date));
        let labels = labels.collect();
        Totals { labels, size: TICK_SIZE, upward: false, height: TICK_SIZE + 10.0, only: highest }
    }

    fn draw(&self, scene: &mut Scene, days: &[Day], slots: &Slots, axis: &DollarAxis, lettering: &Lettering) {
        for (i, (day, label)) in days.iter().zip(&self.labels).enumerate() {
            if day.segments.is_empty() || self.only.is_some_and(|only| only != i) {
                continue;
            }
            let (x, y) = (slots.middle(i), axis.y(day.high, slots.plot));
            let text = Text::new(label, x, y - 6.0, self.size, TEXT);
            // On white, so that no line of the grid strikes the total through.
            let (length, half) = (text.length(lettering), text.length(lettering) / 2.0);
            if self.upward {
                scene.rectangle(x - self.size / 2.0, y - 8.0 - length, self.size, length + 4.0, WHITE);
                scene.text(Text { x: x + 0.36 * self.size, ..text }.upward());
            } else {
                // A lone label may be wider than its day: at the edges it is moved in.
                let x = x.min(slots.plot.right - half).max(slots.plot.left + half + 4.0);
                scene.rectangle(x - half - 2.0, y - 7.0 - 0.76 * self.size, length + 4.0, self.size, WHITE);
                scene.text(Text { x, ..text }.anchored(Anchor::Middle));
            }
        }
    }
}

/// A total to the cent, or finer where all are small; what would round to nothing says so.
fn total_label(total: Usd, decimals: u32) -> String {
    let half = Decimal::new(5, (decimals + 1).min(Decimal::MAX_SCALE));
    let smallest = || Usd::new(half + half).rounded(decimals);
    match (total.is_zero() || total.amount().abs() >= half, total.is_negative()) {
        (true, _) => total.rounded(decimals),
        (false, false) => format!("<{}", smallest()),
        (false, true) => format!(">-{}", smallest()),
    }
}
