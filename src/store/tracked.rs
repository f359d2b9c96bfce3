//! What the tracker saw, read back as facts.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rayon::prelude::*;
use rusqlite::Connection;
use rustc_hash::{FxHashMap, FxHashSet};

use super::sightings::{STATES, VARYING, Varying, kind_of, with_time};
use super::{Store, StoreError, sqlite_error};
use crate::ledger::{Evidence, EvidenceKind, Fact, ResourceGone, ResourceKind, ResourcesListed};

/// Rows that a core takes at a time.
const ROWS_AT_ONCE: usize = 1024;

/// The columns of `scopes`, in the order of [`ResourceKind::ALL`].
const LISTED_AT: &str = "instances_at, volumes_at, addresses_at, snapshots_at, images_at";

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
    what: ResourceKind,
    place: Arc<Place>,
}

/// A region of an account.
struct Place {
    account: String,
    region: String,
    /// What stands for a file where facts of it are told.
    file: Arc<str>,
    /// When the list of each kind was last read whole.
    listed_at: Vec<(ResourceKind, i64)>,
}

impl Resource {
    fn evidence(&self) -> Evidence {
        evidence(&self.place.file, self.id)
    }

    /// What is present was so until its list was last read whole.
    fn listed_at(&self) -> Option<i64> {
        self.place.listed_at.iter().find(|(what, _)| *what == self.what).map(|(_, at)| *at)
    }
}

/// In the order of their ids.
struct Resources(Vec<Resource>);

impl Resources {
    fn get(&self, id: i64) -> Option<&Resource> {
        self.0.binary_search_by_key(&id, |resource| resource.id).ok().and_then(|at| self.0.get(at))
    }
}

/// With their ids, in parts.
type Shapes = Vec<Vec<(i64, Fact)>>;

/// Everything the tracker saw, of all resources or of some: what was seen at more than one poll by its first sight and
/// its last.
pub(super) fn load(
    connection: &Connection,
    path: &Path,
    only: Option<&BTreeSet<String>>,
    facts: &mut Vec<(Evidence, Fact)>,
) -> Result<(), StoreError> {
    let (resources, sights, shapes) = read(connection, path, only)?;
    let mut by_id: FxHashMap<i64, &Fact> = FxHashMap::default();
    by_id.reserve(shapes.iter().map(Vec::len).sum());
    by_id.extend(shapes.iter().flatten().map(|(id, fact)| (*id, fact)));
    let of_sight = |sight: &Sight| {
        let Some(resource) = resources.get(sight.resource_id) else { return Ok(Vec::new()) };
        let Some(lasting) = by_id.get(&sight.shape_id) else { return Ok(Vec::new()) };
        let broken = |why| StoreError::BrokenFact { path: path.to_owned(), id: sight.resource_id, why };
        facts_of(sight, resource, lasting).map_err(broken)
    };
    let of_part = |part: &[Sight]| -> Result<Vec<_>, StoreError> {
        let mut told = Vec::with_capacity(2 * part.len());
        for sight in part {
            told.append(&mut of_sight(sight)?);
        }
        Ok(told)
    };
    let parts: Vec<Vec<_>> = sights.par_chunks(ROWS_AT_ONCE).map(of_part).collect::<Result<_, _>>()?;
    facts.reserve(parts.iter().map(Vec::len).sum());
    facts.extend(parts.into_iter().flatten());
    drop(by_id);
    // A hundred thousand texts, which nobody waits to see gone.
    rayon::spawn(move || drop((resources, sights, shapes)));
    Ok(())
}

/// Bodies are parsed on other cores while the rows are still being read.
fn read(
    connection: &Connection,
    path: &Path,
    only: Option<&BTreeSet<String>>,
) -> Result<(Resources, Vec<Sight>, Shapes), StoreError> {
    let parsed: Mutex<Vec<Result<_, StoreError>>> = Mutex::default();
    let (resources, sights) = rayon::in_place_scope(|scope| {
        let parsed = &parsed;
        let parse = |bodies: Bodies| {
            scope.spawn(move |_| {
                let shapes = shapes(path, &bodies);
                parsed.lock().unwrap_or_else(PoisonError::into_inner).push(shapes);
            });
        };
        if only.is_none() {
            for_each_body(connection, |_| true, parse)?;
        }
        let resources = load_resources(connection, only)?;
        let sights = if resources.0.is_empty() { Vec::new() } else { load_sights(connection, &resources)? };
        if only.is_some() {
            let wanted: FxHashSet<i64> = sights.iter().map(|sight| sight.shape_id).collect();
            for_each_body(connection, |id| wanted.contains(&id), parse)?;
        }
        Ok((resources, sights))
    })
    .map_err(|e| sqlite_error(path, e))?;
    let parsed = parsed.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok((resources, sights, parsed.into_iter().collect::<Result<_, _>>()?))
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
            resource_id: lasting.resource_ids().next().unwrap_or_default().to_owned(),
            last_seen: last,
            missed_at: second(missed_at)?,
        };
        facts.push((resource.evidence(), Fact::Gone(gone)));
    }
    Ok(facts)
}

