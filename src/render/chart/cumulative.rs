//! Dollars so far of several ways of paying, each line named at its end, and the point where two meet.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use jiff::Span;
use jiff::civil::Date;

use super::calendar::{self, Tick};
use super::clearance::Clearance;
use super::dollars::{DollarAxis, in_range};
use super::lettering::{Lettering, Weight};
use super::page::{self, MARGIN, TICK_SIZE};
use super::palette::{self, AXIS, QUIET, TEXT, WHITE};
use super::scene::{Anchor, Area, HEIGHT, Scene, Text, WIDTH};
use crate::money::Usd;
use crate::render::RenderError;
use crate::report::chart::{CostLine, Crossing, CumulativeCost};

const MOST_LINES: usize = 16;
/// Up to this many lines their names have two lines of text each.
const FEW_LINES: usize = 4;
const WIDEST_NAME: f64 = 250.0;
/// Many lines have one row of text each, and more of the page for it.
const WIDEST_ROW: f64 = 360.0;
const STROKE: f64 = 3.5;
/// A thousand years; the days are positions on the page and no dates beyond them.
const LAST_DAY: i64 = 365_000;

/// Around one line: days, lower and upper dollars.
type Band = [(Decimal, Usd, Usd)];

/// Lines on the page.
type Path = Vec<(f64, f64)>;
/// A band's lower and upper one.
type Edges = [Path; 2];

pub(super) fn scene(
    costs: &CumulativeCost,
    bands: &[Vec<(Decimal, Usd, Usd)>],
    lettering: &Lettering,
) -> Result<Scene, RenderError> {
    let Some(reach) = Reach::of(costs, bands)? else {
        return Ok(page::empty(&costs.title, &costs.subtitle, "There is no cost over time to show.", lettering));
    };
    let axis = DollarAxis::around(reach.low, reach.high);
    let mut scene = Scene::default();
    let top = page::heading(&mut scene, &costs.title, &costs.subtitle, lettering);
    let top = super::daily::axis_name(&mut scene, &costs.y_label, top, lettering) + 8.0;
    let names = LineNames::of(costs, lettering);
    let wide = Area {
        left: MARGIN + axis.width(lettering) + 10.0,
        top,
        right: WIDTH - MARGIN - names.width - 26.0,
        bottom: HEIGHT - 16.0,
    };
    let ticks = ticks(costs.start, &Across { plot: wide, last_day: reach.last_day }, lettering);
    let label = lettering.shortened(&costs.x_label, TICK_SIZE, Weight::Regular, wide.width());
    // Below the dates the axis says what it counts.
    let foot = calendar::height(&ticks) + if label.is_empty() { 0.0 } else { 28.0 };
    let plot = Area { bottom: wide.bottom - foot, ..wide };
    axis.draw(&mut scene, plot);
    calendar::draw(&mut scene, &ticks, plot, lettering);
    let middle = (plot.left + plot.right) / 2.0;
    scene.text(Text::new(label, middle, HEIGHT - 20.0, TICK_SIZE, QUIET).anchored(Anchor::Middle));
    let across = Across { plot, last_day: reach.last_day };

    let paths: Vec<Vec<(f64, f64)>> = costs.lines.iter().map(|line| path(line, &across, &axis)).collect();
    // A band beyond the lines has no line to lie around, and no room on the axes.
    let edges: Vec<_> = bands.iter().take(costs.lines.len()).map(|band| band_edges(band, &across, &axis)).collect();
    draw_bands(&mut scene, &edges);
    let crossing = costs.crossing.as_ref().map(|crossing| (crossing, across.at(crossing.days, crossing.cost, &axis)));
    if let Some((_, (x, y))) = crossing {
        for guide in guides(x, y, plot) {
            scene.dashed(&guide, &[3.0, 5.0], 1.5, AXIS);
        }
    }
    for (i, path) in paths.iter().enumerate() {
        let stroke = palette::stroke(i);
        match path.as_slice() {
            [(x, y)] => scene.dot(*x, *y, 5.0, stroke.ink),
            path => scene.dashed(path, stroke.dashes, STROKE, stroke.ink),
        }
    }
    names.draw(&mut scene, &paths, plot);
    if let Some((crossing, at)) = crossing {
        mark_crossing(&mut scene, crossing, at, (&paths, &edges), plot, lettering);
    }
    Ok(scene)
}

