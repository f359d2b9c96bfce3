//! `gpucost bill`

use super::args::{BillArgs, Output};
use super::error::Failure;
use super::ledger::{load_bill, parse_month};
use super::request::Request;
use crate::report::bill::{bill_table, line_item_table};
use crate::report::table::Table;

pub fn run(args: &BillArgs, request: &Request) -> Result<Vec<Table>, Failure> {
    let (_, bill) = load_bill(request, parse_month(&args.month)?)?;
    let with_possible = request.verbose || request.output != Output::Table;
    Ok(vec![if args.lines { line_item_table(&bill) } else { bill_table(&bill, with_possible) }])
}
