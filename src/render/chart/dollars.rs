//! The vertical axis: round steps of dollars.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::lettering::{Lettering, Weight};
use super::page::TICK_SIZE;
use super::palette::{AXIS, GRID, QUIET};
use super::scene::{Anchor, Area, Scene, Text, WIDTH};
use crate::money::Usd;
use crate::render::RenderError;

/// Up to this many steps from the lowest to the highest tick.
const MOST_STEPS: i64 = 6;
/// As far as rates and totals are read; beyond it sums could leave the range of a decimal.
const LARGEST: i64 = 1_000_000_000_000_000;

pub(super) struct DollarAxis {
    ticks: Vec<Usd>,
    decimals: u32,
    low: f64,
    high: f64,
}

/// # Errors
/// An amount beyond 10^15.
pub(super) fn in_range(what: &str, amount: Usd) -> Result<Usd, RenderError> {
    if amount.amount().abs() > Decimal::from(LARGEST) {
        return Err(RenderError::TooLarge { what: what.to_owned(), amount: amount.amount() });
    }
    Ok(amount)
}

/// The amount as a position; money itself is never a float.
pub(super) fn position(amount: Usd) -> f64 {
    amount.amount().to_f64().unwrap_or(0.0)
}

impl DollarAxis {
    /// An axis that holds zero and all amounts from `low` to `high`.
    pub fn around(low: Usd, high: Usd) -> DollarAxis {
        let (low, high) = (low.amount().min(Decimal::ZERO), high.amount().max(Decimal::ZERO));
        // With nothing but zeros there is still an axis to read them on.
        let high = if low == high { Decimal::ONE } else { high };
        let step = round_step(low, high);
        let (first, last) = match (steps(low, step, false), steps(high, step, true)) {
            (Some(first), Some(last)) => (first, last),
            _ => (0, 1),
        };
        let ticks: Vec<Usd> = (first..=last).map(|n| Usd::new(step * Decimal::from(n))).collect();
        let decimals = if step.fract().is_zero() { 0 } else { step.normalize().scale().max(2) };
        let edge = |tick: Option<&Usd>| tick.map_or(0.0, |tick| position(*tick));
        DollarAxis { decimals, low: edge(ticks.first()), high: edge(ticks.last()), ticks }
    }

    pub fn label(&self, amount: Usd) -> String {
        amount.rounded(self.decimals)
    }

    /// How wide the labels are.
    pub fn width(&self, lettering: &Lettering) -> f64 {
        let width = |tick: &Usd| lettering.width(&self.label(*tick), TICK_SIZE, Weight::Regular);
        self.ticks.iter().map(width).fold(0.0, f64::max)
    }

    /// Decimals that show an amount on this axis apart from its neighbors, cents at least.
    pub fn fine_decimals(&self) -> u32 {
        if self.decimals <= 2 { 2 } else { self.decimals + 1 }
    }

    /// Where an amount is between the bottom and the top of the plot.
    pub fn y(&self, amount: Usd, plot: Area) -> f64 {
        let part = (position(amount) - self.low) / (self.high - self.low);
        plot.bottom - part * plot.height()
    }

    /// Where an amount is between the left and the right of the plot.
    pub fn x(&self, amount: Usd, plot: Area) -> f64 {
        let part = (position(amount) - self.low) / (self.high - self.low);
        plot.left + part * plot.width()
    }

    /// Lines down the plot at each tick, zero darker, with the amounts below, as many as have room.
    pub fn draw_across(&self, scene: &mut Scene, plot: Area, lettering: &Lettering) {
        let each = plot.width() / (self.ticks.len().max(2) - 1) as f64;
        let skip = ((self.width(lettering) + 16.0) / each).ceil().max(1.0) as usize;
        for (i, &tick) in self.ticks.iter().enumerate() {
            let x = self.x(tick, plot);
            let (ink, thickness) = if tick.is_zero() { (AXIS, 2.0) } else { (GRID, 1.0) };
            scene.rectangle(x - thickness / 2.0, plot.top, thickness, plot.height(), ink);
            let label = self.label(tick);
            let half = lettering.width(&label, TICK_SIZE, Weight::Regular) / 2.0;
            if i.is_multiple_of(skip) && x - half >= 0.0 && x + half <= WIDTH {
                let baseline = plot.bottom + 8.0 + TICK_SIZE;
                scene.text(Text::new(label, x, baseline, TICK_SIZE, QUIET).anchored(Anchor::Middle));
            }
        }
    }

    /// Lines across the plot at each tick, zero darker, with the amounts to their left.
    pub fn draw(&self, scene: &mut Scene, plot: Area) {
        for &tick in &self.ticks {
            let y = self.y(tick, plot);
            let (ink, thickness) = if tick.is_zero() { (AXIS, 1.5) } else { (GRID, 1.0) };
            scene.rectangle(plot.left, y - thickness / 2.0, plot.width(), thickness, ink);
            let baseline = y + 0.36 * TICK_SIZE;
            let label = Text::new(self.label(tick), plot.left - 10.0, baseline, TICK_SIZE, QUIET);
            scene.text(label.anchored(Anchor::End));
        }
    }
}

/// The smallest of 1, 2, 5 × 10^k with which the amounts take few enough steps.
fn round_step(low: Decimal, high: Decimal) -> Decimal {
    let few = |step: Decimal| match (steps(low, step, false), steps(high, step, true)) {
        (Some(first), Some(last)) => last.checked_sub(first).is_some_and(|count| count <= MOST_STEPS),
        _ => false,
    };
    let small = (1..=28).rev().map(|scale| (1, scale));
    let large = (0..=15).map(|zeros| (10_i64.pow(zeros), 0));
    small
        .chain(large)
        .flat_map(|(unit, scale)| [1, 2, 5].map(|times| Decimal::new(unit * times, scale)))
        .find(|step| few(*step))
        .unwrap_or(high)
}

/// How many steps reach the amount, rounded away from zero's side of it.
fn steps(amount: Decimal, step: Decimal, up: bool) -> Option<i64> {
    let count = amount.checked_div(step)?;
    if up { count.ceil() } else { count.floor() }.to_i64()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: &str, high: &str) -> Vec<String> {
        let axis = DollarAxis::around(low.parse().unwrap(), high.parse().unwrap());
        axis.ticks.iter().map(|tick| axis.label(*tick)).collect()
    }

    #[test]
    fn steps_are_round_and_cents_whole() {
        assert_eq!(labels("0", "2.3"), ["$0.00", "$0.50", "$1.00", "$1.50", "$2.00", "$2.50"]);
        assert_eq!(labels("0", "1100"), ["$0", "$200", "$400", "$600", "$800", "$1,000", "$1,200"]);
        assert_eq!(labels("0", "0.0001"), ["$0.00000", "$0.00002", "$0.00004", "$0.00006", "$0.00008", "$0.00010"]);
        assert_eq!(labels("-3", "8"), ["-$4", "-$2", "$0", "$2", "$4", "$6", "$8"]);
        assert_eq!(labels("0", "0"), ["$0.00", "$0.20", "$0.40", "$0.60", "$0.80", "$1.00"]);
        assert_eq!(labels("0", "10000000").last().unwrap(), "$10,000,000");
        assert_eq!(labels("0", "1000000000000000").last().unwrap(), "$1,000,000,000,000,000");
    }
}
