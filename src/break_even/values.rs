//! One input of a question by its name, as a number: read it, or ask the same with another.

use rust_decimal::Decimal;

use super::input::{Electricity, Owning, Question};
use super::input_name::InputName;
use super::interruptions::Interruptions;
use super::terms::{Horizon, Percentage};
use crate::money::Usd;

/// Where a question keeps an input, by the type it has there.
enum Place<'a> {
    Dollars(&'a mut Usd),
    Number(&'a mut Decimal),
    Share(&'a mut Percentage),
}

impl Question {
    /// An input as a number: dollars, hours, a share as its fraction. `None` where the question has no such input, and for
    /// those that are no numbers (month length) or [count](InputName::is_whole).
    pub fn value_of(&self, input: InputName) -> Option<Decimal> {
        let mut copy = self.clone();
        Some(match place(&mut copy, input)? {
            Place::Dollars(usd) => usd.amount(),
            Place::Number(number) => *number,
            Place::Share(share) => share.fraction(),
        })
    }

    /// Puts another number in an input's place; `None` and unchanged where [`Question::value_of`] has none, or a share
    /// is no share.
    pub fn put(&mut self, input: InputName, value: Decimal) -> Option<()> {
        if input.makes_overhead() {
            return self.put_interruptions(input, value);
        }
        match place(self, input)? {
            Place::Dollars(usd) => *usd = Usd::new(value),
            Place::Number(number) => *number = value,
            Place::Share(share) => *share = Percentage::of_fraction(value).ok()?,
        }
        Some(())
    }

    /// With the overhead that follows; `None` where no work would be done.
    fn put_interruptions(&mut self, input: InputName, value: Decimal) -> Option<()> {
        let mut other = self.renting.interruptions?;
        *of_interruptions(&mut other, input)? = value;
        self.renting.overhead.value = other.overhead()?;
        self.renting.interruptions = Some(other);
        Some(())
    }

    /// Puts another count in the place of an input that [counts](InputName::is_whole); a horizon goes on counting days if
    /// it does. `None` and unchanged where the question has no such input.
    pub fn put_count(&mut self, input: InputName, count: u32) -> Option<()> {
        let place = match input {
            InputName::LoanMonths => &mut self.owning.financing.as_mut()?.months.value,
            InputName::UpgradeMonth => &mut self.owning.upgrade.as_mut()?.month.value,
            InputName::TermMonths => &mut self.renting.committed.as_mut()?.term_months.value,
            InputName::Horizon => match &mut self.terms.horizon.value {
                Horizon::Days(count) | Horizon::Months(count) => count,
            },
            _ => return None,
        };
        *place = count;
        Some(())
    }
}

fn place(question: &mut Question, input: InputName) -> Option<Place<'_>> {
    let Question { owning, renting, terms } = question;
    match input {
        InputName::MachinePrice
        | InputName::SalesTax
        | InputName::DownPayment
        | InputName::LoanApr
        | InputName::Resale
        | InputName::ResaleShare
        | InputName::ValueKept
        | InputName::SellingCost
        | InputName::UpgradeCost
        | InputName::SpeedRatio => of_machine(owning, input),
        InputName::LoadWatts
        | InputName::IdleWatts
        | InputName::ElectricityRate
        | InputName::Pue
        | InputName::Escalation => of_electricity(owning.electricity.as_mut()?, input),
        InputName::AdminHours
        | InputName::AdminWage
        | InputName::Maintenance
        | InputName::Colocation
        | InputName::RepairReserve
        | InputName::OtherMonthlyCost => of_upkeep(owning, input),
        InputName::InstanceRate => Some(Place::Dollars(&mut renting.usd_per_hour.value)),
        InputName::Upfront => Some(Place::Dollars(&mut renting.committed.as_mut()?.upfront.value)),
        InputName::Overhead => Some(Place::Number(&mut renting.overhead.value)),
        InputName::InterruptionRate
        | InputName::CheckpointTime
        | InputName::CheckpointInterval
        | InputName::RestartTime => of_interruptions(renting.interruptions.as_mut()?, input).map(Place::Number),
        InputName::AmiRate => Some(Place::Dollars(&mut renting.ami_usd_per_hour.value)),
        InputName::AddressRate => Some(Place::Dollars(&mut renting.address_usd_per_hour.value)),
        InputName::ElasticIpRate => Some(Place::Dollars(&mut renting.elastic_ip_usd_per_hour.value)),
        InputName::StorageCost => Some(Place::Dollars(&mut renting.storage_usd_per_month.value)),
        InputName::TransferCost => Some(Place::Dollars(&mut renting.transfer_usd_per_month.value)),
        InputName::TransferGb => Some(Place::Number(&mut renting.transfer.as_mut()?.gb_per_month.value)),
        InputName::HoursPerDay => Some(Place::Number(&mut terms.hours_per_day.value)),
        InputName::DiscountRate => Some(Place::Share(&mut terms.discount_per_year.value)),
        InputName::LoanMonths
        | InputName::UpgradeMonth
        | InputName::TermMonths
        | InputName::Horizon
        | InputName::MonthLength => None,
    }
}

fn of_machine(owning: &mut Owning, input: InputName) -> Option<Place<'_>> {
    Some(match input {
        InputName::MachinePrice => Place::Dollars(&mut owning.price.value),
        InputName::SalesTax => Place::Share(&mut owning.sales_tax.value),
        InputName::DownPayment => Place::Share(&mut owning.financing.as_mut()?.down_payment.value),
        InputName::LoanApr => Place::Share(&mut owning.financing.as_mut()?.apr.value),
        InputName::Resale => Place::Dollars(&mut owning.resale.value),
        InputName::ResaleShare => Place::Share(&mut owning.resale_share.as_mut()?.value),
        InputName::ValueKept => Place::Share(&mut owning.value_kept_per_year.as_mut()?.value),
        InputName::SellingCost => Place::Share(&mut owning.selling_cost.value),
        InputName::UpgradeCost => Place::Dollars(&mut owning.upgrade.as_mut()?.usd.value),
        InputName::SpeedRatio => Place::Number(&mut owning.speed_ratio.value),
        _ => return None,
    })
}

