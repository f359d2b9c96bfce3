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
            // With no place for a cache there is none.
            let card =
                if self.has_cache() { of_cache(&self.rate_cache()?)? } else { Cow::Borrowed(RateCard::shipped()) };
            _ = self.card.set(card);
        }
        Ok(match self.card.get() {
            Some(card) => card,
            None => RateCard::shipped(),
        })
    }

    fn has_cache(&self) -> bool {
        !self.cache_dir.as_os_str().is_empty()
    }

    /// # Errors
    /// There is no place for it.
    pub fn rate_cache(&self) -> Result<RateCache, Failure> {
        if self.has_cache() {
            return Ok(RateCache::new(self.cache_dir.join(FOLDER)));
        }
        Err(Failure::new("no home directory is known for the cache of rates").hint("name a folder with --cache"))
    }
}

fn of_cache(cache: &RateCache) -> Result<Cow<'static, RateCard>, Failure> {
    let (published, spot) = cache.all()?;
    if published.is_empty() && spot.is_empty() {
        return Ok(Cow::Borrowed(RateCard::shipped()));
    }
    Ok(Cow::Owned(RateCard::shipped().with(published, spot)))
}

#[cfg(not(feature = "aws"))]
pub fn refresh_if_live<'r>(_: &Request, _: impl IntoIterator<Item = &'r str>) -> Result<(), Failure> {
    Ok(())
}

#[cfg(feature = "aws")]
pub use super::rates_live::refresh_if_live;
