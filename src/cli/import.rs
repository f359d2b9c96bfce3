//! `gpucost usage import` and `gpucost usage check`

use std::fs::File;
use std::io::{ErrorKind, IsTerminal, Read};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::args::{CheckArgs, ImportArgs};
use super::error::{Exit, Failure};
#[cfg(feature = "aws")]
use super::import_cost_explorer;
use super::imported::{Imported, check_table, import_table};
use super::request::Request;
use super::show;
use crate::exports::{ExportError, Fault, Reading, check as check_export, is_focus, read_focus};
use crate::ledger::Fact;
use crate::store::{Described, Import, Recorded, Store, looks_like_notes, read_descriptions, read_notes};
use crate::time::parse_timestamp;

/// What is needed of a file to tell its format.
const HEAD_BYTES: u64 = 64 * 1024;

/// Notes and descriptions are read whole; nobody's are this large.
const LARGEST_DOCUMENT: u64 = 1 << 28;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A bar for what takes less is only noise.
const BAR_AFTER: Duration = Duration::from_millis(800);

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Failure {
        let hint = format!("nothing was imported; {}", what_to_do(&error.fault));
        Failure::new(error).hint(hint)
    }
}

fn what_to_do(fault: &Fault) -> &'static str {
    match fault {
        Fault::Io(_) => "check the name and that you may read it",
        Fault::TruncatedGzip | Fault::DamagedGzip(_) | Fault::Empty => "download the export again",
        Fault::NotCsv(_) | Fault::MissingColumns(_) => {
            "have AWS export FOCUS 1.0 or 1.2 as CSV or CSV.gz with all its columns (Data Exports)"
        }
        // A row that is not as AWS writes it has been through another program, or was cut.
        _ => "import the export as AWS wrote it, or mend the line and import the file again",
    }
}

/// Imports each file in a transaction of its own: one that fails leaves the others in.
pub fn run(args: &ImportArgs, request: &Request) -> Result<Exit, Failure> {
    #[cfg(feature = "aws")]
    if args.cost_explorer.from_cost_explorer {
        return import_cost_explorer::run(&args.cost_explorer, args.supersede, request);
    }
    let observed_at = args
        .observed_at
        .as_deref()
        .map(|text| parse_timestamp(text).map_err(|e| Failure::usage(format!("--observed-at: {e}"))))
        .transpose()?;
    let mut imported = Vec::new();
    let mut failed = None;
    for path in &args.files {
        match import_file(path, observed_at, args.supersede, request) {
            Ok(done) => imported.push(done),
            Err(failure) => {
                failure.print();
                failed = Some(failure.exit);
            }
        }
    }
    if !imported.is_empty() {
        show::tables(&[import_table(&imported)], request)?;
    }
    Ok(match failed {
        None => Exit::Ok,
        Some(_) if !imported.is_empty() => Exit::Partial,
        Some(exit) => exit,
    })
}

fn import_file(
    path: &Path,
    observed_at: Option<Timestamp>,
    supersede: bool,
    request: &Request,
) -> Result<Imported, Failure> {
    let head = head(path)?;
    if is_focus(&head) {
        return import_focus(path, supersede, request);
    }
    let text = whole(path)?;
    let sha256 = identity(&text, observed_at);
    let observed_at = observed_at.map_or_else(|| modified_at(path), Ok)?;
    let Described { format, facts, lists } = facts_of(path, &text, observed_at, request)?;
    let rows = facts.len() as u64;
    let import = Import { file: path.display().to_string(), format: format.clone(), imported_at: request.now };
    let recorded = Store::create(&request.ledger)?.record(&import, supersede, |recorder| {
        for (line, fact) in &facts {
            recorder.fact(*line, fact)?;
        }
        for listed in &lists {
            recorder.listed(listed)?;
        }
        Ok::<_, Failure>(sha256)
    })?;
    Ok(Imported { file: import.file, format, rows, taken: rows, recorded, skipped: Vec::new() })
}

/// The SHA-256 of a file's text: the same file again is no news. With `--observed-at` it is: an account that
/// looks the same at another time was seen at another time.
fn identity(text: &str, observed_at: Option<Timestamp>) -> String {
    let mut hash = Sha256::new_with_prefix(text);
    if let Some(at) = observed_at {
        hash.update(at.to_string());
    }
    hex(&hash.finalize())
}

/// The facts of notes or a description, with their lines or records.
fn facts_of(path: &Path, text: &str, observed_at: Timestamp, request: &Request) -> Result<Described, Failure> {
    let text = text.trim_start_matches(BYTE_ORDER_MARK);
    if looks_like_json(text) {
        return read_descriptions(text, observed_at, request.regions.first().map(String::as_str))
            .map_err(|e| Failure::new(format!("{}: {e}", path.display())));
    }
    if text.lines().find(|line| !line.trim().is_empty()).is_some_and(looks_like_notes) {
        let rows = read_notes(text, observed_at)
            .map_err(|e| Failure::new(format!("{}:{}: {}", path.display(), e.line, e.why)))?;
        let facts = rows.into_iter().map(|(line, noted)| (line, Fact::Noted(noted))).collect();
        return Ok(Described { facts, lists: Vec::new(), format: "notes".to_owned() });
    }
    Err(unknown_format(path))
}

