//! The lives of volumes, addresses and snapshots, and what their instances did meanwhile.

use gpucost::billing::bill;
use gpucost::catalog::RateCard;
use gpucost::ledger::{
    AddressSeen, Certainty, Fact, InstanceSeen, InstanceState, Ledger, Noted, Phase, SnapshotSeen, Subject, Usage,
    VolumeSeen,
};
use gpucost::time::Period;

use crate::facts::{
    INSTANCE, LATER, address, at, attachment, bill_of, cost, dec, ledger, month, note, open_note, period, seen,
    snapshot, stopped, try_ledger, usd, volume, volume_note, volume_phases, volume_seen,
};

use Certainty::{Measured, Possible};

const LAUNCH: &str = "2026-10-05";
const STOP: &str = "2026-10-06";
const SEEN: &str = "2026-10-09";

fn stopped_since_the_sixth() -> InstanceSeen {
    stopped(LAUNCH, "User initiated (2026-10-06 00:00:00 GMT)", SEEN)
}

fn sizes(ledger: &Ledger) -> Vec<(u32, Certainty, Period)> {
    let volumes = ledger.usage.iter().filter_map(|usage| match &usage.subject {
        Subject::Volume { shape, .. } => Some((shape.size_gb, usage.certainty, usage.period)),
        _ => None,
    });
    volumes.collect()
}

fn addresses(ledger: &Ledger) -> Vec<(bool, Phase, Certainty, Period)> {
    let of = |usage: &Usage| match usage.subject {
        Subject::PublicIpv4 { in_use } => Some((in_use, usage.phase, usage.certainty, usage.period)),
        _ => None,
    };
    ledger.usage.iter().filter_map(of).collect()
}

#[test]
fn a_described_volume_lives_from_creation_and_may_live_on_after_its_sight() {
    let facts = [Fact::Instance(stopped_since_the_sixth()), Fact::Volume(volume_seen("vol-1", "2026-10-01", SEEN))];
    assert_eq!(
        volume_phases(&ledger(facts, "2026-10-20")),
        [
            (Phase::Unknown, Measured, period("2026-10-01", LAUNCH)),
            (Phase::Running, Measured, period(LAUNCH, STOP)),
            (Phase::Stopped, Measured, period(STOP, SEEN)),
            (Phase::Unknown, Possible, period(SEEN, "2026-10-20")),
        ],
        "what the instance did before its last start is unknown"
    );
}

#[test]
fn between_the_bounds_of_a_stop_the_phase_is_unknown() {
    let facts = [
        Fact::Instance(seen(InstanceState::Running, LAUNCH, STOP)),
        Fact::Instance(stopped(LAUNCH, "", SEEN)),
        Fact::Volume(volume_seen("vol-1", LAUNCH, SEEN)),
    ];
    assert_eq!(
        volume_phases(&ledger(facts, SEEN)),
        [(Phase::Running, Measured, period(LAUNCH, STOP)), (Phase::Unknown, Measured, period(STOP, SEEN))]
    );
}

#[test]
fn an_unattached_volume_says_so() {
    let alone = VolumeSeen { attached_to: None, ..volume_seen("vol-1", "2026-10-01", SEEN) };
    let noted = volume_note("vol-2", "gp2:75", "2026-10-01", SEEN);
    assert_eq!(
        volume_phases(&ledger([Fact::Volume(alone), Fact::Noted(noted)], SEEN)),
        [(Phase::Unattached, Measured, period("2026-10-01", SEEN)); 2]
    );
}

#[test]
fn a_volume_of_an_instance_that_nothing_tells_of_is_in_an_unknown_phase() {
    let facts = [Fact::Volume(volume_seen("vol-1", "2026-10-01", SEEN))];
    assert_eq!(volume_phases(&ledger(facts, SEEN)), [(Phase::Unknown, Measured, period("2026-10-01", SEEN))]);
}

