//! What AWS metered: the export's quantity at the export's own list rate.

use std::sync::Arc;

use super::compute;
use super::line_item::{Charge, LineItem};
use crate::catalog::{NoRate, Provenance, Rate, RateCard, SnapshotRate, UsageType, VolumeRate, VolumeType};
use crate::ledger::{Certainty, Evidence, EvidenceKind, Meter, Metered, Phase, Purchase, Resource};
use crate::quantity::Quantity;
use crate::time::Period;

pub(super) fn line_item(row: &Metered, evidence: &Evidence) -> LineItem {
    let quantity = Quantity::new(row.quantity, row.unit);
    let charge = match row.rate {
        None if evidence.kind == EvidenceKind::CostExplorer => {
            Charge::Unrated { why: "AWS charged nothing for it by itself".to_owned() }
        }
        None => Charge::Unrated { why: "the export names no rate".to_owned() },
        Some(usd) => Charge::of(quantity, Ok(Rate { usd, unit: row.unit, provenance: provenance(row, evidence) })),
    };
    LineItem {
        resource: Arc::new(Resource {
            account: row.account.clone(),
            region: row.region.clone(),
            id: row.resource_id.clone(),
            name: row.name.clone(),
            instance_id: (row.meter == Meter::Compute).then(|| row.resource_id.clone()),
            tags: row.tags.clone(),
        }),
        meter: row.meter,
        subject: subject(row),
        usage_type: usage_type(row),
        phase: if row.meter == Meter::Compute { Phase::Running } else { Phase::Unknown },
        certainty: Certainty::Measured,
        period: Period { start: row.start, end: row.end },
        quantity: Some(quantity),
        charge,
        billed_cost: Some(row.billed_cost),
        effective_cost: Some(row.effective_cost),
        evidence: Arc::from([evidence.clone()]),
    }
}

/// What an export metered at the card's rates instead of its own: nothing is known of the export but its quantities.
pub fn at_card_rate(row: &Metered, evidence: &Evidence, card: &RateCard) -> LineItem {
    let line = LineItem { billed_cost: None, effective_cost: None, ..line_item(row, evidence) };
    let charge = match card_rate(row, card) {
        Ok(rate) => Charge::of(Quantity::new(row.quantity, row.unit), rate),
        Err(why) => Charge::Unrated { why: why.to_owned() },
    };
    LineItem { charge, ..line }
}

fn card_rate(row: &Metered, card: &RateCard) -> Result<Result<Rate, NoRate>, &'static str> {
    let volume = |rate_of: fn(VolumeType) -> Option<VolumeRate>| {
        let volume_type = row.volume_type.as_deref().and_then(VolumeType::from_name);
        let volume_type = volume_type.ok_or("the export does not name the volume's type")?;
        let rate = rate_of(volume_type).ok_or("the export does not name the tier of these IOPS")?;
        Ok(card.volume(&row.region, volume_type, rate))
    };
    match row.meter {
        Meter::Compute if row.purchase == Purchase::Spot => Err("spot has no rate of its own"),
        Meter::Compute => {
            let instance_type = row.instance_type.as_deref().ok_or("the export does not name the instance's type")?;
            Ok(card.on_demand(&row.region, instance_type))
        }
        Meter::VolumeStorage => volume(|_| Some(VolumeRate::Storage)),
        Meter::VolumeIops => volume(|kind| (kind != VolumeType::Io2).then_some(VolumeRate::Iops)),
        Meter::VolumeThroughput => volume(|_| Some(VolumeRate::Throughput)),
        Meter::Snapshot => Ok(card.snapshot(&row.region, SnapshotRate::Standard)),
        Meter::PublicIpv4InUse => Ok(card.public_ipv4(&row.region, true)),
        Meter::PublicIpv4Idle => Ok(card.public_ipv4(&row.region, false)),
    }
}

fn provenance(row: &Metered, evidence: &Evidence) -> Provenance {
    Provenance {
        as_of: row.day.to_string().into(),
        source: evidence.to_string().into(),
        sku_rate_code: row.sku_price_id.clone().map(Into::into),
        mark: None,
    }
}

/// `None` where the export does not name the instance's or the volume's type.
pub(super) fn usage_type(row: &Metered) -> Option<String> {
    let usage_type = match row.meter {
        Meter::Compute => compute::usage_type(row.purchase, row.instance_type.as_deref()?),
        Meter::VolumeStorage | Meter::VolumeIops | Meter::VolumeThroughput => {
            let volume_type = VolumeType::from_name(row.volume_type.as_deref()?)?;
            UsageType::of_volume(row.meter.usage_kind(), volume_type)
        }
        Meter::Snapshot | Meter::PublicIpv4InUse | Meter::PublicIpv4Idle => UsageType::bare(row.meter.usage_kind(), ""),
    };
    Some(usage_type.to_string())
}

fn subject(row: &Metered) -> String {
    let of = |kind: &Option<String>| kind.as_ref().map_or(String::new(), |kind| format!("{kind} "));
    match row.meter {
        Meter::Compute => row.instance_type.clone().unwrap_or_else(|| "instance of unknown type".to_owned()),
        Meter::VolumeStorage | Meter::VolumeIops | Meter::VolumeThroughput => {
            format!("{}{}", of(&row.volume_type), row.meter.name())
        }
        Meter::Snapshot => "snapshot".to_owned(),
        Meter::PublicIpv4InUse => "public IPv4 address".to_owned(),
        Meter::PublicIpv4Idle => "idle public IPv4 address".to_owned(),
    }
}
