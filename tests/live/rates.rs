//! Rates fetched from the local AWS: what is stored, what is said, and what a failure leaves as it was.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::peers::Aws;
use crate::program::{Lab, Ran};

const P3_US_WEST_2: &str = "ZACBBPKVJ95ZZFY8";

/// Runs gpucost with the account's credentials.
fn run(aws: &Aws, lab: &Lab, args: &[&str]) -> Ran {
    Ran::of(&mut aws.gpucost(lab, args))
}

#[track_caller]
fn ok(aws: &Aws, lab: &Lab, args: &[&str]) -> String {
    let ran = run(aws, lab, args);
    assert_eq!(ran.code, Some(0), "gpucost {args:?}: {ran:?}");
    ran.out
}

/// From the API, without spot prices.
#[track_caller]
fn refresh(aws: &Aws, lab: &Lab, region: &str) -> String {
    ok(aws, lab, &["rates", "refresh", "--region", region, "--days", "0"])
}

fn cached(lab: &Lab, region: &str, kind: &str) -> PathBuf {
    lab.home().join(format!("cache/gpucost/rates/{region}.{kind}.json"))
}

/// The cached publication.
#[track_caller]
fn stored(lab: &Lab, region: &str) -> Value {
    let path = cached(lab, region, "rates");
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_str::<Value>(&text).expect("JSON")["content"].clone()
}

/// One row of `gpucost rates TYPE`, as programs read it.
#[track_caller]
fn rate(lab: &Lab, region: &str, kind: &str) -> Value {
    let out = lab.ok(&["rates", kind, "--region", region, "-o", "json"]);
    let table: Value = serde_json::from_str(&out).expect("JSON");
    table["rates"]["rows"][0].clone()
}

fn on_demand(lab: &Lab, region: &str, kind: &str) -> Option<String> {
    rate(lab, region, kind)["on_demand_usd_per_hour"].as_str().map(str::to_owned)
}

fn priced(aws: &Aws) -> usize {
    aws.calls()
        .iter()
        .filter(|call| (call.service.as_str(), call.action.as_str()) == ("pricing", "GetProducts"))
        .count()
}

#[test]
fn fetched_rates_are_used_with_their_date_source_and_sku() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.publish(json!({ "version": "20261118000000", "published": "2026-11-18T00:00:00Z",
                        "prices": { P3_US_WEST_2: "2.5" } }));
    let shipped = rate(&lab, "us-west-2", "p3.2xlarge");
    assert_eq!(shipped["on_demand_usd_per_hour"], "3.06");
    let table = refresh(&aws, &lab, "us-west-2");
    assert!(table.contains("us-west-2") && table.contains("2026-11-18"), "{table}");
    let row = rate(&lab, "us-west-2", "p3.2xlarge");
    assert_eq!(row["on_demand_usd_per_hour"], "2.5");
    assert_eq!(row["on_demand_as_of"], "2026-11-18");
    assert_eq!(row["on_demand_source"], "aws-pricing-api");
    assert_eq!(row["on_demand_sku_rate_code"], format!("{P3_US_WEST_2}.JRTCKXETXF.6YS6EN2CT7"));
    let verbose = lab.ok(&["rates", "p3.2xlarge", "--region", "us-west-2", "-v"]);
    let words = verbose.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("aws-pricing-api: AWS Price List Query API, GetProducts of AmazonEC2 https://"),
        "{verbose}"
    );
    // A quote says the date too, and other regions keep the shipped rates.
    let quote = lab.ok(&["quote", "p3.2xlarge", "--region", "us-west-2"]);
    assert!(quote.contains("2.50") && quote.contains("2026-11-18"), "{quote}");
    assert_ne!(rate(&lab, "us-east-1", "p3.2xlarge")["on_demand_source"], "aws-pricing-api");
    assert!(aws.calls().iter().all(|call| call.service == "pricing"), "{:?}", aws.calls());
}

