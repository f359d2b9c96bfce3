//! The answer explained: each formula with the numbers in it, and what the verdict survives.

use rust_decimal::Decimal;

use super::inputs::numbers_of;
use super::values::value_cell;
use crate::break_even::{
    Answer, BreakEven, BreakEvenError, Electricity, FlipPoint, InputName, Question, Verdict, flip_point,
};
use crate::money::Usd;
use crate::quantity::exact;
use crate::report::table::{Cell, Column, Table};

/// Decimals of a percentage or an hour in a sentence.
const SHOWN: u32 = 2;

/// One input and where it flips the verdict, the others as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Survival {
    pub input: InputName,
    pub value: Decimal,
    pub flips: FlipPoint,
}

/// For every input of the question that is a number.
///
/// # Errors
/// A question that cannot be meant.
pub fn survival(question: &Question) -> Result<Vec<Survival>, BreakEvenError> {
    let mut found = Vec::new();
    for input in numbers_of(question) {
        if let (Some(value), Some(flips)) = (question.value_of(input), flip_point(question, input)?) {
            found.push(Survival { input, value, flips });
        }
    }
    Ok(found)
}

/// Each step with its formula, the formula with numbers, and what comes out.
pub fn formula_table(question: &Question, answer: &Answer) -> Table {
    let columns = vec![
        Column::left("step", "Step"),
        Column::left("formula", "Formula"),
        Column::left("numbers", "With numbers"),
        Column::right("value", "Value"),
    ];
    let mut table = Table::new("formulas", "How the answer comes about", columns);
    hour_rows(&mut table, question, answer);
    month_rows(&mut table, answer);
    once_rows(&mut table, question, answer);
    result_rows(&mut table, question, answer);
    table
}

fn step(table: &mut Table, name: &str, formula: &str, numbers: String, value: Cell) {
    table.push(vec![Cell::text(name), Cell::text(formula), Cell::text(numbers), value]);
}

fn rate(amount: Usd) -> String {
    amount.rate()
}

fn rounded(amount: Usd) -> Cell {
    Cell::new(amount.rounded(4), amount.exact())
}

fn hour_rows(table: &mut Table, question: &Question, answer: &Answer) {
    let (renting, flows) = (&question.renting, &answer.flows);
    let committed = renting.committed.is_some();
    let paid_by_use = if committed { Usd::ZERO } else { renting.usd_per_hour.value };
    let numbers = format!(
        "({} + {} + {}) × {}",
        rate(paid_by_use),
        rate(renting.ami_usd_per_hour.value),
        rate(renting.address_usd_per_hour.value),
        exact(renting.overhead.value)
    );
    let formula = if committed { "(0 + AMI + IPv4) × overhead" } else { "(rate + AMI + IPv4) × overhead" };
    step(table, "an hour's work, rented", formula, numbers, rounded(flows.rent_per_hour));
    let numbers = match &question.owning.electricity {
        None => "electricity is left out".to_owned(),
        Some(Electricity { load_watts, idle_watts, usd_per_kwh, pue, .. }) => format!(
            "({} − {}) ÷ 1000 × {} × {} ÷ {}",
            exact(load_watts.value),
            exact(idle_watts.value),
            exact(pue.value),
            rate(usd_per_kwh.value),
            exact(question.owning.speed_ratio.value)
        ),
    };
    let formula = "(W load − W idle) ÷ 1000 × PUE × rate ÷ speed";
    step(table, "an hour's work, owned", formula, numbers, rounded(flows.own_per_hour));
    let numbers = format!("{} − {}", flows.rent_per_hour.rounded(4), flows.own_per_hour.rounded(4));
    step(table, "saved an hour", "rented − owned", numbers, rounded(answer.saved_per_rented_hour));
}

