//! The same work for fewer dollars: in another type, another region, or bought another way, by the hours measured.
//!
//! One finding an instance. Speeds are ranges, so the dollars of another type are; what a commitment costs is owed for
//! every hour of its term, so each is held against the share of the hours that the instance ran.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::View;
use super::command::{Aws, or_withheld};
use super::cost::{as_of, moment};
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Finding};
use super::left_running::resource_of;
use super::rented::Rented;
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

/// How far back hours are measured.
const WINDOW_DAYS: i64 = 30;
/// Fewer days say nothing of a month.
const FEWEST_DAYS: u32 = 7;
/// Days of history below which no commitment of years is held against it.
const COMMITTING_DAYS: u32 = 28;
/// A saving below a tenth of the cost is not worth moving for.
const LEAST_SHARE: Decimal = Decimal::from_parts(1, 0, 0, false, 1);
/// Other types that a finding names.
const TYPES_NAMED: usize = 2;

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    let mut known: BTreeMap<(&str, &str), Elsewhere> = BTreeMap::new();
    let rented = view.standings().filter_map(|standing| {
        Rented::of(view, standing, WINDOW_DAYS).filter(|rented| rented.days() >= Decimal::from(FEWEST_DAYS))
    });
    let mut findings = Vec::new();
    for rented in rented {
        let session = rented.session;
        let key = (session.instance_type.as_str(), session.region.as_str());
        let Some(kind) = view.card.instance_type(key.0) else { continue };
        let elsewhere = known.entry(key).or_insert_with(|| Elsewhere::of(kind, key.1, view.card));
        findings.extend(finding(view, &rented, kind, elsewhere));
    }
    findings
}

