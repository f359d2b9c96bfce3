//! The ledger, loaded and derived, and what every command asks of it.

use super::error::Failure;
use super::request::Request;
use crate::billing::{Bill, LineItem, bill};
use crate::catalog::RateCard;
use crate::ledger::{Ledger, derive};
use crate::store::Store;
use crate::time::{Month, Period};

/// Loads the ledger; of billing exports one month, or all.
pub fn load(request: &Request, month: Option<Month>) -> Result<Ledger, Failure> {
    let store = Store::open(&request.ledger)?;
    let facts = store.facts()?;
    let metered = store.metered(month)?;
    let mut ledger = derive(&facts, metered, request.now)?;
    if !request.regions.is_empty() {
        ledger.keep_regions(&request.regions);
    }
    Ok(ledger)
}

/// The bill of one month of the ledger.
pub fn load_bill(request: &Request, month: Month) -> Result<(Ledger, Bill), Failure> {
    let ledger = load(request, Some(month))?;
    let bill = bill(&ledger, RateCard::shipped(), month);
    Ok((ledger, bill))
}

/// All line items, of every month the ledger speaks of.
pub fn all_lines(ledger: &Ledger) -> Vec<LineItem> {
    let starts =
        ledger.usage.iter().map(|usage| usage.period.start).chain(ledger.metered.iter().map(|(_, row)| row.start));
    let ends = ledger.usage.iter().map(|usage| usage.period.end).chain(ledger.metered.iter().map(|(_, row)| row.end));
    let (Some(start), Some(end)) = (starts.min(), ends.max()) else { return Vec::new() };
    let months = Period { start, end: end.max(start) };
    let months: Vec<Month> = if months.is_empty() { vec![Month::of(start)] } else { months.months().collect() };
    months.into_iter().flat_map(|month| bill(ledger, RateCard::shipped(), month).line_items).collect()
}

pub fn parse_month(text: &str) -> Result<Month, Failure> {
    text.parse().map_err(|e| Failure::usage(format!("--month: {e}")))
}
