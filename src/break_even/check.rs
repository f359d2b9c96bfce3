//! Refuses a question whose numbers cannot be meant, naming the input.

use std::fmt;

use rust_decimal::Decimal;

use super::input::{Input, Question};
use crate::money::Usd;
use crate::quantity::exact;

/// Longest break-even that is given as a number of days, over 2,700 years; beyond it the answer is never.
pub const MAX_DAYS: u32 = 1_000_000;

const MAX_PRICE_USD: u32 = 100_000_000;
const MAX_USD_PER_MONTH: u32 = 10_000_000;
const MAX_USD_PER_HOUR: u32 = 10_000;
const MAX_USD_PER_KWH: u32 = 10;
/// A full liquid-cooled rack draws about 140 kW; a machine in a question draws less.
const MAX_WATTS: u32 = 200_000;
const MAX_PUE: u32 = 5;
const MAX_SPEED_RATIO: u32 = 1_000;
const HOURS_A_DAY: u32 = 24;

/// Every input of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InputName {
    MachinePrice,
    Resale,
    SellingCost,
    LoadWatts,
    ElectricityRate,
    Pue,
    OtherMonthlyCost,
    SpeedRatio,
    InstanceRate,
    AmiRate,
    AddressRate,
    StorageCost,
    HoursPerDay,
    Horizon,
    DiscountRate,
    MonthLength,
}

impl InputName {
    /// The name in JSON and CSV, with its unit.
    pub const fn key(self) -> &'static str {
        match self {
            InputName::MachinePrice => "machine_usd",
            InputName::Resale => "resale_usd",
            InputName::SellingCost => "selling_cost",
            InputName::LoadWatts => "power_watts",
            InputName::ElectricityRate => "usd_per_kwh",
            InputName::Pue => "pue",
            InputName::OtherMonthlyCost => "other_usd_per_month",
            InputName::SpeedRatio => "speed_ratio",
            InputName::InstanceRate => "instance_usd_per_hour",
            InputName::AmiRate => "ami_usd_per_hour",
            InputName::AddressRate => "address_usd_per_hour",
            InputName::StorageCost => "storage_usd_per_month",
            InputName::HoursPerDay => "hours_per_day",
            InputName::Horizon => "horizon",
            InputName::DiscountRate => "discount_per_year",
            InputName::MonthLength => "month_length",
        }
    }

    /// The name in sentences and tables.
    pub const fn label(self) -> &'static str {
        match self {
            InputName::MachinePrice => "machine price",
            InputName::Resale => "resale value",
            InputName::SellingCost => "selling cost",
            InputName::LoadWatts => "power under load",
            InputName::ElectricityRate => "electricity rate",
            InputName::Pue => "PUE",
            InputName::OtherMonthlyCost => "other cost of owning",
            InputName::SpeedRatio => "speed ratio",
            InputName::InstanceRate => "instance rate",
            InputName::AmiRate => "AMI rate",
            InputName::AddressRate => "public IPv4 rate",
            InputName::StorageCost => "storage",
            InputName::HoursPerDay => "hours a day",
            InputName::Horizon => "horizon",
            InputName::DiscountRate => "discount rate",
            InputName::MonthLength => "month length",
        }
    }
}

impl fmt::Display for InputName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// An input that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{input} of {value}: {why}")]
pub struct InvalidInput {
    pub input: InputName,
    pub value: String,
    pub why: String,
}

