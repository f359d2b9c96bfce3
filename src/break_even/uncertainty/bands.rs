//! Both sides' cost so far in many futures, month by month: where most of them lie.

use rust_decimal::Decimal;

use super::model::{Span, Use};
use super::simulate::{Drawing, Simulation, UncertaintyError, at_quantiles, drawing};
use crate::break_even::check::BreakEvenError;
use crate::break_even::input::Question;
use crate::money::Usd;

/// Enough futures for a drawn band; a share of them is not told from it.
const MOST_PATHS: u32 = 16_384;
/// Points of a band besides its beginning.
const POINTS: usize = 24;

/// One moment: what the futures have cost until then, the machine being sold at it, in today's dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    pub months: Decimal,
    pub days: Decimal,
    pub rent: Spread,
    pub own: Spread,
}

/// A tenth of all futures lie below the first, a tenth above the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    pub p10: Usd,
    pub p50: Usd,
    pub p90: Usd,
}

/// From the first day to the horizon; empty where nothing varies.
///
/// # Errors
/// As [`odds`](super::odds).
pub fn bands(question: &Question, simulation: &Simulation) -> Result<Vec<Band>, UncertaintyError> {
    let Some(drawing) = drawing(question, simulation)? else { return Ok(Vec::new()) };
    let out_of_range = || BreakEvenError::OutOfRange { what: "the band" };
    let points = points(question).ok_or_else(out_of_range)?;
    let spans = points.iter().map(|(months, _)| Span::of(question, *months)).collect::<Option<Vec<_>>>();
    let spans = spans.ok_or_else(out_of_range)?;
    let places: Vec<usize> = points.iter().map(|(_, place)| *place).collect();
    let paths = simulation.paths.min(MOST_PATHS);
    let futures = drawing.each(paths, simulation.seed, |rng| future(&drawing, &spans, &places, rng));
    points
        .iter()
        .enumerate()
        .map(|(at, (months, _))| {
            let spread = |of: fn(&(f64, f64)) -> f64| {
                let mut costs: Vec<f64> = futures.iter().filter_map(|future| future.get(at)).map(of).collect();
                let [p10, p50, p90] = at_quantiles(&mut costs, [10, 50, 90])?;
                Ok::<_, UncertaintyError>(Spread { p10, p50, p90 })
            };
            let days = question.terms.month.value.days(*months).ok_or_else(out_of_range)?;
            Ok(Band { months: *months, days, rent: spread(|cost| cost.0)?, own: spread(|cost| cost.1)? })
        })
        .collect()
}

/// Moments in months, each with how many months have begun by then.
fn points(question: &Question) -> Option<Vec<(Decimal, usize)>> {
    let horizon = question.terms.horizon.value.months(question.terms.month.value)?;
    let begun = usize::try_from(horizon.ceil()).ok()?;
    let step = begun.div_ceil(POINTS).max(1);
    let mut points: Vec<(Decimal, usize)> =
        (0..begun).step_by(step).map(|month| (Decimal::from(month), month)).collect();
    points.push((horizon, begun));
    Some(points)
}

/// Rent and own of one future at each moment.
fn future(drawing: &Drawing, spans: &[Span], places: &[usize], rng: &mut rand_chacha::ChaCha8Rng) -> Vec<(f64, f64)> {
    let model = drawing.drawn(rng);
    let hours: Vec<Use> = drawing.uses(&model, rng);
    let mut so_far = vec![Use::default()];
    for month in &hours {
        let before = so_far.last().copied().unwrap_or_default();
        so_far.push(Use { rented: before.rented + month.rented, run: before.run + month.run });
    }
    spans
        .iter()
        .zip(places)
        .map(|(span, place)| {
            let costs = match so_far.get(*place) {
                Some(used) if !hours.is_empty() => model.costs_of(*used, span),
                _ => model.costs(span),
            };
            (costs.rent, costs.own)
        })
        .collect()
}
