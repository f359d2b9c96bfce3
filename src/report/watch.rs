//! The live view: what runs and stands still now, what it cost so far, and what it comes to if nothing changes.
//!
//! Dollars are `billing`'s, in two parts: what is known up to the last poll, and what goes on since. The first is
//! summed once a poll, the second each time the view is drawn.

mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{Timestamp, ToSpan};

pub use table::{changes, log_line, watch_table};

use crate::billing::{LineItem, bill, line_items_by_month};
use crate::catalog::RateCard;
use crate::ledger::{
    Certainty, Evidence, Fact, InstanceSeen, InstanceState, Ledger, Metered, Overlap, Resource, Subject, Usage, derive,
};
use crate::money::Usd;
use crate::time::{Month, Period, day, utc_date};

/// Dollars, and whether something in them has no rate: then they are the least it can be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    pub usd: Usd,
    pub is_lower_bound: bool,
}

impl Sum {
    fn add(&mut self, lines: &[LineItem]) {
        for line in lines {
            match line.charge.cost() {
                Some(cost) => self.usd += cost,
                None => self.is_lower_bound = true,
            }
        }
    }

    #[must_use]
    fn plus(self, other: Sum) -> Sum {
        Sum { usd: self.usd + other.usd, is_lower_bound: self.is_lower_bound || other.is_lower_bound }
    }

    /// `$1.23`, `≥ $1.23`, `no rate`.
    pub fn shown(self, decimals: u32) -> String {
        match (self.is_lower_bound, self.usd.is_zero()) {
            (false, _) => self.usd.rounded(decimals),
            (true, true) => "no rate".to_owned(),
            (true, false) => format!("≥ {}", self.usd.rounded(decimals)),
        }
    }
}

/// What a line of the view is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    Instance(String),
    /// Volumes and addresses that no instance has.
    Unattached,
    /// Instances that are no more, and what was theirs.
    Gone,
}

/// What has run up, by owner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// Since the instance's last start.
    pub session: Option<Sum>,
    pub today: Sum,
    pub month: Sum,
    /// The month, if all goes on as now until its end.
    pub projected: Sum,
    /// An hour from now, likewise.
    pub hourly: Sum,
}

impl Spent {
    fn plus(self, other: Spent) -> Spent {
        Spent {
            session: None,
            today: self.today.plus(other.today),
            month: self.month.plus(other.month),
            projected: self.projected.plus(other.projected),
            hourly: self.hourly.plus(other.hourly),
        }
    }
}

/// The ledger as of an instant, and what it comes to by its month's end and an hour more if all goes on that is open.
pub struct Ledgers {
    pub now: Ledger,
    pub ahead: Ledger,
}

impl Ledgers {
    /// # Errors
    /// Two records that say the same instance ran, or the same volume existed, at the same time.
    pub fn of(
        mut facts: Vec<(Evidence, Fact)>,
        metered: Vec<(Evidence, Metered)>,
        now: Timestamp,
    ) -> Result<Ledgers, Overlap> {
        let ledger = derive(&facts, metered.clone(), now)?;
        // What was seen later is not known yet; what was noted of later is.
        facts.retain(|(_, fact)| matches!(fact, Fact::Noted(_)) || fact.known_at() <= now);
        Ok(Ledgers { now: ledger, ahead: derive(&facts, metered, horizon(now))? })
    }

    /// Leaves out everything of other regions.
    pub fn keep_regions(&mut self, regions: &[String]) {
        self.now.keep_regions(regions);
        self.ahead.keep_regions(regions);
    }
}

/// The ledger as of the last poll, summed.
pub struct Watched {
    month: Month,
    /// What was seen at the last poll and goes on for all anyone knows.
    going: Vec<(Owner, Usage)>,
    /// Instances that are there, by id.
    instances: BTreeMap<String, InstanceSeen>,
    /// What is known of those that only notes and exports name.
    unseen: BTreeMap<String, Arc<Resource>>,
    starts: BTreeMap<String, Timestamp>,
    /// Up to the last poll; nothing projected.
    known: BTreeMap<Owner, Spent>,
    /// The whole month's, as far as it is surely used: notes may speak of days to come.
    sure: BTreeMap<Owner, Sum>,
    /// What `known` calls today.
    today: Period,
}

/// The view at one instant.
pub struct Reading {
    pub rows: Vec<(Owner, Spent)>,
    pub total: Spent,
    /// What of the month's dollars is assumed since the last poll.
    pub since_poll: Sum,
}

/// What was open reaches the month's end, and an hour more.
fn horizon(now: Timestamp) -> Timestamp {
    let end = Month::of(now).period().end;
    end.checked_add(2.hours()).unwrap_or(end)
}

impl Watched {
    /// What was last seen before `seen_since` is not assumed to go on; an instance not seen since `watched_since` is not
    /// there.
    pub fn new(
        ledgers: &Ledgers,
        card: &RateCard,
        seen_since: Timestamp,
        watched_since: Timestamp,
        now: Timestamp,
    ) -> Watched {
        let month = Month::of(now);
        let Ledgers { now: ledger, ahead } = ledgers;
        let there = |seen: &InstanceSeen| seen.seen_at >= watched_since && seen.state != InstanceState::Terminated;
        let instances: BTreeMap<String, InstanceSeen> = ledger
            .instances
            .iter()
            .filter(|(_, (_, seen))| there(seen))
            .map(|(id, (_, seen))| (id.clone(), seen.clone()))
            .collect();
        let goes_on = |usage: &Usage| {
            usage.certainty == Certainty::Possible
                && !matches!(usage.subject, Subject::Snapshot { .. })
                && usage.period.start >= seen_since
                && usage.period.end == horizon(now)
        };
        let owner = |resource: &Resource| owner_of(resource, ahead, &instances);
        let going = ahead.usage.iter().filter(|usage| goes_on(usage));
        let going = going.map(|usage| (owner(&usage.resource), usage.clone())).collect();
        let starts = instances.iter().filter(|(_, seen)| !seen.state.is_stopped()).filter_map(|(id, _)| {
            let session = ledger.sessions_of(id).next_back().filter(|session| !session.end.is_over())?;
            Some((id.clone(), session.start))
        });
        let starts = starts.collect();
        let today = day(utc_date(now));
        let (unseen, known, sure) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        let mut watched = Watched { month, going, starts, known, sure, today, instances, unseen };
        watched.sum_up(ledger, card);
        watched.look_ahead(ahead, card);
        watched
    }

