//! From a decision to a channel: at least once each, twice only where it cannot be told whether it arrived.

use std::collections::{BTreeMap, BTreeSet};

use gpucost::alerts::{Look, Steps, decide};
use gpucost::store::Store;
use proptest::prelude::*;
use tempfile::TempDir;

use crate::story::{at, finding};

/// How sending one digest ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Taken,
    Refused,
    /// It will not take this, however often.
    Rejected,
    /// No answer came: it arrived, or not.
    Unsure {
        arrived: bool,
    },
    /// The process dies before or after the channel took it, and has written nothing down since.
    Dies {
        arrived: bool,
    },
}

#[derive(Clone, Debug)]
struct Run {
    /// Which of five findings are there.
    there: [bool; 5],
    hours: i64,
    /// Of each of two channels; `None`: the run is not told of the channel.
    fates: [Option<Fate>; 2],
    /// It dies once it has decided.
    dies_early: bool,
}

fn runs() -> impl Strategy<Value = Vec<Run>> {
    let fate = prop_oneof![
        5 => Just(Fate::Taken),
        2 => Just(Fate::Refused),
        1 => Just(Fate::Rejected),
        1 => any::<bool>().prop_map(|arrived| Fate::Unsure { arrived }),
        2 => any::<bool>().prop_map(|arrived| Fate::Dies { arrived }),
    ];
    let fates = [prop::option::weighted(0.9, fate.clone()), prop::option::weighted(0.9, fate)];
    let run = (any::<[bool; 5]>(), 1i64..80, fates, prop::bool::weighted(0.1));
    let run = run.prop_map(|(there, hours, fates, dies_early)| Run { there, hours, fates, dies_early });
    prop::collection::vec(run, 1..12)
}

/// What a channel holds: message keys with the notices in them, as they came.
#[derive(Default)]
struct Inbox {
    messages: Vec<(String, Vec<String>)>,
    /// Message keys of which nobody knows whether they arrived.
    doubtful: BTreeSet<String>,
    /// Those that were then refused for good.
    rejected: BTreeSet<String>,
    /// How often a notice was refused for good with no other beside it.
    alone: BTreeMap<String, u32>,
}

const CHANNELS: [&str; 2] = ["ops", "lead"];

struct World {
    dir: TempDir,
    inboxes: BTreeMap<&'static str, Inbox>,
    all: Vec<String>,
    now: i64,
}

impl World {
    /// One `alerts run`, from a process that has just started.
    fn run(&mut self, run: &Run) {
        self.now += run.hours;
        let now = at(self.now);
        let mut store = Store::create(&self.dir.path().join("l.db")).unwrap();
        let lock = store.lock_alerts().unwrap();
        assert!(lock.is_some(), "a process that died holds no lock");
        let there = run.there.iter().enumerate().filter(|(_, there)| **there);
        let findings: Vec<_> = there.map(|(n, _)| finding(u8::try_from(n).unwrap(), at(0), now, 100)).collect();
        let past = store.episodes().unwrap();
        let evidence = past.keys().map(|id| (id.clone(), now)).collect();
        let (steps, silenced) = (Steps::default(), BTreeSet::new());
        let decision = decide(
            &Look {
                findings: &findings,
                silenced: &silenced,
                evidence: &evidence,
                ends: &BTreeMap::new(),
                steps: &steps,
            },
            &past,
            now,
        );
        self.all.extend(decision.notices.iter().map(|notice| notice.key.clone()));
        store.record_decision(&decision, &CHANNELS.map(str::to_owned), now).unwrap();
        if run.dies_early {
            return;
        }
        for (channel, fate) in CHANNELS.into_iter().zip(run.fates) {
            let Some(fate) = fate else { continue };
            if !self.send(&mut store, channel, fate) {
                return;
            }
        }
    }

