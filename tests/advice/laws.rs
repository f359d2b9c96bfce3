//! What holds of the advice on any ledger.

use std::collections::BTreeSet;

use crate::facts::with_evidence;

use gpucost::advice::{Advisor, Finding, Thresholds, advise};
use gpucost::catalog::{RateCard, VolumeSpec, VolumeType};
use gpucost::ledger::{
    AddressSeen, Fact, InstanceSeen, InstanceState, Ledger, Noted, Purchase, SnapshotSeen, Tags, VolumeAttachment,
    VolumeNote, VolumeSeen, derive,
};
use gpucost::money::Usd;
use gpucost::report::advice::{advice_tables, command_lines, finding_tables};
use jiff::Timestamp;
use proptest::prelude::*;

/// A few, so that facts speak of the same things.
fn id(prefix: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![9 => (0..4_u8).prop_map(move |n| format!("{prefix}-{n}")), 1 => any::<String>()]
}

/// Around October 2026 for the most part, and now and then anywhere.
fn instant() -> impl Strategy<Value = Timestamp> {
    let near = (1_788_000_000_i64..1_795_000_000).prop_map(|second| Timestamp::from_second(second).unwrap());
    let far = (0_i64..4_000_000_000).prop_map(|second| Timestamp::from_second(second).unwrap());
    prop_oneof![59 => near, 1 => far]
}

fn region() -> impl Strategy<Value = String> {
    prop_oneof![8 => Just("us-east-1".to_owned()), 1 => Just("us-west-2-lax-1".to_owned()), 1 => any::<String>()]
}

fn state() -> impl Strategy<Value = InstanceState> {
    prop_oneof![
        5 => Just(InstanceState::Stopped),
        3 => Just(InstanceState::Running),
        1 => Just(InstanceState::Stopping),
        1 => Just(InstanceState::Terminated),
    ]
}

fn reason() -> impl Strategy<Value = String> {
    prop_oneof![
        instant().prop_map(|at| format!("User initiated ({} GMT)", at.strftime("%Y-%m-%d %H:%M:%S"))),
        Just(String::new()),
        any::<String>(),
    ]
}

fn instance() -> impl Strategy<Value = Fact> {
    let volumes = prop::collection::vec((id("vol"), any::<String>(), any::<bool>()), 0..3);
    let kind = prop_oneof![Just("g5.xlarge".to_owned()), Just("p3.2xlarge".to_owned()), any::<String>()];
    let purchase = prop_oneof![Just(Purchase::OnDemand), Just(Purchase::Spot), Just(Purchase::Other)];
    let ip = prop::option::of((id("203.0.113"), any::<bool>()));
    ((id("i"), region(), kind, state()), (instant(), instant()), reason(), volumes, purchase, ip).prop_map(
        |((instance_id, region, instance_type, state), (a, b), reason, volumes, purchase, ip)| {
            let launch_time = a.min(b);
            let volumes = volumes.into_iter().map(|(volume_id, device, delete_on_termination)| VolumeAttachment {
                volume_id,
                device,
                delete_on_termination,
                attached_at: Some(launch_time),
            });
            Fact::Instance(InstanceSeen {
                root_device: None,
                account: String::new(),
                region,
                instance_id,
                name: reason.clone(),
                tags: Tags::new(),
                instance_type,
                state,
                launch_time,
                reason,
                platform: String::new(),
                purchase,
                elastic_ip: ip.as_ref().is_some_and(|(_, elastic)| *elastic),
                public_ip: ip.map(|(ip, _)| ip),
                volumes: volumes.collect(),
                seen_at: a.max(b),
            })
        },
    )
}

fn volume_of(volume_id: impl Strategy<Value = String>) -> impl Strategy<Value = Fact> {
    let kind = prop_oneof![
        9 => prop::sample::select(VolumeType::ALL.to_vec()).prop_map(|kind| kind.name().to_owned()),
        1 => any::<String>(),
    ];
    let size = prop_oneof![9 => 1..20_000_u32, 1 => any::<u32>()];
    let speed = (prop::option::of(any::<u32>()), prop::option::of(any::<u32>()));
    let holder = prop::option::of((id("i"), any::<bool>()));
    ((volume_id, region(), kind, size), speed, (instant(), instant()), holder).prop_map(
        |((volume_id, region, volume_type, size_gb), (iops, throughput_mibps), (a, b), attached_to)| {
            Fact::Volume(VolumeSeen {
                region,
                volume_id,
                name: String::new(),
                tags: Tags::new(),
                volume_type: volume_type.into(),
                size_gb,
                iops,
                throughput_mibps,
                created_at: a.min(b),
                state: String::new(),
                attached_to,
                seen_at: a.max(b),
            })
        },
    )
}

