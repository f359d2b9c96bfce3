//! What billing exports say, staged first so that parts of one key add up before they meet the ledger.

use std::path::Path;

use rusqlite::{Row, Transaction, params};

use super::import::Recorded;
use super::{Store, StoreError, sqlite_error};
use crate::ledger::{Evidence, EvidenceKind, Meter, Metered, Purchase};
use crate::quantity::{Unit, exact};
use crate::time::{Month, Period};

/// An export says something else than an earlier one about the same day of the same resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{meter} of `{resource_id}` on {day}: {old_quantity} {unit}s at {old_file}:{old_line}, but {new_quantity} in the new file, line {new_line}"
)]
pub struct Restated {
    pub resource_id: String,
    pub meter: String,
    pub day: String,
    pub unit: String,
    pub old_quantity: String,
    pub old_file: String,
    pub old_line: i64,
    pub new_quantity: String,
    pub new_line: i64,
}

const COLUMNS: &str = "line, account, region, resource_id, meter, purchase, sku_price_id, rate, day, name, tags, \
    instance_type, volume_type, unit, hours_mask, start_second, end_second, quantity, list_cost, billed_cost, \
    effective_cost, row_count";

/// The format of an import that names no resources: [`EvidenceKind::CostExplorer`].
pub const COST_EXPLORER: &str = "Cost Explorer";

/// What an export speaks of: one meter of one resource on one day.
const SUBJECT: [&str; 5] = ["day", "resource_id", "meter", "account", "region"];

/// And what it says of it, to the last digit.
const FIGURES: [&str; 10] = [
    "purchase",
    "sku_price_id",
    "rate",
    "instance_type",
    "volume_type",
    "hours_mask",
    "quantity",
    "list_cost",
    "billed_cost",
    "effective_cost",
];

/// That a row of the ledger, which counts, and a staged one agree in these columns.
fn agree(metered: &str, staged: &str, columns: &[&str]) -> String {
    let same = columns.iter().map(|column| format!(" AND {metered}.{column} = {staged}.{column}"));
    format!("{metered}.superseded_by IS NULL{}", same.collect::<String>())
}

pub(super) fn make_stage(transaction: &Transaction<'_>) -> rusqlite::Result<()> {
    transaction.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS staged (
            line INTEGER, account TEXT, region TEXT, resource_id TEXT, meter TEXT, purchase TEXT, sku_price_id TEXT,
            rate TEXT, day TEXT, name TEXT, tags TEXT, instance_type TEXT, volume_type TEXT,
            unit TEXT, hours_mask INTEGER, start_second INTEGER, end_second INTEGER, quantity TEXT, list_cost TEXT,
            billed_cost TEXT, effective_cost TEXT, row_count INTEGER,
            PRIMARY KEY (day, resource_id, meter, account, region, purchase, sku_price_id, rate, instance_type, volume_type)
        ) WITHOUT ROWID;
        DELETE FROM staged;",
    )
}

pub(super) fn stage(transaction: &Transaction<'_>, line: u64, row: &Metered) -> rusqlite::Result<()> {
    let tags = serde_json::to_string(&row.tags).map_err(|e| rusqlite::Error::ToSqlConversionFailure(Box::new(e)))?;
    let mut statement = transaction.prepare_cached(&format!(
        "INSERT INTO staged ({COLUMNS})
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)
         ON CONFLICT DO UPDATE SET
            line = min(line, excluded.line),
            hours_mask = hours_mask | excluded.hours_mask,
            start_second = min(start_second, excluded.start_second),
            end_second = max(end_second, excluded.end_second),
            quantity = decimal_add(quantity, excluded.quantity),
            list_cost = decimal_add(list_cost, excluded.list_cost),
            billed_cost = decimal_add(billed_cost, excluded.billed_cost),
            effective_cost = decimal_add(effective_cost, excluded.effective_cost),
            row_count = row_count + excluded.row_count"
    ))?;
    statement.execute(params![
        i64::try_from(line).unwrap_or(i64::MAX),
        row.account,
        row.region,
        row.resource_id,
        row.meter.name(),
        row.purchase.name(),
        row.sku_price_id.as_deref().unwrap_or(""),
        row.rate.map_or(String::new(), |rate| rate.exact()),
        row.day.to_string(),
        row.name,
        tags,
        row.instance_type.as_deref().unwrap_or(""),
        row.volume_type.as_deref().unwrap_or(""),
        row.unit.name(),
        row.hours_mask,
        row.start.as_second(),
        row.end.as_second(),
        exact(row.quantity),
        row.list_cost.exact(),
        row.billed_cost.exact(),
        row.effective_cost.exact(),
        i64::try_from(row.rows).unwrap_or(i64::MAX),
    ])?;
    Ok(())
}

