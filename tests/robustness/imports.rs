//! Importing again, importing more, and importing what contradicts the ledger.

use std::fs::File;
use std::time::{Duration, SystemTime};

use crate::program::Lab;
use crate::samples::{INSTANCES, NOTES, SNAPSHOTS, VOLUMES, focus};

fn touch(path: &std::path::Path, back: Duration) {
    let file = File::options().write(true).open(path).expect("the file");
    file.set_modified(SystemTime::now() - back).expect("its time is set");
}

/// The recorded facts without what an import says of itself.
fn facts(lab: &Lab) -> Vec<String> {
    lab.recorded().into_iter().filter(|row| !row.starts_with("imports")).collect()
}

/// How often something was seen.
fn sights(lab: &Lab) -> usize {
    facts(lab).iter().filter(|row| !row.contains(r#""kind":"listed""#)).count()
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let lab = Lab::new();
    for (name, text) in [
        ("notes.csv", NOTES.to_owned()),
        ("instances.json", INSTANCES.to_owned()),
        ("volumes.json", VOLUMES.to_owned()),
        ("focus.csv", focus(&["1.0", "0.5"])),
    ] {
        let path = lab.write(name, &text);
        let first = lab.ok(&["usage", "import", name]);
        assert!(!first.contains("imported before"), "{first}");
        let recorded = lab.recorded();
        assert!(!recorded.is_empty());
        let again = lab.ok(&["usage", "import", name]);
        assert!(again.contains(&format!("{name}: imported before, nothing changed")), "{again}");
        assert_eq!(lab.recorded(), recorded);

        touch(&path, Duration::from_secs(5));
        lab.ok(&["usage", "import", name]);
        assert_eq!(lab.recorded(), recorded, "a touched {name} is the same file");
        let renamed = format!("renamed-{name}");
        lab.write(&renamed, &text);
        lab.ok(&["usage", "import", &renamed]);
        assert_eq!(lab.recorded(), recorded, "a renamed {name} is the same file");
    }
}

#[test]
fn the_same_facts_in_other_bytes_are_known() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.ok(&["usage", "import", "notes.csv"]);
    let known = facts(&lab);
    let path = lab.write("windows.csv", format!("\u{feff}{}", NOTES.replace('\n', "\r\n")));
    touch(&path, Duration::from_secs(3600));
    let again = lab.ok(&["usage", "import", "windows.csv", "-o", "csv"]);
    assert!(again.contains("windows.csv,notes,3,3,0,0,3,0"), "{again}");
    assert_eq!(facts(&lab), known);
}

#[test]
fn notes_that_grew_add_their_new_rows_only() {
    let lab = Lab::new();
    let path = lab.write("notes.csv", NOTES);
    touch(&path, Duration::from_secs(7200));
    lab.ok(&["usage", "import", "notes.csv"]);
    let before = facts(&lab);
    let path = lab.write("notes.csv", format!("{NOTES}us-east-1,i-b,p3.2xlarge,2026-10-20,2026-10-21,,\n"));
    touch(&path, Duration::from_secs(60));
    let grown = lab.ok(&["usage", "import", "notes.csv", "-o", "csv"]);
    assert!(grown.contains("notes.csv,notes,4,4,0,1,3,0"), "{grown}");
    let after = facts(&lab);
    assert_eq!(after[..before.len()], before, "what was recorded stays as it was");
    assert_eq!(after.len(), before.len() + 1);
    assert!(lab.ok(&["usage", "--as-of", "2026-11-02"]).contains("i-b"));
}

#[test]
fn an_open_row_goes_on_and_is_closed_by_a_later_reading() {
    let lab = Lab::new();
    let header = "region,instance_id,instance_type,start,end\n";
    lab.write("notes.csv", format!("{header}us-east-1,i-a,p2.xlarge,2026-10-01,\n"));
    lab.ok(&["usage", "import", "notes.csv", "--observed-at", "2026-10-02"]);
    let again = lab.ok(&["usage", "import", "notes.csv", "--observed-at", "2026-10-03"]);
    assert!(!again.contains("imported before"), "seen at another time: {again}");
    lab.write("notes.csv", format!("{header}us-east-1,i-a,p2.xlarge,2026-10-01,2026-10-04\n"));
    lab.ok(&["usage", "import", "notes.csv", "--observed-at", "2026-10-05"]);
    let usage = lab.ok(&["usage", "--as-of", "2026-10-06", "-o", "csv"]);
    assert!(usage.contains("72"), "three days: {usage}");
}

#[test]
fn an_account_seen_at_two_times_is_two_observations() {
    let lab = Lab::new();
    lab.write("volumes.json", VOLUMES);
    lab.ok(&["usage", "import", "volumes.json", "--observed-at", "2026-10-01"]);
    lab.ok(&["usage", "import", "volumes.json", "--observed-at", "2026-10-08"]);
    assert_eq!(sights(&lab), 2);
    let again = lab.ok(&["usage", "import", "volumes.json", "--observed-at", "2026-10-08"]);
    assert!(again.contains("nothing changed"), "{again}");
    assert_eq!((sights(&lab), facts(&lab).len()), (2, 4), "with each that the list was whole");
}

#[test]
fn overlapping_sessions_are_refused_with_both_sources() {
    let lab = Lab::new();
    lab.write("mine.csv", NOTES);
    lab.ok(&["usage", "import", "mine.csv"]);
    let recorded = lab.recorded();
    let header = "region,instance_id,instance_type,start,end\n";
    lab.write(
        "yours.csv",
        format!(
            "{header}us-east-1,i-z,p2.xlarge,2026-10-01,2026-10-02\n\
         us-east-1,i-b,p3.2xlarge,2026-10-05T18:00:00Z,2026-10-05T20:00:00Z\n"
        ),
    );
    let ran = lab.run(&["usage", "import", "yours.csv"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("mine.csv:3") && ran.err.contains("yours.csv:3"), "{}", ran.err);
    assert!(ran.err.contains("`i-b`") && ran.err.contains("hint: nothing was imported"), "{}", ran.err);
    assert_eq!(lab.recorded(), recorded);
}

#[test]
fn overlapping_volumes_are_refused_before_they_are_recorded() {
    let lab = Lab::new();
    let header = "region,instance_id,start,end,volumes,volume_ids\n";
    lab.write("a.csv", format!("{header}us-east-1,,2026-10-01,2026-10-10,gp2:75,vol-a\n"));
    lab.ok(&["usage", "import", "a.csv"]);
    let recorded = lab.recorded();
    lab.write("b.csv", format!("{header}us-east-1,,2026-10-05,2026-10-20,gp2:75,vol-a\n"));
    let ran = lab.run(&["usage", "import", "b.csv"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("a.csv:2") && ran.err.contains("b.csv:2") && ran.err.contains("`vol-a`"), "{}", ran.err);
    assert_eq!(lab.recorded(), recorded);
    lab.ok(&["usage"]);
}

#[test]
fn a_restated_export_needs_supersede() {
    let lab = Lab::new();
    lab.write("old.csv", focus(&["1.0", "1.0"]));
    lab.ok(&["usage", "import", "old.csv"]);
    let recorded = lab.recorded();
    lab.write("new.csv", focus(&["1.0", "0.25"]));
    let refused = lab.run(&["usage", "import", "new.csv"]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("old.csv:2") && refused.err.contains("line 2"), "{}", refused.err);
    assert!(refused.err.contains("--supersede"), "{}", refused.err);
    assert_eq!(lab.recorded(), recorded);
    lab.ok(&["usage", "import", "--supersede", "new.csv"]);
    let bill = lab.ok(&["bill", "--month", "2026-10", "-o", "csv", "--as-of", "2026-11-02"]);
    assert!(bill.contains("3.82"), "1.25 h × $3.06: {bill}");
    assert_eq!(facts(&lab).len(), 2, "the old row is kept, marked as superseded");
}

#[test]
fn of_several_files_the_good_ones_are_recorded() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.write("bad.csv", NOTES.replace("2026-11-01,2", "2026-11-01,25"));
    lab.write("instances.json", INSTANCES);
    let ran = lab.run(&["usage", "import", "notes.csv", "bad.csv", "instances.json"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    assert!(ran.err.contains("bad.csv:2"), "{}", ran.err);
    assert!(ran.out.contains("notes.csv") && ran.out.contains("instances.json") && !ran.out.contains("bad.csv"));
    assert_eq!(facts(&lab).len(), 4);

    let recorded = lab.recorded();
    let ran = lab.run(&["usage", "import", "bad.csv", "missing.csv"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.is_empty() && ran.err.contains("bad.csv") && ran.err.contains("missing.csv"), "{ran:?}");
    assert_eq!(lab.recorded(), recorded);
}

#[test]
fn snapshots_of_no_region_ask_for_one() {
    let lab = Lab::new();
    lab.write("snapshots.json", SNAPSHOTS);
    let ran = lab.run(&["usage", "import", "snapshots.json"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("snapshots.json: Snapshots record 1") && ran.err.contains("--region"), "{}", ran.err);
    assert!(lab.recorded().is_empty());
    lab.ok(&["usage", "import", "snapshots.json", "--region", "us-west-2"]);
    assert_eq!(facts(&lab).len(), 1);
}
