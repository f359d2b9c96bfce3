//! `gpucost advise --apply RULE…`: the recommended way out of each finding of these rules, as an action's plan.

use std::collections::BTreeMap;
use std::io::Write;

use super::actions::{Asked, run as act};
use super::args::{AdviseArgs, ConsentArgs};
use super::error::{Exit, Failure};
use super::request::Request;
use crate::advice::plan::{Consent, Verb};
use crate::advice::{Action, Finding, RULES, rule};
use crate::render::untrusted::visible;

/// Plans, checks, asks and acts as the action's own command does. What gpucost does not do itself is said, with the
/// command that does.
pub fn run(args: &AdviseArgs, findings: &[Finding], request: &Request) -> Result<Exit, Failure> {
    for id in &args.apply {
        if rule(id).is_none() {
            let known: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
            return Err(Failure::usage(format!("--apply: there is no rule `{id}`")).hint(known.join(", ")));
        }
    }
    let ConsentArgs { yes, .. } = args.consent;
    if yes && args.ids.is_empty() {
        return Err(Failure::usage("--apply with --yes needs the resources by name")
            .hint("name them: --id i-… (repeat it for several), or leave --yes out and confirm each"));
    }
    let mut ids: BTreeMap<Verb, Vec<String>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| args.apply.iter().any(|id| id == finding.rule)) {
        for (verb, id) in actions_of(finding) {
            if args.ids.is_empty() || args.ids.contains(&id) || args.ids.contains(&finding.resource.id) {
                ids.entry(verb).or_default().push(id);
            }
        }
    }
    if ids.is_empty() {
        return Err(Failure::new("nothing of this can be done by gpucost")
            .hint("`gpucost advise` has the commands that do it by hand"));
    }
    let mut exits = Vec::new();
    for (verb, ids) in ids {
        exits.push(act(Asked::of(verb, &ids, Consent::default(), &args.consent), request)?);
    }
    Ok(match exits.as_slice() {
        [one] => *one,
        several if several.iter().all(|exit| *exit == Exit::Ok) => Exit::Ok,
        several if several.iter().all(|exit| *exit == Exit::Failed) => Exit::Failed,
        _ => Exit::Partial,
    })
}

/// What its recommended way out does to which resource.
fn actions_of(finding: &Finding) -> Vec<(Verb, String)> {
    let Some(choice) = finding.recommended() else { return Vec::new() };
    let own = || finding.resource.id.clone();
    match choice.action {
        Action::Stop => vec![(Verb::Stop, own())],
        Action::Terminate => vec![(Verb::Terminate, own())],
        Action::ReleaseAddress => vec![(Verb::ReleaseAddress, own())],
        Action::SnapshotThenDelete => {
            let volumes = finding.parts.iter().map(|part| &part.id).filter(|id| id.starts_with("vol-"));
            volumes.map(|id| (Verb::SnapshotAndDelete, id.clone())).collect()
        }
        other => {
            // A stderr that cannot be written to leaves the plan to speak.
            _ = writeln!(
                anstream::stderr(),
                "{}: {} is for you to do: {}",
                visible(&finding.id),
                other.name(),
                visible(&choice.commands.join(" && "))
            );
            Vec::new()
        }
    }
}
