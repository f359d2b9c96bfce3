//! Facts as they were noted or seen. Immutable: a later fact may say otherwise, none is edited.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::change::{ResourceChanged, ResourceGone, ResourcesListed};
use super::sight::{AddressSeen, ImageSeen, InstanceSeen, SnapshotSeen, VolumeSeen};
use super::tags::Tags;
use crate::catalog::VolumeSpec;
use crate::money::Usd;
use crate::quantity::Unit;

/// What kind of record a fact rests on, best first: a billing export is AWS's own word on what it billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EvidenceKind {
    BillingExport,
    /// AWS CloudTrail: who changed what, to the second.
    CloudTrail,
    /// `aws ec2 describe-…` output, or a poll: the state of an account at one instant.
    Description,
    /// Cost Explorer's daily totals of an account: no resource is named.
    CostExplorer,
    /// The user's own CSV.
    Notes,
}

impl EvidenceKind {
    pub const fn name(self) -> &'static str {
        match self {
            EvidenceKind::BillingExport => "export",
            EvidenceKind::CloudTrail => "cloudtrail",
            EvidenceKind::Description => "describe",
            EvidenceKind::CostExplorer => "cost explorer",
            EvidenceKind::Notes => "notes",
        }
    }
}

/// Where a fact was read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evidence {
    pub kind: EvidenceKind,
    pub file: Arc<str>,
    /// 1-based; in JSON the position of the record in its list.
    pub line: u64,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            EvidenceKind::CloudTrail | EvidenceKind::Description | EvidenceKind::CostExplorer => {
                write!(f, "{} (record {})", self.file, self.line)
            }
            EvidenceKind::BillingExport | EvidenceKind::Notes => write!(f, "{}:{}", self.file, self.line),
        }
    }
}

/// How compute was bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purchase {
    OnDemand,
    Spot,
    /// Covered by a reservation or a savings plan.
    Committed,
    /// The record does not say, or says something else.
    Other,
}

impl Purchase {
    pub const fn name(self) -> &'static str {
        match self {
            Purchase::OnDemand => "on-demand",
            Purchase::Spot => "spot",
            Purchase::Committed => "committed",
            Purchase::Other => "other",
        }
    }

    pub fn from_name(name: &str) -> Option<Purchase> {
        [Purchase::OnDemand, Purchase::Spot, Purchase::Committed, Purchase::Other]
            .into_iter()
            .find(|purchase| purchase.name() == name)
    }
}

impl fmt::Display for Purchase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A row of the user's own CSV: what ran, and which volumes there were, over one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noted {
    #[serde(default)]
    pub account: String,
    pub region: String,
    /// Empty for a volume that belongs to no instance.
    pub instance_id: String,
    #[serde(default)]
    pub name: String,
    /// `None`: the row notes volumes alone.
    pub instance_type: Option<String>,
    pub start: Timestamp,
    /// `None`: still so when the notes were written.
    pub end: Option<Timestamp>,
    /// Hours of running on each day of the period; `None`: it ran throughout. 0: stopped throughout.
    pub hours_per_day: Option<Decimal>,
    pub volumes: Vec<VolumeNote>,
    pub public_ipv4: bool,
    pub purchase: Purchase,
    /// What the user pays, where that is not the on-demand rate.
    #[serde(default)]
    pub usd_per_hour: Option<Usd>,
    /// When the notes were written: the known end of an open row.
    pub noted_at: Timestamp,
}

/// A volume in the user's notes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeNote {
    pub id: String,
    #[serde(with = "spec_text")]
    pub spec: VolumeSpec,
}

/// What a charge is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Meter {
    Compute,
    VolumeStorage,
    VolumeIops,
    VolumeThroughput,
    Snapshot,
    PublicIpv4InUse,
    PublicIpv4Idle,
}

