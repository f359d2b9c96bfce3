//! Charts as PNG bytes and SVG text.
//!
//! Each kind of chart is laid out once as a `Scene` of rectangles, paths, dots and texts in a space of 1200 × 675,
//! with every text measured in the font it is drawn in; then the scene is painted as pixels or as SVG. The font is
//! embedded, nothing asks the system for one, and the same chart gives the same bytes.
//!
//! Dollars and days become floats only here, as positions on the page; every printed figure comes from `Usd`.

mod calendar;
mod clearance;
mod cumulative;
mod daily;
mod dollars;
mod heat;
mod lettering;
mod page;
mod paint;
mod palette;
mod scene;
mod tornado;

use crate::render::RenderError;
use crate::report::chart::Chart;
use lettering::Lettering;
use scene::Scene;

/// Size of the PNG in pixels: larger than the 1200 × 675 layout, for sharp text, small enough to draw at once.
pub const PNG_WIDTH: u32 = 1600;
pub const PNG_HEIGHT: u32 = 900;

/// The chart as a PNG of `PNG_WIDTH` × `PNG_HEIGHT`.
///
/// # Errors
/// Series of another length than the days, time that goes back, amounts beyond 10^15, more days or series than
/// can be told apart.
pub fn png(chart: &Chart) -> Result<Vec<u8>, RenderError> {
    let lettering = Lettering::embedded()?;
    paint::png(&scene(chart, &lettering)?, &lettering)
}

/// The chart as a standalone SVG document, its text as text.
///
/// # Errors
/// As for [`png()`].
pub fn svg(chart: &Chart) -> Result<String, RenderError> {
    let lettering = Lettering::embedded()?;
    paint::svg(&scene(chart, &lettering)?)
}

fn scene(chart: &Chart, lettering: &Lettering) -> Result<Scene, RenderError> {
    match chart {
        Chart::DailyBars(bars) => daily::scene(bars, lettering),
        Chart::CumulativeCost(costs) => cumulative::scene(costs, &[], lettering),
        Chart::BandedCost(banded) => cumulative::scene(&banded.costs, &banded.bands, lettering),
        Chart::Tornado(tornado) => tornado::scene(tornado, lettering),
        Chart::HeatMap(map) => heat::scene(map, lettering),
        Chart::Empty { title, why } => Ok(page::empty(title, "", why, lettering)),
    }
}

#[cfg(test)]
mod legibility;
