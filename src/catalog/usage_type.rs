//! AWS's usage types, such as `USW2-BoxUsage:p3.2xlarge`: what a charge is for, and in which region.
//!
//! The names are those of AWS's own lists:
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html>,
//! <https://docs.aws.amazon.com/ebs/latest/userguide/ebs-billing.html> (read 2026-11-22).

use std::fmt;

use crate::catalog::{RateCard, VolumeType};

/// What usage of a type is, after the region's prefix and before the instance's or volume's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UsageKind {
    BoxUsage,
    SpotUsage,
    DedicatedUsage,
    /// Hours of a reservation itself, used or unused.
    Reservation,
    EbsOptimized,
    VolumeStorage,
    VolumeIops,
    VolumeThroughput,
    IoRequests,
    SnapshotArchive,
    Snapshot,
    PublicIpv4InUse,
    PublicIpv4Idle,
    NatGateway,
    DataTransfer,
    DedicatedHost,
}

/// Usage types as they begin after the region's prefix. A longer beginning stands before its own beginning.
const KINDS: [(&str, UsageKind); 23] = [
    ("BoxUsage", UsageKind::BoxUsage),
    ("SpotUsage", UsageKind::SpotUsage),
    ("DedicatedUsage", UsageKind::DedicatedUsage),
    ("UnusedBox", UsageKind::Reservation),
    ("UnusedDed", UsageKind::Reservation),
    ("Reservation", UsageKind::Reservation),
    ("HeavyUsage", UsageKind::Reservation),
    ("EBSOptimized", UsageKind::EbsOptimized),
    ("EBS:VolumeUsage", UsageKind::VolumeStorage),
    ("EBS:VolumeP-IOPS", UsageKind::VolumeIops),
    ("EBS:VolumeP-Throughput", UsageKind::VolumeThroughput),
    ("EBS:VolumeIOUsage", UsageKind::IoRequests),
    ("EBS:SnapshotArchive", UsageKind::SnapshotArchive),
    ("EBS:SnapshotUsage", UsageKind::Snapshot),
    ("PublicIPv4:InUseAddress", UsageKind::PublicIpv4InUse),
    ("PublicIPv4:IdleAddress", UsageKind::PublicIpv4Idle),
    // The name until public IPv4 addresses were charged for, 2024-02-01.
    ("ElasticIP:IdleAddress", UsageKind::PublicIpv4Idle),
    ("NatGateway", UsageKind::NatGateway),
    ("DataTransfer", UsageKind::DataTransfer),
    ("AWS-In-Bytes", UsageKind::DataTransfer),
    ("AWS-Out-Bytes", UsageKind::DataTransfer),
    ("HostUsage", UsageKind::DedicatedHost),
    ("HostBoxUsage", UsageKind::DedicatedHost),
];

impl UsageKind {
    /// The first name AWS has for it.
    pub fn name(self) -> &'static str {
        KINDS.into_iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name)
    }
}

/// A usage type taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UsageType<'a> {
    /// `USW2`, `USE1-LAX1`, empty in us-east-1.
    pub prefix: &'a str,
    pub kind: UsageKind,
    /// The instance type (`p3.2xlarge`), the volume type as usage types name it (`gp3`, `piops`, `io2.tier2`), the rest
    /// of the name, or nothing.
    pub detail: &'a str,
}

impl<'a> UsageType<'a> {
    /// `None` if it is none that is known here.
    pub fn read(text: &'a str) -> Option<UsageType<'a>> {
        let (prefix, bare) = split_prefix(text);
        let (name, kind) = KINDS.into_iter().find(|(name, _)| bare.starts_with(name))?;
        let detail = bare.get(name.len()..).unwrap_or_default().trim_start_matches([':', '.']);
        Some(UsageType { prefix, kind, detail })
    }

    /// Of usage in us-east-1, or where the region is told apart from it.
    pub const fn bare(kind: UsageKind, detail: &'a str) -> UsageType<'a> {
        UsageType { prefix: "", kind, detail }
    }

    /// Of storage, IOPS or throughput of a volume.
    pub fn of_volume(kind: UsageKind, volume_type: VolumeType) -> UsageType<'a> {
        UsageType::bare(kind, volume_type.usage_type_suffix().trim_start_matches('.'))
    }

    /// Of a volume's usage; io2's tiers are all io2. Magnetic storage has the bare name, a beginning of all the others.
    pub fn volume_type(&self) -> Option<VolumeType> {
        let is_volume =
            matches!(self.kind, UsageKind::VolumeStorage | UsageKind::VolumeIops | UsageKind::VolumeThroughput);
        match self.detail.split('.').next().unwrap_or_default() {
            "" => Some(VolumeType::Standard).filter(|_| self.kind == UsageKind::VolumeStorage),
            name => VolumeType::from_usage_type_suffix(&format!(".{name}")).filter(|_| is_volume),
        }
    }
}

/// As AWS writes it, without the region's prefix: `BoxUsage:p3.2xlarge`, `EBS:VolumeUsage.gp3`.
impl fmt::Display for UsageType<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.kind.name();
        let between = match self.detail {
            "" => "",
            _ if self.kind == UsageKind::SnapshotArchive => "",
            _ if name.contains(':') => ".",
            _ => ":",
        };
        write!(f, "{name}{between}{}", self.detail)
    }
}

