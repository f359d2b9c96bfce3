//! The right opponent arranged: the candidates by work per dollar, the measurements behind their speeds, and the answer
//! over the ranges of both.

use std::collections::BTreeSet;

use rust_decimal::Decimal;

use crate::break_even::opponent::{Candidate, Field, LeftOut, Need};
use crate::break_even::{BreakEven, BreakEvenError, Case, Corner, Holds, Question, Reached, Span, Verdict};
use crate::catalog::{Footing, Gpu, Offering, RateCard, Ratio, Speed};
use crate::money::Usd;
use crate::quantity::exact;
use crate::report::table::{Cell, Column, Table};

/// Candidates that a table lists unless more are asked for.
const LISTED: usize = 8;
/// Decimals of a ratio of speeds and of work per dollar, for people.
const RATIO_DECIMALS: u32 = 2;

/// The types that do the work, the cheapest first.
pub fn candidates_table(need: &Need, field: &Field, all: bool) -> Table {
    let reference = &need.reference.name;
    let region = Column::left("region", "Region");
    let columns = vec![
        Column::left("instance_type", "Type"),
        if need.regions.len() == 1 { region.detail() } else { region },
        Column::right("gpus", "GPUs"),
        Column::right("usd_per_hour", "$/hour"),
        Column::right("speed_low", "Slowest").detail(),
        Column::right("speed", "Speed"),
        Column::right("speed_high", "Fastest").detail(),
        Column::right("usd_per_hour_of_work", "$/h of work"),
        Column::right("usd_per_hour_of_work_low", "at least").detail(),
        Column::right("usd_per_hour_of_work_high", "at most").detail(),
        Column::right("hours_of_work_per_usd", "Work/$"),
        Column::right("workloads", "Measured at").detail(),
        Column::left("footing", "Compared").detail(),
        Column::left("rate_as_of", "Rate as of").detail(),
        Column::left("offered", "Offered").detail(),
    ];
    let place = match need.regions.as_slice() {
        [one] => format!(" in {one}"),
        _ => String::new(),
    };
    let title = format!("The same work as an hour of {reference}{place}, by its cost");
    let mut table = Table::new("candidates", title, columns);
    let listed = if all { field.candidates.len() } else { LISTED };
    for candidate in field.candidates.iter().take(listed) {
        table.push(row(candidate));
    }
    table.notes = notes(need, field, listed);
    table
}

fn row(candidate: &Candidate) -> Vec<Cell> {
    let Candidate { instance_type, region, gpus, rate, speed, hour_of_work, gpu, offering, .. } = candidate;
    let named = gpu.map_or_else(|| exact(*gpus), |gpu| format!("{}x {}", exact(*gpus), gpu.id));
    let ratio = |ratio: Decimal| Cell::number(ratio, RATIO_DECIMALS);
    let per_dollar = Decimal::ONE.checked_div(hour_of_work.middle.amount());
    vec![
        Cell::text(instance_type),
        Cell::text(region),
        Cell::new(named, exact(*gpus)),
        hourly(rate.usd),
        ratio(speed.low),
        Cell::new(speed_range(speed), exact(speed.middle)),
        ratio(speed.high),
        hourly(hour_of_work.middle),
        hourly(hour_of_work.low),
        hourly(hour_of_work.high),
        per_dollar.map_or_else(
            || Cell::missing("unknown"),
            |hours| Cell::new(format!("{} h", Cell::number(hours, RATIO_DECIMALS).shown), exact(hours)),
        ),
        Cell::text(speed.measured.to_string()),
        Cell::text(footing(speed)),
        Cell::text(rate.provenance.as_of.clone()),
        Cell::text(match offering {
            Offering::Offered => "yes".to_owned(),
            other => other.to_string(),
        }),
    ]
}

fn hourly(usd: Usd) -> Cell {
    Cell::new(usd.rounded(4), usd.exact())
}

fn speed_range(speed: &Speed) -> String {
    let decimals = if speed.high < Decimal::TEN { RATIO_DECIMALS } else { RATIO_DECIMALS - 1 };
    let shown = |ratio: Decimal| Cell::number(ratio, decimals).shown;
    if speed.low == speed.high {
        return shown(speed.middle);
    }
    format!("{} ({}–{})", shown(speed.middle), shown(speed.low), shown(speed.high))
}

fn footing(speed: &Speed) -> String {
    if speed.measured == 0 { "the same GPU".to_owned() } else { speed.footing().name().to_owned() }
}

