use jiff::Timestamp;
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::catalog::{
    AWS_SAVINGS_PLANS, Accelerator, Listing, NO_LONGER_PUBLISHED, NoRate, OfferingClass, PaymentOption, Publication,
    Published, PublishedOnDemand, PublishedReserved, PublishedSavingsPlan, PublishedSavingsPlans, PublishedType,
    PublishedVolume, RateCard, SavingsPlanKind, SavingsPlanRate, SnapshotRate, SpotHistory, SpotPrice, VolumeRate,
    VolumeType, is_of_families,
};
use crate::money::Usd;
use crate::time::{Period, parse_timestamp};

fn usd(text: &str) -> Usd {
    text.parse().expect("a decimal")
}

fn at(text: &str) -> Timestamp {
    parse_timestamp(text).expect("a time")
}

fn published(region: &str, day: &str) -> Published {
    Published {
        region: region.to_owned(),
        publication: Publication::PricingApi,
        published_at: at(day),
        fetched_at: at("2026-11-20T12:00:00Z"),
        families: vec!["p".to_owned(), "g".to_owned()],
        types: Vec::new(),
        on_demand: Vec::new(),
        reserved: Vec::new(),
        volumes: Vec::new(),
        snapshots: Vec::new(),
        savings_plans: None,
        left_out: Vec::new(),
        etag: None,
    }
}

fn listed(instance_type: &str, listing: Listing) -> PublishedOnDemand {
    let sku_rate_code = "SKU.JRTCKXETXF.6YS6EN2CT7".to_owned();
    PublishedOnDemand { instance_type: instance_type.to_owned(), listing, sku_rate_code }
}

#[test]
fn a_fetched_rate_counts_with_its_date_source_and_sku() {
    let mut fetched = published("us-west-2", "2026-11-18");
    fetched.on_demand.push(listed("p3.2xlarge", Listing::OnDemand(usd("3.20"))));
    fetched.volumes.push(PublishedVolume {
        volume_type: VolumeType::Gp2,
        rate: VolumeRate::Storage,
        usd: usd("0.11"),
        sku_rate_code: "V.JRTCKXETXF.6YS6EN2CT7".to_owned(),
    });
    let card = RateCard::shipped().with(vec![fetched], Vec::new());
    let rate = card.on_demand("us-west-2", "p3.2xlarge").unwrap();
    assert_eq!((rate.usd, &*rate.provenance.as_of), (usd("3.20"), "2026-11-18"));
    assert_eq!(rate.provenance.sku_rate_code.as_deref(), Some("SKU.JRTCKXETXF.6YS6EN2CT7"));
    assert!(card.source(&rate.provenance.source).unwrap().url.starts_with("https://docs.aws.amazon.com/"));
    assert_eq!(card.volume("us-west-2", VolumeType::Gp2, VolumeRate::Storage).unwrap().usd, usd("0.11"));
    // Of another region, and of a family that was not asked for, nothing changes.
    let shipped = RateCard::shipped();
    assert_eq!(card.on_demand("us-east-1", "p3.2xlarge"), shipped.on_demand("us-east-1", "p3.2xlarge"));
    assert_eq!(card.on_demand("us-west-2", "trn1.2xlarge"), shipped.on_demand("us-west-2", "trn1.2xlarge"));
}

#[test]
fn the_shipped_rate_stays_where_it_is_surely_of_a_later_day() {
    let of = |day: &str| {
        let mut fetched = published("us-west-2", day);
        fetched.on_demand.push(listed("p2.xlarge", Listing::OnDemand(usd("1.10"))));
        RateCard::shipped().with(vec![fetched], Vec::new()).on_demand("us-west-2", "p2.xlarge").unwrap().usd
    };
    // The card's rate is of 2025-04-04.
    assert_eq!(of("2025-04-03"), usd("0.90"));
    assert_eq!(of("2025-04-04"), usd("1.10"));
    assert_eq!(of("2026-11-18"), usd("1.10"));
}

