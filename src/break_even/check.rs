//! Refuses a question whose numbers cannot be meant, naming the input.

use rust_decimal::Decimal;

use super::input::{Committed, Electricity, Financing, Input, Question, Transfer, Upgrade};
use super::input_name::InputName;
use super::interruptions::Interruptions;
use super::terms::{Horizon, Percentage};
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
const LEAST_SPEED_RATIO: Decimal = Decimal::from_parts(1, 0, 0, false, 3);
const HOURS_A_DAY: u32 = 24;
/// Longer than the longest mortgage.
const MAX_LOAN_MONTHS: u32 = 360;
/// AWS commits for one or three years; a decade is beyond any of its offers.
const MAX_TERM_MONTHS: u32 = 120;
/// More work is done twice than once: that is no way to work.
const MAX_OVERHEAD: u32 = 10;
/// Ten petabytes.
const MAX_GB_PER_MONTH: u32 = 10_000_000;
/// Interruptions an hour, and hours of what they make be done.
const MAX_OF_INTERRUPTIONS: u32 = 100;
const MAX_ADMIN_HOURS: u32 = 744;
/// 25 % a year, which makes a rate ten times itself in a decade.
const MAX_ESCALATION: Decimal = Decimal::from_parts(25, 0, 0, false, 2);
/// 1 % of its value left after a year: less is nothing, and no curve.
const LEAST_KEPT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

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
        if let Some(Financing { months, .. }) = &own.financing {
            whole(InputName::LoanMonths, months, MAX_LOAN_MONTHS)?;
        }
        self.check_resale()?;
        let upkeep = &own.upkeep;
        let hours = upkeep.admin_hours_per_month.value;
        number(InputName::AdminHours, "h", hours, Decimal::ZERO, MAX_ADMIN_HOURS)?;
        dollars(InputName::AdminWage, &upkeep.usd_per_admin_hour, MAX_USD_PER_HOUR)?;
        for (input, amount) in [
            (InputName::Maintenance, &upkeep.maintenance_usd_per_month),
            (InputName::Colocation, &upkeep.colocation_usd_per_month),
            (InputName::OtherMonthlyCost, &own.other_usd_per_month),
        ] {
            dollars(input, amount, MAX_USD_PER_MONTH)?;
        }
        if let Some(electricity) = &own.electricity {
            check_electricity(electricity)?;
        }
        if let Some(Upgrade { usd, month }) = &own.upgrade {
            dollars(InputName::UpgradeCost, usd, MAX_PRICE_USD)?;
            whole(InputName::UpgradeMonth, month, Horizon::MAX_MONTHS)?;
        }
        number(InputName::SpeedRatio, "", own.speed_ratio.value, LEAST_SPEED_RATIO, MAX_SPEED_RATIO)
    }

    fn check_resale(&self) -> Result<(), InvalidInput> {
        let own = &self.owning;
        dollars(InputName::Resale, &own.resale, MAX_PRICE_USD)?;
        if own.resale.value > own.price.value {
            let why = format!("it is above the machine's price of {}", own.price.value);
            return Err(invalid(InputName::Resale, own.resale.value.to_string(), why));
        }
        let Some(kept) = &own.value_kept_per_year else { return Ok(()) };
        share(InputName::ValueKept, kept, LEAST_KEPT, Decimal::ONE)?;
        match &own.resale_share {
            None => Ok(()),
            Some(share) => {
                let why = format!("a resale that falls to {} each year is no fixed share of the price", kept.value);
                Err(invalid(InputName::ResaleShare, share.value.to_string(), why))
            }
        }
    }

    fn check_renting(&self) -> Result<(), InvalidInput> {
        let rent = &self.renting;
        for (input, amount) in [
            (InputName::InstanceRate, &rent.usd_per_hour),
            (InputName::AmiRate, &rent.ami_usd_per_hour),
            (InputName::AddressRate, &rent.address_usd_per_hour),
            (InputName::ElasticIpRate, &rent.elastic_ip_usd_per_hour),
        ] {
            dollars(input, amount, MAX_USD_PER_HOUR)?;
        }
        dollars(InputName::StorageCost, &rent.storage_usd_per_month, MAX_USD_PER_MONTH)?;
        dollars(InputName::TransferCost, &rent.transfer_usd_per_month, MAX_USD_PER_MONTH)?;
        check_transfer(rent.transfer.as_ref())?;
        check_interruptions(rent.interruptions)?;
        number(InputName::Overhead, "", rent.overhead.value, Decimal::ONE, MAX_OVERHEAD)?;
        let Some(Committed { upfront, term_months }) = &rent.committed else { return Ok(()) };
        dollars(InputName::Upfront, upfront, MAX_PRICE_USD)?;
        whole(InputName::TermMonths, term_months, MAX_TERM_MONTHS)?;
        if rent.overhead.value > Decimal::ONE {
            let why = "a commitment is not interrupted: only spot does work twice".to_owned();
            return Err(invalid(InputName::Overhead, exact(rent.overhead.value), why));
        }
        Ok(())
    }

    fn check_terms(&self) -> Result<(), InvalidInput> {
        let hours = self.terms.hours_per_day.value;
        number(InputName::HoursPerDay, "h", hours, Decimal::ZERO, HOURS_A_DAY)?;
        if hours > most_hours_replaced(self.owning.speed_ratio.value) {
            let ratio = exact(self.owning.speed_ratio.value);
            let why = format!("{} rented hours a day are then more than 24 hours of the machine", exact(hours));
            return Err(invalid(InputName::SpeedRatio, ratio, why));
        }
        let overhead = self.renting.overhead.value;
        if hours.saturating_mul(overhead) > Decimal::from(HOURS_A_DAY) {
            let why = format!("{} hours of work a day are then more than 24 rented hours", exact(hours));
            return Err(invalid(InputName::Overhead, exact(overhead), why));
        }
        let horizon = self.terms.horizon.value;
        if !horizon.is_in_range() {
            let why = "it must lie between a day and 100 years".to_owned();
            return Err(invalid(InputName::Horizon, horizon.to_string(), why));
        }
        Ok(())
    }
}

