//! What AWS publishes of EC2's rates, in either of its two shapes: the Pricing API's JSON and the offer files' CSV.

mod collector;
mod dimension;
#[cfg(feature = "aws")]
mod download;
mod error;
mod family;
#[cfg(feature = "aws")]
mod index;
mod lines;
#[cfg(feature = "aws")]
mod mirror;
mod needles;
mod reserved;
mod savings_plans;
mod scan;
mod sheet;
#[cfg(feature = "aws")]
mod transfer;

pub use collector::Collector;
#[cfg(feature = "aws")]
pub use download::{Fetched, fetch_region, fetch_savings_plans};
pub use error::{Fault, OfferError};
#[cfg(feature = "aws")]
pub use mirror::{AWS_OFFERS_URL, Mirror, Patience};
pub use savings_plans::SavingsPlanScan;
pub use scan::OfferScan;
#[cfg(feature = "aws")]
pub use transfer::Progress;

/// One price of one SKU: a row of the offer file, or one price dimension of a term in the API's JSON. Columns are named
/// as in the offer file; what a product lacks is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct OfferLine<'a> {
    pub sku: &'a str,
    pub offer_term_code: &'a str,
    /// `SKU.OfferTermCode.RateCode`
    pub rate_code: &'a str,
    /// `OnDemand`, `Reserved`
    pub term_type: &'a str,
    pub price_description: &'a str,
    pub unit: &'a str,
    pub price_per_unit: &'a str,
    pub currency: &'a str,
    /// `1yr`, `3yr`
    pub lease_contract_length: &'a str,
    pub purchase_option: &'a str,
    pub offering_class: &'a str,
    /// `Compute Instance`, `Compute Instance (bare metal)`, `Storage`, `System Operation`, `Provisioned Throughput`,
    /// `Storage Snapshot`, …
    pub product_family: &'a str,
    pub region_code: &'a str,
    /// `AWS Region`, `AWS Local Zone`, `AWS Wavelength Zone`: one region's file lists its zones too.
    pub location_type: &'a str,
    pub instance_type: &'a str,
    pub vcpu: &'a str,
    pub memory: &'a str,
    pub gpu: &'a str,
    pub gpu_memory: &'a str,
    pub operating_system: &'a str,
    pub tenancy: &'a str,
    pub pre_installed_sw: &'a str,
    pub capacity_status: &'a str,
    pub market_option: &'a str,
    pub usage_type: &'a str,
    pub operation: &'a str,
    pub group: &'a str,
    pub volume_api_name: &'a str,
    pub starting_range: &'a str,
    pub ending_range: &'a str,
    pub effective_date: &'a str,
}
