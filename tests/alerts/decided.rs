//! The state machine.

use std::collections::{BTreeMap, BTreeSet};

use gpucost::advice::{Dollars, Finding, Part};
use gpucost::alerts::{Budgets, Decision, Episode, Kind, Look, Notice, Spend, SpendOf, Steps, crossings, decide};
use gpucost::money::Usd;
use gpucost::time::Month;
use jiff::Timestamp;
use proptest::prelude::*;

use crate::story::{at, finding, id, usd};

/// What is remembered from look to look.
#[derive(Default)]
struct Memory {
    episodes: BTreeMap<String, Episode>,
    keys: BTreeSet<String>,
}

impl Memory {
    fn look(
        &mut self,
        findings: &[Finding],
        silenced: &BTreeSet<String>,
        evidence: &BTreeMap<String, Timestamp>,
        now: Timestamp,
    ) -> Vec<Notice> {
        let steps = Steps::default();
        let Decision { episodes, notices } =
            decide(&Look { findings, silenced, evidence, ends: &BTreeMap::new(), steps: &steps }, &self.episodes, now);
        for episode in episodes {
            self.episodes.insert(episode.finding.clone(), episode);
        }
        for notice in &notices {
            assert!(self.keys.insert(notice.key.clone()), "{} was told before", notice.key);
        }
        notices
    }

    fn see(&mut self, findings: &[Finding], now: Timestamp) -> Vec<String> {
        let told = self.look(findings, &BTreeSet::new(), &BTreeMap::new(), now);
        told.into_iter().map(|notice| notice.kind.key()).collect()
    }
}

const DAY: i64 = 24;

#[test]
fn a_forgotten_instance_from_its_first_day_to_its_last() {
    let mut memory = Memory::default();
    let seen = |day: i64, cents| [finding(1, at(0), at(day * DAY), cents)];
    assert_eq!(memory.see(&seen(0, 0), at(0)), ["opened"]);
    assert_eq!(memory.see(&seen(0, 1), at(1)), [""; 0]);
    assert_eq!(memory.see(&seen(1, 25), at(DAY)), ["reminder-1"]);
    assert_eq!(memory.see(&seen(2, 50), at(2 * DAY)), [""; 0]);
    assert_eq!(memory.see(&seen(3, 75), at(3 * DAY)), ["reminder-2"]);
    // A reminder is due as well: the escalation tells all of it.
    assert_eq!(memory.see(&seen(7, 175), at(7 * DAY)), ["age-7d"]);
    assert_eq!(memory.see(&seen(13, 325), at(13 * DAY)), [""; 0]);
    assert_eq!(memory.see(&seen(14, 350), at(14 * DAY)), ["reminder-4"]);
    assert_eq!(memory.see(&seen(40, 1000), at(40 * DAY)), ["age-30d", "usd-10"]);
    assert_eq!(memory.see(&seen(41, 1025), at(41 * DAY)), [""; 0]);
    // Gone, and nobody has looked since: not over.
    assert_eq!(memory.see(&[], at(42 * DAY)), [""; 0]);
    let looked = BTreeMap::from([(id(1), at(43 * DAY))]);
    let over = memory.look(&[], &BTreeSet::new(), &looked, at(43 * DAY));
    assert_eq!(over.len(), 1);
    assert_eq!((over[0].kind.clone(), over[0].cost.as_str()), (Kind::Resolved, "$10.25"));
    // It comes back: another episode.
    assert_eq!(memory.see(&[finding(1, at(44 * DAY), at(44 * DAY), 0)], at(44 * DAY)), ["opened"]);
    assert_eq!(memory.episodes[&id(1)].number, 2);
}

#[test]
fn what_it_has_passed_when_first_seen_is_told_with_the_opening() {
    let mut memory = Memory::default();
    let old = |hours: i64, cents| [finding(1, at(0), at(hours), cents)];
    assert_eq!(memory.see(&old(45 * DAY, 25_000), at(45 * DAY)), ["opened"]);
    assert_eq!(memory.see(&old(45 * DAY + 1, 25_000), at(45 * DAY + 1)), [""; 0]);
    assert_eq!(memory.see(&old(60 * DAY, 33_000), at(60 * DAY)), ["age-60d"]);
    assert_eq!(memory.see(&old(60 * DAY + 1, 100_000), at(60 * DAY + 1)), ["usd-1000"]);
}

#[test]
fn its_age_ends_with_its_last_sight() {
    let mut memory = Memory::default();
    memory.see(&[finding(1, at(0), at(1), 1)], at(1));
    // A year later nobody has looked: it is reminded of, and not called a year old.
    assert_eq!(memory.see(&[finding(1, at(0), at(1), 1)], at(365 * DAY)), ["reminder-1"]);
}

