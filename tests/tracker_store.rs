//! What recording polls must hold: changes and no samples, nothing lost, nothing twice, one order.

#[path = "laws/facts.rs"]
#[allow(dead_code, unused_imports)]
mod facts;

use std::path::PathBuf;

use gpucost::ledger::{
    AddressSeen, Fact, ImageSeen, InstanceSeen, InstanceState, ResourceKind, SnapshotSeen, Tags, VolumeSeen,
};
use gpucost::store::{Import, Poll, Recorded, Store, StoreError, Whole};
use jiff::Timestamp;
use tempfile::TempDir;

use facts::{REGION, address, at, note, seen, snapshot, stopped, volume_seen};

const ACCOUNT: &str = "111122223333";
const LAUNCH: &str = "2026-10-05T09:00:00Z";

struct Ledger {
    store: Store,
    path: PathBuf,
    _folder: TempDir,
}

impl Ledger {
    fn new() -> Ledger {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("ledger.db");
        Ledger { store: Store::create(&path).expect("a ledger"), path, _folder: folder }
    }

    fn poll(&mut self, when: &str, facts: impl IntoIterator<Item = Fact>) -> Recorded {
        self.store.record_poll(&poll(when, facts)).unwrap_or_else(|e| panic!("{when}: {e}"))
    }

    /// Rows of each table, and every byte the facts hold.
    fn contents(&self) -> (Vec<i64>, Vec<Fact>) {
        let ledger = rusqlite::Connection::open(&self.path).expect("the ledger opens");
        let count = |table: &&str| -> i64 {
            ledger.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).expect("a count")
        };
        let rows = ["scopes", "watches", "resources", "shapes", "reasons", "present", "sights"].iter().map(count);
        (rows.collect(), self.facts())
    }

    /// What was seen.
    fn facts(&self) -> Vec<Fact> {
        let facts = self.store.facts().expect("facts").into_iter().map(|(_, fact)| fact);
        facts.filter(|fact| !matches!(fact, Fact::Listed(_))).collect()
    }

    /// Which lists were last read whole, and when.
    fn listed(&self) -> Vec<(ResourceKind, String)> {
        let facts = self.store.facts().expect("facts").into_iter();
        let listed = facts.filter_map(|(_, fact)| if let Fact::Listed(listed) = fact { Some(listed) } else { None });
        listed
            .map(|listed| {
                assert!((listed.account.as_str(), listed.region.as_str(), listed.polled) == (ACCOUNT, REGION, true));
                (listed.what, listed.at.to_string())
            })
            .collect()
    }
}

fn poll(when: &str, facts: impl IntoIterator<Item = Fact>) -> Poll {
    let facts = facts.into_iter().map(|fact| at_poll(fact, at(when))).collect();
    Poll { account: ACCOUNT.to_owned(), region: REGION.to_owned(), at: at(when), facts, whole: Whole::ALL }
}

fn at_poll(mut fact: Fact, when: Timestamp) -> Fact {
    match &mut fact {
        Fact::Instance(seen) => seen.seen_at = when,
        Fact::Volume(seen) => seen.seen_at = when,
        Fact::Address(seen) => seen.seen_at = when,
        Fact::Snapshot(seen) => seen.seen_at = when,
        Fact::Image(seen) => seen.seen_at = when,
        _ => {}
    }
    fact
}

fn running() -> Fact {
    Fact::Instance(InstanceSeen {
        public_ip: Some("203.0.113.7".to_owned()),
        ..seen(InstanceState::Running, LAUNCH, LAUNCH)
    })
}

fn stop() -> Fact {
    Fact::Instance(stopped(LAUNCH, "User initiated (2026-10-06 03:04:05 GMT)", LAUNCH))
}

fn disk() -> Fact {
    Fact::Volume(volume_seen("vol-1", LAUNCH, LAUNCH))
}

fn image() -> Fact {
    Fact::Image(ImageSeen {
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        image_id: "ami-1".to_owned(),
        name: "trained".to_owned(),
        tags: Tags::new(),
        snapshots: vec!["snap-1".to_owned(), "snap-2".to_owned()],
        seen_at: at(LAUNCH),
    })
}

