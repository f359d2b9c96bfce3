//! A finding that is missing because nobody knows is not over.

use gpucost::advice::{Thresholds, unjudged};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Activity, Fact, InstanceState, JupyterSeen, Signal, Signals, VolumeSeen, derive};
use jiff::ToSpan;

use crate::facts::*;
use crate::signals::{advise, end, hour, idle_gpu, jupyter, last, series_mut, signals};

const LOOKBACK: i64 = 336;
const IDLE: &str = "idle-running:i-1";
const OVERSIZED: &str = "oversized-iops:vol-1";

/// Whether it is found, and whether it can be told whether it is so.
fn of(id: &str, facts: &[Fact], told: &[Signals], servers: &[JupyterSeen]) -> (bool, bool) {
    let found = advise(facts, told, servers, Thresholds::default()).iter().any(|finding| finding.id == id);
    let mut ledger = derive(&with_evidence(facts), Vec::new(), at(SEEN)).unwrap();
    ledger.activity = Activity::known_by(told.iter().cloned(), servers.iter().cloned(), at(SEEN));
    let unknown = unjudged([id].into_iter(), &ledger, RateCard::shipped(), Thresholds::default(), at(SEEN));
    (found, unknown.is_empty())
}

fn instance_is(state: InstanceState) -> Fact {
    instance("i-1", "g5.xlarge", state).volume("vol-1", true).launched("2026-10-01T00:00:00Z").fact()
}

#[test]
fn an_instance_of_which_nothing_is_heard_is_not_known_to_be_at_work() {
    let running = [instance_is(InstanceState::Running)];
    let idle = |told: Signals, servers: &[JupyterSeen]| of(IDLE, &running, &[told], servers);
    assert_eq!(idle(idle_gpu("i-1", LOOKBACK), &[]), (true, true));
    assert_eq!(of(IDLE, &running, &[], &[]), (false, false), "nobody asked");
    for signal in [Signal::GpuUtilization, Signal::GpuMemory, Signal::Cpu, Signal::Network] {
        let mut told = idle_gpu("i-1", LOOKBACK);
        told.series.retain(|(of, _), _| *of != signal);
        assert_eq!(idle(told, &[]), (false, false), "{signal} went silent");
    }
    let mut stale = idle_gpu("i-1", LOOKBACK);
    stale.asked_at = at(SEEN).checked_sub(30.hours()).unwrap();
    assert_eq!(idle(stale, &[]), (false, false), "nobody asked since");
    let silent = JupyterSeen { said: None, ..jupyter("i-1", 0, 0) };
    assert_eq!(idle(idle_gpu("i-1", LOOKBACK), &[silent]), (false, false), "a server does not answer");
}

#[test]
fn one_that_is_seen_at_work_or_stopped_is() {
    let running = [instance_is(InstanceState::Running)];
    for (signal, most) in
        [(Signal::GpuUtilization, "90"), (Signal::GpuMemory, "60"), (Signal::Cpu, "30"), (Signal::Network, "9000000")]
    {
        let mut told = idle_gpu("i-1", LOOKBACK);
        series_mut(&mut told, signal).insert(end() - 1, hour(most));
        assert_eq!(of(IDLE, &running, std::slice::from_ref(&told), &[]), (false, true), "{signal} is at work");
        // What else is unknown changes nothing about it.
        told.series.retain(|(of, _), _| *of == signal);
        assert_eq!(of(IDLE, &running, &[told], &[]), (false, true), "{signal} alone");
    }
    let busy = [jupyter("i-1", 400, 1)];
    assert_eq!(of(IDLE, &running, &[idle_gpu("i-1", LOOKBACK)], &busy), (false, true));
    let stopped = [instance_is(InstanceState::Stopped)];
    assert_eq!(of(IDLE, &stopped, &[], &[]), (false, true));
    assert_eq!(of(IDLE, &[], &[], &[]), (false, true), "gone");
}

#[test]
fn a_volume_without_readings_is_not_known_to_be_used() {
    let volume = |iops| {
        let Fact::Volume(seen) = volume("vol-1", "io1", 500).on("i-1", true).fact() else { unreachable!() };
        [instance_is(InstanceState::Running), Fact::Volume(VolumeSeen { iops: Some(iops), ..seen })]
    };
    let used = |ops: &str| {
        let series =
            [(Signal::VolumeOps, "", last(LOOKBACK, ops)), (Signal::VolumeBytes, "", last(LOOKBACK, "1048576"))];
        signals("vol-1", &series)
    };
    assert_eq!(of(OVERSIZED, &volume(10_000), &[used("300000")], &[]), (true, true));
    assert_eq!(of(OVERSIZED, &volume(10_000), &[used("3000000")], &[]), (false, true), "all of it is used");
    assert_eq!(of(OVERSIZED, &volume(10_000), &[], &[]), (false, false));
    let mut gap = used("300000");
    series_mut(&mut gap, Signal::VolumeOps).remove(&(end() - 5));
    series_mut(&mut gap, Signal::VolumeBytes).remove(&(end() - 5));
    assert_eq!(of(OVERSIZED, &volume(10_000), &[gap], &[]), (false, false));
    assert_eq!(of(OVERSIZED, &volume(100), &[], &[]), (false, true), "nothing is paid for any more");
}
