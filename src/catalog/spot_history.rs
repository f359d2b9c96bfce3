//! Spot prices over a window: how long each held, and what that comes to an hour.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::money::{LINE_ITEM_DECIMALS, Usd};
use crate::time::Period;

/// A zone's price of a type from a moment on, until its next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpotPrice {
    pub instance_type: String,
    pub az_id: String,
    pub from: Timestamp,
    pub usd_per_hour: Usd,
}

/// A region's spot prices over a window, one mean for each type and zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpotHistory {
    pub region: String,
    pub start: Timestamp,
    /// When it was asked.
    pub end: Timestamp,
    /// As asked: a type of another family that is not here was not asked for.
    pub families: Vec<String>,
    /// Sorted by type, then zone.
    pub means: Vec<SpotMean>,
    /// Rows left out: a price of nothing, or an absurd one.
    pub skipped: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpotMean {
    pub instance_type: String,
    pub az_id: String,
    /// When the first price is known from, within the window: its start, or later where the zone was new to it.
    pub from: Timestamp,
    /// Each price weighted with the time it held.
    pub mean: Usd,
    /// At the window's end.
    pub now: Usd,
    pub min: Usd,
    pub max: Usd,
}

/// An hour that costs more is a slip: it is many times the dearest rate of the card, on demand or spot.
const MOST_USD_PER_HOUR: Usd = Usd::new(Decimal::from_parts(2000, 0, 0, false, 0));

/// Whether no hour can have cost this: nothing, less, or thousands.
pub fn is_absurd(usd_per_hour: Usd) -> bool {
    usd_per_hour <= Usd::ZERO || usd_per_hour > MOST_USD_PER_HOUR
}

impl SpotHistory {
    /// A price holds until the zone's next one; the last before the window counts from its start. Prices from the
    /// window's end on, and absurd ones, do not count.
    pub fn of(region: &str, window: Period, families: &[String], prices: Vec<SpotPrice>) -> SpotHistory {
        let total = prices.len();
        let mut zones: BTreeMap<(String, String), Vec<(Timestamp, Usd)>> = BTreeMap::new();
        let sane = prices.into_iter().filter(|price| !is_absurd(price.usd_per_hour));
        let mut kept = 0;
        for price in sane {
            kept += 1;
            zones.entry((price.instance_type, price.az_id)).or_default().push((price.from, price.usd_per_hour));
        }
        let means = zones.into_iter().filter_map(|((instance_type, az_id), prices)| {
            let held = held(prices, window);
            let (first, _) = held.first()?;
            let (_, now) = *held.last()?;
            let usd = || held.iter().map(|(_, usd)| *usd);
            let (min, max) = (usd().min()?, usd().max()?);
            Some(SpotMean { instance_type, az_id, from: first.start, mean: mean(&held).unwrap_or(now), now, min, max })
        });
        SpotHistory {
            region: region.to_owned(),
            start: window.start,
            end: window.end,
            families: families.to_vec(),
            means: means.collect(),
            skipped: (total - kept) as u64,
        }
    }

    pub fn window(&self) -> Period {
        Period { start: self.start, end: self.end }
    }

    /// `7-day mean`.
    pub fn label(&self) -> String {
        const DAY: i64 = 86_400;
        match self.window().seconds() {
            seconds if seconds > 0 && seconds % DAY == 0 => format!("{}-day mean", seconds / DAY),
            seconds => format!("{}-hour mean", seconds / 3600),
        }
    }
}

/// When each price held within the window, in order.
fn held(mut prices: Vec<(Timestamp, Usd)>, window: Period) -> Vec<(Period, Usd)> {
    prices.retain(|(from, _)| *from < window.end);
    prices.sort_unstable();
    let ends: Vec<Timestamp> = prices.iter().skip(1).map(|(from, _)| *from).chain([window.end]).collect();
    let periods = prices.into_iter().zip(ends).map(|((start, usd), end)| (Period { start, end }, usd));
    periods.filter_map(|(period, usd)| Some((period.intersection(window)?, usd))).collect()
}

