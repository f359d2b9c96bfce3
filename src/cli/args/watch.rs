//! `gpucost watch`, as typed.

use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;

/// A poll is four requests to each region; AWS throttles who asks all the time.
const SHORTEST: SignedDuration = SignedDuration::from_secs(10);

#[derive(Args, Debug)]
pub struct WatchArgs {
    /// Time between polls, at least 10s: 60s, 5m, 1h
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = interval)]
    pub every: Duration,
    /// Stop after this long: 90m, 8h [default: until Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub stop_after: Option<Duration>,
    /// Every region that is enabled in the account
    #[arg(long)]
    pub all_regions: bool,
}

fn interval(text: &str) -> Result<Duration, String> {
    let every = duration(text)?;
    if every < SHORTEST.unsigned_abs() { Err("at least 10s".to_owned()) } else { Ok(every) }
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed: SignedDuration = text.parse().map_err(|_| "write it as 60s, 5m or 8h".to_owned())?;
    Duration::try_from(parsed).map_err(|_| "it is negative".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_between_polls_are_read() {
        assert_eq!(interval("60s"), Ok(Duration::from_secs(60)));
        assert_eq!(interval("5m"), Ok(Duration::from_secs(300)));
        assert_eq!(interval("1h 30m"), Ok(Duration::from_secs(5400)));
        for bad in ["9s", "0s", "", "60", "-5m", "soon", "99999999999999999999h"] {
            assert!(interval(bad).is_err(), "{bad} was read");
        }
    }
}
