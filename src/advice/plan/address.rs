//! An Elastic IP given back.

use super::live::{AddressUser, LiveAddress};
use super::refusal::{self, Refusal};
use super::{Consent, Plan, Step, Verb};
use crate::advice::cost::address_month;
use crate::advice::dollars::Dollars;
use crate::catalog::RateCard;

/// `user` is what it is associated with, if that could be looked at. `DescribeAddresses` names it and has no tags of it:
/// they are asked for where the address is to be taken from it.
///
/// # Errors
/// Why it is refused.
pub fn plan_release(
    address: &LiveAddress,
    user: Option<&AddressUser>,
    consent: Consent,
    card: &RateCard,
) -> Result<Plan, Refusal> {
    refusal::of_address(address)?;
    let mut steps = Vec::new();
    if let Some(association) = &address.association_id {
        if !consent.disassociate {
            let with = address.user_id().unwrap_or("something that AWS does not name");
            return Err(Refusal::new(
                &address.id,
                &format!("{} is associated with {with}", address.public_ip),
                "say --disassociate to take it away first",
            ));
        }
        refusal::of_address_in_use(address, user)?;
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
        saving_per_month: address_month(&address.region, address.association_id.is_some(), card),
        goes_on: Dollars::ZERO,
        lost: format!("the address for good: {}", address.public_ip),
        survive: Vec::new(),
        resumes: None,
    })
}
