//! How one is asked, on a terminal; what is asked for by rule; what is written down of all that.

use crate::actions::{Place, REGION};
use crate::peers::on_a_terminal;
use crate::program::Ran;

/// On a terminal, answering its question so.
fn asked(place: &Place, args: &[&str], typed: &str) -> Ran {
    let mut command = on_a_terminal(&place.lab, "Type ", typed, args);
    place.aws.env(&mut command);
    Ran::of(command.args(["--region", REGION]))
}

#[test]
fn on_a_terminal_its_own_id_is_what_counts() {
    let place = Place::new();
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    place.tag(&id, "Name", "\u{202e}evil");
    for typed in ["yes", "", "i-0123456789abcdef0"] {
        let ran = asked(&place, &["stop", &id], typed);
        // The terminal shows both streams.
        let error = format!("error: {id}: its id was not typed: nothing was done");
        assert!(ran.out.contains(&error) && ran.out.contains("hint: type the id"), "{typed}: {ran:?}");
        assert_eq!((place.state(&id).as_str(), ran.code), ("running", Some(1)), "to decline is no success");
        // Nothing of the name is obeyed, neither in the plan nor in the question.
        let question = ran.out.lines().find(|line| line.contains("Type ")).expect("the question");
        assert!(question.contains("(\\u{202e}evil)"), "{question}");
        assert!(!ran.out.contains('\u{202e}'), "{}", ran.out);
    }
    let ran = asked(&place, &["stop", &id], &id);
    assert_eq!((place.state(&id).as_str(), ran.code), ("stopped", Some(0)), "{ran:?}");
    let record = place.lab.ok(&["actions", "-o", "csv"]);
    assert_eq!(record.matches("what was typed was not its id").count(), 3, "{record}");
}

#[test]
fn one_that_is_not_confirmed_leaves_the_others_too() {
    let place = Place::new();
    let ids = [place.aws.run_instance(REGION, "p3.2xlarge"), place.aws.run_instance(REGION, "p3.2xlarge")];
    // The first is confirmed; the second is asked for, and the terminal has nothing more to say: end of input.
    let typed = format!("{}\n\u{4}", ids[0]);
    let ran = asked(&place, &["stop", &ids[0], &ids[1]], &typed);
    assert!(ran.out.contains(&format!("error: {}: its id was not typed: nothing was done", ids[1])), "{ran:?}");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(place.changes().is_empty(), "{:?}", place.changes());
    assert_eq!(ids.map(|id| place.state(&id)), ["running", "running"]);
}

#[test]
fn what_is_only_planned_checked_refused_or_skipped_is_in_the_ledger_too() {
    let place = Place::new();
    let id = place.aws.run_instance(REGION, "p3.2xlarge");
    let record = |args: &[&str]| {
        let ran = place.run(args);
        let rows = place.lab.ok(&["actions", "-o", "csv"]);
        let newest = rows.lines().nth(1).unwrap_or_default().to_owned();
        (ran.code, newest, rows)
    };
    let (code, newest, rows) = record(&["stop", &id, "--plan"]);
    assert!(code == Some(0) && newest.contains("skipped,it was only looked at (--plan)"), "{rows}");
    for phase in ["planned", "allowed"] {
        assert!(rows.contains(phase), "{phase}: {rows}");
    }
    assert!(newest.contains(place.aws.account()), "{newest}");
    let (_, newest, _) = record(&["stop", &id]);
    assert!(newest.contains("skipped,\"there was no terminal to confirm at"), "{newest}");
    let (code, newest, _) = record(&["terminate", &id, "--yes"]);
    assert!(code == Some(1) && newest.contains("refused") && newest.contains("would survive it"), "{newest}");
    place.aws.misbehave(serde_json::json!({ "mode": "access_denied", "service": "ec2", "action": "StopInstances" }));
    let (code, newest, _) = record(&["stop", &id, "--yes"]);
    assert!(code == Some(1) && newest.contains("refused") && newest.contains("ec2:StopInstances"), "{newest}");
    assert!(place.changes().is_empty());
}

