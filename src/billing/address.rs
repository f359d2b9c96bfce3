//! Public IPv4 addresses: by the second, in use or idle; an Elastic IP on a stopped instance is idle.
//! <https://aws.amazon.com/vpc/pricing/> (read 2026-11-22)

use super::line_item::{Charged, RunUp};
use crate::catalog::{RateCard, UsageType};
use crate::ledger::{Meter, Usage};
use crate::quantity::{Quantity, Unit};
use crate::time::{Period, midnight, utc_date};

pub(super) fn charged(usage: &Usage, in_use: bool, part: Period, card: &RateCard) -> Charged<'static> {
    let (meter, subject) = if in_use {
        (Meter::PublicIpv4InUse, "public IPv4 address")
    } else {
        (Meter::PublicIpv4Idle, "idle public IPv4 address")
    };
    let hours = RunUp::since(midnight(utc_date(part.start)), part, usage.hours_per_day).hours();
    let rate = card.public_ipv4(&usage.resource.region, in_use);
    Charged::priced(meter, subject, part, Quantity::new(hours, Unit::AddressHour), rate)
        .of_usage_type(UsageType::bare(meter.usage_kind(), ""))
}
