//! Every chart, whatever its values: no text on another text, none off the page.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::lettering::Lettering;
use super::scene::{Area, HEIGHT, Mark, Scene, WIDTH};
use crate::money::Usd;
use crate::report::chart::{
    BandedCost, BarSeries, Chart, CostLine, Crossing, CumulativeCost, DailyBars, HeatMap, HeatMapColumn, Tornado,
    TornadoBar,
};

fn assert_legible(scene: &Scene, lettering: &Lettering) {
    let page = Area { left: 0.0, top: 0.0, right: WIDTH, bottom: HEIGHT };
    let texts: Vec<_> = scene
        .marks
        .iter()
        .filter_map(|mark| if let Mark::Text(text) = mark { Some((text, text.area(lettering))) } else { None })
        .collect();
    for (i, (text, area)) in texts.iter().enumerate() {
        let inside =
            area.left >= page.left && area.right <= page.right && area.top >= page.top && area.bottom <= page.bottom;
        assert!(inside, "off the page: {text:?} {area:?}");
        for (other, other_area) in texts.iter().skip(i + 1) {
            assert!(!area.overlaps(*other_area), "{text:?} is on {other:?}");
        }
    }
    for mark in &scene.marks {
        let points: Vec<(f64, f64)> = match mark {
            Mark::Rectangle { area, .. } => vec![(area.left, area.top), (area.right, area.bottom)],
            Mark::Path { points, .. } | Mark::Polygon { points, .. } => points.clone(),
            Mark::Dot { x, y, .. } => vec![(*x, *y)],
            Mark::Text(_) => vec![],
        };
        for (x, y) in points {
            assert!((0.0..=WIDTH).contains(&x) && (0.0..=HEIGHT).contains(&y), "off the page: {mark:?}");
        }
    }
}

fn usd() -> impl Strategy<Value = Usd> {
    let digits = prop_oneof![Just(0_i64), -1_000_000..1_000_000_i64, 0..100_000_i64];
    (digits, 0..10_u32, 0..2_u32).prop_map(|(digits, scale, big)| {
        Usd::new(Decimal::new(digits, scale) * Decimal::from(if big == 1 { 100_000_u32 } else { 1 }))
    })
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![Just(String::new()), any::<String>(), "[a-zA-Z0-9 $.,:-]{0,160}", "[W東🎉]{0,90}"]
}

fn start() -> impl Strategy<Value = Date> {
    (0..4000_i64).prop_map(|n| date(2020, 1, 1) + n.days())
}

fn daily() -> impl Strategy<Value = Chart> {
    let days = prop_oneof![0..5_usize, 28..32_usize, 5..400_usize];
    (days, 0..17_usize, start(), words(), words(), words()).prop_flat_map(
        |(days, series, first, title, subtitle, name)| {
            let dates: Vec<Date> = (0..days as i64).map(|i| first + i.days()).collect();
            prop::collection::vec(prop::collection::vec(usd(), days), series).prop_map(move |values| {
                let series = values
                    .into_iter()
                    .enumerate()
                    .map(|(i, values)| BarSeries { name: format!("{name}{i}"), values })
                    .collect();
                let (title, subtitle, y_label) = (title.clone(), subtitle.clone(), name.clone());
                Chart::DailyBars(DailyBars { title, subtitle, y_label, days: dates.clone(), series })
            })
        },
    )
}

fn cumulative() -> impl Strategy<Value = Chart> {
    let point = (prop_oneof![0..40_u32, 0..5000_u32], usd());
    let points = prop::collection::vec(point, 0..12).prop_map(|mut points| {
        points.sort_by_key(|(days, _)| *days);
        points.into_iter().map(|(days, cost)| (Decimal::new(i64::from(days), 1), cost)).collect::<Vec<_>>()
    });
    let line = (words(), points).prop_map(|(name, points)| CostLine { name, points });
    let crossing = (0..6000_u32, usd(), words()).prop_map(|(days, cost, label)| Crossing {
        days: Decimal::new(i64::from(days), 1),
        cost,
        label,
    });
    let lines = prop::collection::vec(line, 0..17);
    (words(), words(), words(), prop::option::of(start()), lines, prop::option::of(crossing)).prop_map(
        |(title, subtitle, label, start, lines, crossing)| {
            let (x_label, y_label) = (label.clone(), label);
            Chart::CumulativeCost(CumulativeCost { title, subtitle, x_label, y_label, start, lines, crossing })
        },
    )
}

