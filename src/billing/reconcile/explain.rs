//! Why the two sides of a row differ, as far as the two sides tell.

use std::fmt;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use rust_decimal::Decimal;

use super::aws_charge::RecordKind;
use super::side::{Ours, Theirs};
use crate::ledger::Meter;
use crate::money::{LINE_ITEM_DECIMALS, Usd};
use crate::quantity::exact;
use crate::time::utc_date;

/// Days before AWS's answer whose data may be incomplete: billing data is updated up to three times a day, and a day's
/// last usage comes in on the next.
/// <https://docs.aws.amazon.com/cost-management/latest/userguide/ce-api-best-practices.html> (read 2026-11-23)
const LAG_DAYS: i32 = 2;

/// A cent: less than this is no difference in dollars.
const CENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);
/// A thousandth: figures closer than this agree.
const THOUSANDTH: Decimal = Decimal::from_parts(1, 0, 0, false, 3);

/// What a row comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Quantity and cost differ by at most 0.1 %, or by less than a cent.
    Agrees,
    /// AWS's quantity lies between what was surely used and what may have been.
    WithinBounds,
    /// Every cent of the difference has a reason.
    Explained,
    Unexplained,
}

impl Verdict {
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Agrees => "agrees",
            Verdict::WithinBounds => "within bounds",
            Verdict::Explained => "explained",
            Verdict::Unexplained => "unexplained",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Why AWS's cost is another than ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    Credit,
    Discount,
    Fee,
    Tax,
    /// A charge of another kind than usage.
    OtherCharge,
    /// So much was covered by a reservation, which is paid apart.
    Reserved {
        quantity: Decimal,
    },
    /// So much was covered by a savings plan, which is paid apart.
    SavingsPlan {
        quantity: Decimal,
    },
    /// AWS charged $0 for usage: a free tier or a trial.
    Free,
    /// Nothing of this usage type is in the ledger.
    Untracked,
    /// Data transfer, NAT gateways and the like.
    NotMetered,
    /// The ledger has the usage and no rate for it.
    NoRate,
    /// AWS has not counted its last days wholly.
    Lag {
        quantity: Decimal,
    },
    /// Between what surely was used and what may have been, as far as the polls tell.
    Bounds {
        quantity: Decimal,
    },
    /// AWS's dollars per unit and ours.
    Rate {
        aws: Usd,
        ours: Usd,
    },
    /// AWS counted so much more, or less where negative. This explains nothing.
    Quantity {
        more: Decimal,
    },
}

impl Reason {
    /// Whether a difference for this reason is explained by it.
    pub const fn explains(self) -> bool {
        !matches!(self, Reason::Quantity { .. })
    }
}

impl Reason {
    /// In words; `unit` is what quantities count.
    pub fn told(&self, unit: &str) -> String {
        let shown = |quantity: &Decimal| {
            let amount = exact(Usd::new(quantity.abs()).to_decimals(3).amount());
            let plural = if amount == "1" { "" } else { "s" };
            format!("{amount} {unit}{plural}")
        };
        match self {
            Reason::Credit => "credits and refunds".to_owned(),
            Reason::Discount => "discounts".to_owned(),
            Reason::Fee => "fees of reservations or subscriptions".to_owned(),
            Reason::Tax => "tax".to_owned(),
            Reason::OtherCharge => "a charge other than for usage".to_owned(),
            Reason::Reserved { quantity } => format!("{} covered by a reservation", shown(quantity)),
            Reason::SavingsPlan { quantity } => format!("{} covered by a savings plan", shown(quantity)),
            Reason::Free => "AWS charged nothing for it: free tier or trial".to_owned(),
            Reason::Untracked => "nothing of it is in the ledger".to_owned(),
            Reason::NotMetered => "gpucost does not meter it".to_owned(),
            Reason::NoRate => "gpucost has no rate for it".to_owned(),
            Reason::Lag { quantity } => format!("{} not yet in AWS's data of the last days", shown(quantity)),
            Reason::Bounds { quantity } if quantity.is_sign_negative() => {
                format!("{} less than recorded, within what may be", shown(quantity))
            }
            Reason::Bounds { quantity } => format!("{} more than surely used, within what may be", shown(quantity)),
            Reason::Rate { aws, ours } => format!("AWS's rate is {}, ours {}", aws.rate(), ours.rate()),
            Reason::Quantity { more } if more.is_sign_negative() => {
                format!("AWS counts {} less than is recorded", shown(more))
            }
            Reason::Quantity { more } => format!("AWS counts {} more than is recorded", shown(more)),
        }
    }
}

