//! Many instances, and records of ten thousand years: time that grows with the data, not with its square.

use std::time::{Duration, Instant};

use gpucost::billing::{all_line_items, bill};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Fact, InstanceSeen, InstanceState, Noted, derive};
use gpucost::report::bill::{bill_table, summary_table};
use gpucost::report::usage::{By, usage_table};
use jiff::Timestamp;

use crate::facts::{LATER, at, attachment, ledger, month, note, seen, stopped, told, volume, volume_seen};

fn timed<T>(what: &str, limit: Duration, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    let took = begun.elapsed();
    println!("{what}: {took:?}");
    assert!(took < limit, "{what} took {took:?}");
    done
}

/// Generous: a machine under load is not a quadratic loop, which takes minutes here.
const LIMIT: Duration = Duration::from_secs(20);

#[test]
fn ten_thousand_instances_for_a_month() {
    let mut facts = Vec::new();
    for n in 0..10_000 {
        let (id, volume_id) = (format!("i-{n}"), format!("vol-{n}"));
        let of = |seen: InstanceSeen| {
            Fact::Instance(InstanceSeen {
                instance_id: id.clone(),
                volumes: vec![attachment(&volume_id, None)].into(),
                public_ip: Some("203.0.113.7".to_owned()),
                ..seen
            })
        };
        facts.push(of(seen(InstanceState::Running, "2026-10-01", "2026-10-12")));
        facts.push(of(stopped("2026-10-01", "User initiated (2026-10-30 00:00:00 GMT)", "2026-11-01")));
        let mut volume = volume_seen(&volume_id, "2026-10-01", "2026-11-01");
        volume.attached_to = Some((id, true));
        facts.push(Fact::Volume(volume));
    }
    let facts = told(facts);
    let ledger = timed("derive", LIMIT, || derive(&facts, Vec::new(), at("2026-11-01")).expect("a ledger"));
    let bill = timed("bill", LIMIT, || bill(&ledger, RateCard::shipped(), month("2026-10")));
    assert_eq!(bill.line_items.len(), 10_000 * (29 + 29 + 31));
    timed("summary", LIMIT, || summary_table(&bill, &ledger));
    timed("charges", LIMIT, || bill_table(&bill, true));
    let hours = timed("hours", LIMIT, || {
        usage_table(&ledger, &bill.line_items, RateCard::shipped(), &By::Instance, Some(bill.month.period()))
    });
    assert_eq!(hours.rows.len(), 10_000);
}

#[test]
fn one_instance_restarted_twenty_thousand_times() {
    let start = |n: i64| Timestamp::from_second(at("2026-01-01").as_second() + n * 600).expect("in range");
    let runs = (0..20_000).map(|n| {
        let end = Timestamp::from_second(start(n).as_second() + 300).expect("in range");
        Fact::Noted(Noted { start: start(n), end: Some(end), noted_at: end, ..note("2026-01-01", "2026-01-02") })
    });
    let facts = told(runs);
    let ledger = timed("derive", LIMIT, || derive(&facts, Vec::new(), at(LATER)).expect("a ledger"));
    assert_eq!(ledger.sessions.len(), 20_000);
    timed("hours", LIMIT, || usage_table(&ledger, &[], RateCard::shipped(), &By::Instance, None));
}

#[test]
fn a_record_of_ten_thousand_years_costs_a_months_work() {
    let row = Noted {
        start: Timestamp::MIN,
        end: Some(Timestamp::MAX),
        volumes: vec![volume("vol-1", "gp2:75")],
        ..note("2026-01-01", "2026-01-02")
    };
    let facts = told([Fact::Noted(row)]);
    let ledger = derive(&facts, Vec::new(), Timestamp::MAX).expect("a ledger");
    let bill = timed("bill", Duration::from_secs(2), || bill(&ledger, RateCard::shipped(), month("2026-10")));
    assert_eq!(bill.line_items.len(), 62);
    let all = timed("all time", LIMIT, || all_line_items(&ledger, RateCard::shipped()));
    assert_eq!(all.len(), 2 * 36_524, "from August 2006, for a century");
}

#[test]
fn a_note_open_since_long_is_found_whole_by_usage_of_all_time() {
    let ledger = ledger([Fact::Noted(note("2020-01-01", "2026-01-01"))], LATER);
    let lines = all_line_items(&ledger, RateCard::shipped());
    assert_eq!(lines.len(), 2_192);
}
