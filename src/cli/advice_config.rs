//! The `[advice]` of the config file: from when on rules speak up, and what they are to leave be.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};

use super::error::Failure;
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

impl AdviceConfig {
    /// The rules' own, but for what the file says otherwise; those on idleness are of `[signals]`.
    pub fn thresholds(&self, idle: IdleThresholds) -> Thresholds {
        let usual = Thresholds::default();
        Thresholds {
            left_running_hours: self.left_running_hours.unwrap_or(usual.left_running_hours),
            idle,
            machine: self.machine.as_deref().and_then(|name| RateCard::shipped().machine(name)).map(|found| found.name),
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
        let of = |text: &str| read(text).unwrap().thresholds(IdleThresholds::default());
        assert_eq!(of(""), Thresholds::default());
        assert_eq!(of("left_running_hours = 48").left_running_hours, 48);
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
