//! What tags, the config file and snoozes leave out, what they do not, and that nothing is lost between the two.

use gpucost::advice::{By, Exception, Finding, KEEP_TAG, Sifted, Silences, Snooze, advise, sift};
use gpucost::catalog::RateCard;
use gpucost::ledger::{Fact, InstanceState, Ledger, derive};
use proptest::prelude::*;

use crate::facts::{at, instance, volume, with_evidence};

const NOW: &str = "2026-11-01T00:00:00Z";

/// A stopped instance with two volumes, and one volume of nobody's; each may have the tag.
fn lab(tags: [Option<&str>; 4]) -> (Ledger, Vec<Finding>) {
    let reason = "User initiated (2026-10-01 12:00:00 GMT)";
    let mut facts = vec![
        instance("i-1", "g5.xlarge", InstanceState::Stopped)
            .volume("vol-1", true)
            .volume("vol-2", false)
            .reason(reason)
            .fact(),
        volume("vol-1", "gp3", 100).on("i-1", true).fact(),
        volume("vol-2", "gp3", 500).on("i-1", false).fact(),
        volume("vol-3", "gp3", 200).fact(),
    ];
    for (fact, value) in facts.iter_mut().zip(tags) {
        let tags = match fact {
            Fact::Instance(seen) => &mut seen.tags,
            Fact::Volume(seen) => &mut seen.tags,
            _ => continue,
        };
        *tags = value.map(|value| (KEEP_TAG.to_owned(), value.to_owned())).into_iter().collect();
    }
    let ledger = derive(&with_evidence(&facts), Vec::new(), at(NOW)).unwrap();
    let findings = advise(&ledger, RateCard::shipped(), gpucost::advice::Thresholds::default(), at(NOW));
    (ledger, findings)
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    let mut ids: Vec<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

fn sifted(tags: [Option<&str>; 4], silences: &Silences) -> Sifted {
    let (ledger, findings) = lab(tags);
    sift(findings, &ledger, silences, at(NOW))
}

fn told(tags: [Option<&str>; 4]) -> Vec<String> {
    ids(&sifted(tags, &Silences::default()).told).into_iter().map(str::to_owned).collect()
}

const ALL: [&str; 3] = ["stopped-accruing:i-1", "unattached-volume:vol-3", "volume-survives-termination:vol-2"];

#[test]
fn nothing_is_left_out_unless_somebody_said_so() {
    assert_eq!(told([None; 4]), ALL);
}

#[test]
fn an_instance_that_is_kept_keeps_its_volumes_too() {
    for value in ["until 2027-01-01", "2027-01-01", "", "true", "True", " until 2026-11-01T00:00:01Z "] {
        assert_eq!(told([Some(value), None, None, None]), ["unattached-volume:vol-3"], "{value}");
    }
}

#[test]
fn a_tag_that_has_ended_or_cannot_be_read_suppresses_nothing() {
    for value in ["until 2026-11-01", "until 2020-01-01", "until soon", "no", "until"] {
        assert_eq!(told([Some(value), None, None, Some(value)]), ALL, "{value}");
    }
    let unread = sifted([Some("until soon"), None, None, None], &Silences::default()).unread;
    assert_eq!(unread.len(), 1, "{unread:?}");
    assert!(unread[0].starts_with("i-1: its tag gpucost:keep is `until soon`"), "{unread:?}");
    assert!(sifted([Some("until 2020-01-01"), None, None, None], &Silences::default()).unread.is_empty());
}

#[test]
fn one_kept_volume_of_two_leaves_the_other_to_be_told_of() {
    assert_eq!(told([None, Some("true"), None, None]), ALL);
    let both = sifted([None, Some("until 2027-03-01"), Some("until 2027-01-01"), None], &Silences::default());
    assert_eq!(ids(&both.told), ["unattached-volume:vol-3"]);
    let stopped = both.suppressed.iter().find(|one| one.finding.rule == "stopped-accruing").unwrap();
    assert_eq!((stopped.by, stopped.until), (By::Tag, Some(at("2027-01-01"))));
    assert_eq!(told([None, None, None, Some("true")]), [ALL[0], ALL[2]]);
}

#[test]
fn the_config_file_names_a_rule_a_resource_or_both() {
    let of = |rule: Option<&str>, resource: Option<&str>, until: Option<&str>| {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let exception = Exception { rule: owned(rule), resource: owned(resource), until: until.map(at) };
        let sifted = sifted([None; 4], &Silences { exceptions: vec![exception], snoozes: Vec::new() });
        assert!(sifted.suppressed.iter().all(|one| one.by == By::Config));
        ids(&sifted.told).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(of(Some("unattached-volume"), None, None), [ALL[0], ALL[2]]);
    assert_eq!(of(None, Some("i-1"), Some("2026-12-01")), [ALL[1], ALL[2]]);
    assert_eq!(of(Some("unattached-volume"), Some("i-1"), None), ALL);
    assert_eq!(of(None, Some("i-1"), Some("2026-11-01")), ALL);
    assert_eq!(of(None, None, None), ALL);
}

#[test]
fn a_snooze_ends_on_its_day() {
    let of = |until: &str| {
        let snooze = Snooze { finding: ALL[0].to_owned(), until: at(until) };
        sifted([None; 4], &Silences { exceptions: Vec::new(), snoozes: vec![snooze] })
    };
    assert_eq!(ids(&of("2026-11-02").told), [ALL[1], ALL[2]]);
    assert_eq!(of("2026-11-02").suppressed[0].by, By::Snooze);
    assert_eq!(ids(&of(NOW).told), ALL);
}

proptest! {
    /// Whatever is said, each finding is either told or suppressed, once, and what is suppressed has not ended.
    #[test]
    fn each_finding_is_told_or_suppressed(
        tags in prop::array::uniform4(prop::option::of("(until )?(2026-10-31|2026-11-0[1-3]|x|true)?")),
        rule in prop::option::of(prop::sample::select(vec!["unattached-volume", "stopped-accruing"])),
        resource in prop::option::of(prop::sample::select(vec!["i-1", "vol-3"])),
        day in 1..4_u8,
    ) {
        let until = at(&format!("2026-11-0{day}"));
        let exception = Exception { rule: rule.map(Into::into), resource: resource.map(Into::into), until: Some(until) };
        let snooze = Snooze { finding: ALL[1].to_owned(), until };
        let tags = [0, 1, 2, 3].map(|i| tags[i].as_deref());
        let sifted = sifted(tags, &Silences { exceptions: vec![exception], snoozes: vec![snooze] });
        let mut all: Vec<&str> = ids(&sifted.told);
        all.extend(sifted.suppressed.iter().map(|one| one.finding.id.as_str()));
        all.sort_unstable();
        prop_assert_eq!(all, ALL);
        prop_assert!(sifted.suppressed.iter().all(|one| one.until.is_none_or(|until| until > at(NOW))));
    }
}
