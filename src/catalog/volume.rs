//! EBS volume types, the dimensions they are charged by, and a volume as people write it (`gp3:500:4000:250`).

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::quantity::Unit;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeType {
    Gp2,
    Gp3,
    Io1,
    Io2,
    St1,
    Sc1,
    /// Magnetic, the previous generation.
    Standard,
}

impl VolumeType {
    pub const ALL: [VolumeType; 7] = [
        VolumeType::Gp2,
        VolumeType::Gp3,
        VolumeType::Io1,
        VolumeType::Io2,
        VolumeType::St1,
        VolumeType::Sc1,
        VolumeType::Standard,
    ];

    /// The name in the EC2 API.
    pub const fn name(self) -> &'static str {
        match self {
            VolumeType::Gp2 => "gp2",
            VolumeType::Gp3 => "gp3",
            VolumeType::Io1 => "io1",
            VolumeType::Io2 => "io2",
            VolumeType::St1 => "st1",
            VolumeType::Sc1 => "sc1",
            VolumeType::Standard => "standard",
        }
    }

    pub fn from_name(name: &str) -> Option<VolumeType> {
        VolumeType::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name of a volume type as AWS writes it: borrowed, where it is known.
    pub fn known_name(name: &str) -> Cow<'static, str> {
        VolumeType::from_name(name).map_or_else(|| Cow::Owned(name.to_owned()), |known| Cow::Borrowed(known.name()))
    }

    /// What follows `EBS:VolumeUsage` in a usage type: io1 is `.piops`, and standard has nothing, so that it is a
    /// prefix of all the others: compare whole usage types only.
    pub const fn usage_type_suffix(self) -> &'static str {
        match self {
            VolumeType::Gp2 => ".gp2",
            VolumeType::Gp3 => ".gp3",
            VolumeType::Io1 => ".piops",
            VolumeType::Io2 => ".io2",
            VolumeType::St1 => ".st1",
            VolumeType::Sc1 => ".sc1",
            VolumeType::Standard => "",
        }
    }

    pub fn from_usage_type_suffix(suffix: &str) -> Option<VolumeType> {
        VolumeType::ALL.into_iter().find(|kind| kind.usage_type_suffix() == suffix)
    }

    // Limits of a new volume: `Size`, `Iops` and `Throughput` of CreateVolume, as botocore 1.44.5 carries them,
    // read 2026-11-23. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html

    /// Sizes AWS creates, in GiB.
    pub const fn sizes_gb(self) -> RangeInclusive<u32> {
        match self {
            VolumeType::Gp2 => 1..=16_384,
            VolumeType::Gp3 => 1..=65_536,
            VolumeType::Io1 => 4..=16_384,
            VolumeType::Io2 => 4..=65_536,
            VolumeType::St1 | VolumeType::Sc1 => 125..=16_384,
            VolumeType::Standard => 1..=1024,
        }
    }

    /// IOPS one can provision; `None` where they come with the size.
    pub const fn provisioned_iops(self) -> Option<RangeInclusive<u32>> {
        match self {
            VolumeType::Gp3 => Some(GP3_BASELINE_IOPS..=80_000),
            VolumeType::Io1 => Some(100..=64_000),
            VolumeType::Io2 => Some(100..=256_000),
            _ => None,
        }
    }

    /// MiB/s one can provision; `None` where they come with the size or the IOPS.
    pub const fn provisioned_throughput_mibps(self) -> Option<RangeInclusive<u32>> {
        match self {
            VolumeType::Gp3 => Some(GP3_BASELINE_THROUGHPUT_MIBPS..=2000),
            _ => None,
        }
    }

    /// io1 and io2 are not created without IOPS.
    pub const fn requires_iops(self) -> bool {
        matches!(self, VolumeType::Io1 | VolumeType::Io2)
    }
}

/// IOPS a gp3 volume has at no charge.
pub const GP3_BASELINE_IOPS: u32 = 3000;
/// MiB/s a gp3 volume has at no charge.
pub const GP3_BASELINE_THROUGHPUT_MIBPS: u32 = 125;

