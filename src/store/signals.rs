//! What CloudWatch and Jupyter told, in the ledger: one row a resource and UTC day, its hours packed.
//!
//! A year of an instance with one GPU is some 365 rows of about half a kilobyte. An hour is replaced by a fuller record of
//! itself and by nothing else, so that the same window asked for twice changes nothing.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, TransactionBehavior, params};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Store, StoreError, atomic, sqlite_error};
use crate::ledger::{HOUR_SECONDS, Hour, JupyterSaid, JupyterSeen, Reading, Series, Signal, Signals, hour_of};

const HOURS_PER_DAY: i64 = 24;

/// Values are kept in thousandths.
const SCALE: u32 = 3;

/// One day of a resource.
type Day = BTreeMap<(Signal, String), Series>;

/// What recording a resource's signals changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignalsRecorded {
    /// Hours of a signal that are new or fuller than before.
    pub new: u64,
    pub known: u64,
}

impl Store {
    /// Records what was told of one resource, in one transaction. Hours that the ledger has as full already stay.
    ///
    /// # Errors
    /// A database that cannot be read or written; the ledger is as it was.
    pub fn record_signals(&mut self, told: &Signals) -> Result<SignalsRecorded, StoreError> {
        let path = self.path.clone();
        let fail = |source| sqlite_error(&path, source);
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
        let mut recorded = SignalsRecorded::default();
        for (day, hours) in by_day(told) {
            let known = load_day(&transaction, &told.resource_id, day).map_err(fail)?;
            let mut merged = match known {
                Some(body) => unpack(&body, day).map_err(|why| StoreError::BrokenSignals {
                    path: path.clone(),
                    resource_id: told.resource_id.clone(),
                    why,
                })?,
                None => Day::new(),
            };
            let before = recorded.new;
            merge(&mut merged, hours, &mut recorded);
            if recorded.new > before {
                let body = pack(&merged).map_err(|source| atomic::io_error("pack the signals for", &path, source))?;
                keep_day(&transaction, &told.resource_id, day, &body).map_err(fail)?;
            }
        }
        keep_ask(&transaction, told).map_err(fail)?;
        transaction.commit().map_err(fail)?;
        Ok(recorded)
    }

