//! Sessions: from one start of an instance to its stop, derived from notes, sights and CloudTrail.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use rayon::prelude::*;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::fact::{Evidence, EvidenceKind, Fact, Noted, Purchase};
use super::marks::known_instances;
use super::moment::End;
use super::seen::sessions_of_instance;
use crate::money::Usd;
use crate::time::Period;

/// One stopped→running→stopped stretch of an instance (a reboot does not end it), or a noted pattern of
/// so many hours a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub account: String,
    pub region: String,
    pub instance_id: String,
    pub name: String,
    pub instance_type: String,
    pub platform: String,
    pub purchase: Purchase,
    /// What the user notes to pay, where that is not the card's rate.
    pub usd_per_hour: Option<Usd>,
    /// From here on it surely ran.
    pub start: Timestamp,
    /// Since when it may have run, where the evidence only bounds the start.
    pub started_after: Option<Timestamp>,
    pub end: End,
    /// Running so many hours of each day; `None`: throughout.
    pub hours_per_day: Option<Decimal>,
    pub public_ipv4: bool,
    pub evidence: Vec<Evidence>,
}

/// Two records say that the same instance ran, or the same volume existed, at the same time; or that it is in two places.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{id}` is recorded twice between {from} and {until}: {}by {first} and by {second}", in_places(.places))]
pub struct Overlap {
    pub what: &'static str,
    pub id: String,
    pub from: Timestamp,
    pub until: Timestamp,
    /// Two regions, or accounts, where AWS gives each id to one.
    pub places: Option<Box<(String, String)>>,
    pub first: Box<Evidence>,
    pub second: Box<Evidence>,
}

fn in_places(places: &Option<Box<(String, String)>>) -> String {
    places.as_ref().map_or(String::new(), |places| format!("in {} and in {}, ", places.0, places.1))
}

