//! Rates of instance types side by side: on-demand, per GPU-hour, spot, reserved, and how old each is.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::table::{Cell, Column, Table};
use crate::catalog::{InstanceType, NoRate, Offering, Provenance, Rate, RateCard, ReservedRate, SpotRate};
use crate::money::Usd;
use crate::quantity::exact;

/// An instance type to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    pub kind: &'a InstanceType,
    /// Asked for by its whole name: listed even where it has no rate.
    pub by_name: bool,
}

/// What the rows are sorted by, cheapest first; rows without that rate come last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Type,
    OnDemand,
    GpuHour,
    Spot,
}

/// What the card says of one type in one place. `region` is empty for a type that has no rate in any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeRates<'a> {
    pub region: &'a str,
    pub kind: &'a InstanceType,
    pub on_demand: Result<Rate, NoRate>,
    /// In the cheapest zone.
    pub spot: Option<SpotRate>,
    /// The cheapest offering of one year, the fee spread over the term.
    pub reserved_1y: Option<ReservedRate>,
    pub reserved_3y: Option<ReservedRate>,
}

impl<'a> TypeRates<'a> {
    pub fn of(card: &RateCard, region: &'a str, kind: &'a InstanceType) -> TypeRates<'a> {
        TypeRates {
            region,
            kind,
            on_demand: card.on_demand(region, &kind.name),
            spot: card.spot(region, &kind.name).into_iter().next(),
            reserved_1y: cheapest(card.reserved(region, &kind.name), 1),
            reserved_3y: cheapest(card.reserved(region, &kind.name), 3),
        }
    }

    fn nowhere(kind: &'a InstanceType) -> TypeRates<'a> {
        let on_demand =
            Err(NoRate::NotListed { what: kind.name.to_string(), region: String::new(), elsewhere: Vec::new() });
        TypeRates { region: "", kind, on_demand, spot: None, reserved_1y: None, reserved_3y: None }
    }

    pub fn usd_per_hour(&self) -> Option<Usd> {
        self.on_demand.as_ref().ok().map(|rate| rate.usd)
    }

    /// On-demand over the number of accelerators; a type with an eighth of a GPU counts as an eighth.
    pub fn usd_per_gpu_hour(&self) -> Option<Usd> {
        self.usd_per_hour()?.scaled(Decimal::ONE, self.kind.gpu_count())
    }

    fn by_type(&self) -> (&'a str, u32, &'a str, &'a str) {
        (self.kind.family(), self.kind.vcpu, &self.kind.name, self.region)
    }
}

/// Stale offerings count only where there is no other.
fn cheapest(offerings: Vec<ReservedRate>, term_years: u8) -> Option<ReservedRate> {
    let is_stale = |rate: &ReservedRate| rate.provenance.mark.as_ref().is_some_and(|mark| mark.starts_with("stale"));
    let of_term = offerings.into_iter().filter(|rate| rate.term_years == term_years);
    of_term
        .filter_map(|rate| rate.effective_hourly().map(|usd| ((is_stale(&rate), usd), rate)))
        .min_by_key(|(key, _)| *key)
        .map(|(_, rate)| rate)
}

