//! Clocks that jump, and what is known of a finding only in part: each transition once, nothing open called over, and
//! reminders that back off and never stop.

use std::collections::{BTreeMap, BTreeSet};

use gpucost::advice::Finding;
use gpucost::alerts::{Decision, Episode, Kind, Look, Notice, Steps, decide};
use jiff::Timestamp;
use proptest::prelude::*;

use crate::story::{at, finding, id};

const DAY: i64 = 24;

/// What is remembered, and all that was ever told.
#[derive(Default)]
struct Memory {
    episodes: BTreeMap<String, Episode>,
    told: BTreeSet<String>,
}

impl Memory {
    fn look(&mut self, findings: &[Finding], evidence: &BTreeMap<String, Timestamp>, now: i64) -> Vec<Notice> {
        let (steps, silenced) = (Steps::default(), BTreeSet::new());
        let look = Look { findings, silenced: &silenced, evidence, ends: &BTreeMap::new(), steps: &steps };
        let Decision { episodes, notices } = decide(&look, &self.episodes, at(now));
        self.episodes.extend(episodes.into_iter().map(|episode| (episode.finding.clone(), episode)));
        for notice in &notices {
            assert!(self.told.insert(notice.key.clone()), "{} was told before", notice.key);
        }
        notices
    }

    fn see(&mut self, seen: i64, now: i64) -> Vec<String> {
        // Seen long before: neither its age nor its dollars pass a step.
        let findings = [finding(1, at(seen - 1), at(seen), 1)];
        self.look(&findings, &BTreeMap::new(), now).into_iter().map(|notice| notice.kind.key()).collect()
    }
}

#[test]
fn a_clock_that_was_ahead_for_a_while_does_not_stop_the_reminders() {
    let mut memory = Memory::default();
    assert_eq!(memory.see(1, 1), ["opened"]);
    assert_eq!(memory.see(1, 1 + 365 * DAY), ["reminder-1"]);
    assert_eq!(memory.see(1, 2), [""; 0], "the clock is right again");
    assert_eq!(memory.see(1, 2 + DAY), [""; 0], "two days after the first");
    assert_eq!(memory.see(1, 2 + 2 * DAY), ["reminder-2"]);
    // Opened while the clock was ahead.
    let mut memory = Memory::default();
    assert_eq!(memory.see(1, 3650 * DAY), ["opened"]);
    assert_eq!(memory.see(1, 0), [""; 0]);
    assert_eq!(memory.see(1, DAY), ["reminder-1"]);
}

#[test]
fn a_daily_look_is_not_to_the_second() {
    let (mut memory, steps) = (Memory::default(), Steps::default());
    memory.see(0, 0);
    let findings = [finding(1, at(-1), at(0), 1)];
    let look = Look {
        findings: &findings,
        silenced: &BTreeSet::new(),
        evidence: &BTreeMap::new(),
        ends: &BTreeMap::new(),
        steps: &steps,
    };
    let a_little_early = at(DAY) - jiff::SignedDuration::from_secs(40);
    assert_eq!(decide(&look, &memory.episodes, a_little_early).notices.len(), 1);
    assert!(decide(&look, &memory.episodes, at(DAY - 2)).notices.is_empty());
}

#[test]
fn what_is_known_only_later_is_not_over_now() {
    let mut memory = Memory::default();
    memory.see(10, 10);
    // The clock went back to before it was there: the finding is missing, and a look at its region is in the future.
    let looked = BTreeMap::from([(id(1), at(20))]);
    assert!(memory.look(&[], &looked, 5).is_empty());
    assert!(memory.look(&[], &looked, 19).is_empty());
    assert_eq!(memory.look(&[], &looked, 20)[0].kind, Kind::Resolved);
}

/// One look at one resource, that is there or not in truth.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// Hours until the next look; negative: the clock was set back.
    hours: i64,
    is_there: bool,
    /// Whether a poll saw the truth before the look.
    is_polled: bool,
    /// Whether the finding is made from what was polled: a rule may lack what it needs to know.
    is_judged: bool,
    cents: u32,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let hours = prop_oneof![6 => 1i64..60, 1 => -400i64..0, 1 => 500i64..9000];
    let step = (hours, prop::bool::weighted(0.7), prop::bool::weighted(0.8), prop::bool::weighted(0.8), 0u32..20_000);
    let step = step.prop_map(|(hours, is_there, is_polled, is_judged, cents)| Step {
        hours,
        is_there,
        is_polled,
        is_judged,
        cents,
    });
    prop::collection::vec(step, 1..60)
}

