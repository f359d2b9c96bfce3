use rust_decimal::Decimal;

use super::*;
use crate::money::Usd;
use crate::quantity::Unit;

fn usd(text: &str) -> Usd {
    text.parse().expect("a decimal")
}

fn card() -> &'static RateCard {
    RateCard::shipped()
}

#[test]
fn a_rate_names_its_price_unit_source_and_date() {
    let rate = card().on_demand("us-west-2", "p2.xlarge").unwrap();
    assert_eq!((rate.usd, rate.unit), (usd("0.9"), Unit::InstanceHour));
    assert_eq!(rate.provenance.as_of, "2025-04-04");
    assert_eq!(card().source(&rate.provenance.source).unwrap().license, Some("MIT"));
    assert!(rate.provenance.sku_rate_code.is_some());
    assert_eq!(rate.provenance.mark, None);
}

#[test]
fn an_unknown_region_or_type_is_an_error_with_near_names() {
    let error = card().on_demand("us-west2", "p2.xlarge").unwrap_err();
    assert_eq!(error.to_string(), "`us-west2` is no region or zone of the rate card");
    assert_eq!(error.hint().unwrap(), "did you mean `us-west-2` or `us-west-1`?");

    let hint = card().on_demand("mars", "p2.xlarge").unwrap_err().hint().unwrap();
    assert!(hint.starts_with("regions are written as us-west-2"), "{hint}");

    let error = card().on_demand("us-west-2", "p3.2xlarg").unwrap_err();
    assert_eq!(error.to_string(), "`p3.2xlarg` is no instance type of the rate card");
    assert_eq!(error.hint().unwrap(), "did you mean `p3.2xlarge`, `p3.8xlarge` or `p3.16xlarge`?");

    let error = card().on_demand("us-west-2", "t3.large").unwrap_err();
    assert_eq!(error, NoRate::UnknownType { instance_type: "t3.large".into(), nearest: vec![] });
    assert_eq!(error.hint(), None);
}

#[test]
fn a_missing_rate_is_missing_and_says_where_it_is_not() {
    let error = card().on_demand("us-west-1", "p3.2xlarge").unwrap_err();
    assert_eq!(error.to_string(), "no rate for `p3.2xlarge` in `us-west-1`");
    let hint = error.hint().unwrap();
    assert!(hint.starts_with("the card has it in ap-northeast-1, ") && hint.contains(" more"), "{hint}");

    // Known type, no published on-demand rate anywhere on the card.
    let error = card().on_demand("us-east-1", "trn2u.48xlarge").unwrap_err();
    let nowhere =
        NoRate::NotListed { what: "trn2u.48xlarge".into(), region: "us-east-1".into(), elsewhere: Vec::new() };
    assert_eq!((error.hint(), error), (None, nowhere));

    let error = card().volume("us-east-1", VolumeType::St1, VolumeRate::Iops).unwrap_err();
    assert_eq!(error.to_string(), "no rate for `st1 iops` in `us-east-1`");
}

#[test]
fn capacity_blocks_are_not_free() {
    let error = card().on_demand("us-east-2", "p5e.48xlarge").unwrap_err();
    assert!(matches!(error, NoRate::CapacityBlockOnly { .. }), "{error:?}");
    assert!(error.hint().unwrap().contains("describe-capacity-block-offerings --region us-east-2"));
    // Its spot price there is known all the same.
    assert_eq!(card().spot("us-east-2", "p5e.48xlarge")[0].usd_per_hour, usd("19.2257"));
    assert_eq!(card().regions_with("p5e.48xlarge"), Vec::<&str>::new());
}

#[test]
fn spot_comes_cheapest_first() {
    let rates = card().spot("ap-northeast-1", "p3.16xlarge");
    assert_eq!(rates[0].az_id.as_deref(), Some("apne1-az4"));
    assert_eq!(rates[0].usd_per_hour, usd("4.0003"));
    assert!(rates.is_sorted_by_key(|rate| rate.usd_per_hour));
    assert!(card().spot("us-west-9", "p3.16xlarge").is_empty());
}