fn notes(need: &Need, field: &Field, listed: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let more = field.candidates.len().saturating_sub(listed);
    if more > 0 {
        notes.push(format!("{more} dearer ones are left out here; -v lists them."));
    }
    let work = need.work.workload.as_deref().unwrap_or("all workloads that were measured");
    let precision = need.work.precision.map_or(String::new(), |precision| format!(", {precision}"));
    notes.push(format!(
        "Speed is the middle and the range over {work}{precision}; the work uses {} of the GPUs. CPUs, memory, disks and \
         how well several GPUs work together are not compared.",
        exact(need.reference.gpus)
    ));
    notes.extend(weak(need, field));
    if let Some(opponent) = field.opponent() {
        let rivals: BTreeSet<&str> = field.rivals().map(|rival| rival.instance_type.as_str()).collect();
        if !rivals.is_empty() {
            let named: Vec<&str> = rivals.into_iter().take(4).collect();
            notes.push(format!(
                "Within their ranges {} may be cheaper than {}: `gpucost calibrate` with seconds of your own job tells.",
                named.join(", "),
                opponent.instance_type
            ));
        }
        if need.regions.len() > 1 {
            notes.push(
                "In another region, data transfer and the distance to your data come on top: neither is counted."
                    .to_owned(),
            );
        }
    }
    notes.extend(left_out(need, field));
    notes
}

/// What the opponent's speed does not rest on.
fn weak(need: &Need, field: &Field) -> Vec<String> {
    let Some(opponent) = field.opponent().filter(|opponent| opponent.speed.measured > 0) else { return Vec::new() };
    let mut said = Vec::new();
    let speed = &opponent.speed;
    if speed.measured == 1 || speed.footing() == Footing::OtherStacks {
        let workloads: BTreeSet<&str> = speed.ratios.iter().map(|ratio| ratio.workload).collect();
        let on = if speed.footing() == Footing::OtherStacks { ", in part on other software" } else { "" };
        said.push(format!(
            "How fast {} is was measured at {}{on}: at your work it may be another; measure it before you rely on it.",
            opponent.instance_type,
            workloads.into_iter().collect::<Vec<_>>().join(", ")
        ));
    }
    let work = |speed: &Speed| speed.ratios.iter().map(|ratio| ratio.workload).collect::<BTreeSet<_>>();
    let measured = || field.candidates.iter().map(|candidate| &candidate.speed).filter(|speed| speed.measured > 0);
    if need.work.workload.is_none() && measured().any(|other| work(other) != work(speed)) {
        said.push("Not all types were measured at the same work: --workload names one.".to_owned());
    }
    said
}

/// `Left out: 12 not known to be offered today; 3 …`
fn left_out(need: &Need, field: &Field) -> Option<String> {
    let several = need.regions.len() > 1;
    let mut counted: Vec<(String, Vec<&str>)> = Vec::new();
    // Of many regions, where a type has no rate is nothing to list.
    for (why, name) in field.left_out.iter().filter(|(why, _)| !several || *why != LeftOut::NoRate) {
        let why = why.to_string();
        match counted.last_mut().filter(|(last, _)| *last == why) {
            Some((_, names)) => names.push(name),
            None => counted.push((why, vec![name])),
        }
    }
    let said = counted.iter().map(|(why, names)| match names.as_slice() {
        [one] => format!("{one} ({why})"),
        [first, second] => format!("{first}, {second} ({why})"),
        several => format!("{} types ({why})", several.len()),
    });
    let said: Vec<String> = said.collect();
    (!said.is_empty()).then(|| format!("Left out: {}.", said.join("; ")))
}

/// The measurements that the speeds of these candidates and of the machine rest on.
pub fn facts_table(need: &Need, field: &Field, machine: Option<(&str, &Speed)>, card: &RateCard) -> Table {
    let columns = vec![
        Column::left("gpu", "GPU"),
        Column::left("over", "Over"),
        Column::left("workload", "Workload"),
        Column::left("precision", "Precision"),
        Column::right("ratio", "Ratio"),
        Column::left("footing", "Compared"),
        Column::left("figures", "Figures"),
        Column::left("source", "Source"),
        Column::left("as_of", "As of"),
    ];
    let mut table = Table::new("throughput", "Measurements behind the speeds", columns);
    let over = need.reference.gpu.map_or("", |gpu| gpu.id);
    let mut seen = BTreeSet::new();
    let of_field = field.candidates.iter().filter_map(|candidate| Some((candidate.gpu?, &candidate.speed)));
    for (gpu, speed) in of_field.filter(|(gpu, _)| seen.insert(gpu.id)) {
        speed.ratios.iter().for_each(|ratio| table.push(fact_row(gpu.id, over, ratio, card)));
    }
    if let Some((name, speed)) = machine {
        speed.ratios.iter().for_each(|ratio| table.push(fact_row(name, over, ratio, card)));
    }
    table.notes.push(
        "fp32 is as each stack runs it, TF32 on Ampere and later; bridged: over a GPU that both stacks have; other \
         stacks: each on software of its own, the weakest comparison."
            .to_owned(),
    );
    table
}