#[test]
fn a_volume_resized_between_two_sights_is_surely_the_smaller_and_possibly_the_larger() {
    let grown = VolumeSeen { size_gb: 500, ..volume_seen("vol-1", "2026-10-01", SEEN) };
    let facts = [Fact::Volume(grown.clone()), Fact::Volume(volume_seen("vol-1", "2026-10-01", "2026-10-03"))];
    let resized = ledger(facts.clone(), "2026-10-20");
    assert_eq!(
        sizes(&resized),
        [
            (100, Measured, period("2026-10-01", "2026-10-03")),
            (100, Measured, period("2026-10-03", SEEN)),
            (400, Possible, period("2026-10-03", SEEN)),
            (500, Possible, period(SEEN, "2026-10-20")),
        ]
    );
    let lines = |of: Period| -> Vec<Vec<u64>> {
        let between = resized.usage.iter().filter(|usage| usage.period == of);
        between.map(|usage| usage.evidence.iter().map(|evidence| evidence.line).collect()).collect()
    };
    assert_eq!(lines(period("2026-10-03", SEEN)), [[2, 1], [2, 1]], "both sights are its evidence");
    assert_eq!(lines(period("2026-10-01", "2026-10-03")), [[2]]);
    let shrunk = [
        Fact::Volume(VolumeSeen { seen_at: at("2026-10-03"), ..grown }),
        Fact::Volume(volume_seen("vol-1", "2026-10-01", SEEN)),
    ];
    assert_eq!(
        sizes(&ledger(shrunk, SEEN)),
        [
            (500, Measured, period("2026-10-01", "2026-10-03")),
            (100, Measured, period("2026-10-03", SEEN)),
            (400, Possible, period("2026-10-03", SEEN)),
        ]
    );
    assert_eq!(
        sizes(&ledger(facts, "2026-10-04")),
        [(100, Measured, period("2026-10-01", "2026-10-03")), (100, Possible, period("2026-10-03", "2026-10-04"))],
        "the second sight is not known yet"
    );
}

/// What the volume was between the two sights, and how sure that is.
/// Type, size, IOPS, throughput.
type Shape = (String, u32, Option<u32>, Option<u32>, Certainty);

fn between(old: VolumeSeen, new: VolumeSeen) -> Vec<Shape> {
    let facts = [VolumeSeen { seen_at: at("2026-10-03"), ..old }, VolumeSeen { seen_at: at(SEEN), ..new }];
    let ledger = ledger(facts.map(Fact::Volume), SEEN);
    let between = ledger.usage.iter().filter(|usage| usage.period == period("2026-10-03", SEEN));
    let shapes = between.filter_map(|usage| match &usage.subject {
        Subject::Volume { shape, .. } => {
            Some((shape.volume_type.to_string(), shape.size_gb, shape.iops, shape.throughput_mibps, usage.certainty))
        }
        _ => None,
    });
    shapes.collect()
}

#[test]
fn performance_changed_between_two_sights_is_the_lower_and_possibly_the_higher() {
    let shape = |kind: &str, size_gb, iops, throughput_mibps| VolumeSeen {
        volume_type: kind.to_owned().into(),
        size_gb,
        iops,
        throughput_mibps,
        ..volume_seen("vol-1", "2026-10-01", SEEN)
    };
    let told = |kind: &str, size, iops, mibps, certainty| (kind.to_owned(), size, iops, mibps, certainty);
    let (slow, fast) = (shape("gp3", 100, Some(3000), Some(125)), shape("gp3", 100, Some(7000), Some(250)));
    let expected = [
        told("gp3", 100, Some(3000), Some(125), Measured),
        // 4,000 IOPS and 125 MiB/s that may have been billed, above what is free; no more gigabytes.
        told("gp3", 0, Some(7000), Some(250), Possible),
    ];
    assert_eq!(between(slow.clone(), fast.clone()), expected);
    assert_eq!(between(fast, slow), expected);
    assert_eq!(
        between(shape("io1", 100, Some(2000), None), shape("io1", 150, Some(1500), None)),
        [told("io1", 100, Some(1500), None, Measured), told("io1", 50, Some(500), None, Possible)]
    );
    assert_eq!(
        between(shape("io1", 100, None, None), shape("io1", 150, Some(1500), None)),
        [told("io1", 100, None, None, Measured), told("io1", 50, None, None, Possible)],
        "unknown is not 0"
    );
}

