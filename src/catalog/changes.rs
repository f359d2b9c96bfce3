//! What changed from one publication of a region to another, or from the shipped card to a publication.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use crate::catalog::{
    Listing, OfferingClass, PaymentOption, Published, RateCard, ReservedRate, SnapshotRate, VolumeRate, VolumeType,
};
use crate::money::Usd;
use crate::quantity::Unit;

/// Which of a region's rates.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RateKey {
    OnDemand { instance_type: String },
    Reserved { instance_type: String, term_years: u8, payment_option: PaymentOption, offering_class: OfferingClass },
    Volume { volume_type: VolumeType, rate: VolumeRate },
    Snapshot { rate: SnapshotRate },
}

impl RateKey {
    pub const fn unit(&self) -> Unit {
        match self {
            RateKey::OnDemand { .. } | RateKey::Reserved { .. } => Unit::InstanceHour,
            RateKey::Volume { rate, .. } => rate.unit(),
            RateKey::Snapshot { rate } => rate.unit(),
        }
    }
}

/// `p3.2xlarge on-demand`, `gp3 storage`.
impl std::fmt::Display for RateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RateKey::OnDemand { instance_type } => write!(f, "{instance_type} on-demand"),
            RateKey::Reserved { instance_type, term_years, payment_option, offering_class } => {
                write!(f, "{instance_type} Reserved {term_years}y {payment_option}, {offering_class}")
            }
            RateKey::Volume { volume_type, rate } => write!(f, "{volume_type} {}", rate.name()),
            RateKey::Snapshot { rate } => write!(f, "snapshot {}", rate.name()),
        }
    }
}

/// A rate as one side has it. Of Reserved offerings the fee is apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub usd: Usd,
    pub upfront: Option<Usd>,
    pub as_of: String,
}

/// At least one side has it, and not both the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateChange {
    pub key: RateKey,
    pub before: Option<Listed>,
    pub after: Option<Listed>,
}

impl RateChange {
    /// After over before, less one; of Reserved offerings by what an hour of the term costs. `None` where one is missing.
    pub fn relative(&self) -> Option<Decimal> {
        let (before, after) = (self.hourly(self.before.as_ref()?)?, self.hourly(self.after.as_ref()?)?);
        after.amount().checked_div(before.amount())?.checked_sub(Decimal::ONE)
    }

    fn hourly(&self, listed: &Listed) -> Option<Usd> {
        match &self.key {
            RateKey::Reserved { term_years, .. } => {
                ReservedRate::effective(listed.usd, listed.upfront.unwrap_or(Usd::ZERO), *term_years)
            }
            _ => Some(listed.usd),
        }
    }
}

impl Published {
    /// What changed since `before`, of the families that both were asked for.
    pub fn changes_since(&self, before: &Published) -> Vec<RateChange> {
        let both = |kind: &str| self.asked_for(kind) && before.asked_for(kind);
        changes(before.listed(both), self.listed(both))
    }

    /// What changed since the shipped card, of the families asked for.
    pub fn changes_since_shipped(&self) -> Vec<RateChange> {
        let shipped = shipped(&self.region, |kind| self.asked_for(kind));
        changes(shipped, self.listed(|kind| self.asked_for(kind)))
    }

    fn listed(&self, wanted: impl Fn(&str) -> bool) -> BTreeMap<RateKey, Listed> {
        let as_of = self.date();
        let listed = |usd, upfront| Listed { usd, upfront, as_of: as_of.clone() };
        let mut all = BTreeMap::new();
        for row in self.on_demand.iter().filter(|row| wanted(&row.instance_type)) {
            if let Listing::OnDemand(usd) = row.listing {
                all.insert(RateKey::OnDemand { instance_type: row.instance_type.clone() }, listed(usd, None));
            }
        }
        for row in self.reserved.iter().filter(|row| wanted(&row.instance_type)) {
            let key = RateKey::Reserved {
                instance_type: row.instance_type.clone(),
                term_years: row.term_years,
                payment_option: row.payment_option,
                offering_class: row.offering_class,
            };
            all.entry(key).or_insert_with(|| listed(row.hourly, Some(row.upfront)));
        }
        for row in &self.volumes {
            let key = RateKey::Volume { volume_type: row.volume_type, rate: row.rate };
            all.insert(key, listed(row.usd, None));
        }
        for row in &self.snapshots {
            all.insert(RateKey::Snapshot { rate: row.rate }, listed(row.usd, None));
        }
        all
    }
}

fn shipped(region: &str, wanted: impl Fn(&str) -> bool) -> BTreeMap<RateKey, Listed> {
    let card = RateCard::shipped();
    let mut all = BTreeMap::new();
    for kind in card.instance_types().iter().filter(|kind| wanted(&kind.name)) {
        let instance_type = kind.name.to_string();
        for rate in card.reserved(region, &kind.name) {
            let key = RateKey::Reserved {
                instance_type: instance_type.clone(),
                term_years: rate.term_years,
                payment_option: rate.payment_option,
                offering_class: rate.offering_class,
            };
            let as_of = rate.provenance.as_of.into_owned();
            all.insert(key, Listed { usd: rate.hourly, upfront: Some(rate.upfront), as_of });
        }
        if let Ok(rate) = card.on_demand(region, &kind.name) {
            all.insert(RateKey::OnDemand { instance_type }, listed_of(rate));
        }
    }
    for volume_type in VolumeType::ALL {
        for dimension in VolumeRate::ALL {
            if let Ok(rate) = card.volume(region, volume_type, dimension) {
                all.insert(RateKey::Volume { volume_type, rate: dimension }, listed_of(rate));
            }
        }
    }
    for dimension in SnapshotRate::ALL {
        if let Ok(rate) = card.snapshot(region, dimension) {
            all.insert(RateKey::Snapshot { rate: dimension }, listed_of(rate));
        }
    }
    all
}

fn listed_of(rate: crate::catalog::Rate) -> Listed {
    Listed { usd: rate.usd, upfront: None, as_of: rate.provenance.as_of.into_owned() }
}

fn changes(before: BTreeMap<RateKey, Listed>, after: BTreeMap<RateKey, Listed>) -> Vec<RateChange> {
    let keys: BTreeSet<&RateKey> = before.keys().chain(after.keys()).collect();
    let changes = keys.into_iter().map(|key| RateChange {
        key: key.clone(),
        before: before.get(key).cloned(),
        after: after.get(key).cloned(),
    });
    let price = |listed: &Option<Listed>| listed.as_ref().map(|listed| (listed.usd, listed.upfront));
    changes.filter(|change| price(&change.before) != price(&change.after)).collect()
}
