//! Inks: Okabe and Ito's eight colors, which color-blind readers can tell apart, ordered so that neighbors differ in
//! grey too. <https://jfly.uni-koeln.de/color/> (read 2026-11-23)

use super::scene::Ink;

pub(super) const WHITE: Ink = Ink(255, 255, 255);
pub(super) const TEXT: Ink = Ink(33, 33, 33);
pub(super) const QUIET: Ink = Ink(90, 90, 90);
pub(super) const GRID: Ink = Ink(224, 224, 224);
pub(super) const AXIS: Ink = Ink(110, 110, 110);
pub(super) const PANEL: Ink = Ink(246, 246, 246);

const BLUE: Ink = Ink(0, 114, 178);
const SKY: Ink = Ink(86, 180, 233);
const VERMILLION: Ink = Ink(213, 94, 0);
const YELLOW: Ink = Ink(240, 228, 66);
const GREEN: Ink = Ink(0, 158, 115);
const ORANGE: Ink = Ink(230, 159, 0);
const BLACK: Ink = Ink(0, 0, 0);
const PURPLE: Ink = Ink(204, 121, 167);

/// For areas.
const FILLS: [Ink; 8] = [BLUE, SKY, VERMILLION, YELLOW, GREEN, ORANGE, BLACK, PURPLE];
/// For lines on white, where yellow is invisible.
const STROKES: [Ink; 7] = [BLUE, VERMILLION, GREEN, PURPLE, BLACK, ORANGE, SKY];

/// An ink thinned with white: a `share` of 1 is the ink itself.
pub(super) fn tint(ink: Ink, share: f64) -> Ink {
    blend(WHITE, ink, share)
}

/// From one ink to another.
pub(super) fn blend(from: Ink, to: Ink, share: f64) -> Ink {
    let part =
        |from: u8, to: u8| (f64::from(from) + (f64::from(to) - f64::from(from)) * share.clamp(0.0, 1.0)).round() as u8;
    Ink(part(from.0, to.0), part(from.1, to.1), part(from.2, to.2))
}

/// From white at the one end to dark blue at the other: in grey too the darker is the more. The colors change at the middle.
pub(super) fn more_is_darker(amount: f64) -> Ink {
    if amount < 0.0 {
        blend(Ink(247, 196, 122), Ink(255, 246, 230), -amount)
    } else {
        blend(Ink(150, 200, 230), Ink(8, 69, 116), amount)
    }
}

pub(super) struct Fill {
    pub ink: Ink,
    /// White stripes tell the second round of colors from the first.
    pub striped: bool,
}

pub(super) fn fill(series: usize) -> Fill {
    let ink = FILLS.get(series % FILLS.len()).copied().unwrap_or(BLUE);
    Fill { ink, striped: (series / FILLS.len()) % 2 == 1 }
}

pub(super) struct Stroke {
    pub ink: Ink,
    /// Strokes and gaps; empty is a whole line.
    pub dashes: &'static [f64],
}

pub(super) fn stroke(line: usize) -> Stroke {
    let ink = STROKES.get(line % STROKES.len()).copied().unwrap_or(BLUE);
    let dashes: &[f64] = match (line, line % 3) {
        (0 | 1, _) => &[],
        (_, 2) => &[14.0, 7.0],
        (_, 0) => &[4.0, 6.0],
        _ => &[16.0, 6.0, 4.0, 6.0],
    };
    Stroke { ink, dashes }
}