/// A usage type without its region's prefix, of those that are not read here too.
pub fn without_region(usage_type: &str) -> &str {
    split_prefix(usage_type).1
}

/// `USW2-BoxUsage:p3.2xlarge` → `USW2`, `BoxUsage:p3.2xlarge`; `EBS:VolumeP-IOPS.gp3` has no prefix.
fn split_prefix(text: &str) -> (&str, &str) {
    let mut bare = text;
    while let Some((prefix, rest)) = bare.split_once('-') {
        let is_prefix =
            (2..=5).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_prefix || prefix == "AWS" {
            break;
        }
        bare = rest;
    }
    let prefix = text.get(..text.len() - bare.len()).unwrap_or_default();
    (prefix.trim_end_matches('-'), bare)
}

impl RateCard {
    /// The region whose usage types begin with `prefix` (`USW2`; nothing, or `USE1` in services' own, is us-east-1).
    /// `None` for prefixes that the card does not know, such as those of local zones.
    pub fn region_of_usage_prefix(&self, prefix: &str) -> Option<&str> {
        let is_it = |written: Option<&str>| written.is_some_and(|written| written.trim_end_matches('-') == prefix);
        let regions = || self.regions().iter();
        let found = regions().find(|region| is_it(region.usage_type_prefix));
        found.or_else(|| regions().find(|region| is_it(region.billing_code))).map(|region| region.code.as_ref())
    }

    /// A usage type as AWS writes it in a region: with its prefix where the card knows it.
    pub fn usage_type_in(&self, region: &str, bare: &str) -> String {
        let prefix = self.region(region).and_then(|region| region.usage_type_prefix);
        format!("{}{bare}", prefix.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_type_falls_apart_into_region_kind_and_detail() {
        for (text, prefix, kind, detail) in [
            ("BoxUsage:p3.2xlarge", "", UsageKind::BoxUsage, "p3.2xlarge"),
            ("USW2-SpotUsage:g5.xlarge", "USW2", UsageKind::SpotUsage, "g5.xlarge"),
            ("EU-EBS:VolumeUsage.gp3", "EU", UsageKind::VolumeStorage, "gp3"),
            ("EBS:VolumeUsage", "", UsageKind::VolumeStorage, ""),
            ("EUC1-EBS:VolumeP-IOPS.io2.tier2", "EUC1", UsageKind::VolumeIops, "io2.tier2"),
            ("EBS:VolumeP-Throughput.gp3", "", UsageKind::VolumeThroughput, "gp3"),
            ("USE1-PublicIPv4:InUseAddress", "USE1", UsageKind::PublicIpv4InUse, ""),
            ("ElasticIP:IdleAddress", "", UsageKind::PublicIpv4Idle, ""),
            ("USE1-USW2-AWS-Out-Bytes", "USE1-USW2", UsageKind::DataTransfer, ""),
            ("EBS:SnapshotArchiveStorage", "", UsageKind::SnapshotArchive, "Storage"),
        ] {
            assert_eq!(UsageType::read(text), Some(UsageType { prefix, kind, detail }), "{text}");
        }
        assert_eq!(UsageType::read("USE1-Requests-Tier1"), None);
    }

    #[test]
    fn a_usage_type_reads_back_as_it_is_written() {
        for text in [
            "BoxUsage:p3.2xlarge",
            "EBS:VolumeUsage",
            "EBS:VolumeUsage.piops",
            "EBS:SnapshotArchiveStorage",
            "PublicIPv4:IdleAddress",
        ] {
            assert_eq!(UsageType::read(text).expect("known").to_string(), text);
        }
        for volume_type in VolumeType::ALL {
            let written = UsageType::of_volume(UsageKind::VolumeStorage, volume_type).to_string();
            assert_eq!(UsageType::read(&written).expect("known").volume_type(), Some(volume_type), "{written}");
        }
        let tier = UsageType::read("EBS:VolumeP-IOPS.io2.tier3").expect("known");
        assert_eq!(tier.volume_type(), Some(VolumeType::Io2));
    }

    #[test]
    fn each_region_is_found_by_its_prefix() {
        let card = RateCard::shipped();
        for region in card.regions() {
            let Some(prefix) = region.usage_type_prefix else { continue };
            assert_eq!(card.region_of_usage_prefix(prefix.trim_end_matches('-')), Some(region.code.as_ref()));
        }
        assert_eq!(card.region_of_usage_prefix("USE1"), Some("us-east-1"));
        assert_eq!(card.region_of_usage_prefix("USW2-LAX1"), None);
        assert_eq!(card.usage_type_in("eu-west-1", "BoxUsage:p2.xlarge"), "EU-BoxUsage:p2.xlarge");
    }
}