#[test]
fn a_type_changed_between_two_sights_is_the_cheaper_and_possibly_the_dearer() {
    let shape = |kind: &str, size_gb, iops| VolumeSeen {
        volume_type: kind.to_owned().into(),
        size_gb,
        iops,
        ..volume_seen("vol-1", "2026-10-01", SEEN)
    };
    // us-west-2, GB-months: gp2 0.10, gp3 0.08, io1 0.125 and 0.065 for each of its IOPS. Six of 31 days lie between.
    let (gp2, gp3, io1) = (shape("gp2", 100, None), shape("gp3", 100, None), shape("io1", 50, Some(1000)));
    for (old, new, cheaper, dearer) in [
        (&gp2, &gp3, "8", "10"),
        (&gp3, &gp2, "8", "10"),
        // The smaller is the dearer: 6.25 for its size and 65 for its IOPS.
        (&gp2, &io1, "10", "71.25"),
        (&io1, &gp2, "10", "71.25"),
    ] {
        let facts =
            [VolumeSeen { seen_at: at("2026-10-03"), ..old.clone() }, VolumeSeen { seen_at: at(SEEN), ..new.clone() }];
        let ledger = ledger(facts.map(Fact::Volume), SEEN);
        let between = period("2026-10-03", SEEN);
        let lines = bill(&ledger, RateCard::shipped(), month("2026-10")).line_items;
        let of = |certainty| {
            let lines =
                lines.iter().filter(|line| line.certainty == certainty && line.period.intersection(between).is_some());
            cost(lines)
        };
        let share = |monthly: &str| usd(monthly).scaled(dec("6"), dec("31")).expect("in range").to_decimals(6);
        assert_eq!(of(Measured).to_decimals(6), share(cheaper), "{} to {}", old.volume_type, new.volume_type);
        assert_eq!((of(Measured) + of(Possible)).to_decimals(6), share(dearer));
    }
    let unpriced = shape("gp9", 100, None);
    let facts = [VolumeSeen { seen_at: at("2026-10-03"), ..gp2 }, VolumeSeen { seen_at: at(SEEN), ..unpriced }];
    let whys = bill_of(facts.map(Fact::Volume), "2026-10");
    assert!(whys.unrated().any(|(line, why)| line.subject == "gp2 100 GB or gp9 100 GB" && why.contains("no rate")));
}

#[test]
fn noted_hours_a_day_split_a_volume_between_running_and_stopped() {
    let row = Noted {
        hours_per_day: Some(dec("2")),
        volumes: vec![volume("vol-1", "gp2:75")],
        ..note("2026-10-01", "2026-11-01")
    };
    let ledger = ledger([Fact::Noted(row)], LATER);
    let shares: Vec<_> = ledger
        .usage
        .iter()
        .filter(|usage| matches!(usage.subject, Subject::Volume { .. }))
        .map(|usage| (usage.phase, usage.hours_per_day, usage.period))
        .collect();
    let october = period("2026-10-01", "2026-11-01");
    assert_eq!(shares, [(Phase::Running, Some(dec("2")), october), (Phase::Stopped, Some(dec("22")), october)]);
}

#[test]
fn what_notes_do_not_name_as_running_was_stopped() {
    let row = Noted { instance_type: None, volumes: vec![volume("vol-1", "gp2:75")], ..note("2026-10-01", SEEN) };
    let facts = [Fact::Noted(row), Fact::Noted(note(LAUNCH, STOP))];
    assert_eq!(
        volume_phases(&ledger(facts, SEEN)),
        [
            (Phase::Stopped, Measured, period("2026-10-01", LAUNCH)),
            (Phase::Running, Measured, period(LAUNCH, STOP)),
            (Phase::Stopped, Measured, period(STOP, SEEN)),
        ]
    );
}

#[test]
fn while_a_noted_run_may_have_gone_on_its_volume_is_not_called_stopped() {
    let row = Noted { instance_type: None, volumes: vec![volume("vol-1", "gp2:75")], ..note("2026-10-01", SEEN) };
    let facts = [Fact::Noted(row), Fact::Noted(open_note(LAUNCH, STOP))];
    assert_eq!(volume_phases(&ledger(facts, SEEN))[2], (Phase::Unknown, Measured, period(STOP, SEEN)));
}

#[test]
fn rows_that_contradict_each_other_never_bill_a_volume_twice() {
    // Stood still all the time, says one row; ran for a day of it, says the other.
    let still =
        Noted { hours_per_day: Some(dec("0")), volumes: vec![volume("vol-1", "gp2:75")], ..note("2026-10-01", SEEN) };
    let ledger = ledger([Fact::Noted(still), Fact::Noted(note(LAUNCH, STOP))], SEEN);
    let seconds: i64 = volume_phases(&ledger).iter().map(|(_, _, period)| period.seconds()).sum();
    assert_eq!(seconds, period("2026-10-01", SEEN).seconds());
}

