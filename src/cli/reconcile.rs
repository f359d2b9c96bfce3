//! `gpucost reconcile`: the month's line items against what AWS says it charged.

use std::collections::BTreeSet;

use super::args::ReconcileArgs;
#[cfg(feature = "aws")]
use super::cost_explorer::{CostExplorer, source_note};
use super::error::{Exit, Failure};
use super::ledger::{load, parse_month};
use super::request::Request;
use super::show;
use crate::billing::reconcile::{AwsCharge, reconcile};
use crate::billing::{LineItem, at_card_rate, bill};
use crate::ledger::{Evidence, EvidenceKind, Ledger, Metered};
use crate::report::reconcile::{Heading, reconciliation_table};
#[cfg(feature = "aws")]
use crate::time::midnight;
use crate::time::{Month, Period};

pub fn run(args: &ReconcileArgs, request: &Request) -> Result<Exit, Failure> {
    let month = parse_month(&args.month)?;
    let mut ledger = load(request, Some(month))?;
    // Its own totals would agree with Cost Explorer whatever it says.
    ledger.metered.retain(|(evidence, _)| evidence.kind != EvidenceKind::CostExplorer);
    let compared = if args.from_exports {
        against_exports(args, month, ledger, request)?
    } else {
        against_cost_explorer(args, month, &ledger, request)?
    };
    let card = request.card()?;
    let Compared { lines, charges, window, heading } = compared;
    let reconciled = reconcile(&lines, &charges, card, window, args.daily, heading.answered_at);
    show::tables(&[reconciliation_table(&reconciled, &heading)], request)
}

/// Both sides, and what is said of them.
struct Compared {
    lines: Vec<LineItem>,
    charges: Vec<AwsCharge>,
    window: Period,
    heading: Heading,
}

#[cfg(not(feature = "aws"))]
fn against_cost_explorer(_: &ReconcileArgs, _: Month, _: &Ledger, _: &Request) -> Result<Compared, Failure> {
    Err(Failure::usage("this gpucost was built without AWS: it cannot ask Cost Explorer")
        .hint("import a billing export and use --from-exports"))
}

#[cfg(feature = "aws")]
fn against_cost_explorer(
    args: &ReconcileArgs,
    month: Month,
    ledger: &Ledger,
    request: &Request,
) -> Result<Compared, Failure> {
    let mut asked = CostExplorer::about(&[month], args.account.as_deref(), &args.charge, request)?;
    let account = asked.account_id().to_owned();
    let answered = asked.next().ok_or_else(|| Failure::new(format!("{month}: AWS was asked nothing")))??;
    let answer = &answered.answer;
    let (lines, mut notes) = lines_of(ledger, &account, bill(ledger, request.card()?, month).line_items);
    notes.insert(0, source_note(&answered));
    let end = midnight(answer.through);
    let heading = Heading { month, account, notes, answered_at: answer.asked_at };
    let mut charges = answered.answer.charges;
    keep_regions(&mut charges, request)?;
    Ok(Compared { lines, charges, window: Period { end, ..month.period() }, heading })
}

/// AWS's own costs in billing exports against our rates: of what else the ledger has recorded, or else of the
/// exports' own quantities.
fn against_exports(
    args: &ReconcileArgs,
    month: Month,
    mut ledger: Ledger,
    request: &Request,
) -> Result<Compared, Failure> {
    let card = request.card()?;
    let mut exported: Vec<(Evidence, Metered)> = std::mem::take(&mut ledger.metered);
    let account = account_of(&exported, month, args.account.as_deref())?;
    exported.retain(|(_, row)| row.account == account);
    let start = exported.iter().map(|(_, row)| row.start).min().unwrap_or(month.period().start);
    let end = exported.iter().map(|(_, row)| row.end).max().unwrap_or(month.period().end);
    let (mut lines, mut notes) = lines_of(&ledger, &account, bill(&ledger, card, month).line_items);
    notes.insert(0, format!("From the billing exports in the ledger, {start} to {end}: nothing was charged."));
    if lines.is_empty() {
        lines = exported.iter().map(|(evidence, row)| at_card_rate(row, evidence, card)).collect();
        notes
            .push("Nothing but the exports is recorded: their quantities at the card's rates are compared.".to_owned());
    }
    let charges = exported.iter().map(|(_, row)| AwsCharge::of_export(row, card)).collect();
    let heading = Heading { month, account, notes, answered_at: request.now };
    Ok(Compared { lines, charges, window: Period { start, end }, heading })
}

/// The one account of the exports, or the one named.
fn account_of(exported: &[(Evidence, Metered)], month: Month, named: Option<&str>) -> Result<String, Failure> {
    let accounts: BTreeSet<&str> = exported.iter().map(|(_, row)| row.account.as_str()).collect();
    if accounts.is_empty() {
        return Err(Failure::usage(format!("the ledger has no billing export of {month}"))
            .hint("import one with `gpucost usage import FILE`, or leave --from-exports out"));
    }
    let listed = || accounts.iter().copied().collect::<Vec<_>>().join(", ");
    match (named, accounts.len()) {
        (Some(named), _) if accounts.contains(named) => Ok(named.to_owned()),
        (Some(named), _) => Err(Failure::usage(format!("no export of {month} is of account {named}"))
            .hint(format!("there is {}", listed()))),
        (None, 1) => Ok(listed()),
        (None, _) => Err(Failure::usage(format!("the exports of {month} are of several accounts"))
            .hint(format!("name one with --account: {}", listed()))),
    }
}

/// The line items of one account. What names no account is counted to it, unless its instance is another's.
fn lines_of(ledger: &Ledger, account: &str, lines: Vec<LineItem>) -> (Vec<LineItem>, Vec<String>) {
    let owner = |line: &LineItem| {
        let instance = line.resource.instance_id.as_ref().and_then(|id| ledger.instances.get(id));
        let of_instance = instance.map(|(_, seen)| seen.account.clone()).unwrap_or_default();
        if line.resource.account.is_empty() { of_instance } else { line.resource.account.clone() }
    };
    let all = lines.len();
    let kept: Vec<LineItem> = lines.into_iter().filter(|line| [account, ""].contains(&owner(line).as_str())).collect();
    let unnamed = kept.iter().filter(|line| owner(line).is_empty()).count();
    let mut notes = Vec::new();
    if kept.len() < all && unnamed > 0 {
        notes.push(format!("{unnamed} line items name no account: they are counted to {account}."));
    }
    (kept, notes)
}

/// Of AWS's charges the regions typed alone, as of the ledger.
#[cfg(feature = "aws")]
fn keep_regions(charges: &mut Vec<AwsCharge>, request: &Request) -> Result<(), Failure> {
    let card = request.card()?;
    charges.retain(|charge| request.ledger_regions.is_empty() || request.ledger_regions.contains(&charge.place(card)));
    Ok(())
}