    fn sum_up(&mut self, ledger: &Ledger, card: &RateCard) {
        for id in self.instances.keys() {
            self.known.entry(Owner::Instance(id.clone())).or_default();
        }
        let sure = bill(ledger, card, self.month).line_items;
        for line in sure.iter().filter(|line| line.certainty == Certainty::Measured) {
            let owner = owner_of(&line.resource, ledger, &self.instances);
            self.meet(&owner, &line.resource);
            let spent = self.known.entry(owner).or_default();
            let line = std::slice::from_ref(line);
            spent.month.add(line);
            if line.iter().all(|line| self.today.contains(line.period.start)) {
                spent.today.add(line);
            }
        }
        for usage in ledger.usage.iter().filter(|usage| usage.certainty == Certainty::Measured) {
            let owner = owner_of(&usage.resource, ledger, &self.instances);
            let Owner::Instance(id) = &owner else { continue };
            let Some(start) = self.starts.get(id) else { continue };
            let session = self.known.entry(owner).or_default().session.get_or_insert_default();
            session.add(&line_items_by_month(usage, card, Period { start: *start, end: Timestamp::MAX }));
        }
    }

    fn look_ahead(&mut self, ahead: &Ledger, card: &RateCard) {
        let lines = bill(ahead, card, self.month).line_items;
        for line in lines.iter().filter(|line| line.certainty == Certainty::Measured) {
            let owner = owner_of(&line.resource, ahead, &self.instances);
            self.meet(&owner, &line.resource);
            self.sure.entry(owner).or_default().add(std::slice::from_ref(line));
        }
    }

    fn meet(&mut self, owner: &Owner, resource: &Arc<Resource>) {
        let Owner::Instance(id) = owner else { return };
        // Its own record knows its name, that of its volume may not.
        if !self.instances.contains_key(id) && (resource.id == *id || !self.unseen.contains_key(id)) {
            self.unseen.insert(id.clone(), Arc::clone(resource));
        }
    }

    /// What only notes and exports name.
    pub fn unseen(&self) -> &BTreeMap<String, Arc<Resource>> {
        &self.unseen
    }

    /// Whether sums of another day or month are due.
    pub fn is_of(&self, now: Timestamp) -> bool {
        self.today.contains(now)
    }

    pub fn instances(&self) -> &BTreeMap<String, InstanceSeen> {
        &self.instances
    }

    /// What has run up by `now`.
    pub fn read(&self, card: &RateCard, now: Timestamp) -> Reading {
        let mut spent = self.known.clone();
        let end = self.month.period().end;
        let mut since_poll = Sum::default();
        for (owner, sure) in &self.sure {
            spent.entry(owner.clone()).or_default().projected = *sure;
        }
        for (owner, usage) in &self.going {
            let between = |start: Timestamp, end: Timestamp| line_items_by_month(usage, card, Period { start, end });
            let so_far = between(usage.period.start, now);
            let of_owner = spent.entry(owner.clone()).or_default();
            since_poll.add(&so_far);
            of_owner.month.add(&so_far);
            of_owner.today.add(&between(usage.period.start.max(self.today.start), now));
            of_owner.projected.add(&between(usage.period.start, end));
            // An hour that no minimum charge of a start has paid for already.
            let hour = usage.period.start.checked_add(1.minute()).unwrap_or(usage.period.start);
            of_owner.hourly.add(&between(hour, hour.checked_add(1.hour()).unwrap_or(hour)));
            if matches!(owner, Owner::Instance(id) if self.starts.contains_key(id)) {
                of_owner.session.get_or_insert_default().add(&so_far);
            }
        }
        let total = spent.values().fold(Spent::default(), |total, spent| total.plus(*spent));
        let mut rows: Vec<(Owner, Spent)> = spent.into_iter().collect();
        rows.retain(|(owner, spent)| matches!(owner, Owner::Instance(_)) || *spent != Spent::default());
        Reading { rows, total, since_poll }
    }

    /// How many run, and how many stand still.
    pub fn counts(&self) -> (usize, usize) {
        let stopped = self.instances.values().filter(|seen| seen.state.is_stopped()).count();
        (self.instances.len() - stopped, stopped)
    }
}

/// Whose a charge is: an export names a volume and not the instance it is attached to, the ledger does.
fn owner_of(resource: &Resource, ledger: &Ledger, instances: &BTreeMap<String, InstanceSeen>) -> Owner {
    let attached = || {
        let (_, volume) = ledger.volumes.get(&resource.id)?;
        volume.attached_to.as_ref().map(|(instance_id, _)| instance_id)
    };
    let is_instance = ledger.sessions_of(&resource.id).next().is_some();
    let id = resource.instance_id.as_ref().or(is_instance.then_some(&resource.id)).or_else(attached);
    match id {
        None => Owner::Unattached,
        // That one which was never seen is no more, nobody says.
        Some(id) if instances.contains_key(id) || !ledger.instances.contains_key(id) => Owner::Instance(id.clone()),
        Some(_) => Owner::Gone,
    }
}

#[cfg(test)]
mod tests;
