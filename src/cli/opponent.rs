//! What the machine is compared with: with --best the type that does the same work cheapest, and over which ranges.

use rust_decimal::Decimal;

use super::args::BreakEvenArgs;
use super::break_even::machine;
use super::error::Failure;
use super::parts::gpu_of_parts;
use super::rates::{known_region, known_type};
use super::request::Request;
use crate::billing::MeasuredUse;
use crate::break_even::opponent::{Candidate, Field, HourOfWork, Need, Reference, field, memory_gb};
use crate::break_even::uncertainty::Range;
use crate::break_even::{Input, Question, Ranges, over_ranges};
use crate::catalog::{Gpu, RateCard, Region, RegionKind, Speed, Work};
use crate::money::Usd;
use crate::quantity::{exact, half_up, parse_decimal};
use crate::report::opponent::{candidates_table, facts_table, span_table};
use crate::report::table::Table;
use crate::time::utc_date;

/// `--regions all`
const ALL: &str = "all";
/// Decimals of a dollar that a speed leaves sure.
const SURE_DECIMALS: u32 = 6;
/// Decimals of a ratio of speeds.
const RATIO_DECIMALS: u32 = 4;
/// Regions of other partitions: their accounts are others.
const APART: [&str; 3] = ["us-gov-", "us-iso", "cn-"];

/// The opponent, those it was chosen from, and the machine's speed over the reference where measurements tell it.
#[derive(Clone, Debug)]
pub struct Opponent {
    pub need: Need,
    pub field: Field,
    pub chosen: Candidate,
    pub hour_of_work: HourOfWork,
    /// `None`: the machine's GPU is not known, or nothing measured compares it; a ratio that was typed counts before it.
    pub machine: Option<Speed>,
    pub machine_name: String,
}

impl Opponent {
    /// The rate of an hour of the reference's work.
    pub fn rate(&self) -> Input<Usd> {
        let Candidate { rate, speed, .. } = &self.chosen;
        let reference = &self.need.reference.name;
        let at = format!("{} on demand as of {}", rate.usd.rate(), rate.provenance.as_of);
        let usd = self.hour_of_work.middle.to_decimals(SURE_DECIMALS);
        Input::from(usd, format!("{at}, {}", as_fast(speed, reference)))
    }

    /// `g5.xlarge in us-east-1`
    pub fn name(&self) -> String {
        let Candidate { instance_type, region, .. } = &self.chosen;
        format!("{instance_type} in {region}")
    }
}

/// `3.2 (1.4 to 7.2) times as fast as p2.xlarge`
pub fn as_fast(speed: &Speed, reference: &str) -> String {
    if speed.measured == 0 {
        return format!("as fast as {reference}");
    }
    let shown = |ratio: Decimal| exact(half_up(ratio, 2));
    if speed.low == speed.high {
        return format!("{} times as fast as {reference}", shown(speed.middle));
    }
    format!("{} ({} to {}) times as fast as {reference}", shown(speed.middle), shown(speed.low), shown(speed.high))
}

/// `None` without --best.
pub fn opponent(
    args: &BreakEvenArgs,
    measured: Option<&MeasuredUse>,
    request: &Request,
) -> Result<Option<Opponent>, Failure> {
    if !args.opponent.best {
        return Ok(None);
    }
    let card = request.card()?;
    let machine_gpu = machine_gpu(args, card)?;
    let instance = args.instance.as_deref().or(measured.map(|measured| measured.instance_type.as_str()));
    let mut reference = match (instance, machine_gpu) {
        (Some(name), _) => Reference::instance(known_type(card, name)?, card),
        (None, Some((gpu, count))) => Reference::gpus(gpu, count),
        (None, None) => {
            return Err(Failure::usage("--best: the same work as what?")
                .hint("give --instance, the type you use now, or --machine with a GPU that measurements know"));
        }
    };
    if let Some(gpus) = args.opponent.gpus {
        if gpus == 0 {
            return Err(Failure::usage("--gpus: no work uses 0 GPUs"));
        }
        reference.gpus = Decimal::from(gpus);
    }
    let machine = machine_gpu.zip(reference.gpu);
    let need = need(args, measured, reference, request)?;
    let machine = machine.and_then(|((gpu, _), other)| card.speed(gpu, other, &need.work));
    let field = field(&need, card);
    let (Some(chosen), Some(hour_of_work)) = (field.opponent().cloned(), field.hour_of_work()) else {
        return Err(nothing_fits(&need, &field, card));
    };
    let machine_name = machine_gpu.map_or_else(|| "the machine".to_owned(), |(gpu, _)| gpu.name.to_owned());
    Ok(Some(Opponent { need, field, chosen, hour_of_work, machine, machine_name }))
}

