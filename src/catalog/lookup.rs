//! Looking things up on the card.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::catalog::fetched::{FETCHED_SOURCES, is_surely_later, no_longer};
use crate::catalog::rows::{self, Dated, OnDemandRow, ReservedRow, SnapshotRow, TransferRow, VolumeRow};
use crate::catalog::{
    Electricity, GridCarbon, InstanceType, Listing, Machine, NoRate, Published, Rate, RateCard, Region, ReservedRate,
    SavingsPlanRate, Sector, SnapshotRate, Source, SpotRate, TransferOut, TransferTier, VolumeRate, VolumeType,
    is_of_families,
};
use crate::money::Usd;
use crate::quantity::Unit;

impl RateCard {
    /// Linux, shared tenancy, no pre-installed software, per instance-hour.
    ///
    /// # Errors
    /// [`NoRate`] says which of region, type and rate the card lacks.
    pub fn on_demand(&self, region: &str, instance_type: &str) -> Result<Rate, NoRate> {
        self.known(region, Some(instance_type))?;
        let shipped = self.shipped_on_demand(region, instance_type);
        let shipped_rate = shipped.and_then(|row| {
            let provenance = row.dated.provenance();
            Some(Rate { usd: row.usd_per_hour?, unit: Unit::InstanceHour, provenance })
        });
        let capacity_block =
            || NoRate::CapacityBlockOnly { instance_type: instance_type.into(), region: region.into() };
        let published = self.fetched.get(region).and_then(|fetched| fetched.published.as_ref());
        let published = published.filter(|published| published.asked_for(instance_type));
        let published =
            published.filter(|published| !shipped.is_some_and(|row| is_surely_later(row.dated.as_of(), published)));
        let Some(published) = published else {
            return shipped_rate.ok_or_else(|| match shipped {
                Some(_) => capacity_block(),
                None => self.not_listed(instance_type, region, self.regions_with(instance_type)),
            });
        };
        let row = published.on_demand.iter().find(|row| row.instance_type == instance_type);
        let listing = row.map(|row| row.listing);
        if let (Some(row), Some(Listing::OnDemand(usd))) = (row, listing) {
            let provenance = published.provenance(&row.sku_rate_code);
            return Ok(Rate { usd, unit: Unit::InstanceHour, provenance });
        }
        // What AWS has ceased to list was used at its rate as long as it was listed: the bills of then need it.
        if let Some(rate) = shipped_rate {
            return Ok(Rate { provenance: no_longer(rate.provenance, listing, &published.date()), ..rate });
        }
        Err(match listing {
            Some(Listing::ReservedOnly) => {
                NoRate::ReservedOnly { instance_type: instance_type.into(), region: region.into() }
            }
            None if shipped.is_none() => NoRate::NotPublished {
                what: instance_type.to_owned(),
                region: region.to_owned(),
                published_on: published.date(),
                elsewhere: self.regions_with(instance_type).into_iter().map(str::to_owned).collect(),
            },
            _ => capacity_block(),
        })
    }

    /// Spot prices seen, cheapest first; empty if none was.
    pub fn spot(&self, region: &str, instance_type: &str) -> Vec<SpotRate> {
        let history = self.fetched.get(region).and_then(|fetched| fetched.spot.as_ref());
        let mut rates = history.map_or_else(Vec::new, |history| history.rates_of(instance_type));
        if rates.is_empty() {
            rates.extend(self.rows_of(self.spot, region, instance_type, |row| row.key).iter().map(|row| SpotRate {
                az_id: Some(row.az_id).filter(|id| !id.is_empty()).map(Cow::Borrowed),
                usd_per_hour: row.usd_per_hour,
                seen: None,
                provenance: match history.filter(|history| is_of_families(&history.families, instance_type)) {
                    Some(history) => history.none_since(row.dated.provenance()),
                    None => row.dated.provenance(),
                },
            }));
        }
        rates.sort_by_key(|rate| rate.usd_per_hour);
        rates
    }

