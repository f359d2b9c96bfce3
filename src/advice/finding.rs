//! What a rule says about one resource, and the ways out of it in dollars.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::dollars::Dollars;
use super::idle_week::IdleWeek;
use super::spans::Span;
use crate::ledger::Resource;
use crate::money::Usd;
use crate::time::ESTIMATE_MONTH_HOURS;

/// Months that ways out are compared over.
pub const HORIZONS: [u32; 3] = [1, 3, 12];

const LEAST_HOURS_ARCHIVED: u32 = 90 * 24;

/// One recommendation. Months are the estimate month of 730 hours; storage is charged by the month itself, so that its
/// dollars a month are GB × rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `stopped-accruing:i-0123456789abcdef0`: the same in each run.
    pub id: String,
    /// Id of its [`Rule`](super::Rule).
    pub rule: &'static str,
    /// A sentence about this resource.
    pub title: String,
    pub resource: Arc<Resource>,
    /// Up to here the ledger knows; nothing after it is assumed.
    pub last_seen: Timestamp,
    /// What was seen, noted and looked up, each with its file and record or its rate's date. Untrusted text.
    pub evidence: Vec<String>,
    /// What is charged: each volume and address of the resource.
    pub parts: Vec<Part>,
    /// What it has cost in vain so far, up to the last sight. `None` where nothing is lost yet.
    pub accrued: Option<Dollars>,
    /// The most it has cost by now, if it is still there.
    pub accrued_if_still_there: Option<Usd>,
    /// Since when it costs in vain, at the latest. `None` where nothing is lost yet, or nothing tells.
    pub since: Option<Timestamp>,
    pub saving_per_month: Dollars,
    pub confidence: Confidence,
    /// First of them: to keep things as they are.
    pub choices: Vec<Choice>,
    /// What can go wrong.
    pub risk: String,
    /// What some rules have to show besides.
    pub detail: Option<Detail>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What an instance that runs costs over stretches of time.
    Spans(Vec<Span>),
    /// When in the week it is at work.
    Week(IdleWeek),
}

impl Finding {
    /// The way out that loses nothing, or the only one.
    pub fn recommended(&self) -> Option<&Choice> {
        self.choices.iter().find(|choice| choice.recommended)
    }
}

/// How sure it is that the finding is one, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confidence {
    pub level: Level,
    pub why: Cow<'static, str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Low,
    Medium,
    High,
}

impl Level {
    pub const fn name(self) -> &'static str {
        match self {
            Level::Low => "low",
            Level::Medium => "medium",
            Level::High => "high",
        }
    }
}

impl Confidence {
    pub(super) fn high(why: impl Into<Cow<'static, str>>) -> Confidence {
        Confidence { level: Level::High, why: why.into() }
    }

    pub(super) fn medium(why: impl Into<Cow<'static, str>>) -> Confidence {
        Confidence { level: Level::Medium, why: why.into() }
    }

    pub(super) fn low(why: impl Into<Cow<'static, str>>) -> Confidence {
        Confidence { level: Level::Low, why: why.into() }
    }

    /// Of what was seen, up to dollars that are known.
    pub(super) fn as_seen(what: &'static str, dollars: &Dollars) -> Confidence {
        match dollars.why_unknown() {
            None => Confidence::high(what),
            Some(why) => Confidence::medium(format!("{what}; in dollars it is not known: {why}")),
        }
    }
}

/// One thing that is charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub id: String,
    /// `gp3 500 GB, 4,000 IOPS, 250 MiB/s`, `public IPv4 address`.
    pub what: String,
    pub accrued: Dollars,
    pub per_month: Dollars,
    /// It is in the finding's dollars. Otherwise it goes on beside them, whatever is done.
    pub counted: bool,
}

/// What one can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    Keep,
    Stop,
    ReleaseAddress,
    SnapshotThenDelete,
    ArchiveThenDelete,
    DeleteDataVolumes,
    ImageThenTerminate,
    DeleteVolume,
    Terminate,
    TerminateAndDelete,
    ChangeToGp3,
    /// Fewer IOPS, less throughput.
    LowerPerformance,
    DeleteOnTermination,
    ArchiveSnapshot,
    DeleteSnapshot,
    ChangeType,
    MoveRegion,
    RunAsSpot,
    Reserve,
    SavingsPlan,
    BuyMachine,
    StopOnSchedule,
}

