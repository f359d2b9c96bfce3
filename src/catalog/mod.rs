//! What can be bought and at what rate: regions, instance types, EBS volumes, machines, and the [`RateCard`].
//!
//! Every rate knows where and when it was read ([`Provenance`]); one that is missing is an error that says so
//! ([`NoRate`]), never $0 and never another region's. The shipped card is written by `build.rs` from `data/*.csv`.

mod instance_type;
mod lookup;
mod machine;
mod no_rate;
mod published;
mod rate;
mod region;
mod rows;
mod suggest;
mod volume;

pub use instance_type::{Accelerator, AcceleratorKind, InstanceType, Offering};
pub use machine::{Electricity, Machine, MachineKind, Sector};
pub use no_rate::NoRate;
pub use published::{
    Listing, Publication, Published, PublishedOnDemand, PublishedReserved, PublishedSavingsPlan, PublishedSavingsPlans,
    PublishedSnapshot, PublishedType, PublishedVolume, SavingsPlanKind,
};
pub use rate::{OfferingClass, PaymentOption, Provenance, Rate, ReservedRate, Source, SpotRate};
pub use region::{Region, RegionKind, region_of_zone};
pub use volume::{
    GP3_BASELINE_IOPS, GP3_BASELINE_THROUGHPUT_MIBPS, InvalidVolume, SnapshotRate, VolumeRate, VolumeSpec, VolumeType,
};

/// Rates of AWS's Linux on-demand, spot, reserved, EBS and address charges, and the facts around them.
///
/// Arrays are sorted by their keys (`build.rs`), rows hold the indices of their region and type: a lookup is two
/// binary searches for the names and one for the row.
pub struct RateCard {
    sources: &'static [Source],
    regions: &'static [Region],
    instance_types: &'static [InstanceType],
    on_demand: &'static [rows::OnDemandRow],
    spot: &'static [rows::SpotRow],
    reserved: &'static [rows::ReservedRow],
    volumes: &'static [rows::VolumeRow],
    snapshots: &'static [rows::SnapshotRow],
    addresses: &'static [rows::AddressRow],
    machines: &'static [Machine],
    electricity: &'static [Electricity],
}

static SHIPPED: RateCard = RateCard {
    sources: &rows::SOURCES,
    regions: &rows::REGIONS,
    instance_types: &rows::INSTANCE_TYPES,
    on_demand: &rows::ON_DEMAND,
    spot: &rows::SPOT,
    reserved: &rows::RESERVED,
    volumes: &rows::VOLUMES,
    snapshots: &rows::SNAPSHOTS,
    addresses: &rows::ADDRESSES,
    machines: &rows::MACHINES,
    electricity: &rows::ELECTRICITY,
};

impl RateCard {
    /// The card in the binary: no file, no network, nothing parsed.
    pub fn shipped() -> &'static RateCard {
        &SHIPPED
    }
}

#[cfg(test)]
mod tests;
