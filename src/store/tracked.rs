//! What the tracker saw, read back as facts.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use rayon::prelude::*;
use rusqlite::Connection;

use super::sightings::{STATES, VARYING, Varying, kind_of, with_time};
use super::{Store, StoreError, sqlite_error};
use crate::ledger::{Evidence, EvidenceKind, Fact, ResourceGone, ResourceKind, ResourcesListed};

/// The fact that a poll at `seen_at` would have told.
fn fact(lasting: &Fact, varying: &Varying, seen_at: Timestamp) -> Result<Fact, String> {
    let mut fact = lasting.clone();
    match &mut fact {
        Fact::Instance(seen) => {
            seen.seen_at = seen_at;
            seen.state = STATES
                .into_iter()
                .find(|(_, code)| Some(*code) == varying.state)
                .map(|(state, _)| state)
                .ok_or("unknown state")?;
            if let Some(at) = varying.launched_at {
                seen.launch_time = second(at)?;
            }
            let text = varying.reason.clone().unwrap_or_default();
            seen.reason = match varying.reason_at {
                Some(at) => with_time(&text, at).ok_or("a reason's time is out of range")?,
                None => text,
            };
            seen.public_ip.clone_from(&varying.public_ip);
        }
        Fact::Volume(seen) => seen.seen_at = seen_at,
        Fact::Address(seen) => seen.seen_at = seen_at,
        Fact::Snapshot(seen) => seen.seen_at = seen_at,
        Fact::Image(seen) => seen.seen_at = seen_at,
        Fact::Noted(_) | Fact::Changed(_) | Fact::Gone(_) | Fact::Listed(_) => {
            return Err("it is no sight of a resource".to_owned());
        }
    }
    Ok(fact)
}

fn second(at: i64) -> Result<Timestamp, String> {
    Timestamp::from_second(at).map_err(|e| e.to_string())
}

/// A row of `sights` or `present`.
struct Sight {
    resource_id: i64,
    shape_id: i64,
    first_at: i64,
    last_at: i64,
    missed_at: Option<i64>,
    varying: Varying,
}

struct Resource {
    id: i64,
    name: String,
    what: ResourceKind,
    place: Arc<Place>,
}

/// A region of an account.
struct Place {
    account: String,
    region: String,
    /// What stands for a file where facts of it are told.
    file: Arc<str>,
}

impl Resource {
    fn evidence(&self) -> Evidence {
        evidence(&self.place.file, self.id)
    }
}

/// Everything the tracker saw, of all resources or of some: what was seen at more than one poll by its first sight and
/// its last.
pub(super) fn load(
    connection: &Connection,
    path: &Path,
    only: Option<&BTreeSet<String>>,
) -> Result<Vec<(Evidence, Fact)>, StoreError> {
    let fail = |e| sqlite_error(path, e);
    let resources = load_resources(connection, only).map_err(fail)?;
    if resources.is_empty() {
        return Ok(Vec::new());
    }
    let sights = load_sights(connection, &resources).map_err(fail)?;
    let what_is = |sight: &Sight| Some((sight.shape_id, resources.get(&sight.resource_id)?.what));
    let shapes = load_shapes(connection, path, &sights.iter().filter_map(what_is).collect())?;
    let of_sight = |sight: &Sight| {
        let Some(resource) = resources.get(&sight.resource_id) else { return Ok(Vec::new()) };
        let Some(lasting) = shapes.get(&sight.shape_id) else { return Ok(Vec::new()) };
        let broken = |why| StoreError::BrokenFact { path: path.to_owned(), id: sight.resource_id, why };
        facts_of(sight, resource, lasting).map_err(broken)
    };
    let facts: Vec<Vec<_>> = sights.par_iter().map(of_sight).collect::<Result<_, StoreError>>()?;
    Ok(facts.into_iter().flatten().collect())
}

fn facts_of(sight: &Sight, resource: &Resource, lasting: &Fact) -> Result<Vec<(Evidence, Fact)>, String> {
    let (first, last) = (second(sight.first_at)?, second(sight.last_at)?);
    let mut facts = Vec::with_capacity(3);
    facts.push((resource.evidence(), fact(lasting, &sight.varying, first)?));
    if last > first {
        facts.push((resource.evidence(), fact(lasting, &sight.varying, last)?));
    }
    if let Some(missed_at) = sight.missed_at {
        let gone = ResourceGone {
            what: resource.what,
            account: resource.place.account.clone(),
            region: resource.place.region.clone(),
            resource_id: resource.name.clone(),
            last_seen: last,
            missed_at: second(missed_at)?,
        };
        facts.push((resource.evidence(), Fact::Gone(gone)));
    }
    Ok(facts)
}

fn load_places(connection: &Connection) -> rusqlite::Result<HashMap<i64, Arc<Place>>> {
    let mut statement = connection.prepare("SELECT id, account, region FROM scopes")?;
    let rows = statement.query_map([], |row| {
        let (account, region): (String, String) = (row.get(1)?, row.get(2)?);
        let file = file_of(&account, &region);
        Ok((row.get(0)?, Arc::new(Place { account, region, file })))
    });
    rows.and_then(Iterator::collect)
}

fn load_resources(
    connection: &Connection,
    only: Option<&BTreeSet<String>>,
) -> rusqlite::Result<HashMap<i64, Resource>> {
    let places = load_places(connection)?;
    let mut statement = connection.prepare("SELECT id, name, kind, scope_id FROM resources")?;
    let mut rows = statement.query([])?;
    let mut resources = HashMap::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(1)?;
        let is_wanted = only.is_none_or(|only| only.contains(&name));
        let (Some(what), Some(place)) = (kind_of(row.get(2)?), places.get(&row.get(3)?).filter(|_| is_wanted)) else {
            continue;
        };
        let id: i64 = row.get(0)?;
        resources.insert(id, Resource { id, name, what, place: Arc::clone(place) });
    }
    Ok(resources)
}

