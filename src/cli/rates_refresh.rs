//! `gpucost rates refresh`: the rates that AWS publishes now, into the cache.

use super::args::RefreshArgs;
use super::error::{Exit, Failure};
use super::rates::named;
use super::rates_fetch::{Errand, default_families, fetch};
use super::request::Request;
use super::show;
use super::track::refuse_as_of;
use crate::catalog::{RateCard, RegionKind};
use crate::report::rates_refreshed::refreshed_table;

/// Regions that fail are said, the others are stored (exit 4).
///
/// # Errors
/// No network is allowed, or there is no place for a cache.
pub fn run(args: &RefreshArgs, request: &Request) -> Result<Exit, Failure> {
    if request.offline {
        return Err(Failure::usage("`gpucost rates refresh` asks AWS, and --offline forbids it")
            .hint("without it the shipped rates count, and those fetched earlier"));
    }
    refuse_as_of("gpucost rates refresh", request)?;
    let regions: Vec<String> =
        if args.all_regions { regions_in_dollars() } else { named(request).into_iter().map(str::to_owned).collect() };
    let mut families: Vec<String> = args.families.iter().map(|family| family.trim().to_ascii_lowercase()).collect();
    families.retain(|family| !family.is_empty());
    if families.is_empty() {
        families = default_families();
    }
    let errand = Errand { regions: &regions, families, source: args.source, spot_days: args.days, savings_plans: true };
    let fetched = fetch(request, &errand)?;
    for (_, failure) in &fetched.failures {
        failure.print();
    }
    if fetched.refreshed.is_empty() {
        return Ok(Exit::Failed);
    }
    show::tables(&[refreshed_table(&fetched.refreshed, fetched.notes, request.verbose)], request)?;
    Ok(if fetched.failures.is_empty() { Exit::Ok } else { Exit::Partial })
}

/// Whole regions; China's are sold in yuan.
fn regions_in_dollars() -> Vec<String> {
    let regions = RateCard::shipped().regions().iter().filter(|region| region.kind == RegionKind::Region);
    regions.map(|region| region.code.to_string()).filter(|code| !code.starts_with("cn-")).collect()
}