/// How far the axes reach.
struct Reach {
    last_day: f64,
    low: Usd,
    high: Usd,
}

impl Reach {
    /// `None` if no line has a point.
    fn of(costs: &CumulativeCost, bands: &[Vec<(Decimal, Usd, Usd)>]) -> Result<Option<Reach>, RenderError> {
        if costs.lines.len() > MOST_LINES {
            let count = costs.lines.len();
            return Err(RenderError::TooMany { what: "lines", count, most: MOST_LINES });
        }
        let mut reach = Reach { last_day: 0.0, low: Usd::ZERO, high: Usd::ZERO };
        let mut any = false;
        for line in &costs.lines {
            let mut previous = Decimal::ZERO;
            for &(days, cost) in &line.points {
                if days < previous {
                    let line = line.name.clone();
                    return Err(RenderError::TimeGoesBack { line, from: previous, to: days });
                }
                previous = days;
                reach.include(&line.name, days, cost)?;
                any = true;
            }
        }
        for (band, line) in bands.iter().zip(&costs.lines) {
            for &(days, low, high) in band {
                reach.include(&line.name, days, low)?;
                reach.include(&line.name, days, high)?;
            }
        }
        if let (true, Some(crossing)) = (any, &costs.crossing) {
            if crossing.days.is_sign_negative() && !crossing.days.is_zero() {
                let line = crossing.label.clone();
                return Err(RenderError::TimeGoesBack { line, from: Decimal::ZERO, to: crossing.days });
            }
            reach.include(&crossing.label, crossing.days, crossing.cost)?;
        }
        Ok(any.then_some(reach))
    }

    fn include(&mut self, what: &str, days: Decimal, cost: Usd) -> Result<(), RenderError> {
        if days > Decimal::from(LAST_DAY) {
            return Err(RenderError::TooLarge { what: format!("the time of {what} in days"), amount: days });
        }
        let cost = in_range(what, cost)?;
        self.low = self.low.min(cost);
        self.high = self.high.max(cost);
        self.last_day = self.last_day.max(days.to_f64().unwrap_or(0.0));
        Ok(())
    }
}

/// Days to positions.
struct Across {
    plot: Area,
    last_day: f64,
}

impl Across {
    fn x(&self, day: f64) -> f64 {
        let part = if self.last_day > 0.0 { day / self.last_day } else { 0.0 };
        self.plot.left + self.plot.width() * part
    }

    fn at(&self, days: Decimal, cost: Usd, axis: &DollarAxis) -> (f64, f64) {
        (self.x(days.to_f64().unwrap_or(0.0)), axis.y(cost, self.plot))
    }
}

fn band_edges(band: &Band, across: &Across, axis: &DollarAxis) -> Edges {
    let low = band.iter().map(|&(days, low, _)| across.at(days, low, axis));
    let high = band.iter().map(|&(days, _, high)| across.at(days, high, axis));
    [low.collect(), high.collect()]
}

/// Light, below everything, and their edges thin, so that two that lie on one another can be told apart.
fn draw_bands(scene: &mut Scene, bands: &[Edges]) {
    for (i, [low, high]) in bands.iter().enumerate() {
        let around = low.iter().chain(high.iter().rev()).copied().collect();
        scene.polygon(around, palette::tint(palette::stroke(i).ink, 0.18));
    }
    for (i, edges) in bands.iter().enumerate() {
        let ink = palette::tint(palette::stroke(i).ink, 0.6);
        for edge in edges {
            scene.dashed(edge, &[6.0, 4.0], 1.5, ink);
        }
    }
}

