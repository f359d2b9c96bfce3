//! Rent or own under uncertainty, arranged: the odds in a sentence, quantiles, what matters, and the indifference line.

use rust_decimal::Decimal;

use crate::break_even::uncertainty::{Bar, Heat, Odds, Range};
use crate::break_even::{FlipHours, Horizon, InputName, Question};
use crate::money::Usd;
use crate::quantity::exact;
use crate::report::break_even::value_cell;
use crate::report::table::{Cell, Column, Table};

/// `Own in 83 % of futures: …`
pub fn odds_sentence(question: &Question, odds: &Odds) -> String {
    let (own, rent) = (&question.owning.name, &question.renting.name);
    let horizon = horizon_said(question, odds);
    let half = Decimal::new(5, 1);
    let (verdict, share, cheaper, dearer) = if odds.own_wins >= half {
        ("Own", odds.own_wins, own, rent)
    } else {
        ("Rent", Decimal::ONE - odds.own_wins, rent, own)
    };
    let saves = match odds.paths {
        0 => format!("owning saves {}", odds.npv.p50),
        _ => format!(
            "owning saves {} at the median, {} to {} in the middle 80 %",
            odds.npv.p50, odds.npv.p10, odds.npv.p90
        ),
    };
    format!("{verdict}: over {horizon}, {cheaper} is cheaper than {dearer} in {} of futures; {saves}.", percent(share))
}

/// `3 years`; of a range `12 to 60 months`.
pub(super) fn horizon_said(question: &Question, odds: &Odds) -> String {
    let drawn = odds.tornado.iter().find(|bar| bar.input == InputName::Horizon);
    let said = |bar: &Bar| range_said(question, bar.input, &bar.range).replace("..", " to ");
    drawn.map_or_else(|| question.terms.horizon.value.to_string(), said)
}

/// One decimal; 0 and 100 % only where they are meant.
pub(super) fn percent(share: Decimal) -> String {
    let shown = Cell::number(share * Decimal::ONE_HUNDRED, 1).shown;
    match shown.as_str() {
        "100" if share < Decimal::ONE => "over 99.9 %".to_owned(),
        "0" if share > Decimal::ZERO => "under 0.1 %".to_owned(),
        _ => format!("{shown} %"),
    }
}

/// The odds and their quantiles.
pub fn odds_table(question: &Question, odds: &Odds, seed: u64) -> Table {
    let columns = vec![Column::left("result", "Result"), Column::right("value", "Value"), Column::left("how", "How")];
    let mut table = Table::new("odds", odds_sentence(question, odds), columns);
    let mut row = |key: &str, label: &str, value: Cell, how: &str| {
        table.push(vec![Cell::new(label, key), value, Cell::text(how)]);
    };
    let share = Cell::new(percent(odds.own_wins), exact(odds.own_wins));
    row("own_wins", "owning wins", share, "the share of futures in which it costs less");
    row("npv_p10_usd", "owning saves, P10", Cell::cost(odds.npv.p10), "less in one future of ten");
    row("npv_p50_usd", "owning saves, P50", Cell::cost(odds.npv.p50), "the median");
    row("npv_p90_usd", "owning saves, P90", Cell::cost(odds.npv.p90), "more in one future of ten");
    row("npv_mean_usd", "owning saves, mean", Cell::cost(odds.npv.mean), "of all futures");
    row("npv_at_medians_usd", "at the medians", Cell::cost(odds.at_medians), "every input at its median: `break-even`");
    let risk = (-odds.npv.p5).max(Usd::ZERO);
    row("value_at_risk_usd", "value at risk, 95 %", Cell::cost(risk), "buying loses more in one future of twenty");
    table.notes.push(match odds.paths {
        0 => "nothing varies: the exact answer, nothing was drawn".to_owned(),
        paths => format!("{paths} futures, seed {seed}: the same seed gives the same figures"),
    });
    table.notes.push("inputs are drawn apart from one another; all others are as `break-even` has them".to_owned());
    table
}