#[test]
fn a_row_of_zero_hours_that_was_closed_early_does_not_go_on() {
    let still = |row: Noted| {
        let volumes = vec![volume("vol-1", "gp2:75")];
        Fact::Noted(Noted { hours_per_day: Some(dec("0")), volumes, ..row })
    };
    let ledger = ledger([still(open_note("2026-10-01", "2026-10-08")), still(note("2026-10-01", "2026-10-05"))], SEEN);
    assert_eq!(ledger.stretches[INSTANCE].len(), 1);
    assert_eq!(ledger.stretches[INSTANCE][0].period, period("2026-10-01", "2026-10-05"));
}

#[test]
fn a_volume_both_noted_and_described_is_refused_not_billed_twice() {
    let noted = volume_note("vol-1", "gp2:100", "2026-10-01", "2026-10-05");
    let described = volume_seen("vol-1", "2026-10-03", SEEN);
    let error = try_ledger([Fact::Noted(noted.clone()), Fact::Volume(described.clone())], LATER).expect_err("overlap");
    assert_eq!((error.what, error.id.as_str()), ("volume", "vol-1"));
    assert_eq!((error.from, error.until), (at("2026-10-03"), at("2026-10-05")));
    assert_eq!((&*error.first.file, &*error.second.file), ("notes.csv", "described.json"));
    let later = VolumeSeen { created_at: at("2026-10-05"), ..described };
    assert_eq!(sizes(&ledger([Fact::Noted(noted), Fact::Volume(later)], SEEN)).len(), 2, "they touch");
}

#[test]
fn an_attached_volume_without_a_size_is_there_all_the_same() {
    let with = |volumes: Vec<_>| Fact::Instance(InstanceSeen { volumes: volumes.into(), ..stopped_since_the_sixth() });
    let attached = || vec![attachment("vol-1", Some("2026-10-02"))];
    assert_eq!(
        volume_phases(&ledger([with(attached())], "2026-10-20")),
        [
            (Phase::Unknown, Measured, period("2026-10-02", LAUNCH)),
            (Phase::Running, Measured, period(LAUNCH, STOP)),
            (Phase::Stopped, Measured, period(STOP, SEEN)),
            (Phase::Unknown, Possible, period(SEEN, "2026-10-20")),
        ]
    );
    let since_launch = ledger([with(vec![attachment("vol-1", None)])], SEEN);
    assert_eq!(volume_phases(&since_launch)[0].2.start, at(LAUNCH));
    let described = [with(attached()), Fact::Volume(volume_seen("vol-1", "2026-10-02", SEEN))];
    let noted = [with(attached()), Fact::Noted(volume_note("vol-1", "gp2:75", "2026-10-02", SEEN))];
    for sized in [ledger(described, SEEN), ledger(noted, SEEN)] {
        assert!(sized.usage.iter().all(|usage| usage.subject != Subject::VolumeOfUnknownSize), "{sized:?}");
    }
}

#[test]
fn an_elastic_ip_is_idle_while_its_instance_is_stopped() {
    let instance = || Fact::Instance(stopped_since_the_sixth());
    let sights = [address(Some(INSTANCE), "2026-10-05T12:00:00Z"), address(Some(INSTANCE), SEEN)];
    let ledger = ledger(sights.map(Fact::Address).into_iter().chain([instance()]), "2026-10-20");
    assert_eq!(
        addresses(&ledger),
        [
            (true, Phase::Running, Measured, period("2026-10-05T12:00:00Z", STOP)),
            (false, Phase::Stopped, Measured, period(STOP, SEEN)),
            (true, Phase::Unknown, Possible, period(SEEN, "2026-10-20")),
        ],
        "AWS tells no allocation time: nothing is billed before the first sight"
    );
}

#[test]
fn a_session_with_a_public_address_has_its_own_address_hours() {
    let running = InstanceSeen { public_ip: Some("203.0.113.7".to_owned()), ..stopped_since_the_sixth() };
    let sights = [address(Some(INSTANCE), LAUNCH), address(Some(INSTANCE), SEEN)];
    let ledger = ledger(sights.map(Fact::Address).into_iter().chain([Fact::Instance(running)]), "2026-10-20");
    let of =
        |id: &str| ledger.usage.iter().filter(|u| u.resource.id == id).filter_map(address_period).collect::<Vec<_>>();
    assert_eq!(of(INSTANCE), [(true, period(LAUNCH, STOP))]);
    assert_eq!(of("eipalloc-1"), [(false, period(STOP, SEEN)), (true, period(SEEN, "2026-10-20"))]);
}

