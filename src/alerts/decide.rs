//! From one look to the next: what is told, and what is remembered.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::episode::{Amount, Episode, State, Steps};
use super::notice::{Kind, Matter, Notice};
use crate::advice::{Dollars, Finding};
use crate::money::{LINE_ITEM_DECIMALS, Usd};
use crate::time::{ESTIMATE_MONTH_HOURS, hours};

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// Days from one reminder to the next: one day after the opening, on the third and the seventh day, then weekly.
const REMIND_AFTER_DAYS: [i64; 3] = [1, 2, 4];
const REMIND_EVERY_DAYS: i64 = 7;
/// Who looks once a day does not do so to the second.
const EARLY: SignedDuration = SignedDuration::from_hours(1);

/// What is looked at.
#[derive(Clone, Debug)]
pub struct Look<'a> {
    pub findings: &'a [Finding],
    /// Ids of findings that somebody wants to hear nothing of for now: they neither open nor escalate, nor are they over.
    pub silenced: &'a BTreeSet<String>,
    /// Of findings that were open and are not there any more: the newest evidence of their resource. A finding of which
    /// nothing newer is known than when it was last seen is not over.
    pub evidence: &'a BTreeMap<String, Timestamp>,
    /// When what a finding is about ended, where the ledger knows it to the second.
    pub ends: &'a BTreeMap<String, Timestamp>,
    pub steps: &'a Steps,
}

/// What follows: episodes that are new or have changed, and what to tell, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decision {
    pub episodes: Vec<Episode>,
    pub notices: Vec<Notice>,
}

/// `past` holds the last episode of each finding.
pub fn decide(look: &Look<'_>, past: &BTreeMap<String, Episode>, now: Timestamp) -> Decision {
    let mut decision = Decision::default();
    let mut there = BTreeSet::new();
    for finding in look.findings {
        if !there.insert(finding.id.as_str()) {
            continue;
        }
        let silenced = look.silenced.contains(&finding.id);
        match past.get(&finding.id) {
            Some(episode) if episode.is_open() => decision.go_on(finding, episode, silenced, look.steps, now),
            _ if silenced => {}
            // What was known when it was resolved does not open it again: an older ledger may be looked at.
            Some(over) if over.resolved_at.is_some_and(|at| finding.last_seen <= at) => {}
            before => decision.open(finding, before.map_or(1, |over| over.number + 1), look.steps, now),
        }
    }
    for episode in past.values().filter(|episode| episode.is_open() && !there.contains(episode.finding.as_str())) {
        // What was seen after `now` is not among the findings: the clock went back, or one looks at the past.
        let is_newer = |at: &&Timestamp| **at > episode.last_seen && **at <= now;
        if let Some(seen_over) = look.evidence.get(&episode.finding).filter(is_newer) {
            decision.resolve(episode, *seen_over, look.ends.get(&episode.finding).copied());
        }
    }
    decision
}

impl Decision {
    fn open(&mut self, finding: &Finding, number: u32, steps: &Steps, now: Timestamp) {
        let since = finding.since.unwrap_or(now).min(finding.last_seen);
        let mut episode = Episode {
            finding: finding.id.clone(),
            number,
            state: State::Open,
            opened_at: now,
            since,
            last_seen: finding.last_seen,
            told_days: 0,
            told_usd: Usd::ZERO,
            reminders: 0,
            reminded_at: Some(now),
            resolved_at: None,
            accrued: None,
            per_month: Amount::from(&Dollars::ZERO),
            saving_per_month: Amount::from(&Dollars::ZERO),
            matter: Matter::default(),
        };
        describe(&mut episode, finding);
        // What it has passed already is told with the opening.
        (episode.told_days, episode.told_usd) = passed(&episode, steps);
        self.notices.push(notice(&episode, Kind::Opened));
        self.episodes.push(episode);
    }

    fn go_on(&mut self, finding: &Finding, before: &Episode, silenced: bool, steps: &Steps, now: Timestamp) {
        let mut episode = before.clone();
        // An older ledger, or one without the newest file, takes nothing back.
        if finding.last_seen >= before.last_seen {
            describe(&mut episode, finding);
        }
        if !silenced {
            let worse = escalations(&mut episode, steps);
            // An escalation tells all that a reminder would.
            if is_reminder_due(&mut episode, now) && worse.is_empty() {
                self.notices.push(notice(&episode, Kind::Reminder { number: episode.reminders }));
            }
            self.notices.extend(worse.into_iter().map(|kind| notice(&episode, kind)));
        }
        if episode != *before {
            self.episodes.push(episode);
        }
    }

    fn resolve(&mut self, before: &Episode, seen_over: Timestamp, ended: Option<Timestamp>) {
        let mut episode = before.clone();
        episode.state = State::Resolved;
        episode.resolved_at = Some(seen_over);
        episode.accrued = in_all(before, seen_over, ended).as_ref().map(Amount::from);
        self.notices.push(notice(&episode, Kind::Resolved));
        self.episodes.push(episode);
    }
}

