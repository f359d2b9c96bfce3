//! What `gpucost break-even` counts beyond price and hours, each number with its source.

use rust_decimal::Decimal;

use super::args::CashFlowArgs;
use super::break_even::{dollars, number, parsed};
use super::error::Failure;
use crate::break_even::{
    Committed, Electricity, Financing, Horizon, Input, Interruptions, MonthLength, Owning, Percentage, Renting,
    Transfer, Upgrade,
};
use crate::catalog::{
    COMMITMENT_YEAR_HOURS, OfferingClass, PaymentOption, RateCard, ReservedRate, SavingsPlanKind, SavingsPlanRate,
    SpotRate,
};
use crate::money::Usd;
use crate::quantity::exact;

/// `--purchase`, read.
enum Purchase {
    OnDemand,
    Spot,
    Reserved { years: u8, payment: PaymentOption, class: OfferingClass },
    SavingsPlan { kind: SavingsPlanKind, years: u8, payment: PaymentOption },
}

/// Tax, loan, upkeep, resale and upgrade of the machine.
pub fn owning(args: &CashFlowArgs, owning: &mut Owning) -> Result<(), Failure> {
    let share = |option: &str, text: &Option<String>| -> Result<Option<Input<Percentage>>, Failure> {
        text.as_deref().map(|text| parsed(option, text).map(Input::given)).transpose()
    };
    if let Some(tax) = share("--sales-tax", &args.sales_tax)? {
        owning.sales_tax = tax;
    }
    if let (Some(apr), Some(months)) = (share("--loan-apr", &args.loan_apr)?, &args.loan_months) {
        let down_payment = share("--down-payment", &args.down_payment)?;
        let down_payment = down_payment.unwrap_or(Input::assumed(Percentage::ZERO));
        owning.financing = Some(Financing { down_payment, apr, months: count("--loan-months", months)? });
    }
    owning.resale_share = share("--resale", &args.resale)?;
    owning.value_kept_per_year = share("--value-kept-per-year", &args.value_kept_per_year)?;
    upkeep(args, owning)?;
    if let (Some(text), Some(month)) = (&args.upgrade_usd, &args.upgrade_month) {
        let usd = Input::given(dollars("--upgrade-usd", text)?);
        owning.upgrade = Some(Upgrade { usd, month: count("--upgrade-month", month)? });
    }
    match (&mut owning.electricity, &args.idle_watts, &args.electricity_escalation) {
        (Some(electricity), ..) => power(args, electricity),
        (None, None, None) => Ok(()),
        (None, Some(_), _) => Err(without_power("--idle-watts")),
        (None, None, Some(_)) => Err(without_power("--electricity-escalation")),
    }
}

/// A number of months.
fn count(option: &str, text: &str) -> Result<Input<u32>, Failure> {
    whole(option, text).map(Input::given).map_err(|refused| refused.hint("write months: 24, say"))
}

fn whole(option: &str, text: &str) -> Result<u32, Failure> {
    let count = text.trim().parse().ok().filter(|_| !text.trim().starts_with('+'));
    count.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Failure::usage(format!("{option}: `{shown}` is no whole number"))
    })
}

fn without_power(option: &str) -> Failure {
    Failure::usage(format!("{option} needs --power-watts, or a --machine whose power is known"))
}

fn upkeep(args: &CashFlowArgs, owning: &mut Owning) -> Result<(), Failure> {
    let upkeep = &mut owning.upkeep;
    if let Some(text) = &args.admin_hours_per_month {
        upkeep.admin_hours_per_month = Input::given(number("--admin-hours-per-month", text)?);
    }
    for (option, text, place) in [
        ("--usd-per-admin-hour", &args.usd_per_admin_hour, &mut upkeep.usd_per_admin_hour),
        ("--maintenance-usd-per-month", &args.maintenance_usd_per_month, &mut upkeep.maintenance_usd_per_month),
        ("--colocation-usd-per-month", &args.colocation_usd_per_month, &mut upkeep.colocation_usd_per_month),
    ] {
        if let Some(text) = text {
            *place = Input::given(dollars(option, text)?);
        }
    }
    if let Some(text) = &args.repair_reserve {
        upkeep.repair_reserve_per_year = Input::given(parsed("--repair-reserve", text)?);
    }
    Ok(())
}

