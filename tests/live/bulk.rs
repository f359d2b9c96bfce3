//! The public offer and Savings Plan files, from a server that hands them out as AWS's does, and as broken networks do.

use std::collections::BTreeMap;
use std::time::Duration;

use gpucost::aws::offer::{Fault, Fetched, Mirror, OfferError, Patience, Progress, fetch_region, fetch_savings_plans};
use gpucost::catalog::{Listing, PaymentOption, Published, SavingsPlanKind, VolumeRate, VolumeType};
use jiff::Timestamp;
use serde_json::json;

use crate::peers::Aws;

const AT: Timestamp = Timestamp::UNIX_EPOCH;
const IMPATIENT: Patience = Patience {
    connect: Duration::from_secs(10),
    answer: Duration::from_secs(10),
    stall: Duration::from_secs(10),
    failures: 3,
    wait: Duration::from_millis(1),
};

fn families() -> Vec<String> {
    vec!["p".to_owned(), "g".to_owned()]
}

fn mirror_with(aws: &Aws, patience: Patience) -> Mirror {
    Mirror::new(Some(&aws.offers_url()), patience).expect("an address")
}

fn fetch_since(aws: &Aws, region: &str, etag: Option<&str>) -> Result<Fetched<Published>, OfferError> {
    fetch_region(&mirror_with(aws, IMPATIENT), region, &families(), etag, |_| (), AT)
}

fn fetch(aws: &Aws, region: &str) -> Published {
    match fetch_since(aws, region, None).unwrap_or_else(|error| panic!("{region}: {error}")) {
        Fetched::New(published) => published,
        Fetched::Unchanged => panic!("nothing was known before"),
    }
}

fn on_demand(published: &Published) -> BTreeMap<&str, String> {
    let said = |listing| match listing {
        Listing::OnDemand(usd) => gpucost::money::Usd::exact(usd),
        other => format!("{other:?}"),
    };
    published.on_demand.iter().map(|rate| (rate.instance_type.as_str(), said(rate.listing))).collect()
}

fn volume(published: &Published, kind: VolumeType, dimension: VolumeRate) -> Option<String> {
    let is_it = |rate: &&gpucost::catalog::PublishedVolume| (rate.volume_type, rate.rate) == (kind, dimension);
    published.volumes.iter().find(is_it).map(|rate| rate.usd.exact())
}

/// How often the region's file itself was asked for.
fn files_asked(aws: &Aws) -> usize {
    aws.calls().iter().filter(|call| call.action.ends_with(".csv")).count()
}

fn spoil(aws: &Aws, fault: serde_json::Value) {
    let mut fault = fault;
    fault["service"] = json!("bulk");
    fault["skip"] = fault.get("skip").cloned().unwrap_or(json!(1)); // the index
    aws.misbehave(fault);
}

#[test]
fn a_regions_published_rates_are_had_without_credentials() {
    let aws = Aws::start();
    let us_east = fetch(&aws, "us-east-1");
    let rates = on_demand(&us_east);
    for (kind, usd) in [
        ("p2.xlarge", "0.9"),
        ("p3.2xlarge", "3.06"),
        ("g4dn.xlarge", "0.526"),
        ("p4d.24xlarge", "21.957642"),
        ("p5.48xlarge", "55.04"),
    ] {
        assert_eq!(rates.get(kind).map(String::as_str), Some(usd), "{kind}");
    }
    assert!(rates.values().all(|rate| rate != "0"), "{rates:?}");
    assert!(rates.keys().all(|kind| kind.starts_with(['p', 'g'])), "{rates:?}");
    assert_eq!(us_east.published_at.to_string(), "2026-09-10T19:55:14Z");
    assert_eq!(us_east.left_out, Vec::<String>::new());

    let ireland = fetch(&aws, "eu-west-1");
    assert_eq!(volume(&ireland, VolumeType::Gp3, VolumeRate::Storage).as_deref(), Some("0.088"));
    assert_eq!(volume(&ireland, VolumeType::Gp3, VolumeRate::Throughput).as_deref(), Some("45.056"));
    // Its zones, listed in the same file, are none of it.
    let (oregon, angeles) = (fetch(&aws, "us-west-2"), fetch(&aws, "us-west-2-lax-1"));
    assert_ne!(
        volume(&oregon, VolumeType::Gp2, VolumeRate::Storage),
        volume(&angeles, VolumeType::Gp2, VolumeRate::Storage)
    );
    assert_eq!(aws.calls().iter().filter(|call| call.service != "bulk").count(), 0);
}