#[test]
fn what_is_silenced_is_neither_told_nor_over_and_goes_on_afterwards() {
    let mut memory = Memory::default();
    let silenced = BTreeSet::from([id(1)]);
    let seen = |day: i64| [finding(1, at(0), at(day * DAY), 100)];
    assert!(memory.look(&seen(1), &silenced, &BTreeMap::new(), at(DAY)).is_empty());
    assert_eq!(memory.see(&seen(2), at(2 * DAY)), ["opened"]);
    assert!(memory.look(&seen(8), &silenced, &BTreeMap::new(), at(8 * DAY)).is_empty());
    assert_eq!(memory.see(&seen(9), at(9 * DAY)), ["age-7d"]);
    // Over is over, silenced or not.
    let looked = BTreeMap::from([(id(1), at(10 * DAY))]);
    assert_eq!(memory.look(&[], &silenced, &looked, at(10 * DAY))[0].kind, Kind::Resolved);
}

#[test]
fn shares_of_a_budget_are_told_once_a_month() {
    let month: Month = "2026-01".parse().unwrap();
    let mut told = BTreeSet::new();
    let mut spend_of = |budget: u32, month: Month, actual: u32, forecast: u32| {
        let budgets = Budgets { month: Some(usd(budget)), instance: None };
        let (actual, forecast) = [actual, forecast].map(|cents| gpucost::advice::Dollars::Exact(usd(cents))).into();
        let spend = Spend { of: SpendOf::Month, month, until: at(1), actual, forecast };
        let notices = crossings(&[spend], &budgets, &told);
        let keys: Vec<String> = notices.iter().map(|notice| notice.key.clone()).collect();
        told.extend(keys.iter().cloned());
        keys
    };
    let mut spend = |month: Month, actual: u32, forecast: u32| spend_of(10_000, month, actual, forecast);
    assert_eq!(spend(month, 4_999, 4_999), [""; 0]);
    assert_eq!(spend(month, 4_999, 9_000), ["budget:2026-01:forecast-80-of-100"]);
    assert_eq!(spend(month, 5_000, 6_000), ["budget:2026-01:actual-50-of-100"]);
    assert_eq!(
        spend(month, 10_000, 10_000),
        ["budget:2026-01:actual-100-of-100", "budget:2026-01:forecast-100-of-100"]
    );
    assert_eq!(spend(month, 8_000, 20_000), [""; 0]);
    let next = month.next().unwrap();
    assert_eq!(spend(next, 5_000, 5_000), ["budget:2026-02:actual-50-of-100", "budget:2026-02:forecast-50-of-100"]);
    // Raised after it was passed, it is another budget: silence until the month's end would be worth nothing.
    assert_eq!(
        spend_of(50_000, month, 30_000, 30_000),
        ["budget:2026-01:actual-50-of-500", "budget:2026-01:forecast-50-of-500"]
    );
    assert_eq!(spend_of(50_000, month, 31_000, 31_000), [""; 0]);
}

/// One look: how the clock moved, and what was seen of each of three resources.
#[derive(Clone, Debug)]
struct Step {
    moved_hours: i64,
    seen: [Sight; 3],
}

#[derive(Clone, Copy, Debug)]
struct Sight {
    is_there: bool,
    /// Somebody looked: what is there is seen now, what is gone is known to be gone.
    is_fresh: bool,
    is_silenced: bool,
    cents: u32,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let sight = (any::<bool>(), prop::bool::weighted(0.8), prop::bool::weighted(0.2), 0u32..20_000)
        .prop_map(|(is_there, is_fresh, is_silenced, cents)| Sight { is_there, is_fresh, is_silenced, cents });
    let moved = prop_oneof![4 => 0i64..100, 1 => -200i64..0, 1 => 500i64..2000];
    let step = (moved, [sight.clone(), sight.clone(), sight]);
    prop::collection::vec(step.prop_map(|(moved_hours, seen)| Step { moved_hours, seen }), 1..40)
}

