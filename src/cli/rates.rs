//! `gpucost rates`: which types, in which regions, and their rates.

use globset::{GlobBuilder, GlobMatcher};

use super::args::{RateOrder, RatesArgs};
use super::error::Failure;
use super::rates_card::refresh_if_live;
use super::request::{DEFAULT_REGION, Request};
use crate::catalog::{InstanceType, NoRate, RateCard, Region};
use crate::money::Usd;
use crate::report::rates::{Order, TypeRates, Wanted, provenances, rate_table, rates_of};
use crate::report::sources::sources;
use crate::report::spot_rates::spot_table;
use crate::report::storage_rates::storage_rate_table;
use crate::report::table::Table;

/// # Errors
/// A type or region that the card does not know, a pattern no type matches, an option that is no amount.
pub fn run(args: &RatesArgs, request: &Request) -> Result<Vec<Table>, Failure> {
    if !args.all_regions {
        let named: Vec<&str> = named(request);
        refresh_if_live(request, named.iter().copied())?;
    }
    let card = request.card()?;
    let most = args.max_usd_per_hour.as_deref().map(amount).transpose()?;
    let regions = regions(card, args, request)?;
    let wanted = with_gpu(card, wanted(card, &args.types)?, args.gpu.as_deref())?;
    if args.spot {
        let title = format!("Spot prices in {}", place(card, args, &regions));
        return Ok(vec![spot_table(card, &regions, &wanted, title)]);
    }
    let (rows, unlisted) = rates_of(card, &regions, &wanted, order(args.sort));
    let (rows, dearer) = up_to(rows, most);
    let place = place(card, args, &regions);
    let several = args.all_regions || regions.len() > 1;
    let mut table = rate_table(&rows, format!("Instance rates in {place}, USD per hour"), several);
    if unlisted > 0 {
        table.notes.push(format!("Left out: {unlisted} of the card's types, with no rate in {place}."));
    }
    table.notes.extend(dearer);
    if request.verbose {
        table.notes.extend(sources(card, rows.iter().flat_map(provenances).map(|(_, provenance)| provenance)));
    }
    let mut tables = vec![table];
    let is_narrowed = !args.types.is_empty() || args.gpu.is_some() || most.is_some();
    if !several || !is_narrowed {
        tables.push(storage_rate_table(card, &regions, format!("EBS, snapshot and address rates in {place}")));
    }
    Ok(tables)
}

fn order(sort: RateOrder) -> Order {
    match sort {
        RateOrder::Type => Order::Type,
        RateOrder::OnDemand => Order::OnDemand,
        RateOrder::GpuHour => Order::GpuHour,
        RateOrder::Spot => Order::Spot,
    }
}

fn amount(text: &str) -> Result<Usd, Failure> {
    let usd: Usd = text.parse().map_err(|error| Failure::usage(format!("--max-usd-per-hour: {error}")))?;
    if usd.is_negative() {
        return Err(Failure::usage(format!("--max-usd-per-hour: {} is less than nothing", usd.rate())));
    }
    Ok(usd)
}

/// `--all-regions` wins over a region from the environment or the config file.
fn regions<'a>(card: &'a RateCard, args: &RatesArgs, request: &Request) -> Result<Vec<&'a str>, Failure> {
    if args.all_regions {
        return Ok(card.regions().iter().map(|region| &*region.code).collect());
    }
    let mut regions = Vec::new();
    for code in named(request) {
        let code = &*known_region(card, code)?.code;
        if !regions.contains(&code) {
            regions.push(code);
        }
    }
    Ok(regions)
}

/// The regions named, or the default one.
pub(super) fn named(request: &Request) -> Vec<&str> {
    match request.regions.as_slice() {
        [] => vec![DEFAULT_REGION],
        named => named.iter().map(String::as_str).collect(),
    }
}

/// # Errors
/// A code that the card does not have, with the nearest ones.
pub(super) fn known_region<'a>(card: &'a RateCard, code: &str) -> Result<&'a Region, NoRate> {
    card.region(code)
        .ok_or_else(|| NoRate::UnknownRegion { region: excerpt(code), nearest: card.nearest_regions(code) })
}

/// # Errors
/// A name that the card does not have, with the nearest ones.
pub(super) fn known_type<'a>(card: &'a RateCard, name: &str) -> Result<&'a InstanceType, NoRate> {
    card.instance_type(name)
        .ok_or_else(|| NoRate::UnknownType { instance_type: excerpt(name), nearest: card.nearest_types(name) })
}

fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}

fn place(card: &RateCard, args: &RatesArgs, regions: &[&str]) -> String {
    match regions {
        _ if args.all_regions => "all regions".to_owned(),
        [code] => card.region(code).map_or((*code).to_owned(), |region| format!("{code} ({})", region.name)),
        several => several.join(", "),
    }
}