fn month_rows(table: &mut Table, answer: &Answer) {
    let flows = &answer.flows;
    let days = flows.month.days(Decimal::ONE).unwrap_or_default();
    let month = |per_hour: Usd, per_month: Usd| {
        format!(
            "{} × {} × {} + {}",
            Cell::number(flows.hours_per_day, 4).shown,
            Cell::number(days, 4).shown,
            per_hour.rounded(4),
            per_month.rounded(4)
        )
    };
    let money = |amount: Option<Usd>| amount.map_or_else(|| Cell::missing("out of range"), rounded);
    let formula = "hours a day × days × an hour + each month";
    let numbers = month(flows.rent_per_hour, flows.rent_per_month);
    step(table, "a month rented", formula, numbers, money(flows.rent_a_month()));
    let numbers = month(flows.own_per_hour, flows.own_per_month);
    step(table, "a month owned", formula, numbers, money(flows.own_a_month()));
    if let Some(fee) = flows.fee {
        let numbers = format!("{} every {} months", fee.usd, fee.term_months);
        step(table, "a commitment's fee", "at the beginning of each term", numbers, rounded(fee.usd));
    }
    if let Some(loan) = flows.loan {
        let numbers = format!("{} over {} months", loan.financed(), loan.months());
        let formula = "borrowed × i ÷ (1 − (1 + i)^−months)";
        step(table, "a loan's payment", formula, numbers, rounded(loan.payment()));
    }
}

fn once_rows(table: &mut Table, question: &Question, answer: &Answer) {
    let (own, flows) = (&question.owning, &answer.flows);
    let borrowed = flows.loan.map_or(Usd::ZERO, |loan| loan.financed());
    let numbers = format!("{} × (1 + {}) − {borrowed}", own.price.value, own.sales_tax.value);
    step(table, "paid at once", "price × (1 + tax) − loan", numbers, rounded(flows.price));
    let months = answer.at_horizon.months;
    let sold = flows.resale.net_after(months).map_or_else(|| Cell::missing("out of range"), rounded);
    let before = flows.resale.value_after(months).map_or_else(String::new, |value| value.to_string());
    let (formula, numbers) = match &own.value_kept_per_year {
        None => ("resale × (1 − selling cost)", format!("{before} × (1 − {})", own.selling_cost.value)),
        Some(kept) => (
            "price × kept^years × (1 − selling cost)",
            format!(
                "{} × {}^{} × (1 − {})",
                own.price.value,
                kept.value,
                Cell::number(months / Decimal::from(12), SHOWN).shown,
                own.selling_cost.value
            ),
        ),
    };
    step(table, "sold for, at the horizon", formula, numbers, sold);
}

fn result_rows(table: &mut Table, question: &Question, answer: &Answer) {
    let flows = &answer.flows;
    let days = match answer.break_even {
        BreakEven::After(reached) => Cell::number(reached.days, 4),
        BreakEven::Never(_) => Cell::missing("never"),
    };
    if flows.is_constant() {
        let at_once = flows.at_once().map_or_else(String::new, |usd| usd.rounded(4));
        let numbers = format!("{at_once} ÷ {}", answer.saved_per_day.rounded(4));
        step(table, "break-even, days", "(paid at once − sold for) ÷ saved a day", numbers, days);
    } else {
        let numbers = "month by month, as costs change".to_owned();
        step(table, "break-even, days", "the first day on which own so far ≤ rent so far", numbers, days);
    }
    let at = answer.at_horizon;
    let numbers = format!("{} − {}", at.rent_present, at.own_present);
    let formula = match question.terms.discount_per_year.value {
        rate if rate.is_zero() => "renting − owning over the horizon".to_owned(),
        rate => format!("renting − owning over the horizon, each month ÷ (1 + {rate})^(month/12)"),
    };
    step(table, "owning saves", &formula, numbers, Cell::cost(answer.npv));
}

