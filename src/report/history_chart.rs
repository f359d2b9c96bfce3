//! A history's dollars so far as a chart, and the numbers behind it.

use rust_decimal::Decimal;

use crate::break_even::Question;
use crate::break_even::history::{Course, Hindsight, Purchase, SoFar};
use crate::money::Usd;
use crate::report::chart::{Chart, CostLine, Crossing, CumulativeCost};
use crate::report::table::{Cell, Column, Table};

/// What was paid, and what would have been had the machine been bought on a day in it.
pub fn history_chart(question: &Question, courses: &[Course], hindsight: &[Hindsight]) -> Chart {
    let title = title(question, hindsight);
    let Some(SoFar { date: first, .. }) = courses.first().and_then(|rent| rent.points.first()).copied() else {
        return Chart::Empty { title, why: "there is no day in the history".to_owned() };
    };
    let lines = courses.iter().map(|course| CostLine {
        name: course.bought.map_or_else(|| "rented".to_owned(), |at| format!("bought {}", at.on)),
        // From the rent at once up to the price.
        points: course
            .points
            .first()
            .map(|first| (first.days, course.rent_before))
            .into_iter()
            .chain(course.points.iter().map(|at| (at.days, at.cost)))
            .collect(),
    });
    Chart::CumulativeCost(CumulativeCost {
        title,
        subtitle: format!(
            "{} at {} against {}: the hours it could have served, at today's rates{}",
            question.owning.name,
            question.owning.price.value,
            question.renting.name,
            if question.owning.resale.value.is_zero() { "" } else { ", less its resale" },
        ),
        x_label: format!("days since {first}"),
        y_label: "US dollars so far".to_owned(),
        start: Some(first),
        lines: lines.collect(),
        crossing: crossing(courses),
    })
}

/// The finding: the purchase that would have saved most by now.
fn title(question: &Question, hindsight: &[Hindsight]) -> String {
    let own = &question.owning.name;
    match hindsight.iter().max_by_key(|at| at.saved) {
        Some(at) if at.saved > Usd::ZERO => {
            format!("Bought on {}, {own} would have saved {} by now", at.bought_on, at.saved)
        }
        _ => format!("Renting was cheaper so far, whenever {own} had been bought"),
    }
}

/// Where the first purchase drawn has cost no more than the rent.
fn crossing(courses: &[Course]) -> Option<Crossing> {
    let (rent, bought) = (courses.first()?, courses.iter().filter(|course| course.bought.is_some()));
    let own = bought.min_by_key(|course| course.bought.map(|at| at.on))?;
    let days_before = own.points.first()?.days;
    let rent: Vec<&SoFar> = rent.points.iter().skip_while(|at| at.days < days_before).collect();
    let ahead = |place: usize| Some(rent.get(place)?.cost.amount() - own.points.get(place)?.cost.amount());
    let place = (1..own.points.len()).find(|place| ahead(*place).is_some_and(|usd| usd >= Decimal::ZERO))?;
    let (before, after) = (ahead(place - 1)?, ahead(place)?);
    let part = (-before).checked_div(after - before).unwrap_or_default().clamp(Decimal::ZERO, Decimal::ONE);
    let between = |of: fn(&SoFar) -> Decimal| {
        Some(of(rent.get(place - 1)?) * (Decimal::ONE - part) + of(rent.get(place)?) * part)
    };
    let date = own.points.get(place)?.date;
    Some(Crossing {
        days: between(|at| at.days)?,
        cost: Usd::new(between(|at| at.cost.amount())?),
        label: format!("paid for: {date}"),
    })
}

/// Every number of the chart.
pub fn courses_table(courses: &[Course]) -> Table {
    let columns = vec![
        Column::left("bought_on", "Bought on"),
        Column::right("months_ago", "Months ago"),
        Column::left("date", "Date"),
        Column::right("days", "Days").detail(),
        Column::right("hours", "Hours so far"),
        Column::right("cost_usd", "Cost so far"),
    ];
    let mut table = Table::new("history_days", "Dollars so far, at each day's end", columns);
    for course in courses {
        let (on, ago) = match course.bought {
            None => (Cell::missing("rented"), Cell::missing("-")),
            Some(Purchase { months_ago: None, on }) => (Cell::text(on.to_string()), Cell::missing("first day")),
            Some(Purchase { months_ago: Some(ago), on }) => (Cell::text(on.to_string()), Cell::text(ago.to_string())),
        };
        for at in &course.points {
            table.push(vec![
                on.clone(),
                ago.clone(),
                Cell::text(at.date.to_string()),
                Cell::number(at.days, 2),
                Cell::number(at.hours, 2),
                Cell::cost(at.cost),
            ]);
        }
    }
    table.notes.push(
        "the rent before a purchase counts with it; owning is less the resale, as if sold on that day".to_owned(),
    );
    table
}
