//! Billing exports: AWS's own meter and rate, and what they take precedence over.

use gpucost::billing::{Bill, bill};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Certainty, EvidenceKind, Fact, Meter, Metered, Noted, derive};
use gpucost::money::Usd;
use gpucost::quantity::Unit;

use crate::facts::{LATER, at, cost, dec, evidence, metered, month, note, quantity, told, usd, volume};

fn october(facts: impl IntoIterator<Item = Fact>, rows: impl IntoIterator<Item = Metered>) -> Bill {
    let export = |(line, row)| (evidence(EvidenceKind::BillingExport, "focus.csv", line), row);
    let rows = (2..).zip(rows).map(export).collect();
    let ledger = derive(&told(facts), rows, at(LATER)).expect("a ledger");
    bill(&ledger, RateCard::shipped(), month("2026-10"))
}

fn three_days() -> Fact {
    Fact::Noted(Noted {
        public_ipv4: true,
        volumes: vec![volume("vol-1", "gp2:75")],
        ..note("2026-10-05", "2026-10-08")
    })
}

#[test]
fn a_metered_row_is_priced_at_the_exports_own_rate() {
    let bill = october([], [metered("2026-10-06")]);
    let line = &bill.line_items[0];
    assert_eq!((bill.line_items.len(), bill.total()), (1, usd("1.32")));
    assert_eq!((line.subject.as_str(), line.certainty), ("p2.xlarge", Certainty::Measured));
    assert_eq!((line.billed_cost, line.effective_cost), (Some(usd("1.2")), Some(usd("1.1"))));
    let provenance = &line.charge.rate().expect("a rate").provenance;
    assert_eq!((&*provenance.source, &*provenance.as_of), ("focus.csv:2", "2026-10-06"));
    assert_eq!(provenance.sku_rate_code.as_deref(), Some("SKU.TERM.RATE"));
}

#[test]
fn an_export_without_a_rate_leaves_the_row_unrated() {
    let bill = october([], [Metered { rate: None, ..metered("2026-10-06") }]);
    assert_eq!((bill.total(), bill.line_items[0].charge.cost()), (Usd::ZERO, None));
    let whys: Vec<_> = bill.unrated().map(|(_, why)| why).collect();
    assert_eq!(whys, ["the export names no rate"]);
    assert_eq!(quantity(&bill.line_items), dec("1.5"));
}

#[test]
fn within_its_reach_an_export_has_the_last_word_on_what_it_names() {
    let bill = october([three_days()], [metered("2026-10-06")]);
    let compute = bill.line_items.iter().filter(|line| line.meter == Meter::Compute);
    let hours: Vec<_> = compute.clone().map(|line| line.quantity.map(|q| q.amount)).collect();
    assert_eq!(hours, [Some(dec("24")), Some(dec("1.5")), Some(dec("24"))]);
    assert_eq!(cost(compute), usd("44.52"), "48 h × $0.90 + 1.5 h × $0.88");
    // An instance in the export has its addresses there too, under their own ids; a volume has its own.
    for (meter, days) in [(Meter::VolumeStorage, 3), (Meter::PublicIpv4InUse, 2)] {
        assert_eq!(bill.line_items.iter().filter(|line| line.meter == meter).count(), days, "{meter:?}");
    }
    let other = Metered { resource_id: "i-2".to_owned(), ..metered("2026-10-06") };
    let bill = october([three_days()], [other]);
    assert_eq!(bill.line_items.iter().filter(|line| line.meter == Meter::Compute).count(), 4);
}

#[test]
fn an_export_of_storage_leaves_compute_alone() {
    let row = Metered {
        resource_id: "vol-1".to_owned(),
        meter: Meter::VolumeStorage,
        volume_type: Some("gp2".to_owned()),
        unit: Unit::GbMonth,
        ..metered("2026-10-06")
    };
    let bill = october([three_days()], [row]);
    let subjects: Vec<_> =
        bill.line_items.iter().filter(|l| l.meter == Meter::VolumeStorage).map(|l| l.subject.as_str()).collect();
    assert_eq!(subjects, ["gp2 75 GB", "gp2 75 GB", "gp2 storage"]);
    assert_eq!(bill.line_items.iter().filter(|line| line.meter == Meter::Compute).count(), 3);
}

#[test]
fn exported_addresses_replace_those_of_exported_instances_alone() {
    let eni = |region: &str| Metered {
        region: region.to_owned(),
        resource_id: "eni-1".to_owned(),
        meter: Meter::PublicIpv4InUse,
        unit: Unit::AddressHour,
        rate: Some(usd("0.005")),
        ..metered("2026-10-06")
    };
    let of = |rows: Vec<Metered>| {
        let bill = october([three_days()], rows);
        let addresses = bill.line_items.iter().filter(|line| line.meter == Meter::PublicIpv4InUse);
        addresses.map(|line| line.resource.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(of(vec![eni("us-west-2"), metered("2026-10-06")]), ["eni-1", "i-1", "i-1"]);
    assert_eq!(of(vec![eni("us-west-2")]), ["eni-1", "i-1", "i-1", "i-1"], "whose address it is, nobody says");
    assert_eq!(of(vec![eni("eu-west-1")]), ["eni-1", "i-1", "i-1", "i-1"]);
}

#[test]
fn rows_after_the_as_of_date_and_of_other_months_are_left_out() {
    assert_eq!(october([], [metered("2026-09-30"), metered("2026-11-01")]).line_items, []);
    let row = (evidence(EvidenceKind::BillingExport, "focus.csv", 2), metered("2026-10-06"));
    let rows_at = |now| derive(&[], vec![row.clone()], at(now)).expect("a ledger").metered.len();
    assert_eq!(rows_at("2026-10-06T12:00:00Z"), 1, "AWS's figure for a day in progress");
    assert_eq!(rows_at("2026-10-06"), 0);
}

#[test]
fn a_cost_beyond_belief_is_unrated_and_no_sum_overflows() {
    let huge =
        || Metered { quantity: dec("90000000000000"), rate: Some(usd("90000000000000")), ..metered("2026-10-06") };
    let bill = october([], [huge(), huge(), metered("2026-10-07")]);
    assert_eq!(bill.total(), usd("1.32"));
    assert!(bill.unrated().all(|(_, why)| why == "the cost is too large to hold exactly"));
    assert_eq!(bill.unrated().count(), 2);
}

#[test]
fn credits_and_refunds_keep_their_sign() {
    let refund = Metered { quantity: dec("-1.5"), ..metered("2026-10-06") };
    assert_eq!(october([], [refund, metered("2026-10-07")]).total(), Usd::ZERO);
}

#[test]
fn a_row_of_a_month_is_spread_over_its_days_to_the_last_digit() {
    let whole = Metered { start: at("2026-10-01"), end: at("2026-11-01"), ..metered("2026-10-01") };
    let bill = october([], [whole]);
    let days = bill.line_items[0].cost_by_day();
    assert_eq!((days.len(), days[0].1), (31, usd("0.0425806452")), "$1.32 ÷ 31");
    assert_eq!(days.iter().map(|(_, cost)| *cost).sum::<Usd>(), bill.total());
}
