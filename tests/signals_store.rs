//! What CloudWatch and Jupyter told, recorded: nothing twice, nothing half, and a year of it is small.

use std::collections::BTreeMap;

use gpucost::ledger::{Hour, JupyterSaid, JupyterSeen, Reading, Series, Signal, Signals, hour_start, series_of};
use gpucost::store::{SignalsRecorded, Store};
use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;
use tempfile::TempDir;

/// 2026-11-01T00:00Z.
const FIRST_HOUR: i64 = 1_793_491_200 / 3600;

fn store() -> (TempDir, Store) {
    let dir = tempfile::tempdir().expect("a folder");
    let store = Store::create(&dir.path().join("ledger.db")).expect("a ledger");
    (dir, store)
}

fn signals(series: BTreeMap<(Signal, String), Series>, asked_hour: i64) -> Signals {
    Signals {
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        resource_id: "i-1".to_owned(),
        asked_at: hour_start(asked_hour),
        series,
    }
}

fn cpu(hours: impl IntoIterator<Item = (i64, Hour)>) -> BTreeMap<(Signal, String), Series> {
    BTreeMap::from([((Signal::Cpu, String::new()), hours.into_iter().collect())])
}

fn full(percent: &str) -> Hour {
    let value: Decimal = percent.parse().expect("a number");
    Hour { slots: 0xfff, all: Reading { min: value, max: value, sum: value * Decimal::from(12), samples: 12 } }
}

fn all(store: &Store) -> Vec<Signals> {
    store.signals_since(hour_start(0)).expect("signals")
}

#[test]
fn what_is_told_twice_is_recorded_once() {
    let (_dir, mut store) = store();
    let told = signals(cpu((0..50).map(|hour| (FIRST_HOUR + hour, full("0.4")))), FIRST_HOUR + 50);
    assert_eq!(store.record_signals(&told).expect("recorded"), SignalsRecorded { new: 50, known: 0 });
    assert_eq!(store.record_signals(&told).expect("recorded"), SignalsRecorded { new: 0, known: 50 });
    assert_eq!(all(&store), [told]);
}

#[test]
fn a_fuller_hour_replaces_its_part_and_never_the_reverse() {
    let (_dir, mut store) = store();
    let part = Hour { slots: 0b111, ..full("0.1") };
    store.record_signals(&signals(cpu([(FIRST_HOUR, part)]), FIRST_HOUR)).expect("recorded");
    let whole = signals(cpu([(FIRST_HOUR, full("93.25"))]), FIRST_HOUR + 2);
    assert_eq!(store.record_signals(&whole).expect("recorded").new, 1);
    // The same window, asked for by a clock that is behind: the later asking stands.
    assert_eq!(store.record_signals(&signals(cpu([(FIRST_HOUR, part)]), FIRST_HOUR)).expect("recorded").new, 0);
    assert_eq!(all(&store), [whole]);
}

#[test]
fn an_answer_without_data_is_an_asking_all_the_same() {
    let (_dir, mut store) = store();
    let nothing = signals(BTreeMap::new(), FIRST_HOUR);
    store.record_signals(&nothing).expect("recorded");
    assert_eq!(all(&store), [nothing]);
    assert_eq!(store.signals_asked().expect("asked"), BTreeMap::from([("i-1".to_owned(), hour_start(FIRST_HOUR))]));
}

#[test]
fn days_before_are_left_out() {
    let (_dir, mut store) = store();
    let told = signals(cpu((0..72).map(|hour| (FIRST_HOUR + hour, full("1")))), FIRST_HOUR + 72);
    store.record_signals(&told).expect("recorded");
    let since = store.signals_since(hour_start(FIRST_HOUR + 30)).expect("signals");
    let hours: Vec<i64> = since[0].series.values().flat_map(|series| series.keys().copied()).collect();
    assert_eq!((hours.first(), hours.last()), (Some(&(FIRST_HOUR + 24)), Some(&(FIRST_HOUR + 71))));
}

#[test]
fn activity_is_never_understated() {
    let (_dir, mut store) = store();
    let tiny: Decimal = "0.00001".parse().expect("a number");
    let read = Hour { slots: 1, all: Reading { min: tiny, max: tiny, sum: tiny, samples: 1 } };
    store.record_signals(&signals(cpu([(FIRST_HOUR, read)]), FIRST_HOUR)).expect("recorded");
    let kept = all(&store)[0].series.values().next().and_then(|series| series.get(&FIRST_HOUR)).copied().expect("it");
    assert_eq!((kept.all.min, kept.all.max), (Decimal::ZERO, "0.001".parse().expect("a number")));
}

