//! `gpucost break-even odds`

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::args::{BreakEvenArgs, OddsArgs};
use super::break_even::{measured_lines, question, refuse_unknown_storage, write_chart};
use super::error::{Exit, Failure};
use super::opponent::{opponent, ranges};
use super::rates_card::refresh_if_live;
use super::request::Request;
use super::show;
use crate::billing::{MeasuredUse, daily_use};
use crate::break_even::uncertainty::{Band, Heat, Odds, Range, Simulation, UncertaintyError, bands, heat, odds};
use crate::break_even::{Answer, InputName, Question, break_even};
use crate::quantity::exact;
use crate::report::odds::{heat_table, indifference_table, odds_table, ranges_said, tornado_table};
use crate::report::odds_charts::{banded_chart, bands_table, heat_chart, tornado_chart};
use crate::time::{Month, day, utc_date};

/// `--hours-per-day ledger` draws the ledger's months.
const LEDGER: &str = "ledger";
/// One month says nothing of how months differ.
const FEWEST_MONTHS: usize = 2;

pub fn run(args: &OddsArgs, request: &Request) -> Result<Exit, Failure> {
    let mut ask = args.ask.clone();
    let mut ranges = take_ranges(&mut ask)?;
    ranges.extend(take_addresses(&mut ask, request)?);
    let bootstrap = ask.hours_per_day.as_deref() == Some(LEDGER);
    if bootstrap {
        ask.hours_per_day = None;
    }
    let (measured, months) = measured_months(&ask, bootstrap, request)?;
    let question = question(&ask, measured.as_ref(), request)?;
    ranges.extend(measured_ranges(&args.ask, measured.as_ref(), request)?);
    let start = utc_date(request.now);
    let simulation = Simulation { paths: args.paths, seed: args.seed, ranges, months };
    // Before the medians are asked about, so that an error names the range that was typed.
    simulation.check(&question).map_err(|error| refused(&error))?;
    let answer = break_even(&question, start)?;
    let drawn = odds(&question, answer.npv, &simulation).map_err(|error| refused(&error))?;
    let most = simulation.ranges.iter().find(|(input, _)| *input == InputName::HoursPerDay);
    let grid = heat(&question, most.map_or(Decimal::ZERO, |(_, range)| range.high()))?;
    let mut first = odds_table(&question, &drawn, args.seed);
    if !simulation.ranges.is_empty() {
        first.notes.push(format!("ranges: {}", ranges_said(&question, &simulation.ranges)));
    }
    if bootstrap {
        let count = simulation.months.len();
        first
            .notes
            .push(format!("each month to come is drawn from the ledger's {count} months, apart from one another"));
    }
    let bands = match (&args.ask.chart, request.verbose) {
        (None, false) => Vec::new(),
        _ => bands(&question, &simulation).map_err(|error| refused(&error))?,
    };
    draw(args, &question, (&answer, &drawn), &bands, &grid)?;
    let mut tables = vec![first];
    if !drawn.tornado.is_empty() {
        tables.push(tornado_table(&question, &drawn));
    }
    tables.push(indifference_table(&grid));
    if request.verbose {
        tables.push(heat_table(&grid));
        if !bands.is_empty() {
            tables.push(bands_table(&bands));
        }
    }
    show::tables(&tables, request)
}

/// With --best, the opponent's cost and the machine's speed as far as measurements tell them, each even within its ends.
fn measured_ranges(
    ask: &BreakEvenArgs,
    measured: Option<&MeasuredUse>,
    request: &Request,
) -> Result<Vec<(InputName, Range)>, Failure> {
    let Some(opponent) = opponent(ask, measured, request)? else { return Ok(Vec::new()) };
    let known = ranges(ask, Some(&opponent))?;
    let rent = known.usd_per_hour.map(|(low, high)| (InputName::InstanceRate, low.amount(), high.amount()));
    // A speed that was typed is typed as a range, or certain.
    let speed = known.speed_ratio.filter(|_| !Range::is_meant(&ask.speed_ratio));
    let speed = speed.map(|(low, high)| (InputName::SpeedRatio, low, high));
    let uniform = |(input, low, high)| (input, Range::Uniform { low, high });
    Ok(rent.into_iter().chain(speed).filter(|(_, low, high)| low < high).map(uniform).collect())
}

/// The charts asked for.
fn draw(
    args: &OddsArgs,
    question: &Question,
    (answer, drawn): (&Answer, &Odds),
    bands: &[Band],
    grid: &Heat,
) -> Result<(), Failure> {
    if let Some(path) = &args.ask.chart {
        write_chart(path, &banded_chart(question, answer, drawn, bands))?;
    }
    if let Some(path) = &args.tornado_chart {
        write_chart(path, &tornado_chart(question, drawn))?;
    }
    match &args.heat_chart {
        Some(path) => write_chart(path, &heat_chart(question, grid)),
        None => Ok(()),
    }
}

