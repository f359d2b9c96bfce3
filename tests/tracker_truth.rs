//! Simulated instances whose truth is known, looked at now and then: it always lies within what the ledger says.

#[path = "laws/facts.rs"]
#[allow(dead_code, unused_imports)]
mod facts;

use gpucost::billing::{LineItem, all_line_items};
use gpucost::catalog::RateCard;
use gpucost::ledger::{
    Certainty, Change, Evidence, EvidenceKind, Fact, InstanceSeen, InstanceState, Ledger, Meter, ResourceChanged,
    Session, VolumeSeen, derive,
};
use gpucost::store::{Import, Poll, Store, StoreError, Whole};
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rust_decimal::Decimal;

use facts::{INSTANCE, REGION, at, dec, seen, volume_seen};

const ACCOUNT: &str = "111122223333";
const TYPES: [&str; 3] = ["p2.xlarge", "g4dn.xlarge", "g5.xlarge"];

/// Seconds from a change of the type to the start that follows.
const RETYPED_BEFORE: i64 = 5;

/// One start-to-stop of the truth, in seconds since the beginning.
#[derive(Clone, Debug)]
struct Run {
    start: i64,
    end: i64,
    instance_type: &'static str,
    stop: Stop,
    /// CloudTrail keeps the start, and the stop.
    logged: (bool, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    /// The reason has a time, in the words of AWS or of another server.
    Gmt,
    Utc,
    /// The reason is empty.
    Wordless,
    /// From inside: no time, and no call.
    Inside,
}

#[derive(Clone, Debug)]
struct Story {
    runs: Vec<Run>,
    /// Seconds since the beginning, in order; the last is when the story is told.
    polls: Vec<i64>,
    /// LaunchTime stays that of the first start, as some servers have it.
    still: bool,
}

fn when(second: i64) -> Timestamp {
    Timestamp::from_second(at("2026-10-03T05:07:11Z").as_second() + second).expect("in range")
}

fn run() -> impl Strategy<Value = (i64, i64, &'static str, Stop, (bool, bool))> {
    let length = || prop_oneof![70..400_i64, 400..200_000_i64];
    let stop = select(vec![Stop::Gmt, Stop::Utc, Stop::Wordless, Stop::Inside]);
    (length(), length(), select(TYPES.to_vec()), stop, any::<(bool, bool)>())
}

/// AWS shows the last start alone: each run is seen, or one of its calls is kept, before the next begins.
fn story() -> impl Strategy<Value = Story> {
    (vec(run(), 1..7), vec(any::<Index>(), 0..12), 0..100_000_i64).prop_map(|(parts, polls, more)| {
        let mut clock = 0;
        let mut runs: Vec<Run> = Vec::new();
        for (off, on, instance_type, stop, logged) in parts {
            let start = clock + off;
            clock = start + on;
            runs.push(Run { start, end: clock, instance_type, stop, logged });
        }
        let told_at = clock + more;
        let mut polls: Vec<i64> = polls.iter().map(|poll| poll.index(told_at as usize) as i64).collect();
        polls.push(told_at);
        polls.sort_unstable();
        polls.dedup();
        for i in 0..runs.len() {
            let next = runs.get(i + 1).map_or(i64::MAX, |next| next.start);
            if !polls.iter().any(|poll| (runs[i].start..next).contains(poll)) {
                runs[i].logged.0 = true;
            }
        }
        Story { runs, polls, still: false }
    })
}

impl Story {
    fn sight(&self, poll: i64) -> Option<Fact> {
        let run = self.runs.iter().rfind(|run| run.start <= poll)?;
        let is_on = poll < run.end;
        let retyped = self.runs.iter().rfind(|run| run.start - RETYPED_BEFORE <= poll);
        let instance_type = retyped.map_or(run.instance_type, |run| run.instance_type);
        let state = if is_on { InstanceState::Running } else { InstanceState::Stopped };
        let reason = match run.stop {
            _ if is_on => String::new(),
            Stop::Gmt => when(run.end).strftime("User initiated (%Y-%m-%d %H:%M:%S GMT)").to_string(),
            Stop::Utc => when(run.end).strftime("User initiated (%Y-%m-%d %H:%M:%S UTC)").to_string(),
            Stop::Wordless => String::new(),
            Stop::Inside => "Client.InstanceInitiatedShutdown: Instance initiated shutdown".to_owned(),
        };
        Some(Fact::Instance(InstanceSeen {
            launch_time: when(if self.still { self.runs[0].start } else { run.start }),
            seen_at: when(poll),
            instance_type: instance_type.to_owned(),
            reason,
            ..seen(state, "2026-10-01", "2026-10-01")
        }))
    }

