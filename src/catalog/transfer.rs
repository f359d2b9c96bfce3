//! What data sent out of AWS to the internet costs a month.
//!
//! AWS's price list of data transfer has rates from 0, 10,240, 51,200 and 153,600 GB on, "beyond the global free tier": the
//! first 100 GB a month of all services and regions together, outside China and GovCloud (as quoted from the list and from
//! <https://aws.amazon.com/s3/pricing/> in public repositories, read 2026-11-28; neither was fetched).

use rust_decimal::Decimal;

use crate::catalog::rate::Provenance;
use crate::money::Usd;

/// Where rates begin, in GB beyond what is free.
pub(super) const TIERS_FROM_GB: [u32; 4] = [0, 10_240, 51_200, 153_600];
const FREE_GB: u32 = 100;

/// The rates of one region, the first GB's first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferOut {
    /// Of all regions and services together: whoever sends other data out has less of it left.
    pub free_gb: u32,
    pub tiers: Vec<TransferTier>,
    /// Where the known rates end, in GB beyond what is free; `None` knows them all.
    pub known_to_gb: Option<u32>,
    /// Of the first GB's rate.
    pub provenance: Provenance,
}

/// One rate, for what lies beyond where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferTier {
    pub from_gb: u32,
    pub usd_per_gb: Usd,
}

impl TransferOut {
    pub(super) fn new(region: &str, tiers: Vec<TransferTier>, provenance: Provenance) -> TransferOut {
        let is_apart = region.starts_with("cn-") || region.starts_with("us-gov-");
        let known_to_gb = TIERS_FROM_GB.get(tiers.len()).copied();
        TransferOut { free_gb: if is_apart { 0 } else { FREE_GB }, tiers, known_to_gb, provenance }
    }

    /// The most GB a month whose cost is known; `None` for any.
    pub fn most_gb(&self) -> Option<Decimal> {
        self.known_to_gb.map(|known| Decimal::from(known) + Decimal::from(self.free_gb))
    }

    /// What so many GB cost a month. `None` where they are more than rates are known for, or out of the range of decimals.
    ///
    /// ```
    /// use gpucost::catalog::RateCard;
    /// let frankfurt = RateCard::shipped().transfer_out("eu-central-1")?;
    /// // 100 free, 10,240 at 0.09 and 1,000 at 0.085.
    /// assert_eq!(frankfurt.cost_of(11_340.into()), "1006.60".parse().ok());
    /// # Ok::<(), gpucost::catalog::NoRate>(())
    /// ```
    pub fn cost_of(&self, gb: Decimal) -> Option<Usd> {
        if self.most_gb().is_some_and(|most| gb > most) {
            return None;
        }
        let billed = gb.checked_sub(self.free_gb.into())?.max(Decimal::ZERO);
        let ends = self.tiers.iter().skip(1).map(|tier| Some(Decimal::from(tier.from_gb))).chain([None]);
        self.tiers.iter().zip(ends).try_fold(Usd::ZERO, |sum, (tier, end)| {
            let within = end.map_or(billed, |end| billed.min(end)).checked_sub(tier.from_gb.into())?;
            sum.checked_add(tier.usd_per_gb.scaled(within.max(Decimal::ZERO), Decimal::ONE)?)
        })
    }
}
