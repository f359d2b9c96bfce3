//! Reserved terms: a row for the fee and a row for the hours, joined by SKU and offer term.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::offer::OfferError;
use crate::aws::offer::OfferLine;
use crate::aws::offer::collector::{Priced, keep};
use crate::catalog::{OfferingClass, PaymentOption, PublishedReserved};
use crate::money::Usd;

/// What tells one offering from another. One SKU has several, each under an offer term code of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    instance_type: String,
    term_years: u8,
    payment_option: PaymentOption,
    offering_class: OfferingClass,
    offer_term_code: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Hourly,
    Upfront,
}

#[derive(Debug, Default)]
pub(super) struct Terms(BTreeMap<(Key, Part), Priced>);

impl Terms {
    /// Why the row was left out, if it was.
    pub(super) fn take(&mut self, region: &str, line: &OfferLine<'_>) -> Result<Option<String>, OfferError> {
        let left_out = |why: String| Ok(Some(format!("{}: {why}", line.rate_code)));
        let Some(key) = key(line) else {
            let OfferLine { lease_contract_length, purchase_option, offering_class, .. } = line;
            let words = [*lease_contract_length, *purchase_option, *offering_class].join(" ");
            return left_out(format!("{} Reserved as `{words}` is no term gpucost knows", line.instance_type));
        };
        let part = match line.unit {
            "Hrs" => Part::Hourly,
            "Quantity" => Part::Upfront,
            unit => return left_out(format!("{} Reserved is listed per `{unit}`", line.instance_type)),
        };
        let what = key.name();
        keep(self.0.entry((key, part)), Priced::of(line)?, region, || what)?;
        Ok(None)
    }

    /// The terms with both their parts, where they have two; the others are said in `left_out`.
    pub(super) fn finish(mut self, left_out: &mut BTreeSet<String>) -> Vec<PublishedReserved> {
        let keys: BTreeSet<Key> = self.0.keys().map(|(key, _)| key.clone()).collect();
        let mut terms = Vec::with_capacity(keys.len());
        for key in keys {
            let hourly = self.0.remove(&(key.clone(), Part::Hourly));
            let upfront = self.0.remove(&(key.clone(), Part::Upfront));
            match joined(key.payment_option, hourly.as_ref(), upfront.as_ref()) {
                Ok((hourly, upfront, rate_code)) => terms.push(PublishedReserved {
                    term_years: key.term_years,
                    payment_option: key.payment_option,
                    offering_class: key.offering_class,
                    upfront,
                    hourly,
                    sku_term_code: term_code(rate_code),
                    instance_type: key.instance_type,
                }),
                Err(lacks) => {
                    let code = hourly.or(upfront).map(|priced| term_code(&priced.rate_code)).unwrap_or_default();
                    left_out.insert(format!("{code}: {} lacks its {lacks}", key.name()));
                }
            }
        }
        terms
    }
}

/// (hourly, upfront, rate code), or what is missing: a fee that is not listed is not $0.
fn joined<'a>(
    payment: PaymentOption,
    hourly: Option<&'a Priced>,
    upfront: Option<&'a Priced>,
) -> Result<(Usd, Usd, &'a str), &'static str> {
    let fee = upfront.filter(|fee| !fee.usd.is_zero());
    let hours = hourly.filter(|hours| !hours.usd.is_zero());
    match payment {
        PaymentOption::NoUpfront => {
            let hours = hours.ok_or("hourly rate")?;
            Ok((hours.usd, upfront.map_or(Usd::ZERO, |fee| fee.usd), &hours.rate_code))
        }
        PaymentOption::PartialUpfront => {
            let (hours, fee) = (hours.ok_or("hourly rate")?, fee.ok_or("upfront fee")?);
            Ok((hours.usd, fee.usd, &hours.rate_code))
        }
        PaymentOption::AllUpfront => {
            let fee = fee.ok_or("upfront fee")?;
            Ok((hourly.map_or(Usd::ZERO, |hours| hours.usd), fee.usd, &fee.rate_code))
        }
    }
}

impl Key {
    fn name(&self) -> String {
        let Key { instance_type, term_years, payment_option, offering_class, offer_term_code } = self;
        format!("{instance_type} Reserved {term_years}yr {payment_option} {offering_class} ({offer_term_code})")
    }
}

fn key(line: &OfferLine<'_>) -> Option<Key> {
    let years = line.lease_contract_length.trim().strip_suffix("yr")?.trim();
    Some(Key {
        instance_type: line.instance_type.to_owned(),
        term_years: years.parse().ok().filter(|years| *years > 0)?,
        payment_option: payment_option(line.purchase_option)?,
        offering_class: match line.offering_class {
            "standard" => OfferingClass::Standard,
            "convertible" => OfferingClass::Convertible,
            _ => return None,
        },
        offer_term_code: line.offer_term_code.to_owned(),
    })
}

pub(super) fn payment_option(text: &str) -> Option<PaymentOption> {
    let options = [PaymentOption::NoUpfront, PaymentOption::PartialUpfront, PaymentOption::AllUpfront];
    options.into_iter().find(|option| option.name() == text)
}

/// `SKU.OfferTermCode.RateCode` → `SKU.OfferTermCode`
fn term_code(rate_code: &str) -> String {
    rate_code.rsplit_once('.').map_or(rate_code, |(term, _)| term).to_owned()
}
