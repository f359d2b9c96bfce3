//! The rooms of DESIGN, in order: a room imports only from rooms above it.

use std::fs;
use std::path::{Path, PathBuf};

/// From the core outwards. A room may name itself and any room before it.
const ROOMS: [&str; 20] = [
    "quantity",
    "money",
    "time",
    "catalog",
    "ledger",
    "billing",
    "break_even",
    "advice",
    "alerts",
    "report",
    "render",
    "store",
    "web",
    "aws",
    "exports",
    "jupyter",
    "notify",
    "cli",
    "main",
    "lib",
];
/// Rooms that take data and return data.
const CORE: usize = 10;
/// What a core room must not ask for.
const EDGES: [&str; 14] = [
    "std::fs",
    "std::env",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "tokio",
    "rusqlite",
    "reqwest",
    "aws_sdk",
    "aws_config",
    "aws_smithy",
    "Timestamp::now",
    "SystemTime",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// (room, path, text) of every source file.
fn rooms() -> Vec<(usize, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 40, "only {} files: is this the right folder?", files.len());
    files
        .into_iter()
        .map(|path| {
            let inside = path.strip_prefix(&src).expect("under src").to_string_lossy().into_owned();
            let room = inside.split(['/', '.']).next().unwrap_or_default().to_owned();
            let rank = ROOMS.iter().position(|known| *known == room).unwrap_or_else(|| panic!("unknown room {room}"));
            (rank, inside, fs::read_to_string(&path).expect("a text file"))
        })
        .collect()
}

/// The rooms a text names as `crate::room`, also in `use crate::{a, b}`.
fn named(text: &str) -> Vec<&'static str> {
    let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    assert!(!code.contains("use crate::{"), "import rooms one by one, so that this test can read them");
    ROOMS
        .into_iter()
        .filter(|room| code.contains(&format!("crate::{room}::")) || code.contains(&format!("crate::{room};")))
        .collect()
}

/// Without comments and unit tests.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn rooms_import_only_from_rooms_above() {
    let mut seen = 0;
    for (rank, path, text) in rooms() {
        for room in named(&text) {
            seen += 1;
            let imported = ROOMS.iter().position(|known| *known == room).expect("a room");
            assert!(imported <= rank, "{path} imports {room}, which is below it");
        }
    }
    assert!(seen > 80, "only {seen} imports were recognized");
}

#[test]
fn the_core_asks_for_nothing() {
    for (rank, path, text) in rooms().into_iter().filter(|(rank, ..)| *rank < CORE) {
        let code = code_of(&text);
        for edge in EDGES {
            assert!(!code.contains(edge), "{path} (room {rank}) uses {edge}");
        }
        assert!(!code.contains("dyn "), "{path}: a trait object in the core");
        assert!(!code.contains("async "), "{path}: async in the core");
    }
}

#[test]
fn no_float_touches_money() {
    // Pixel positions are floats; dollars are not. The random numbers of an uncertainty room may be.
    for (_, path, text) in rooms() {
        let may = path.starts_with("render/chart") || path.starts_with("break_even/uncertainty");
        let code = code_of(&text);
        assert!(may || !(code.contains("f64") || code.contains("f32")), "{path} uses floats");
    }
}

#[test]
fn only_money_rounds_money() {
    for (_, path, text) in rooms() {
        assert!(path == "money.rs" || !text.contains("Usd(round"), "{path}");
        assert!(!code_of(&text).contains(".round_dp("), "{path}: round_dp is half-even; money.rs knows how to round");
    }
}

#[test]
fn main_is_short_and_lib_is_a_list() {
    let lines = |name: &str| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name)).expect(name).lines().count()
    };
    assert!(lines("main.rs") <= 60);
    assert!(lines("lib.rs") <= 60);
}