/// What a type of a region could be replaced by; the same for each instance of it.
struct Elsewhere {
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

impl Elsewhere {
    fn of(kind: &InstanceType, region: &str, card: &RateCard) -> Elsewhere {
        let need = Need {
            reference: Reference::instance(kind, card),
            work: Work::default(),
            memory_gb: memory_gb(kind),
            regions: vec![region.to_owned()],
            among: Vec::new(),
        };
        let offered = kind.offering.is_offered();
        Elsewhere {
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
struct Way {
    choice: Choice,
    /// Where within its bounds it probably lies: to sort by.
    middle: Usd,
    confidence: Confidence,
    risk: String,
}

fn finding(view: &View<'_>, rented: &Rented<'_>, kind: &InstanceType, elsewhere: &Elsewhere) -> Option<Finding> {
    let session = rented.session;
    let now = rented.a_month_at(rented.usd_per_hour)?;
    let mut ways = types(view, rented, kind, elsewhere);
    ways.extend(region(view, rented, elsewhere));
    ways.extend(spot(view, rented, elsewhere));
    ways.extend(committed(view, rented, elsewhere));
    let worth = now.scaled(Decimal::ONE - LEAST_SHARE, Decimal::ONE)?;
    ways.retain(|way| way.middle <= worth);
    ways.sort_by_key(|way| (way.middle, way.choice.action));
    let best = recommended(&ways, now)?;
    let way = ways.get_mut(best)?;
    way.choice.recommended = true;
    let saving = Dollars::Exact(now).less(way.choice.per_month.clone());
    let (confidence, risk) = (way.confidence.clone(), way.risk.clone());
    let what = format!("cheaper than {}: {}", session.instance_type, way.choice.what);
    let keep = Choice::new(Action::Keep, format!("{} on demand", session.instance_type), Dollars::Exact(now));
    Some(Finding {
        id: format!("{ID}:{}", rented.standing.id),
        rule: ID,
        title: what,
        resource: resource_of(session, rented.standing),
        last_seen: rented.window.end,
        evidence: view.told(|| evidence(rented, kind, elsewhere, view.card)),
        parts: Vec::new(),
        detail: None,
        accrued: None,
        accrued_if_still_there: None,
        since: None,
        saving_per_month: saving,
        confidence,
        choices: std::iter::once(keep).chain(ways.into_iter().map(|way| way.choice)).collect(),
        risk,
    })
}

/// What changes nothing but the type comes before what is bought for years, moved or interrupted; of those what surely
/// saves most.
fn recommended(ways: &[Way], now: Usd) -> Option<usize> {
    let types = ways.iter().position(|way| way.choice.action == Action::ChangeType);
    let surely = |way: &Way| Dollars::Exact(now).less(way.choice.per_month.clone()).least().unwrap_or(Usd::ZERO);
    // The first of equals: `max_by_key` takes the last.
    types.or_else(|| ways.iter().enumerate().rev().max_by_key(|(_, way)| surely(way)).map(|(at, _)| at))
}

/// Other types of the region, by the same work.
fn types(view: &View<'_>, rented: &Rented<'_>, kind: &InstanceType, elsewhere: &Elsewhere) -> Vec<Way> {
    let ways = others(kind, elsewhere).filter_map(|candidate| {
        let hour = candidate.hour_of_work;
        let (low, high) = (rented.a_month_at(hour.low)?, rented.a_month_at(hour.high)?);
        let name = &candidate.instance_type;
        let what = format!("{name} on demand, {} times as fast", speed_said(candidate));
        let running = matches!(rented.standing.state, State::Running(_));
        let command = Aws::new(&rented.session.region, view.card).change_type(rented.standing.id, name, running);
        let choice = Choice::new(Action::ChangeType, what, Dollars::of(low, Ok(high)))
            .losing("what is in memory and on an instance store")
            .by(or_withheld(command.map(|command| vec![command])));
        let mut risk = vec![format!(
            "another GPU, other CPUs and memory: {name} must run your software, and how fast it does is measured at \
             other work than yours (`gpucost calibrate`)"
        )];
        risk.extend(instance_risk(&rented.session.instance_type, rented.session.purchase, view.card));
        Some(Way {
            choice,
            middle: rented.a_month_at(hour.middle)?,
            confidence: measured_at(candidate),
            risk: risk.join("; "),
        })
    });
    ways.collect()
}

/// Of a retired type its successors; else what was compared better than on software of its own each, the weakest footing.
fn others<'a>(kind: &'a InstanceType, elsewhere: &'a Elsewhere) -> impl Iterator<Item = &'a Candidate> {
    let fit = |candidate: &&Candidate| {
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

/// The same type where it is cheapest.
fn region(view: &View<'_>, rented: &Rented<'_>, elsewhere: &Elsewhere) -> Option<Way> {
    let (region, rate) = elsewhere.region.as_ref()?;
    let cost = rented.a_month_at(rate.usd)?;
    let here = Aws::new(&rented.session.region, view.card);
    let choice = Choice::new(Action::MoveRegion, format!("the same type in {region}"), Dollars::Exact(cost))
        .by(or_withheld(here.copy_to_region(rented.standing.id, region)));
    Some(Way {
        choice,
        middle: cost,
        confidence: Confidence::medium("both rates are published; data transfer is not counted"),
        risk:
            "moving the data is charged by the GB, it is farther from you, and images, quotas and addresses are of a \
               region"
                .to_owned(),
    })
}

/// As a spot instance, where a price was seen: at most the on-demand rate, AWS's own cap unless another is set.
/// <https://docs.aws.amazon.com/whitepapers/latest/cost-optimization-leveraging-ec2-spot-instances/how-spot-instances-work.html>
/// (read 2026-11-28)
fn spot(view: &View<'_>, rented: &Rented<'_>, elsewhere: &Elsewhere) -> Option<Way> {
    let spot = elsewhere.spot.as_ref()?;
    let least = spot.seen.map_or(spot.usd_per_hour, |seen| seen.min);
    let most = spot.seen.map_or(rented.usd_per_hour, |seen| seen.max);
    let zone = spot.az_id.as_deref().unwrap_or("the cheapest zone");
    let what = match spot.seen {
        Some(_) => format!("spot in {zone}, {} on the mean", spot.usd_per_hour.rate()),
        None => format!("spot in {zone}, seen at {} in {}", spot.usd_per_hour.rate(), spot.provenance.as_of),
    };
    let per_month = Dollars::of(rented.a_month_at(least)?, Ok(rented.a_month_at(most.max(least))?));
    let kind = &rented.session.instance_type;
    let choice = Choice::new(Action::RunAsSpot, what, per_month)
        .losing("the work since the last checkpoint, at each interruption")
        .by(or_withheld(Aws::new(&rented.session.region, view.card).spot_price_history(kind)));
    Some(Way {
        choice,
        middle: rented.a_month_at(spot.usd_per_hour)?,
        confidence: Confidence::low("spot prices move, and this one was seen, not quoted"),
        risk: "AWS interrupts spot instances with two minutes' notice: only for work that resumes from checkpoints"
            .to_owned(),
    })
}

/// The cheapest commitment of each length, owed for every hour of a month.
fn committed(view: &View<'_>, rented: &Rented<'_>, elsewhere: &Elsewhere) -> Vec<Way> {
    if rented.days() < Decimal::from(COMMITTING_DAYS) {
        return Vec::new();
    }
    let month = Decimal::from(ESTIMATE_MONTH_HOURS);
    let cheapest = |years: u8| {
        let of_years = elsewhere.commitments.iter().filter(|commitment| commitment.years == years);
        of_years.min_by_key(|commitment| commitment.effective)
    };
    let ways = [1, 3].into_iter().filter_map(cheapest).filter_map(|commitment| {
        let cost = commitment.effective.scaled(month, Decimal::ONE)?.to_decimals(6);
        let kind = &rented.session.instance_type;
        let aws = Aws::new(&rented.session.region, view.card);
        let commands = match commitment.action {
            Action::Reserve => aws.reserved_offering(kind, commitment.years, commitment.payment_option),
            _ => aws.savings_plan_offering(),
        };
        let choice = Choice::new(commitment.action, format!("{}, {}", commitment.name, commitment.at_once), Dollars::Exact(cost))
            .losing(format!("the freedom to stop paying for {} years, used or not", commitment.years))
            .by(or_withheld(commands));
        Some(Way {
            choice,
            middle: cost,
            confidence: Confidence::low(format!(
                "{} days of hours are held against a term of {} years",
                rented.days().trunc(),
                commitment.years
            )),
            risk: "it is owed for the whole term, whatever is used, and newer types are usually cheaper for the work by its end"
                .to_owned(),
        })
    });
    ways.collect()
}

fn evidence(rented: &Rented<'_>, kind: &InstanceType, elsewhere: &Elsewhere, card: &RateCard) -> Vec<String> {
    let mut lines = vec![format!("the ledger: {}; that they go on is assumed", rented.said())];
    lines.extend(rented.rate_lines.iter().cloned());
    if !kind.offering.is_offered() {
        lines.push(successors(rented, kind, card));
    }
    for candidate in others(kind, elsewhere) {
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
fn commitments_said(rented: &Rented<'_>, elsewhere: &Elsewhere) -> Vec<String> {
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