#[test]
fn nothing_costs_nothing() {
    let (aws, lab) = (Aws::start(), Lab::new());
    refresh(&aws, &lab, "us-west-2");
    // Every p4 and p5 has a $0 SKU of capacity blocks, every type one of a reservation.
    let stored = stored(&lab, "us-west-2");
    for row in stored["on_demand"].as_array().expect("rows") {
        if let Some(usd) = row["listing"].get("on-demand") {
            assert!(usd.as_str().expect("dollars").parse::<f64>().expect("a number") > 0.0, "{row}");
        }
    }
    assert_eq!(on_demand(&lab, "us-west-2", "p4d.24xlarge").as_deref(), Some("21.95764"));
    // p5e has only blocks.
    let ran = lab.run(&["quote", "p5e.48xlarge", "--region", "us-west-2"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("capacity blocks") && ran.err.contains("describe-capacity-block-offerings"), "{ran:?}");
}

#[test]
fn a_rate_that_aws_lists_no_more_says_so_and_bills_of_before_keep_it() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.publish(json!({ "version": "20261118000000", "published": "2026-11-18T00:00:00Z", "gone": [P3_US_WEST_2],
                        "reserved_only": ["T4GZYF2JVPASTYU9"] }));
    let shipped = rate(&lab, "us-west-2", "p3.2xlarge");
    refresh(&aws, &lab, "us-west-2");
    let row = rate(&lab, "us-west-2", "p3.2xlarge");
    assert_eq!(
        (&row["on_demand_usd_per_hour"], &row["on_demand_as_of"]),
        (&json!("3.06"), &shipped["on_demand_as_of"])
    );
    assert_eq!(row["on_demand_mark"], "no longer published: not in AWS's list of 2026-11-18");
    let mark = rate(&lab, "us-west-2", "p3dn.24xlarge")["on_demand_mark"].clone();
    let reserved = "no longer published: with Reserved terms only in AWS's list of 2026-11-18";
    assert!(mark.as_str().is_some_and(|mark| mark.ends_with(reserved)), "{mark}");
}

#[test]
fn a_type_that_the_shipped_card_lacks_becomes_known() {
    let (aws, lab) = (Aws::start(), Lab::new());
    assert_eq!(lab.run(&["rates", "m5.xlarge", "--region", "us-east-1"]).code, Some(1));
    ok(&aws, &lab, &["rates", "refresh", "--region", "us-east-1", "--days", "0", "--families", "m5,p"]);
    let row = rate(&lab, "us-east-1", "m5.xlarge");
    assert_eq!((&row["vcpu"], &row["gpu"]), (&json!("4"), &Value::Null));
    assert!(row["on_demand_usd_per_hour"].is_string(), "{row}");
    // Fetched again without being named: what the cache has stays in it.
    refresh(&aws, &lab, "us-east-1");
    assert!(rate(&lab, "us-east-1", "m5.xlarge")["on_demand_usd_per_hour"].is_string());
}

#[test]
fn diff_shows_the_changed_rate_alone_old_and_new_with_both_dates() {
    let (aws, lab) = (Aws::start(), Lab::new());
    assert_eq!(lab.run(&["rates", "diff", "--region", "us-west-2"]).code, Some(1));
    refresh(&aws, &lab, "us-west-2");
    // The same publication again is no other one.
    refresh(&aws, &lab, "us-west-2");
    aws.publish(json!({ "version": "20261118000000", "published": "2026-11-18T00:00:00Z",
                        "prices": { P3_US_WEST_2: "3.366" } }));
    refresh(&aws, &lab, "us-west-2");
    let diff = lab.ok(&["rates", "diff", "--region", "us-west-2", "-o", "json"]);
    let diff: Value = serde_json::from_str(&diff).expect("JSON");
    let [row] = diff["rows"].as_array().expect("rows").as_slice() else { panic!("{diff}") };
    assert_eq!((&row["rate"], &row["change"]), (&json!("p3.2xlarge on-demand"), &json!("changed")));
    assert_eq!((&row["before_usd"], &row["after_usd"]), (&json!("3.06"), &json!("3.366")));
    assert_eq!((&row["before_as_of"], &row["after_as_of"]), (&json!("2026-09-10"), &json!("2026-11-18")));
    assert_eq!(row["relative"], "0.1");
    let shown = lab.ok(&["rates", "diff", "--region", "us-west-2"]);
    assert!(shown.contains("+10%"), "{shown}");
}

