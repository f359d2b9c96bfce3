//! What AWS says it charged, by day and usage type, as Cost Explorer or a billing export has it.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::billing::{LineItem, metered};
use crate::catalog::{RateCard, UsageType};
use crate::ledger::{Meter, Metered, Purchase};
use crate::money::Usd;

/// One usage type and one kind of record on one UTC day of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwsCharge {
    pub day: Date,
    /// As AWS writes it: `USW2-BoxUsage:p2.xlarge`.
    pub usage_type: String,
    /// As AWS writes it: `Usage`, `DiscountedUsage`, `Credit`.
    pub record_type: String,
    pub quantity: Decimal,
    /// `Hrs`, `GB-Mo`; `N/A` where AWS summed several.
    pub unit: String,
    pub unblended: Usd,
    pub amortized: Usd,
    /// AWS has not closed its books on that day.
    pub estimated: bool,
}

/// What a record is to a comparison with the hours recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// Usage at its own rate.
    Usage,
    /// Usage under a reservation: its unblended cost is $0, the reservation is paid apart.
    Reserved,
    /// Usage under a savings plan, at the on-demand rate.
    SavingsPlanCovered,
    /// Takes back what the covered usage cost; the plan is paid apart.
    SavingsPlanNegation,
    /// Credits and refunds.
    Credit,
    Discount,
    /// Of a reservation, a savings plan or a subscription.
    Fee,
    Tax,
    Other,
}

impl RecordKind {
    /// Reads a `RECORD_TYPE` of Cost Explorer, or a `LineItemType` of a billing export, which differ in spaces alone.
    /// <https://docs.aws.amazon.com/cur/latest/userguide/Lineitem-columns.html> (read 2026-11-23)
    pub fn of(record_type: &str) -> RecordKind {
        let name: String =
            record_type.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        match name.as_str() {
            "usage" => RecordKind::Usage,
            "discountedusage" => RecordKind::Reserved,
            "savingsplancoveredusage" => RecordKind::SavingsPlanCovered,
            "savingsplannegation" => RecordKind::SavingsPlanNegation,
            "credit" | "refund" => RecordKind::Credit,
            "tax" => RecordKind::Tax,
            _ if name.contains("discount") => RecordKind::Discount,
            _ if name.contains("fee") || name.contains("recurring") || name.contains("upfront") => RecordKind::Fee,
            _ => RecordKind::Other,
        }
    }

    /// Whether its quantity is usage; that of the others would count the same hours again.
    pub const fn is_usage(self) -> bool {
        matches!(self, RecordKind::Usage | RecordKind::Reserved | RecordKind::SavingsPlanCovered)
    }
}

impl AwsCharge {
    pub fn kind(&self) -> RecordKind {
        RecordKind::of(&self.record_type)
    }

    /// The region it was charged in, or the prefix of a place that the card cannot name.
    pub fn place(&self, card: &RateCard) -> String {
        What::of_aws(&self.usage_type, card).place
    }

    /// A row of a billing export. What a commitment covers is billed $0 there, under a savings plan too.
    pub fn of_export(row: &Metered, card: &RateCard) -> AwsCharge {
        let usage_type = metered::usage_type(row).unwrap_or_else(|| row.meter.usage_kind().name().to_owned());
        let committed = row.purchase == Purchase::Committed;
        AwsCharge {
            day: row.day,
            usage_type: card.usage_type_in(&row.region, &usage_type),
            record_type: if committed { "DiscountedUsage" } else { "Usage" }.to_owned(),
            quantity: row.quantity,
            unit: row.unit.name().to_owned(),
            unblended: row.billed_cost,
            amortized: row.effective_cost,
            estimated: false,
        }
    }
}

/// Where and what a charge is for, in the same words for our line items and for AWS's usage types.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct What {
    /// A region, or the prefix of a place the card cannot name (`USW2-LAX1`).
    pub place: String,
    /// Without the region's prefix; a volume's IOPS without their tier.
    pub usage_type: String,
}

impl What {
    pub fn of_aws(text: &str, card: &RateCard) -> What {
        let Some(read) = UsageType::read(text) else {
            return What { place: String::new(), usage_type: text.to_owned() };
        };
        let place = card.region_of_usage_prefix(read.prefix).unwrap_or(read.prefix).to_owned();
        if Meter::of(read.kind).is_none() {
            let bare = text.strip_prefix(read.prefix).unwrap_or(text).trim_start_matches('-');
            return What { place, usage_type: bare.to_owned() };
        }
        let of_volume = read.volume_type().map(|volume_type| UsageType::of_volume(read.kind, volume_type));
        What { place, usage_type: of_volume.unwrap_or(read).to_string() }
    }

    pub fn of_line(line: &LineItem) -> What {
        let usage_type = line.usage_type.as_ref().unwrap_or(&line.subject);
        What { place: line.resource.region.clone(), usage_type: usage_type.clone() }
    }

    /// `None` for what gpucost does not meter.
    pub fn meter(&self) -> Option<Meter> {
        UsageType::read(&self.usage_type).and_then(|usage_type| Meter::of(usage_type.kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_types_are_told_whatever_their_spaces() {
        for (text, kind) in [
            ("Usage", RecordKind::Usage),
            ("DiscountedUsage", RecordKind::Reserved),
            ("Savings Plan Covered Usage", RecordKind::SavingsPlanCovered),
            ("SavingsPlanNegation", RecordKind::SavingsPlanNegation),
            ("Refund", RecordKind::Credit),
            ("Enterprise Discount Program Discount", RecordKind::Discount),
            ("RIFee", RecordKind::Fee),
            ("Recurring", RecordKind::Fee),
            ("Solution Provider", RecordKind::Other),
        ] {
            assert_eq!(RecordKind::of(text), kind, "{text}");
        }
    }

    #[test]
    fn tiers_and_old_names_are_one_thing() {
        let card = RateCard::shipped();
        let tier = What::of_aws("USW2-EBS:VolumeP-IOPS.io2.tier2", card);
        assert_eq!((tier.place.as_str(), tier.usage_type.as_str()), ("us-west-2", "EBS:VolumeP-IOPS.io2"));
        assert_eq!(What::of_aws("ElasticIP:IdleAddress", card), What::of_aws("USE1-PublicIPv4:IdleAddress", card));
        let traffic = What::of_aws("USW2-DataTransfer-Out-Bytes", card);
        assert_eq!((traffic.usage_type.as_str(), traffic.meter()), ("DataTransfer-Out-Bytes", None));
        assert_eq!(What::of_aws("USW2-LAX1-BoxUsage:g4dn.2xlarge", card).place, "USW2-LAX1");
    }
}
