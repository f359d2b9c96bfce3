//! Cost Explorer's daily totals as metered usage: hours of a time nobody recorded. No resource is named, so that each
//! account and usage type stands for one (`account 123456789012: BoxUsage:p3.2xlarge`).

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::aws_charge::{AwsCharge, RecordKind, What};
use crate::catalog::{RateCard, UsageKind, UsageType};
use crate::ledger::{Meter, Metered, Purchase, Tags};
use crate::money::{LINE_ITEM_DECIMALS, Usd};
use crate::time::day;

/// All hours of a day: AWS does not say which.
const EACH_HOUR: u32 = 0x00FF_FFFF;

/// Charges that are no usage gpucost can record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Leftover {
    /// Credits, fees, taxes and the like: an export's are left out the same way.
    NotUsage,
    /// Data transfer, NAT gateways and the like.
    NotMetered,
    /// A place whose prefix the card does not know.
    UnknownPlace,
}

impl Leftover {
    pub const fn text(self) -> &'static str {
        match self {
            Leftover::NotUsage => "no usage (credit, fee, tax or discount)",
            Leftover::NotMetered => "usage that gpucost does not meter",
            Leftover::UnknownPlace => "usage in a place whose prefix gpucost does not know",
        }
    }
}

/// So many charges, the first of them by its 1-based place, and what they cost together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    pub charges: u64,
    pub first: u64,
    pub unblended: Usd,
}

/// Metered usage by day and usage type, each with the place of its charge, and the charges that are none.
pub fn metered_of(
    account: &str,
    charges: &[AwsCharge],
    card: &RateCard,
) -> (Vec<(u64, Metered)>, BTreeMap<Leftover, Left>) {
    let mut metered = Vec::new();
    let mut left: BTreeMap<Leftover, Left> = BTreeMap::new();
    for (place, charge) in (1..).zip(charges) {
        match usage_of(account, charge, negated(charge, charges), card) {
            Ok(row) => metered.push((place, row)),
            // What a savings plan takes back is in the billed cost of what it covers.
            Err(_) if charge.kind() == RecordKind::SavingsPlanNegation => {}
            Err(leftover) => {
                let none = Left { charges: 0, first: place, unblended: Usd::ZERO };
                let left = left.entry(leftover).or_insert(none);
                left.charges += 1;
                left.unblended += charge.unblended;
            }
        }
    }
    (metered, left)
}

/// What a savings plan takes back of a charge that it covers.
fn negated(charge: &AwsCharge, charges: &[AwsCharge]) -> Usd {
    if charge.kind() != RecordKind::SavingsPlanCovered {
        return Usd::ZERO;
    }
    let same = |other: &&AwsCharge| other.day == charge.day && other.usage_type == charge.usage_type;
    let negations = charges.iter().filter(|other| other.kind() == RecordKind::SavingsPlanNegation).filter(same);
    negations.map(|negation| negation.unblended).sum()
}

fn usage_of(account: &str, charge: &AwsCharge, negated: Usd, card: &RateCard) -> Result<Metered, Leftover> {
    let kind = charge.kind();
    if !kind.is_usage() || charge.quantity <= Decimal::ZERO {
        return Err(Leftover::NotUsage);
    }
    let what = What::of_aws(&charge.usage_type, card);
    let usage_type = UsageType::read(&what.usage_type).ok_or(Leftover::NotMetered)?;
    let meter = Meter::of(usage_type.kind).ok_or(Leftover::NotMetered)?;
    card.region(&what.place).ok_or(Leftover::UnknownPlace)?;
    let period = day(charge.day);
    Ok(Metered {
        account: account.to_owned(),
        region: what.place.clone(),
        resource_id: format!("account {account}: {}", what.usage_type),
        name: String::new(),
        tags: Tags::new(),
        meter,
        instance_type: (meter == Meter::Compute).then(|| usage_type.detail.to_owned()),
        volume_type: usage_type.volume_type().map(|volume_type| volume_type.name().to_owned()),
        purchase: purchase(kind, usage_type.kind),
        sku_price_id: None,
        rate: rate(charge),
        unit: meter.unit(),
        day: charge.day,
        hours_mask: EACH_HOUR,
        start: period.start,
        end: period.end,
        quantity: charge.quantity,
        list_cost: charge.unblended,
        billed_cost: charge.unblended + negated,
        effective_cost: charge.amortized,
        rows: 1,
    })
}

