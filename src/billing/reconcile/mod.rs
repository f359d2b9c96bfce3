//! Our line items against what AWS says it charged: the same usage types side by side, and why they differ.
//!
//! The difference of a row is AWS's unblended cost less ours. It is taken apart into amounts with a reason; what is
//! left over nobody explains. The amounts and the rest add up to the difference.

mod aws_charge;
mod explain;
mod import;
mod side;

use jiff::Timestamp;
use jiff::civil::Date;

pub use aws_charge::{AwsCharge, RecordKind};
pub use explain::{Reason, Verdict};
pub use import::{Left, Leftover, metered_of};
pub use side::{Ours, Theirs, Used};

use self::aws_charge::What;
use self::explain::{Setting, explain};
use self::side::{Pair, pair};
use super::LineItem;
use crate::catalog::RateCard;
use crate::ledger::Meter;
use crate::money::Usd;
use crate::time::Period;

/// One usage type on both sides, over the window or on one day of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub day: Option<Date>,
    /// As AWS writes it.
    pub usage_type: String,
    /// A region, or the prefix of a place the card cannot name.
    pub place: String,
    /// `None` for what gpucost does not meter.
    pub meter: Option<Meter>,
    pub ours: Ours,
    pub theirs: Theirs,
    /// AWS's unblended cost less ours.
    pub difference: Usd,
    /// Parts of the difference that have a reason.
    pub reasons: Vec<(Reason, Usd)>,
    pub verdict: Verdict,
}

impl Row {
    /// What of the difference has no reason.
    pub fn unexplained(&self) -> Usd {
        let explained: Usd =
            self.reasons.iter().filter(|(reason, _)| reason.explains()).map(|(_, amount)| *amount).sum();
        self.difference - explained
    }
}

/// The comparison of one account over some days of a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    pub rows: Vec<Row>,
    pub ours: Usd,
    pub possible: Usd,
    /// Some of our line items have no rate: our total is the least it can be.
    pub lacks_rates: bool,
    pub unblended: Usd,
    pub amortized: Usd,
    pub estimated: bool,
}

impl Reconciliation {
    pub fn difference(&self) -> Usd {
        self.unblended - self.ours
    }

    pub fn unexplained(&self) -> Usd {
        self.rows.iter().map(Row::unexplained).sum()
    }

    /// How many rows came out so.
    pub fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|row| row.verdict == verdict).count()
    }
}

/// Compares line items with AWS's charges of the same account, usage type by usage type, of each day or of the window
/// as a whole. AWS's data of the two days before `now`, when AWS answered, may be incomplete.
pub fn reconcile(
    lines: &[LineItem],
    charges: &[AwsCharge],
    card: &RateCard,
    window: Period,
    by_day: bool,
    now: Timestamp,
) -> Reconciliation {
    let setting = Setting::at(now);
    let pairs = pair(lines, charges, card, window, by_day);
    let rows: Vec<Row> = pairs.into_iter().map(|((day, what), pair)| row(day, &what, pair, card, setting)).collect();
    Reconciliation {
        ours: rows.iter().map(|row| row.ours.sure.cost).sum(),
        possible: rows.iter().map(|row| row.ours.possible.cost).sum(),
        lacks_rates: rows.iter().any(|row| row.ours.sure.lacks_rate),
        unblended: rows.iter().map(|row| row.theirs.unblended).sum(),
        amortized: rows.iter().map(|row| row.theirs.amortized).sum(),
        estimated: rows.iter().any(|row| row.theirs.estimated),
        rows,
    }
}

fn row(day: Option<Date>, what: &What, pair: Pair, card: &RateCard, setting: Setting) -> Row {
    let Pair { ours, theirs } = pair;
    let meter = what.meter();
    let usage_type = match theirs.names.iter().collect::<Vec<_>>().as_slice() {
        [one] => (*one).clone(),
        _ => card.usage_type_in(&what.place, &what.usage_type),
    };
    let (reasons, verdict) = explain(&ours, &theirs, meter, setting);
    let difference = theirs.unblended - ours.sure.cost;
    Row { day, usage_type, place: what.place.clone(), meter, ours, theirs, difference, reasons, verdict }
}