#[test]
fn a_list_is_told_of_when_it_was_read_whole_and_not_otherwise() {
    let mut ledger = Ledger::new();
    let poll_at = |when: &str, whole| Poll { whole, ..poll(when, [disk(), image()]) };
    ledger
        .store
        .record_poll(&poll_at("2026-10-06T00:00:00Z", Whole { images: false, ..Whole::ALL }))
        .expect("recorded");
    let whole_at =
        |ledger: &Ledger, what| ledger.listed().into_iter().find(|(kind, _)| *kind == what).map(|(_, at)| at);
    assert_eq!(whole_at(&ledger, ResourceKind::Volume).as_deref(), Some("2026-10-06T00:00:00Z"));
    assert_eq!(whole_at(&ledger, ResourceKind::Image), None, "it was refused");
    ledger
        .store
        .record_poll(&poll_at("2026-10-06T00:01:00Z", Whole { volumes: false, ..Whole::ALL }))
        .expect("recorded");
    assert_eq!(whole_at(&ledger, ResourceKind::Volume).as_deref(), Some("2026-10-06T00:00:00Z"));
    assert_eq!(whole_at(&ledger, ResourceKind::Image).as_deref(), Some("2026-10-06T00:01:00Z"));
    // An image that the next whole list misses was deregistered.
    ledger.poll("2026-10-06T00:02:00Z", [disk()]);
    let gone = ledger.facts().into_iter().find_map(|fact| if let Fact::Gone(gone) = fact { Some(gone) } else { None });
    assert_eq!(gone.map(|gone| (gone.what, gone.resource_id)), Some((ResourceKind::Image, "ami-1".to_owned())));
}

#[test]
fn every_kind_of_sight_comes_back_word_for_word() {
    let mut ledger = Ledger::new();
    let odd = InstanceSeen {
        instance_id: "i-odd".to_owned(),
        launch_time: at("2026-10-05T09:00:00.25Z"),
        reason: "Server.InternalError: (odd) \u{1} (2026-10-06 3:04 GMT)".to_owned(),
        tags: [("Näme\n".to_owned(), "\u{1f600}'\"".to_owned())].into(),
        ..seen(InstanceState::Terminated, LAUNCH, LAUNCH)
    };
    let told = vec![
        running(),
        Fact::Instance(odd),
        disk(),
        Fact::Address(address(Some("i-1"), LAUNCH)),
        Fact::Snapshot(SnapshotSeen { description: "odd \u{1b}[2J".to_owned(), ..snapshot(LAUNCH, LAUNCH) }),
        image(),
    ];
    let first = "2026-10-06T00:00:00Z";
    assert_eq!(ledger.poll(first, told.clone()), Recorded { new: 6, ..Recorded::default() });
    let sorted = |facts: Vec<Fact>| {
        let mut texts: Vec<String> = facts.iter().map(|fact| format!("{fact:?}")).collect();
        texts.sort();
        texts
    };
    let expected = |when: &str| told.iter().map(|fact| at_poll(fact.clone(), at(when))).collect::<Vec<_>>();
    assert_eq!(sorted(ledger.facts()), sorted(expected(first)));
    let later = "2026-10-06T00:01:00Z";
    assert_eq!(ledger.poll(later, told.clone()), Recorded { known: 6, ..Recorded::default() });
    assert_eq!(sorted(ledger.facts()), sorted([expected(first), expected(later)].concat()), "first sight and last");
}

#[test]
fn polls_that_see_the_same_add_no_row() {
    let mut ledger = Ledger::new();
    ledger.poll("2026-10-06T00:00:00Z", [running(), disk()]);
    let (rows, _) = ledger.contents();
    for minute in 1..59 {
        ledger.poll(&format!("2026-10-06T00:{minute:02}:00Z"), [running(), disk()]);
    }
    assert_eq!(ledger.contents().0, rows);
    let watched = ledger.store.watched().expect("watched");
    assert_eq!(watched.len(), 1);
    assert_eq!((watched[0].last, watched[0].polls), (at("2026-10-06T00:58:00Z"), 59));
}

