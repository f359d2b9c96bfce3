//! The results of an answer and both sides' cost month by month, as tables.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::inputs::assumptions;
use crate::break_even::{Answer, BreakEven, FlipHours, PerHourUsed, Question, Reached, Verdict};
use crate::money::Usd;
use crate::quantity::exact;
use crate::report::table::{Cell, Column, Table};

/// The results, each with how it comes about; the assumptions are its notes.
pub fn answer_table(question: &Question, answer: &Answer) -> Table {
    let columns = vec![Column::left("result", "Result"), Column::right("value", "Value"), Column::left("how", "How")];
    let mut table = Table::new("break_even", "Rent or own", columns);
    verdict_rows(&mut table, question, answer);
    break_even_rows(&mut table, question, answer);
    cost_rows(&mut table, question, answer);
    table.notes = assumptions(question).into_iter().map(|said| format!("assumed: {said}")).collect();
    table
}

fn row(table: &mut Table, (key, label): (&str, &str), value: Cell, how: impl Into<String>) {
    table.push(vec![Cell::new(label, key), value, Cell::text(how)]);
}

fn verdict_rows(table: &mut Table, question: &Question, answer: &Answer) {
    let span = question.terms.horizon.value;
    let verdict = match answer.verdict {
        Verdict::Rent => "rent",
        Verdict::Own => "own",
        Verdict::Same => "same",
    };
    row(table, ("verdict", "verdict"), Cell::text(verdict), format!("the cheaper one over {span}"));
    let how = format!("over {span}, {}", discounting(question));
    row(table, ("npv_usd", "owning saves"), Cell::cost(answer.npv), how);
}

fn discounting(question: &Question) -> String {
    match question.terms.discount_per_year.value {
        rate if rate.is_zero() => "not discounted".to_owned(),
        rate => format!("discounted at {rate} a year"),
    }
}

fn break_even_rows(table: &mut Table, question: &Question, answer: &Answer) {
    let formula = match answer.flows.is_constant() {
        true => "price less resale ÷ saved per day",
        false => "looked for month by month, as costs change",
    };
    let how = why_never(answer.break_even).unwrap_or_else(|| formula.to_owned());
    row(table, ("break_even_days", "break-even, days"), reached(answer.break_even, |at| Cell::number(at.days, 1)), how);
    let from = format!("counted from {}", answer.start);
    row(table, ("break_even_date", "break-even, date"), reached(answer.break_even, date_reached), from);
    if !question.terms.discount_per_year.value.is_zero() {
        let how = why_never(answer.payback).unwrap_or_else(|| discounting(question));
        let months = reached(answer.payback, |at| Cell::number(at.months, 1));
        row(table, ("payback_months", "payback, months"), months, how.as_str());
        row(table, ("payback_date", "payback, date"), reached(answer.payback, date_reached), how);
    }
    let (hours, how) = flip(answer.flip);
    row(table, ("flip_hours_per_day", "flips at hours a day"), hours, how);
    if let FlipHours::Above(hours) | FlipHours::Below(hours) = answer.flip {
        let share = hours.checked_div(Decimal::from(24)).unwrap_or_default();
        let shown = format!("{} %", Cell::number(share.saturating_mul(Decimal::ONE_HUNDRED), 1).shown);
        row(table, ("flip_utilization", "flips at utilization"), Cell::new(shown, exact(share)), "of all hours");
    }
}

fn cost_rows(table: &mut Table, question: &Question, answer: &Answer) {
    let span = question.terms.horizon.value;
    let (rent, own) = (Cell::cost(answer.at_horizon.rent), Cell::cost(answer.at_horizon.own));
    row(table, ("rent_usd", "renting costs"), rent, format!("over {span}"));
    row(table, ("own_usd", "owning costs"), own, format!("over {span}, less the resale"));
    let saved = quotient(answer.saved_per_rented_hour);
    row(table, ("saved_usd_per_hour", "saved per rented hour"), saved, "rent less electricity");
    let saved = quotient(answer.saved_per_day);
    row(table, ("saved_usd_per_day", "saved per day"), saved, "use and storage less upkeep");
    if let Some(used) = answer.per_hour_used {
        let how = format!("over {} hours", Cell::number(used.hours, 1).shown);
        row(table, ("rent_usd_per_hour_used", "rent per hour used"), quotient(used.rent), how.as_str());
        row(table, ("own_usd_per_hour_used", "own per hour used"), quotient(used.own), how);
        gpu_hour_rows(table, question, used);
    }
    if let Some(loan) = answer.flows.loan {
        let how = format!("{} times, at each month's end", loan.months());
        row(table, ("loan_payment_usd", "loan payment"), Cell::cost(loan.payment()), how);
    }
}

