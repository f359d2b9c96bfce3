//! The header: which FOCUS column stands where, and what must be there.

use memchr::memchr;

use super::error::{Fault, Located};
use super::records::Records;
use super::source::Block;

/// The FOCUS version, told from the columns: each version added some.
/// <https://focus.finops.org/focus-specification/> (columns by version)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FocusVersion {
    V1_0,
    V1_1,
    V1_2,
}

impl FocusVersion {
    pub const fn name(self) -> &'static str {
        match self {
            FocusVersion::V1_0 => "FOCUS 1.0",
            FocusVersion::V1_1 => "FOCUS 1.1",
            FocusVersion::V1_2 => "FOCUS 1.2",
        }
    }
}

const NEW_IN_1_1: [&str; 4] = ["SkuMeter", "SkuPriceDetails", "ServiceSubcategory", "CapacityReservationId"];
const NEW_IN_1_2: [&str; 4] = ["InvoiceId", "PricingCurrency", "BillingAccountType", "SubAccountType"];

/// Where each column that gpucost reads stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub count: usize,
    pub delimiter: u8,
    pub version: FocusVersion,
    pub provider: usize,
    pub service: usize,
    pub charge_category: usize,
    pub description: usize,
    pub period_start: usize,
    pub period_end: usize,
    pub currency: usize,
    pub quantity: usize,
    pub unit: usize,
    pub list_cost: usize,
    pub billed_cost: usize,
    pub effective_cost: usize,
    pub resource_id: usize,
    pub region: usize,
    pub account: usize,
    pub charge_class: Option<usize>,
    pub list_unit_price: Option<usize>,
    pub pricing_category: Option<usize>,
    pub commitment_type: Option<usize>,
    pub commitment_status: Option<usize>,
    pub reservation_status: Option<usize>,
    pub availability_zone: Option<usize>,
    pub resource_name: Option<usize>,
    pub sku_id: Option<usize>,
    pub sku_price_id: Option<usize>,
    pub tags: Option<usize>,
    pub service_code: Option<usize>,
    pub usage_type: Option<usize>,
    pub sku_meter: Option<usize>,
    pub sku_price_details: Option<usize>,
}

/// The header's names, and those missing so far.
struct Header {
    names: Vec<String>,
    missing: Vec<&'static str>,
    repeated: Option<&'static str>,
}

impl Header {
    fn optional(&mut self, name: &'static str) -> Option<usize> {
        let mut places = self.names.iter().enumerate().filter(|(_, found)| *found == name).map(|(place, _)| place);
        let first = places.next();
        if places.next().is_some() {
            self.repeated = self.repeated.or(Some(name));
        }
        first
    }

    /// The place of a column that must be there; a missing one is noted and all are reported at once.
    fn required(&mut self, name: &'static str) -> usize {
        self.optional(name).unwrap_or_else(|| {
            self.missing.push(name);
            0
        })
    }

    fn has_any(&self, names: &[&str]) -> bool {
        self.names.iter().any(|found| names.contains(&found.as_str()))
    }
}

/// Reads the header off the first block: the columns, where the data begins, and its line. `None` if the
/// block holds blank lines only.
pub(super) fn read_header(block: &Block) -> Result<Option<(Columns, usize, u64)>, Located> {
    let bytes = block.bytes.get(block.from..).unwrap_or_default();
    let delimiter = delimiter_of(bytes);
    let mut records = Records::new(&block.bytes, block.from, delimiter, block.first_line, block.cut_short);
    let Some(record) = records.next()? else {
        return Ok(None);
    };
    let line = record.line;
    let names = (0..record.len())
        .map(|i| std::str::from_utf8(record.field(i)).map(|name| name.trim().to_owned()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(|_| Located::at(line, Fault::NotUtf8))?;
    let columns = columns(names, delimiter).map_err(|fault| Located::at(line, fault))?;
    Ok(Some((columns, records.position(), records.line())))
}

/// The delimiter most used in the first line: a comma unless another is used more.
fn delimiter_of(bytes: &[u8]) -> u8 {
    let bytes = bytes.trim_ascii_start();
    let first_line = memchr(b'\n', bytes).and_then(|end| bytes.get(..end)).unwrap_or(bytes);
    let uses = |delimiter: u8| memchr::memchr_iter(delimiter, first_line).count();
    [b';', b'\t', b'|'].into_iter().fold(b',', |best, other| if uses(other) > uses(best) { other } else { best })
}

fn columns(names: Vec<String>, delimiter: u8) -> Result<Columns, Fault> {
    let mut header = Header { names, missing: Vec::new(), repeated: None };
    let version = if header.has_any(&NEW_IN_1_2) {
        FocusVersion::V1_2
    } else if header.has_any(&NEW_IN_1_1) {
        FocusVersion::V1_1
    } else {
        FocusVersion::V1_0
    };
    let columns = Columns {
        count: header.names.len(),
        delimiter,
        version,
        provider: header.required("ProviderName"),
        service: header.required("ServiceName"),
        charge_category: header.required("ChargeCategory"),
        description: header.required("ChargeDescription"),
        period_start: header.required("ChargePeriodStart"),
        period_end: header.required("ChargePeriodEnd"),
        currency: header.required("BillingCurrency"),
        quantity: header.required("PricingQuantity"),
        unit: header.required("PricingUnit"),
        list_cost: header.required("ListCost"),
        billed_cost: header.required("BilledCost"),
        effective_cost: header.required("EffectiveCost"),
        resource_id: header.required("ResourceId"),
        region: header.required("RegionId"),
        account: header.required("SubAccountId"),
        charge_class: header.optional("ChargeClass"),
        list_unit_price: header.optional("ListUnitPrice"),
        pricing_category: header.optional("PricingCategory"),
        commitment_type: header.optional("CommitmentDiscountType"),
        commitment_status: header.optional("CommitmentDiscountStatus"),
        reservation_status: header.optional("CapacityReservationStatus"),
        availability_zone: header.optional("AvailabilityZone"),
        resource_name: header.optional("ResourceName"),
        sku_id: header.optional("SkuId"),
        sku_price_id: header.optional("SkuPriceId"),
        tags: header.optional("Tags"),
        service_code: header.optional("x_ServiceCode"),
        usage_type: header.optional("x_UsageType"),
        sku_meter: header.optional("SkuMeter"),
        sku_price_details: header.optional("SkuPriceDetails"),
    };
    if !header.missing.is_empty() {
        return Err(Fault::MissingColumns(header.missing));
    }
    header.repeated.map_or(Ok(columns), |name| Err(Fault::RepeatedColumn(name)))
}
