//! Both sides' present cost in floats: the same formula as `Flows`, a million times over.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::rented::{Interrupted, Tiers};
use super::span::{Schedule, Span, Use};
use crate::break_even::flows::MONTHS_A_YEAR;
use crate::break_even::input::Question;
use crate::break_even::input_name::InputName;

const HOURS_A_DAY: f64 = 24.0;

/// A question's numbers, any of which a path may replace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    price: f64,
    sales_tax: f64,
    /// Of the taxed price; 1 without a loan.
    down_payment: f64,
    resale: f64,
    resale_share: f64,
    /// `None` without a curve.
    kept: Option<f64>,
    selling_cost: f64,
    watts: f64,
    idle_watts: f64,
    usd_per_kwh: f64,
    pue: f64,
    admin_hours: f64,
    usd_per_admin_hour: f64,
    maintenance: f64,
    colocation: f64,
    repair_reserve: f64,
    other: f64,
    upgrade: f64,
    speed: f64,
    rent: f64,
    committed: bool,
    upfront: f64,
    overhead: f64,
    ami: f64,
    address: f64,
    elastic_ip: f64,
    storage: f64,
    transfer: f64,
    gb: f64,
    tiers: Tiers,
    /// What the overhead follows from, where it does.
    interruptions: Option<Interrupted>,
    pub(super) hours: f64,
    days_a_month: f64,
    pub(super) schedule: Schedule,
}

/// Both sides in today's dollars.
#[derive(Clone, Copy, Debug)]
pub(super) struct Costs {
    pub(super) rent: f64,
    pub(super) own: f64,
}

impl Costs {
    /// Of owning instead of renting.
    pub(super) fn npv(self) -> f64 {
        self.rent - self.own
    }
}

impl Model {
    /// `None` only if a number does not fit a float, which all decimals do.
    pub(super) fn of(question: &Question) -> Option<Model> {
        let terms = &question.terms;
        let or = |input: InputName, absent: f64| match question.value_of(input) {
            Some(value) => value.to_f64(),
            None => Some(absent),
        };
        let is = |input: InputName| or(input, 0.0);
        let kept = question.value_of(InputName::ValueKept).map(|kept| kept.to_f64());
        Some(Model {
            price: is(InputName::MachinePrice)?,
            sales_tax: is(InputName::SalesTax)?,
            down_payment: or(InputName::DownPayment, 1.0)?,
            resale: is(InputName::Resale)?,
            resale_share: is(InputName::ResaleShare)?,
            kept: match kept {
                None => None,
                Some(kept) => Some(kept?),
            },
            selling_cost: is(InputName::SellingCost)?,
            watts: is(InputName::LoadWatts)?,
            idle_watts: is(InputName::IdleWatts)?,
            usd_per_kwh: is(InputName::ElectricityRate)?,
            pue: or(InputName::Pue, 1.0)?,
            admin_hours: is(InputName::AdminHours)?,
            usd_per_admin_hour: is(InputName::AdminWage)?,
            maintenance: is(InputName::Maintenance)?,
            colocation: is(InputName::Colocation)?,
            repair_reserve: is(InputName::RepairReserve)?,
            other: is(InputName::OtherMonthlyCost)?,
            upgrade: is(InputName::UpgradeCost)?,
            speed: is(InputName::SpeedRatio)?,
            rent: is(InputName::InstanceRate)?,
            committed: question.renting.committed.is_some(),
            upfront: is(InputName::Upfront)?,
            overhead: is(InputName::Overhead)?,
            ami: is(InputName::AmiRate)?,
            address: is(InputName::AddressRate)?,
            elastic_ip: is(InputName::ElasticIpRate)?,
            storage: is(InputName::StorageCost)?,
            transfer: is(InputName::TransferCost)?,
            gb: is(InputName::TransferGb)?,
            tiers: Tiers::of(question)?,
            interruptions: match question.renting.interruptions {
                None => None,
                Some(interruptions) => Some(Interrupted::of(interruptions)?),
            },
            hours: is(InputName::HoursPerDay)?,
            days_a_month: terms.month.value.days(Decimal::ONE)?.to_f64()?,
            schedule: Schedule::of(question)?,
        })
    }