fn fact_row(gpu: &str, over: &str, ratio: &Ratio, card: &RateCard) -> Vec<Cell> {
    let figures = ratio.facts.iter().map(|fact| {
        let gpus = if fact.gpus_used == 1 { String::new() } else { format!("{}x ", fact.gpus_used) };
        format!("{gpus}{} {} {}", fact.gpu, exact(fact.value), fact.unit)
    });
    let sources: BTreeSet<&str> = ratio.facts.iter().map(|fact| &*fact.provenance.source).collect();
    let titles = sources.into_iter().map(|id| card.source(id).map_or(id, |source| source.title));
    let dates: BTreeSet<&str> = ratio.facts.iter().map(|fact| &*fact.provenance.as_of).collect();
    let compared = match ratio.footing {
        Footing::Bridged { over } => format!("bridged over {}", card.gpu(over).map_or(over, |gpu: &Gpu| gpu.id)),
        other => other.name().to_owned(),
    };
    vec![
        Cell::text(gpu),
        Cell::text(over),
        Cell::text(ratio.workload),
        Cell::text(ratio.precision.name()),
        Cell::number(ratio.value, RATIO_DECIMALS),
        Cell::text(compared),
        Cell::text(figures.collect::<Vec<_>>().join("; ")),
        Cell::text(titles.collect::<Vec<_>>().join("; ")),
        Cell::text(dates.into_iter().collect::<Vec<_>>().join(", ")),
    ]
}

/// The answer at both ends of what is not known, and in the middle.
pub fn span_table(question: &Question, span: &Span) -> Table {
    let columns = vec![
        Column::left("case", "Case"),
        Column::right("usd_per_hour", "Rent/hour"),
        Column::right("speed_ratio", "Machine's speed"),
        Column::right("break_even_days", "Break-even, days"),
        Column::right("npv_usd", "Owning saves"),
        Column::left("verdict", "Verdict"),
    ];
    let mut table = Table::new("over_the_range", holds_sentence(span), columns);
    for case in &span.cases {
        table.push(case_row(case));
    }
    table.notes.push(
        "for renting: rent at its cheapest, the machine at its slowest; for owning: the other way round. An hour is one \
         of the work that is replaced."
            .to_owned(),
    );
    let speeds: BTreeSet<Decimal> = span.cases.iter().map(|case| case.speed_ratio).collect();
    if question.owning.electricity.is_none() && speeds.len() > 1 {
        table.notes.push(
            "Without electricity the machine's speed changes nothing but how many hours of work fit into its day."
                .to_owned(),
        );
    }
    table
}

/// Whether the verdict holds over the whole range, and from when to when the break-even lies.
pub fn holds_sentence(span: &Span) -> String {
    let when = match span.break_evens() {
        Some((BreakEven::After(early), BreakEven::After(late))) if early.day == late.day => {
            format!("the break-even is on day {}", early.day)
        }
        Some((BreakEven::After(early), BreakEven::After(late))) => {
            format!("the break-even lies between day {} and day {}", early.day, late.day)
        }
        Some((BreakEven::After(early), BreakEven::Never(_))) => {
            format!("the break-even comes on day {} at the earliest, or never", early.day)
        }
        Some((BreakEven::Never(_), _)) => "there is no break-even".to_owned(),
        None => "the break-even has no latest day".to_owned(),
    };
    match span.holds() {
        Holds::Throughout(verdict) => format!("Over the whole range: {}; {when}", verdict_name(verdict)),
        Holds::Flips => format!("The verdict flips within the range: {when}"),
        Holds::TooSlow => format!("At its slowest the machine cannot do the work of these hours: {when}"),
    }
}

fn verdict_name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Rent => "rent",
        Verdict::Own => "own",
        Verdict::Same => "either",
    }
}

fn case_row(case: &Case) -> Vec<Cell> {
    let label = match case.corner {
        Corner::ForRenting => Cell::new("for renting", "for_renting"),
        Corner::Middle => Cell::new("the middle", "middle"),
        Corner::ForOwning => Cell::new("for owning", "for_owning"),
    };
    let mut row = vec![label, hourly(case.usd_per_hour), Cell::number(case.speed_ratio, RATIO_DECIMALS)];
    row.extend(match &case.answer {
        Ok(answer) => [
            match answer.payback {
                BreakEven::After(Reached { days, .. }) => Cell::number(days, 1),
                BreakEven::Never(_) => Cell::missing("never"),
            },
            Cell::cost(answer.npv),
            Cell::text(verdict_name(answer.verdict)),
        ],
        Err(error) => [Cell::missing("-"), Cell::missing("-"), Cell::missing(why(error))],
    });
    row
}

fn why(error: &BreakEvenError) -> String {
    match error {
        BreakEvenError::InvalidInput(_) => "too slow for these hours".to_owned(),
        other => other.to_string(),
    }
}