/// Multiplied first, divided last: a record split in two changes nothing. `None` for less than a second.
fn mean(held: &[(Period, Usd)]) -> Option<Usd> {
    let seconds: i64 = held.iter().map(|(period, _)| period.seconds()).sum();
    let mut sum = Usd::ZERO;
    for (period, usd) in held {
        sum = sum.checked_add(usd.scaled(Decimal::from(period.seconds()), Decimal::ONE)?)?;
    }
    Some(sum.scaled(Decimal::ONE, Decimal::from(seconds))?.to_decimals(LINE_ITEM_DECIMALS))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY: i64 = 86_400;

    fn second(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn price(from: i64, thousandths: i64) -> SpotPrice {
        SpotPrice {
            instance_type: "p3.2xlarge".to_owned(),
            az_id: "usw2-az1".to_owned(),
            from: second(from),
            usd_per_hour: Usd::new(Decimal::new(thousandths, 3)),
        }
    }

    fn of(prices: Vec<SpotPrice>) -> SpotHistory {
        let window = Period { start: second(100 * DAY), end: second(107 * DAY) };
        SpotHistory::of("us-west-2", window, &["p".to_owned()], prices)
    }

    #[test]
    fn a_price_of_years_ago_holds_all_week() {
        // What moto answers: 0.00001 of 2006.
        let [mean] = of(vec![price(5, 918)]).means.try_into().expect("one");
        assert_eq!((mean.mean, mean.min, mean.max), (mean.now, mean.now, mean.now));
        assert_eq!(mean.from, second(100 * DAY));
    }

    #[test]
    fn a_zone_new_to_the_window_counts_from_its_first_price() {
        let [mean] = of(vec![price(106 * DAY, 1000), price(106 * DAY + DAY / 2, 3000)]).means.try_into().expect("one");
        assert_eq!((mean.mean.exact(), mean.from), ("2".to_owned(), second(106 * DAY)));
    }

    #[test]
    fn prices_of_nothing_and_absurd_ones_are_left_out_and_counted() {
        let history = of(vec![price(5, 918), price(101 * DAY, 0), price(102 * DAY, 9_000_000)]);
        assert_eq!((history.skipped, history.means[0].max.exact().as_str()), (2, "0.918"));
        assert!(of(vec![price(5, -1)]).means.is_empty());
        // From the window's end on nothing counts: the host's clock may be behind AWS's.
        assert!(of(vec![price(107 * DAY, 918)]).means.is_empty());
    }

    #[test]
    fn the_dearest_rate_of_the_card_is_not_absurd() {
        let card = crate::catalog::RateCard::shipped();
        for kind in card.instance_types() {
            for region in card.regions() {
                let rate = card.on_demand(&region.code, &kind.name);
                assert!(
                    rate.is_ok_and(|rate| !is_absurd(rate.usd)) || card.on_demand(&region.code, &kind.name).is_err()
                );
            }
        }
    }

    proptest! {
        /// A record split in two changes nothing; the mean lies between the least and the most; order does not matter.
        #[test]
        fn the_mean_is_of_time_and_not_of_records(
            records in prop::collection::vec((90 * DAY..110 * DAY, 1..5000i64), 1..30),
            split_at in any::<prop::sample::Index>(),
            later in 1..DAY,
        ) {
            let mut records = records;
            records.sort_unstable();
            records.dedup_by_key(|(from, _)| *from);
            let prices: Vec<SpotPrice> = records.iter().map(|(from, thousandths)| price(*from, *thousandths)).collect();
            let whole = of(prices.clone());
            let index = split_at.index(records.len());
            let (from, thousandths) = records[index];
            let next = records.get(index + 1).map_or(i64::MAX, |(from, _)| *from);
            let mut split = prices.clone();
            if from + later < next {
                split.push(price(from + later, thousandths));
            }
            // The last record of all, split beyond the window's end, adds none to it.
            prop_assert_eq!(&of(split).means, &whole.means);
            let mut turned = prices;
            turned.reverse();
            prop_assert_eq!(&of(turned), &whole);
            for mean in &whole.means {
                prop_assert!(mean.min <= mean.mean && mean.mean <= mean.max);
                prop_assert!(mean.min <= mean.now && mean.now <= mean.max);
            }
        }
    }
}
