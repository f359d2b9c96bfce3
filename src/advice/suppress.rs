//! Findings that somebody has said to leave be: by a tag of the resource, by the config file, or by a snooze. Each with
//! its end, if it has one; what has ended suppresses nothing, and what cannot be read does not either.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::Finding;
use crate::ledger::{Ledger, Tags};
use crate::time::parse_timestamp;

/// On an instance, a volume, an address or a snapshot: `until 2027-01-01`, or `true` or nothing for ever.
pub const KEEP_TAG: &str = "gpucost:keep";

/// Whose word a suppression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    Tag,
    Config,
    Snooze,
}

impl By {
    pub const fn name(self) -> &'static str {
        match self {
            By::Tag => "tag",
            By::Config => "config",
            By::Snooze => "snooze",
        }
    }
}

/// An entry of the config file: a rule, a resource, or a rule on a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    pub rule: Option<String>,
    pub resource: Option<String>,
    /// `None`: for ever.
    pub until: Option<Timestamp>,
}

impl Exception {
    fn is_about(&self, finding: &Finding) -> bool {
        let rule = self.rule.as_ref().is_none_or(|rule| rule == finding.rule);
        let resource = self.resource.as_ref().is_none_or(|id| *id == finding.resource.id);
        // One that names neither would silence everything.
        rule && resource && (self.rule.is_some() || self.resource.is_some())
    }
}

/// A finding put off until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snooze {
    pub finding: String,
    pub until: Timestamp,
}

/// What was said to leave be, but for tags: the ledger has those.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Silences {
    pub exceptions: Vec<Exception>,
    pub snoozes: Vec<Snooze>,
}

/// A finding that is left out, and on whose word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    pub finding: Finding,
    pub by: By,
    pub why: String,
    /// `None`: for ever.
    pub until: Option<Timestamp>,
}

/// Findings told apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sifted {
    pub told: Vec<Finding>,
    pub suppressed: Vec<Suppressed>,
    /// What was meant to suppress and cannot be read. Untrusted text.
    pub unread: Vec<String>,
}

/// Tells findings from those that are to be left be at `now`; both in the order given.
pub fn sift(mut findings: Vec<Finding>, ledger: &Ledger, silences: &Silences, now: Timestamp) -> Sifted {
    let mut unread = BTreeSet::new();
    let keeps = Keeps::of(ledger);
    let judged: Vec<(Option<Said>, Vec<String>)> = (findings.par_iter())
        .map(|finding| {
            let (tag, cannot_read) = by_tag(finding, &keeps, now);
            let said = tag.or_else(|| by_config(finding, silences, now)).or_else(|| by_snooze(finding, silences, now));
            (said, cannot_read)
        })
        .collect();
    let mut said = Vec::with_capacity(findings.len());
    for (of_finding, cannot_read) in judged {
        said.push(of_finding);
        unread.extend(cannot_read);
    }
    let mut at = said.iter().map(Option::is_some);
    let left_be: Vec<Finding> = findings.extract_if(.., |_| at.next().unwrap_or(false)).collect();
    let suppressed = left_be.into_iter().zip(said.into_iter().flatten());
    let suppressed = suppressed.map(|(finding, (by, why, until))| Suppressed { finding, by, why, until }).collect();
    Sifted { told: findings, suppressed, unread: unread.into_iter().collect() }
}

type Said = (By, String, Option<Timestamp>);

