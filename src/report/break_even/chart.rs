//! Both sides' cumulative cost as a chart whose title is the finding.

use rust_decimal::Decimal;

use super::day_and_date;
use super::results::sells_for_nothing;
use crate::break_even::{Answer, Question, Reached, Totals, Verdict};
use crate::money::Usd;
use crate::report::chart::{Chart, CostLine, Crossing, CumulativeCost};
use crate::report::table::Cell;

/// Cumulative cost of both over the horizon, in today's dollars where a discount rate was given, their meeting marked.
pub fn cumulative_chart(question: &Question, answer: &Answer) -> Chart {
    let title = title(question, answer);
    if answer.by_month.iter().all(|totals| totals.rent.is_zero() && totals.own.is_zero()) {
        return Chart::Empty { title, why: "neither renting nor owning costs anything".to_owned() };
    }
    let rate = question.terms.discount_per_year.value;
    let crossing = crossing(question, answer);
    let line = |name: String, cost: fn(&Totals, bool) -> Usd| {
        let points = answer.by_month.iter().map(|totals| (totals.days, cost(totals, rate.is_zero())));
        CostLine { name, points: through(points.collect(), crossing.as_ref()) }
    };
    let resale = if sells_for_nothing(answer) { "" } else { ", less its resale" };
    let mut lines = vec![
        line(format!("rent {}", question.renting.name), |t, plain| if plain { t.rent } else { t.rent_present }),
        line(format!("own {}{resale}", question.owning.name), |t, plain| if plain { t.own } else { t.own_present }),
    ];
    if let [rent, own] = lines.as_mut_slice() {
        rent.points = with_fees(std::mem::take(&mut rent.points), answer);
        own.points = with_upgrade(std::mem::take(&mut own.points), answer);
    }
    let y_label = if rate.is_zero() {
        "US dollars so far".to_owned()
    } else {
        format!("US dollars so far, discounted at {rate} a year")
    };
    Chart::CumulativeCost(CumulativeCost {
        title,
        subtitle: subtitle(question),
        x_label: format!("days since {}", answer.start),
        y_label,
        start: Some(answer.start),
        lines,
        crossing,
    })
}

/// The finding.
fn title(question: &Question, answer: &Answer) -> String {
    let horizon = question.terms.horizon.value;
    match (within_horizon(answer), answer.verdict) {
        (Some(Reached { day: 0, .. }), _) if is_never_dearer(answer) => {
            "Owning costs no more from the first day".to_owned()
        }
        (Some(Reached { day: 0, .. }), verdict) => {
            format!("Owning costs no more on the first day and {} over {horizon}", in_the_end(verdict))
        }
        // What pays for itself may fall behind again, as electricity gets dearer say.
        (Some(reached), Verdict::Rent) => {
            format!("Owning pays for itself on {}, but costs more over {horizon}", day_and_date(reached))
        }
        (Some(reached), _) => format!("Owning pays for itself on {}", day_and_date(reached)),
        (None, Verdict::Same) => format!("Renting and owning cost the same over {horizon}"),
        (None, _) => {
            let horizon = horizon.to_string();
            let whole = horizon.strip_prefix("1 ").unwrap_or(&horizon);
            format!("Renting stays cheaper for the whole {whole}")
        }
    }
}

/// In today's dollars, as the payback is.
fn is_never_dearer(answer: &Answer) -> bool {
    answer.by_month.iter().all(|totals| totals.own_present <= totals.rent_present)
}

const fn in_the_end(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Rent => "more",
        Verdict::Own => "less",
        Verdict::Same => "the same",
    }
}

fn subtitle(question: &Question) -> String {
    let Question { owning, renting, terms } = question;
    format!(
        "{} at {} against {} at {}/h, {} h a day",
        owning.name,
        owning.price.value,
        renting.name,
        renting.usd_per_hour.value.rate(),
        Cell::number(terms.hours_per_day.value, 2).shown,
    )
}

fn within_horizon(answer: &Answer) -> Option<Reached> {
    answer.payback.reached().filter(|reached| reached.days <= answer.at_horizon.days)
}

fn crossing(question: &Question, answer: &Answer) -> Option<Crossing> {
    let reached = within_horizon(answer)?;
    let cost = if question.terms.discount_per_year.value.is_zero() {
        answer.flows.rent_after(reached.days)?
    } else {
        answer.flows.rent_present(reached.months, answer.discount)?
    };
    let label = match reached.date {
        Some(date) => format!("break-even: day {}, {date}", reached.day),
        None => format!("break-even: day {}", reached.day),
    };
    Some(Crossing { days: reached.days, cost, label })
}

/// A commitment's fee falls due at once: a step, where the months alone would draw a slope.
fn with_fees(points: Vec<(Decimal, Usd)>, answer: &Answer) -> Vec<(Decimal, Usd)> {
    let Some(fee) = answer.flows.fee else { return points };
    let due = |days: Decimal| {
        let months = answer.flows.month.months(days)?;
        // Days that were whole months before: to the nearest.
        let months = months.checked_add(Decimal::new(1, 9))?.trunc_with_scale(6);
        let whole = (months % Decimal::from(fee.term_months)).is_zero();
        let is_due = whole && !days.is_zero() && days < answer.at_horizon.days;
        fee.usd.scaled(answer.discount.factor(months).filter(|_| is_due)?, Decimal::ONE)
    };
    let mut stepped = Vec::with_capacity(points.len());
    for (days, cost) in points {
        stepped.push((days, cost));
        stepped.extend(due(days).and_then(|fee| cost.checked_add(fee)).map(|cost| (days, cost)));
    }
    stepped
}

/// An upgrade is paid at once too, at the end of its month.
fn with_upgrade(mut points: Vec<(Decimal, Usd)>, answer: &Answer) -> Vec<(Decimal, Usd)> {
    let Some(upgrade) = answer.flows.upgrade else { return points };
    let month = Decimal::from(upgrade.month);
    let paid = answer.discount.factor(month).and_then(|worth| upgrade.usd.scaled(worth, Decimal::ONE));
    let days = answer.flows.month.days(month).filter(|days| *days < answer.at_horizon.days);
    let place = days.and_then(|days| points.iter().rposition(|(at, _)| (*at - days).abs() < Decimal::new(1, 9)));
    if let (Some(place), Some(paid)) = (place, paid)
        && let Some((at, cost)) = points.get(place).copied()
        && let Some(cost) = cost.checked_add(paid)
    {
        points.insert(place + 1, (at, cost));
    }
    points
}

/// The crossing becomes a point of each line, so that drawn lines meet where the mark is.
fn through(mut points: Vec<(Decimal, Usd)>, crossing: Option<&Crossing>) -> Vec<(Decimal, Usd)> {
    if let Some(crossing) = crossing {
        let after = points.partition_point(|(days, _)| *days < crossing.days);
        if points.get(after).is_none_or(|(days, _)| *days != crossing.days) {
            points.insert(after, (crossing.days, crossing.cost));
        }
    }
    points
}
