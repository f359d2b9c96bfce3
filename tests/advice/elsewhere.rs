//! Cheaper elsewhere, and cheaper to own.

use gpucost::advice::{Action, Finding, Level, Thresholds};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Fact, InstanceState, Purchase};
use gpucost::money::Usd;
use rust_decimal::Decimal;

use crate::asked::*;
use crate::facts::*;

const ELSEWHERE: &str = "cheaper-elsewhere";
const BUY: &str = "buy-the-machine";

fn of<'a>(findings: &'a [Finding], rule: &str) -> Vec<&'a Finding> {
    findings.iter().filter(|finding| finding.rule == rule).collect()
}

/// Runs from the end of September on, seen a month later.
fn running(id: &str, kind: &str) -> Fact {
    instance(id, kind, InstanceState::Running).fact()
}

#[test]
fn an_instance_that_runs_all_month_is_held_against_types_regions_and_commitments() {
    let findings = advise(&[running("i-1", "g5.xlarge")], SEEN);
    let found = of(&findings, ELSEWHERE);
    let [finding] = found.as_slice() else { panic!("{} findings", found.len()) };
    assert_eq!(finding.id, "cheaper-elsewhere:i-1");
    // All hours: 730 × $1.006.
    assert_eq!(choice(finding, Action::Keep).per_month.to_string(), "$734.38");
    let reserve = choice(finding, Action::Reserve);
    let least = RateCard::shipped()
        .reserved("us-east-1", "g5.xlarge")
        .into_iter()
        .filter(|rate| rate.offering_class.name() == "standard" && rate.term_years == 1)
        .filter_map(|rate| rate.effective_hourly())
        .min()
        .expect("a 1-year offering");
    let month = least.scaled(Decimal::from(730), Decimal::ONE).expect("dollars");
    let reserved: Vec<String> = finding
        .choices
        .iter()
        .filter(|choice| choice.action == Action::Reserve)
        .map(|choice| choice.per_month.to_string())
        .collect();
    assert!(reserved.contains(&month.to_string()), "{reserved:?} {month}");
    assert!(reserve.commands[0].starts_with("aws ec2 describe-reserved-instances-offerings --region us-east-1"));
    let evidence = finding.evidence.join("\n");
    assert!(evidence.contains("pays from") && evidence.contains("the ledger: 100 %"), "{evidence}");
    assert!(evidence.contains("720 h of g5.xlarge in 30 days"), "{evidence}");
    // The saving is what its recommended way out saves, and no more than all of it.
    let best = finding.recommended().expect("a way out");
    let expected = choice(finding, Action::Keep).per_month.clone().less(best.per_month.clone());
    assert_eq!(finding.saving_per_month, expected);
}

#[test]
fn a_commitment_is_not_held_against_an_instance_that_hardly_runs() {
    // 2 h a day: 8 % of all hours; the cheapest commitment asks for a third at least.
    let facts = [noted("i-1", "2026-10-01", Some("2026-11-01")).compute("g5.xlarge").hours_per_day("2").fact()];
    let findings = advise(&facts, NOTED);
    for finding in of(&findings, ELSEWHERE) {
        assert!(finding.choices.iter().all(|choice| choice.action != Action::Reserve), "{:?}", ways_out(finding));
        let evidence = finding.evidence.join("\n");
        assert!(evidence.contains("the ledger: 8.3 %"), "{evidence}");
    }
}

#[test]
fn a_retired_type_names_its_successors_and_from_which_speed_on_they_pay() {
    let facts = [noted("i-1", "2026-10-01", Some("2026-11-01")).compute("p2.xlarge").hours_per_day("2").fact()];
    let findings = advise(&facts, NOTED);
    let found = of(&findings, ELSEWHERE);
    let [finding] = found.as_slice() else { panic!("{} findings", found.len()) };
    let evidence = finding.evidence.join("\n");
    // $0.526 over $0.90.
    assert!(
        evidence.contains("offered in its place: g4dn.xlarge at $0.526, cheaper from 0.58 times its speed on"),
        "{evidence}"
    );
    let change = choice(finding, Action::ChangeType);
    assert!(change.recommended);
    assert!(change.commands[0].contains("modify-instance-attribute"), "{:?}", change.commands);
    assert_eq!(finding.confidence.level, Level::Low, "{}", finding.confidence.why);
    assert!(finding.choices.iter().all(|choice| !matches!(choice.action, Action::Reserve | Action::MoveRegion)));
}

