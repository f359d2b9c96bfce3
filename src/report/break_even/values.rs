//! An input's number as a person reads it, by its name.

use rust_decimal::Decimal;

use crate::break_even::InputName;
use crate::money::Usd;
use crate::quantity::exact;
use crate::report::table::Cell;

/// With its unit for people, as it is for programs.
pub fn value_cell(input: InputName, value: Decimal) -> Cell {
    let per = |unit: &str| Cell::new(format!("{}/{unit}", Usd::new(value).rate()), Usd::new(value).exact());
    match input {
        InputName::MachinePrice | InputName::Resale | InputName::UpgradeCost | InputName::Upfront => {
            Cell::cost(Usd::new(value))
        }
        InputName::AdminWage
        | InputName::InstanceRate
        | InputName::AmiRate
        | InputName::AddressRate
        | InputName::ElasticIpRate => per("hour"),
        InputName::Maintenance
        | InputName::Colocation
        | InputName::OtherMonthlyCost
        | InputName::StorageCost
        | InputName::TransferCost => per("month"),
        InputName::ElectricityRate => per("kWh"),
        InputName::SalesTax
        | InputName::DownPayment
        | InputName::LoanApr
        | InputName::ResaleShare
        | InputName::ValueKept
        | InputName::SellingCost
        | InputName::Escalation
        | InputName::RepairReserve
        | InputName::DiscountRate => Cell::new(percent(value), exact(value)),
        InputName::LoadWatts | InputName::IdleWatts => with_unit(value, "W"),
        InputName::TransferGb => Cell::new(format!("{} GB/month", Cell::number(value, 2).shown), exact(value)),
        InputName::CheckpointTime | InputName::CheckpointInterval | InputName::RestartTime => with_unit(value, "h"),
        InputName::AdminHours => with_unit(value, "h/month"),
        InputName::HoursPerDay => Cell::number(value, 4),
        InputName::Pue | InputName::SpeedRatio | InputName::Overhead | InputName::InterruptionRate => {
            Cell::number(value, 6)
        }
        InputName::LoanMonths | InputName::TermMonths | InputName::Horizon => with_unit(value, "months"),
        InputName::UpgradeMonth => Cell::new(format!("month {}", exact(value)), exact(value)),
        InputName::MonthLength => Cell::text(exact(value)),
    }
}

fn with_unit(value: Decimal, unit: &str) -> Cell {
    Cell::new(format!("{} {unit}", Cell::number(value, 4).shown), exact(value))
}

fn percent(fraction: Decimal) -> String {
    format!("{}%", exact(fraction.saturating_mul(Decimal::ONE_HUNDRED)))
}
