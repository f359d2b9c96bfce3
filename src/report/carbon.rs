//! Carbon of both sides, arranged.

use rust_decimal::Decimal;

use crate::break_even::{Carbon, Footprint, Grids, Input, Question};
use crate::quantity::exact;
use crate::report::table::{Cell, Column, Table};

/// One row a side; what is not known is said, never zero.
pub fn carbon_table(question: &Question, grids: &Grids, carbon: &Carbon) -> Table {
    let columns = vec![
        Column::left("side", "Side"),
        Column::right("watts", "W"),
        Column::right("pue", "PUE"),
        Column::right("grams_per_kwh", "g/kWh"),
        Column::right("kwh", "kWh"),
        Column::right("kg_co2e", "kg CO2e"),
    ];
    let horizon = question.terms.horizon.value;
    let mut table = Table::new("carbon", format!("Carbon over {horizon}, use alone"), columns);
    let power = question.owning.electricity.as_ref();
    let row = |table: &mut Table, side: &str, watts, pue, grams: &Option<Input<Decimal>>, found: Option<Footprint>| {
        let grams = known(grams.as_ref().map(|grams| grams.value), 1);
        table.push(vec![
            Cell::text(side),
            known(watts, 1),
            known(pue, 2),
            grams,
            known(found.map(|found| found.kwh), 1),
            known(found.map(|found| found.kg), 1),
        ]);
    };
    let rented = grids.rented_watts.as_ref().map(|watts| watts.value);
    row(&mut table, "rent", rented, Some(grids.cloud_pue.value), &grids.region_grams_per_kwh, carbon.rent);
    let (watts, pue) = (power.map(|power| power.load_watts.value), power.map(|power| power.pue.value));
    row(&mut table, "own", watts, pue, &grids.home_grams_per_kwh, carbon.own);
    table.notes = sources(question, grids);
    table
}

fn known(value: Option<Decimal>, decimals: u32) -> Cell {
    value.map_or_else(|| Cell::missing("unknown"), |value| Cell::number(value, decimals))
}

/// Where each figure comes from, and what is missing.
fn sources(question: &Question, grids: &Grids) -> Vec<String> {
    let mut said = Vec::new();
    let mut tell = |what: &str, input: &Option<Input<Decimal>>, missing: &str| match input {
        Some(input) => said.push(format!("{what}: {}, {}", exact(input.value), input.source)),
        None => said.push(format!("{what}: unknown; give {missing}")),
    };
    tell("W of the rented GPUs at work", &grids.rented_watts, "--rented-watts");
    tell("PUE of the cloud", &Some(grids.cloud_pue.clone()), "--cloud-pue");
    tell("g/kWh of the region", &grids.region_grams_per_kwh, "--region-grams-per-kwh");
    tell("g/kWh at home", &grids.home_grams_per_kwh, "--home-grams-per-kwh");
    if question.owning.electricity.is_none() {
        said.push("the machine's power: unknown; give --power-watts".to_owned());
    }
    said.push("not counted: making the machine; the rented side's processors, disks and network".to_owned());
    said
}
