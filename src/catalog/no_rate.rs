//! Why there is no rate, and what to do about it.

/// The card has no rate for what was asked. Never to be read as free.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRate {
    #[error("`{region}` is no region or zone of the rate card")]
    UnknownRegion { region: String, nearest: Vec<String> },
    #[error("`{instance_type}` is no instance type of the rate card")]
    UnknownType { instance_type: String, nearest: Vec<String> },
    /// Both are known, but not this rate of the one in the other.
    #[error("no rate for `{what}` in `{region}`")]
    NotListed { what: String, region: String, elsewhere: Vec<String> },
    /// AWS publishes no on-demand rate there.
    #[error(
        "no on-demand rate for `{instance_type}` in `{region}`: AWS sells it there as capacity blocks or spot only"
    )]
    CapacityBlockOnly { instance_type: String, region: String },
    /// AWS publishes Reserved terms there, and nothing else.
    #[error("no on-demand rate for `{instance_type}` in `{region}`: AWS publishes Reserved terms there only")]
    ReservedOnly { instance_type: String, region: String },
    /// Asked for, and not in what AWS published.
    #[error("no rate for `{what}` in `{region}`: AWS does not list it in its publication of {published_on}")]
    NotPublished { what: String, region: String, published_on: String, elsewhere: Vec<String> },
}

/// Regions named in a hint before the rest are only counted.
const NAMED_REGIONS: usize = 4;

impl NoRate {
    /// The next step, where there is one to name.
    pub fn hint(&self) -> Option<String> {
        match self {
            NoRate::UnknownRegion { nearest, .. } => Some(did_you_mean(nearest).unwrap_or_else(|| {
                "regions are written as us-west-2: `aws account list-regions` lists yours".to_owned()
            })),
            NoRate::UnknownType { nearest, .. } => did_you_mean(nearest),
            NoRate::NotListed { elsewhere, .. } | NoRate::NotPublished { elsewhere, .. } => listed_elsewhere(elsewhere),
            NoRate::ReservedOnly { instance_type, .. } => {
                Some(format!("its Reserved terms: `gpucost rates -v {instance_type}`"))
            }
            NoRate::CapacityBlockOnly { instance_type, region } => Some(format!(
                "what it costs now: aws ec2 describe-capacity-block-offerings --region {region} \
                 --instance-type {instance_type} --instance-count 1 --capacity-duration-hours 24"
            )),
        }
    }
}

fn did_you_mean(nearest: &[String]) -> Option<String> {
    let names: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
    let (last, others) = names.split_last()?;
    Some(match others {
        [] => format!("did you mean {last}?"),
        _ => format!("did you mean {} or {last}?", others.join(", ")),
    })
}

fn listed_elsewhere(regions: &[String]) -> Option<String> {
    if regions.is_empty() {
        return None;
    }
    let named: Vec<&str> = regions.iter().map(String::as_str).take(NAMED_REGIONS).collect();
    let more = match regions.len() - named.len() {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    Some(format!("the card has it in {}{more}", named.join(", ")))
}