proptest! {
    /// Keys are told once (`Memory` holds that); what opens, worsens and ends is told in the look that shows it; nothing
    /// that is still so is ever called over.
    #[test]
    fn each_transition_is_told_once_and_nothing_open_is_called_over(steps in steps()) {
        let mut memory = Memory::default();
        let (mut now, mut newest) = (10_000i64, [9_999i64; 3]);
        let mut since: [Option<i64>; 3] = [None; 3];
        for step in steps {
            now += step.moved_hours;
            let (mut findings, mut silenced, mut evidence) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
            for (n, sight) in step.seen.iter().enumerate() {
                let name = u8::try_from(n).unwrap();
                // What is seen anew is seen later than before, as a ledger refuses a clock that goes back.
                if sight.is_fresh {
                    newest[n] = now.max(newest[n] + 1);
                }
                if sight.is_silenced {
                    silenced.insert(id(name));
                }
                if sight.is_there {
                    let from = *since[n].get_or_insert(newest[n]);
                    findings.push(finding(name, at(from), at(newest[n]), sight.cents));
                } else {
                    evidence.insert(id(name), at(newest[n]));
                    if sight.is_fresh {
                        since[n] = None;
                    }
                }
            }
            let before = memory.episodes.clone();
            let notices = memory.look(&findings, &silenced, &evidence, at(now));
            for (n, sight) in step.seen.iter().enumerate() {
                let id = id(u8::try_from(n).unwrap());
                let told: Vec<&Kind> = notices.iter().filter(|notice| notice.about == id).map(|notice| &notice.kind).collect();
                let was = before.get(&id);
                let was_open = was.is_some_and(Episode::is_open);
                let is = memory.episodes.get(&id);
                let resolved = told.contains(&&Kind::Resolved);
                if sight.is_there {
                    prop_assert!(!resolved, "{id} is there and was called over");
                    let known_over = was.is_some_and(|was| was.resolved_at.is_some_and(|over| at(newest[n]) <= over));
                    let opens = !was_open && !sight.is_silenced && !known_over;
                    prop_assert_eq!(told.contains(&&Kind::Opened), opens);
                    prop_assert_eq!(is.is_some_and(Episode::is_open), was_open || opens);
                } else {
                    // What was seen after now is not among the findings.
                    let newer = was.is_some_and(|was| at(newest[n]) > was.last_seen) && newest[n] <= now;
                    prop_assert_eq!(resolved, was_open && newer, "{} gone, of which newer is known: {}", id, newer);
                    prop_assert!(!told.contains(&&Kind::Opened));
                }
                if sight.is_silenced {
                    prop_assert!(told.iter().all(|kind| matches!(kind, Kind::Resolved)));
                }
                if let Some(open) = is.filter(|is| is.is_open() && sight.is_there && !sight.is_silenced) {
                    let age = (open.last_seen.duration_since(open.since)).as_hours() / DAY;
                    let due = [7u32, 30, 60].into_iter().filter(|days| i64::from(*days) <= age).max().unwrap_or(0);
                    prop_assert!(open.told_days >= due, "{} days old, told at {}", age, open.told_days);
                    let due = [1_000u32, 10_000, 100_000].into_iter().filter(|step| *step <= sight.cents).max().unwrap_or(0);
                    prop_assert!(open.told_usd >= usd(due));
                }
            }
            prop_assert!(notices.len() <= 6, "at most two notices of each: {notices:?}");
        }
    }

    /// The same look again says nothing, at the same time or at any other within the day.
    #[test]
    fn looking_twice_says_nothing_new(cents in 0u32..200_000, hours in 0i64..3000, later in 0i64..24) {
        let mut memory = Memory::default();
        let findings = [finding(1, at(0), at(hours), cents)];
        prop_assert_eq!(memory.see(&findings, at(hours)), vec!["opened"]);
        prop_assert!(memory.see(&findings, at(hours + later - 1)).is_empty());
    }
}

/// $7.30 a month of what bills, and as much beside it that goes on whatever is done.
fn with_parts(last_seen: i64, cents: u32) -> Finding {
    let part = |id: &str, counted| Part {
        id: id.to_owned(),
        what: "gp2 73 GB".to_owned(),
        accrued: Dollars::ZERO,
        per_month: Dollars::Exact(usd(730)),
        counted,
    };
    Finding { parts: vec![part("vol-1", true), part("snap-1", false)], ..finding(1, at(0), at(last_seen), cents) }
}

#[test]
fn a_month_is_of_what_is_counted_alone() {
    let mut memory = Memory::default();
    let told = memory.look(&[with_parts(0, 0)], &BTreeSet::new(), &BTreeMap::new(), at(0));
    assert_eq!(told[0].per_month, "$7.30");
}

#[test]
fn what_it_cost_in_all_is_exact_where_its_end_is_known_and_bounded_by_the_look_otherwise() {
    let in_all = |ended: Option<i64>| {
        let mut memory = Memory::default();
        memory.see(&[with_parts(10, 10)], at(10));
        let looked = BTreeMap::from([(id(1), at(110))]);
        let ends = ended.map(|hour| (id(1), at(hour))).into_iter().collect();
        let silenced = BTreeSet::new();
        let look =
            Look { findings: &[], silenced: &silenced, evidence: &looked, ends: &ends, steps: &Steps::default() };
        let over = decide(&look, &memory.episodes, at(110)).notices.remove(0);
        (over.cost, over.most_usd.map(Usd::exact))
    };
    // A cent an hour: 10 until it was last seen, 37 more until it ended.
    assert_eq!(in_all(Some(47)), ("$0.47".to_owned(), Some("0.47".to_owned())));
    assert_eq!(in_all(None), ("$0.10–$1.10".to_owned(), Some("1.1".to_owned())));
}