#[test]
fn a_gap_between_polls_is_kept_as_a_gap() {
    let mut ledger = Ledger::new();
    for when in ["2026-10-06T00:00:00Z", "2026-10-06T00:10:00Z", "2026-10-06T06:10:00Z", "2026-10-06T06:11:00Z"] {
        ledger.poll(when, [running()]);
    }
    let watched = ledger.store.watched().expect("watched");
    let spans: Vec<_> = watched.iter().map(|w| (w.first, w.last, w.polls)).collect();
    assert_eq!(
        spans,
        [
            (at("2026-10-06T00:00:00Z"), at("2026-10-06T00:10:00Z"), 2),
            (at("2026-10-06T06:10:00Z"), at("2026-10-06T06:11:00Z"), 2)
        ]
    );
}

#[test]
fn the_same_poll_twice_changes_nothing() {
    let mut ledger = Ledger::new();
    ledger.poll("2026-10-06T00:00:00Z", [running(), disk()]);
    ledger.poll("2026-10-06T00:01:00Z", [stop(), disk()]);
    let before = ledger.contents();
    assert_eq!(ledger.poll("2026-10-06T00:01:00Z", [stop(), disk()]).new, 0);
    assert_eq!(ledger.poll("2026-10-06T00:01:00Z", [running()]).new, 0, "not even if it says something else");
    // One that a quicker one overtook.
    assert_eq!(ledger.poll("2026-10-06T00:00:30Z", [running(), disk()]).new, 0);
    assert_eq!(ledger.contents(), before);
}

#[test]
fn a_clock_that_went_back_is_refused() {
    let mut ledger = Ledger::new();
    ledger.poll("2026-10-06T00:10:00Z", [running()]);
    let before = ledger.contents();
    let error = ledger.store.record_poll(&poll("2026-10-06T00:08:59Z", [stop()])).expect_err("refused");
    assert!(matches!(error, StoreError::ClockWentBack { .. }), "{error}");
    assert!(error.to_string().contains("us-west-2 of account 111122223333 was polled at 2026-10-06T00:10:00Z"));
    assert!(error.hint().is_some_and(|hint| hint.contains("clock")));
    assert_eq!(ledger.contents(), before);
    // Each region has an order of its own.
    let other = Poll { region: "eu-west-1".to_owned(), ..poll("2026-10-05T00:00:00Z", []) };
    ledger.store.record_poll(&other).expect("another region");
}

#[test]
fn what_a_whole_list_misses_is_gone_between_two_polls() {
    let mut ledger = Ledger::new();
    ledger.poll("2026-10-06T00:00:00Z", [running(), disk()]);
    ledger.poll("2026-10-06T00:01:00Z", [running(), disk()]);
    assert_eq!(ledger.poll("2026-10-06T00:02:00Z", [running()]).new, 1);
    let gone: Vec<_> = ledger
        .facts()
        .into_iter()
        .filter_map(|fact| if let Fact::Gone(gone) = fact { Some(gone) } else { None })
        .collect();
    assert_eq!(gone.len(), 1);
    assert_eq!((gone[0].what, gone[0].resource_id.as_str()), (ResourceKind::Volume, "vol-1"));
    assert_eq!((gone[0].last_seen, gone[0].missed_at), (at("2026-10-06T00:01:00Z"), at("2026-10-06T00:02:00Z")));
}

#[test]
fn nothing_is_gone_from_a_list_that_was_not_read_whole() {
    let mut ledger = Ledger::new();
    ledger.poll("2026-10-06T00:00:00Z", [running(), disk(), Fact::Address(address(None, LAUNCH))]);
    let denied = Whole { volumes: false, addresses: false, ..Whole::ALL };
    let part = Poll { whole: denied, ..poll("2026-10-06T00:01:00Z", [running(), disk()]) };
    ledger.store.record_poll(&part).expect("recorded");
    let last = |ledger: &Ledger, kind: &str| {
        ledger.facts().iter().filter(|fact| fact.kind() == kind).map(Fact::known_at).max().expect("a sight")
    };
    assert!(ledger.facts().iter().all(|fact| fact.kind() != "gone"));
    assert_eq!(last(&ledger, "volume"), at("2026-10-06T00:01:00Z"), "what part of a list names was seen");
    assert_eq!(last(&ledger, "address"), at("2026-10-06T00:00:00Z"), "what it does not name was not");
    ledger.poll("2026-10-06T00:02:00Z", [running()]);
    let gone = ledger.facts().into_iter().filter(|fact| fact.kind() == "gone").count();
    assert_eq!(gone, 2, "the next whole lists tell");
}

