//! The local AWS answers AWS's own clients as AWS does, where moto does not.
#![expect(clippy::result_large_err, reason = "errors of AWS's clients, as they are")]

use std::collections::BTreeSet;

use aws_sdk_pricing::error::ProvideErrorMetadata;
use aws_sdk_pricing::types::{Filter, FilterType};
use serde_json::{Value, json};

use crate::peers::Aws;

/// AWS's own client, which asks once.
macro_rules! client {
    ($sdk:ident, $aws:expr, $region:expr) => {{
        let credentials = aws_sdk_ec2::config::Credentials::new($aws.access_key(), "secret", None, None, "test");
        let config = $sdk::Config::builder()
            .behavior_version($sdk::config::BehaviorVersion::latest())
            .region($sdk::config::Region::new($region))
            .endpoint_url($aws.url())
            .credentials_provider(credentials)
            .retry_config($sdk::config::retry::RetryConfig::disabled())
            .build();
        $sdk::Client::from_conf(config)
    }};
}

fn wait<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(what)
}

fn linux(kind: &str) -> Vec<Filter> {
    let wanted = [
        ("regionCode", "us-west-2"),
        ("instanceType", kind),
        ("operatingSystem", "Linux"),
        ("tenancy", "Shared"),
        ("preInstalledSw", "NA"),
        ("capacitystatus", "Used"),
        ("marketoption", "OnDemand"),
    ];
    wanted.map(|(field, value)| filter(field, value)).to_vec()
}

fn filter(field: &str, value: &str) -> Filter {
    Filter::builder().field(field).value(value).r#type(FilterType::TermMatch).build().expect("a filter")
}

fn on_demand_usd(product: &str) -> Vec<String> {
    let product: Value = serde_json::from_str(product).expect("a product");
    let terms = product["terms"]["OnDemand"].as_object().cloned().unwrap_or_default();
    let dimensions = terms.values().flat_map(|term| term["priceDimensions"].as_object().cloned().expect("prices"));
    dimensions.map(|(_, price)| price["pricePerUnit"]["USD"].as_str().expect("dollars").to_owned()).collect()
}

#[test]
fn seven_filters_leave_one_rate_and_six_leave_a_capacity_block_for_nothing() {
    let aws = Aws::start();
    let pricing = client!(aws_sdk_pricing, aws, "us-east-1");
    let ask = |filters: Vec<Filter>| {
        let answer = pricing.get_products().service_code("AmazonEC2").set_filters(Some(filters)).send();
        wait(answer).expect("products").price_list.expect("a list")
    };
    let one = ask(linux("p4d.24xlarge"));
    assert_eq!(one.iter().flat_map(|product| on_demand_usd(product)).collect::<Vec<_>>(), ["21.9576400000"]);
    let mut six = linux("p4d.24xlarge");
    six.pop();
    let usd: BTreeSet<_> = ask(six).iter().flat_map(|product| on_demand_usd(product)).collect();
    assert_eq!(usd, BTreeSet::from(["0.0000000000".to_owned(), "21.9576400000".to_owned()]));
    assert_eq!(ask(linux("p5e.48xlarge")), [""; 0]);
    aws.publish(json!({ "prices": { "ZACBBPKVJ95ZZFY8": "2.5" } }));
    assert_eq!(ask(linux("p3.2xlarge")).iter().flat_map(|p| on_demand_usd(p)).collect::<Vec<_>>(), ["2.5000000000"]);
}

#[test]
fn products_come_in_pages_whose_tokens_expire_and_not_too_fast() {
    let aws = Aws::start();
    let pricing = client!(aws_sdk_pricing, aws, "us-east-1");
    let ask = |token: Option<String>| {
        wait(
            pricing
                .get_products()
                .service_code("AmazonEC2")
                .filters(filter("regionCode", "us-east-1"))
                .set_next_token(token)
                .send(),
        )
    };
    let first = ask(None).expect("a page");
    assert_eq!(first.price_list().len(), 100);
    let token = first.next_token.clone();
    let second = ask(token.clone()).expect("the next page");
    assert!(first.price_list().iter().all(|product| !second.price_list().contains(product)));
    aws.expire_tokens();
    assert_eq!(ask(token).expect_err("an error").code(), Some("ExpiredNextTokenException"));
    let refused = std::iter::repeat_with(|| ask(None)).take(6).filter_map(Result::err).collect::<Vec<_>>();
    assert!(refused.iter().any(|error| error.code() == Some("ThrottlingException")), "{refused:?}");
    let elsewhere = client!(aws_sdk_pricing, aws, "us-west-2");
    wait(elsewhere.describe_services().send()).expect_err("no Pricing API there");
}

