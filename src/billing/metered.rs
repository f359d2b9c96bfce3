//! What AWS metered: the export's quantity at the export's own list rate.

use super::compute;
use super::line_item::{Charge, LineItem};
use crate::catalog::{Provenance, Rate, UsageType, VolumeType};
use crate::ledger::{Certainty, Evidence, Meter, Metered, Phase, Resource};
use crate::quantity::Quantity;
use crate::time::Period;

pub(super) fn line_item(row: &Metered, evidence: &Evidence) -> LineItem {
    let quantity = Quantity::new(row.quantity, row.unit);
    let charge = match row.rate {
        None => Charge::Unrated { why: "the export names no rate".to_owned() },
        Some(usd) => Charge::of(quantity, Ok(Rate { usd, unit: row.unit, provenance: provenance(row, evidence) })),
    };
    LineItem {
        resource: Resource {
            account: row.account.clone(),
            region: row.region.clone(),
            id: row.resource_id.clone(),
            name: row.name.clone(),
            instance_id: (row.meter == Meter::Compute).then(|| row.resource_id.clone()),
            tags: row.tags.clone(),
        },
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
        evidence: vec![evidence.clone()],
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
fn usage_type(row: &Metered) -> Option<String> {
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