fn banded() -> impl Strategy<Value = Chart> {
    let band = prop::collection::vec((0..500_u32, usd(), usd()), 0..12).prop_map(|mut band| {
        band.sort_by_key(|(days, ..)| *days);
        let spread = |(days, one, other): (u32, Usd, Usd)| (Decimal::from(days), one.min(other), one.max(other));
        band.into_iter().map(spread).collect::<Vec<_>>()
    });
    (cumulative(), prop::collection::vec(band, 0..4)).prop_map(|(chart, bands)| match chart {
        Chart::CumulativeCost(costs) => Chart::BandedCost(BandedCost { costs, bands }),
        other => other,
    })
}

fn tornado() -> impl Strategy<Value = Chart> {
    let bar = (words(), (words(), usd()), (words(), usd()));
    let bars = prop::collection::vec(bar, 0..17)
        .prop_map(|bars| bars.into_iter().map(|(name, low, high)| TornadoBar { name, low, high }).collect());
    (words(), words(), words(), usd(), bars).prop_map(|(title, subtitle, x_label, at_medians, bars)| {
        Chart::Tornado(Tornado { title, subtitle, x_label, at_medians, bars })
    })
}

fn heat_map() -> impl Strategy<Value = Chart> {
    (0..25_usize, 0..25_usize, words(), words()).prop_flat_map(|(rows, columns, title, name)| {
        let column = (prop::collection::vec(usd(), rows), prop::option::of(-50..300_i64));
        prop::collection::vec(column, columns).prop_map(move |columns| {
            let columns = columns.into_iter().enumerate().map(|(i, (cells, zero_at))| HeatMapColumn {
                name: format!("{i}{name}"),
                cells,
                zero_at: zero_at.map(|tenths| Decimal::new(tenths, 1)),
            });
            Chart::HeatMap(HeatMap {
                title: title.clone(),
                subtitle: name.clone(),
                x_label: name.clone(),
                y_label: title.clone(),
                rows: (0..rows).map(|row| format!("{row}{name}")).collect(),
                columns: columns.collect(),
            })
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn daily_bars_are_legible(chart in daily()) {
        let lettering = Lettering::embedded().unwrap();
        assert_legible(&super::scene(&chart, &lettering).unwrap(), &lettering);
    }

    #[test]
    fn cumulative_costs_are_legible(chart in cumulative()) {
        let lettering = Lettering::embedded().unwrap();
        assert_legible(&super::scene(&chart, &lettering).unwrap(), &lettering);
    }

    #[test]
    fn bands_are_legible(chart in banded()) {
        let lettering = Lettering::embedded().unwrap();
        assert_legible(&super::scene(&chart, &lettering).unwrap(), &lettering);
    }

    #[test]
    fn tornados_are_legible(chart in tornado()) {
        let lettering = Lettering::embedded().unwrap();
        assert_legible(&super::scene(&chart, &lettering).unwrap(), &lettering);
    }

    #[test]
    fn heat_maps_are_legible(chart in heat_map()) {
        let lettering = Lettering::embedded().unwrap();
        assert_legible(&super::scene(&chart, &lettering).unwrap(), &lettering);
    }

    #[test]
    fn empty_charts_are_legible(title in words(), why in words()) {
        let lettering = Lettering::embedded().unwrap();
        assert_legible(&super::scene(&Chart::Empty { title, why }, &lettering).unwrap(), &lettering);
    }
}