#[test]
fn events_come_newest_first_by_time_and_one_attribute() {
    let aws = Aws::private();
    aws.set_clock("2026-10-31T00:00:00Z".parse().expect("a time"));
    let event = |id: u32, at: &str, name: &str| {
        json!({ "eventID": format!("e{id}"), "eventTime": at, "eventName": name, "awsRegion": "us-east-1",
                "eventSource": "ec2.amazonaws.com", "requestParameters": { "instancesSet": { "items": [
                    { "instanceId": format!("i-{id}") }] } } })
    };
    let mut events: Vec<Value> =
        (0..60).map(|id| event(id, &format!("2026-10-{:02}T10:00:00Z", id % 30 + 1), "StopInstances")).collect();
    events.push(event(90, "2026-07-01T10:00:00Z", "StopInstances"));
    events.push(event(91, "2026-10-01T10:00:00Z", "StartInstances"));
    aws.add_events(Value::Array(events));
    let trail = client!(aws_sdk_cloudtrail, aws, "us-east-1");
    let by = |key: &str, value: &str| {
        aws_sdk_cloudtrail::types::LookupAttribute::builder()
            .attribute_key(key.into())
            .attribute_value(value)
            .build()
            .expect("an attribute")
    };
    let stops = wait(trail.lookup_events().lookup_attributes(by("EventName", "StopInstances")).send()).expect("a page");
    assert_eq!((stops.events().len(), stops.events()[0].event_id()), (50, Some("e29")));
    let token = stops.next_token().expect("more");
    let rest = trail.lookup_events().lookup_attributes(by("EventName", "StopInstances")).next_token(token).send();
    assert_eq!(wait(rest).expect("the rest").events().len(), 10, "what is older than 90 days is gone");
    let third = wait(trail.lookup_events().send()).expect_err("a third within the second");
    assert_eq!(third.code(), Some("ThrottlingException"));
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let named = wait(trail.lookup_events().lookup_attributes(by("ResourceName", "i-91")).send()).expect("a page");
    assert_eq!(named.events()[0].event_name(), Some("StartInstances"));
    assert!(named.events()[0].cloud_trail_event().is_some_and(|event| event.contains("\"eventID\": \"e91\"")));
}

#[test]
fn a_quota_is_the_applied_value_and_else_the_default() {
    let aws = Aws::start();
    aws.set_quotas(json!({ "us-west-2": { "L-417A185B": 64.0, "L-DB2E81BA": null } }));
    let quotas = client!(aws_sdk_servicequotas, aws, "us-west-2");
    let ask = |code: &str| wait(quotas.get_service_quota().service_code("ec2").quota_code(code).send());
    let value = |code| ask(code).expect("a quota").quota.expect("it").value;
    assert_eq!((value("L-417A185B"), value("L-1216C47A")), (Some(64.0), Some(5.0)));
    let refused = ask("L-DB2E81BA").expect_err("none is applied");
    assert!(refused.as_service_error().is_some_and(|error| error.is_no_such_resource_exception()));
    let default = quotas.get_aws_default_service_quota().service_code("ec2").quota_code("L-DB2E81BA").send();
    assert_eq!(wait(default).expect("the default").quota.expect("it").value, Some(0.0));
}

#[test]
fn spot_prices_start_with_the_one_in_force() {
    let aws = Aws::start();
    let price = |at: &str, usd: &str| {
        json!({ "region": "us-west-2", "zone": "us-west-2a", "type": "p3.2xlarge", "product": "Linux/UNIX",
                "price": usd, "at": at })
    };
    let days = [("2026-10-01", "0.9"), ("2026-10-05", "1.1"), ("2026-10-09", "1.3")];
    let prices: Vec<Value> = days.iter().map(|(day, usd)| price(&format!("{day}T00:00:00.000Z"), usd)).collect();
    aws.add_spot_prices(Value::Array(prices));
    let ec2 = client!(aws_sdk_ec2, aws, "us-west-2");
    let start = aws_sdk_ec2::primitives::DateTime::from_secs(1_791_331_200); // 2026-10-07
    let asked = ec2.describe_spot_price_history().instance_types("p3.2xlarge".into()).start_time(start);
    let answer = wait(asked.send()).expect("prices");
    let found: Vec<_> = answer.spot_price_history().iter().filter_map(|row| row.spot_price()).collect();
    assert_eq!(found, ["1.3", "1.1"]);
}

#[test]
fn an_offer_file_is_had_without_credentials_whole_in_part_and_not_twice() {
    let aws = Aws::start();
    let url = format!("{}/offers/v1.0/aws/AmazonEC2/current/us-west-2/index.csv", aws.offers_url());
    let mut whole = ureq::get(&url).call().expect("the file");
    let etag = whole.headers()["etag"].clone();
    let text = whole.body_mut().read_to_string().expect("text");
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[5].starts_with("\"SKU\",\"OfferTermCode\",\"RateCode\""), "{}", lines[5]);
    let rate = lines.iter().find(|line| line.contains("ZACBBPKVJ95ZZFY8.JRTCKXETXF")).expect("p3.2xlarge");
    assert!(rate.contains("\"3.0600000000\",\"USD\""), "{rate}");
    let again = ureq::get(&url).header("If-None-Match", &etag).call().expect("an answer");
    assert_eq!(again.status(), 304);
    let rest = ureq::get(&url).header("Range", "bytes=1000-").header("If-Range", &etag).call();
    let mut rest = rest.expect("the rest");
    assert_eq!(
        (rest.status().as_u16(), rest.body_mut().read_to_string().expect("text").as_str()),
        (206, &text[1000..])
    );
    aws.publish(json!({ "version": "20261101000000", "published": "2026-11-01T00:00:00Z" }));
    let changed = ureq::get(&url).header("Range", "bytes=1000-").header("If-Range", &etag).call().expect("the file");
    assert_eq!(changed.status(), 200, "another file: from its start");
    for file in ["offers/v1.0/aws/AmazonEC2", "savingsPlan/v1.0/aws/AWSComputeSavingsPlan"] {
        let index = format!("{}/{file}/current/region_index.json", aws.offers_url());
        let index = ureq::get(&index).call().expect("the index").body_mut().read_to_string().expect("text");
        assert!(index.contains(&format!("/{file}/20261101000000/us-west-2/index.json")), "{index}");
        let named = format!("{}/{file}/20261101000000/us-west-2/index.csv", aws.offers_url());
        assert_eq!(ureq::get(&named).call().expect("the file").status(), 200);
    }
    assert_eq!(
        ureq::get(format!("{}/nothing", aws.offers_url())).call().expect_err("nothing").to_string(),
        "http status: 403"
    );
}
