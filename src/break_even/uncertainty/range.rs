//! A number that is not known: between two ends, most likely one of them all, or around a mean.

use std::fmt;
use std::str::FromStr;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, MathematicalOps};

use crate::quantity::{exact, parse_decimal};

/// A normal range ends so many standard deviations from its mean: 99.7 % of it, and no hours below zero.
const DEVIATIONS: Decimal = Decimal::from_parts(3, 0, 0, false, 0);
const TIME_UNITS: [char; 3] = ['y', 'm', 'd'];
/// Where a tenth of a normal that ends at three deviations lies below: Φ⁻¹(Φ(−3) + 0.1·(1 − 2Φ(−3))).
const TENTH_OF_NORMAL: f64 = 1.275_425;

/// `1..4` uniform, `1..2..4` triangular, `2±0.5` (or `2+-0.5`) normal within three deviations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Range {
    Uniform { low: Decimal, high: Decimal },
    Triangular { low: Decimal, mode: Decimal, high: Decimal },
    Normal { mean: Decimal, deviation: Decimal },
}

/// Text that is no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a range: {why}; write 1..4, 1..2..4 (likeliest in the middle) or 2±0.5 (also 2+-0.5)")]
pub struct NotARange {
    pub text: String,
    pub why: &'static str,
}

impl Range {
    /// Whether a text means to be a range, right or wrong.
    pub fn is_meant(text: &str) -> bool {
        text.contains("..") || text.contains('±') || text.contains("+-")
    }

    /// Of shares: `0..40%`, `10%..40%` and `0.1..0.4` alike; a percent sign at the end holds for every number before it.
    ///
    /// # Errors
    /// Text that is no range.
    pub fn of_shares(text: &str) -> Result<Range, NotARange> {
        let trimmed = text.trim();
        if !trimmed.ends_with('%') {
            return trimmed.parse();
        }
        // A shift of two decimals; a division would round the 28th digit.
        let percent = |number: Decimal| number.saturating_mul(Decimal::new(1, 2)).normalize();
        let fail = |refused: NotARange| NotARange { text: beginning(text), ..refused };
        Ok(match trimmed.replace('%', "").parse().map_err(fail)? {
            Range::Uniform { low, high } => Range::Uniform { low: percent(low), high: percent(high) },
            Range::Triangular { low, mode, high } => {
                Range::Triangular { low: percent(low), mode: percent(mode), high: percent(high) }
            }
            Range::Normal { mean, deviation } => Range::Normal { mean: percent(mean), deviation: percent(deviation) },
        })
    }

    /// Of horizons and terms: `1y..5y`, `1..5y`, `12m..60m`, `3y±0.5y`; the unit at the end holds for every number without
    /// one. In months, or in days if the second is true.
    ///
    /// # Errors
    /// Text that is no range, ends that are no whole months or days, or months and days in one range.
    pub fn of_times(text: &str) -> Result<(Range, bool), NotARange> {
        let fail = |why| NotARange { text: beginning(text), why };
        let last = text.trim().chars().next_back().filter(|unit| TIME_UNITS.contains(unit));
        let last = last.ok_or_else(|| fail("it needs a unit at its end: y, m or d"))?;
        let in_days = text.contains('d');
        if in_days && text.contains(['y', 'm']) {
            return Err(fail("it has both days and months"));
        }
        let range = read(text, |part| {
            let unit = part.chars().next_back().filter(|unit| TIME_UNITS.contains(unit));
            let count = parse_decimal(part.trim_end_matches(TIME_UNITS)).map_err(|_| fail("an end is not a number"))?;
            let months = if unit.unwrap_or(last) == 'y' { 12 } else { 1 };
            Ok(count.saturating_mul(Decimal::from(months)).normalize())
        })?;
        let whole = match range {
            Range::Uniform { low, high } => low.is_integer() && high.is_integer(),
            Range::Triangular { low, mode, high } => [low, mode, high].iter().all(Decimal::is_integer),
            Range::Normal { mean, .. } => mean.is_integer(),
        };
        if whole { Ok((range, in_days)) } else { Err(fail("an end is no whole number of days or months")) }
    }

    /// In percent: `0..40%`.
    pub fn in_percent(&self) -> String {
        let shown = |number: Decimal| exact(number.saturating_mul(Decimal::ONE_HUNDRED));
        match *self {
            Range::Uniform { low, high } => format!("{}..{}%", shown(low), shown(high)),
            Range::Triangular { low, mode, high } => format!("{}..{}..{}%", shown(low), shown(mode), shown(high)),
            Range::Normal { mean, deviation } => format!("{}±{}%", shown(mean), shown(deviation)),
        }
    }

    /// Of so many times each number. `None` if that leaves the range of decimals.
    pub fn scaled(&self, times: Decimal) -> Option<Range> {
        let scaled = |number: Decimal| number.checked_mul(times);
        Some(match *self {
            Range::Uniform { low, high } => Range::Uniform { low: scaled(low)?, high: scaled(high)? },
            Range::Triangular { low, mode, high } => {
                Range::Triangular { low: scaled(low)?, mode: scaled(mode)?, high: scaled(high)? }
            }
            Range::Normal { mean, deviation } => Range::Normal { mean: scaled(mean)?, deviation: scaled(deviation)? },
        })
    }

    pub fn low(&self) -> Decimal {
        match *self {
            Range::Uniform { low, .. } | Range::Triangular { low, .. } => low,
            Range::Normal { mean, deviation } => mean.saturating_sub(deviation.saturating_mul(DEVIATIONS)),
        }
    }

