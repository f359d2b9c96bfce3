//! The tables of the ledger, and how older ledgers become newer ones.

use rusqlite::TransactionBehavior;
use rusqlite::functions::FunctionFlags;
use rusqlite_migration::{M, Migrations};
use rust_decimal::Decimal;

use super::{Store, StoreError, actions, alerts, digests, snoozes};
use crate::quantity::exact;

/// `gpuc` in ASCII, as the first migration sets it: tells a gpucost ledger from any other SQLite file.
const APPLICATION_ID: i32 = 0x6770_7563;

const MIGRATIONS: &[M<'_>] = &[
    M::up(IMPORTS),
    M::up(POLLS),
    M::up(alerts::TABLES),
    M::up(SIGNALS),
    M::up(actions::TABLES),
    M::up(snoozes::TABLE),
    M::up(IMAGES),
    M::up(actions::ACCOUNT_AND_STEPS),
    M::up(digests::SMALLER),
];

const IMPORTS: &str = "PRAGMA application_id = 1735423331;
    CREATE TABLE imports (
        id INTEGER PRIMARY KEY,
        file TEXT NOT NULL,
        sha256 TEXT NOT NULL UNIQUE,
        format TEXT NOT NULL,
        imported_at TEXT NOT NULL
    ) STRICT;
    -- Notes and descriptions: immutable, each body once.
    CREATE TABLE facts (
        id INTEGER PRIMARY KEY,
        import_id INTEGER NOT NULL REFERENCES imports(id),
        line INTEGER NOT NULL,
        body TEXT NOT NULL UNIQUE
    ) STRICT;
    -- What billing exports say, by resource, meter, rate and UTC day. Decimals are text, never floats.
    CREATE TABLE metered (
        id INTEGER PRIMARY KEY,
        import_id INTEGER NOT NULL REFERENCES imports(id),
        line INTEGER NOT NULL,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        resource_id TEXT NOT NULL,
        meter TEXT NOT NULL,
        purchase TEXT NOT NULL,
        sku_price_id TEXT NOT NULL,
        rate TEXT NOT NULL,
        day TEXT NOT NULL,
        name TEXT NOT NULL,
        tags TEXT NOT NULL,
        instance_type TEXT NOT NULL,
        volume_type TEXT NOT NULL,
        unit TEXT NOT NULL,
        hours_mask INTEGER NOT NULL,
        start_second INTEGER NOT NULL,
        end_second INTEGER NOT NULL,
        quantity TEXT NOT NULL,
        list_cost TEXT NOT NULL,
        billed_cost TEXT NOT NULL,
        effective_cost TEXT NOT NULL,
        row_count INTEGER NOT NULL,
        superseded_by INTEGER REFERENCES imports(id)
    ) STRICT;
    CREATE UNIQUE INDEX metered_once ON metered
        (day, resource_id, meter, account, region, purchase, sku_price_id, rate, instance_type, volume_type, hours_mask)
        WHERE superseded_by IS NULL;";

/// What the tracker saw. Changes, not samples: while a resource stays as it is, a poll writes nothing of it.
const POLLS: &str = "
    -- One region of one account, and when each of its lists was last read whole. Seconds since 1970, UTC.
    CREATE TABLE scopes (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        polled_at INTEGER NOT NULL,
        instances_at INTEGER,
        volumes_at INTEGER,
        addresses_at INTEGER,
        snapshots_at INTEGER,
        UNIQUE (account, region)
    ) STRICT;
    -- Polls that followed one another without a gap.
    CREATE TABLE watches (
        scope_id INTEGER NOT NULL REFERENCES scopes(id),
        first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        polls INTEGER NOT NULL,
        PRIMARY KEY (scope_id, first_at)
    ) STRICT, WITHOUT ROWID;
    -- kind: 0 instance, 1 volume, 2 address, 3 snapshot.
    CREATE TABLE resources (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        kind INTEGER NOT NULL,
        scope_id INTEGER NOT NULL REFERENCES scopes(id),
        UNIQUE (name, kind, scope_id)
    ) STRICT;
    -- Descriptions without what a start or a stop changes, each once; and the texts of reasons without their times.
    CREATE TABLE shapes (
        id INTEGER PRIMARY KEY,
        digest BLOB NOT NULL UNIQUE,
        body TEXT NOT NULL
    ) STRICT;
    CREATE TABLE reasons (
        id INTEGER PRIMARY KEY,
        text TEXT NOT NULL UNIQUE
    ) STRICT;
    -- What is there now, seen so from first_at until last_at or until its list was last read whole.
    CREATE TABLE present (
        resource_id INTEGER PRIMARY KEY REFERENCES resources(id),
        scope_id INTEGER NOT NULL,
        shape_id INTEGER NOT NULL REFERENCES shapes(id),
        first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        state INTEGER,
        launched_at INTEGER,
        reason_id INTEGER REFERENCES reasons(id),
        reason_at INTEGER,
        public_ip TEXT
    ) STRICT;
    CREATE INDEX present_in_scope ON present (scope_id);
    -- What was so, from the first poll that saw it to the last; missed_at: the first that missed the resource.
    -- Written once, at its end, never changed.
    CREATE TABLE sights (
        id INTEGER PRIMARY KEY,
        resource_id INTEGER NOT NULL REFERENCES resources(id),
        shape_id INTEGER NOT NULL REFERENCES shapes(id),
        first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        missed_at INTEGER,
        state INTEGER,
        launched_at INTEGER,
        reason_id INTEGER REFERENCES reasons(id),
        reason_at INTEGER,
        public_ip TEXT
    ) STRICT;";

