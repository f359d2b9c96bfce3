//! Findings made up for alerts, and times for them.

use std::sync::Arc;

use gpucost::advice::{Confidence, Dollars, Finding, Level};
use gpucost::ledger::{Resource, Tags};
use gpucost::money::Usd;
use jiff::{SignedDuration, Timestamp};

pub const RULE: &str = "stopped-accruing";

/// Hours since the beginning of the story.
pub fn at(hours: i64) -> Timestamp {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start + SignedDuration::from_hours(hours)
}

pub fn usd(cents: u32) -> Usd {
    format!("{}.{:02}", cents / 100, cents % 100).parse().unwrap()
}

pub fn id(n: u8) -> String {
    format!("{RULE}:i-{n}")
}

/// A stopped instance, since then, seen then, with so many cents lost so far.
pub fn finding(n: u8, since: Timestamp, last_seen: Timestamp, cents: u32) -> Finding {
    Finding {
        id: id(n),
        rule: RULE,
        title: "Stopped, its volume still billed".to_owned(),
        resource: Arc::new(Resource {
            account: "123456789012".to_owned(),
            region: "us-west-2".to_owned(),
            id: format!("i-{n}"),
            name: format!("box {n}"),
            instance_id: None,
            tags: Tags::new(),
        }),
        last_seen,
        evidence: Vec::new(),
        parts: Vec::new(),
        accrued: Some(Dollars::Exact(usd(cents))),
        accrued_if_still_there: None,
        since: Some(since),
        saving_per_month: Dollars::Exact(usd(750)),
        confidence: Confidence { level: Level::High, why: "seen".into() },
        choices: Vec::new(),
        risk: String::new(),
        detail: None,
    }
}
