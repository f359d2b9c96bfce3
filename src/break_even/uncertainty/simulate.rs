//! Monte Carlo: many futures drawn, each a net present value. Fixed chunks of paths, each with a stream of its own, so
//! that the same seed gives the same answer on any number of threads.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use super::model::Model;
use super::range::{Bounds, Range};
use super::span::{Schedule, Span, Use};
use crate::break_even::check::{BreakEvenError, InvalidInput};
use crate::break_even::discount::Discount;
use crate::break_even::flows::{Flows, MONTHS_A_YEAR};
use crate::break_even::input::Question;
use crate::break_even::input_name::InputName;
use crate::money::Usd;
use crate::quantity::exact;

const CHUNK: u32 = 8_192;
const MOST_PATHS: u32 = 10_000_000;

/// What is drawn, and how often. Months past a path's own horizon do not count in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Simulation {
    pub paths: u32,
    pub seed: u64,
    /// Inputs that are not known; the question holds their medians.
    pub ranges: Vec<(InputName, Range)>,
    /// Hours a day of measured months, drawn for each month to come; empty: the question's hours, or their range.
    pub months: Vec<Decimal>,
}

impl Simulation {
    /// # Errors
    /// A range whose end no such input can have, too few or too many paths.
    pub fn check(&self, question: &Question) -> Result<(), UncertaintyError> {
        if !(100..=MOST_PATHS).contains(&self.paths) {
            return Err(UncertaintyError::Paths(self.paths));
        }
        self.ranges.iter().try_for_each(|(input, range)| check_range(question, *input, range))
    }
}

/// How likely owning wins, and by how much.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odds {
    /// Futures drawn; 0 where nothing varies.
    pub paths: u32,
    /// Of all futures, the share in which owning costs less.
    pub own_wins: Decimal,
    pub npv: Quantiles,
    /// With every input at its median.
    pub at_medians: Usd,
    /// The input that moves the answer most first.
    pub tornado: Vec<Bar>,
}

/// Of the net present value of owning; positive favors owning. Each is at least the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantiles {
    /// In one future of twenty it is worse than this: less than zero is the value at risk.
    pub p5: Usd,
    pub p10: Usd,
    pub p50: Usd,
    pub p90: Usd,
    pub mean: Usd,
}

/// What one input does alone, from the tenth to the ninetieth of its hundred parts, the others at their medians.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub input: InputName,
    pub range: Range,
    pub p10: Decimal,
    pub p90: Decimal,
    pub npv_at_p10: Usd,
    pub npv_at_p90: Usd,
}

impl Bar {
    /// How far the answer moves.
    pub fn swing(&self) -> Decimal {
        self.npv_at_p90.amount().saturating_sub(self.npv_at_p10.amount()).abs()
    }
}

/// Why nothing can be drawn.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UncertaintyError {
    #[error(transparent)]
    Question(#[from] BreakEvenError),
    #[error("{input} from {low} to {high}: {why}")]
    Range { input: InputName, low: Decimal, high: Decimal, why: InvalidInput },
    #[error("{0} cannot be a range")]
    NoRange(InputName),
    #[error("{0} paths: between 100 and {MOST_PATHS} can be drawn")]
    Paths(u32),
    #[error("a net present value is not finite: an input is out of range")]
    NotFinite,
}

/// Draws the futures of a question whose uncertain inputs stand at their medians, `at_medians` its exact net present value.
///
/// # Errors
/// A range whose end no such input can have, too few or too many paths.
pub fn odds(question: &Question, at_medians: Usd, simulation: &Simulation) -> Result<Odds, UncertaintyError> {
    let Some(drawing) = drawing(question, simulation)? else { return Ok(certain(at_medians)) };
    let mut npvs = drawing.each(simulation.paths, simulation.seed, |rng| drawing.path(rng));
    let mut tornado = tornado(&drawing, &uncertain(simulation))?;
    tornado.sort_by_key(|bar| std::cmp::Reverse(bar.swing()));
    let wins = npvs.iter().filter(|npv| **npv > 0.0).count();
    let mean = usd(npvs.iter().sum::<f64>() / npvs.len() as f64)?;
    let [p5, p10, p50, p90] = at_quantiles(&mut npvs, [5, 10, 50, 90])?;
    Ok(Odds {
        paths: simulation.paths,
        own_wins: Decimal::from(wins) / Decimal::from(simulation.paths),
        npv: Quantiles { p5, p10, p50, p90, mean },
        at_medians,
        tornado,
    })
}