/// What resources did. Seconds and days since 1970, UTC.
const SIGNALS: &str = "
    -- When CloudWatch was last asked about a resource.
    CREATE TABLE signal_asks (
        resource TEXT PRIMARY KEY,
        account TEXT NOT NULL,
        region TEXT NOT NULL,
        asked_at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    -- The hours of one day, packed (signals.rs).
    CREATE TABLE signal_days (
        resource TEXT NOT NULL,
        day INTEGER NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (resource, day)
    ) STRICT;
    -- What a Jupyter server said from first_at to last_at.
    CREATE TABLE jupyter (
        instance TEXT NOT NULL,
        server TEXT NOT NULL,
        last_activity INTEGER NOT NULL,
        busy INTEGER NOT NULL,
        kernels INTEGER NOT NULL,
        connections INTEGER NOT NULL,
        first_at INTEGER NOT NULL,
        last_at INTEGER NOT NULL,
        PRIMARY KEY (instance, server, last_activity, busy)
    ) STRICT, WITHOUT ROWID;";

/// Images are a fifth kind of what the tracker sees (4 in `resources.kind`).
const IMAGES: &str = "ALTER TABLE scopes ADD COLUMN images_at INTEGER;";

/// Settings that must be made on each connection, then the migrations that are due.
pub(super) fn prepare(store: &mut Store) -> Result<(), StoreError> {
    let fresh = is_fresh(store)?;
    let id: i32 = pragma(store, "application_id")?;
    if !fresh && id != APPLICATION_ID {
        return Err(StoreError::NotALedger { path: store.path.clone() });
    }
    let version = version(store)?;
    if version > MIGRATIONS.len() {
        return Err(StoreError::NewerVersion { path: store.path.clone() });
    }
    store
        .connection
        .execute_batch("PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;")
        .map_err(|e| store.error(e))?;
    if version < MIGRATIONS.len() {
        migrate(store)?;
    }
    add_decimal_functions(store)
}

fn is_fresh(store: &Store) -> Result<bool, StoreError> {
    let tables: i64 = store
        .connection
        .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))
        .map_err(|e| store.error(e))?;
    Ok(tables == 0)
}

fn pragma<T: rusqlite::types::FromSql>(store: &Store, name: &str) -> Result<T, StoreError> {
    store.connection.query_row(&format!("PRAGMA {name}"), [], |row| row.get(0)).map_err(|e| store.error(e))
}

fn migrate(store: &mut Store) -> Result<(), StoreError> {
    // The journal mode is a property of the file: set once, outside any transaction.
    store.connection.execute_batch("PRAGMA journal_mode = WAL").map_err(|e| store.error(e))?;
    store.connection.set_transaction_behavior(TransactionBehavior::Immediate);
    let migrated = Migrations::from_slice(MIGRATIONS).to_latest(&mut store.connection);
    let Err(error) = migrated else { return Ok(()) };
    // Several first imports may come here at once: who waited for another finds its work done.
    if version(store)? == MIGRATIONS.len() {
        return Ok(());
    }
    Err(match error {
        rusqlite_migration::Error::RusqliteError { err, .. } => store.error(err),
        _ => StoreError::NewerVersion { path: store.path.clone() },
    })
}

fn version(store: &Store) -> Result<usize, StoreError> {
    let version: i64 = pragma(store, "user_version")?;
    Ok(usize::try_from(version).unwrap_or(usize::MAX))
}

/// `decimal_add(a, b)`: sums of decimal text without a float in sight.
fn add_decimal_functions(store: &Store) -> Result<(), StoreError> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    store
        .connection
        .create_scalar_function("decimal_add", 2, flags, |context| {
            let read = |i| -> rusqlite::Result<Decimal> {
                let text: String = context.get(i)?;
                Decimal::from_str_exact(&text).map_err(|e| rusqlite::Error::UserFunctionError(Box::new(e)))
            };
            let sum = read(0)?.checked_add(read(1)?);
            sum.map(exact).ok_or_else(|| rusqlite::Error::UserFunctionError("a sum is too large to hold".into()))
        })
        .map_err(|e| store.error(e))
}
