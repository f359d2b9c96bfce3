//! Both sides' cost so far in many futures, month by month: where most of them lie.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::simulate::{Drawing, Simulation, UncertaintyError, at_quantiles, drawing};
use super::span::{Span, Use};
use crate::break_even::check::BreakEvenError;
use crate::break_even::input::Question;
use crate::break_even::input_name::InputName;
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

/// From the first day to the question's horizon, whichever a path would draw; empty where nothing else varies.
///
/// # Errors
/// As [`odds`](super::odds).
pub fn bands(question: &Question, simulation: &Simulation) -> Result<Vec<Band>, UncertaintyError> {
    simulation.check(question)?;
    let ranges = simulation.ranges.iter().filter(|(input, _)| *input != InputName::Horizon).copied().collect();
    let simulation = Simulation { ranges, ..simulation.clone() };
    let Some(drawing) = drawing(question, &simulation)? else { return Ok(Vec::new()) };
    let out_of_range = || BreakEvenError::OutOfRange { what: "the band" };
    let points = points(question).ok_or_else(out_of_range)?;
    let moments = points.iter().map(|(months, begun)| moment(question, &drawing, *months, *begun));
    let moments = moments.collect::<Option<Vec<_>>>().ok_or_else(out_of_range)?;
    let paths = simulation.paths.min(MOST_PATHS);
    let futures = drawing.each(paths, simulation.seed, |rng| future(&drawing, &moments, rng));
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

/// A point of the bands.
struct Moment {
    months: f64,
    begun: usize,
    /// `None` where each path has its own.
    span: Option<Span>,
}

fn moment(question: &Question, drawing: &Drawing, months: Decimal, begun: usize) -> Option<Moment> {
    let span = if drawing.is_fixed() { Some(Span::of(question, months)?) } else { None };
    Some(Moment { months: months.to_f64()?, begun, span })
}

/// Rent and own of one future at each moment.
fn future(drawing: &Drawing, moments: &[Moment], rng: &mut rand_chacha::ChaCha8Rng) -> Vec<(f64, f64)> {
    let model = drawing.drawn(rng);
    let hours: Vec<Use> = drawing.uses(&model, rng);
    let mut so_far = vec![Use::default()];
    for month in &hours {
        let before = so_far.last().copied().unwrap_or_default();
        so_far.push(Use { rented: before.rented + month.rented, run: before.run + month.run });
    }
    moments
        .iter()
        .map(|moment| {
            let span = moment.span.unwrap_or_else(|| model.schedule.span_of(moment.months));
            let costs = match so_far.get(moment.begun) {
                Some(used) if !hours.is_empty() => model.costs_of(*used, &span),
                _ => model.costs(&span),
            };
            (costs.rent, costs.own)
        })
        .collect()
}