    /// Reserved Instance offerings by term, payment option and class; empty if the card has none.
    pub fn reserved(&self, region: &str, instance_type: &str) -> Vec<ReservedRate> {
        let shipped = self.rows_of(self.reserved, region, instance_type, |row| row.key);
        let published = self.fetched.get(region).and_then(|fetched| fetched.published.as_ref());
        let published = published.filter(|published| published.asked_for(instance_type)).filter(|published| {
            shipped.is_empty() || !shipped.iter().all(|row| is_surely_later(row.dated.as_of(), published))
        });
        let mut rates = published.map_or_else(Vec::new, |published| published.reserved_rates(instance_type));
        if rates.is_empty() {
            rates.extend(shipped.iter().map(|row| {
                let rate = self.reserved_rate(row);
                match published {
                    Some(published) => {
                        let provenance = no_longer(rate.provenance, None, &published.date());
                        ReservedRate { provenance, ..rate }
                    }
                    None => rate,
                }
            }));
        }
        rates.sort_by_key(|rate| (rate.term_years, rate.payment_option, rate.offering_class));
        rates
    }

    /// Savings Plan rates by kind, term and payment option; empty if none were fetched: none are shipped.
    pub fn savings_plans(&self, region: &str, instance_type: &str) -> Vec<SavingsPlanRate> {
        let published = self.fetched.get(region).and_then(|fetched| fetched.published.as_ref());
        let mut rates = published.map_or_else(Vec::new, |published| published.savings_plan_rates(instance_type));
        rates.sort_by_key(|rate| (rate.kind, rate.term_years, rate.payment_option));
        rates
    }

    fn reserved_rate(&self, row: &ReservedRow) -> ReservedRate {
        ReservedRate {
            region: Cow::Borrowed(shipped_region(row.key.0)),
            instance_type: Cow::Borrowed(shipped_type(row.key.1)),
            term_years: row.term_years,
            payment_option: row.payment_option,
            offering_class: row.offering_class,
            upfront: row.upfront,
            hourly: row.hourly,
            provenance: row.dated.provenance(),
        }
    }

    /// One dimension of a volume type's charge, per [`VolumeRate::unit`].
    ///
    /// # Errors
    /// The region is unknown, or has no such rate (st1 has no IOPS, a local zone no io2).
    pub fn volume(&self, region: &str, volume_type: VolumeType, rate: VolumeRate) -> Result<Rate, NoRate> {
        self.known(region, None)?;
        let is_it = |row: &&VolumeRow| row.volume_type == volume_type && row.rate == rate;
        let here = rows_in(self.volumes, region, |row| row.region);
        let shipped = here.iter().find(is_it).map(|row| (row.usd, &row.dated));
        let published = self.fetched.get(region).and_then(|fetched| fetched.published.as_ref());
        let fetched = published.map(|published| {
            let row = published.volumes.iter().find(|row| row.volume_type == volume_type && row.rate == rate);
            (row.map(|row| (row.usd, row.sku_rate_code.as_str())), published)
        });
        storage_rate(shipped, fetched, rate.unit()).ok_or_else(|| {
            let what = format!("{volume_type} {}", rate.name());
            let elsewhere = self.volumes.iter().filter(is_it).map(|row| shipped_region(row.region));
            self.not_listed(&what, region, elsewhere.collect())
        })
    }

    /// One dimension of the charge for snapshots, per [`SnapshotRate::unit`].
    ///
    /// # Errors
    /// The region is unknown, or has no such rate.
    pub fn snapshot(&self, region: &str, rate: SnapshotRate) -> Result<Rate, NoRate> {
        self.known(region, None)?;
        let is_it = |row: &&SnapshotRow| row.rate == rate;
        let here = rows_in(self.snapshots, region, |row| row.region);
        let shipped = here.iter().find(is_it).map(|row| (row.usd, &row.dated));
        let published = self.fetched.get(region).and_then(|fetched| fetched.published.as_ref());
        let fetched = published.map(|published| {
            let row = published.snapshots.iter().find(|row| row.rate == rate);
            (row.map(|row| (row.usd, row.sku_rate_code.as_str())), published)
        });
        storage_rate(shipped, fetched, rate.unit()).ok_or_else(|| {
            let what = format!("snapshot {}", rate.name());
            let elsewhere = self.snapshots.iter().filter(is_it).map(|row| shipped_region(row.region));
            self.not_listed(&what, region, elsewhere.collect())
        })
    }

