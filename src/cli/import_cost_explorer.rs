//! `gpucost usage import --from-cost-explorer`: months before the tracker, as daily totals of an account.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use super::args::FromCostExplorerArgs;
use super::cost_explorer::{Answered, CostExplorer, source_note};
use super::error::{Exit, Failure};
use super::imported::{Imported, import_table};
use super::ledger::parse_month;
use super::request::Request;
use super::show;
use crate::billing::AccountTotals;
use crate::billing::reconcile::metered_of;
use crate::ledger::{Evidence, EvidenceKind, Meter, Metered, derive};
use crate::store::{COST_EXPLORER, Import, Store};
use crate::time::Month;

/// The 13 months before this one, and this.
/// <https://docs.aws.amazon.com/cost-management/latest/userguide/ce-api-best-practices.html> (read 2026-11-23)
const MOST_MONTHS: usize = 14;

/// Each month in a transaction of its own: one that fails ends it, those before it stay.
pub fn run(args: &FromCostExplorerArgs, supersede: bool, request: &Request) -> Result<Exit, Failure> {
    let months = months(args)?;
    let mut asked = CostExplorer::about(&months, args.account.as_deref(), &args.charge, request)?;
    let (mut imported, mut notes, mut failed) = (Vec::new(), Vec::new(), None);
    while let Some(answered) = asked.next() {
        let account = asked.account_id().to_owned();
        match answered.and_then(|answered| import(&account, &answered, supersede, request)) {
            Ok((done, mut said)) => {
                imported.push(done);
                notes.append(&mut said);
            }
            Err(failure) => {
                failure.print();
                failed = Some(failure.exit);
                break;
            }
        }
    }
    if !imported.is_empty() {
        let mut table = import_table(&imported);
        table.notes.append(&mut notes);
        show::tables(&[table], request)?;
    }
    Ok(match failed {
        None => Exit::Ok,
        Some(_) if !imported.is_empty() => Exit::Partial,
        Some(exit) => exit,
    })
}

fn months(args: &FromCostExplorerArgs) -> Result<Vec<Month>, Failure> {
    let first = parse_month(args.month.as_deref().unwrap_or_default())?;
    let to = args.to.as_deref().map(|text| text.parse().map_err(|e| Failure::usage(format!("--to: {e}"))));
    let last = to.transpose()?.unwrap_or(first);
    let months = std::iter::successors(Some(first), |month| month.next()).take_while(|month| *month <= last);
    let months: Vec<Month> = months.take(MOST_MONTHS + 1).collect();
    match months.len() {
        0 => Err(Failure::usage(format!("--to: {last} is before {first}"))),
        count if count > MOST_MONTHS => {
            Err(Failure::usage(format!("Cost Explorer knows {MOST_MONTHS} months at most")).hint("ask about fewer"))
        }
        _ => Ok(months),
    }
}

/// Records what nothing else speaks of, and says what was left.
fn import(
    account: &str,
    answered: &Answered,
    supersede: bool,
    request: &Request,
) -> Result<(Imported, Vec<String>), Failure> {
    let (month, charges) = (answered.month, &answered.answer.charges);
    let file = format!("cost-explorer:{month}");
    let (rows, left) = metered_of(account, charges, request.card()?);
    let mut store = Store::create(&request.ledger)?;
    let (rows, known) = without_recorded(rows, &file, month, &store, request)?;
    let text = serde_json::to_string(&(account, charges)).map_err(Failure::new)?;
    let sha256 = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    let import = Import { file, format: COST_EXPLORER.to_owned(), imported_at: request.now };
    let taken = rows.len() as u64;
    let recorded = store.record(&import, supersede, |recorder| {
        rows.iter().try_for_each(|(place, row)| recorder.metered(*place, row))?;
        Ok::<_, Failure>(sha256)
    })?;
    let skipped = left
        .iter()
        .map(|(why, left)| (format!("{}, {}", why.text(), left.unblended), left.charges, left.first))
        .collect();
    let mut notes = vec![format!("{month}: {}", source_note(answered))];
    if answered.answer.estimated {
        notes.push(format!("{month}: AWS marks its figures as estimates: import it again when the month is closed."));
    }
    notes.extend(known.iter().map(|((region, meter), rows)| {
        format!("{month}: {rows} day(s) of {meter} in {region} were left: the ledger has records of its own there.")
    }));
    let format = import.format;
    let rows = charges.len() as u64;
    Ok((Imported { file: import.file, format, rows, taken, recorded, skipped }, notes))
}

/// Rows that count, and how many days of a region and meter the ledger knows better.
type Sorted = (Vec<(u64, Metered)>, BTreeMap<(String, Meter), usize>);

fn without_recorded(
    rows: Vec<(u64, Metered)>,
    file: &str,
    month: Month,
    store: &Store,
    request: &Request,
) -> Result<Sorted, Failure> {
    let evidence = |line: u64| Evidence { kind: EvidenceKind::CostExplorer, file: file.into(), line };
    let mut metered = store.metered(Some(month))?;
    metered.extend(rows.iter().map(|(place, row)| (evidence(*place), row.clone())));
    let ledger = derive(&store.facts()?, metered, request.now)?;
    let totals = AccountTotals::of(&ledger);
    let (count, known): (Vec<_>, Vec<_>) = rows.into_iter().partition(|(_, row)| totals.counts(row));
    let mut days: BTreeMap<(String, Meter), BTreeSet<_>> = BTreeMap::new();
    for (_, row) in known {
        days.entry((row.region.clone(), row.meter)).or_default().insert(row.day);
    }
    Ok((count, days.into_iter().map(|(part, days)| (part, days.len())).collect()))
}