#[test]
fn of_two_publications_of_a_region_the_later_counts() {
    let of = |day: &str, rate: &str| {
        let mut fetched = published("us-west-2", day);
        fetched.on_demand.push(listed("p2.xlarge", Listing::OnDemand(usd(rate))));
        fetched
    };
    let (old, new) = (of("2026-11-01", "1.10"), of("2026-11-18", "1.20"));
    for both in [vec![old.clone(), new.clone()], vec![new, old]] {
        let card = RateCard::shipped().with(both, Vec::new());
        assert_eq!(card.on_demand("us-west-2", "p2.xlarge").unwrap().usd, usd("1.20"));
    }
}

#[test]
fn what_is_no_longer_listed_keeps_its_rate_and_says_so() {
    let card = RateCard::shipped().with(vec![published("us-west-2", "2026-11-18")], Vec::new());
    let rate = card.on_demand("us-west-2", "p2.xlarge").unwrap();
    assert_eq!((rate.usd, &*rate.provenance.as_of), (usd("0.90"), "2025-04-04"));
    let mark = rate.provenance.mark.unwrap();
    assert!(mark.starts_with(NO_LONGER_PUBLISHED) && mark.contains("2026-11-18"), "{mark}");
    let gp2 = card.volume("us-west-2", VolumeType::Gp2, VolumeRate::Storage).unwrap();
    assert!(gp2.provenance.mark.unwrap().starts_with(NO_LONGER_PUBLISHED));
    let snapshot = card.snapshot("us-west-2", SnapshotRate::Standard).unwrap();
    assert!(snapshot.provenance.mark.unwrap().starts_with(NO_LONGER_PUBLISHED));
    // p3dn has shipped Reserved offerings there.
    let offerings = card.reserved("us-west-2", "p3dn.24xlarge");
    assert_eq!(offerings.len(), RateCard::shipped().reserved("us-west-2", "p3dn.24xlarge").len());
    assert!(!offerings.is_empty() && offerings.iter().all(|rate| rate.provenance.mark.is_some()));
}

#[test]
fn a_type_without_a_rate_says_how_it_is_sold() {
    let mut fetched = published("us-west-1", "2026-11-18");
    fetched.types = vec!["p9.48xlarge", "p9r.48xlarge"].into_iter().map(kind).collect();
    fetched.on_demand.push(listed("p9.48xlarge", Listing::CapacityBlockOnly));
    fetched.on_demand.push(listed("p9r.48xlarge", Listing::ReservedOnly));
    let card = RateCard::shipped().with(vec![fetched], Vec::new());
    let no_rate = |kind: &str| card.on_demand("us-west-1", kind).unwrap_err();
    assert!(matches!(no_rate("p9.48xlarge"), NoRate::CapacityBlockOnly { .. }));
    assert!(matches!(no_rate("p9r.48xlarge"), NoRate::ReservedOnly { .. }));
    // p3 was never sold in us-west-1: the shipped card knows nothing, the publication says so.
    let error = no_rate("p3.2xlarge");
    assert!(matches!(error, NoRate::NotPublished { .. }), "{error:?}");
    assert!(error.to_string().ends_with("AWS does not list it in its publication of 2026-11-18"), "{error}");
    assert!(error.hint().unwrap().starts_with("the card has it in "));
    assert!(card.regions_with("p9.48xlarge").is_empty());
}

fn kind(name: &str) -> PublishedType {
    PublishedType {
        name: name.to_owned(),
        vcpu: 192,
        memory_gib: Decimal::from(2048),
        gpu_count: Some(Decimal::from(8)),
        gpu_memory_gib: Some(Decimal::from(1440)),
    }
}

