//! The AMI: whether it can be launched, what its software costs, and how large a root it asks for.

use jiff::Timestamp;

use crate::advice::preflight::{Check, Found, Image, Outcome, Plan};

/// What an AMI is billed as is in its platform details and usage operation.
/// <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html> (read 2026-11-27)
const BILLING_FIELDS: &str = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html";
const PLAIN_LINUX: &str = "Linux/UNIX";
/// Families with Arm processors among those with accelerators, for types that AWS does not describe (any more).
const ARM_FAMILIES: [&str; 3] = ["g5g", "p6e-gb200", "p6e-gb300"];

const AMI: &str = "AMI";
const CHARGE: &str = "AMI charge";
const ROOT: &str = "root volume";

pub(super) fn checks(plan: &Plan, found: &Found, now: Timestamp) -> Vec<Check> {
    let Some(asked) = &found.image else {
        let unasked = Check::new(AMI, Outcome::NotAsked, "its charge and the size of its root are not known");
        let unasked = unasked.advice("Name the AMI with --ami ami-… to have it checked.");
        return if plan.volumes.is_empty() { vec![unasked, no_volume(None)] } else { vec![unasked] };
    };
    match &asked.image {
        Err(untold) => vec![Check::untold(AMI, untold, &format!("; {} was not seen", asked.id))],
        Ok(None) => {
            let text = format!("{} is not to be seen in {}", asked.id, plan.region);
            let advice = "An AMI belongs to one region and may be private: look its id up in this region.";
            vec![Check::new(AMI, Outcome::Warning, text).advice(advice)]
        }
        Ok(Some(image)) => vec![usable(&asked.id, image, plan, found, now), charge(image, plan), root(image, plan)],
    }
}

fn usable(id: &str, image: &Image, plan: &Plan, found: &Found, now: Timestamp) -> Check {
    let name = if image.name.is_empty() { id } else { &image.name };
    let architectures = architectures(plan, found);
    let known = !architectures.is_empty() && !image.architecture.is_empty();
    let fits = !known || architectures.contains(&image.architecture);
    if image.state != "available" {
        return Check::new(AMI, Outcome::Warning, format!("{name} is {}, not available", image.state));
    }
    if !fits {
        let text =
            format!("{name} is for {}, {} is {}", image.architecture, plan.instance_type, architectures.join("/"));
        return Check::new(AMI, Outcome::Warning, text)
            .advice("Take the AMI of the same name for the other processor.");
    }
    match image.deprecated_at.filter(|at| *at <= now) {
        Some(at) => {
            let text = format!("{name} is deprecated since {}", at.strftime("%Y-%m-%d"));
            Check::new(AMI, Outcome::Warning, text).advice("It still launches, but gets no fixes: take a newer one.")
        }
        None => Check::new(AMI, Outcome::Ok, name),
    }
}

/// Empty: not known.
fn architectures(plan: &Plan, found: &Found) -> Vec<String> {
    let described = found.types.iter().flatten().find(|spec| spec.name == plan.instance_type);
    if let Some(spec) = described.filter(|spec| !spec.architectures.is_empty()) {
        return spec.architectures.clone();
    }
    let Some(kind) = plan.kind.filter(|kind| kind.accelerator.is_some()) else { return Vec::new() };
    let arm = ARM_FAMILIES.contains(&kind.family());
    vec![if arm { "arm64" } else { "x86_64" }.to_owned()]
}

/// Whether a quote may count $0 for software: no AMI was named, or it is known to charge none.
pub fn charges_nothing(found: &Found) -> bool {
    found.image.as_ref().is_none_or(|asked| asked.image.as_ref().is_ok_and(|image| image.as_ref().is_some_and(is_free)))
}

fn is_free(image: &Image) -> bool {
    image.product_codes.is_empty() && image.platform_details == PLAIN_LINUX
}

/// Unknown is not $0: what a seller asks is on its page, not in the price list.
fn charge(image: &Image, plan: &Plan) -> Check {
    let counted = match plan.ami_usd_per_hour.filter(|usd| !usd.is_zero()) {
        None => "and the quote leaves it out: give it with --ami-usd-per-hour.".to_owned(),
        Some(usd) => format!("the quote counts your {}/h.", usd.rate()),
    };
    let check = if let [code, ..] = image.product_codes.as_slice() {
        let advice = format!(
            "What the seller asks is on its AWS Marketplace page, {counted} The seller's terms are accepted there, \
             before the first launch."
        );
        Check::new(CHARGE, Outcome::Warning, "from AWS Marketplace: an hourly charge may come on top; amount not known")
            .advice(advice)
            .link(format!("https://aws.amazon.com/marketplace/pp?sku={code}"))
    } else if is_free(image) {
        Check::new(CHARGE, Outcome::Ok, format!("{PLAIN_LINUX}: no software charge"))
    } else if image.platform_details.is_empty() {
        Check::new(CHARGE, Outcome::CouldNotCheck, "AWS does not say which platform it bills for this AMI")
    } else {
        let text = format!(
            "{}{}: dearer than the Linux rate; by how much is not known here",
            image.platform_details,
            operation(image)
        );
        let advice = format!("The software is billed while running, {counted}");
        Check::new(CHARGE, Outcome::Warning, text).advice(advice)
    };
    check.source(BILLING_FIELDS)
}

fn operation(image: &Image) -> String {
    if image.usage_operation.is_empty() { String::new() } else { format!(" ({})", image.usage_operation) }
}

fn root(image: &Image, plan: &Plan) -> Check {
    let others: u32 = image.other_volumes_gb.iter().fold(0, |sum, gb| sum.saturating_add(*gb));
    let more = if others == 0 { String::new() } else { format!("; {others} GB in other volumes come with it") };
    let (Some(least), Some(given)) = (image.root_gb, plan.volumes.first()) else {
        return match image.root_gb {
            Some(least) => no_volume(Some((least, &more))),
            None => Check::new(ROOT, Outcome::Ok, "the AMI's root is not a volume: nothing to size"),
        };
    };
    if given.size_gb < least {
        let text = format!("the AMI needs at least {least} GB, --volume gives {}{more}", given.size_gb);
        let advice = format!("A smaller one is refused at launch: --volume {}:{least}.", given.volume_type);
        return Check::new(ROOT, Outcome::Warning, text).advice(advice);
    }
    let outcome = if others > 0 && plan.volumes.len() == 1 { Outcome::Warning } else { Outcome::Ok };
    let check = Check::new(ROOT, outcome, format!("{} GB; the AMI needs at least {least} GB{more}", given.size_gb));
    if outcome == Outcome::Ok {
        check
    } else {
        check.advice("Those are billed too: add a --volume for each to the quote.")
    }
}

fn no_volume(of_image: Option<(u32, &str)>) -> Check {
    let (text, size) = match of_image {
        Some((least, more)) => (format!("the AMI needs at least {least} GB{more}, and the quote counts none"), least),
        None => ("the quote counts none, and every instance has one".to_owned(), 30),
    };
    Check::new(ROOT, Outcome::Warning, text).advice(format!("Name it, the root first: --volume gp3:{size}."))
}
