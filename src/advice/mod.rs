//! Recommendations: what costs money in vain, since when, and what each way out costs.
//!
//! One rule a file, all in [`RULES`]. Everything is as of when it was last seen: accrued dollars end there, and what it
//! may have cost since is said apart. What is not known is bounded or unknown, never left out and never $0.

mod buy_the_machine;
mod by_id;
mod cheaper_elsewhere;
mod command;
mod cost;
mod dollars;
mod finding;
mod gp2_to_gp3;
mod idle_address;
mod idle_running;
mod idle_week;
mod idleness;
mod inventory;
mod left_running;
mod off_schedule;
mod orphan_snapshot;
mod oversized_iops;
pub mod plan;
pub mod preflight;
mod rented;
mod spans;
mod standing;
mod stopped_accruing;
mod suppress;
mod unattached_volume;
mod unjudged;
mod volume_survives_termination;
mod ways_out;

use jiff::Timestamp;
use rayon::prelude::*;

pub use dollars::Dollars;
pub use finding::{Action, Choice, Confidence, Detail, Finding, HORIZONS, Level, Part};
pub use idle_running::ID as IDLE_RUNNING;
pub use idle_week::{Block, IdleWeek, WeekHour};
pub use idleness::IdleThresholds;
pub use left_running::ID as LEFT_RUNNING;
pub use off_schedule::ID as OFF_SCHEDULE;
pub use oversized_iops::{ID as OVERSIZED_IOPS, has_paid_performance};
pub use spans::Span;
pub use stopped_accruing::ID as STOPPED_ACCRUING;
pub use suppress::{By, Exception, KEEP_TAG, Sifted, Silences, Snooze, Suppressed, sift};
pub use unjudged::unjudged;

use crate::catalog::RateCard;
use crate::ledger::Ledger;
use crate::money::Usd;
use by_id::ById;
use inventory::{Address, Inventory, Volume};
use standing::Standing;

/// From when on a rule speaks up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Hours an instance may run before `left-running` names it.
    pub left_running_hours: u32,
    /// When `idle-running` calls an instance idle, and how far back the rules on signals look.
    pub idle: IdleThresholds,
    /// The machine that `buy-the-machine` thinks of, by its name on the card; `None`: the best of those with a price.
    pub machine: Option<&'static str>,
    /// Days of known hours below which `buy-the-machine` finds no pattern that would go on for years.
    pub buy_days: u32,
    /// Days back that `cheaper-elsewhere` measures hours over.
    pub elsewhere_days: u32,
    /// The share of the cost that another way must save to be worth moving for.
    pub elsewhere_percent: u32,
    /// Days of known hours below which no commitment of years is held against them.
    pub commit_days: u32,
    /// How many times what was used `oversized-iops` leaves.
    pub headroom: u32,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds {
            left_running_hours: 12,
            idle: IdleThresholds::default(),
            machine: None,
            buy_days: 60,
            elsewhere_days: 30,
            elsewhere_percent: 10,
            commit_days: 28,
            headroom: 2,
        }
    }
}

/// What rules look at, and how much they are to tell.
struct View<'a> {
    inventory: &'a Inventory<'a>,
    card: &'a RateCard,
    thresholds: Thresholds,
    depth: Depth,
    /// The one resource to look at; `None`: all.
    only: Option<&'a str>,
    now: Timestamp,
}

/// How much of a finding is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    Whole,
    /// What a row of a list shows, and what it is sorted and sifted by.
    Row,
}

impl<'a> View<'a> {
    fn wants(&self, id: &str) -> bool {
        self.only.is_none_or(|only| only == id)
    }

    /// What there is to say of each instance, in the order of their ids.
    fn of_standings<T: Send>(&self, tell: impl Fn(&'a Standing<'a>) -> Option<T> + Sync) -> Vec<T> {
        self.of_each(&self.inventory.standings, tell)
    }

    fn of_volumes<T: Send>(&self, tell: impl Fn(&'a Volume<'a>) -> Option<T> + Sync) -> Vec<T> {
        self.of_each(&self.inventory.volumes, tell)
    }

    fn of_addresses<T: Send>(&self, tell: impl Fn(&'a Address<'a>) -> Option<T> + Sync) -> Vec<T> {
        self.of_each(&self.inventory.addresses, tell)
    }