/// Moves the staged rows into the ledger: known ones are left; what contradicts the ledger is refused, or supersedes it.
///
/// Rows of other hours of a day are another part of it. Rows of the same hours contradict, unless the new export says
/// again what the ledger has and this besides (an hour that is covered by a savings plan in part).
pub(super) fn unstage(
    transaction: &Transaction<'_>,
    import_id: i64,
    supersede: bool,
    path: &Path,
) -> Result<Recorded, StoreError> {
    let fail = |e| sqlite_error(path, e);
    let everything = [SUBJECT.as_slice(), FIGURES.as_slice()].concat();
    let differs = format!(
        "FROM staged s JOIN metered m ON {}
            AND ((m.hours_mask & s.hours_mask) <> 0 OR m.hours_mask = s.hours_mask)
         WHERE NOT EXISTS (SELECT 1 FROM staged t WHERE {})
           AND NOT EXISTS (SELECT 1 FROM metered k WHERE {})",
        agree("m", "s", &SUBJECT),
        agree("m", "t", &everything),
        agree("k", "s", &everything)
    );
    let mut recorded = Recorded::default();
    if supersede {
        let sql = format!("UPDATE metered SET superseded_by = ?1 WHERE id IN (SELECT m.id {differs})");
        recorded.superseded = transaction.execute(&sql, [import_id]).map_err(fail)? as u64;
    } else if let Some(restated) = first_restated(transaction, &differs).map_err(fail)? {
        return Err(StoreError::Restated(Box::new(restated)));
    }
    let staged: i64 = transaction.query_row("SELECT count(*) FROM staged", [], |row| row.get(0)).map_err(fail)?;
    let sql = format!(
        "INSERT INTO metered (import_id, {COLUMNS})
         SELECT ?1, {COLUMNS} FROM staged s
         WHERE NOT EXISTS (SELECT 1 FROM metered m WHERE {})",
        agree("m", "s", &everything)
    );
    recorded.new = transaction.execute(&sql, [import_id]).map_err(fail)? as u64;
    recorded.known = staged.unsigned_abs() - recorded.new;
    transaction.execute_batch("DROP TABLE staged").map_err(fail)?;
    Ok(recorded)
}

fn first_restated(transaction: &Transaction<'_>, differs: &str) -> rusqlite::Result<Option<Restated>> {
    let sql = format!(
        "SELECT s.resource_id, s.meter, s.day, s.unit, m.quantity,
            (SELECT file FROM imports WHERE id = m.import_id), m.line, s.quantity, s.line
         {differs} ORDER BY s.line LIMIT 1"
    );
    let mut statement = transaction.prepare(&sql)?;
    let mut rows = statement.query([])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    Ok(Some(Restated {
        resource_id: row.get(0)?,
        meter: row.get(1)?,
        day: row.get(2)?,
        unit: row.get(3)?,
        old_quantity: row.get(4)?,
        old_file: row.get(5)?,
        old_line: row.get(6)?,
        new_quantity: row.get(7)?,
        new_line: row.get(8)?,
    }))
}

impl Store {
    /// The rows of billing exports, by day; of one calendar month or of all time.
    ///
    /// # Errors
    /// A database that cannot be read, or a row in it that was damaged.
    pub fn metered(&self, month: Option<Month>) -> Result<Vec<(Evidence, Metered)>, StoreError> {
        let all = Period { start: jiff::Timestamp::MIN, end: jiff::Timestamp::MAX };
        let period = month.map_or(all, Month::period);
        let sql = format!(
            "SELECT metered.id, file, format, {COLUMNS} FROM metered JOIN imports ON imports.id = import_id
             WHERE superseded_by IS NULL AND start_second >= ?1 AND start_second < ?2
             ORDER BY day, resource_id, meter, metered.id"
        );
        let mut statement = self.connection.prepare(&sql).map_err(|e| self.error(e))?;
        let bounds = (period.start.as_second(), period.end.as_second());
        let mut rows = statement.query(bounds).map_err(|e| self.error(e))?;
        let mut metered = Vec::new();
        while let Some(row) = rows.next().map_err(|e| self.error(e))? {
            let id: i64 = row.get(0).map_err(|e| self.error(e))?;
            metered.push(read(row).map_err(|why| StoreError::BrokenFact { path: self.path.clone(), id, why })?);
        }
        Ok(metered)
    }
}

fn read(row: &Row<'_>) -> Result<(Evidence, Metered), String> {
    let text = |column: &str| row.get::<_, String>(column).map_err(|e| e.to_string());
    let number = |column: &str| row.get::<_, i64>(column).map_err(|e| e.to_string());
    let given = |column: &str| text(column).map(|text| Some(text).filter(|text| !text.is_empty()));
    let usd = |column: &str| text(column)?.parse().map_err(|e| format!("{column}: {e}"));
    let second = |column: &str| jiff::Timestamp::from_second(number(column)?).map_err(|e| format!("{column}: {e}"));
    let named = |column: &'static str| move || format!("unknown {column}");
    let rate = text("rate")?;
    let kind = if text("format")? == COST_EXPLORER { EvidenceKind::CostExplorer } else { EvidenceKind::BillingExport };
    let evidence = Evidence { kind, file: text("file")?.into(), line: number("line")?.unsigned_abs() };
    let metered = Metered {
        account: text("account")?,
        region: text("region")?,
        resource_id: text("resource_id")?,
        name: text("name")?,
        tags: serde_json::from_str(&text("tags")?).map_err(|e| format!("tags: {e}"))?,
        meter: Meter::from_name(&text("meter")?).ok_or_else(named("meter"))?,
        instance_type: given("instance_type")?,
        volume_type: given("volume_type")?,
        purchase: Purchase::from_name(&text("purchase")?).ok_or_else(named("purchase"))?,
        sku_price_id: given("sku_price_id")?,
        rate: if rate.is_empty() { None } else { Some(rate.parse().map_err(|e| format!("rate: {e}"))?) },
        unit: Unit::from_name(&text("unit")?).ok_or_else(named("unit"))?,
        day: text("day")?.parse().map_err(|e| format!("day: {e}"))?,
        hours_mask: u32::try_from(number("hours_mask")?).map_err(|e| format!("hours_mask: {e}"))?,
        start: second("start_second")?,
        end: second("end_second")?,
        quantity: crate::quantity::parse_decimal(&text("quantity")?).map_err(|e| format!("quantity: {e}"))?,
        list_cost: usd("list_cost")?,
        billed_cost: usd("billed_cost")?,
        effective_cost: usd("effective_cost")?,
        rows: number("row_count")?.unsigned_abs(),
    };
    Ok((evidence, metered))
}