/// The option that an input is given with.
fn option_of(input: InputName) -> &'static str {
    match input {
        InputName::HoursPerDay => "--hours-per-day",
        InputName::MachinePrice => "--machine-usd",
        InputName::Resale => "--resale-usd",
        InputName::LoadWatts => "--power-watts",
        InputName::ElectricityRate => "--usd-per-kwh",
        InputName::Pue => "--pue",
        InputName::OtherMonthlyCost => "--other-usd-per-month",
        InputName::SpeedRatio => "--speed-ratio",
        InputName::InstanceRate => "--usd-per-hour",
        InputName::StorageCost => "--storage-usd-per-month",
        InputName::SellingCost => "--selling-cost",
        InputName::ResaleShare => "--resale",
        InputName::ValueKept => "--value-kept-per-year",
        InputName::SalesTax => "--sales-tax",
        InputName::DownPayment => "--down-payment",
        InputName::IdleWatts => "--idle-watts",
        InputName::AdminHours => "--admin-hours-per-month",
        InputName::AdminWage => "--usd-per-admin-hour",
        InputName::Maintenance => "--maintenance-usd-per-month",
        InputName::Colocation => "--colocation-usd-per-month",
        InputName::RepairReserve => "--repair-reserve",
        InputName::UpgradeCost => "--upgrade-usd",
        InputName::Upfront => "--upfront-usd",
        InputName::Overhead => "--rework-overhead",
        InputName::TransferCost => "--transfer-usd-per-month",
        InputName::TransferGb => "--transfer-out-gb-per-month",
        InputName::InterruptionRate => "--interruptions-per-hour",
        InputName::CheckpointTime => "--checkpoint-hours",
        InputName::CheckpointInterval => "--checkpoint-every-hours",
        InputName::RestartTime => "--restart-hours",
        InputName::ElasticIpRate => "--elastic-ips",
        InputName::AmiRate => "--ami-usd-per-hour",
        InputName::Escalation => "--electricity-escalation",
        InputName::LoanApr => "--loan-apr",
        InputName::LoanMonths => "--loan-months",
        InputName::UpgradeMonth => "--upgrade-month",
        InputName::TermMonths => "--term",
        InputName::Horizon => "--horizon",
        InputName::DiscountRate => "--discount",
        _ => input.label(),
    }
}

fn refused(error: &UncertaintyError) -> Failure {
    match error {
        UncertaintyError::Range { input, .. } => Failure::usage(format!("{}: {error}", option_of(*input))),
        UncertaintyError::Paths(_) => Failure::usage(format!("--paths: {error}")),
        _ => Failure::usage(error),
    }
}

/// Takes the ranges out of the options and leaves their medians.
fn take_ranges(ask: &mut BreakEvenArgs) -> Result<Vec<(InputName, Range)>, Failure> {
    let mut ranges = Vec::new();
    let optional = [
        (InputName::HoursPerDay, &mut ask.hours_per_day),
        (InputName::MachinePrice, &mut ask.machine_usd),
        (InputName::LoadWatts, &mut ask.power_watts),
        (InputName::ElectricityRate, &mut ask.usd_per_kwh),
        (InputName::InstanceRate, &mut ask.usd_per_hour),
        (InputName::StorageCost, &mut ask.storage_usd_per_month),
        (InputName::ResaleShare, &mut ask.more.resale),
        (InputName::ValueKept, &mut ask.more.value_kept_per_year),
        (InputName::SalesTax, &mut ask.more.sales_tax),
        (InputName::DownPayment, &mut ask.more.down_payment),
        (InputName::IdleWatts, &mut ask.more.idle_watts),
        (InputName::AdminHours, &mut ask.more.admin_hours_per_month),
        (InputName::AdminWage, &mut ask.more.usd_per_admin_hour),
        (InputName::Maintenance, &mut ask.more.maintenance_usd_per_month),
        (InputName::Colocation, &mut ask.more.colocation_usd_per_month),
        (InputName::RepairReserve, &mut ask.more.repair_reserve),
        (InputName::UpgradeCost, &mut ask.more.upgrade_usd),
        (InputName::Upfront, &mut ask.more.upfront_usd),
        (InputName::Overhead, &mut ask.more.rework_overhead),
        (InputName::TransferCost, &mut ask.more.transfer_usd_per_month),
        (InputName::TransferGb, &mut ask.more.transfer_out_gb_per_month),
        (InputName::InterruptionRate, &mut ask.more.interruptions_per_hour),
        (InputName::CheckpointTime, &mut ask.more.checkpoint_hours),
        (InputName::CheckpointInterval, &mut ask.more.checkpoint_every_hours),
        (InputName::RestartTime, &mut ask.more.restart_hours),
        (InputName::Escalation, &mut ask.more.electricity_escalation),
        (InputName::LoanApr, &mut ask.more.loan_apr),
        (InputName::LoanMonths, &mut ask.more.loan_months),
        (InputName::UpgradeMonth, &mut ask.more.upgrade_month),
    ];
    for (input, text) in optional {
        if let Some(text) = text {
            ranges.extend(take_range(input, text)?);
        }
    }
    let with_default = [
        (InputName::Resale, &mut ask.resale_usd),
        (InputName::Pue, &mut ask.pue),
        (InputName::OtherMonthlyCost, &mut ask.other_usd_per_month),
        (InputName::SpeedRatio, &mut ask.speed_ratio),
        (InputName::SellingCost, &mut ask.selling_cost),
        (InputName::AmiRate, &mut ask.ami_usd_per_hour),
        (InputName::DiscountRate, &mut ask.discount),
    ];
    for (input, text) in with_default {
        ranges.extend(take_range(input, text)?);
    }
    ranges.extend(take_time(InputName::Horizon, &mut ask.horizon)?);
    if let Some(text) = &mut ask.more.term {
        ranges.extend(take_time(InputName::TermMonths, text)?);
    }
    Ok(ranges)
}