fn of_electricity(electricity: &mut Electricity, input: InputName) -> Option<Place<'_>> {
    Some(match input {
        InputName::LoadWatts => Place::Number(&mut electricity.load_watts.value),
        InputName::IdleWatts => Place::Number(&mut electricity.idle_watts.value),
        InputName::ElectricityRate => Place::Dollars(&mut electricity.usd_per_kwh.value),
        InputName::Pue => Place::Number(&mut electricity.pue.value),
        InputName::Escalation => Place::Share(&mut electricity.escalation_per_year.value),
        _ => return None,
    })
}

fn of_interruptions(interruptions: &mut Interruptions, input: InputName) -> Option<&mut Decimal> {
    Some(match input {
        InputName::InterruptionRate => &mut interruptions.per_hour,
        InputName::CheckpointTime => &mut interruptions.checkpoint_hours,
        InputName::CheckpointInterval => interruptions.interval_hours.as_mut()?,
        InputName::RestartTime => &mut interruptions.restart_hours,
        _ => return None,
    })
}

fn of_upkeep(owning: &mut Owning, input: InputName) -> Option<Place<'_>> {
    let upkeep = &mut owning.upkeep;
    Some(match input {
        InputName::AdminHours => Place::Number(&mut upkeep.admin_hours_per_month.value),
        InputName::AdminWage => Place::Dollars(&mut upkeep.usd_per_admin_hour.value),
        InputName::Maintenance => Place::Dollars(&mut upkeep.maintenance_usd_per_month.value),
        InputName::Colocation => Place::Dollars(&mut upkeep.colocation_usd_per_month.value),
        InputName::RepairReserve => Place::Share(&mut upkeep.repair_reserve_per_year.value),
        InputName::OtherMonthlyCost => Place::Dollars(&mut owning.other_usd_per_month.value),
        _ => return None,
    })
}
