//! Hours recorded: running, stopped, GPU-hours, and what they rest on.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use rust_decimal::Decimal;

use super::table::{Cell, Column, Table};
use crate::billing::LineItem;
use crate::catalog::RateCard;
use crate::ledger::{Certainty, EvidenceKind, Ledger, Meter, Phase, Subject, Tags};
use crate::time::Period;

const HOURS_PER_DAY: Decimal = Decimal::from_parts(24, 0, 0, false, 0);

/// What the hours are summed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    Instance,
    Type,
    Region,
    Tag(String),
}

impl FromStr for By {
    type Err = String;

    fn from_str(text: &str) -> Result<By, String> {
        match text {
            "instance" => Ok(By::Instance),
            "type" => Ok(By::Type),
            "region" => Ok(By::Region),
            _ => match text.strip_prefix("tag:") {
                Some(key) if !key.is_empty() => Ok(By::Tag(key.to_owned())),
                _ => Err(format!("`{text}` is none of instance, type, region, tag:KEY")),
            },
        }
    }
}

#[derive(Default)]
struct Hours {
    name: String,
    types: BTreeSet<String>,
    running: Decimal,
    possible: Decimal,
    stopped: Decimal,
    gpu: Decimal,
    unknown_gpus: bool,
    kinds: BTreeSet<EvidenceKind>,
}

/// Hours by `by`, from the compute line items of the window and the ledger's stopped stretches.
/// `window` is `None` for all time.
pub fn usage_table(ledger: &Ledger, lines: &[LineItem], card: &RateCard, by: &By, window: Option<Period>) -> Table {
    let mut rows: BTreeMap<String, Hours> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.meter == Meter::Compute) {
        let Some(quantity) = line.quantity else { continue };
        let row =
            rows.entry(key(ledger, by, &line.resource.id, &line.subject, &line.resource.region, &line.resource.tags));
        let row = row.or_default();
        if *by == By::Instance && !line.resource.name.is_empty() {
            row.name.clone_from(&line.resource.name);
        }
        row.types.insert(line.subject.clone());
        row.kinds.extend(line.evidence.iter().map(|evidence| evidence.kind));
        if line.certainty == Certainty::Possible {
            row.possible += quantity.amount;
            continue;
        }
        row.running += quantity.amount;
        match card.instance_type(&line.subject) {
            Some(instance_type) => row.gpu += quantity.amount * instance_type.gpu_count(),
            None => row.unknown_gpus = true,
        }
    }
    add_stopped(ledger, by, window, &mut rows);
    let title = if window.is_some() { "Hours recorded in the month" } else { "Hours recorded" };
    arrange(title, by, rows)
}

fn key(ledger: &Ledger, by: &By, id: &str, instance_type: &str, region: &str, tags: &Tags) -> String {
    match by {
        By::Instance => id.to_owned(),
        By::Type => instance_type.to_owned(),
        By::Region => region.to_owned(),
        By::Tag(key) => {
            let seen = ledger.instances.get(id).map(|(_, seen)| &seen.tags);
            let value = seen.and_then(|tags| tags.get(key)).or_else(|| tags.get(key));
            // FOCUS exports of AWS prefix the user's tags.
            let value = value.or_else(|| tags.get(&format!("user:{key}")));
            value.map(str::to_owned).unwrap_or_else(|| "(untagged)".to_owned())
        }
    }
}

