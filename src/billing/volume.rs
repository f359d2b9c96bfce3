//! EBS volumes: billed as provisioned from creation to deletion, whatever the instance's state, by the
//! calendar month: GB-months = GB × seconds / (86,400 × days in the month), 60 s at least.
//!
//! gp3 bills IOPS above 3,000 and throughput above 125 MiB/s; io1 all its IOPS; io2 in tiers to 32,000,
//! to 64,000 and above. <https://aws.amazon.com/ebs/pricing/> (read 2026-11-22)

use rust_decimal::Decimal;

use super::MINIMUM_SECONDS;
use super::line_item::{Charged, RunUp, Subject, billed_share};
use crate::catalog::{
    GP3_BASELINE_IOPS, GP3_BASELINE_THROUGHPUT_MIBPS, RateCard, UsageKind, UsageType, VolumeRate, VolumeType,
};
use crate::ledger::{Meter, Usage, VolumeShape};
use crate::quantity::{Quantity, Unit};
use crate::time::{Month, Period};

const IO2_TIER_1_IOPS: u32 = 32_000;
const IO2_TIER_2_IOPS: u32 = 64_000;

/// One of the things a volume is charged for: so much of it, held for a month, at one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VolumeCharge {
    pub meter: Meter,
    pub rate: VolumeRate,
    pub amount: Decimal,
    pub unit: Unit,
    volume_type: VolumeType,
    /// GB, IOPS or MiB/s.
    count: u32,
}

impl VolumeCharge {
    /// `gp3 500 GB`, `gp3 1000 IOPS above 3,000`.
    pub fn subject(&self) -> String {
        let VolumeCharge { volume_type, count, .. } = self;
        match self.rate {
            VolumeRate::Storage => format!("{volume_type} {count} GB"),
            VolumeRate::Iops if *volume_type == VolumeType::Gp3 => format!("gp3 {count} IOPS above 3,000"),
            VolumeRate::Iops | VolumeRate::IopsTier1 => format!("{volume_type} {count} IOPS"),
            VolumeRate::IopsTier2 => format!("{volume_type} {count} IOPS above 32,000"),
            VolumeRate::IopsTier3 => format!("{volume_type} {count} IOPS above 64,000"),
            VolumeRate::IoRequest => format!("{volume_type} {count} I/O requests"),
            VolumeRate::Throughput => format!("{volume_type} {count} MiB/s above 125"),
        }
    }
}

/// What a volume of this type, size and provisioned performance is charged for, storage first.
pub fn volume_charges(volume_type: VolumeType, shape: &VolumeShape) -> impl Iterator<Item = VolumeCharge> {
    // No volume has 0 GB: it is what may have been provisioned more, of performance alone.
    let storage = (Meter::VolumeStorage, VolumeRate::Storage, Unit::GbMonth, shape.size_gb);
    let speed = speed_charges(volume_type, shape);
    let all = std::iter::once(storage).chain(speed).filter(|(.., count)| *count > 0);
    all.map(move |(meter, rate, unit, count)| {
        let amount = match unit {
            Unit::GibpsMonth => Decimal::from(count) / Decimal::from(1024),
            _ => Decimal::from(count),
        };
        VolumeCharge { meter, rate, amount, unit, volume_type, count }
    })
}

/// IOPS by their tiers, and MiB/s: a count of 0 is not charged.
fn speed_charges(volume_type: VolumeType, shape: &VolumeShape) -> [(Meter, VolumeRate, Unit, u32); 3] {
    let iops = shape.iops.unwrap_or(0);
    let of_iops = |rate, count| (Meter::VolumeIops, rate, Unit::IopsMonth, count);
    let none = of_iops(VolumeRate::Iops, 0);
    match volume_type {
        VolumeType::Gp3 => {
            let mibps = shape.throughput_mibps.unwrap_or(0).saturating_sub(GP3_BASELINE_THROUGHPUT_MIBPS);
            let throughput = (Meter::VolumeThroughput, VolumeRate::Throughput, Unit::GibpsMonth, mibps);
            [of_iops(VolumeRate::Iops, iops.saturating_sub(GP3_BASELINE_IOPS)), throughput, none]
        }
        VolumeType::Io1 => [of_iops(VolumeRate::Iops, iops), none, none],
        VolumeType::Io2 => [
            of_iops(VolumeRate::IopsTier1, iops.min(IO2_TIER_1_IOPS)),
            of_iops(VolumeRate::IopsTier2, iops.clamp(IO2_TIER_1_IOPS, IO2_TIER_2_IOPS) - IO2_TIER_1_IOPS),
            of_iops(VolumeRate::IopsTier3, iops.saturating_sub(IO2_TIER_2_IOPS)),
        ],
        VolumeType::Gp2 | VolumeType::St1 | VolumeType::Sc1 | VolumeType::Standard => [none, none, none],
    }
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
    let charges = volume_charges(volume_type, shape).map(|charge| {
        let quantity = Quantity::new(held.months(charge.amount, month), charge.unit);
        let rate = card.volume(&usage.resource.region, volume_type, charge.rate);
        Charged::priced(charge.meter, Subject::Volume(charge), part, quantity, rate)
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
