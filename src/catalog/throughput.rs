//! What GPUs there are, and how fast each was measured to do what work.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;

use crate::catalog::rate::Provenance;
use crate::catalog::{InstanceType, Machine, RateCard};

/// A GPU by the name that measurements give it: the memory and the socket are part of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gpu {
    /// `V100-16`, `A100-80-SXM`.
    pub id: &'static str,
    pub name: &'static str,
    /// `None` is not known.
    pub memory_gb: Option<u32>,
    /// What its board may draw, of a dual board half; `None` is not known.
    pub board_watts: Option<u32>,
    /// Instance families that have it: `p3`.
    pub families: &'static [&'static str],
    /// As machines call it.
    pub also_called: &'static [&'static str],
    /// A GPU of the same chip and memory speed, whose measurements count for this one.
    pub as_fast_as: Option<&'static str>,
    pub provenance: Provenance,
}

impl Gpu {
    /// The id under which its measurements stand.
    pub fn measured_as(&self) -> &'static str {
        self.as_fast_as.unwrap_or(self.id)
    }
}

/// Bits that training computes with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// As the stack runs it by default: TF32 on Ampere and later.
    Fp32,
    /// Mixed precision included.
    Fp16,
}

impl Precision {
    pub const fn name(self) -> &'static str {
        match self {
            Precision::Fp32 => "fp32",
            Precision::Fp16 => "fp16",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Text that names neither precision.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a precision: write fp32 or fp16")]
pub struct NotAPrecision(pub String);

impl FromStr for Precision {
    type Err = NotAPrecision;

    fn from_str(text: &str) -> Result<Precision, NotAPrecision> {
        match text.trim().to_ascii_lowercase().as_str() {
            "fp32" => Ok(Precision::Fp32),
            "fp16" | "amp" | "mixed" => Ok(Precision::Fp16),
            _ => Err(NotAPrecision(text.chars().take(40).collect())),
        }
    }
}

/// One measurement: so many GPUs of a kind at one piece of work, on one set of software.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throughput {
    /// `resnet50`, `drqa-squad`.
    pub workload: &'static str,
    pub precision: Precision,
    /// The code and the software it ran on: only within one are speeds of GPUs compared like with like.
    pub stack: &'static str,
    /// Id of a [`Gpu`].
    pub gpu: &'static str,
    pub gpus_used: u32,
    /// Of all of them together.
    pub value: Decimal,
    /// `images/s`, or the unit of a time: `h`.
    pub unit: &'static str,
    /// More is faster; otherwise it is a time, and less is.
    pub is_rate: bool,
    pub provenance: Provenance,
}

impl Throughput {
    /// How many times as fast one GPU of this measurement is as one of the other. `None` where they measure in different
    /// units, or the quotient leaves the range of decimals.
    pub(super) fn over(&self, other: &Throughput) -> Option<Decimal> {
        if self.unit != other.unit || self.is_rate != other.is_rate {
            return None;
        }
        let (mine, others) = (Decimal::from(self.gpus_used), Decimal::from(other.gpus_used));
        if self.is_rate {
            self.value.checked_mul(others)?.checked_div(other.value.checked_mul(mine)?)
        } else {
            other.value.checked_mul(others)?.checked_div(self.value.checked_mul(mine)?)
        }
    }
}

impl Machine {
    /// Its GPU, where the name it gives is one that measurements know.
    pub fn gpu(&self, card: &RateCard) -> Option<&'static Gpu> {
        card.gpu(self.gpus)
    }
}

impl RateCard {
    /// All GPUs that measurements know, by id.
    pub fn gpus(&self) -> &'static [Gpu] {
        self.gpus
    }

    /// By id or by what machines call it, whatever the case.
    pub fn gpu(&self, name: &str) -> Option<&'static Gpu> {
        let wanted = name.trim();
        let called = |known: &str| known.eq_ignore_ascii_case(wanted);
        self.gpus.iter().find(|gpu| called(gpu.id) || gpu.also_called.iter().any(|name| called(name)))
    }

    /// The GPU of an instance type; `None` where it is not known, and for a part of a GPU, whose speed nobody measured.
    pub fn gpu_of(&self, kind: &InstanceType) -> Option<&'static Gpu> {
        if kind.gpu_count() < Decimal::ONE {
            return None;
        }
        self.gpus.iter().find(|gpu| gpu.families.contains(&kind.family()))
    }

    /// All measurements, sorted by workload, precision, stack and GPU.
    pub fn throughput(&self) -> &'static [Throughput] {
        self.throughput
    }

    /// Names of the workloads that anything was measured at, in order.
    pub fn workloads(&self) -> Vec<&'static str> {
        let mut names: Vec<&str> = self.throughput.iter().map(|fact| fact.workload).collect();
        names.dedup();
        names
    }
}
