//! Compute and addresses: seconds, minimums, and what has no rate.

use gpucost::billing::{Bill, bill};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Certainty, Fact, InstanceSeen, InstanceState, Meter, Noted, Purchase};
use gpucost::money::Usd;
use gpucost::quantity::Unit;
use rust_decimal::Decimal;

use crate::facts::{
    LATER, address, bill_of, cost, dec, ledger, month, note, quantity, seen, stopped, usd, volume, why_unrated,
};

const START: &str = "2026-10-05T10:00:00Z";

fn october(rows: impl IntoIterator<Item = Noted>) -> Bill {
    bill_of(rows.into_iter().map(Fact::Noted), "2026-10")
}

fn of_type(instance_type: &str, row: Noted) -> Noted {
    Noted { instance_type: Some(instance_type.to_owned()), ..row }
}

fn hours(rows: impl IntoIterator<Item = Noted>) -> Decimal {
    quantity(&october(rows).line_items)
}

fn described(sight: InstanceSeen) -> Bill {
    bill_of([Fact::Instance(sight)], "2026-10")
}

#[test]
fn seconds_are_billed_as_hours_of_six_decimals() {
    // A g5.2xlarge at $1.624 in eu-west-2 would be AWS's own row; the noted rate makes it anyone's.
    let row = Noted { usd_per_hour: Some(usd("1.624")), ..note(START, "2026-10-05T10:17:46Z") };
    let bill = october([row]);
    assert_eq!(bill.line_items.len(), 1);
    assert_eq!(quantity(&bill.line_items), dec("0.296111"));
    assert_eq!(bill.total(), usd("0.480884264"));
}

#[test]
fn a_start_bills_sixty_seconds_at_least() {
    for (end, billed) in [
        ("2026-10-05T10:00:00Z", "0.016667"),
        ("2026-10-05T10:00:01Z", "0.016667"),
        ("2026-10-05T10:00:59Z", "0.016667"),
        ("2026-10-05T10:01:00Z", "0.016667"),
        ("2026-10-05T10:01:01Z", "0.016944"),
    ] {
        assert_eq!(hours([note(START, end)]), dec(billed), "{end}");
    }
}

#[test]
fn each_start_has_its_own_minimum() {
    let two = [note(START, "2026-10-05T10:00:10Z"), note("2026-10-05T11:00:00Z", "2026-10-05T11:00:10Z")];
    assert_eq!(hours(two), dec("0.033334"));
}

#[test]
fn rows_that_touch_are_one_start() {
    let cut = [note(START, "2026-10-05T10:00:10Z"), note("2026-10-05T10:00:10Z", "2026-10-05T10:00:20Z")];
    assert_eq!(hours(cut), dec("0.016667"));
    let changed = note("2026-10-05T10:00:10Z", "2026-10-05T10:00:20Z");
    let retyped = [note(START, "2026-10-05T10:00:10Z"), of_type("p3.2xlarge", changed)];
    assert_eq!(hours(retyped), dec("0.033334"), "another type is another start");
}

#[test]
fn a_minimum_across_midnight_is_charged_once() {
    let bill = october([note("2026-10-05T23:59:50Z", "2026-10-06T00:00:20Z")]);
    let parts: Vec<_> = bill.line_items.iter().map(|line| line.quantity.map(|q| q.amount)).collect();
    assert_eq!(parts, [Some(dec("0.011111")), Some(dec("0.005556"))], "40 s and 20 s");
}

#[test]
fn a_minimum_across_the_month_is_charged_once() {
    let row = || Fact::Noted(note("2026-10-31T23:59:50Z", "2026-11-01T00:00:20Z"));
    let (before, after) = (bill_of([row()], "2026-10"), bill_of([row()], "2026-11"));
    assert_eq!(quantity(&before.line_items), dec("0.011111"));
    assert_eq!(quantity(&after.line_items), dec("0.005556"));
    let at_the_edge = || Fact::Noted(note("2026-11-01", "2026-11-01"));
    assert_eq!(bill_of([at_the_edge()], "2026-10").line_items, []);
    assert_eq!(quantity(&bill_of([at_the_edge()], "2026-11").line_items), dec("0.016667"));
}

