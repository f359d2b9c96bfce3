//! What is worth telling, once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::money::Usd;

/// What a budget is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// The month so far.
    Actual,
    /// The month to its end, if what runs and is kept now goes on.
    Forecast,
}

impl Measure {
    pub const fn name(self) -> &'static str {
        match self {
            Measure::Actual => "actual",
            Measure::Forecast => "forecast",
        }
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    Opened,
    /// So many days of age.
    AgeStep {
        days: u32,
    },
    /// So many dollars.
    DollarStep {
        usd: String,
    },
    /// Still so; the first reminder is number 1.
    Reminder {
        number: u32,
    },
    Resolved,
    /// A budget is used up to so many percent.
    Budget {
        measure: Measure,
        percent: u32,
    },
}

impl Kind {
    /// `opened`, `age-30d`, `usd-100`, `reminder-2`, `resolved`, `actual-80`: what a notice's key ends in.
    pub fn key(&self) -> String {
        match self {
            Kind::Opened => "opened".to_owned(),
            Kind::AgeStep { days } => format!("age-{days}d"),
            Kind::DollarStep { usd } => format!("usd-{usd}"),
            Kind::Reminder { number } => format!("reminder-{number}"),
            Kind::Resolved => "resolved".to_owned(),
            Kind::Budget { measure, percent } => format!("{}-{percent}", measure.name()),
        }
    }

    /// One word for a table and a message.
    pub const fn word(&self) -> &'static str {
        match self {
            Kind::Opened => "new",
            Kind::AgeStep { .. } | Kind::DollarStep { .. } => "escalated",
            Kind::Reminder { .. } => "reminder",
            Kind::Resolved => "resolved",
            Kind::Budget { .. } => "budget",
        }
    }
}

/// What is the matter, with what. Names in it are untrusted text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matter {
    pub rule: String,
    /// A sentence.
    pub title: String,
    pub resource: String,
    pub name: String,
    pub account: String,
    pub region: String,
    /// What to do about it; empty where there is nothing to do.
    pub command: String,
}

/// A transition, in the words that every channel tells it in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// `stopped-accruing:i-1#2:age-30d`: the same for the same transition, whenever it is decided.
    pub key: String,
    #[serde(flatten)]
    pub kind: Kind,
    /// The finding's id, or the budget's (`budget:2026-10`, `budget:2026-10:i-1`).
    pub about: String,
    #[serde(flatten)]
    pub matter: Matter,
    /// What it has cost so far, or in all, with its bounds: `$12.30`, `≥ $3.65`; empty where nothing is lost.
    pub cost: String,
    /// At least, and at most, where that is known.
    pub least_usd: Option<Usd>,
    pub most_usd: Option<Usd>,
    /// Why a part of the cost is unknown; empty where none is.
    pub cost_note: String,
    /// What goes on being charged; empty where nothing does.
    pub per_month: String,
    /// What the ways out save, with its bounds; empty where it is over.
    pub saving_per_month: String,
    /// Up to when the ledger knows.
    pub last_seen: Timestamp,
}
