//! What a usage type of EBS is the rate of, and in which unit it is listed.

use rust_decimal::Decimal;

use crate::catalog::SnapshotRate;
use crate::catalog::VolumeRate;
use crate::catalog::VolumeType;

/// How they all begin.
pub(super) const EBS: &str = "EBS:";
const STORAGE: &str = "EBS:VolumeUsage";

/// A rate of the catalog that EBS usage types name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dimension {
    Volume(VolumeType, VolumeRate),
    Snapshot(SnapshotRate),
}

impl Dimension {
    /// Of a whole usage type without its region's prefix: `EBS:VolumeUsage` (standard) is how all the others begin.
    /// Those of the archive are AWS's "usage types to identify the associated costs":
    /// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/snapshot-archive.html>
    pub(super) fn of(usage_type: &str) -> Option<Dimension> {
        if let Some(suffix) = usage_type.strip_prefix(STORAGE) {
            return VolumeType::from_usage_type_suffix(suffix).map(|kind| Dimension::Volume(kind, VolumeRate::Storage));
        }
        Some(match usage_type {
            "EBS:VolumeP-IOPS.gp3" => Dimension::Volume(VolumeType::Gp3, VolumeRate::Iops),
            "EBS:VolumeP-Throughput.gp3" => Dimension::Volume(VolumeType::Gp3, VolumeRate::Throughput),
            "EBS:VolumeP-IOPS.piops" => Dimension::Volume(VolumeType::Io1, VolumeRate::Iops),
            "EBS:VolumeP-IOPS.io2" | "EBS:VolumeP-IOPS.io2.tier1" => {
                Dimension::Volume(VolumeType::Io2, VolumeRate::IopsTier1)
            }
            "EBS:VolumeP-IOPS.io2.tier2" => Dimension::Volume(VolumeType::Io2, VolumeRate::IopsTier2),
            "EBS:VolumeP-IOPS.io2.tier3" => Dimension::Volume(VolumeType::Io2, VolumeRate::IopsTier3),
            "EBS:VolumeIOUsage" => Dimension::Volume(VolumeType::Standard, VolumeRate::IoRequest),
            "EBS:SnapshotUsage" => Dimension::Snapshot(SnapshotRate::Standard),
            "EBS:SnapshotArchiveStorage" => Dimension::Snapshot(SnapshotRate::Archive),
            "EBS:SnapshotArchiveRetrieval" => Dimension::Snapshot(SnapshotRate::ArchiveRetrieval),
            "EBS:SnapshotArchiveEarlyDelete" => Dimension::Snapshot(SnapshotRate::ArchiveEarlyDelete),
            "EBS:FastSnapshotRestore" => Dimension::Snapshot(SnapshotRate::FastRestore),
            _ => return None,
        })
    }

    /// How many of the listed unit the catalog's unit is. `None`: that unit does not fit the rate.
    pub(super) fn units_of(self, listed: &str) -> Option<Decimal> {
        let listed = listed.to_ascii_lowercase();
        let fits = |units: &[&str]| units.contains(&listed.as_str()).then_some(Decimal::ONE);
        match self {
            // io2's storage is listed per `GB-month`, the others' per `GB-Mo`.
            Dimension::Volume(_, VolumeRate::Storage)
            | Dimension::Snapshot(SnapshotRate::Standard | SnapshotRate::Archive) => fits(&["gb-mo", "gb-month"]),
            // What is left of 90 days is charged: a GB-month by what it counts, listed as `GB` as well.
            Dimension::Snapshot(SnapshotRate::ArchiveEarlyDelete) => fits(&["gb-mo", "gb-month", "gb"]),
            Dimension::Snapshot(SnapshotRate::ArchiveRetrieval) => fits(&["gb"]),
            Dimension::Snapshot(SnapshotRate::FastRestore) => fits(&["dsu-hours", "dsu-hour", "hours", "hrs"]),
            Dimension::Volume(_, VolumeRate::Throughput) => {
                fits(&["gibps-mo"]).or_else(|| (listed == "mibps-mo").then(|| Decimal::from(1024)))
            }
            Dimension::Volume(_, VolumeRate::IoRequest) => fits(&["ios"]),
            Dimension::Volume(..) => fits(&["iops-mo", "iops-month"]),
        }
    }

    /// `gp3 iops`, `snapshot archive`.
    pub(super) fn name(self) -> String {
        match self {
            Dimension::Volume(kind, rate) => format!("{kind} {}", rate.name()),
            Dimension::Snapshot(rate) => format!("snapshot {}", rate.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_usage_types_are_rates() {
        for other in [
            "EBS:VolumeUsage.gp4",
            "EBS:VolumeUsage.gp2.outposts",
            "EBS:VolumeP-IOPS",
            "EBS:SnapshotUsageUnderBilling",
            "EBS:SnapshotArchive",
            "EBS:TimeBasedSnapshotCopy.tier1",
            "EBS:directAPI.snapshot.List",
            "BoxUsage:p3.2xlarge",
            "",
        ] {
            assert_eq!(Dimension::of(other), None, "{other}");
        }
        assert_eq!(Dimension::of(STORAGE), Some(Dimension::Volume(VolumeType::Standard, VolumeRate::Storage)));
    }
}