/// Which input matters: each alone from its tenth to its ninetieth part.
pub fn tornado_table(question: &Question, odds: &Odds) -> Table {
    let columns = vec![
        Column::left("input", "Input"),
        Column::left("range", "Range").detail(),
        Column::right("p10", "P10"),
        Column::right("p90", "P90"),
        Column::right("npv_at_p10_usd", "Saves at P10"),
        Column::right("npv_at_p90_usd", "at P90"),
        Column::right("swing_usd", "Swing"),
    ];
    let mut table = Table::new("tornado", "What matters, the others at their medians", columns);
    for bar in &odds.tornado {
        table.push(vec![
            Cell::new(bar.input.label(), bar.input.key()),
            Cell::new(range_said(question, bar.input, &bar.range), range_typed(question, bar.input, &bar.range)),
            drawn_cell(question, bar.input, bar.p10),
            drawn_cell(question, bar.input, bar.p90),
            Cell::cost(bar.npv_at_p10),
            Cell::cost(bar.npv_at_p90),
            Cell::cost(Usd::new(bar.swing())),
        ]);
    }
    table
}

/// For each horizon the hours a day at which neither is cheaper.
pub fn indifference_table(heat: &Heat) -> Table {
    let columns = vec![
        Column::right("months", "Horizon, months"),
        Column::right("flip_hours_per_day", "Hours a day"),
        Column::left("how", "Cheaper"),
    ];
    let mut table = Table::new("indifference", "Where the verdict flips", columns);
    for column in &heat.columns {
        let (hours, how) = flip(column.flip);
        table.push(vec![Cell::text(column.months.to_string()), hours, Cell::text(how)]);
    }
    table
}

fn flip(flip: FlipHours) -> (Cell, String) {
    match flip {
        FlipHours::Above(hours) => (Cell::number(hours, 2), "own above, rent below".to_owned()),
        FlipHours::Below(hours) => (Cell::number(hours, 2), "own below, rent above".to_owned()),
        FlipHours::OwnAtAnyHours => (Cell::missing("none"), "own at any hours".to_owned()),
        FlipHours::MoreThanADay { limit } => {
            (Cell::missing(format!("more than {}", exact(limit))), "rent at any hours".to_owned())
        }
        FlipHours::Never { .. } => (Cell::missing("never"), "rent at any hours".to_owned()),
    }
}

/// Every cell of the grid, hours a day by horizon.
pub fn heat_table(heat: &Heat) -> Table {
    let columns = vec![
        Column::right("months", "Horizon, months"),
        Column::right("hours_per_day", "Hours a day"),
        Column::right("own_saves_usd", "Owning saves"),
    ];
    let mut table = Table::new("heat", "What owning saves, by horizon and hours a day", columns);
    for column in &heat.columns {
        for (hours, npv) in heat.hours_per_day.iter().zip(&column.npv) {
            table.push(vec![Cell::text(column.months.to_string()), Cell::number(*hours, 2), Cell::cost(*npv)]);
        }
    }
    table
}

/// What was given as a range, for a note: `hours a day 1..4`.
pub fn ranges_said(question: &Question, ranges: &[(InputName, Range)]) -> String {
    let said: Vec<String> =
        ranges.iter().map(|(input, range)| format!("{input} {}", range_said(question, *input, range))).collect();
    said.join(", ")
}

/// As it was typed: shares in percent, times in months or days.
fn range_said(question: &Question, input: InputName, range: &Range) -> String {
    match input {
        InputName::Horizon if counts_days(question) => format!("{range} days"),
        input if input.is_whole() => format!("{range} months"),
        input if input.is_share() => range.in_percent(),
        _ => range.to_string(),
    }
}

/// For programs: shares as fractions, a horizon with its unit.
fn range_typed(question: &Question, input: InputName, range: &Range) -> String {
    match input {
        InputName::Horizon => format!("{range}{}", horizon_unit(question)),
        _ => range.to_string(),
    }
}

const fn horizon_unit(question: &Question) -> char {
    if counts_days(question) { 'd' } else { 'm' }
}

const fn counts_days(question: &Question) -> bool {
    matches!(question.terms.horizon.value, Horizon::Days(_))
}

/// A drawn input's value; a horizon as the question counts it, for programs as the command line reads it.
pub(super) fn drawn_cell(question: &Question, input: InputName, value: Decimal) -> Cell {
    match input {
        InputName::Horizon => {
            let unit = if counts_days(question) { "days" } else { "months" };
            Cell::new(format!("{} {unit}", exact(value)), format!("{}{}", exact(value), horizon_unit(question)))
        }
        _ => value_cell(input, value),
    }
}
