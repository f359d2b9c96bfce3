//! Defaults from the config file (TOML). An unknown key is an error: a misspelt default must not be
//! silently ignored.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::advice_config::AdviceConfig;
#[cfg(feature = "aws")]
use super::alerts_config::AlertsConfig;
use super::args::Output;
use super::error::Failure;
use super::signals_config::{JupyterConfig, SignalsConfig};

#[derive(Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Config {
    #[serde(default, deserialize_with = "one_or_several")]
    pub profile: Vec<String>,
    #[serde(default)]
    pub region: Vec<String>,
    pub ledger: Option<PathBuf>,
    pub output: Option<Output>,
    /// From what age on `--live` fetches rates anew.
    pub rates_ttl_hours: Option<u32>,
    #[serde(default)]
    pub signals: SignalsConfig,
    #[serde(default)]
    pub jupyter: Vec<JupyterConfig>,
    #[serde(default)]
    pub advice: AdviceConfig,
    #[cfg(feature = "aws")]
    #[serde(default)]
    pub alerts: AlertsConfig,
    /// Read, so that one file serves both builds.
    #[cfg(not(feature = "aws"))]
    #[serde(default)]
    pub alerts: toml::Table,
}

impl Config {
    /// Reads `path`; a file that was not asked for by name may be missing.
    pub fn load(path: &Path, asked_for: bool) -> Result<Config, Failure> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            // A home that is no folder (`HOME=/dev/null`) holds no config file either.
            Err(error) if !asked_for && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(Config::default());
            }
            Err(error) => return Err(Failure::new(format!("cannot read the config file {}: {error}", path.display()))),
        };
        Config::parse(&text).map_err(|error| misread(path, &text, &error))
    }

    fn parse(text: &str) -> Result<Config, toml::de::Error> {
        let config: Config = toml::from_str(text)?;
        Ok(Config { ledger: config.ledger.map(at_home), ..config })
    }
}

const TOP_KEYS: &str = "its keys are profile (a name or a list), region (a list), ledger, output, rates_ttl_hours, \
                        advice, alerts, signals, jupyter";

/// Where and why, with what is possible there.
fn misread(path: &Path, text: &str, error: &toml::de::Error) -> Failure {
    let (start, said) = (error.span().map_or(0, |span| span.start), error.message());
    let line = line_of_unknown_key(text, start, said).unwrap_or_else(|| line_at(text, start));
    let why: Vec<&str> = said.lines().collect();
    let is_unknown = said.starts_with("unknown field ");
    let is_in_table = text.lines().take(line - 1).any(|line| line.trim_start().starts_with('['));
    let hint = match (is_unknown, said.contains("`rates_ttl_hours`")) {
        (true, true) => TOP_KEYS,
        (true, false) => {
            "what is possible at that place is said behind `expected`; docs/alerts.md, docs/signals.md and \
             docs/advice.md have examples"
        }
        (false, _) if is_in_table => "what its keys take is in docs/advice.md, docs/alerts.md and docs/signals.md",
        (false, _) => TOP_KEYS,
    };
    Failure::new(format!("the config file {}:{line}: {}", path.display(), why.join(", "))).hint(hint)
}

fn line_at(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or_default().matches('\n').count() + 1
}

/// Of a key within a table the parser tells only where the table begins.
fn line_of_unknown_key(text: &str, start: usize, said: &str) -> Option<usize> {
    let key = said.strip_prefix("unknown field `")?.split('`').next()?;
    let first = line_at(text, start);
    let is_it = |line: &str| {
        let named = line.split('=').next().unwrap_or_default().rsplit(['.', '{', ',']).next().unwrap_or_default();
        line.contains('=') && named.trim().trim_matches(['"', '\'']) == key
    };
    text.lines().enumerate().skip(first - 1).find(|(_, line)| is_it(line)).map(|(at, _)| at + 1)
}

/// `profile = "lab"` as well as `profile = ["lab", "work"]`.
fn one_or_several<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a name, or a list of names")]
    enum OneOrSeveral {
        One(String),
        Several(Vec<String>),
    }
    Ok(match OneOrSeveral::deserialize(input)? {
        OneOrSeveral::One(name) => vec![name],
        OneOrSeveral::Several(names) => names,
    })
}

/// `~/…` as a shell would read it: in a file no shell has.
fn at_home(path: PathBuf) -> PathBuf {
    match (path.strip_prefix("~"), directories::BaseDirs::new()) {
        (Ok(rest), Some(dirs)) => dirs.home_dir().join(rest),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_an_error() {
        assert!(Config::parse("regoin = ['us-west-2']").is_err());
        assert!(Config::parse("output = 'yaml'").is_err());
        let config = Config::parse("region = ['us-west-2']\noutput = 'json'").unwrap();
        assert_eq!(config.region, ["us-west-2"]);
        assert_eq!(config.output, Some(Output::Json));
        assert_eq!(Config::parse("profile = 'lab'").unwrap().profile, ["lab"]);
        assert_eq!(Config::parse("profile = ['lab', 'work']").unwrap().profile, ["lab", "work"]);
        assert!(Config::parse("profile = 3").is_err());
    }

    #[test]
    fn a_key_within_a_table_is_found_in_its_own_line() {
        let said = |text: &str| misread(Path::new("c.toml"), text, &Config::parse(text).unwrap_err()).to_string();
        let nested = said("region = ['us-west-2']\n\n[advice]\nmin_usd = '0'\nmin_usb = '1'\n");
        assert!(nested.contains("c.toml:5: unknown field `min_usb`"), "{nested}");
        assert!(nested.contains("hint: what is possible at that place"), "{nested}");
        let value = said("[advice]\nheadroom = 0\n");
        assert!(value.contains("c.toml:2: 0 is not 1 to 10") && value.contains("hint: what its keys take"), "{value}");
        let top = said("region = ['us-west-2']\nregoin = 3\n");
        assert!(top.contains("c.toml:2: unknown field `regoin`") && top.contains("hint: its keys are"), "{top}");
    }

    #[cfg(feature = "aws")]
    #[test]
    fn a_key_of_a_channel_is_found_in_its_own_line() {
        let text = "[[alerts.channel]]\nname = 'a'\nkind = 'slack'\nurl_env = 'A'\n\n\
                    [[alerts.channel]]\nname = 'b'\nkind = 'slack'\nurll = 'B'\n";
        let said = misread(Path::new("c.toml"), text, &Config::parse(text).unwrap_err()).to_string();
        assert!(said.contains("c.toml:9: unknown field `urll`"), "{said}");
    }
}
