//! Files that cannot be read: an error that names file and line or record, and the ledger as it was.

use std::fs;

use crate::program::{Lab, Ran};
use crate::samples::{INSTANCES, NOTES, SNAPSHOTS, VOLUMES, focus};

/// Imports each bad file into a ledger that holds something; the error must say all of `told`.
fn refused(lab: &Lab, name: &str, bytes: impl AsRef<[u8]>, told: &[&str]) {
    if lab.recorded().is_empty() {
        lab.write("good.csv", NOTES.replace("i-", "i-good-"));
        lab.ok(&["usage", "import", "good.csv"]);
    }
    let before = lab.recorded();
    lab.write(name, bytes);
    let ran = lab.run(&["usage", "import", name]);
    says(&ran, 1, name, told);
    assert_eq!(lab.recorded(), before, "{name} changed the ledger");
}

#[track_caller]
fn says(ran: &Ran, code: i32, about: &str, told: &[&str]) {
    assert_eq!(ran.code, Some(code), "{about}: {ran:?}");
    assert!(ran.out.is_empty(), "{about}: {ran:?}");
    assert!(ran.err.starts_with("error: "), "{about}: {}", ran.err);
    assert!(!ran.err.contains("panicked"), "{about}: {}", ran.err);
    for part in told {
        assert!(ran.err.contains(part), "{about}: `{part}` is not in: {}", ran.err);
    }
}

#[test]
fn notes_with_wrong_columns_or_rows() {
    let lab = Lab::new();
    let header = NOTES.lines().next().unwrap();
    let bad: [(&str, String, &[&str]); 7] = [
        ("unknown.csv", NOTES.replace("hours_per_day", "hours"), &["unknown.csv:1", "unknown column `hours`"]),
        ("missing.csv", NOTES.replacen("region,", "name,", 1), &["missing.csv:1", "the column `region` is missing"]),
        ("twice.csv", NOTES.replacen("volumes", "end", 1), &["twice.csv:1", "the column `end` is there twice"]),
        ("short.csv", format!("{NOTES}us-east-1,i-x\n"), &["short.csv:5", "it has 2 fields, the header has 7"]),
        ("long.csv", NOTES.replace(",,\n", ",,,\n"), &["long.csv:3", "it has 8 fields, the header has 7"]),
        ("open.csv", format!("{NOTES}us-east-1,i-x,,,,,\"gp2:75\n"), &["open.csv:5", "never ends"]),
        (
            "empty-region.csv",
            format!("{header}\n\n\n,i-x,p2.xlarge,2026-10-01,,,\n"),
            &["empty-region.csv:4", "region is empty"],
        ),
    ];
    for (name, text, told) in bad {
        refused(&lab, name, &text, told);
        let place = told[0].replace(name, &format!("crlf-{name}"));
        let told: Vec<&str> = [place.as_str()].into_iter().chain(told[1..].iter().copied()).collect();
        refused(&lab, &format!("crlf-{name}"), text.replace('\n', "\r\n"), &told);
    }
}

#[test]
fn notes_with_wrong_values() {
    let lab = Lab::new();
    let header = "region,instance_id,instance_type,start,end,hours_per_day,volumes,volume_ids,public_ipv4,purchase_option,usd_per_hour";
    let good = "us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,,,,,";
    let bad: [(&str, &str); 25] = [
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,-1,,,,,", "hours_per_day: `-1` is negative"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,25,,,,,", "a day has 24 hours, not 25"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,1e400,,,,,", "`1e400`"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,two,,,,,", "`two`"),
        ("us-east-1,i-x,p2.xlarge,2026-02-30,2026-12-02,,,,,,", "start: `2026-02-30` is not a time"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,tomorrow,,,,,,", "end: `tomorrow` is not a time"),
        ("us-east-1,i-x,p2.xlarge,2026-13-01,,,,,,,", "start: `2026-13-01`"),
        ("us-east-1,i-x,p2.xlarge,,2026-12-02,,,,,,", "start is empty"),
        ("us-east-1,i-x,p2.xlarge,2026-12-02,2026-12-01,,,,,,", "is before the start"),
        ("us-east-1,i-x,p2.xlarge,9998-12-02,,,,,,,", "after the notes were written"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,gp2,,,,", "`gp2` is not a volume"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,gp9:75,,,,", "`gp9` is not a volume type"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,gp2:0,,,,", "1 to 16384 GB, not 0"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,gp2:-75,,,,", "`-75` is not a whole number of GB"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,gp2:1e400,,,,", "`1e400`"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,gp2:75;,,,,", "is not a volume"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,io1:75,,,,", "need their IOPS"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,gp2:75,a;b,,,", "1 volumes but 2 volume_ids"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,gp2:75;gp2:75,a;,,,", "one of them is empty"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,gp2:75;gp2:75,a;a,,,", "the volume `a` is there twice"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,,,maybe,,", "`maybe` is neither yes nor no"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,,,,free,", "`free` is none of"),
        ("us-east-1,i-x,p2.xlarge,2026-12-01,2026-12-02,,,,,,-3", "`-3` is negative"),
        ("us-east-1,i-x,,2026-12-01,2026-12-02,,,,,,", "neither an instance_type nor volumes"),
        ("us-east-1,,p2.xlarge,2026-12-01,2026-12-02,,,,,,", "no instance_id"),
    ];
    for (i, (row, told)) in bad.iter().enumerate() {
        let name = format!("value-{i}.csv");
        // A quoted line break and blank lines before the bad row: the line is the one an editor shows.
        let other = good.replace("i-x", "\"i-\nother\"");
        refused(&lab, &name, format!("{header}\n{other}\n\n{row}\n"), &[&format!("{name}:5: "), told]);
    }
}

