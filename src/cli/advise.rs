//! `gpucost advise`

use jiff::Timestamp;

#[cfg(feature = "aws")]
use super::advise_apply;
use super::args::{AdviseArgs, Output};
use super::error::{Exit, Failure};
use super::ledger::{load, load_activity};
use super::request::Request;
use super::show;
use crate::advice::{Finding, advise};
use crate::ledger::Ledger;
use crate::money::Usd;
use crate::report::advice::{advice_tables, finding_tables, findings_table};
use crate::report::table::Table;

/// Findings shown with their ways out unless more are asked for.
const IN_DETAIL: usize = 5;

pub fn run(args: &AdviseArgs, request: &Request) -> Result<Exit, Failure> {
    let least: Usd = args.min_usd.parse().map_err(|e| Failure::usage(format!("--min-usd: {e}")))?;
    let mut ledger = load(request, None)?;
    load_activity(&mut ledger, request)?;
    let mut findings = findings(&ledger, request)?;
    findings.retain(|finding| finding.saving_per_month.most().is_none_or(|saving| saving >= least));
    #[cfg(feature = "aws")]
    if !args.apply.is_empty() {
        return advise_apply::run(args, &findings, request);
    }
    show::tables(&tables(&findings, request), request)?;
    Ok(if args.fail_on_findings && !findings.is_empty() { Exit::Findings } else { Exit::Ok })
}

/// For people each finding with its ways out, for programs flat tables that name their finding.
fn tables(findings: &[Finding], request: &Request) -> Vec<Table> {
    match request.output {
        Output::Json => advice_tables(findings, request.now),
        Output::Csv => vec![findings_table(findings, request.now)],
        Output::Table => in_words(findings, if request.verbose { findings.len() } else { IN_DETAIL }, request.now),
    }
}

/// The list of all findings, then `detailed` of them with charges, ways out, evidence and commands.
pub fn in_words(findings: &[Finding], detailed: usize, now: Timestamp) -> Vec<Table> {
    let mut list = findings_table(findings, now);
    if detailed < findings.len() {
        list.notes.push(format!("In detail: the first {detailed}; with -v all {}.", findings.len()));
    }
    std::iter::once(list).chain(findings.iter().take(detailed).flat_map(finding_tables)).collect()
}

pub fn findings(ledger: &Ledger, request: &Request) -> Result<Vec<Finding>, Failure> {
    Ok(advise(ledger, request.card()?, request.thresholds, request.now))
}
