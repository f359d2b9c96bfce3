//! Recording a poll: what changed since the one before it, in one transaction.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::import::Recorded;
use super::sightings::{Description, VARYING, Varying, kind_code};
use super::{Store, StoreError, facts, sqlite_error};
use crate::ledger::{Evidence, EvidenceKind, Fact, ResourceKind, refuse_overlaps};

/// Polls further apart than this have a gap between them. A hole of a few lost polls is none.
const GAP_SECONDS: i64 = 15 * 60;

/// Two trackers at once may finish in the other order than they began.
const OVERTAKEN_SECONDS: i64 = 60;

/// One look at one region of one account.
#[derive(Clone, Debug)]
pub struct Poll {
    pub account: String,
    pub region: String,
    /// Kept in whole seconds, as AWS keeps its own times.
    pub at: Timestamp,
    /// Every resource that was seen, `seen_at` being `at`.
    pub facts: Vec<Fact>,
    /// Which lists came back whole: what is missing from them is gone.
    pub whole: Whole,
}

/// The lists of one region, each `true` if every page of it was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Whole {
    pub instances: bool,
    pub volumes: bool,
    pub addresses: bool,
    pub snapshots: bool,
    pub images: bool,
}

impl Whole {
    pub const ALL: Whole = Whole { instances: true, volumes: true, addresses: true, snapshots: true, images: true };

    const fn of(self, what: ResourceKind) -> bool {
        match what {
            ResourceKind::Instance => self.instances,
            ResourceKind::Volume => self.volumes,
            ResourceKind::Address => self.addresses,
            ResourceKind::Snapshot => self.snapshots,
            ResourceKind::Image => self.images,
        }
    }

    const fn is_empty(self) -> bool {
        !(self.instances || self.volumes || self.addresses || self.snapshots || self.images)
    }
}

/// One id that two regions or accounts claim. AWS gives each id once.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} `{id}` was seen in {here}, and the ledger has it in {there}")]
pub struct SeenElsewhere {
    pub what: ResourceKind,
    pub id: String,
    pub here: String,
    pub there: String,
}

impl Store {
    /// Records one poll in one transaction: of what is as it was at the last poll, nothing but that it is so still.
    /// `Recorded::new` counts what appeared, changed or disappeared, `known` the rest.
    ///
    /// Polls of a region are recorded in the order of their times. One that another overtook changes nothing; one that
    /// is older by more than a minute is refused: a clock went back, and facts of two clocks would contradict each other.
    ///
    /// # Errors
    /// A clock that went back; a resource that notes or another region's polls claim; a database that cannot be written.
    /// In every case the ledger is as it was.
    pub fn record_poll(&mut self, poll: &Poll) -> Result<Recorded, StoreError> {
        let path = self.path.clone();
        let fail = |source| sqlite_error(&path, source);
        let seen = descriptions(poll);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let at = poll.at.as_second();
        let scope = Scope::of(&transaction, poll).map_err(fail)?;
        if scope.polled_at.is_some_and(|last| at <= last) || (seen.is_empty() && poll.whole.is_empty()) {
            let last = scope.polled_at.unwrap_or(at);
            if at.saturating_add(OVERTAKEN_SECONDS) < last {
                let last = Timestamp::from_second(last).unwrap_or(poll.at);
                return Err(StoreError::ClockWentBack {
                    path,
                    place: place(&poll.account, &poll.region),
                    last,
                    at: poll.at,
                });
            }
            return Ok(Recorded { known: seen.len() as u64, ..Recorded::default() });
        }
        let present = load_present(&transaction, &scope).map_err(fail)?;
        let mut changes = Changes { transaction: &transaction, scope: &scope, poll, at, changed: Vec::new() };
        let mut recorded = Recorded::default();
        for (key, (description, fact)) in &seen {
            if changes.see(description, fact, present.get(key)).map_err(fail)? {
                recorded.new += 1;
            } else {
                recorded.known += 1;
            }
        }
        for (_, gone) in present.iter().filter(|(key, _)| poll.whole.of(key.0) && !seen.contains_key(*key)) {
            changes.close(gone, Some(at)).map_err(fail)?;
            recorded.new += 1;
        }
        let changed = changes.changed;
        scope.polled(&transaction, poll.whole, at).map_err(fail)?;
        refuse_elsewhere(&transaction, poll, &scope, &changed, &path)?;
        refuse_noted(&transaction, &changed, &path)?;
        transaction.commit().map_err(fail)?;
        Ok(recorded)
    }
}

type Key = (ResourceKind, String);

/// What was seen, each once: a page that came twice, or a list that grew while it was read, names some again.
fn descriptions(poll: &Poll) -> HashMap<Key, (Description, &Fact)> {
    let described = poll.facts.iter().filter_map(|fact| Some((Description::of(fact)?, fact)));
    described.map(|(seen, fact)| ((seen.what, seen.id.clone()), (seen, fact))).collect()
}

fn place(account: &str, region: &str) -> String {
    if account.is_empty() { region.to_owned() } else { format!("{region} of account {account}") }
}

