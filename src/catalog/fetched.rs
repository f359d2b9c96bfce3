//! Fetched rates over the shipped ones.
//!
//! A publication is in force from its day until the next one, and a shipped rate was read from the publication of its
//! day. So the fetched rate counts unless the shipped one is surely of a later day (a newer gpucost, or a mirror that
//! lags). What a publication no longer lists keeps its shipped rate, marked: instances that AWS has ceased to sell were
//! used at that rate. Nothing of another region or family changes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;

use crate::catalog::{
    Accelerator, AcceleratorKind, InstanceType, Listing, Offering, Provenance, Publication, Published, PublishedType,
    RateCard, Region, RegionKind, ReservedRate, SavingsPlanRate, Source, SpotHistory, SpotRate, SpotSeen,
};
use crate::time::utc_date;

pub const AWS_PRICING_API: &str = "aws-pricing-api";
pub const AWS_OFFER_FILE: &str = "aws-offer-file";
pub const AWS_SAVINGS_PLANS: &str = "aws-savings-plans";
pub const AWS_SPOT_HISTORY: &str = "aws-spot-history";

/// What fetched rates come from.
pub(super) static FETCHED_SOURCES: [Source; 4] = [
    Source {
        id: AWS_OFFER_FILE,
        title: "AWS Price List Bulk API, the region's offer file of AmazonEC2",
        url: "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/AmazonEC2/current/region_index.json",
        license: None,
    },
    Source {
        id: AWS_PRICING_API,
        title: "AWS Price List Query API, GetProducts of AmazonEC2",
        url: "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html",
        license: None,
    },
    Source {
        id: AWS_SAVINGS_PLANS,
        title: "AWS Price List Bulk API, the region's file of AWSComputeSavingsPlan",
        url: "https://pricing.us-east-1.amazonaws.com/savingsPlan/v1.0/aws/AWSComputeSavingsPlan/current/region_index.json",
        license: None,
    },
    Source {
        id: AWS_SPOT_HISTORY,
        title: "Amazon EC2, DescribeSpotPriceHistory",
        url: "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSpotPriceHistory.html",
        license: None,
    },
];

/// What the mark of a rate begins with that AWS's publication does not have any more.
pub const NO_LONGER_PUBLISHED: &str = "no longer published";

/// What was fetched of one region.
#[derive(Clone, Default)]
pub(super) struct Fetched {
    pub published: Option<Published>,
    pub spot: Option<SpotHistory>,
}

impl Fetched {
    /// Whether the publication has an on-demand rate for the type.
    pub fn sells(&self, instance_type: &str) -> bool {
        let mut rows = self.published.iter().flat_map(|published| &published.on_demand);
        rows.any(|row| row.instance_type == instance_type && matches!(row.listing, Listing::OnDemand(_)))
    }

    pub fn lists(&self, instance_type: &str) -> bool {
        let published = self.published.as_ref().is_some_and(|published| {
            published.on_demand.iter().any(|row| row.instance_type == instance_type)
                || published.reserved.iter().any(|row| row.instance_type == instance_type)
        });
        let mut means = self.spot.iter().flat_map(|history| &history.means);
        published || means.any(|mean| mean.instance_type == instance_type)
    }
}

impl RateCard {
    /// This card under what was fetched; of two publications of a region the later counts.
    #[must_use]
    pub fn with(&self, published: Vec<Published>, spot: Vec<SpotHistory>) -> RateCard {
        let mut card = self.clone();
        for published in published {
            let fetched = card.fetched.entry(published.region.clone()).or_default();
            if fetched.published.as_ref().is_none_or(|known| known.published_at <= published.published_at) {
                fetched.published = Some(published);
            }
        }
        for history in spot {
            let fetched = card.fetched.entry(history.region.clone()).or_default();
            if fetched.spot.as_ref().is_none_or(|known| known.end <= history.end) {
                fetched.spot = Some(history);
            }
        }
        card.learn_names();
        card
    }

    /// What was fetched of a region, if anything was.
    pub fn published(&self, region: &str) -> Option<&Published> {
        self.fetched.get(region)?.published.as_ref()
    }

    pub fn spot_history(&self, region: &str) -> Option<&SpotHistory> {
        self.fetched.get(region)?.spot.as_ref()
    }

    /// Types and regions that only fetched rates name.
    fn learn_names(&mut self) {
        let mut types: BTreeMap<&str, InstanceType> = BTreeMap::new();
        let mut regions: BTreeMap<&str, Region> = BTreeMap::new();
        for (code, fetched) in &self.fetched {
            let Some(published) = &fetched.published else { continue };
            if self.region(code).is_none() {
                regions.insert(code, region_of(published));
            }
            for kind in published.types.iter().filter(|kind| self.instance_type(&kind.name).is_none()) {
                types.entry(&kind.name).or_insert_with(|| kind_of(kind, published));
            }
        }
        let (types, regions): (Vec<_>, Vec<_>) = (types.into_values().collect(), regions.into_values().collect());
        if !types.is_empty() {
            let all = self.instance_types.to_mut();
            all.extend(types);
            all.sort_by(|a, b| a.name.cmp(&b.name));
        }
        if !regions.is_empty() {
            let all = self.regions.to_mut();
            all.extend(regions);
            all.sort_by(|a, b| a.code.cmp(&b.code));
        }
    }
}

