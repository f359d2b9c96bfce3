//! The same work for fewer dollars: in another type, another region, or bought another way, by the hours measured.
//!
//! One finding an instance. Speeds are ranges, so the dollars of another type are; what a commitment costs is owed for
//! every hour of its term, so each is held against the share of the hours that the instance ran.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rust_decimal::Decimal;

use super::View;
use super::command::{Aws, or_withheld};
use super::cost::{as_of, moment};
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Finding};
use super::left_running::resource_of;
use super::rented::{Rented, rented};
use super::standing::State;
use super::ways_out::instance_risk;
use crate::break_even::opponent::{Candidate, Field, Need, Reference, field, memory_gb};
use crate::catalog::{
    Footing, InstanceType, OfferingClass, PaymentOption, Rate, RateCard, RegionKind, ReservedRate, SavingsPlanRate,
    SpotRate, Work,
};
use crate::money::Usd;
use crate::quantity::{exact, half_up};
use crate::time::ESTIMATE_MONTH_HOURS;

pub(super) const ID: &str = "cheaper-elsewhere";

/// Fewer days say nothing of a month.
const FEWEST_DAYS: u32 = 7;
/// Other types that a finding names.
const TYPES_NAMED: usize = 2;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    let rented = rented(view, i64::from(view.thresholds.elsewhere_days), FEWEST_DAYS);
    let places: BTreeSet<(&str, &str)> = rented.iter().map(place).collect();
    let places: Vec<(&str, &str)> = places.into_iter().collect();
    let known: BTreeMap<(&str, &str), Elsewhere<'_>> = (places.par_iter())
        .filter_map(|&(kind, region)| {
            Some(((kind, region), Elsewhere::of(view.card.instance_type(kind)?, region, view.card)))
        })
        .collect();
    rented.par_iter().filter_map(|rented| finding(view, rented, known.get(&place(rented))?)).collect()
}

/// The type and the region.
fn place<'a>(rented: &Rented<'a>) -> (&'a str, &'a str) {
    (&rented.session.instance_type, &rented.session.region)
}

/// What a type of a region could be replaced by; the same for each instance of it.
struct Elsewhere<'c> {
    kind: &'c InstanceType,
    field: Field,
    region: Option<(String, Rate)>,
    spot: Option<SpotRate>,
    commitments: Vec<Commitment>,
}

/// A rate for every hour of a term, used or not.
struct Commitment {
    name: String,
    action: Action,
    years: u8,
    /// What is paid when it is bought: `$3,500.00 at once`.
    at_once: String,
    /// With the fee spread over the term.
    effective: Usd,
    as_of: String,
    payment_option: PaymentOption,
}

