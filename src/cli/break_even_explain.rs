//! `gpucost break-even --explain` and `--carbon`: what stands behind the answer, and beside it.

use rust_decimal::Decimal;

use super::args::CarbonArgs;
use super::break_even::number;
use super::error::Failure;
use crate::break_even::{Answer, BreakEvenError, Grids, Input, Question, carbon};
use crate::catalog::RateCard;
use crate::quantity::exact;
use crate::report::break_even::{formula_table, inputs_table, survival, survival_table};
use crate::report::carbon::carbon_table;
use crate::report::table::Table;

/// AWS's global mean of 2024, by its own report: <https://aws.amazon.com/sustainability/data-centers/> (read 2026-11-27).
const AWS_PUE: Decimal = Decimal::from_parts(115, 0, 0, false, 2);
const MOST_WATTS: u32 = 200_000;
const MOST_GRAMS: u32 = 3_000;

/// The formulas with numbers, what each number rests on, and what the verdict survives.
pub fn explained(question: &Question, answer: &Answer, tables: &mut Vec<Table>) -> Result<(), Failure> {
    let survival = survival(question)?;
    let inputs = inputs_table(question);
    tables.retain(|table| table.key != inputs.key);
    tables.extend([formula_table(question, answer), inputs, survival_table(question, answer, &survival)]);
    Ok(())
}

/// Carbon of both sides; `None` without `--carbon`.
pub fn carbon_of(
    args: &CarbonArgs,
    question: &Question,
    instance: Option<&str>,
    region: &str,
    card: &RateCard,
) -> Result<Option<Table>, Failure> {
    if !args.carbon {
        return Ok(None);
    }
    let given = |option: &str, text: &Option<String>, least: Decimal, most: u32| match text {
        None => Ok(None),
        Some(text) => within(option, number(option, text)?, least, most).map(|value| Some(Input::given(value))),
    };
    let watts = given("--rented-watts", &args.rented_watts, Decimal::ZERO, MOST_WATTS)?;
    let pue = given("--cloud-pue", &args.cloud_pue, Decimal::ONE, 5)?;
    let there = given("--region-grams-per-kwh", &args.region_grams_per_kwh, Decimal::ZERO, MOST_GRAMS)?;
    let home = given("--home-grams-per-kwh", &args.home_grams_per_kwh, Decimal::ZERO, MOST_GRAMS)?;
    let grids = Grids {
        rented_watts: watts.or_else(|| instance.and_then(|instance| gpu_watts(instance, card))),
        cloud_pue: pue.unwrap_or_else(|| Input::from(AWS_PUE, "AWS's global mean of 2024, by its own report")),
        region_grams_per_kwh: there.or_else(|| grid(region, card)),
        home_grams_per_kwh: home,
    };
    let found = carbon(question, &grids).ok_or(BreakEvenError::OutOfRange { what: "the carbon" })?;
    Ok(Some(carbon_table(question, &grids, &found)))
}

fn within(option: &str, value: Decimal, least: Decimal, most: u32) -> Result<Decimal, Failure> {
    if value < least || value > Decimal::from(most) {
        let why = format!("{option}: {} must lie between {} and {most}", exact(value), exact(least));
        return Err(Failure::usage(why));
    }
    Ok(value)
}

/// What the boards of all the instance's GPUs may draw, as under full load.
fn gpu_watts(instance: &str, card: &RateCard) -> Option<Input<Decimal>> {
    let kind = card.instance_type(instance)?;
    let gpu = card.gpu_of(kind)?;
    let (count, watts) = (kind.gpu_count(), gpu.board_watts?);
    let mark = gpu.provenance.mark.as_deref().map_or_else(String::new, |mark| format!("; {mark}"));
    let source = format!("{} × {watts} W ({}, as of {}{mark})", exact(count), gpu.name, gpu.provenance.as_of);
    Some(Input::from(Decimal::from(watts).checked_mul(count)?, source))
}

fn grid(region: &str, card: &RateCard) -> Option<Input<Decimal>> {
    let grid = card.grid_carbon(region)?;
    let mark = grid.provenance.mark.as_deref().map_or_else(String::new, |mark| format!("; {mark}"));
    Some(Input::from(grid.grams_per_kwh, format!("the grid of {region} as of {}{mark}", grid.provenance.as_of)))
}
