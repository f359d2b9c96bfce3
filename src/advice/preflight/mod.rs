//! What stands between a plan and its first hour: judged from what AWS said, each part apart from the others.
//!
//! A part that AWS did not tell is "could not check", with the IAM action it takes; it is never taken for all right.

mod image;
mod launchable;
mod ports;
mod quota;

use jiff::Timestamp;

use crate::catalog::{InstanceType, RateCard, VolumeSpec};
use crate::money::Usd;

pub use image::charges_nothing;
pub use quota::{Quota, api_region};

/// What is to be launched.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// As the rate card names it: a region, or a zone with rates of its own.
    pub region: &'a str,
    pub instance_type: &'a str,
    /// `None`: the card does not have the type.
    pub kind: Option<&'a InstanceType>,
    /// The first is the root.
    pub volumes: &'a [VolumeSpec],
    /// What the user says that the AMI's software costs. `None`: nothing is quoted.
    pub ami_usd_per_hour: Option<Usd>,
    pub public_ipv4: bool,
}

impl Plan<'_> {
    /// Offered types to take instead, if the card knows any.
    pub fn successors(&self) -> Vec<String> {
        self.kind.map(|kind| kind.successors.iter().map(|name| (*name).to_string()).collect()).unwrap_or_default()
    }
}

/// Why AWS did not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untold {
    /// The IAM action that it takes: `servicequotas:GetServiceQuota`.
    pub action: String,
    /// `None`: access was denied.
    pub why: Option<String>,
}

/// What AWS said, or why not.
pub type Told<T> = Result<T, Untold>;

/// What there is to know before launching. `None`: nobody asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where the type and its successors are offered.
    pub offerings: Told<Vec<OfferedIn>>,
    pub zones: Told<Vec<Zone>>,
    /// Of the type and of those that run. Types that AWS no longer offers are not among them.
    pub types: Told<Vec<TypeSpec>>,
    pub quota: Told<QuotaValue>,
    /// The types of the on-demand instances that are running or pending, one for each.
    pub running: Told<Vec<String>>,
    pub image: Option<ImageAsked>,
    pub groups: Option<GroupsAsked>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedIn {
    pub instance_type: String,
    /// `us-west-2a`
    pub zone: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    pub name: String,
    /// `usw2-az1`: the same place in every account, which a name is not.
    pub id: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeSpec {
    pub name: String,
    pub vcpus: Option<u32>,
    /// `x86_64`, `arm64`
    pub architectures: Vec<String>,
    pub free_tier: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaValue {
    pub vcpus: u32,
    /// Not this account's value but AWS's default.
    pub is_default: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageAsked {
    pub id: String,
    /// `None`: this account sees no such image in this region.
    pub image: Told<Option<Image>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub name: String,
    pub state: String,
    pub architecture: String,
    /// `Linux/UNIX`, `Red Hat Enterprise Linux`, `Windows with SQL Server Standard`
    pub platform_details: String,
    /// `RunInstances`, `RunInstances:0010`
    pub usage_operation: String,
    /// Of AWS Marketplace.
    pub product_codes: Vec<String>,
    pub deprecated_at: Option<Timestamp>,
    /// Sizes in GB of the volumes it comes with; the root's first.
    pub root_gb: Option<u32>,
    pub other_volumes_gb: Vec<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupsAsked {
    pub ids: Vec<String>,
    pub groups: Told<Vec<SecurityGroup>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    pub id: String,
    pub inbound: Vec<InboundRule>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundRule {
    /// `tcp`, `udp`, `icmp`, a number, or `-1`: all.
    pub protocol: String,
    /// `None`: all.
    pub ports: Option<(u16, u16)>,
    /// IPv4 and IPv6, as CIDR; and prefix lists, `pl-…`.
    pub sources: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    Warning,
    CouldNotCheck,
    /// The command line did not name what to look at.
    NotAsked,
    /// True of every launch, and worth knowing.
    Note,
}

impl Outcome {
    pub const fn name(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Warning => "warning",
            Outcome::CouldNotCheck => "could not check",
            Outcome::NotAsked => "not asked",
            Outcome::Note => "note",
        }
    }
}

/// One part of the review.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub subject: &'static str,
    pub outcome: Outcome,
    pub found: String,
    /// What to do about it, in a sentence of its own.
    pub advice: Option<String>,
    /// The IAM action that a check which could not be made takes.
    pub needs: Option<String>,
    /// AWS's page.
    pub source: Option<&'static str>,
    /// The page of AWS's console or marketplace where the advice is followed.
    pub link: Option<String>,
    /// For a shell; the user decides.
    pub command: Option<String>,
}

impl Check {
    fn new(subject: &'static str, outcome: Outcome, found: impl Into<String>) -> Check {
        let found = found.into();
        Check { subject, outcome, found, advice: None, needs: None, source: None, link: None, command: None }
    }

    /// What AWS did not tell, and `more` that is known all the same.
    fn untold(subject: &'static str, untold: &Untold, more: &str) -> Check {
        let action = &untold.action;
        let found = match &untold.why {
            None => format!("needs {action}{more}"),
            Some(why) => format!("{why}{more}"),
        };
        Check { needs: Some(action.clone()), ..Check::new(subject, Outcome::CouldNotCheck, found) }
    }

    fn advice(self, advice: impl Into<String>) -> Check {
        Check { advice: Some(advice.into()), ..self }
    }

    fn link(self, link: String) -> Check {
        Check { link: Some(link), ..self }
    }

    fn source(self, page: &'static str) -> Check {
        Check { source: Some(page), ..self }
    }
}

/// All checks, in the order in which a launch would meet them.
pub fn review(plan: &Plan, found: &Found, card: &RateCard, now: Timestamp) -> Vec<Check> {
    let mut checks = vec![launchable::offered(plan, found), quota::enough(plan, found, card)];
    checks.extend(image::checks(plan, found, now));
    checks.push(launchable::free_tier(plan, found));
    checks.push(ports::open(found.groups.as_ref()));
    checks.push(launchable::public_ipv4(plan, card));
    checks
}

/// The launch has no price here: that is no reason to take it for free.
pub fn no_quote(why: &str) -> Check {
    Check::new("cost", Outcome::CouldNotCheck, why)
}

/// `8 vCPUs`, `1 vCPU`
fn counted(count: u32, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}