    /// `false`: the process died.
    fn send(&mut self, store: &mut Store, channel: &'static str, fate: Fate) -> bool {
        let now = at(self.now);
        while let Some(digest) = store.digest_to_send(channel, now).unwrap() {
            let inbox = self.inboxes.entry(channel).or_default();
            let arrived = matches!(fate, Fate::Taken | Fate::Unsure { arrived: true } | Fate::Dies { arrived: true });
            if arrived {
                let keys = digest.notices.iter().map(|notice| notice.key.clone()).collect();
                inbox.messages.push((digest.key.clone(), keys));
            }
            match fate {
                Fate::Taken => store.digest_sent(&digest, now).unwrap(),
                Fate::Refused => store.digest_refused(&digest, "said no").unwrap(),
                Fate::Rejected => {
                    store.digest_rejected(&digest, "said never").unwrap();
                    inbox.rejected.insert(digest.key.clone());
                    if let [only] = digest.notices.as_slice() {
                        *inbox.alone.entry(only.key.clone()).or_default() += 1;
                    }
                }
                Fate::Unsure { .. } => store.digest_unsure(&digest, "no answer").unwrap(),
                Fate::Dies { .. } => {}
            }
            if matches!(fate, Fate::Unsure { .. } | Fate::Dies { .. }) {
                inbox.doubtful.insert(digest.key.clone());
            }
            if matches!(fate, Fate::Dies { .. }) {
                return false;
            }
            if fate != Fate::Taken {
                break;
            }
        }
        true
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn each_notice_reaches_each_channel_and_twice_only_under_one_key(runs in runs()) {
        let dir = tempfile::tempdir().unwrap();
        let mut world = World { dir, inboxes: BTreeMap::new(), all: Vec::new(), now: 0 };
        for run in &runs {
            world.run(run);
        }
        // The next runs are whole.
        let there = runs.last().unwrap().there;
        for _ in 0..2 {
            world.run(&Run { there, hours: 1, fates: [Some(Fate::Taken); 2], dies_early: false });
        }
        for channel in CHANNELS {
            let empty = Inbox::default();
            let inbox = world.inboxes.get(channel).unwrap_or(&empty);
            let mut first: Vec<&String> = Vec::new();
            let mut by_message: BTreeMap<&String, &String> = BTreeMap::new();
            for (message, notices) in &inbox.messages {
                for notice in notices {
                    match by_message.get(notice) {
                        None => {
                            first.push(notice);
                            by_message.insert(notice, message);
                        }
                        Some(earlier) => {
                            let is_given_up = inbox.doubtful.contains(*earlier) && inbox.rejected.contains(*earlier);
                            prop_assert!(*earlier == message || is_given_up, "{} came under two keys", notice);
                            prop_assert!(inbox.doubtful.contains(*earlier), "{} came twice without need", notice);
                            by_message.insert(notice, message);
                        }
                    }
                }
            }
            let all: Vec<&String> = world.all.iter().collect();
            let everything: BTreeSet<&String> = first.iter().copied().collect();
            prop_assert_eq!(everything, all.iter().copied().collect(), "{}: all of them", channel);
            // What was refused by itself, twice, waits for the others.
            let is_aside = |notice: &String| inbox.alone.get(notice).is_some_and(|times| *times > 1);
            let usual = |notices: Vec<&String>| -> Vec<String> {
                notices.into_iter().filter(|notice| !is_aside(notice)).cloned().collect()
            };
            prop_assert_eq!(usual(first), usual(all), "{}: in their order", channel);
        }
    }
}

/// Nobody knows whether the first arrived; then the receiver says that it will never take it.
#[test]
fn a_message_in_doubt_that_is_refused_for_good_does_not_block_its_channel() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = World { dir, inboxes: BTreeMap::new(), all: Vec::new(), now: 0 };
    let run = |there: [bool; 5], fate: Fate| Run { there, hours: 1, fates: [Some(fate), None], dies_early: false };
    let (one, two) = ([true, false, false, false, false], [true, true, false, false, false]);
    world.run(&run(one, Fate::Unsure { arrived: false }));
    world.run(&run(two, Fate::Rejected));
    world.run(&run(two, Fate::Taken));
    let messages = &world.inboxes["ops"].messages;
    let [(_, notices)] = messages.as_slice() else { panic!("{messages:?}") };
    assert_eq!(notices, &world.all, "what was given up goes with what is new");
    // Refused for now, it stays as it is: it may have arrived.
    world.run(&run([true, true, true, false, false], Fate::Unsure { arrived: true }));
    world.run(&run([true; 5], Fate::Refused));
    world.run(&run([true; 5], Fate::Taken));
    let messages = &world.inboxes["ops"].messages;
    assert_eq!(messages[1], messages[2], "the same again, under the same key");
}

