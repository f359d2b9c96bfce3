//! What a machine costs: a listed price, or the sum of its parts.

use super::break_even::{machine, machine_source};
use super::error::Failure;
use crate::break_even::Input;
use crate::catalog::{Gpu, Machine, RateCard};
use crate::money::Usd;

/// The price of a machine of the list.
pub fn listed_price(machine: &Machine) -> Result<Usd, Failure> {
    machine.price.ok_or_else(|| {
        Failure::new(format!("no price of the {} is known: {}", machine.name, machine.note)).hint(format!(
            "give --machine-usd beside it, or its parts: --part \"{}=USD\" --part \"rest=USD\"",
            machine.gpus
        ))
    })
}

/// `RTX 4090=1599`, or the name of a card of the list.
struct Part {
    name: String,
    usd: Usd,
    /// Where its price is from; nothing if it was given.
    source: Option<String>,
}

fn part(text: &str, card: &RateCard) -> Result<Part, Failure> {
    let Some((name, usd)) = text.rsplit_once('=') else {
        let listed = machine(text, card)
            .map_err(|failure| failure.hint("write a part as NAME=USD, for example --part \"RTX 4090=1599\""))?;
        let source = Some(machine_source(listed, card));
        return Ok(Part { name: listed.name.to_owned(), usd: listed_price(listed)?, source });
    };
    let name = name.trim();
    if name.is_empty() {
        return Err(Failure::usage(format!("--part: `{text}` has no name")).hint("write --part \"RTX 4090=1599\""));
    }
    let usd: Usd = usd.parse().map_err(|e| Failure::usage(format!("--part {name}: {e}")))?;
    if usd.is_negative() {
        return Err(Failure::usage(format!("--part {name}: {} is negative", usd.rate())));
    }
    Ok(Part { name: name.to_owned(), usd, source: None })
}

/// Their sum; the source names each with its price and where that is from.
pub fn price_of_parts(texts: &[String], card: &RateCard) -> Result<Input<Usd>, Failure> {
    let parts = texts.iter().map(|text| part(text, card)).collect::<Result<Vec<_>, _>>()?;
    let mut sum = Usd::ZERO;
    for part in &parts {
        let more = sum.checked_add(part.usd);
        sum = more.ok_or_else(|| Failure::usage("--part: their sum is too large to hold"))?;
    }
    let said = parts.iter().map(|Part { name, usd, source }| match source {
        Some(source) => format!("{name} {usd} ({source})"),
        None => format!("{name} {usd} (given)"),
    });
    Ok(Input::from(sum, said.collect::<Vec<_>>().join(" + ")))
}

/// The GPU among the parts, and how many of it; `2x RTX 4090=3198` are two. `None` where no part is a known one, and
/// where several are.
pub fn gpu_of_parts(texts: &[String], card: &RateCard) -> Option<(&'static Gpu, u32)> {
    let gpus = texts.iter().filter_map(|text| {
        let name = text.rsplit_once('=').map_or(text.as_str(), |(name, _)| name).trim();
        if let Some(listed) = card.machine(name) {
            return Some((listed.gpu(card)?, listed.num_gpus));
        }
        let several = name.split_once('x').and_then(|(count, rest)| Some((rest, count.trim().parse::<u32>().ok()?)));
        let (name, count) = several.filter(|(_, count)| *count > 0).unwrap_or((name, 1));
        Some((card.gpu(name)?, count))
    });
    let mut gpus = gpus.collect::<Vec<_>>();
    let first = gpus.pop()?;
    gpus.is_empty().then_some(first)
}