fn check_transfer(transfer: Option<&Transfer>) -> Result<(), InvalidInput> {
    let Some(Transfer { gb_per_month, rates }) = transfer else { return Ok(()) };
    let gb = gb_per_month.value;
    number(InputName::TransferGb, "GB", gb, Decimal::ZERO, MAX_GB_PER_MONTH)?;
    match rates.most_gb().filter(|most| gb > *most) {
        None => Ok(()),
        Some(most) => {
            let why = format!("the card has no rate for more than {} GB a month there", exact(most));
            Err(invalid(InputName::TransferGb, format!("{} GB", exact(gb)), why))
        }
    }
}

fn check_interruptions(interruptions: Option<Interruptions>) -> Result<(), InvalidInput> {
    let Some(Interruptions { per_hour, interval_hours, checkpoint_hours, restart_hours }) = interruptions else {
        return Ok(());
    };
    for (input, unit, value) in [
        (InputName::InterruptionRate, "", per_hour),
        (InputName::CheckpointTime, "h", checkpoint_hours),
        (InputName::CheckpointInterval, "h", interval_hours.unwrap_or_default()),
        (InputName::RestartTime, "h", restart_hours),
    ] {
        number(input, unit, value, Decimal::ZERO, MAX_OF_INTERRUPTIONS)?;
    }
    Ok(())
}

fn check_electricity(electricity: &Electricity) -> Result<(), InvalidInput> {
    let Electricity { load_watts, idle_watts, usd_per_kwh, pue, escalation_per_year } = electricity;
    number(InputName::LoadWatts, "W", load_watts.value, Decimal::ZERO, MAX_WATTS)?;
    number(InputName::IdleWatts, "W", idle_watts.value, Decimal::ZERO, MAX_WATTS)?;
    if idle_watts.value > load_watts.value {
        let why = format!("it is more than the {} W under load", exact(load_watts.value));
        return Err(invalid(InputName::IdleWatts, format!("{} W", exact(idle_watts.value)), why));
    }
    dollars(InputName::ElectricityRate, usd_per_kwh, MAX_USD_PER_KWH)?;
    number(InputName::Pue, "", pue.value, Decimal::ONE, MAX_PUE)?;
    share(InputName::Escalation, escalation_per_year, Decimal::ZERO, MAX_ESCALATION)
}

