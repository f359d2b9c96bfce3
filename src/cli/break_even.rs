//! `gpucost break-even`

use std::path::Path;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::args::{BreakEvenArgs, ExplainArgs};
use super::break_even_renting::renting;
use super::error::{Exit, Failure};
use super::ledger::{all_lines, load};
use super::opponent::{Opponent, opponent, opponent_tables, speed_ratio};
use super::parts::{listed_price, price_of_parts};
use super::rates_card::refresh_if_live;
use super::request::Request;
use super::show;
use super::{break_even_explain, break_even_flows, break_even_hybrid};
use crate::billing::{LineItem, MeasuredStorage, MeasuredUse, measured_use};
use crate::break_even::uncertainty::Range;
use crate::break_even::{Answer, BreakEvenError, Electricity, Input, Owning, Question, Terms, break_even};
use crate::catalog::{Machine, RateCard, Sector};
use crate::money::Usd;
use crate::quantity::{exact, parse_decimal};
use crate::render;
use crate::report::break_even::{
    answer_table, cash_flow_table, cumulative_chart, inputs_table, totals_table, verdict_sentence,
};
use crate::report::chart::Chart;
use crate::report::quote::not_offered;
use crate::report::table::{Cell, Table};
use crate::store::write_file;
use crate::time::{Month, Period, utc_date};

/// Fewer days than a week hold no weekend: what they say of a month is doubtful.
const FEW_DAYS: Decimal = Decimal::from_parts(7, 0, 0, false, 0);

impl From<BreakEvenError> for Failure {
    fn from(error: BreakEvenError) -> Failure {
        Failure::usage(error)
    }
}

pub fn run(args: &BreakEvenArgs, explain: &ExplainArgs, request: &Request) -> Result<Exit, Failure> {
    let measured = if args.hours_per_day.is_none() { Some(from_ledger(args, request)?) } else { None };
    if let Some(measured) = &measured {
        refuse_unknown_storage(args, measured)?;
    }
    if measured.is_none() {
        refresh_if_live(request, [request.region()?])?;
    }
    let card = request.card()?;
    let question = question(args, measured.as_ref(), request)?;
    if break_even_hybrid::is_overflow(&question) {
        let mut tables = break_even_hybrid::tables(args, explain, &question, request)?;
        if let (Some(measured), Some(first)) = (&measured, tables.first_mut()) {
            first.notes.extend(assumptions(args, measured, card).into_iter().map(|said| format!("assumed: {said}")));
        }
        let opponent = opponent(args, measured.as_ref(), request)?;
        tables.extend(opponent_tables(args, opponent.as_ref(), &question, request)?);
        return show::tables(&tables, request);
    }
    let answer = break_even(&question, utc_date(request.now))?;
    if let Some(path) = &args.chart {
        write_chart(path, &cumulative_chart(&question, &answer))?;
    }
    let said = measured.as_ref().map_or_else(Vec::new, |measured| assumptions(args, measured, card));
    let mut tables = tables(&question, &answer, said, request.verbose);
    if explain.explain {
        break_even_explain::explained(&question, &answer, &mut tables)?;
    }
    let opponent = opponent(args, measured.as_ref(), request)?;
    tables.extend(opponent_tables(args, opponent.as_ref(), &question, request)?);
    let kind = args.instance.as_deref().or(measured.as_ref().map(|measured| measured.instance_type.as_str()));
    let region = measured.as_ref().map_or_else(|| request.region(), |measured| Ok(measured.region.as_str()))?;
    // Another type does the work of an hour in another time: what its GPUs draw for it is not known.
    let kind = kind.filter(|_| opponent.is_none());
    tables.extend(break_even_explain::carbon_of(&explain.carbon, &question, kind, region, card)?);
    let kind = kind.and_then(|kind| card.instance_type(kind));
    if let (Some(note), Some(first)) = (kind.and_then(|kind| not_offered(card, kind, region)), tables.first_mut()) {
        first.notes.push(note);
    }
    show::tables(&tables, request)
}

/// As PNG or SVG by the file's ending.
pub fn write_chart(path: &Path, chart: &Chart) -> Result<(), Failure> {
    let bytes = match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => render::chart::svg(chart)?.into_bytes(),
        Some("png") => render::chart::png(chart)?,
        _ => return Err(Failure::usage("--chart: name a file that ends in .png or .svg")),
    };
    Ok(write_file(path, &bytes)?)
}

/// The answer with the verdict as its title and what `measured` hours take for granted; the inputs and the
/// totals over time on request.
pub fn tables(question: &Question, answer: &Answer, measured: Vec<String>, verbose: bool) -> Vec<Table> {
    let mut first = answer_table(question, answer);
    first.notes.extend(measured.into_iter().map(|said| format!("assumed: {said}")));
    first.title = verdict_sentence(question, answer);
    let mut tables = vec![first];
    if verbose {
        tables.push(inputs_table(question));
        tables.push(totals_table(question, answer));
        if !answer.flows.is_constant() {
            tables.push(cash_flow_table(question, answer));
        }
    }
    tables
}