    /// Puts one input's value; `false` for an input that no range can be given for.
    pub(super) fn put(&mut self, input: InputName, value: f64) -> bool {
        if let Some(interruptions) = self.interruptions.as_mut().filter(|_| input.makes_overhead()) {
            interruptions.put(input, value);
            self.overhead = interruptions.overhead();
            return true;
        }
        let place = match input {
            InputName::MachinePrice => &mut self.price,
            InputName::SalesTax => &mut self.sales_tax,
            InputName::DownPayment => &mut self.down_payment,
            InputName::Resale => &mut self.resale,
            InputName::ResaleShare => &mut self.resale_share,
            InputName::ValueKept => self.kept.get_or_insert(value),
            InputName::SellingCost => &mut self.selling_cost,
            InputName::LoadWatts => &mut self.watts,
            InputName::IdleWatts => &mut self.idle_watts,
            InputName::ElectricityRate => &mut self.usd_per_kwh,
            InputName::Pue => &mut self.pue,
            InputName::AdminHours => &mut self.admin_hours,
            InputName::AdminWage => &mut self.usd_per_admin_hour,
            InputName::Maintenance => &mut self.maintenance,
            InputName::Colocation => &mut self.colocation,
            InputName::RepairReserve => &mut self.repair_reserve,
            InputName::OtherMonthlyCost => &mut self.other,
            InputName::UpgradeCost => &mut self.upgrade,
            InputName::SpeedRatio => &mut self.speed,
            InputName::InstanceRate => &mut self.rent,
            InputName::Upfront => &mut self.upfront,
            InputName::Overhead => &mut self.overhead,
            InputName::AmiRate => &mut self.ami,
            InputName::AddressRate => &mut self.address,
            InputName::ElasticIpRate => &mut self.elastic_ip,
            InputName::StorageCost => &mut self.storage,
            InputName::TransferCost => &mut self.transfer,
            InputName::TransferGb => &mut self.gb,
            InputName::HoursPerDay => &mut self.hours,
            _ => return self.schedule.put(input, value),
        };
        *place = value;
        true
    }

    /// What both cost with the same hours all along.
    pub(super) fn costs(&self, span: &Span) -> Costs {
        let hours = self.hours_replaced(self.hours);
        self.costs_of(Use { rented: hours * span.annuity, run: hours * span.electricity }, span)
    }

    /// A machine replaces no more than its 24 hours a day, and spot does no more work than its own.
    pub(super) fn hours_replaced(&self, hours: f64) -> f64 {
        hours.min(HOURS_A_DAY * self.speed).min(HOURS_A_DAY / self.overhead)
    }

    /// What both cost with this use.
    pub(super) fn costs_of(&self, used: Use, span: &Span) -> Costs {
        Costs { rent: self.rent_of(used, span), own: self.own_of(used, span) }
    }

    fn rent_of(&self, used: Use, span: &Span) -> f64 {
        let (by_use, by_the_hour) = if self.committed { (0.0, self.rent) } else { (self.rent, 0.0) };
        let per_hour = (by_use + self.ami + self.address) * self.overhead;
        let each_hour = HOURS_A_DAY * self.days_a_month * (by_the_hour + self.elastic_ip);
        let steady = each_hour + self.storage + self.transfer + self.tiers.cost_of(self.gb);
        used.rented * self.days_a_month * per_hour + steady * span.annuity + self.upfront * span.fees
    }

    /// A machine sells for no more than it cost.
    fn own_of(&self, used: Use, span: &Span) -> f64 {
        let taxed = self.price * (1.0 + self.sales_tax);
        let bought = taxed * (self.down_payment + (1.0 - self.down_payment) * span.loan);
        let usd_per_watt_hour = self.pue * self.usd_per_kwh / 1000.0;
        let idle = self.idle_watts.min(self.watts);
        let at_work = used.run * (self.watts - idle) / self.speed;
        let at_rest = HOURS_A_DAY * idle * span.electricity;
        let electricity = (at_work + at_rest) * self.days_a_month * usd_per_watt_hour;
        let reserve = self.price * self.repair_reserve / f64::from(MONTHS_A_YEAR);
        let admin = self.admin_hours * self.usd_per_admin_hour;
        let upkeep = admin + self.maintenance + self.colocation + reserve + self.other;
        let curve = self.kept.map_or(0.0, |kept| self.price * kept.powf(span.years));
        let resale = self.resale.max(self.price * self.resale_share).max(curve).min(self.price);
        let back = resale * (1.0 - self.selling_cost) * span.at_end;
        bought + electricity + upkeep * span.annuity + self.upgrade * span.upgrade - back
    }
}
