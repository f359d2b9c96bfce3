//! What resources did, in a few words each.

use std::collections::BTreeMap;

use gpucost::advice::{Finding, Thresholds};
use gpucost::catalog::RateCard;
use gpucost::ledger::{
    Activity, Fact, Hour, JupyterSaid, JupyterSeen, Reading, Series, Signal, Signals, derive, hour_of, hour_start,
};
use rust_decimal::Decimal;

use crate::facts::{SEEN, at, with_evidence};

/// The last whole hour before everything was seen.
pub fn end() -> i64 {
    hour_of(at(SEEN))
}

pub fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A full hour in which a gauge read this at most, or a counter came to it.
pub fn hour(most: &str) -> Hour {
    let max = number(most);
    Hour { slots: 0xfff, all: Reading { min: Decimal::ZERO, max, sum: max, samples: 12 } }
}

/// The same in each of the last hours.
pub fn last(hours: i64, most: &str) -> Series {
    (end() - hours..end()).map(|at| (at, hour(most))).collect()
}

pub fn signals(resource_id: &str, series: &[(Signal, &str, Series)]) -> Signals {
    Signals {
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        resource_id: resource_id.to_owned(),
        asked_at: at(SEEN),
        series: series.iter().map(|(signal, part, hours)| ((*signal, (*part).to_owned()), hours.clone())).collect(),
    }
}

/// Two weeks of an instance with one GPU that does nothing: 100 kB of network an hour, 2.4 MB a day.
pub fn idle_gpu(resource_id: &str, hours: i64) -> Signals {
    signals(
        resource_id,
        &[
            (Signal::GpuUtilization, "0", last(hours, "0")),
            (Signal::GpuMemory, "0", last(hours, "1.5")),
            (Signal::Cpu, "", last(hours, "2.1")),
            (Signal::Network, "", last(hours, "100000")),
        ],
    )
}

/// Last active, and asked, so many hours before everything was seen.
pub fn jupyter(instance_id: &str, active_before: i64, busy: u32) -> JupyterSeen {
    JupyterSeen {
        instance_id: instance_id.to_owned(),
        server: "http://lab.example:8888".to_owned(),
        first_at: at(SEEN),
        last_at: at(SEEN),
        said: Some(JupyterSaid { last_activity: hour_start(end() - active_before), kernels: 2, busy, connections: 1 }),
    }
}

pub fn advise(facts: &[Fact], signals: &[Signals], jupyter: &[JupyterSeen], thresholds: Thresholds) -> Vec<Finding> {
    let mut ledger = derive(&with_evidence(facts), Vec::new(), at(SEEN)).unwrap();
    ledger.activity = Activity::known_by(signals.iter().cloned(), jupyter.iter().cloned(), at(SEEN));
    gpucost::advice::advise(&ledger, RateCard::shipped(), thresholds, at(SEEN))
}

pub fn of_rule<'a>(findings: &'a [Finding], rule: &str) -> Option<&'a Finding> {
    findings.iter().find(|finding| finding.rule == rule)
}

/// One of the series, to be changed.
pub fn series_mut(signals: &mut Signals, signal: Signal) -> &mut Series {
    let found: &mut BTreeMap<(Signal, String), Series> = &mut signals.series;
    found.iter_mut().find(|((of, _), _)| *of == signal).map(|(_, series)| series).expect("the signal is there")
}