impl<'c> Elsewhere<'c> {
    fn of(kind: &'c InstanceType, region: &str, card: &RateCard) -> Elsewhere<'c> {
        let need = Need {
            reference: Reference::instance(kind, card),
            work: Work::default(),
            memory_gb: memory_gb(kind),
            regions: vec![region.to_owned()],
            among: Vec::new(),
        };
        let offered = kind.offering.is_offered();
        Elsewhere {
            kind,
            field: field(&need, card),
            region: cheapest_region(kind, region, card).filter(|_| offered),
            spot: card.spot(region, &kind.name).into_iter().next().filter(|_| offered),
            commitments: if offered { commitments(kind, region, card) } else { Vec::new() },
        }
    }
}

/// Of the same partition: accounts do not reach across.
fn cheapest_region(kind: &InstanceType, region: &str, card: &RateCard) -> Option<(String, Rate)> {
    let partition = |code: &str| ["us-gov-", "us-iso", "cn-"].iter().position(|prefix| code.starts_with(prefix));
    let is_region = |code: &str| card.region(code).is_some_and(|region| region.kind == RegionKind::Region);
    let others = card
        .regions_with(&kind.name)
        .into_iter()
        .filter(|code| *code != region && is_region(code) && partition(code) == partition(region));
    let rated = others.filter_map(|code| Some((code.to_owned(), card.on_demand(code, &kind.name).ok()?)));
    rated.min_by(|a, b| (a.1.usd, &a.0).cmp(&(b.1.usd, &b.0)))
}

fn commitments(kind: &InstanceType, region: &str, card: &RateCard) -> Vec<Commitment> {
    let reserved = card.reserved(region, &kind.name);
    let standard = reserved.iter().filter(|rate| rate.offering_class == OfferingClass::Standard);
    let mut commitments: Vec<Commitment> = standard.filter_map(of_reserved).collect();
    commitments.extend(card.savings_plans(region, &kind.name).iter().filter_map(of_savings_plan));
    commitments
}

fn of_savings_plan(plan: &SavingsPlanRate) -> Option<Commitment> {
    let (upfront, _) = plan.upfront_and_hourly()?;
    Some(Commitment {
        name: format!("{} y {}, {}", plan.term_years, plan.kind.name(), plan.payment_option),
        action: Action::SavingsPlan,
        years: plan.term_years,
        at_once: match plan.payment_option {
            PaymentOption::NoUpfront => "nothing at once".to_owned(),
            PaymentOption::PartialUpfront => format!("{upfront} at least at once"),
            PaymentOption::AllUpfront => format!("{upfront} at once"),
        },
        effective: plan.hourly,
        as_of: plan.provenance.as_of.clone().into_owned(),
        payment_option: plan.payment_option,
    })
}

fn of_reserved(rate: &ReservedRate) -> Option<Commitment> {
    Some(Commitment {
        name: format!("{} y reserved, {}", rate.term_years, rate.payment_option),
        action: Action::Reserve,
        years: rate.term_years,
        at_once: format!("{} at once", rate.upfront),
        effective: rate.effective_hourly()?,
        as_of: rate.provenance.as_of.clone().into_owned(),
        payment_option: rate.payment_option,
    })
}

/// One way to pay less.
struct Way<'e> {
    by: By<'e>,
    per_month: Dollars,
    /// Where within its bounds it probably lies: to sort by.
    middle: Usd,
}

