//! What can be wrong with rates as AWS publishes them, and on the way to them.

use std::fmt;
use std::time::Duration;

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
    #[error("the address of the price lists cannot be used: {why}")]
    Address { why: &'static str },
    #[error("AWS publishes no price list of `{region}`")]
    UnknownRegion { region: String, nearest: Vec<String> },
    #[error("{region} is priced in another currency than USD")]
    OtherCurrency { region: String },
    #[error("{url}: {fault}")]
    Fetch { url: String, fault: Fault },
    #[error("{url}: {fault}")]
    Content { url: String, fault: Box<OfferError> },
}

/// What went wrong between here and a price list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The host has no address.
    NoHost,
    Refused,
    Tls(String),
    /// It was waited for `what` that long.
    Silent {
        what: &'static str,
        waited: Duration,
    },
    /// The connection ended before the file.
    Broken {
        received: u64,
        total: Option<u64>,
        why: String,
    },
    Status {
        status: u16,
        begins: String,
    },
    Other(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoHost => f.write_str("no such host"),
            Fault::Refused => f.write_str("the connection was refused"),
            Fault::Tls(why) => write!(f, "no secure connection: {why}"),
            Fault::Silent { what, waited } => write!(f, "no {what} within {waited:?}"),
            Fault::Broken { received, total: Some(total), why } => {
                write!(f, "the connection ended after {received} of {total} bytes: {why}")
            }
            Fault::Broken { received, total: None, why } => {
                write!(f, "the connection ended after {received} bytes: {why}")
            }
            Fault::Status { status, begins } if begins.is_empty() => write!(f, "HTTP status {status}"),
            Fault::Status { status, begins } => write!(f, "HTTP status {status}, and a page that begins `{begins}`"),
            Fault::Other(why) => f.write_str(why),
        }
    }
}

const KEPT: &str = "nothing was taken, the rates from before stay";

impl OfferError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            OfferError::Currency { .. } | OfferError::OtherCurrency { .. } => {
                "gpucost counts in US dollars: regions priced in another currency have no rates".to_owned()
            }
            OfferError::Price { .. } | OfferError::Conflict { .. } | OfferError::Line { .. } => {
                format!("{KEPT}; try again when AWS has published the next list")
            }
            OfferError::NotAList { .. } | OfferError::Column { .. } | OfferError::Nothing { .. } => {
                format!("{KEPT}; a mirror in GPUCOST_OFFERS_URL must keep AWS's paths and files")
            }
            OfferError::Truncated { .. } | OfferError::Unreadable { .. } => format!("{KEPT}; run the command again"),
            OfferError::Address { .. } => {
                "write GPUCOST_OFFERS_URL as in https://pricing.us-east-1.amazonaws.com, or leave it out".to_owned()
            }
            OfferError::UnknownRegion { nearest, .. } if nearest.is_empty() => {
                "write a region's code, as in us-west-2".to_owned()
            }
            OfferError::UnknownRegion { nearest, .. } => format!("did you mean {}?", nearest.join(" or ")),
            OfferError::Fetch { fault, .. } => fault.hint(),
            OfferError::Content { fault, .. } => return fault.hint(),
        })
    }
}

impl Fault {
    fn hint(&self) -> String {
        match self {
            Fault::NoHost | Fault::Refused => {
                format!("check the network, HTTPS_PROXY, and GPUCOST_OFFERS_URL if it is set; {KEPT}")
            }
            Fault::Tls(_) => {
                format!("a proxy that reads along needs its certificate among this machine's trusted ones; {KEPT}")
            }
            Fault::Status { status: 403 | 404, .. } => {
                format!("a mirror in GPUCOST_OFFERS_URL must keep AWS's paths; {KEPT}")
            }
            Fault::Silent { .. } | Fault::Broken { .. } | Fault::Status { .. } | Fault::Other(_) => {
                format!("{KEPT}; run the command again in a while")
            }
        }
    }
}