/// What the ledger measured of the instance asked for, or of the one most used.
fn from_ledger(args: &BreakEvenArgs, request: &Request) -> Result<MeasuredUse, Failure> {
    measured_lines(args, request).map(|(_, measured)| measured)
}

/// The same with the line items it was measured from.
pub fn measured_lines(args: &BreakEvenArgs, request: &Request) -> Result<(Vec<LineItem>, MeasuredUse), Failure> {
    let ledger = load(request, None)
        .map_err(|failure| failure.hint("give --hours-per-day, or record usage first: `gpucost usage import FILE`"))?;
    let start = since(args)?.unwrap_or(Timestamp::MIN);
    let within = Period { start, end: request.now };
    let lines = all_lines(&ledger, request)?;
    let measured = measured_use(&lines, args.instance.as_deref(), within).ok_or_else(|| nothing_recorded(args))?;
    Ok((lines, measured))
}

/// When the month given by --since begins.
pub fn since(args: &BreakEvenArgs) -> Result<Option<Timestamp>, Failure> {
    let month = args.since.as_deref().map(str::parse::<Month>).transpose();
    Ok(month.map_err(|e| Failure::usage(format!("--since: {e}")))?.map(|month| month.period().start))
}

pub fn nothing_recorded(args: &BreakEvenArgs) -> Failure {
    let what = args.instance.as_deref().unwrap_or("any instance");
    Failure::new(format!("the ledger has no running hours of {what}")).hint("give --hours-per-day, or import usage")
}

/// An instance whose volumes are not in the records is no instance without volumes: the person asking knows.
pub fn refuse_unknown_storage(args: &BreakEvenArgs, measured: &MeasuredUse) -> Result<(), Failure> {
    if args.storage_usd_per_month.is_some() || !args.volumes.is_empty() {
        return Ok(());
    }
    let id = &measured.instance_id;
    match measured.storage {
        MeasuredStorage::PerMonth(_) => Ok(()),
        MeasuredStorage::NotRecorded => {
            Err(Failure::new(format!("the ledger does not say which volumes {id} has, or that it has none"))
                .hint("give --volume gp3:100, or --storage-usd-per-month (0 if there is none)"))
        }
        MeasuredStorage::Unpriced => Err(Failure::new(format!("the storage of {id} is not fully priced"))
            .hint("see `gpucost bill`; or give --volume or --storage-usd-per-month")),
    }
}

/// What measured use takes for granted beyond the question's inputs.
pub fn assumptions(args: &BreakEvenArgs, measured: &MeasuredUse, card: &RateCard) -> Vec<String> {
    let MeasuredUse { instance_type, region, instance_id: id, instances, .. } = measured;
    let mut said = Vec::new();
    if *instances > 1 {
        said.push(format!(
            "one machine takes the place of one instance: {id}, the busiest of {instances} {instance_type} in {region}"
        ));
    }
    if measured.days() < FEW_DAYS {
        said.push(format!(
            "these hours go on, though the ledger has only {} days of {id}",
            Cell::number(measured.days(), 2).shown
        ));
    }
    let unrated = measured.unrated_hours();
    let on_demand = card.on_demand(region, instance_type);
    if let (None, false, Ok(rate)) = (&args.usd_per_hour, unrated.is_zero(), on_demand) {
        said.push(format!(
            "{} of {} h have no rate in the records: they are counted on demand, {}/h as of {}",
            exact(unrated),
            exact(measured.hours),
            rate.usd.rate(),
            rate.provenance.as_of
        ));
    }
    if args.storage_usd_per_month.is_none() && args.volumes.is_empty() {
        match measured.storage {
            MeasuredStorage::PerMonth(_) => {}
            MeasuredStorage::NotRecorded => said.push(format!("the storage of {id} is not in the records: left out")),
            MeasuredStorage::Unpriced => said.push(format!("the storage of {id} is not fully priced: left out")),
        }
    }
    said
}

/// The question as asked, each number with its source.
pub fn question(args: &BreakEvenArgs, measured: Option<&MeasuredUse>, request: &Request) -> Result<Question, Failure> {
    let card = request.card()?;
    let opponent = opponent(args, measured, request)?;
    Ok(Question {
        owning: owning(args, opponent.as_ref(), card)?,
        renting: renting(args, measured, opponent.as_ref(), request)?,
        terms: terms(args, measured)?,
    })
}

pub fn number(option: &str, text: &str) -> Result<Decimal, Failure> {
    parse_decimal(text).map_err(|e| not_read(option, text, e))
}

pub fn dollars(option: &str, text: &str) -> Result<Usd, Failure> {
    number(option, text).map(Usd::new)
}

pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(option: &str, text: &str) -> Result<T, Failure> {
    text.parse().map_err(|e| not_read(option, text, e))
}

/// A range, where one number is taken, is a question for another command.
fn not_read(option: &str, text: &str, why: impl std::fmt::Display) -> Failure {
    let failure = Failure::usage(format!("{option}: {why}"));
    if Range::is_meant(text) { failure.hint("`gpucost break-even odds` takes ranges") } else { failure }
}