#[test]
fn an_id_of_no_finding_is_a_slip_and_nothing_is_done() {
    let place = Place::new();
    let (volume, other) = (place.volume(), place.volume());
    place.does(&["track"]);
    let near = format!("{}x", &volume[..volume.len() - 1]);
    let ran = place.run(&["advise", "--apply", "unattached-volume", "--yes", "--id", &other, "--id", &near]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains(&format!("no finding of these rules is about {near}")), "{}", ran.err);
    assert!(ran.err.contains(&format!("did you mean {volume}?")), "{}", ran.err);
    assert!(place.changes().is_empty(), "nor is the other touched");
    // By the finding's own id as well.
    let finding = format!("unattached-volume:{volume}");
    place.does(&["advise", "--apply", "unattached-volume", "--yes", "--id", &finding]);
    assert_eq!(place.volumes(), [other]);
}

/// What a program reads is one document, whatever was done before it.
fn document(ran: &Ran) -> serde_json::Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|e| panic!("{e}: {ran:?}"))
}

fn column(document: &serde_json::Value, table: &str, key: &str) -> Vec<String> {
    let rows = document[table]["rows"].as_array().unwrap_or_else(|| panic!("no {table} in {document}"));
    rows.iter().map(|row| row[key].as_str().unwrap_or("-").to_owned()).collect()
}

#[test]
fn json_is_one_document_with_the_plan_and_what_came_of_it() {
    let place = Place::new();
    let (id, volume) = (place.aws.run_instance(REGION, "p3.2xlarge"), place.volume());
    let done = document(&place.does(&["stop", &id, "--yes", "-o", "json"]));
    assert_eq!(column(&done, "plan", "verb"), ["stop"]);
    assert_eq!(column(&done, "results", "result"), ["done"]);
    let planned = document(&place.does(&["snapshot-and-delete", &volume, "--plan", "-o", "json"]));
    assert_eq!(planned["rows"][0]["resource"], volume.as_str(), "one table is the document itself");
    // What fails midway has its plan beside it.
    let protected = place.aws.run_instance(REGION, "p3.2xlarge");
    place.tag(&protected, "gpucost:protect", "yes");
    let other = place.aws.run_instance(REGION, "p3.2xlarge");
    let ran = place.run(&["stop", &other, &protected, "--yes", "-o", "json"]);
    assert_eq!(ran.code, Some(4), "{ran:?}");
    let some = document(&ran);
    assert_eq!(column(&some, "plan", "state").last().map(String::as_str), Some("refused"), "{some}");
    assert_eq!(column(&some, "results", "resource"), [other]);
}

#[test]
fn json_of_several_actions_by_rule_is_one_document() {
    let place = Place::new();
    let volume = place.volume();
    let allocated = place.ec2("AllocateAddress", &[("Domain", "vpc")]);
    place.does(&["track"]);
    let rules = ["advise", "--apply", "unattached-volume", "--apply", "idle-address", "-o", "json"];
    let planned = document(&place.does(&[&rules[..], &["--plan"]].concat()));
    let verbs: Vec<_> = planned["rows"].as_array().into_iter().flatten().map(|row| row["verb"].clone()).collect();
    assert_eq!(verbs, ["snapshot-and-delete", "release-address"], "{planned}");
    assert!(place.changes().is_empty(), "{:?}", place.changes());
    let address = crate::peers::first(&allocated, "allocationId");
    let done = document(&place.does(&[&rules[..], &["--yes", "--id", &volume, "--id", &address]].concat()));
    assert_eq!(column(&done, "results", "result"), ["done", "done"]);
}

#[test]
fn a_yes_without_a_deed_is_refused() {
    let place = Place::new();
    for said in ["--yes", "--plan"] {
        let ran = place.run(&["advise", said]);
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.err.contains(said) && ran.err.contains("hint: name the rule"), "{}", ran.err);
    }
}

#[test]
fn what_the_ledger_saw_where_it_is_looked_for_is_gone() {
    let place = Place::new();
    let volume = place.volume();
    place.does(&["track"]);
    place.ec2("DeleteVolume", &[("VolumeId", &volume)]);
    let ran = place.run(&["snapshot-and-delete", &volume, "--yes"]);
    assert!(ran.err.contains("it is gone, which `gpucost track` records"), "{ran:?}");
    assert!(!ran.err.contains("check --region"), "{ran:?}");
}

#[test]
fn consents_of_an_action_are_said_with_apply_and_not_without() {
    let place = Place::new();
    let ran = place.run(&["advise", "--delete-volumes"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    let ran = place.run(&["advise", "--apply", "stopped-accruing", "--leave-volumes", "--delete-volumes"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
}