fn path(line: &CostLine, across: &Across, axis: &DollarAxis) -> Vec<(f64, f64)> {
    let mut path: Vec<(f64, f64)> = Vec::new();
    let mut points = line.points.iter().map(|&(days, cost)| across.at(days, cost, axis)).peekable();
    while let Some(point) = points.next() {
        // Points on a straight line are left out: rounded to pixels they would make it waver.
        let straight = match (path.last(), points.peek()) {
            (Some(&before), Some(&after)) => {
                let on_the_way = point.1 >= before.1.min(after.1) && point.1 <= before.1.max(after.1);
                on_the_way && off_line(point, before, after) < 0.05
            }
            _ => false,
        };
        if !straight {
            path.push(point);
        }
    }
    path
}

/// How far a point is from the line through two others.
fn off_line((x, y): (f64, f64), (x0, y0): (f64, f64), (x1, y1): (f64, f64)) -> f64 {
    let length = (x1 - x0).hypot(y1 - y0);
    if length == 0.0 {
        return (x - x0).hypot(y - y0);
    }
    ((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)).abs() / length
}

fn ticks(start: Option<Date>, across: &Across, lettering: &Lettering) -> Vec<Tick> {
    let dates = start.filter(|_| across.last_day >= 2.0).and_then(|start| {
        let day = |n: i64| {
            let date = Span::new().try_days(n).ok().and_then(|days| start.checked_add(days).ok())?;
            Some((date, across.x(n as f64)))
        };
        (0..=across.last_day.floor() as i64).map(day).collect::<Option<Vec<_>>>()
    });
    match dates {
        Some(dates) => calendar::date_ticks(&dates, lettering),
        None => calendar::elapsed_ticks(across.last_day, |day| across.x(day), lettering),
    }
}

/// Down to the time axis and left to the dollars.
fn guides(x: f64, y: f64, plot: Area) -> [[(f64, f64); 2]; 2] {
    [[(x, y), (x, plot.bottom)], [(x, y), (plot.left, y)]]
}

/// The dot, and its words in the nearest clear place.
fn mark_crossing(
    scene: &mut Scene,
    crossing: &Crossing,
    (x, y): (f64, f64),
    (paths, edges): (&[Path], &[Edges]),
    plot: Area,
    lettering: &Lettering,
) {
    const SIZE: f64 = 18.0;
    const PAD: f64 = 10.0;
    let lines = lettering.wrapped(&crossing.label, SIZE, Weight::Bold, 390.0, 3);
    let longest = lines.iter().map(|line| lettering.width(line, SIZE, Weight::Bold)).fold(0.0, f64::max);
    let (width, height) = (longest + 2.0 * PAD, lines.len() as f64 * 25.0 + 2.0 * PAD - 6.0);
    let guides = guides(x, y, plot);
    let mut obstacles: Vec<(&[(f64, f64)], f64)> = paths.iter().map(|path| (path.as_slice(), 1.0)).collect();
    obstacles.extend(edges.iter().flatten().map(|edge| (edge.as_slice(), 0.6)));
    obstacles.extend(guides.iter().map(|guide| (guide.as_slice(), 0.5)));
    let inner = Area { left: plot.left + 6.0, top: plot.top, right: plot.right - 4.0, bottom: plot.bottom - 6.0 };
    let place = Clearance::of(inner, &obstacles).nearest(width, height, (x, y), 22.0);
    if let (Some(place), false) = (place, lines.is_empty()) {
        let toward = (x.clamp(place.left, place.right), y.clamp(place.top, place.bottom));
        scene.path(vec![(x, y), toward], 1.5, TEXT);
        scene.rectangle(place.left, place.top, width, height, AXIS);
        scene.rectangle(place.left + 1.0, place.top + 1.0, width - 2.0, height - 2.0, WHITE);
        for (i, line) in lines.into_iter().enumerate() {
            let baseline = place.top + PAD + 14.0 + 25.0 * i as f64;
            scene.text(Text::new(line, place.left + PAD, baseline, SIZE, TEXT).bold());
        }
    }
    scene.dot(x, y, 10.0, WHITE);
    scene.dot(x, y, 7.5, TEXT);
}

