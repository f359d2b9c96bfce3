//! Hours of the week in which an instance never is at work: nothing unknown is taken for one.

use gpucost::advice::{Action, Detail, Dollars, Finding, IdleWeek, Level, Thresholds, unjudged};
use gpucost::catalog::RateCard;
use gpucost::ledger::{
    Activity, Fact, InstanceState, JupyterSeen, Purchase, Series, Signal, Signals, derive, hour_start,
};
use gpucost::report::advice::{advice_tables, command_lines, finding_tables};
use proptest::prelude::*;

use crate::asked::{choice, only, shown, ways_out};
use crate::facts::*;
use crate::signals::{advise, end, hour, idle_gpu, jupyter, series_mut, signals};

const RULE: &str = "off-schedule";
const WEEK: i64 = 168;

fn running() -> Fact {
    instance("i-1", "g5.xlarge", InstanceState::Running).launched("2026-10-01T00:00:00Z").fact()
}

/// Monday to Friday from 9 to 17.
fn office_hours(hour: i64) -> bool {
    let (day, of_day) = ((hour.div_euclid(24) + 3).rem_euclid(7), hour.rem_euclid(24));
    day < 5 && (9..17).contains(&of_day)
}

/// The last hours, at work in those.
fn told(hours: i64, at_work: impl Fn(i64) -> bool) -> Signals {
    let series = |busy: &str, idle: &str| -> Series {
        (end() - hours..end()).map(|at| (at, hour(if at_work(at) { busy } else { idle }))).collect()
    };
    signals(
        "i-1",
        &[
            (Signal::GpuUtilization, "0", series("80", "0")),
            (Signal::GpuMemory, "0", series("40", "1.5")),
            (Signal::Cpu, "", series("30", "2")),
            (Signal::Network, "", series("90000000", "100000")),
        ],
    )
}

fn found_in(facts: &[Fact], told: &Signals, servers: &[JupyterSeen]) -> Option<Finding> {
    let findings = advise(facts, std::slice::from_ref(told), servers, Thresholds::default());
    findings.into_iter().find(|finding| finding.rule == RULE)
}

fn found(told: &Signals) -> Option<Finding> {
    found_in(&[running()], told, &[])
}

fn week(finding: &Finding) -> &IdleWeek {
    let Some(Detail::Week(week)) = &finding.detail else { panic!("{:?}", finding.detail) };
    week
}

/// Whether it is found, and whether it can be told whether it is so.
fn judged(facts: &[Fact], told: &[Signals]) -> (bool, bool) {
    let mut ledger = derive(&with_evidence(facts), Vec::new(), at(SEEN)).unwrap();
    ledger.activity = Activity::known_by(told.iter().cloned(), [], at(SEEN));
    let ids = ["off-schedule:i-1"];
    let unknown = unjudged(ids.into_iter(), &ledger, RateCard::shipped(), Thresholds::default(), at(SEEN));
    let found = told.first().is_some_and(|told| found_in(facts, told, &[]).is_some());
    (found, unknown.is_empty())
}

#[test]
fn nights_and_weekends_are_worth_a_schedule() {
    let finding = found(&told(4 * WEEK, office_hours)).expect("a finding");
    assert_eq!(finding.id, "off-schedule:i-1");
    assert_eq!(finding.title, "g5.xlarge never at work in 128 of the week's 168 hours, in 4 weeks");
    // 128 of 168 hours × $1.006, in a month of 730 h; each of the four weeks alike.
    assert!(matches!(finding.saving_per_month, Dollars::Exact(_)));
    assert_eq!(finding.saving_per_month.to_string(), "$559.53");
    assert_eq!(shown(finding.accrued.as_ref()), "$515.07"); // 4 × 128 h
    assert_eq!(ways_out(&finding), [("keep", "$734.38".to_owned()), ("stop-on-schedule", "$174.85".to_owned())]);
    assert_eq!(finding.confidence.level, Level::High);
    assert_eq!(
        finding.recommended().expect("one").commands,
        [
            r#"aws scheduler create-schedule --region us-east-1 --name gpucost-stop-i-1-17 --schedule-expression 'cron(0 17 ? * MON,TUE,WED,THU,FRI *)' --schedule-expression-timezone UTC --flexible-time-window Mode=OFF --target '{"Arn":"arn:aws:scheduler:::aws-sdk:ec2:stopInstances","RoleArn":"'"${ROLE:?}"'","Input":"{\"InstanceIds\":[\"i-1\"]}"}'"#,
            r#"aws scheduler create-schedule --region us-east-1 --name gpucost-start-i-1-09 --schedule-expression 'cron(0 9 ? * MON,TUE,WED,THU,FRI *)' --schedule-expression-timezone UTC --flexible-time-window Mode=OFF --target '{"Arn":"arn:aws:scheduler:::aws-sdk:ec2:startInstances","RoleArn":"'"${ROLE:?}"'","Input":"{\"InstanceIds\":[\"i-1\"]}"}'"#,
        ]
    );
    for line in
        ["stop Fri 17:00, start Mon 09:00 (64 h, UTC)", "GPU utilization: at most 80 %", "g5.xlarge: $1.006 per"]
    {
        assert!(finding.evidence.iter().any(|said| said.starts_with(line)), "{line} in {:#?}", finding.evidence);
    }
    assert!(finding.risk.contains("once a month"), "{}", finding.risk);
}

