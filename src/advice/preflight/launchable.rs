//! Whether AWS offers the type today, and what it gives for nothing.

use crate::advice::preflight::{Check, Found, OfferedIn, Outcome, Plan, Zone, api_region};
use crate::catalog::{RateCard, region_of_zone};

const OFFERINGS: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypeOfferings.html";
/// Which types the free tier has, AWS says of each: `FreeTierEligible`. What credits pay, only the billing console does.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceTypeInfo.html> (read 2026-11-23)
const FREE_TIER: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceTypeInfo.html";
const IPV4: &str = "https://repost.aws/articles/ARknH_OR0cTvqoTfJrVGaB8A";

/// A rate is not availability: what matters is where AWS offers the type today.
pub(super) fn offered(plan: &Plan, found: &Found) -> Check {
    const SUBJECT: &str = "offered";
    let offerings = match &found.offerings {
        Ok(offerings) => offerings,
        Err(untold) => {
            let card = plan.kind.map(|kind| format!("; the rate card: {}", kind.offering)).unwrap_or_default();
            return Check::untold(SUBJECT, untold, &card).source(OFFERINGS);
        }
    };
    let here = zones_of(plan.instance_type, plan.region, offerings);
    let check = if here.is_empty() {
        let card = plan.kind.filter(|kind| !kind.offering.is_offered()).map(|kind| format!("; {}", kind.offering));
        let text = format!("not in {} today{}", plan.region, card.unwrap_or_default());
        Check::new(SUBJECT, Outcome::Warning, text).advice(instead(plan, offerings))
    } else {
        let named: Vec<String> = here.iter().map(|zone| with_id(zone, found.zones.as_deref().unwrap_or(&[]))).collect();
        let text = format!("in {}", named.join(", "));
        Check::new(SUBJECT, Outcome::Ok, format!("{text}{}", elsewhere(&here, plan.region, found)))
    };
    check.source(OFFERINGS)
}

/// The zones of this region, and not of the local zones beside it, which the card prices apart.
fn zones_of<'a>(instance_type: &str, region: &str, offerings: &'a [OfferedIn]) -> Vec<&'a str> {
    let here = offerings.iter().filter(|o| o.instance_type == instance_type && region_of_zone(&o.zone) == region);
    let mut zones: Vec<&str> = here.map(|offered| offered.zone.as_str()).collect();
    zones.sort_unstable();
    zones
}

fn with_id(zone: &str, zones: &[Zone]) -> String {
    let id = zones.iter().find(|known| known.name == zone).map(|known| &known.id);
    id.map_or_else(|| zone.to_owned(), |id| format!("{zone} ({id})"))
}

/// A subnet in one of the other zones cannot start it.
fn elsewhere(here: &[&str], region: &str, found: &Found) -> String {
    let zones = found.zones.as_deref().unwrap_or(&[]);
    let others: Vec<&str> = zones
        .iter()
        .map(|zone| zone.name.as_str())
        .filter(|zone| region_of_zone(zone) == region && !here.contains(zone))
        .collect();
    if others.is_empty() { String::new() } else { format!("; not in {}", others.join(", ")) }
}

fn instead(plan: &Plan, offerings: &[OfferedIn]) -> String {
    if api_region(plan.region) != plan.region {
        return "A zone beside its region offers nothing before it is enabled in the account (EC2 console, Zones)."
            .into();
    }
    let successors = plan.successors();
    let offered = |name: &&String| !zones_of(name, plan.region, offerings).is_empty();
    let (here, gone): (Vec<&String>, Vec<&String>) = successors.iter().partition(offered);
    let list = |names: &[&String]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    match (here.is_empty(), gone.is_empty()) {
        (false, _) => format!("Offered in {} today, of about as many GPUs: {}.", plan.region, list(&here)),
        (true, false) => format!("Nor are {} offered there: try another --region.", list(&gone)),
        (true, true) => "`gpucost rates` has types to take instead; or try another --region.".to_owned(),
    }
}

/// Said carefully: which types the free tier has is AWS's word; what credits pay is not to be had here.
pub(super) fn free_tier(plan: &Plan, found: &Found) -> Check {
    const SUBJECT: &str = "free tier";
    let spec = found.types.as_ref().ok().and_then(|types| types.iter().find(|spec| spec.name == plan.instance_type));
    let accelerated = plan.kind.is_some_and(|kind| kind.accelerator.is_some());
    let check = match spec.and_then(|spec| spec.free_tier) {
        Some(true) => Check::new(SUBJECT, Outcome::Note, "the type is eligible, if the account still has a free tier"),
        Some(false) => Check::new(SUBJECT, Outcome::Note, "does not cover this type: every hour is billed"),
        None if accelerated => Check::new(SUBJECT, Outcome::Note, "does not cover GPU types: every hour is billed"),
        None => Check::new(SUBJECT, Outcome::Note, "not known to cover this type: expect every hour to be billed"),
    };
    let credits = "Credits of a new account are money, not free hours: whether they pay for this, and how much is left, \
                   the billing console says under Credits. The quote counts none.";
    check.advice(credits).source(FREE_TIER)
}

pub(super) fn public_ipv4(plan: &Plan, card: &RateCard) -> Check {
    const SUBJECT: &str = "public IPv4";
    if !plan.public_ipv4 {
        return Check::new(SUBJECT, Outcome::Ok, "none asked for");
    }
    let check = match card.public_ipv4(plan.region, true) {
        Ok(rate) => {
            let text = format!("{}/h while it runs; an Elastic IP also while it is stopped", rate.usd.rate());
            Check::new(SUBJECT, Outcome::Note, text)
        }
        Err(error) => Check::new(SUBJECT, Outcome::CouldNotCheck, error.to_string()),
    };
    check.source(IPV4)
}
