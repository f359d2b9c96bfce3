//! Compute: per second, 60 s at least for each start, quantities in hours with 6 decimals.
//!
//! SUSE bills whole hours. <https://aws.amazon.com/ec2/pricing/on-demand/> (read 2026-11-22)

use rust_decimal::{Decimal, RoundingStrategy};

use super::MINIMUM_SECONDS;
use super::line_item::{LineItem, billed_seconds, with_minimum};
use crate::catalog::{Provenance, Rate, RateCard};
use crate::ledger::{Meter, Purchase, Subject, Usage};
use crate::quantity::{Quantity, Unit};
use crate::time::{HOUR_DECIMALS, Period};

pub(super) fn line_item(usage: &Usage, part: Period, card: &RateCard) -> LineItem {
    let Subject::Compute { instance_type, platform, purchase, usd_per_hour, session } = &usage.subject else {
        unreachable!("billing::line_items_of_day sends compute here alone")
    };
    let seconds = billed_seconds(part, usage.hours_per_day)
        + Decimal::from(with_minimum(part, *session, |whole| at_least(platform, whole)));
    let quantity = instance_hours(seconds);
    let line = LineItem::new(usage, Meter::Compute, instance_type.clone(), part);
    if let Some(usd) = usd_per_hour {
        let rate = Rate { usd: *usd, unit: Unit::InstanceHour, provenance: noted_rate(usage) };
        return line.priced(quantity, Ok(rate));
    }
    match purchase {
        Purchase::Spot => line.unrated(Some(quantity), "the spot price paid is not in the records"),
        Purchase::Committed => line.unrated(Some(quantity), "covered by a commitment that the records do not price"),
        _ if !is_linux(platform) => {
            line.unrated(Some(quantity), format!("the card has Linux rates, this is {platform}"))
        }
        _ => line.priced(quantity, card.on_demand(&usage.resource.region, instance_type)),
    }
}

pub(super) fn instance_hours(seconds: Decimal) -> Quantity {
    let hours =
        (seconds / Decimal::from(3600)).round_dp_with_strategy(HOUR_DECIMALS, RoundingStrategy::MidpointAwayFromZero);
    Quantity::new(hours, Unit::InstanceHour)
}

fn is_linux(platform: &str) -> bool {
    platform.is_empty() || platform == "Linux/UNIX"
}

fn at_least(platform: &str, seconds: i64) -> i64 {
    if platform.starts_with("SUSE") {
        return (seconds.max(1) + 3599) / 3600 * 3600;
    }
    seconds.max(MINIMUM_SECONDS)
}

fn noted_rate(usage: &Usage) -> Provenance {
    let source = usage.evidence.first().map_or_else(|| "own notes".to_owned(), ToString::to_string);
    Provenance {
        as_of: usage.period.start.strftime("%Y-%m-%d").to_string().into(),
        source: source.into(),
        sku_rate_code: None,
        mark: None,
    }
}
