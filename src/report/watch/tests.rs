//! The live view against the bill.

use jiff::{Timestamp, ToSpan};

use super::*;
use crate::billing::bill;
use crate::ledger::{Evidence, EvidenceKind, Fact, InstanceState, Noted, Purchase, Tags, VolumeSeen, derive};

const TRAINER: &str = "i-0123456789abcdef0";
const HALTED: &str = "i-0fedcba9876543210";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn instance(id: &str, state: InstanceState, launched: &str, seen: Timestamp) -> Fact {
    Fact::Instance(InstanceSeen {
        root_device: None,
        account: "111122223333".to_owned(),
        region: "us-east-1".to_owned(),
        instance_id: id.to_owned(),
        name: String::new(),
        tags: Tags::new(),
        instance_type: "p3.2xlarge".to_owned(),
        state,
        launch_time: at(launched),
        reason: "User initiated (2026-10-02 17:00:00 GMT)".to_owned(),
        platform: "Linux/UNIX".to_owned(),
        purchase: Purchase::OnDemand,
        public_ip: None,
        elastic_ip: false,
        volumes: std::sync::Arc::default(),
        seen_at: seen,
    })
}

fn volume(id: &str, of: Option<&str>, seen: Timestamp) -> Fact {
    Fact::Volume(VolumeSeen {
        region: "us-east-1".to_owned(),
        volume_id: id.to_owned(),
        name: String::new(),
        tags: Tags::new(),
        volume_type: "gp2".into(),
        size_gb: 100,
        iops: None,
        throughput_mibps: None,
        created_at: at("2026-10-01T00:00:00Z"),
        state: "in-use".to_owned(),
        attached_to: of.map(|id| (id.to_owned(), false)),
        seen_at: seen,
    })
}

/// One runs since noon of the 20th, one stands still since the 2nd, a volume belongs to nobody.
fn facts(polled: Timestamp) -> Vec<(Evidence, Fact)> {
    let facts = [
        instance(TRAINER, InstanceState::Running, "2026-10-20T12:00:00Z", polled),
        instance(HALTED, InstanceState::Stopped, "2026-10-02T09:00:00Z", polled),
        volume("vol-1", Some(TRAINER), polled),
        volume("vol-2", Some(HALTED), polled),
        volume("vol-3", None, polled),
    ];
    let evidence = |line| Evidence { kind: EvidenceKind::Description, file: "poll".into(), line };
    (1..).map(evidence).zip(facts).collect()
}

fn watched(polled: Timestamp) -> Watched {
    let ledgers = Ledgers::of(facts(polled), Vec::new(), polled).expect("no overlap");
    Watched::new(&ledgers, RateCard::shipped(), polled, polled, polled)
}

fn row(reading: &Reading, owner: &Owner) -> Spent {
    reading.rows.iter().find(|(found, _)| found == owner).expect("a row").1
}

#[test]
fn at_the_poll_the_view_is_the_bill() {
    let polled = at("2026-10-20T15:00:00Z");
    let reading = watched(polled).read(RateCard::shipped(), polled);
    let ledger = derive(&facts(polled), Vec::new(), polled).expect("no overlap");
    let bill = bill(&ledger, RateCard::shipped(), Month::of(polled));
    assert_eq!(reading.total.month.usd, bill.total());
    assert_eq!(reading.since_poll.usd, Usd::ZERO);
    let rows: Usd = reading.rows.iter().map(|(_, spent)| spent.month.usd).sum();
    assert_eq!(rows, bill.total(), "the rows are the bill, each line once");
}

#[test]
fn the_meter_ticks_at_the_rate_of_what_runs() {
    let polled = at("2026-10-20T15:00:00Z");
    let watched = watched(polled);
    let owner = Owner::Instance(TRAINER.to_owned());
    let session = |now: Timestamp| row(&watched.read(RateCard::shipped(), now), &owner).session.expect("it runs").usd;
    // 3 h of $3.06 and of 100 GB at $0.10 a GB-month of 744 h.
    assert_eq!(session(polled).rounded(4), "$9.2203");
    let later = polled.checked_add(30.seconds()).expect("a time");
    assert_eq!((session(later) - session(polled)).rounded(4), "$0.0256");
    let halted = row(&watched.read(RateCard::shipped(), later), &Owner::Instance(HALTED.to_owned()));
    assert_eq!(halted.session, None);
    assert!(halted.today.usd > Usd::ZERO, "the volume of a stopped instance goes on billing");
    assert!(row(&watched.read(RateCard::shipped(), later), &Owner::Unattached).today.usd > Usd::ZERO);
}

