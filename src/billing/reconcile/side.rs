//! Both sides of a comparison, summed by usage type and day.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::aws_charge::{AwsCharge, RecordKind, What};
use crate::billing::LineItem;
use crate::catalog::RateCard;
use crate::ledger::Certainty;
use crate::money::Usd;
use crate::time::{Period, midnight, utc_date};

/// So much usage, and what it costs as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    pub quantity: Decimal,
    pub cost: Usd,
    /// A part of it has no rate, or no quantity.
    pub lacks_rate: bool,
}

/// What the ledger says of a usage type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ours {
    pub sure: Used,
    /// What may come on top: between polls, or after an unknown end.
    pub possible: Used,
    /// Whether the ledger says anything of it.
    pub recorded: bool,
    /// The possible usage by sign: a volume that was changed, nobody knows when, may have been less of its cheaper type.
    pub(super) more: Decimal,
    pub(super) less: Decimal,
    pub(super) by_day: BTreeMap<Date, Decimal>,
}

/// What AWS says of a usage type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Theirs {
    /// Of usage, however it was paid for.
    pub quantity: Decimal,
    pub unblended: Usd,
    pub amortized: Usd,
    pub estimated: bool,
    /// `Hrs`, `GB-Mo`.
    pub units: BTreeSet<String>,
    pub(super) costs: BTreeMap<RecordKind, Usd>,
    pub(super) quantities: BTreeMap<RecordKind, Decimal>,
    pub(super) by_day: BTreeMap<Date, Decimal>,
    pub(super) names: BTreeSet<String>,
}

impl Ours {
    fn add(&mut self, line: &LineItem, share: &Share) {
        self.recorded = true;
        let used = if line.certainty == Certainty::Measured { &mut self.sure } else { &mut self.possible };
        used.quantity += share.quantity;
        match share.cost {
            Some(cost) => used.cost += cost,
            None => used.lacks_rate = true,
        }
        match line.certainty {
            Certainty::Measured => *self.by_day.entry(share.day).or_default() += share.quantity,
            Certainty::Possible if share.quantity.is_sign_negative() => self.less += share.quantity,
            Certainty::Possible => self.more += share.quantity,
        }
    }

    pub(super) fn most(&self) -> Decimal {
        self.sure.quantity + self.more
    }
}

impl Theirs {
    fn add(&mut self, charge: &AwsCharge) {
        let kind = charge.kind();
        self.unblended += charge.unblended;
        self.amortized += charge.amortized;
        self.estimated |= charge.estimated;
        *self.costs.entry(kind).or_default() += charge.unblended;
        self.names.insert(charge.usage_type.clone());
        if kind.is_usage() {
            self.quantity += charge.quantity;
            self.units.insert(charge.unit.clone());
            *self.quantities.entry(kind).or_default() += charge.quantity;
            *self.by_day.entry(charge.day).or_default() += charge.quantity;
        }
    }

    /// Whether AWS says anything of it.
    pub fn is_charged(&self) -> bool {
        !self.costs.is_empty()
    }

    pub(super) fn cost_of(&self, kind: RecordKind) -> Usd {
        self.costs.get(&kind).copied().unwrap_or_default()
    }

    pub(super) fn quantity_of(&self, kind: RecordKind) -> Decimal {
        self.quantities.get(&kind).copied().unwrap_or_default()
    }
}

/// One line of the comparison: a usage type, of a day if it is by day.
pub(super) type Key = (Option<Date>, What);

#[derive(Default)]
pub(super) struct Pair {
    pub ours: Ours,
    pub theirs: Theirs,
}

/// Both sides, by day or over the whole window. What lies outside of it is left out.
pub(super) fn pair(
    lines: &[LineItem],
    charges: &[AwsCharge],
    card: &RateCard,
    window: Period,
    by_day: bool,
) -> BTreeMap<Key, Pair> {
    let mut pairs: BTreeMap<Key, Pair> = BTreeMap::new();
    for line in lines {
        let what = What::of_line(line);
        for share in shares(line).into_iter().filter(|share| window.contains(share.from)) {
            pairs.entry((by_day.then_some(share.day), what.clone())).or_default().ours.add(line, &share);
        }
    }
    for charge in charges.iter().filter(|charge| window.contains(midnight(charge.day))) {
        let key = (by_day.then_some(charge.day), What::of_aws(&charge.usage_type, card));
        pairs.entry(key).or_default().theirs.add(charge);
    }
    pairs
}

/// What falls on one day of a line item.
struct Share {
    day: Date,
    from: Timestamp,
    quantity: Decimal,
    cost: Option<Usd>,
}

/// Rows of exports may be coarser than a day: they are spread as [`LineItem::cost_by_day`] spreads their cost.
fn shares(line: &LineItem) -> Vec<Share> {
    let quantity = line.quantity.map_or(Decimal::ZERO, |quantity| quantity.amount);
    let whole = Share { day: utc_date(line.period.start), from: line.period.start, quantity, cost: line.charge.cost() };
    let days: Vec<(Date, Period)> = line.period.by_day().collect();
    if days.len() < 2 {
        return vec![whole];
    }
    let costs: BTreeMap<Date, Usd> = line.cost_by_day().into_iter().collect();
    let seconds = Decimal::from(line.period.seconds());
    let share = |(day, part): (Date, Period)| Share {
        day,
        from: part.start,
        quantity: quantity * Decimal::from(part.seconds()) / seconds,
        cost: costs.get(&day).copied(),
    };
    days.into_iter().map(share).collect()
}
