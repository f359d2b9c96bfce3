//! `gpucost rates diff`: what changed against the publication before.

use super::args::DiffArgs;
use super::error::Failure;
use super::rates::named;
use super::request::Request;
use crate::report::rates_changes::{RegionChanges, changes_table};
use crate::report::table::Table;
use crate::store::RateCache;

/// # Errors
/// A region that no rates were fetched of, a file of the cache that is damaged.
pub fn run(args: &DiffArgs, request: &Request) -> Result<Vec<Table>, Failure> {
    let cache = request.rate_cache()?;
    let regions: Vec<String> =
        if args.all_regions { cache.regions()? } else { named(request).into_iter().map(str::to_owned).collect() };
    if regions.is_empty() {
        return Err(nothing_fetched("any region", ""));
    }
    let changes: Vec<RegionChanges> =
        regions.iter().map(|region| changes_in(&cache, region)).collect::<Result<_, Failure>>()?;
    Ok(vec![changes_table(&changes)])
}

fn changes_in(cache: &RateCache, region: &str) -> Result<RegionChanges, Failure> {
    let Some(published) = cache.rates(region)? else {
        return Err(nothing_fetched(&format!("`{region}`"), &format!(" --region {region}")));
    };
    let (before, changes) = match cache.rates_before(region)? {
        Some(before) => (format!("the publication of {}", before.date()), published.changes_since(&before)),
        None => ("the shipped card".to_owned(), published.changes_since_shipped()),
    };
    Ok(RegionChanges { region: region.to_owned(), before, published_on: published.date(), changes })
}

fn nothing_fetched(place: &str, option: &str) -> Failure {
    Failure::new(format!("no rates of {place} were fetched yet"))
        .hint(format!("fetch them: `gpucost rates refresh{option}`"))
}
