//! Sessions from the user's own notes.

use gpucost::ledger::{Certainty, End, Evidence, EvidenceKind, Fact, Ledger, Noted, Phase, derive, refuse_overlaps};
use gpucost::time::Period;

use crate::facts::{LATER, at, dec, evidence, ledger, note, open_note, period, told, try_ledger, volume, volume_note};

fn noted(rows: impl IntoIterator<Item = Noted>) -> Ledger {
    ledger(rows.into_iter().map(Fact::Noted), LATER)
}

fn periods(ledger: &Ledger, certainty: Certainty) -> Vec<Period> {
    ledger.usage.iter().filter(|usage| usage.certainty == certainty).map(|usage| usage.period).collect()
}

fn per_day(hours: &str, row: Noted) -> Noted {
    Noted { hours_per_day: Some(dec(hours)), ..row }
}

fn from_file(file: &str, row: Noted) -> (Evidence, Fact) {
    (evidence(EvidenceKind::Notes, file, 2), Fact::Noted(row))
}

#[test]
fn a_continuous_row_is_a_session() {
    let ledger = noted([note("2026-10-01", "2026-10-03")]);
    assert_eq!(ledger.sessions[0].end, End::At(at("2026-10-03")));
    assert_eq!(periods(&ledger, Certainty::Measured), [period("2026-10-01", "2026-10-03")]);
    assert_eq!(ledger.stretches["i-1"].len(), 1);
    assert_eq!(ledger.stretches["i-1"][0].phase, Phase::Running);
}

#[test]
fn hours_a_day_share_the_days_with_the_time_stopped() {
    let ledger = noted([per_day("2", note("2026-10-01", "2026-11-01"))]);
    assert_eq!(ledger.usage[0].hours_per_day, Some(dec("2")));
    let shares: Vec<_> = ledger.stretches["i-1"].iter().map(|s| (s.phase, s.hours_per_day, s.period)).collect();
    let october = period("2026-10-01", "2026-11-01");
    assert_eq!(shares, [(Phase::Running, Some(dec("2")), october), (Phase::Stopped, Some(dec("22")), october)]);
    let all_day = noted([per_day("24", note("2026-10-01", "2026-11-01"))]);
    assert_eq!(all_day.stretches["i-1"].len(), 1, "24 hours a day leave nothing stopped");
}

#[test]
fn zero_hours_a_day_is_stopped_and_no_session() {
    let ledger = noted([per_day("0", note("2026-10-01", "2026-11-01"))]);
    assert_eq!((ledger.sessions.len(), ledger.usage.len()), (0, 0));
    let stretches: Vec<_> = ledger.stretches["i-1"].iter().map(|s| (s.phase, s.period)).collect();
    assert_eq!(stretches, [(Phase::Stopped, period("2026-10-01", "2026-11-01"))]);
}

#[test]
fn an_open_row_is_sure_until_it_was_written_and_possible_until_now() {
    let ledger = noted([open_note("2026-10-01", "2026-10-05")]);
    assert_eq!(ledger.sessions[0].end, End::Open { last_seen: at("2026-10-05") });
    assert_eq!(periods(&ledger, Certainty::Measured), [period("2026-10-01", "2026-10-05")]);
    assert_eq!(periods(&ledger, Certainty::Possible), [period("2026-10-05", LATER)]);
}

#[test]
fn an_open_row_read_again_counts_once() {
    let rows = [open_note("2026-10-01", "2026-10-05"), open_note("2026-10-01", "2026-10-09")];
    for rows in [rows.clone(), [rows[1].clone(), rows[0].clone()]] {
        let ledger = noted(rows);
        assert_eq!(periods(&ledger, Certainty::Measured), [period("2026-10-01", "2026-10-09")]);
    }
}

#[test]
fn an_open_row_closed_later_ends_where_it_was_closed() {
    // Closed before it was last read open: the user had forgotten to write the end.
    for end in ["2026-10-07", "2026-10-03"] {
        let rows =
            [open_note("2026-10-01", "2026-10-05"), note("2026-10-01", end), open_note("2026-10-01", "2026-10-04")];
        for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [0, 2, 1]] {
            let ledger = noted(order.map(|i| rows[i].clone()));
            assert_eq!(periods(&ledger, Certainty::Measured), [period("2026-10-01", end)], "{order:?}");
            assert_eq!(periods(&ledger, Certainty::Possible), [], "{order:?}");
        }
    }
}