/// Hours that an instance surely stood still: what its stretches say, or the phases of its volumes, where only notes
/// of them show that it did not run.
fn add_stopped(ledger: &Ledger, by: &By, window: Option<Period>, rows: &mut BTreeMap<String, Hours>) {
    let seconds = |period: Period, hours_per_day: Option<Decimal>| {
        let period = window.map_or(Some(period), |window| period.intersection(window));
        period.map_or(Decimal::ZERO, |period| {
            Decimal::from(period.seconds()) * hours_per_day.unwrap_or(HOURS_PER_DAY) / HOURS_PER_DAY
        })
    };
    let mut stopped: BTreeMap<&str, Decimal> = BTreeMap::new();
    for (id, stretches) in &ledger.stretches {
        let of_instance = stretches.iter().filter(|stretch| stretch.phase == Phase::Stopped);
        stopped.insert(id, of_instance.map(|stretch| seconds(stretch.period, stretch.hours_per_day)).sum());
    }
    let mut of_volumes: BTreeMap<(&str, &str), Decimal> = BTreeMap::new();
    for usage in &ledger.usage {
        let is_volume = matches!(
            usage.subject,
            Subject::Volume { .. } | Subject::VolumeOneOf { .. } | Subject::VolumeOfUnknownSize
        );
        let (true, Phase::Stopped, Some(instance_id)) = (is_volume, usage.phase, &usage.resource.instance_id) else {
            continue;
        };
        if usage.certainty == Certainty::Measured {
            let of_volume = of_volumes.entry((instance_id, &usage.resource.id)).or_default();
            *of_volume += seconds(usage.period, usage.hours_per_day);
        }
    }
    for ((instance_id, _), of_volume) in of_volumes {
        let of_instance = stopped.entry(instance_id).or_default();
        *of_instance = of_volume.max(*of_instance);
    }
    for (id, seconds) in stopped {
        let session = ledger.sessions_of(id).next_back();
        // Notes of 0 hours a day alone leave no session to tell.
        let (instance_type, region) = session
            .map_or(("(unknown)", "(unknown)"), |session| (session.instance_type.as_str(), session.region.as_str()));
        let row = rows.entry(key(ledger, by, id, instance_type, region, &Tags::new())).or_default();
        row.stopped += seconds / Decimal::from(3600);
    }
}

/// GPU-hours; of a type that the card does not know nobody can say how many it counts.
fn gpu_cell(gpu: Decimal, unknown_gpus: bool) -> Cell {
    match (unknown_gpus, gpu.is_zero()) {
        (false, _) => Cell::number(gpu, 3),
        (true, true) => Cell::missing("unknown"),
        (true, false) => Cell::missing(format!("≥ {}", Cell::number(gpu, 3).shown)),
    }
}

/// `120`, or `120 to 162.5` where the end is not known.
fn running_cell(hours: &Hours) -> Cell {
    let running = Cell::number(hours.running, 3);
    if hours.possible.is_zero() {
        return running;
    }
    let most = Cell::number(hours.running + hours.possible, 3);
    Cell { shown: format!("{} to {}", running.shown, most.shown), ..running }
}

fn arrange(title: &str, by: &By, rows: BTreeMap<String, Hours>) -> Table {
    let heading = match by {
        By::Instance => "Instance".to_owned(),
        By::Type => "Type".to_owned(),
        By::Region => "Region".to_owned(),
        By::Tag(key) => format!("Tag {key}"),
    };
    let type_column = Column::left("instance_types", "Type");
    let mut table = Table::new(
        "usage",
        title,
        vec![
            Column::left("key", heading),
            Column::left("name", "Name").detail(),
            if *by == By::Instance { type_column } else { type_column.detail() },
            Column::right("running_hours", "Running"),
            Column::right("possible_hours", "Possible").detail(),
            Column::right("stopped_hours", "Stopped"),
            Column::right("gpu_hours", "GPU-h"),
            Column::left("evidence", "Evidence"),
        ],
    );
    let mut totals = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
    for (key, hours) in &rows {
        totals = (totals.0 + hours.running, totals.1 + hours.stopped, totals.2 + hours.gpu);
        table.push(vec![
            Cell::text(key.clone()),
            Cell::text(hours.name.clone()),
            Cell::text(hours.types.iter().cloned().collect::<Vec<_>>().join(" ")),
            running_cell(hours),
            Cell::number(hours.possible, 3),
            Cell::number(hours.stopped, 1),
            gpu_cell(hours.gpu, hours.unknown_gpus),
            Cell::text(hours.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")),
        ]);
    }
    table.total = Some(vec![
        Cell::text("Total"),
        Cell::missing(""),
        Cell::missing(""),
        Cell::number(totals.0, 3),
        Cell::missing(""),
        Cell::number(totals.1, 1),
        gpu_cell(totals.2, rows.values().any(|hours| hours.unknown_gpus)),
        Cell::missing(""),
    ]);
    if rows.values().any(|hours| !hours.possible.is_zero()) {
        table.notes.push(
            "A range runs to what is possible: an instance last seen running may have gone on, one whose stop \
             has no time may have run until it was seen stopped. Totals count the lower end."
                .to_owned(),
        );
    }
    table
}
