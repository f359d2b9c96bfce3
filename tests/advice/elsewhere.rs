//! Cheaper elsewhere, and cheaper to own.

use gpucost::advice::{Action, Finding, Level, Thresholds};
use gpucost::catalog::{
    PaymentOption, Publication, Published, PublishedSavingsPlan, PublishedSavingsPlans, RateCard, SavingsPlanKind,
};
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

/// The shipped card, with a Savings Plan of one year for a type at this many dollars an hour, as AWS published it.
fn with_plan(instance_type: &str, kind: SavingsPlanKind, payment_option: PaymentOption, hourly: &str) -> RateCard {
    let plan = PublishedSavingsPlan {
        instance_type: instance_type.to_owned(),
        kind,
        term_years: 1,
        payment_option,
        hourly: usd(hourly),
        rate_code: "PLAN.USAGE".to_owned(),
    };
    let plans = PublishedSavingsPlans {
        published_at: at("2026-10-30T10:00:00Z"),
        fetched_at: at("2026-10-31T00:00:00Z"),
        etag: None,
        rates: vec![plan],
    };
    let fetched = Published {
        region: "us-east-1".to_owned(),
        publication: Publication::PricingApi,
        published_at: at("2026-10-30T10:00:00Z"),
        fetched_at: at("2026-10-31T00:00:00Z"),
        families: Vec::new(),
        types: Vec::new(),
        on_demand: Vec::new(),
        reserved: Vec::new(),
        volumes: Vec::new(),
        snapshots: Vec::new(),
        savings_plans: Some(plans),
        left_out: Vec::new(),
        etag: None,
    };
    RateCard::shipped().with(vec![fetched], Vec::new())
}

/// What is found of an instance that ran so many hours of each day in October.
fn ran(hours_a_day: &str, kind: &str, card: &RateCard) -> Vec<Finding> {
    let noted = noted("i-1", "2026-10-01", Some("2026-11-01")).compute(kind).hours_per_day(hours_a_day);
    advise_by(&[noted.fact()], card, Thresholds::default(), NOTED)
}

/// The plan of these findings, if it is proposed: (what it is, $ a month, whether it is the one recommended).
fn plan_in(findings: &[Finding]) -> Option<(String, String, bool)> {
    let choices = of(findings, ELSEWHERE).into_iter().flat_map(|finding| &finding.choices);
    let mut plans = choices.filter(|choice| choice.action == Action::SavingsPlan);
    plans.next().map(|plan| (plan.what.to_string(), plan.per_month.to_string(), plan.recommended))
}

/// $24.768 of $55.04: the plan costs what 45 % of all hours cost on demand, 10.8 of a day.
const PLAN: &str = "24.768";

#[test]
fn a_savings_plan_is_proposed_above_its_break_even_utilization_and_not_below() {
    let card = with_plan("p5.48xlarge", SavingsPlanKind::Compute, PaymentOption::NoUpfront, PLAN);
    let proposed = |hours_a_day: &str| plan_in(&ran(hours_a_day, "p5.48xlarge", &card));
    // 730 h × $24.768, used or not.
    let plan = |recommended| {
        Some(("1 y Compute Savings Plan, No Upfront, nothing at once".to_owned(), "$18,080.64".to_owned(), recommended))
    };
    for (hours_a_day, expected) in [
        ("24", plan(true)),
        // Half of all hours: the plan saves a tenth, the least that is worth the move.
        ("12", plan(true)),
        ("11.9", None),
        // At the break-even both cost the same, below it the plan costs more.
        ("10.8", None),
        ("10.7", None),
        ("2", None),
    ] {
        assert_eq!(proposed(hours_a_day), expected, "{hours_a_day} h a day");
    }
    let findings = ran("12", "p5.48xlarge", &card);
    let [finding] = of(&findings, ELSEWHERE)[..] else { panic!("{:?}", ids(&findings)) };
    // 365 h × $55.04 without it.
    assert_eq!(choice(finding, Action::Keep).per_month.to_string(), "$20,089.60");
    assert_eq!(finding.saving_per_month.to_string(), "$2,008.96");
    let said = "1 y Compute Savings Plan, No Upfront: $24.7680 an hour of its term (as of 2026-10-30), pays from 45 % of \
                all hours on; the ledger: 50 %";
    assert!(finding.evidence.iter().any(|line| line == said), "{:#?}", finding.evidence);
    assert_eq!(finding.confidence.level, Level::Low, "a month is held against a year");
    // A tenth of a cent more an hour, and it is no longer worth it; without a plan on the card nothing is said of one.
    let dearer = with_plan("p5.48xlarge", SavingsPlanKind::Compute, PaymentOption::NoUpfront, "24.769");
    assert_eq!(plan_in(&ran("12", "p5.48xlarge", &dearer)), None);
    assert_eq!(plan_in(&ran("24", "p5.48xlarge", RateCard::shipped())), None);
}

#[test]
fn what_a_savings_plan_takes_at_once_is_said() {
    for (payment_option, at_once) in [
        (PaymentOption::NoUpfront, "No Upfront, nothing at once"),
        // 8,760 h × $24.768, and half of that.
        (PaymentOption::PartialUpfront, "Partial Upfront, $108,483.84 at least at once"),
        (PaymentOption::AllUpfront, "All Upfront, $216,967.68 at once"),
    ] {
        let card = with_plan("p5.48xlarge", SavingsPlanKind::Ec2Instance, payment_option, PLAN);
        let (what, per_month, _) = plan_in(&ran("24", "p5.48xlarge", &card)).expect("a plan");
        assert_eq!(what, format!("1 y EC2 Instance Savings Plan, {at_once}"));
        assert_eq!(per_month, "$18,080.64", "spread over its term, however it is paid");
    }
}

#[test]
fn a_savings_plan_is_not_held_against_less_than_four_weeks() {
    let card = with_plan("p5.48xlarge", SavingsPlanKind::Compute, PaymentOption::NoUpfront, PLAN);
    let since = |day: &str| {
        let noted = noted("i-1", day, Some("2026-11-01")).compute("p5.48xlarge").hours_per_day("24");
        plan_in(&advise_by(&[noted.fact()], &card, Thresholds::default(), NOTED)).is_some()
    };
    assert_eq!((since("2026-10-05"), since("2026-10-04")), (false, true), "27 days, and 28");
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

#[test]
fn thresholds_reach_the_rules() {
    let short = [noted("i-1", "2026-09-03", Some("2026-11-01")).compute("p3.2xlarge").hours_per_day("14").fact()];
    let found = |thresholds, id| of(&advise_with(&short, thresholds, NOTED), id).len();
    let buys = |buy_days| found(Thresholds { buy_days, ..Thresholds::default() }, BUY);
    assert_eq!((buys(60), buys(59)), (0, 1), "59 days");
    let elsewhere = |percent| found(Thresholds { elsewhere_percent: percent, ..Thresholds::default() }, ELSEWHERE);
    assert_eq!((elsewhere(10), elsewhere(99)), (1, 0), "nothing saves nearly all");
    let card = with_plan("p5.48xlarge", SavingsPlanKind::Compute, PaymentOption::NoUpfront, PLAN);
    let fortnight = [noted("i-1", "2026-10-18", Some("2026-11-01")).compute("p5.48xlarge").hours_per_day("24").fact()];
    let plan = |commit_days| {
        let thresholds = Thresholds { commit_days, ..Thresholds::default() };
        plan_in(&advise_by(&fortnight, &card, thresholds, NOTED)).is_some()
    };
    assert_eq!((plan(28), plan(14)), (false, true));
}