fn machine_gpu(args: &BreakEvenArgs, card: &RateCard) -> Result<Option<(&'static Gpu, u32)>, Failure> {
    if let Some(name) = &args.machine {
        let machine = machine(name, card)?;
        return Ok(machine.gpu(card).map(|gpu| (gpu, machine.num_gpus)));
    }
    Ok(gpu_of_parts(&args.parts.parts, card))
}

fn need(
    args: &BreakEvenArgs,
    measured: Option<&MeasuredUse>,
    reference: Reference,
    request: &Request,
) -> Result<Need, Failure> {
    let card = request.card()?;
    let asked = &args.opponent;
    let regions = match asked.regions.as_slice() {
        [] => vec![measured.map_or_else(|| request.region(), |measured| Ok(measured.region.as_str()))?.to_owned()],
        [all] if all.eq_ignore_ascii_case(ALL) => {
            let apart = |code: &str| APART.iter().any(|prefix| code.starts_with(prefix));
            let is_region = |region: &&Region| region.kind == RegionKind::Region && !apart(&region.code);
            let regions = card.regions().iter().filter(is_region);
            regions.map(|region| region.code.clone().into_owned()).collect()
        }
        several => {
            for region in several {
                known_region(card, region)?;
            }
            several.to_vec()
        }
    };
    for name in &asked.among {
        known_type(card, name)?;
    }
    Ok(Need { reference, work: work(args, card)?, memory_gb: least_memory(args)?, regions, among: asked.among.clone() })
}

fn work(args: &BreakEvenArgs, card: &RateCard) -> Result<Work, Failure> {
    let precision = args.opponent.precision.as_deref().map(str::parse);
    let precision = precision.transpose().map_err(|e| Failure::usage(format!("--precision: {e}")))?;
    let Some(name) = &args.opponent.workload else { return Ok(Work { workload: None, precision }) };
    let workloads = card.workloads();
    let known = |known: &&str| match name.strip_suffix('*') {
        Some(beginning) => known.starts_with(beginning),
        None => *known == name.as_str(),
    };
    if !workloads.iter().any(known) {
        return Err(Failure::usage(format!("--workload: nothing was measured at `{name}`"))
            .hint(format!("there are: {}", workloads.join(", "))));
    }
    Ok(Work { workload: Some(name.clone()), precision })
}

fn least_memory(args: &BreakEvenArgs) -> Result<Option<Decimal>, Failure> {
    let Some(text) = &args.opponent.min_gpu_memory else { return Ok(None) };
    let least = parse_decimal(text).map_err(|e| Failure::usage(format!("--min-gpu-memory: {e}")))?;
    if least < Decimal::ZERO || least > Decimal::from(10_000) {
        return Err(Failure::usage(format!("--min-gpu-memory: {text} GB: it must lie between 0 and 10000")));
    }
    Ok(Some(least))
}

