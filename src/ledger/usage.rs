//! Usage: what `billing` prices. One subject in one state over one period, with how sure that is.

use std::borrow::Cow;
use std::sync::Arc;

use rust_decimal::Decimal;

use super::fact::{Evidence, Purchase};
use super::sight::VolumeSeen;
use super::tags::Tags;
use crate::catalog::VolumeSpec;
use crate::money::Usd;
use crate::time::Period;

/// What a charge is for, and whose it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// Empty where the record does not say.
    pub account: String,
    pub region: String,
    pub id: String,
    pub name: String,
    /// The instance a volume or an address belongs to.
    pub instance_id: Option<String>,
    pub tags: Tags,
}

/// The state of the instance that a charge belongs to, while it accrued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    Running,
    Stopped,
    /// Attached to nothing.
    Unattached,
    /// The ledger does not know whether the instance ran.
    Unknown,
}

impl Phase {
    pub const fn name(self) -> &'static str {
        match self {
            Phase::Running => "running",
            Phase::Stopped => "stopped",
            Phase::Unattached => "unattached",
            Phase::Unknown => "unknown",
        }
    }
}

/// Whether the usage surely happened, or only may have (after an unknown end, or an upper bound).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    Measured,
    Possible,
}

/// A volume as it is billed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VolumeShape {
    /// What AWS calls it: borrowed, where gpucost knows it.
    pub volume_type: Cow<'static, str>,
    pub size_gb: u32,
    pub iops: Option<u32>,
    pub throughput_mibps: Option<u32>,
}

impl From<&VolumeSpec> for VolumeShape {
    fn from(spec: &VolumeSpec) -> VolumeShape {
        VolumeShape {
            volume_type: spec.volume_type.name().into(),
            size_gb: spec.size_gb,
            iops: spec.iops,
            throughput_mibps: spec.throughput_mibps,
        }
    }
}

impl From<&VolumeSeen> for VolumeShape {
    fn from(seen: &VolumeSeen) -> VolumeShape {
        VolumeShape {
            volume_type: seen.volume_type.clone(),
            size_gb: seen.size_gb,
            iops: seen.iops,
            throughput_mibps: seen.throughput_mibps,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    Compute {
        instance_type: String,
        platform: String,
        purchase: Purchase,
        usd_per_hour: Option<Usd>,
        /// The whole session, for the minimum charge of a start; `None` for a noted daily pattern.
        session: Option<Period>,
    },
    Volume {
        shape: VolumeShape,
        /// The whole life, where its end is known, for the minimum charge of a volume.
        life: Option<Period>,
    },
    /// A volume that was changed from one type to another, nobody knows when. Measured: the cheaper of the two, which it
    /// surely was at least; possible: what the dearer is more.
    VolumeOneOf {
        one: VolumeShape,
        other: VolumeShape,
    },
    /// An instance names the volume, nothing gives its size.
    VolumeOfUnknownSize,
    /// Billed by changed blocks, which nothing but a billing export tells: `size_gb` is the most it can be.
    Snapshot {
        size_gb: Decimal,
        archived: bool,
    },
    PublicIpv4 {
        in_use: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Of thousands of one resource each says whose it is: they share what says it.
    pub resource: Arc<Resource>,
    pub subject: Subject,
    pub phase: Phase,
    pub certainty: Certainty,
    pub period: Period,
    /// So many hours of each day of the period; `None`: all of it.
    pub hours_per_day: Option<Decimal>,
    pub evidence: Arc<[Evidence]>,
}

/// A stretch of an instance's life in one state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub period: Period,
    pub phase: Phase,
    pub hours_per_day: Option<Decimal>,
}
