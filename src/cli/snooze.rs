//! `gpucost advise --snooze ID --until DATE`, and `--unsnooze ID`.

use strsim::damerau_levenshtein;

use super::error::{Exit, Failure};
use super::request::Request;
use super::show;
use crate::advice::{Finding, Snooze};
use crate::report::suppressed::snoozes_table;
use crate::store::Store;
use crate::time::parse_timestamp;

/// Ids named beside one that there is not.
const NEAREST: usize = 3;
/// No id is longer, and comparing is quadratic.
const LONGEST: usize = 200;

/// Puts one of `findings` off.
pub fn snooze(id: &str, until: &str, findings: &[Finding], request: &Request) -> Result<Exit, Failure> {
    let until = parse_timestamp(until).map_err(|e| Failure::usage(format!("--until: {e}")))?;
    if until <= request.now {
        return Err(Failure::usage(format!("--until: {until} is over")).hint("name a day to come"));
    }
    if !findings.iter().any(|finding| finding.id == id) {
        return Err(unknown("finding", id, findings.iter().map(|finding| finding.id.as_str())));
    }
    let mut store = Store::open(&request.ledger)?;
    store.snooze(&Snooze { finding: id.to_owned(), until }, request.now)?;
    listed(&store, request)
}

pub fn unsnooze(id: &str, request: &Request) -> Result<Exit, Failure> {
    let mut store = Store::open(&request.ledger)?;
    if !store.unsnooze(id)? {
        let snoozes = store.snoozes()?;
        return Err(unknown("snoozed finding", id, snoozes.iter().map(|snooze| snooze.finding.as_str())));
    }
    listed(&store, request)
}

/// What is snoozed now.
fn listed(store: &Store, request: &Request) -> Result<Exit, Failure> {
    show::tables(&[snoozes_table(&store.snoozes()?, request.now)], request)
}

fn unknown<'a>(what: &str, id: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let failure = Failure::new(format!("there is no {what} `{id}`"));
    if id.chars().count() > LONGEST {
        return failure.hint("ids are in `gpucost advise -o csv`");
    }
    let mut near: Vec<(usize, &str)> = known.map(|known| (damerau_levenshtein(id, known), known)).collect();
    near.sort_unstable();
    near.truncate(NEAREST);
    let near: Vec<&str> = near.into_iter().map(|(_, known)| known).collect();
    match near.is_empty() {
        true => failure.hint(format!("there is no {what} at all")),
        false => failure.hint(format!("the nearest: {}", near.join(", "))),
    }
}