#[test]
fn bytes_that_are_no_text() {
    let lab = Lab::new();
    refused(
        &lab,
        "latin1.csv",
        b"region,instance_id,start\nus-east-1,gr\xfc\xdfe,2026-10-01\n",
        &["latin1.csv:2", "UTF-8"],
    );
    refused(&lab, "utf16.json", b"\xff\xfe{\0}\0", &["utf16.json:1", "UTF-8"]);
    refused(&lab, "nul.csv", NOTES.replacen("p3.2xlarge", "p3.2x\0large", 1), &["nul.csv:3", "NUL"]);
    refused(&lab, "picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", &["picture.png:1", "UTF-8"]);
    refused(&lab, "poem.txt", "roses are red\n", &["poem.txt: gpucost does not know this format", "docs/notes.md"]);
    refused(&lab, "empty", "", &["empty: gpucost does not know this format"]);
    refused(&lab, "prices.csv", "region,price\nus-east-1,3\n", &["prices.csv: gpucost does not know this format"]);
}

#[test]
fn odd_but_valid_notes_are_read() {
    let row = "us-east-1,\"i-\"\"q\"\"\nx\",p2.xlarge,2026-10-01,2026-10-02";
    let header = "region,instance_id,instance_type,start,end";
    for (name, text) in [
        ("bom.csv", format!("\u{feff}{header}\n{row}\n")),
        ("crlf.csv", format!("{header}\r\n{row}\r\n\r\n")),
        ("quoted.csv", format!("\"{}\"\n{row}", header.replace(',', "\",\""))),
        ("blank.csv", format!("\n\n{header}\n{row}\n")),
        ("bom.json", format!("\u{feff}{VOLUMES}")),
    ] {
        let lab = Lab::new();
        lab.write(name, text);
        let out = lab.ok(&["usage", "import", name, "-o", "csv"]);
        assert!(out.contains(",1,1,0,1,0,0"), "{name}: {out}");
    }
}

#[test]
fn descriptions_that_are_none() {
    let lab = Lab::new();
    let deep = format!("{{\"Volumes\": {}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let bad: [(&str, String, &[&str]); 18] = [
        ("cut.json", INSTANCES[..INSTANCES.len() / 2].to_owned(), &["ends too early", "line"]),
        ("comma.json", INSTANCES.replacen("\"i-c\",", "\"i-c\"", 1), &["it is not JSON", "line 8"]),
        ("list.json", format!("[{INSTANCES}]"), &["it is a JSON list"]),
        ("other.json", "{\"Buckets\": []}".to_owned(), &["it has none of Reservations, Volumes"]),
        ("error.json", "{}".to_owned(), &["it has none of Reservations, Volumes"]),
        ("wrong.json", "{\"Volumes\": 3}".to_owned(), &["line 1"]),
        ("launch.json", INSTANCES.replace("LaunchTime", "Launched"), &["missing field `LaunchTime`", "line"]),
        (
            "state.json",
            INSTANCES.replace("\"stopped\"", "\"asleep\""),
            &["Instances record 1", "unknown state `asleep`"],
        ),
        (
            "time.json",
            INSTANCES.replace("2026-09-14T08:02:11", "2026-09-31T08:02:11"),
            &["Instances record 1", "LaunchTime"],
        ),
        ("zero.json", VOLUMES.replace("500", "0"), &["Volumes record 1", "Size is 0"]),
        ("negative.json", VOLUMES.replace("500", "-500"), &["-500", "line 6"]),
        ("huge.json", VOLUMES.replace("500", "1e400"), &["out of range", "line 6"]),
        ("half.json", VOLUMES.replace("500", "0.5"), &["0.5", "line 6"]),
        ("text.json", VOLUMES.replace("500", "\"500\""), &["500", "line 6"]),
        ("future.json", VOLUMES.replace("2026-09", "9998-09"), &["Volumes record 1", "CreateTime", "--observed-at"]),
        ("nowhere.json", VOLUMES.replace("AvailabilityZone", "Zone"), &["Volumes record 1", "--region"]),
        (
            "snapshot.json",
            SNAPSHOTS.replace("\"VolumeSize\": 500", "\"VolumeSize\": 0, \"AvailabilityZone\": \"us-east-1a\""),
            &["Snapshots record 1", "VolumeSize is 0"],
        ),
        ("deep.json", deep, &["line 1"]),
    ];
    for (name, text, told) in bad {
        let place = format!("{name}: ");
        let told: Vec<&str> = std::iter::once(place.as_str()).chain(told.iter().copied()).collect();
        refused(&lab, name, text, &told);
    }
}

