//! What can be bought and at what rate: regions, instance types, EBS volumes, machines, and the [`RateCard`].
//!
//! Every rate knows where and when it was read ([`Provenance`]); one that is missing is an error that says so
//! ([`NoRate`]), never $0 and never another region's. The shipped card is written by `build.rs` from `data/*.csv`.

mod changes;
mod fetched;
mod instance_type;
mod lookup;
mod machine;
mod no_rate;
mod published;
mod rate;
mod region;
mod rows;
mod speed;
mod spot_history;
mod suggest;
mod throughput;
mod transfer;
mod usage_type;
mod volume;

pub use changes::{Listed, RateChange, RateKey};
pub use fetched::{AWS_OFFER_FILE, AWS_PRICING_API, AWS_SAVINGS_PLANS, AWS_SPOT_HISTORY, NO_LONGER_PUBLISHED};
pub use instance_type::{Accelerator, AcceleratorKind, InstanceType, Offering};
pub use machine::{Electricity, GridCarbon, Machine, MachineKind, Sector};
pub use no_rate::NoRate;
pub use published::{
    Listing, Publication, Published, PublishedOnDemand, PublishedReserved, PublishedSavingsPlan, PublishedSavingsPlans,
    PublishedSnapshot, PublishedType, PublishedVolume, SavingsPlanKind, is_of_families,
};
pub use rate::{
    COMMITMENT_YEAR_HOURS, OfferingClass, PaymentOption, Provenance, Rate, ReservedRate, SavingsPlanRate, Source,
    SpotRate, SpotSeen,
};
pub use region::{Region, RegionKind, region_of_zone};
pub use speed::{Footing, Ratio, Speed, Speeds, Work};
pub use spot_history::{SpotHistory, SpotMean, SpotPrice, is_absurd};
pub use suggest::nearest;
pub use throughput::{Gpu, Precision, Throughput};
pub use transfer::{TransferOut, TransferTier};
pub use usage_type::{UsageKind, UsageType, without_region};
pub use volume::{
    GP3_BASELINE_IOPS, GP3_BASELINE_THROUGHPUT_MIBPS, InvalidVolume, SnapshotRate, VolumeRate, VolumeSpec, VolumeType,
};

use std::borrow::Cow;
use std::collections::BTreeMap;

use fetched::Fetched;

/// Rates of AWS's Linux on-demand, spot, reserved, EBS and address charges, and the facts around them.
///
/// The shipped rates, and over them those that were [fetched](RateCard::with). The shipped arrays are sorted by their
/// keys (`build.rs`), rows hold the indices of their region and type in `rows`: a lookup is two binary searches for
/// the names and one for the row.
#[derive(Clone)]
pub struct RateCard {
    sources: &'static [Source],
    /// The shipped ones, and those of which only fetched rates are known.
    regions: Cow<'static, [Region]>,
    instance_types: Cow<'static, [InstanceType]>,
    on_demand: &'static [rows::OnDemandRow],
    spot: &'static [rows::SpotRow],
    reserved: &'static [rows::ReservedRow],
    volumes: &'static [rows::VolumeRow],
    snapshots: &'static [rows::SnapshotRow],
    addresses: &'static [rows::AddressRow],
    transfers: &'static [rows::TransferRow],
    machines: &'static [Machine],
    electricity: &'static [Electricity],
    gpus: &'static [Gpu],
    throughput: &'static [Throughput],
    grid_carbon: &'static [GridCarbon],
    /// By region.
    fetched: BTreeMap<String, Fetched>,
}

static SHIPPED: RateCard = RateCard {
    sources: &rows::SOURCES,
    regions: Cow::Borrowed(&rows::REGIONS),
    instance_types: Cow::Borrowed(&rows::INSTANCE_TYPES),
    on_demand: &rows::ON_DEMAND,
    spot: &rows::SPOT,
    reserved: &rows::RESERVED,
    volumes: &rows::VOLUMES,
    snapshots: &rows::SNAPSHOTS,
    addresses: &rows::ADDRESSES,
    transfers: &rows::TRANSFERS,
    machines: &rows::MACHINES,
    electricity: &rows::ELECTRICITY,
    gpus: &rows::GPUS,
    throughput: &rows::THROUGHPUT,
    grid_carbon: &rows::GRID_CARBON,
    fetched: BTreeMap::new(),
};

impl RateCard {
    /// The card in the binary: no file, no network, nothing parsed.
    pub fn shipped() -> &'static RateCard {
        &SHIPPED
    }
}

#[cfg(test)]
mod tests;