/// The rates of the wanted types in `regions` (codes of the card), in order; and how many types asked for by
/// pattern are left out because the card has nothing on them there.
pub fn rates_of<'a>(
    card: &RateCard,
    regions: &[&'a str],
    wanted: &[Wanted<'a>],
    order: Order,
) -> (Vec<TypeRates<'a>>, usize) {
    let mut rows = Vec::new();
    let mut left_out = 0;
    for Wanted { kind, by_name } in wanted {
        let listed: Vec<&'a str> =
            regions.iter().copied().filter(|region| card.is_listed(region, &kind.name)).collect();
        let is_everywhere = regions.len() == card.regions().len();
        match (listed.is_empty(), by_name) {
            (true, false) => left_out += 1,
            (true, true) if is_everywhere => rows.push(TypeRates::nowhere(kind)),
            (false, false) => rows.extend(listed.iter().map(|region| TypeRates::of(card, region, kind))),
            (false, true) if is_everywhere => rows.extend(listed.iter().map(|r| TypeRates::of(card, r, kind))),
            (_, true) => rows.extend(regions.iter().map(|region| TypeRates::of(card, region, kind))),
        }
    }
    rows.sort_by_key(TypeRates::by_type);
    let by = |usd: Option<Usd>| (usd.is_none(), usd);
    match order {
        Order::Type => {}
        Order::OnDemand => rows.sort_by_key(|row| by(row.usd_per_hour())),
        Order::GpuHour => rows.sort_by_key(|row| by(row.usd_per_gpu_hour())),
        Order::Spot => rows.sort_by_key(|row| by(row.spot.as_ref().map(|spot| spot.usd_per_hour))),
    }
    (rows, left_out)
}

/// The rows as a table. Rows of several regions have a region column in place of the GPUs'.
pub fn rate_table(rows: &[TypeRates], title: String, several_regions: bool) -> Table {
    let mut table = Table::new("rates", title, columns(several_regions));
    let usual = Usual::of(rows);
    let mut footnotes = Footnotes::default();
    for row in rows {
        let marks = footnotes.of(row, &usual);
        table.push(cells(row, &marks));
    }
    if !rows.is_empty() {
        table.notes.push(usual.sentence(&footnotes));
    }
    if rows.iter().any(|row| row.spot.is_none() || row.reserved_1y.is_none() || row.reserved_3y.is_none()) {
        table.notes.push("none: no such rate on the card, not free.".to_owned());
    }
    table.notes.extend(footnotes.texts.iter().enumerate().map(|(i, text)| format!("[{}] {text}.", i + 1)));
    table
}

fn columns(several_regions: bool) -> Vec<Column> {
    let only_if = |shown: bool, column: Column| if shown { column } else { column.detail() };
    vec![
        Column::left("instance_type", "Type"),
        only_if(several_regions, Column::left("region", "Region")),
        only_if(!several_regions, Column::left("gpu", "GPUs")),
        Column::right("gpu_count", "GPU count").detail(),
        Column::right("gpu_memory_gib", "GPU memory, GiB").detail(),
        Column::right("vcpu", "vCPU").detail(),
        Column::right("memory_gib", "Memory, GiB").detail(),
        Column::left("local_storage", "Local storage").detail(),
        Column::left("offering", "Offering").detail(),
        Column::right("on_demand_usd_per_hour", "On-demand"),
        Column::right("on_demand_usd_per_gpu_hour", "per GPU-h"),
        Column::left("on_demand_as_of", "On-demand as of").detail(),
        Column::left("on_demand_source", "On-demand from").detail(),
        Column::left("on_demand_mark", "On-demand mark").detail(),
        Column::left("on_demand_sku_rate_code", "On-demand SKU").detail(),
        Column::right("spot_usd_per_hour", "Spot from"),
        Column::left("spot_az_id", "Spot zone").detail(),
        Column::left("spot_as_of", "Spot as of").detail(),
        Column::left("spot_source", "Spot from source").detail(),
        Column::right("reserved_1y_effective_usd_per_hour", "RI 1y"),
        Column::left("reserved_1y_offering", "RI 1y offering").detail(),
        Column::right("reserved_1y_upfront_usd", "RI 1y upfront").detail(),
        Column::right("reserved_1y_usd_per_hour", "RI 1y hourly").detail(),
        Column::left("reserved_1y_as_of", "RI 1y as of").detail(),
        Column::left("reserved_1y_source", "RI 1y from").detail(),
        Column::left("reserved_1y_mark", "RI 1y mark").detail(),
        Column::right("reserved_3y_effective_usd_per_hour", "RI 3y"),
        Column::left("reserved_3y_offering", "RI 3y offering").detail(),
        Column::right("reserved_3y_upfront_usd", "RI 3y upfront").detail(),
        Column::right("reserved_3y_usd_per_hour", "RI 3y hourly").detail(),
        Column::left("reserved_3y_as_of", "RI 3y as of").detail(),
        Column::left("reserved_3y_source", "RI 3y from").detail(),
        Column::left("reserved_3y_mark", "RI 3y mark").detail(),
    ]
}

fn cells(row: &TypeRates, marks: &str) -> Vec<Cell> {
    let kind = row.kind;
    let accelerator = kind.accelerator.as_ref();
    let mut cells = vec![
        Cell::new(format!("{}{marks}", kind.name), &*kind.name),
        if row.region.is_empty() { Cell::missing("none") } else { Cell::text(row.region) },
        accelerator.map_or(Cell::missing("none"), |a| Cell::new(gpus(a.count, &a.model), &*a.model)),
        accelerator.map_or(Cell::missing("-"), |a| Cell::number(a.count, 3)),
        accelerator.and_then(|a| a.memory_gib_total).map_or(Cell::missing("-"), |memory| Cell::number(memory, 1)),
        Cell::text(kind.vcpu.to_string()),
        Cell::number(kind.memory_gib, 1),
        kind.local_storage.map_or(Cell::missing("unknown"), Cell::text),
        Cell::text(kind.offering.to_string()),
    ];
    let on_demand = row.on_demand.as_ref().ok();
    cells.push(
        on_demand.map_or(Cell::missing("no rate"), |rate| Cell::new(unsigned(rate.usd.rate()), rate.usd.exact())),
    );
    cells.push(row.usd_per_gpu_hour().map_or(Cell::missing("-"), per_hour));
    let provenance = on_demand.map(|rate| &rate.provenance);
    cells.extend(dated(provenance));
    cells.push(mark(provenance));
    cells.push(optional(provenance.and_then(|p| p.sku_rate_code.as_deref())));
    cells.push(row.spot.as_ref().map_or(Cell::missing("none"), |spot| per_hour(spot.usd_per_hour)));
    cells.push(optional(row.spot.as_ref().and_then(|spot| spot.az_id.as_deref())));
    cells.extend(dated(row.spot.as_ref().map(|spot| &spot.provenance)));
    cells.extend(reserved_cells(row.reserved_1y.as_ref()));
    cells.extend(reserved_cells(row.reserved_3y.as_ref()));
    cells
}

fn reserved_cells(rate: Option<&ReservedRate>) -> Vec<Cell> {
    let provenance = rate.map(|rate| &rate.provenance);
    let mut cells = vec![
        rate.and_then(ReservedRate::effective_hourly).map_or(Cell::missing("none"), per_hour),
        rate.map_or(Cell::missing(""), |r| Cell::text(format!("{}, {}", r.payment_option, r.offering_class))),
        rate.map_or(Cell::missing(""), |rate| Cell::cost(rate.upfront)),
        rate.map_or(Cell::missing(""), |rate| Cell::rate(rate.hourly)),
    ];
    cells.extend(dated(provenance));
    cells.push(mark(provenance));
    cells
}

/// Its date and its source.
fn dated(provenance: Option<&Provenance>) -> [Cell; 2] {
    [optional(provenance.map(|p| &*p.as_of)), optional(provenance.map(|p| &*p.source))]
}

fn mark(provenance: Option<&Provenance>) -> Cell {
    optional(provenance.and_then(|p| p.mark.as_deref()))
}

fn optional(text: Option<&str>) -> Cell {
    text.map_or(Cell::missing(""), Cell::text)
}

/// Derived or reference amounts: a tenth of a cent is enough to compare, the exact cell has the digits.
fn per_hour(usd: Usd) -> Cell {
    Cell::new(unsigned(usd.rounded(3)), usd.exact())
}

/// The title says USD: five dollar signs a row would not leave room for the figures in 80 columns.
fn unsigned(money: String) -> String {
    money.strip_prefix('$').map_or(money.clone(), str::to_owned)
}

/// `8 V100`: the count and the model without its maker.
fn gpus(count: Decimal, model: &str) -> String {
    const MAKERS: [&str; 6] = ["NVIDIA ", "AMD ", "AWS ", "Habana ", "Qualcomm ", "Xilinx "];
    let name = MAKERS.iter().find_map(|maker| model.strip_prefix(maker)).unwrap_or(model);
    format!("{} {name}", exact(count))
}

/// What most rows' rates are dated, said once; the others are marked.
struct Usual(BTreeMap<&'static str, String>);

/// The dates behind a row's figures, by purchase option.
pub fn provenances<'a>(row: &'a TypeRates<'_>) -> impl Iterator<Item = (&'static str, &'a Provenance)> {
    let on_demand = row.on_demand.as_ref().ok().map(|rate| ("On-demand", &rate.provenance));
    let spot = row.spot.as_ref().map(|spot| ("Spot", &spot.provenance));
    let reserved = |rate: &'_ Option<ReservedRate>| rate.as_ref().map(|_| "Reserved");
    let year = reserved(&row.reserved_1y).zip(row.reserved_1y.as_ref().map(|rate| &rate.provenance));
    let three = reserved(&row.reserved_3y).zip(row.reserved_3y.as_ref().map(|rate| &rate.provenance));
    [on_demand, spot, year, three].into_iter().flatten()
}

fn said(provenance: &Provenance) -> String {
    let mark = provenance.mark.as_ref().map_or(String::new(), |mark| format!(" ({mark})"));
    format!("as of {}{mark}", provenance.as_of)
}

impl Usual {
    fn of(rows: &[TypeRates]) -> Usual {
        let mut counts: BTreeMap<&'static str, BTreeMap<String, usize>> = BTreeMap::new();
        for (option, provenance) in rows.iter().flat_map(provenances) {
            *counts.entry(option).or_default().entry(said(provenance)).or_default() += 1;
        }
        let most = |texts: BTreeMap<String, usize>| texts.into_iter().max_by_key(|(_, count)| *count);
        Usual(counts.into_iter().filter_map(|(option, texts)| Some((option, most(texts)?.0))).collect())
    }

    fn sentence(&self, footnotes: &Footnotes) -> String {
        let mut text = "USD per hour, Linux.".to_owned();
        for (option, about) in [
            ("On-demand", ""),
            ("Spot", " (seen in the cheapest zone)"),
            ("Reserved", " (RI: cheapest offering, fee spread over its term)"),
        ] {
            if let Some(when) = self.0.get(option) {
                text.push_str(&format!(" {option}{about} {when}."));
            }
        }
        if footnotes.has_dates {
            text.push_str(" Other dates are marked.");
        }
        text
    }
}

/// What is to be known of some rows only: each text once, rows refer to it by number.
#[derive(Default)]
struct Footnotes {
    texts: Vec<String>,
    has_dates: bool,
}

impl Footnotes {
    /// ` [1,3]`, or nothing.
    fn of(&mut self, row: &TypeRates, usual: &Usual) -> String {
        let mut numbers = Vec::new();
        if let Some(text) = offering(row.kind) {
            numbers.push(self.number(text));
        }
        if let Err(error) = &row.on_demand {
            numbers.push(self.number(why(row, error)));
        }
        for (option, provenance) in provenances(row) {
            let when = said(provenance);
            if usual.0.get(option) != Some(&when) {
                self.has_dates = true;
                numbers.push(self.number(format!("{option} {when}")));
            }
        }
        numbers.sort_unstable();
        numbers.dedup();
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        if numbers.is_empty() { String::new() } else { format!(" [{}]", numbers.join(",")) }
    }

    fn number(&mut self, text: String) -> usize {
        let at = self.texts.iter().position(|known| *known == text).unwrap_or_else(|| {
            self.texts.push(text);
            self.texts.len() - 1
        });
        at + 1
    }
}

fn offering(kind: &InstanceType) -> Option<String> {
    match &kind.offering {
        Offering::Offered => None,
        Offering::NotOffered { since } => Some(format!("No longer offered since {since}: a rate, not availability")),
        Offering::Unknown { why } => Some(format!("Not known to be offered: {why}")),
    }
}

fn why(row: &TypeRates, error: &NoRate) -> String {
    if row.region.is_empty() {
        return "No rate in any region of the card".to_owned();
    }
    match error {
        NoRate::CapacityBlockOnly { region, .. } => {
            format!("No on-demand rate: sold in {region} as capacity blocks or spot only")
        }
        NoRate::ReservedOnly { region, .. } => {
            format!("No on-demand rate: AWS publishes Reserved terms only in {region}")
        }
        NoRate::NotPublished { published_on, .. } => {
            let elsewhere = error.hint().map_or(String::new(), |hint| format!("; {hint}"));
            format!("Not in AWS's list for {} of {published_on}{elsewhere}", row.region)
        }
        _ => {
            let elsewhere =
                error.hint().map_or(", nor in any other region of the card".to_owned(), |h| format!(": {h}"));
            format!("No on-demand rate of {} in {}{elsewhere}", row.kind.name, row.region)
        }
    }
}
