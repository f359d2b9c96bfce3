//! Line items, and the bill they add up to.

use std::cmp::Ordering;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::catalog::{NoRate, Rate};
use crate::ledger::{Certainty, Evidence, Meter, Phase, Resource, Usage};
use crate::money::Usd;
use crate::quantity::{Quantity, Unit, UnitMismatch};
use crate::time::{Month, Period};

/// AWS writes quantities in months with this many decimals (measured on the FOCUS sample).
const MONTH_QUANTITY_DECIMALS: u32 = 10;

/// Rate × quantity, or why there is none. Unknown is never $0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Charge {
    Rated { rate: Rate, cost: Usd },
    Unrated { why: String },
}

impl Charge {
    /// Prices `quantity`, rounded half-up once at 10 decimals.
    pub fn of(quantity: Quantity, rate: Result<Rate, NoRate>) -> Charge {
        let rate = match rate {
            Ok(rate) => rate,
            Err(no_rate) => return Charge::Unrated { why: no_rate.to_string() },
        };
        if rate.unit != quantity.unit {
            return Charge::Unrated { why: UnitMismatch { rate: rate.unit, quantity: quantity.unit }.to_string() };
        }
        match Usd::of_line_item(quantity.amount, rate.usd) {
            Some(cost) => Charge::Rated { rate, cost },
            None => Charge::Unrated { why: "the cost is too large to hold exactly".to_owned() },
        }
    }

    pub fn cost(&self) -> Option<Usd> {
        match self {
            Charge::Rated { cost, .. } => Some(*cost),
            Charge::Unrated { .. } => None,
        }
    }

    pub fn rate(&self) -> Option<&Rate> {
        match self {
            Charge::Rated { rate, .. } => Some(rate),
            Charge::Unrated { .. } => None,
        }
    }
}

/// One charge: a meter of a resource over at most one UTC day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineItem {
    pub resource: Resource,
    pub meter: Meter,
    /// What is charged, in the words of the trade: `p2.xlarge`, `gp2 75 GB`.
    pub subject: String,
    pub phase: Phase,
    pub certainty: Certainty,
    /// The charge period, half-open.
    pub period: Period,
    /// `None`: unknown.
    pub quantity: Option<Quantity>,
    pub charge: Charge,
    /// What AWS billed and what it cost amortized, where a billing export says so.
    pub billed_cost: Option<Usd>,
    pub effective_cost: Option<Usd>,
    pub evidence: Vec<Evidence>,
}

impl LineItem {
    pub(super) fn new(usage: &Usage, meter: Meter, subject: String, period: Period) -> LineItem {
        LineItem {
            resource: usage.resource.clone(),
            meter,
            subject,
            phase: usage.phase,
            certainty: usage.certainty,
            period,
            quantity: None,
            charge: Charge::Unrated { why: "the quantity is unknown".to_owned() },
            billed_cost: None,
            effective_cost: None,
            evidence: usage.evidence.clone(),
        }
    }

    pub(super) fn priced(self, quantity: Quantity, rate: Result<Rate, NoRate>) -> LineItem {
        LineItem { quantity: Some(quantity), charge: Charge::of(quantity, rate), ..self }
    }

    pub(super) fn unrated(self, quantity: Option<Quantity>, why: impl Into<String>) -> LineItem {
        LineItem { quantity, charge: Charge::Unrated { why: why.into() }, ..self }
    }

    /// By region, resource and subject, then by day.
    pub fn reading_order(&self, other: &LineItem) -> Ordering {
        let key = |line: &LineItem| (line.period, line.meter, line.phase, line.certainty);
        (&self.resource.region, &self.resource.id, &self.subject)
            .cmp(&(&other.resource.region, &other.resource.id, &other.subject))
            .then(key(self).cmp(&key(other)))
    }
}

/// Seconds of the part that bill: all, or so many hours of each day of it.
pub(super) fn billed_seconds(part: Period, hours_per_day: Option<Decimal>) -> Decimal {
    let seconds = Decimal::from(part.seconds());
    hours_per_day.map_or(seconds, |hours| seconds * hours / Decimal::from(24))
}

/// Adds what a minimum asks beyond the whole, once: to the part that begins it.
pub(super) fn with_minimum(part: Period, whole: Option<Period>, at_least: impl Fn(i64) -> i64) -> i64 {
    match whole {
        Some(whole) if whole.start == part.start => at_least(whole.seconds()) - whole.seconds(),
        _ => 0,
    }
}

/// `amount` of something held for `seconds` of a calendar month, in unit-months.
pub(super) fn month_quantity(amount: Decimal, seconds: Decimal, month: Month, unit: Unit) -> Quantity {
    let months = (amount * seconds / Decimal::from(month.seconds()))
        .round_dp_with_strategy(MONTH_QUANTITY_DECIMALS, RoundingStrategy::MidpointAwayFromZero);
    Quantity::new(months, unit)
}

/// The line items of one month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bill {
    pub month: Month,
    pub line_items: Vec<LineItem>,
}

impl Bill {
    /// The sum of what was surely used and has a rate.
    pub fn total(&self) -> Usd {
        self.sum(Certainty::Measured)
    }

    /// What may come on top: usage after an unknown end, and upper bounds.
    pub fn possible(&self) -> Usd {
        self.sum(Certainty::Possible)
    }

    fn sum(&self, certainty: Certainty) -> Usd {
        self.line_items.iter().filter(|line| line.certainty == certainty).filter_map(|line| line.charge.cost()).sum()
    }

    /// Line items without a cost, which the total lacks.
    pub fn unrated(&self) -> impl Iterator<Item = (&LineItem, &str)> {
        self.line_items.iter().filter_map(|line| match &line.charge {
            Charge::Unrated { why } => Some((line, why.as_str())),
            Charge::Rated { .. } => None,
        })
    }
}