/// One region of one account, as the last poll left it.
struct Scope {
    id: i64,
    /// `None`: never polled.
    polled_at: Option<i64>,
    /// By [`kind_code`].
    whole_at: [Option<i64>; 5],
}

impl Scope {
    fn of(transaction: &Transaction<'_>, poll: &Poll) -> rusqlite::Result<Scope> {
        let known = transaction
            .prepare_cached(
                "SELECT id, polled_at, instances_at, volumes_at, addresses_at, snapshots_at, images_at
                 FROM scopes WHERE account = ?1 AND region = ?2",
            )?
            .query_row((&poll.account, &poll.region), |row| {
                let whole_at = [row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
                Ok(Scope { id: row.get(0)?, polled_at: Some(row.get(1)?), whole_at })
            })
            .optional()?;
        if let Some(scope) = known {
            return Ok(scope);
        }
        transaction.execute(
            "INSERT INTO scopes (account, region, polled_at) VALUES (?1, ?2, ?3)",
            (&poll.account, &poll.region, poll.at.as_second()),
        )?;
        Ok(Scope { id: transaction.last_insert_rowid(), polled_at: None, whole_at: [None; 5] })
    }

    fn whole_at(&self, what: ResourceKind) -> Option<i64> {
        usize::try_from(kind_code(what)).ok().and_then(|code| self.whole_at.get(code).copied().flatten())
    }

    fn polled(&self, transaction: &Transaction<'_>, whole: Whole, at: i64) -> rusqlite::Result<()> {
        let at_if = |whole: bool| whole.then_some(at);
        transaction
            .prepare_cached(
                "UPDATE scopes SET polled_at = ?2, instances_at = coalesce(?3, instances_at),
                    volumes_at = coalesce(?4, volumes_at), addresses_at = coalesce(?5, addresses_at),
                    snapshots_at = coalesce(?6, snapshots_at), images_at = coalesce(?7, images_at) WHERE id = ?1",
            )?
            .execute(params![
                self.id,
                at,
                at_if(whole.instances),
                at_if(whole.volumes),
                at_if(whole.addresses),
                at_if(whole.snapshots),
                at_if(whole.images)
            ])?;
        let gap = self.polled_at.is_none_or(|last| at - last > GAP_SECONDS);
        let widened = if gap {
            0
        } else {
            transaction
                .prepare_cached(
                    "UPDATE watches SET last_at = ?2, polls = polls + 1 WHERE scope_id = ?1
                        AND first_at = (SELECT max(first_at) FROM watches WHERE scope_id = ?1)",
                )?
                .execute((self.id, at))?
        };
        if widened == 0 {
            transaction.execute(
                "INSERT INTO watches (scope_id, first_at, last_at, polls) VALUES (?1, ?2, ?2, 1)",
                (self.id, at),
            )?;
        }
        Ok(())
    }
}

/// A resource as the last poll that saw it left it.
struct Present {
    resource_id: i64,
    digest: Vec<u8>,
    varying: Varying,
    last_at: i64,
}

fn load_present(transaction: &Transaction<'_>, scope: &Scope) -> rusqlite::Result<HashMap<Key, Present>> {
    let mut statement = transaction.prepare_cached(&format!(
        "SELECT kind, name, resource_id, digest, last_at, {VARYING}
         FROM present JOIN resources ON resources.id = resource_id JOIN shapes ON shapes.id = shape_id
            LEFT JOIN reasons ON reasons.id = reason_id
         WHERE present.scope_id = ?1"
    ))?;
    let mut rows = statement.query([scope.id])?;
    let mut present = HashMap::new();
    while let Some(row) = rows.next()? {
        let Some(what) = super::sightings::kind_of(row.get(0)?) else { continue };
        let last_at = row.get::<_, i64>(4)?.max(scope.whole_at(what).unwrap_or(i64::MIN));
        let seen = Present { resource_id: row.get(2)?, digest: row.get(3)?, varying: Varying::read(row, 5)?, last_at };
        present.insert((what, row.get(1)?), seen);
    }
    Ok(present)
}

struct Changes<'a> {
    transaction: &'a Transaction<'a>,
    scope: &'a Scope,
    poll: &'a Poll,
    at: i64,
    /// What appeared or changed.
    changed: Vec<&'a Fact>,
}

impl<'a> Changes<'a> {
    /// Whether it is new, or another than before.
    fn see(&mut self, seen: &Description, fact: &'a Fact, present: Option<&Present>) -> rusqlite::Result<bool> {
        if let Some(present) = present {
            if present.digest == seen.digest && present.varying == seen.varying {
                // A whole list tells of all it names at once.
                if !self.poll.whole.of(seen.what) {
                    self.transaction
                        .prepare_cached("UPDATE present SET last_at = ?2 WHERE resource_id = ?1")?
                        .execute((present.resource_id, self.at))?;
                }
                return Ok(false);
            }
            self.close(present, None)?;
        }
        let resource_id = match present {
            Some(present) => present.resource_id,
            None => self.resource(seen)?,
        };
        let varying = &seen.varying;
        let reason_id = varying.reason.as_deref().map(|text| self.reason(text)).transpose()?;
        self.transaction
            .prepare_cached(
                "INSERT INTO present (resource_id, scope_id, shape_id, first_at, last_at, state, launched_at, reason_id,
                    reason_at, public_ip) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute(params![
                resource_id,
                self.scope.id,
                self.shape(seen)?,
                self.at,
                varying.state,
                varying.launched_at,
                reason_id,
                varying.reason_at,
                varying.public_ip
            ])?;
        self.changed.push(fact);
        Ok(true)
    }