/// # Errors
/// One instance or volume that was seen in two regions or accounts: it would be billed as one.
pub(super) fn refuse_two_places(facts: &[(Evidence, Fact)]) -> Result<(), Overlap> {
    let sights = || {
        facts.iter().filter_map(|(evidence, fact)| {
            let (what, id, account, region) = match fact {
                Fact::Instance(seen) => ("instance", &seen.instance_id, seen.account.as_str(), &seen.region),
                Fact::Volume(seen) => ("volume", &seen.volume_id, "", &seen.region),
                _ => return None,
            };
            Some((what, id, Place { account, region, evidence, at: fact.known_at() }))
        })
    };
    // Most ledgers know one place alone.
    let mut one = None::<Place<'_>>;
    if sights().all(|(.., here)| one.get_or_insert(here).takes_in(&here)) {
        return Ok(());
    }
    let mut places: FxHashMap<&str, Place<'_>> = FxHashMap::default();
    for (what, id, here) in sights() {
        let there = places.entry(id).or_insert(here);
        if there.is_elsewhere(&here) {
            return Err(Overlap {
                what,
                id: id.clone(),
                from: there.at.min(here.at),
                until: there.at.max(here.at),
                places: Some(Box::new((there.to_string(), here.to_string()))),
                first: Box::new(there.evidence.clone()),
                second: Box::new(here.evidence.clone()),
            });
        }
        there.takes_in(&here);
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Place<'a> {
    /// Empty: not told.
    account: &'a str,
    region: &'a str,
    evidence: &'a Evidence,
    at: Timestamp,
}

impl<'a> Place<'a> {
    /// Whether it is the same one, for all that is told; an account that only the other tells is its own.
    fn takes_in(&mut self, other: &Place<'a>) -> bool {
        let same = !self.is_elsewhere(other);
        if same && self.account.is_empty() {
            self.account = other.account;
        }
        same
    }

    fn is_elsewhere(&self, other: &Place<'_>) -> bool {
        let accounts = [self.account, other.account];
        self.region != other.region || (!accounts.contains(&"") && self.account != other.account)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.account {
            "" => f.write_str(self.region),
            account => write!(f, "{} of account {account}", self.region),
        }
    }
}

/// The sessions of all instances, by instance and start.
///
/// # Errors
/// Sessions of one instance that overlap, with both sources named.
pub fn sessions_of(facts: &[(Evidence, Fact)]) -> Result<Vec<Session>, Overlap> {
    let (places, known) = rayon::join(|| refuse_two_places(facts), || known_instances(facts));
    places?;
    let notes = latest_notes(facts);
    let mut sessions: Vec<Session> =
        notes.iter().filter_map(|(evidence, noted)| noted_session(noted, evidence)).collect();
    sessions.par_extend(known.par_iter().flat_map_iter(|(id, known)| sessions_of_instance(id, known)));
    sessions.sort_by(|a, b| (&a.instance_id, a.start).cmp(&(&b.instance_id, b.start)));
    refuse_overlaps(&sessions)?;
    bound_by_next_start(&mut sessions);
    bound_by_noted_stops(&mut sessions, &notes);
    Ok(sessions)
}

/// Notes without an end are read again when the file has grown: of rows that agree but for the time they
/// were read, or that one closes, the best informed counts, in whatever order they were imported.
pub(super) fn latest_notes(facts: &[(Evidence, Fact)]) -> Vec<(&Evidence, &Noted)> {
    let informed = |noted: &Noted| (noted.end.is_some(), noted.noted_at);
    let mut kept: Vec<(&Evidence, &Noted)> = Vec::new();
    let mut open: BTreeMap<(&str, Timestamp, String), usize> = BTreeMap::new();
    for (evidence, fact) in facts {
        let Fact::Noted(noted) = fact else { continue };
        let what = format!("{:?} {:?}", noted.instance_type, noted.volumes);
        let key = (noted.instance_id.as_str(), noted.start, what);
        match open.get(&key).copied() {
            // What closed stays closed: an older copy of the notes may be read after the newer one.
            Some(i) if noted.end.is_none() || kept[i].1.end.is_none() => {
                if informed(noted) > informed(kept[i].1) {
                    kept[i] = (evidence, noted);
                }
            }
            _ => {
                open.insert(key, kept.len());
                kept.push((evidence, noted));
            }
        }
    }
    kept
}

fn noted_session(noted: &Noted, evidence: &Evidence) -> Option<Session> {
    let instance_type = noted.instance_type.clone()?;
    if noted.hours_per_day.is_some_and(|hours| hours.is_zero()) {
        return None;
    }
    Some(Session {
        account: noted.account.clone(),
        region: noted.region.clone(),
        instance_id: noted.instance_id.clone(),
        name: noted.name.clone(),
        instance_type,
        platform: String::new(),
        purchase: noted.purchase,
        usd_per_hour: noted.usd_per_hour,
        start: noted.start,
        started_after: None,
        end: noted.end.map_or(End::Open { last_seen: noted.noted_at }, End::At),
        hours_per_day: noted.hours_per_day,
        public_ipv4: noted.public_ipv4,
        evidence: vec![evidence.clone()],
    })
}

/// What may have run on after it was last seen or noted had stopped when the next session began.
fn bound_by_next_start(sessions: &mut [Session]) {
    for i in 1..sessions.len() {
        let (id, next_start) = (sessions[i].instance_id.clone(), sessions[i].start);
        let previous = &mut sessions[i - 1];
        if previous.instance_id == id {
            previous.end = previous.end.before(next_start);
        }
    }
}

/// A row of 0 hours a day says that the instance stood still from its start on.
fn bound_by_noted_stops(sessions: &mut [Session], notes: &[(&Evidence, &Noted)]) {
    let mut stops: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
    for (_, noted) in notes.iter().filter(|(_, noted)| noted.hours_per_day.is_some_and(|hours| hours.is_zero())) {
        stops.entry(&noted.instance_id).or_default().push(noted.start);
    }
    for session in sessions {
        let Some(stops) = stops.get(session.instance_id.as_str()) else { continue };
        if let Some(stop) = stops.iter().filter(|stop| **stop >= session.end.earliest()).min() {
            session.end = session.end.before(*stop);
        }
    }
}

/// For each session the whole run from start to stop it belongs to: notes of one run may be cut in rows
/// that touch, and a start is charged its minimum once.
pub(super) fn runs_of(sessions: &[Session]) -> Vec<Period> {
    let mut runs: Vec<Period> =
        sessions.iter().map(|session| Period { start: session.start, end: session.end.earliest() }).collect();
    let goes_on: Vec<bool> = sessions.windows(2).map(|pair| pair[0].goes_on_as(&pair[1])).collect();
    for i in (0..goes_on.len()).filter(|i| goes_on[*i]) {
        runs[i + 1].start = runs[i].start;
    }
    for i in (0..goes_on.len()).rev().filter(|i| goes_on[*i]) {
        runs[i].end = runs[i + 1].end;
    }
    runs
}

impl Session {
    /// When it may have run already before its sure start.
    pub(super) fn possibly_before(&self, now: Timestamp) -> Option<Period> {
        let period = Period { start: self.started_after?, end: self.start.min(now) };
        (!period.is_empty()).then_some(period)
    }

    /// `next` is the next row of the notes on the same run.
    fn goes_on_as(&self, next: &Session) -> bool {
        let is_noted_throughout = |session: &Session| {
            session.hours_per_day.is_none() && session.evidence.iter().all(|e| e.kind == EvidenceKind::Notes)
        };
        self.instance_id == next.instance_id
            && self.instance_type == next.instance_type
            && self.region == next.region
            && self.end == End::At(next.start)
            && self.start < next.start
            && next.end.earliest() > next.start
            && is_noted_throughout(self)
            && is_noted_throughout(next)
    }
}

fn refuse_overlaps(sessions: &[Session]) -> Result<(), Overlap> {
    for pair in sessions.windows(2) {
        let [first, second] = pair else { continue };
        if first.instance_id != second.instance_id || first.end.earliest() <= second.start {
            continue;
        }
        let (Some(first_evidence), Some(second_evidence)) = (first.evidence.first(), second.evidence.first()) else {
            continue;
        };
        return Err(Overlap {
            what: "instance",
            id: first.instance_id.clone(),
            from: second.start,
            until: first.end.earliest().min(second.end.earliest()).max(second.start),
            places: None,
            first: Box::new(first_evidence.clone()),
            second: Box::new(second_evidence.clone()),
        });
    }
    Ok(())
}
