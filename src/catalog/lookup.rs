//! Looking things up on the card.

use std::borrow::Cow;

use crate::catalog::rows::{OnDemandRow, ReservedRow};
use crate::catalog::{
    Electricity, InstanceType, Machine, NoRate, Rate, RateCard, Region, ReservedRate, Sector, SnapshotRate, Source,
    SpotRate, VolumeRate, VolumeType,
};
use crate::quantity::Unit;

impl RateCard {
    /// Linux, shared tenancy, no pre-installed software, per instance-hour.
    ///
    /// # Errors
    /// [`NoRate`] says which of region, type and rate the card lacks.
    pub fn on_demand(&self, region: &str, instance_type: &str) -> Result<Rate, NoRate> {
        let key = (self.region_index(region)?, self.type_index(instance_type)?);
        let row = self.on_demand.binary_search_by_key(&key, |row| row.key).ok().and_then(|at| self.on_demand.get(at));
        let Some(row) = row else {
            let elsewhere = self.regions_with(instance_type);
            return Err(not_listed(instance_type, region, elsewhere));
        };
        let Some(usd) = row.usd_per_hour else {
            return Err(NoRate::CapacityBlockOnly { instance_type: instance_type.into(), region: region.into() });
        };
        Ok(Rate { usd, unit: Unit::InstanceHour, provenance: row.dated.provenance() })
    }

    /// Spot prices seen, cheapest first; empty if none was.
    pub fn spot(&self, region: &str, instance_type: &str) -> Vec<SpotRate> {
        let mut rates: Vec<SpotRate> = self
            .rows_of(self.spot, region, instance_type, |row| row.key)
            .iter()
            .map(|row| SpotRate {
                az_id: Some(row.az_id).filter(|id| !id.is_empty()).map(Cow::Borrowed),
                usd_per_hour: row.usd_per_hour,
                provenance: row.dated.provenance(),
            })
            .collect();
        rates.sort_by_key(|rate| rate.usd_per_hour);
        rates
    }

    /// Reserved Instance offerings by term, payment option and class; empty if the card has none.
    pub fn reserved(&self, region: &str, instance_type: &str) -> Vec<ReservedRate> {
        let mut rates: Vec<ReservedRate> = self
            .rows_of(self.reserved, region, instance_type, |row| row.key)
            .iter()
            .map(|row| self.reserved_rate(row))
            .collect();
        rates.sort_by_key(|rate| (rate.term_years, rate.payment_option, rate.offering_class));
        rates
    }

    fn reserved_rate(&self, row: &ReservedRow) -> ReservedRate {
        ReservedRate {
            region: Cow::Borrowed(self.region_code(row.key.0)),
            instance_type: Cow::Borrowed(self.type_name(row.key.1)),
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
        let index = self.region_index(region)?;
        let matching = self.volumes.iter().filter(|row| row.volume_type == volume_type && row.rate == rate);
        match matching.clone().find(|row| row.region == index) {
            Some(row) => Ok(Rate { usd: row.usd, unit: rate.unit(), provenance: row.dated.provenance() }),
            None => {
                let what = format!("{volume_type} {}", rate.name());
                Err(not_listed(&what, region, matching.map(|row| self.region_code(row.region)).collect()))
            }
        }
    }

    /// One dimension of the charge for snapshots, per [`SnapshotRate::unit`].
    ///
    /// # Errors
    /// The region is unknown, or has no such rate.
    pub fn snapshot(&self, region: &str, rate: SnapshotRate) -> Result<Rate, NoRate> {
        let index = self.region_index(region)?;
        let matching = self.snapshots.iter().filter(|row| row.rate == rate);
        match matching.clone().find(|row| row.region == index) {
            Some(row) => Ok(Rate { usd: row.usd, unit: rate.unit(), provenance: row.dated.provenance() }),
            None => {
                let what = format!("snapshot {}", rate.name());
                Err(not_listed(&what, region, matching.map(|row| self.region_code(row.region)).collect()))
            }
        }
    }

    /// A public IPv4 address, per address-hour: one rate in all regions since 2024-02-01. The regions in China are
    /// another partition with a bill of its own, and the card has no rate for them.
    ///
    /// # Errors
    /// The region is unknown or in China.
    pub fn public_ipv4(&self, region: &str, in_use: bool) -> Result<Rate, NoRate> {
        self.region_index(region)?;
        let row = self.addresses.iter().find(|row| row.in_use == in_use);
        match row.filter(|_| !region.starts_with("cn-")) {
            Some(row) => {
                Ok(Rate { usd: row.usd_per_hour, unit: Unit::AddressHour, provenance: row.dated.provenance() })
            }
            None => Err(not_listed("public IPv4 address", region, Vec::new())),
        }
    }

    pub fn instance_type(&self, name: &str) -> Option<&'static InstanceType> {
        let at = self.instance_types.binary_search_by(|kind| kind.name.cmp(name)).ok()?;
        self.instance_types.get(at)
    }

