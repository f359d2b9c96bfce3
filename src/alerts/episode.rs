//! What is remembered of a finding from one look to the next.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::notice::Matter;
use crate::advice::Dollars;
use crate::money::Usd;

/// When an open finding is told of again because it has become worse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    /// Ascending.
    pub days: Vec<u32>,
    /// Ascending.
    pub usd: Vec<Usd>,
}

impl Default for Steps {
    fn default() -> Steps {
        Steps { days: vec![7, 30, 60], usd: [10u32, 100, 1000].map(|usd| Usd::new(usd.into())).to_vec() }
    }
}

impl Steps {
    /// How many steps of age a finding that is so old has passed.
    pub(super) fn days_passed(&self, days: i64) -> usize {
        self.days.iter().filter(|step| i64::from(**step) <= days).count()
    }

    /// How many steps of dollars it surely has passed.
    pub(super) fn usd_passed(&self, least: Usd) -> usize {
        self.usd.iter().filter(|step| **step <= least).count()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Open,
    Resolved,
}

impl State {
    pub const fn name(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Resolved => "resolved",
        }
    }
}

/// One finding from when it appeared until it was over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Episode {
    /// The finding's id.
    pub finding: String,
    /// From 1: a finding that comes back begins the next.
    pub number: u32,
    pub state: State,
    pub opened_at: Timestamp,
    /// Since when it costs in vain, at the latest; where that is not known, when the episode was opened.
    pub since: Timestamp,
    /// The newest evidence that it is so.
    pub last_seen: Timestamp,
    /// The highest age and sum of which it was told, as the steps themselves: steps may be set anew.
    pub told_days: u32,
    pub told_usd: Usd,
    /// Reminders so far.
    pub reminders: u32,
    /// When the last of them was due by the clock of then; before the first, when it was opened.
    #[serde(default)]
    pub reminded_at: Option<Timestamp>,
    pub resolved_at: Option<Timestamp>,
    /// Up to `last_seen`. `None`: nothing is lost, something could be saved.
    pub accrued: Option<Amount>,
    pub per_month: Amount,
    pub saving_per_month: Amount,
    #[serde(flatten)]
    pub matter: Matter,
}

impl Episode {
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }
}

/// Dollars with their bounds as they are kept: as text, so that no digit is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    least: Option<Usd>,
    most: Option<Usd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl From<&Dollars> for Amount {
    fn from(dollars: &Dollars) -> Amount {
        Amount { least: dollars.least(), most: dollars.most(), why: dollars.why_unknown().map(str::to_owned) }
    }
}

impl Amount {
    pub fn dollars(&self) -> Dollars {
        let unknown = || self.why.clone().unwrap_or_else(|| "it is unknown".to_owned());
        match (self.least, self.most) {
            (Some(least), Some(most)) => Dollars::of(least, Ok(most)),
            (Some(least), None) => Dollars::AtLeast { least, why: unknown() },
            (None, _) => Dollars::Unknown { why: unknown() },
        }
    }
}