    fn sights(&self) -> Vec<Fact> {
        self.polls.iter().filter_map(|poll| self.sight(*poll)).collect()
    }

    /// What CloudTrail kept.
    fn calls(&self) -> Vec<Fact> {
        let mut calls = Vec::new();
        for (i, run) in self.runs.iter().enumerate() {
            let instance_type = || run.instance_type.to_owned();
            if i > 0 && self.runs[i - 1].instance_type != run.instance_type && run.logged.0 {
                calls.push((run.start - RETYPED_BEFORE, Change::Retyped { instance_type: instance_type() }));
            }
            if run.logged.0 {
                let launched = Change::Launched { instance_type: Some(instance_type()) };
                calls.push((run.start, if i == 0 { launched } else { Change::Started }));
            }
            if run.logged.1 && run.stop != Stop::Inside {
                calls.push((run.end, Change::Stopped));
            }
        }
        let fact = |(second, change)| {
            Fact::Changed(ResourceChanged {
                account: ACCOUNT.to_owned(),
                region: REGION.to_owned(),
                resource_id: INSTANCE.to_owned(),
                at: when(second),
                event_id: format!("{second} {change:?}"),
                change,
            })
        };
        calls.into_iter().map(fact).collect()
    }

    fn now(&self) -> Timestamp {
        when(self.polls.last().copied().unwrap_or(0))
    }

    fn ledger(&self) -> Ledger {
        derived([self.sights(), self.calls()].concat(), self.now())
    }