/// What stands at its default was not given: an assumption, and shown as one.
pub fn input<T>(text: &str, default: &str, value: T) -> Input<T> {
    if text == default { Input::assumed(value) } else { Input::given(value) }
}

fn owning(args: &BreakEvenArgs, opponent: Option<&Opponent>, card: &RateCard) -> Result<Owning, Failure> {
    let preset = args.machine.as_deref().map(|name| machine(name, card)).transpose()?;
    let price = match (&args.machine_usd, preset) {
        (Some(text), _) => Input::given(dollars("--machine-usd", text)?),
        (None, Some(machine)) => Input::from(listed_price(machine)?, machine_source(machine, card)),
        (None, None) if !args.parts.parts.is_empty() => price_of_parts(&args.parts.parts, card)?,
        (None, None) => {
            return Err(Failure::usage("what does the machine cost?")
                .hint("give --machine-usd 1000, or --machine with a name such as \"RTX 3090 desktop\""));
        }
    };
    let name = preset.map_or_else(|| "the machine".to_owned(), |machine| format!("the {}", machine.name));
    let mut owning = Owning::at_price(name, price);
    owning.resale = input(&args.resale_usd, "0", dollars("--resale-usd", &args.resale_usd)?);
    owning.selling_cost = input(&args.selling_cost, "0%", parsed("--selling-cost", &args.selling_cost)?);
    let other = dollars("--other-usd-per-month", &args.other_usd_per_month)?;
    owning.other_usd_per_month = input(&args.other_usd_per_month, "0", other);
    owning.speed_ratio = speed_ratio(args, opponent)?;
    owning.electricity = electricity(args, preset, card)?;
    break_even_flows::owning(&args.more, &mut owning)?;
    Ok(owning)
}

pub fn machine(name: &str, card: &RateCard) -> Result<&'static Machine, Failure> {
    card.machine(name).ok_or_else(|| {
        let names: Vec<&str> = card.machines().iter().filter(|m| m.mark.is_none()).map(|m| m.name).collect();
        Failure::new(format!("no machine is called `{name}`")).hint(format!("there are: {}", names.join(", ")))
    })
}

pub fn machine_source(machine: &Machine, card: &RateCard) -> String {
    let source = card.source(machine.source).map_or(machine.source, |source| source.title);
    let date = machine.price_date.unwrap_or("undated");
    let mark = machine.mark.map_or(String::new(), |mark| format!("; {mark}"));
    format!("{source}, {date}{mark}")
}

/// Power from the option or the preset; its rate from the option or the shipped US average.
fn electricity(
    args: &BreakEvenArgs,
    preset: Option<&Machine>,
    card: &RateCard,
) -> Result<Option<Electricity>, Failure> {
    let watts = match (&args.power_watts, preset.and_then(|machine| machine.load_watts)) {
        (Some(text), _) => Input::given(number("--power-watts", text)?),
        (None, Some(watts)) => Input::from(Decimal::from(watts), "the machine's figure under load"),
        (None, None) => {
            return match &args.usd_per_kwh {
                Some(_) => {
                    Err(Failure::usage("--usd-per-kwh needs --power-watts, or a --machine whose power is known"))
                }
                None => Ok(None),
            };
        }
    };
    let rate = match &args.usd_per_kwh {
        Some(text) => Input::given(dollars("--usd-per-kwh", text)?),
        None => {
            let average = card
                .electricity("US", Sector::Residential)
                .ok_or_else(|| Failure::new("no electricity rate is shipped").hint("give --usd-per-kwh"))?;
            Input::from(average.usd_per_kwh, format!("US residential average of {}", average.provenance.as_of))
        }
    };
    let mut electricity = Electricity::new(watts, rate);
    electricity.pue = input(&args.pue, "1", number("--pue", &args.pue)?);
    Ok(Some(electricity))
}

pub fn days(measured: &MeasuredUse) -> String {
    format!("{} to {}", utc_date(measured.window.start), utc_date(measured.window.end))
}

fn terms(args: &BreakEvenArgs, measured: Option<&MeasuredUse>) -> Result<Terms, Failure> {
    let hours = match (&args.hours_per_day, measured) {
        (Some(text), _) => Input::given(number("--hours-per-day", text)?),
        (None, Some(measured)) => {
            let MeasuredUse { instance_type, instance_id, instances, .. } = measured;
            let busiest = if *instances > 1 { format!("the busiest of {instances}: ") } else { String::new() };
            let hours = exact(measured.hours);
            let source =
                format!("the ledger: {hours} h of {instance_type} on {busiest}{instance_id}, {}", days(measured));
            Input::from(measured.hours_per_day, source)
        }
        (None, None) => return Err(Failure::usage("how many hours a day?").hint("give --hours-per-day")),
    };
    let mut terms = Terms::at_hours(hours);
    terms.horizon = input(&args.horizon, "3y", parsed("--horizon", &args.horizon)?);
    terms.discount_per_year = input(&args.discount, "0%", parsed("--discount", &args.discount)?);
    terms.month = input(&args.month_days, "365/12", parsed("--month-days", &args.month_days)?);
    Ok(terms)
}
