//! Up to when the ledger knows of what an open finding was about.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::episode::Episode;
use crate::advice::{IDLE_RUNNING, LEFT_RUNNING, OFF_SCHEDULE, OVERSIZED_IOPS, STOPPED_ACCRUING, has_paid_performance};
use crate::ledger::{Certainty, End, Evidence, EvidenceKind, Ledger, VolumeShape};

/// When each region of each account was last looked at whole.
pub type PlacesPolled = BTreeMap<(String, String), Timestamp>;

/// What was looked at beyond the ledger's facts themselves.
#[derive(Clone, Debug, Default)]
pub struct Looks {
    pub places: PlacesPolled,
    /// In which account the polls saw a resource. Volumes and addresses do not name theirs.
    pub owners: BTreeMap<String, String>,
    /// When notes on a resource last came into the ledger. They may speak of an end that was before.
    pub noted: BTreeMap<String, Timestamp>,
}

/// The newest evidence on the resource of each open episode: its own last sight, the last look at its region that saw all
/// there is, or what was noted of it since. What none of these covers has none newer than its last sight; what came after
/// `now` is not known yet.
pub fn evidence(
    episodes: &BTreeMap<String, Episode>,
    ledger: &Ledger,
    looks: &Looks,
    now: Timestamp,
) -> BTreeMap<String, Timestamp> {
    let open: Vec<&Episode> = episodes.values().filter(|episode| episode.is_open()).collect();
    let noted = noted_until(&open, ledger);
    let newest = open.into_iter().filter_map(|episode| {
        let noted = noted.get(episode.matter.resource.as_str()).copied();
        let all =
            [last_sight(&episode.matter.resource, ledger), last_look(episode, looks), noted, last_note(episode, looks)];
        let newest = all.into_iter().flatten().filter(|at| *at <= now).max()?;
        let newest = if is_told_by_signals(episode, ledger) {
            newest.min(ledger.activity.known_until(&episode.matter.resource)?)
        } else {
            newest
        };
        Some((episode.finding.clone(), newest))
    });
    newest.collect()
}

/// When the run that a finding is about ended, or the stop, where the ledger knows it to the second.
pub fn ends(episodes: &BTreeMap<String, Episode>, ledger: &Ledger) -> BTreeMap<String, Timestamp> {
    let open = episodes.values().filter(|episode| episode.is_open());
    open.filter_map(|episode| Some((episode.finding.clone(), end_of(episode, ledger)?))).collect()
}

fn end_of(episode: &Episode, ledger: &Ledger) -> Option<Timestamp> {
    let mut sessions = ledger.sessions_of(&episode.matter.resource);
    match episode.matter.rule.as_str() {
        LEFT_RUNNING | IDLE_RUNNING => match sessions.rfind(|session| session.start <= episode.last_seen)?.end {
            End::At(end) => Some(end),
            End::Between { .. } | End::Open { .. } => None,
        },
        STOPPED_ACCRUING => {
            let next = sessions.find(|session| session.start > episode.last_seen)?;
            next.started_after.is_none().then_some(next.start)
        }
        _ => None,
    }
}

/// That something which is still there does nothing is not over before its signals tell so: to see it is not to know
/// what it does.
fn is_told_by_signals(episode: &Episode, ledger: &Ledger) -> bool {
    match episode.matter.rule.as_str() {
        IDLE_RUNNING | OFF_SCHEDULE => {
            ledger.instances.get(&episode.matter.resource).is_some_and(|(_, seen)| !seen.state.is_stopped())
        }
        OVERSIZED_IOPS => ledger
            .volumes
            .get(&episode.matter.resource)
            .is_some_and(|(_, seen)| has_paid_performance(&VolumeShape::from(seen))),
        _ => false,
    }
}

fn last_sight(id: &str, ledger: &Ledger) -> Option<Timestamp> {
    let instance = ledger.instances.get(id).map(|(_, seen)| seen.seen_at);
    let volume = ledger.volumes.get(id).map(|(_, seen)| seen.seen_at);
    let address = ledger.addresses.get(id).map(|(_, seen)| seen.seen_at);
    let snapshot = ledger.snapshots.get(id).map(|(_, seen)| seen.seen_at);
    instance.max(volume).max(address).max(snapshot)
}

/// Where nobody knows whose it is, every account's look at the region must be newer.
fn last_look(episode: &Episode, looks: &Looks) -> Option<Timestamp> {
    let of_region = looks.places.iter().filter(|((_, region), _)| *region == episode.matter.region);
    let owner = match episode.matter.account.as_str() {
        "" => looks.owners.get(&episode.matter.resource).map(String::as_str),
        account => Some(account),
    };
    match owner {
        Some(owner) => of_region.filter(|((account, _), _)| account == owner).map(|(_, at)| *at).max(),
        None => of_region.map(|(_, at)| *at).min(),
    }
}

/// Up to when notes speak of each of these resources: their rows' ends, or when the open ones were written. A row on an
/// instance's volumes speaks of the instance, which is stopped where no row says that it ran.
fn noted_until<'a>(open: &[&'a Episode], ledger: &Ledger) -> BTreeMap<&'a str, Timestamp> {
    let wanted: BTreeSet<&'a str> = open.iter().map(|episode| episode.matter.resource.as_str()).collect();
    let mut until: BTreeMap<&'a str, Timestamp> = BTreeMap::new();
    let mut note = |id: &str, at: Timestamp| {
        if let Some(id) = wanted.get(id) {
            let known = until.entry(id).or_insert(at);
            *known = at.max(*known);
        }
    };
    for session in ledger.sessions.iter().filter(|session| is_noted(&session.evidence)) {
        note(&session.instance_id, session.end.earliest());
    }
    let measured = ledger.usage.iter().filter(|used| used.certainty == Certainty::Measured);
    for used in measured.filter(|used| is_noted(&used.evidence)) {
        note(&used.resource.id, used.period.end);
        if let Some(instance_id) = &used.resource.instance_id {
            note(instance_id, used.period.end);
        }
    }
    until
}

fn is_noted(evidence: &[Evidence]) -> bool {
    evidence.iter().any(|evidence| evidence.kind == EvidenceKind::Notes)
}

/// Notes that came after it was told of may take it back, whatever time they speak of; those before did not.
fn last_note(episode: &Episode, looks: &Looks) -> Option<Timestamp> {
    looks.noted.get(&episode.matter.resource).copied().filter(|at| *at > episode.opened_at)
}
