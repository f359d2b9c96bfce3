//! Compute: per second, 60 s at least for each start, quantities in hours with 6 decimals.
//!
//! SUSE bills whole hours. <https://aws.amazon.com/ec2/pricing/on-demand/> (read 2026-11-22)

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::MINIMUM_SECONDS;
use super::line_item::{Charged, RunUp, seconds_between};
use crate::catalog::{NoRate, Provenance, Rate, RateCard, UsageKind, UsageType};
use crate::ledger::{Certainty, Meter, Purchase, UNKNOWN_TYPE, Usage};
use crate::money::Usd;
use crate::quantity::{Quantity, Unit};
use crate::time::{Period, midnight, utc_date};

/// What ran, and how it was paid for: the fields of `Subject::Compute`.
pub(super) struct Compute<'a> {
    pub instance_type: &'a str,
    pub platform: &'a str,
    pub purchase: Purchase,
    pub usd_per_hour: Option<Usd>,
    pub session: Option<Period>,
}

impl<'a> Compute<'a> {
    pub(super) fn charged(&self, usage: &Usage, part: Period, card: &RateCard) -> Charged<'a> {
        let quantity = Quantity::new(self.run_up(usage, part).hours(), Unit::InstanceHour);
        let charged = match self.rate(usage, card) {
            Ok(rate) => Charged::priced(Meter::Compute, self.instance_type, part, quantity, rate),
            Err(why) => Charged::unrated(Meter::Compute, self.instance_type, part, Some(quantity), why),
        };
        charged.of_usage_type(usage_type(self.purchase, self.instance_type))
    }

    /// # Errors
    /// Why no rate can be asked for.
    pub(super) fn rate(&self, usage: &Usage, card: &RateCard) -> Result<Result<Rate, NoRate>, Cow<'static, str>> {
        if self.instance_type == UNKNOWN_TYPE {
            return Err("no record tells of which type it was then".into());
        }
        if let Some(usd) = self.usd_per_hour {
            return Ok(Ok(Rate { usd, unit: Unit::InstanceHour, provenance: noted_rate(usage) }));
        }
        match self.purchase {
            Purchase::OnDemand if is_linux(self.platform) => {
                Ok(card.on_demand(&usage.resource.region, self.instance_type))
            }
            Purchase::OnDemand => Err(format!("the card has Linux rates, this is {}", self.platform).into()),
            Purchase::Spot => Err("the spot price paid is not in the records".into()),
            Purchase::Committed => Err("covered by a commitment that the records do not price".into()),
            Purchase::Other => Err("the records do not say how it was bought".into()),
        }
    }

    fn run_up(&self, usage: &Usage, part: Period) -> RunUp {
        match (self.session, usage.certainty) {
            (None, _) => RunUp::since(midnight(utc_date(part.start)), part, usage.hours_per_day),
            (Some(session), Certainty::Measured) => self.measured(session, part),
            (Some(session), Certainty::Possible) if usage.period.start < session.start => {
                self.before(session, usage.period, part)
            }
            (Some(session), Certainty::Possible) => self.possible(session, usage.period, part),
        }
    }

    /// What the minimum asks beyond the session itself is charged where it begins.
    fn measured(&self, session: Period, part: Period) -> RunUp {
        let seconds = session.seconds().max(0);
        let extra = self.at_least(seconds) - seconds;
        let run_up = |at| Decimal::from(seconds_between(session.start, at) + extra);
        RunUp {
            from: if part.start == session.start { Decimal::ZERO } else { run_up(part.start) },
            until: run_up(part.end.max(session.start)),
        }
    }

    /// What a session that may have begun earlier would cost more: its minimum is charged already.
    fn before(&self, session: Period, earlier: Period, part: Period) -> RunUp {
        let already = self.at_least(session.seconds().max(0));
        let whole = self.at_least(seconds_between(earlier.start, session.end)) - already;
        let run_up = |at| seconds_between(earlier.start, at).min(whole);
        RunUp {
            from: Decimal::from(run_up(part.start)),
            until: Decimal::from(if part.end == earlier.end { whole } else { run_up(part.end) }),
        }
    }

    /// What a session that may have gone on would cost more: its minimum is charged already.
    fn possible(&self, session: Period, longer: Period, part: Period) -> RunUp {
        let already = self.at_least(session.seconds().max(0));
        let whole = seconds_between(session.start, longer.end).max(already);
        let extra = self.at_least(whole) - whole;
        let run_up = |at| Decimal::from(seconds_between(session.start, at).max(already) + extra);
        RunUp {
            from: if part.start == longer.start { Decimal::from(already) } else { run_up(part.start) },
            until: run_up(part.end),
        }
    }

    fn at_least(&self, seconds: i64) -> i64 {
        if self.platform.starts_with("SUSE") {
            return (seconds.max(1) + 3599) / 3600 * 3600;
        }
        seconds.max(MINIMUM_SECONDS)
    }
}

/// Spot has a usage type of its own; what a commitment covers has not.
pub(super) const fn usage_type(purchase: Purchase, instance_type: &str) -> UsageType<'_> {
    let kind = if matches!(purchase, Purchase::Spot) { UsageKind::SpotUsage } else { UsageKind::BoxUsage };
    UsageType::bare(kind, instance_type)
}

fn is_linux(platform: &str) -> bool {
    platform.is_empty() || platform == "Linux/UNIX"
}

fn noted_rate(usage: &Usage) -> Provenance {
    let source = usage.evidence.first().map_or_else(|| "own notes".to_owned(), ToString::to_string);
    Provenance {
        as_of: usage.period.start.strftime("%Y-%m-%d").to_string().into(),
        source: source.into(),
        sku_rate_code: None,
        mark: None,
    }
}
