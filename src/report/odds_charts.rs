//! Rent or own under uncertainty as charts, and the numbers of their bands.

use rust_decimal::Decimal;

use crate::break_even::uncertainty::{Band, Heat, HeatColumn, Odds, Spread};
use crate::break_even::{Answer, FlipHours, Question};
use crate::money::Usd;
use crate::report::break_even::cumulative_chart;
use crate::report::chart::{BandedCost, Chart, HeatMap, HeatMapColumn, Tornado, TornadoBar};
use crate::report::odds::{drawn_cell, horizon_said, odds_sentence, percent};
use crate::report::table::{Cell, Column, Table};

/// More inputs than that are left to the table.
const MOST_BARS: usize = 12;

/// Both sides' cost so far with every input at its median, and around it where eight futures of ten lie.
pub fn banded_chart(question: &Question, answer: &Answer, odds: &Odds, bands: &[Band]) -> Chart {
    let Chart::CumulativeCost(mut costs) = cumulative_chart(question, answer) else {
        return cumulative_chart(question, answer);
    };
    if bands.is_empty() {
        return Chart::CumulativeCost(costs);
    }
    let share = percent(odds.own_wins);
    costs.title = format!("Owning is cheaper in {share} of futures over {}", horizon_said(question, odds));
    costs.subtitle = format!("{}; lines at the medians, bands hold 8 futures of 10", costs.subtitle);
    let around = |of: fn(&Band) -> Spread| -> Vec<(Decimal, Usd, Usd)> {
        bands.iter().map(|band| (band.days, of(band).p10, of(band).p90)).collect()
    };
    Chart::BandedCost(BandedCost { costs, bands: vec![around(|band| band.rent), around(|band| band.own)] })
}

/// The numbers of the bands.
pub fn bands_table(bands: &[Band]) -> Table {
    let columns = vec![
        Column::right("month", "Month"),
        Column::right("days", "Days").detail(),
        Column::right("rent_p10_usd", "Rent P10"),
        Column::right("rent_p50_usd", "P50"),
        Column::right("rent_p90_usd", "P90"),
        Column::right("own_p10_usd", "Own P10"),
        Column::right("own_p50_usd", "P50"),
        Column::right("own_p90_usd", "P90"),
    ];
    let mut table = Table::new("bands", "Cost so far in the futures, today's dollars", columns);
    for band in bands {
        let mut row = vec![Cell::number(band.months, 2), Cell::number(band.days, 2)];
        for Spread { p10, p50, p90 } in [band.rent, band.own] {
            row.extend([p10, p50, p90].map(Cell::cost));
        }
        table.push(row);
    }
    table.notes.push("owning is less the resale, as if sold in that month".to_owned());
    table
}

/// Which input matters, as bars.
pub fn tornado_chart(question: &Question, odds: &Odds) -> Chart {
    let title = match odds.tornado.first() {
        Some(bar) => format!("What matters most: {}", bar.input),
        None if odds.paths > 0 => {
            let why = "no input is a range: only the hours of each month to come are drawn".to_owned();
            return Chart::Empty { title: "Only the months vary".to_owned(), why };
        }
        None => "No input varies".to_owned(),
    };
    let rest = match odds.tornado.len().saturating_sub(MOST_BARS) {
        0 => String::new(),
        more => format!(" {more} more matter less."),
    };
    let bars = odds.tornado.iter().take(MOST_BARS).map(|bar| TornadoBar {
        name: bar.input.label().to_owned(),
        low: (drawn_cell(question, bar.input, bar.p10).shown, bar.npv_at_p10),
        high: (drawn_cell(question, bar.input, bar.p90).shown, bar.npv_at_p90),
    });
    Chart::Tornado(Tornado {
        title,
        subtitle: format!("{} Each input alone, from its P10 to its P90.{rest}", odds_sentence(question, odds)),
        x_label: format!(
            "what owning saves over {}, US dollars: right of zero owning is cheaper",
            horizon_said(question, odds)
        ),
        at_medians: odds.at_medians,
        bars: bars.collect(),
    })
}

/// What owning saves by horizon and hours a day, with the hours at which neither is cheaper.
pub fn heat_chart(question: &Question, heat: &Heat) -> Chart {
    let step = heat.hours_per_day.get(1).copied().unwrap_or(Decimal::ONE);
    let columns = heat.columns.iter().map(|column| HeatMapColumn {
        name: column.months.to_string(),
        cells: column.npv.clone(),
        zero_at: hours_of(column).and_then(|hours| hours.checked_div(step)),
    });
    Chart::HeatMap(HeatMap {
        title: heat_title(question, heat),
        subtitle: format!(
            "what owning {} instead of renting {} saves, US dollars of today",
            question.owning.name, question.renting.name
        ),
        x_label: "horizon, months".to_owned(),
        y_label: "hours a day".to_owned(),
        rows: heat.hours_per_day.iter().map(|hours| Cell::number(*hours, 2).shown).collect(),
        columns: columns.collect(),
    })
}

fn hours_of(column: &HeatColumn) -> Option<Decimal> {
    match column.flip {
        FlipHours::Above(hours) | FlipHours::Below(hours) => Some(hours),
        FlipHours::OwnAtAnyHours | FlipHours::MoreThanADay { .. } | FlipHours::Never { .. } => None,
    }
}

/// The finding, at the horizon nearest to the one asked about.
fn heat_title(question: &Question, heat: &Heat) -> String {
    let asked = question.terms.horizon.value.months(question.terms.month.value).unwrap_or_default();
    let away = |column: &&HeatColumn| (Decimal::from(column.months) - asked).abs();
    let Some(column) = heat.columns.iter().min_by_key(away) else { return "Rent or own".to_owned() };
    let months = column.months;
    match column.flip {
        FlipHours::Above(hours) => {
            format!("Over {months} months owning is cheaper from {} h a day on", Cell::number(hours, 2).shown)
        }
        FlipHours::Below(hours) => {
            format!("Over {months} months owning is cheaper up to {} h a day", Cell::number(hours, 2).shown)
        }
        FlipHours::OwnAtAnyHours => format!("Over {months} months owning is cheaper at any hours"),
        FlipHours::MoreThanADay { .. } | FlipHours::Never { .. } => {
            format!("Over {months} months renting is cheaper at any hours")
        }
    }
}
