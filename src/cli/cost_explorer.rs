//! Cost Explorer's answers: from what is kept, or from AWS for a charge that is said and agreed to first.

use std::io::{IsTerminal, Write, stderr, stdin};

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::args::ChargeArgs;
use super::error::{Exit, Failure};
use super::request::Request;
use super::track::network_runtime;
use crate::aws::{Account, AwsError, CostError, CostFault, Costs, account_id, fetch_costs};
use crate::money::Usd;
use crate::quantity::parse_decimal;
use crate::store::{CostAnswer, accounts_with_costs, keep_costs, load_costs};
use crate::time::{Month, utc_date};

/// <https://aws.amazon.com/aws-cost-management/aws-cost-explorer/faqs> (read 2026-11-23)
const USD_PER_REQUEST: Usd = Usd::new(Decimal::from_parts(1, 0, 0, false, 2));

/// The answer about one month.
pub struct Answered {
    pub month: Month,
    pub answer: CostAnswer,
    /// It was had before: this time nothing was charged.
    pub kept: bool,
}

/// Answers about some months of one account, one after the other.
pub struct CostExplorer<'a> {
    request: &'a Request,
    account: Option<Account>,
    account_id: String,
    months: Vec<(Month, Option<CostAnswer>)>,
    /// Requests that may still be made.
    allowed: u32,
}

impl<'a> CostExplorer<'a> {
    /// Finds what is kept and, where AWS must be asked, gets the user's consent to the charge.
    pub fn about(
        months: &[Month],
        account_id: Option<&str>,
        charge: &ChargeArgs,
        request: &'a Request,
    ) -> Result<CostExplorer<'a>, Failure> {
        let allowed = requests_within(&charge.max_usd)?;
        let (account, account_id) = whose(months, account_id, request)?;
        let kept = |month: &Month| -> Result<(Month, Option<CostAnswer>), Failure> {
            let answer = load_costs(&request.ledger, &account_id, *month)?;
            let stands = |answer: &CostAnswer| request.offline || answer.is_fresh(*month, request.now);
            Ok((*month, answer.filter(|answer| stands(answer) && !charge.refresh)))
        };
        let months: Vec<_> = months.iter().map(kept).collect::<Result<_, _>>()?;
        let unknown: Vec<Month> = months.iter().filter(|(_, kept)| kept.is_none()).map(|(month, _)| *month).collect();
        if let Some(first) = unknown.first() {
            if request.offline {
                return Err(Failure::usage(format!("nothing is kept of {first}, and --offline forbids asking AWS"))
                    .hint("leave --offline out, or import a billing export and use --from-exports"));
            }
            for month in &unknown {
                last_day(*month, request)?;
            }
            agree(&unknown, &account_id, allowed, charge, request)?;
        }
        Ok(CostExplorer { request, account, account_id, months, allowed })
    }

    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// The next month's answer, kept for later before it is handed out.
    pub fn next(&mut self) -> Option<Result<Answered, Failure>> {
        if self.months.is_empty() {
            return None;
        }
        let (month, kept) = self.months.remove(0);
        Some(match kept {
            Some(answer) => Ok(Answered { month, answer, kept: true }),
            None => self.ask(month).map(|answer| Answered { month, answer, kept: false }),
        })
    }

    fn ask(&mut self, month: Month) -> Result<CostAnswer, Failure> {
        let days = (month.first_day(), last_day(month, self.request)?);
        let costs = network_runtime()?.block_on(self.fetch(days));
        let spent = costs.as_ref().map_or_else(|error| error.requests, |costs| costs.requests);
        self.allowed = self.allowed.saturating_sub(spent);
        let costs = costs.map_err(|error| failure(month, &error))?;
        let answer = CostAnswer {
            account: self.account_id.clone(),
            month: month.to_string(),
            through: days.1,
            asked_at: self.request.now,
            estimated: costs.estimated,
            requests: costs.requests,
            charges: costs.charges,
        };
        keep_costs(&self.request.ledger, month, &answer)?;
        Ok(answer)
    }

    async fn fetch(&self, days: (Date, Date)) -> Result<Costs, CostError> {
        let none = || CostError { requests: 0, fault: AwsError::NoRegion.into() };
        let account = self.account.as_ref().ok_or_else(none)?;
        fetch_costs(account, &self.account_id, days, self.allowed).await
    }
}

/// How many requests `--max-usd` pays for.
fn requests_within(max_usd: &str) -> Result<u32, Failure> {
    let usage = |why: String| Failure::usage(format!("--max-usd: {why}"));
    let most = parse_decimal(max_usd).map_err(|e| usage(e.to_string()))?;
    let requests = (most / USD_PER_REQUEST.amount()).trunc();
    match u32::try_from(requests) {
        Ok(requests) if requests > 0 => Ok(requests),
        _ => Err(usage(format!("`{max_usd}` pays for no request: one costs {USD_PER_REQUEST}"))),
    }
}

