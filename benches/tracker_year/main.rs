//! Polls of an account of 1,000 GPU instances, each minute, through the ledger's own `record_poll`: what a poll costs,
//! and what a year of them would take on disk. Beside it a table with a row for each instance and poll.
//!
//! ```text
//! cargo bench --bench tracker_year --no-default-features -- [DAYS]      # 7 by default
//! ```
//!
//! Each instance has two volumes, is started and stopped about twice a day (seen on its way in some polls), some have
//! an address, a snapshot, are retyped, tagged anew, get a volume more, are terminated and replaced. The naive table is
//! filled for an hour: it grows by the same each.

mod account;

use std::path::Path;
use std::time::{Duration, Instant};

use account::Account;
use gpucost::ledger::Fact;
use gpucost::store::{Poll, Store, Whole};
use jiff::Timestamp;

const MINUTES_PER_DAY: u64 = 24 * 60;
const MINUTES_PER_YEAR: u64 = 365 * MINUTES_PER_DAY;
const NAIVE_POLLS: u64 = 60;

struct Tracked {
    /// Bytes of the whole ledger by day, the first after the first poll.
    sizes: Vec<u64>,
    changed: u64,
    times: Vec<Duration>,
}

fn track(ledger: &Path, days: u64) -> Result<Tracked, Box<dyn std::error::Error>> {
    let mut store = Store::create(ledger)?;
    let mut account = Account::new();
    let mut tracked = Tracked { sizes: Vec::new(), changed: 0, times: Vec::new() };
    for minute in 0..=days * MINUTES_PER_DAY {
        let at = account.pass_a_minute()?;
        let poll = Poll {
            account: account::ACCOUNT.to_owned(),
            region: account::REGION.to_owned(),
            at,
            facts: account.facts(at),
            whole: Whole::ALL,
        };
        let began = Instant::now();
        let recorded = store.record_poll(&poll)?;
        tracked.times.push(began.elapsed());
        if minute > 0 {
            tracked.changed += recorded.new;
        }
        if minute % MINUTES_PER_DAY == 0 {
            tracked.sizes.push(size(ledger)?);
        }
    }
    Ok(tracked)
}

/// Without the write-ahead log, which is emptied as it fills.
fn size(ledger: &Path) -> Result<u64, Box<dyn std::error::Error>> {
    let connection = rusqlite::Connection::open(ledger)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    drop(connection);
    Ok(std::fs::metadata(ledger)?.len())
}

/// One row for each instance and poll, its description as JSON: bytes of each poll.
fn naive(database: &Path) -> Result<u64, Box<dyn std::error::Error>> {
    let mut connection = rusqlite::Connection::open(database)?;
    connection.execute_batch("CREATE TABLE samples (at INTEGER, id TEXT, body TEXT)")?;
    let mut account = Account::new();
    for _ in 0..NAIVE_POLLS {
        let at = account.pass_a_minute()?;
        let transaction = connection.transaction()?;
        for fact in account.facts(at) {
            let id = fact.resource_ids().next().unwrap_or_default().to_owned();
            let body = serde_json::to_string(&fact)?;
            transaction.execute("INSERT INTO samples VALUES (?1, ?2, ?3)", (at.as_second(), id, body))?;
        }
        transaction.commit()?;
    }
    drop(connection);
    Ok(std::fs::metadata(database)?.len() / NAIVE_POLLS)
}

#[allow(clippy::cast_precision_loss)]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // `cargo bench` passes a flag of its own.
    let days = std::env::args().skip(1).find(|argument| argument != "--bench");
    let days: u64 = days.map_or(Ok(7), |days| days.parse())?;
    let folder = tempfile::tempdir()?;
    let ledger = folder.path().join("ledger.db");
    let mut tracked = track(&ledger, days)?;
    let (first, last) = (tracked.sizes.first().copied().unwrap_or(0), tracked.sizes.last().copied().unwrap_or(0));
    let a_day = (last - first) / days.max(1);
    let a_year = first + 365 * a_day;
    let naive = naive(&folder.path().join("naive.db"))? * MINUTES_PER_YEAR;
    println!("{} polls of {} instances, {} resources", tracked.times.len(), account::INSTANCES, account_size()?);
    println!(
        "changes recorded: {} a day, {:.1} for each instance",
        tracked.changed / days,
        per_instance(&tracked, days)
    );
    println!("on disk: {:.2} MB after the first poll, {:.3} MB a day more", megabytes(first), megabytes(a_day));
    println!(
        "a year:  {:.0} MB; a row for each sample: {:.0} MB, {:.0} times that",
        megabytes(a_year),
        megabytes(naive),
        megabytes(naive) / megabytes(a_year)
    );
    tracked.times.sort_unstable();
    let at = |share: usize| tracked.times.get(tracked.times.len() * share / 100).copied().unwrap_or_default();
    println!("a poll:  median {:.1?}, 99 of 100 within {:.1?}", at(50), at(99));
    let began = Instant::now();
    let facts = Store::open(&ledger)?.facts()?;
    println!("read back: {} facts in {:.2?}", facts.len(), began.elapsed());
    let (metered, now) = (Vec::new(), facts.iter().map(|(_, fact)| fact.known_at()).max().unwrap_or(Timestamp::MIN));
    let began = Instant::now();
    let derived = gpucost::ledger::derive(&facts, metered, now)?;
    println!("derived: {} sessions in {:.2?}", derived.sessions.len(), began.elapsed());
    Ok(())
}

#[allow(clippy::cast_precision_loss)]
fn per_instance(tracked: &Tracked, days: u64) -> f64 {
    tracked.changed as f64 / days as f64 / account::INSTANCES as f64
}

fn account_size() -> Result<usize, Box<dyn std::error::Error>> {
    let mut account = Account::new();
    let at = account.pass_a_minute()?;
    Ok(account.facts(at).iter().map(Fact::kind).count())
}