/// Elastic IPs are counted where they are typed and dollars where they are drawn: 1.5 is one all along and another half the time.
fn take_addresses(ask: &mut BreakEvenArgs, request: &Request) -> Result<Option<(InputName, Range)>, Failure> {
    let Some(text) = &mut ask.more.elastic_ips else { return Ok(None) };
    let Some((input, range)) = take_range(InputName::ElasticIpRate, text)? else { return Ok(None) };
    let too_large = || Failure::usage(format!("--elastic-ips: {range} is too large"));
    let count = range.median().ok_or_else(too_large)?.round();
    if count < Decimal::ZERO {
        return Err(Failure::usage(format!("--elastic-ips: {range} is no number of addresses")));
    }
    *text = exact(count);
    let each = request.card()?.public_ipv4(request.region()?, false)?.usd;
    Ok(Some((input, range.scaled(each.amount()).ok_or_else(too_large)?)))
}

/// Of a horizon or term, its median in the same unit.
fn take_time(input: InputName, text: &mut String) -> Result<Option<(InputName, Range)>, Failure> {
    if !Range::is_meant(text) {
        return Ok(None);
    }
    let option = option_of(input);
    let (range, in_days) = Range::of_times(text).map_err(|e| {
        Failure::usage(format!("{option}: {e}")).hint(format!("with a unit, as in {option} 1y..5y or {option} 12..60m"))
    })?;
    if in_days && input != InputName::Horizon {
        return Err(Failure::usage(format!("{option}: {text} is no whole number of months")).hint("write 1y..3y"));
    }
    let median = range.median().ok_or_else(|| Failure::usage(format!("{option}: {range} is too large")))?;
    let unit = if in_days { 'd' } else { 'm' };
    *text = format!("{}{unit}", median.round().max(Decimal::ONE));
    Ok(Some((input, range)))
}

fn take_range(input: InputName, text: &mut String) -> Result<Option<(InputName, Range)>, Failure> {
    if !Range::is_meant(text) {
        return Ok(None);
    }
    let option = option_of(input);
    let range = if input.is_share() { Range::of_shares(text) } else { text.parse() };
    let range = range.map_err(|e| Failure::usage(format!("{option}: {e}")))?;
    let median = range.median().ok_or_else(|| Failure::usage(format!("{option}: {range} is too large")))?;
    // A share has ten decimals at most.
    let median = if input.is_share() { median.trunc_with_scale(10) } else { median };
    let median = if input.is_whole() { median.round() } else { median };
    *text = exact(median);
    Ok(Some((input, range)))
}

/// What the ledger measured, where the hours are not given; for a bootstrap its whole months one by one.
fn measured_months(
    ask: &BreakEvenArgs,
    bootstrap: bool,
    request: &Request,
) -> Result<(Option<MeasuredUse>, Vec<Decimal>), Failure> {
    if ask.hours_per_day.is_some() {
        refresh_if_live(request, [request.region()?])?;
        return Ok((None, Vec::new()));
    }
    let (lines, measured) = measured_lines(ask, request)?;
    refuse_unknown_storage(ask, &measured)?;
    if !bootstrap {
        return Ok((Some(measured), Vec::new()));
    }
    let mut by_month: BTreeMap<Month, (Decimal, i64)> = BTreeMap::new();
    for (date, hours) in daily_use(&lines, &measured) {
        let month = by_month.entry(Month::of(day(date).start)).or_default();
        month.0 += hours;
        month.1 += 1;
    }
    let whole = by_month.into_iter().filter(|(month, (_, days))| *days == month.days());
    let months: Vec<Decimal> = whole.map(|(_, (hours, days))| hours / Decimal::from(days)).collect();
    if months.len() < FEWEST_MONTHS {
        let found = months.len();
        return Err(Failure::new(format!(
            "--hours-per-day ledger: the ledger has {found} whole months of {}, too few to say how months differ",
            measured.instance_id
        ))
        .hint("give a range instead: --hours-per-day 1..4"));
    }
    Ok((Some(measured), months))
}
