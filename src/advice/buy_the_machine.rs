//! Owning would have been cheaper, by the ledger's own history.
//!
//! Two things must both say so: the online rule that buys as soon as what renting has cost reaches its threshold (from the
//! past alone, with its guarantee), and the break-even over the horizon if the hours go on as measured, with the machine
//! at the slowest speed that was measured. A ledger too young to have rented for the price of any machine finds nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use rayon::prelude::*;
use rust_decimal::Decimal;

use super::View;
use super::dollars::Dollars;
use super::finding::{Action, Choice, Confidence, Finding};
use super::left_running::resource_of;
use super::rented::{Rented, rented};
use crate::break_even::online::{Day, Rule, Threshold};
use crate::break_even::{
    Discount, Electricity, Flows, Input, Owning, Question, Renting, Terms, Totals, Verdict, totals_after,
};
use crate::catalog::{Gpu, InstanceType, Machine, MachineKind, RateCard, Sector, Speed, Speeds, Work};
use crate::money::Usd;
use crate::quantity::{exact, half_up};
use crate::time::utc_date;

pub(super) const ID: &str = "buy-the-machine";

/// All that the ledger knows.
const WINDOW_DAYS: i64 = 36_500;
/// Marks of prices that nobody should buy by.
const DOUBTFUL: [&str; 3] = ["implausible", "assumption: ", "undated: "];

pub(super) fn find(view: &View<'_>) -> Vec<Finding> {
    let rented = rented(view, WINDOW_DAYS, view.thresholds.buy_days);
    let kinds: BTreeSet<&str> = rented.iter().map(|rented| rented.session.instance_type.as_str()).collect();
    let kinds = kinds.into_iter().filter_map(|name| Some((name, fitting(view.card.instance_type(name)?, view))));
    let machines: BTreeMap<&str, Vec<Fitting>> = kinds.collect();
    let of_rented = |rented: &Rented<'_>| finding(view, rented, machines.get(rented.session.instance_type.as_str())?);
    rented.par_iter().filter_map(of_rented).collect()
}

/// A machine that does the work of a type.
struct Fitting {
    machine: &'static Machine,
    price: Usd,
    /// `None`: the config file names it, and nothing measured compares it: as fast, which is said.
    speed: Option<Speed>,
    gpu: Option<&'static Gpu>,
}

/// Of the list, or the one that the config file names.
fn fitting(kind: &InstanceType, view: &View<'_>) -> Vec<Fitting> {
    let card = view.card;
    let own = card.gpu_of(kind);
    let named = view.thresholds.machine;
    let machines = card.machines().iter().filter(|machine| match named {
        Some(name) => machine.name == name,
        None => is_for_sale(machine),
    });
    let work = Work::default();
    let mut speeds = own.map(|own| Speeds::over(own, &work, card));
    let fit = |machine: &'static Machine| {
        let (price, gpu) = (machine.price?, machine.gpu(card));
        let speed = gpu.zip(speeds.as_mut()).and_then(|(gpu, speeds)| speeds.of(gpu));
        if named.is_some() {
            return Some(Fitting { machine, price, speed, gpu });
        }
        let enough = Decimal::from(machine.num_gpus) >= kind.gpu_count() && has_the_memory(gpu?, own?);
        (enough && speed.is_some()).then_some(Fitting { machine, price, speed, gpu })
    };
    machines.filter_map(fit).collect()
}

/// A whole machine at a price somebody paid or asks.
fn is_for_sale(machine: &Machine) -> bool {
    let doubtful = machine.mark.is_some_and(|mark| DOUBTFUL.iter().any(|doubt| mark.starts_with(doubt)));
    matches!(machine.kind, MachineKind::Build | MachineKind::List) && machine.price_date.is_some() && !doubtful
}

fn has_the_memory(gpu: &Gpu, own: &Gpu) -> bool {
    gpu.memory_gb.zip(own.memory_gb).is_some_and(|(gpu, own)| gpu >= own)
}

fn finding(view: &View<'_>, rented: &Rented<'_>, machines: &[Fitting]) -> Option<Finding> {
    // Renting must have cost the price of a machine: no history of less can say so.
    let paid = rented.usd_per_hour.scaled(rented.hours, Decimal::ONE)?;
    let affordable = machines.iter().filter(|fitting| fitting.price <= paid);
    let mut paying: Vec<Paying<'_>> = affordable.filter_map(|fitting| Paying::of(fitting, rented, view.card)).collect();
    paying.sort_by_key(|paying| (std::cmp::Reverse(paying.npv), paying.fitting.machine.name));
    let mut bought = paying.into_iter().filter_map(|paying| Bought::of(paying, rented, view.card));
    Some(bought.next()?.finding(view, rented, paid))
}

