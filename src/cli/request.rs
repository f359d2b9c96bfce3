//! The command line resolved: every option with its value, once, before any command runs.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::io::IsTerminal;
use std::path::PathBuf;

use directories::ProjectDirs;
use jiff::Timestamp;

use super::advice_config::AdviceConfig;
#[cfg(feature = "aws")]
use super::alerts_config::AlertsConfig;
use super::args::{Global, Output};
use super::config::Config;
use super::error::Failure;
#[cfg(feature = "aws")]
use super::signals_config::{JupyterConfig, SignalsConfig};
use crate::advice::Thresholds;
use crate::catalog::RateCard;
use crate::time::parse_timestamp;

/// The region of the tutorial and of most published prices, where the user names none.
pub const DEFAULT_REGION: &str = "us-east-1";

/// What names a region where the command line does not, as in the AWS CLI.
const REGION_VARIABLE: &str = "AWS_REGION";

/// AWS changes few rates in a week; a day-old publication is as good as today's.
#[cfg(feature = "aws")]
const DEFAULT_TTL_HOURS: u32 = 24;

/// Width of tables where the terminal tells none.
const DEFAULT_WIDTH: usize = 80;

#[derive(Clone, Debug)]
pub struct Request {
    /// As typed, or else of the environment or the config file. Empty: none was named, AWS's own default counts.
    #[cfg(feature = "aws")]
    pub profiles: Vec<String>,
    /// As typed, or else of the environment or the config file. Empty: none was named.
    pub regions: Vec<String>,
    /// As typed alone: what the ledger is asked about. A default that left out records would bill them $0 in silence.
    pub ledger_regions: Vec<String>,
    pub ledger: PathBuf,
    /// Empty: no home directory is known, and none was named.
    pub cache_dir: PathBuf,
    /// Once it is loaded (`Request::card`).
    pub card: OnceCell<Cow<'static, RateCard>>,
    pub output: Output,
    pub color: bool,
    #[cfg(feature = "aws")]
    pub offline: bool,
    #[cfg(feature = "aws")]
    pub live: bool,
    #[cfg(feature = "aws")]
    pub rates_ttl_hours: u32,
    /// From when on a rule speaks up.
    pub thresholds: Thresholds,
    #[cfg(feature = "aws")]
    pub signals: SignalsConfig,
    #[cfg(feature = "aws")]
    pub jupyter: Vec<JupyterConfig>,
    #[cfg(feature = "aws")]
    pub alerts: AlertsConfig,
    pub advice: AdviceConfig,
    pub verbose: bool,
    pub now: Timestamp,
    /// `now` is not the clock's.
    pub is_as_of: bool,
    pub width: usize,
}

impl Request {
    /// `now` is the clock, read once; `--as-of` overrides it.
    pub fn resolve(global: Global, now: Timestamp) -> Result<Request, Failure> {
        let dirs = ProjectDirs::from("", "", "gpucost");
        let config_file = path(global.config);
        let asked_for = config_file.is_some();
        let config = match config_file.or_else(|| dirs.as_ref().map(|d| d.config_dir().join("config.toml"))) {
            Some(path) => Config::load(&path, asked_for)?,
            None => Config::default(),
        };
        let cache_dir = path(global.cache).or_else(|| dirs.as_ref().map(|d| d.cache_dir().to_owned()));
        let ledger =
            global.ledger.or(config.ledger).or_else(|| dirs.map(|d| d.data_dir().join("ledger.db"))).ok_or_else(
                || Failure::new("no home directory is known for the ledger").hint("name a file with --ledger"),
            )?;
        let is_as_of = global.as_of.is_some();
        let now = match global.as_of {
            Some(text) => parse_timestamp(&text).map_err(|e| Failure::usage(format!("--as-of: {e}")))?,
            None => now,
        };
        let typed = named(global.region);
        Ok(Request {
            #[cfg(feature = "aws")]
            profiles: named(global.profile).or_else(|| named(config.profile)).unwrap_or_default(),
            regions: typed
                .clone()
                .or_else(|| named(from_environment(REGION_VARIABLE)))
                .or_else(|| named(config.region))
                .unwrap_or_default(),
            ledger_regions: typed.unwrap_or_default(),
            ledger,
            cache_dir: cache_dir.unwrap_or_default(),
            card: OnceCell::new(),
            output: global.output.or(config.output).unwrap_or(Output::Table),
            color: !global.no_color && wants_color(),
            #[cfg(feature = "aws")]
            offline: global.offline,
            #[cfg(feature = "aws")]
            live: global.live,
            #[cfg(feature = "aws")]
            rates_ttl_hours: global.rates_ttl_hours.or(config.rates_ttl_hours).unwrap_or(DEFAULT_TTL_HOURS),
            thresholds: config.advice.thresholds(config.signals.thresholds())?,
            #[cfg(feature = "aws")]
            signals: config.signals,
            #[cfg(feature = "aws")]
            jupyter: config.jupyter,
            #[cfg(feature = "aws")]
            alerts: config.alerts,
            advice: config.advice,
            verbose: global.verbose,
            now,
            is_as_of,
            width: terminal_width().unwrap_or(DEFAULT_WIDTH),
        })
    }

