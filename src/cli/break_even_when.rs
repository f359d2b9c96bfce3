//! `gpucost break-even when`

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::args::{BreakEvenArgs, WhenArgs};
use super::break_even::{measured_lines, question, refuse_unknown_storage, write_chart};
use super::break_even_flows::commitment_of;
use super::error::{Exit, Failure};
use super::opponent::refuse_speed_range;
use super::rates_card::refresh_if_live;
use super::request::Request;
use super::show;
use crate::billing::{MeasuredUse, daily_use};
use crate::break_even::online::{Day, Forecast, OnlineError, Rule, Threshold};
use crate::break_even::{BreakEvenError, Flows, Input, Question};
use crate::quantity::parse_decimal;
use crate::report::when::{How, When, when_chart, when_days_table, when_table};
use crate::time::utc_date;

/// What "recent" means where the history is longer.
const RECENT_DAYS: usize = 30;
/// As much trust in a forecast as in none.
const HALF_TRUST: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
/// A longer history is a mistyped year.
const MOST_DAYS: usize = 36_500;

impl From<OnlineError> for Failure {
    fn from(error: OnlineError) -> Failure {
        let hint = match &error {
            OnlineError::UpkeepAboveStorage { .. } => Some("add the upkeep of the horizon to --machine-usd instead"),
            OnlineError::TrustOutOfRange(_) => Some("give --trust 0.5, say"),
            _ => None,
        };
        let failure = Failure::usage(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

pub fn run(args: &WhenArgs, request: &Request) -> Result<Exit, Failure> {
    refuse_speed_range(&args.ask)?;
    if args.commit.is_some() && args.ask.opponent.best {
        return Err(Failure::usage("--commit is of the instance, --best of another type: give one of them"));
    }
    let (mut history, measured) = history(args, request)?;
    let question = match &args.commit {
        Some(option) => commitment(option, args, measured.as_ref(), request)?,
        None => question(&args.ask, measured.as_ref(), request)?,
    };
    if args.commit.is_some() {
        keep_last_term(&mut history, &question);
    }
    question.check().map_err(BreakEvenError::from)?;
    let out_of_range = || BreakEvenError::OutOfRange { what: "the cost of a month" };
    let rule = Rule::of(&Flows::of(&question).ok_or_else(out_of_range)?)?;
    let (how, threshold) = followed_rule(args, &rule, &question)?;
    let followed = rule.follow(&history, threshold)?;
    let certain = rule.follow(&history, rule.threshold())?;
    let outlook = followed.outlook(&rule, threshold, RECENT_DAYS);
    let expected = rule.expected(&certain);
    let when = When {
        question: &question,
        rule,
        how,
        threshold,
        followed,
        outlook,
        expected,
        is_commitment: args.commit.is_some(),
    };
    if let Some(path) = &args.ask.chart {
        write_chart(path, &when_chart(&when))?;
    }
    let mut first = when_table(&when);
    first.notes.extend(measured.as_ref().map(said));
    let mut tables = vec![first];
    if request.verbose {
        tables.push(when_days_table(&when));
    }
    show::tables(&tables, request)
}

/// A commitment as what is bought: its fee and every hour of its term are owed at once, its hours are rented no more.
fn commitment(
    option: &str,
    args: &WhenArgs,
    measured: Option<&MeasuredUse>,
    request: &Request,
) -> Result<Question, Failure> {
    let card = request.card()?;
    let instance = args.ask.instance.as_deref().or(measured.map(|measured| measured.instance_type.as_str()));
    let instance = instance.ok_or_else(|| Failure::usage("--commit: of which instance?").hint("give --instance"))?;
    let region = measured.map_or_else(|| request.region(), |measured| Ok(measured.region.as_str()))?;
    let bought = commitment_of(option, instance, region, card)?;
    // Volumes are paid for either way.
    let ask = BreakEvenArgs {
        machine_usd: Some(bought.at_once.exact()),
        storage_usd_per_month: Some("0".to_owned()),
        volumes: Vec::new(),
        horizon: format!("{}m", bought.term_months),
        ..args.ask.clone()
    };
    let mut question = question(&ask, measured, request)?;
    question.owning.name = format!("the {}", bought.name);
    question.owning.price = Input::from(bought.at_once, bought.name);
    Ok(question)
}

/// What a commitment bought today would have covered had it been bought a term ago.
fn keep_last_term(history: &mut Vec<Day>, question: &Question) {
    let months = question.terms.horizon.value.months(question.terms.month.value).and_then(|months| months.to_i64());
    let last = history.last().map(|day| day.date);
    if let (Some(months), Some(last)) = (months, last) {
        let first = last.checked_sub(months.months()).unwrap_or(Date::MIN);
        history.retain(|day| day.date > first);
    }
}

fn said(measured: &MeasuredUse) -> String {
    let MeasuredUse { instance_id, instance_type, window, .. } = measured;
    let (first, end) = (utc_date(window.start), utc_date(window.end));
    format!("the history: {instance_type} {instance_id}, {first} to {end}")
}

/// Day by day, from the ledger or assumed.
fn history(args: &WhenArgs, request: &Request) -> Result<(Vec<Day>, Option<MeasuredUse>), Failure> {
    let Some(text) = &args.ask.hours_per_day else {
        let (lines, measured) = measured_lines(&args.ask, request)?;
        // Volumes are paid for with a commitment as without.
        if args.commit.is_none() {
            refuse_unknown_storage(&args.ask, &measured)?;
        }
        let days = daily_use(&lines, &measured).into_iter().map(|(date, hours)| Day { date, hours });
        return Ok((days.collect(), Some(measured)));
    };
    refresh_if_live(request, [request.region()?])?;
    let hours = parse_decimal(text).map_err(|e| Failure::usage(format!("--hours-per-day: {e}")))?;
    let Some(since) = &args.rented_since else {
        return Err(Failure::usage("--hours-per-day here is an assumed history: since when?")
            .hint("give --rented-since 2026-01-01, or leave --hours-per-day out to take the ledger's history"));
    };
    let first: Date = since.parse().map_err(|_| {
        Failure::usage(format!("--rented-since: `{since}` is not a date")).hint("write it as 2026-01-01")
    })?;
    let end = utc_date(request.now);
    let days: Vec<Day> =
        first.series(1.day()).take_while(|date| *date < end).take(MOST_DAYS).map(|date| Day { date, hours }).collect();
    if days.is_empty() || days.len() == MOST_DAYS {
        return Err(Failure::usage(format!(
            "--rented-since {first}: it must lie before {end}, a hundred years at most"
        )));
    }
    Ok((days, None))
}

/// The rule asked for, and when it buys.
fn followed_rule(args: &WhenArgs, rule: &Rule, question: &Question) -> Result<(How, Threshold), Failure> {
    if let Some(seed) = args.seed {
        return Ok((How::Drawn { seed }, rule.threshold_drawn(seed)?));
    }
    let Some(text) = &args.forecast_hours_per_day else { return Ok((How::Certain, rule.threshold())) };
    let number = |option: &str, text: &str| parse_decimal(text).map_err(|e| Failure::usage(format!("{option}: {e}")));
    let hours_per_day = number("--forecast-hours-per-day", text)?;
    if hours_per_day < Decimal::ZERO || hours_per_day > Decimal::from(24) {
        return Err(Failure::usage("--forecast-hours-per-day: a day has between 0 and 24 hours"));
    }
    let trust = args.trust.as_deref().map_or(Ok(HALF_TRUST), |text| number("--trust", text))?;
    let days = question.terms.horizon.value.days(question.terms.month.value);
    let saved = days.and_then(|days| rule.saved_in(hours_per_day)?.scaled(days, Decimal::ONE));
    let saved = saved.ok_or(OnlineError::OutOfRange("what the forecast saves"))?;
    let threshold = rule.threshold_with(Forecast { saved, trust })?;
    Ok((How::Forecast { hours_per_day, trust }, threshold))
}
