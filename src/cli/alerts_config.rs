//! The `[alerts]` of the config file: channels, steps and budgets. Secrets are never in it: it names the variable or the
//! file that holds them, and they are read when a channel is used.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::error::Failure;
use super::variable::{read_secret_file, read_variable};
use crate::alerts::{Budgets, Steps};
use crate::money::Usd;
use crate::notify::{Channel, Email, Slack, SmtpTls, Topic, Webhook};

/// The channel that is always there: the command's own output.
pub const TERMINAL: &str = "terminal";

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct AlertsConfig {
    /// Whether `gpucost track` alerts too, if there are channels.
    pub after_track: Option<bool>,
    pub min_usd: Option<Usd>,
    #[serde(default)]
    pub steps: StepsConfig,
    #[serde(default)]
    pub budget: BudgetConfig,
    #[serde(default, rename = "channel")]
    pub channels: Vec<ChannelConfig>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct StepsConfig {
    pub days: Option<Vec<u32>>,
    pub usd: Option<Vec<Usd>>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct BudgetConfig {
    pub month_usd: Option<Usd>,
    pub instance_usd: Option<Usd>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub struct ChannelConfig {
    pub name: String,
    #[serde(flatten)]
    pub kind: ChannelKind,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum ChannelKind {
    Terminal {},
    Webhook {
        url_env: Option<String>,
        url_file: Option<PathBuf>,
        secret_env: Option<String>,
        secret_file: Option<PathBuf>,
    },
    Slack {
        url_env: Option<String>,
        url_file: Option<PathBuf>,
    },
    Sns {
        topic_arn: String,
        profile: Option<String>,
    },
    Email {
        host: String,
        port: Option<u16>,
        #[serde(default)]
        tls: SmtpTls,
        from: String,
        to: Vec<String>,
        user: Option<String>,
        password_env: Option<String>,
        password_file: Option<PathBuf>,
    },
}

/// No budget and no step: it would be passed before anything is spent.
pub fn is_nothing(usd: Usd) -> bool {
    usd.is_zero() || usd.is_negative()
}

impl AlertsConfig {
    pub fn steps(&self) -> Steps {
        let usual = Steps::default();
        let mut days = self.steps.days.clone().unwrap_or(usual.days);
        let mut usd = self.steps.usd.clone().unwrap_or(usual.usd);
        days.sort_unstable();
        usd.sort_unstable();
        Steps { days, usd }
    }

    pub const fn budgets(&self) -> Budgets {
        Budgets { month: self.budget.month_usd, instance: self.budget.instance_usd }
    }

    /// All channels by name; the terminal alone where the config file has none.
    pub fn names(&self) -> Vec<String> {
        if self.channels.is_empty() {
            return vec![TERMINAL.to_owned()];
        }
        self.channels.iter().map(|channel| channel.name.clone()).collect()
    }

    /// # Errors
    /// Two channels of one name: they could not be told apart in the ledger. Steps and budgets that nothing can pass, or
    /// that everything has passed.
    pub fn check(&self) -> Result<(), Failure> {
        self.check_amounts()?;
        for (at, channel) in self.channels.iter().enumerate() {
            if channel.name.trim().is_empty() {
                return Err(Failure::new("the config file: an [[alerts.channel]] has no name"));
            }
            let is_terminal = matches!(channel.kind, ChannelKind::Terminal {});
            if (channel.name == TERMINAL) != is_terminal {
                return Err(Failure::new(format!("the config file: the alert channel `{}` is misnamed", channel.name))
                    .hint("the channel of kind \"terminal\" is called terminal, and no other is"));
            }
            if self.channels[..at].iter().any(|earlier| earlier.name == channel.name) {
                return Err(Failure::new(format!("the config file: two alert channels are called `{}`", channel.name))
                    .hint("give each [[alerts.channel]] a name of its own"));
            }
        }
        Ok(())
    }

    fn check_amounts(&self) -> Result<(), Failure> {
        let StepsConfig { days, usd } = &self.steps;
        let nothing = |key: &str, said: &dyn std::fmt::Display| {
            Failure::new(format!("the config file: [alerts] {key} must be more than 0, and is {said}"))
                .hint(format!("leave {key} out, or docs/alerts.md has an example"))
        };
        if days.iter().flatten().any(|days| *days == 0) {
            return Err(nothing("steps.days", &0));
        }
        let steps = usd.iter().flatten().map(|step| ("steps.usd", *step));
        let budgets = [("budget.month_usd", self.budget.month_usd), ("budget.instance_usd", self.budget.instance_usd)];
        let budgets = budgets.into_iter().filter_map(|(key, budget)| Some((key, budget?)));
        if let Some((key, usd)) = steps.chain(budgets).find(|(_, usd)| is_nothing(*usd)) {
            return Err(nothing(key, &usd.exact()));
        }
        match self.min_usd {
            Some(least) if least.is_negative() => {
                Err(Failure::new(format!("the config file: [alerts] min_usd is negative: {}", least.exact()))
                    .hint("0 tells of every finding, whatever it saves"))
            }
            _ => Ok(()),
        }
    }

    /// The channel of this name, ready to send; `None` is the terminal.
    ///
    /// # Errors
    /// No such channel, or one whose secret or address cannot be had.
    pub fn channel(&self, name: &str) -> Result<Option<Channel>, Failure> {
        match self.channels.iter().find(|channel| channel.name == name) {
            Some(channel) => channel.open(),
            None if name == TERMINAL => Ok(None),
            None => Err(Failure::usage(format!("no alert channel is called `{name}`")).hint(match self.names() {
                names if self.channels.is_empty() => {
                    format!("there is only `{}`; docs/alerts.md has more", names.concat())
                }
                names => format!("the config file has {}", names.join(", ")),
            })),
        }
    }
}

impl ChannelConfig {
    fn open(&self) -> Result<Option<Channel>, Failure> {
        let unusable = |why: &str| {
            Failure::new(format!("the alert channel `{}` cannot be used: {why}", self.name))
                .hint(format!("mend it in the config file, then: gpucost alerts test {}", self.name))
        };
        let secret = |what: &'static str, env: &Option<String>, file: &Option<PathBuf>| {
            Reference { channel: &self.name, what, env: env.as_deref(), file: file.as_ref() }.read()
        };
        Ok(Some(match &self.kind {
            ChannelKind::Terminal {} => return Ok(None),
            ChannelKind::Webhook { url_env, url_file, secret_env, secret_file } => {
                let url =
                    secret("url", url_env, url_file)?.ok_or_else(|| unusable("it names no url_env or url_file"))?;
                let key = secret("secret", secret_env, secret_file)?;
                Channel::Webhook(Webhook::new(url, key).map_err(|why| unusable(&format!("of its address, {why}")))?)
            }
            ChannelKind::Slack { url_env, url_file } => {
                let url =
                    secret("url", url_env, url_file)?.ok_or_else(|| unusable("it names no url_env or url_file"))?;
                Channel::Slack(Slack::new(url).map_err(|why| unusable(&format!("of its address, {why}")))?)
            }
            ChannelKind::Sns { topic_arn, profile } => {
                Channel::Sns(Topic::new(topic_arn, profile.as_deref()).map_err(unusable)?)
            }
            ChannelKind::Email { host, port, tls, from, to, user, password_env, password_file } => {
                let password = secret("password", password_env, password_file)?;
                let login = match (user, password) {
                    (Some(user), Some(password)) => Some((user.clone(), password)),
                    (None, None) => None,
                    _ => return Err(unusable("it needs both a user and password_env or password_file, or neither")),
                };
                let email = Email::new(host, *port, *tls, login, from, to).map_err(|why| unusable(&why))?;
                Channel::Email(Box::new(email))
            }
        }))
    }
}

/// Where a secret is.
struct Reference<'a> {
    channel: &'a str,
    what: &'static str,
    env: Option<&'a str>,
    file: Option<&'a PathBuf>,
}

impl Reference<'_> {
    /// `None`: the config names no place for it.
    fn read(&self) -> Result<Option<SecretString>, Failure> {
        let Reference { channel, what, .. } = self;
        let whose = format!("the alert channel `{channel}`");
        let text = match (self.env, self.file) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(Failure::new(format!("{whose} names {what}_env and {what}_file")).hint("name one of them"));
            }
            (Some(name), None) => read_variable(&whose, &format!("{what}_env"), name)?,
            (None, Some(path)) => read_secret_file(&whose, &format!("{what}_file"), path)?,
        };
        let text = text.trim();
        if text.is_empty() {
            return Err(Failure::new(format!("the {what} of {whose} is empty"))
                .hint(format!("put it into what {what}_env or {what}_file names")));
        }
        Ok(Some(SecretString::from(text.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nothing_can_pass_is_refused_by_its_key() {
        for (text, key) in [
            ("budget.month_usd = \"-5\"", "budget.month_usd"),
            ("budget.instance_usd = \"0\"", "budget.instance_usd"),
            ("steps.usd = [\"10\", \"-1\"]", "steps.usd"),
            ("steps.usd = [\"0\"]", "steps.usd"),
            ("steps.days = [0, 0]", "steps.days"),
            ("min_usd = \"-1\"", "min_usd"),
        ] {
            let config: AlertsConfig = toml::from_str(text).unwrap();
            let failure = config.check().unwrap_err().to_string();
            assert!(failure.contains(key) && failure.contains("hint: "), "{text}: {failure}");
        }
        let good = "min_usd = \"0\"\nsteps.days = [1]\nsteps.usd = [\"0.5\"]\nbudget.month_usd = \"5\"";
        toml::from_str::<AlertsConfig>(good).unwrap().check().unwrap();
        AlertsConfig::default().check().unwrap();
    }
}