    /// What was so is so no more: from here on it stands as it is.
    fn close(&self, present: &Present, missed_at: Option<i64>) -> rusqlite::Result<()> {
        self.transaction
            .prepare_cached(
                "INSERT INTO sights (resource_id, shape_id, first_at, last_at, missed_at, state, launched_at, reason_id,
                    reason_at, public_ip)
                 SELECT resource_id, shape_id, first_at, ?2, ?3, state, launched_at, reason_id, reason_at, public_ip
                 FROM present WHERE resource_id = ?1",
            )?
            .execute((present.resource_id, present.last_at, missed_at))?;
        self.transaction
            .prepare_cached("DELETE FROM present WHERE resource_id = ?1")?
            .execute([present.resource_id])?;
        Ok(())
    }

    fn resource(&self, seen: &Description) -> rusqlite::Result<i64> {
        let key = (&seen.id, kind_code(seen.what), self.scope.id);
        self.transaction
            .prepare_cached("INSERT INTO resources (name, kind, scope_id) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?
            .execute(key)?;
        self.transaction
            .prepare_cached("SELECT id FROM resources WHERE name = ?1 AND kind = ?2 AND scope_id = ?3")?
            .query_row(key, |row| row.get(0))
    }

    fn shape(&self, seen: &Description) -> rusqlite::Result<i64> {
        self.transaction
            .prepare_cached("INSERT INTO shapes (digest, body) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute((&seen.digest[..], &seen.body))?;
        self.transaction
            .prepare_cached("SELECT id FROM shapes WHERE digest = ?1")?
            .query_row([&seen.digest[..]], |row| row.get(0))
    }

    fn reason(&self, text: &str) -> rusqlite::Result<i64> {
        self.transaction
            .prepare_cached("INSERT INTO reasons (text) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([text])?;
        self.transaction.prepare_cached("SELECT id FROM reasons WHERE text = ?1")?.query_row([text], |row| row.get(0))
    }
}

fn id_of(fact: &Fact) -> Option<(ResourceKind, &str)> {
    match fact {
        Fact::Instance(seen) => Some((ResourceKind::Instance, &seen.instance_id)),
        Fact::Volume(seen) => Some((ResourceKind::Volume, &seen.volume_id)),
        Fact::Address(seen) => Some((ResourceKind::Address, &seen.allocation_id)),
        Fact::Snapshot(seen) => Some((ResourceKind::Snapshot, &seen.snapshot_id)),
        Fact::Image(seen) => Some((ResourceKind::Image, &seen.image_id)),
        Fact::Noted(_) | Fact::Changed(_) | Fact::Gone(_) | Fact::Listed(_) => None,
    }
}

/// One id in two regions or accounts would be billed as one resource. While the account is unknown, its region will do.
fn refuse_elsewhere(
    connection: &Connection,
    poll: &Poll,
    scope: &Scope,
    changed: &[&Fact],
    path: &Path,
) -> Result<(), StoreError> {
    let elsewhere = |what, id: &str| {
        connection
            .prepare_cached(
                "SELECT account, region FROM resources JOIN scopes ON scopes.id = scope_id
                 WHERE name = ?1 AND kind = ?2 AND scope_id <> ?3
                    AND NOT (region = ?4 AND (account = '' OR ?5 = '')) LIMIT 1",
            )?
            .query_row(params![id, kind_code(what), scope.id, poll.region, poll.account], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })
            .optional()
    };
    for (what, id) in changed.iter().filter_map(|fact| id_of(fact)) {
        let found = elsewhere(what, id).map_err(|e| sqlite_error(path, e))?;
        if let Some((account, region)) = found {
            let there = place(&account, &region);
            let here = place(&poll.account, &poll.region);
            return Err(StoreError::SeenElsewhere(Box::new(SeenElsewhere { what, id: id.to_owned(), here, there })));
        }
    }
    Ok(())
}

/// What notes say of the same time would be billed twice. Only what appeared or changed is held against them: the rest
/// has passed before, and notes that come later are held against it when they come.
fn refuse_noted(connection: &Connection, changed: &[&Fact], path: &Path) -> Result<(), StoreError> {
    let ids: BTreeSet<&str> = changed.iter().filter_map(|fact| id_of(fact)).map(|(_, id)| id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut facts = facts::noted_of(connection, path, &ids)?;
    if facts.is_empty() {
        return Ok(());
    }
    let evidence = Evidence { kind: EvidenceKind::Description, file: "this poll".into(), line: 0 };
    facts.extend((1..).zip(changed).map(|(line, fact)| (Evidence { line, ..evidence.clone() }, (*fact).clone())));
    refuse_overlaps(&facts)?;
    Ok(())
}
