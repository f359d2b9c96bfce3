//! When something ended, as far as the evidence goes.

use jiff::Timestamp;

use crate::time::parse_timestamp;

/// The end of a session or of a volume's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    At(Timestamp),
    /// It ended; the evidence only bounds when.
    Between {
        earliest: Timestamp,
        latest: Timestamp,
    },
    /// Not ended when last seen; what came after is unknown.
    Open {
        last_seen: Timestamp,
    },
}

impl End {
    /// Up to here it surely lasted.
    pub const fn earliest(self) -> Timestamp {
        match self {
            End::At(at) | End::Between { earliest: at, .. } | End::Open { last_seen: at } => at,
        }
    }

    /// It may have lasted until here; `None` for what was open when last seen.
    pub const fn latest(self) -> Option<Timestamp> {
        match self {
            End::At(at) | End::Between { latest: at, .. } => Some(at),
            End::Open { .. } => None,
        }
    }

    /// The same end, known to lie before `next`, when something else began; a sure end stays as it is.
    #[must_use]
    pub fn before(self, next: Timestamp) -> End {
        let earliest = self.earliest();
        match self {
            End::At(_) => self,
            End::Between { latest, .. } => End::Between { earliest, latest: latest.min(next).max(earliest) },
            End::Open { .. } => End::Between { earliest, latest: next.max(earliest) },
        }
    }

    /// It had surely ended by then.
    pub const fn is_over(self) -> bool {
        !matches!(self, End::Open { .. })
    }
}

/// What `StateTransitionReason` tells.
///
/// AWS writes `User initiated (2024-01-02 03:04:05 GMT)` at best; it can be empty, lack the time (a
/// shutdown from inside), or begin with `Server.`; some servers write `UTC`.
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html> (read 2026-11-22)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StopReason {
    pub at: Option<Timestamp>,
}

impl StopReason {
    pub fn parse(reason: &str) -> StopReason {
        let at = reason
            .rsplit_once('(')
            .and_then(|(_, rest)| rest.split_once(')'))
            .and_then(|(time, _)| time.strip_suffix(" GMT").or_else(|| time.strip_suffix(" UTC")))
            .and_then(|time| parse_timestamp(time).ok());
        StopReason { at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_time_where_there_is_one() {
        let at = |reason: &str| StopReason::parse(reason).at.map(|at| at.to_string());
        let stopped = Some("2024-01-02T03:04:05Z".to_owned());
        assert_eq!(at("User initiated (2024-01-02 03:04:05 GMT)"), stopped);
        assert_eq!(at("User initiated (2024-01-02 03:04:05 UTC)"), stopped);
        for none in
            ["", "User initiated", "Server.SpotInstanceTermination", "User initiated (yesterday GMT)", "((", ")("]
        {
            assert_eq!(at(none), None, "{none}");
        }
    }
}