fn power(args: &CashFlowArgs, electricity: &mut Electricity) -> Result<(), Failure> {
    if let Some(text) = &args.idle_watts {
        electricity.idle_watts = Input::given(number("--idle-watts", text)?);
    }
    if let Some(text) = &args.electricity_escalation {
        electricity.escalation_per_year = Input::given(parsed("--electricity-escalation", text)?);
    }
    Ok(())
}

/// Addresses and transfer of the rented side, and what spot makes be done twice.
pub fn renting(args: &CashFlowArgs, region: &str, card: &RateCard, renting: &mut Renting) -> Result<(), Failure> {
    let count = args.elastic_ips.as_deref().map(|text| whole("--elastic-ips", text)).transpose()?;
    if let Some(count) = count.filter(|count| *count > 0) {
        let rate = card.public_ipv4(region, false)?;
        let usd = rate.usd.scaled(Decimal::from(count), Decimal::ONE);
        let usd = usd.ok_or_else(|| Failure::usage("--elastic-ips: that many cost more than can be held"))?;
        let source = format!("{count} at {}/h as of {}", rate.usd.rate(), rate.provenance.as_of);
        renting.elastic_ip_usd_per_hour = Input::from(usd, source);
    }
    if let Some(text) = &args.transfer_usd_per_month {
        renting.transfer_usd_per_month = Input::given(dollars("--transfer-usd-per-month", text)?);
    }
    if let Some(text) = &args.transfer_out_gb_per_month {
        renting.transfer = Some(transfer(text, region, card)?);
    }
    if let Some(text) = &args.rework_overhead {
        renting.overhead = Input::given(number("--rework-overhead", text)?);
    }
    if let Some(text) = &args.interruptions_per_hour {
        let spot = interruptions(args, number("--interruptions-per-hour", text)?)?;
        (renting.overhead, renting.interruptions) = (rework(spot)?, Some(spot));
    }
    if let (Some(upfront), Some(term)) = (&args.upfront_usd, &args.term) {
        let upfront = Input::given(dollars("--upfront-usd", upfront)?);
        renting.committed = Some(Committed { upfront, term_months: Input::given(term_months(term)?) });
    }
    Ok(())
}

fn term_months(text: &str) -> Result<u32, Failure> {
    let term: Horizon = parsed("--term", text)?;
    let months = term.months(MonthLength::Average).and_then(|months| u32::try_from(months).ok());
    match (term, months) {
        (Horizon::Months(_), Some(months)) => Ok(months),
        _ => Err(Failure::usage(format!("--term: {text} is no whole number of months")).hint("write 1y or 18m")),
    }
}

fn interruptions(args: &CashFlowArgs, per_hour: Decimal) -> Result<Interruptions, Failure> {
    let hours = |option: &str, text: &Option<String>| match text {
        Some(text) => number(option, text).map(Some),
        None => Ok(None),
    };
    let checkpoint_hours = hours("--checkpoint-hours", &args.checkpoint_hours)?.unwrap_or_default();
    let restart_hours = hours("--restart-hours", &args.restart_hours)?.unwrap_or_default();
    let interval_hours = hours("--checkpoint-every-hours", &args.checkpoint_every_hours)?;
    for (option, value) in [
        ("--interruptions-per-hour", per_hour),
        ("--checkpoint-hours", checkpoint_hours),
        ("--restart-hours", restart_hours),
        ("--checkpoint-every-hours", interval_hours.unwrap_or_default()),
    ] {
        if value < Decimal::ZERO || value > Decimal::ONE_HUNDRED {
            return Err(Failure::usage(format!("{option}: {} must lie between 0 and 100", exact(value))));
        }
    }
    Ok(Interruptions { per_hour, interval_hours, checkpoint_hours, restart_hours })
}