/// From and to what value an input can be varied while the others stay.
pub(super) fn limits(question: &Question, input: InputName) -> (Decimal, Decimal) {
    let (own, rent) = (&question.owning, &question.renting);
    let to = |most: u32| (Decimal::ZERO, Decimal::from(most));
    let hours = question.terms.hours_per_day.value;
    match input {
        InputName::MachinePrice => (own.resale.value.amount(), Decimal::from(MAX_PRICE_USD)),
        InputName::Resale => (Decimal::ZERO, own.price.value.amount()),
        InputName::UpgradeCost | InputName::Upfront => to(MAX_PRICE_USD),
        InputName::AdminWage
        | InputName::InstanceRate
        | InputName::AmiRate
        | InputName::AddressRate
        | InputName::ElasticIpRate => to(MAX_USD_PER_HOUR),
        InputName::Maintenance
        | InputName::Colocation
        | InputName::OtherMonthlyCost
        | InputName::StorageCost
        | InputName::TransferCost => to(MAX_USD_PER_MONTH),
        InputName::ElectricityRate => to(MAX_USD_PER_KWH),
        InputName::LoadWatts => {
            let idle = own.electricity.as_ref().map(|power| power.idle_watts.value);
            (idle.unwrap_or_default(), Decimal::from(MAX_WATTS))
        }
        InputName::IdleWatts => {
            let load = own.electricity.as_ref().map(|power| power.load_watts.value);
            (Decimal::ZERO, load.unwrap_or_default())
        }
        InputName::Pue => (Decimal::ONE, Decimal::from(MAX_PUE)),
        InputName::Escalation => (Decimal::ZERO, MAX_ESCALATION),
        InputName::ValueKept => (LEAST_KEPT, Decimal::ONE),
        InputName::AdminHours => to(MAX_ADMIN_HOURS),
        InputName::SpeedRatio => {
            let slowest = hours.checked_div(HOURS_A_DAY.into()).unwrap_or_default();
            (slowest.max(LEAST_SPEED_RATIO), Decimal::from(MAX_SPEED_RATIO))
        }
        InputName::Overhead => {
            let most = if rent.committed.is_some() { Decimal::ONE } else { Decimal::from(MAX_OVERHEAD) };
            let of_day = Decimal::from(HOURS_A_DAY).checked_div(hours);
            (Decimal::ONE, of_day.map_or(most, |of_day| most.min(of_day)))
        }
        InputName::TransferGb => {
            let most = rent.transfer.as_ref().and_then(|transfer| transfer.rates.most_gb());
            (Decimal::ZERO, most.unwrap_or_else(|| Decimal::from(MAX_GB_PER_MONTH)))
        }
        InputName::HoursPerDay => (Decimal::ZERO, most_hours(question)),
        _ => (Decimal::ZERO, Decimal::ONE),
    }
}

/// Hours a day of work that both the rented instance and the machine have.
pub(super) fn most_hours(question: &Question) -> Decimal {
    let rented = Decimal::from(HOURS_A_DAY).checked_div(question.renting.overhead.value);
    most_hours_replaced(question.owning.speed_ratio.value).min(rented.unwrap_or_default())
}

/// Rented hours a day that a machine working around the clock replaces, at most the day's 24.
fn most_hours_replaced(speed_ratio: Decimal) -> Decimal {
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

fn share(input: InputName, amount: &Input<Percentage>, least: Decimal, most: Decimal) -> Result<(), InvalidInput> {
    let fraction = amount.value.fraction();
    if fraction < least || fraction > most {
        let percent = |fraction: Decimal| exact(fraction.saturating_mul(Decimal::ONE_HUNDRED));
        let why = format!("it must lie between {} % and {} % a year", percent(least), percent(most));
        return Err(invalid(input, amount.value.to_string(), why));
    }
    Ok(())
}

/// From 1 on.
fn whole(input: InputName, amount: &Input<u32>, most: u32) -> Result<(), InvalidInput> {
    if !(1..=most).contains(&amount.value) {
        let why = format!("it must lie between 1 and {most}");
        return Err(invalid(input, amount.value.to_string(), why));
    }
    Ok(())
}

fn invalid(input: InputName, value: String, why: String) -> InvalidInput {
    InvalidInput { input, value, why }
}