#[test]
fn requests_keep_within_the_pace_and_a_throttled_one_is_asked_again() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.set_page_size(7);
    // The server refuses a sixth request within a second: none was refused, so none was asked twice.
    refresh(&aws, &lab, "us-west-2");
    let calls = priced(&aws);
    assert!(calls > 8, "{calls} requests: too few to tell");
    let lab = Lab::new();
    aws.misbehave(json!({ "mode": "throttle", "service": "pricing", "times": 2, "skip": 3 }));
    refresh(&aws, &lab, "us-west-2");
    assert_eq!(priced(&aws), 2 * calls + 2);
}

#[test]
fn a_listing_whose_token_expired_is_read_from_its_beginning() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.set_page_size(20);
    refresh(&aws, &lab, "us-west-2");
    let whole = stored(&lab, "us-west-2")["on_demand"].clone();
    let calls = priced(&aws);
    let expired = json!({ "mode": "error", "code": "ExpiredNextTokenException", "service": "pricing", "skip": 1 });
    aws.misbehave(expired);
    let again = Lab::new();
    refresh(&aws, &again, "us-west-2");
    assert_eq!(stored(&again, "us-west-2")["on_demand"], whole);
    assert_eq!(priced(&aws), 2 * calls + 2, "the first page and the refused one again");
}

#[test]
fn a_region_that_fails_leaves_the_others() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.misbehave(json!({ "mode": "html500", "service": "pricing", "times": 4 }));
    let ran = run(&aws, &lab, &["rates", "refresh", "--region", "us-east-1,us-west-2", "--days", "0"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("HTTP 500") && ran.out.contains("us-west-2"), "{ran:?}");
    assert!(!cached(&lab, "us-east-1", "rates").exists() && cached(&lab, "us-west-2", "rates").exists());
}

#[test]
fn what_fails_leaves_the_cache_as_it_was() {
    let (aws, lab) = (Aws::start(), Lab::new());
    refresh(&aws, &lab, "us-west-2");
    let before = fs::read(cached(&lab, "us-west-2", "rates")).expect("the file");
    aws.publish(json!({ "version": "20261118000000", "published": "2026-11-18T00:00:00Z",
                        "prices": { P3_US_WEST_2: "9" } }));
    for mode in ["refuse", "html500", "garbage", "truncate", "reset_mid_body"] {
        // Every try of the third listing.
        aws.misbehave(json!({ "mode": mode, "service": "pricing", "times": 4, "skip": 2 }));
        let ran = run(&aws, &lab, &["rates", "refresh", "--region", "us-west-2", "--days", "0", "--source", "api"]);
        assert_eq!(ran.code, Some(1), "{mode}: {ran:?}");
        assert!(ran.err.starts_with("error: pricing:GetProducts in us-east-1: "), "{mode}: {ran:?}");
        assert_eq!(fs::read(cached(&lab, "us-west-2", "rates")).expect("the file"), before, "{mode}");
    }
    assert_eq!(on_demand(&lab, "us-west-2", "p3.2xlarge").as_deref(), Some("3.06"));
}

