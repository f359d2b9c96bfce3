//! The user's own CSV: what ran, for people who kept notes. `docs/notes.md` documents the columns.

use std::collections::{BTreeMap, HashMap};

use csv::{ReaderBuilder, StringRecord, Trim};
use jiff::Timestamp;
use rust_decimal::Decimal;

use crate::catalog::VolumeSpec;
use crate::ledger::{Noted, Purchase, VolumeNote};
use crate::quantity::parse_decimal;
use crate::time::{EndsBeforeStart, Period, parse_timestamp};

const COLUMNS: [&str; 13] = [
    "account",
    "region",
    "instance_id",
    "name",
    "instance_type",
    "start",
    "end",
    "hours_per_day",
    "volumes",
    "volume_ids",
    "public_ipv4",
    "purchase_option",
    "usd_per_hour",
];
const BYTE_ORDER_MARK: char = '\u{feff}';
const REQUIRED: [&str; 3] = ["region", "instance_id", "start"];

/// What is wrong with the notes, and on which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct NotesError {
    pub line: u64,
    pub why: String,
}

/// Whether the first line names columns of notes: two will do, so that a forgotten one is named as missing.
pub fn looks_like_notes(first_line: &str) -> bool {
    let names = first_line.trim_start_matches(BYTE_ORDER_MARK).split(',');
    names.filter(|name| COLUMNS.contains(&name.trim().trim_matches('"'))).count() >= 2
}

/// Reads notes: each row with its line. `noted_at` is when they were written: rows without an end are
/// known to be true until then.
///
/// # Errors
/// An unknown or missing column, a value that cannot be, an end before its start: the first, with its line.
pub fn read_notes(text: &str, noted_at: Timestamp) -> Result<Vec<(u64, Noted)>, NotesError> {
    let text = text.trim_start_matches(BYTE_ORDER_MARK);
    refuse_unreadable(text)?;
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text.as_bytes());
    let mut lines = Lines { text, byte: 0, line: 1 };
    let broken = |error: &csv::Error, line| NotesError { line, why: without_position(error) };
    let header = match reader.headers() {
        Ok(header) => header.clone(),
        Err(error) => return Err(broken(&error, lines.at(error.position()))),
    };
    let header_line = lines.at(header.position());
    let columns = columns(&header).map_err(|why| NotesError { line: header_line, why })?;
    let mut rows = Vec::new();
    for record in reader.into_records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => return Err(broken(&error, lines.at(error.position()))),
        };
        let line = lines.at(record.position());
        if record.iter().all(str::is_empty) {
            continue;
        }
        let row = Row { columns: &columns, record: &record };
        rows.push((line, noted(&row, noted_at).map_err(|why| NotesError { line, why })?));
    }
    Ok(rows)
}

/// Lines as an editor counts them. The reader's own count is of where it stopped before: at the line end of
/// the record before, or at blank lines.
struct Lines<'a> {
    text: &'a str,
    byte: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of the record at this position; positions only go forward.
    fn at(&mut self, position: Option<&csv::Position>) -> u64 {
        let bytes = self.text.as_bytes();
        let from = position.and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or(self.byte);
        let blank =
            bytes.get(from..).unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let passed = bytes.get(self.byte..from + blank).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.byte += passed.len();
        self.line
    }
}

/// Refuses what the reader would take in silence: NUL characters, and a quote that never closes and swallows
/// all rows after it.
fn refuse_unreadable(text: &str) -> Result<(), NotesError> {
    let (mut line, mut opened_on) = (1, 1);
    let (mut quoted, mut may_open) = (false, true);
    for byte in text.bytes() {
        match byte {
            0 => return Err(NotesError { line, why: "it holds a NUL character".to_owned() }),
            b'"' if quoted => (quoted, may_open) = (false, true),
            b'"' if may_open => {
                // After a closing quote this is a doubled one: the field goes on.
                quoted = true;
            }
            b',' | b'\n' | b'\r' => may_open = true,
            _ => may_open = false,
        }
        if byte == b'\n' {
            line += 1;
        }
        if !quoted {
            opened_on = line;
        }
    }
    if quoted {
        return Err(NotesError { line: opened_on, why: "a quoted field begins here and never ends".to_owned() });
    }
    Ok(())
}

fn without_position(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields, the header has {expected_len}")
        }
        _ => error.to_string(),
    }
}

fn columns(header: &StringRecord) -> Result<HashMap<&'static str, usize>, String> {
    let mut columns = HashMap::new();
    for (i, name) in header.iter().enumerate() {
        let Some(known) = COLUMNS.into_iter().find(|known| *known == name) else {
            let name: String = name.chars().take(60).collect();
            return Err(format!("unknown column `{name}`; the columns are {}", COLUMNS.join(", ")));
        };
        if columns.insert(known, i).is_some() {
            return Err(format!("the column `{name}` is there twice"));
        }
    }
    match REQUIRED.iter().find(|required| !columns.contains_key(**required)) {
        Some(missing) => Err(format!("the column `{missing}` is missing")),
        None => Ok(columns),
    }
}

