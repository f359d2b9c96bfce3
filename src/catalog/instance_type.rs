//! Instance types: what is in them, and whether one can still be launched.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;

use crate::catalog::rate::Provenance;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AcceleratorKind {
    Gpu,
    Trainium,
    Inferentia,
    Gaudi,
    Qualcomm,
    /// Transcoding cards (vt1).
    Media,
}

impl AcceleratorKind {
    pub const fn name(self) -> &'static str {
        match self {
            AcceleratorKind::Gpu => "gpu",
            AcceleratorKind::Trainium => "trainium",
            AcceleratorKind::Inferentia => "inferentia",
            AcceleratorKind::Gaudi => "gaudi",
            AcceleratorKind::Qualcomm => "qualcomm",
            AcceleratorKind::Media => "media",
        }
    }
}

/// The accelerators of one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accelerator {
    /// `NVIDIA V100`. AWS's price list names none: [`UNNAMED_MODEL`](Accelerator::UNNAMED_MODEL).
    pub model: Cow<'static, str>,
    pub kind: AcceleratorKind,
    /// A part of one where the instance has a partition (0.125 of an L4 in g6f.large); never zero.
    pub count: Decimal,
    /// Of all of them together, in GiB; `None` is not known.
    pub memory_gib_total: Option<Decimal>,
}

impl Accelerator {
    /// Of a type that is known from AWS's price list alone.
    pub const UNNAMED_MODEL: &str = "GPU (model not published)";
}

/// A rate is not availability: whether the type can be launched today.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offering {
    Offered,
    NotOffered { since: &'static str },
    Unknown { why: &'static str },
}

impl Offering {
    /// Known to be offered.
    pub fn is_offered(&self) -> bool {
        matches!(self, Offering::Offered)
    }
}

impl fmt::Display for Offering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Offering::Offered => f.pad("offered"),
            Offering::NotOffered { since } => write!(f, "no longer offered since {since}"),
            Offering::Unknown { why } => write!(f, "not known to be offered: {why}"),
        }
    }
}

/// One instance type of the card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceType {
    pub name: Cow<'static, str>,
    pub vcpu: u32,
    pub memory_gib: Decimal,
    pub accelerator: Option<Accelerator>,
    /// `2 x 900 SSD` (GB), `EBS only`; `None` is not known.
    pub local_storage: Option<&'static str>,
    pub offering: Offering,
    /// Offered types of about as many accelerators, for one that is no longer, or not surely, offered.
    pub successors: &'static [&'static str],
    pub provenance: Provenance,
}

impl InstanceType {
    /// Accelerators of any kind; what an hour of the instance counts in GPU-hours. Zero only if it has none, or
    /// none that AWS's price list counts.
    pub fn gpu_count(&self) -> Decimal {
        self.accelerator.as_ref().map_or(Decimal::ZERO, |accelerator| accelerator.count)
    }

    /// `p3` of `p3.2xlarge`.
    pub fn family(&self) -> &str {
        self.name.split_once('.').map_or(&self.name, |(family, _)| family)
    }

    /// `p` of `p3.2xlarge`: all generations of it.
    pub fn series(&self) -> &str {
        self.family().split(|letter: char| letter.is_ascii_digit()).next().unwrap_or_default()
    }
}