#[test]
fn a_resource_that_comes_back_goes_on_under_its_number() {
    // A list of AWS may miss what was made a moment ago.
    let mut ledger = Ledger::new();
    for (when, there) in [("00", true), ("01", false), ("02", true)] {
        ledger.poll(&format!("2026-10-06T00:{when}:00Z"), there.then(running));
    }
    let (rows, facts) = ledger.contents();
    assert_eq!(rows[2], 1, "one resource");
    assert_eq!(facts.len(), 3, "two sights and the gap between them: {facts:?}");
}

#[test]
fn a_start_and_a_stop_write_no_description_anew() {
    let mut ledger = Ledger::new();
    for day in 10..20 {
        let launch = format!("2026-10-{day}T09:00:00Z");
        let ip = Some(format!("203.0.113.{day}"));
        ledger.poll(
            &format!("2026-10-{day}T10:00:00Z"),
            [Fact::Instance(InstanceSeen { public_ip: ip, ..seen(InstanceState::Running, &launch, &launch) })],
        );
        let reason = format!("User initiated (2026-10-{day} 11:00:00 GMT)");
        ledger.poll(&format!("2026-10-{day}T12:00:00Z"), [Fact::Instance(stopped(&launch, &reason, &launch))]);
    }
    let (rows, _) = ledger.contents();
    assert_eq!(rows, [1, 20, 1, 1, 1, 1, 19], "one resource, one shape, one reason; a row a change");
}

#[test]
fn one_id_in_two_regions_is_refused() {
    let mut ledger = Ledger::new();
    ledger.poll("2026-10-06T00:00:00Z", [running()]);
    let before = ledger.contents();
    for (account, region) in [(ACCOUNT, "eu-west-1"), ("444455556666", REGION), ("", "eu-west-1")] {
        let elsewhere = Poll {
            account: account.to_owned(),
            region: region.to_owned(),
            ..poll("2026-10-06T00:01:00Z", [running(), disk()])
        };
        let error = ledger.store.record_poll(&elsewhere).expect_err("refused");
        assert!(error.to_string().contains("instance `i-1` was seen in"), "{error}");
        assert!(error.to_string().contains("the ledger has it in us-west-2 of account 111122223333"), "{error}");
        assert_eq!(ledger.contents(), before, "nothing of it is kept");
    }
    // The account was not known at first, or is not now: it is the same place.
    let unknown = Poll { account: String::new(), ..poll("2026-10-06T00:01:00Z", [running()]) };
    ledger.store.record_poll(&unknown).expect("recorded");
}

#[test]
fn what_notes_say_of_the_same_time_is_refused_once_and_not_billed_twice() {
    let mut ledger = Ledger::new();
    let import = Import { file: "notes.csv".to_owned(), format: "notes".to_owned(), imported_at: at("2026-10-07") };
    let row = Fact::Noted(note("2026-10-05", "2026-10-06"));
    ledger
        .store
        .record::<StoreError>(&import, false, |recorder| {
            recorder.fact(2, &row)?;
            Ok("sum".to_owned())
        })
        .expect("imported");
    let error = ledger.store.record_poll(&poll("2026-10-05T12:00:00Z", [running()])).expect_err("refused");
    assert!(error.to_string().contains("notes.csv:2"), "{error}");
    assert!(ledger.facts().iter().all(|fact| fact.kind() == "noted"));
    let other = InstanceSeen { instance_id: "i-2".to_owned(), ..seen(InstanceState::Running, LAUNCH, LAUNCH) };
    ledger.poll("2026-10-05T12:01:00Z", [Fact::Instance(other)]);
}

