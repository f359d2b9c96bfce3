//! What the tracker saw, as the ledger keeps it: what seldom changes of a resource once as JSON, what each start and
//! stop changes in columns of its own.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rayon::prelude::*;
use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

use super::{Store, StoreError, sqlite_error};
use crate::ledger::{Evidence, EvidenceKind, Fact, InstanceState, ResourceGone, ResourceKind, ResourcesListed};

/// Stands for the time in the text of a reason.
const TIME_MARK: char = '\u{1}';
const REASON_TIME: &str = "%Y-%m-%d %H:%M:%S";

/// The columns of [`Varying`], as `present` and `sights` have them; `reasons` is joined.
pub(super) const VARYING: &str = "state, launched_at, reasons.text, reason_at, public_ip";

/// What a start or a stop of an instance changes. Nothing of it for other resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Varying {
    pub state: Option<i64>,
    pub launched_at: Option<i64>,
    /// With [`TIME_MARK`] where `reason_at` belongs.
    pub reason: Option<String>,
    pub reason_at: Option<i64>,
    pub public_ip: Option<String>,
}

/// A fact of a poll, taken apart.
pub(super) struct Description {
    pub what: ResourceKind,
    pub id: String,
    /// JSON of what seldom changes.
    pub body: String,
    /// The first half of the body's SHA-256.
    pub digest: [u8; 16],
    pub varying: Varying,
}

impl Description {
    /// `None` for a fact that is no sight of a resource.
    pub(super) fn of(fact: &Fact) -> Option<Description> {
        let mut lasting = fact.clone();
        let mut varying = Varying::default();
        let blank = Timestamp::UNIX_EPOCH;
        let (what, id) = match &mut lasting {
            Fact::Instance(seen) => {
                varying = take_varying(seen.state, &mut seen.launch_time, &mut seen.reason, seen.public_ip.take());
                seen.state = InstanceState::Pending;
                seen.seen_at = blank;
                (ResourceKind::Instance, seen.instance_id.clone())
            }
            Fact::Volume(seen) => {
                seen.seen_at = blank;
                (ResourceKind::Volume, seen.volume_id.clone())
            }
            Fact::Address(seen) => {
                seen.seen_at = blank;
                (ResourceKind::Address, seen.allocation_id.clone())
            }
            Fact::Snapshot(seen) => {
                seen.seen_at = blank;
                (ResourceKind::Snapshot, seen.snapshot_id.clone())
            }
            Fact::Image(seen) => {
                seen.seen_at = blank;
                (ResourceKind::Image, seen.image_id.clone())
            }
            Fact::Noted(_) | Fact::Changed(_) | Fact::Gone(_) | Fact::Listed(_) => return None,
        };
        // A fact is text, numbers and times: it has no way not to become JSON.
        let body = serde_json::to_string(&lasting).ok()?;
        let mut digest = [0; 16];
        digest.copy_from_slice(Sha256::digest(&body).get(..16)?);
        Some(Description { what, id, body, digest, varying })
    }
}

fn take_varying(
    state: InstanceState,
    launch_time: &mut Timestamp,
    reason: &mut String,
    public_ip: Option<String>,
) -> Varying {
    let (text, reason_at) = without_time(reason);
    let text = (!text.is_empty()).then(|| text.into_owned());
    reason.clear();
    // Parts of a second, which AWS has none of, stay in the body.
    let launched_at = (launch_time.subsec_nanosecond() == 0).then(|| launch_time.as_second());
    if launched_at.is_some() {
        *launch_time = Timestamp::UNIX_EPOCH;
    }
    Varying { state: Some(code_of(state)), launched_at, reason: text, reason_at, public_ip }
}

/// A reason's text with a mark for its time, if putting the time back makes the very same text.
fn without_time(reason: &str) -> (Cow<'_, str>, Option<i64>) {
    let parts = || {
        let (before, rest) = reason.rsplit_once('(')?;
        let (time, after) = (rest.get(..19)?, rest.get(19..)?);
        let at = time.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let text = format!("{before}({TIME_MARK}{after}");
        (with_time(&text, at.as_second())? == reason).then_some((text, at.as_second()))
    };
    match parts() {
        Some((text, at)) => (Cow::Owned(text), Some(at)),
        None => (Cow::Borrowed(reason), None),
    }
}

fn with_time(text: &str, at: i64) -> Option<String> {
    let at = Timestamp::from_second(at).ok()?;
    Some(text.replacen(TIME_MARK, &at.strftime(REASON_TIME).to_string(), 1))
}

const STATES: [(InstanceState, i64); 6] = [
    (InstanceState::Pending, 0),
    (InstanceState::Running, 1),
    (InstanceState::Stopping, 2),
    (InstanceState::Stopped, 3),
    (InstanceState::ShuttingDown, 4),
    (InstanceState::Terminated, 5),
];

fn code_of(state: InstanceState) -> i64 {
    STATES.into_iter().find(|(known, _)| *known == state).map_or(0, |(_, code)| code)
}

/// The number of a kind in the tables.
pub(super) const fn kind_code(what: ResourceKind) -> i64 {
    match what {
        ResourceKind::Instance => 0,
        ResourceKind::Volume => 1,
        ResourceKind::Address => 2,
        ResourceKind::Snapshot => 3,
        ResourceKind::Image => 4,
    }
}

pub(super) fn kind_of(code: i64) -> Option<ResourceKind> {
    ResourceKind::ALL.into_iter().find(|what| kind_code(*what) == code)
}

impl Varying {
    /// From the columns [`VARYING`], the first of which is the one at `from`.
    pub(super) fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<Varying> {
        Ok(Varying {
            state: row.get(from)?,
            launched_at: row.get(from + 1)?,
            reason: row.get(from + 2)?,
            reason_at: row.get(from + 3)?,
            public_ip: row.get(from + 4)?,
        })
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_comes_back_word_for_word() {
        for (reason, has_time) in [
            ("", false),
            ("User initiated", false),
            ("User initiated (2026-10-06 03:04:05 GMT)", true),
            ("User initiated (2026-10-06 03:04:05 UTC)", true),
            ("Server.SpotInstanceTermination: (a) (2026-10-06 03:04:05 GMT)", true),
            ("User initiated (2026-10-06 3:04:05 GMT)", false),
            ("User initiated (2026-13-06 03:04:05 GMT)", false),
            ("odd \u{1} (2026-10-06 03:04:05 GMT)", false),
            ("(\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd})", false),
        ] {
            let (text, at) = without_time(reason);
            assert_eq!(at.is_some(), has_time, "{reason}");
            assert_eq!(at.map_or(Some(text.to_string()), |at| with_time(&text, at)).as_deref(), Some(reason));
        }
    }
}