fn import_focus(path: &Path, supersede: bool, request: &Request) -> Result<Imported, Failure> {
    let bar = Bar::new(path);
    let mut progress = |done, total| bar.advance(done, total);
    let import = Import { file: path.display().to_string(), format: "FOCUS".to_owned(), imported_at: request.now };
    let mut summary = None;
    let recorded: Recorded = Store::create(&request.ledger)?.record(&import, supersede, |recorder| {
        let reading = Reading::default().on_progress(&mut progress);
        let read = read_focus(path, reading, |record| {
            let line = record.first_line;
            recorder.metered(line, &record.into_metered()).map_err(Failure::from)
        })?;
        let sha256 = read.sha256.clone();
        summary = Some(read);
        Ok::<_, Failure>(sha256)
    })?;
    bar.finish();
    let summary = summary.ok_or_else(|| Failure::new(format!("{}: nothing was read", path.display())))?;
    Ok(Imported {
        file: import.file,
        format: summary.version.name().to_owned(),
        rows: summary.rows,
        taken: summary.taken,
        recorded,
        skipped: summary
            .skipped
            .iter()
            .map(|(reason, skipped)| (reason.text().to_owned(), skipped.rows, skipped.first_line))
            .collect(),
    })
}

/// `gpucost usage check FILE`: exits with 1 if a row's cost is not quantity × rate.
pub fn check(args: &CheckArgs, request: &Request) -> Result<Exit, Failure> {
    let bar = Bar::new(&args.file);
    let mut progress = |done, total| bar.advance(done, total);
    let report = check_export(&args.file, Reading::default().on_progress(&mut progress))?;
    bar.finish();
    show::tables(&[check_table(&args.file.display().to_string(), &report)], request)?;
    Ok(if report.aws.mismatched == 0 { Exit::Ok } else { Exit::Failed })
}

fn head(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut head = Vec::new();
    // A file is read more than once, a pipe gives its bytes only once.
    let kind = std::fs::metadata(path).map_err(|error| unreadable(path, &error))?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        return Err(Failure::new(format!("cannot read {}: it is not a regular file", path.display()))
            .hint("save what the command prints to a file, then import that"));
    }
    File::open(path)
        .and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head))
        .map_err(|error| unreadable(path, &error))?;
    Ok(head)
}

fn whole(path: &Path) -> Result<String, Failure> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST_DOCUMENT + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > LARGEST_DOCUMENT {
        return Err(Failure::new(format!("{}: it is larger than {} MiB", path.display(), LARGEST_DOCUMENT >> 20))
            .hint("of files this large gpucost reads FOCUS exports alone"));
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let upto = error.utf8_error().valid_up_to();
            let line = error.as_bytes()[..upto].iter().filter(|byte| **byte == b'\n').count() + 1;
            Err(Failure::new(format!("{}:{line}: the text is not UTF-8", path.display()))
                .hint("own notes and describe output are UTF-8 text; FOCUS exports may be gzip"))
        }
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failure {
    let failure = Failure::new(format!("cannot read {}: {error}", path.display()));
    match error.kind() {
        ErrorKind::NotFound => failure.hint("check the name; nothing was imported from it"),
        ErrorKind::IsADirectory => failure.hint("name the files in it"),
        _ => failure,
    }
}

fn looks_like_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '['])
}

fn unknown_format(path: &Path) -> Failure {
    Failure::new(format!("{}: gpucost does not know this format", path.display())).hint(
        "it reads own notes (CSV with region, instance_id, start; see docs/notes.md), the JSON of \
         `aws ec2 describe-instances|volumes|addresses|snapshots|images`, and FOCUS 1.0 or 1.2 exports as CSV or CSV.gz",
    )
}

/// When a file was written, to the second.
fn modified_at(path: &Path) -> Result<Timestamp, Failure> {
    let unknown = |_| {
        Failure::new(format!("{}: it is not known when it was written", path.display()))
            .hint("say when with --observed-at")
    };
    let modified = std::fs::metadata(path).and_then(|metadata| metadata.modified()).map_err(unknown)?;
    let modified = Timestamp::try_from(modified)
        .and_then(|at| Timestamp::from_second(at.as_second()))
        .map_err(|_| Failure::new(format!("{}: it was written at no time gpucost can hold", path.display())));
    modified.map_err(|failure| failure.hint("say when with --observed-at"))
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A progress bar on stderr, if that is a terminal and the file takes its time.
struct Bar {
    bar: ProgressBar,
    started: std::time::Instant,
}

impl Bar {
    fn new(path: &Path) -> Bar {
        let bar = ProgressBar::hidden();
        if let Ok(style) = ProgressStyle::with_template("{msg} {bar:30} {bytes} of {total_bytes}, {eta} left") {
            bar.set_style(style);
        }
        bar.set_message(path.display().to_string());
        Bar { bar, started: std::time::Instant::now() }
    }

    fn advance(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
        if self.bar.is_hidden() && self.started.elapsed() > BAR_AFTER && std::io::stderr().is_terminal() {
            self.bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
        }
    }

    fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
