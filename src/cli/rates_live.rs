//! `--live`: the rates that a command needs, fetched first where those in the cache are old.

use std::collections::BTreeSet;
use std::io::Write;

use jiff::{Timestamp, ToSpan};

use super::error::Failure;
use super::rates_fetch::{Errand, default_families, fetch};
use super::request::Request;
use super::track::refuse_as_of;
use crate::catalog::RateCard;
use crate::render::untrusted::visible;
use crate::store::RateCache;
use crate::time::utc_date;

/// Days of spot prices that come with the rates.
const SPOT_DAYS: u16 = 7;

/// Rates that cannot be fetched are no failure of the command: those of before count, and how old they are is said on
/// stderr.
///
/// # Errors
/// `--live` with `--as-of`, or with no place for a cache.
pub fn refresh_if_live<'r>(request: &Request, regions: impl IntoIterator<Item = &'r str>) -> Result<(), Failure> {
    if !request.live {
        return Ok(());
    }
    refuse_as_of("--live", request)?;
    let cache = request.rate_cache()?;
    let once: BTreeSet<&str> = regions.into_iter().filter(|region| is_old(&cache, region, request)).collect();
    let regions: Vec<String> = once.into_iter().map(str::to_owned).collect();
    if regions.is_empty() {
        return Ok(());
    }
    let families = default_families();
    let errand = Errand { regions: &regions, families, source: None, spot_days: SPOT_DAYS, savings_plans: false };
    let fetched = match fetch(request, &errand) {
        Ok(fetched) => fetched,
        Err(failure) => {
            failure.print();
            return Ok(());
        }
    };
    fetched.notes.iter().for_each(|note| say("note", note));
    for (region, failure) in &fetched.failures {
        let known = instead(&cache, region, request.now);
        say("warning", &format!("rates of {region} were not fetched: {}; {known}", failure.message));
    }
    Ok(())
}

/// Rates that were not fetched, or longer ago than they may be. A file that cannot be read is replaced.
fn is_old(cache: &RateCache, region: &str, request: &Request) -> bool {
    let Ok(Some(published)) = cache.rates(region) else { return true };
    let until = published.fetched_at.checked_add(i64::from(request.rates_ttl_hours).hours());
    until.is_ok_and(|until| until <= request.now)
}

/// `rates of 2026-11-20, fetched 3 days ago`
fn instead(cache: &RateCache, region: &str, now: Timestamp) -> String {
    match cache.rates(region) {
        Ok(Some(published)) => {
            let hours = (now.as_second() - published.fetched_at.as_second()).max(0) / 3600;
            let age = match (hours / 24, hours) {
                (0, 1) => "1 hour".to_owned(),
                (0, hours) => format!("{hours} hours"),
                (1, _) => "1 day".to_owned(),
                (days, _) => format!("{days} days"),
            };
            format!("rates of {} count, {age} old", utc_date(published.published_at))
        }
        _ if RateCard::shipped().region(region).is_none() => "none are known".to_owned(),
        _ => "the shipped rates count, each with its date".to_owned(),
    }
}

/// A stderr that cannot be written to leaves the answer to speak.
fn say(what: &str, text: &str) {
    _ = writeln!(anstream::stderr(), "{what}: {}", visible(text));
}