/// The names right of the plot, level with the ends of their lines as far as they have room.
struct LineNames {
    /// For each line that has points, in the order of the chart.
    names: Vec<LineName>,
    width: f64,
    line_height: f64,
}

struct LineName {
    line: usize,
    rows: Vec<(String, Weight)>,
}

impl LineNames {
    fn of(costs: &CumulativeCost, lettering: &Lettering) -> LineNames {
        let few = costs.lines.len() <= FEW_LINES;
        let size = TICK_SIZE;
        let mut names = Vec::new();
        for (i, line) in costs.lines.iter().enumerate() {
            let Some((_, last)) = line.points.last() else { continue };
            let cost = last.to_string();
            let rows = if few {
                let name = lettering.wrapped(&line.name, size, Weight::Bold, WIDEST_NAME, 2);
                name.into_iter().map(|row| (row, Weight::Bold)).chain([(cost, Weight::Regular)]).collect()
            } else {
                let room = WIDEST_ROW - lettering.width(&cost, size, Weight::Regular) - 10.0;
                let name = lettering.shortened(&line.name, size, Weight::Regular, room.max(60.0));
                vec![(format!("{name}  {cost}"), Weight::Regular)]
            };
            names.push(LineName { line: i, rows });
        }
        let widths = names.iter().flat_map(|name| &name.rows).map(|(row, weight)| lettering.width(row, size, *weight));
        LineNames { width: widths.fold(0.0, f64::max), names, line_height: 21.0 }
    }

    fn draw(&self, scene: &mut Scene, paths: &[Vec<(f64, f64)>], plot: Area) {
        let mut places: Vec<(f64, f64, &LineName, (f64, f64))> = Vec::new();
        for name in &self.names {
            let Some(&end) = paths.get(name.line).and_then(|path| path.last()) else { continue };
            let height = name.rows.len() as f64 * self.line_height + if name.rows.len() > 1 { 8.0 } else { 0.0 };
            places.push((end.1 - height / 2.0, height, name, end));
        }
        places.sort_by(|a, b| a.3.1.total_cmp(&b.3.1));
        spread(&mut places, plot.top - 8.0, plot.bottom + 8.0);
        for (top, height, name, (x, y)) in places {
            let (left, middle) = (plot.right + 26.0, top + height / 2.0);
            let ink = palette::stroke(name.line).ink;
            // From the end of the line to its name, wherever that had to move.
            if x < plot.right - 1.0 {
                scene.dashed(&[(x, y), (plot.right, y)], &[2.0, 4.0], 1.5, ink);
            }
            scene.path(vec![(plot.right, y), (plot.right + 20.0, middle)], 1.5, ink);
            let padding = (height - name.rows.len() as f64 * self.line_height) / 2.0;
            for (i, (row, weight)) in name.rows.iter().enumerate() {
                let baseline = top + padding + self.line_height * (i as f64 + 0.76);
                scene.text(Text { weight: *weight, ..Text::new(row, left, baseline, TICK_SIZE, TEXT) });
            }
        }
    }
}

/// Moves names apart, keeping their order, within the top and the bottom where all fit.
fn spread(places: &mut [(f64, f64, &LineName, (f64, f64))], top: f64, bottom: f64) {
    let mut free = top;
    for place in places.iter_mut() {
        place.0 = place.0.max(free);
        free = place.0 + place.1;
    }
    let mut free = bottom;
    for place in places.iter_mut().rev() {
        place.0 = place.0.min(free - place.1);
        free = place.0;
    }
}