fn nothing_fits(need: &Need, field: &Field, card: &RateCard) -> Failure {
    let memory = need.memory_gb.map_or(String::new(), |least| format!(" of {} GB each", exact(least)));
    let plural = if need.reference.gpus == Decimal::ONE { "" } else { "s" };
    let what = format!(
        "no instance type with {} GPU{plural}{memory} fits in {}",
        exact(need.reference.gpus),
        need.regions.iter().take(3).cloned().collect::<Vec<_>>().join(", ")
    );
    let mut reasons: Vec<String> = Vec::new();
    for (why, _) in &field.left_out {
        let why = why.to_string();
        if !reasons.contains(&why) {
            reasons.push(why);
        }
    }
    let most = card.instance_types().iter().filter_map(memory_gb).max().unwrap_or_default();
    Failure::new(what).hint(format!(
        "left out: {}; the largest GPU memory there is: {} GB",
        reasons.join(", "),
        exact(half_up(most, 1))
    ))
}

/// The machine's speed over the rented instance: as typed, else as measured, else as fast.
pub fn speed_ratio(args: &BreakEvenArgs, opponent: Option<&Opponent>) -> Result<Input<Decimal>, Failure> {
    let text = &args.speed_ratio;
    if Range::is_meant(text) {
        let range: Range = text.parse().map_err(|e| Failure::usage(format!("--speed-ratio: {e}")))?;
        let middle = range.median().ok_or_else(|| Failure::usage(format!("--speed-ratio: {range} is too large")))?;
        return Ok(Input::from(middle, format!("the middle of {range}, given")));
    }
    let number = parse_decimal(text).map_err(|e| Failure::usage(format!("--speed-ratio: {e}")))?;
    if text != "1" {
        return Ok(Input::given(number));
    }
    Ok(match opponent.and_then(|opponent| Some((opponent.machine.as_ref()?, opponent))) {
        Some((speed, opponent)) => {
            let reference = &opponent.need.reference.name;
            Input::from(
                half_up(speed.middle, RATIO_DECIMALS),
                format!("{}: {}", opponent.machine_name, as_fast(speed, reference)),
            )
        }
        None => Input::assumed(number),
    })
}

/// What is not known to a point: the opponent's cost, and the machine's speed.
pub fn ranges(args: &BreakEvenArgs, opponent: Option<&Opponent>) -> Result<Ranges, Failure> {
    let typed = if Range::is_meant(&args.speed_ratio) {
        let range: Range = args.speed_ratio.parse().map_err(|e| Failure::usage(format!("--speed-ratio: {e}")))?;
        Some((range.low(), range.high()))
    } else {
        None
    };
    let measured = || {
        let speed = opponent?.machine.as_ref().filter(|_| args.speed_ratio == "1")?;
        Some((half_up(speed.low, RATIO_DECIMALS), half_up(speed.high, RATIO_DECIMALS)))
    };
    let sure = |usd: Usd| usd.to_decimals(SURE_DECIMALS);
    Ok(Ranges {
        usd_per_hour: opponent.map(|opponent| (sure(opponent.hour_of_work.low), sure(opponent.hour_of_work.high))),
        speed_ratio: typed.or_else(measured),
    })
}

/// The answer over the ranges, the candidates, and on request the measurements.
pub fn opponent_tables(
    args: &BreakEvenArgs,
    opponent: Option<&Opponent>,
    question: &Question,
    request: &Request,
) -> Result<Vec<Table>, Failure> {
    let ranges = ranges(args, opponent)?;
    let mut tables = Vec::new();
    if !ranges.is_certain() {
        tables.push(span_table(question, &over_ranges(question, ranges, utc_date(request.now))));
    }
    if let Some(opponent) = opponent {
        tables.push(candidates_table(&opponent.need, &opponent.field, request.verbose));
        if request.verbose {
            let machine = opponent.machine.as_ref().map(|speed| (opponent.machine_name.as_str(), speed));
            tables.push(facts_table(&opponent.need, &opponent.field, machine, request.card()?));
        }
    }
    Ok(tables)
}

/// For what follows one history or draws its own futures.
pub fn refuse_speed_range(args: &BreakEvenArgs) -> Result<(), Failure> {
    if Range::is_meant(&args.speed_ratio) {
        return Err(Failure::usage(format!(
            "--speed-ratio: {} is a range; `break-even when` takes one number",
            args.speed_ratio
        ))
        .hint("`break-even` and `break-even odds` take ranges"));
    }
    Ok(())
}