impl fmt::Display for VolumeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for VolumeType {
    type Err = InvalidVolume;

    fn from_str(text: &str) -> Result<VolumeType, InvalidVolume> {
        VolumeType::from_name(text).ok_or_else(|| InvalidVolume::Type { text: excerpt(text) })
    }
}

/// A dimension of a volume's charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VolumeRate {
    Storage,
    /// gp3: those above 3,000. io1: all of them.
    Iops,
    /// io2: the first 32,000.
    IopsTier1,
    /// io2: from 32,001 to 64,000.
    IopsTier2,
    /// io2: those above 64,000.
    IopsTier3,
    /// gp3: that above 125 MiB/s, per GiB/s: 1024 × the published rate per MiB/s, as it is billed.
    Throughput,
    /// standard: each request.
    IoRequest,
}

impl VolumeRate {
    pub const ALL: [VolumeRate; 7] = [
        VolumeRate::Storage,
        VolumeRate::Iops,
        VolumeRate::IopsTier1,
        VolumeRate::IopsTier2,
        VolumeRate::IopsTier3,
        VolumeRate::Throughput,
        VolumeRate::IoRequest,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            VolumeRate::Storage => "storage",
            VolumeRate::Iops => "iops",
            VolumeRate::IopsTier1 => "iops-tier-1",
            VolumeRate::IopsTier2 => "iops-tier-2",
            VolumeRate::IopsTier3 => "iops-tier-3",
            VolumeRate::Throughput => "throughput",
            VolumeRate::IoRequest => "io-request",
        }
    }

    pub const fn unit(self) -> Unit {
        match self {
            VolumeRate::Storage => Unit::GbMonth,
            VolumeRate::Iops | VolumeRate::IopsTier1 | VolumeRate::IopsTier2 | VolumeRate::IopsTier3 => Unit::IopsMonth,
            VolumeRate::Throughput => Unit::GibpsMonth,
            VolumeRate::IoRequest => Unit::Request,
        }
    }
}

/// A dimension of a snapshot's charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SnapshotRate {
    /// Changed blocks in the standard tier.
    Standard,
    Archive,
    ArchiveRetrieval,
    /// What is left of the 90 days an archived snapshot is kept at least.
    ArchiveEarlyDelete,
    /// Per zone it is enabled in.
    FastRestore,
}

impl SnapshotRate {
    pub const ALL: [SnapshotRate; 5] = [
        SnapshotRate::Standard,
        SnapshotRate::Archive,
        SnapshotRate::ArchiveRetrieval,
        SnapshotRate::ArchiveEarlyDelete,
        SnapshotRate::FastRestore,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            SnapshotRate::Standard => "standard",
            SnapshotRate::Archive => "archive",
            SnapshotRate::ArchiveRetrieval => "archive-retrieval",
            SnapshotRate::ArchiveEarlyDelete => "archive-early-delete",
            SnapshotRate::FastRestore => "fast-restore",
        }
    }

    pub const fn unit(self) -> Unit {
        match self {
            SnapshotRate::Standard | SnapshotRate::Archive | SnapshotRate::ArchiveEarlyDelete => Unit::GbMonth,
            SnapshotRate::ArchiveRetrieval => Unit::Gb,
            SnapshotRate::FastRestore => Unit::DsuHour,
        }
    }
}

/// A volume to be created, written `type:GB[:IOPS[:MiB/s]]`: `gp2:75`, `gp3:500:4000:250`, `gp3:500::250`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VolumeSpec {
    pub volume_type: VolumeType,
    pub size_gb: u32,
    pub iops: Option<u32>,
    pub throughput_mibps: Option<u32>,
}

