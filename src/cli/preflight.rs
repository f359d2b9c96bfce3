//! `gpucost preflight`: what to know before pressing launch, and the quote.

use super::args::PreflightArgs;
use super::error::{Exit, Failure};
use super::quote;
use super::rates::known_region;
use super::rates_card::refresh_if_live;
use super::request::{DEFAULT_REGION, Request};
use super::show;
use super::track::{network_runtime, refuse_offline};
use crate::advice::preflight::{Check, Found, Outcome, Plan, Quota, api_region, charges_nothing, no_quote, review};
use crate::aws::{Account, AwsError, Wanted, fetch_preflight};
use crate::report::preflight::preflight_table;
use crate::report::quote::Launch;
use crate::report::table::Table;

pub fn run(args: &PreflightArgs, request: &Request) -> Result<Exit, Failure> {
    refuse_offline("gpucost preflight", request)?;
    let runtime = network_runtime()?;
    let request = &runtime.block_on(in_one_region(request))?;
    refresh_if_live(request, [request.region()?])?;
    // Wrong usage is said before AWS is asked. A type that the card lacks may be one all the same: AWS knows.
    let launch = match quote::launch(&args.quote, request) {
        Err(failure) if failure.exit == Exit::WrongUsage => return Err(failure),
        launch => launch,
    };
    let card = request.card()?;
    let plan = Plan {
        region: &known_region(card, request.region()?)?.code,
        instance_type: &args.quote.instance,
        kind: card.instance_type(&args.quote.instance),
        volumes: launch.as_ref().map_or(&[], |launch| launch.volumes.as_slice()),
        ami_usd_per_hour: launch.as_ref().ok().and_then(|launch| launch.ami_usd_per_hour),
        public_ipv4: !args.quote.no_public_ipv4,
    };
    let (found, errors) = runtime.block_on(ask(args, &plan, request))?;
    if plan.kind.is_none() && is_no_type(&plan, &found) {
        return launch.map(|_| Exit::Failed);
    }
    let failed = !errors.is_empty();
    errors.into_iter().map(Failure::from).for_each(|failure| failure.print());
    let mut checks = review(&plan, &found, card, request.now);
    let quoted = launch.as_ref().map_err(|failure| failure.message.clone()).and_then(|launch| {
        let ami_usd_per_hour = launch.ami_usd_per_hour.filter(|usd| !usd.is_zero() || charges_nothing(&found));
        quote::tables(&Launch { ami_usd_per_hour, ..launch.clone() }, request).map_err(|failure| failure.message)
    });
    let quoted = quoted.unwrap_or_else(|why| {
        checks.push(no_quote(&why));
        Vec::new()
    });
    let tables: Vec<Table> = std::iter::once(preflight_table(&plan, &checks)).chain(quoted).collect();
    show::tables(&tables, request)?;
    Ok(exit(&checks, failed, args.fail_on_findings))
}

/// The region of the command line, the environment or the config file; else the one of the AWS profile.
async fn in_one_region(request: &Request) -> Result<Request, Failure> {
    let mut request = request.clone();
    if request.regions.is_empty() {
        let account = Account::resolve(request.profile()?, None).await;
        request.regions = vec![account.region().unwrap_or(DEFAULT_REGION).to_owned()];
    }
    Ok(request)
}

async fn ask(args: &PreflightArgs, plan: &Plan<'_>, request: &Request) -> Result<(Found, Vec<AwsError>), Failure> {
    let account = Account::resolve(request.profile()?, Some(api_region(plan.region))).await;
    let wanted = Wanted {
        instance_type: plan.instance_type,
        successors: plan.successors(),
        quota: Quota::of(plan.instance_type),
        image: args.ami.as_deref(),
        groups: &args.security_groups,
    };
    Ok(fetch_preflight(&account, &wanted).await)
}

/// Neither the rate card nor AWS knows a type of this name: it is mistyped.
fn is_no_type(plan: &Plan, found: &Found) -> bool {
    let described = found.types.as_ref().is_ok_and(|types| types.iter().all(|spec| spec.name != plan.instance_type));
    let offered =
        found.offerings.as_ref().is_ok_and(|all| all.iter().all(|one| one.instance_type != plan.instance_type));
    described && offered
}

fn exit(checks: &[Check], failed: bool, fail_on_findings: bool) -> Exit {
    let any = |outcome| checks.iter().any(|check| check.outcome == outcome);
    if failed || any(Outcome::CouldNotCheck) {
        Exit::Partial
    } else if fail_on_findings && any(Outcome::Warning) {
        Exit::Findings
    } else {
        Exit::Ok
    }
}
