//! What all charts share: the heading, and the page that says why there is nothing to draw.

use super::lettering::{Lettering, Weight};
use super::palette::{PANEL, QUIET, TEXT};
use super::scene::{Anchor, HEIGHT, Scene, Text, WIDTH};

pub(super) const MARGIN: f64 = 36.0;
pub(super) const TITLE_SIZE: f64 = 27.0;
pub(super) const BODY_SIZE: f64 = 17.0;
pub(super) const TICK_SIZE: f64 = 16.0;

/// The finding in one line, a little smaller if need be, else in two of like length; below it what was measured.
/// Returns where the page goes on.
pub(super) fn heading(scene: &mut Scene, title: &str, subtitle: &str, lettering: &Lettering) -> f64 {
    let width = WIDTH - 2.0 * MARGIN;
    let fits = |size: &f64| lettering.wrapped(title, *size, Weight::Bold, width, 2).len() < 2;
    let size = [TITLE_SIZE, 25.0, 23.5].into_iter().find(fits).unwrap_or(25.0);
    let mut y = MARGIN - 8.0;
    for line in lettering.balanced(title, size, Weight::Bold, width, 2) {
        y += size + 7.0;
        scene.text(Text::new(line, MARGIN, y - 8.0, size, TEXT).bold());
    }
    for line in lettering.balanced(subtitle, BODY_SIZE, Weight::Regular, width, 2) {
        y += 24.0;
        scene.text(Text::new(line, MARGIN, y - 4.0, BODY_SIZE, QUIET));
    }
    y + 14.0
}

/// The heading, and in the place of the plot the reason why there is none.
pub(super) fn empty(title: &str, subtitle: &str, why: &str, lettering: &Lettering) -> Scene {
    let mut scene = Scene::default();
    let top = heading(&mut scene, title, subtitle, lettering) + 10.0;
    let width = WIDTH - 2.0 * MARGIN;
    scene.rectangle(MARGIN, top, width, HEIGHT - MARGIN - top, PANEL);
    let why = if why.trim().is_empty() { "Nothing to show." } else { why };
    let lines = lettering.wrapped(why, 21.0, Weight::Regular, width - 160.0, 8);
    let mut y = (top + HEIGHT - MARGIN) / 2.0 - 32.0 * (lines.len() as f64 - 1.0) / 2.0 + 7.0;
    for line in lines {
        scene.text(Text::new(line, WIDTH / 2.0, y, 21.0, QUIET).anchored(Anchor::Middle));
        y += 32.0;
    }
    scene
}
