//! `gpucost advise` over 10,000 instances and 30,000 volumes: the whole process, and where its time goes. Beside it
//! Python, reading the rows of the same ledger with its sqlite3 and their JSON with its json, and doing nothing with them.
//!
//! ```text
//! cargo bench --bench advise --no-default-features
//! ```
//!
//! The ledger is what the tracker would have recorded in four polls; what CloudWatch tells is not in it.

mod account;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gpucost::advice::{Advisor, Thresholds};
use gpucost::catalog::RateCard;
use gpucost::ledger::derive;
use gpucost::render::text::{self, Style};
use gpucost::report::advice::findings_list;
use gpucost::store::Store;
use jiff::Timestamp;

const RUNS: usize = 9;
const AS_OF: &str = "2026-11-01T00:00:00Z";

/// Reads every row that gpucost reads.
const PEER: &str = "
import json, sqlite3, sys
ledger = sqlite3.connect(sys.argv[1])
seen = [json.loads(body) for (body,) in ledger.execute('SELECT body FROM shapes')]
rows = ledger.execute('SELECT * FROM present').fetchall() + ledger.execute('SELECT * FROM sights').fetchall()
rows += ledger.execute('SELECT * FROM resources').fetchall()
print(len(seen), len(rows))
";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let ledger = folder.path().join("ledger.db");
    let mut store = Store::create(&ledger)?;
    for poll in account::polls() {
        store.record_poll(&poll)?;
    }
    drop(store);
    println!(
        "{} instances, {} volumes, {} MB of ledger",
        account::INSTANCES,
        account::INSTANCES * account::VOLUMES_EACH,
        std::fs::metadata(&ledger)?.len() / 1_000_000
    );
    phases(&ledger)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        ours.push(timed(gpucost(&ledger))?);
        let mut peer = Command::new("python3");
        peer.args(["-c", PEER]).arg(&ledger);
        theirs.push(timed(peer)?);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!("gpucost advise, whole process: {ours:.0?} (median of {RUNS})");
    println!(
        "python3 reading the same rows: {theirs:.0?}; gpucost takes {:.2} of it",
        ours.as_secs_f64() / theirs.as_secs_f64()
    );
    Ok(())
}

fn gpucost(ledger: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gpucost"));
    command.args(["advise", "--as-of", AS_OF, "--ledger"]).arg(ledger);
    command
}

fn timed(mut command: Command) -> Result<Duration, Box<dyn std::error::Error>> {
    let began = Instant::now();
    let status = command.stdout(Stdio::null()).status()?;
    let took = began.elapsed();
    if !status.success() {
        return Err(format!("{command:?}: {status}").into());
    }
    Ok(took)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The steps of the command, one after the other.
fn phases(ledger: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let now: Timestamp = AS_OF.parse()?;
    let mut began = Instant::now();
    let mut lap = |what: &str| {
        println!("  {what:<10} {:.0?}", began.elapsed());
        began = Instant::now();
    };
    let facts = Store::open(ledger)?.facts()?;
    lap("load");
    let derived = derive(&facts, Vec::new(), now)?;
    lap("derive");
    let findings = Advisor::new(&derived, RateCard::shipped(), Thresholds::default(), now).list();
    lap("advise");
    let table = findings_list(&findings, now);
    let text = text::table(&table, 80, Style { color: false, detail: false, unicode: true });
    std::io::sink().write_all(text.as_bytes())?;
    lap("print");
    println!("{} facts, {} findings", facts.len(), findings.len());
    Ok(())
}
