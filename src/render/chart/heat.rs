//! Dollars by two inputs, the darker the more, and the line on which they are zero.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::dollars::{in_range, position};
use super::lettering::{Lettering, Weight};
use super::page::{self, MARGIN, TICK_SIZE};
use super::palette::{self, QUIET, TEXT, WHITE};
use super::scene::{Anchor, Area, HEIGHT, Scene, Text, WIDTH};
use crate::money::Usd;
use crate::render::RenderError;
use crate::report::chart::HeatMap;

const MOST: usize = 24;
const SMALLEST: f64 = 11.0;
const WIDEST_ROW_NAME: f64 = 120.0;

pub(super) fn scene(map: &HeatMap, lettering: &Lettering) -> Result<Scene, RenderError> {
    for (what, count) in [("rows", map.rows.len()), ("columns", map.columns.len())] {
        if count > MOST {
            return Err(RenderError::TooMany { what, count, most: MOST });
        }
    }
    if map.rows.is_empty() || map.columns.is_empty() {
        return Ok(page::empty(&map.title, &map.subtitle, "There is nothing to map.", lettering));
    }
    let most = largest(map)?;
    let mut scene = Scene::default();
    let top = page::heading(&mut scene, &map.title, &map.subtitle, lettering);
    let top = legend(&mut scene, top, lettering);
    let top = super::daily::axis_name(&mut scene, &map.y_label, top, lettering);
    let short = |name: &String| lettering.shortened(name, TICK_SIZE, Weight::Regular, WIDEST_ROW_NAME);
    let rows: Vec<String> = map.rows.iter().map(short).collect();
    let widest = rows.iter().map(|name| lettering.width(name, TICK_SIZE, Weight::Regular)).fold(0.0, f64::max);
    let plot = Area { left: MARGIN + widest + 12.0, top, right: WIDTH - MARGIN, bottom: HEIGHT - 66.0 };
    let grid = Grid { plot, width: plot.width() / map.columns.len() as f64, height: plot.height() / rows.len() as f64 };
    names(&mut scene, map, &rows, &grid, lettering);
    cells(&mut scene, map, &grid, most, lettering);
    line(&mut scene, map, &grid);
    Ok(scene)
}

struct Grid {
    plot: Area,
    width: f64,
    height: f64,
}

impl Grid {
    fn left(&self, column: usize) -> f64 {
        self.plot.left + self.width * column as f64
    }

    /// Where the middle of a row is; parts of one are between two.
    fn middle(&self, row: f64) -> f64 {
        self.plot.bottom - self.height * (row + 0.5)
    }
}

fn largest(map: &HeatMap) -> Result<f64, RenderError> {
    let mut most: f64 = 0.0;
    for column in &map.columns {
        for cell in &column.cells {
            most = most.max(position(in_range(&column.name, *cell)?).abs());
        }
    }
    Ok(most)
}

/// A swatch for each side and one for the line.
fn legend(scene: &mut Scene, top: f64, lettering: &Lettering) -> f64 {
    let baseline = top + 16.0;
    let mut left = MARGIN;
    for (amount, words) in [(0.7, "owning is cheaper"), (-0.3, "renting is cheaper")] {
        scene.rectangle(left, baseline - 13.0, 22.0, 14.0, palette::AXIS);
        scene.rectangle(left + 1.0, baseline - 12.0, 20.0, 12.0, palette::more_is_darker(amount));
        scene.text(Text::new(words, left + 30.0, baseline, TICK_SIZE, QUIET));
        left += 30.0 + lettering.width(words, TICK_SIZE, Weight::Regular) + 28.0;
    }
    scene.path(vec![(left, baseline - 6.0), (left + 22.0, baseline - 6.0)], 4.0, TEXT);
    scene.text(Text::new("both cost the same", left + 30.0, baseline, TICK_SIZE, QUIET));
    top + 26.0
}