    /// A public IPv4 address, per address-hour: one rate in all regions since 2024-02-01. The regions in China are
    /// another partition with a bill of its own, and the card has no rate for them.
    ///
    /// # Errors
    /// The region is unknown or in China.
    pub fn public_ipv4(&self, region: &str, in_use: bool) -> Result<Rate, NoRate> {
        self.known(region, None)?;
        let row = self.addresses.iter().find(|row| row.in_use == in_use);
        match row.filter(|_| !region.starts_with("cn-")) {
            Some(row) => {
                Ok(Rate { usd: row.usd_per_hour, unit: Unit::AddressHour, provenance: row.dated.provenance() })
            }
            None => Err(self.not_listed("public IPv4 address", region, Vec::new())),
        }
    }

    /// Data sent out of a region to the internet.
    ///
    /// # Errors
    /// The region is unknown, or the card has no such rate for it.
    pub fn transfer_out(&self, region: &str) -> Result<TransferOut, NoRate> {
        self.known(region, None)?;
        let index = shipped_region_index(region);
        let rows: Vec<&TransferRow> = self.transfers.iter().filter(|row| Some(row.region) == index).collect();
        let Some(first) = rows.first() else {
            let elsewhere = self.transfers.iter().filter(|row| row.from_gb == 0).map(|row| shipped_region(row.region));
            return Err(self.not_listed("data transfer out", region, elsewhere.collect()));
        };
        let tier = |row: &&TransferRow| TransferTier { from_gb: row.from_gb, usd_per_gb: row.usd_per_gb };
        Ok(TransferOut::new(region, rows.iter().map(tier).collect(), first.dated.provenance()))
    }

    pub fn instance_type(&self, name: &str) -> Option<&InstanceType> {
        let at = self.instance_types.binary_search_by(|kind| (*kind.name).cmp(name)).ok()?;
        self.instance_types.get(at)
    }

    /// All of the card, by name.
    pub fn instance_types(&self) -> &[InstanceType] {
        &self.instance_types
    }

    pub fn region(&self, code: &str) -> Option<&Region> {
        let at = self.regions.binary_search_by(|region| (*region.code).cmp(code)).ok()?;
        self.regions.get(at)
    }

    /// All of the card, by code: regions, local zones and wavelength zones.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Codes of the regions with an on-demand rate for the type, in order.
    pub fn regions_with(&self, instance_type: &str) -> Vec<&str> {
        let index = shipped_type_index(instance_type);
        let priced = |row: &&OnDemandRow| Some(row.key.1) == index && row.usd_per_hour.is_some();
        let shipped = self.on_demand.iter().filter(priced).map(|row| shipped_region(row.key.0));
        let fetched = self.fetched.iter().filter(|(_, fetched)| fetched.sells(instance_type));
        let codes: BTreeSet<&str> = shipped.chain(fetched.map(|(region, _)| region.as_str())).collect();
        codes.into_iter().collect()
    }

    /// Whether the card has anything to say of the type there: on-demand, capacity blocks, spot or reserved.
    pub fn is_listed(&self, region: &str, instance_type: &str) -> bool {
        if self.fetched.get(region).is_some_and(|fetched| fetched.lists(instance_type)) {
            return true;
        }
        let (Some(region), Some(kind)) = (shipped_region_index(region), shipped_type_index(instance_type)) else {
            return false;
        };
        let key = (region, kind);
        self.on_demand.binary_search_by_key(&key, |row| row.key).is_ok()
            || self.spot.binary_search_by_key(&key, |row| row.key).is_ok()
            || self.reserved.binary_search_by_key(&key, |row| row.key).is_ok()
    }