    fn of_each<T: Send, R: Sync>(&self, things: &'a ById<'a, R>, tell: impl Fn(&'a R) -> Option<T> + Sync) -> Vec<T> {
        match self.only {
            Some(id) => things.get(id).and_then(tell).into_iter().collect(),
            None => things.all().par_iter().filter_map(|(_, thing)| tell(thing)).collect(),
        }
    }

    /// What a row does not show: titles, evidence, commands.
    fn told<T: Default>(&self, tell: impl FnOnce() -> T) -> T {
        if self.depth == Depth::Whole { tell() } else { T::default() }
    }

    /// Dollars of a part that the whole does not add up.
    fn told_dollars(&self, tell: impl FnOnce() -> Dollars) -> Dollars {
        if self.depth == Depth::Whole { tell() } else { Dollars::unknown("a list does not tell") }
    }

    /// The ways out, which say what a finding is worth where its saving does not.
    fn choices(&self, saving: &Dollars, tell: impl FnOnce() -> Vec<Choice>) -> Vec<Choice> {
        let says_all = saving.most().is_some_and(|most| !most.is_zero());
        if self.depth == Depth::Row && says_all { Vec::new() } else { tell() }
    }
}

/// One kind of finding.
pub struct Rule {
    /// Stable; the first part of its findings' ids.
    pub id: &'static str,
    /// A few words for a table.
    pub title: &'static str,
    find: fn(&View<'_>) -> Vec<Finding>,
}

/// All rules.
pub const RULES: &[Rule] = &[
    Rule { id: stopped_accruing::ID, title: "Stopped, still billing", find: stopped_accruing::find },
    Rule { id: unattached_volume::ID, title: "Unattached volume", find: unattached_volume::find },
    Rule { id: idle_address::ID, title: "Idle address", find: idle_address::find },
    Rule { id: orphan_snapshot::ID, title: "Orphan snapshot", find: orphan_snapshot::find },
    Rule { id: gp2_to_gp3::ID, title: "gp2, gp3 is cheaper", find: gp2_to_gp3::find },
    Rule {
        id: volume_survives_termination::ID,
        title: "Outlives termination",
        find: volume_survives_termination::find,
    },
    Rule { id: oversized_iops::ID, title: "More speed than used", find: oversized_iops::find },
    Rule { id: idle_running::ID, title: "Running idle", find: idle_running::find },
    Rule { id: off_schedule::ID, title: "Idle by the week", find: off_schedule::find },
    Rule { id: left_running::ID, title: "Left running", find: left_running::find },
    Rule { id: cheaper_elsewhere::ID, title: "Cheaper elsewhere", find: cheaper_elsewhere::find },
    Rule { id: buy_the_machine::ID, title: "Cheaper to own", find: buy_the_machine::find },
];

/// The rule of this id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}

/// What every rule finds, by the most it saves a month; unknown savings come last, ties by id.
///
/// Savings of different findings may be about the same resource (a gp2 volume of a stopped instance): they are
/// alternatives, and are not to be summed.
pub fn advise(ledger: &Ledger, card: &RateCard, thresholds: Thresholds, now: Timestamp) -> Vec<Finding> {
    Advisor::new(ledger, card, thresholds, now).findings()
}

/// Advice on a fleet: a list of all findings, and the whole of those that somebody looks at.
pub struct Advisor<'a> {
    inventory: Inventory<'a>,
    card: &'a RateCard,
    thresholds: Thresholds,
    now: Timestamp,
}

impl<'a> Advisor<'a> {
    pub fn new(ledger: &'a Ledger, card: &'a RateCard, thresholds: Thresholds, now: Timestamp) -> Advisor<'a> {
        Advisor { inventory: Inventory::new(ledger, card, now), card, thresholds, now }
    }

    /// What [`advise`] finds, in its order: in dollars and dates, without its words (title, evidence, risk, commands,
    /// details); without ways out where the saving is known and not zero; and without what each part has cost where all
    /// of them together do not tell.
    pub fn list(&self) -> Vec<Finding> {
        self.found(Depth::Row)
    }

    /// All findings whole.
    pub fn findings(&self) -> Vec<Finding> {
        self.found(Depth::Whole)
    }

    /// The whole of a finding of the list.
    pub fn whole(&self, listed: &Finding) -> Option<Finding> {
        let view = self.view(Depth::Whole, Some(&listed.resource.id));
        (rule(listed.rule)?.find)(&view).into_iter().find(|finding| finding.id == listed.id)
    }

    fn view<'v>(&'v self, depth: Depth, only: Option<&'v str>) -> View<'v> {
        let Advisor { inventory, card, thresholds, now } = self;
        View { inventory, card, thresholds: *thresholds, depth, only, now: *now }
    }

    fn found(&self, depth: Depth) -> Vec<Finding> {
        let view = self.view(depth, None);
        let found: Vec<Vec<Finding>> = RULES.par_iter().map(|rule| (rule.find)(&view)).collect();
        by_saving(found)
    }
}

/// The largest saving first; what may save something nobody can price comes before what saves nothing now.
fn by_saving(found: Vec<Vec<Finding>>) -> Vec<Finding> {
    let saving = |finding: &Finding| {
        let known = finding.saving_per_month.most().or(finding.saving_per_month.least());
        let nothing = known.is_some_and(Usd::is_zero);
        (!nothing, known)
    };
    let of_rule = |(rule, findings): (usize, &'_ Vec<Finding>)| -> Vec<_> {
        findings.iter().enumerate().map(|(at, finding)| (saving(finding), finding.id.clone(), rule, at)).collect()
    };
    let mut order: Vec<_> = found.par_iter().enumerate().flat_map_iter(of_rule).collect();
    order.par_sort_by(|(a, a_id, ..), (b, b_id, ..)| b.cmp(a).then_with(|| a_id.cmp(b_id)));
    // A finding is large: each is moved once.
    let mut left: Vec<Vec<Option<Finding>>> =
        found.into_iter().map(|findings| findings.into_iter().map(Some).collect()).collect();
    order.into_iter().filter_map(|(.., rule, at)| left.get_mut(rule)?.get_mut(at)?.take()).collect()
}
