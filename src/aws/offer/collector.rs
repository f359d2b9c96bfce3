//! Which of AWS's price rows are the rates of a region, whatever order they come in.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::aws::offer::OfferError;
use crate::aws::offer::OfferLine;
use crate::aws::offer::dimension::Dimension;
use crate::aws::offer::family::Families;
use crate::aws::offer::reserved::Terms;
use crate::catalog::{
    Listing, Publication, Published, PublishedOnDemand, PublishedSnapshot, PublishedType, PublishedVolume,
    without_region,
};
use crate::money::Usd;

/// What usage types of instances on shared hardware begin with, hours of reservations nobody used not among them.
pub(super) const BOX_USAGE: &str = "BoxUsage:";

/// Takes the rows of one region and keeps its Linux on-demand and Reserved rates, and those of EBS.
#[derive(Debug)]
pub struct Collector {
    region: String,
    families: Families,
    types: BTreeMap<String, PublishedType>,
    on_demand: BTreeMap<String, Priced>,
    /// Type → rate code of its $0 SKU.
    capacity_blocks: BTreeMap<String, String>,
    reserved: Terms,
    storage: BTreeMap<Dimension, Priced>,
    left_out: BTreeSet<String>,
}

/// A price and the row it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Priced {
    pub(super) usd: Usd,
    pub(super) rate_code: String,
}

impl Collector {
    /// Of a region's or a zone's own code, and of instance families as asked (`p`, `g`, `p3`).
    pub fn new(region: &str, families: &[String]) -> Collector {
        Collector {
            region: region.to_owned(),
            families: Families::new(families),
            types: BTreeMap::new(),
            on_demand: BTreeMap::new(),
            capacity_blocks: BTreeMap::new(),
            reserved: Terms::default(),
            storage: BTreeMap::new(),
            left_out: BTreeSet::new(),
        }
    }

    /// Keeps the row if it is one of the rates, and passes over all others.
    ///
    /// # Errors
    /// If the price of a rate is no number of dollars, or if it is listed at another price already.
    pub fn take(&mut self, line: &OfferLine<'_>) -> Result<(), OfferError> {
        if line.region_code != self.region {
            return Ok(());
        }
        let usage_type = without_region(line.usage_type);
        match Dimension::of(usage_type) {
            Some(dimension) => self.take_storage(dimension, line),
            None if usage_type.strip_prefix(BOX_USAGE) == Some(line.instance_type) => self.take_instance(line),
            None => Ok(()),
        }
    }