#[test]
fn savings_plan_rates_are_those_fetched_and_no_others() {
    assert!(RateCard::shipped().savings_plans("us-west-2", "p3.2xlarge").is_empty());
    let plan = |instance_type: &str, kind, term_years| PublishedSavingsPlan {
        instance_type: instance_type.to_owned(),
        kind,
        term_years,
        payment_option: PaymentOption::NoUpfront,
        hourly: usd("2.10"),
        rate_code: "PLAN.USAGE".to_owned(),
    };
    let mut fetched = published("us-west-2", "2026-11-18");
    fetched.savings_plans = Some(PublishedSavingsPlans {
        published_at: "2026-11-17T10:00:00Z".parse().unwrap(),
        fetched_at: fetched.fetched_at,
        etag: None,
        rates: vec![
            plan("p3.2xlarge", SavingsPlanKind::Ec2Instance, 1),
            plan("p3.2xlarge", SavingsPlanKind::Compute, 3),
            plan("p2.xlarge", SavingsPlanKind::Compute, 1),
        ],
    });
    let card = RateCard::shipped().with(vec![fetched], Vec::new());
    let rates = card.savings_plans("us-west-2", "p3.2xlarge");
    let kinds: Vec<_> = rates.iter().map(|rate| (rate.kind, rate.term_hours())).collect();
    assert_eq!(kinds, [(SavingsPlanKind::Compute, 26_280.into()), (SavingsPlanKind::Ec2Instance, 8_760.into())]);
    assert_eq!(rates[0].provenance.as_of, "2026-11-17");
    // $18,396 in a year of 8,760 hours, by the way it is paid.
    for (payment_option, split) in [
        (PaymentOption::NoUpfront, ("0", "2.10")),
        (PaymentOption::PartialUpfront, ("9198", "1.05")),
        (PaymentOption::AllUpfront, ("18396", "0")),
    ] {
        let rate = SavingsPlanRate { payment_option, ..rates[1].clone() };
        assert_eq!(rate.upfront_and_hourly(), Some((usd(split.0), usd(split.1))));
    }
    assert_eq!(card.source(&rates[0].provenance.source).unwrap().id, AWS_SAVINGS_PLANS);
    assert!(card.savings_plans("us-east-1", "p3.2xlarge").is_empty());
}

#[test]
fn a_type_and_a_region_that_the_shipped_card_lacks_become_known() {
    let mut fetched = published("mars-north-1", "2026-11-18");
    fetched.types.push(kind("p9.48xlarge"));
    fetched.on_demand.push(listed("p9.48xlarge", Listing::OnDemand(usd("200"))));
    fetched.reserved.push(PublishedReserved {
        instance_type: "p9.48xlarge".to_owned(),
        term_years: 1,
        payment_option: PaymentOption::AllUpfront,
        offering_class: OfferingClass::Standard,
        upfront: usd("1000000"),
        hourly: Usd::ZERO,
        sku_term_code: "SKU.6QCMYABX3D".to_owned(),
    });
    let card = RateCard::shipped().with(vec![fetched], Vec::new());
    let p9 = card.instance_type("p9.48xlarge").unwrap();
    assert_eq!((p9.vcpu, p9.gpu_count(), p9.family()), (192, Decimal::from(8), "p9"));
    assert_eq!(p9.accelerator.as_ref().unwrap().model, Accelerator::UNNAMED_MODEL);
    assert!(!p9.offering.is_offered());
    assert_eq!(card.on_demand("mars-north-1", "p9.48xlarge").unwrap().usd, usd("200"));
    assert_eq!(card.reserved("mars-north-1", "p9.48xlarge")[0].upfront, usd("1000000"));
    assert_eq!(card.regions_with("p9.48xlarge"), ["mars-north-1"]);
    assert!(card.is_listed("mars-north-1", "p9.48xlarge"));
    assert!(card.instance_types().is_sorted_by_key(|kind| &kind.name));
    assert!(card.regions().is_sorted_by_key(|region| &region.code));
    assert_eq!(card.nearest_types("p9.48xlarg")[0], "p9.48xlarge");
    // The shipped rows are found by name, whatever stands before them now.
    assert_eq!(card.on_demand("us-west-2", "p2.xlarge").unwrap().usd, usd("0.90"));
    assert_eq!(card.regions_with("p2.xlarge"), RateCard::shipped().regions_with("p2.xlarge"));
}