fn load_places(connection: &Connection) -> rusqlite::Result<FxHashMap<i64, Arc<Place>>> {
    let mut statement = connection.prepare(&format!("SELECT id, account, region, {LISTED_AT} FROM scopes"))?;
    let rows = statement.query_map([], |row| {
        let (account, region): (String, String) = (row.get(1)?, row.get(2)?);
        let file = file_of(&account, &region);
        let mut listed_at = Vec::new();
        for (what, column) in ResourceKind::ALL.into_iter().zip(3..) {
            listed_at.extend(row.get::<_, Option<i64>>(column)?.map(|at| (what, at)));
        }
        Ok((row.get(0)?, Arc::new(Place { account, region, file, listed_at })))
    });
    rows.and_then(Iterator::collect)
}

fn load_resources(connection: &Connection, only: Option<&BTreeSet<String>>) -> rusqlite::Result<Resources> {
    let places = load_places(connection)?;
    let mut statement = connection.prepare("SELECT id, name, kind, scope_id FROM resources ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut resources = Vec::new();
    while let Some(row) = rows.next()? {
        let name = row.get_ref(1)?.as_str()?;
        let is_wanted = only.is_none_or(|only| only.contains(name));
        let (Some(what), Some(place)) = (kind_of(row.get(2)?), places.get(&row.get(3)?).filter(|_| is_wanted)) else {
            continue;
        };
        let id: i64 = row.get(0)?;
        resources.push(Resource { id, what, place: Arc::clone(place) });
    }
    Ok(Resources(resources))
}

/// Those that are over, then those that go on.
fn load_sights(connection: &Connection, resources: &Resources) -> rusqlite::Result<Vec<Sight>> {
    let mut sights = Vec::new();
    for (table, missed_at) in [("sights", "missed_at"), ("present", "NULL")] {
        let mut statement = connection.prepare(&format!(
            "SELECT resource_id, shape_id, first_at, last_at, {missed_at}, {VARYING}
             FROM {table} LEFT JOIN reasons ON reasons.id = reason_id"
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let resource_id = row.get(0)?;
            let Some(resource) = resources.get(resource_id) else { continue };
            let last_at: i64 = row.get(3)?;
            let listed_at = resource.listed_at().filter(|_| table == "present");
            sights.push(Sight {
                resource_id,
                shape_id: row.get(1)?,
                first_at: row.get(2)?,
                last_at: listed_at.map_or(last_at, |at| at.max(last_at)),
                missed_at: row.get(4)?,
                varying: Varying::read(row, 5)?,
            });
        }
    }
    Ok(sights)
}

fn for_each_body(
    connection: &Connection,
    is_wanted: impl Fn(i64) -> bool,
    parse: impl Fn(Bodies),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT id, body FROM shapes")?;
    let mut rows = statement.query([])?;
    let mut bodies = Bodies::default();
    while let Some(row) = rows.next()? {
        let id = row.get(0)?;
        if is_wanted(id) {
            bodies.text.push_str(row.get_ref(1)?.as_str()?);
            bodies.ends.push((id, bodies.text.len()));
        }
        if bodies.ends.len() == ROWS_AT_ONCE {
            parse(std::mem::take(&mut bodies));
        }
    }
    parse(bodies);
    Ok(())
}

/// Some of the shapes' bodies, one after the other.
#[derive(Default)]
struct Bodies {
    text: String,
    /// Whose body it is, and where it ends.
    ends: Vec<(i64, usize)>,
}

impl Bodies {
    fn iter(&self) -> impl Iterator<Item = (i64, &str)> {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        self.ends.iter().zip(starts).map(|((id, end), start)| (*id, self.text.get(start..*end).unwrap_or_default()))
    }
}

fn shapes(path: &Path, bodies: &Bodies) -> Result<Vec<(i64, Fact)>, StoreError> {
    let parsed = bodies.iter().map(|(id, body)| match shape(body) {
        Ok(fact) => Ok((id, fact)),
        Err(e) => Err(StoreError::BrokenFact { path: path.to_owned(), id, why: e.to_string() }),
    });
    parsed.collect()
}

/// Not by way of the enum where the kind comes first, as it was written: that takes twice as long.
fn shape(body: &str) -> serde_json::Result<Fact> {
    let kind = body.strip_prefix(r#"{"kind":""#).and_then(|rest| rest.split('"').next());
    Ok(match kind {
        Some("instance") => Fact::Instance(serde_json::from_str(body)?),
        Some("volume") => Fact::Volume(serde_json::from_str(body)?),
        Some("address") => Fact::Address(serde_json::from_str(body)?),
        Some("snapshot") => Fact::Snapshot(serde_json::from_str(body)?),
        Some("image") => Fact::Image(serde_json::from_str(body)?),
        _ => serde_json::from_str(body)?,
    })
}

/// Which lists were last read whole, and when.
pub(super) fn listed(connection: &Connection, path: &Path) -> Result<Vec<(Evidence, Fact)>, StoreError> {
    let fail = |e| sqlite_error(path, e);
    let mut statement = connection
        .prepare(&format!("SELECT id, account, region, {LISTED_AT} FROM scopes ORDER BY id"))
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
