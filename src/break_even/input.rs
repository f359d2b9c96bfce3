//! The question: what is bought, what it would replace, and where each number comes from.

use std::fmt;

use rust_decimal::Decimal;

use super::terms::{Percentage, Terms};
use crate::money::Usd;

/// Where an input comes from, so that an answer can show what it rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The person asking said so.
    Given,
    /// Nobody said: gpucost's default, listed among the assumptions.
    Assumed,
    /// A rate card row, a ledger, a dated fact: `us-east-1 rate as of 2026-09-10`.
    From(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Source::Given => "given",
            Source::Assumed => "assumed",
            Source::From(what) => what,
        })
    }
}

/// A value and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input<T> {
    pub value: T,
    pub source: Source,
}

impl<T> Input<T> {
    pub const fn given(value: T) -> Input<T> {
        Input { value, source: Source::Given }
    }

    pub const fn assumed(value: T) -> Input<T> {
        Input { value, source: Source::Assumed }
    }

    pub fn from(value: T, source: impl Into<String>) -> Input<T> {
        Input { value, source: Source::From(source.into()) }
    }

    pub fn is_assumed(&self) -> bool {
        self.source == Source::Assumed
    }
}

/// Electricity the machine draws while it does the work. Idle draw and escalation are not modeled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Electricity {
    pub load_watts: Input<Decimal>,
    pub usd_per_kwh: Input<Usd>,
    /// Power usage effectiveness: what the meter counts per watt of the machine; 1 is no cooling or loss.
    pub pue: Input<Decimal>,
}

impl Electricity {
    /// With a PUE of 1 assumed.
    pub const fn new(load_watts: Input<Decimal>, usd_per_kwh: Input<Usd>) -> Electricity {
        Electricity { load_watts, usd_per_kwh, pue: Input::assumed(Decimal::ONE) }
    }
}

/// The machine to buy and what owning it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owning {
    /// As sentences call it: `RTX 3090 desktop`.
    pub name: String,
    pub price: Input<Usd>,
    /// What the machine is sold for, whenever that is; a curve over time comes later.
    pub resale: Input<Usd>,
    /// The part of the resale that selling costs.
    pub selling_cost: Input<Percentage>,
    /// `None` leaves electricity out, which the assumptions say aloud.
    pub electricity: Option<Electricity>,
    /// Colocation, upkeep, administration: dollars a month whatever the hours.
    pub other_usd_per_month: Input<Usd>,
    /// Speed of the machine over the speed of the rented instance: at 2 it needs half the hours.
    pub speed_ratio: Input<Decimal>,
}

impl Owning {
    /// A machine at this price; no resale, no electricity, no other cost, as fast as the rented instance: all assumed.
    pub fn at_price(name: impl Into<String>, price: Input<Usd>) -> Owning {
        Owning {
            name: name.into(),
            price,
            resale: Input::assumed(Usd::ZERO),
            selling_cost: Input::assumed(Percentage::ZERO),
            electricity: None,
            other_usd_per_month: Input::assumed(Usd::ZERO),
            speed_ratio: Input::assumed(Decimal::ONE),
        }
    }
}

/// The rented instance and what comes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renting {
    /// As sentences call it: `p2.xlarge in us-east-1`.
    pub name: String,
    pub usd_per_hour: Input<Usd>,
    pub ami_usd_per_hour: Input<Usd>,
    /// Public IPv4 while the instance runs; an auto-assigned address is released at each stop.
    pub address_usd_per_hour: Input<Usd>,
    /// Volumes, billed whether the instance runs or not.
    pub storage_usd_per_month: Input<Usd>,
}

impl Renting {
    /// An instance at this rate; free AMI, no public address, no volume: all assumed.
    pub fn at_rate(name: impl Into<String>, usd_per_hour: Input<Usd>) -> Renting {
        Renting {
            name: name.into(),
            usd_per_hour,
            ami_usd_per_hour: Input::assumed(Usd::ZERO),
            address_usd_per_hour: Input::assumed(Usd::ZERO),
            storage_usd_per_month: Input::assumed(Usd::ZERO),
        }
    }
}

/// Everything a rent-or-own answer rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    pub owning: Owning,
    pub renting: Renting,
    pub terms: Terms,
}
