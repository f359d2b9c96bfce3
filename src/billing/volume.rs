//! EBS volumes: billed as provisioned from creation to deletion, whatever the instance's state, by the
//! calendar month: GB-months = GB × seconds / (86,400 × days in the month), 60 s at least.
//!
//! gp3 bills IOPS above 3,000 and throughput above 125 MiB/s; io1 all its IOPS; io2 in tiers to 32,000,
//! to 64,000 and above. <https://aws.amazon.com/ebs/pricing/> (read 2026-11-22)

use rust_decimal::Decimal;

use super::MINIMUM_SECONDS;
use super::line_item::{Charged, RunUp, billed_share};
use crate::catalog::{
    GP3_BASELINE_IOPS, GP3_BASELINE_THROUGHPUT_MIBPS, RateCard, UsageKind, UsageType, VolumeRate, VolumeType,
};
use crate::ledger::{Meter, Usage, VolumeShape};
use crate::quantity::{Quantity, Unit};
use crate::time::{Month, Period};

const IO2_TIER_1_IOPS: u32 = 32_000;
const IO2_TIER_2_IOPS: u32 = 64_000;

/// One of the things a volume is charged for: so much of it, held for a month, at one rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeCharge {
    pub meter: Meter,
    pub rate: VolumeRate,
    pub amount: Decimal,
    pub unit: Unit,
    /// `gp3 500 GB`, `gp3 IOPS above 3,000`.
    pub subject: String,
}

/// What a volume of this type, size and provisioned performance is charged for, storage first.
pub fn volume_charges(volume_type: VolumeType, shape: &VolumeShape) -> Vec<VolumeCharge> {
    let name = volume_type.name();
    let mut charges = Vec::new();
    // No volume has 0 GB: it is what may have been provisioned more, of performance alone.
    if shape.size_gb > 0 {
        charges.push(VolumeCharge {
            meter: Meter::VolumeStorage,
            rate: VolumeRate::Storage,
            amount: Decimal::from(shape.size_gb),
            unit: Unit::GbMonth,
            subject: format!("{name} {} GB", shape.size_gb),
        });
    }
    let iops = shape.iops.unwrap_or(0);
    let mut add_iops = |rate, iops: u32, subject: String| {
        if iops > 0 {
            let amount = Decimal::from(iops);
            charges.push(VolumeCharge { meter: Meter::VolumeIops, rate, amount, unit: Unit::IopsMonth, subject });
        }
    };
    match volume_type {
        VolumeType::Gp3 => {
            let above = iops.saturating_sub(GP3_BASELINE_IOPS);
            add_iops(VolumeRate::Iops, above, format!("gp3 {above} IOPS above 3,000"));
        }
        VolumeType::Io1 => add_iops(VolumeRate::Iops, iops, format!("io1 {iops} IOPS")),
        VolumeType::Io2 => {
            let (one, two) =
                (iops.min(IO2_TIER_1_IOPS), iops.clamp(IO2_TIER_1_IOPS, IO2_TIER_2_IOPS) - IO2_TIER_1_IOPS);
            let three = iops.saturating_sub(IO2_TIER_2_IOPS);
            add_iops(VolumeRate::IopsTier1, one, format!("io2 {one} IOPS"));
            add_iops(VolumeRate::IopsTier2, two, format!("io2 {two} IOPS above 32,000"));
            add_iops(VolumeRate::IopsTier3, three, format!("io2 {three} IOPS above 64,000"));
        }
        VolumeType::Gp2 | VolumeType::St1 | VolumeType::Sc1 | VolumeType::Standard => {}
    }
    if volume_type == VolumeType::Gp3 {
        let above = shape.throughput_mibps.unwrap_or(0).saturating_sub(GP3_BASELINE_THROUGHPUT_MIBPS);
        if above > 0 {
            charges.push(VolumeCharge {
                meter: Meter::VolumeThroughput,
                rate: VolumeRate::Throughput,
                amount: Decimal::from(above) / Decimal::from(1024),
                unit: Unit::GibpsMonth,
                subject: format!("gp3 {above} MiB/s above 125"),
            });
        }
    }
    charges
}

pub(super) fn charged(
    usage: &Usage,
    shape: &VolumeShape,
    life: Option<Period>,
    part: Period,
    card: &RateCard,
    month: Month,
) -> Vec<Charged<'static>> {
    let Some(volume_type) = VolumeType::from_name(&shape.volume_type) else {
        let why = format!("gpucost does not know the volume type `{}`", shape.volume_type);
        let subject = format!("{} {} GB", shape.volume_type, shape.size_gb);
        return vec![Charged::unrated(Meter::VolumeStorage, subject, part, None, why)];
    };
    let mut held = RunUp::since(month.period().start, part, usage.hours_per_day);
    if let Some(life) = life {
        // What the minimum asks beyond the life is charged where it begins.
        let missing = billed_share((MINIMUM_SECONDS - life.seconds()).max(0), usage.hours_per_day);
        held.until += missing;
        if part.start != life.start {
            held.from += missing;
        }
    }
    let charges = volume_charges(volume_type, shape).into_iter().map(|charge| {
        let quantity = Quantity::new(held.months(charge.amount, month), charge.unit);
        let rate = card.volume(&usage.resource.region, volume_type, charge.rate);
        Charged::priced(charge.meter, charge.subject, part, quantity, rate)
            .of_usage_type(UsageType::of_volume(charge.meter.usage_kind(), volume_type))
    });
    // All IOPS of these types bill: not knowing how many is not knowing what they cost.
    let unknown_iops = (volume_type.requires_iops() && shape.iops.is_none()).then(|| {
        Charged::unrated(Meter::VolumeIops, format!("{volume_type} IOPS"), part, None, "its IOPS are unknown")
            .of_usage_type(UsageType::of_volume(UsageKind::VolumeIops, volume_type))
    });
    charges.chain(unknown_iops).collect()
}

pub(super) fn unknown_size(part: Period) -> Charged<'static> {
    let why = "its size is unknown: import `aws ec2 describe-volumes` too";
    Charged::unrated(Meter::VolumeStorage, "volume of unknown size", part, None, why)
}