fn uncertain(simulation: &Simulation) -> Vec<(InputName, Range)> {
    simulation.ranges.iter().filter(|(_, range)| !range.is_certain()).copied().collect()
}

/// What a path needs; `None` where nothing varies.
///
/// # Errors
/// A range whose end no such input can have, too few or too many paths.
pub(super) fn drawing(question: &Question, simulation: &Simulation) -> Result<Option<Drawing>, UncertaintyError> {
    simulation.check(question)?;
    question.check().map_err(BreakEvenError::from)?;
    let out_of_range = || BreakEvenError::OutOfRange { what: "the net present value" };
    let uncertain = uncertain(simulation);
    let one_month = simulation.months.first().is_none_or(|first| simulation.months.iter().all(|month| month == first));
    if uncertain.is_empty() && one_month {
        return Ok(None);
    }
    let model = Model::of(question).ok_or_else(out_of_range)?;
    let horizon = question.terms.horizon.value.months(question.terms.month.value).ok_or_else(out_of_range)?;
    let fixed = match uncertain.iter().any(|(input, _)| Schedule::rests_on(*input)) {
        true => None,
        false => Some(Fixed {
            span: Span::of(question, horizon).ok_or_else(out_of_range)?,
            worth: if one_month { Vec::new() } else { worth_of_months(question)? },
        }),
    };
    let months = if one_month { &[] } else { simulation.months.as_slice() };
    let months = months.iter().filter_map(ToPrimitive::to_f64).collect();
    let bounds = |input: InputName, range: &Range| if input.is_whole() { range.whole_bounds() } else { range.bounds() };
    let ranges = uncertain.iter().map(|(input, range)| (*input, bounds(*input, range))).collect();
    Ok(Some(Drawing { model, fixed, ranges, months }))
}

/// Nothing varies: the exact answer, in every future.
fn certain(npv: Usd) -> Odds {
    let own_wins = if npv > Usd::ZERO { Decimal::ONE } else { Decimal::ZERO };
    let npvs = Quantiles { p5: npv, p10: npv, p50: npv, p90: npv, mean: npv };
    Odds { paths: 0, own_wins, npv: npvs, at_medians: npv, tornado: Vec::new() }
}

/// Both ends must be numbers that the question itself would take; of one that counts, whole ones.
fn check_range(question: &Question, input: InputName, range: &Range) -> Result<(), UncertaintyError> {
    let of_range = |why| UncertaintyError::Range { input, low: range.low(), high: range.high(), why };
    for end in [range.low(), range.high()] {
        let mut at_end = question.clone();
        if input.is_whole() {
            let count = u32::try_from(end.round()).map_err(|_| of_range(no_count(input, end)))?;
            at_end.put_count(input, count).ok_or(UncertaintyError::NoRange(input))?;
        } else {
            let refused = || match input.makes_overhead() && question.value_of(input).is_some() {
                true => of_range(no_work(input, end)),
                false => UncertaintyError::NoRange(input),
            };
            at_end.put(input, end).ok_or_else(refused)?;
        }
        match at_end.check() {
            // Two ranges may meet where one caps the other: a cheap machine sells for its price at most, a slow one
            // replaces its 24 hours at most.
            Err(why) if why.input == input => return Err(of_range(why)),
            Err(why) if why.input == InputName::Overhead && input.makes_overhead() => return Err(of_range(why)),
            _ => {}
        }
    }
    if input.is_whole() && matches!(range, Range::Uniform { low, high } if !low.is_integer() || !high.is_integer()) {
        return Err(of_range(no_count(input, range.low())));
    }
    Ok(())
}

