//! The ledger, loaded and derived, and what every command asks of it.

use jiff::{Timestamp, ToSpan};

use super::error::Failure;
use super::rates::known_region;
use super::rates_card::refresh_if_live;
use super::request::Request;
use crate::billing::{Bill, LineItem, all_line_items, bill};
use crate::ledger::{Activity, Ledger, derive};
use crate::store::Store;
use crate::time::Month;

/// Loads the ledger, of the regions typed alone; of billing exports one month, or all.
pub fn load(request: &Request, month: Option<Month>) -> Result<Ledger, Failure> {
    let store = Store::open(&request.ledger)?;
    let facts = store.facts()?;
    let metered = store.metered(month)?;
    let mut ledger = derive(&facts, metered, request.now)?;
    // Thousands of texts, which nobody waits to see gone.
    rayon::spawn(move || drop(facts));
    for region in &request.ledger_regions {
        let recorded = ledger.usage.iter().any(|usage| usage.resource.region == *region)
            || ledger.metered.iter().any(|(_, row)| row.region == *region);
        // AWS may have regions that the card lacks, but a misspelt one would be billed $0.
        if !recorded {
            known_region(request.card()?, region)?;
        }
    }
    refresh_if_live(request, regions_of(&ledger))?;
    if !request.ledger_regions.is_empty() {
        ledger.keep_regions(&request.ledger_regions);
    }
    Ok(ledger)
}

/// How far back the activity of resources is loaded where no rule looks further: how long one has been idle.
const ACTIVITY_HOURS: i64 = 32 * 24;

/// What resources did, as far as CloudWatch and Jupyter told, for the rules that look back.
pub fn load_activity(ledger: &mut Ledger, request: &Request) -> Result<(), Failure> {
    let hours = ACTIVITY_HOURS.max(i64::from(request.thresholds.idle.lookback_hours) + 2 * 24);
    // The earliest time there is, if it would be before that.
    let since = request.now.checked_sub(hours.hours()).unwrap_or(Timestamp::MIN);
    let store = Store::open(&request.ledger)?;
    let mut signals = store.signals_since(since)?;
    let mut jupyter = store.jupyter()?;
    if !request.ledger_regions.is_empty() {
        signals.retain(|told| request.ledger_regions.contains(&told.region));
        jupyter.retain(|seen| ledger.instances.contains_key(&seen.instance_id));
    }
    ledger.activity = Activity::known_by(signals, jupyter, request.now);
    Ok(())
}

/// The bill of one month of the ledger.
pub fn load_bill(request: &Request, month: Month) -> Result<(Ledger, Bill), Failure> {
    let ledger = load(request, Some(month))?;
    let bill = bill(&ledger, request.card()?, month);
    Ok((ledger, bill))
}

/// All line items, of every month the ledger speaks of.
pub fn all_lines(ledger: &Ledger, request: &Request) -> Result<Vec<LineItem>, Failure> {
    Ok(all_line_items(ledger, request.card()?))
}

pub fn parse_month(text: &str) -> Result<Month, Failure> {
    text.parse().map_err(|e| Failure::usage(format!("--month: {e}")))
}

/// Those that anything was recorded in, again and again.
fn regions_of(ledger: &Ledger) -> impl Iterator<Item = &str> {
    let used = ledger.usage.iter().map(|usage| usage.resource.region.as_str());
    used.chain(ledger.metered.iter().map(|(_, row)| row.region.as_str()))
}
