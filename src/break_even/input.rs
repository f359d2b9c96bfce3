//! The question: what is bought, what it would replace, and where each number comes from.

use std::fmt;

use rust_decimal::Decimal;

use super::interruptions::Interruptions;
use super::terms::{Percentage, Terms};
use crate::catalog::TransferOut;
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

/// Electricity the machine draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Electricity {
    pub load_watts: Input<Decimal>,
    /// Drawn in every hour without work; 0 is a machine that is switched off then.
    pub idle_watts: Input<Decimal>,
    pub usd_per_kwh: Input<Usd>,
    /// Power usage effectiveness: what the meter counts per watt of the machine; 1 is no cooling or loss.
    pub pue: Input<Decimal>,
    /// By how much the rate rises at the end of each twelve months.
    pub escalation_per_year: Input<Percentage>,
}

impl Electricity {
    /// Off when idle, a PUE of 1 and a rate that stays: all assumed.
    pub const fn new(load_watts: Input<Decimal>, usd_per_kwh: Input<Usd>) -> Electricity {
        Electricity {
            load_watts,
            idle_watts: Input::assumed(Decimal::ZERO),
            usd_per_kwh,
            pue: Input::assumed(Decimal::ONE),
            escalation_per_year: Input::assumed(Percentage::ZERO),
        }
    }
}

/// The part of the price that is borrowed, paid back in equal sums at each month's end. Sold earlier, what is still owed
/// is paid back at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Financing {
    /// The share of the price and its tax that is paid at once.
    pub down_payment: Input<Percentage>,
    /// Annual percentage rate: twelve times the interest of a month.
    pub apr: Input<Percentage>,
    pub months: Input<u32>,
}

/// What owning takes by the month beside electricity; nothing of it unless somebody says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upkeep {
    pub admin_hours_per_month: Input<Decimal>,
    pub usd_per_admin_hour: Input<Usd>,
    pub maintenance_usd_per_month: Input<Usd>,
    pub colocation_usd_per_month: Input<Usd>,
    /// Put aside for repairs each year, as a share of the price.
    pub repair_reserve_per_year: Input<Percentage>,
}

impl Upkeep {
    /// None at all, assumed.
    pub const NONE: Upkeep = Upkeep {
        admin_hours_per_month: Input::assumed(Decimal::ZERO),
        usd_per_admin_hour: Input::assumed(Usd::ZERO),
        maintenance_usd_per_month: Input::assumed(Usd::ZERO),
        colocation_usd_per_month: Input::assumed(Usd::ZERO),
        repair_reserve_per_year: Input::assumed(Percentage::ZERO),
    };
}

/// One more purchase for the machine, at the end of a month: more memory, a second disk. It adds nothing to the resale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upgrade {
    pub usd: Input<Usd>,
    pub month: Input<u32>,
}

/// The machine to buy and what owning it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owning {
    /// As sentences call it: `RTX 3090 desktop`.
    pub name: String,
    pub price: Input<Usd>,
    /// Added to the price.
    pub sales_tax: Input<Percentage>,
    /// `None` pays the price at once.
    pub financing: Option<Financing>,
    /// What the machine is sold for, whenever that is; with a curve, the sum it never falls below.
    pub resale: Input<Usd>,
    /// The same as a share of the price; the larger of the two counts.
    pub resale_share: Option<Input<Percentage>>,
    /// The resale falls by the same part every year, from the price: `price × kept^years`, never below `resale`.
    pub value_kept_per_year: Option<Input<Percentage>>,
    /// The part of the resale that selling costs.
    pub selling_cost: Input<Percentage>,
    /// `None` leaves electricity out, which the assumptions say aloud.
    pub electricity: Option<Electricity>,
    pub upkeep: Upkeep,
    /// Any other cost of owning, a month, whatever the hours.
    pub other_usd_per_month: Input<Usd>,
    pub upgrade: Option<Upgrade>,
    /// Speed of the machine over the speed of the rented instance: at 2 it needs half the hours.
    pub speed_ratio: Input<Decimal>,
}

impl Owning {
    /// A machine at this price; no resale, no electricity, no other cost, as fast as the rented instance: all assumed.
    pub fn at_price(name: impl Into<String>, price: Input<Usd>) -> Owning {
        Owning {
            name: name.into(),
            price,
            sales_tax: Input::assumed(Percentage::ZERO),
            financing: None,
            resale: Input::assumed(Usd::ZERO),
            resale_share: None,
            value_kept_per_year: None,
            selling_cost: Input::assumed(Percentage::ZERO),
            electricity: None,
            upkeep: Upkeep::NONE,
            other_usd_per_month: Input::assumed(Usd::ZERO),
            upgrade: None,
            speed_ratio: Input::assumed(Decimal::ONE),
        }
    }
}

/// A reservation or savings plan: its rate is owed for every hour of the term, used or not, and its fee at the beginning of
/// each term. A term that runs on past the horizon is paid in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    pub upfront: Input<Usd>,
    pub term_months: Input<u32>,
}

/// Data sent out of AWS by the GB, at the rates of a region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub gb_per_month: Input<Decimal>,
    pub rates: TransferOut,
}

/// The rented instance and what comes with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renting {
    /// As sentences call it: `p2.xlarge in us-east-1`.
    pub name: String,
    /// Of a running hour; of every hour of a commitment's term.
    pub usd_per_hour: Input<Usd>,
    /// `None` pays for the hours used alone: on demand or spot.
    pub committed: Option<Committed>,
    /// GPUs of the instance, a part of one included, for the cost of one of their hours.
    pub gpus: Option<Input<Decimal>>,
    /// Hours paid for an hour of work done: above 1 where spot interruptions make work be done again.
    pub overhead: Input<Decimal>,
    /// What `overhead` follows from, where it does; [`Question::put`] of one of its numbers keeps them together.
    pub interruptions: Option<Interruptions>,
    pub ami_usd_per_hour: Input<Usd>,
    /// Public IPv4 while the instance runs; an auto-assigned address is released at each stop.
    pub address_usd_per_hour: Input<Usd>,
    /// Elastic IPs, billed in every hour, running or stopped.
    pub elastic_ip_usd_per_hour: Input<Usd>,
    /// Volumes, billed whether the instance runs or not.
    pub storage_usd_per_month: Input<Usd>,
    /// Data sent out of AWS, in dollars.
    pub transfer_usd_per_month: Input<Usd>,
    /// Data sent out of AWS, by the GB; both are paid.
    pub transfer: Option<Transfer>,
}

impl Renting {
    /// An instance at this rate; free AMI, no public address, no volume: all assumed.
    pub fn at_rate(name: impl Into<String>, usd_per_hour: Input<Usd>) -> Renting {
        Renting {
            name: name.into(),
            usd_per_hour,
            committed: None,
            gpus: None,
            overhead: Input::assumed(Decimal::ONE),
            interruptions: None,
            ami_usd_per_hour: Input::assumed(Usd::ZERO),
            address_usd_per_hour: Input::assumed(Usd::ZERO),
            elastic_ip_usd_per_hour: Input::assumed(Usd::ZERO),
            storage_usd_per_month: Input::assumed(Usd::ZERO),
            transfer_usd_per_month: Input::assumed(Usd::ZERO),
            transfer: None,
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