impl Meter {
    pub const ALL: [Meter; 7] = [
        Meter::Compute,
        Meter::VolumeStorage,
        Meter::VolumeIops,
        Meter::VolumeThroughput,
        Meter::Snapshot,
        Meter::PublicIpv4InUse,
        Meter::PublicIpv4Idle,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Meter::Compute => "compute",
            Meter::VolumeStorage => "storage",
            Meter::VolumeIops => "IOPS",
            Meter::VolumeThroughput => "throughput",
            Meter::Snapshot => "snapshot",
            Meter::PublicIpv4InUse => "IPv4 in use",
            Meter::PublicIpv4Idle => "IPv4 idle",
        }
    }

    /// What a quantity of it counts.
    pub const fn unit(self) -> Unit {
        match self {
            Meter::Compute => Unit::InstanceHour,
            Meter::VolumeStorage | Meter::Snapshot => Unit::GbMonth,
            Meter::VolumeIops => Unit::IopsMonth,
            Meter::VolumeThroughput => Unit::GibpsMonth,
            Meter::PublicIpv4InUse | Meter::PublicIpv4Idle => Unit::AddressHour,
        }
    }

    pub fn from_name(name: &str) -> Option<Meter> {
        Meter::ALL.into_iter().find(|meter| meter.name() == name)
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What AWS metered and billed, from a billing export: one resource, one meter, one rate, one UTC day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metered {
    pub account: String,
    pub region: String,
    pub resource_id: String,
    pub name: String,
    pub tags: Tags,
    pub meter: Meter,
    pub instance_type: Option<String>,
    pub volume_type: Option<String>,
    pub purchase: Purchase,
    pub sku_price_id: Option<String>,
    /// The list rate as the export names it.
    pub rate: Option<Usd>,
    pub unit: Unit,
    pub day: Date,
    /// Bit h is set if a row charged in UTC hour h of that day.
    pub hours_mask: u32,
    pub start: Timestamp,
    pub end: Timestamp,
    pub quantity: Decimal,
    /// AWS's own figures, summed over the rows.
    pub list_cost: Usd,
    pub billed_cost: Usd,
    pub effective_cost: Usd,
    pub rows: u64,
}

/// One fact of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fact {
    Noted(Noted),
    Instance(InstanceSeen),
    Volume(VolumeSeen),
    Address(AddressSeen),
    Snapshot(SnapshotSeen),
    Image(ImageSeen),
    Changed(ResourceChanged),
    Gone(ResourceGone),
    Listed(ResourcesListed),
}

impl Fact {
    pub const fn kind(&self) -> &'static str {
        match self {
            Fact::Noted(_) => "noted",
            Fact::Instance(_) => "instance",
            Fact::Volume(_) => "volume",
            Fact::Address(_) => "address",
            Fact::Snapshot(_) => "snapshot",
            Fact::Image(_) => "image",
            Fact::Changed(_) => "changed",
            Fact::Gone(_) => "gone",
            Fact::Listed(_) => "listed",
        }
    }

    /// The resources whose time it tells of.
    pub fn resource_ids(&self) -> impl Iterator<Item = &str> {
        let volumes = match self {
            Fact::Noted(noted) => noted.volumes.as_slice(),
            _ => &[],
        };
        let id = match self {
            Fact::Noted(noted) => Some(&noted.instance_id),
            Fact::Instance(seen) => Some(&seen.instance_id),
            Fact::Volume(seen) => Some(&seen.volume_id),
            Fact::Address(seen) => Some(&seen.allocation_id),
            Fact::Snapshot(seen) => Some(&seen.snapshot_id),
            Fact::Image(seen) => Some(&seen.image_id),
            Fact::Changed(changed) => Some(&changed.resource_id),
            Fact::Gone(gone) => Some(&gone.resource_id),
            Fact::Listed(_) => None,
        };
        id.map(String::as_str).into_iter().chain(volumes.iter().map(|volume| volume.id.as_str()))
    }

    /// When the fact was true, at the latest.
    pub fn known_at(&self) -> Timestamp {
        match self {
            Fact::Noted(noted) => noted.end.unwrap_or(noted.noted_at),
            Fact::Instance(seen) => seen.seen_at,
            Fact::Volume(seen) => seen.seen_at,
            Fact::Address(seen) => seen.seen_at,
            Fact::Snapshot(seen) => seen.seen_at,
            Fact::Image(seen) => seen.seen_at,
            Fact::Changed(changed) => changed.at,
            Fact::Gone(gone) => gone.missed_at,
            Fact::Listed(listed) => listed.at,
        }
    }
}

mod spec_text {
    use super::VolumeSpec;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub fn serialize<S: Serializer>(spec: &VolumeSpec, out: S) -> Result<S::Ok, S::Error> {
        out.collect_str(spec)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<VolumeSpec, D::Error> {
        String::deserialize(input)?.parse().map_err(de::Error::custom)
    }
}