/// The world as polls know it. A ledger refuses a poll that is not after the one before.
#[derive(Default)]
struct Polled {
    at: Option<i64>,
    is_there: bool,
    since: i64,
    cents: u32,
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// In the end, once the clock goes on and everything is polled and judged, what is there is open and what is not is over;
    /// on the way each opening and each end is told once, in turn, and never an end of what the newest poll saw there.
    #[test]
    fn openings_and_ends_alternate_and_follow_the_polls(steps in steps()) {
        let mut memory = Memory::default();
        let (mut now, mut polled) = (10_000i64, Polled::default());
        let mut turns: Vec<Kind> = Vec::new();
        let last = steps.last().copied().unwrap();
        let settling = [100_000, 1].map(|hours| Step { hours, is_polled: true, is_judged: true, ..last });
        for step in steps.into_iter().chain(settling) {
            now += step.hours;
            if step.is_polled && polled.at.is_none_or(|before| before < now) {
                if step.is_there && !polled.is_there {
                    polled.since = now;
                }
                polled = Polled { at: Some(now), is_there: step.is_there, cents: step.cents, ..polled };
            }
            // As of now: what was polled after it is not looked at.
            let known = polled.at.filter(|at| *at <= now);
            let is_found = step.is_judged && known.is_some() && polled.is_there;
            let found = is_found.then(|| finding(1, at(polled.since), at(known.unwrap_or_default()), polled.cents));
            let newest = polled.at.filter(|_| step.is_judged).map(|polled| (id(1), at(polled)));
            let notices = memory.look(found.as_slice(), &newest.into_iter().collect(), now);
            for notice in notices {
                if notice.kind == Kind::Resolved {
                    prop_assert!(!polled.is_there, "it was there at the newest poll: {}", notice.key);
                }
                if matches!(notice.kind, Kind::Opened | Kind::Resolved) {
                    turns.push(notice.kind);
                }
            }
        }
        let is_open = memory.episodes.get(&id(1)).is_some_and(Episode::is_open);
        prop_assert_eq!(is_open, last.is_there);
        for (nth, turn) in turns.iter().enumerate() {
            prop_assert_eq!(turn, if nth % 2 == 0 { &Kind::Opened } else { &Kind::Resolved });
        }
        prop_assert_eq!(turns.len() % 2 == 1, is_open);
    }

    /// However often one looks, reminders come 1, 3 and 7 days after the opening and weekly then; after a clock that jumped
    /// to anywhere and stays, the next comes within a week.
    #[test]
    fn reminders_back_off_and_never_stop(
        gaps in prop::collection::vec(1i64..30, 1..120),
        jumps in prop::collection::vec(-20_000i64..20_000, 0..4),
    ) {
        let mut memory = Memory::default();
        let mut now = 50_000;
        memory.see(1, now);
        for jump in jumps {
            now += jump;
            memory.see(1, now);
        }
        memory.see(1, now);
        let (mut last, mut so_far) = (now, memory.episodes[&id(1)].reminders);
        let longest = gaps.iter().max().copied().unwrap_or(1);
        for gap in gaps {
            now += gap;
            let told = memory.see(1, now);
            let waits = [1, 2, 4].get(so_far as usize).copied().unwrap_or(7) * DAY;
            if told.is_empty() {
                prop_assert!(now - last < waits + longest, "{} h without a word", now - last);
            } else {
                so_far += 1;
                prop_assert_eq!(told, vec![format!("reminder-{so_far}")]);
                last = now;
            }
        }
    }

    /// Without a jump none comes before its day.
    #[test]
    fn no_reminder_comes_before_its_day(gaps in prop::collection::vec(1i64..30, 1..120)) {
        let mut memory = Memory::default();
        memory.see(1, 0);
        let (mut now, mut so_far) = (0, 0u32);
        for gap in gaps {
            now += gap;
            if memory.see(1, now).is_empty() {
                continue;
            }
            so_far += 1;
            let day = match so_far {
                1 => 1,
                2 => 3,
                3 => 7,
                more => 7 + 7 * i64::from(more - 3),
            };
            prop_assert!(now >= day * DAY - i64::from(so_far), "reminder {so_far} after {now} h");
        }
    }
}
