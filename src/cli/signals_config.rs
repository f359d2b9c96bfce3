//! The `[signals]` and `[[jupyter]]` of the config file. Tokens are never in it: it names the variable or the file that
//! holds them.

use std::path::PathBuf;

use rust_decimal::Decimal;
use serde::Deserialize;

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
    pub lookback_hours: Option<u32>,
    pub gpu_idle_percent: Option<u32>,
    pub gpu_memory_percent: Option<u32>,
    pub cpu_percent: Option<u32>,
    pub network_mb_per_day: Option<u32>,
}

impl SignalsConfig {
    /// AWS's own, but for what the file says otherwise.
    pub fn thresholds(&self) -> IdleThresholds {
        let usual = IdleThresholds::default();
        let or = |said: Option<u32>, usual: Decimal| said.map_or(usual, Decimal::from);
        IdleThresholds {
            lookback_hours: self.lookback_hours.unwrap_or(usual.lookback_hours).max(1),
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
