//! Notes, descriptions and events in the ledger: one JSON body each, which is also its identity.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;

use super::{Store, StoreError, sqlite_error, tracked};
use crate::ledger::{Evidence, EvidenceKind, Fact};

/// Whether the fact was new.
pub(super) fn insert(connection: &Connection, import_id: i64, line: u64, fact: &Fact) -> rusqlite::Result<bool> {
    let body = serde_json::to_string(fact).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    let line = i64::try_from(line).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "INSERT INTO facts (import_id, line, body) VALUES (?1, ?2, ?3) ON CONFLICT (body) DO NOTHING",
    )?;
    Ok(statement.execute((import_id, line, body))? == 1)
}

/// Notes, descriptions and events, in the order they were recorded.
pub(super) fn load(connection: &Connection, path: &Path) -> Result<Vec<(Evidence, Fact)>, StoreError> {
    read(connection, path, "")
}

/// The notes that name one of these resources. Bodies are indexed, and begin with their kind.
pub(super) fn noted_of(
    connection: &Connection,
    path: &Path,
    ids: &BTreeSet<&str>,
) -> Result<Vec<(Evidence, Fact)>, StoreError> {
    let mut facts = read(connection, path, &format!("WHERE {NOTED}"))?;
    facts.retain(|(_, fact)| fact.resource_ids().any(|id| ids.contains(id)));
    Ok(facts)
}

/// What a noted fact's body begins with, in the order of the index.
const NOTED: &str = r#"body >= '{"kind":"noted"' AND body < '{"kind":"noted#'"#;

impl Store {
    /// When notes on each resource last came into the ledger; of these regions alone.
    ///
    /// # Errors
    /// A database that cannot be read, or that was damaged.
    pub fn noted(&self, is_wanted: impl Fn(&String) -> bool) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        let mut statement = self
            .connection
            .prepare(&format!(
                "SELECT facts.id, body, imported_at FROM facts JOIN imports ON imports.id = import_id WHERE {NOTED}"
            ))
            .map_err(|e| self.error(e))?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
        let rows: Vec<(i64, String, String)> = rows.and_then(Iterator::collect).map_err(|e| self.error(e))?;
        let mut noted = BTreeMap::new();
        for (id, body, imported_at) in rows {
            let broken = |why: String| StoreError::BrokenFact { path: self.path.clone(), id, why };
            let fact: Fact = serde_json::from_str(&body).map_err(|e| broken(e.to_string()))?;
            let at: Timestamp = imported_at.parse().map_err(|e: jiff::Error| broken(e.to_string()))?;
            let Fact::Noted(row) = &fact else { continue };
            if !is_wanted(&row.region) {
                continue;
            }
            for id in fact.resource_ids() {
                let known = noted.entry(id.to_owned()).or_insert(at);
                *known = at.max(*known);
            }
        }
        Ok(noted)
    }
}

fn read(connection: &Connection, path: &Path, which: &str) -> Result<Vec<(Evidence, Fact)>, StoreError> {
    let fail = |e| sqlite_error(path, e);
    let mut statement = connection
        .prepare_cached(&format!(
            "SELECT facts.id, line, body, file FROM facts JOIN imports ON imports.id = import_id {which} ORDER BY facts.id"
        ))
        .map_err(fail)?;
    let mut rows = statement.query([]).map_err(fail)?;
    let mut facts = Vec::new();
    while let Some(row) = rows.next().map_err(fail)? {
        let read = || -> rusqlite::Result<(i64, u64, String, String)> {
            Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs(), row.get(2)?, row.get(3)?))
        };
        let (id, line, body, file) = read().map_err(fail)?;
        let fact: Fact = serde_json::from_str(&body).map_err(|e| StoreError::BrokenFact {
            path: path.to_owned(),
            id,
            why: e.to_string(),
        })?;
        let kind = match fact {
            Fact::Noted(_) => EvidenceKind::Notes,
            Fact::Changed(_) => EvidenceKind::CloudTrail,
            _ => EvidenceKind::Description,
        };
        facts.push((Evidence { kind, file: file.into(), line }, fact));
    }
    Ok(facts)
}

impl Store {
    /// All notes, descriptions and events in the order they were recorded, then what the tracker saw.
    ///
    /// # Errors
    /// A database that cannot be read, or a fact in it that was damaged.
    pub fn facts(&self) -> Result<Vec<(Evidence, Fact)>, StoreError> {
        let mut facts = load(&self.connection, &self.path)?;
        tracked::load(&self.connection, &self.path, None, &mut facts)?;
        facts.append(&mut tracked::listed(&self.connection, &self.path)?);
        Ok(facts)
    }
}
