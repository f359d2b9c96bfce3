//! Whether the account may run that many vCPUs of the family at once.
//!
//! AWS counts the vCPUs of running on-demand instances, all types of a family together, in each region; spot requests have
//! quotas of their own.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-spot-limits.html> (spot's, read 2026-11-27)
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits>
//! (on-demand's, read 2026-11-28)

use std::collections::BTreeSet;

use crate::advice::preflight::{Check, Found, Outcome, Plan, QuotaValue, counted};
use crate::catalog::RateCard;

const SUBJECT: &str = "vCPU quota";
const PAGE: &str =
    "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits";

/// A limit of on-demand vCPUs, under the code Service Quotas has for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub code: &'static str,
    pub name: &'static str,
}

/// As `aws service-quotas list-service-quotas --service-code ec2` names them (public listings of that command's output,
/// read 2026-11-23). The letters are those a type begins with.
const QUOTAS: [(&[&str], Quota); 9] = [
    (&["p"], Quota { code: "L-417A185B", name: "Running On-Demand P instances" }),
    (&["g", "gr", "vt"], Quota { code: "L-DB2E81BA", name: "Running On-Demand G and VT instances" }),
    (&["inf"], Quota { code: "L-1945791B", name: "Running On-Demand Inf instances" }),
    (&["trn"], Quota { code: "L-2C3B7624", name: "Running On-Demand Trn instances" }),
    (&["dl"], Quota { code: "L-6E869C2A", name: "Running On-Demand DL instances" }),
    (&["f"], Quota { code: "L-74FC7D96", name: "Running On-Demand F instances" }),
    (&["x"], Quota { code: "L-7295265B", name: "Running On-Demand X instances" }),
    (&["u"], Quota { code: "L-43DA4232", name: "Running On-Demand High Memory instances" }),
    (&["hpc"], Quota { code: "L-F7808C92", name: "Running On-Demand HPC instances" }),
];
const STANDARD: Quota =
    Quota { code: "L-1216C47A", name: "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances" };
/// Beginning with a letter of the standard families, and none of them.
const NOT_STANDARD: [&str; 2] = ["mac", "hpc"];

impl Quota {
    /// The quota that counts this type; `None`: not known.
    pub fn of(instance_type: &str) -> Option<Quota> {
        let family = instance_type.split_once('.').map_or(instance_type, |(family, _)| family);
        let end = family.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(family.len());
        let letters = family.get(..end)?;
        if let Some((_, quota)) = QUOTAS.iter().find(|(of, _)| of.contains(&letters)) {
            return Some(*quota);
        }
        let standard = letters.starts_with(['a', 'c', 'd', 'h', 'i', 'm', 'r', 't', 'z']);
        (standard && !NOT_STANDARD.contains(&letters)).then_some(STANDARD)
    }

    /// Where a person reads it and asks for more.
    pub fn console_url(self, region: &str) -> String {
        let host = if region.starts_with("cn-") {
            format!("{region}.console.amazonaws.cn")
        } else if region.starts_with("us-gov-") {
            format!("{region}.console.amazonaws-us-gov.com")
        } else {
            format!("{region}.console.aws.amazon.com")
        };
        format!("https://{host}/servicequotas/home/services/ec2/quotas/{}", self.code)
    }
}

/// vCPUs in use under a quota; what is not known is named.
struct InUse {
    vcpus: u32,
    unknown: BTreeSet<String>,
}

pub(super) fn enough(plan: &Plan, found: &Found, card: &RateCard) -> Check {
    judged(plan, found, card).source(PAGE)
}

fn judged(plan: &Plan, found: &Found, card: &RateCard) -> Check {
    let Some(quota) = Quota::of(plan.instance_type) else {
        let text = format!("which quota counts {} is not known here", plan.instance_type);
        return Check::new(SUBJECT, Outcome::CouldNotCheck, text);
    };
    let Some(needed) = vcpus(plan.instance_type, found, card) else {
        let text = format!("how many vCPUs {} has is not known", plan.instance_type);
        return match &found.types {
            Err(untold) => Check::untold(SUBJECT, untold, &format!("; {text}")),
            Ok(_) => Check::new(SUBJECT, Outcome::CouldNotCheck, text),
        };
    };
    let needs = format!("{} needs {}", plan.instance_type, counted(needed, "vCPU"));
    let value = match &found.quota {
        Ok(value) => *value,
        Err(untold) => {
            let more = format!("; {needs} of \"{}\" ({})", quota.name, quota.code);
            return Check::untold(SUBJECT, untold, &more).link(quota.console_url(api_region(plan.region)));
        }
    };
    match &found.running {
        // Too little even if nothing runs.
        Err(_) if value.vcpus < needed => raise(plan, quota, value, None, needed),
        Err(untold) => {
            let more = format!("; the quota is {}, {needs}", counted(value.vcpus, "vCPU"));
            Check::untold(SUBJECT, untold, &more)
        }
        Ok(running) => weighed(plan, quota, value, &in_use(running, quota, found, card), needed),
    }
}