/// What each input may become before the verdict is the other one.
pub fn survival_table(question: &Question, answer: &Answer, survival: &[Survival]) -> Table {
    let columns = vec![
        Column::left("input", "Input"),
        Column::right("value", "Now"),
        Column::right("flips_at", "Flips at"),
        Column::right("change", "Change"),
        Column::left("how", "How"),
    ];
    let mut table = Table::new("survival", survival_sentence(question, answer, survival), columns);
    for Survival { input, value, flips } in survival {
        let (at, change, how) = match flips {
            FlipPoint::At(at) => {
                let change = relative(*value, *at).map_or_else(|| Cell::missing("-"), change_cell);
                (
                    Cell::new(value_cell(*input, told(*input, *at)).shown, exact(*at)),
                    change,
                    beyond(answer.verdict, *value, *at),
                )
            }
            FlipPoint::Never { from, to } => {
                let (from, to) = (value_cell(*input, *from).shown, value_cell(*input, *to).shown);
                (Cell::missing("never"), Cell::missing("-"), format!("{from} to {to}"))
            }
        };
        table.push(vec![
            Cell::new(input.label(), input.key()),
            value_cell(*input, *value),
            at,
            change,
            Cell::text(how),
        ]);
    }
    table.notes.push("each input by itself, the others as they are, over the horizon".to_owned());
    table
}

/// Enough digits for a person.
fn told(input: InputName, at: Decimal) -> Decimal {
    at.trunc_with_scale(if input == InputName::LoadWatts { 0 } else { 4 }).normalize()
}

fn beyond(verdict: Verdict, value: Decimal, at: Decimal) -> String {
    let other = match verdict {
        Verdict::Own => "rent",
        Verdict::Rent => "own",
        Verdict::Same => return "both cost the same now".to_owned(),
    };
    format!("{other} {}", if at >= value { "above" } else { "below" })
}

fn change_cell(change: Decimal) -> Cell {
    let sign = if change > Decimal::ZERO { "+" } else { "" };
    let shown = Cell::number(change.saturating_mul(Decimal::ONE_HUNDRED), 1).shown;
    Cell::new(format!("{sign}{shown} %"), exact(change))
}

/// `None` from nothing.
fn relative(value: Decimal, at: Decimal) -> Option<Decimal> {
    at.checked_sub(value)?.checked_div(value)
}

/// `Own still wins if the machine costs 38 % more, or you use 1.2 h a day instead of 2.` Rounded towards today's values, so
/// that it holds as it is said.
pub fn survival_sentence(question: &Question, answer: &Answer, survival: &[Survival]) -> String {
    let who = match answer.verdict {
        Verdict::Own => "Own",
        Verdict::Rent => "Rent",
        Verdict::Same => return "Both cost the same: any input flips it.".to_owned(),
    };
    let told = [InputName::MachinePrice, InputName::HoursPerDay, InputName::InstanceRate, InputName::SpeedRatio];
    let said: Vec<String> = told
        .iter()
        .filter_map(|input| survival.iter().find(|line| line.input == *input))
        .filter_map(|line| survives(question, line))
        .collect();
    match said.split_last() {
        None => format!("{who} wins whatever a single input becomes."),
        Some((last, [])) => format!("{who} still wins if {last}."),
        Some((last, before)) => format!("{who} still wins if {}, or {last}.", before.join(", ")),
    }
}

fn survives(question: &Question, line: &Survival) -> Option<String> {
    let FlipPoint::At(exactly) = line.flips else { return None };
    let (value, at) = (line.value, towards(line.value, exactly));
    if at == value {
        return None;
    }
    let share = relative(value, exactly);
    let percent = share.map(|share| {
        let size = share.abs().saturating_mul(Decimal::ONE_HUNDRED).trunc_with_scale(1);
        format!("{} % {}", exact(size), if share > Decimal::ZERO { "more" } else { "less" })
    });
    Some(match line.input {
        InputName::MachinePrice => format!("the machine costs {}", percent?),
        InputName::HoursPerDay => {
            format!("you use {} h a day instead of {}", exact(at), Cell::number(value, SHOWN).shown)
        }
        InputName::InstanceRate => format!("{} costs {}", question.renting.name, percent?),
        InputName::SpeedRatio => format!("its speed is {} of the instance's instead of {}", exact(at), exact(value)),
        _ => return None,
    })
}

/// Two decimals nearer to today's value than the flip is.
fn towards(value: Decimal, at: Decimal) -> Decimal {
    let step = Decimal::new(1, SHOWN);
    let cut = at.trunc_with_scale(SHOWN);
    match at > value {
        true => cut,
        false if cut < at => cut.saturating_add(step),
        false => cut,
    }
}