fn address() -> impl Strategy<Value = Fact> {
    (id("eipalloc"), id("203.0.113"), region(), prop::option::of(id("i")), any::<bool>(), instant()).prop_map(
        |(allocation_id, public_ip, region, instance_id, associated, seen_at)| {
            let associated = associated || instance_id.is_some();
            let name = String::new();
            Fact::Address(AddressSeen {
                tags: Tags::new(),
                region,
                allocation_id,
                public_ip,
                name,
                instance_id,
                associated,
                seen_at,
            })
        },
    )
}

fn snapshot() -> impl Strategy<Value = Fact> {
    (id("snap"), id("vol"), any::<u32>(), (instant(), instant())).prop_map(
        |(snapshot_id, volume_id, volume_size_gb, (a, b))| {
            Fact::Snapshot(SnapshotSeen {
                description: String::new(),
                tags: Tags::new(),
                account: String::new(),
                region: "us-east-1".to_owned(),
                snapshot_id,
                name: String::new(),
                volume_id,
                volume_size_gb,
                full_size_bytes: None,
                started_at: a.min(b),
                archived: false,
                seen_at: a.max(b),
            })
        },
    )
}

fn note() -> impl Strategy<Value = Fact> {
    let instance_id =
        prop_oneof![3 => id("i"), 2 => (4..20_u8).prop_map(|n| format!("i-{n}")), 1 => Just(String::new())];
    let volume = prop::option::of((4..20_u8, 1..1000_u32));
    let hours = prop::option::of(prop::sample::select(vec!["0", "2", "24"]));
    (
        instance_id,
        prop::option::of(Just("g5.xlarge".to_owned())),
        volume,
        hours,
        any::<bool>(),
        [instant(), instant(), instant()],
    )
        .prop_map(|(instance_id, instance_type, volume, hours, ended, mut instants)| {
            instants.sort();
            let [start, end, noted_at] = instants;
            let spec = |size_gb| VolumeSpec::new(VolumeType::Gp3, size_gb, None, None).unwrap();
            Fact::Noted(Noted {
                account: String::new(),
                region: "us-east-1".to_owned(),
                instance_id,
                name: String::new(),
                instance_type,
                start,
                end: ended.then_some(end),
                hours_per_day: hours.map(|hours| hours.parse().unwrap()),
                volumes: volume
                    .into_iter()
                    .map(|(n, size)| VolumeNote { id: format!("vol-{n}"), spec: spec(size) })
                    .collect(),
                public_ipv4: false,
                purchase: Purchase::OnDemand,
                usd_per_hour: None,
                noted_at,
            })
        })
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let fact = prop_oneof![
        4 => instance(), 5 => volume_of(id("vol")), 2 => address(), 1 => snapshot(), 2 => note(),
    ];
    prop::collection::vec(fact, 0..14)
}

/// Facts that contradict each other are refused before there is anything to advise on.
fn ledger_of(facts: &[Fact], now: Timestamp) -> Option<Ledger> {
    derive(&with_evidence(facts), Vec::new(), now).ok()
}

fn advice(facts: &[Fact], now: Timestamp) -> Option<Vec<Finding>> {
    let ledger = ledger_of(facts, now)?;
    Some(advise(&ledger, RateCard::shipped(), Thresholds::default(), now))
}