/// A receiver that takes so many notices at once and no more, and never one with this key.
fn told_in_runs(count: u8, most: usize, poison: Option<&str>) -> (Vec<Vec<String>>, usize) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create(&dir.path().join("l.db")).unwrap();
    let (steps, silenced, evidence) = (Steps::default(), BTreeSet::new(), BTreeMap::new());
    let findings: Vec<_> = (0..count).map(|n| finding(n, at(0), at(1), 100)).collect();
    let look =
        Look { findings: &findings, silenced: &silenced, evidence: &evidence, steps: &steps, ends: &BTreeMap::new() };
    let decision = decide(&look, &BTreeMap::new(), at(1));
    store.record_decision(&decision, &["ops".to_owned()], at(1)).unwrap();
    let (mut taken, mut runs) = (Vec::new(), 0);
    while runs < 20 {
        runs += 1;
        loop {
            let Some(digest) = store.digest_to_send("ops", at(2)).unwrap() else { return (taken, runs) };
            let keys: Vec<String> = digest.notices.iter().map(|notice| notice.key.clone()).collect();
            if keys.len() > most || keys.iter().any(|key| poison == Some(key.as_str())) {
                store.digest_rejected(&digest, "never").unwrap();
                break;
            }
            store.digest_sent(&digest, at(2)).unwrap();
            taken.push(keys);
        }
    }
    (taken, runs)
}

#[test]
fn what_is_refused_for_good_is_tried_in_smaller_parts() {
    let (taken, runs) = told_in_runs(20, 3, None);
    assert_eq!(taken.concat().len(), 20);
    assert!(taken.iter().all(|keys| keys.len() <= 3) && taken.len() <= 12, "{taken:?}");
    assert!(runs < 12, "{runs} runs");
    // At first all at once, as ever.
    assert_eq!(told_in_runs(20, 20, None), (vec![taken.concat()], 1));
}

#[test]
fn one_that_is_never_taken_keeps_no_other_from_its_channel() {
    let poison = "stopped-accruing:i-1#1:opened";
    let (taken, _) = told_in_runs(9, 100, Some(poison));
    let told = taken.concat();
    assert_eq!(told.len(), 8, "{taken:?}");
    assert!(!told.iter().any(|key| key == poison), "{told:?}");
}

#[test]
fn after_a_bad_week_the_receiver_has_everything() {
    let dir = tempfile::tempdir().unwrap();
    let mut world = World { dir, inboxes: BTreeMap::new(), all: Vec::new(), now: 0 };
    let run = |fate: Fate| Run { there: [true; 5], hours: 6, fates: [Some(fate), None], dies_early: false };
    for _ in 0..28 {
        world.run(&run(Fate::Rejected));
    }
    world.run(&run(Fate::Taken));
    let messages = &world.inboxes["ops"].messages;
    let mut told: Vec<String> = messages.iter().flat_map(|(_, notices)| notices.clone()).collect();
    told.sort();
    world.all.sort();
    assert_eq!(told, world.all, "each once");
}

#[test]
fn a_channel_that_is_new_is_told_what_is_open_and_not_what_is_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create(&dir.path().join("l.db")).unwrap();
    let (steps, silenced) = (Steps::default(), BTreeSet::new());
    let look = |store: &mut Store, findings: &[gpucost::advice::Finding], channels: &[&str], hours: i64| {
        let past = store.episodes().unwrap();
        let evidence = past.keys().map(|id| (id.clone(), at(hours))).collect();
        let decision = decide(
            &Look { findings, silenced: &silenced, evidence: &evidence, ends: &BTreeMap::new(), steps: &steps },
            &past,
            at(hours),
        );
        let channels: Vec<String> = channels.iter().map(|name| (*name).to_owned()).collect();
        store.record_decision(&decision, &channels, at(hours)).unwrap();
    };
    look(&mut store, &[finding(1, at(0), at(1), 100), finding(2, at(0), at(1), 100)], &["ops"], 1);
    look(&mut store, &[finding(2, at(0), at(2), 100)], &["ops"], 2);
    look(&mut store, &[finding(2, at(0), at(3), 100)], &["ops", "lead"], 3);
    let told = |store: &mut Store, channel: &str| -> Vec<String> {
        let digest = store.digest_to_send(channel, at(4)).unwrap();
        digest.into_iter().flat_map(|digest| digest.notices).map(|notice| notice.key).collect()
    };
    assert_eq!(told(&mut store, "lead"), ["stopped-accruing:i-2#1:opened"]);
    assert_eq!(
        told(&mut store, "ops"),
        ["stopped-accruing:i-1#1:opened", "stopped-accruing:i-2#1:opened", "stopped-accruing:i-1#1:resolved"]
    );
}

