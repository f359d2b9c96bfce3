//! What an answer rests on: every input with its source, and the assumptions in words.

use rust_decimal::Decimal;

use crate::break_even::{Electricity, Horizon, Input, InputName, Owning, Percentage, Question, Renting, Source, Terms};
use crate::money::Usd;
use crate::quantity::exact;
use crate::report::table::{Cell, Column, Table};

/// What the answer takes for granted: every input nobody gave, and what the calculation leaves out.
pub fn assumptions(question: &Question) -> Vec<String> {
    let mut said: Vec<String> = inputs(question)
        .iter()
        .filter(|line| *line.source == Source::Assumed)
        .map(|line| assumed(line, question))
        .collect();
    said.push("today's rates and hours hold for the whole horizon".to_owned());
    if question.owning.electricity.is_some() {
        said.push("the machine draws nothing while it does no work".to_owned());
    }
    said
}

fn assumed(line: &InputLine, question: &Question) -> String {
    let zero = line.value.exact.as_deref() == Some("0");
    let words = match line.name {
        InputName::Resale if zero => "the machine is worth nothing at the end",
        InputName::LoadWatts | InputName::ElectricityRate if line.value.exact.is_none() => "electricity is left out",
        InputName::OtherMonthlyCost if zero => "owning costs nothing else a month",
        InputName::AmiRate if zero => "the AMI is free",
        InputName::AddressRate if zero => "no public IPv4 address",
        InputName::StorageCost if zero => "no volume is rented",
        InputName::DiscountRate if zero => "nothing is discounted",
        InputName::SpeedRatio if question.owning.speed_ratio.value == Decimal::ONE => {
            return format!("the machine is as fast as {} (speed ratio 1)", question.renting.name);
        }
        _ => return format!("{}: {}", line.name, line.value.shown),
    };
    words.to_owned()
}

/// One input as shown, with the source that made it.
struct InputLine<'a> {
    name: InputName,
    value: Cell,
    source: &'a Source,
}

/// Every input that matters, in the order the summary shows them.
fn inputs(question: &Question) -> Vec<InputLine<'_>> {
    let mut lines = owning_lines(&question.owning);
    lines.extend(renting_lines(&question.renting));
    lines.extend(terms_lines(&question.terms));
    lines
}

/// Selling costs only with a resale; electricity in one line when it is left out.
fn owning_lines(owning: &Owning) -> Vec<InputLine<'_>> {
    let mut lines = vec![
        line(InputName::MachinePrice, &owning.price, Cell::cost),
        line(InputName::Resale, &owning.resale, Cell::cost),
    ];
    if !owning.resale.value.is_zero() {
        lines.push(line(InputName::SellingCost, &owning.selling_cost, percentage));
    }
    match &owning.electricity {
        None => lines.push(InputLine {
            name: InputName::LoadWatts,
            value: Cell::missing("not counted"),
            source: &Source::Assumed,
        }),
        Some(Electricity { load_watts, usd_per_kwh, pue }) => lines.extend([
            line(InputName::LoadWatts, load_watts, |watts| Cell::new(format!("{} W", exact(watts)), exact(watts))),
            line(InputName::ElectricityRate, usd_per_kwh, |rate| per(rate, "kWh")),
            line(InputName::Pue, pue, |pue| Cell::text(exact(pue))),
        ]),
    }
    lines.push(line(InputName::OtherMonthlyCost, &owning.other_usd_per_month, |rate| per(rate, "month")));
    lines.push(line(InputName::SpeedRatio, &owning.speed_ratio, |ratio| Cell::text(exact(ratio))));
    lines
}

fn renting_lines(renting: &Renting) -> [InputLine<'_>; 4] {
    [
        line(InputName::InstanceRate, &renting.usd_per_hour, |rate| per(rate, "hour")),
        line(InputName::AmiRate, &renting.ami_usd_per_hour, |rate| per(rate, "hour")),
        line(InputName::AddressRate, &renting.address_usd_per_hour, |rate| per(rate, "hour")),
        line(InputName::StorageCost, &renting.storage_usd_per_month, |rate| per(rate, "month")),
    ]
}

fn terms_lines(terms: &Terms) -> [InputLine<'_>; 4] {
    [
        line(InputName::HoursPerDay, &terms.hours_per_day, |hours| Cell::number(hours, 4)),
        line(InputName::Horizon, &terms.horizon, horizon),
        line(InputName::DiscountRate, &terms.discount_per_year, percentage),
        line(InputName::MonthLength, &terms.month, |month| Cell::text(month.to_string())),
    ]
}

fn line<T: Copy>(name: InputName, input: &Input<T>, cell: impl Fn(T) -> Cell) -> InputLine<'_> {
    InputLine { name, value: cell(input.value), source: &input.source }
}

fn per(rate: Usd, unit: &str) -> Cell {
    Cell::new(format!("{}/{unit}", rate.rate()), rate.exact())
}

/// As the fraction it is for programs.
fn percentage(value: Percentage) -> Cell {
    Cell::new(value.to_string(), exact(value.fraction()))
}

/// For programs as the command line reads it: `36m`, `500d`.
fn horizon(value: Horizon) -> Cell {
    let typed = match value {
        Horizon::Days(days) => format!("{days}d"),
        Horizon::Months(months) => format!("{months}m"),
    };
    Cell::new(value.to_string(), typed)
}

/// Every input with its value and its source.
pub fn inputs_table(question: &Question) -> Table {
    let columns =
        vec![Column::left("input", "Input"), Column::right("value", "Value"), Column::left("source", "Source")];
    let mut table = Table::new("break_even_inputs", "What the answer rests on", columns);
    for InputLine { name, value, source } in inputs(question) {
        table.push(vec![Cell::new(name.label(), name.key()), value, Cell::text(source.to_string())]);
    }
    table
}