#[test]
fn a_daily_pattern_has_no_minimum_and_no_drift() {
    let row = |hours: &str| Noted { hours_per_day: Some(dec(hours)), ..note("2026-10-01", "2026-11-01") };
    let bill = october([row("2")]);
    assert_eq!((bill.line_items.len(), bill.total()), (31, usd("55.8")), "31 days × 2 h × $0.90");
    let from_noon = Noted { hours_per_day: Some(dec("2")), ..note("2026-10-01T14:00:00Z", "2026-10-02") };
    assert_eq!(hours([from_noon]), dec("0.833333"));
    assert_eq!(hours([row("0.001")]), dec("0.031"));
}

#[test]
fn suse_bills_whole_hours() {
    let suse = |end: &str| {
        let stop = format!("User initiated ({end} GMT)");
        let sight = InstanceSeen { platform: "SUSE Linux".to_owned(), ..stopped(START, &stop, "2026-10-09") };
        quantity(&described(sight).line_items)
    };
    assert_eq!(suse("2026-10-05 10:00:00"), dec("1"));
    assert_eq!(suse("2026-10-05 11:00:00"), dec("1"));
    assert_eq!(suse("2026-10-05 11:00:01"), dec("2"));
    assert_eq!(suse("2026-10-06 09:30:00"), dec("24"), "across midnight the hour is filled once");
}

#[test]
fn what_may_have_gone_on_costs_what_the_sure_part_did_not() {
    // Started, and seen stopped half an hour later, at an unknown time: between its minimum and 1,800 s.
    let bounded = |sight| {
        let bill = described(sight);
        let of = |certainty| quantity(bill.line_items.iter().filter(|line| line.certainty == certainty));
        (of(Certainty::Measured), of(Certainty::Possible), bill)
    };
    let (sure, possible, bill) = bounded(stopped(START, "", "2026-10-05T10:30:00Z"));
    assert_eq!((sure, sure + possible), (dec("0.016667"), dec("0.5")), "at most the half hour");
    assert_eq!((bill.total() + bill.possible()).to_decimals(6), usd("0.45"));
    let (sure, possible, _) = bounded(stopped(START, "", "2026-10-05T10:00:30Z"));
    assert_eq!((sure, possible), (dec("0.016667"), Decimal::ZERO), "the minimum covers it");
    let suse = InstanceSeen { platform: "SUSE Linux".to_owned(), ..stopped(START, "", "2026-10-05T11:30:00Z") };
    let (sure, possible, _) = bounded(suse);
    assert_eq!((sure, possible), (dec("1"), dec("1")));
}

#[test]
fn only_linux_on_demand_has_a_rate_on_the_card() {
    let sight = || stopped(START, "User initiated (2026-10-05 11:00:00 GMT)", "2026-10-09");
    let platform = |platform: &str| why_unrated(&described(InstanceSeen { platform: platform.to_owned(), ..sight() }));
    assert_eq!(platform("Windows"), "the card has Linux rates, this is Windows");
    assert_eq!(platform("Red Hat Enterprise Linux"), "the card has Linux rates, this is Red Hat Enterprise Linux");
    let bought = |purchase| why_unrated(&described(InstanceSeen { purchase, ..sight() }));
    assert_eq!(bought(Purchase::Spot), "the spot price paid is not in the records");
    assert_eq!(bought(Purchase::Committed), "covered by a commitment that the records do not price");
    assert_eq!(bought(Purchase::Other), "the records do not say how it was bought");
    for linux in ["", "Linux/UNIX"] {
        assert_eq!(described(InstanceSeen { platform: linux.to_owned(), ..sight() }).total(), usd("0.9"), "{linux:?}");
    }
}

#[test]
fn an_unrated_line_has_its_hours_and_no_dollars() {
    let bill = october([Noted { purchase: Purchase::Spot, ..note(START, "2026-10-05T12:00:00Z") }]);
    assert_eq!((quantity(&bill.line_items), bill.line_items[0].charge.cost()), (dec("2"), None));
    assert_eq!(bill.total(), Usd::ZERO);
}