fn address_period(usage: &Usage) -> Option<(bool, Period)> {
    match usage.subject {
        Subject::PublicIpv4 { in_use } => Some((in_use, usage.period)),
        _ => None,
    }
}

#[test]
fn an_open_session_speaks_for_its_address_after_the_last_sight() {
    let running =
        InstanceSeen { public_ip: Some("203.0.113.7".to_owned()), ..seen(InstanceState::Running, LAUNCH, SEEN) };
    let ledger = ledger([Fact::Instance(running), Fact::Address(address(Some(INSTANCE), SEEN))], "2026-10-20");
    let possible: Vec<_> =
        addresses(&ledger).into_iter().filter(|(_, _, certainty, _)| *certainty == Possible).collect();
    assert_eq!(possible, [(true, Phase::Running, Possible, period(SEEN, "2026-10-20"))], "once, not twice");
}

#[test]
fn an_elastic_ip_elsewhere_is_what_its_sight_says() {
    let idle = [address(None, LAUNCH), address(None, SEEN)];
    assert_eq!(
        addresses(&ledger(idle.map(Fact::Address), SEEN)),
        [(false, Phase::Unattached, Measured, period(LAUNCH, SEEN))]
    );
    // On a NAT gateway, or on an instance that no description told of.
    for holder in [None, Some("i-unknown")] {
        let sight = |seen_at| Fact::Address(AddressSeen { associated: true, ..address(holder, seen_at) });
        let found = addresses(&ledger([sight(LAUNCH), sight(SEEN)], SEEN));
        assert!(matches!(found[..], [(true, _, Measured, _)]), "{holder:?}: {found:?}");
    }
    let moved = [address(Some("i-unknown"), LAUNCH), address(None, STOP), address(None, SEEN)];
    let uses: Vec<_> = addresses(&ledger(moved.map(Fact::Address), SEEN)).iter().map(|told| (told.0, told.3)).collect();
    assert_eq!(uses, [(true, period(LAUNCH, STOP)), (false, period(STOP, SEEN))], "each sight until the next");
}

#[test]
fn everything_about_a_snapshot_is_at_most() {
    let usage = |seen: SnapshotSeen| ledger([Fact::Snapshot(seen)], "2026-10-20").usage.remove(0);
    let volume_sized = usage(snapshot("2026-10-01", SEEN));
    assert_eq!((volume_sized.certainty, volume_sized.period), (Possible, period("2026-10-01", "2026-10-20")));
    assert_eq!(volume_sized.subject, Subject::Snapshot { size_gb: dec("500"), archived: false });
    let full = usage(SnapshotSeen { full_size_bytes: Some(3 << 29), ..snapshot("2026-10-01", SEEN) });
    assert_eq!(full.subject, Subject::Snapshot { size_gb: dec("1.5"), archived: false });
}

#[test]
fn other_regions_can_be_left_out() {
    let elsewhere = Noted { region: "eu-west-1".to_owned(), instance_id: "i-2".to_owned(), ..note(LAUNCH, STOP) };
    let mut ledger = ledger([Fact::Noted(note(LAUNCH, STOP)), Fact::Noted(elsewhere)], LATER);
    ledger.keep_regions(&["eu-west-1".to_owned()]);
    assert!(ledger.usage.iter().all(|usage| usage.resource.id == "i-2") && ledger.usage.len() == 1);
    assert_eq!((ledger.sessions.len(), ledger.stretches.len()), (1, 1));
}

#[test]
fn a_name_is_found_wherever_it_was_told() {
    let facts = [
        Fact::Noted(Noted { instance_id: "i-2".to_owned(), ..note(LAUNCH, STOP) }),
        Fact::Instance(InstanceSeen { name: String::new(), ..stopped_since_the_sixth() }),
        Fact::Noted(Noted { name: "early".to_owned(), ..note("2026-10-01", "2026-10-02") }),
    ];
    let ledger = ledger(facts, LATER);
    assert_eq!(ledger.name_of("i-2"), Some("lab"));
    assert_eq!(ledger.name_of(INSTANCE), Some("early"), "an empty Name tag does not hide the noted name");
    assert_eq!(ledger.name_of("i-3"), None);
}
