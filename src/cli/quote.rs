//! `gpucost quote`: the review before launching.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::args::QuoteArgs;
use super::error::Failure;
use super::rates::{known_region, known_type};
use super::rates_card::refresh_if_live;
use super::request::Request;
use crate::catalog::{InvalidVolume, NoRate, VolumeSpec};
use crate::money::Usd;
use crate::quantity::parse_decimal;
use crate::report::quote::{Launch, Quote, QuoteError, quote_table, scenario_table};
use crate::report::sources::sources;
use crate::report::table::Table;

/// # Errors
/// An option that is no amount or no volume, a name that the card does not know, a rate that it lacks.
pub fn run(args: &QuoteArgs, request: &Request) -> Result<Vec<Table>, Failure> {
    tables(&launch(args, request)?, request)
}

/// What is asked for, resolved.
pub(super) fn launch<'a>(args: &QuoteArgs, request: &'a Request) -> Result<Launch<'a>, Failure> {
    let region = request.region()?;
    refresh_if_live(request, [region])?;
    let card = request.card()?;
    Ok(Launch {
        region: &known_region(card, region)?.code,
        kind: known_type(card, &args.instance)?,
        volumes: args.volumes.iter().map(|text| volume(text)).collect::<Result<_, Failure>>()?,
        ami_usd_per_hour: Some(ami(&args.ami_usd_per_hour)?),
        hours_per_day: hours_per_day(&args.hours_per_day)?,
        public_ipv4: !args.no_public_ipv4,
    })
}

pub(super) fn tables(launch: &Launch, request: &Request) -> Result<Vec<Table>, Failure> {
    let card = request.card()?;
    let quote = Quote::of(card, launch).map_err(|error| failure(error, launch))?;
    let mut table = quote_table(card, launch, &quote);
    if request.verbose {
        table.notes.extend(sources(card, quote.lines.iter().filter_map(|line| line.provenance.as_ref())));
    }
    Ok(vec![table, scenario_table(launch, &quote)])
}

fn failure(error: QuoteError, launch: &Launch) -> Failure {
    match error {
        QuoteError::NoRate(NoRate::NotListed { what, region, .. }) if what == "public IPv4 address" => {
            Failure::new(format!("no rate for a public IPv4 address in `{region}`"))
                .hint("quote without one: --no-public-ipv4")
        }
        QuoteError::NoRate(error) => Failure::from(error),
        QuoteError::OutOfRange => Failure::usage(format!("the cost of `{}` is too large to compute", launch.kind.name)),
    }
}

fn volume(text: &str) -> Result<VolumeSpec, Failure> {
    VolumeSpec::from_str(text).map_err(|error| {
        let failure = Failure::usage(format!("--volume: {error}"));
        match error {
            InvalidVolume::Shape { .. } => failure,
            InvalidVolume::IopsMissing { volume_type, size_gb } => {
                failure.hint(format!("for example --volume {volume_type}:{size_gb}:3000"))
            }
            _ => failure.hint("write type:GB[:IOPS[:MiB/s]]: gp2:75, gp3:500:4000:250, io2:100:5000"),
        }
    })
}

fn ami(text: &str) -> Result<Usd, Failure> {
    let usd: Usd = text.parse().map_err(|error| Failure::usage(format!("--ami-usd-per-hour: {error}")))?;
    if usd.is_negative() {
        return Err(Failure::usage(format!("--ami-usd-per-hour: {} is less than nothing", usd.rate()))
            .hint("0 is right for the free AMIs: Amazon Linux, Ubuntu, AWS Deep Learning"));
    }
    Ok(usd)
}

fn hours_per_day(text: &str) -> Result<Decimal, Failure> {
    let hours = parse_decimal(text).map_err(|error| Failure::usage(format!("--hours-per-day: {error}")))?;
    if hours.is_sign_negative() && !hours.is_zero() || hours > Decimal::from(24) {
        return Err(Failure::usage(format!("--hours-per-day: a day has 0 to 24 hours, not {hours}"))
            .hint("24 is an instance that is never stopped"));
    }
    Ok(hours)
}

#[cfg(test)]
#[path = "quote_tests.rs"]
mod tests;