#[test]
fn a_noted_rate_is_used_whatever_was_bought() {
    for purchase in [Purchase::OnDemand, Purchase::Spot, Purchase::Committed, Purchase::Other] {
        let row = note(START, "2026-10-05T12:00:00Z");
        let bill = october([Noted { purchase, usd_per_hour: Some(usd("0.31")), ..row }]);
        assert_eq!(bill.total(), usd("0.62"), "{purchase:?}");
        let provenance = &bill.line_items[0].charge.rate().expect("a rate").provenance;
        assert_eq!((&*provenance.source, &*provenance.as_of), ("notes.csv:1", "2026-10-05"));
    }
    let free = october([Noted { usd_per_hour: Some(Usd::ZERO), ..note(START, "2026-10-05T12:00:00Z") }]);
    assert_eq!((free.total(), free.unrated().count()), (Usd::ZERO, 0), "credits are noted as $0, not unknown");
}

#[test]
fn an_unknown_type_is_unrated_and_its_volume_is_billed() {
    let row = Noted { volumes: vec![volume("vol-1", "gp2:75")], ..note("2026-10-01", "2026-11-01") };
    let bill = october([of_type("t3.large", row)]);
    let of = |meter| bill.line_items.iter().filter(move |line| line.meter == meter);
    assert_eq!(quantity(of(Meter::Compute)), dec("744"));
    assert!(of(Meter::Compute).all(|line| line.charge.cost().is_none()));
    assert_eq!(bill.total().to_string(), "$7.50");
    assert!(bill.unrated().all(|(_, why)| why == "`t3.large` is no instance type of the rate card"));
}

#[test]
fn a_region_without_a_rate_is_unrated_not_priced_like_another() {
    let row = note(START, "2026-10-05T12:00:00Z");
    let elsewhere = |region: &str| why_unrated(&october([Noted { region: region.to_owned(), ..row.clone() }]));
    assert_eq!(elsewhere("mars-north-1"), "`mars-north-1` is no region or zone of the rate card");
    assert_eq!(elsewhere("eu-north-1"), "no rate for `p2.xlarge` in `eu-north-1`");
}

#[test]
fn a_public_address_costs_half_a_cent_an_hour() {
    let row = Noted { public_ipv4: true, ..note("2026-10-05", "2026-10-06") };
    let used = october([row]);
    let address: Vec<_> = used.line_items.iter().filter(|line| line.meter == Meter::PublicIpv4InUse).collect();
    assert_eq!(quantity(address.iter().copied()), dec("24"));
    assert_eq!(address[0].quantity.map(|q| q.unit), Some(Unit::AddressHour));
    assert_eq!(cost(address), usd("0.12"));
    let idle = [address_sight("2026-10-05"), address_sight("2026-10-06")];
    let idle = bill(&ledger(idle, "2026-10-06"), RateCard::shipped(), month("2026-10"));
    assert_eq!((idle.line_items[0].meter, idle.total()), (Meter::PublicIpv4Idle, usd("0.12")));
}

fn address_sight(seen_at: &str) -> Fact {
    Fact::Address(address(None, seen_at))
}

#[test]
fn a_month_is_utc_and_half_open() {
    let row = || Fact::Noted(note("2026-09-30T22:00:00Z", "2026-11-01T02:00:00Z"));
    let of = |month: &str| quantity(&bill_of([row()], month).line_items);
    assert_eq!((of("2026-09"), of("2026-10"), of("2026-11")), (dec("2"), dec("744"), dec("2")));
    assert_eq!(of("2026-12"), Decimal::ZERO);
}

#[test]
fn what_is_open_is_possible_until_now_and_no_further() {
    let sight = Fact::Instance(seen(InstanceState::Running, "2026-10-30", "2026-10-31"));
    let ledger = ledger([sight], "2026-11-02T12:00:00Z");
    let of = |name: &str| bill(&ledger, RateCard::shipped(), month(name));
    assert_eq!((of("2026-10").total(), of("2026-10").possible()), (usd("21.6"), usd("21.6")));
    assert_eq!((of("2026-11").total(), of("2026-11").possible()), (Usd::ZERO, usd("32.4")));
    assert_eq!(of("2026-12").line_items, []);
    assert_eq!(LATER, "2027-06-01");
}