struct Row<'a> {
    columns: &'a HashMap<&'static str, usize>,
    record: &'a StringRecord,
}

impl Row<'_> {
    /// The field's text; `None` where the column or the value is missing.
    fn text(&self, column: &str) -> Option<&str> {
        self.columns.get(column).and_then(|i| self.record.get(*i)).filter(|text| !text.is_empty())
    }

    fn parse<T, E: std::fmt::Display>(
        &self,
        column: &str,
        parse: impl Fn(&str) -> Result<T, E>,
    ) -> Result<Option<T>, String> {
        self.text(column).map(|text| parse(text).map_err(|e| format!("{column}: {e}"))).transpose()
    }
}

fn noted(row: &Row<'_>, noted_at: Timestamp) -> Result<Noted, String> {
    let start = row.parse("start", parse_timestamp)?.ok_or("start is empty")?;
    let end = row.parse("end", parse_timestamp)?;
    let check = |end| Period::new(start, end).map_err(|e: EndsBeforeStart| e.to_string());
    check(end.unwrap_or(start))?;
    if end.is_none() && noted_at < start {
        return Err(format!("it has no end, and its start {start} is after the notes were written ({noted_at})"));
    }
    let instance_type = row.text("instance_type").map(str::to_owned);
    let instance_id = row.text("instance_id").unwrap_or_default().to_owned();
    let volumes = volumes(row, &instance_id)?;
    if instance_type.is_none() && volumes.is_empty() {
        return Err("it names neither an instance_type nor volumes".to_owned());
    }
    if instance_type.is_some() && instance_id.is_empty() {
        return Err("it names an instance_type but no instance_id".to_owned());
    }
    Ok(Noted {
        account: row.text("account").unwrap_or_default().to_owned(),
        region: row.text("region").ok_or("region is empty")?.to_owned(),
        name: row.text("name").unwrap_or_default().to_owned(),
        instance_id,
        instance_type,
        start,
        end,
        hours_per_day: row.parse("hours_per_day", hours_per_day)?,
        volumes,
        public_ipv4: row.parse("public_ipv4", yes_or_no)?.unwrap_or(false),
        purchase: row.parse("purchase_option", purchase)?.unwrap_or(Purchase::OnDemand),
        usd_per_hour: row.parse("usd_per_hour", not_negative)?.map(crate::money::Usd::new),
        // A row with an end is the same fact whenever the file is read again.
        noted_at: end.unwrap_or(noted_at),
    })
}

/// `gp2:75;gp3:500:4000:250`, with ids from `volume_ids` in the same order, or `<instance>/1`, `/2`.
fn volumes(row: &Row<'_>, instance_id: &str) -> Result<Vec<VolumeNote>, String> {
    let ids: Vec<&str> = row.text("volume_ids").map_or(Vec::new(), |text| text.split(';').map(str::trim).collect());
    let Some(text) = row.text("volumes") else {
        return if ids.is_empty() { Ok(Vec::new()) } else { Err("volume_ids without volumes".to_owned()) };
    };
    let specs: Vec<VolumeSpec> = text
        .split(';')
        .map(|spec| spec.trim().parse::<VolumeSpec>().map_err(|e| format!("volumes: {e}")))
        .collect::<Result<_, _>>()?;
    if ids.contains(&"") {
        return Err("volume_ids: one of them is empty".to_owned());
    }
    if !ids.is_empty() && ids.len() != specs.len() {
        return Err(format!("{} volumes but {} volume_ids", specs.len(), ids.len()));
    }
    if ids.is_empty() && instance_id.is_empty() {
        return Err("volumes of no instance need volume_ids".to_owned());
    }
    let mut seen = BTreeMap::new();
    for (i, spec) in specs.into_iter().enumerate() {
        let id = ids.get(i).map_or_else(|| format!("{instance_id}/{}", i + 1), |id| (*id).to_owned());
        if seen.insert(id.clone(), VolumeNote { id: id.clone(), spec }).is_some() {
            return Err(format!("the volume `{id}` is there twice"));
        }
    }
    Ok(seen.into_values().collect())
}

fn hours_per_day(text: &str) -> Result<Decimal, String> {
    let hours = not_negative(text)?;
    if hours > Decimal::from(24) {
        return Err(format!("a day has 24 hours, not {text}"));
    }
    Ok(hours)
}

fn not_negative(text: &str) -> Result<Decimal, String> {
    let amount = parse_decimal(text).map_err(|e| e.to_string())?;
    if amount.is_sign_negative() && !amount.is_zero() {
        return Err(format!("`{text}` is negative"));
    }
    Ok(amount)
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" => Ok(false),
        _ => Err(format!("`{text}` is neither yes nor no")),
    }
}

fn purchase(text: &str) -> Result<Purchase, String> {
    Purchase::from_name(text).ok_or_else(|| format!("`{text}` is none of on-demand, spot, committed, other"))
}