#[derive(Clone, Copy)]
enum By<'e> {
    Type(&'e Candidate),
    Region(&'e str),
    Spot(&'e SpotRate),
    Commitment(&'e Commitment),
}

impl By<'_> {
    fn action(self) -> Action {
        match self {
            By::Type(_) => Action::ChangeType,
            By::Region(_) => Action::MoveRegion,
            By::Spot(_) => Action::RunAsSpot,
            By::Commitment(commitment) => commitment.action,
        }
    }
}

fn finding(view: &View<'_>, rented: &Rented<'_>, elsewhere: &Elsewhere<'_>) -> Option<Finding> {
    let session = rented.session;
    let now = rented.a_month_at(rented.usd_per_hour)?;
    let left = Decimal::from(100_u32.saturating_sub(view.thresholds.elsewhere_percent));
    let worth = now.scaled(left, Decimal::ONE_HUNDRED)?;
    let mut ways = ways(rented, elsewhere, view.thresholds.commit_days);
    ways.retain(|way| way.middle <= worth);
    ways.sort_by_key(|way| (way.middle, way.by.action()));
    let best = recommended(&ways, now)?;
    let way = ways.get(best)?;
    let saving = Dollars::Exact(now).less(way.per_month.clone());
    Some(Finding {
        id: format!("{ID}:{}", rented.standing.id),
        rule: ID,
        title: view.told(|| format!("cheaper than {}: {}", session.instance_type, way.what())),
        resource: resource_of(session, rented.standing),
        last_seen: rented.window.end,
        evidence: view.told(|| evidence(rented, elsewhere, view.card)),
        parts: Vec::new(),
        detail: None,
        accrued: None,
        accrued_if_still_there: None,
        since: None,
        confidence: way.confidence(rented),
        choices: view.choices(&saving, || choices(view, rented, &ways, best, now)),
        risk: view.told(|| way.risk(rented, view.card)),
        saving_per_month: saving,
    })
}

fn choices(view: &View<'_>, rented: &Rented<'_>, ways: &[Way<'_>], best: usize, now: Usd) -> Vec<Choice> {
    let kind = &rented.session.instance_type;
    let keep = Choice::new(Action::Keep, format!("{kind} on demand"), Dollars::Exact(now));
    let ways = ways.iter().enumerate();
    let ways = ways.map(|(at, way)| Choice { recommended: at == best, ..way.choice(rented, view.card) });
    std::iter::once(keep).chain(ways).collect()
}

/// `1 year`, `3 years`.
fn of_years(years: u8) -> String {
    format!("{years} year{}", if years == 1 { "" } else { "s" })
}

/// What changes nothing but the type comes before what is bought for years, moved or interrupted; of those what surely
/// saves most.
fn recommended(ways: &[Way<'_>], now: Usd) -> Option<usize> {
    let types = ways.iter().position(|way| matches!(way.by, By::Type(_)));
    let surely = |way: &Way<'_>| Dollars::Exact(now).less(way.per_month.clone()).least().unwrap_or(Usd::ZERO);
    // The first of equals: `max_by_key` takes the last.
    types.or_else(|| ways.iter().enumerate().rev().max_by_key(|(_, way)| surely(way)).map(|(at, _)| at))
}

fn ways<'e>(rented: &Rented<'_>, elsewhere: &'e Elsewhere<'_>, commit_days: u32) -> Vec<Way<'e>> {
    let types = others(elsewhere).filter_map(|candidate| of_type(rented, candidate));
    types
        .chain(of_region(rented, elsewhere))
        .chain(of_spot(rented, elsewhere))
        .chain(committed(rented, elsewhere, commit_days))
        .collect()
}

/// Another type of the region, by the same work.
fn of_type<'e>(rented: &Rented<'_>, candidate: &'e Candidate) -> Option<Way<'e>> {
    let hour = candidate.hour_of_work;
    let (low, high) = (rented.a_month_at(hour.low)?, rented.a_month_at(hour.high)?);
    let middle = rented.a_month_at(hour.middle)?;
    Some(Way { by: By::Type(candidate), per_month: Dollars::of(low, Ok(high)), middle })
}

/// The same type where it is cheapest.
fn of_region<'e>(rented: &Rented<'_>, elsewhere: &'e Elsewhere<'_>) -> Option<Way<'e>> {
    let (region, rate) = elsewhere.region.as_ref()?;
    let cost = rented.a_month_at(rate.usd)?;
    Some(Way { by: By::Region(region), per_month: Dollars::Exact(cost), middle: cost })
}

/// As a spot instance, where a price was seen: at most the on-demand rate, AWS's own cap unless another is set.
/// <https://docs.aws.amazon.com/whitepapers/latest/cost-optimization-leveraging-ec2-spot-instances/how-spot-instances-work.html>
/// (read 2026-11-28)
fn of_spot<'e>(rented: &Rented<'_>, elsewhere: &'e Elsewhere<'_>) -> Option<Way<'e>> {
    let spot = elsewhere.spot.as_ref()?;
    let least = spot.seen.map_or(spot.usd_per_hour, |seen| seen.min);
    let most = spot.seen.map_or(rented.usd_per_hour, |seen| seen.max);
    let per_month = Dollars::of(rented.a_month_at(least)?, Ok(rented.a_month_at(most.max(least))?));
    Some(Way { by: By::Spot(spot), per_month, middle: rented.a_month_at(spot.usd_per_hour)? })
}

/// The cheapest commitment of each length, owed for every hour of a month.
fn committed<'e>(rented: &Rented<'_>, elsewhere: &'e Elsewhere<'_>, commit_days: u32) -> impl Iterator<Item = Way<'e>> {
    let month = Decimal::from(ESTIMATE_MONTH_HOURS);
    let is_old_enough = rented.days() >= Decimal::from(commit_days);
    let cheapest = move |years: u8| {
        let of_years = elsewhere.commitments.iter().filter(|commitment| commitment.years == years);
        of_years.filter(|_| is_old_enough).min_by_key(|commitment| commitment.effective)
    };
    [1, 3].into_iter().filter_map(cheapest).filter_map(move |commitment| {
        let cost = commitment.effective.scaled(month, Decimal::ONE)?.to_decimals(6);
        Some(Way { by: By::Commitment(commitment), per_month: Dollars::Exact(cost), middle: cost })
    })
}

