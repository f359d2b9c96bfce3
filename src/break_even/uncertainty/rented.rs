//! What transfer and interruptions make of renting, in floats: the formulas of `TransferOut` and `Interruptions`.

use rust_decimal::prelude::ToPrimitive;

use crate::break_even::input::Question;
use crate::break_even::input_name::InputName;
use crate::break_even::interruptions::Interruptions;

/// AWS has four.
const MOST_TIERS: usize = 4;

/// Rates of data sent out, each for what lies beyond where it begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tiers {
    /// Where a rate begins, and by how much it is dearer than the one before.
    steps: [(f64, f64); MOST_TIERS],
}

impl Tiers {
    /// `None` for more tiers than there are, or a number that does not fit a float.
    pub(super) fn of(question: &Question) -> Option<Tiers> {
        let mut tiers = Tiers::default();
        let Some(transfer) = &question.renting.transfer else { return Some(tiers) };
        let mut before = 0.0;
        for (place, tier) in transfer.rates.tiers.iter().enumerate() {
            let rate = tier.usd_per_gb.amount().to_f64()?;
            *tiers.steps.get_mut(place)? = (f64::from(tier.from_gb) + f64::from(transfer.rates.free_gb), rate - before);
            before = rate;
        }
        Some(tiers)
    }

    /// Of a month.
    pub(super) fn cost_of(&self, gb: f64) -> f64 {
        self.steps.iter().map(|(from, dearer)| (gb - from).max(0.0) * dearer).sum()
    }
}

/// Spot interruptions, in hours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interrupted {
    per_hour: f64,
    /// `None` is the best.
    interval: Option<f64>,
    checkpoint: f64,
    restart: f64,
}

impl Interrupted {
    /// `None` only if a number does not fit a float, which all decimals do.
    pub(super) fn of(interruptions: Interruptions) -> Option<Interrupted> {
        let Interruptions { per_hour, interval_hours, checkpoint_hours, restart_hours } = interruptions;
        let interval = match interval_hours {
            None => None,
            Some(hours) => Some(hours.to_f64()?),
        };
        Some(Interrupted {
            per_hour: per_hour.to_f64()?,
            interval,
            checkpoint: checkpoint_hours.to_f64()?,
            restart: restart_hours.to_f64()?,
        })
    }

    pub(super) fn put(&mut self, input: InputName, value: f64) {
        match input {
            InputName::InterruptionRate => self.per_hour = value,
            InputName::CheckpointTime => self.checkpoint = value,
            InputName::CheckpointInterval => self.interval = Some(value),
            InputName::RestartTime => self.restart = value,
            _ => {}
        }
    }

    /// Hours paid for an hour of work.
    pub(super) fn overhead(&self) -> f64 {
        let interval = self.interval.unwrap_or_else(|| (2.0 * self.checkpoint / self.per_hour).sqrt());
        let segment = interval + self.checkpoint;
        if self.per_hour == 0.0 {
            return segment / interval;
        }
        (self.per_hour * self.restart).exp() * (self.per_hour * segment).exp_m1() / (self.per_hour * interval)
    }
}
