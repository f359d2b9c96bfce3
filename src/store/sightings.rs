//! What the tracker saw, as the ledger keeps it: what seldom changes of a resource once as JSON, what each start and
//! stop changes in columns of its own.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use rusqlite::Row;
use sha2::{Digest, Sha256};

use crate::ledger::{Fact, InstanceState, ResourceKind};

/// Stands for the time in the text of a reason.
const TIME_MARK: char = '\u{1}';
const REASON_TIME: &str = "%Y-%m-%d %H:%M:%S";

/// The columns of [`Varying`], as `present` and `sights` have them; `reasons` is joined.
pub(super) const VARYING: &str = "state, launched_at, reasons.text, reason_at, public_ip";

/// What a start or a stop of an instance changes. Nothing of it for other resources.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Varying {
    pub state: Option<i64>,
    pub launched_at: Option<i64>,
    /// With [`TIME_MARK`] where `reason_at` belongs.
    pub reason: Option<String>,
    pub reason_at: Option<i64>,
    pub public_ip: Option<String>,
}

/// A fact of a poll, taken apart.
pub(super) struct Description {
    pub what: ResourceKind,
    pub id: String,
    /// JSON of what seldom changes.
    pub body: String,
    /// The first half of the body's SHA-256.
    pub digest: [u8; 16],
    pub varying: Varying,
}

impl Description {
    /// `None` for a fact that is no sight of a resource.
    pub(super) fn of(fact: &Fact) -> Option<Description> {
        let mut lasting = fact.clone();
        let mut varying = Varying::default();
        let blank = Timestamp::UNIX_EPOCH;
        let (what, id) = match &mut lasting {
            Fact::Instance(seen) => {
                varying = take_varying(seen.state, &mut seen.launch_time, &mut seen.reason, seen.public_ip.take());
                seen.state = InstanceState::Pending;
                seen.seen_at = blank;
                (ResourceKind::Instance, seen.instance_id.clone())
            }
            Fact::Volume(seen) => {
                seen.seen_at = blank;
                (ResourceKind::Volume, seen.volume_id.clone())
            }
            Fact::Address(seen) => {
                seen.seen_at = blank;
                (ResourceKind::Address, seen.allocation_id.clone())
            }
            Fact::Snapshot(seen) => {
                seen.seen_at = blank;
                (ResourceKind::Snapshot, seen.snapshot_id.clone())
            }
            Fact::Image(seen) => {
                seen.seen_at = blank;
                (ResourceKind::Image, seen.image_id.clone())
            }
            Fact::Noted(_) | Fact::Changed(_) | Fact::Gone(_) | Fact::Listed(_) => return None,
        };
        // A fact is text, numbers and times: it has no way not to become JSON.
        let body = serde_json::to_string(&lasting).ok()?;
        let mut digest = [0; 16];
        digest.copy_from_slice(Sha256::digest(&body).get(..16)?);
        Some(Description { what, id, body, digest, varying })
    }
}

fn take_varying(
    state: InstanceState,
    launch_time: &mut Timestamp,
    reason: &mut String,
    public_ip: Option<String>,
) -> Varying {
    let (text, reason_at) = without_time(reason);
    let text = (!text.is_empty()).then(|| text.into_owned());
    reason.clear();
    // Parts of a second, which AWS has none of, stay in the body.
    let launched_at = (launch_time.subsec_nanosecond() == 0).then(|| launch_time.as_second());
    if launched_at.is_some() {
        *launch_time = Timestamp::UNIX_EPOCH;
    }
    Varying { state: Some(code_of(state)), launched_at, reason: text, reason_at, public_ip }
}

/// A reason's text with a mark for its time, if putting the time back makes the very same text.
fn without_time(reason: &str) -> (Cow<'_, str>, Option<i64>) {
    let parts = || {
        let (before, rest) = reason.rsplit_once('(')?;
        let (time, after) = (rest.get(..19)?, rest.get(19..)?);
        let at = time.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let text = format!("{before}({TIME_MARK}{after}");
        (with_time(&text, at.as_second())? == reason).then_some((text, at.as_second()))
    };
    match parts() {
        Some((text, at)) => (Cow::Owned(text), Some(at)),
        None => (Cow::Borrowed(reason), None),
    }
}

pub(super) fn with_time(text: &str, at: i64) -> Option<String> {
    let at = Timestamp::from_second(at).ok()?;
    Some(text.replacen(TIME_MARK, &at.strftime(REASON_TIME).to_string(), 1))
}

pub(super) const STATES: [(InstanceState, i64); 6] = [
    (InstanceState::Pending, 0),
    (InstanceState::Running, 1),
    (InstanceState::Stopping, 2),
    (InstanceState::Stopped, 3),
    (InstanceState::ShuttingDown, 4),
    (InstanceState::Terminated, 5),
];

fn code_of(state: InstanceState) -> i64 {
    STATES.into_iter().find(|(known, _)| *known == state).map_or(0, |(_, code)| code)
}

/// The number of a kind in the tables.
pub(super) const fn kind_code(what: ResourceKind) -> i64 {
    match what {
        ResourceKind::Instance => 0,
        ResourceKind::Volume => 1,
        ResourceKind::Address => 2,
        ResourceKind::Snapshot => 3,
        ResourceKind::Image => 4,
    }
}

pub(super) fn kind_of(code: i64) -> Option<ResourceKind> {
    ResourceKind::ALL.into_iter().find(|what| kind_code(*what) == code)
}

impl Varying {
    /// From the columns [`VARYING`], the first of which is the one at `from`.
    pub(super) fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<Varying> {
        Ok(Varying {
            state: row.get(from)?,
            launched_at: row.get(from + 1)?,
            reason: row.get(from + 2)?,
            reason_at: row.get(from + 3)?,
            public_ip: row.get(from + 4)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_comes_back_word_for_word() {
        for (reason, has_time) in [
            ("", false),
            ("User initiated", false),
            ("User initiated (2026-10-06 03:04:05 GMT)", true),
            ("User initiated (2026-10-06 03:04:05 UTC)", true),
            ("Server.SpotInstanceTermination: (a) (2026-10-06 03:04:05 GMT)", true),
            ("User initiated (2026-10-06 3:04:05 GMT)", false),
            ("User initiated (2026-13-06 03:04:05 GMT)", false),
            ("odd \u{1} (2026-10-06 03:04:05 GMT)", false),
            ("(\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd})", false),
        ] {
            let (text, at) = without_time(reason);
            assert_eq!(at.is_some(), has_time, "{reason}");
            assert_eq!(at.map_or(Some(text.to_string()), |at| with_time(&text, at)).as_deref(), Some(reason));
        }
    }
}