#[test]
fn killed_at_any_moment_it_leaves_the_old_rates_or_the_new() {
    let (aws, lab) = (Aws::start(), Lab::new());
    refresh(&aws, &lab, "us-west-2");
    aws.publish(json!({ "version": "20261118000000", "published": "2026-11-18T00:00:00Z",
                        "prices": { P3_US_WEST_2: "9" } }));
    let mut seen = Vec::new();
    for calls in 1..=9 {
        let already = priced(&aws);
        let args = ["rates", "refresh", "--region", "us-west-2", "--days", "0"];
        let mut child = aws.gpucost(&lab, &args).stdout(std::process::Stdio::null()).spawn().expect("it runs");
        while priced(&aws) < already + calls && child.try_wait().expect("a state").is_none() {
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        _ = child.kill();
        _ = child.wait();
        let usd = on_demand(&lab, "us-west-2", "p3.2xlarge").expect("a rate");
        assert!(["3.06", "9"].contains(&usd.as_str()), "{usd}");
        seen.push(usd);
    }
    assert_eq!(seen[0], "3.06", "the first was killed at its first request");
    assert_eq!(seen[8], "9", "the last had none left to make");
}

#[test]
fn a_damaged_file_of_the_cache_is_named_and_a_refresh_mends_it() {
    let (aws, lab) = (Aws::start(), Lab::new());
    refresh(&aws, &lab, "us-west-2");
    let path = cached(&lab, "us-west-2", "rates");
    let whole = fs::read_to_string(&path).expect("the file");
    let zero = whole.replacen("\"on-demand\":\"", "\"on-demand\":\"-", 1);
    for text in [&whole[..whole.len() / 2], "", "[]", "{\"format\":2}", zero.as_str()] {
        lab.write(&path, text);
        let ran = lab.run(&["rates", "p3.2xlarge", "--region", "us-west-2"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains("us-west-2.rates.json") && ran.err.contains("rates refresh"), "{ran:?}");
    }
    refresh(&aws, &lab, "us-west-2");
    assert!(on_demand(&lab, "us-west-2", "p3.2xlarge").is_some());
}

#[test]
fn live_fetches_what_is_old_and_nothing_else() {
    let (aws, lab) = (Aws::start(), Lab::new());
    aws.publish(json!({ "version": "20261118000000", "published": "2026-11-18T00:00:00Z",
                        "prices": { P3_US_WEST_2: "2.5" } }));
    let quote = ["quote", "p3.2xlarge", "--region", "us-west-2", "--live"];
    let out = ok(&aws, &lab, &quote);
    assert!(out.contains("2.50") && out.contains("2026-11-18"), "{out}");
    let calls = priced(&aws);
    assert!(calls > 0);
    ok(&aws, &lab, &quote);
    assert_eq!(priced(&aws), calls, "what was fetched a moment ago is not fetched again");
    let mut old = aws.gpucost(&lab, &quote);
    assert_eq!(Ran::of(old.env("GPUCOST_RATES_TTL_HOURS", "0")).code, Some(0));
    assert_eq!(priced(&aws), 2 * calls);
    lab.write(lab.config(), "rates_ttl_hours = 0\n");
    ok(&aws, &lab, &quote);
    assert_eq!(priced(&aws), 3 * calls);
}

#[test]
fn without_a_network_live_uses_what_there_is_and_says_how_old_it_is() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let live = |lab: &Lab| {
        let mut command = aws.gpucost(lab, &["quote", "p3.2xlarge", "--region", "us-west-2", "--live"]);
        // Nobody listens on port 1.
        command.env("AWS_ENDPOINT_URL", "http://127.0.0.1:1").env("GPUCOST_OFFERS_URL", "http://127.0.0.1:1");
        Ran::of(command.env("GPUCOST_RATES_TTL_HOURS", "48"))
    };
    let ran = live(&lab);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("cannot be reached") && ran.err.contains("the shipped rates count"), "{ran:?}");
    refresh(&aws, &lab, "us-west-2");
    // As if it had been fetched three days ago.
    let path = cached(&lab, "us-west-2", "rates");
    let fetched_at = stored(&lab, "us-west-2")["fetched_at"].as_str().expect("a time").to_owned();
    let at: jiff::Timestamp = fetched_at.parse().expect("a time");
    let earlier = at.checked_sub(jiff::SignedDuration::from_hours(73)).expect("a time").to_string();
    let text = fs::read_to_string(&path).expect("the file").replace(&fetched_at, &earlier);
    lab.write(&path, text);
    let ran = live(&lab);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("rates of 2026-09-10 count, 3 days old"), "{ran:?}");
    assert!(ran.out.contains("2026-09-10"), "{ran:?}");
    let both = lab.run(&["quote", "p3.2xlarge", "--live", "--offline"]);
    assert_eq!(both.code, Some(2), "{both:?}");
}