#[test]
fn a_channel_that_was_left_out_for_a_while_is_told_what_opened_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create(&dir.path().join("l.db")).unwrap();
    let (steps, silenced, evidence) = (Steps::default(), BTreeSet::new(), BTreeMap::new());
    let mut told = |findings: &[gpucost::advice::Finding], channels: &[&str], hours: i64| -> Vec<String> {
        let past = store.episodes().unwrap();
        let decision = decide(
            &Look { findings, silenced: &silenced, evidence: &evidence, ends: &BTreeMap::new(), steps: &steps },
            &past,
            at(hours),
        );
        let channels: Vec<String> = channels.iter().map(|name| (*name).to_owned()).collect();
        store.record_decision(&decision, &channels, at(hours)).unwrap();
        if !channels.iter().any(|name| name == "ops") {
            return Vec::new();
        }
        let digest = store.digest_to_send("ops", at(hours)).unwrap();
        digest.iter().for_each(|digest| store.digest_sent(digest, at(hours)).unwrap());
        digest.into_iter().flat_map(|digest| digest.notices).map(|notice| notice.key).collect()
    };
    let (one, two) = (|seen| finding(1, at(0), at(seen), 100), |seen| finding(2, at(0), at(seen), 100));
    assert_eq!(told(&[one(1)], &["ops", "lead"], 1), ["stopped-accruing:i-1#1:opened"]);
    assert!(told(&[one(2), two(2)], &["lead"], 2).is_empty());
    assert_eq!(told(&[one(3), two(3)], &["ops", "lead"], 3), ["stopped-accruing:i-2#1:opened"]);
    assert!(told(&[one(4), two(4)], &["ops", "lead"], 4).is_empty());
}

#[test]
fn a_terminal_is_shown_what_a_dead_run_left_and_what_is_new_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::create(&dir.path().join("l.db")).unwrap();
    let (steps, silenced, evidence) = (Steps::default(), BTreeSet::new(), BTreeMap::new());
    let shown = |store: &mut Store, findings: &[gpucost::advice::Finding], hours: i64| {
        let past = store.episodes().unwrap();
        let decision = decide(
            &Look { findings, silenced: &silenced, evidence: &evidence, ends: &BTreeMap::new(), steps: &steps },
            &past,
            at(hours),
        );
        store.record_decision(&decision, &["terminal".to_owned()], at(hours)).unwrap();
        store.digests_to_show("terminal", at(hours)).unwrap()
    };
    let (one, two) = (finding(1, at(0), at(1), 100), finding(2, at(0), at(1), 100));
    // It dies before it has printed anything.
    assert_eq!(shown(&mut store, std::slice::from_ref(&one), 1).len(), 1);
    let digests = shown(&mut store, &[one.clone(), two.clone()], 2);
    let keys: Vec<&str> = digests.iter().flat_map(|digest| &digest.notices).map(|notice| notice.key.as_str()).collect();
    assert_eq!(keys, ["stopped-accruing:i-1#1:opened", "stopped-accruing:i-2#1:opened"]);
    for digest in &digests {
        store.digest_sent(digest, at(2)).unwrap();
    }
    assert!(shown(&mut store, &[one, two], 3).is_empty());
}

#[test]
fn one_run_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("l.db");
    let (one, other) = (Store::create(&path).unwrap(), Store::create(&path).unwrap());
    let held = one.lock_alerts().unwrap();
    assert!(held.is_some() && other.lock_alerts().unwrap().is_none());
    drop(held);
    assert!(other.lock_alerts().unwrap().is_some());
}
