//! AWS CloudTrail's event history: who changed what in the last 90 days, to the second.
//!
//! A lookup filters by one attribute. By event source EC2's history is mostly `Describe…` calls (every console page and
//! every poll of gpucost's own makes some): tens of thousands of pages at 50 events and 2 requests a second. By event
//! name there is one lookup for each name, and nothing comes back that is not wanted: nine requests where little
//! happened.
//! <https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html> (read 2026-11-23)

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_sdk_cloudtrail::Client;
use aws_sdk_cloudtrail::config::Builder;
use aws_sdk_cloudtrail::error::ProvideErrorMetadata;
use aws_sdk_cloudtrail::operation::lookup_events::LookupEventsOutput;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use jiff::{Timestamp, ToSpan};
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::AwsError;
use super::audit::{Read, read_event};
use super::places::{Asked, Place};
use crate::ledger::ResourceChanged;
use crate::time::Period;

const LOOKUP: &str = "cloudtrail:LookupEvents";

/// What starts, ends or changes what EC2 bills.
const EVENTS: [&str; 9] = [
    "RunInstances",
    "StartInstances",
    "StopInstances",
    "TerminateInstances",
    "CreateVolume",
    "DeleteVolume",
    "ModifyVolume",
    "ModifyInstanceAttribute",
    "BidEvictedEvent",
];

/// Two requests a second for an account and region, and some room for the line's jitter.
const BETWEEN_REQUESTS: Duration = Duration::from_millis(550);
const LARGEST_PAGE: i32 = 50;
/// Whoever else looks up events shares the limit: be patient.
const MAX_ATTEMPTS: u32 = 8;
/// How often a lookup whose page token expired begins again without having come further.
const MAX_RESTARTS: u32 = 3;

/// What one place's event history gave.
#[derive(Debug)]
pub struct LookedUp {
    pub place: Place,
    pub changes: Vec<ResourceChanged>,
    pub requests: u64,
    pub events: u64,
    /// Calls that failed or changed nothing, dry runs.
    pub without_effect: u64,
    /// Events whose record lacks what it should tell, by id.
    pub unreadable: Vec<String>,
    /// What stopped it; the changes were read before.
    pub failure: Option<AwsError>,
}

impl LookedUp {
    /// By time, each once: where a lookup began again its last second came twice.
    fn in_order(mut self) -> LookedUp {
        let key = |change: &ResourceChanged| (change.at, change.event_id.clone(), change.resource_id.clone());
        self.changes.sort_by_cached_key(key);
        self.changes.dedup();
        self
    }
}

/// Looks the window up at all places, a few at a time. `on_covered` is told how many seconds more of the window of one
/// event name have been gone through: in all, [`seconds_to_cover`] for each place.
pub fn look_up_places(
    places: &[Place],
    window: Period,
    on_covered: impl Fn(u64) + Clone + Send + Sync + 'static,
) -> Asked<LookedUp> {
    Asked::of_each(places.to_vec(), move |place| look_up(place, window, on_covered.clone()))
}

/// What `on_covered` adds up to for each place.
pub fn seconds_to_cover(window: Period) -> u64 {
    seconds(window) * EVENTS.len() as u64
}

async fn look_up(place: Place, window: Period, on_covered: impl Fn(u64) + Sync) -> LookedUp {
    let retries = RetryConfig::standard().with_max_attempts(MAX_ATTEMPTS);
    let config = Builder::from(&place.account.config).retry_config(retries).build();
    let mut limiter = interval(BETWEEN_REQUESTS);
    limiter.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let found = LookedUp {
        place,
        changes: Vec::new(),
        requests: 0,
        events: 0,
        without_effect: 0,
        unreadable: Vec::new(),
        failure: None,
    };
    let mut lookup = Lookup { client: Client::from_conf(config), limiter, found };
    for name in EVENTS {
        let mut left = seconds(window);
        let mut on_reached = |reached: Timestamp| {
            let still = seconds(Period { start: window.start, end: reached }).min(left);
            on_covered(left - still);
            left = still;
        };
        if let Err(failure) = lookup.events_named(name, window, &mut on_reached).await {
            let known = lookup.found.place.is_known;
            lookup.found.failure = Some(if known { failure.of_good_credentials() } else { failure });
            return lookup.found.in_order();
        }
        on_reached(window.start);
    }
    lookup.found.in_order()
}

