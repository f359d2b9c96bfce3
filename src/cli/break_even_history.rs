//! `gpucost break-even history`

use jiff::Timestamp;

use super::args::{BreakEvenArgs, HistoryArgs};
use super::break_even::{nothing_recorded, question, refuse_unknown_storage, since, write_chart};
use super::error::{Exit, Failure};
use super::ledger::{all_lines, load};
use super::request::Request;
use super::show;
use crate::billing::{FleetUse, MeasuredStorage, MeasuredUse, fleet_use};
use crate::break_even::history::{Load, answer_at, courses, hindsight, pattern, shared, trailing};
use crate::break_even::{BreakEvenError, Input, Question};
use crate::money::Usd;
use crate::report::break_even::inputs_table;
use crate::report::history::{History, hindsight_table, shared_table, trailing_table};
use crate::report::history_chart::{courses_table, history_chart};
use crate::report::table::{Cell, Table};
use crate::time::{Period, utc_date};

pub fn run(args: &HistoryArgs, request: &Request) -> Result<Exit, Failure> {
    refuse_other_hours(&args.ask)?;
    let fleet = measured_fleet(&args.ask, request)?;
    let all = Load::new(fleet.all.window, fleet.hourly.clone());
    let question = question_of(&args.ask, &fleet, &all, request)?;
    let tables = tables(args, &fleet, &all, &question, request)?;
    show::tables(&tables, request)
}

fn refuse_other_hours(args: &BreakEvenArgs) -> Result<(), Failure> {
    if args.hours_per_day.is_some() {
        return Err(Failure::usage("--hours-per-day: the history's hours are those of the ledger")
            .hint("leave it out; or ask `gpucost break-even --hours-per-day …`"));
    }
    Ok(())
}

fn measured_fleet(args: &BreakEvenArgs, request: &Request) -> Result<FleetUse, Failure> {
    let ledger =
        load(request, None).map_err(|failure| failure.hint("record usage first: `gpucost usage import FILE`"))?;
    let within = Period { start: since(args)?.unwrap_or(Timestamp::MIN), end: request.now };
    let lines = all_lines(&ledger, request)?;
    let fleet = fleet_use(&lines, args.instance.as_deref(), within).ok_or_else(|| nothing_recorded(args))?;
    for instance in &fleet.instances {
        let of_it = MeasuredUse { instance_id: instance.id.clone(), storage: instance.storage, ..fleet.all.clone() };
        refuse_unknown_storage(args, &of_it)?;
    }
    Ok(fleet)
}

/// That of one instance with the hours one machine could serve, and the volumes of all.
fn question_of(args: &BreakEvenArgs, fleet: &FleetUse, all: &Load, request: &Request) -> Result<Question, Failure> {
    let mut question = question(args, Some(&fleet.all), request)?;
    if fleet.instances.len() > 1 {
        question.renting.name = format!("{} × {}", fleet.instances.len(), fleet.all.instance_type);
    }
    let served = all.capped(question.owning.speed_ratio.value);
    let hours = served.per_day().ok_or(BreakEvenError::OutOfRange { what: "the hours a day" })?;
    let source = format!(
        "the ledger: {} of {} h, those that one machine could serve",
        Cell::number(served.hours(), 2).shown,
        Cell::number(all.hours(), 2).shown
    );
    question.terms.hours_per_day = Input::from(hours, source);
    Ok(question)
}

fn tables(
    args: &HistoryArgs,
    fleet: &FleetUse,
    all: &Load,
    question: &Question,
    request: &Request,
) -> Result<Vec<Table>, Failure> {
    let today = utc_date(request.now);
    let shared = shared(question, all, &volumes(question, fleet), today)?;
    let first = all.capped(question.owning.speed_ratio.value);
    let mut of_months = Vec::new();
    for window in args.months.iter().filter_map(|months| trailing(&first, *months)) {
        let answer = answer_at(question, window.hours_per_day, today)?;
        of_months.push((window, answer));
    }
    let asked = args.months.iter().copied().map(Some).chain([None]);
    let hindsight = asked.map(|months| hindsight(question, &first, months)).collect::<Result<Vec<_>, _>>()?;
    let history = History {
        question,
        instances: fleet.instances.len(),
        load: all,
        shared,
        trailing: of_months,
        pattern: pattern(&first),
        hindsight: hindsight.into_iter().flatten().collect(),
    };
    let purchases: Vec<Option<u8>> = args.months.iter().copied().map(Some).chain([None]).collect();
    let courses = match (&args.ask.chart, request.verbose) {
        (None, false) => Vec::new(),
        _ => courses(question, &first, &purchases)?,
    };
    if let Some(path) = &args.ask.chart {
        write_chart(path, &history_chart(question, &courses, &history.hindsight))?;
    }
    let mut machines = shared_table(&history);
    machines.notes.extend(notes(fleet));
    let mut tables = vec![machines, trailing_table(&history), hindsight_table(&history)];
    if request.verbose {
        tables.push(inputs_table(question));
        tables.push(courses_table(&courses));
    }
    Ok(tables)
}

/// Of each instance; what was given stands for all of them together.
fn volumes(question: &Question, fleet: &FleetUse) -> Vec<Usd> {
    let of_each = fleet.instances.iter().map(|instance| match instance.storage {
        MeasuredStorage::PerMonth(usd) => Some(usd),
        MeasuredStorage::NotRecorded | MeasuredStorage::Unpriced => None,
    });
    let all = question.renting.storage_usd_per_month.value;
    let measured: Option<Vec<Usd>> = of_each.collect();
    measured.filter(|each| each.iter().copied().sum::<Usd>() == all).unwrap_or_else(|| vec![all])
}

fn notes(fleet: &FleetUse) -> Vec<String> {
    let mut notes: Vec<String> = fleet
        .unknown()
        .map(|(id, date)| format!("{id} may have run on after {date}: hours since then are not counted"))
        .collect();
    if !fleet.spread_hours.is_zero() {
        notes.push(format!(
            "{} h are in records that count hours without saying which: spread evenly, so they may hide what ran at once",
            Cell::number(fleet.spread_hours, 2).shown
        ));
    }
    notes
}