fn no_work(input: InputName, end: Decimal) -> InvalidInput {
    InvalidInput { input, value: exact(end), why: "no work would be done between two checkpoints".to_owned() }
}

fn no_count(input: InputName, end: Decimal) -> InvalidInput {
    InvalidInput { input, value: exact(end), why: "it must be a whole number from 1 on".to_owned() }
}

/// What a dollar of each month to come is worth today, for rent and for electricity, which may rise; the last month may be
/// a part of one.
fn worth_of_months(question: &Question) -> Result<Vec<Use>, UncertaintyError> {
    let terms = &question.terms;
    let worth = || {
        let discount = Discount::per_year(terms.discount_per_year.value)?;
        let horizon = terms.horizon.value.months(terms.month.value)?;
        let growth = Decimal::ONE.checked_add(Flows::of(question)?.escalation_per_year.fraction())?;
        let mut worth = Vec::new();
        let (mut month, mut before, mut dearer) = (Decimal::ZERO, Decimal::ZERO, Decimal::ONE);
        while month < horizon {
            if !month.is_zero() && (month % Decimal::from(MONTHS_A_YEAR)).is_zero() {
                dearer = dearer.checked_mul(growth)?;
            }
            month = (month + Decimal::ONE).min(horizon);
            let now = discount.annuity(month)?;
            let dollar = now - before;
            worth.push(Use { rented: dollar.to_f64()?, run: dollar.checked_mul(dearer)?.to_f64()? });
            before = now;
        }
        Some(worth)
    };
    worth().ok_or_else(|| BreakEvenError::OutOfRange { what: "the discount" }.into())
}

/// Everything a path needs.
pub(super) struct Drawing {
    model: Model,
    /// `None` where a path draws what it rests on.
    fixed: Option<Fixed>,
    ranges: Vec<(InputName, Bounds)>,
    /// Hours a day, one drawn for each month; empty where they are the same all along.
    months: Vec<f64>,
}

/// What a dollar is worth when, worked out once in decimals.
struct Fixed {
    span: Span,
    /// Empty without months to draw.
    worth: Vec<Use>,
}

impl Drawing {
    /// Of each path what `of` makes of its random numbers.
    pub(super) fn each<T: Send>(&self, paths: u32, seed: u64, of: impl Fn(&mut ChaCha8Rng) -> T + Sync) -> Vec<T> {
        let chunks: Vec<u32> = (0..paths.div_ceil(CHUNK)).collect();
        let drawn: Vec<Vec<T>> = chunks
            .into_par_iter()
            .map(|chunk| {
                let mut rng = ChaCha8Rng::seed_from_u64(seed);
                rng.set_stream(u64::from(chunk));
                let count = CHUNK.min(paths - chunk * CHUNK);
                (0..count).map(|_| of(&mut rng)).collect()
            })
            .collect();
        drawn.into_iter().flatten().collect()
    }

    /// One future's inputs.
    pub(super) fn drawn(&self, rng: &mut ChaCha8Rng) -> Model {
        let mut model = self.model;
        for &(input, bounds) in &self.ranges {
            let value = draw(bounds, rng);
            model.put(input, if input.is_whole() { value.round() } else { value });
        }
        model
    }

    /// What the dollars of this future are worth at its horizon.
    fn span_of(&self, model: &Model) -> Span {
        self.fixed.as_ref().map_or_else(|| model.schedule.span(), |fixed| fixed.span)
    }