/// The account asked about, and who asks. With `--offline` whoever answers are kept of.
fn whose(months: &[Month], named: Option<&str>, request: &Request) -> Result<(Option<Account>, String), Failure> {
    if let Some(id) = named
        && !(id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return Err(Failure::usage(format!("--account: `{id}` is not the 12 digits of an account")));
    }
    if !request.offline {
        let (account, own) = network_runtime()?.block_on(account_id(request.profile()?))?;
        return Ok((Some(account), named.map_or(own, str::to_owned)));
    }
    if let Some(id) = named {
        return Ok((None, id.to_owned()));
    }
    let mut known = Vec::new();
    for month in months {
        known.extend(accounts_with_costs(&request.ledger, *month)?);
    }
    known.sort();
    known.dedup();
    match known.as_slice() {
        [one] => Ok((None, one.clone())),
        [] => Err(Failure::usage("nothing is kept of Cost Explorer's answers, and --offline forbids asking AWS")
            .hint("leave --offline out, or import a billing export and use --from-exports")),
        several => Err(Failure::usage("answers about several accounts are kept")
            .hint(format!("name one with --account: {}", several.join(", ")))),
    }
}

/// The day after the last one that is over: today's charges are not known yet.
fn last_day(month: Month, request: &Request) -> Result<Date, Failure> {
    let through = utc_date(month.period().end).min(utc_date(request.now));
    if through <= month.first_day() {
        return Err(Failure::usage(format!("no day of {month} is over yet")).hint("name an earlier month"));
    }
    Ok(through)
}

/// Says what asking costs, and asks whether to.
fn agree(
    months: &[Month],
    account_id: &str,
    allowed: u32,
    charge: &ChargeArgs,
    request: &Request,
) -> Result<(), Failure> {
    let least = u32::try_from(months.len()).unwrap_or(u32::MAX);
    if least > allowed {
        return Err(Failure::usage(format!(
            "{least} months are at least {least} requests ({}), more than --max-usd allows ({})",
            cost_of(least),
            cost_of(allowed)
        ))
        .hint(format!("--max-usd {} or more, or fewer months", cost_of(least).exact())));
    }
    let span = match months {
        [first, .., last] => format!("{first} to {last}"),
        _ => months.iter().map(Month::to_string).collect(),
    };
    // A stderr that cannot be written to leaves the question unheard: then there is no yes either.
    let said = writeln!(
        stderr(),
        "AWS charges {USD_PER_REQUEST} for each request to Cost Explorer, and each page of an answer is a request.\n\
         About {span} of account {account_id}: {least} {} ({}), more if AWS answers in more pages, at most {} ({}, --max-usd).",
        plural(least),
        cost_of(least),
        allowed,
        cost_of(allowed)
    );
    if charge.yes {
        return Ok(());
    }
    if said.is_err() || !(stdin().is_terminal() && stderr().is_terminal()) {
        return Err(Failure::usage("Cost Explorer was not asked: nobody is there to agree to the charge")
            .hint("agree with --yes; --max-usd limits what it may cost"));
    }
    _ = write!(stderr(), "Ask AWS? [y/N] ");
    _ = stderr().flush();
    let mut reply = String::new();
    _ = stdin().read_line(&mut reply);
    if matches!(reply.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    let failure = Failure { exit: Exit::Failed, ..Failure::new("Cost Explorer was not asked; nothing was charged") };
    Err(if request.verbose { failure } else { failure.hint("a billing export costs nothing: --from-exports") })
}

fn cost_of(requests: u32) -> Usd {
    USD_PER_REQUEST.scaled(Decimal::from(requests), Decimal::ONE).unwrap_or(USD_PER_REQUEST)
}

const fn plural(requests: u32) -> &'static str {
    if requests == 1 { "request" } else { "requests" }
}

/// What was had for the money, wherever it came from.
pub fn source_note(answered: &Answered) -> String {
    let answer = &answered.answer;
    let asked = answer.asked_at.strftime("%Y-%m-%d %H:%M UTC");
    if answered.kept {
        return format!("From Cost Explorer's answer of {asked}, kept beside the ledger: nothing was charged.");
    }
    format!(
        "From Cost Explorer, {asked}: {} {}, {}.",
        answer.requests,
        plural(answer.requests),
        cost_of(answer.requests)
    )
}

fn failure(month: Month, error: &CostError) -> Failure {
    let hint = match &error.fault {
        CostFault::Aws(error) => error.hint(),
        CostFault::NotReady { .. } => Some(
            "open Cost Explorer once in the Billing console (in an organization: its management account); the first \
             data takes about a day"
                .to_owned(),
        ),
        CostFault::TooManyPages { .. } => {
            Some("raise --max-usd and ask again: from the first page, and paid for again".to_owned())
        }
    };
    let paid = match error.requests {
        0 => String::new(),
        requests => format!("; {requests} {} had been answered ({})", plural(requests), cost_of(requests)),
    };
    Failure { hint, ..Failure::new(format!("{month}: {error}{paid}; nothing was recorded")) }
}
