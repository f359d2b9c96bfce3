//! A scene as pixels or as SVG.

use plotters::backend::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::lettering::{Lettering, Weight};
use super::scene::{Anchor, Area, HEIGHT, Ink, Mark, Scene, Text, WIDTH};
use super::{PNG_HEIGHT, PNG_WIDTH, palette};
use crate::render::RenderError;

/// Pixels of the canvas to one of the PNG, each way: averaging them smooths slanted lines.
const OVERSAMPLING: u32 = 2;
/// The SVG backend has whole coordinates only; tenths of a layout unit are fine enough.
const SVG_SCALE: f64 = 10.0;
/// Verdana has the proportions of DejaVu Sans, so that text fits where neither is installed from.
const SVG_FAMILY: &str = "DejaVu Sans, Verdana, sans-serif";

pub(super) fn png(scene: &Scene, lettering: &Lettering) -> Result<Vec<u8>, RenderError> {
    let (width, height) = (PNG_WIDTH * OVERSAMPLING, PNG_HEIGHT * OVERSAMPLING);
    let scale = f64::from(width) / WIDTH;
    let mut canvas = vec![255; width as usize * height as usize * 3];
    {
        let mut backend = BitMapBackend::with_buffer_and_format(&mut canvas, (width, height)).map_err(drawing)?;
        for mark in &scene.marks {
            match mark {
                Mark::Text(text) => letter(&mut backend, text, lettering, scale)?,
                shape => draw(&mut backend, shape, scale)?,
            }
        }
        backend.present().map_err(drawing)?;
    }
    encoded(&averaged(&canvas))
}

pub(super) fn svg(scene: &Scene) -> Result<String, RenderError> {
    let mut svg = String::new();
    let size = ((WIDTH * SVG_SCALE) as u32, (HEIGHT * SVG_SCALE) as u32);
    {
        let mut backend = SVGBackend::with_string(&mut svg, size);
        let page = Area { left: 0.0, top: 0.0, right: WIDTH, bottom: HEIGHT };
        draw(&mut backend, &Mark::Rectangle { area: page, ink: palette::WHITE }, SVG_SCALE)?;
        for mark in &scene.marks {
            match mark {
                Mark::Text(text) => write(&mut backend, text)?,
                shape => draw(&mut backend, shape, SVG_SCALE)?,
            }
        }
        backend.present().map_err(drawing)?;
    }
    // The view box keeps the tenths; the picture itself is shown at its own size.
    let tenths = format!("width=\"{}\" height=\"{}\"", size.0, size.1);
    Ok(svg.replacen(&tenths, &format!("width=\"{WIDTH}\" height=\"{HEIGHT}\""), 1))
}

fn drawing(error: impl std::fmt::Display) -> RenderError {
    RenderError::Drawing(error.to_string())
}

fn color(ink: Ink) -> RGBColor {
    RGBColor(ink.0, ink.1, ink.2)
}

fn pixel(at: f64, scale: f64) -> i32 {
    (at * scale).round() as i32
}

fn draw<B: DrawingBackend>(backend: &mut B, mark: &Mark, scale: f64) -> Result<(), RenderError> {
    let at = |(x, y): (f64, f64)| (pixel(x, scale), pixel(y, scale));
    match mark {
        Mark::Rectangle { area, ink } => {
            let (left, top) = at((area.left, area.top));
            let (right, bottom) = at((area.right, area.bottom));
            // What is there is at least a hairline.
            let corner = (right.max(left + 1), bottom.max(top + 1));
            backend.draw_rect((left, top), corner, &color(*ink), true).map_err(drawing)
        }
        Mark::Dot { x, y, radius, ink } => {
            let radius = pixel(*radius, scale).max(1) as u32;
            backend.draw_circle(at((*x, *y)), radius, &color(*ink), true).map_err(drawing)
        }
        Mark::Path { points, width, ink } => {
            let mut points: Vec<_> = points.iter().copied().map(at).collect();
            points.dedup();
            if points.len() < 2 {
                return Ok(());
            }
            let stroke_width = pixel(*width, scale).max(1) as u32;
            let style = ShapeStyle { color: color(*ink).to_rgba(), filled: true, stroke_width };
            backend.draw_path(points, &style).map_err(drawing)
        }
        Mark::Polygon { points, ink } => {
            let mut points: Vec<_> = points.iter().copied().map(at).collect();
            points.dedup();
            if points.len() < 3 {
                return Ok(());
            }
            backend.fill_polygon(points, &color(*ink)).map_err(drawing)
        }
        Mark::Text(_) => Ok(()),
    }
}

