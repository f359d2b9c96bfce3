//! `gpucost track`: one look at the account, recorded.

use sha2::{Digest, Sha256};

use super::error::{Exit, Failure};
use super::imported::{Imported, import_table};
use super::request::Request;
use super::show;
use crate::aws::{Account, AwsError, fetch_facts};
use crate::ledger::Fact;
use crate::store::{Import, Store};

impl From<AwsError> for Failure {
    fn from(error: AwsError) -> Failure {
        let hint = error.hint();
        Failure { hint, ..Failure::new(error) }
    }
}

/// Records each region in a transaction of its own: what AWS refuses is said, the rest is recorded (exit 4).
pub fn run(request: &Request) -> Result<Exit, Failure> {
    if request.offline {
        return Err(Failure::usage("`gpucost track` asks AWS, and --offline forbids it")
            .hint("import what the AWS CLI printed instead: `gpucost usage import instances.json volumes.json`"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Failure::new(format!("cannot start the network runtime: {e}")))?;
    let regions: Vec<Option<&str>> = match request.regions.as_slice() {
        [] => vec![None],
        regions => regions.iter().map(|region| Some(region.as_str())).collect(),
    };
    let (mut recorded, mut failures) = (Vec::new(), Vec::new());
    for region in regions {
        let account = runtime.block_on(Account::resolve(request.profile.as_deref(), region));
        // One region that fails leaves the others, before and after it.
        let facts = match runtime.block_on(fetch_facts(&account, request.now)) {
            Ok((facts, failed)) => {
                failures.extend(failed.into_iter().map(Failure::from));
                facts
            }
            Err(failed) => {
                failures.push(Failure::from(failed));
                continue;
            }
        };
        if !facts.is_empty() {
            match record(request, account.region().unwrap_or_default(), &facts) {
                Ok(imported) => recorded.push(imported),
                Err(failure) => failures.push(failure),
            }
        }
    }
    let exit = match (recorded.is_empty(), failures.is_empty()) {
        (_, true) => Exit::Ok,
        (false, false) => Exit::Partial,
        (true, false) => Exit::Failed,
    };
    for failure in failures {
        failure.print();
    }
    if exit != Exit::Failed {
        show::tables(&[import_table(&recorded)], request)?;
    }
    Ok(exit)
}

fn record(request: &Request, region: &str, facts: &[Fact]) -> Result<Imported, Failure> {
    let file = format!("aws:{region}@{}", request.now.strftime("%Y-%m-%dT%H:%M:%SZ"));
    let import = Import { file: file.clone(), format: "track".to_owned(), imported_at: request.now };
    let recorded = Store::create(&request.ledger)?.record(&import, false, |recorder| {
        for (line, fact) in (1..).zip(facts) {
            recorder.fact(line, fact)?;
        }
        Ok::<_, Failure>(Sha256::digest(&file).iter().map(|byte| format!("{byte:02x}")).collect())
    })?;
    let rows = facts.len() as u64;
    Ok(Imported { file, format: "track".to_owned(), rows, taken: rows, recorded, skipped: Vec::new() })
}
