//! A rent-or-own answer arranged: the verdict in a sentence, tables of results, inputs and totals, and the chart.

mod cash;
mod chart;
mod explain;
mod inputs;
mod results;
mod values;

pub use cash::cash_flow_table;
pub use chart::cumulative_chart;
pub use explain::{Survival, formula_table, survival, survival_sentence, survival_table};
pub use inputs::{assumptions, inputs_table};
pub use results::{answer_table, totals_table};
pub use values::value_cell;

use crate::break_even::{Answer, BreakEven, Question, Reached, Verdict};
use crate::money::Usd;

/// The verdict with its difference and its break-even, without the assumptions: those are [`assumptions`].
pub fn verdict_sentence(question: &Question, answer: &Answer) -> String {
    let (own, rent) = (&question.owning.name, &question.renting.name);
    let difference = Usd::new(answer.npv.amount().abs());
    let over = match question.terms.discount_per_year.value {
        rate if rate.is_zero() => format!("over {}", question.terms.horizon.value),
        rate => format!("over {} in dollars discounted at {rate} a year", question.terms.horizon.value),
    };
    let when = paid_off(answer);
    match answer.verdict {
        Verdict::Own => format!("Own: {over}, owning {own} costs {difference} less than renting {rent}; {when}."),
        Verdict::Rent => format!("Rent: {over}, renting {rent} costs {difference} less than owning {own}; {when}."),
        Verdict::Same => format!("Either: {over}, owning {own} and renting {rent} cost the same to the cent; {when}."),
    }
}

fn paid_off(answer: &Answer) -> String {
    match answer.payback {
        BreakEven::After(Reached { day: 0, .. }) => "owning costs no more from the first day".to_owned(),
        BreakEven::After(reached) if reached.days <= answer.at_horizon.days => {
            format!("the machine has paid for itself on {}", day_and_date(reached))
        }
        BreakEven::After(reached) => format!("the machine would pay for itself only on {}", day_and_date(reached)),
        BreakEven::Never(why) => format!("the machine never pays for itself: {why}"),
    }
}

/// `day 489 (2028-03-25)`
fn day_and_date(reached: Reached) -> String {
    match reached.date {
        Some(date) => format!("day {} ({date})", reached.day),
        None => format!("day {}", reached.day),
    }
}