/// The newest word on it.
fn describe(episode: &mut Episode, finding: &Finding) {
    episode.last_seen = finding.last_seen;
    if let Some(since) = finding.since {
        episode.since = since.min(finding.last_seen);
    }
    episode.accrued = finding.accrued.as_ref().map(Amount::from);
    let counted = finding.parts.iter().filter(|part| part.counted);
    let per_month = counted.fold(Dollars::ZERO, |sum, part| sum.plus(part.per_month.clone()));
    episode.per_month = Amount::from(&per_month);
    episode.saving_per_month = Amount::from(&finding.saving_per_month);
    episode.matter = Matter {
        rule: finding.rule.to_owned(),
        title: finding.title.clone(),
        resource: finding.resource.id.clone(),
        name: finding.resource.name.clone(),
        account: finding.resource.account.clone(),
        region: finding.resource.region.clone(),
        command: finding.recommended().map(|choice| choice.commands.join(" && ")).unwrap_or_default(),
    };
}

/// The highest step of age and of dollars that it has surely passed. Its age ends with its last sight: what nobody has
/// looked at since is not known to have grown older.
fn passed(episode: &Episode, steps: &Steps) -> (u32, Usd) {
    let age = episode.last_seen.duration_since(episode.since).as_hours() / DAY.as_hours();
    let highest = |count: usize| count.checked_sub(1);
    let days = highest(steps.days_passed(age)).and_then(|at| steps.days.get(at)).copied();
    let least = episode.accrued.as_ref().and_then(|accrued| accrued.dollars().least()).unwrap_or(Usd::ZERO);
    let usd = highest(steps.usd_passed(least)).and_then(|at| steps.usd.get(at)).copied();
    (days.unwrap_or(0), usd.unwrap_or(Usd::ZERO))
}

fn escalations(episode: &mut Episode, steps: &Steps) -> Vec<Kind> {
    let (days, usd) = passed(episode, steps);
    let mut worse = Vec::new();
    if days > episode.told_days {
        episode.told_days = days;
        worse.push(Kind::AgeStep { days });
    }
    if usd > episode.told_usd {
        episode.told_usd = usd;
        worse.push(Kind::DollarStep { usd: usd.exact() });
    }
    worse
}

/// Counts the reminder that is due, if one is. A clock that went back starts the wait anew, and is not waited for.
fn is_reminder_due(episode: &mut Episode, now: Timestamp) -> bool {
    let last = episode.reminded_at.unwrap_or(episode.opened_at);
    if now < last {
        episode.reminded_at = Some(now);
        return false;
    }
    let so_far = usize::try_from(episode.reminders).unwrap_or(usize::MAX);
    let days = REMIND_AFTER_DAYS.get(so_far).copied().unwrap_or(REMIND_EVERY_DAYS);
    let is_due = now.duration_since(last) >= SignedDuration::from_hours(days * DAY.as_hours()) - EARLY;
    if is_due {
        episode.reminders = episode.reminders.saturating_add(1);
        episode.reminded_at = Some(now);
    }
    is_due
}

/// What an episode cost from its beginning to its end: it `ended` then, or at some time between the last sight and
/// `seen_over`.
fn in_all(episode: &Episode, seen_over: Timestamp, ended: Option<Timestamp>) -> Option<Dollars> {
    let accrued = episode.accrued.as_ref()?.dollars();
    let unseen = hours(ended.unwrap_or(seen_over).duration_since(episode.last_seen).as_secs().max(0));
    let since_then = episode.per_month.dollars().scaled(unseen, Decimal::from(ESTIMATE_MONTH_HOURS));
    let since_then = since_then.to_decimals(LINE_ITEM_DECIMALS);
    if ended.is_some() {
        return Some(accrued.plus(since_then));
    }
    let at_most = match (since_then.most(), since_then.why_unknown()) {
        (Some(most), _) => Dollars::at_most(most),
        (None, why) => Dollars::unknown(why.unwrap_or("its cost a month is unknown")),
    };
    Some(accrued.plus(at_most))
}

fn notice(episode: &Episode, kind: Kind) -> Notice {
    let goes_on = !matches!(kind, Kind::Resolved);
    let text = |dollars: &Dollars| if *dollars == Dollars::ZERO { String::new() } else { dollars.to_string() };
    let accrued = episode.accrued.as_ref().map(Amount::dollars);
    let accrued = accrued.as_ref();
    let mut matter = episode.matter.clone();
    if !goes_on {
        matter.command.clear();
    }
    Notice {
        key: format!("{}#{}:{}", episode.finding, episode.number, kind.key()),
        kind,
        about: episode.finding.clone(),
        matter,
        cost: accrued.map(Dollars::to_string).unwrap_or_default(),
        least_usd: accrued.and_then(Dollars::least),
        most_usd: accrued.and_then(Dollars::most),
        cost_note: accrued.and_then(Dollars::why_unknown).unwrap_or_default().to_owned(),
        per_month: if goes_on { text(&episode.per_month.dollars()) } else { String::new() },
        saving_per_month: if goes_on { text(&episode.saving_per_month.dollars()) } else { String::new() },
        last_seen: episode.last_seen,
    }
}