/// What a way is in words.
impl Way<'_> {
    fn what(&self) -> String {
        match self.by {
            By::Type(candidate) => {
                format!("{} on demand, {} times as fast", candidate.instance_type, speed_said(candidate))
            }
            By::Region(region) => format!("the same type in {region}"),
            By::Spot(spot) => {
                let (zone, rate) = (spot.az_id.as_deref().unwrap_or("the cheapest zone"), spot.usd_per_hour.rate());
                match spot.seen {
                    Some(_) => format!("spot in {zone}, {rate} on the mean"),
                    None => format!("spot in {zone}, seen at {rate} in {}", spot.provenance.as_of),
                }
            }
            By::Commitment(commitment) => format!("{}, {}", commitment.name, commitment.at_once),
        }
    }

    fn choice(&self, rented: &Rented<'_>, card: &RateCard) -> Choice {
        let choice = Choice::new(self.by.action(), self.what(), self.per_month.clone());
        let choice = match self.by {
            By::Type(_) => choice.losing("what is in memory and on an instance store"),
            By::Region(_) => choice,
            By::Spot(_) => choice.losing("the work since the last checkpoint, at each interruption"),
            By::Commitment(commitment) => {
                choice.losing(format!("the freedom to stop paying for {}, used or not", of_years(commitment.years)))
            }
        };
        choice.by(or_withheld(self.commands(rented, card)))
    }

    fn commands(&self, rented: &Rented<'_>, card: &RateCard) -> Option<Vec<String>> {
        let (id, kind) = (rented.standing.id, &rented.session.instance_type);
        let aws = Aws::new(&rented.session.region, card);
        match self.by {
            By::Type(candidate) => {
                let running = matches!(rented.standing.state, State::Running(_));
                Some(vec![aws.change_type(id, &candidate.instance_type, running)?])
            }
            By::Region(region) => aws.copy_to_region(id, region),
            By::Spot(_) => aws.spot_price_history(kind),
            By::Commitment(Commitment { action: Action::Reserve, years, payment_option, .. }) => {
                aws.reserved_offering(kind, *years, *payment_option)
            }
            By::Commitment(_) => aws.savings_plan_offering(),
        }
    }

    fn confidence(&self, rented: &Rented<'_>) -> Confidence {
        match self.by {
            By::Type(candidate) => measured_at(candidate),
            By::Region(_) => Confidence::medium("both rates are published; data transfer is not counted"),
            By::Spot(_) => Confidence::low("spot prices move, and this one was seen, not quoted"),
            By::Commitment(commitment) => Confidence::low(format!(
                "{} days of hours are held against a term of {}",
                rented.days().trunc(),
                of_years(commitment.years)
            )),
        }
    }

    fn risk(&self, rented: &Rented<'_>, card: &RateCard) -> String {
        let said = match self.by {
            By::Type(Candidate { instance_type: name, .. }) => {
                let mut risk = vec![format!(
                    "another GPU, other CPUs and memory: {name} must run your software, and how fast it does is \
                     measured at other work than yours (`gpucost calibrate`)"
                )];
                risk.extend(instance_risk(&rented.session.instance_type, rented.session.purchase, card));
                return risk.join("; ");
            }
            By::Region(_) => {
                "moving the data is charged by the GB, it is farther from you, and images, quotas and addresses are of a \
                 region"
            }
            By::Spot(_) => {
                "AWS interrupts spot instances with two minutes' notice: only for work that resumes from checkpoints"
            }
            By::Commitment(_) => {
                "it is owed for the whole term, whatever is used, and newer types are usually cheaper for the work by \
                 its end"
            }
        };
        said.to_owned()
    }
}

/// Of a retired type its successors; else what was compared better than on software of its own each, the weakest footing.
fn others<'e>(elsewhere: &'e Elsewhere<'_>) -> impl Iterator<Item = &'e Candidate> {
    let kind = elsewhere.kind;
    let fit = move |candidate: &&Candidate| {
        let name = candidate.instance_type.as_str();
        let weak = candidate.speed.footing() == Footing::OtherStacks;
        *name != *kind.name && if kind.offering.is_offered() { !weak } else { kind.successors.contains(&name) }
    };
    elsewhere.field.candidates.iter().filter(fit).take(TYPES_NAMED)
}