    pub fn high(&self) -> Decimal {
        match *self {
            Range::Uniform { high, .. } | Range::Triangular { high, .. } => high,
            Range::Normal { mean, deviation } => mean.saturating_add(deviation.saturating_mul(DEVIATIONS)),
        }
    }

    /// Both ends are one number.
    pub fn is_certain(&self) -> bool {
        self.low() == self.high()
    }

    /// As often exceeded as not. `None` if it leaves the range of decimals.
    pub fn median(&self) -> Option<Decimal> {
        match *self {
            Range::Uniform { low, high } => low.checked_add(high)?.checked_div(Decimal::TWO),
            Range::Normal { mean, .. } => Some(mean),
            Range::Triangular { low, high, .. } if low == high => Some(low),
            Range::Triangular { low, mode, high } => {
                let (below, above, width) = (mode - low, high - mode, high - low);
                let half = |part: Decimal| width.checked_mul(part)?.checked_div(Decimal::TWO)?.sqrt();
                if below >= above { low.checked_add(half(below)?) } else { high.checked_sub(half(above)?) }
                    .map(|median| median.trunc_with_scale(12).normalize())
            }
        }
    }

    /// To draw whole numbers from, each rounded: of even ends, each number between them as often as any other.
    pub(super) fn whole_bounds(&self) -> Bounds {
        match self.bounds() {
            Bounds::Uniform { low, width } => Bounds::Whole { low, count: width + 1.0 },
            bounds => bounds,
        }
    }

    /// The value that a tenth (or nine tenths) lies below.
    pub(super) fn tenth(&self, upper: bool) -> f64 {
        match self.bounds() {
            Bounds::Normal { mean, deviation } => {
                mean + if upper { TENTH_OF_NORMAL } else { -TENTH_OF_NORMAL } * deviation
            }
            bounds => bounds.at(if upper { 0.9 } else { 0.1 }),
        }
    }

    pub(super) fn bounds(&self) -> Bounds {
        let float = |number: Decimal| number.to_f64().unwrap_or_default();
        match *self {
            Range::Uniform { low, high } => Bounds::Uniform { low: float(low), width: float(high) - float(low) },
            Range::Triangular { low, mode, high } => {
                Bounds::Triangular { low: float(low), mode: float(mode), high: float(high) }
            }
            Range::Normal { mean, deviation } => Bounds::Normal { mean: float(mean), deviation: float(deviation) },
        }
    }
}

/// A range as floats, to draw from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bounds {
    Uniform {
        low: f64,
        width: f64,
    },
    /// So many whole numbers from the lowest on.
    Whole {
        low: f64,
        count: f64,
    },
    Triangular {
        low: f64,
        mode: f64,
        high: f64,
    },
    Normal {
        mean: f64,
        deviation: f64,
    },
}

impl Bounds {
    /// By the inverse of the distribution, `part` in [0, 1); of a normal, the mean: it is drawn otherwise.
    pub(super) fn at(self, part: f64) -> f64 {
        match self {
            Bounds::Uniform { low, width } => low + width * part,
            Bounds::Whole { low, count } => low + (count * part).floor(),
            Bounds::Triangular { low, mode, high } => {
                let width = high - low;
                if width <= 0.0 {
                    low
                } else if part * width < mode - low {
                    low + (part * width * (mode - low)).sqrt()
                } else {
                    high - ((1.0 - part) * width * (high - mode)).sqrt()
                }
            }
            Bounds::Normal { mean, .. } => mean,
        }
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match *self {
            Range::Uniform { low, high } => format!("{}..{}", exact(low), exact(high)),
            Range::Triangular { low, mode, high } => format!("{}..{}..{}", exact(low), exact(mode), exact(high)),
            Range::Normal { mean, deviation } => format!("{}±{}", exact(mean), exact(deviation)),
        })
    }
}

impl FromStr for Range {
    type Err = NotARange;

    fn from_str(text: &str) -> Result<Range, NotARange> {
        let not_a_number = NotARange { text: beginning(text), why: "an end is not a number" };
        read(text, |part| parse_decimal(part).map_err(|_| not_a_number.clone()))
    }
}

/// Any of the three notations, each of its numbers read by `number`.
fn read(text: &str, number: impl Fn(&str) -> Result<Decimal, NotARange>) -> Result<Range, NotARange> {
    let fail = |why| NotARange { text: beginning(text), why };
    let number = |part: &str| match part.trim() {
        "" => Err(fail("an end is missing")),
        part => number(part),
    };
    if let Some((mean, deviation)) = text.split_once('±').or_else(|| text.split_once("+-")) {
        let (mean, deviation) = (number(mean)?, number(deviation)?);
        if deviation < Decimal::ZERO {
            return Err(fail("the deviation is negative"));
        }
        return Ok(Range::Normal { mean, deviation });
    }
    let ends: Vec<&str> = text.split("..").collect();
    let range = match ends.as_slice() {
        [low, high] => Range::Uniform { low: number(low)?, high: number(high)? },
        [low, mode, high] => Range::Triangular { low: number(low)?, mode: number(mode)?, high: number(high)? },
        _ => return Err(fail("it has neither two nor three numbers")),
    };
    let in_order = match range {
        Range::Triangular { low, mode, high } => low <= mode && mode <= high,
        _ => range.low() <= range.high(),
    };
    if in_order { Ok(range) } else { Err(fail("it runs from the larger to the smaller")) }
}

/// Enough of a text to recognize it in an error.
fn beginning(text: &str) -> String {
    text.chars().take(40).collect()
}