    fn take_instance(&mut self, line: &OfferLine<'_>) -> Result<(), OfferError> {
        let is_wanted = matches!(line.product_family, "Compute Instance" | "Compute Instance (bare metal)")
            && line.operating_system == "Linux"
            && line.tenancy == "Shared"
            && line.pre_installed_sw == "NA"
            && line.capacity_status == "Used"
            && self.families.has(line.instance_type);
        if !is_wanted {
            return Ok(());
        }
        self.take_type(line);
        // Lists from before capacity blocks have no market option; the operation says it too.
        let is_block = line.market_option == "CapacityBlock" || line.operation.ends_with(":CB");
        match line.term_type {
            "OnDemand" if is_block => {
                let code = line.rate_code.to_owned();
                let known = self.capacity_blocks.entry(line.instance_type.to_owned()).or_insert_with(|| code.clone());
                *known = code.min(known.clone());
                Ok(())
            }
            _ if !matches!(line.market_option, "OnDemand" | "") => Ok(()),
            "OnDemand" => self.take_on_demand(line),
            "Reserved" => {
                let left_out = self.reserved.take(&self.region, line)?;
                self.left_out.extend(left_out);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_on_demand(&mut self, line: &OfferLine<'_>) -> Result<(), OfferError> {
        let priced = Priced::of(line)?;
        if line.unit != "Hrs" {
            return self.leave_out(line, format!("{} is listed per `{}`, not per hour", line.instance_type, line.unit));
        }
        if priced.usd.is_zero() {
            return self.leave_out(line, format!("{} is listed on-demand at $0", line.instance_type));
        }
        let what = || format!("{} on-demand", line.instance_type);
        keep(self.on_demand.entry(line.instance_type.to_owned()), priced, &self.region, what)
    }

    fn take_storage(&mut self, dimension: Dimension, line: &OfferLine<'_>) -> Result<(), OfferError> {
        if line.term_type != "OnDemand" {
            return Ok(());
        }
        if let Dimension::Volume(kind, _) = dimension
            && !line.volume_api_name.is_empty()
            && line.volume_api_name != kind.name()
        {
            let why = format!("`{}` is listed of `{}` volumes", line.usage_type, line.volume_api_name);
            return self.leave_out(line, why);
        }
        let Some(units) = dimension.units_of(line.unit) else {
            return self.leave_out(line, format!("{} is listed per `{}`", dimension.name(), line.unit));
        };
        let mut priced = Priced::of(line)?;
        if priced.usd.is_zero() {
            return self.leave_out(line, format!("{} is listed at $0", dimension.name()));
        }
        priced.usd = priced.usd.scaled(units, Decimal::ONE).ok_or_else(|| not_a_price(line))?;
        keep(self.storage.entry(dimension), priced, &self.region, || dimension.name())
    }

    fn take_type(&mut self, line: &OfferLine<'_>) {
        if self.types.contains_key(line.instance_type) {
            return;
        }
        match published_type(line) {
            Some(kind) => {
                self.types.insert(kind.name.clone(), kind);
            }
            None => {
                let said = format!("vCPU `{}`, memory `{}`", line.vcpu, line.memory);
                self.left_out.insert(format!("{}: what it has is not said: {said}", line.instance_type));
            }
        }
    }

    fn leave_out(&mut self, line: &OfferLine<'_>, why: String) -> Result<(), OfferError> {
        self.left_out.insert(format!("{}: {why}", line.rate_code));
        Ok(())
    }

    /// What was taken, sorted.
    pub fn finish(self, publication: Publication, published_at: Timestamp, fetched_at: Timestamp) -> Published {
        let mut left_out = self.left_out;
        let reserved = self.reserved.finish(&mut left_out);
        let mut listings: BTreeMap<&str, (Listing, &str)> = BTreeMap::new();
        for rate in &reserved {
            listings.entry(&rate.instance_type).or_insert((Listing::ReservedOnly, &rate.sku_term_code));
        }
        for (name, code) in &self.capacity_blocks {
            listings.insert(name, (Listing::CapacityBlockOnly, code));
        }
        for (name, priced) in &self.on_demand {
            listings.insert(name, (Listing::OnDemand(priced.usd), &priced.rate_code));
        }
        let on_demand = listings.into_iter().map(|(name, (listing, code))| PublishedOnDemand {
            instance_type: name.to_owned(),
            listing,
            sku_rate_code: code.to_owned(),
        });
        let on_demand = on_demand.collect();
        let (mut volumes, mut snapshots) = (Vec::new(), Vec::new());
        for (dimension, Priced { usd, rate_code: sku_rate_code }) in self.storage {
            match dimension {
                Dimension::Volume(volume_type, rate) => {
                    volumes.push(PublishedVolume { volume_type, rate, usd, sku_rate_code });
                }
                Dimension::Snapshot(rate) => snapshots.push(PublishedSnapshot { rate, usd, sku_rate_code }),
            }
        }
        Published {
            region: self.region,
            publication,
            published_at,
            fetched_at,
            families: self.families.into_asked(),
            types: self.types.into_values().collect(),
            on_demand,
            reserved,
            volumes,
            snapshots,
            savings_plans: None,
            left_out: left_out.into_iter().collect(),
            etag: None,
        }
    }
}

impl Priced {
    pub(super) fn of(line: &OfferLine<'_>) -> Result<Priced, OfferError> {
        if line.currency != "USD" {
            let (sku, currency) = (line.sku.to_owned(), line.currency.to_owned());
            return Err(OfferError::Currency { sku, currency });
        }
        let usd: Usd = line.price_per_unit.parse().map_err(|_| not_a_price(line))?;
        if usd.is_negative() {
            return Err(not_a_price(line));
        }
        Ok(Priced { usd: Usd::new(usd.amount().normalize()), rate_code: line.rate_code.to_owned() })
    }
}

fn not_a_price(line: &OfferLine<'_>) -> OfferError {
    OfferError::Price { sku: line.rate_code.to_owned(), text: line.price_per_unit.chars().take(60).collect() }
}

/// Keeps a price under its key. Listed again at the same price, the lesser rate code names it, so that the order of
/// rows does not matter.
pub(super) fn keep<K: Ord>(
    entry: Entry<'_, K, Priced>,
    priced: Priced,
    region: &str,
    what: impl FnOnce() -> String,
) -> Result<(), OfferError> {
    match entry {
        Entry::Vacant(free) => {
            free.insert(priced);
        }
        Entry::Occupied(mut known) => {
            let known = known.get_mut();
            if known.usd != priced.usd {
                return Err(OfferError::Conflict {
                    what: what(),
                    region: region.to_owned(),
                    sku: known.rate_code.clone(),
                    price: known.usd.rate(),
                    other_sku: priced.rate_code,
                    other_price: priced.usd.rate(),
                });
            }
            if priced.rate_code < known.rate_code {
                *known = priced;
            }
        }
    }
    Ok(())
}

fn published_type(line: &OfferLine<'_>) -> Option<PublishedType> {
    Some(PublishedType {
        name: line.instance_type.to_owned(),
        vcpu: line.vcpu.parse().ok()?,
        memory_gib: first_number(line.memory)?,
        gpu_count: first_number(line.gpu),
        gpu_memory_gib: first_number(line.gpu_memory),
    })
}

/// `1,952 GiB` → 1952, `640 GB HBM3` → 640, `NA` → `None`.
fn first_number(text: &str) -> Option<Decimal> {
    let number = text.split_whitespace().next()?.replace(',', "");
    number.parse().ok().filter(|number: &Decimal| !number.is_zero() && !number.is_sign_negative())
}

#[cfg(test)]
#[path = "collector_tests.rs"]
mod tests;
