//! The meters of AWS's usage types.

use super::fact::Meter;
use crate::catalog::UsageKind;

impl Meter {
    /// What usage of a kind is metered as; `None` for what gpucost does not bill.
    pub const fn of(kind: UsageKind) -> Option<Meter> {
        match kind {
            UsageKind::BoxUsage | UsageKind::SpotUsage | UsageKind::DedicatedUsage => Some(Meter::Compute),
            UsageKind::VolumeStorage => Some(Meter::VolumeStorage),
            UsageKind::VolumeIops => Some(Meter::VolumeIops),
            UsageKind::VolumeThroughput => Some(Meter::VolumeThroughput),
            UsageKind::Snapshot => Some(Meter::Snapshot),
            UsageKind::PublicIpv4InUse => Some(Meter::PublicIpv4InUse),
            UsageKind::PublicIpv4Idle => Some(Meter::PublicIpv4Idle),
            UsageKind::Reservation
            | UsageKind::EbsOptimized
            | UsageKind::IoRequests
            | UsageKind::SnapshotArchive
            | UsageKind::NatGateway
            | UsageKind::DataTransfer
            | UsageKind::DedicatedHost => None,
        }
    }

    /// The kind of usage AWS meters so; compute that is not spot.
    pub const fn usage_kind(self) -> UsageKind {
        match self {
            Meter::Compute => UsageKind::BoxUsage,
            Meter::VolumeStorage => UsageKind::VolumeStorage,
            Meter::VolumeIops => UsageKind::VolumeIops,
            Meter::VolumeThroughput => UsageKind::VolumeThroughput,
            Meter::Snapshot => UsageKind::Snapshot,
            Meter::PublicIpv4InUse => UsageKind::PublicIpv4InUse,
            Meter::PublicIpv4Idle => UsageKind::PublicIpv4Idle,
        }
    }
}
