//! One region's rates as AWS published them: what a refresh fetches, the cache keeps and the card is overlaid with.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::catalog::{OfferingClass, PaymentOption, SnapshotRate, VolumeRate, VolumeType};
use crate::money::Usd;
use crate::time::utc_date;

/// Where a region's rates were fetched, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Publication {
    /// `GetProducts` of the AWS Price List Query API.
    PricingApi,
    /// The public offer file of the AWS Price List Bulk API.
    OfferFile,
}

/// The rates of one region, of the instance families asked for and of all its EBS volumes and snapshots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    pub region: String,
    pub publication: Publication,
    /// When AWS published them.
    pub published_at: Timestamp,
    pub fetched_at: Timestamp,
    /// As asked: `p`, `g`. A type of another family that is not listed here was not asked for.
    pub families: Vec<String>,
    pub types: Vec<PublishedType>,
    pub on_demand: Vec<PublishedOnDemand>,
    pub reserved: Vec<PublishedReserved>,
    pub volumes: Vec<PublishedVolume>,
    pub snapshots: Vec<PublishedSnapshot>,
    /// `None`: they were not fetched.
    #[serde(default)]
    pub savings_plans: Option<PublishedSavingsPlans>,
    /// What was listed and could not be taken as a rate, each with its SKU and why.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// The offer file's, to ask later whether it changed.
    #[serde(default)]
    pub etag: Option<String>,
}

impl Published {
    /// The day AWS published it, as `2026-11-20`.
    pub fn date(&self) -> String {
        utc_date(self.published_at).to_string()
    }

    /// Why it cannot be AWS's: a rate of nothing, or less. Nothing is ever $0 by mistake.
    pub fn fault(&self) -> Option<String> {
        let zero = |what: &str| Some(format!("{what} has no rate above $0 in it"));
        let unpaid =
            self.on_demand.iter().find(|row| matches!(row.listing, Listing::OnDemand(usd) if usd <= Usd::ZERO));
        if let Some(row) = unpaid {
            return zero(&row.instance_type);
        }
        let is_free = |row: &&PublishedReserved| {
            row.hourly.is_negative() || row.upfront.is_negative() || row.hourly.is_zero() && row.upfront.is_zero()
        };
        if let Some(row) = self.reserved.iter().find(is_free) {
            return zero(&row.instance_type);
        }
        if let Some(row) = self.volumes.iter().find(|row| row.usd <= Usd::ZERO) {
            return zero(row.volume_type.name());
        }
        self.snapshots.iter().find(|row| row.usd <= Usd::ZERO).and_then(|row| zero(row.rate.name()))
    }

    /// Whether its silence about a type says something.
    pub fn asked_for(&self, instance_type: &str) -> bool {
        is_of_families(&self.families, instance_type)
    }
}

/// Whether a type is of one of these families: a series (`p`: p2, p3dn, p6-b200), a family (`p3`), or a type itself.
pub fn is_of_families(families: &[String], instance_type: &str) -> bool {
    let family = instance_type.split('.').next().unwrap_or_default();
    let series = family.split(|c: char| c.is_ascii_digit()).next().unwrap_or_default();
    let has_generation = series.len() < family.len();
    families.iter().any(|wanted| {
        // gr6 is g6 with more memory.
        let is_series = has_generation && (series == wanted || wanted == "g" && series == "gr");
        is_series || [instance_type, family].contains(&wanted.as_str())
    })
}

/// What the publication says is in an instance type. It names no GPU model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedType {
    pub name: String,
    pub vcpu: u32,
    pub memory_gib: Decimal,
    /// `None`: it does not say. A part of one for a partition.
    pub gpu_count: Option<Decimal>,
    pub gpu_memory_gib: Option<Decimal>,
}

/// How a type can be bought by the hour in the region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Listing {
    OnDemand(Usd),
    /// Only as a capacity block: its SKU says $0, the block's fee is quoted when it is bought.
    CapacityBlockOnly,
    /// There are Reserved terms and no on-demand rate.
    ReservedOnly,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedOnDemand {
    pub instance_type: String,
    pub listing: Listing,
    /// `SKU.OfferTermCode.RateCode`
    pub sku_rate_code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedReserved {
    pub instance_type: String,
    pub term_years: u8,
    pub payment_option: PaymentOption,
    pub offering_class: OfferingClass,
    /// All-upfront offerings have only this: their `hourly` is zero.
    pub upfront: Usd,
    pub hourly: Usd,
    /// `SKU.OfferTermCode`: it tells each of a SKU's terms from the others.
    pub sku_term_code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedVolume {
    pub volume_type: VolumeType,
    pub rate: VolumeRate,
    /// Per [`VolumeRate::unit`].
    pub usd: Usd,
    pub sku_rate_code: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedSnapshot {
    pub rate: SnapshotRate,
    /// Per [`SnapshotRate::unit`].
    pub usd: Usd,
    pub sku_rate_code: String,
}

/// The Compute and EC2 Instance Savings Plan rates of one region, from the public file AWS publishes of them apart from
/// the offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedSavingsPlans {
    pub published_at: Timestamp,
    pub fetched_at: Timestamp,
    #[serde(default)]
    pub etag: Option<String>,
    pub rates: Vec<PublishedSavingsPlan>,
}

/// Which usage a Savings Plan's rates hold for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SavingsPlanKind {
    /// Any instance type of any region.
    Compute,
    /// The instance family it is bought for, in its region.
    Ec2Instance,
}

impl SavingsPlanKind {
    /// As AWS writes it.
    pub const fn name(self) -> &'static str {
        match self {
            SavingsPlanKind::Compute => "Compute Savings Plan",
            SavingsPlanKind::Ec2Instance => "EC2 Instance Savings Plan",
        }
    }
}

/// What an hour of an instance type on Linux costs under a Savings Plan, whatever of it was paid when the plan was bought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedSavingsPlan {
    pub instance_type: String,
    pub kind: SavingsPlanKind,
    pub term_years: u8,
    pub payment_option: PaymentOption,
    pub hourly: Usd,
    /// `SKU of the plan.SKU of the usage`
    pub rate_code: String,
}