fn speed_said(candidate: &Candidate) -> String {
    let shown = |ratio: Decimal| exact(half_up(ratio, 2));
    let speed = &candidate.speed;
    if speed.low == speed.high { shown(speed.middle) } else { format!("{} to {}", shown(speed.low), shown(speed.high)) }
}

fn measured_at(candidate: &Candidate) -> Confidence {
    let speed = &candidate.speed;
    let workloads = if speed.measured == 1 { "1 workload".to_owned() } else { format!("{} workloads", speed.measured) };
    match speed.footing() {
        _ if speed.measured == 1 => Confidence::low(format!("speeds measured at {workloads}, not yours")),
        _ if speed.measured == 0 => Confidence::medium("the same GPU; that the hours go on is assumed"),
        Footing::SameStack => {
            Confidence::medium(format!("speeds measured side by side at {workloads}, none of them yours"))
        }
        Footing::Bridged { .. } => Confidence::low(format!("speeds measured at {workloads}, in part over a third GPU")),
        Footing::OtherStacks => Confidence::low(format!("speeds measured at {workloads}, in part on other software")),
    }
}

fn evidence(rented: &Rented<'_>, elsewhere: &Elsewhere<'_>, card: &RateCard) -> Vec<String> {
    let kind = elsewhere.kind;
    let mut lines = vec![format!("the ledger: {}; that they go on is assumed", rented.said())];
    lines.extend(rented.hourly.line());
    if !kind.offering.is_offered() {
        lines.push(successors(rented, kind, card));
    }
    for candidate in others(elsewhere) {
        lines.push(format!(
            "{}: {} per hour ({}), {} times as fast",
            candidate.instance_type,
            candidate.rate.usd.rate(),
            as_of(&candidate.rate),
            speed_said(candidate)
        ));
    }
    if let Some((region, rate)) = elsewhere.region.as_ref().filter(|(_, rate)| rate.usd < rented.usd_per_hour) {
        lines.push(format!("{region}: {} per hour ({})", rate.usd.rate(), as_of(rate)));
    }
    lines.extend(commitments_said(rented, elsewhere));
    lines.push(format!("as of {}, when last seen", moment(rented.window.end)));
    lines
}

/// Whose rates it takes to be the cheaper one, where nobody measured how fast they are.
fn successors(rented: &Rented<'_>, kind: &InstanceType, card: &RateCard) -> String {
    let named = kind.successors.iter().map(|name| {
        let rate = card.on_demand(&rented.session.region, name).ok();
        let needed = rate.as_ref().and_then(|rate| rate.usd.amount().checked_div(rented.usd_per_hour.amount()));
        match (rate, needed) {
            (Some(rate), Some(needed)) => {
                format!("{name} at {}, cheaper from {} times its speed on", rate.usd.rate(), exact(half_up(needed, 2)))
            }
            _ => format!("{name}, which has no rate there"),
        }
    });
    let named: Vec<String> = named.collect();
    format!("{} is {}; offered in its place: {}", kind.name, kind.offering, named.join(", "))
}

/// From which share of all hours on each commitment pays, beside the ledger's own.
fn commitments_said(rented: &Rented<'_>, elsewhere: &Elsewhere<'_>) -> Vec<String> {
    let Some(own) = rented.utilization() else { return Vec::new() };
    let said = elsewhere.commitments.iter().filter_map(|commitment| {
        let share = commitment.effective.amount().checked_div(rented.usd_per_hour.amount())?;
        let Commitment { name, effective, as_of, .. } = commitment;
        Some(format!(
            "{name}: {} an hour of its term (as of {as_of}), pays from {} of all hours on; the ledger: {}",
            effective.rounded(4),
            percent(share),
            percent(own)
        ))
    });
    said.collect()
}

fn percent(share: Decimal) -> String {
    format!("{} %", exact(half_up(share * Decimal::ONE_HUNDRED, 1)))
}
