//! All rules together.

use gpucost::advice::RULES;
use gpucost::ledger::InstanceState;

use crate::asked::*;
use crate::facts::*;
use crate::stopped::stopped_g5;

#[test]
fn findings_are_sorted_by_saving_with_the_unknown_last() {
    let mut facts = stopped_g5();
    facts.push(volume("vol-9", "gp3", 2000).fact());
    facts.push(volume("vol-0", "gp9", 2000).fact());
    facts.push(address("eipalloc-1", "203.0.113.7").fact());
    assert_eq!(
        ids(&advise(&facts, SEEN)),
        ["unattached-volume:vol-9", "stopped-accruing:i-0g5", "idle-address:eipalloc-1", "unattached-volume:vol-0"]
    );
}

#[test]
fn every_rule_has_an_id_and_a_title_of_its_own() {
    let mut ids: Vec<&str> = RULES.iter().map(|rule| rule.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), RULES.len());
    assert!(RULES.iter().all(|rule| rule.title.chars().count() <= 22));
}

#[test]
fn hostile_ids_and_names_stay_out_of_commands() {
    for id in ["vol-1; rm -rf ~", "$(reboot)", "file:///etc/passwd", "[\"vol-2\"]", "--dry-run", "vol\n-1", "vol-1'"] {
        let facts = [
            instance("i-1`id`", "g5.xlarge", InstanceState::Stopped).named("\x1b[2J'$(id)").volume(id, false).fact(),
            volume(id, "gp2", 500).on("i-1`id`", false).fact(),
            volume(&format!("{id}x"), "gp2", 10).region("us-east-1; id").fact(),
        ];
        let findings = advise(&facts, SEEN);
        assert_eq!(findings.len(), 5);
        for choice in findings.iter().flat_map(|finding| &finding.choices) {
            for command in &choice.commands {
                assert!(command.starts_with("# no command"), "{command}");
            }
        }
    }
    // A hostile device is no word either.
    let facts = [
        instance("i-1", "g5.xlarge", InstanceState::Running)
            .launched("2026-10-31T11:00:00Z")
            .device("/dev/sdf'\"; id")
            .volume("vol-1", false)
            .fact(),
        volume("vol-1", "gp3", 500).on("i-1", false).fact(),
    ];
    let findings = advise(&facts, SEEN);
    assert!(findings[0].recommended().unwrap().commands[0].starts_with("# no command"));
}