/// When AWS answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting {
    /// From this day on AWS's data may be incomplete.
    may_lag_from: Date,
}

impl Setting {
    pub fn at(now: Timestamp) -> Setting {
        let today = utc_date(now);
        Setting { may_lag_from: today.checked_sub(LAG_DAYS.days()).unwrap_or(today) }
    }
}

pub(super) fn explain(
    ours: &Ours,
    theirs: &Theirs,
    meter: Option<Meter>,
    setting: Setting,
) -> (Vec<(Reason, Usd)>, Verdict) {
    let mut reasons = Vec::new();
    for (kind, reason) in [
        (RecordKind::Credit, Reason::Credit),
        (RecordKind::Discount, Reason::Discount),
        (RecordKind::Fee, Reason::Fee),
        (RecordKind::Tax, Reason::Tax),
        (RecordKind::Other, Reason::OtherCharge),
    ] {
        reasons.push((reason, theirs.cost_of(kind)));
    }
    let quantity = theirs.quantity_of(RecordKind::SavingsPlanCovered);
    reasons.push((Reason::SavingsPlan { quantity }, theirs.cost_of(RecordKind::SavingsPlanNegation)));
    let usage = usage_reasons(ours, theirs, meter, setting);
    let quantity_agrees = usage.quantity_agrees;
    reasons.extend(usage.reasons);
    reasons.retain(|(_, amount)| !amount.is_zero());
    let difference = theirs.unblended - ours.sure.cost;
    let explained: Usd = reasons.iter().filter(|(reason, _)| reason.explains()).map(|(_, amount)| *amount).sum();
    let scale = ours.sure.cost.amount().abs().max(theirs.unblended.amount().abs());
    let verdict = if quantity_agrees && close(difference.amount(), scale) {
        Verdict::Agrees
    } else if !(usage.quantity_explained && close((difference - explained).amount(), scale)) {
        Verdict::Unexplained
    } else if reasons.iter().all(|(reason, _)| matches!(reason, Reason::Bounds { .. })) {
        Verdict::WithinBounds
    } else {
        Verdict::Explained
    };
    (reasons, verdict)
}

/// Why usage itself costs another amount.
#[derive(Default)]
struct UsageReasons {
    reasons: Vec<(Reason, Usd)>,
    quantity_agrees: bool,
    quantity_explained: bool,
}

fn usage_reasons(ours: &Ours, theirs: &Theirs, meter: Option<Meter>, setting: Setting) -> UsageReasons {
    let cost = theirs.cost_of(RecordKind::Usage)
        + theirs.cost_of(RecordKind::SavingsPlanCovered)
        + theirs.cost_of(RecordKind::Reserved);
    if !ours.recorded {
        let reason = if meter.is_some() { Reason::Untracked } else { Reason::NotMetered };
        return UsageReasons { reasons: vec![(reason, cost)], quantity_agrees: false, quantity_explained: true };
    }
    let quantities = Quantities::of(ours, theirs, setting);
    let mut found = UsageReasons {
        reasons: Vec::new(),
        quantity_agrees: quantities.agree(),
        quantity_explained: quantities.unexplained.is_zero(),
    };
    if ours.sure.lacks_rate || (ours.sure.quantity.is_zero() && ours.possible.lacks_rate) {
        found.reasons.push((Reason::NoRate, cost - ours.sure.cost));
        return found;
    }
    let Some(rate) = quantities.rate else {
        found.reasons.push((Reason::Quantity { more: quantities.unexplained }, cost));
        return found;
    };
    let at_our_rate = |quantity: Decimal| Usd::of_line_item(quantity, rate).unwrap_or_default();
    found.reasons.push((Reason::Lag { quantity: quantities.lag }, at_our_rate(quantities.lag)));
    found.reasons.push((Reason::Bounds { quantity: quantities.bounds }, at_our_rate(quantities.bounds)));
    found.reasons.push((Reason::Quantity { more: quantities.unexplained }, at_our_rate(quantities.unexplained)));
    let reserved = theirs.quantity_of(RecordKind::Reserved);
    let reason = Reason::Reserved { quantity: reserved };
    found.reasons.push((reason, theirs.cost_of(RecordKind::Reserved) - at_our_rate(reserved)));
    found.reasons.extend(rate_reason(theirs, rate, reserved));
    found
}