fn accrued(findings: &[Finding]) -> Usd {
    findings.iter().filter_map(|finding| finding.accrued.as_ref()?.least()).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn it_never_panics_and_is_sorted_with_unique_stable_ids(facts in facts(), now in instant()) {
        let Some(findings) = advice(&facts, now) else { return Ok(()) };
        prop_assert_eq!(Some(findings.clone()), advice(&facts, now));
        let ids: BTreeSet<&str> = findings.iter().map(|finding| finding.id.as_str()).collect();
        prop_assert_eq!(ids.len(), findings.len());
        for finding in &findings {
            prop_assert_eq!(&finding.id, &format!("{}:{}", finding.rule, finding.resource.id));
            prop_assert!(finding.last_seen <= now);
            let saving = &finding.saving_per_month;
            prop_assert!(saving.least() <= saving.most().or(saving.least()), "{:?}", saving);
            prop_assert!(!saving.least().is_some_and(Usd::is_negative));
            if let Some(accrued) = &finding.accrued {
                prop_assert!(accrued.least() <= accrued.most().or(accrued.least()), "{:?}", accrued);
                prop_assert!(!accrued.least().is_some_and(Usd::is_negative));
            }
            prop_assert!(!finding.evidence.is_empty() && finding.choices.len() > 1);
        }
        // By saving; what nobody can price comes before what saves nothing now.
        let savings: Vec<(bool, Option<Usd>)> = findings
            .iter()
            .map(|f| f.saving_per_month.most().or(f.saving_per_month.least()))
            .map(|known| (!known.is_some_and(Usd::is_zero), known))
            .collect();
        prop_assert!(savings.is_sorted_by(|a, b| a >= b), "{:?}", savings);
        for table in advice_tables(&findings, now).iter().chain(&findings.iter().flat_map(finding_tables).collect::<Vec<_>>()) {
            prop_assert!(table.rows.iter().all(|row| row.len() == table.columns.len()));
        }
    }

    #[test]
    fn a_list_says_what_the_whole_says(facts in facts(), now in instant()) {
        let Some(ledger) = ledger_of(&facts, now) else { return Ok(()) };
        let advisor = Advisor::new(&ledger, RateCard::shipped(), Thresholds::default(), now);
        let (list, whole) = (advisor.list(), advisor.findings());
        prop_assert_eq!(list.len(), whole.len());
        for (row, whole) in list.iter().zip(&whole) {
            let again = advisor.whole(row);
            prop_assert_eq!(again.as_ref(), Some(whole));
            prop_assert_eq!((&row.id, &row.resource), (&whole.id, &whole.resource));
            prop_assert_eq!((&row.accrued, row.accrued_if_still_there), (&whole.accrued, whole.accrued_if_still_there));
            prop_assert_eq!((&row.saving_per_month, &row.confidence), (&whole.saving_per_month, &whole.confidence));
            prop_assert_eq!((row.since, row.last_seen), (whole.since, whole.last_seen));
            prop_assert!(!whole.title.is_empty() && !whole.risk.is_empty());
            // What sifting goes by, and what a finding without a saving of its own is worth.
            let counted = |finding: &Finding| {
                let parts = finding.parts.iter().filter(|part| part.counted);
                parts.map(|part| part.id.clone()).collect::<Vec<_>>()
            };
            prop_assert_eq!(counted(row), counted(whole));
            if row.saving_per_month.most().is_none_or(|most| most.is_zero()) {
                let costs = |finding: &Finding| {
                    let choices = finding.choices.iter();
                    choices.map(|choice| (choice.per_month.clone(), choice.recommended)).collect::<Vec<_>>()
                };
                prop_assert_eq!(costs(row), costs(whole));
            }
        }
    }

    /// Whatever the files say, a command is words of AWS's and the quotes gpucost puts.
    #[test]
    fn commands_are_made_of_harmless_characters(facts in facts(), now in instant()) {
        let findings = advice(&facts, now).unwrap_or_default();
        for choice in findings.iter().flat_map(|finding| &finding.choices) {
            for line in command_lines(choice) {
                if line.starts_with("# no command") {
                    continue;
                }
                prop_assert!(line.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{line}");
                prop_assert!(!line.contains(['`', ';', '|', '<', '>', '!', '*', '~']), "{line}");
                prop_assert_eq!(line.matches('\'').count() % 2, 0, "{}", line);
            }
        }
    }

    #[test]
    fn a_further_volume_never_lowers_what_accrued(facts in facts(), volume in volume_of(Just("vol-new".to_owned())), now in instant()) {
        let Some(before) = advice(&facts, now) else { return Ok(()) };
        let mut more = facts.clone();
        more.push(volume);
        let Some(after) = advice(&more, now) else { return Ok(()) };
        prop_assert!(accrued(&after) >= accrued(&before), "{:?} < {:?}", accrued(&after), accrued(&before));
    }
}

/// Years that no account has, from files that say so.
#[test]
fn the_ends_of_time_do_no_harm() {
    let facts = [
        crate::facts::instance("i-1", "g5.xlarge", InstanceState::Stopped).volume("vol-1", false).fact(),
        crate::facts::volume("vol-1", "gp2", u32::MAX).on("i-1", false).created("0001-01-01").fact(),
        crate::facts::volume("vol-2", "io2", u32::MAX).created("0001-01-01").fact(),
    ];
    assert!(!advice(&facts, Timestamp::MAX).unwrap().is_empty());
    // Nothing of it could be known before it was seen.
    assert_eq!(advice(&facts, Timestamp::MIN), Some(Vec::new()));
}