#[test]
fn a_terms_fee_is_kept_beside_its_hours() {
    let published = fetch(&Aws::start(), "us-east-1");
    let upfront: Vec<_> = published
        .reserved
        .iter()
        .filter(|rate| rate.instance_type == "p2.16xlarge" && rate.term_years == 1)
        .filter(|rate| rate.payment_option != PaymentOption::NoUpfront)
        .map(|rate| (rate.payment_option.name(), rate.upfront.exact(), rate.hourly.exact()))
        .collect();
    assert!(upfront.contains(&("All Upfront", "80355".to_owned(), "0".to_owned())), "{upfront:?}");
    assert!(upfront.contains(&("Partial Upfront", "40997".to_owned(), "4.68".to_owned())), "{upfront:?}");
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let aws = Aws::start();
    let etag = fetch(&aws, "us-east-1").etag.expect("an ETag");
    assert_eq!(fetch_since(&aws, "us-east-1", Some(&etag)), Ok(Fetched::Unchanged));
    let sku = fetch(&aws, "us-east-1").on_demand[0].sku_rate_code.split('.').next().expect("a SKU").to_owned();
    aws.publish(json!({ "version": "20261101000000", "published": "2026-11-01T00:00:00Z", "prices": { sku: "1.25" } }));
    let Ok(Fetched::New(changed)) = fetch_since(&aws, "us-east-1", Some(&etag)) else { panic!("a new publication") };
    assert_eq!(changed.published_at.to_string(), "2026-11-01T00:00:00Z");
    assert!(on_demand(&changed).values().any(|usd| usd == "1.25"));
    assert_ne!(changed.etag.as_deref(), Some(etag.as_str()));
}

#[test]
fn a_connection_reset_amid_the_file_is_resumed() {
    for mode in ["reset_mid_body", "truncate"] {
        let aws = Aws::start();
        let whole = fetch(&aws, "us-west-2");
        let asked = files_asked(&aws);
        spoil(&aws, json!({ "mode": mode }));
        assert_eq!(fetch(&aws, "us-west-2"), whole, "{mode}");
        assert_eq!(files_asked(&aws) - asked, 2, "{mode}");
    }
}

#[test]
fn a_file_that_never_comes_whole_is_an_error_that_says_how_far_it_came() {
    for mode in ["reset_mid_body", "truncate"] {
        let aws = Aws::start();
        // Halves of halves: each connection brings something, until one brings nothing new.
        spoil(&aws, json!({ "mode": mode, "times": 99 }));
        let error = fetch_since(&aws, "us-west-2", None).expect_err(mode);
        let OfferError::Fetch { url, fault: Fault::Broken { received, total, .. } } = &error else { panic!("{error}") };
        assert!(url.ends_with("/us-west-2/index.csv") && *received > 0 && total > &Some(*received), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.contains("the rates from before stay")));
    }
}

#[test]
fn a_slow_server_is_waited_for_as_long_as_bytes_come() {
    let aws = Aws::start();
    let whole = fetch(&aws, "us-west-2");
    spoil(&aws, json!({ "mode": "slow", "seconds": 3 }));
    let mut told: Vec<Progress> = Vec::new();
    let mirror = mirror_with(&aws, IMPATIENT);
    let fetched = fetch_region(&mirror, "us-west-2", &families(), None, |progress| told.push(progress), AT);
    assert_eq!(fetched, Ok(Fetched::New(whole)));
    assert!(told.windows(2).all(|pair| pair[0].received < pair[1].received) && told.len() > 5, "{told:?}");
    assert_eq!(told.last().and_then(|last| last.total), told.last().map(|last| last.received));
}