/// A volume that AWS would not create, or text that describes none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidVolume {
    #[error("`{text}` is not a volume: write type:GB[:IOPS[:MiB/s]], as in gp2:75 or gp3:500:4000:250")]
    Shape { text: String },
    #[error("`{text}` is not a volume type: it is one of gp2, gp3, io1, io2, st1, sc1, standard")]
    Type { text: String },
    #[error("`{text}` is not a whole number of {what}")]
    Number { what: &'static str, text: String },
    #[error("{volume_type} volumes have {min} to {max} {what}, not {given}")]
    OutOfRange { volume_type: VolumeType, what: &'static str, min: u32, max: u32, given: u32 },
    #[error("{volume_type} volumes have no {what} of their own to choose")]
    NotProvisioned { volume_type: VolumeType, what: &'static str },
    #[error("{volume_type} volumes need their IOPS: write {volume_type}:{size_gb}:IOPS")]
    IopsMissing { volume_type: VolumeType, size_gb: u32 },
}

const GB: &str = "GB";
const IOPS: &str = "IOPS";
const MIBPS: &str = "MiB/s";

impl VolumeSpec {
    /// # Errors
    /// If AWS would not create such a volume. The ratios it also asks for (500 IOPS per GiB, say) are not checked.
    pub fn new(
        volume_type: VolumeType,
        size_gb: u32,
        iops: Option<u32>,
        throughput_mibps: Option<u32>,
    ) -> Result<VolumeSpec, InvalidVolume> {
        check(volume_type, GB, Some(volume_type.sizes_gb()), Some(size_gb))?;
        check(volume_type, IOPS, volume_type.provisioned_iops(), iops)?;
        check(volume_type, MIBPS, volume_type.provisioned_throughput_mibps(), throughput_mibps)?;
        if volume_type.requires_iops() && iops.is_none() {
            return Err(InvalidVolume::IopsMissing { volume_type, size_gb });
        }
        Ok(VolumeSpec { volume_type, size_gb, iops, throughput_mibps })
    }
}

fn check(
    volume_type: VolumeType,
    what: &'static str,
    allowed: Option<RangeInclusive<u32>>,
    given: Option<u32>,
) -> Result<(), InvalidVolume> {
    match (allowed, given) {
        (_, None) => Ok(()),
        (None, Some(_)) => Err(InvalidVolume::NotProvisioned { volume_type, what }),
        (Some(range), Some(given)) if range.contains(&given) => Ok(()),
        (Some(range), Some(given)) => {
            Err(InvalidVolume::OutOfRange { volume_type, what, min: *range.start(), max: *range.end(), given })
        }
    }
}

impl FromStr for VolumeSpec {
    type Err = InvalidVolume;

    fn from_str(text: &str) -> Result<VolumeSpec, InvalidVolume> {
        let mut parts = text.split(':');
        let (Some(name), Some(size)) = (parts.next(), parts.next()) else {
            return Err(InvalidVolume::Shape { text: excerpt(text) });
        };
        let (iops, throughput) = (parts.next(), parts.next());
        // `gp3:500:` says nothing; only IOPS before a throughput may be left out.
        let is_unfinished = iops == Some("") && throughput.is_none() || throughput == Some("");
        if parts.next().is_some() || is_unfinished {
            return Err(InvalidVolume::Shape { text: excerpt(text) });
        }
        let volume_type = name.parse()?;
        let size_gb = whole(GB, size)?;
        let iops = iops.filter(|text| !text.is_empty()).map(|text| whole(IOPS, text)).transpose()?;
        let throughput = throughput.map(|text| whole(MIBPS, text)).transpose()?;
        VolumeSpec::new(volume_type, size_gb, iops, throughput)
    }
}

impl fmt::Display for VolumeSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.volume_type, self.size_gb)?;
        match (self.iops, self.throughput_mibps) {
            (None, None) => Ok(()),
            (Some(iops), None) => write!(f, ":{iops}"),
            (None, Some(throughput)) => write!(f, "::{throughput}"),
            (Some(iops), Some(throughput)) => write!(f, ":{iops}:{throughput}"),
        }
    }
}

/// Digits only: `u32::from_str` would take a sign as well.
fn whole(what: &'static str, text: &str) -> Result<u32, InvalidVolume> {
    let number = text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()));
    number.ok_or_else(|| InvalidVolume::Number { what, text: excerpt(text) })
}

fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
#[path = "volume_tests.rs"]
mod tests;
