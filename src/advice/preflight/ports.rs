//! Whether the whole world may knock at the ports of a training machine.

use crate::advice::preflight::{Check, GroupsAsked, InboundRule, Outcome};

const SUBJECT: &str = "open ports";
const PAGE: &str = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html";
/// What the tutorials open.
const PORTS: [(u16, &str); 2] = [(22, "SSH"), (8888, "Jupyter")];
/// Everybody, or half of everybody: two halves make a whole.
const WORLD: [&str; 2] = ["/0", "/1"];
/// A list of addresses that is kept elsewhere.
const PREFIX_LIST: &str = "pl-";
/// All, TCP by its name, TCP by its number.
const PROTOCOLS: [&str; 3] = ["-1", "tcp", "6"];

pub(super) fn open(asked: Option<&GroupsAsked>) -> Check {
    let Some(asked) = asked else {
        return Check::new(SUBJECT, Outcome::NotAsked, "ports 22 (SSH) and 8888 (Jupyter)")
            .advice("Name the security group with --security-group sg-… to have its ports checked.")
            .source(PAGE);
    };
    let groups = match &asked.groups {
        Ok(groups) => groups,
        Err(untold) => return Check::untold(SUBJECT, untold, "").source(PAGE),
    };
    let missing: Vec<&str> =
        asked.ids.iter().map(String::as_str).filter(|id| !groups.iter().any(|group| group.id == *id)).collect();
    let open: Vec<String> = groups
        .iter()
        .flat_map(|group| PORTS.iter().filter_map(move |port| opened(&group.inbound, *port, &group.id)))
        .collect();
    let listed: Vec<String> = groups
        .iter()
        .flat_map(|group| PORTS.iter().filter_map(move |port| by_list(&group.inbound, *port, &group.id)))
        .collect();
    let check = if !open.is_empty() {
        let advice = "Anyone may try to get in, and GPU hours are worth stealing: allow your own address alone \
                      (YOUR-IP/32), and reach Jupyter through an SSH tunnel.";
        Check::new(SUBJECT, Outcome::Warning, open.join("; ")).advice(advice)
    } else if !missing.is_empty() {
        let text = format!("no such security group in this region: {}", missing.join(", "));
        Check::new(SUBJECT, Outcome::Warning, text)
    } else if !listed.is_empty() {
        Check::new(SUBJECT, Outcome::Warning, format!("{}: who is in that list was not looked at", listed.join("; ")))
    } else {
        Check::new(SUBJECT, Outcome::Ok, format!("22 and 8888 are not open to the world in {}", asked.ids.join(", ")))
    };
    check.source(PAGE)
}

/// `22 (SSH) from 0.0.0.0/0 and ::/0 in sg-1`, if it is so.
fn opened(rules: &[InboundRule], (port, what): (u16, &str), group: &str) -> Option<String> {
    let from = sources(rules, port, |source| WORLD.iter().any(|share| source.ends_with(share)));
    (!from.is_empty()).then(|| format!("{port} ({what}) from {} in {group}", from.join(" and ")))
}

/// `22 (SSH) from pl-1 in sg-1`, if it is so.
fn by_list(rules: &[InboundRule], (port, what): (u16, &str), group: &str) -> Option<String> {
    let from = sources(rules, port, |source| source.starts_with(PREFIX_LIST));
    (!from.is_empty()).then(|| format!("{port} ({what}) from {} in {group}", from.join(" and ")))
}

/// Those of this kind that reach the port, each once, IPv4 first.
fn sources(rules: &[InboundRule], port: u16, is_one: impl Fn(&str) -> bool) -> Vec<&str> {
    let reaching = rules.iter().filter(|rule| reaches(rule, port));
    let mut found: Vec<&str> =
        reaching.flat_map(|rule| &rule.sources).map(String::as_str).filter(|s| is_one(s)).collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn reaches(rule: &InboundRule, port: u16) -> bool {
    PROTOCOLS.contains(&rule.protocol.as_str())
        && rule.ports.is_none_or(|(from, to)| rule.protocol == "-1" || (from..=to).contains(&port))
}
