//! Rates, and where each was read.

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::catalog::SavingsPlanKind;
use crate::money::Usd;
use crate::quantity::Unit;
use crate::time::Period;

/// A publication rates and facts were read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    pub id: &'static str,
    pub title: &'static str,
    /// Empty if it is not on the web.
    pub url: &'static str,
    /// SPDX name of the license the publication is under, where known.
    pub license: Option<&'static str>,
}

/// Where and when a figure was read: what lets a reader trace it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// `2025-04-04`, `2024-07`, `2023`, or an interval `2025-10-17/2026-05-02` within which it was read.
    pub as_of: Cow<'static, str>,
    /// Id of a [`Source`].
    pub source: Cow<'static, str>,
    /// AWS's `SKU.OfferTermCode.RateCode`, where the source kept it.
    pub sku_rate_code: Option<Cow<'static, str>>,
    /// Why the figure is not to be taken as fresh (`stale: before the June 2025 cut`, `undated: commit date`).
    pub mark: Option<Cow<'static, str>>,
}

/// What one unit costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    pub usd: Usd,
    pub unit: Unit,
    pub provenance: Provenance,
}

/// A spot price seen in one zone: a reference value, not a quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpotRate {
    /// `use1-az2`; `None` is the lowest of the region's zones.
    pub az_id: Option<Cow<'static, str>>,
    /// A price seen once, or the mean over [`SpotSeen`].
    pub usd_per_hour: Usd,
    /// `None`: a price seen once.
    pub seen: Option<SpotSeen>,
    pub provenance: Provenance,
}

/// What a zone's spot price did within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpotSeen {
    pub window: Period,
    /// At the window's end.
    pub now: Usd,
    pub min: Usd,
    pub max: Usd,
}

/// How much of a Reserved Instance is paid when it is bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentOption {
    NoUpfront,
    PartialUpfront,
    AllUpfront,
}

impl PaymentOption {
    /// As AWS writes it.
    pub const fn name(self) -> &'static str {
        match self {
            PaymentOption::NoUpfront => "No Upfront",
            PaymentOption::PartialUpfront => "Partial Upfront",
            PaymentOption::AllUpfront => "All Upfront",
        }
    }
}

impl fmt::Display for PaymentOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Whether a Reserved Instance may be exchanged for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OfferingClass {
    Standard,
    Convertible,
}

impl OfferingClass {
    /// As AWS writes it.
    pub const fn name(self) -> &'static str {
        match self {
            OfferingClass::Standard => "standard",
            OfferingClass::Convertible => "convertible",
        }
    }
}

impl fmt::Display for OfferingClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Hours in a year of commitment, as AWS bills Reserved Instances.
pub const COMMITMENT_YEAR_HOURS: u32 = 8760;

/// One Reserved Instance offering: a fee at the start and a rate for every hour of the term, used or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservedRate {
    pub region: Cow<'static, str>,
    pub instance_type: Cow<'static, str>,
    pub term_years: u8,
    pub payment_option: PaymentOption,
    pub offering_class: OfferingClass,
    /// Paid once. All-upfront offerings have only this: their `hourly` is zero.
    pub upfront: Usd,
    pub hourly: Usd,
    pub provenance: Provenance,
}

impl ReservedRate {
    /// Hours of the whole term.
    pub fn term_hours(&self) -> Decimal {
        Decimal::from(u32::from(self.term_years) * COMMITMENT_YEAR_HOURS)
    }

    /// What an hour of the term costs with the fee spread over it: hourly + upfront / (8760 × years).
    /// Not rounded beyond 28 digits. `None` for a term of no years or amounts out of range.
    pub fn effective_hourly(&self) -> Option<Usd> {
        ReservedRate::effective(self.hourly, self.upfront, self.term_years)
    }

    /// Of any offering: see [`ReservedRate::effective_hourly`].
    pub fn effective(hourly: Usd, upfront: Usd, term_years: u8) -> Option<Usd> {
        let hours = Decimal::from(u32::from(term_years) * COMMITMENT_YEAR_HOURS);
        hourly.checked_add(upfront.scaled(Decimal::ONE, hours)?)
    }
}

/// An hour of an instance type on Linux under a Savings Plan, whichever way the plan is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavingsPlanRate {
    pub region: String,
    pub instance_type: String,
    pub kind: SavingsPlanKind,
    pub term_years: u8,
    pub payment_option: PaymentOption,
    /// Owed in every hour of the term, used or not.
    pub hourly: Usd,
    pub provenance: Provenance,
}

impl SavingsPlanRate {
    /// Hours of the whole term.
    pub fn term_hours(&self) -> Decimal {
        Decimal::from(u32::from(self.term_years) * COMMITMENT_YEAR_HOURS)
    }

    /// The part of the hourly rate that is paid when the plan is bought: all of it, half, the least AWS takes, or nothing.
    /// Partial Upfront takes 50 to 99 percent of the plan's total value at once.
    /// <https://docs.aws.amazon.com/savingsplans/latest/APIReference/API_CreateSavingsPlan.html> (read 2026-11-28)
    fn prepaid_share(&self) -> Decimal {
        match self.payment_option {
            PaymentOption::NoUpfront => Decimal::ZERO,
            PaymentOption::PartialUpfront => Decimal::new(5, 1),
            PaymentOption::AllUpfront => Decimal::ONE,
        }
    }

    /// What is paid when the plan is bought, and what each hour of its term then still costs.
    /// `None` if a product leaves the range of decimals.
    pub fn upfront_and_hourly(&self) -> Option<(Usd, Usd)> {
        let prepaid = self.hourly.scaled(self.prepaid_share(), Decimal::ONE)?;
        Some((prepaid.scaled(self.term_hours(), Decimal::ONE)?, self.hourly.checked_add(-prepaid)?))
    }
}
