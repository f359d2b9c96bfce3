//! Line items, and the bill they add up to.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::{Decimal, RoundingStrategy};

use super::volume::VolumeCharge;
use crate::catalog::{NoRate, Rate, UsageType};
use crate::ledger::{Certainty, Evidence, Meter, Phase, Resource, Usage};
use crate::money::{LINE_ITEM_DECIMALS, Usd};
use crate::quantity::{Quantity, UnitMismatch};
use crate::time::{HOUR_DECIMALS, Month, Period, utc_date};

/// AWS writes quantities in months with this many decimals (measured on the FOCUS sample).
const MONTH_QUANTITY_DECIMALS: u32 = 10;

/// 10^15 dollars: beyond it a figure is a mistake, and is said to be one.
const LARGEST_COST: Decimal = Decimal::from_parts(2_764_472_320, 232_830, 0, false, 0);

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
        // Sums of millions of line items stay in range if none is larger.
        match Usd::of_line_item(quantity.amount, rate.usd).filter(|cost| cost.amount().abs() <= LARGEST_COST) {
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
    pub resource: Arc<Resource>,
    pub meter: Meter,
    /// What is charged, in the words of the trade: `p2.xlarge`, `gp2 75 GB`.
    pub subject: String,
    /// AWS's usage type without the region's prefix (`BoxUsage:p2.xlarge`); `None` where the records do not tell.
    pub usage_type: Option<String>,
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
    pub evidence: Arc<[Evidence]>,
}

/// What part of a usage is charged, before anybody asks whose it is: sums of thousands need no more.
pub(super) struct Charged<'a> {
    pub meter: Meter,
    pub subject: Subject<'a>,
    pub usage_type: Option<UsageType<'a>>,
    pub period: Period,
    pub quantity: Option<Quantity>,
    pub charge: Charge,
}

/// What is charged, put into words where somebody asks.
pub(super) enum Subject<'a> {
    Text(Cow<'a, str>),
    Volume(VolumeCharge),
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for Subject<'a> {
    fn from(text: T) -> Subject<'a> {
        Subject::Text(text.into())
    }
}

impl Subject<'_> {
    pub fn in_words(self) -> String {
        match self {
            Subject::Text(text) => text.into_owned(),
            Subject::Volume(charge) => charge.subject(),
        }
    }
}

impl<'a> Charged<'a> {
    pub fn priced(
        meter: Meter,
        subject: impl Into<Subject<'a>>,
        period: Period,
        quantity: Quantity,
        rate: Result<Rate, NoRate>,
    ) -> Charged<'a> {
        let charge = Charge::of(quantity, rate);
        Charged { meter, subject: subject.into(), usage_type: None, period, quantity: Some(quantity), charge }
    }

    pub fn unrated(
        meter: Meter,
        subject: impl Into<Subject<'a>>,
        period: Period,
        quantity: Option<Quantity>,
        why: impl Into<String>,
    ) -> Charged<'a> {
        let charge = Charge::Unrated { why: why.into() };
        Charged { meter, subject: subject.into(), usage_type: None, period, quantity, charge }
    }

    pub fn of_usage_type(self, usage_type: UsageType<'a>) -> Charged<'a> {
        Charged { usage_type: Some(usage_type), ..self }
    }
}

impl LineItem {
    pub(super) fn of(usage: &Usage, charged: Charged<'_>) -> LineItem {
        LineItem {
            resource: usage.resource.clone(),
            meter: charged.meter,
            subject: charged.subject.in_words(),
            usage_type: charged.usage_type.map(|usage_type| usage_type.to_string()),
            phase: usage.phase,
            certainty: usage.certainty,
            period: charged.period,
            quantity: charged.quantity,
            charge: charged.charge,
            billed_cost: None,
            effective_cost: None,
            evidence: usage.evidence.clone(),
        }
    }

    /// The cost by UTC day. A row of an export that is coarser than a day is spread evenly over its period: that it was
    /// so, nobody says; the days add up to the cost.
    pub fn cost_by_day(&self) -> Vec<(Date, Usd)> {
        let Some(cost) = self.charge.cost() else { return Vec::new() };
        let total = Decimal::from(self.period.seconds());
        let mut spent = Usd::ZERO;
        let days = self.period.by_day().map(|(date, part)| {
            let elapsed = Decimal::from(part.end.as_second() - self.period.start.as_second());
            let until = cost.scaled(elapsed, total).unwrap_or(cost).to_decimals(LINE_ITEM_DECIMALS);
            let of_day = until - spent;
            spent = until;
            (date, of_day)
        });
        let days: Vec<(Date, Usd)> = days.collect();
        if days.is_empty() { vec![(utc_date(self.period.start), cost)] } else { days }
    }

    /// By region, resource and subject, then by day.
    pub fn reading_order(&self, other: &LineItem) -> Ordering {
        let key = |line: &LineItem| (line.period, line.meter, line.phase, line.certainty);
        (&self.resource.region, &self.resource.id, &self.subject)
            .cmp(&(&other.resource.region, &other.resource.id, &other.subject))
            .then(key(self).cmp(&key(other)))
    }
}

/// What had run up when a part began, and when it ended: seconds, or amount-seconds.
///
/// Quantities are differences of rounded totals, not rounded parts: however a ledger or a calendar cuts
/// what was used, the parts add up to the whole to the last digit.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunUp {
    pub from: Decimal,
    pub until: Decimal,
}

impl RunUp {
    /// Of seconds that bill, all or so many hours of each day, since `anchor`.
    pub fn since(anchor: Timestamp, part: Period, hours_per_day: Option<Decimal>) -> RunUp {
        RunUp {
            from: billed_share(seconds_between(anchor, part.start), hours_per_day),
            until: billed_share(seconds_between(anchor, part.end), hours_per_day),
        }
    }

    /// In hours with 6 decimals, as AWS reports them (1066 s = 0.296111 h).
    pub fn hours(self) -> Decimal {
        let hours = |seconds| round(seconds, Decimal::ONE, HOUR_SECONDS, HOUR_DECIMALS);
        hours(self.until) - hours(self.from)
    }

    /// `amount` of something held meanwhile, in unit-months of this calendar month with 10 decimals.
    pub fn months(self, amount: Decimal, month: Month) -> Decimal {
        let whole = Decimal::from(month.seconds());
        let months = |seconds| round(seconds, amount, whole, MONTH_QUANTITY_DECIMALS);
        months(self.until) - months(self.from)
    }
}

const HOUR_SECONDS: Decimal = Decimal::from_parts(3600, 0, 0, false, 0);

/// Multiplies first, divides last, rounds half-up. Sizes are of 32 bits and seconds of some centuries.
fn round(seconds: Decimal, amount: Decimal, by: Decimal, decimals: u32) -> Decimal {
    (amount * seconds / by).round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

pub(super) fn seconds_between(from: Timestamp, until: Timestamp) -> i64 {
    Period { start: from, end: until }.seconds()
}

/// All of the seconds, or so many hours of each day of them.
pub(super) fn billed_share(seconds: i64, hours_per_day: Option<Decimal>) -> Decimal {
    let seconds = Decimal::from(seconds);
    // The ledger keeps hours within a day; a caller's own usage may not, and must not overflow.
    let hours = hours_per_day.map(|hours| hours.clamp(Decimal::ZERO, Decimal::from(24)));
    hours.map_or(seconds, |hours| seconds * hours / Decimal::from(24))
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

    /// Whether something that was surely used has no rate: [`total`](Bill::total) is then the least it can be.
    pub fn is_lower_bound(&self) -> bool {
        self.unrated().any(|(line, _)| line.certainty == Certainty::Measured)
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