    /// Hours and dollars of the truth: AWS charges a minute at least.
    fn truth(&self) -> (Decimal, Decimal) {
        let rate = |name: &str| RateCard::shipped().on_demand(REGION, name).expect("a rate").usd.amount();
        let runs = self.runs.iter().map(|run| {
            let hours = Decimal::from((run.end - run.start).max(60)) / dec("3600");
            (hours, hours * rate(run.instance_type))
        });
        runs.fold((Decimal::ZERO, Decimal::ZERO), |sum, run| (sum.0 + run.0, sum.1 + run.1))
    }
}

fn derived(facts: Vec<Fact>, now: Timestamp) -> Ledger {
    let told = (1..).zip(facts).map(|(line, fact)| {
        let kind = if matches!(fact, Fact::Changed(_)) { EvidenceKind::CloudTrail } else { EvidenceKind::Description };
        (Evidence { kind, file: "told".into(), line }, fact)
    });
    derive(&told.collect::<Vec<_>>(), Vec::new(), now).unwrap_or_else(|e| panic!("{e}"))
}

/// The least and the most that compute can be, in hours and dollars; no most where dollars are unknown.
fn bounds(ledger: &Ledger) -> ((Decimal, Decimal), (Decimal, Option<Decimal>)) {
    let lines: Vec<LineItem> = all_line_items(ledger, RateCard::shipped());
    let compute = || lines.iter().filter(|line| line.meter == Meter::Compute);
    let sure = || compute().filter(|line| line.certainty == Certainty::Measured);
    let hours = |line: &LineItem| line.quantity.expect("hours").amount;
    let dollars = |line: &LineItem| line.charge.cost().map(|cost| cost.amount());
    let most = compute().map(dollars).sum::<Option<Decimal>>();
    ((sure().map(hours).sum(), sure().filter_map(dollars).sum()), (compute().map(hours).sum(), most))
}

/// Six decimals of an hour, for each run.
fn allowance() -> Decimal {
    dec("0.0001")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn the_truth_lies_within_the_bounds(story in story()) {
        let ((least, least_usd), (most, most_usd)) = bounds(&story.ledger());
        let (truth, truth_usd) = story.truth();
        prop_assert!(least <= truth + allowance(), "at least {least} h, truly {truth} h");
        prop_assert!(truth <= most + allowance(), "at most {most} h, truly {truth} h");
        prop_assert!(least_usd <= truth_usd + allowance(), "at least ${least_usd}, truly ${truth_usd}");
        if let Some(most_usd) = most_usd {
            prop_assert!(truth_usd <= most_usd + allowance(), "at most ${most_usd}, truly ${truth_usd}");
        }
    }

    #[test]
    fn the_truth_lies_within_the_bounds_where_launch_time_does_not_move(
        mut story in story(),
        looks in vec((0..60_i64, 0..60_i64), 7),
    ) {
        story.still = true;
        for (run, (on, off)) in story.runs.iter().zip(looks) {
            story.polls.extend([run.start + 5 + on, run.end + 5 + off]);
        }
        story.polls.sort_unstable();
        story.polls.dedup();
        let ((least, least_usd), (most, most_usd)) = bounds(&story.ledger());
        let (truth, truth_usd) = story.truth();
        prop_assert!(least <= truth + allowance() && truth <= most + allowance(), "{least} to {most} h, truly {truth}");
        prop_assert!(least_usd <= truth_usd + allowance());
        prop_assert!(most_usd.is_some_and(|most_usd| truth_usd <= most_usd + allowance()), "every run was seen as it ran");
        prop_assert_eq!(story.ledger().sessions.len(), story.runs.len(), "what stood still is not billed as running");
    }

    #[test]
    fn with_all_calls_the_hours_are_exact(mut story in story()) {
        for run in &mut story.runs {
            run.logged = (true, true);
            if run.stop == Stop::Inside {
                run.stop = Stop::Wordless;
            }
        }
        let ledger = story.ledger();
        let (least, most) = bounds(&ledger);
        let (truth, truth_usd) = story.truth();
        prop_assert!((least.0 - truth).abs() <= allowance(), "{} and {truth}", least.0);
        prop_assert!((most.0 - truth).abs() <= allowance(), "{} and {truth}", most.0);
        prop_assert!(most.1.is_some_and(|most| (most - truth_usd).abs() <= allowance()), "{most:?} and {truth_usd}");
        let told: Vec<_> = ledger.sessions.iter().map(|s| (s.start, s.end.earliest(), s.end.latest())).collect();
        let true_runs: Vec<_> = story.runs.iter().map(|run| (when(run.start), when(run.end), Some(when(run.end)))).collect();
        prop_assert_eq!(told, true_runs, "to the second");
    }

    #[test]
    fn with_a_launch_time_and_a_reason_for_each_run_the_hours_are_exact(mut story in story()) {
        // A look at each stop, and nothing of CloudTrail.
        for run in &mut story.runs {
            run.logged = (false, false);
            if matches!(run.stop, Stop::Inside | Stop::Wordless) {
                run.stop = Stop::Gmt;
            }
            story.polls.push(run.end + 30);
        }
        story.polls.sort_unstable();
        let told: Vec<_> = story.ledger().sessions.iter().map(|s| (s.start, s.end.earliest(), s.end.latest())).collect();
        let true_runs: Vec<_> = story.runs.iter().map(|run| (when(run.start), when(run.end), Some(when(run.end)))).collect();
        prop_assert_eq!(told, true_runs, "to the second");
    }

    #[test]
    fn polling_more_often_never_widens_the_bounds(story in story(), more in vec(any::<Index>(), 1..20)) {
        let mut often = story.clone();
        let told_at = story.polls.last().copied().unwrap_or(1).max(1);
        often.polls.extend(more.iter().map(|poll| poll.index(told_at as usize) as i64));
        often.polls.sort_unstable();
        often.polls.dedup();
        let ((least, _), (most, _)) = bounds(&story.ledger());
        let ((least_often, _), (most_often, _)) = bounds(&often.ledger());
        prop_assert!(least_often + allowance() >= least, "{least_often} is less than {least}");
        prop_assert!(most_often <= most + allowance(), "{most_often} is more than {most}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn polls_in_the_store_tell_what_a_fact_for_each_poll_tells(
        story in story(),
        sizes in vec((any::<Index>(), 100..103_u32), 0..4),
        until in any::<Index>(),
    ) {
        let told_at = story.polls.last().copied().unwrap_or(1).max(1);
        let mut resized: Vec<(i64, u32)> =
            sizes.iter().map(|(second, size)| (second.index(told_at as usize) as i64, *size)).collect();
        resized.sort_unstable();
        let gone_from = until.index(2 * told_at as usize) as i64;
        let disk = |poll: i64| {
            let size_gb = resized.iter().rfind(|(from, _)| *from <= poll).map_or(99, |(_, size)| *size);
            let volume = VolumeSeen { size_gb, seen_at: when(poll), ..volume_seen("vol-1", "2026-10-01", "2026-10-01") };
            (poll < gone_from).then_some(Fact::Volume(volume))
        };
        let folder = tempfile::tempdir().expect("a folder");
        let mut store = Store::create(&folder.path().join("ledger.db")).expect("a ledger");
        let mut facts = story.calls();
        let import = Import { file: "cloudtrail".to_owned(), format: "cloudtrail".to_owned(), imported_at: story.now() };
        store.record::<StoreError>(&import, false, |recorder| {
            for (line, fact) in (1..).zip(&facts) {
                recorder.fact(line, fact)?;
            }
            Ok("sum".to_owned())
        }).expect("imported");
        let mut last_disk = None;
        for poll in &story.polls {
            let seen: Vec<Fact> = story.sight(*poll).into_iter().chain(disk(*poll)).collect();
            match (last_disk, disk(*poll).is_some()) {
                (Some(last_seen), false) => {
                    facts.push(Fact::Gone(gpucost::ledger::ResourceGone {
                        what: gpucost::ledger::ResourceKind::Volume,
                        account: ACCOUNT.to_owned(),
                        region: REGION.to_owned(),
                        resource_id: "vol-1".to_owned(),
                        last_seen,
                        missed_at: when(*poll),
                    }));
                    last_disk = None;
                }
                (_, true) => last_disk = Some(when(*poll)),
                (None, false) => {}
            }
            facts.extend(seen.clone());
            let poll =
                Poll { account: ACCOUNT.to_owned(), region: REGION.to_owned(), at: when(*poll), facts: seen, whole: Whole::ALL };
            store.record_poll(&poll).expect("recorded");
        }
        let one_by_one = derived(facts, story.now());
        let stored = derive(&store.facts().expect("facts"), Vec::new(), story.now()).expect("a ledger");
        let bare = |ledger: &Ledger| -> Vec<Session> {
            ledger.sessions.iter().map(|session| Session { evidence: Vec::new(), ..session.clone() }).collect()
        };
        prop_assert_eq!(bare(&stored), bare(&one_by_one));
        prop_assert_eq!(&stored.stretches, &one_by_one.stretches);
        let cost = |ledger: &Ledger, meter: Meter, certainty: Certainty| -> Decimal {
            let lines = all_line_items(ledger, RateCard::shipped());
            let of = lines.iter().filter(|line| line.meter == meter && line.certainty == certainty);
            of.filter_map(|line| line.charge.cost()).map(|cost| cost.amount()).sum()
        };
        for meter in [Meter::Compute, Meter::VolumeStorage] {
            for certainty in [Certainty::Measured, Certainty::Possible] {
                let (a, b) = (cost(&stored, meter, certainty), cost(&one_by_one, meter, certainty));
                prop_assert!((a - b).abs() <= dec("0.00000001"), "{meter} {certainty:?}: {a} and {b}");
            }
        }
    }
}
