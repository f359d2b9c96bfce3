//! Hours that are more than one machine has, arranged: rent them all, own and rent the rest, or own enough.

use rust_decimal::Decimal;

use crate::break_even::history::Shared;
use crate::break_even::{Question, Totals};
use crate::money::Usd;
use crate::quantity::exact;
use crate::report::break_even::assumptions;
use crate::report::chart::{Chart, CostLine, CumulativeCost};
use crate::report::history::{plans_sentence, plans_table};
use crate::report::table::Table;

/// The verdict, and what each further machine would serve and cost.
pub fn hybrid_table(question: &Question, shared: &Shared) -> Table {
    let mut table = plans_table(question, 1, shared);
    let hours = exact(question.terms.hours_per_day.value);
    let ratio = exact(question.owning.speed_ratio.value);
    table.notes.push(format!(
        "{hours} rented hours a day are more than one machine does in 24 hours at a speed ratio of {ratio}: what it cannot \
         serve is rented, or served by another one"
    ));
    table.notes.push("assumed: work can wait, so that a machine runs around the clock".to_owned());
    table.notes.push("assumed: the instance keeps its volumes as long as any of its hours are rented".to_owned());
    table.notes.extend(assumptions(question).into_iter().map(|said| format!("assumed: {said}")));
    table
}

/// Renting all, the best plan, and owning enough, each so far.
pub fn hybrid_chart(question: &Question, shared: &Shared) -> Chart {
    let (rate, enough) = (question.terms.discount_per_year.value, shared.parts.len());
    let mut machines = vec![0, shared.machines, enough];
    machines.dedup();
    let start = shared.parts.first().map(|part| part.answer.start);
    let line = |machines: usize| {
        let name = match machines {
            0 => format!("rent {}", question.renting.name),
            owned if owned == enough => format!("own {owned} × {}", question.owning.name),
            owned => format!("own {owned} × {}, rent the rest", question.owning.name),
        };
        CostLine { name, points: so_far(shared, machines, rate.is_zero()) }
    };
    let y_label = if rate.is_zero() {
        "US dollars so far".to_owned()
    } else {
        format!("US dollars so far, discounted at {rate} a year")
    };
    Chart::CumulativeCost(CumulativeCost {
        title: title(shared),
        subtitle: plans_sentence(question, 1, shared),
        x_label: start.map_or_else(String::new, |start| format!("days since {start}")),
        y_label,
        start,
        lines: machines.into_iter().map(line).collect(),
        crossing: None,
    })
}

fn title(shared: &Shared) -> String {
    match shared.machines {
        0 => "Renting all of the hours costs least".to_owned(),
        all if all == shared.parts.len() => "Owning enough for all of the hours costs least".to_owned(),
        _ => "Owning and renting the rest costs least".to_owned(),
    }
}

/// Each part owned or rented, added up moment by moment; ends where a sum is out of range.
fn so_far(shared: &Shared, machines: usize, plain: bool) -> Vec<(Decimal, Usd)> {
    let Some(first) = shared.parts.first() else { return Vec::new() };
    let cost = |owned: bool, at: &Totals| match (owned, plain) {
        (true, true) => at.own,
        (true, false) => at.own_present,
        (false, true) => at.rent,
        (false, false) => at.rent_present,
    };
    let at = |place: usize| {
        let parts = shared.parts.iter().enumerate();
        parts.into_iter().try_fold(Usd::ZERO, |sum, (part, of)| {
            sum.checked_add(cost(part < machines, of.answer.by_month.get(place)?))
        })
    };
    first.answer.by_month.iter().enumerate().map_while(|(place, totals)| Some((totals.days, at(place)?))).collect()
}
