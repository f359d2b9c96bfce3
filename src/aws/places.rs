//! Where to look: the regions of each account behind the profiles, each once.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;

use aws_sdk_ec2::Client;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinSet};

use super::account::home_of;
use super::{Account, AwsError};

/// Places that are asked at the same time: AWS limits requests by account and region, a laptop by its line.
const AT_ONCE: usize = 8;

const REGIONS: &str = "ec2:DescribeRegions";

/// One region of one account.
#[derive(Clone, Debug)]
pub struct Place {
    pub(super) account: Account,
    pub region: String,
    /// Empty where AWS did not tell.
    pub account_id: String,
    /// AWS took the credentials elsewhere: where it does not, the region is not enabled.
    pub(super) is_known: bool,
}

impl Place {
    pub fn profile(&self) -> Option<&str> {
        self.account.profile.as_deref()
    }
}

/// Which regions the user wants looked at.
#[derive(Clone, Copy, Debug)]
pub enum Regions<'a> {
    /// These; none named: the profile's own.
    Named(&'a [String]),
    /// All that are enabled in the account.
    Enabled,
}

/// Where to look, and what stands in the way.
#[derive(Debug, Default)]
pub struct Places {
    pub places: Vec<Place>,
    pub notes: Vec<String>,
    /// By profile: it cannot be looked at, at all.
    pub failures: Vec<(Option<String>, AwsError)>,
}

impl Places {
    /// Asks each profile who it is and where it may look, all at once. Two profiles of one account count as one.
    pub async fn resolve(profiles: &[String], regions: Regions<'_>) -> Places {
        let profiles: Vec<Option<String>> = match profiles {
            [] => vec![None],
            named => named.iter().cloned().map(Some).collect(),
        };
        let mut asked = JoinSet::new();
        for (order, profile) in profiles.into_iter().enumerate() {
            let named = match regions {
                Regions::Named(regions) => Some(regions.to_vec()),
                Regions::Enabled => None,
            };
            asked.spawn(async move { (order, places_of(profile.as_deref(), named).await, profile) });
        }
        let mut answers: BTreeMap<usize, _> = BTreeMap::new();
        while let Some(answer) = asked.join_next().await {
            let (order, of_profile, profile) = answered(answer);
            answers.insert(order, (of_profile, profile));
        }
        let mut all = Places::default();
        let mut looked_at: BTreeSet<(String, String)> = BTreeSet::new();
        for (of_profile, profile) in answers.into_values() {
            match of_profile {
                Ok((places, notes)) => {
                    all.notes.extend(notes);
                    all.add(places, &mut looked_at);
                }
                Err(failure) => all.failures.push((profile, failure)),
            }
        }
        all
    }

    fn add(&mut self, places: Vec<Place>, looked_at: &mut BTreeSet<(String, String)>) {
        let mut twice = Vec::new();
        for place in places {
            let is_new = looked_at.insert((place.account_id.clone(), place.region.clone()));
            if is_new || place.account_id.is_empty() {
                self.places.push(place);
            } else {
                twice.push(place);
            }
        }
        if let Some(place) = twice.first() {
            let regions: Vec<&str> = twice.iter().map(|place| place.region.as_str()).collect();
            self.notes.push(format!(
                "The profile `{}` is of account {}, which another profile looks at: {} asked once.",
                place.profile().unwrap_or("default"),
                place.account_id,
                if regions.len() == 1 { format!("{} is", regions.concat()) } else { "its regions are".to_owned() },
            ));
        }
    }
}

/// The places of one profile, and what is worth a note.
async fn places_of(profile: Option<&str>, named: Option<Vec<String>>) -> Result<(Vec<Place>, Vec<String>), AwsError> {
    let first = named.as_deref().and_then(<[String]>::first).map(String::as_str);
    let account = Account::resolve(profile, None).await;
    let account = match (account.region(), first) {
        (Some(_), _) => account,
        (None, Some(first)) => account.in_region(first),
        // All regions can be asked for from any of them.
        (None, None) if named.is_none() => account.in_region(home_of("")),
        (None, None) => return Err(AwsError::NoRegion),
    };
    let mut notes = Vec::new();
    let (account_id, is_known) = match account.identity().await {
        Ok(id) => (id, true),
        Err(failure @ (AwsError::Credentials { .. } | AwsError::NoRegion)) => return Err(failure),
        Err(failure) => {
            notes.push(format!("The account's id is taken from what is in it: {failure}."));
            (String::new(), false)
        }
    };
    let regions = match named {
        None => enabled_regions(&account).await.map_err(|e| if is_known { e.of_good_credentials() } else { e })?,
        Some(named) if named.is_empty() => account.region().map(str::to_owned).into_iter().collect(),
        Some(named) => named,
    };
    let once: BTreeSet<String> = regions.into_iter().collect();
    let places = once.into_iter().map(|region| Place {
        account: account.in_region(&region),
        region,
        account_id: account_id.clone(),
        is_known,
    });
    Ok((places.collect(), notes))
}

async fn enabled_regions(account: &Account) -> Result<Vec<String>, AwsError> {
    let region = account.region().ok_or(AwsError::NoRegion)?;
    let answer = Client::new(&account.config).describe_regions().all_regions(false).send().await;
    let answer = answer.map_err(|e| AwsError::from_sdk(REGIONS, region, account.profile.as_deref(), e))?;
    let enabled = answer.regions().iter().filter(|region| region.opt_in_status() != Some("not-opted-in"));
    Ok(enabled.filter_map(|region| region.region_name().map(str::to_owned)).collect())
}

/// What is being asked of several places, a few at a time, answers as they come. Dropped, it asks no more.
pub struct Asked<T> {
    tasks: JoinSet<T>,
}

impl<T: Send + 'static> Asked<T> {
    pub(super) fn of_each<F>(places: Vec<Place>, ask: impl Fn(Place) -> F) -> Asked<T>
    where
        F: Future<Output = T> + Send + 'static,
    {
        let turns = Arc::new(Semaphore::new(AT_ONCE));
        let mut tasks = JoinSet::new();
        for place in places {
            let (turns, answer) = (Arc::clone(&turns), ask(place));
            tasks.spawn(async move {
                // Nobody closes the semaphore: there is a turn for everyone.
                let _turn = turns.acquire().await;
                answer.await
            });
        }
        Asked { tasks }
    }

    /// The next answer; `None` when all are in.
    pub async fn next(&mut self) -> Option<T> {
        self.tasks.join_next().await.map(answered)
    }
}

/// A task ends without an answer only by a fault of ours, which must not pass for a place with nothing in it.
fn answered<T>(answer: Result<T, JoinError>) -> T {
    answer.unwrap_or_else(|fault| std::panic::resume_unwind(fault.into_panic()))
}