    /// Whether every future pays when the question does.
    pub(super) const fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }

    /// One future's hours month by month; empty where they are the same all along.
    pub(super) fn uses(&self, model: &Model, rng: &mut ChaCha8Rng) -> Vec<Use> {
        let mut uses = Vec::new();
        self.each_month(model, rng, |month| uses.push(month));
        uses
    }

    fn each_month(&self, model: &Model, rng: &mut ChaCha8Rng, mut take: impl FnMut(Use)) {
        if self.months.is_empty() {
            return;
        }
        let mut of_month = |worth: Use| {
            let hours = model.hours_replaced(any_of(&self.months, rng).unwrap_or(model.hours));
            take(Use { rented: worth.rented * hours, run: worth.run * hours });
        };
        match &self.fixed {
            Some(fixed) => fixed.worth.iter().copied().for_each(&mut of_month),
            None => model.schedule.worth_of_months().for_each(&mut of_month),
        }
    }

    fn path(&self, rng: &mut ChaCha8Rng) -> f64 {
        let model = self.drawn(rng);
        let span = self.span_of(&model);
        if self.months.is_empty() {
            return model.costs(&span).npv();
        }
        let mut used = Use::default();
        self.each_month(&model, rng, |month| {
            used.rented += month.rented;
            used.run += month.run;
        });
        model.costs_of(used, &span).npv()
    }
}

/// Without bias that could be seen: 32 random bits times the count, the upper half.
fn any_of(months: &[f64], rng: &mut ChaCha8Rng) -> Option<f64> {
    let place = (u64::from(rng.next_u32()) * months.len() as u64) >> 32;
    months.get(place as usize).copied()
}

fn draw(bounds: Bounds, rng: &mut ChaCha8Rng) -> f64 {
    if let Bounds::Normal { mean, deviation } = bounds {
        loop {
            let z: f64 = StandardNormal.sample(rng);
            if z.abs() <= 3.0 {
                return mean + z * deviation;
            }
        }
    }
    // 53 bits: every float in [0, 1) that is a multiple of 2^-53.
    bounds.at((rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64)
}

fn tornado(drawing: &Drawing, ranges: &[(InputName, Range)]) -> Result<Vec<Bar>, UncertaintyError> {
    let bar = |&(input, range): &(InputName, Range)| {
        let at = |value: f64| {
            let mut moved = drawing.model;
            moved.put(input, value);
            usd(moved.costs(&drawing.span_of(&moved)).npv())
        };
        let tenth = |upper| if input.is_whole() { range.tenth(upper).round() } else { range.tenth(upper) };
        let (p10, p90) = (tenth(false), tenth(true));
        Ok(Bar {
            input,
            range,
            p10: decimal(p10, 6)?,
            p90: decimal(p90, 6)?,
            npv_at_p10: at(p10)?,
            npv_at_p90: at(p90)?,
        })
    };
    ranges.iter().map(bar).collect()
}

/// Sorts. The q-th quantile is the smallest value that at least that share does not exceed.
pub(super) fn at_quantiles<const N: usize>(
    values: &mut [f64],
    percents: [usize; N],
) -> Result<[Usd; N], UncertaintyError> {
    values.par_sort_unstable_by(f64::total_cmp);
    let mut found = [Usd::ZERO; N];
    for (place, percent) in found.iter_mut().zip(percents) {
        let at = (values.len() * percent).div_ceil(100).saturating_sub(1);
        *place = values.get(at).copied().ok_or(UncertaintyError::NotFinite).and_then(usd)?;
    }
    Ok(found)
}

/// The one way back to money: cents, and nothing that is not finite.
fn usd(amount: f64) -> Result<Usd, UncertaintyError> {
    decimal(amount, 8).map(|amount| Usd::new(amount).to_decimals(2))
}

fn decimal(amount: f64, decimals: u32) -> Result<Decimal, UncertaintyError> {
    let exact = Some(amount).filter(|amount| amount.is_finite()).and_then(Decimal::from_f64);
    exact.map(|number| number.trunc_with_scale(decimals).normalize()).ok_or(UncertaintyError::NotFinite)
}
