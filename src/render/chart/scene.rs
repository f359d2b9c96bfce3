//! What is on the page, in layout units from the top left corner.

use super::lettering::{Lettering, Weight};

pub(super) const WIDTH: f64 = 1200.0;
pub(super) const HEIGHT: f64 = 675.0;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ink(pub u8, pub u8, pub u8);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    pub fn width(self) -> f64 {
        self.right - self.left
    }

    pub fn height(self) -> f64 {
        self.bottom - self.top
    }

    #[cfg(test)]
    pub fn overlaps(self, other: Area) -> bool {
        self.left < other.right && other.left < self.right && self.top < other.bottom && other.top < self.bottom
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

#[derive(Clone, Debug)]
pub(super) struct Text {
    pub text: String,
    /// Where the anchor of the baseline is.
    pub x: f64,
    pub y: f64,
    /// Height of the em.
    pub size: f64,
    pub weight: Weight,
    pub anchor: Anchor,
    pub ink: Ink,
    /// Reads from bottom to top.
    pub upward: bool,
}

impl Text {
    pub fn new(text: impl Into<String>, x: f64, y: f64, size: f64, ink: Ink) -> Text {
        Text { text: text.into(), x, y, size, weight: Weight::Regular, anchor: Anchor::Start, ink, upward: false }
    }

    pub fn anchored(self, anchor: Anchor) -> Text {
        Text { anchor, ..self }
    }

    pub fn bold(self) -> Text {
        Text { weight: Weight::Bold, ..self }
    }

    pub fn upward(self) -> Text {
        Text { upward: true, ..self }
    }

    /// From the baseline's beginning to its end.
    pub fn length(&self, lettering: &Lettering) -> f64 {
        lettering.width(&self.text, self.size, self.weight)
    }

    /// The room its letters take, descenders included.
    #[cfg(test)]
    pub fn area(&self, lettering: &Lettering) -> Area {
        let length = self.length(lettering);
        let begin = match self.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -length / 2.0,
            Anchor::End => -length,
        };
        let (above, below) = (0.76 * self.size, 0.24 * self.size);
        if self.upward {
            let (left, right) = (self.x - above, self.x + below);
            Area { left, right, top: self.y - begin - length, bottom: self.y - begin }
        } else {
            let left = self.x + begin;
            Area { left, right: left + length, top: self.y - above, bottom: self.y + below }
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Mark {
    Rectangle {
        area: Area,
        ink: Ink,
    },
    Path {
        points: Vec<(f64, f64)>,
        width: f64,
        ink: Ink,
    },
    /// Filled.
    Polygon {
        points: Vec<(f64, f64)>,
        ink: Ink,
    },
    Dot {
        x: f64,
        y: f64,
        radius: f64,
        ink: Ink,
    },
    Text(Text),
}

/// Marks in the order they are painted.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    pub marks: Vec<Mark>,
}

impl Scene {
    pub fn rectangle(&mut self, left: f64, top: f64, width: f64, height: f64, ink: Ink) {
        let area = Area { left, top, right: left + width, bottom: top + height };
        self.marks.push(Mark::Rectangle { area, ink });
    }

    pub fn path(&mut self, points: Vec<(f64, f64)>, width: f64, ink: Ink) {
        self.marks.push(Mark::Path { points, width, ink });
    }

    /// A path of strokes and gaps, `pattern` their lengths in turn; no pattern is a whole line.
    pub fn dashed(&mut self, points: &[(f64, f64)], pattern: &[f64], width: f64, ink: Ink) {
        if pattern.is_empty() {
            self.path(points.to_vec(), width, ink);
            return;
        }
        for stroke in strokes(points, pattern) {
            self.path(stroke, width, ink);
        }
    }

    pub fn polygon(&mut self, points: Vec<(f64, f64)>, ink: Ink) {
        self.marks.push(Mark::Polygon { points, ink });
    }

    pub fn dot(&mut self, x: f64, y: f64, radius: f64, ink: Ink) {
        self.marks.push(Mark::Dot { x, y, radius, ink });
    }

    pub fn text(&mut self, text: Text) {
        if !text.text.is_empty() {
            self.marks.push(Mark::Text(text));
        }
    }
}

fn strokes(points: &[(f64, f64)], pattern: &[f64]) -> Vec<Vec<(f64, f64)>> {
    let mut strokes = Vec::new();
    let mut lengths = pattern.iter().cycle().map(|length| length.max(1.0));
    let mut left = lengths.next().unwrap_or(1.0);
    let mut drawing = true;
    let mut stroke: Vec<(f64, f64)> = points.first().copied().into_iter().collect();
    for pair in points.windows(2) {
        let &[(x0, y0), (x1, y1)] = pair else { continue };
        let segment = (x1 - x0).hypot(y1 - y0);
        let mut done = 0.0;
        while segment - done > left {
            done += left;
            let at = (x0 + (x1 - x0) * done / segment, y0 + (y1 - y0) * done / segment);
            if drawing {
                stroke.push(at);
                strokes.push(std::mem::take(&mut stroke));
            } else {
                stroke = vec![at];
            }
            drawing = !drawing;
            left = lengths.next().unwrap_or(1.0);
        }
        left -= segment - done;
        if drawing {
            stroke.push((x1, y1));
        }
    }
    if drawing && stroke.len() > 1 {
        strokes.push(stroke);
    }
    strokes
}