/// Of several GPUs, or a part of one: each at its share of the instance's hour.
fn gpu_hour_rows(table: &mut Table, question: &Question, used: PerHourUsed) {
    let Some(gpus) = question.renting.gpus.as_ref().map(|gpus| gpus.value).filter(|gpus| *gpus != Decimal::ONE) else {
        return;
    };
    for (name, cost) in [
        (("rent_usd_per_gpu_hour", "rent per GPU-hour"), used.rent),
        (("own_usd_per_gpu_hour", "own per GPU-hour"), used.own),
    ] {
        if let Some(each) = cost.scaled(Decimal::ONE, gpus) {
            row(table, name, quotient(each), format!("{} GPUs of the instance", exact(gpus)));
        }
    }
}

/// A quotient of dollars: four decimals for people.
fn quotient(amount: Usd) -> Cell {
    Cell::new(amount.rounded(4), amount.exact())
}

fn reached(at: BreakEven, cell: fn(Reached) -> Cell) -> Cell {
    at.reached().map_or_else(|| Cell::missing("never"), cell)
}

fn date_reached(at: Reached) -> Cell {
    date_cell(at.date)
}

fn date_cell(date: Option<Date>) -> Cell {
    date.map_or_else(|| Cell::missing("after year 9999"), |date| Cell::text(date.to_string()))
}

fn why_never(at: BreakEven) -> Option<String> {
    match at {
        BreakEven::After(_) => None,
        BreakEven::Never(why) => Some(why.to_string()),
    }
}

fn flip(flip: FlipHours) -> (Cell, String) {
    match flip {
        FlipHours::Above(hours) => (Cell::number(hours, 2), "above these, own; below, rent".to_owned()),
        FlipHours::Below(hours) => (Cell::number(hours, 2), "below these, own; above, rent".to_owned()),
        FlipHours::OwnAtAnyHours => (Cell::missing("none"), "owning is cheaper at any hours".to_owned()),
        FlipHours::MoreThanADay { limit } => {
            let limit = exact(limit);
            (Cell::missing(format!("more than {limit}")), format!("renting is cheaper up to {limit} h a day"))
        }
        FlipHours::Never { rent_per_hour, own_per_hour } => {
            let (rent, own) = (rent_per_hour.rounded(4), own_per_hour.rounded(4));
            (Cell::missing("never"), format!("an hour costs {rent} rented, {own} of electricity owned"))
        }
    }
}

/// What both have cost at each month's end.
pub fn totals_table(question: &Question, answer: &Answer) -> Table {
    let columns = vec![
        Column::right("month", "Month"),
        Column::right("days", "Days").detail(),
        Column::left("date", "Date"),
        Column::right("rent_usd", format!("Rent {}", question.renting.name)),
        Column::right("own_usd", format!("Own {}", question.owning.name)),
        Column::right("own_saves_usd", "Owning saves"),
        Column::right("rent_present_usd", "Rent, today's dollars").detail(),
        Column::right("own_present_usd", "Own, today's dollars").detail(),
    ];
    let mut table = Table::new("cumulative_cost", "Cost so far", columns);
    for totals in &answer.by_month {
        let saved = totals.rent.checked_add(-totals.own);
        table.push(vec![
            Cell::number(totals.months, 2),
            Cell::number(totals.days, 2),
            date_cell(totals.date),
            Cell::cost(totals.rent),
            Cell::cost(totals.own),
            saved.map_or_else(|| Cell::missing("out of range"), Cell::cost),
            Cell::cost(totals.rent_present),
            Cell::cost(totals.own_present),
        ]);
    }
    if !sells_for_nothing(answer) {
        table.notes.push("owning counts the resale as if the machine were sold on that day".to_owned());
    }
    table
}

/// Neither a sum, nor a share, nor a curve.
pub(super) fn sells_for_nothing(answer: &Answer) -> bool {
    answer.flows.resale.value_after(Decimal::ZERO) == Some(Usd::ZERO)
}
