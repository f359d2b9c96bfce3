//! `gpucost usage`

use super::args::UsageArgs;
use super::error::Failure;
use super::ledger::{all_lines, load, parse_month};
use super::request::Request;
use crate::billing::bill;
use crate::report::table::Table;
use crate::report::usage::{By, usage_table};

pub fn run(args: &UsageArgs, request: &Request) -> Result<Vec<Table>, Failure> {
    let by: By = args.by.parse().map_err(|e| Failure::usage(format!("--by: {e}")))?;
    let month = args.month.as_deref().map(parse_month).transpose()?;
    let ledger = load(request, month)?;
    let lines = match month {
        Some(month) => bill(&ledger, request.card()?, month).line_items,
        None => all_lines(&ledger, request)?,
    };
    Ok(vec![usage_table(&ledger, &lines, request.card()?, &by, month.map(|month| month.period()))])
}