#[test]
fn a_fetched_spot_mean_takes_the_place_of_prices_seen_once() {
    let window = Period { start: at("2026-11-16"), end: at("2026-11-23") };
    let price = |from: &str, rate: &str| SpotPrice {
        instance_type: "p3.2xlarge".to_owned(),
        az_id: "usw2-az1".to_owned(),
        from: at(from),
        usd_per_hour: usd(rate),
    };
    let prices = vec![price("2026-11-20", "2"), price("2026-11-01", "1")];
    let history = SpotHistory::of("us-west-2", window, &["p".to_owned()], prices);
    let card = RateCard::shipped().with(Vec::new(), vec![history]);
    let [rate] = card.spot("us-west-2", "p3.2xlarge").try_into().expect("one zone");
    // Four days at $1, three at $2.
    assert_eq!(rate.usd_per_hour, usd("1.4285714286"));
    let seen = rate.seen.unwrap();
    assert_eq!((seen.now, seen.min, seen.max), (usd("2"), usd("1"), usd("2")));
    assert_eq!((rate.provenance.mark.as_deref(), &*rate.provenance.as_of), (Some("7-day mean"), "2026-11-23"));
    // p3.16xlarge was asked for too, and had no offer: what was seen earlier says so.
    for rate in card.spot("us-west-2", "p3.16xlarge") {
        assert!(rate.provenance.mark.unwrap().ends_with("none seen from 2026-11-16 to 2026-11-23"));
    }
}

#[test]
fn families_are_series_families_or_types() {
    let of = |families: &[&str], name| {
        is_of_families(&families.iter().map(|family| (*family).to_owned()).collect::<Vec<_>>(), name)
    };
    assert!(of(&["p"], "p2.xlarge") && of(&["p"], "p3dn.24xlarge") && of(&["p"], "p6-b200.48xlarge"));
    assert!(of(&["g"], "gr6.4xlarge") && !of(&["t"], "trn1.2xlarge"));
    assert!(of(&["g4dn"], "g4dn.xlarge") && of(&["p3.2xlarge"], "p3.2xlarge"));
    assert!(!of(&["p3"], "p3dn.24xlarge") && !of(&["p3"], "p2.xlarge") && !of(&[], "p2.xlarge"));
}

#[test]
fn a_publication_with_a_rate_of_nothing_is_no_publication() {
    let mut fetched = published("us-west-2", "2026-11-18");
    assert_eq!(fetched.fault(), None);
    fetched.on_demand.push(listed("p5.48xlarge", Listing::OnDemand(Usd::ZERO)));
    assert!(fetched.fault().unwrap().starts_with("p5.48xlarge"));
}

proptest! {
    /// Whatever is fetched of one region, no other region loses or changes a rate, and its own loses none.
    #[test]
    fn an_overlay_never_loses_a_shipped_rate(
        at_region in 0..RateCard::shipped().regions().len(),
        picked in prop::collection::vec((0..RateCard::shipped().instance_types().len(), 0..4u8, 1..10_000i64), 0..40),
        day in 1..28i8,
        families in prop::sample::subsequence(vec!["p", "g", "trn", "inf", "dl", "vt", "gr"], 0..=7),
    ) {
        let shipped = RateCard::shipped();
        let region = &*shipped.regions()[at_region].code;
        let mut fetched = published(region, &format!("2025-04-{day:02}"));
        fetched.families = families.into_iter().map(str::to_owned).collect();
        for (index, listing, cents) in picked {
            let name = &shipped.instance_types()[index].name;
            let listing = match listing {
                0 => Listing::CapacityBlockOnly,
                1 => Listing::ReservedOnly,
                _ => Listing::OnDemand(Usd::new(Decimal::new(cents, 2))),
            };
            fetched.on_demand.push(listed(name, listing));
        }
        let card = shipped.with(vec![fetched], Vec::new());
        for kind in shipped.instance_types() {
            for other in shipped.regions().iter().step_by(7) {
                let (before, after) =
                    (shipped.on_demand(&other.code, &kind.name), card.on_demand(&other.code, &kind.name));
                if other.code == region {
                    prop_assert!(before.is_err() || after.is_ok());
                } else {
                    prop_assert_eq!(before.is_ok(), after.is_ok());
                    prop_assert_eq!(before.ok(), after.ok());
                }
            }
            let own = card.on_demand(region, &kind.name);
            prop_assert!(shipped.on_demand(region, &kind.name).is_err() || own.is_ok());
            prop_assert!(own.ok().is_none_or(|rate| rate.usd > Usd::ZERO));
            prop_assert!(!shipped.is_listed(region, &kind.name) || card.is_listed(region, &kind.name));
        }
    }
}