#[test]
fn a_passing_fault_is_asked_again_and_a_lasting_one_is_told() {
    for mode in ["html500", "throttle", "refuse"] {
        let aws = Aws::start();
        let whole = fetch(&aws, "us-west-2");
        spoil(&aws, json!({ "mode": mode, "times": 2 }));
        assert_eq!(fetch(&aws, "us-west-2"), whole, "{mode}");
        spoil(&aws, json!({ "mode": mode, "times": 99, "skip": 0 }));
        let error = fetch_since(&aws, "us-west-2", None).expect_err(mode);
        let said = error.to_string();
        let expected = match mode {
            "html500" => "region_index.json: HTTP status 500, and a page that begins `<html>",
            "throttle" => "region_index.json: HTTP status 503, and a page that begins `<Error><Code>SlowDown",
            _ => "region_index.json: the connection ended after 0 bytes",
        };
        assert!(said.contains(expected), "{said}");
        assert!(error.hint().is_some(), "{said}");
    }
}

#[test]
fn a_server_that_hangs_is_left_within_its_time() {
    let aws = Aws::start();
    aws.misbehave(json!({ "mode": "hang", "service": "bulk", "seconds": 20 }));
    let mirror = mirror_with(&aws, Patience { answer: Duration::from_millis(300), ..IMPATIENT });
    let error = fetch_region(&mirror, "us-west-2", &families(), None, |_| (), AT).expect_err("a hang");
    assert!(error.to_string().ends_with("region_index.json: no answer within 300ms"), "{error}");
    // It was asked once: what hangs at the first contact is not asked again.
    assert_eq!(aws.calls().len(), 1);
}

#[test]
fn what_is_no_price_list_is_told_and_not_read() {
    let aws = Aws::start();
    spoil(&aws, json!({ "mode": "garbage" }));
    let error = fetch_since(&aws, "us-west-2", None).expect_err("garbage");
    assert!(error.to_string().contains("/us-west-2/index.csv: this is no price list of AWS"), "{error}");
    aws.misbehave(json!({ "mode": "garbage", "service": "bulk" }));
    let error = fetch_since(&aws, "us-west-2", None).expect_err("garbage");
    assert!(error.to_string().contains("region_index.json: this is no price list of AWS"), "{error}");
    spoil(&aws, json!({ "mode": "access_denied" }));
    let error = fetch_since(&aws, "us-west-2", None).expect_err("S3 says so of what is not there");
    assert!(error.to_string().contains("HTTP status 403"), "{error}");
}

#[test]
fn a_region_without_a_file_names_the_nearest() {
    let error = fetch_since(&Aws::start(), "us-west-3", None).expect_err("no such region");
    assert_eq!(error.to_string(), "AWS publishes no price list of `us-west-3`");
    assert_eq!(error.hint().as_deref(), Some("did you mean us-west-2?"));
}

#[test]
fn savings_plans_are_had_likewise() {
    let aws = Aws::start();
    let mirror = mirror_with(&aws, IMPATIENT);
    let ask = |etag: Option<&str>| fetch_savings_plans(&mirror, "us-west-2", &families(), etag, |_| (), AT);
    let Ok(Fetched::New(plans)) = ask(None) else { panic!("plans") };
    let rate = |term_years, option| {
        let is_it = |plan: &&gpucost::catalog::PublishedSavingsPlan| {
            let words = (plan.kind, plan.term_years, plan.payment_option);
            plan.instance_type == "g4dn.xlarge" && words == (SavingsPlanKind::Compute, term_years, option)
        };
        plans.rates.iter().find(is_it).map(|plan| plan.hourly.exact())
    };
    // $0.526 on-demand, less 27, and 50 and 4, per cent.
    assert_eq!(rate(1, PaymentOption::NoUpfront).as_deref(), Some("0.384"));
    assert_eq!(rate(3, PaymentOption::AllUpfront).as_deref(), Some("0.242"));
    let codes = plans.rates.iter().map(|plan| plan.rate_code.as_str());
    assert!(codes.clone().count() > 10 && codes.clone().all(|code| code.contains('.')));
    assert_eq!(ask(plans.etag.as_deref()), Ok(Fetched::Unchanged));
    spoil(&aws, json!({ "mode": "reset_mid_body" }));
    assert_eq!(ask(None), Ok(Fetched::New(plans)));
}
