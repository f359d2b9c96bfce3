//! The title of a message: what it is about, and the dollars, wherever it is cut.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gpucost::advice::{Dollars, Finding};
use gpucost::alerts::{Look, Notice, Steps, decide};
use gpucost::notify::headline;
use gpucost::time::Month;

use crate::story::{at, finding, usd};

fn opened(findings: &[Finding]) -> Vec<Notice> {
    let (silenced, evidence, steps) = (BTreeSet::new(), BTreeMap::new(), Steps::default());
    let look = Look { findings, silenced: &silenced, evidence: &evidence, ends: &BTreeMap::new(), steps: &steps };
    decide(&look, &BTreeMap::new(), at(100)).notices
}

#[test]
fn a_long_name_does_not_push_the_dollars_out_of_the_title() {
    let mut long = finding(1, at(0), at(100), 1896);
    Arc::make_mut(&mut long.resource).name = "x".repeat(256);
    // SNS takes fewer than 100 characters, Slack's header 150.
    let title: String = headline(&opened(&[long])).chars().take(99).collect();
    assert!(title.starts_with("gpucost: $18.96 so far, saves $7.50 a month: i-1 (xxx"), "{title}");
}

#[test]
fn what_nobody_can_price_is_not_called_nothing() {
    let unknown = |n| Finding {
        accrued: Some(Dollars::Unknown { why: "no rate of x9.large is known".to_owned() }),
        ..finding(n, at(0), at(100), 0)
    };
    assert_eq!(headline(&opened(&[unknown(1), unknown(2)])), "gpucost: 2 new, at unknown cost");
    let known = finding(3, at(0), at(100), 250);
    assert_eq!(headline(&opened(&[unknown(1), known.clone()])), "gpucost: 2 new, the largest known $2.50");
    assert_eq!(headline(&opened(&[known, finding(4, at(0), at(100), 400)])), "gpucost: 2 new, the largest $4.00");
    // What could only save something has cost nothing.
    let saving = |n| Finding { accrued: None, ..finding(n, at(0), at(100), 0) };
    assert_eq!(headline(&opened(&[saving(1), saving(2)])), "gpucost: 2 new");
}

#[test]
fn a_budget_is_no_cost_of_a_finding() {
    use gpucost::alerts::{Budgets, Spend, SpendOf, crossings};
    let month: Month = "2026-01".parse().unwrap();
    let spend = Spend {
        of: SpendOf::Month,
        month,
        until: at(100),
        actual: Dollars::Exact(usd(90_000)),
        forecast: Dollars::Exact(usd(90_000)),
    };
    let budgets = Budgets { month: Some(usd(100_000)), instance: None };
    let mut notices = crossings(&[spend], &budgets, &BTreeSet::new());
    assert_eq!(
        headline(&notices[..1]),
        "gpucost: budget:2026-01: 80 % of the $1,000.00 budget for 2026-01: $900.00 spent"
    );
    // Of budgets alone the title tells the spend: the $ is what one looks for.
    assert_eq!(headline(&notices), "gpucost: 2 budget, the largest $900.00 spent");
    let forecasts: Vec<Notice> = [&notices[1..], &notices[1..]].concat();
    assert_eq!(headline(&forecasts), "gpucost: 2 budget, the largest $900.00 forecast");
    notices.extend(opened(&[finding(1, at(0), at(100), 250)]));
    assert_eq!(headline(&notices), "gpucost: 1 new, 2 budget, the largest $2.50");
}
