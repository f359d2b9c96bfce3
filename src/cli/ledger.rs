//! The ledger, loaded and derived, and what every command asks of it.

use super::error::Failure;
use super::rates::known_region;
use super::request::Request;
use crate::billing::{Bill, LineItem, all_line_items, bill};
use crate::catalog::RateCard;
use crate::ledger::{Ledger, derive};
use crate::store::Store;
use crate::time::Month;

/// Loads the ledger, of the regions typed alone; of billing exports one month, or all.
pub fn load(request: &Request, month: Option<Month>) -> Result<Ledger, Failure> {
    let store = Store::open(&request.ledger)?;
    let facts = store.facts()?;
    let metered = store.metered(month)?;
    let mut ledger = derive(&facts, metered, request.now)?;
    for region in &request.ledger_regions {
        let recorded = ledger.usage.iter().any(|usage| usage.resource.region == *region)
            || ledger.metered.iter().any(|(_, row)| row.region == *region);
        // AWS may have regions that the card lacks, but a misspelt one would be billed $0.
        if !recorded {
            known_region(RateCard::shipped(), region)?;
        }
    }
    if !request.ledger_regions.is_empty() {
        ledger.keep_regions(&request.ledger_regions);
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
    all_line_items(ledger, RateCard::shipped())
}

pub fn parse_month(text: &str) -> Result<Month, Failure> {
    text.parse().map_err(|e| Failure::usage(format!("--month: {e}")))
}
