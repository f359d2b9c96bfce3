//! A history followed day by day: what the rule did, what it cost, and what would have been best.

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::rule::{Day, OnlineError, Rule, Threshold};
use crate::money::Usd;

/// A history as one who follows the rule lives through it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    pub purchase: Option<Purchase>,
    /// One for each day of the history.
    pub steps: Vec<Step>,
}

/// The rule bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purchase {
    pub date: Date,
    /// Rent paid until then.
    pub rent: Usd,
    /// What running one's own would have cost until then.
    pub own: Usd,
}

/// Sums at a day's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub date: Date,
    pub hours: Decimal,
    /// Renting all along.
    pub rent: Usd,
    /// Running one's own all along, without what it costs at once.
    pub own: Usd,
    /// What owning would have saved: `rent − own`.
    pub saved: Usd,
    /// Following the rule.
    pub rule: Usd,
    /// Renting all along or buying on the first day, whichever was cheaper in hindsight.
    pub best: Usd,
}

/// How far the threshold is, if the days to come are like the recent ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    pub recent_days: usize,
    pub hours_per_day: Decimal,
    pub rent_left: Usd,
    pub hours_left: Decimal,
    pub days_left: Decimal,
    /// `None` past the year 9999.
    pub date: Option<Date>,
}

impl Followed {
    pub fn last(&self) -> Option<&Step> {
        self.steps.last()
    }

    /// The recent days' pace carried on until the threshold. `None` if it is met, never is, or nothing is saved
    /// at that pace.
    pub fn outlook(&self, rule: &Rule, threshold: Threshold, recent_days: usize) -> Option<Outlook> {
        let (Threshold::Saved(threshold), Some(last), None) = (threshold, self.last(), self.purchase) else {
            return None;
        };
        let recent = self.steps.get(self.steps.len().saturating_sub(recent_days)..)?;
        let hours: Decimal = recent.iter().map(|step| step.hours).sum();
        let hours_per_day = hours.checked_div(Decimal::from(recent.len()))?;
        let saved_per_day = rule.saved_in(hours_per_day)?.amount();
        let left = threshold.checked_add(-last.saved)?.amount();
        let days_left = left.checked_div(saved_per_day)?;
        let (rent_per_day, _) = rule.day(Day { date: last.date, hours: hours_per_day }).ok()?;
        let whole = i32::try_from(days_left.ceil()).ok();
        Some(Outlook {
            recent_days: recent.len(),
            hours_per_day,
            rent_left: rent_per_day.scaled(days_left, Decimal::ONE)?,
            hours_left: hours_per_day.checked_mul(days_left)?,
            days_left,
            date: whole.and_then(|days| last.date.checked_add(days.days()).ok()),
        })
    }
}

impl Rule {
    /// Lives through a history with a threshold. Within the day on which it is met, the purchase comes at the very
    /// hour, the day's use being spread evenly. No step looks at a later day.
    ///
    /// # Errors
    /// Days out of order, or with more hours than a day has.
    pub fn follow(&self, history: &[Day], threshold: Threshold) -> Result<Followed, OnlineError> {
        let mut followed = Followed { purchase: None, steps: Vec::with_capacity(history.len()) };
        for &day in history {
            let before = followed.last().copied();
            if let Some(before) = before.filter(|before| before.date >= day.date) {
                return Err(OnlineError::TimeGoesBack { before: before.date, after: day.date });
            }
            let (rent, own) = self.day(day)?;
            let step = self.step(day, (rent, own), before, threshold, &mut followed.purchase);
            followed.steps.push(step.ok_or(OnlineError::OutOfRange("a history's cost"))?);
        }
        Ok(followed)
    }

    fn step(
        &self,
        day: Day,
        (rent, own): (Usd, Usd),
        before: Option<Step>,
        threshold: Threshold,
        purchase: &mut Option<Purchase>,
    ) -> Option<Step> {
        let so_far = |of: fn(&Step) -> Usd| before.as_ref().map_or(Usd::ZERO, of);
        let (rent_before, own_before) = (so_far(|step| step.rent), so_far(|step| step.own));
        let rent_after = rent_before.checked_add(rent)?;
        let own_after = own_before.checked_add(own)?;
        let saved = rent_after.checked_add(-own_after)?;
        let mut rule = so_far(|step| step.rule);
        match (*purchase, threshold) {
            (Some(_), _) => rule = rule.checked_add(own)?,
            (None, Threshold::Saved(threshold)) if saved >= threshold => {
                let saved_before = rent_before.checked_add(-own_before)?;
                let part = part_of_day(threshold.checked_add(-saved_before)?, saved.checked_add(-saved_before)?)?;
                let rented = rent.scaled(part, Decimal::ONE)?;
                let run = own.scaled(part, Decimal::ONE)?;
                let at = Purchase {
                    date: day.date,
                    rent: rent_before.checked_add(rented)?,
                    own: own_before.checked_add(run)?,
                };
                *purchase = Some(at);
                rule = at.rent.checked_add(self.at_once())?.checked_add(own.checked_add(-run)?)?;
            }
            (None, _) => rule = rent_after,
        }
        let best = rent_after.min(self.at_once().checked_add(own_after)?);
        Some(Step { date: day.date, hours: day.hours, rent: rent_after, own: own_after, saved, rule, best })
    }
}

/// How much of a day passes until `left` of what it saves is saved.
fn part_of_day(left: Usd, saved: Usd) -> Option<Decimal> {
    if left <= Usd::ZERO {
        return Some(Decimal::ZERO);
    }
    Some(left.amount().checked_div(saved.amount())?.min(Decimal::ONE))
}
