//! How wide each column of a text table is, or that they do not fit side by side.

use rayon::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::Grid;
use crate::report::table::Align;

/// Words up to this width are names, ids and amounts, and stay whole; longer ones (ARNs, paths) may break.
const LONGEST_WHOLE_WORD: usize = 32;

/// Prose squeezed below this is a ladder of words.
const NARROWEST_PROSE: usize = 12;

pub(super) enum Plan {
    /// The width of each column, without the gaps.
    SideBySide(Vec<u16>),
    Stacked,
}

impl Plan {
    pub fn of(grid: &Grid<'_>, width: usize, gap: usize) -> Plan {
        let needs: Vec<Need> = (0..grid.header.len()).into_par_iter().map(|column| Need::of(grid, column)).collect();
        let gaps = gap * needs.len().saturating_sub(1);
        match fitted(&needs, width.saturating_sub(gaps)) {
            Some(widths) => Plan::SideBySide(widths),
            None => Plan::Stacked,
        }
    }
}

/// The widths a column can use: `least` breaks no word it should not, `natural` wraps nothing.
struct Need {
    least: usize,
    natural: usize,
}

impl Need {
    fn of(grid: &Grid<'_>, column: usize) -> Need {
        let cells = || grid.rows.iter().filter_map(|row| row.get(column));
        let title = grid.header.get(column).map_or("", |title| title.as_ref());
        let widest_cell = widest(cells());
        let natural = widest_cell.max(width(title));
        // A right-aligned cell is an amount with its unit, and is not wrapped; its title may be.
        let least = match grid.align.get(column) {
            Some(Align::Right) => widest_cell.max(widest(title.split(' '))),
            _ => widest(cells().map(AsRef::as_ref).chain([title]).flat_map(|text| text.split(' ')))
                .min(LONGEST_WHOLE_WORD)
                .max(widest_cell.min(NARROWEST_PROSE)),
        };
        Need { least: least.max(1), natural: natural.max(1) }
    }
}

pub(super) fn widest(texts: impl Iterator<Item = impl AsRef<str>>) -> usize {
    texts.map(|text| width(text.as_ref())).max().unwrap_or(0)
}

/// In columns of a terminal. What is shown has no control characters, so that plain text is as wide as it is long.
pub(super) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// The narrow columns at their natural width, the wide ones sharing the rest evenly.
fn fitted(needs: &[Need], available: usize) -> Option<Vec<u16>> {
    let capped = |cap: usize| -> Vec<usize> { needs.iter().map(|n| n.natural.min(n.least.max(cap))).collect() };
    if total(&capped(0))? > available {
        return None;
    }
    // Whether a cap fits is monotone: the largest that does, by bisection.
    let (mut fits, mut too_wide) = (0, available + 1);
    while too_wide - fits > 1 {
        let cap = fits.midpoint(too_wide);
        if total(&capped(cap))? <= available { fits = cap } else { too_wide = cap }
    }
    let mut widths = capped(fits);
    let mut spare = available.saturating_sub(total(&widths)?);
    for (width, need) in widths.iter_mut().zip(needs) {
        if spare > 0 && *width < need.natural {
            *width += 1;
            spare -= 1;
        }
    }
    widths.into_iter().map(|width| u16::try_from(width).ok()).collect()
}

fn total(widths: &[usize]) -> Option<usize> {
    widths.iter().try_fold(0_usize, |sum, width| sum.checked_add(*width))
}