#[test]
fn the_week_is_shown_as_a_map_and_told_by_the_hour() {
    let mut told = told(4 * WEEK, office_hours);
    // Once, on a Saturday at noon (24 h before the last look at noon, a week earlier).
    series_mut(&mut told, Signal::GpuUtilization).insert(end() - WEEK, hour("70"));
    let finding = found(&told).expect("a finding");
    let tables = finding_tables(&finding);
    let map = tables.iter().find(|table| table.key == "idle_week_map").expect("a map");
    let row = |n: usize| map.rows[n].iter().map(|cell| cell.shown.as_str()).collect::<Vec<_>>().join(" ");
    assert_eq!(row(0), "Monday ooooooooo########ooooooo =========--------=======");
    assert_eq!(row(5), "Saturday oooooooooooo+ooooooooooo ============-===========");
    let all = advice_tables(std::slice::from_ref(&finding), at(SEEN));
    let hours = all.iter().find(|table| table.key == "idle_week").expect("hours");
    assert_eq!(hours.rows.len(), 168);
    let noon: Vec<&str> = hours.rows[5 * 24 + 12].iter().map(|cell| cell.shown.as_str()).collect();
    assert_eq!(noon, ["off-schedule:i-1", "i-1", "Saturday", "12", "1", "3", "0", "0", "no"]);
    for line in finding.choices.iter().flat_map(command_lines) {
        assert_eq!(line.matches('\'').count() % 2, 0, "{line}");
    }
}

#[test]
fn an_hour_at_work_or_unknown_is_left_alone() {
    let whole = found(&told(4 * WEEK, office_hours)).expect("a finding");
    for signal in [Signal::GpuUtilization, Signal::GpuMemory, Signal::Cpu, Signal::Network] {
        let mut gap = told(4 * WEEK, office_hours);
        series_mut(&mut gap, signal).remove(&(end() - 1));
        let finding = found(&gap).expect("a finding");
        let last = &week(&finding).hours[5 * 24 + 11]; // Saturday 11:00
        assert_eq!((last.unknown, last.idle, last.proposed), (1, 3, false), "{signal}");
        assert!(finding.saving_per_month.most() < whole.saving_per_month.most());
    }
}

#[test]
fn two_whole_weeks_are_the_least() {
    let level = |hours: i64| found(&told(hours, office_hours)).map(|finding| finding.confidence.level);
    assert_eq!(level(2 * WEEK - 1), None);
    assert_eq!(level(2 * WEEK), Some(Level::Low));
    assert_eq!(level(3 * WEEK), Some(Level::Medium));
    assert_eq!(level(9 * WEEK), Some(Level::High));
}

#[test]
fn nobody_is_told_what_nobody_knows() {
    let running = [running()];
    assert_eq!(judged(&running, &[told(4 * WEEK, office_hours)]), (true, true));
    assert_eq!(judged(&running, &[told(4 * WEEK, |_| true)]), (false, true), "always at work");
    assert_eq!(judged(&running, &[]), (false, false), "nobody asked");
    assert_eq!(judged(&running, &[told(WEEK, office_hours)]), (false, false), "too short");
    let mut silent = told(4 * WEEK, office_hours);
    silent.series.retain(|(signal, _), _| *signal != Signal::GpuUtilization);
    assert_eq!(judged(&running, &[silent]), (false, false), "CPU alone never condemns a GPU box");
    assert!(!judged(&running, &[idle_gpu("i-1", 4 * WEEK)]).0, "never at work: it is idle, not off schedule");
    let stopped = [instance("i-1", "g5.xlarge", InstanceState::Stopped).fact()];
    assert_eq!(judged(&stopped, &[]), (false, true));
    // A one-time spot instance cannot be stopped.
    let spot = instance("i-1", "g5.xlarge", InstanceState::Running).launched("2026-10-01").purchase(Purchase::Spot);
    assert_eq!(judged(&[spot.fact()], &[told(4 * WEEK, office_hours)]), (false, true));
}