fn load_sights(connection: &Connection, resources: &HashMap<i64, Resource>) -> rusqlite::Result<Vec<Sight>> {
    // What is present was so until its list was last read whole.
    let mut statement = connection.prepare(&format!(
        "SELECT resource_id, shape_id, first_at, last_at, missed_at, {VARYING}
            FROM sights LEFT JOIN reasons ON reasons.id = reason_id
         UNION ALL
         SELECT resource_id, shape_id, first_at, max(last_at, coalesce(CASE kind
                WHEN 0 THEN instances_at WHEN 1 THEN volumes_at WHEN 2 THEN addresses_at WHEN 3 THEN snapshots_at
                ELSE images_at END, 0)),
            NULL, {VARYING}
            FROM present JOIN resources ON resources.id = resource_id JOIN scopes ON scopes.id = present.scope_id
            LEFT JOIN reasons ON reasons.id = reason_id"
    ))?;
    let mut rows = statement.query([])?;
    let mut sights = Vec::new();
    while let Some(row) = rows.next()? {
        let resource_id = row.get(0)?;
        if resources.contains_key(&resource_id) {
            sights.push(Sight {
                resource_id,
                shape_id: row.get(1)?,
                first_at: row.get(2)?,
                last_at: row.get(3)?,
                missed_at: row.get(4)?,
                varying: Varying::read(row, 5)?,
            });
        }
    }
    Ok(sights)
}

fn load_shapes(
    connection: &Connection,
    path: &Path,
    wanted: &HashMap<i64, ResourceKind>,
) -> Result<HashMap<i64, Fact>, StoreError> {
    let read = || -> rusqlite::Result<Vec<(i64, ResourceKind, String)>> {
        let mut statement = connection.prepare("SELECT id, body FROM shapes")?;
        let mut rows = statement.query([])?;
        let mut bodies = Vec::new();
        while let Some(row) = rows.next()? {
            let id = row.get(0)?;
            if let Some(what) = wanted.get(&id) {
                bodies.push((id, *what, row.get(1)?));
            }
        }
        Ok(bodies)
    };
    let bodies = read().map_err(|e| sqlite_error(path, e))?;
    let parsed = bodies.par_iter().map(|(id, what, body)| match shape(*what, body) {
        Ok(fact) => Ok((*id, fact)),
        Err(e) => Err(StoreError::BrokenFact { path: path.to_owned(), id: *id, why: e.to_string() }),
    });
    parsed.collect()
}

/// Without looking for the kind that it names, which is known: that takes twice as long.
fn shape(what: ResourceKind, body: &str) -> serde_json::Result<Fact> {
    Ok(match what {
        ResourceKind::Instance => Fact::Instance(serde_json::from_str(body)?),
        ResourceKind::Volume => Fact::Volume(serde_json::from_str(body)?),
        ResourceKind::Address => Fact::Address(serde_json::from_str(body)?),
        ResourceKind::Snapshot => Fact::Snapshot(serde_json::from_str(body)?),
        ResourceKind::Image => Fact::Image(serde_json::from_str(body)?),
    })
}

/// Which lists were last read whole, and when.
pub(super) fn listed(connection: &Connection, path: &Path) -> Result<Vec<(Evidence, Fact)>, StoreError> {
    let fail = |e| sqlite_error(path, e);
    let mut statement = connection
        .prepare(
            "SELECT id, account, region, instances_at, volumes_at, addresses_at, snapshots_at, images_at FROM scopes
             ORDER BY id",
        )
        .map_err(fail)?;
    let mut rows = statement.query([]).map_err(fail)?;
    let mut facts = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        let read = || -> rusqlite::Result<(i64, String, String)> { Ok((row.get(0)?, row.get(1)?, row.get(2)?)) };
        let (id, account, region) = read().map_err(fail)?;
        let evidence = evidence(&file_of(&account, &region), id);
        for (what, column) in ResourceKind::ALL.into_iter().zip(3..) {
            let Some(at) = row.get::<_, Option<i64>>(column).map_err(fail)? else { continue };
            let at = second(at).map_err(|why| StoreError::BrokenFact { path: path.to_owned(), id, why })?;
            let listed = ResourcesListed { what, account: account.clone(), region: region.clone(), at, polled: true };
            facts.push((evidence.clone(), Fact::Listed(listed)));
        }
    }
    Ok(facts)
}

fn file_of(account: &str, region: &str) -> Arc<str> {
    format!("track {account} {region}").replace("  ", " ").into()
}

fn evidence(file: &Arc<str>, record: i64) -> Evidence {
    Evidence { kind: EvidenceKind::Description, file: Arc::clone(file), line: record.unsigned_abs() }
}

/// Polls of one region of one account that followed one another without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    pub account: String,
    pub region: String,
    pub first: Timestamp,
    pub last: Timestamp,
    pub polls: u64,
}

impl Store {
    /// When the tracker looked: between two of these of one region it did not.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn watched(&self) -> Result<Vec<Watched>, StoreError> {
        let at = |second| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
        let read = || {
            let mut statement = self.connection.prepare(
                "SELECT account, region, first_at, last_at, polls FROM watches JOIN scopes ON scopes.id = scope_id
                 ORDER BY account, region, first_at",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(Watched {
                    account: row.get(0)?,
                    region: row.get(1)?,
                    first: at(row.get(2)?),
                    last: at(row.get(3)?),
                    polls: row.get::<_, i64>(4)?.unsigned_abs(),
                })
            });
            rows.and_then(Iterator::collect)
        };
        read().map_err(|e| self.error(e))
    }
}