#[test]
fn notes_that_come_after_the_polls_are_held_against_them() {
    let mut ledger = Ledger::new();
    ledger.poll("2026-10-05T12:00:00Z", [running()]);
    ledger.poll("2026-10-05T18:00:00Z", [running()]);
    let import = Import { file: "notes.csv".to_owned(), format: "notes".to_owned(), imported_at: at("2026-10-07") };
    let row = Fact::Noted(note("2026-10-05T10:00:00Z", "2026-10-06"));
    let refused = ledger.store.record::<StoreError>(&import, false, |recorder| {
        recorder.fact(2, &row)?;
        Ok("sum".to_owned())
    });
    let error = refused.expect_err("refused");
    assert!(error.to_string().contains("track 111122223333 us-west-2 (record 1)"), "{error}");
}

#[test]
fn a_ledger_of_before_the_tracker_is_carried_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("ledger.db");
    drop(Store::create(&path).expect("a ledger"));
    let old = rusqlite::Connection::open(&path).expect("opens");
    // All that later versions added goes.
    let later: Vec<String> = old
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('imports', 'facts', 'metered')")
        .and_then(|mut tables| tables.query_map([], |row| row.get(0))?.collect())
        .expect("its tables");
    assert!(later.iter().any(|table| table == "sights"), "{later:?}");
    old.execute_batch("PRAGMA foreign_keys = OFF").expect("in any order");
    for table in later {
        old.execute_batch(&format!("DROP TABLE {table}")).expect("as it was");
    }
    old.pragma_update(None, "user_version", 1).expect("as it was");
    drop(old);
    let mut store = Store::open(&path).expect("carried over");
    store.record_poll(&poll("2026-10-05T12:00:00Z", [running()])).expect("recorded");
}

#[test]
fn two_trackers_at_once_record_what_one_would() {
    let ledger = Ledger::new();
    let path = &ledger.path;
    let minute = |minute: i64| Timestamp::from_second(at("2026-10-06").as_second() + 60 * minute).expect("a time");
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut store = Store::open(path).expect("opens");
                for n in 0..60 {
                    let state = if n / 10 % 2 == 0 { running() } else { stop() };
                    let when = minute(n).to_string();
                    // The slower of the two is overtaken, or more than a minute behind: never half recorded.
                    match store.record_poll(&poll(&when, [state, disk()])) {
                        Ok(_) | Err(StoreError::ClockWentBack { .. }) => {}
                        Err(e) => panic!("{e}"),
                    }
                }
            });
        }
    });
    let sights: Vec<_> = ledger
        .facts()
        .into_iter()
        .filter_map(|fact| if let Fact::Instance(seen) = fact { Some((seen.state, seen.seen_at)) } else { None })
        .collect();
    let (mut count, mut last) = (0, None);
    let mut sorted = sights;
    sorted.sort_by_key(|(_, when)| *when);
    for (state, when) in sorted {
        let n = (when.as_second() - minute(0).as_second()) / 60;
        assert_eq!(state == InstanceState::Running, n / 10 % 2 == 0, "{n}");
        assert_ne!(last, Some(when), "nothing twice");
        last = Some(when);
        count += 1;
    }
    assert_eq!((count, last), (12, Some(minute(59))), "six stretches, the first and the last sight of each");
}

#[test]
fn a_ledger_that_another_writes_to_is_busy_not_broken() {
    let mut ledger = Ledger::new();
    let other = rusqlite::Connection::open(&ledger.path).expect("opens");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let error = ledger.store.record_poll(&poll("2026-10-06", [running()])).expect_err("busy");
    assert!(matches!(error, StoreError::Busy { .. }), "{error}");
    other.execute_batch("ROLLBACK").expect("unlocked");
    ledger.poll("2026-10-06", [running()]);
}

#[test]
fn a_retyped_volume_and_a_moved_address_are_new_sights() {
    let mut ledger = Ledger::new();
    let grown = Fact::Volume(VolumeSeen { size_gb: 200, ..volume_seen("vol-1", LAUNCH, LAUNCH) });
    let held = Fact::Address(address(Some("i-1"), LAUNCH));
    let idle = Fact::Address(AddressSeen { associated: false, instance_id: None, ..address(None, LAUNCH) });
    ledger.poll("2026-10-06T00:00:00Z", [disk(), held]);
    assert_eq!(ledger.poll("2026-10-06T00:01:00Z", [grown, idle]).new, 2);
    assert_eq!(ledger.facts().len(), 4);
}