/// Text as pixels. Plotters' own text forgets each letter's side bearing, which spaces letters unevenly.
fn letter(backend: &mut BitMapBackend, text: &Text, lettering: &Lettering, scale: f64) -> Result<(), RenderError> {
    let (glyphs, length) = lettering.set(&text.text, text.size * scale, text.weight);
    let lead = match text.anchor {
        Anchor::Start => 0.0,
        Anchor::Middle => length / 2.0,
        Anchor::End => length,
    };
    let lead = lead.round() as i32;
    let (x, y) = (pixel(text.x, scale), pixel(text.y, scale));
    let ink = color(text.ink);
    let mut result = Ok(());
    for glyph in glyphs {
        lettering.cover(glyph, text.weight, |right, down, coverage| {
            let along = right - lead;
            let at = if text.upward { (x + down, y - along - 1) } else { (x + along, y + down) };
            if result.is_ok() && coverage > 0.0 {
                result = backend.draw_pixel(at, ink.mix(f64::from(coverage)).to_backend_color());
            }
        });
    }
    result.map_err(drawing)
}

fn write(backend: &mut SVGBackend, text: &Text) -> Result<(), RenderError> {
    let style = match text.weight {
        Weight::Regular => FontStyle::Normal,
        Weight::Bold => FontStyle::Bold,
    };
    let anchor = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let transform = if text.upward { FontTransform::Rotate270 } else { FontTransform::None };
    // The backend divides sizes by 1.24, and sets text anchored at its top 0.76 em above its baseline.
    let font = (SVG_FAMILY, text.size * SVG_SCALE * 1.24).into_font().style(style).transform(transform);
    let ink = color(text.ink);
    let style = TextStyle::from(font).color(&ink).pos(Pos::new(anchor, VPos::Top));
    let rise = 0.76 * text.size;
    let (x, y) = if text.upward { (text.x - rise, text.y) } else { (text.x, text.y - rise) };
    backend.draw_text(&text.text, &style, (pixel(x, SVG_SCALE), pixel(y, SVG_SCALE))).map_err(drawing)
}

/// Each square of four pixels as its mean.
fn averaged(canvas: &[u8]) -> Vec<u8> {
    let row_bytes = PNG_WIDTH as usize * 3;
    let mut image = vec![0; canvas.len() / 4];
    for (row, pair) in image.chunks_exact_mut(row_bytes).zip(canvas.chunks_exact(4 * row_bytes)) {
        let (upper, lower) = pair.split_at(2 * row_bytes);
        let squares = upper.as_chunks::<6>().0.iter().zip(lower.as_chunks::<6>().0);
        for (pixel, ([r0, g0, b0, r1, g1, b1], [r2, g2, b2, r3, g3, b3])) in
            row.as_chunks_mut::<3>().0.iter_mut().zip(squares)
        {
            *pixel = [mean([*r0, *r1, *r2, *r3]), mean([*g0, *g1, *g2, *g3]), mean([*b0, *b1, *b2, *b3])];
        }
    }
    image
}

fn mean(parts: [u8; 4]) -> u8 {
    let [a, b, c, d] = parts.map(u16::from);
    ((a + b + c + d + 2) / 4) as u8
}

fn encoded(image: &[u8]) -> Result<Vec<u8>, RenderError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, PNG_WIDTH, PNG_HEIGHT);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(image)?;
    writer.finish()?;
    Ok(bytes)
}
