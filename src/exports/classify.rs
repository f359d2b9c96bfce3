//! What a row charges for, from the texts AWS writes: service, unit, usage type, description.
//!
//! Descriptions and units are those of the FOCUS Foundation's FOCUS 1.0 sample (real AWS rows of September
//! 2024); usage types are the catalog's.
//! Resource ids are never used: anonymised exports mangle them.

use super::kinds::SkipReason;
use crate::catalog::{UsageKind, UsageType, VolumeType};
use crate::ledger::{Meter, Purchase};

/// The texts of a row that say what it charges for; empty where the export is silent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Texts<'a> {
    pub provider: &'a str,
    pub service: &'a str,
    pub service_code: &'a str,
    pub charge_category: &'a str,
    pub charge_class: &'a str,
    pub currency: &'a str,
    pub pricing_category: &'a str,
    pub commitment_type: &'a str,
    pub commitment_status: &'a str,
    pub reservation_status: &'a str,
    pub unit: &'a str,
    pub description: &'a str,
    pub usage_type: &'a str,
    pub sku_meter: &'a str,
    pub sku_price_details: &'a str,
}

/// What a row charges for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Charge {
    pub meter: Meter,
    pub purchase: Purchase,
    pub instance_type: String,
    pub volume_type: String,
}

pub(super) fn is_aws(provider: &str) -> bool {
    provider == "AWS" || provider.starts_with("Amazon Web Services")
}

pub(super) fn is_ec2_or_vpc(service: &str, service_code: &str) -> bool {
    matches!(service_code, "AmazonEC2" | "AmazonVPC")
        || matches!(
            service,
            "Amazon Elastic Compute Cloud" | "Amazon Virtual Private Cloud" | "Amazon Elastic Block Store"
        )
}

pub(super) fn classify(texts: &Texts<'_>) -> Result<Charge, SkipReason> {
    if !is_aws(texts.provider) {
        return Err(SkipReason::OtherProvider);
    }
    if !is_ec2_or_vpc(texts.service, texts.service_code) {
        return Err(SkipReason::OtherService);
    }
    if texts.charge_category != "Usage" {
        return Err(SkipReason::NotUsage);
    }
    if texts.charge_class == "Correction" {
        return Err(SkipReason::Correction);
    }
    if texts.currency != "USD" {
        return Err(SkipReason::OtherCurrency);
    }
    if texts.commitment_status == "Unused" || texts.reservation_status == "Unused" {
        return Err(SkipReason::Reservation);
    }
    let usage_type = [texts.usage_type, texts.sku_meter].into_iter().find_map(UsageType::read);
    let words = texts.description.to_ascii_lowercase();
    let meter = match &usage_type {
        Some(usage_type) => meter_of(usage_type.kind)?,
        None => described_meter(texts.unit, &words)?,
    };
    let (instance_type, volume_type) = match meter {
        Meter::Compute => (
            instance_type(usage_type.as_ref().map_or("", |usage_type| usage_type.detail), texts, &words),
            String::new(),
        ),
        Meter::VolumeStorage | Meter::VolumeIops | Meter::VolumeThroughput => {
            (String::new(), volume_type(usage_type.as_ref(), &words))
        }
        _ => (String::new(), String::new()),
    };
    let spot = usage_type.is_some_and(|usage_type| usage_type.kind == UsageKind::SpotUsage);
    let purchase = purchase(texts, spot, &words);
    Ok(Charge { meter, purchase, instance_type, volume_type })
}

fn purchase(texts: &Texts<'_>, spot: bool, words: &str) -> Purchase {
    if !texts.commitment_type.is_empty() || texts.pricing_category == "Committed" {
        Purchase::Committed
    } else if spot || texts.pricing_category == "Dynamic" || words.contains("spot instance") {
        Purchase::Spot
    } else if texts.pricing_category == "Standard" || words.contains("on demand") {
        Purchase::OnDemand
    } else {
        Purchase::Other
    }
}

/// What usage of a kind is metered as, or why it is none that gpucost bills.
fn meter_of(kind: UsageKind) -> Result<Meter, SkipReason> {
    Meter::of(kind).ok_or(match kind {
        UsageKind::Reservation => SkipReason::Reservation,
        UsageKind::EbsOptimized => SkipReason::EbsOptimized,
        UsageKind::IoRequests => SkipReason::IoRequests,
        UsageKind::NatGateway => SkipReason::NatGateway,
        UsageKind::DataTransfer => SkipReason::DataTransfer,
        _ => SkipReason::OtherMeter,
    })
}

