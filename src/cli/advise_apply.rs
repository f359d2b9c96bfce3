//! `gpucost advise --apply RULE…`: the recommended way out of each finding of these rules, as an action's plan.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use super::actions::{Asked, act};
use super::args::{AdviseArgs, ConsentArgs};
use super::error::{Exit, Failure};
use super::pages::Pages;
use super::request::Request;
use crate::advice::plan::{Consent, Verb};
use crate::advice::{Action, Finding, RULES, rule};
use crate::catalog::nearest;
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
    let of_rules: Vec<&Finding> =
        findings.iter().filter(|finding| args.apply.iter().any(|id| id == finding.rule)).collect();
    refuse_unmatched(&args.ids, &of_rules)?;
    let mut ids: BTreeMap<Verb, Vec<String>> = BTreeMap::new();
    for finding in of_rules {
        for (verb, id) in actions_of(finding, &args.ids) {
            ids.entry(verb).or_default().push(id);
        }
    }
    if ids.is_empty() {
        return Err(Failure::new("nothing of this can be done by gpucost")
            .hint("`gpucost advise` has the commands that do it by hand"));
    }
    let consent = Consent {
        leave_volumes: args.agreed.leave_volumes,
        delete_volumes: args.agreed.delete_volumes,
        lose_instance_store: args.agreed.lose_instance_store,
        disassociate: args.agreed.disassociate,
    };
    let mut pages = Pages::new(request);
    let one =
        |(verb, ids): (Verb, Vec<String>)| act(&Asked::of(verb, &ids, consent, &args.consent), request, &mut pages);
    let exits = ids.into_iter().map(one).collect();
    let exits: Vec<Exit> = pages.close(exits)?;
    Ok(match exits.as_slice() {
        [one] => *one,
        several if several.iter().all(|exit| *exit == Exit::Ok) => Exit::Ok,
        several if several.iter().all(|exit| *exit == Exit::Failed) => Exit::Failed,
        _ => Exit::Partial,
    })
}

/// Every id that was typed is of a finding: one that matches none is a slip, or is not as the ledger has it.
fn refuse_unmatched(asked: &[String], findings: &[&Finding]) -> Result<(), Failure> {
    let known: BTreeSet<&str> = findings.iter().flat_map(|finding| ids_of(finding)).collect();
    let unmatched: Vec<&String> = asked.iter().filter(|id| !known.contains(id.as_str())).collect();
    let [first, ..] = unmatched.as_slice() else { return Ok(()) };
    let names: Vec<String> = unmatched.iter().map(|id| visible(id).into_owned()).collect();
    let near = nearest(first, known.iter().map(|id| (*id, 1)));
    let hint = match near.as_slice() {
        [near, ..] => format!("did you mean {near}? `gpucost advise` lists the findings"),
        [] => "`gpucost advise` lists the findings; what is suppressed is not among them".to_owned(),
    };
    Err(Failure::new(format!("--id: no finding of these rules is about {}", names.join(", "))).hint(hint))
}

/// A finding goes by its own id, its resource's, and those of the parts that its way out is about.
fn ids_of(finding: &Finding) -> Vec<&str> {
    let parts = finding.parts.iter().map(|part| part.id.as_str());
    [finding.id.as_str(), finding.resource.id.as_str()].into_iter().chain(parts).collect()
}

/// What its recommended way out does to which resource; of the ids that were asked for, if any were.
fn actions_of(finding: &Finding, asked: &[String]) -> Vec<(Verb, String)> {
    let is_asked = |id: &str| asked.iter().any(|asked| asked == id);
    let whole = asked.is_empty() || is_asked(&finding.id) || is_asked(&finding.resource.id);
    if !whole && !finding.parts.iter().any(|part| is_asked(&part.id)) {
        return Vec::new();
    }
    let Some(choice) = finding.recommended() else { return Vec::new() };
    let own = || finding.resource.id.clone();
    match choice.action {
        Action::Stop if whole => vec![(Verb::Stop, own())],
        Action::Terminate if whole => vec![(Verb::Terminate, own())],
        Action::ReleaseAddress if whole => vec![(Verb::ReleaseAddress, own())],
        // A volume that is asked for is not its whole instance.
        Action::Stop | Action::Terminate | Action::ReleaseAddress => Vec::new(),
        Action::SnapshotThenDelete => {
            let volumes = finding.parts.iter().map(|part| &part.id).filter(|id| id.starts_with("vol-"));
            let volumes = volumes.filter(|id| whole || is_asked(id));
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