fn rework(spot: Interruptions) -> Result<Input<Decimal>, Failure> {
    let interval = spot.interval().filter(|hours| *hours > Decimal::ZERO).ok_or_else(|| {
        Failure::usage("--interruptions-per-hour: how often is a checkpoint written?")
            .hint("give --checkpoint-every-hours 1, or --checkpoint-hours 0.05 for the best interval")
    })?;
    let overhead = spot.overhead();
    let overhead = overhead.ok_or_else(|| Failure::usage("--interruptions-per-hour: no work would ever be done"))?;
    let source = format!(
        "Daly's formula: {} interruptions an hour, a checkpoint of {} h every {} h, {} h to restart",
        exact(spot.per_hour),
        exact(spot.checkpoint_hours),
        exact(interval.trunc_with_scale(4)),
        exact(spot.restart_hours)
    );
    Ok(Input::from(overhead, source))
}

/// At the region's rates; where there are none, the sum can be given.
fn transfer(text: &str, region: &str, card: &RateCard) -> Result<Transfer, Failure> {
    let gb = number("--transfer-out-gb-per-month", text)?;
    let rates = card.transfer_out(region).map_err(|none| {
        let hint = none.hint().map_or_else(String::new, |hint| format!("; {hint}"));
        Failure::usage(format!("--transfer-out-gb-per-month: {none}"))
            .hint(format!("give what it costs: --transfer-usd-per-month{hint}"))
    })?;
    if let Some(most) = rates.most_gb().filter(|most| gb > *most) {
        let why = format!("no rate for more than {} GB a month from {region} is known", exact(most));
        return Err(Failure::usage(format!("--transfer-out-gb-per-month: {why}"))
            .hint("give what it costs: --transfer-usd-per-month"));
    }
    let cost = rates.cost_of(gb).map_or_else(String::new, |usd| format!("{usd} a month, "));
    let free = match rates.free_gb {
        0 => String::new(),
        free => format!(" after {free} GB free of all regions together"),
    };
    let first = rates.tiers.first().map_or_else(String::new, |tier| tier.usd_per_gb.rate());
    let as_of = &rates.provenance.as_of;
    let source = format!("given: {cost}{first}/GB from {region}{free}, less by the tier, as of {as_of}");
    Ok(Transfer { gb_per_month: Input::from(gb, source), rates })
}

/// The rate of the purchase option asked for, and the commitment it makes.
pub fn purchased(
    args: &CashFlowArgs,
    instance: &str,
    region: &str,
    card: &RateCard,
) -> Result<(Input<Usd>, Option<Committed>), Failure> {
    let option = args.purchase.as_deref().map_or(Ok(Purchase::OnDemand), |text| purchase("--purchase", text))?;
    rate_of(option, instance, region, card)
}

fn rate_of(
    option: Purchase,
    instance: &str,
    region: &str,
    card: &RateCard,
) -> Result<(Input<Usd>, Option<Committed>), Failure> {
    match option {
        Purchase::OnDemand => {
            let rate = card.on_demand(region, instance)?;
            Ok((Input::from(rate.usd, format!("on-demand rate as of {}", rate.provenance.as_of)), None))
        }
        Purchase::Spot => cheapest_spot(card.spot(region, instance), instance, region).map(|rate| (rate, None)),
        Purchase::SavingsPlan { kind, years, payment } => {
            let rates = card.savings_plans(region, instance);
            let asked =
                |rate: &&SavingsPlanRate| (rate.kind, rate.term_years, rate.payment_option) == (kind, years, payment);
            match rates.iter().find(asked) {
                Some(rate) => savings_plan(rate),
                None => Err(no_savings_plan(&rates, instance, region)),
            }
        }
        Purchase::Reserved { years, payment, class } => {
            let rates = card.reserved(region, instance);
            let asked = |rate: &&ReservedRate| {
                (rate.term_years, rate.payment_option, rate.offering_class) == (years, payment, class)
            };
            match rates.iter().find(asked) {
                Some(rate) => Ok(reserved(rate)),
                None => Err(no_reservation(&rates, instance, region)),
            }
        }
    }
}

