//! The rule: what is paid at once, what an hour costs either way, and the ratios proven for it.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::break_even::flows::Flows;
use crate::money::Usd;

const HOURS_A_DAY: Decimal = Decimal::from_parts(24, 0, 0, false, 0);

/// One day of a history: hours rented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    pub date: Date,
    pub hours: Decimal,
}

/// Two ways to pay for the same hours, one of them with a sum at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    at_once: Usd,
    rent_per_hour: Usd,
    own_per_hour: Usd,
    /// What only renting pays on any day, used or idle: storage less the upkeep of owning.
    steady_per_day: Usd,
}

/// When to buy: as soon as owning would have saved this much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    Saved(Usd),
    Never,
}

/// What owning will save in all, as somebody expects, and how far they trust it: in (0, 1], 1 is not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    pub saved: Usd,
    pub trust: Decimal,
}

/// Why no rule can be followed, or no history.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OnlineError {
    #[error(
        "no online rule is known for a machine whose upkeep of {upkeep} a month is more than the storage of {storage} it saves: waiting could cost any multiple of the best"
    )]
    UpkeepAboveStorage { upkeep: Usd, storage: Usd },
    #[error(
        "no online rule is known for an hour that costs {own} owned and {rent} rented while the storage is saved: owning would save on idle days and lose on busy ones"
    )]
    SavesOnlyWhenIdle { own: Usd, rent: Usd },
    #[error("no online rule is known for costs that change with time: {0}")]
    Changing(&'static str),
    #[error("{what} of {amount}: it cannot be negative")]
    Negative { what: &'static str, amount: Usd },
    #[error("a trust of {0}: it must be above 0 and at most 1")]
    TrustOutOfRange(Decimal),
    #[error("{hours} h on {date}: a day has between 0 and 24 hours")]
    HoursOutOfRange { date: Date, hours: Decimal },
    #[error("the history goes back in time: {after} comes after {before}")]
    TimeGoesBack { before: Date, after: Date },
    #[error("cannot compute {0}: it leaves the range of exact decimals")]
    OutOfRange(&'static str),
}

impl Rule {
    /// Rent or own. Upkeep that owning pays and storage that renting pays cancel as far as they go.
    ///
    /// # Errors
    /// Where no ratio is proven: upkeep above the storage, or an owned hour dearer than a rented one with storage saved.
    pub fn of(flows: &Flows) -> Result<Rule, OnlineError> {
        let (storage, upkeep) = (flows.rent_per_month, flows.own_per_month);
        if upkeep > storage {
            return Err(OnlineError::UpkeepAboveStorage { upkeep, storage });
        }
        if let Some(what) = changing(flows) {
            return Err(OnlineError::Changing(what));
        }
        let out_of_range = OnlineError::OutOfRange("the price less its resale");
        let at_once = flows.at_once().ok_or(out_of_range)?;
        let steady = storage.checked_add(-upkeep).and_then(|usd| flows.month.months(usd.amount()));
        let steady = steady.ok_or(OnlineError::OutOfRange("the storage"))?;
        Rule::new(at_once, flows.rent_per_hour, flows.own_per_hour, Usd::new(steady))
    }

    /// A commitment for a term against on-demand hours. All of it is owed from the first day, whether it is used or
    /// not, so nothing is left to run: `at_once` is the fee and every hour of the term, and `α = 0`.
    ///
    /// # Errors
    /// Negative amounts.
    pub fn of_commitment(at_once: Usd, on_demand_per_hour: Usd) -> Result<Rule, OnlineError> {
        Rule::new(at_once, on_demand_per_hour, Usd::ZERO, Usd::ZERO)
    }

    fn new(at_once: Usd, rent_per_hour: Usd, own_per_hour: Usd, steady_per_day: Usd) -> Result<Rule, OnlineError> {
        for (what, amount) in [("rent", rent_per_hour), ("running cost", own_per_hour), ("storage", steady_per_day)] {
            if amount.is_negative() {
                return Err(OnlineError::Negative { what, amount });
            }
        }
        if own_per_hour > rent_per_hour && !steady_per_day.is_zero() {
            return Err(OnlineError::SavesOnlyWhenIdle { own: own_per_hour, rent: rent_per_hour });
        }
        Ok(Rule { at_once: at_once.max(Usd::ZERO), rent_per_hour, own_per_hour, steady_per_day })
    }

    /// `B`: what buying costs at once.
    pub const fn at_once(&self) -> Usd {
        self.at_once
    }

    /// No hour and no day is cheaper owned.
    pub fn never_saves(&self) -> bool {
        self.own_per_hour >= self.rent_per_hour && self.steady_per_day.is_zero()
    }

    /// `α`: the least share of the rent that running one's own costs, on any day. 1 where owning saves nothing.
    pub fn running_share(&self) -> Option<Decimal> {
        if self.never_saves() {
            return Some(Decimal::ONE);
        }
        if !self.steady_per_day.is_zero() {
            return Some(Decimal::ZERO);
        }
        self.own_per_hour.amount().checked_div(self.rent_per_hour.amount())
    }

    /// Buy when owning would have saved what it costs at once.
    pub fn threshold(&self) -> Threshold {
        if self.never_saves() { Threshold::Never } else { Threshold::Saved(self.at_once) }
    }

    /// `B/(1−α)`: the rent at which the threshold is met. `None` where it never is, or where storage makes it
    /// depend on the idle days.
    pub fn threshold_rent(&self) -> Option<Usd> {
        if self.never_saves() || !self.steady_per_day.is_zero() {
            return None;
        }
        let saved = self.rent_per_hour.checked_add(-self.own_per_hour)?;
        self.at_once.scaled(self.rent_per_hour.amount(), saved.amount())
    }

    /// `2 − α`: never worse than so many times the best in hindsight. 1 where there is nothing to regret.
    pub fn guarantee(&self) -> Option<Decimal> {
        if self.at_once.is_zero() {
            return Some(Decimal::ONE);
        }
        Decimal::TWO.checked_sub(self.running_share()?)
    }

    /// Earlier where the forecast says that owning pays, later where it says it does not: at `λ·B` and at `B/λ`.
    ///
    /// # Errors
    /// A trust outside (0, 1].
    pub fn threshold_with(&self, forecast: Forecast) -> Result<Threshold, OnlineError> {
        let trust = checked_trust(forecast.trust)?;
        if self.never_saves() {
            return Ok(Threshold::Never);
        }
        let saved = if forecast.saved >= self.at_once {
            self.at_once.scaled(trust, Decimal::ONE)
        } else {
            self.at_once.scaled(Decimal::ONE, trust)
        };
        saved.map(Threshold::Saved).ok_or(OnlineError::OutOfRange("the threshold"))
    }

    /// With a forecast: `1 + λ(1−α)` if it is right, `1 + (1−α)/λ` whatever comes.
    ///
    /// # Errors
    /// A trust outside (0, 1].
    pub fn guarantee_with(&self, trust: Decimal) -> Result<(Decimal, Decimal), OnlineError> {
        let trust = checked_trust(trust)?;
        if self.at_once.is_zero() {
            return Ok((Decimal::ONE, Decimal::ONE));
        }
        let both = self.running_share().and_then(|share| {
            let kept = Decimal::ONE.checked_sub(share)?;
            let right = kept.checked_mul(trust)?.checked_add(Decimal::ONE)?;
            Some((right, kept.checked_div(trust)?.checked_add(Decimal::ONE)?))
        });
        both.ok_or(OnlineError::OutOfRange("the guarantee"))
    }

    /// What a day of so many hours costs rented, and what it costs to run one's own.
    pub(super) fn day(&self, day: Day) -> Result<(Usd, Usd), OnlineError> {
        let Day { date, hours } = day;
        if hours < Decimal::ZERO || hours > HOURS_A_DAY {
            return Err(OnlineError::HoursOutOfRange { date, hours });
        }
        self.of_hours(hours).ok_or(OnlineError::OutOfRange("a day's cost"))
    }

    fn of_hours(&self, hours: Decimal) -> Option<(Usd, Usd)> {
        let rent = self.rent_per_hour.scaled(hours, Decimal::ONE)?.checked_add(self.steady_per_day)?;
        Some((rent, self.own_per_hour.scaled(hours, Decimal::ONE)?))
    }

    /// What owning saves in so many hours, however they lie. `None` where idle days save too, or it cannot be held.
    pub fn saved_by_hours(&self, hours: Decimal) -> Option<Usd> {
        let saved = self.rent_per_hour.checked_add(-self.own_per_hour)?;
        if self.steady_per_day.is_zero() { saved.scaled(hours, Decimal::ONE) } else { None }
    }

    /// What owning saves in a day of so many hours.
    pub fn saved_in(&self, hours: Decimal) -> Option<Usd> {
        let (rent, own) = self.of_hours(hours)?;
        rent.checked_add(-own)
    }
}

/// What makes one month cost another than the next: no ratio is proven for it. A loan's payments are owed from the first day,
/// and of a falling resale only its floor is sure.
fn changing(flows: &Flows) -> Option<&'static str> {
    if flows.fee.is_some() {
        return Some("a commitment's fees");
    }
    if flows.upgrade.is_some() {
        return Some("a later upgrade");
    }
    (!flows.escalation_per_year.is_zero()).then_some("an electricity rate that rises each year")
}

fn checked_trust(trust: Decimal) -> Result<Decimal, OnlineError> {
    if trust > Decimal::ZERO && trust <= Decimal::ONE { Ok(trust) } else { Err(OnlineError::TrustOutOfRange(trust)) }
}
