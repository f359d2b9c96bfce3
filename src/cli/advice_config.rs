//! The `[advice]` of the config file: from when on rules speak up, and what they are to leave be.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};

use super::error::Failure;
use super::signals_config::within;
use crate::advice::{Exception, IdleThresholds, RULES, Thresholds, rule};
use crate::catalog::RateCard;
use crate::money::Usd;
use crate::time::parse_timestamp;

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct AdviceConfig {
    /// Findings that save less a month are left out.
    pub min_usd: Option<Usd>,
    pub left_running_hours: Option<u32>,
    /// The machine that `buy-the-machine` thinks of.
    #[serde(default, deserialize_with = "machine")]
    pub machine: Option<String>,
    /// Days of hours that it must know.
    #[serde(default, deserialize_with = "days")]
    pub buy_days: Option<u32>,
    /// Days that `cheaper-elsewhere` measures hours over, what it must save, and from how many days on commitments count.
    #[serde(default, deserialize_with = "days")]
    pub elsewhere_days: Option<u32>,
    #[serde(default, deserialize_with = "percent")]
    pub elsewhere_percent: Option<u32>,
    #[serde(default, deserialize_with = "days")]
    pub commit_days: Option<u32>,
    /// What `oversized-iops` leaves, in times of what was used.
    #[serde(default, deserialize_with = "times")]
    pub headroom: Option<u32>,
    #[serde(default)]
    suppress: Vec<SuppressConfig>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct SuppressConfig {
    rule: Option<String>,
    resource: Option<String>,
    #[serde(default, deserialize_with = "instant")]
    until: Option<Timestamp>,
}

fn instant<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(input)?;
    parse_timestamp(&text).map(Some).map_err(de::Error::custom)
}

fn machine<'de, D: Deserializer<'de>>(input: D) -> Result<Option<String>, D::Error> {
    let name = String::deserialize(input)?;
    let Some(machine) = RateCard::shipped().machine(&name) else {
        return Err(de::Error::custom(format!("no machine of the list is called `{name}`")));
    };
    match machine.price {
        Some(_) => Ok(Some(name)),
        None => Err(de::Error::custom(format!("no price of the {} is known", machine.name))),
    }
}

/// Fewer than a week say nothing of a month.
fn days<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    within(input, 7, 3650, "days")
}

fn percent<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    within(input, 0, 99, "percent")
}

fn times<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u32>, D::Error> {
    within(input, 1, 10, "times what was used")
}

impl AdviceConfig {
    /// The rules' own, but for what the file says otherwise; those on idleness are of `[signals]`.
    ///
    /// # Errors
    /// More days to commit by than are looked at: no commitment would ever be named.
    pub fn thresholds(&self, idle: IdleThresholds) -> Result<Thresholds, Failure> {
        let thresholds = self.said(idle);
        let Thresholds { commit_days, elsewhere_days, .. } = thresholds;
        if commit_days > elsewhere_days {
            return Err(Failure::new(format!(
                "the config file: [advice] commit_days is {commit_days}, and hours are measured over {elsewhere_days} days alone"
            ))
            .hint(format!("make elsewhere_days {commit_days} at least, or commit_days smaller")));
        }
        Ok(thresholds)
    }

    fn said(&self, idle: IdleThresholds) -> Thresholds {
        let usual = Thresholds::default();
        Thresholds {
            left_running_hours: self.left_running_hours.unwrap_or(usual.left_running_hours),
            idle,
            machine: self.machine.as_deref().and_then(|name| RateCard::shipped().machine(name)).map(|found| found.name),
            buy_days: self.buy_days.unwrap_or(usual.buy_days),
            elsewhere_days: self.elsewhere_days.unwrap_or(usual.elsewhere_days),
            elsewhere_percent: self.elsewhere_percent.unwrap_or(usual.elsewhere_percent),
            commit_days: self.commit_days.unwrap_or(usual.commit_days),
            headroom: self.headroom.unwrap_or(usual.headroom),
        }
    }

    /// What the config file says to leave be.
    ///
    /// # Errors
    /// An entry that names nothing, or a rule that there is not.
    pub fn exceptions(&self) -> Result<Vec<Exception>, Failure> {
        self.suppress.iter().zip(1..).map(|(entry, number)| entry.exception(number)).collect()
    }
}

impl SuppressConfig {
    fn exception(&self, number: usize) -> Result<Exception, Failure> {
        let at = format!("the config file's [[advice.suppress]] number {number}");
        if self.rule.is_none() && self.resource.is_none() {
            return Err(Failure::new(format!("{at} names neither a rule nor a resource"))
                .hint("it would suppress everything: give it `rule = \"…\"`, `resource = \"…\"`, or both"));
        }
        if let Some(id) = self.rule.as_deref().filter(|id| rule(id).is_none()) {
            let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
            return Err(
                Failure::new(format!("{at}: there is no rule `{id}`")).hint(format!("rules: {}", ids.join(", ")))
            );
        }
        Ok(Exception { rule: self.rule.clone(), resource: self.resource.clone(), until: self.until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<AdviceConfig, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn thresholds_are_the_defaults_where_nothing_is_said() {
        let of = |text: &str| read(text).unwrap().thresholds(IdleThresholds::default()).unwrap();
        assert_eq!(of(""), Thresholds::default());
        assert_eq!(of("left_running_hours = 48").left_running_hours, 48);
        let said = of("buy_days = 90\nelsewhere_days = 60\nelsewhere_percent = 25\ncommit_days = 56\nheadroom = 3");
        assert_eq!((said.buy_days, said.elsewhere_days, said.elsewhere_percent), (90, 60, 25));
        assert_eq!((said.commit_days, said.headroom), (56, 3));
        for (text, why) in [
            ("elsewhere_days = 6", "6 is not 7 to 3650 days"),
            ("elsewhere_percent = 100", "100 is not 0 to 99 percent"),
            ("headroom = 0", "0 is not 1 to 10 times what was used"),
        ] {
            assert!(read(text).unwrap_err().message().contains(why), "{text}");
        }
        for never in ["commit_days = 31", "elsewhere_days = 14"] {
            let refused = read(never).unwrap().thresholds(IdleThresholds::default()).unwrap_err().to_string();
            assert!(refused.contains("commit_days") && refused.contains("hint: "), "{never}: {refused}");
        }
    }

    #[test]
    fn a_misspelt_key_is_an_error() {
        for text in [
            "left_runing_hours = 1",
            "[[suppress]]\nruel = \"left-running\"",
            "[[suppress]]\nresource = \"i-1\"\nuntil = \"soon\"",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_would_suppress_everything_or_nothing_is_refused() {
        assert!(read("[[suppress]]\nuntil = \"2027-01-01\"").unwrap().exceptions().is_err());
        assert!(read("[[suppress]]\nrule = \"left-runing\"").unwrap().exceptions().is_err());
        let good = read("[[suppress]]\nrule = \"left-running\"\nuntil = \"2027-01-01\"").unwrap().exceptions().unwrap();
        assert_eq!(good[0].until, parse_timestamp("2027-01-01").ok());
    }
}