/// A commitment with everything it will have cost.
pub struct Commitment {
    /// `3-year Compute Savings Plan, No Upfront, as of 2026-09-10`
    pub name: String,
    /// The fee, and the rate of every hour of the term.
    pub at_once: Usd,
    pub term_months: u32,
}

/// The commitment that `--commit` names.
pub fn commitment_of(text: &str, instance: &str, region: &str, card: &RateCard) -> Result<Commitment, Failure> {
    let option = purchase("--commit", text)?;
    if matches!(option, Purchase::OnDemand | Purchase::Spot) {
        return Err(Failure::usage(format!("--commit: {text} commits to nothing")).hint("write 1y-no-upfront, say"));
    }
    let too_large = || Failure::new("the cost of the commitment is too large to hold");
    let (hourly, committed) = rate_of(option, instance, region, card)?;
    let Committed { upfront, term_months } = committed.ok_or_else(too_large)?;
    let hours = Decimal::from(term_months.value / 12 * COMMITMENT_YEAR_HOURS);
    let owed = hourly.value.scaled(hours, Decimal::ONE).and_then(|usd| usd.checked_add(upfront.value));
    let name = hourly.source.to_string();
    Ok(Commitment { name, at_once: owed.ok_or_else(too_large)?, term_months: term_months.value })
}

fn cheapest_spot(rates: Vec<SpotRate>, instance: &str, region: &str) -> Result<Input<Usd>, Failure> {
    let cheapest = rates.first().ok_or_else(|| {
        Failure::new(format!("no spot rate of {instance} in {region} is known"))
            .hint("`gpucost rates refresh` asks AWS, or give --usd-per-hour and --rework-overhead")
    })?;
    let zone = cheapest.az_id.as_deref().map_or_else(String::new, |zone| format!(" of {zone}, the cheapest zone,"));
    Ok(Input::from(cheapest.usd_per_hour, format!("spot rate{zone} as of {}", cheapest.provenance.as_of)))
}

fn reserved(rate: &ReservedRate) -> (Input<Usd>, Option<Committed>) {
    let ReservedRate { term_years, payment_option, offering_class, provenance, .. } = rate;
    let source =
        format!("{offering_class} {term_years}-year reservation, {payment_option}, as of {}", provenance.as_of);
    let committed = Committed {
        upfront: Input::from(rate.upfront, source.as_str()),
        term_months: Input::from(u32::from(*term_years) * 12, source.as_str()),
    };
    (Input::from(rate.hourly, source), Some(committed))
}

fn savings_plan(rate: &SavingsPlanRate) -> Result<(Input<Usd>, Option<Committed>), Failure> {
    let SavingsPlanRate { kind, term_years, payment_option, provenance, .. } = rate;
    let source = format!("{term_years}-year {}, {payment_option}, as of {}", kind.name(), provenance.as_of);
    let split = rate.upfront_and_hourly();
    let (upfront, hourly) = split.ok_or_else(|| Failure::new("the cost of the savings plan is too large to hold"))?;
    let committed = Committed {
        upfront: Input::from(upfront, source.as_str()),
        term_months: Input::from(u32::from(*term_years) * 12, source.as_str()),
    };
    Ok((Input::from(hourly, source), Some(committed)))
}

