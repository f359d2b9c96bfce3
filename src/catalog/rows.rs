//! The shipped card as `build.rs` wrote it: `static` arrays, nothing to parse.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::catalog::instance_type::{Accelerator, AcceleratorKind, InstanceType, Offering};
use crate::catalog::machine::{Electricity, GridCarbon, Machine, MachineKind, Sector};
use crate::catalog::rate::{OfferingClass, PaymentOption, Provenance, Source};
use crate::catalog::region::{Region, RegionKind};
use crate::catalog::throughput::{Gpu, Precision, Throughput};
use crate::catalog::volume::{SnapshotRate, VolumeRate, VolumeType};
use crate::money::Usd;

/// A provenance by index: thousands of rows share a few dates, sources and marks.
pub(super) struct Dated {
    as_of: u8,
    source: u8,
    mark: u8,
    sku_rate_code: &'static str,
}

impl Dated {
    pub(super) fn as_of(&self) -> &'static str {
        AS_OF[usize::from(self.as_of)]
    }

    pub(super) fn provenance(&self) -> Provenance {
        Provenance {
            as_of: Cow::Borrowed(AS_OF[usize::from(self.as_of)]),
            source: Cow::Borrowed(SOURCES[usize::from(self.source)].id),
            sku_rate_code: filled(self.sku_rate_code).map(Cow::Borrowed),
            mark: filled(MARKS[usize::from(self.mark)]).map(Cow::Borrowed),
        }
    }
}

fn filled(text: &'static str) -> Option<&'static str> {
    Some(text).filter(|text| !text.is_empty())
}

pub(super) struct OnDemandRow {
    pub key: (u16, u16),
    /// `None`: sold there as capacity blocks or spot only.
    pub usd_per_hour: Option<Usd>,
    pub dated: Dated,
}

pub(super) struct SpotRow {
    pub key: (u16, u16),
    pub az_id: &'static str,
    pub usd_per_hour: Usd,
    pub dated: Dated,
}

pub(super) struct ReservedRow {
    pub key: (u16, u16),
    pub term_years: u8,
    pub payment_option: PaymentOption,
    pub offering_class: OfferingClass,
    pub upfront: Usd,
    pub hourly: Usd,
    pub dated: Dated,
}

pub(super) struct VolumeRow {
    pub region: u16,
    pub volume_type: VolumeType,
    pub rate: VolumeRate,
    pub usd: Usd,
    pub dated: Dated,
}

pub(super) struct SnapshotRow {
    pub region: u16,
    pub rate: SnapshotRate,
    pub usd: Usd,
    pub dated: Dated,
}

pub(super) struct AddressRow {
    pub in_use: bool,
    pub usd_per_hour: Usd,
    pub dated: Dated,
}

pub(super) struct TransferRow {
    pub region: u16,
    pub from_gb: u32,
    pub usd_per_gb: Usd,
    pub dated: Dated,
}

// One-letter constructors: the generated file is 6,000 rows long.

const fn d(mantissa: u64, scale: u32) -> Decimal {
    // Truncation is meant: the two halves of the 64 bits.
    Decimal::from_parts(mantissa as u32, (mantissa >> 32) as u32, 0, false, scale)
}

const fn p(as_of: &'static str, source: &'static str, mark: Option<&'static str>) -> Provenance {
    let mark = match mark {
        Some(text) => Some(Cow::Borrowed(text)),
        None => None,
    };
    Provenance { as_of: Cow::Borrowed(as_of), source: Cow::Borrowed(source), sku_rate_code: None, mark }
}

const fn n(as_of: u8, source: u8, mark: u8, sku_rate_code: &'static str) -> Dated {
    Dated { as_of, source, mark, sku_rate_code }
}

const fn o(region: u16, instance_type: u16, usd: Option<Decimal>, dated: Dated) -> OnDemandRow {
    let usd_per_hour = match usd {
        Some(usd) => Some(Usd::new(usd)),
        None => None,
    };
    OnDemandRow { key: (region, instance_type), usd_per_hour, dated }
}

const fn s(region: u16, instance_type: u16, az_id: &'static str, usd: Decimal, dated: Dated) -> SpotRow {
    SpotRow { key: (region, instance_type), az_id, usd_per_hour: Usd::new(usd), dated }
}

#[allow(clippy::too_many_arguments)]
const fn r(
    region: u16,
    instance_type: u16,
    term_years: u8,
    payment_option: PaymentOption,
    offering_class: OfferingClass,
    upfront: Decimal,
    hourly: Decimal,
    dated: Dated,
) -> ReservedRow {
    let (upfront, hourly) = (Usd::new(upfront), Usd::new(hourly));
    ReservedRow { key: (region, instance_type), term_years, payment_option, offering_class, upfront, hourly, dated }
}

const fn v(region: u16, volume_type: VolumeType, rate: VolumeRate, usd: Decimal, dated: Dated) -> VolumeRow {
    VolumeRow { region, volume_type, rate, usd: Usd::new(usd), dated }
}

const fn t(region: u16, rate: SnapshotRate, usd: Decimal, dated: Dated) -> SnapshotRow {
    SnapshotRow { region, rate, usd: Usd::new(usd), dated }
}

const fn a(in_use: bool, usd: Decimal, dated: Dated) -> AddressRow {
    AddressRow { in_use, usd_per_hour: Usd::new(usd), dated }
}

const fn g(region: u16, from_gb: u32, usd: Decimal, dated: Dated) -> TransferRow {
    TransferRow { region, from_gb, usd_per_gb: Usd::new(usd), dated }
}

include!(concat!(env!("OUT_DIR"), "/card.rs"));