fn weighed(plan: &Plan, quota: Quota, value: QuotaValue, in_use: &InUse, needed: u32) -> Check {
    if value.vcpus.saturating_sub(in_use.vcpus) < needed {
        return raise(plan, quota, value, Some(in_use), needed);
    }
    if !in_use.unknown.is_empty() {
        let types: Vec<&str> = in_use.unknown.iter().map(String::as_str).collect();
        let text = format!(
            "{} of {} in use, and those of {}, whose vCPUs are not known",
            in_use.vcpus,
            value.vcpus,
            types.join(", ")
        );
        return Check::new(SUBJECT, Outcome::CouldNotCheck, text);
    }
    let text = format!("{} of {} in use, {needed} needed: {}", in_use.vcpus, value.vcpus, quota.name);
    Check::new(SUBJECT, Outcome::Ok, format!("{text}{}", default_said(value)))
}

fn default_said(value: QuotaValue) -> &'static str {
    if value.is_default { " (AWS's default: no value of this account is known)" } else { "" }
}

/// The warning with the link and the text of the request. How long AWS takes to answer nobody knows.
fn raise(plan: &Plan, quota: Quota, value: QuotaValue, in_use: Option<&InUse>, needed: u32) -> Check {
    let used = in_use.map_or(0, |in_use| in_use.vcpus);
    let target = used.saturating_add(needed);
    let of = match in_use {
        Some(_) => format!("{used} of {} in use", counted(value.vcpus, "vCPU")),
        None => format!("the quota is {}", counted(value.vcpus, "vCPU")),
    };
    let text = format!("{of}, {needed} needed: {}{}", quota.name, default_said(value));
    let beside = if used == 0 { String::new() } else { format!(", beside the {used} that run") };
    let advice = format!(
        "Ask for {target} vCPUs; for the request: \"Please raise {} ({}) in {} to {target} vCPUs. I want to run one {} \
         ({}{beside}) to train machine learning models.\" AWS decides whether and when.",
        quota.name,
        quota.code,
        api_region(plan.region),
        plan.instance_type,
        counted(needed, "vCPU"),
    );
    let command = format!(
        "aws service-quotas request-service-quota-increase --region {} --service-code ec2 --quota-code {} \
         --desired-value {target}",
        api_region(plan.region),
        quota.code,
    );
    let check = Check::new(SUBJECT, Outcome::Warning, text).advice(advice);
    Check { command: Some(command), ..check.link(quota.console_url(api_region(plan.region))) }
}

/// The region that answers for a zone: `us-west-2` for `us-west-2-lax-1`.
pub fn api_region(region: &str) -> &str {
    let digits = region.match_indices(|c: char| c.is_ascii_digit()).next();
    digits.and_then(|(at, digit)| region.get(..at + digit.len())).unwrap_or(region)
}

fn in_use(running: &[String], quota: Quota, found: &Found, card: &RateCard) -> InUse {
    let mut in_use = InUse { vcpus: 0, unknown: BTreeSet::new() };
    for instance_type in running.iter().filter(|name| Quota::of(name) == Some(quota)) {
        match vcpus(instance_type, found, card) {
            Some(vcpus) => in_use.vcpus = in_use.vcpus.saturating_add(vcpus),
            None => _ = in_use.unknown.insert(instance_type.clone()),
        }
    }
    in_use
}

/// As AWS says, or as the card has it for types that AWS no longer describes.
fn vcpus(instance_type: &str, found: &Found, card: &RateCard) -> Option<u32> {
    let described = found.types.iter().flatten().find(|spec| spec.name == instance_type).and_then(|spec| spec.vcpus);
    described.or_else(|| card.instance_type(instance_type).map(|kind| kind.vcpu))
}