/// What owning saves at the slowest speed measured, where it saves anything: the quick look before the whole answer.
struct Paying<'f> {
    fitting: &'f Fitting,
    question: Question,
    flows: Flows,
    npv: Usd,
}

impl<'f> Paying<'f> {
    fn of(fitting: &'f Fitting, rented: &Rented<'_>, card: &RateCard) -> Option<Paying<'f>> {
        let slowest = fitting.speed.as_ref().map_or(Decimal::ONE, |speed| speed.low);
        let question = question(fitting, rented, slowest, card)?;
        let months = question.terms.horizon.value.months(question.terms.month.value)?;
        let flows = Flows::of(&question)?;
        let npv = flows.npv(months, Discount::NONE)?;
        (npv > Usd::ZERO).then_some(Paying { fitting, question, flows, npv })
    }
}

/// On which day the rule that knows only the past would have bought. `None`: not yet.
fn bought_on(rule: &Rule, rented: &Rented<'_>) -> Option<Date> {
    let history: Vec<Day> = rented.by_day().into_iter().map(|(date, hours)| Day { date, hours }).collect();
    Some(rule.follow(&history, rule.threshold()).ok()?.purchase?.date)
}

/// Whether it would have. No day loses what earlier ones have saved, so that all hours together tell, but for what
/// rounding them day by day makes.
fn would_have_bought(rule: &Rule, rented: &Rented<'_>) -> bool {
    let Threshold::Saved(threshold) = rule.threshold() else { return false };
    let left = rule.saved_by_hours(rented.hours).and_then(|saved| threshold.checked_add(-saved));
    match left {
        Some(left) if left > Usd::ONE => false,
        Some(left) if left < -Usd::ONE => true,
        _ => bought_on(rule, rented).is_some(),
    }
}

fn over_horizon(question: &Question, start: Date) -> Option<Totals> {
    let days = question.terms.horizon.value.days(question.terms.month.value)?;
    totals_after(question, days, start).ok()
}

/// A machine that the history says to buy.
struct Bought {
    machine: &'static Machine,
    question: Question,
    /// At the slowest and the fastest speed measured.
    slow: Totals,
    fast: Totals,
    rule: Rule,
    speed_said: String,
}

impl Bought {
    fn of(paying: Paying<'_>, rented: &Rented<'_>, card: &RateCard) -> Option<Bought> {
        let Paying { fitting, question: slow, flows, .. } = paying;
        let rule = Rule::of(&flows).ok().filter(|rule| would_have_bought(rule, rented))?;
        let start = utc_date(rented.window.end);
        let totals = over_horizon(&slow, start).filter(|totals| totals.verdict() == Some(Verdict::Own))?;
        let fastest = fitting.speed.as_ref().map_or(Decimal::ONE, |speed| speed.high);
        let fast = over_horizon(&question(fitting, rented, fastest, card)?, start)?;
        let shown = |ratio: Decimal| exact(half_up(ratio, 2));
        let kind = &rented.session.instance_type;
        let speed_said = match &fitting.speed {
            Some(speed) => format!("it is {} to {} times as fast as {kind}", shown(speed.low), shown(speed.high)),
            None => format!("how fast it is beside {kind} was not measured: as fast, assumed"),
        };
        Some(Bought { machine: fitting.machine, question: slow, slow: totals, fast, rule, speed_said })
    }