/// Why a question has no answer. A machine that never pays for itself is an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BreakEvenError {
    #[error(transparent)]
    InvalidInput(#[from] InvalidInput),
    #[error("cannot compute {what}: it leaves the range of exact decimals")]
    OutOfRange { what: &'static str },
    #[error("costs after {days} days were asked for: it must lie between 0 and {MAX_DAYS} days")]
    DaysOutOfRange { days: Decimal },
}

impl Question {
    /// # Errors
    /// The first input that is negative, absurd, or contradicts another.
    pub fn check(&self) -> Result<(), InvalidInput> {
        self.check_owning()?;
        self.check_renting()?;
        self.check_terms()
    }

    fn check_owning(&self) -> Result<(), InvalidInput> {
        let own = &self.owning;
        dollars(InputName::MachinePrice, &own.price, MAX_PRICE_USD)?;
        dollars(InputName::Resale, &own.resale, MAX_PRICE_USD)?;
        if own.resale.value > own.price.value {
            let why = format!("it is above the machine's price of {}", own.price.value);
            return Err(invalid(InputName::Resale, own.resale.value.to_string(), why));
        }
        dollars(InputName::OtherMonthlyCost, &own.other_usd_per_month, MAX_USD_PER_MONTH)?;
        if let Some(electricity) = &own.electricity {
            number(InputName::LoadWatts, "W", electricity.load_watts.value, Decimal::ZERO, MAX_WATTS)?;
            dollars(InputName::ElectricityRate, &electricity.usd_per_kwh, MAX_USD_PER_KWH)?;
            number(InputName::Pue, "", electricity.pue.value, Decimal::ONE, MAX_PUE)?;
        }
        number(InputName::SpeedRatio, "", own.speed_ratio.value, Decimal::new(1, 3), MAX_SPEED_RATIO)
    }

    fn check_renting(&self) -> Result<(), InvalidInput> {
        let rent = &self.renting;
        dollars(InputName::InstanceRate, &rent.usd_per_hour, MAX_USD_PER_HOUR)?;
        dollars(InputName::AmiRate, &rent.ami_usd_per_hour, MAX_USD_PER_HOUR)?;
        dollars(InputName::AddressRate, &rent.address_usd_per_hour, MAX_USD_PER_HOUR)?;
        dollars(InputName::StorageCost, &rent.storage_usd_per_month, MAX_USD_PER_MONTH)
    }

    fn check_terms(&self) -> Result<(), InvalidInput> {
        let hours = self.terms.hours_per_day.value;
        number(InputName::HoursPerDay, "h", hours, Decimal::ZERO, HOURS_A_DAY)?;
        if hours > most_hours_replaced(self.owning.speed_ratio.value) {
            let ratio = exact(self.owning.speed_ratio.value);
            let why = format!("{} rented hours a day are then more than 24 hours of the machine", exact(hours));
            return Err(invalid(InputName::SpeedRatio, ratio, why));
        }
        let horizon = self.terms.horizon.value;
        if !horizon.is_in_range() {
            let why = "it must lie between a day and 100 years".to_owned();
            return Err(invalid(InputName::Horizon, horizon.to_string(), why));
        }
        Ok(())
    }
}

/// Rented hours a day that a machine working around the clock replaces, at most the day's 24.
pub(super) fn most_hours_replaced(speed_ratio: Decimal) -> Decimal {
    let day = Decimal::from(HOURS_A_DAY);
    day.saturating_mul(speed_ratio).min(day)
}

fn dollars(input: InputName, amount: &Input<Usd>, most: u32) -> Result<(), InvalidInput> {
    let usd = amount.value;
    if usd.is_negative() {
        return Err(invalid(input, usd.rate(), "it cannot be negative".to_owned()));
    }
    let most = Usd::new(Decimal::from(most));
    if usd > most {
        return Err(invalid(input, usd.rate(), format!("it is more than {most}, which no such cost reaches")));
    }
    Ok(())
}

fn number(input: InputName, unit: &str, amount: Decimal, least: Decimal, most: u32) -> Result<(), InvalidInput> {
    let shown = |amount| format!("{} {unit}", exact(amount)).trim_end().to_owned();
    let most = Decimal::from(most);
    if amount < least || amount > most {
        let why = format!("it must lie between {} and {}", exact(least), shown(most));
        return Err(invalid(input, shown(amount), why));
    }
    Ok(())
}

fn invalid(input: InputName, value: String, why: String) -> InvalidInput {
    InvalidInput { input, value, why }
}