struct Lookup {
    client: Client,
    limiter: Interval,
    found: LookedUp,
}

impl Lookup {
    /// All events of one name, newest first, as CloudTrail gives them.
    async fn events_named(
        &mut self,
        name: &'static str,
        window: Period,
        on_reached: &mut impl FnMut(Timestamp),
    ) -> Result<(), AwsError> {
        // `until` is what the lookup asks for; a token is good for the very same question alone.
        let (mut until, mut reached, mut token, mut restarts) = (window.end, window.end, None, 0);
        loop {
            let page = match self.page(name, Period { end: until, ..window }, token.take()).await {
                Ok(page) => page,
                // Too much time passed: what is newer than the last event seen is read, the rest is asked for anew.
                Err(Page::TokenExpired) if restarts < MAX_RESTARTS => {
                    restarts += 1;
                    until = reached;
                    continue;
                }
                Err(page) => return Err(page.into_error(&self.found.place.region)),
            };
            for event in page.events() {
                self.take(event);
                if let Some(at) = event.event_time().and_then(timestamp) {
                    // Several events may share the last second: it is asked for again, and they are known by their ids.
                    let after = at.checked_add(1.second()).unwrap_or(at);
                    if after < reached {
                        (reached, restarts) = (after, 0);
                    }
                    on_reached(at);
                }
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(());
            }
        }
    }

    async fn page(
        &mut self,
        name: &'static str,
        window: Period,
        token: Option<String>,
    ) -> Result<LookupEventsOutput, Page> {
        self.limiter.tick().await;
        self.found.requests += 1;
        let by_name = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::EventName)
            .attribute_value(name)
            .build()
            .map_err(|e| Page::Failed(self.failed(e.to_string())))?;
        let request = self
            .client
            .lookup_events()
            .lookup_attributes(by_name)
            .start_time(DateTime::from_secs(window.start.as_second()))
            .end_time(DateTime::from_secs(window.end.as_second()))
            .max_results(LARGEST_PAGE)
            .set_next_token(token);
        request.send().await.map_err(|error| {
            let code = error.as_service_error().and_then(ProvideErrorMetadata::code);
            if code.is_some_and(|code| code.contains("NextToken")) {
                return Page::TokenExpired;
            }
            let Place { region, account, .. } = &self.found.place;
            Page::Failed(AwsError::from_sdk(LOOKUP, region, account.profile.as_deref(), error))
        })
    }

    fn failed(&self, why: String) -> AwsError {
        AwsError::Request { action: LOOKUP, region: self.found.place.region.clone(), why }
    }

    fn take(&mut self, event: &Event) {
        self.found.events += 1;
        match read_event(event.cloud_trail_event().unwrap_or_default()) {
            Read::Changes(mut changes) => self.found.changes.append(&mut changes),
            Read::WithoutEffect => self.found.without_effect += 1,
            Read::Unreadable => {
                self.found.unreadable.push(event.event_id().unwrap_or("(no id)").to_owned());
            }
        }
    }
}

/// Why there is no page.
enum Page {
    TokenExpired,
    Failed(AwsError),
}

impl Page {
    fn into_error(self, region: &str) -> AwsError {
        match self {
            Page::Failed(failure) => failure,
            Page::TokenExpired => AwsError::Request {
                action: LOOKUP,
                region: region.to_owned(),
                why: "AWS let the page tokens expire faster than the pages could be read".to_owned(),
            },
        }
    }
}

fn timestamp(at: &DateTime) -> Option<Timestamp> {
    Timestamp::from_second(at.secs()).ok()
}

fn seconds(period: Period) -> u64 {
    u64::try_from(period.seconds()).unwrap_or(0)
}