fn no_savings_plan(rates: &[SavingsPlanRate], instance: &str, region: &str) -> Failure {
    let known: Vec<String> = rates.iter().map(plan_name).collect();
    let hint = match known.is_empty() {
        true => "none are shipped: `gpucost rates refresh` without credentials fetches them".to_owned(),
        false => format!("there are: {}", known.join(", ")),
    };
    Failure::new(format!("no such savings plan for {instance} in {region} is known")).hint(hint)
}

/// As `--purchase` reads it.
fn plan_name(rate: &SavingsPlanRate) -> String {
    let kind = match rate.kind {
        SavingsPlanKind::Compute => COMPUTE_PLAN,
        SavingsPlanKind::Ec2Instance => EC2_PLAN,
    };
    format!("{kind}{}y-{}", rate.term_years, payment_name(rate.payment_option))
}

fn no_reservation(rates: &[ReservedRate], instance: &str, region: &str) -> Failure {
    let known: Vec<String> = rates.iter().map(option_name).collect();
    let hint = match known.is_empty() {
        true => "give --upfront-usd, --term and --usd-per-hour yourself".to_owned(),
        false => format!("there are: {}", known.join(", ")),
    };
    Failure::new(format!("no such reservation of {instance} in {region} is known")).hint(hint)
}

/// As `--purchase` reads it.
fn option_name(rate: &ReservedRate) -> String {
    let payment = payment_name(rate.payment_option);
    let class = if rate.offering_class == OfferingClass::Convertible { "-convertible" } else { "" };
    format!("{}y-{payment}{class}", rate.term_years)
}

const COMPUTE_PLAN: &str = "compute-sp-";
const EC2_PLAN: &str = "ec2-sp-";

const fn payment_name(payment: PaymentOption) -> &'static str {
    match payment {
        PaymentOption::NoUpfront => "no-upfront",
        PaymentOption::PartialUpfront => "partial-upfront",
        PaymentOption::AllUpfront => "all-upfront",
    }
}

/// Reads an option's text: `spot`, `3y-all-upfront`, `compute-sp-1y-no-upfront`.
fn purchase(option: &str, text: &str) -> Result<Purchase, Failure> {
    let plan = |kind: SavingsPlanKind, text: &str| {
        let (years, payment) = term(text)?;
        Some(Purchase::SavingsPlan { kind, years, payment })
    };
    let read = if let Some(text) = text.strip_prefix(COMPUTE_PLAN) {
        plan(SavingsPlanKind::Compute, text)
    } else if let Some(text) = text.strip_prefix(EC2_PLAN) {
        plan(SavingsPlanKind::Ec2Instance, text)
    } else {
        match text {
            "on-demand" => Some(Purchase::OnDemand),
            "spot" => Some(Purchase::Spot),
            _ => reservation(text),
        }
    };
    read.ok_or_else(|| {
        let shown: String = text.chars().take(40).collect();
        Failure::usage(format!("{option}: `{shown}` is no purchase option")).hint(
            "write on-demand, spot, or 1y-no-upfront, 3y-all-upfront, 1y-partial-upfront-convertible, \
             compute-sp-1y-no-upfront, ec2-sp-3y-all-upfront",
        )
    })
}

fn reservation(text: &str) -> Option<Purchase> {
    let (text, class) = match text.strip_suffix("-convertible") {
        Some(text) => (text, OfferingClass::Convertible),
        None => (text, OfferingClass::Standard),
    };
    let (years, payment) = term(text)?;
    Some(Purchase::Reserved { years, payment, class })
}

/// `1y-no-upfront`
fn term(text: &str) -> Option<(u8, PaymentOption)> {
    let (years, payment) = text.split_once("y-")?;
    let options = [PaymentOption::NoUpfront, PaymentOption::PartialUpfront, PaymentOption::AllUpfront];
    let payment = options.into_iter().find(|option| payment_name(*option) == payment)?;
    let years = years.parse().ok().filter(|years| [1, 3].contains(years))?;
    Some((years, payment))
}
