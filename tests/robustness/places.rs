//! Places that cannot be written: read-only, full, or not folders at all.
//!
//! Root may write anywhere, so read-only and full disks are small tmpfs mounts in a mount namespace of their own.
//! Where the system permits none, these tests say so on stderr and check nothing.

use std::fs;
use std::path::Path;

use gpucost::store::replace_directory;

use crate::program::{Lab, Ran, recorded};
use crate::samples::{NOTES, focus};

/// Runs a shell script in a mount namespace, `$gpucost` being the program; `None` where that is not permitted.
fn in_namespace(lab: &Lab, script: &str) -> Option<Ran> {
    let shell = |script: &str| {
        let mut command = lab.clean("unshare");
        command.args(["-rm", "sh", "-c", script]);
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").env("gpucost", env!("CARGO_BIN_EXE_gpucost"));
        command
    };
    fs::create_dir_all(lab.cwd().join("mnt")).expect("a mount point");
    let permitted = shell("mount -t tmpfs none mnt").output().is_ok_and(|output| output.status.success());
    if !permitted {
        eprintln!("skipped: this system permits no mount namespace (unshare -rm)");
        return None;
    }
    Some(Ran::of(&mut shell(&format!("set -u; {script}"))))
}

fn many_notes() -> String {
    let rows: String = (0..4000).map(|i| format!("us-east-1,i-many-{i},p2.xlarge,2026-10-01,2026-10-02,,\n")).collect();
    format!("{}\n{rows}", NOTES.lines().next().unwrap())
}

#[test]
fn a_full_disk_leaves_the_ledger_as_it_was() {
    for size in ["4k", "36k", "68k", "100k", "132k", "200k", "300k"] {
        let lab = Lab::new();
        lab.write("notes.csv", NOTES);
        lab.write("many.csv", many_notes());
        lab.write("focus.csv", focus(&vec!["1.0"; 24 * 28]).replace(",i-focus,", ",i-focus-long-name,"));
        let script = format!(
            "mount -t tmpfs -o size={size} none mnt
             $gpucost usage import notes.csv --ledger mnt/l.db > /dev/null; echo $? >&2
             mkdir before after; cp mnt/l.db* before
             $gpucost usage import many.csv --ledger mnt/l.db > /dev/null; echo $? >&2
             cp mnt/l.db* after"
        );
        let Some(ran) = in_namespace(&lab, &script) else { return };
        let first_fits = ran.err.starts_with("0\n");
        assert!(first_fits || ran.err.starts_with("error: the disk is full"), "{size}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{size}: {}", ran.err);
        if size == "300k" {
            assert!(first_fits, "{}", ran.err);
        }
        let told = ran.err.matches("error: the disk is full: nothing was written to mnt/l.db").count();
        assert_eq!(told, if first_fits { 1 } else { 2 }, "{size}: {}", ran.err);
        if first_fits {
            let before = recorded(&lab.cwd().join("before/l.db"));
            assert_eq!(before.len(), 4, "{size}");
            assert_eq!(recorded(&lab.cwd().join("after/l.db")), before, "{size}");
        }
    }
}

#[test]
fn a_full_disk_leaves_the_old_report_whole() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.ok(&["usage", "import", "notes.csv"]);
    let script = "mount -t tmpfs -o size=2m none mnt
         $gpucost report --month 2026-10 --as-of 2026-11-02 --out mnt > /dev/null; echo $? >&2
         cp -r mnt/2026-10 old
         head -c 4m /dev/zero > mnt/fill 2> /dev/null
         $gpucost report --month 2026-10 --as-of 2026-11-02 --out mnt --machine-usd 1000; echo $? >&2
         cp -r mnt/2026-10 new";
    let Some(ran) = in_namespace(&lab, script) else { return };
    assert!(ran.err.starts_with("0\nerror: the disk is full: nothing was written to mnt/2026-10/"), "{}", ran.err);
    assert!(ran.err.ends_with("\n1\n"), "{}", ran.err);
    let (old, new) = (files(&lab.cwd().join("old")), files(&lab.cwd().join("new")));
    assert_eq!(old.len(), 5);
    assert_eq!(old, new);
}