fn names(scene: &mut Scene, map: &HeatMap, rows: &[String], grid: &Grid, lettering: &Lettering) {
    let each = (TICK_SIZE * 1.3 / grid.height).ceil().max(1.0) as usize;
    for (i, name) in rows.iter().enumerate().step_by(each) {
        let baseline = grid.middle(i as f64) + 0.36 * TICK_SIZE;
        scene.text(Text::new(name, grid.plot.left - 10.0, baseline, TICK_SIZE, QUIET).anchored(Anchor::End));
    }
    for (i, column) in map.columns.iter().enumerate() {
        let name = lettering.shortened(&column.name, TICK_SIZE, Weight::Regular, (grid.width - 8.0).max(0.0));
        let x = grid.left(i) + grid.width / 2.0;
        scene.text(Text::new(name, x, grid.plot.bottom + 22.0, TICK_SIZE, QUIET).anchored(Anchor::Middle));
    }
    let label = lettering.shortened(&map.x_label, TICK_SIZE, Weight::Regular, WIDTH - 2.0 * MARGIN);
    scene.text(Text::new(label, WIDTH / 2.0, HEIGHT - 14.0, TICK_SIZE, QUIET).anchored(Anchor::Middle));
}

/// Each with its dollars where all of them have room and the line leaves it.
fn cells(scene: &mut Scene, map: &HeatMap, grid: &Grid, most: f64, lettering: &Lettering) {
    let size = text_size(map, grid, lettering);
    for (i, column) in map.columns.iter().enumerate() {
        for (j, cell) in column.cells.iter().enumerate() {
            let amount = if most > 0.0 { position(*cell) / most } else { 0.0 };
            let (left, middle) = (grid.left(i), grid.middle(j as f64));
            let ink = palette::more_is_darker(amount);
            scene.rectangle(left + 0.5, middle - grid.height / 2.0 + 0.5, grid.width - 1.0, grid.height - 1.0, ink);
            let Some(size) = size.filter(|_| !is_crossed(map, i, j)) else { continue };
            let text = if amount > 0.45 { WHITE } else { TEXT };
            let place = Text::new(shown(*cell), left + grid.width / 2.0, middle + 0.36 * size, size, text);
            scene.text(place.anchored(Anchor::Middle));
        }
    }
}

fn shown(cell: Usd) -> String {
    cell.rounded(0)
}

/// The largest size in which every figure fits its cell.
fn text_size(map: &HeatMap, grid: &Grid, lettering: &Lettering) -> Option<f64> {
    let all = || map.columns.iter().flat_map(|column| &column.cells);
    let fits = |size: &f64| {
        *size * 1.2 <= grid.height
            && all().all(|cell| lettering.width(&shown(*cell), *size, Weight::Regular) <= grid.width - 8.0)
    };
    [15.0, 14.0, 13.0, 12.0, SMALLEST].into_iter().find(fits)
}

/// Whether the line goes through a cell: its dollars are near zero there, and the table has them.
fn is_crossed(map: &HeatMap, column: usize, row: usize) -> bool {
    let on_the_map = |row: &f64| (-0.5..=map.rows.len() as f64 - 0.5).contains(row);
    let at = |column: usize| map.columns.get(column).and_then(|column| place(column.zero_at)).filter(on_the_map);
    let Some(here) = at(column) else { return false };
    // Half way to the neighbors the line is between its two points.
    let half = |other: Option<f64>| other.map_or(here, |other| (here + other) / 2.0);
    let (before, after) = (half(column.checked_sub(1).and_then(at)), half(at(column + 1)));
    let (low, high) = (here.min(before).min(after), here.max(before).max(after));
    let row = row as f64;
    low < row + 0.42 && high > row - 0.42
}

fn place(zero_at: Option<Decimal>) -> Option<f64> {
    zero_at?.to_f64()
}

/// Through the middle of each column, broken where a column has no such point on the map.
fn line(scene: &mut Scene, map: &HeatMap, grid: &Grid) {
    let mut run: Vec<(f64, f64)> = Vec::new();
    let mut runs = Vec::new();
    for (i, column) in map.columns.iter().enumerate() {
        let inside = |row: &f64| (-0.5..=map.rows.len() as f64 - 0.5).contains(row);
        match place(column.zero_at).filter(inside) {
            Some(row) => run.push((grid.left(i) + grid.width / 2.0, grid.middle(row))),
            None => runs.push(std::mem::take(&mut run)),
        }
    }
    runs.push(run);
    for run in runs {
        match run.as_slice() {
            [] => {}
            [(x, y)] => {
                let reach = grid.width * 0.3;
                scene.path(vec![(x - reach, *y), (x + reach, *y)], 4.0, TEXT);
            }
            points => {
                scene.path(points.to_vec(), 7.0, WHITE);
                scene.path(points.to_vec(), 4.0, TEXT);
            }
        }
    }
}
