//! What tests ask of findings.

use gpucost::advice::{Action, Choice, Dollars, Finding};

pub fn only<'a>(findings: &'a [Finding], rule: &str) -> &'a Finding {
    let of_rule: Vec<&Finding> = findings.iter().filter(|finding| finding.rule == rule).collect();
    assert_eq!(of_rule.len(), 1, "{rule} in {:?}", ids(findings));
    of_rule[0]
}

pub fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.id.as_str()).collect()
}

pub fn shown(dollars: Option<&Dollars>) -> String {
    dollars.map_or("-".to_owned(), ToString::to_string)
}

pub fn choice(finding: &Finding, action: Action) -> &Choice {
    let found = finding.choices.iter().find(|choice| choice.action == action);
    found.unwrap_or_else(|| panic!("no {} in {}", action.name(), finding.id))
}

/// (action, $ a month) of each choice.
pub fn ways_out(finding: &Finding) -> Vec<(&'static str, String)> {
    finding.choices.iter().map(|choice| (choice.action.name(), choice.per_month.to_string())).collect()
}

pub fn pairs(of: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    of.iter().map(|(name, dollars)| (*name, (*dollars).to_owned())).collect()
}