    /// By name, whatever the case.
    pub fn machine(&self, name: &str) -> Option<&'static Machine> {
        let wanted = name.trim();
        self.machines.iter().find(|machine| machine.name.eq_ignore_ascii_case(wanted))
    }

    pub fn machines(&self) -> &'static [Machine] {
        self.machines
    }

    /// By area (`US`, `California`), whatever the case.
    pub fn electricity(&self, area: &str, sector: Sector) -> Option<&'static Electricity> {
        let wanted = area.trim();
        self.electricity.iter().find(|price| price.sector == sector && price.area.eq_ignore_ascii_case(wanted))
    }

    pub fn electricity_prices(&self) -> &'static [Electricity] {
        self.electricity
    }

    /// Of the region by its code; `None` where no figure is shipped.
    pub fn grid_carbon(&self, region: &str) -> Option<&'static GridCarbon> {
        self.grid_carbon.iter().find(|grid| grid.region == region)
    }

    /// What a [`Provenance::source`](crate::catalog::Provenance::source) stands for.
    pub fn source(&self, id: &str) -> Option<&'static Source> {
        let shipped =
            self.sources.binary_search_by(|source| source.id.cmp(id)).ok().and_then(|at| self.sources.get(at));
        shipped.or_else(|| FETCHED_SOURCES.iter().find(|source| source.id == id))
    }

    /// Those of the shipped card.
    pub fn sources(&self) -> &'static [Source] {
        self.sources
    }

    /// # Errors
    /// A region or type that the card does not have, with the nearest ones.
    fn known(&self, region: &str, instance_type: Option<&str>) -> Result<(), NoRate> {
        if self.region(region).is_none() {
            return Err(NoRate::UnknownRegion { region: region.to_owned(), nearest: self.nearest_regions(region) });
        }
        match instance_type.filter(|name| self.instance_type(name).is_none()) {
            Some(name) => {
                Err(NoRate::UnknownType { instance_type: name.to_owned(), nearest: self.nearest_types(name) })
            }
            None => Ok(()),
        }
    }

    fn shipped_on_demand(&self, region: &str, instance_type: &str) -> Option<&'static OnDemandRow> {
        let key = (shipped_region_index(region)?, shipped_type_index(instance_type)?);
        let at = self.on_demand.binary_search_by_key(&key, |row| row.key).ok()?;
        self.on_demand.get(at)
    }

    fn rows_of<R>(&self, rows: &'static [R], region: &str, kind: &str, key: fn(&R) -> (u16, u16)) -> &'static [R] {
        let (Some(region), Some(kind)) = (shipped_region_index(region), shipped_type_index(kind)) else { return &[] };
        let from = rows.partition_point(|row| key(row) < (region, kind));
        let to = rows.partition_point(|row| key(row) <= (region, kind));
        rows.get(from..to).unwrap_or_default()
    }

    fn not_listed(&self, what: &str, region: &str, elsewhere: Vec<&str>) -> NoRate {
        let elsewhere = elsewhere.into_iter().map(str::to_owned).collect();
        NoRate::NotListed { what: what.to_owned(), region: region.to_owned(), elsewhere }
    }
}

// Shipped rows hold the place of their region and type in the shipped arrays.

fn shipped_region_index(code: &str) -> Option<u16> {
    u16::try_from(rows::REGIONS.binary_search_by(|region| (*region.code).cmp(code)).ok()?).ok()
}

fn shipped_type_index(name: &str) -> Option<u16> {
    u16::try_from(rows::INSTANCE_TYPES.binary_search_by(|kind| (*kind.name).cmp(name)).ok()?).ok()
}

/// Of rows that stand by region.
fn rows_in<R>(rows: &'static [R], region: &str, key: fn(&R) -> u16) -> &'static [R] {
    let Some(region) = shipped_region_index(region) else { return &[] };
    let from = rows.partition_point(|row| key(row) < region);
    let to = rows.partition_point(|row| key(row) <= region);
    rows.get(from..to).unwrap_or_default()
}

fn shipped_region(index: u16) -> &'static str {
    &rows::REGIONS[usize::from(index)].code
}

fn shipped_type(index: u16) -> &'static str {
    &rows::INSTANCE_TYPES[usize::from(index)].name
}

/// The published rate, unless the shipped one is surely of a later day; the shipped one where AWS lists none.
fn storage_rate(
    shipped: Option<(Usd, &'static Dated)>,
    fetched: Option<(Option<(Usd, &str)>, &Published)>,
    unit: Unit,
) -> Option<Rate> {
    let is_newer = |published: &Published| !shipped.is_some_and(|(_, dated)| is_surely_later(dated.as_of(), published));
    match (shipped, fetched.filter(|(_, published)| is_newer(published))) {
        (_, Some((Some((usd, sku_rate_code)), published))) => {
            Some(Rate { usd, unit, provenance: published.provenance(sku_rate_code) })
        }
        (Some((usd, dated)), Some((None, published))) => {
            Some(Rate { usd, unit, provenance: no_longer(dated.provenance(), None, &published.date()) })
        }
        (Some((usd, dated)), None) => Some(Rate { usd, unit, provenance: dated.provenance() }),
        (None, _) => None,
    }
}