    /// All of the card, by name.
    pub fn instance_types(&self) -> &'static [InstanceType] {
        self.instance_types
    }

    pub fn region(&self, code: &str) -> Option<&'static Region> {
        let at = self.regions.binary_search_by(|region| region.code.cmp(code)).ok()?;
        self.regions.get(at)
    }

    /// All of the card, by code: regions, local zones and wavelength zones.
    pub fn regions(&self) -> &'static [Region] {
        self.regions
    }

    /// Codes of the regions with an on-demand rate for the type, in order.
    pub fn regions_with(&self, instance_type: &str) -> Vec<&'static str> {
        let Ok(index) = self.type_index(instance_type) else { return Vec::new() };
        let priced = |row: &&OnDemandRow| row.key.1 == index && row.usd_per_hour.is_some();
        self.on_demand.iter().filter(priced).map(|row| self.region_code(row.key.0)).collect()
    }

    /// Whether the card has anything to say of the type there: on-demand, capacity blocks, spot or reserved.
    pub fn is_listed(&self, region: &str, instance_type: &str) -> bool {
        let (Ok(region), Ok(kind)) = (self.region_index(region), self.type_index(instance_type)) else { return false };
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

    /// What a [`Provenance::source`](crate::catalog::Provenance::source) stands for.
    pub fn source(&self, id: &str) -> Option<&'static Source> {
        let at = self.sources.binary_search_by(|source| source.id.cmp(id)).ok()?;
        self.sources.get(at)
    }

    pub fn sources(&self) -> &'static [Source] {
        self.sources
    }

    fn region_index(&self, code: &str) -> Result<u16, NoRate> {
        let found = self.regions.binary_search_by(|region| region.code.cmp(code)).ok();
        found
            .and_then(|at| u16::try_from(at).ok())
            .ok_or_else(|| NoRate::UnknownRegion { region: code.to_owned(), nearest: self.nearest_regions(code) })
    }

    fn type_index(&self, name: &str) -> Result<u16, NoRate> {
        let found = self.instance_types.binary_search_by(|kind| kind.name.cmp(name)).ok();
        found
            .and_then(|at| u16::try_from(at).ok())
            .ok_or_else(|| NoRate::UnknownType { instance_type: name.to_owned(), nearest: self.nearest_types(name) })
    }

    fn region_code(&self, index: u16) -> &'static str {
        self.regions[usize::from(index)].code
    }

    fn type_name(&self, index: u16) -> &'static str {
        self.instance_types[usize::from(index)].name
    }

    fn rows_of<R>(&self, rows: &'static [R], region: &str, kind: &str, key: fn(&R) -> (u16, u16)) -> &'static [R] {
        let (Ok(region), Ok(kind)) = (self.region_index(region), self.type_index(kind)) else { return &[] };
        let from = rows.partition_point(|row| key(row) < (region, kind));
        let to = rows.partition_point(|row| key(row) <= (region, kind));
        rows.get(from..to).unwrap_or_default()
    }
}

fn not_listed(what: &str, region: &str, elsewhere: Vec<&'static str>) -> NoRate {
    NoRate::NotListed { what: what.to_owned(), region: region.to_owned(), elsewhere }
}