    /// The one region of a command that needs one.
    pub fn region(&self) -> Result<&str, Failure> {
        match self.regions.as_slice() {
            [] => Ok(DEFAULT_REGION),
            [region] => Ok(region),
            several => Err(Failure::usage(format!("this command takes one --region, not {}", several.len()))),
        }
    }

    /// The one profile of a command that asks as one; `None` is AWS's own default.
    #[cfg(feature = "aws")]
    pub fn profile(&self) -> Result<Option<&str>, Failure> {
        match self.profiles.as_slice() {
            [] => Ok(None),
            [profile] => Ok(Some(profile)),
            several => Err(Failure::usage(format!("this command takes one --profile, not {}", several.len()))),
        }
    }
}

#[cfg(test)]
impl Request {
    /// As if nothing but regions had been given.
    pub fn in_regions(regions: &[&str]) -> Request {
        Request {
            #[cfg(feature = "aws")]
            profiles: Vec::new(),
            regions: regions.iter().map(|region| (*region).to_owned()).collect(),
            ledger_regions: Vec::new(),
            ledger: PathBuf::new(),
            cache_dir: PathBuf::new(),
            card: OnceCell::new(),
            output: Output::Table,
            color: false,
            #[cfg(feature = "aws")]
            offline: true,
            #[cfg(feature = "aws")]
            live: false,
            #[cfg(feature = "aws")]
            rates_ttl_hours: DEFAULT_TTL_HOURS,
            thresholds: Thresholds::default(),
            #[cfg(feature = "aws")]
            signals: SignalsConfig::default(),
            #[cfg(feature = "aws")]
            jupyter: Vec::new(),
            #[cfg(feature = "aws")]
            alerts: AlertsConfig::default(),
            advice: AdviceConfig::default(),
            verbose: false,
            now: Timestamp::UNIX_EPOCH,
            is_as_of: false,
            width: 80,
        }
    }
}

/// The names that say something: a variable that is set to nothing (`AWS_REGION=`) is as good as unset.
fn named(names: Vec<String>) -> Option<Vec<String>> {
    let named: Vec<String> = names.iter().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    (!named.is_empty()).then_some(named)
}

fn from_environment(variable: &str) -> Vec<String> {
    let value = std::env::var_os(variable).unwrap_or_default();
    value.to_string_lossy().split(',').map(str::to_owned).collect()
}

fn path(path: Option<PathBuf>) -> Option<PathBuf> {
    path.filter(|path| !path.as_os_str().is_empty())
}

/// Colors on a terminal that can show them, unless `NO_COLOR` is set (<https://no-color.org>).
fn wants_color() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
}

fn terminal_width() -> Option<usize> {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = asked.or_else(|| terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)))?;
    Some(width.clamp(40, 200))
}
