//! GPUs and what was measured of them: the card is the files, and speeds are of a sane size.

use gpucost::catalog::{Precision, Work};
use rust_decimal::Decimal;

use crate::{card, decimal, rows};

#[test]
fn gpus_are_the_card_row_for_row() {
    assert_eq!(card().gpus().len(), rows("gpus.csv").len());
    for row in rows("gpus.csv") {
        let gpu = card().gpu(&row["gpu"]).expect(&row.at);
        assert_eq!((gpu.id, gpu.name), (&row["gpu"], &row["name"]), "{}", row.at);
        let shown = |number: Option<u32>| number.map(|number| number.to_string()).unwrap_or_default();
        assert_eq!(shown(gpu.memory_gb), row["memory_gb"], "{}", row.at);
        assert_eq!(shown(gpu.board_watts), row["board_watts"], "{}", row.at);
        assert_eq!(gpu.families.join(" "), row["families"], "{}", row.at);
        assert_eq!(gpu.also_called.join(";"), row["also_called"], "{}", row.at);
        assert_eq!(gpu.as_fast_as.unwrap_or_default(), &row["as_fast_as"], "{}", row.at);
        assert_eq!(gpu.provenance, row.provenance(), "{}", row.at);
        if gpu.memory_gb.is_some() {
            row.between("memory_gb", "4", "200");
        }
        if gpu.board_watts.is_some() {
            row.between("board_watts", "60", "1200");
        }
    }
}

/// The memory that AWS gives an instance type is that of the GPU it is said to have.
#[test]
fn gpus_of_families_have_the_memory_that_aws_names() {
    let gib = decimal("1.073741824");
    for kind in card().instance_types() {
        let Some(gpu) = card().gpu_of(kind) else { continue };
        let accelerator = kind.accelerator.as_ref().expect("it has a GPU");
        let model = accelerator.model.to_ascii_lowercase();
        let begins = gpu.id.split('-').next().unwrap_or_default().to_ascii_lowercase();
        assert!(model.contains(&begins), "{}: {model} is no {}", kind.name, gpu.id);
        let (Some(total), Some(memory)) = (accelerator.memory_gib_total, gpu.memory_gb) else { continue };
        let each = total / accelerator.count;
        let (memory, tolerance) = (Decimal::from(memory), decimal("0.02"));
        let off = |each: Decimal| (each / memory - Decimal::ONE).abs();
        assert!(off(each) < tolerance || off(each * gib) < tolerance, "{}: {each} GiB, {memory} GB", kind.name);
    }
}

#[test]
fn throughput_is_the_card_row_for_row() {
    let files = rows("throughput.csv");
    assert_eq!(card().throughput().len(), files.len());
    for (fact, row) in card().throughput().iter().zip(&files) {
        let precision = fact.precision.name();
        assert_eq!(
            [fact.workload, precision, fact.stack, fact.gpu],
            ["workload", "precision", "stack", "gpu"].map(|column| &row[column]),
            "{}",
            row.at
        );
        assert_eq!((fact.gpus_used.to_string(), fact.unit), (row["gpus_used"].to_owned(), &row["unit"]), "{}", row.at);
        assert_eq!(fact.value, row.decimal("value"), "{}", row.at);
        assert_eq!(fact.is_rate, row["unit"].ends_with("/s"), "{}", row.at);
        assert_eq!(fact.provenance, row.provenance(), "{}", row.at);
        assert!(card().gpu(fact.gpu).is_some(), "{}", row.at);
    }
}

/// No GPU is measured twice in one stack at one work: the middle of several systems is kept.
#[test]
fn speeds_of_the_shipped_gpus_are_of_a_sane_size() {
    let gpus = card().gpus();
    for gpu in gpus {
        for other in gpus {
            let Some(speed) = card().speed(gpu, other, &Work::default()) else { continue };
            assert!(
                speed.low > decimal("0.004") && speed.high < decimal("250"),
                "{} over {}: {speed:?}",
                gpu.id,
                other.id
            );
        }
    }
}

/// GPUs that the rules and the break-even compare: each is measured, but those said not to be.
#[test]
fn the_gpus_of_aws_can_be_compared() {
    let over = |gpu: &str, other: &str| {
        let find = |name: &str| card().gpu(name).unwrap_or_else(|| panic!("{name}"));
        card().speed(find(gpu), find(other), &Work::default())
    };
    for gpu in
        ["K80", "A10G", "L4", "L40S", "V100-32", "A100-40-SXM", "A100-80-SXM", "H100-SXM", "H200", "B200", "4090"]
    {
        assert!(over(gpu, "V100-16").is_some(), "{gpu}");
    }
    for gpu in ["T4", "V100-16"] {
        assert!(over(gpu, "K80").is_some(), "{gpu}");
    }
    for gpu in ["T4G", "M60"] {
        assert!(over(gpu, "V100-16").is_none(), "{gpu}: no measurement that can be used is known");
    }
    let precisions: Vec<_> = card().throughput().iter().map(|fact| fact.precision).collect();
    assert!(precisions.contains(&Precision::Fp16) && precisions.contains(&Precision::Fp32));
}
