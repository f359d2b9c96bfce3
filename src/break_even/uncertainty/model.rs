//! The net present value in floats: the same formula as `Flows` and `Discount`, a million times over.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::break_even::check::InputName;
use crate::break_even::discount::Discount;
use crate::break_even::input::Question;

/// A question's numbers, any of which a path may replace.
#[derive(Clone, Copy, Debug)]
pub(super) struct Model {
    price: f64,
    resale: f64,
    kept: f64,
    watts: f64,
    usd_per_kwh: f64,
    pue: f64,
    other: f64,
    speed: f64,
    rent: f64,
    extra_per_hour: f64,
    storage: f64,
    pub(super) hours: f64,
    days_a_month: f64,
    annuity: f64,
    at_end: f64,
}

impl Model {
    /// `None` if the horizon or the discount leaves the range of decimals.
    pub(super) fn of(question: &Question) -> Option<Model> {
        let (own, rent, terms) = (&question.owning, &question.renting, &question.terms);
        let discount = Discount::per_year(terms.discount_per_year.value)?;
        let months = terms.horizon.value.months(terms.month.value)?;
        let electricity = own.electricity.as_ref();
        let float = |number: Decimal| number.to_f64();
        let (watts, rate, pue) = match electricity {
            Some(power) => {
                (float(power.load_watts.value)?, float(power.usd_per_kwh.value.amount())?, float(power.pue.value)?)
            }
            None => (0.0, 0.0, 1.0),
        };
        let extra = rent.ami_usd_per_hour.value.checked_add(rent.address_usd_per_hour.value)?;
        Some(Model {
            price: float(own.price.value.amount())?,
            resale: float(own.resale.value.amount())?,
            kept: float(Decimal::ONE.checked_sub(own.selling_cost.value.fraction())?)?,
            watts,
            usd_per_kwh: rate,
            pue,
            other: float(own.other_usd_per_month.value.amount())?,
            speed: float(own.speed_ratio.value)?,
            rent: float(rent.usd_per_hour.value.amount())?,
            extra_per_hour: float(extra.amount())?,
            storage: float(rent.storage_usd_per_month.value.amount())?,
            hours: float(terms.hours_per_day.value)?,
            days_a_month: float(terms.month.value.days(Decimal::ONE)?)?,
            annuity: float(discount.annuity(months)?)?,
            at_end: float(discount.factor(months)?)?,
        })
    }

    /// Puts one input's value; `false` for an input that no range can be given for.
    pub(super) fn put(&mut self, input: InputName, value: f64) -> bool {
        let place = match input {
            InputName::MachinePrice => &mut self.price,
            InputName::Resale => &mut self.resale,
            InputName::LoadWatts => &mut self.watts,
            InputName::ElectricityRate => &mut self.usd_per_kwh,
            InputName::Pue => &mut self.pue,
            InputName::OtherMonthlyCost => &mut self.other,
            InputName::SpeedRatio => &mut self.speed,
            InputName::InstanceRate => &mut self.rent,
            InputName::StorageCost => &mut self.storage,
            InputName::HoursPerDay => &mut self.hours,
            _ => return false,
        };
        *place = value;
        true
    }

    /// Of owning instead of renting. A machine replaces no more than its 24 hours a day, and sells for no more
    /// than it cost.
    pub(super) fn npv(&self) -> f64 {
        self.npv_of_use(self.hours_replaced(self.hours) * self.annuity)
    }

    pub(super) fn hours_replaced(&self, hours: f64) -> f64 {
        hours.min(24.0 * self.speed).min(24.0)
    }

    /// From the hours a day of each month, each times what a dollar of that month is worth today.
    pub(super) fn npv_of_use(&self, hours_present: f64) -> f64 {
        let own_per_hour = self.watts / 1000.0 * self.pue * self.usd_per_kwh / self.speed;
        let saved_per_hour = self.rent + self.extra_per_hour - own_per_hour;
        let used = hours_present * self.days_a_month * saved_per_hour;
        let steady = (self.storage - self.other) * self.annuity;
        used + steady - self.price + self.resale.min(self.price) * self.kept * self.at_end
    }
}