#[test]
fn rows_that_overlap_are_refused_with_both_files_named() {
    let facts = [
        from_file("spring.csv", note("2026-10-01", "2026-10-05")),
        from_file("summer.csv", note("2026-10-04T23:59:59Z", "2026-10-09")),
    ];
    let error = derive(&facts, Vec::new(), at(LATER)).expect_err("an overlap");
    assert_eq!(
        error.to_string(),
        "instance `i-1` is recorded twice between 2026-10-04T23:59:59Z and 2026-10-05T00:00:00Z: \
         by spring.csv:2 and by summer.csv:2"
    );
    assert_eq!(refuse_overlaps(&facts), Err(error), "an import has to pass the same");
}

#[test]
fn the_same_closed_row_of_two_files_is_an_overlap() {
    let row = || note("2026-10-01", "2026-10-05");
    assert!(try_ledger([Fact::Noted(row()), Fact::Noted(row())], LATER).is_err());
}

#[test]
fn rows_that_touch_are_not_refused() {
    let ledger = noted([note("2026-10-03", "2026-10-05"), note("2026-10-01", "2026-10-03")]);
    assert_eq!(
        periods(&ledger, Certainty::Measured),
        [period("2026-10-01", "2026-10-03"), period("2026-10-03", "2026-10-05")]
    );
    let other = Noted { instance_id: "i-2".to_owned(), ..note("2026-10-01", "2026-10-05") };
    assert_eq!(noted([note("2026-10-01", "2026-10-05"), other]).sessions.len(), 2, "two instances may");
}

#[test]
fn volumes_that_overlap_are_refused_with_both_files_named() {
    let facts = [
        from_file("spring.csv", volume_note("vol-1", "gp2:75", "2026-10-01", "2026-10-05")),
        // An empty life between them hides nothing.
        from_file("empty.csv", volume_note("vol-1", "gp2:75", "2026-10-02", "2026-10-02")),
        from_file("summer.csv", volume_note("vol-1", "gp2:75", "2026-10-04", "2026-10-09")),
    ];
    let error = derive(&facts, Vec::new(), at(LATER)).expect_err("an overlap");
    assert_eq!(
        error.to_string(),
        "volume `vol-1` is recorded twice between 2026-10-04T00:00:00Z and 2026-10-05T00:00:00Z: \
         by spring.csv:2 and by summer.csv:2"
    );
    assert_eq!(refuse_overlaps(&facts), Err(error), "an import has to pass the same");
    let touching = [
        Fact::Noted(volume_note("vol-1", "gp2:75", "2026-10-01", "2026-10-05")),
        Fact::Noted(volume_note("vol-1", "gp2:100", "2026-10-05", "2026-10-09")),
    ];
    assert_eq!(ledger(touching, LATER).usage.len(), 2);
}

#[test]
fn a_later_row_bounds_an_open_one() {
    let rows = || [open_note("2026-10-01", "2026-10-03"), note("2026-10-05", "2026-10-06")];
    let ledger = noted(rows());
    assert_eq!(periods(&ledger, Certainty::Possible), [period("2026-10-03", "2026-10-05")]);
    let stood_still = noted([open_note("2026-10-01", "2026-10-03"), per_day("0", note("2026-10-05", "2026-10-06"))]);
    assert_eq!(periods(&stood_still, Certainty::Possible), [period("2026-10-03", "2026-10-05")]);
    // But a row that begins before the open one was written contradicts it.
    let told = [open_note("2026-10-01", "2026-10-05T00:00:01Z"), note("2026-10-05", "2026-10-06")];
    assert!(try_ledger(told.map(Fact::Noted), LATER).is_err());
}

#[test]
fn an_open_volume_may_have_gone_on_only_until_its_next_row() {
    let open = Noted { end: None, ..volume_note("vol-1", "gp2:75", "2026-10-01", "2026-10-03") };
    let ledger = noted([open, volume_note("vol-1", "gp2:100", "2026-10-05", "2026-10-06")]);
    assert_eq!(periods(&ledger, Certainty::Possible), [period("2026-10-03", "2026-10-05")]);
}

#[test]
fn ends_after_the_as_of_date_are_not_known_yet() {
    let row = Noted { volumes: vec![volume("vol-1", "gp2:75")], ..note("2026-10-01", "2026-10-09") };
    let now = "2026-10-05";
    let early = derive(&told([Fact::Noted(row.clone())]), Vec::new(), at(now)).expect("a ledger");
    assert!(early.usage.iter().all(|usage| usage.period.end <= at(now)), "{:?}", early.usage);
    assert_eq!(early.sessions[0].end, End::Open { last_seen: at(now) });
    let before = derive(&told([Fact::Noted(row)]), Vec::new(), at("2026-09-30")).expect("a ledger");
    assert_eq!(before, Ledger::default());
}