#[test]
fn throughput_is_per_gibps_as_it_is_billed() {
    let rate = card().volume("us-east-1", VolumeType::Gp3, VolumeRate::Throughput).unwrap();
    assert_eq!((rate.usd, rate.unit), (usd("40.96"), Unit::GibpsMonth));
    // The rate of a real export row.
    let rate = card().volume("eu-central-1", VolumeType::Gp3, VolumeRate::Throughput).unwrap();
    assert_eq!(rate.usd, usd("48.7424"));
}

#[test]
fn addresses_cost_the_same_everywhere_but_in_unknown_places() {
    for in_use in [true, false] {
        let rate = card().public_ipv4("us-east-1", in_use).unwrap();
        assert_eq!((rate.usd, rate.unit), (usd("0.005"), Unit::AddressHour));
        assert!(matches!(card().public_ipv4("mars-1", in_use), Err(NoRate::UnknownRegion { .. })));
        assert!(matches!(card().public_ipv4("cn-north-1", in_use), Err(NoRate::NotListed { .. })));
    }
}

#[test]
fn a_rate_is_not_availability() {
    let offering = |name| card().instance_type(name).unwrap().offering.to_string();
    assert_eq!(offering("p2.xlarge"), "no longer offered since spring 2025");
    assert_eq!(offering("p3.2xlarge"), "no longer offered since about May 2026");
    assert_eq!(offering("p3dn.24xlarge"), "offered");
    assert!(offering("g3.4xlarge").starts_with("not known to be offered: in the recorded offerings of 2024-11-04"));
}

#[test]
fn a_partition_counts_as_its_part_of_a_gpu() {
    let count = |name| card().instance_type(name).unwrap().gpu_count();
    assert_eq!(count("g6f.large"), Decimal::new(125, 3));
    assert_eq!(count("p2.16xlarge"), Decimal::from(16));
    assert!(card().instance_types().iter().all(|kind| kind.gpu_count() > Decimal::ZERO));
}

#[test]
fn a_fee_is_spread_over_the_term() {
    let rates = card().reserved("us-east-1", "g4dn.xlarge");
    let all = |option| rates.iter().find(|rate| rate.payment_option == option);
    let rate = all(PaymentOption::NoUpfront).unwrap();
    assert_eq!(rate.effective_hourly(), Some(rate.hourly));
    // EC2 in 2010: $227.50 and 3 cents an hour for a year.
    let rate = ReservedRate { term_years: 1, upfront: usd("227.50"), hourly: usd("0.03"), ..rate.clone() };
    assert_eq!(rate.effective_hourly().unwrap().rounded(6), "$0.055970");
    assert_eq!(ReservedRate { term_years: 0, ..rate }.effective_hourly(), None);
}

#[test]
fn regions_are_found_by_code_and_suggested_by_name() {
    let region = card().region("eu-west-1").unwrap();
    assert_eq!((&*region.name, region.usage_type_prefix), ("Europe (Ireland)", Some("EU-")));
    assert_eq!(card().region("us-east-1").unwrap().usage_type_prefix, Some(""));
    let zone = card().region("us-west-2-lax-1").unwrap();
    assert_eq!((zone.parent, zone.usage_type_prefix), (Some("us-west-2"), None));
    assert_eq!(card().nearest_regions("Oregon"), ["us-west-2"]);
    assert_eq!(card().nearest_regions("us-east-1a"), ["us-east-1", "us-east-2"]);
    assert_eq!(card().nearest_types("P3"), ["p3.2xlarge", "p3.8xlarge", "p3.16xlarge"]);
    assert!(card().nearest_types(&"p".repeat(10_000)).is_empty());
}

#[test]
fn machines_and_electricity_are_found_whatever_the_case() {
    let machine = card().machine("rtx 3090 DESKTOP").unwrap();
    assert_eq!((machine.price, machine.load_watts), (Some(usd("2200")), Some(450)));
    assert_eq!(card().nearest_machines("rtx 3090"), ["RTX 3090 card", "RTX 3090 desktop"]);
    let price = card().electricity("california", Sector::Residential).unwrap();
    assert_eq!((price.usd_per_kwh, &*price.provenance.as_of), (usd("0.2951"), "2023"));
}
