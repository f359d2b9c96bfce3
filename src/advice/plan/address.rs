//! An Elastic IP given back.

use super::live::LiveAddress;
use super::refusal::{self, Refusal};
use super::{Consent, Plan, Step, Verb};
use crate::advice::cost::address_month;
use crate::advice::dollars::Dollars;
use crate::catalog::RateCard;
use crate::ledger::Tags;

/// `holder` has the tags of the instance that uses it, if one does.
///
/// # Errors
/// Why it is refused.
pub fn plan_release(
    address: &LiveAddress,
    holder: Option<&Tags>,
    consent: Consent,
    card: &RateCard,
) -> Result<Plan, Refusal> {
    refusal::of_address(address)?;
    let mut steps = Vec::new();
    let mut lost = format!("the address for good: {}", address.public_ip);
    if let Some(association) = &address.association_id {
        if !consent.disassociate {
            let with = address.instance_id.as_deref().unwrap_or("a network interface");
            return Err(Refusal::new(
                &address.id,
                &format!("{} is associated with {with}", address.public_ip),
                "say --disassociate to take it away first",
            ));
        }
        match &address.instance_id {
            Some(id) => refusal::of_address_in_use(address, id, holder)?,
            None => {
                lost.push_str("; it is taken from a network interface of no instance, whose tags are not looked at")
            }
        }
        steps.push(Step::DisassociateAddress { association_id: association.clone() });
    }
    steps.push(Step::ReleaseAddress { allocation_id: address.id.clone() });
    Ok(Plan {
        verb: Verb::ReleaseAddress,
        id: address.id.clone(),
        name: address.name.clone(),
        region: address.region.clone(),
        state: address.state_words(),
        steps,
        saving_per_month: address_month(&address.region, address.association_id.is_some(), card).dollars,
        goes_on: Dollars::ZERO,
        lost,
        survive: Vec::new(),
        resumes: None,
    })
}