#[test]
fn spot_is_the_mean_over_the_days_by_zone_id() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let now = jiff::Timestamp::now();
    let ago = |hours: i64| {
        let at = now.checked_sub(jiff::SignedDuration::from_hours(hours)).expect("a time");
        at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
    };
    let price = |zone: &str, usd: &str, hours: i64| {
        json!({ "region": "us-west-2", "zone": zone, "type": "p3.2xlarge", "product": "Linux/UNIX", "price": usd,
                "at": ago(hours) })
    };
    let mut windows = price("us-west-2a", "9", 1);
    windows["product"] = json!("Windows");
    aws.add_spot_prices(json!([
        price("us-west-2a", "1.0", 400),
        price("us-west-2a", "2.0", 24),
        windows,
        price("us-west-2b", "0.9", 400),
        price("us-west-2b", "0", 30),
    ]));
    let out = ok(&aws, &lab, &["rates", "refresh", "--region", "us-west-2", "--days", "2"]);
    assert!(out.contains("1 spot prices of nothing"), "{out}");
    let row = rate(&lab, "us-west-2", "p3.2xlarge");
    assert_eq!(row["spot_usd_per_hour"], "0.9");
    assert_eq!(row["spot_source"], "aws-spot-history");
    let out = lab.ok(&["rates", "p3.2xlarge", "--region", "us-west-2", "--spot", "-o", "json"]);
    let table: Value = serde_json::from_str(&out).expect("JSON");
    let of = |az: &str| {
        let rows = table["rows"].as_array().expect("rows").iter();
        rows.into_iter().find(|row| row["az_id"] == az).cloned().unwrap_or_else(|| panic!("{az}: {out}"))
    };
    // A day at $1 and a day at $2, give or take the seconds that the test took.
    let mean: f64 = of("usw2-az2")["mean_usd_per_hour"].as_str().expect("a mean").parse().expect("a number");
    assert!((mean - 1.5).abs() < 0.01, "{mean}");
    assert_eq!(of("usw2-az2")["now_usd_per_hour"], "2");
    assert_eq!(of("usw2-az1")["max_usd_per_hour"], "0.9");
}

#[test]
fn the_demo_is_the_same_with_any_cache() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let before = lab.ok(&["demo"]);
    aws.publish(json!({ "version": "20261118000000", "published": "2026-11-18T00:00:00Z",
                        "prices": { P3_US_WEST_2: "9", "6AUAERFUWRVM7MMK": "9", "58HUPRT96M5H8VUW": "9" } }));
    refresh(&aws, &lab, "us-west-2");
    refresh(&aws, &lab, "us-east-1");
    assert_eq!(lab.ok(&["demo"]), before);
}

#[test]
fn without_credentials_the_public_files_give_the_same_rates() {
    let (aws, by_api, by_file) = (Aws::start(), Lab::new(), Lab::new());
    refresh(&aws, &by_api, "us-west-2");
    let args = ["rates", "refresh", "--region", "us-west-2", "--days", "2"];
    let mut nobody = by_file.gpucost(&args);
    aws.endpoints(&mut nobody);
    let ran = Ran::of(&mut nobody);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("offer file") && ran.out.contains("public offer files"), "{ran:?}");
    assert!(ran.out.contains("no usable AWS credentials") && ran.out.contains("No spot prices"), "{ran:?}");
    let (api, file) = (stored(&by_api, "us-west-2"), stored(&by_file, "us-west-2"));
    for what in ["region", "published_at", "families", "types", "on_demand", "reserved", "volumes", "snapshots"] {
        assert_eq!(api[what], file[what], "{what}");
    }
    assert_eq!((&api["publication"], &file["publication"]), (&json!("pricing-api"), &json!("offer-file")));
    assert!(file["savings_plans"]["rates"].as_array().is_some_and(|rates| !rates.is_empty()));
}

#[test]
fn an_offer_file_that_has_not_changed_is_not_fetched_twice() {
    let (aws, lab) = (Aws::start(), Lab::new());
    let args = ["rates", "refresh", "--region", "us-west-2", "--days", "0", "--source", "bulk"];
    ok(&aws, &lab, &args);
    let before = stored(&lab, "us-west-2");
    ok(&aws, &lab, &args);
    let after = stored(&lab, "us-west-2");
    assert_eq!(before["on_demand"], after["on_demand"]);
    assert!(before["fetched_at"].as_str() < after["fetched_at"].as_str(), "asked, and still in force");
    aws.misbehave(json!({ "mode": "truncate", "service": "bulk", "times": 99 }));
    aws.publish(json!({ "version": "20261118000000", "published": "2026-11-18T00:00:00Z" }));
    let ran = run(&aws, &lab, &args);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert_eq!(stored(&lab, "us-west-2"), after);
}
