//! The `[signals]` and `[[jupyter]]` of the config file. Tokens are never in it: it names the variable or the file that
//! holds them.

use std::path::PathBuf;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, de};

use crate::advice::IdleThresholds;
use crate::money::Usd;

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct SignalsConfig {
    /// Whether `gpucost track` asks CloudWatch and the Jupyter servers too.
    pub with_track: Option<bool>,
    /// What asking CloudWatch may cost at most, each time.
    pub max_usd: Option<Usd>,
    /// Where the CloudWatch agent writes its metrics.
    pub namespace: Option<String>,
    /// How far back the rules on signals look.
    #[serde(default, deserialize_with = "lookback")]
    pub lookback_hours: Option<u32>,
    #[serde(default, deserialize_with = "percent")]
    pub gpu_idle_percent: Option<u32>,
    #[serde(default, deserialize_with = "percent")]
    pub gpu_memory_percent: Option<u32>,
    #[serde(default, deserialize_with = "percent")]
    pub cpu_percent: Option<u32>,
    pub network_mb_per_day: Option<u32>,
}

/// CloudWatch keeps five-minute readings for 63 days, and the first and the last of them are not whole.
const MOST_LOOKBACK_HOURS: u32 = 62 * 24;

fn lookback<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    within(input, 1, MOST_LOOKBACK_HOURS, "hours")
}

/// A share above all of it would call everything idle, or nothing.
fn percent<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    within(input, 0, 100, "percent")
}

pub(super) fn within<'de, D: Deserializer<'de>>(
    input: D,
    least: u32,
    most: u32,
    unit: &str,
) -> Result<Option<u32>, D::Error> {
    let said = u32::deserialize(input)?;
    match (least..=most).contains(&said) {
        true => Ok(Some(said)),
        false => Err(de::Error::custom(format!("{said} is not {least} to {most} {unit}"))),
    }
}

impl SignalsConfig {
    /// AWS's own, but for what the file says otherwise.
    pub fn thresholds(&self) -> IdleThresholds {
        let usual = IdleThresholds::default();
        let or = |said: Option<u32>, usual: Decimal| said.map_or(usual, Decimal::from);
        IdleThresholds {
            lookback_hours: self.lookback_hours.unwrap_or(usual.lookback_hours),
            gpu_idle_percent: or(self.gpu_idle_percent, usual.gpu_idle_percent),
            gpu_memory_percent: or(self.gpu_memory_percent, usual.gpu_memory_percent),
            cpu_percent: or(self.cpu_percent, usual.cpu_percent),
            network_mb_per_day: or(self.network_mb_per_day, usual.network_mb_per_day),
        }
    }
}

/// A notebook server, and the instance it runs on.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct JupyterConfig {
    pub instance: String,
    pub url: String,
    pub token_env: Option<String>,
    pub token_file: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_that_make_no_sense_are_refused_and_not_bent() {
        let read = |text: &str| toml::from_str::<SignalsConfig>(text).map(|config| config.thresholds());
        assert_eq!(read(""), Ok(IdleThresholds::default()));
        assert_eq!(read("lookback_hours = 1").unwrap().lookback_hours, 1);
        assert_eq!(read("gpu_memory_percent = 100").unwrap().gpu_memory_percent, Decimal::ONE_HUNDRED);
        for (text, why) in [
            ("lookback_hours = 0", "0 is not 1 to 1488 hours"),
            ("lookback_hours = 1489", "1489 is not 1 to 1488 hours"),
            ("gpu_idle_percent = 101", "101 is not 0 to 100 percent"),
            ("cpu_percent = 500", "500 is not 0 to 100 percent"),
            ("gpu_memory_percent = -1", "invalid value: integer `-1`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message().contains(why), "{text}: {error}");
        }
    }
}