    /// What was told of all resources since an instant, whole days at a time.
    ///
    /// # Errors
    /// A database that cannot be read, or a day in it that was damaged.
    pub fn signals_since(&self, since: Timestamp) -> Result<Vec<Signals>, StoreError> {
        let fail = |source| sqlite_error(&self.path, source);
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT resource, account, region, asked_at, day, body
                 FROM signal_asks LEFT JOIN signal_days USING (resource) WHERE day >= ?1 OR day IS NULL
                 ORDER BY resource, day",
            )
            .map_err(fail)?;
        let mut rows = statement.query([hour_of(since).div_euclid(HOURS_PER_DAY)]).map_err(fail)?;
        let mut all: Vec<Signals> = Vec::new();
        while let Some(row) = rows.next().map_err(fail)? {
            let resource_id: String = row.get(0).map_err(fail)?;
            if all.last().is_none_or(|last| last.resource_id != resource_id) {
                all.push(asked(row, resource_id.clone()).map_err(fail)?);
            }
            let day: Option<(i64, Vec<u8>)> = match row.get::<_, Option<i64>>(4).map_err(fail)? {
                Some(day) => Some((day, row.get(5).map_err(fail)?)),
                None => None,
            };
            if let (Some(signals), Some((day, body))) = (all.last_mut(), day) {
                let broken = |why| StoreError::BrokenSignals { path: self.path.clone(), resource_id, why };
                for (key, mut hours) in unpack(&body, day).map_err(broken)? {
                    signals.series.entry(key).or_default().append(&mut hours);
                }
            }
        }
        Ok(all)
    }

    /// When CloudWatch was last asked about each resource.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn signals_asked(&self) -> Result<BTreeMap<String, Timestamp>, StoreError> {
        let fail = |source| sqlite_error(&self.path, source);
        let mut statement =
            self.connection.prepare_cached("SELECT resource, asked_at FROM signal_asks").map_err(fail)?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, instant(row.get(1)?)))).map_err(fail)?;
        rows.collect::<rusqlite::Result<_>>().map_err(fail)
    }

    /// Records what a Jupyter server said, or that it said nothing. While it says the same, one row grows.
    ///
    /// # Errors
    /// A database that cannot be written.
    pub fn record_jupyter(&mut self, seen: &JupyterSeen) -> Result<(), StoreError> {
        let said = seen.said.as_ref();
        self.connection
            .prepare_cached(
                "INSERT INTO jupyter (instance, server, last_activity, busy, kernels, connections, first_at, last_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                 ON CONFLICT DO UPDATE SET kernels = excluded.kernels, connections = excluded.connections,
                    first_at = min(first_at, excluded.first_at), last_at = excluded.last_at
                 WHERE excluded.last_at > last_at",
            )
            .and_then(|mut statement| {
                statement.execute(params![
                    seen.instance_id,
                    seen.server,
                    said.map_or(NO_ANSWER, |said| said.last_activity.as_second()),
                    said.map_or(0, |said| said.busy),
                    said.map_or(0, |said| said.kernels),
                    said.map_or(0, |said| said.connections),
                    seen.first_at.as_second(),
                    seen.last_at.as_second()
                ])
            })
            .map(|_| ())
            .map_err(|e| self.error(e))
    }

    /// What Jupyter servers said.
    ///
    /// # Errors
    /// A database that cannot be read.
    pub fn jupyter(&self) -> Result<Vec<JupyterSeen>, StoreError> {
        let read = |row: &Row<'_>| {
            let last_activity: i64 = row.get(2)?;
            let said = JupyterSaid {
                last_activity: instant(last_activity),
                busy: row.get(3)?,
                kernels: row.get(4)?,
                connections: row.get(5)?,
            };
            Ok(JupyterSeen {
                instance_id: row.get(0)?,
                server: row.get(1)?,
                said: (last_activity != NO_ANSWER).then_some(said),
                first_at: instant(row.get(6)?),
                last_at: instant(row.get(7)?),
            })
        };
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT instance, server, last_activity, busy, kernels, connections, first_at, last_at
                 FROM jupyter ORDER BY instance, server, first_at",
            )
            .map_err(|e| self.error(e))?;
        let rows = statement.query_map([], read).map_err(|e| self.error(e))?;
        rows.collect::<rusqlite::Result<_>>().map_err(|e| self.error(e))
    }
}

/// In place of a last activity: the server gave no answer that could be read.
const NO_ANSWER: i64 = i64::MIN;

fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn asked(row: &Row<'_>, resource_id: String) -> rusqlite::Result<Signals> {
    let asked_at = instant(row.get(3)?);
    Ok(Signals { account: row.get(1)?, region: row.get(2)?, resource_id, asked_at, series: BTreeMap::new() })
}

fn by_day(told: &Signals) -> BTreeMap<i64, Day> {
    let mut days: BTreeMap<i64, Day> = BTreeMap::new();
    for (key, series) in &told.series {
        for (hour, read) in series {
            let day = days.entry(hour.div_euclid(HOURS_PER_DAY)).or_default();
            day.entry(key.clone()).or_default().insert(*hour, *read);
        }
    }
    days
}

fn merge(known: &mut Day, told: Day, recorded: &mut SignalsRecorded) {
    for (key, hours) in told {
        let series = known.entry(key).or_default();
        for (hour, read) in hours {
            // As it will be read again, so that telling it twice is telling it once.
            let read = Hour { all: in_thousandths(read.all), ..read };
            let before = series.get(&hour).copied();
            let after = before.map_or(read, |before| before.retold(read));
            if before == Some(after) {
                recorded.known += 1;
            } else {
                recorded.new += 1;
                series.insert(hour, after);
            }
        }
    }
}

/// Activity is never understated: the least is rounded down, the rest up.
fn in_thousandths(read: Reading) -> Reading {
    let thousandths = |value: Decimal| value.max(Decimal::ZERO).saturating_mul(Decimal::ONE_THOUSAND);
    let back = |value: Decimal| from_thousandths(value.to_u64().unwrap_or(MOST));
    Reading {
        min: back(thousandths(read.min).floor()),
        max: back(thousandths(read.max).ceil()),
        sum: back(thousandths(read.sum).ceil()),
        samples: read.samples,
    }
}

/// More than any machine counts in an hour.
const MOST: u64 = i64::MAX as u64;

fn from_thousandths(value: u64) -> Decimal {
    Decimal::new(i64::try_from(value).unwrap_or(i64::MAX), SCALE).normalize()
}