    fn finding(&self, view: &View<'_>, rented: &Rented<'_>, paid: Usd) -> Finding {
        let months = self.slow.months;
        let a_month = |total: Usd| total.scaled(Decimal::ONE, months).map(|usd| usd.to_decimals(6));
        let unknown = || Dollars::unknown("it is too large to hold exactly");
        let between = |least: Option<Usd>, most: Option<Usd>| match (least, most) {
            (Some(least), Some(most)) => Dollars::of(least.min(most), Ok(most.max(least))),
            _ => unknown(),
        };
        let npv = |totals: &Totals| totals.npv().and_then(a_month);
        let saving = between(npv(&self.slow), npv(&self.fast));
        let own = between(a_month(self.fast.own), a_month(self.slow.own));
        let rent = a_month(self.slow.rent).map_or_else(unknown, Dollars::Exact);
        let Machine { name, .. } = self.machine;
        let price = self.question.owning.price.value;
        let kind = &rented.session.instance_type;
        let horizon = self.question.terms.horizon.value;
        let keep = Choice::new(Action::Keep, format!("{kind} on demand"), rent);
        let buy = Choice::new(Action::BuyMachine, format!("{name} at {price}, its price spread over {horizon}"), own)
            .losing(format!("{price} at once, and the freedom to stop paying"))
            .by(vec![format!("gpucost break-even --machine '{name}' --instance {kind} --best -v")])
            .recommended();
        Finding {
            id: format!("{ID}:{}", rented.standing.id),
            rule: ID,
            title: view.told(|| format!("renting {kind} has cost {paid}: the {name} costs {price}")),
            resource: resource_of(rented.session, rented.standing),
            last_seen: rented.window.end,
            evidence: view.told(|| self.evidence(rented, paid, view.card)),
            parts: Vec::new(),
            detail: None,
            accrued: None,
            accrued_if_still_there: None,
            since: None,
            saving_per_month: saving,
            confidence: Confidence::low(
                "the past hours are measured; that they go on for years, and what the machine is worth then, is assumed",
            ),
            choices: vec![keep, buy],
            risk: "a machine wants a place, power, cooling and somebody who mends it; its price is of the day it was noted"
                .to_owned(),
        }
    }

    fn evidence(&self, rented: &Rented<'_>, paid: Usd, card: &RateCard) -> Vec<String> {
        let machine = self.machine;
        let source = card.source(machine.source).map_or(machine.source, |source| source.title);
        let mut lines = vec![
            format!("the ledger: {}, which cost {paid} at today's rate", rented.said()),
            format!(
                "{}: {}, {} ({source}){}",
                machine.name,
                self.question.owning.price.value,
                machine.price_date.unwrap_or("undated"),
                machine.mark.map_or_else(String::new, |mark| format!("; {mark}"))
            ),
            self.speed_said.clone(),
        ];
        lines.extend(rented.hourly.line());
        let guarantee = self.rule.running_share().and_then(|share| Decimal::TWO.checked_sub(share));
        let never_more = guarantee.map_or_else(String::new, |ratio| {
            format!(", and never costs more than {} times the best in hindsight", exact(half_up(ratio, 2)))
        });
        lines.extend(
            bought_on(&self.rule, rented)
                .map(|date| format!("the rule that knows only the past would have bought on {date}{never_more}")),
        );
        lines.push(match &self.question.owning.electricity {
            Some(Electricity { load_watts, usd_per_kwh, .. }) => format!(
                "assumed: {} W ({}), {} per kWh ({})",
                exact(load_watts.value),
                load_watts.source,
                usd_per_kwh.value.rate(),
                usd_per_kwh.source
            ),
            None => "assumed: electricity is left out: nobody's figure of its power is known".to_owned(),
        });
        lines.push(
            "assumed: worth nothing at the end, nothing else to pay for it, the volumes of renting not counted; the hours \
             and rates go on"
                .to_owned(),
        );
        lines
    }
}

fn question(fitting: &Fitting, rented: &Rented<'_>, speed: Decimal, card: &RateCard) -> Option<Question> {
    let session = rented.session;
    let mut owning = Owning::at_price(format!("the {}", fitting.machine.name), Input::assumed(fitting.price));
    owning.speed_ratio = Input::assumed(speed);
    owning.electricity = watts(fitting).and_then(|watts| {
        let average = card.electricity("US", Sector::Residential)?;
        let rate = Input::from(average.usd_per_kwh, format!("US residential average of {}", average.provenance.as_of));
        Some(Electricity::new(watts, rate))
    });
    let renting = Renting::at_rate(session.instance_type.clone(), Input::assumed(rented.usd_per_hour));
    let hours = rented.hours.checked_div(rented.days())?.min(Decimal::from(24));
    Some(Question { owning, renting, terms: Terms::at_hours(Input::assumed(hours)) })
}

/// The machine's own figure, or that of its GPUs' boards, which is a part of it.
fn watts(fitting: &Fitting) -> Option<Input<Decimal>> {
    if let Some(watts) = fitting.machine.load_watts {
        return Some(Input::from(Decimal::from(watts), "the machine's figure under load"));
    }
    let boards = fitting.gpu?.board_watts?.checked_mul(fitting.machine.num_gpus)?;
    Some(Input::from(Decimal::from(boards), "its GPUs alone"))
}
