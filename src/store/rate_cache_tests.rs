use std::fs;
use std::thread;

use super::*;
use crate::catalog::{Listing, Publication, PublishedOnDemand};
use crate::time::parse_timestamp;

fn published(region: &str, day: &str, usd: &str) -> Published {
    let at = |text: &str| parse_timestamp(text).expect("a time");
    Published {
        region: region.to_owned(),
        publication: Publication::OfferFile,
        published_at: at(day),
        fetched_at: at("2026-11-20T12:00:00Z"),
        families: vec!["p".to_owned()],
        types: Vec::new(),
        on_demand: vec![PublishedOnDemand {
            instance_type: "p3.2xlarge".to_owned(),
            listing: Listing::OnDemand(usd.parse().expect("dollars")),
            sku_rate_code: "SKU.JRTCKXETXF.6YS6EN2CT7".to_owned(),
        }],
        reserved: Vec::new(),
        volumes: Vec::new(),
        snapshots: Vec::new(),
        savings_plans: None,
        left_out: Vec::new(),
        etag: Some("\"5d41\"".to_owned()),
    }
}

fn cache() -> (tempfile::TempDir, RateCache) {
    let folder = tempfile::tempdir().expect("a folder");
    let cache = RateCache::new(folder.path().join("rates"));
    (folder, cache)
}

#[test]
fn a_publication_comes_back_as_it_was_and_the_one_before_it_too() {
    let (_folder, cache) = cache();
    assert_eq!(cache.rates("us-west-2").expect("no file is no error"), None);
    assert_eq!(cache.all().expect("no folder is no error"), (Vec::new(), Vec::new()));
    let (old, new) = (published("us-west-2", "2026-11-01", "3.06"), published("us-west-2", "2026-11-18", "3.2"));
    cache.keep(&old).expect("it is kept");
    assert_eq!(cache.rates_before("us-west-2").expect("none"), None);
    // Fetched again, it is the same publication: not one before itself.
    cache.keep(&old).expect("it is kept");
    assert_eq!(cache.rates_before("us-west-2").expect("none"), None);
    cache.keep(&new).expect("it is kept");
    assert_eq!(cache.rates("us-west-2").expect("read"), Some(new.clone()));
    assert_eq!(cache.rates_before("us-west-2").expect("read"), Some(old));
    assert_eq!(
        (cache.regions().expect("read"), cache.all().expect("read").0),
        (vec!["us-west-2".to_owned()], vec![new])
    );
}

#[test]
fn what_is_not_whole_or_not_ours_is_an_error_that_names_the_file() {
    let (_folder, cache) = cache();
    cache.keep(&published("us-west-2", "2026-11-01", "3.06")).expect("it is kept");
    let path = cache.path("us-west-2", RATES).expect("a path");
    let whole = fs::read_to_string(&path).expect("the file");
    for text in [
        String::new(),
        whole[..whole.len() - 1].to_owned(),
        whole.replace("\"format\":1", "\"format\":2"),
        whole.replace("us-west-2", "us-west-1"),
        whole.replace("3.06", "0"),
        whole.replace("3.06", "-1"),
        "[1]".to_owned(),
    ] {
        fs::write(&path, &text).expect("written");
        let error = cache.rates("us-west-2").expect_err(&text);
        assert!(error.to_string().contains("us-west-2.rates.json"), "{error}");
        assert!(error.hint().expect("a hint").contains("rates refresh"), "{error}");
    }
    // It is no loss: a fetched one takes its place.
    cache.keep(&published("us-west-2", "2026-11-18", "3.2")).expect("it is kept");
    assert!(cache.rates("us-west-2").expect("read").is_some());
}

#[test]
fn a_name_that_is_no_regions_code_reaches_no_file() {
    let (folder, cache) = cache();
    for region in ["../../x", "", "US-WEST-2", "a/b", "a.b"] {
        assert!(cache.keep(&published(region, "2026-11-01", "3.06")).is_err(), "{region}");
        assert!(cache.rates(region).is_err(), "{region}");
    }
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

#[test]
fn writers_at_once_leave_one_of_theirs_whole() {
    let (_folder, cache) = cache();
    let all: Vec<Published> =
        (1..=8).map(|day| published("us-west-2", &format!("2026-11-{day:02}"), &format!("{day}"))).collect();
    thread::scope(|scope| {
        for published in &all {
            let cache = &cache;
            scope.spawn(move || (0..20).for_each(|_| cache.keep(published).expect("it is kept")));
        }
        for _ in 0..50 {
            assert!(cache.rates("us-west-2").expect("whole at any moment").is_none_or(|read| all.contains(&read)));
        }
    });
    assert!(all.contains(&cache.rates("us-west-2").expect("read").expect("one")));
}
