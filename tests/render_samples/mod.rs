//! Charts at their usual and at their extremes, tables of any words, and a check of XML.

pub mod tables;
pub mod xml;

use gpucost::money::Usd;
use gpucost::report::chart::{BarSeries, Chart, CostLine, Crossing, CumulativeCost, DailyBars};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use rust_decimal::Decimal;

/// A name, the digits of its cost on each day, and their scale.
type Series<'a> = (&'a str, &'a dyn Fn(usize) -> i64, u32);

pub fn daily(title: &str, first: Date, days: usize, series: &[Series]) -> DailyBars {
    DailyBars {
        title: title.to_owned(),
        subtitle: "Billed cost by charge day (UTC), October 2026, on-demand rates as of 2026-11-20".to_owned(),
        y_label: "US dollars a day".to_owned(),
        days: (0..days as i64).map(|i| first + i.days()).collect(),
        series: series
            .iter()
            .map(|(name, value, scale)| BarSeries {
                name: (*name).to_owned(),
                values: (0..days).map(|i| Usd::new(Decimal::new(value(i), *scale))).collect(),
            })
            .collect(),
    }
}

pub fn october(days: usize) -> DailyBars {
    daily(
        "Storage of stopped instances cost $43.12 in October: more than a third of the bill",
        date(2026, 10, 1),
        days,
        &[
            ("Compute", &|i| if i % 7 < 5 { 180 + 37 * (i as i64 % 4) } else { 0 }, 2),
            ("Storage while running", &|i| if i % 7 < 5 { 31 } else { 0 }, 2),
            ("Storage while stopped", &|i| 139 + (i as i64 % 3), 2),
            ("Addresses", &|_| 24, 2),
        ],
    )
}

pub fn rent_or_own(days: i64, own: i64, rent_a_day: i64, own_a_day: i64, start: Option<Date>) -> CumulativeCost {
    let line = |name: &str, fixed: i64, a_day: i64| CostLine {
        name: name.to_owned(),
        points: (0..=days)
            .step_by((days as usize / 50).max(1))
            .chain([days])
            .map(|day| (Decimal::from(day), Usd::new(Decimal::new(fixed + a_day * day, 2))))
            .collect(),
    };
    let crossing = (rent_a_day > own_a_day).then(|| {
        let at = Decimal::from(own) / Decimal::from(rent_a_day - own_a_day);
        Crossing {
            days: at,
            cost: Usd::new(at * Decimal::new(rent_a_day, 2)),
            label: format!("break-even: day {}, 2028-02-01", at.ceil()),
        }
    });
    CumulativeCost {
        title: "Owning a $1,000 machine is cheaper than renting a p2.xlarge after 489 days".to_owned(),
        subtitle: "2 h a day, us-west-2, on-demand $0.90 an hour and 75 GB gp2; power 250 W at $0.17/kWh; no resale"
            .to_owned(),
        x_label: if start.is_some() { String::new() } else { "time since the purchase".to_owned() },
        y_label: "US dollars so far".to_owned(),
        start,
        lines: vec![line("Rent p2.xlarge", 0, rent_a_day), line("Own RTX 3090 desktop", own, own_a_day)],
        crossing,
    }
}

fn many_lines(count: usize) -> CumulativeCost {
    let lines = (0..count)
        .map(|i| CostLine {
            name: format!("p{i}.{}xlarge on-demand in us-west-{i}", 1 << (i % 5)),
            points: (0..=24)
                .map(|m| (Decimal::from(m * 30), Usd::new(Decimal::from(m * (90 + 4 * i as i64)))))
                .collect(),
        })
        .collect();
    CumulativeCost { lines, crossing: None, ..rent_or_own(720, 1, 1, 0, Some(date(2026, 10, 1))) }
}

pub fn charts() -> Vec<(&'static str, Chart)> {
    let bars = Chart::DailyBars;
    let lines = Chart::CumulativeCost;
    let first = date(2026, 10, 1);
    let names: Vec<String> = (0..12).map(|i| format!("team-{i}: a rather long name of a cost center")).collect();
    let twelve: Vec<Series> = names
        .iter()
        .map(|name| (name.as_str(), &(|i: usize| 100 + 13 * i as i64) as &dyn Fn(usize) -> i64, 2))
        .collect();
    vec![
        ("daily-october", bars(october(31))),
        ("daily-1-day", bars(october(1))),
        ("daily-7-days", bars(october(7))),
        ("daily-92-days", bars(october(92))),
        ("daily-365-days", bars(october(365))),
        ("daily-zero", bars(daily("Nothing was billed in October", first, 31, &[("Compute", &|_| 0, 2)]))),
        (
            "daily-one-value",
            bars(daily("One day, one cost", first, 31, &[("Compute", &|i| if i == 30 { 4567 } else { 0 }, 2)])),
        ),
        ("daily-tiny", bars(daily("Almost nothing", first, 10, &[("Snapshots", &|i| i as i64, 5)]))),
        (
            "daily-huge",
            bars(daily(
                "Ten million a day",
                first,
                31,
                &[("Compute", &|i| 1_000_000_000 - i as i64, 2), ("Storage", &|_| 12_345_678, 2)],
            )),
        ),
        (
            "daily-credits",
            bars(daily(
                "Credits paid for half of October",
                first,
                31,
                &[
                    ("Compute", &|i| 500 + 10 * i as i64, 2),
                    ("Storage", &|_| 150, 2),
                    ("Credits", &|i| if i > 12 { -400 } else { 0 }, 2),
                ],
            )),
        ),
        (
            "daily-12-series",
            bars(daily(
                "Twelve teams share the bill, and the title of this chart is so long that it has to be wrapped into two lines, or even cut",
                first,
                31,
                &twelve,
            )),
        ),
        ("own-489", lines(rent_or_own(1095, 100_000, 205, 0, Some(date(2026, 10, 1))))),
        ("own-elapsed", lines(rent_or_own(1095, 100_000, 205, 17, None))),
        ("own-left", lines(rent_or_own(1095, 3_000, 205, 17, Some(first)))),
        ("own-right", lines(rent_or_own(500, 100_000, 205, 2, Some(first)))),
        ("own-top", lines(rent_or_own(488, 100_000, 205, 0, Some(first)))),
        ("own-never", lines(rent_or_own(1095, 500_000, 205, 17, Some(first)))),
        ("own-short", lines(rent_or_own(10, 1_000, 300, 17, Some(first)))),
        ("own-decade", lines(rent_or_own(3650, 1_000_000_000, 500_000, 17, Some(first)))),
        ("own-12-lines", lines(many_lines(12))),
        ("own-close", lines(rent_or_own(1095, 1_000, 205, 204, Some(first)))),
        (
            "empty",
            Chart::Empty {
                title: "No usage in October 2026".to_owned(),
                why: "The ledger has no session in this month. Import some with `gpucost usage import FILE`."
                    .to_owned(),
            },
        ),
    ]
}