/// The meter by pricing unit and description, in lower case.
fn described_meter(unit: &str, words: &str) -> Result<Meter, SkipReason> {
    let has = |part: &str| words.contains(part);
    match unit.to_ascii_lowercase().as_str() {
        "hours" | "hrs" | "hour" => described_hours(words),
        "gb-months" | "gb-mo" | "gb-month" if has("snapshot") => {
            if has("archive") {
                Err(SkipReason::OtherMeter)
            } else {
                Ok(Meter::Snapshot)
            }
        }
        "gb-months" | "gb-mo" | "gb-month" if has("provisioned storage") => Ok(Meter::VolumeStorage),
        "iops-months" | "iops-mo" | "iops-month" if has("iops") => Ok(Meter::VolumeIops),
        "gib/second-months" | "gibps-mo" | "gibps-months" | "gibps-month" => Ok(Meter::VolumeThroughput),
        "ios" => Err(SkipReason::IoRequests),
        "gb" if has("nat gateway") => Err(SkipReason::NatGateway),
        "gb" if has("data transfer") || has("-bytes") => Err(SkipReason::DataTransfer),
        _ => Err(SkipReason::OtherMeter),
    }
}

fn described_hours(words: &str) -> Result<Meter, SkipReason> {
    let has = |part: &str| words.contains(part);
    if has("in-use public ipv4") {
        Ok(Meter::PublicIpv4InUse)
    } else if has("idle public ipv4") || has("elastic ip address not attached") {
        Ok(Meter::PublicIpv4Idle)
    } else if has("nat gateway") {
        Err(SkipReason::NatGateway)
    } else if has("mbps") || has("ebs-optimized") || has("ebs optimized") {
        Err(SkipReason::EbsOptimized)
    } else if has("unused reservation") {
        Err(SkipReason::Reservation)
    } else if has("dedicated host") || instance_type_in(words).is_none() {
        Err(SkipReason::OtherMeter)
    } else {
        Ok(Meter::Compute)
    }
}

fn instance_type(usage_detail: &str, texts: &Texts<'_>, words: &str) -> String {
    if is_instance_type(usage_detail) {
        return usage_detail.to_owned();
    }
    instance_type_in(words)
        .map(str::to_owned)
        .or_else(|| detailed_instance_type(texts.sku_price_details))
        .unwrap_or_default()
}

/// FOCUS 1.1 and later give SKU properties as JSON: `{"InstanceType": "g5.xlarge", …}`, AWS with a small `i`.
fn detailed_instance_type(json: &str) -> Option<String> {
    let details: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).ok()?;
    let (_, value) = details.iter().find(|(key, _)| key.eq_ignore_ascii_case("instancetype"))?;
    value.as_str().filter(|text| is_instance_type(text)).map(str::to_owned)
}

fn instance_type_in(words: &str) -> Option<&str> {
    words.split([' ', ',', '(', ')', ';']).find(|word| is_instance_type(word))
}

/// `c5.2xlarge`, `m7i-flex.xlarge`, `u-6tb1.112xlarge`, `g4dn.metal`, `m7i.metal-24xl`.
pub(super) fn is_instance_type(word: &str) -> bool {
    let Some((family, size)) = word.split_once('.') else {
        return false;
    };
    let named = family.starts_with(|c: char| c.is_ascii_lowercase())
        && family.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    let bare = size.trim_start_matches(|c: char| c.is_ascii_digit());
    named
        && (matches!(bare, "nano" | "micro" | "small" | "medium" | "large" | "xlarge")
            || size == "metal"
            || size.starts_with("metal-"))
}

/// Whether an instance type has GPUs or other accelerators, by its family: p, g, gr, trn, inf, dl and a digit.
/// <https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html>
pub(super) fn is_accelerated(instance_type: &str) -> bool {
    let digit = instance_type.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(0);
    let (letters, rest) = instance_type.split_at(digit);
    matches!(letters, "p" | "g" | "gr" | "trn" | "inf" | "dl") && rest.starts_with(|c: char| c.is_ascii_digit())
}

const VOLUME_TYPES: [&str; 6] = ["gp2", "gp3", "io1", "io2", "st1", "sc1"];

/// The EBS API's name of the volume type; empty if the texts do not say.
fn volume_type(usage_type: Option<&UsageType<'_>>, words: &str) -> String {
    let from_usage = usage_type.and_then(UsageType::volume_type).map(VolumeType::name);
    let from_words = || words.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| VOLUME_TYPES.contains(word));
    let magnetic = || words.contains("magnetic").then_some("standard");
    from_usage.or_else(from_words).or_else(magnetic).unwrap_or_default().to_owned()
}
