//! What an answer rests on: every input with its source, and the assumptions in words.

use rust_decimal::Decimal;

use super::values::value_cell;
use crate::break_even::{
    Committed, Electricity, Financing, Horizon, Input, InputName, Owning, Percentage, Question, Renting, Source, Terms,
    Transfer, Upgrade, Upkeep,
};
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
    said.push(match &question.owning.electricity {
        Some(power) if !power.escalation_per_year.value.is_zero() => {
            "today's other rates and hours hold for the whole horizon".to_owned()
        }
        _ => "today's rates and hours hold for the whole horizon".to_owned(),
    });
    if question.owning.electricity.as_ref().is_some_and(|power| power.idle_watts.is_assumed()) {
        said.push("the machine draws nothing while it does no work".to_owned());
    }
    said.extend(changing(question).into_iter().map(str::to_owned));
    said
}

/// What the cash flows take for granted beyond the inputs.
fn changing(question: &Question) -> Vec<&'static str> {
    let Question { owning, renting, .. } = question;
    let mut said = Vec::new();
    if owning.financing.is_some() {
        said.push("a machine that is sold before the loan is over pays back what is owed at once");
    }
    if owning.upgrade.is_some() {
        said.push("the upgrade adds nothing to the resale");
    }
    if renting.committed.is_some() {
        said.push("each term of the commitment is paid in full, and another begins as it ends");
    }
    said
}

fn assumed(line: &InputLine, question: &Question) -> String {
    let zero = line.value.exact.as_deref() == Some("0");
    let words = match line.name {
        InputName::DownPayment if zero => "the whole price is borrowed",
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

/// Every input that the summary shows and that is a number.
pub(super) fn numbers_of(question: &Question) -> Vec<InputName> {
    inputs(question).iter().map(|line| line.name).filter(|name| question.value_of(*name).is_some()).collect()
}

/// Selling costs only with a resale; electricity in one line when it is left out; the rest only if somebody gave it.
fn owning_lines(owning: &Owning) -> Vec<InputLine<'_>> {
    let mut lines = vec![line(InputName::MachinePrice, &owning.price, Cell::cost)];
    lines.extend(given(InputName::SalesTax, &owning.sales_tax, percentage));
    if let Some(Financing { down_payment, apr, months }) = &owning.financing {
        lines.extend([
            line(InputName::DownPayment, down_payment, percentage),
            line(InputName::LoanApr, apr, percentage),
            line(InputName::LoanMonths, months, |months| Cell::text(months.to_string())),
        ]);
    }
    lines.extend(resale_lines(owning));
    match &owning.electricity {
        None => lines.push(InputLine {
            name: InputName::LoadWatts,
            value: Cell::missing("not counted"),
            source: &Source::Assumed,
        }),
        Some(Electricity { load_watts, idle_watts, usd_per_kwh, pue, escalation_per_year }) => {
            let watts = |watts| Cell::new(format!("{} W", exact(watts)), exact(watts));
            lines.push(line(InputName::LoadWatts, load_watts, watts));
            lines.extend(given(InputName::IdleWatts, idle_watts, watts));
            lines.push(line(InputName::ElectricityRate, usd_per_kwh, |rate| per(rate, "kWh")));
            lines.push(line(InputName::Pue, pue, |pue| Cell::text(exact(pue))));
            lines.extend(given(InputName::Escalation, escalation_per_year, percentage));
        }
    }
    lines.extend(upkeep_lines(&owning.upkeep));
    lines.push(line(InputName::OtherMonthlyCost, &owning.other_usd_per_month, |rate| per(rate, "month")));
    if let Some(Upgrade { usd, month }) = &owning.upgrade {
        lines.push(line(InputName::UpgradeCost, usd, Cell::cost));
        lines.push(line(InputName::UpgradeMonth, month, |month| Cell::text(month.to_string())));
    }
    lines.push(line(InputName::SpeedRatio, &owning.speed_ratio, |ratio| Cell::text(exact(ratio))));
    lines
}

/// A sum, unless a share or a curve says more; then the sum only if somebody gave it.
fn resale_lines(owning: &Owning) -> Vec<InputLine<'_>> {
    let told = owning.resale_share.is_some() || owning.value_kept_per_year.is_some();
    let mut lines = Vec::new();
    if let Some(share) = &owning.resale_share {
        lines.push(line(InputName::ResaleShare, share, percentage));
    }
    if let Some(kept) = &owning.value_kept_per_year {
        lines.push(line(InputName::ValueKept, kept, percentage));
    }
    if !told || !owning.resale.is_assumed() {
        lines.push(line(InputName::Resale, &owning.resale, Cell::cost));
    }
    if told || !owning.resale.value.is_zero() {
        lines.push(line(InputName::SellingCost, &owning.selling_cost, percentage));
    }
    lines
}

fn upkeep_lines(upkeep: &Upkeep) -> Vec<InputLine<'_>> {
    let lines = [
        given(InputName::AdminHours, &upkeep.admin_hours_per_month, |hours| {
            Cell::new(format!("{} h/month", exact(hours)), exact(hours))
        }),
        given(InputName::AdminWage, &upkeep.usd_per_admin_hour, |rate| per(rate, "hour")),
        given(InputName::Maintenance, &upkeep.maintenance_usd_per_month, |rate| per(rate, "month")),
        given(InputName::Colocation, &upkeep.colocation_usd_per_month, |rate| per(rate, "month")),
        given(InputName::RepairReserve, &upkeep.repair_reserve_per_year, percentage),
    ];
    lines.into_iter().flatten().collect()
}

fn renting_lines(renting: &Renting) -> Vec<InputLine<'_>> {
    let mut lines = vec![line(InputName::InstanceRate, &renting.usd_per_hour, |rate| per(rate, "hour"))];
    if let Some(Committed { upfront, term_months }) = &renting.committed {
        lines.push(line(InputName::Upfront, upfront, Cell::cost));
        lines.push(line(InputName::TermMonths, term_months, |months| Cell::text(months.to_string())));
    }
    lines.extend(given(InputName::Overhead, &renting.overhead, |factor| Cell::number(factor, 6)));
    lines.push(line(InputName::AmiRate, &renting.ami_usd_per_hour, |rate| per(rate, "hour")));
    lines.push(line(InputName::AddressRate, &renting.address_usd_per_hour, |rate| per(rate, "hour")));
    lines.extend(given(InputName::ElasticIpRate, &renting.elastic_ip_usd_per_hour, |rate| per(rate, "hour")));
    lines.push(line(InputName::StorageCost, &renting.storage_usd_per_month, |rate| per(rate, "month")));
    lines.extend(given(InputName::TransferCost, &renting.transfer_usd_per_month, |rate| per(rate, "month")));
    if let Some(Transfer { gb_per_month, .. }) = &renting.transfer {
        lines.push(line(InputName::TransferGb, gb_per_month, |gb| value_cell(InputName::TransferGb, gb)));
    }
    lines
}

fn terms_lines(terms: &Terms) -> [InputLine<'_>; 4] {
    [
        line(InputName::HoursPerDay, &terms.hours_per_day, |hours| Cell::number(hours, 4)),
        line(InputName::Horizon, &terms.horizon, horizon),
        line(InputName::DiscountRate, &terms.discount_per_year, percentage),
        line(InputName::MonthLength, &terms.month, |month| Cell::text(month.to_string())),
    ]
}

/// A line for what somebody gave; what counts for nothing unless given has none.
fn given<T: Copy>(name: InputName, input: &Input<T>, cell: impl Fn(T) -> Cell) -> Option<InputLine<'_>> {
    (!input.is_assumed()).then(|| line(name, input, cell))
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
