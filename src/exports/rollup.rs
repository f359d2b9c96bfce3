//! Rows → one record per day, meter, resource and rate, in bounded memory.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::error::{Fault, Located};
use super::rows::{ALL_TEXTS, Batch, KEY_TEXTS, Row, text};
use super::values::Amount;
use crate::ledger::{Meter, Metered, Purchase, Tags};
use crate::money::Usd;
use crate::quantity::Unit;
use crate::time::{Period, utc_date};

/// Texts kept before the groups are handed on: with [`super::DEFAULT_MAX_GROUPS`], what bounds memory.
const MAX_TEXT_BYTES: usize = 24 << 20;

/// One UTC day of one meter of one resource at one rate and purchase, summed over the export's rows.
///
/// An export larger than the memory bound yields the same key more than once, in parts that are disjoint in
/// rows: whoever stores records adds them up. `day` is the day the rows' charge periods begin in. Rows of a
/// daily or monthly export keep their true period in `period`; nothing is split.
/// Zone, name and tags are those of the first row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRecord {
    /// `SubAccountId`; empty if the export does not say.
    pub account: String,
    /// `RegionId`; empty if the export does not say.
    pub region: String,
    pub availability_zone: Option<String>,
    /// The id alone, without its ARN; empty if the export does not say.
    pub resource_id: String,
    pub resource_name: Option<String>,
    /// The tags' JSON as it stands; empty without tags.
    pub tags: String,
    pub meter: Meter,
    pub instance_type: Option<String>,
    /// As the EBS API names it: `gp3`, `io1`, `standard`, …
    pub volume_type: Option<String>,
    pub purchase: Purchase,
    pub sku_id: Option<String>,
    pub sku_price_id: Option<String>,
    /// `ListUnitPrice`: dollars for one unit; `None` where the export names none.
    pub rate: Option<Usd>,
    pub unit: Unit,
    pub day: Date,
    /// Bit h is set if a row charged in the hour that begins at h:00 UTC of `day`.
    pub hours_mask: u32,
    /// From the earliest start to the latest end of the rows.
    pub period: Period,
    /// Sum of `PricingQuantity`.
    pub quantity: Decimal,
    pub list_cost: Usd,
    pub billed_cost: Usd,
    pub effective_cost: Usd,
    pub rows: u64,
    pub first_line: u64,
}

impl UsageRecord {
    /// The record as a fact of the ledger.
    pub fn into_metered(self) -> Metered {
        Metered {
            account: self.account,
            region: self.region,
            resource_id: self.resource_id,
            name: self.resource_name.unwrap_or_default(),
            tags: tags(&self.tags),
            meter: self.meter,
            instance_type: self.instance_type,
            volume_type: self.volume_type,
            purchase: self.purchase,
            sku_price_id: self.sku_price_id,
            rate: self.rate,
            unit: self.unit,
            day: self.day,
            hours_mask: self.hours_mask,
            start: self.period.start,
            end: self.period.end,
            quantity: self.quantity,
            list_cost: self.list_cost,
            billed_cost: self.billed_cost,
            effective_cost: self.effective_cost,
            rows: self.rows,
        }
    }
}

