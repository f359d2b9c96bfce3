//! An answer over ranges of the rent and of the machine's speed: both ends, and whether the verdict holds between them.
//!
//! Cheaper rent and a slower machine favor renting, dearer rent and a faster machine owning, each by itself: so the two
//! corners hold every other combination between them.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::answer::{Answer, BreakEven, Verdict, break_even};
use super::check::BreakEvenError;
use super::input::Question;
use crate::money::Usd;

/// Where in the ranges a case stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Corner {
    /// The cheapest rent, the slowest machine.
    ForRenting,
    /// As the question has them.
    Middle,
    /// The dearest rent, the fastest machine.
    ForOwning,
}

/// The answer in one place of the ranges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub corner: Corner,
    pub usd_per_hour: Usd,
    pub speed_ratio: Decimal,
    /// An error where the machine is too slow for the hours, say.
    pub answer: Result<Answer, BreakEvenError>,
}

/// Whether one verdict holds wherever in the ranges the truth lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    Throughout(Verdict),
    /// The one verdict at the end for renting, the other at the end for owning.
    Flips,
    /// At the slow end the machine cannot do the work of these hours.
    TooSlow,
}

/// Low and high of what is not known to a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ranges {
    pub usd_per_hour: Option<(Usd, Usd)>,
    pub speed_ratio: Option<(Decimal, Decimal)>,
}

impl Ranges {
    /// Nothing is a range.
    pub fn is_certain(&self) -> bool {
        self.usd_per_hour.is_none_or(|(low, high)| low == high)
            && self.speed_ratio.is_none_or(|(low, high)| low == high)
    }
}

/// A question's answers at both ends of the ranges and as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// For renting, as asked, for owning.
    pub cases: [Case; 3],
}

impl Span {
    pub fn holds(&self) -> Holds {
        let verdict = |case: &Case| case.answer.as_ref().ok().map(|answer| answer.verdict);
        let [renting, _, owning] = &self.cases;
        match (verdict(renting), verdict(owning)) {
            (Some(one), Some(other)) if one == other => Holds::Throughout(one),
            (Some(_), Some(_)) => Holds::Flips,
            _ => Holds::TooSlow,
        }
    }

    /// The earliest and the latest break-even.
    pub fn break_evens(&self) -> Option<(BreakEven, BreakEven)> {
        let [renting, _, owning] = &self.cases;
        let of = |case: &Case| case.answer.as_ref().ok().map(|answer| answer.payback);
        Some((of(owning)?, of(renting)?))
    }
}

/// Answers a question at the ends of the ranges.
pub fn over_ranges(question: &Question, ranges: Ranges, start: Date) -> Span {
    let at = |corner: Corner| {
        let mut asked = question.clone();
        let pick = |(low, high)| if corner == Corner::ForRenting { low } else { high };
        if corner != Corner::Middle {
            if let Some((low, high)) = ranges.usd_per_hour {
                asked.renting.usd_per_hour.value = if corner == Corner::ForRenting { low } else { high };
            }
            if let Some(ends) = ranges.speed_ratio {
                asked.owning.speed_ratio.value = pick(ends);
            }
        }
        Case {
            corner,
            usd_per_hour: asked.renting.usd_per_hour.value,
            speed_ratio: asked.owning.speed_ratio.value,
            answer: break_even(&asked, start),
        }
    };
    Span { cases: [at(Corner::ForRenting), at(Corner::Middle), at(Corner::ForOwning)] }
}