#[test]
fn projected_is_the_bill_if_all_goes_on() {
    let polled = at("2026-10-20T15:00:00Z");
    let reading = watched(polled).read(RateCard::shipped(), polled);
    // As if the last poll had been at the month's end.
    let end = Month::of(polled).period().end;
    let ledger = derive(&facts(end), Vec::new(), end).expect("no overlap");
    let gone_on = bill(&ledger, RateCard::shipped(), Month::of(polled)).total();
    assert_eq!(reading.total.projected.usd.rounded(6), gone_on.rounded(6));
    // One instance and three volumes, for an hour.
    assert_eq!(reading.total.hourly.usd.rounded(2), "$3.10");
}

#[test]
fn what_was_not_seen_lately_is_not_assumed_to_go_on() {
    let polled = at("2026-10-20T15:00:00Z");
    let now = at("2026-10-20T18:00:00Z");
    let ledgers = Ledgers::of(facts(polled), Vec::new(), now).expect("no overlap");
    let seen_since = at("2026-10-20T17:58:00Z");
    let watched = Watched::new(&ledgers, RateCard::shipped(), seen_since, polled, now);
    let reading = watched.read(RateCard::shipped(), now);
    let known =
        bill(&derive(&facts(polled), Vec::new(), polled).expect("no overlap"), RateCard::shipped(), Month::of(now));
    assert_eq!(reading.total.month.usd, known.total());
    assert_eq!(reading.total.projected.usd, known.total());
}

#[test]
fn changes_between_polls_are_said_in_words() {
    let seen = |state, launched: &str| match instance(TRAINER, state, launched, at("2026-10-20T15:00:00Z")) {
        Fact::Instance(seen) => BTreeMap::from([(TRAINER.to_owned(), seen)]),
        _ => BTreeMap::new(),
    };
    let (first, second) = ("2026-10-20T12:00:00Z", "2026-10-20T14:00:00Z");
    let running = seen(InstanceState::Running, first);
    assert_eq!(changes(&running, &running), [""; 0]);
    assert_eq!(changes(&running, &seen(InstanceState::Stopped, first)), [format!("{TRAINER} stopped")]);
    assert_eq!(changes(&seen(InstanceState::Stopped, first), &running), [format!("{TRAINER} started")]);
    assert_eq!(
        changes(&running, &seen(InstanceState::Running, second)),
        [format!("{TRAINER} stopped and started again")]
    );
    assert_eq!(changes(&running, &BTreeMap::new()), [format!("{TRAINER} is gone")]);
    assert_eq!(changes(&BTreeMap::new(), &running), [format!("{TRAINER} is new, p3.2xlarge running")]);
}

/// Four hours a day of all November, noted at its beginning.
fn november() -> Vec<(Evidence, Fact)> {
    let noted = Noted {
        account: String::new(),
        region: "us-east-1".to_owned(),
        instance_id: TRAINER.to_owned(),
        name: "trainer".to_owned(),
        instance_type: Some("g5.xlarge".to_owned()),
        start: at("2026-11-01T00:00:00Z"),
        end: Some(at("2026-12-01T00:00:00Z")),
        hours_per_day: Some(4.into()),
        volumes: Vec::new(),
        public_ipv4: false,
        purchase: Purchase::OnDemand,
        usd_per_hour: None,
        noted_at: at("2026-12-01T00:00:00Z"),
    };
    vec![(Evidence { kind: EvidenceKind::Notes, file: "notes.csv".into(), line: 2 }, Fact::Noted(noted))]
}

#[test]
fn what_is_noted_of_days_to_come_is_projected_and_not_spent() {
    let now = at("2026-11-05T00:00:00Z");
    let ledgers = Ledgers::of(november(), Vec::new(), now).expect("no overlap");
    let watched = Watched::new(&ledgers, RateCard::shipped(), Timestamp::MIN, Timestamp::MIN, now);
    // 16 and 120 hours of $1.006, on an instance that only notes name.
    let spent = row(&watched.read(RateCard::shipped(), Timestamp::MIN), &Owner::Instance(TRAINER.to_owned()));
    assert_eq!((spent.month.usd.exact(), spent.projected.usd.exact()), ("16.096".to_owned(), "120.72".to_owned()));
    let unseen = watched.unseen().get(TRAINER).expect("its own record");
    assert_eq!((unseen.name.as_str(), unseen.region.as_str()), ("trainer", "us-east-1"));
}

#[test]
fn what_was_seen_later_is_not_known_yet() {
    let polled = at("2026-10-20T15:00:00Z");
    let earlier = at("2026-10-20T14:00:00Z");
    let ledgers = Ledgers::of(facts(polled), Vec::new(), earlier).expect("no overlap");
    let watched = Watched::new(&ledgers, RateCard::shipped(), Timestamp::MIN, Timestamp::MIN, earlier);
    assert_eq!(watched.read(RateCard::shipped(), earlier).total, Spent::default());
}