impl Action {
    pub const fn name(self) -> &'static str {
        match self {
            Action::Keep => "keep",
            Action::Stop => "stop",
            Action::ReleaseAddress => "release-address",
            Action::SnapshotThenDelete => "snapshot-then-delete",
            Action::ArchiveThenDelete => "archive-then-delete",
            Action::DeleteDataVolumes => "delete-data-volumes",
            Action::ImageThenTerminate => "ami-then-terminate",
            Action::DeleteVolume => "delete",
            Action::Terminate => "terminate",
            Action::TerminateAndDelete => "terminate-and-delete",
            Action::ChangeToGp3 => "change-to-gp3",
            Action::LowerPerformance => "lower-performance",
            Action::DeleteOnTermination => "delete-on-termination",
            Action::ArchiveSnapshot => "archive-snapshot",
            Action::DeleteSnapshot => "delete-snapshot",
            Action::ChangeType => "change-type",
            Action::MoveRegion => "move-region",
            Action::RunAsSpot => "run-as-spot",
            Action::Reserve => "reserve",
            Action::SavingsPlan => "savings-plan",
            Action::BuyMachine => "buy-machine",
            Action::StopOnSchedule => "stop-on-schedule",
        }
    }
}

/// A way out: what it costs from then on, what it costs to come back, what is lost, and how it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub action: Action,
    /// What it means here: `gp3 with 3,000 IOPS and 250 MiB/s`.
    pub what: Cow<'static, str>,
    /// What goes on being charged.
    pub per_month: Dollars,
    /// What of it is charged for 90 days at least, as all in the archive tier is.
    pub for_90_days: Option<Dollars>,
    /// Paid once, to have things as they were.
    pub restore: Option<Dollars>,
    /// How long that takes, and what follows; empty where there is nothing to restore.
    pub restore_note: Cow<'static, str>,
    /// `nothing`, or what cannot be had back.
    pub lost: Cow<'static, str>,
    /// AWS CLI commands for a POSIX shell, to be run in order. Only characters that cannot break out of it.
    pub commands: Vec<String>,
    pub recommended: bool,
}

impl Choice {
    pub(super) fn new(action: Action, what: impl Into<Cow<'static, str>>, per_month: Dollars) -> Choice {
        Choice {
            action,
            what: what.into(),
            per_month,
            for_90_days: None,
            restore: None,
            restore_note: "".into(),
            lost: "nothing".into(),
            commands: Vec::new(),
            recommended: false,
        }
    }

    /// What it costs over so many estimate months, without coming back. <https://docs.aws.amazon.com/ebs/latest/userguide/snapshot-archive-pricing.html>
    /// (read 2026-11-27): what leaves the archive earlier is billed to the end of its 90 days.
    pub fn over(&self, months: u32) -> Dollars {
        let (hours, month) = (Decimal::from(months * ESTIMATE_MONTH_HOURS), Decimal::from(ESTIMATE_MONTH_HOURS));
        let rest = Decimal::from(LEAST_HOURS_ARCHIVED) - hours;
        let sum = self.per_month.clone().times(Decimal::from(months));
        match &self.for_90_days {
            Some(archived) if rest > Decimal::ZERO => sum.plus(archived.clone().scaled(rest, month)),
            _ => sum,
        }
    }

    pub(super) fn archived(self, archived: Dollars) -> Choice {
        Choice { for_90_days: Some(archived), ..self }
    }

    pub(super) fn losing(self, lost: impl Into<Cow<'static, str>>) -> Choice {
        Choice { lost: lost.into(), ..self }
    }

    pub(super) fn restored(self, cost: Dollars, note: impl Into<Cow<'static, str>>) -> Choice {
        Choice { restore: Some(cost), restore_note: note.into(), ..self }
    }

    pub(super) fn by(self, commands: Vec<String>) -> Choice {
        Choice { commands, ..self }
    }

    pub(super) fn recommended(self) -> Choice {
        Choice { recommended: true, ..self }
    }
}
