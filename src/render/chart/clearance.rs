//! Finds room for a label: which cells of the plot are taken, and the free place nearest to a point.

use super::scene::Area;

const CELL: f64 = 4.0;
/// Air around the label.
const AIR: f64 = 8.0;
/// A label this far off costs as much as one covered cell, so that clear places win wherever there are any.
const FAR: f64 = 1500.0;

/// The plot as small cells, each with how much it hurts to cover it.
pub(super) struct Clearance {
    area: Area,
    columns: usize,
    rows: usize,
    /// Sums over all cells above and to the left, so that any rectangle is four look-ups.
    taken: Vec<f64>,
}

impl Clearance {
    /// `paths` are what a label should not cover, each with its weight.
    pub fn of(area: Area, paths: &[(&[(f64, f64)], f64)]) -> Clearance {
        let columns = (area.width() / CELL).ceil().max(1.0) as usize;
        let rows = (area.height() / CELL).ceil().max(1.0) as usize;
        let mut clearance = Clearance { area, columns, rows, taken: vec![0.0; (columns + 1) * (rows + 1)] };
        for (path, weight) in paths {
            for pair in path.windows(2) {
                if let &[from, to] = pair {
                    clearance.mark(from, to, *weight);
                }
            }
        }
        clearance.accumulate();
        clearance
    }

    fn mark(&mut self, from: (f64, f64), to: (f64, f64), weight: f64) {
        let length = (to.0 - from.0).hypot(to.1 - from.1);
        let samples = (length / (CELL / 2.0)).ceil().max(1.0) as usize;
        for i in 0..=samples {
            let part = i as f64 / samples as f64;
            let x = from.0 + (to.0 - from.0) * part - self.area.left;
            let y = from.1 + (to.1 - from.1) * part - self.area.top;
            if x < 0.0 || y < 0.0 {
                continue;
            }
            let (column, row) = ((x / CELL) as usize, (y / CELL) as usize);
            if column < self.columns && row < self.rows {
                let index = self.index(column + 1, row + 1);
                if let Some(cell) = self.taken.get_mut(index) {
                    *cell = cell.max(weight);
                }
            }
        }
    }

    fn index(&self, column: usize, row: usize) -> usize {
        row * (self.columns + 1) + column
    }

    fn sum(&self, column: usize, row: usize) -> f64 {
        self.taken.get(self.index(column.min(self.columns), row.min(self.rows))).copied().unwrap_or(0.0)
    }

    fn accumulate(&mut self) {
        for row in 1..=self.rows {
            let mut along = 0.0;
            for column in 1..=self.columns {
                let above = self.sum(column, row - 1);
                let index = self.index(column, row);
                if let Some(cell) = self.taken.get_mut(index) {
                    along += *cell;
                    *cell = along + above;
                }
            }
        }
    }

    fn covered(&self, place: Area) -> f64 {
        let column = |x: f64| ((x - self.area.left) / CELL).max(0.0);
        let row = |y: f64| ((y - self.area.top) / CELL).max(0.0);
        let (left, right) = (column(place.left - AIR).floor() as usize, column(place.right + AIR).ceil() as usize);
        let (top, bottom) = (row(place.top - AIR).floor() as usize, row(place.bottom + AIR).ceil() as usize);
        self.sum(right, bottom) + self.sum(left, top) - self.sum(left, bottom) - self.sum(right, top)
    }

    /// The place of this size within the area that covers least and, of those, lies nearest to the point but not
    /// within `apart` of it. `None` if the area is too small.
    pub fn nearest(&self, width: f64, height: f64, point: (f64, f64), apart: f64) -> Option<Area> {
        let area = self.area;
        let stops = |from: f64, to: f64| (0..).map(move |i| from + f64::from(i) * CELL).take_while(move |at| *at <= to);
        let mut best: Option<(f64, Area)> = None;
        for top in stops(area.top, area.bottom - height) {
            for left in stops(area.left, area.right - width) {
                let place = Area { left, top, right: left + width, bottom: top + height };
                let distance = distance(place, point);
                if distance < apart {
                    continue;
                }
                let cost = self.covered(place) + distance / FAR;
                if best.is_none_or(|(least, _)| cost < least) {
                    best = Some((cost, place));
                }
            }
        }
        best.map(|(_, place)| place)
    }
}

/// From a point to the nearest edge of a place, 0 within it.
fn distance(place: Area, (x, y): (f64, f64)) -> f64 {
    let across = (place.left - x).max(x - place.right).max(0.0);
    let down = (place.top - y).max(y - place.bottom).max(0.0);
    across.hypot(down)
}
