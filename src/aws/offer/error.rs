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
}

impl OfferError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            OfferError::Currency { .. } => {
                "gpucost counts in US dollars: regions sold in another currency have no rates"
            }
            OfferError::Price { .. } | OfferError::Conflict { .. } => {
                "nothing was taken from it: the rates from before stay; AWS usually mends its list within a day"
            }
        })
        .map(str::to_owned)
    }
}