fn load_day(transaction: &Transaction<'_>, resource: &str, day: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    transaction
        .prepare_cached("SELECT body FROM signal_days WHERE resource = ?1 AND day = ?2")?
        .query_row((resource, day), |row| row.get(0))
        .optional()
}

fn keep_day(transaction: &Transaction<'_>, resource: &str, day: i64, body: &[u8]) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO signal_days (resource, day, body) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET body = excluded.body",
        )?
        .execute((resource, day, body))?;
    Ok(())
}

fn keep_ask(transaction: &Transaction<'_>, told: &Signals) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO signal_asks (resource, account, region, asked_at) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT DO UPDATE SET account = excluded.account, region = excluded.region,
                asked_at = max(asked_at, excluded.asked_at)",
        )?
        .execute((&told.resource_id, &told.account, &told.region, told.asked_at.as_second()))?;
    Ok(())
}

/// Numbers of seven bits a byte: version, series; of each its signal, part and hours; of each hour which of the day,
/// slots, samples, and in thousandths the least, the most over it and the sum. Then deflated.
const VERSION: u64 = 1;

fn pack(day: &Day) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    put(&mut plain, VERSION);
    put(&mut plain, day.len() as u64);
    for ((signal, part), hours) in day {
        put(&mut plain, u64::from(signal.code()));
        put(&mut plain, part.len() as u64);
        plain.extend_from_slice(part.as_bytes());
        put(&mut plain, hours.len() as u64);
        for (hour, Hour { slots, all }) in hours {
            let thousandths = |value: Decimal| (value * Decimal::ONE_THOUSAND).to_u64().unwrap_or(MOST);
            let (min, max, sum) = (thousandths(all.min), thousandths(all.max), thousandths(all.sum));
            put(&mut plain, hour.rem_euclid(HOURS_PER_DAY).unsigned_abs());
            put(&mut plain, u64::from(*slots));
            put(&mut plain, u64::from(all.samples));
            put(&mut plain, min);
            put(&mut plain, max.saturating_sub(min));
            put(&mut plain, sum);
        }
    }
    deflated(&plain)
}

fn deflated(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain)?;
    encoder.finish()
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn unpack(body: &[u8], day: i64) -> Result<Day, String> {
    let mut plain = Vec::new();
    // A day of a hundred GPUs is some 100 KB.
    let limit = 16 * 1024 * 1024;
    ZlibDecoder::new(body).take(limit).read_to_end(&mut plain).map_err(|e| e.to_string())?;
    let mut rest = Packed { rest: &plain };
    let version = rest.number()?;
    if version != VERSION {
        return Err(format!("it has the version {version}"));
    }
    let mut all = Day::new();
    for _ in 0..rest.number()? {
        let code = u8::try_from(rest.number()?).map_err(|e| e.to_string())?;
        let signal = Signal::from_code(code).ok_or_else(|| format!("there is no signal {code}"))?;
        let part = rest.text()?;
        let mut series = Series::new();
        for _ in 0..rest.number()? {
            let hour = rest.number()?;
            let slots = u16::try_from(rest.number()?).map_err(|e| e.to_string())?;
            let samples = u32::try_from(rest.number()?).map_err(|e| e.to_string())?;
            let (min, above, sum) = (rest.number()?, rest.number()?, rest.number()?);
            let max = min.saturating_add(above);
            let [min, max, sum] = [min, max, sum].map(from_thousandths);
            let of_day = i64::try_from(hour).ok().filter(|hour| *hour < HOURS_PER_DAY).ok_or("an hour past its day")?;
            series.insert(day * HOURS_PER_DAY + of_day, Hour { slots, all: Reading { min, max, sum, samples } });
        }
        all.insert((signal, part), series);
    }
    Ok(all)
}

struct Packed<'a> {
    rest: &'a [u8],
}

impl Packed<'_> {
    fn number(&mut self) -> Result<u64, String> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or("it ends too early")?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err("a number is too long".to_owned())
    }

    fn text(&mut self) -> Result<String, String> {
        let length = usize::try_from(self.number()?).map_err(|e| e.to_string())?;
        let (text, rest) = self.rest.split_at_checked(length).ok_or("it ends too early")?;
        self.rest = rest;
        String::from_utf8(text.to_vec()).map_err(|e| e.to_string())
    }
}

const _: () = assert!(HOUR_SECONDS * HOURS_PER_DAY == 86_400);