/// The types named, or matched, or all.
fn wanted<'a>(card: &'a RateCard, asked: &[String]) -> Result<Vec<Wanted<'a>>, Failure> {
    let all = || card.instance_types().iter();
    if asked.is_empty() {
        return Ok(all().map(|kind| Wanted { kind, by_name: false }).collect());
    }
    let mut wanted: Vec<Wanted<'a>> = Vec::new();
    for text in asked {
        if !text.contains(['*', '?', '[', '{']) {
            wanted.push(Wanted { kind: known_type(card, text)?, by_name: true });
            continue;
        }
        let glob = glob(text)?;
        let matched: Vec<Wanted> =
            all().filter(|kind| glob.is_match(&*kind.name)).map(|kind| Wanted { kind, by_name: false }).collect();
        if matched.is_empty() {
            return Err(no_match(card, text));
        }
        wanted.extend(matched);
    }
    // A type both named and matched was named.
    wanted.sort_by_key(|wanted| (&wanted.kind.name, !wanted.by_name));
    wanted.dedup_by_key(|wanted| &wanted.kind.name);
    Ok(wanted)
}

fn glob(text: &str) -> Result<GlobMatcher, Failure> {
    let glob = GlobBuilder::new(text).build().map_err(|error| {
        Failure::usage(format!("`{}` is not a pattern: {}", excerpt(text), error.kind()))
            .hint("`*` stands for anything: 'p3*', 'g*.xlarge'")
    })?;
    Ok(glob.compile_matcher())
}

fn no_match(card: &RateCard, text: &str) -> Failure {
    let plain: String = text.chars().filter(|c| !"*?[]{}".contains(*c)).collect();
    let failure = Failure::new(format!("no instance type of the rate card matches `{}`", excerpt(text)));
    match (NoRate::UnknownType { instance_type: String::new(), nearest: card.nearest_types(&plain) }).hint() {
        Some(hint) => failure.hint(hint),
        None => failure.hint("`gpucost rates` lists the card's types"),
    }
}

/// Types with an accelerator whose model has `gpu` in its name, whatever the case.
fn with_gpu<'a>(card: &RateCard, wanted: Vec<Wanted<'a>>, gpu: Option<&str>) -> Result<Vec<Wanted<'a>>, Failure> {
    let Some(gpu) = gpu else { return Ok(wanted) };
    let part = gpu.trim().to_lowercase();
    let has_it =
        |kind: &InstanceType| kind.accelerator.as_ref().is_some_and(|a| a.model.to_lowercase().contains(&part));
    if !card.instance_types().iter().any(has_it) {
        let models: std::collections::BTreeSet<&str> =
            card.instance_types().iter().filter_map(|kind| kind.accelerator.as_ref()).map(|a| &*a.model).collect();
        let models = models.into_iter().collect::<Vec<_>>().join(", ");
        return Err(Failure::new(format!("no GPU of the rate card has `{}` in its name", excerpt(gpu)))
            .hint(format!("it has {models}")));
    }
    let found: Vec<Wanted> = wanted.into_iter().filter(|wanted| has_it(wanted.kind)).collect();
    if found.is_empty() {
        return Err(Failure::new(format!("none of these types has a GPU with `{}` in its name", excerpt(gpu))));
    }
    Ok(found)
}

/// The rows with an on-demand rate up to `most`, and what to say of the others.
fn up_to(rows: Vec<TypeRates<'_>>, most: Option<Usd>) -> (Vec<TypeRates<'_>>, Option<String>) {
    let Some(most) = most else { return (rows, None) };
    let total = rows.len();
    let cheapest = rows.iter().filter_map(|row| Some((row.usd_per_hour()?, &row.kind.name, row.region))).min();
    let unrated = rows.iter().filter(|row| row.usd_per_hour().is_none()).count();
    let rows: Vec<TypeRates> =
        rows.into_iter().filter(|row| row.usd_per_hour().is_some_and(|usd| usd <= most)).collect();
    let dearer = total - unrated - rows.len();
    let mut note = format!("Left out: {dearer} with a higher on-demand rate than {}", most.rate());
    if unrated > 0 {
        note.push_str(&format!(", {unrated} with none"));
    }
    if let (true, Some((usd, name, region))) = (rows.is_empty(), cheapest) {
        note.push_str(&format!("; the cheapest is {name} in {region} at {}", usd.rate()));
    }
    (rows, (dearer + unrated > 0).then(|| note + "."))
}

#[cfg(test)]
#[path = "rates_tests.rs"]
mod tests;