#[test]
fn few_days_spot_and_what_is_gone_are_left_be() {
    let days_known = |launched: &str| {
        let facts = [instance("i-1", "g5.xlarge", InstanceState::Running).launched(launched).fact()];
        of(&advise(&facts, SEEN), ELSEWHERE).len()
    };
    assert_eq!((days_known("2026-10-24T12:00:01Z"), days_known("2026-10-20T12:00:00Z")), (0, 1));
    let spot = instance("i-1", "g5.xlarge", InstanceState::Running).purchase(Purchase::Spot).fact();
    let gone = instance("i-2", "g5.xlarge", InstanceState::Terminated).fact();
    let idle =
        instance("i-3", "g5.xlarge", InstanceState::Stopped).reason("User initiated (2026-10-20 12:00:00 GMT)").fact();
    assert_eq!(of(&advise(&[spot, gone, idle], SEEN), ELSEWHERE).len(), 0);
}

#[test]
fn at_most_one_finding_an_instance_and_hostile_ids_get_no_command() {
    let hostile = "i-1; rm -rf ~ \u{1b}[31m";
    let facts = [running(hostile, "g5.xlarge"), running("i-2", "g5.xlarge")];
    let findings = advise(&facts, SEEN);
    let found = of(&findings, ELSEWHERE);
    assert_eq!(found.len(), 2);
    for finding in found {
        for command in finding.choices.iter().flat_map(|choice| &choice.commands) {
            assert!(!command.contains("rm -rf") && !command.contains('\u{1b}'), "{command}");
        }
    }
}

/// Rented around the clock for a year, a V100 has cost more than a desktop: $3.06 × 24 × 365 = $26,805.60.
fn a_year_of(kind: &str, hours_a_day: &str) -> Vec<Finding> {
    advise(&[noted("i-1", "2025-11-01", Some("2026-11-01")).compute(kind).hours_per_day(hours_a_day).fact()], NOTED)
}

#[test]
fn renting_for_the_price_of_a_machine_says_buy() {
    let findings = a_year_of("p3.2xlarge", "12");
    let found = of(&findings, BUY);
    let [finding] = found.as_slice() else { panic!("{} findings", found.len()) };
    let buy = choice(finding, Action::BuyMachine);
    assert!(buy.recommended && finding.saving_per_month.least().expect("known") > Usd::ZERO);
    let evidence = finding.evidence.join("\n");
    assert!(
        evidence.contains("would have bought on 20") && evidence.contains("assumed: worth nothing at the end"),
        "{evidence}"
    );
    // A 16 GB card is replaced by one with as much at least, of a price that has a date.
    assert!(evidence.contains("RTX 3090 desktop: $2,200.00"), "{evidence}");
}

#[test]
fn too_little_history_and_too_little_rent_say_nothing() {
    assert_eq!(of(&a_year_of("p3.2xlarge", "0.5"), BUY).len(), 0, "$558 have bought no machine");
    let short = [noted("i-1", "2026-09-15", Some("2026-11-01")).compute("p3.2xlarge").hours_per_day("24").fact()];
    assert_eq!(of(&advise(&short, NOTED), BUY).len(), 0, "47 days are no pattern");
}

#[test]
fn the_config_file_can_name_the_machine() {
    let facts = [noted("i-1", "2025-11-01", Some("2026-11-01")).compute("p3.2xlarge").hours_per_day("12").fact()];
    let named = Thresholds { machine: Some("Tutorial machine"), ..Thresholds::default() };
    let findings = advise_with(&facts, named, NOTED);
    let found = of(&findings, BUY);
    let [finding] = found.as_slice() else { panic!("{} findings", found.len()) };
    let evidence = finding.evidence.join("\n");
    assert!(evidence.contains("Tutorial machine: $1,000.00"), "{evidence}");
    assert!(evidence.contains("was not measured: as fast, assumed"), "{evidence}");
}