const fn purchase(kind: RecordKind, usage: UsageKind) -> Purchase {
    match (kind, usage) {
        (RecordKind::Usage, UsageKind::SpotUsage) => Purchase::Spot,
        (RecordKind::Usage, _) => Purchase::OnDemand,
        _ => Purchase::Committed,
    }
}

/// AWS's cost over its quantity. Reserved or free usage costs $0, which is nobody's rate.
fn rate(charge: &AwsCharge) -> Option<Usd> {
    let rate = charge.unblended.scaled(Decimal::ONE, charge.quantity)?.to_decimals(LINE_ITEM_DECIMALS);
    (!rate.is_zero() && charge.kind() != RecordKind::Reserved).then_some(rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge(usage_type: &str, record_type: &str, quantity: &str, unblended: &str, amortized: &str) -> AwsCharge {
        AwsCharge {
            day: "2026-03-02".parse().expect("a day"),
            usage_type: usage_type.to_owned(),
            record_type: record_type.to_owned(),
            quantity: quantity.parse().expect("a quantity"),
            unit: "Hrs".to_owned(),
            unblended: unblended.parse().expect("dollars"),
            amortized: amortized.parse().expect("dollars"),
            estimated: false,
        }
    }

    fn usd(text: &str) -> Usd {
        text.parse().expect("dollars")
    }

    #[test]
    fn a_day_of_an_account_becomes_metered_usage() {
        let charges = [
            charge("USW2-BoxUsage:p3.2xlarge", "Usage", "24", "73.4399999999", "73.4399999999"),
            charge("USW2-SpotUsage:p3.2xlarge", "Usage", "2", "2.2", "2.2"),
            charge("USW2-BoxUsage:p3.8xlarge", "DiscountedUsage", "24", "0", "176.4"),
            charge("USW2-BoxUsage:g5.xlarge", "SavingsPlanCoveredUsage", "10", "10.06", "7.1"),
            charge("USW2-BoxUsage:g5.xlarge", "SavingsPlanNegation", "10", "-10.06", "0"),
        ];
        let (metered, left) = metered_of("123456789012", &charges, RateCard::shipped());
        assert!(left.is_empty(), "{left:?}");
        let told: Vec<_> = metered.iter().map(|(_, row)| (row.purchase, row.rate, row.billed_cost)).collect();
        assert_eq!(
            told,
            [
                (Purchase::OnDemand, Some(usd("3.06")), usd("73.4399999999")),
                (Purchase::Spot, Some(usd("1.1")), usd("2.2")),
                (Purchase::Committed, None, Usd::ZERO),
                (Purchase::Committed, Some(usd("1.006")), Usd::ZERO),
            ]
        );
        let (_, first) = &metered[0];
        assert_eq!(first.resource_id, "account 123456789012: BoxUsage:p3.2xlarge");
        assert_eq!((first.region.as_str(), first.instance_type.as_deref()), ("us-west-2", Some("p3.2xlarge")));
    }

    #[test]
    fn what_is_no_usage_is_counted_with_its_cost() {
        let charges = [
            charge("USW2-BoxUsage:p3.2xlarge", "Credit", "0", "-5", "-5"),
            charge("USW2-DataTransfer-Out-Bytes", "Usage", "12", "1.08", "1.08"),
            charge("USW2-LAX1-BoxUsage:g4dn.2xlarge", "Usage", "1", "0.9", "0.9"),
        ];
        let (metered, left) = metered_of("123456789012", &charges, RateCard::shipped());
        assert!(metered.is_empty());
        assert_eq!(left[&Leftover::NotUsage], Left { charges: 1, first: 1, unblended: usd("-5") });
        assert_eq!(left[&Leftover::NotMetered], Left { charges: 1, first: 2, unblended: usd("1.08") });
        assert_eq!(left[&Leftover::UnknownPlace], Left { charges: 1, first: 3, unblended: usd("0.9") });
    }
}
