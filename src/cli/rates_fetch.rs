//! Fetching rates into the cache: from the Pricing API, or from the public offer files.

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};

use super::args::RateSource;
use super::error::Failure;
use super::rates_files::{add_savings_plans, fetch_offer_file, mirror};
use super::request::Request;
use super::track::network_runtime;
use crate::aws::{Account, AwsError, PriceList, PricingError, fetch_spot};
use crate::catalog::{Published, RateCard, RegionKind, SpotHistory, is_of_families};
use crate::report::rates_refreshed::Refreshed;
use crate::store::RateCache;
use crate::time::Period;

/// What is to be fetched.
pub(super) struct Errand<'a> {
    pub regions: &'a [String],
    /// Of instance types; those that the cache has already are fetched again with them.
    pub families: Vec<String>,
    /// `None`: the API, and the offer files for want of credentials.
    pub source: Option<RateSource>,
    pub spot_days: u16,
    /// Those of the offer files' region too.
    pub savings_plans: bool,
}

/// What came of it: each region is stored as its rates come.
#[derive(Default)]
pub(super) struct Fetched {
    pub refreshed: Vec<Refreshed>,
    pub notes: Vec<String>,
    /// By region.
    pub failures: Vec<(String, Failure)>,
}

/// Families of all types with accelerators.
pub(super) fn default_families() -> Vec<String> {
    let series: BTreeSet<&str> = RateCard::shipped().instance_types().iter().map(|kind| kind.series()).collect();
    series.into_iter().map(str::to_owned).collect()
}

/// # Errors
/// What stands in the way of all regions.
pub(super) fn fetch(request: &Request, errand: &Errand<'_>) -> Result<Fetched, Failure> {
    let cache = request.rate_cache()?;
    network_runtime()?.block_on(async {
        let account = Account::resolve(request.profiles.first().map(String::as_str), None).await;
        let mut fetcher = Fetcher {
            request,
            errand,
            prices: PriceList::of(&account),
            account: &account,
            cache,
            source: errand.source.unwrap_or(RateSource::Api),
            asks_spot: errand.spot_days > 0,
            fetched: Fetched::default(),
        };
        for region in errand.regions {
            fetcher.fetch_region(region).await;
        }
        Ok(fetcher.fetched)
    })
}

struct Fetcher<'a> {
    request: &'a Request,
    errand: &'a Errand<'a>,
    prices: PriceList<'a>,
    account: &'a Account,
    cache: RateCache,
    source: RateSource,
    asks_spot: bool,
    fetched: Fetched,
}

impl Fetcher<'_> {
    /// Rates and spot prices fail apart from each other, and from those of other regions.
    async fn fetch_region(&mut self, region: &str) {
        // What cannot be read is no loss: its place is taken by what can.
        let old = self.cache.rates(region).ok().flatten();
        let families = self.families(old.as_ref());
        let published = match self.fetch_rates(region, &families, old.as_ref()).await {
            Ok(published) => published,
            Err(failure) => return self.fetched.failures.push((region.to_owned(), failure)),
        };
        let changed = match &old {
            Some(old) => published.changes_since(old).len(),
            None => published.changes_since_shipped().len(),
        };
        if let Err(error) = self.cache.keep(&published) {
            return self.fetched.failures.push((region.to_owned(), error.into()));
        }
        let spot = self.fetch_spot(region, &families, &published).await;
        self.fetched.refreshed.push(Refreshed { published, changed, spot });
    }

    fn families(&self, old: Option<&Published>) -> Vec<String> {
        let known = old.map_or(&[][..], |old| &old.families);
        let all: BTreeSet<&String> = self.errand.families.iter().chain(known).collect();
        all.into_iter().cloned().collect()
    }

    async fn fetch_rates(
        &mut self,
        region: &str,
        families: &[String],
        old: Option<&Published>,
    ) -> Result<Published, Failure> {
        let mut published = if self.source == RateSource::Api {
            match self.prices.fetch(region, families, self.request.now).await {
                Ok(published) => Ok(published),
                Err(error) if self.errand.source.is_none() && wants_credentials(&error) => {
                    self.fetched.notes.push(format!("Rates from the public offer files: {error}."));
                    self.source = RateSource::Bulk;
                    self.fetch_file(region, families, old)
                }
                Err(error) => Err(self.unknown_region(region, error)),
            }
        } else {
            self.fetch_file(region, families, old)
        }?;
        if published.savings_plans.is_none() {
            published.savings_plans = old.and_then(|old| old.savings_plans.clone());
        }
        Ok(published)
    }

    fn fetch_file(&mut self, region: &str, families: &[String], old: Option<&Published>) -> Result<Published, Failure> {
        let mirror = mirror()?;
        let mut published = fetch_offer_file(&mirror, region, families, old, self.request.now)?;
        if self.errand.savings_plans {
            published.savings_plans = old.and_then(|old| old.savings_plans.clone());
            // The rates are whole without them.
            if let Err(failure) = add_savings_plans(&mut published, &mirror, old, self.request.now) {
                self.fetched.failures.push((region.to_owned(), failure));
            }
        }
        Ok(published)
    }

    /// A misspelt region is one that AWS publishes nothing of.
    fn unknown_region(&self, region: &str, error: PricingError) -> Failure {
        let near = RateCard::shipped().nearest_regions(region);
        let hint = match error.hint() {
            None if RateCard::shipped().region(region).is_none() && !near.is_empty() => {
                Some(format!("did you mean `{}`?", near.join("`, `")))
            }
            hint => hint,
        };
        Failure { hint, ..Failure::new(error) }
    }

    async fn fetch_spot(&mut self, region: &str, families: &[String], published: &Published) -> Option<SpotHistory> {
        let card = RateCard::shipped();
        // Zones apart from their region are asked for with it, and named in its answer.
        let is_zone = card.region(region).is_some_and(|region| region.kind != RegionKind::Region);
        if !self.asks_spot || is_zone {
            return None;
        }
        let of_card = card.instance_types().iter().map(|kind| &*kind.name);
        let types: BTreeSet<&str> = of_card.chain(published.types.iter().map(|kind| kind.name.as_str())).collect();
        let types: Vec<String> =
            types.into_iter().filter(|kind| is_of_families(families, kind)).map(str::to_owned).collect();
        let window = window(self.request.now, self.errand.spot_days);
        let history = match fetch_spot(self.account, region, &types, families, window).await {
            Ok(history) => history,
            Err(error @ AwsError::Credentials { .. }) if self.source == RateSource::Bulk => {
                self.asks_spot = false;
                self.fetched.notes.push(format!("No spot prices: {error}."));
                return None;
            }
            Err(error) => {
                self.fetched.failures.push((region.to_owned(), error.into()));
                return None;
            }
        };
        match self.cache.keep_spot(&history) {
            Ok(()) => Some(history),
            Err(error) => {
                self.fetched.failures.push((region.to_owned(), error.into()));
                None
            }
        }
    }
}

/// Whole seconds: AWS's times have no more.
fn window(now: Timestamp, days: u16) -> Period {
    let end = Timestamp::from_second(now.as_second()).unwrap_or(now);
    let start = end.checked_sub((24 * i64::from(days)).hours()).unwrap_or(end);
    Period { start, end }
}

/// The offer files need none.
fn wants_credentials(error: &PricingError) -> bool {
    matches!(error, PricingError::Aws(AwsError::Credentials { .. } | AwsError::Denied { .. }))
}
