//! `gpucost calibrate`: the speed ratio of your own job, from its seconds on both.

use rust_decimal::Decimal;

use super::args::CalibrateArgs;
use super::error::{Exit, Failure};
use super::rates::known_type;
use super::request::Request;
use super::show;
use crate::quantity::{exact, half_up, parse_decimal};
use crate::report::table::{Cell, Column, Table};

/// Decimals of a ratio that an option takes: what seconds measure is no more exact.
const DIGITS: u32 = 4;

pub fn run(args: &CalibrateArgs, request: &Request) -> Result<Exit, Failure> {
    let here = seconds("--here-seconds", &args.here_seconds)?;
    let there = seconds("--there-seconds", &args.there_seconds)?;
    if here.len() != there.len() {
        return Err(Failure::usage(format!(
            "{} jobs here and {} there: each needs both its seconds",
            here.len(),
            there.len()
        ))
        .hint("repeat both options, in the same order"));
    }
    if let Some(name) = &args.instance {
        known_type(request.card()?, name)?;
    }
    let instance = args.instance.as_deref().unwrap_or("the instance");
    let columns = vec![
        Column::right("job", "Job"),
        Column::right("here_seconds", "Here, s"),
        Column::right("there_seconds", "There, s"),
        Column::right("speed_ratio", "Speed ratio"),
    ];
    let mut table = Table::new("speed_ratio", "", columns);
    let mut ratios = Vec::new();
    for (job, (here, there)) in here.into_iter().zip(there).enumerate() {
        let ratio = ratio(here, there)?;
        ratios.push(ratio);
        table.push(vec![
            Cell::text((job + 1).to_string()),
            Cell::text(exact(here)),
            Cell::text(exact(there)),
            Cell::new(exact(half_up(ratio, 2)), exact(ratio)),
        ]);
    }
    let option = option(&ratios).ok_or_else(|| {
        Failure::usage("no job was timed").hint("give --here-seconds and --there-seconds of one job at least")
    })?;
    table.title = format!("Your machine is {option} times as fast as {instance} at this work.");
    table
        .notes
        .push("Jobs of one kind: at other work the ratio is another. Leave out the first minutes of each.".to_owned());
    let with = args.instance.as_deref().map_or(String::new(), |name| format!(" --instance {name}"));
    table.commands.push(format!("gpucost break-even --machine-usd USD{with} --speed-ratio {option}"));
    show::tables(&[table], request)
}

fn seconds(option: &str, texts: &[String]) -> Result<Vec<Decimal>, Failure> {
    let read = |text: &String| {
        let seconds = parse_decimal(text).map_err(|e| Failure::usage(format!("{option}: {e}")))?;
        if seconds <= Decimal::ZERO || seconds > Decimal::from(31_536_000) {
            return Err(Failure::usage(format!(
                "{option}: {text} s: a job takes more than nothing and less than a year"
            )));
        }
        Ok(seconds)
    };
    texts.iter().map(read).collect()
}

/// Half the seconds are twice the speed.
fn ratio(here: Decimal, there: Decimal) -> Result<Decimal, Failure> {
    there.checked_div(here).ok_or_else(|| Failure::usage("these seconds are too far apart to compare"))
}

/// `1.6`, or `0.8..1.6` of several jobs; `None` of no job.
fn option(ratios: &[Decimal]) -> Option<String> {
    let shown = |ratio: &Decimal| exact(half_up(*ratio, DIGITS));
    let (low, high) = (shown(ratios.iter().min()?), shown(ratios.iter().max()?));
    Some(if low == high { low } else { format!("{low}..{high}") })
}
