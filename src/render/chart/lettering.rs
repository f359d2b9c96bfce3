//! The embedded font: measuring, wrapping and shortening text, and the dots its letters cover.

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};

use crate::render::RenderError;
use crate::render::untrusted::visible;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

/// DejaVu Sans in two weights.
pub(super) struct Lettering {
    regular: FontRef<'static>,
    bold: FontRef<'static>,
}

impl Lettering {
    pub fn embedded() -> Result<Lettering, RenderError> {
        let font = |bytes| FontRef::try_from_slice(bytes).map_err(|e| RenderError::Drawing(e.to_string()));
        Ok(Lettering { regular: font(dejavu::sans::regular())?, bold: font(dejavu::sans::bold())? })
    }

    fn font(&self, weight: Weight) -> &FontRef<'static> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// The letters side by side on a baseline from the origin, and the length of it, with an em of `size`.
    pub fn set(&self, text: &str, size: f64, weight: Weight) -> (Vec<Glyph>, f64) {
        let font = self.font(weight);
        let scale = PxScale::from(size as f32 * font.height_unscaled() / font.units_per_em().unwrap_or(2048.0));
        let scaled = font.as_scaled(scale);
        let mut glyphs: Vec<Glyph> = Vec::new();
        let mut x = 0.0;
        for c in text.chars() {
            let id = scaled.glyph_id(c);
            if let Some(previous) = glyphs.last() {
                x += scaled.kern(previous.id, id);
            }
            glyphs.push(id.with_scale_and_position(scale, point(x, 0.0)));
            x += scaled.h_advance(id);
        }
        (glyphs, f64::from(x))
    }

    pub fn width(&self, text: &str, size: f64, weight: Weight) -> f64 {
        self.set(text, size, weight).1
    }

    /// Calls `dot` with each pixel the letter covers, from its origin, and how much of it.
    pub fn cover(&self, glyph: Glyph, weight: Weight, mut dot: impl FnMut(i32, i32, f32)) {
        if let Some(outline) = self.font(weight).outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|x, y, coverage| dot(corner.x as i32 + x as i32, corner.y as i32 + y as i32, coverage));
        }
    }

    /// The text in at most `most` lines of `width`, safe to show; what does not fit ends in `…`.
    pub fn wrapped(&self, text: &str, size: f64, weight: Weight, width: f64, most: usize) -> Vec<String> {
        let text = visible(text);
        let mut lines = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() && lines.len() < most {
            let last = lines.len() + 1 == most;
            let fits = self.fitting(rest, size, weight, width);
            if fits >= rest.len() || last {
                lines.push(self.shortened(rest, size, weight, width));
                break;
            }
            let (head, _) = rest.split_at(fits);
            // Between words if there is a gap, else within the word.
            let end = if rest[fits..].starts_with(' ') { fits } else { head.rfind(' ').unwrap_or(fits) };
            let (line, tail) = rest.split_at(end);
            lines.push(line.trim_end().to_owned());
            rest = tail.trim_start();
        }
        lines
    }

    /// Wrapped as far in as it takes no more lines, so that no word is left alone on the last.
    pub fn balanced(&self, text: &str, size: f64, weight: Weight, width: f64, most: usize) -> Vec<String> {
        let lines = self.wrapped(text, size, weight, width, most);
        let whole = |lines: &[String]| !lines.last().is_some_and(|line| line.ends_with('…'));
        if lines.len() < 2 || !whole(&lines) {
            return lines;
        }
        let mut best = lines;
        for twentieths in (10..20).rev() {
            let narrower = self.wrapped(text, size, weight, width * f64::from(twentieths) / 20.0, most);
            if !whole(&narrower) || narrower.len() > best.len() {
                break;
            }
            best = narrower;
        }
        best
    }

    /// The text in one line of `width`, safe to show, ended by `…` where it had to be cut.
    pub fn shortened(&self, text: &str, size: f64, weight: Weight, width: f64) -> String {
        let text = visible(text);
        if self.width(&text, size, weight) <= width {
            return text.into_owned();
        }
        let fits = self.fitting(&text, size, weight, width - self.width("…", size, weight));
        format!("{}…", text.get(..fits).unwrap_or_default().trim_end())
    }

    /// How many bytes of the text fit in `width`; at least one letter's, so that wrapping goes forward.
    fn fitting(&self, text: &str, size: f64, weight: Weight, width: f64) -> usize {
        let (glyphs, _) = self.set(text, size, weight);
        let ends = text.char_indices().map(|(i, c)| i + c.len_utf8());
        let starts_of_next = glyphs.iter().skip(1).map(|glyph| f64::from(glyph.position.x));
        let whole = self.width(text, size, weight);
        let fitting = ends.zip(starts_of_next.chain([whole])).take_while(|(_, x)| *x <= width).last();
        let first = text.chars().next().map_or(0, char::len_utf8);
        fitting.map_or(first, |(end, _)| end)
    }
}