#[test]
fn a_week_in_which_it_stood_still_bounds_the_saving() {
    let first = instance("i-1", "g5.xlarge", InstanceState::Stopped)
        .launched("2026-10-01T00:00:00Z")
        .reason("User initiated (2026-10-19 00:00:00 GMT)")
        .seen("2026-10-19T12:00:00Z")
        .fact();
    let second = instance("i-1", "g5.xlarge", InstanceState::Running).launched("2026-10-24T12:00:00Z").fact();
    let (off, on) = (at("2026-10-19").as_second() / 3600, at("2026-10-24T12:00:00Z").as_second() / 3600);
    let mut told = told(4 * WEEK, office_hours);
    told.series.values_mut().for_each(|series| series.retain(|hour, _| !(off..on).contains(hour)));
    let finding = found_in(&[first, second], &told, &[]).expect("a finding");
    // Of that week Saturday noon to Sunday midnight ran: 36 h; of the others 128 h. × $1.006 × 730 / 168.
    assert_eq!(finding.saving_per_month.to_string(), "$157.37–$559.53");
    let monday = week(&finding).hours[0];
    assert_eq!((monday.idle, monday.off, monday.unknown), (3, 1, 0));
}

#[test]
fn a_notebook_server_that_was_named_must_have_been_idle_too() {
    let told = told(4 * WEEK, office_hours);
    let with = |servers: &[JupyterSeen]| found_in(&[running()], &told, servers);
    assert!(with(&[]).is_some());
    // Last at work before all of it, and asked since.
    assert!(with(&[jupyter("i-1", 5 * WEEK, 0)]).is_some());
    // Of the hours before its last activity it tells nothing.
    assert!(with(&[jupyter("i-1", 1, 0)]).is_none());
    assert!(with(&[jupyter("i-1", 5 * WEEK, 1)]).is_none_or(|finding| {
        let busy = week(&finding).hours[5 * 24 + 11];
        busy.active > 0
    }));
    assert!(with(&[JupyterSeen { said: None, ..jupyter("i-1", 0, 0) }]).is_none());
    let night = JupyterSeen { first_at: hour_start(end() - 4 * WEEK), ..jupyter("i-1", 5 * WEEK, 1) };
    assert!(with(&[night]).is_none(), "a kernel was busy all the time");
}

#[test]
fn a_schedule_costs_what_is_left() {
    let finding = found(&told(4 * WEEK, office_hours)).expect("a finding");
    let (keep, schedule) = (choice(&finding, Action::Keep), choice(&finding, Action::StopOnSchedule));
    let sum = schedule.per_month.clone().plus(finding.saving_per_month.clone());
    assert_eq!(sum.to_string(), keep.per_month.to_string());
    assert_eq!(only(std::slice::from_ref(&finding), RULE).since, Some(hour_start(end() - 4 * WEEK)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    /// What is proposed was free before, however much less is known or however much more it worked.
    #[test]
    fn more_work_and_less_knowledge_never_propose_another_hour(
        from in 0..4 * WEEK, length in 1..60_i64, which in 0..4_usize, silent: bool,
    ) {
        let before = told(4 * WEEK, office_hours);
        let mut after = before.clone();
        let signal = [Signal::GpuUtilization, Signal::GpuMemory, Signal::Cpu, Signal::Network][which];
        let series = series_mut(&mut after, signal);
        for at in (end() - 4 * WEEK + from..end()).take(usize::try_from(length).unwrap()) {
            if silent { series.remove(&at); } else { series.insert(at, hour("99000000")); }
        }
        let before = found(&before).expect("a finding");
        if let Some(finding) = found(&after) {
            for (now, then) in week(&finding).hours.iter().zip(&week(&before).hours) {
                prop_assert!(!now.proposed || then.active + then.unknown == 0);
                prop_assert!(!now.proposed || now.active + now.unknown == 0);
            }
            prop_assert!(finding.saving_per_month.most() <= before.saving_per_month.most());
            prop_assert!(finding.saving_per_month.least() <= finding.saving_per_month.most());
            prop_assert!(finding.confidence.level <= before.confidence.level);
        }
    }
}
