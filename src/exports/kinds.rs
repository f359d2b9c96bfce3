//! Kinds of rows that are no usage gpucost bills.

use std::fmt;

/// Why a row is not usage that gpucost bills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    OtherProvider,
    OtherService,
    /// Credits, taxes, purchases, adjustments.
    NotUsage,
    /// A correction of an invoice that was already issued.
    Correction,
    OtherCurrency,
    /// Hours of a commitment or capacity reservation itself, used or unused: no instance ran for them.
    Reservation,
    DataTransfer,
    NatGateway,
    /// The $0 rows of EBS-optimized instances.
    EbsOptimized,
    IoRequests,
    /// Another charge of EC2, EBS or VPC.
    OtherMeter,
}

impl SkipReason {
    pub const ALL: [SkipReason; 11] = [
        SkipReason::OtherProvider,
        SkipReason::OtherService,
        SkipReason::NotUsage,
        SkipReason::Correction,
        SkipReason::OtherCurrency,
        SkipReason::Reservation,
        SkipReason::DataTransfer,
        SkipReason::NatGateway,
        SkipReason::EbsOptimized,
        SkipReason::IoRequests,
        SkipReason::OtherMeter,
    ];

    pub const fn text(self) -> &'static str {
        match self {
            SkipReason::OtherProvider => "another provider than AWS",
            SkipReason::OtherService => "another service than EC2, EBS and public IPv4",
            SkipReason::NotUsage => "no usage (credit, tax, purchase or adjustment)",
            SkipReason::Correction => "a correction of an earlier invoice",
            SkipReason::OtherCurrency => "billed in another currency than USD",
            SkipReason::Reservation => "hours of a commitment or reservation, not of an instance",
            SkipReason::DataTransfer => "data transfer",
            SkipReason::NatGateway => "NAT gateway",
            SkipReason::EbsOptimized => "EBS optimization",
            SkipReason::IoRequests => "I/O requests of magnetic volumes",
            SkipReason::OtherMeter => "another charge of EC2, EBS or VPC",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.text())
    }
}
