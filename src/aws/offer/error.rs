//! What can be wrong with rates as AWS publishes them.

/// A publication that cannot be taken: what is wrong with it, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    #[error("{sku}: `{text}` is not a price")]
    Price { sku: String, text: String },
    #[error("{sku}: its price is in {currency}, not USD")]
    Currency { sku: String, currency: String },
    #[error("{what} in {region} is listed twice, at {price} ({sku}) and at {other_price} ({other_sku})")]
    Conflict { what: String, region: String, sku: String, price: String, other_sku: String, other_price: String },
    #[error("this is no price list of AWS: it begins with `{begins}`")]
    NotAList { begins: String },
    #[error("the price list has no column `{column}`")]
    Column { column: &'static str },
    #[error("line {line} {why}")]
    Line { line: u64, why: String },
    #[error("the price list is not whole: {why}")]
    Truncated { why: String },
    #[error("the price list has no rate of {region}")]
    Nothing { region: String },
    #[error("the price list cannot be read: {why}")]
    Unreadable { why: String },
}

impl OfferError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            OfferError::Currency { .. } => {
                "gpucost counts in US dollars: regions sold in another currency have no rates"
            }
            OfferError::Price { .. } | OfferError::Conflict { .. } | OfferError::Line { .. } => {
                "nothing was taken from the list, the rates from before stay; try again when AWS has published the next"
            }
            OfferError::NotAList { .. } | OfferError::Column { .. } | OfferError::Nothing { .. } => {
                "check the address, and GPUCOST_OFFERS_URL if it is set: a mirror must keep AWS's paths and files"
            }
            OfferError::Truncated { .. } | OfferError::Unreadable { .. } => {
                "nothing was taken from the list, the rates from before stay; run the command again"
            }
        })
        .map(str::to_owned)
    }
}