#[test]
fn a_read_only_place_is_said_to_be_read_only() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.write("more.csv", NOTES.replace("i-", "i-more-"));
    let script = "mount -t tmpfs none mnt
         $gpucost usage import notes.csv --ledger mnt/l.db > /dev/null; echo $? >&2
         mount -o remount,ro mnt
         $gpucost usage import more.csv --ledger mnt/l.db; echo $? >&2
         $gpucost usage import more.csv --ledger mnt/new.db; echo $? >&2
         $gpucost usage import more.csv --ledger mnt/new/l.db; echo $? >&2
         $gpucost demo --out mnt > /dev/null; echo $? >&2
         cp mnt/* .";
    let Some(ran) = in_namespace(&lab, script) else { return };
    let lines: Vec<&str> = ran.err.lines().collect();
    let [first, rest @ ..] = lines.as_slice() else { panic!("{ran:?}") };
    assert_eq!(*first, "0", "{ran:?}");
    let refused: Vec<&[&str]> = rest.chunks(3).collect();
    assert_eq!(refused.len(), 4, "{}", ran.err);
    for (refused, place) in refused.iter().zip(["mnt/l.db", "mnt/new.db", "mnt/new", "mnt/demo"]) {
        let [error, hint, code] = refused else { panic!("{}", ran.err) };
        assert!(error.starts_with(&format!("error: {place}")) && error.contains("read-only"), "{error}");
        assert!(hint.starts_with("hint: name a place you may write to"), "{hint}");
        assert_eq!(*code, "1");
    }
    assert_eq!(recorded(&lab.cwd().join("l.db")).len(), 4);
}

#[test]
fn below_a_file_there_is_no_folder() {
    let lab = Lab::new();
    lab.write("notes.csv", NOTES);
    lab.ok(&["usage", "import", "notes.csv"]);
    for command in [
        &["usage", "import", "notes.csv", "--ledger", "notes.csv/l.db"][..],
        &["usage", "--ledger", "notes.csv/l.db"],
        &["report", "--month", "2026-10", "--out", "notes.csv"],
        &["demo", "--out", "notes.csv/below"],
    ] {
        let ran = lab.run(command);
        assert_eq!(ran.code, Some(1), "{command:?}: {ran:?}");
        assert!(ran.err.starts_with("error: ") && ran.err.contains("notes.csv"), "{command:?}: {}", ran.err);
    }
    assert_eq!(fs::read_to_string(lab.cwd().join("notes.csv")).expect("the notes"), NOTES);
}

#[test]
fn a_folder_in_the_place_of_a_file_stops_the_report_before_it_changes_anything() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &'static str, text: &str| (name, text.as_bytes().to_vec());
    replace_directory(folder.path(), &[file("a", "old"), file("b", "old")]).expect("the first report");
    fs::write(folder.path().join("mine"), "kept").expect("a file of the user's");
    fs::create_dir(folder.path().join("c")).expect("a folder");
    let old = files(folder.path());
    let refused = replace_directory(folder.path(), &[file("a", "new"), file("b", "new"), file("c", "new")]);
    assert!(refused.is_err_and(|error| error.to_string().contains("/c")));
    assert_eq!(files(folder.path()), old, "and no temporary file is left");
    fs::remove_dir(folder.path().join("c")).expect("the folder goes");
    replace_directory(folder.path(), &[file("a", "new"), file("b", "new")]).expect("the second report");
    let new: Vec<_> = files(folder.path()).into_iter().map(|(name, bytes)| (name, bytes.len())).collect();
    assert_eq!(new, [("a".to_owned(), 3), ("b".to_owned(), 3), ("mine".to_owned(), 4)]);
}

/// The files of a folder, hidden ones too, by name.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .map(|path| {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("a file"))
        })
        .collect();
    files.sort();
    files
}
