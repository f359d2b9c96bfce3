//! A month's cost by day as a chart whose title is the finding.

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::bill::{Purpose, measured};
use super::chart::{BarSeries, Chart, DailyBars};
use crate::billing::Bill;
use crate::money::Usd;
use crate::time::Month;

/// Each day of the month, stacked by purpose. The title says where the money went.
pub fn daily_chart(bill: &Bill) -> Chart {
    let days: Vec<Date> = bill.month.period().by_day().map(|(date, _)| date).collect();
    let mut series: BTreeMap<Purpose, Vec<Usd>> = BTreeMap::new();
    for (line, _) in measured(bill) {
        let purpose = Purpose::of(line.meter, line.phase);
        let values = series.entry(purpose).or_insert_with(|| vec![Usd::ZERO; days.len()]);
        for (date, cost) in line.cost_by_day() {
            let value = days.iter().position(|day| *day == date).and_then(|index| values.get_mut(index));
            if let Some(value) = value {
                *value += cost;
            }
        }
    }
    series.retain(|_, values| values.iter().any(|value| !value.is_zero()));
    if series.is_empty() {
        let (title, why) = match (bill.line_items.is_empty(), bill.is_lower_bound()) {
            (true, _) => ("nothing is recorded", "No usage is recorded for this month."),
            (false, true) => ("cost unknown", "No usage with a rate is recorded for this month."),
            (false, false) => ("nothing to bill", "Nothing that surely cost is recorded for this month."),
        };
        return Chart::Empty { title: format!("{}: {title}", in_words(bill.month)), why: why.to_owned() };
    }
    Chart::DailyBars(DailyBars {
        title: daily_title(bill, &series),
        subtitle: format!("Cost by day, {}, UTC; rate × recorded usage", bill.month),
        y_label: "US dollars a day".to_owned(),
        days,
        series: series
            .into_iter()
            .map(|(purpose, values)| BarSeries { name: purpose.name().to_owned(), values })
            .collect(),
    })
}

/// The share that bought no running time is what people overlook: it is the finding.
fn daily_title(bill: &Bill, series: &BTreeMap<Purpose, Vec<Usd>>) -> String {
    let total = bill.total();
    let idle: Usd = [Purpose::StorageStopped, Purpose::StorageUnattached]
        .iter()
        .filter_map(|purpose| series.get(purpose))
        .flatten()
        .copied()
        .sum();
    if bill.is_lower_bound() {
        // The share of an unknown whole is unknown.
        let of_idle =
            if idle.is_zero() { String::new() } else { format!(", {idle} of it for disks with no running machine") };
        return format!("{}: at least {total}{of_idle}", in_words(bill.month));
    }
    let share = idle.scaled(Decimal::ONE_HUNDRED, total.amount()).map(Usd::amount);
    match share {
        Some(share) if !idle.is_zero() => format!(
            "{}: {total}, of which {idle} ({} %) for disks with no running machine",
            in_words(bill.month),
            share.round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
        ),
        _ => format!("{}: {total}", in_words(bill.month)),
    }
}

/// `October 2026`
fn in_words(month: Month) -> String {
    month.first_day().strftime("%B %Y").to_string()
}