#[test]
fn exports_that_are_broken() {
    let lab = Lab::new();
    let good = focus(&["1.0", "1.0"]);
    refused(
        &lab,
        "cost.csv",
        good.replace(",3.06,3.06,", ",1e400,3.06,"),
        &["cost.csv:2: ", "1e400", "hint: nothing was imported; import the export as AWS wrote it"],
    );
    refused(&lab, "column.csv", good.replacen("PricingQuantity", "Pricing", 1), &["column.csv", "PricingQuantity"]);
    refused(&lab, "cut.csv.gz", &b"\x1f\x8b\x08\0\0\0\0\0\0\x03"[..], &["cut.csv.gz"]);
}

#[test]
fn files_that_are_not_there() {
    let lab = Lab::new();
    lab.write("folder/inside", "");
    says(
        &lab.run(&["usage", "import", "missing.csv"]),
        1,
        "missing",
        &["missing.csv", "No such file", "hint: check the name"],
    );
    says(&lab.run(&["usage", "import", "folder"]), 1, "folder", &["folder", "directory", "hint: name the files"]);
    says(&lab.run(&["usage", "import", "folder/inside/x.csv"]), 1, "below a file", &["folder/inside/x.csv"]);
    says(&lab.run(&["usage", "import", "/dev/null"]), 1, "a device", &["/dev/null", "not a regular file"]);
    says(&lab.run(&["usage", "check", "missing.csv"]), 1, "check", &["missing.csv"]);
    // Root reads whatever it likes: /proc/self/mem cannot be read at its beginning by anyone.
    if fs::read("/proc/self/mem").is_err() && fs::metadata("/proc/self/mem").is_ok() {
        says(&lab.run(&["usage", "import", "/proc/self/mem"]), 1, "unreadable", &["cannot read /proc/self/mem"]);
    }
    assert!(!lab.ledger().exists(), "nothing was imported, so there is no ledger");
}

#[test]
fn what_others_wrote_is_shown_not_obeyed() {
    let lab = Lab::new();
    let evil = "evil\x1b[2J\u{202e}.csv";
    refused(
        &lab,
        evil,
        "region,instance_id,start,\x1b]0;owned\x07\n",
        &["\\u{1b}[2J\\u{202e}.csv:1", "\\u{1b}]0;owned\\u{7}"],
    );
    lab.write(evil, NOTES.replace("i-", "i-\u{202e}\x1b[31m"));
    let ran = lab.run(&["usage", "import", evil]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let usage = lab.ok(&["usage"]);
    for text in [&ran.out, &ran.err, &usage] {
        assert!(!text.contains(['\x1b', '\u{202e}']), "{text:?}");
    }
    let ran = lab.run(&["usage", "import", "no\x1b[2J\nhint: run rm"]);
    assert!(
        !ran.err.contains('\x1b') && ran.err.lines().filter(|line| line.starts_with("hint")).count() == 1,
        "{ran:?}"
    );
}

#[test]
fn times_and_months_that_do_not_exist() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.ok(&["usage", "import", "notes.csv"]);
    let before = lab.recorded();
    for month in ["2026-13", "2026-00", "2026-1", "october", "", "0000-01", "9999-12"] {
        says(&lab.run(&["bill", "--month", month]), 2, month, &["--month", "YYYY-MM"]);
        says(&lab.run(&["usage", "--month", month]), 2, month, &["--month"]);
        says(&lab.run(&["report", "--month", month]), 2, month, &["--month"]);
    }
    for time in ["soon", "", "2026-02-30", "2026-10-01T25:00:00Z", "1e400"] {
        says(&lab.run(&["usage", "--as-of", time]), 2, time, &["--as-of", "is not a time"]);
        says(&lab.run(&["usage", "import", "notes.csv", "--observed-at", time]), 2, time, &["--observed-at"]);
    }
    says(&lab.run(&["usage", "--by", "colour"]), 2, "--by", &["--by"]);
    assert_eq!(lab.recorded(), before);
}
