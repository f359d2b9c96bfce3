//! What is rented: its rate and what comes with it, each number with its source.

use rust_decimal::Decimal;

use super::args::BreakEvenArgs;
use super::break_even::{days, dollars, input, parsed};
use super::break_even_flows;
use super::error::Failure;
use super::opponent::Opponent;
use super::request::Request;
use crate::billing::{MeasuredStorage, MeasuredUse, volume_charges};
use crate::break_even::{Input, Renting};
use crate::catalog::{NoRate, RateCard, VolumeSpec};
use crate::ledger::VolumeShape;
use crate::money::Usd;
use crate::quantity::exact;

/// The instance, an opponent in its place, or a bare rate.
pub fn renting(
    args: &BreakEvenArgs,
    measured: Option<&MeasuredUse>,
    opponent: Option<&Opponent>,
    request: &Request,
) -> Result<Renting, Failure> {
    let card = request.card()?;
    let instance = args.instance.as_deref().or(measured.map(|m| m.instance_type.as_str()));
    let here = || measured.map_or_else(|| request.region(), |m| Ok(m.region.as_str()));
    let region = opponent.map_or_else(here, |opponent| Ok(opponent.chosen.region.as_str()))?;
    let mut committed = None;
    let (name, rate) = match (opponent, instance, &args.usd_per_hour) {
        (Some(opponent), _, _) => (opponent.name(), opponent.rate()),
        (None, Some(instance), Some(text)) => {
            (format!("{instance} in {region}"), Input::given(dollars("--usd-per-hour", text)?))
        }
        (None, None, Some(text)) => ("the rented instance".to_owned(), Input::given(dollars("--usd-per-hour", text)?)),
        (None, Some(instance), None) => {
            let rate = match measured {
                Some(measured) if args.more.purchase.is_none() => measured_rate(measured, card)?,
                _ => {
                    let (rate, commitment) = break_even_flows::purchased(&args.more, instance, region, card)?;
                    committed = commitment;
                    rate
                }
            };
            (format!("{instance} in {region}"), rate)
        }
        (None, None, None) => {
            return Err(Failure::usage("which instance would the machine replace?")
                .hint("give --instance p2.xlarge, or --usd-per-hour"));
        }
    };
    let mut renting = Renting::at_rate(name, rate);
    renting.committed = committed;
    renting.gpus = instance.and_then(|instance| gpus(instance, card));
    break_even_flows::renting(&args.more, region, card, &mut renting)?;
    renting.ami_usd_per_hour =
        input(&args.ami_usd_per_hour, "0", dollars("--ami-usd-per-hour", &args.ami_usd_per_hour)?);
    if args.public_ipv4 {
        let rate = card.public_ipv4(region, true)?;
        renting.address_usd_per_hour = Input::from(rate.usd, format!("rate as of {}", rate.provenance.as_of));
    }
    if let Some(text) = &args.storage_usd_per_month {
        renting.storage_usd_per_month = Input::given(dollars("--storage-usd-per-month", text)?);
    } else if !args.volumes.is_empty() {
        renting.storage_usd_per_month = storage(&args.volumes, region, card)?;
    } else if let Some(measured) = measured {
        renting.storage_usd_per_month = match measured.storage {
            MeasuredStorage::PerMonth(usd) => Input::from(usd, format!("the ledger, {}", days(measured))),
            MeasuredStorage::NotRecorded => Input::from(Usd::ZERO, "not in the records: left out"),
            MeasuredStorage::Unpriced => Input::from(Usd::ZERO, "not fully priced: left out"),
        };
    }
    Ok(renting)
}

/// Of the instance type; `None` where it has none.
fn gpus(instance: &str, card: &RateCard) -> Option<Input<Decimal>> {
    let kind = card.instance_type(instance)?;
    let count = kind.gpu_count();
    (!count.is_zero()).then(|| Input::from(count, format!("the specification of {instance}")))
}

/// What the hours cost by the records: own, spot and metered rates where they name them, else the card's.
fn measured_rate(measured: &MeasuredUse, card: &RateCard) -> Result<Input<Usd>, Failure> {
    let MeasuredUse { instance_type, region, rated_cost, rated_hours, .. } = measured;
    let unrated = measured.unrated_hours();
    let on_demand = if unrated.is_zero() { None } else { Some(card.on_demand(region, instance_type)?) };
    let rate = measured
        .usd_per_hour(on_demand.as_ref().map(|rate| rate.usd))
        .ok_or_else(|| Failure::new("the cost of the ledger's hours is too large to hold"))?;
    let as_of = measured.rate_as_of.as_ref().map_or_else(String::new, |date| format!(", rate as of {date}"));
    let rated = format!("the ledger: {rated_cost} over {} h{as_of}", exact(*rated_hours));
    let source = match on_demand {
        None => rated,
        Some(rate) => {
            let source = format!("{} h at the on-demand rate as of {}", exact(unrated), rate.provenance.as_of);
            if rated_hours.is_zero() { source } else { format!("{rated}; {source}") }
        }
    };
    Ok(Input::from(rate, source))
}

/// What volumes cost a month, and the rates that rests on.
fn storage(specs: &[String], region: &str, card: &RateCard) -> Result<Input<Usd>, Failure> {
    let mut sum = Usd::ZERO;
    let mut sources = Vec::new();
    for text in specs {
        let spec: VolumeSpec = parsed("--volume", text)?;
        let shape = VolumeShape::from(&spec);
        for charge in volume_charges(spec.volume_type, &shape) {
            let rate = card.volume(region, spec.volume_type, charge.rate).map_err(|e: NoRate| Failure::from(e))?;
            let cost = Usd::of_line_item(charge.amount, rate.usd)
                .ok_or_else(|| Failure::new(format!("--volume {text}: its cost is too large to hold")))?;
            sum += cost;
            sources.push(format!(
                "{} at {} per {} as of {}",
                charge.subject(),
                rate.usd.rate(),
                rate.unit,
                rate.provenance.as_of
            ));
        }
    }
    Ok(Input::from(sum, sources.join("; ")))
}
