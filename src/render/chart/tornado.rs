//! What each input does alone: a bar from its lower to its upper value, around what all inputs at their medians give.

use super::dollars::{DollarAxis, in_range};
use super::lettering::{Lettering, Weight};
use super::page::{self, MARGIN, TICK_SIZE};
use super::palette::{self, QUIET, TEXT, WHITE};
use super::scene::{Anchor, Area, HEIGHT, Ink, Scene, Text, WIDTH};
use crate::money::Usd;
use crate::render::RenderError;
use crate::report::chart::{Tornado, TornadoBar};

const MOST_BARS: usize = 16;
const WIDEST_NAME: f64 = 220.0;
const WIDEST_VALUE: f64 = 130.0;
const TALLEST_ROW: f64 = 96.0;

pub(super) fn scene(tornado: &Tornado, lettering: &Lettering) -> Result<Scene, RenderError> {
    let Tornado { title, subtitle, bars, .. } = tornado;
    if bars.len() > MOST_BARS {
        return Err(RenderError::TooMany { what: "bars", count: bars.len(), most: MOST_BARS });
    }
    if bars.is_empty() {
        return Ok(page::empty(title, subtitle, "Nothing varies, so nothing matters more than another.", lettering));
    }
    let (low, high) = reach(tornado)?;
    let axis = DollarAxis::around(low, high);
    let mut scene = Scene::default();
    let top = page::heading(&mut scene, title, subtitle, lettering);
    let top = legend(&mut scene, tornado, top, lettering);
    let names: Vec<String> =
        bars.iter().map(|bar| lettering.shortened(&bar.name, TICK_SIZE, Weight::Bold, WIDEST_NAME)).collect();
    let widest = names.iter().map(|name| lettering.width(name, TICK_SIZE, Weight::Bold)).fold(0.0, f64::max);
    let values = values(bars, lettering);
    let beside = values.iter().flatten().map(|value| lettering.width(value, TICK_SIZE, Weight::Regular));
    let beside = beside.fold(0.0, f64::max) + 12.0;
    let plot = Area {
        left: MARGIN + widest + 14.0 + beside,
        top,
        right: WIDTH - MARGIN - beside,
        bottom: (top + TALLEST_ROW * bars.len() as f64).min(HEIGHT - 66.0),
    };
    axis.draw_across(&mut scene, plot, lettering);
    let label = lettering.shortened(&tornado.x_label, TICK_SIZE, Weight::Regular, WIDTH - 2.0 * MARGIN);
    scene.text(Text::new(label, WIDTH / 2.0, plot.bottom + 52.0, TICK_SIZE, QUIET).anchored(Anchor::Middle));
    let row = plot.height() / bars.len() as f64;
    for (i, ((bar, name), [low, high])) in bars.iter().zip(names).zip(values).enumerate() {
        let middle = plot.top + row * (i as f64 + 0.5);
        draw_bar(&mut scene, (bar, tornado.at_medians), (middle, row), &axis, plot);
        let baseline = middle + 0.36 * TICK_SIZE;
        scene.text(Text::new(name, MARGIN, baseline, TICK_SIZE, TEXT).bold());
        let (left, right) = ends(bar, &axis, plot);
        let (at_left, at_right) = if bar.low.1 <= bar.high.1 { (low, high) } else { (high, low) };
        let at_left = Text::new(at_left, left - 6.0, baseline, TICK_SIZE, TEXT).anchored(Anchor::End);
        let at_right = Text::new(at_right, right + 6.0, baseline, TICK_SIZE, TEXT);
        for (text, begin) in [(&at_left, left - 6.0 - at_left.length(lettering)), (&at_right, right + 6.0)] {
            // No line of the axis through a figure.
            scene.rectangle(begin - 2.0, baseline - 14.0, text.length(lettering) + 4.0, 19.0, WHITE);
        }
        scene.text(at_left);
        scene.text(at_right);
    }
    let base = axis.x(tornado.at_medians, plot);
    scene.dashed(&[(base, plot.top), (base, plot.top + row * bars.len() as f64)], &[3.0, 4.0], 2.0, TEXT);
    Ok(scene)
}

fn reach(tornado: &Tornado) -> Result<(Usd, Usd), RenderError> {
    let medians = in_range("the medians", tornado.at_medians)?;
    let (mut low, mut high) = (medians, medians);
    for bar in &tornado.bars {
        for (_, amount) in [&bar.low, &bar.high] {
            let amount = in_range(&bar.name, *amount)?;
            (low, high) = (low.min(amount), high.max(amount));
        }
    }
    Ok((low, high))
}

/// What the two shades mean, and the dashed line.
fn legend(scene: &mut Scene, tornado: &Tornado, top: f64, lettering: &Lettering) -> f64 {
    let baseline = top + 18.0;
    let mut left = MARGIN;
    for (ink, words) in [(LOW, "input at its lower value"), (HIGH, "at its upper value")] {
        scene.rectangle(left, baseline - 13.0, 22.0, 14.0, ink);
        scene.text(Text::new(words, left + 30.0, baseline, TICK_SIZE, QUIET));
        left += 30.0 + lettering.width(words, TICK_SIZE, Weight::Regular) + 28.0;
    }
    scene.dashed(&[(left, baseline - 6.0), (left + 22.0, baseline - 6.0)], &[3.0, 4.0], 2.0, TEXT);
    let words = format!("all at their medians: {}", tornado.at_medians);
    let words = lettering.shortened(&words, TICK_SIZE, Weight::Regular, WIDTH - MARGIN - left - 30.0);
    scene.text(Text::new(words, left + 30.0, baseline, TICK_SIZE, QUIET));
    top + 38.0
}

/// Dark and light: told apart in grey.
const LOW: Ink = Ink(0, 92, 150);
const HIGH: Ink = Ink(130, 200, 240);

fn values(bars: &[TornadoBar], lettering: &Lettering) -> Vec<[String; 2]> {
    let short = |text: &str| lettering.shortened(text, TICK_SIZE, Weight::Regular, WIDEST_VALUE);
    bars.iter().map(|bar| [short(&bar.low.0), short(&bar.high.0)]).collect()
}

/// Left and right end of a bar.
fn ends(bar: &TornadoBar, axis: &DollarAxis, plot: Area) -> (f64, f64) {
    let (one, other) = (axis.x(bar.low.1, plot), axis.x(bar.high.1, plot));
    (one.min(other), one.max(other))
}

/// From the medians to each of its ends; where both lie on one side, the nearer over the farther.
fn draw_bar(
    scene: &mut Scene,
    (bar, medians): (&TornadoBar, Usd),
    (middle, row): (f64, f64),
    axis: &DollarAxis,
    plot: Area,
) {
    let base = axis.x(medians, plot);
    let height = (row * 0.62).min(52.0);
    let mut parts = [(axis.x(bar.low.1, plot), LOW), (axis.x(bar.high.1, plot), HIGH)];
    parts.sort_by(|a, b| (b.0 - base).abs().total_cmp(&(a.0 - base).abs()));
    for (end, ink) in parts {
        let (left, right) = (end.min(base), end.max(base));
        scene.rectangle(left, middle - height / 2.0, right - left, height, ink);
        scene.path(
            vec![
                (left, middle - height / 2.0),
                (right, middle - height / 2.0),
                (right, middle + height / 2.0),
                (left, middle + height / 2.0),
                (left, middle - height / 2.0),
            ],
            1.0,
            palette::AXIS,
        );
    }
}