/// By the tag of the resource, by that of the instance it is on, or by those of all things that are charged: one kept
/// volume of several leaves the others to be told of.
fn by_tag(finding: &Finding, keeps: &Keeps<'_>, now: Timestamp) -> (Option<Said>, Vec<String>) {
    let mut unread = Vec::new();
    let mut kept = |id: &str, own: Option<&Tags>| match keeps.until(id, own)? {
        Ok(until) => Some(until).filter(|until| until.is_none_or(|until| until > now)),
        Err(value) => {
            unread.push(format!("{id}: its tag {KEEP_TAG} is `{value}`; gpucost reads `until 2027-01-01` or `true`"));
            None
        }
    };
    let resource = &finding.resource;
    let said = |id: &str, until| (By::Tag, format!("tag {KEEP_TAG} of {id}"), until);
    if let Some(until) = kept(&resource.id, Some(&resource.tags)) {
        return (Some(said(&resource.id, until)), unread);
    }
    if let Some(id) = resource.instance_id.as_deref().filter(|id| *id != resource.id)
        && let Some(until) = kept(id, None)
    {
        return (Some(said(id, until)), unread);
    }
    let counted = || finding.parts.iter().filter(|part| part.counted);
    let of_parts: Option<Vec<Option<Timestamp>>> = counted().map(|part| kept(&part.id, None)).collect();
    let said = of_parts.filter(|untils| !untils.is_empty()).map(|untils| {
        let ids: Vec<&str> = counted().map(|part| part.id.as_str()).collect();
        (By::Tag, format!("tag {KEEP_TAG} of {}", ids.join(", ")), untils.into_iter().flatten().min())
    });
    (said, unread)
}

/// The resources of the ledger that have the tag: few of many.
struct Keeps<'a> {
    ledger: &'a Ledger,
    by_id: FxHashMap<&'a str, Kept>,
}

/// `Ok(None)`: for ever; `Err`: a value that says neither.
type Kept = Result<Option<Timestamp>, String>;

impl<'a> Keeps<'a> {
    fn of(ledger: &'a Ledger) -> Keeps<'a> {
        let kept = |id: &'a String, tags| Some((id.as_str(), kept_until(tags)?));
        let volumes = ledger.volumes.par_iter().filter_map(|(id, (_, seen))| kept(id, &seen.tags));
        let mut by_id: FxHashMap<&str, Kept> = volumes.collect::<Vec<_>>().into_iter().collect();
        by_id.extend(ledger.snapshots.iter().filter_map(|(id, (_, seen))| kept(id, &seen.tags)));
        by_id.extend(ledger.addresses.iter().filter_map(|(id, (_, seen))| kept(id, &seen.tags)));
        by_id.extend(ledger.instances.iter().filter_map(|(id, (_, seen))| kept(id, &seen.tags)));
        Keeps { ledger, by_id }
    }

    /// `own`: the tags of what the ledger does not know by this id.
    fn until(&self, id: &str, own: Option<&Tags>) -> Option<Kept> {
        let of_stranger = || own.and_then(kept_until).filter(|_| !self.is_known(id));
        self.by_id.get(id).cloned().or_else(of_stranger)
    }

    fn is_known(&self, id: &str) -> bool {
        let Ledger { instances, volumes, addresses, snapshots, .. } = self.ledger;
        instances.contains_key(id)
            || volumes.contains_key(id)
            || addresses.contains_key(id)
            || snapshots.contains_key(id)
    }
}

/// `None`: no such tag.
fn kept_until(tags: &Tags) -> Option<Kept> {
    let value = tags.get(KEEP_TAG)?.trim();
    if value.is_empty() || value.eq_ignore_ascii_case("true") {
        return Some(Ok(None));
    }
    let date = value.strip_prefix("until").map_or(value, str::trim);
    Some(parse_timestamp(date).map(Some).map_err(|_| value.chars().take(80).collect()))
}

fn by_config(finding: &Finding, silences: &Silences, now: Timestamp) -> Option<Said> {
    let lasts = |exception: &&Exception| exception.until.is_none_or(|until| until > now);
    let about = silences.exceptions.iter().filter(lasts).find(|exception| exception.is_about(finding))?;
    let named = [("rule", &about.rule), ("resource", &about.resource)];
    let named: Vec<String> =
        named.into_iter().filter_map(|(what, id)| Some(format!("{what} {}", id.as_ref()?))).collect();
    Some((By::Config, format!("config file: {}", named.join(", ")), about.until))
}

fn by_snooze(finding: &Finding, silences: &Silences, now: Timestamp) -> Option<Said> {
    let snooze = silences.snoozes.iter().find(|snooze| snooze.finding == finding.id && snooze.until > now)?;
    Some((By::Snooze, "gpucost advise --snooze".to_owned(), Some(snooze.until)))
}