/// The tags of a FOCUS export: a JSON object, as text where a value is none. What is no object stays one tag.
fn tags(json: &str) -> Tags {
    if json.is_empty() {
        return Tags::new();
    }
    match serde_json::from_str::<BTreeMap<String, serde_json::Value>>(json) {
        Ok(object) => object
            .into_iter()
            .map(|(key, value)| (key, value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
            .collect(),
        Err(_) => Tags::from([("tags".to_owned(), json.to_owned())]),
    }
}

/// Rows whose groups are fetched at once.
pub(super) const LOOKED_UP_TOGETHER: usize = 16;

struct Group {
    text_start: u32,
    text_ends: [u32; KEY_TEXTS],
    /// Zone, name and tags, shared between groups.
    shared: [u32; ALL_TEXTS - KEY_TEXTS],
    meter: Meter,
    purchase: Purchase,
    hours_mask: u32,
    day: i64,
    rate: Option<Amount>,
    start: i64,
    end: i64,
    quantity: Amount,
    list_cost: Amount,
    billed_cost: Amount,
    effective_cost: Amount,
    rows: u64,
    first_line: u64,
    /// Another group with the same hash.
    next: Option<u32>,
}

/// Keys are hashes already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// The groups so far.
pub(super) struct Rollup {
    max_groups: usize,
    groups: Vec<Group>,
    by_hash: HashMap<u64, u32, BuildHasherDefault<AsIs>>,
    key_text: Vec<u8>,
    shared: Vec<Arc<[u8]>>,
    shared_places: FxHashMap<Arc<[u8]>, u32>,
    shared_bytes: usize,
}

impl Rollup {
    pub fn new(max_groups: usize) -> Rollup {
        Rollup {
            max_groups: max_groups.max(1),
            groups: Vec::new(),
            by_hash: HashMap::default(),
            key_text: Vec::new(),
            shared: Vec::new(),
            shared_places: FxHashMap::default(),
            shared_bytes: 0,
        }
    }

    /// Where the groups of a few rows probably are. Only a hint, but it makes the processor fetch them all at
    /// once instead of waiting for one after the other: a fifth of the roll-up's time.
    pub fn find_all(&self, rows: &[Row]) -> [Option<u32>; LOOKED_UP_TOGETHER] {
        let mut places = [None; LOOKED_UP_TOGETHER];
        for (place, row) in places.iter_mut().zip(rows) {
            *place = self.by_hash.get(&row.hash).copied();
        }
        for place in &mut places {
            *place = place.filter(|place| self.groups.get(*place as usize).is_some_and(|group| group.rows > 0));
        }
        places
    }

    /// Adds a row to its group, looked for at `hint` first. `false` if it needs a new group and there is no
    /// room: drain, then add again.
    pub fn add(&mut self, row: &Row, hint: Option<u32>, batch: &Batch) -> Result<bool, Located> {
        let texts = batch.text.get(row.text_start as usize..).unwrap_or_default();
        let place = self.find(row, hint, texts);
        if let Some(group) = place.and_then(|place| self.groups.get_mut(place)) {
            group.add(row)?;
        } else if self.is_full() {
            return Ok(false);
        } else {
            self.open(row, texts);
        }
        Ok(true)
    }

    fn is_full(&self) -> bool {
        let text_bytes = self.key_text.len() + self.shared_bytes;
        !self.groups.is_empty() && (self.groups.len() >= self.max_groups || text_bytes > MAX_TEXT_BYTES)
    }

    fn find(&self, row: &Row, hint: Option<u32>, texts: &[u8]) -> Option<usize> {
        let is_it = |place: u32| {
            self.groups.get(place as usize).is_some_and(|group| group.has_key_of(row, texts, &self.key_text))
        };
        if let Some(place) = hint.filter(|place| is_it(*place)) {
            return Some(place as usize);
        }
        let mut next = self.by_hash.get(&row.hash).copied();
        while let Some(place) = next {
            if is_it(place) {
                return Some(place as usize);
            }
            next = self.groups.get(place as usize)?.next;
        }
        None
    }

    fn open(&mut self, row: &Row, texts: &[u8]) {
        let text_start = index(self.key_text.len());
        let [key_ends @ .., key_end, zone_end, name_end, tags_end] = row.text_ends;
        self.key_text.extend_from_slice(texts.get(..key_end as usize).unwrap_or_default());
        let shared = [(key_end, zone_end), (zone_end, name_end), (name_end, tags_end)]
            .map(|(from, to)| self.share(texts.get(from as usize..to as usize).unwrap_or_default()));
        let [a, b, c, d, e, f] = key_ends;
        let place = index(self.groups.len());
        let next = self.by_hash.insert(row.hash, place);
        self.groups.push(Group {
            text_start,
            text_ends: [a, b, c, d, e, f, key_end],
            shared,
            meter: row.meter,
            purchase: row.purchase,
            hours_mask: row.hours_mask(),
            day: row.day(),
            rate: row.rate,
            start: row.start,
            end: row.end,
            quantity: row.quantity,
            list_cost: row.list_cost,
            billed_cost: row.billed_cost,
            effective_cost: row.effective_cost,
            rows: 1,
            first_line: row.line,
            next,
        });
    }

    /// The place of a text that many groups have in common.
    fn share(&mut self, text: &[u8]) -> u32 {
        if let Some(place) = self.shared_places.get(text) {
            return *place;
        }
        let text: Arc<[u8]> = text.into();
        let place = index(self.shared.len());
        self.shared_bytes += text.len() + 64;
        self.shared.push(Arc::clone(&text));
        self.shared_places.insert(text, place);
        place
    }

    /// Hands on all groups, sorted by account, region, resource, SKU, meter, rate and day, and forgets them.
    pub fn drain<E>(
        &mut self,
        locate: impl Fn(Located) -> E,
        mut on_record: impl FnMut(UsageRecord) -> Result<(), E>,
    ) -> Result<(), E> {
        self.by_hash.clear();
        let mut groups = std::mem::take(&mut self.groups);
        groups.sort_unstable_by(|a, b| self.key(a).cmp(&self.key(b)));
        for group in &groups {
            on_record(self.record(group).map_err(&locate)?)?;
        }
        groups.clear();
        self.groups = groups;
        self.key_text.clear();
        self.shared.clear();
        self.shared_places.clear();
        self.shared_bytes = 0;
        Ok(())
    }

    fn key(&self, group: &Group) -> ([&[u8]; KEY_TEXTS], Meter, Option<Amount>, Purchase, i64) {
        (self.key_texts(group), group.meter, group.rate, group.purchase, group.day)
    }

    fn key_texts(&self, group: &Group) -> [&[u8]; KEY_TEXTS] {
        let texts = self.key_text.get(group.text_start as usize..).unwrap_or_default();
        let mut from = 0;
        group.text_ends.map(|to| {
            let text = texts.get(from..to as usize).unwrap_or_default();
            from = to as usize;
            text
        })
    }

    fn record(&self, group: &Group) -> Result<UsageRecord, Located> {
        let [account, region, resource_id, sku_price_id, sku_id, instance_type, volume_type] =
            self.key_texts(group).map(|key| text(key).into_owned());
        let [zone, name, tags] = group
            .shared
            .map(|place| self.shared.get(place as usize).map_or_else(String::new, |found| text(found).into_owned()));
        let given = |text: String| (!text.is_empty()).then_some(text);
        let decimal = |amount: Amount, column| {
            amount.to_decimal().ok_or_else(|| Located::at(group.first_line, Fault::SumTooLong { column }))
        };
        let at = |second| Timestamp::from_second(second).unwrap_or_default();
        let period = Period { start: at(group.start), end: at(group.end) };
        Ok(UsageRecord {
            account,
            region,
            availability_zone: given(zone),
            resource_id,
            resource_name: given(name),
            tags,
            meter: group.meter,
            instance_type: given(instance_type),
            volume_type: given(volume_type),
            purchase: group.purchase,
            sku_id: given(sku_id),
            sku_price_id: given(sku_price_id),
            rate: group.rate.map(|rate| decimal(rate, "ListUnitPrice")).transpose()?.map(Usd::new),
            unit: group.meter.unit(),
            day: utc_date(at(group.day.saturating_mul(86_400))),
            hours_mask: group.hours_mask,
            period,
            quantity: decimal(group.quantity, "PricingQuantity")?,
            list_cost: Usd::new(decimal(group.list_cost, "ListCost")?),
            billed_cost: Usd::new(decimal(group.billed_cost, "BilledCost")?),
            effective_cost: Usd::new(decimal(group.effective_cost, "EffectiveCost")?),
            rows: group.rows,
            first_line: group.first_line,
        })
    }
}

impl Group {
    fn has_key_of(&self, row: &Row, texts: &[u8], key_text: &[u8]) -> bool {
        let [.., key_end] = self.text_ends;
        let start = self.text_start as usize;
        self.day == row.day()
            && self.meter == row.meter
            && self.purchase == row.purchase
            && self.rate == row.rate
            && row.text_ends.starts_with(&self.text_ends)
            && key_text.get(start..start + key_end as usize) == texts.get(..key_end as usize)
    }

    fn add(&mut self, row: &Row) -> Result<(), Located> {
        let sum = |sum: &mut Amount, amount: Amount, column| {
            *sum = sum.checked_add(amount).ok_or_else(|| Located::at(row.line, Fault::SumTooLong { column }))?;
            Ok(())
        };
        sum(&mut self.quantity, row.quantity, "PricingQuantity")?;
        sum(&mut self.list_cost, row.list_cost, "ListCost")?;
        sum(&mut self.billed_cost, row.billed_cost, "BilledCost")?;
        sum(&mut self.effective_cost, row.effective_cost, "EffectiveCost")?;
        self.hours_mask |= row.hours_mask();
        self.start = self.start.min(row.start);
        self.end = self.end.max(row.end);
        self.rows += 1;
        Ok(())
    }
}

/// Groups and their texts are bounded far below 2^32.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
