//! A volume that was changed from one type to another between two sights: it cost as the one or as the other.

use super::line_item::{Charge, Charged};
use super::volume;
use crate::catalog::RateCard;
use crate::ledger::{Certainty, Meter, Usage, VolumeShape};
use crate::money::Usd;
use crate::quantity::Quantity;
use crate::time::{Month, Period};

/// Measured: the line items of the cheaper. Possible: those of the dearer, less those of the cheaper.
pub(super) fn charged(
    usage: &Usage,
    one: &VolumeShape,
    other: &VolumeShape,
    part: Period,
    card: &RateCard,
    month: Month,
) -> Vec<Charged<'static>> {
    let as_if = |shape| volume::charged(usage, shape, None, part, card, month);
    let (one_lines, other_lines) = (as_if(one), as_if(other));
    let (Some(one_cost), Some(other_cost)) = (cost(&one_lines), cost(&other_lines)) else {
        return match usage.certainty {
            Certainty::Measured => vec![unknown(one, other, part)],
            Certainty::Possible => Vec::new(),
        };
    };
    let (cheaper, dearer) = if one_cost <= other_cost { (one_lines, other_lines) } else { (other_lines, one_lines) };
    match usage.certainty {
        Certainty::Measured => cheaper,
        Certainty::Possible => dearer.into_iter().chain(cheaper.into_iter().map(less)).collect(),
    }
}

fn cost(lines: &[Charged<'_>]) -> Option<Usd> {
    lines.iter().map(|line| line.charge.cost()).sum()
}

fn less(line: Charged<'static>) -> Charged<'static> {
    let quantity = line.quantity.map(|quantity| Quantity::new(-quantity.amount, quantity.unit));
    let charge = match (line.charge, quantity) {
        (Charge::Rated { rate, .. }, Some(quantity)) => Charge::of(quantity, Ok(rate)),
        (charge, _) => charge,
    };
    Charged { subject: format!("instead of {}", line.subject.in_words()).into(), quantity, charge, ..line }
}

fn unknown(one: &VolumeShape, other: &VolumeShape, part: Period) -> Charged<'static> {
    let subject = format!("{} {} GB or {} {} GB", one.volume_type, one.size_gb, other.volume_type, other.size_gb);
    let why = "it was changed from one type to the other, and one of them has no rate";
    Charged::unrated(Meter::VolumeStorage, subject, part, None, why)
}