/// AWS's own rate against ours, for usage that no reservation covers.
fn rate_reason(theirs: &Theirs, ours: Usd, reserved: Decimal) -> Option<(Reason, Usd)> {
    let quantity = theirs.quantity - reserved;
    let cost = theirs.cost_of(RecordKind::Usage) + theirs.cost_of(RecordKind::SavingsPlanCovered);
    let amount = cost - Usd::of_line_item(quantity, ours)?;
    if quantity.is_zero() || close(amount.amount(), cost.amount().abs()) {
        return None;
    }
    let aws = cost.scaled(Decimal::ONE, quantity)?.to_decimals(LINE_ITEM_DECIMALS);
    let reason = if cost.is_zero() { Reason::Free } else { Reason::Rate { aws, ours } };
    Some((reason, amount))
}

/// AWS's quantity less ours, by reason.
struct Quantities {
    lag: Decimal,
    bounds: Decimal,
    unexplained: Decimal,
    total: Decimal,
    larger: Decimal,
    /// Our dollars per unit.
    rate: Option<Usd>,
}

impl Quantities {
    fn of(ours: &Ours, theirs: &Theirs, setting: Setting) -> Quantities {
        let total = theirs.quantity - ours.sure.quantity;
        let larger = theirs.quantity.max(ours.most());
        let rate = [&ours.sure, &ours.possible].into_iter().find(|used| !used.quantity.is_zero());
        let rate = rate.and_then(|used| used.cost.scaled(Decimal::ONE, used.quantity));
        let mut quantities =
            Quantities { lag: Decimal::ZERO, bounds: Decimal::ZERO, unexplained: total, total, larger, rate };
        if quantities.agree() {
            quantities.unexplained = Decimal::ZERO;
            return quantities;
        }
        let missing = ours
            .by_day
            .range(setting.may_lag_from..)
            .map(|(day, recorded)| (theirs.by_day.get(day).copied().unwrap_or_default() - recorded).min(Decimal::ZERO));
        let missing: Decimal = missing.sum();
        quantities.lag = if total.is_sign_negative() { missing.max(total) } else { Decimal::ZERO };
        let rest = total - quantities.lag;
        // What rounding leaves of a bound is within it.
        let slack = larger * THOUSANDTH;
        let is_bounded = !(ours.more.is_zero() && ours.less.is_zero());
        let within = rest.is_zero() || (is_bounded && ours.less - slack <= rest && rest <= ours.more + slack);
        (quantities.bounds, quantities.unexplained) =
            if within || quantities.is_close(rest) { (rest, Decimal::ZERO) } else { (Decimal::ZERO, rest) };
        quantities
    }

    fn agree(&self) -> bool {
        self.is_close(self.total)
    }

    fn is_close(&self, quantity: Decimal) -> bool {
        let dollars = self.rate.and_then(|rate| Usd::of_line_item(quantity, rate));
        let of_cents = dollars.is_some_and(|dollars| dollars.amount().abs() < CENT);
        quantity.abs() <= self.larger * THOUSANDTH || of_cents
    }
}

/// Whether a difference is no more than a thousandth of what is compared, or less than a cent.
fn close(difference: Decimal, scale: Decimal) -> bool {
    difference.abs() < CENT || difference.abs() <= scale * THOUSANDTH
}