/// A region that the shipped card lacks: its code is all that a publication says of it.
fn region_of(published: &Published) -> Region {
    Region {
        code: Cow::Owned(published.region.clone()),
        name: Cow::Owned(published.region.clone()),
        kind: RegionKind::Region,
        parent: None,
        billing_code: None,
        usage_type_prefix: None,
        billing_code_source: None,
        provenance: published.provenance(""),
    }
}

fn kind_of(kind: &PublishedType, published: &Published) -> InstanceType {
    let accelerator = kind.gpu_count.filter(|count| *count > Decimal::ZERO).map(|count| Accelerator {
        model: Cow::Borrowed(Accelerator::UNNAMED_MODEL),
        kind: AcceleratorKind::Gpu,
        count,
        memory_gib_total: kind.gpu_memory_gib,
    });
    InstanceType {
        name: Cow::Owned(kind.name.clone()),
        vcpu: kind.vcpu,
        memory_gib: kind.memory_gib,
        accelerator,
        local_storage: None,
        offering: Offering::Unknown { why: "AWS's price list says what it costs, not whether it can be launched" },
        successors: &[],
        provenance: published.provenance(""),
    }
}

impl Published {
    pub(super) fn provenance(&self, sku_rate_code: &str) -> Provenance {
        Provenance {
            as_of: Cow::Owned(self.date()),
            source: Cow::Borrowed(match self.publication {
                Publication::PricingApi => AWS_PRICING_API,
                Publication::OfferFile => AWS_OFFER_FILE,
            }),
            sku_rate_code: Some(sku_rate_code).filter(|code| !code.is_empty()).map(|code| Cow::Owned(code.to_owned())),
            mark: None,
        }
    }

    pub(super) fn reserved_rates(&self, instance_type: &str) -> Vec<ReservedRate> {
        let rows = self.reserved.iter().filter(|row| row.instance_type == instance_type);
        let rates = rows.map(|row| ReservedRate {
            region: Cow::Owned(self.region.clone()),
            instance_type: Cow::Owned(row.instance_type.clone()),
            term_years: row.term_years,
            payment_option: row.payment_option,
            offering_class: row.offering_class,
            upfront: row.upfront,
            hourly: row.hourly,
            provenance: self.provenance(&row.sku_term_code),
        });
        rates.collect()
    }

    pub(super) fn savings_plan_rates(&self, instance_type: &str) -> Vec<SavingsPlanRate> {
        let Some(plans) = &self.savings_plans else { return Vec::new() };
        let rows = plans.rates.iter().filter(|row| row.instance_type == instance_type);
        let rates = rows.map(|row| SavingsPlanRate {
            region: self.region.clone(),
            instance_type: row.instance_type.clone(),
            kind: row.kind,
            term_years: row.term_years,
            payment_option: row.payment_option,
            hourly: row.hourly,
            provenance: Provenance {
                as_of: Cow::Owned(utc_date(plans.published_at).to_string()),
                source: Cow::Borrowed(AWS_SAVINGS_PLANS),
                sku_rate_code: Some(Cow::Owned(row.rate_code.clone())),
                mark: None,
            },
        });
        rates.collect()
    }
}

impl SpotHistory {
    pub(super) fn rates_of(&self, instance_type: &str) -> Vec<SpotRate> {
        let means = self.means.iter().filter(|mean| mean.instance_type == instance_type);
        let rates = means.map(|mean| SpotRate {
            az_id: Some(Cow::Owned(mean.az_id.clone())),
            usd_per_hour: mean.mean,
            seen: Some(SpotSeen { window: self.window(), now: mean.now, min: mean.min, max: mean.max }),
            provenance: Provenance {
                as_of: Cow::Owned(utc_date(self.end).to_string()),
                source: Cow::Borrowed(AWS_SPOT_HISTORY),
                sku_rate_code: None,
                mark: Some(Cow::Owned(self.label())),
            },
        });
        rates.collect()
    }

    /// A price seen earlier, of a type that the window has none of.
    pub(super) fn none_since(&self, provenance: Provenance) -> Provenance {
        let (start, end) = (utc_date(self.start), utc_date(self.end));
        marked(provenance, format!("none seen from {start} to {end}"))
    }
}

/// Whether a shipped rate was surely read after the publication. `2024-07` and intervals may be as old as their start.
pub(super) fn is_surely_later(as_of: &str, published: &Published) -> bool {
    as_of.split('/').next().unwrap_or_default() > published.date().as_str()
}

/// Of a rate that AWS published once, and no longer does.
pub(super) fn no_longer(provenance: Provenance, listing: Option<Listing>, published_on: &str) -> Provenance {
    let instead = match listing {
        Some(Listing::CapacityBlockOnly) => "as capacity blocks only in",
        Some(Listing::ReservedOnly) => "with Reserved terms only in",
        Some(Listing::OnDemand(_)) | None => "not in",
    };
    marked(provenance, format!("{NO_LONGER_PUBLISHED}: {instead} AWS's list of {published_on}"))
}

fn marked(provenance: Provenance, mark: String) -> Provenance {
    let mark = provenance.mark.as_ref().map_or(mark.clone(), |earlier| format!("{earlier}; {mark}"));
    Provenance { mark: Some(Cow::Owned(mark)), ..provenance }
}

impl fmt::Debug for RateCard {
    /// The regions fetched: thousands of shipped rows tell nobody anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateCard").field("fetched", &self.fetched.keys()).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "fetched_tests.rs"]
mod tests;