#[test]
fn a_year_of_an_instance_is_small() {
    let (dir, mut store) = store();
    let mut series = BTreeMap::new();
    for (n, signal) in Signal::ALL.into_iter().take(6).enumerate() {
        // Values that no two hours share compress worst.
        let hours = (0..365 * 24_i64).map(|hour| {
            let value = Decimal::new((hour * 7919 + n as i64 * 104_729) % 100_000, 3);
            let all = Reading { min: value, max: value + Decimal::ONE, sum: value * Decimal::from(12), samples: 12 };
            (FIRST_HOUR + hour, Hour { slots: 0xfff, all })
        });
        series.insert((signal, String::new()), hours.collect::<Series>());
    }
    store.record_signals(&signals(series, FIRST_HOUR + 365 * 24)).expect("recorded");
    drop(store);
    let bytes = std::fs::metadata(dir.path().join("ledger.db")).expect("the ledger").len();
    assert!(bytes < 1_000_000, "a year of six signals takes {bytes} bytes");
}

#[test]
fn a_damaged_day_is_named_and_not_guessed() {
    let (dir, mut store) = store();
    store.record_signals(&signals(cpu([(FIRST_HOUR, full("1"))]), FIRST_HOUR)).expect("recorded");
    let database = rusqlite::Connection::open(dir.path().join("ledger.db")).expect("the ledger");
    database.execute("UPDATE signal_days SET body = x'00010203'", []).expect("damaged");
    let error = store.signals_since(hour_start(0)).expect_err("damaged").to_string();
    assert!(error.contains("the signals of i-1"), "{error}");
}

fn jupyter(last_activity: i64, busy: u32, at: i64) -> JupyterSeen {
    let second = |n| Timestamp::from_second(n).expect("an instant");
    JupyterSeen {
        instance_id: "i-1".to_owned(),
        server: "http://lab.example:8888".to_owned(),
        first_at: second(at),
        last_at: second(at),
        said: Some(JupyterSaid { last_activity: second(last_activity), kernels: 2, busy, connections: 1 }),
    }
}

#[test]
fn a_server_that_says_the_same_is_one_row() {
    let (_dir, mut store) = store();
    for at in [1000, 2000, 3000] {
        store.record_jupyter(&jupyter(500, 0, at)).expect("recorded");
    }
    // An answer that came late takes nothing back.
    store.record_jupyter(&jupyter(500, 0, 2500)).expect("recorded");
    store.record_jupyter(&jupyter(3500, 1, 3500)).expect("recorded");
    store.record_jupyter(&JupyterSeen { said: None, ..jupyter(0, 0, 4000) }).expect("recorded");
    let seen = store.jupyter().expect("jupyter");
    let spans: Vec<_> =
        seen.iter().map(|s| (s.first_at.as_second(), s.last_at.as_second(), s.said.is_some())).collect();
    assert_eq!(spans, [(1000, 3000, true), (3500, 3500, true), (4000, 4000, false)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// However the slots are told, in whatever windows and order, whole hours come out the same.
    #[test]
    fn windows_add_up(cut in 1..48_i64, readings in prop::collection::vec(0..100_000_i64, 48)) {
        let slot = |n: usize, value: &i64| (FIRST_HOUR * 3600 + n as i64 * 300, Reading::counted(Decimal::new(*value, 3)));
        let told: Vec<(i64, Reading)> = readings.iter().enumerate().map(|(n, value)| slot(n, value)).collect();
        let whole = series_of(told.iter().copied());
        // The second window begins at a whole hour, as they do.
        let at = FIRST_HOUR * 3600 + cut * 300;
        let from = at - at.rem_euclid(3600);
        let first = series_of(told.iter().copied().filter(|(second, _)| *second < at));
        let second = series_of(told.iter().copied().filter(|(second, _)| *second >= from));
        for order in [[&first, &second], [&second, &first]] {
            let (_dir, mut store) = store();
            for series in order {
                store.record_signals(&signals(cpu(series.clone()), FIRST_HOUR + 4)).expect("recorded");
            }
            let kept = all(&store);
            let kept = kept[0].series.values().next().expect("a series");
            prop_assert_eq!(kept, &whole);
        }
    }
}
