//! GPUs, and how fast each did what work: `gpus.csv` and `throughput.csv`.

use std::collections::{BTreeMap, BTreeSet};

use crate::card::Card;
use crate::positions;
use crate::row::{Built, Row, optional, read};

pub fn gpus(card: &mut Card) -> Built<BTreeMap<String, usize>> {
    let rows = read("gpus.csv")?;
    let known = positions(&rows, "gpu")?;
    let (mut out, mut names, mut families) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for row in &rows {
        let id = row.filled("gpu")?;
        let also_called: Vec<&str> = listed(row, "also_called", ';')?;
        let of_types: Vec<&str> = listed(row, "families", ' ')?;
        let own_names: BTreeSet<String> =
            std::iter::once(&id).chain(&also_called).map(|name| name.to_lowercase()).collect();
        if own_names.into_iter().any(|name| !names.insert(name)) {
            return Err(row.wrong("also_called", "is another GPU's name"));
        }
        if of_types.iter().any(|family| !families.insert((*family).to_owned())) {
            return Err(row.wrong("families", "is another GPU's family"));
        }
        let as_fast_as = row.text("as_fast_as")?;
        if !as_fast_as.is_empty() {
            row.known("as_fast_as", &known)?;
        }
        let literal = format!(
            "Gpu {{ id: {id:?}, name: {:?}, memory_gb: {}, board_watts: {}, families: &{of_types:?}, \
             also_called: &{also_called:?}, as_fast_as: {}, provenance: {} }}",
            row.filled("name")?,
            whole_if_known(row, "memory_gb")?,
            whole_if_known(row, "board_watts")?,
            optional(as_fast_as),
            card.provenance(row)?
        );
        out.push((id.to_owned(), row.at(), literal));
    }
    card.array("GPUS", "Gpu", out)?;
    Ok(known)
}

/// Sorted by workload, precision, stack and GPU, so that what can be compared stands together.
pub fn throughput(card: &mut Card, gpus: &BTreeMap<String, usize>) -> Built<()> {
    let precisions = [("fp32", "Fp32"), ("fp16", "Fp16")];
    let units = [
        ("images/s", "true"),
        ("sequences/s", "true"),
        ("samples/s", "true"),
        ("tokens/s", "true"),
        ("mels/s", "true"),
        ("ms", "false"),
        ("s", "false"),
        ("h", "false"),
    ];
    let mut out = Vec::new();
    for row in &read("throughput.csv")? {
        row.known("gpu", gpus)?;
        let (workload, precision, stack) =
            (row.filled("workload")?, row.one_of("precision", &precisions)?, row.filled("stack")?);
        let (gpu, used) = (row.filled("gpu")?, row.whole("gpus_used")?);
        if used == 0 {
            return Err(row.wrong("gpus_used", "no GPU"));
        }
        let literal = format!(
            "Throughput {{ workload: {workload:?}, precision: Precision::{precision}, stack: {stack:?}, gpu: {gpu:?}, \
             gpus_used: {used}, value: {}, unit: {:?}, is_rate: {}, provenance: {} }}",
            row.price("value", 1)?,
            row.filled("unit")?,
            row.one_of("unit", &units)?,
            card.provenance(row)?
        );
        let key = (workload.to_owned(), precision, stack.to_owned(), gpu.to_owned(), used);
        out.push((key, row.at(), literal));
    }
    card.array("THROUGHPUT", "Throughput", out)
}

fn listed<'a>(row: &'a Row, column: &str, between: char) -> Built<Vec<&'a str>> {
    Ok(row.text(column)?.split(between).filter(|name| !name.is_empty()).collect())
}

fn whole_if_known(row: &Row, column: &str) -> Built<String> {
    match row.text(column)? {
        "" => Ok("None".to_owned()),
        _ => Ok(format!("Some({})", row.whole(column)?)),
    }
}
