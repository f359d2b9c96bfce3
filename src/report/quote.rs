//! The review before launching: what each part costs an hour running, an hour stopped, and a month.

use rust_decimal::Decimal;

use super::storage_rates::{per_mibps, per_million};
use super::table::{Cell, Column, Table};
use crate::billing::volume_charges;
use crate::catalog::{
    GP3_BASELINE_IOPS, GP3_BASELINE_THROUGHPUT_MIBPS, InstanceType, NoRate, Offering, Provenance, Rate, RateCard,
    VolumeRate, VolumeSpec, VolumeType,
};
use crate::ledger::VolumeShape;
use crate::money::Usd;
use crate::quantity::{Unit, exact};
use crate::time::ESTIMATE_MONTH_HOURS;

/// What is to be launched, and how it will be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch<'a> {
    pub region: &'a str,
    pub kind: &'a InstanceType,
    pub volumes: Vec<VolumeSpec>,
    /// The software charge of the AMI, while running; `None` is not known, and in no sum.
    pub ami_usd_per_hour: Option<Usd>,
    /// 0 to 24.
    pub hours_per_day: Decimal,
    pub public_ipv4: bool,
}

/// What a part of the launch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Ami,
    Instance,
    Storage,
    Address,
}

/// One part's rate and what it comes to. Costs of the month are rounded once, at 10 decimals, as line items are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuoteLine {
    pub part: Part,
    pub item: String,
    /// What the rate is for one of: GB, IOPS, MiB/s, or instances and addresses.
    pub quantity: Decimal,
    /// As published: throughput per MiB/s.
    pub rate: Usd,
    pub unit: &'static str,
    /// `None`: the user's own figure.
    pub provenance: Option<Provenance>,
    pub usd_per_hour_running: Usd,
    /// Storage goes on; everything else ends with the session.
    pub usd_per_hour_stopped: Usd,
    /// At the hours asked for.
    pub usd_per_month: Usd,
    /// Running all of the 730 h.
    pub usd_per_month_running: Usd,
    /// Stopped all month.
    pub usd_per_month_stopped: Usd,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    #[error(transparent)]
    NoRate(#[from] NoRate),
    #[error("the cost is beyond what a decimal holds")]
    OutOfRange,
}

/// The parts of a launch with their costs: AMI, instance, each volume's dimensions, address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    pub lines: Vec<QuoteLine>,
}

const AMI: &str = "AMI, software";
/// Days of the 730 h month: 365/12, kept as a fraction.
const DAYS_PER_YEAR: Decimal = Decimal::from_parts(365, 0, 0, false, 0);
const MONTHS_PER_YEAR: Decimal = Decimal::from_parts(12, 0, 0, false, 0);

impl Quote {
    /// # Errors
    /// A rate that the card lacks: a part of unknown cost makes no quote.
    pub fn of(card: &RateCard, launch: &Launch) -> Result<Quote, QuoteError> {
        let instance = card.on_demand(launch.region, &launch.kind.name)?;
        let hourly = |part, item: String, rate, provenance| {
            hourly_line(part, item, rate, provenance, launch.hours_per_day).ok_or(QuoteError::OutOfRange)
        };
        let mut lines = Vec::new();
        if let Some(usd) = launch.ami_usd_per_hour {
            lines.push(hourly(Part::Ami, AMI.to_owned(), usd, None)?);
        }
        lines.push(hourly(Part::Instance, launch.kind.name.to_string(), instance.usd, Some(instance.provenance))?);
        for (i, spec) in launch.volumes.iter().enumerate() {
            let which = if launch.volumes.len() > 1 { format!("volume {}: ", i + 1) } else { String::new() };
            volume_lines(card, launch.region, spec, &which, &mut lines)?;
        }
        if launch.public_ipv4 {
            let rate = card.public_ipv4(launch.region, true)?;
            lines.push(hourly(Part::Address, "public IPv4".to_owned(), rate.usd, Some(rate.provenance))?);
        }
        Ok(Quote { lines })
    }

    fn total(&self, amount: impl Fn(&QuoteLine) -> Usd) -> Usd {
        self.lines.iter().map(amount).sum()
    }

    fn total_of(&self, parts: &[Part], amount: impl Fn(&QuoteLine) -> Usd) -> Usd {
        self.lines.iter().filter(|line| parts.contains(&line.part)).map(amount).sum()
    }

    pub fn usd_per_month(&self) -> Usd {
        self.total(|line| line.usd_per_month)
    }

    /// If nobody stops it.
    pub fn usd_per_month_running(&self) -> Usd {
        self.total(|line| line.usd_per_month_running)
    }

    pub fn usd_per_month_stopped(&self) -> Usd {
        self.total(|line| line.usd_per_month_stopped)
    }
}

/// Rounded half-up at 10 decimals, as AWS bills.
fn billed(amount: Usd) -> Option<Usd> {
    Usd::of_line_item(Decimal::ONE, amount)
}

/// A charge for hours of running, gone when stopped. An auto-assigned address is released at stop.
fn hourly_line(
    part: Part,
    item: String,
    rate: Usd,
    provenance: Option<Provenance>,
    hours_per_day: Decimal,
) -> Option<QuoteLine> {
    Some(QuoteLine {
        part,
        item,
        quantity: Decimal::ONE,
        rate,
        unit: if part == Part::Address { Unit::AddressHour.name() } else { Unit::InstanceHour.name() },
        provenance,
        usd_per_hour_running: rate,
        usd_per_hour_stopped: Usd::ZERO,
        usd_per_month: billed(rate.scaled(hours_per_day.checked_mul(DAYS_PER_YEAR)?, MONTHS_PER_YEAR)?)?,
        usd_per_month_running: billed(rate.scaled(Decimal::from(ESTIMATE_MONTH_HOURS), Decimal::ONE)?)?,
        usd_per_month_stopped: Usd::ZERO,
    })
}

fn volume_lines(
    card: &RateCard,
    region: &str,
    spec: &VolumeSpec,
    which: &str,
    lines: &mut Vec<QuoteLine>,
) -> Result<(), QuoteError> {
    let shape = VolumeShape::from(spec);
    for charge in volume_charges(spec.volume_type, &shape) {
        let rate = card.volume(region, spec.volume_type, charge.rate)?;
        let item = match charge.rate {
            VolumeRate::Storage => format!("{which}{}{}", charge.subject(), performance(spec)),
            _ => format!("{which}{}", charge.subject()),
        };
        lines.push(monthly_line(item, charge.amount, rate).ok_or(QuoteError::OutOfRange)?);
    }
    Ok(())
}

/// What comes with the size, so that the review shows IOPS and throughput even where they are free.
fn performance(spec: &VolumeSpec) -> String {
    match spec.volume_type {
        VolumeType::Gp3 => {
            let iops = spec.iops.unwrap_or(GP3_BASELINE_IOPS).min(GP3_BASELINE_IOPS);
            let mibps = spec.throughput_mibps.unwrap_or(GP3_BASELINE_THROUGHPUT_MIBPS);
            format!(" with {iops} IOPS, {} MiB/s", mibps.min(GP3_BASELINE_THROUGHPUT_MIBPS))
        }
        _ => String::new(),
    }
}

/// A charge for a month of something held, running or not.
fn monthly_line(item: String, amount: Decimal, rate: Rate) -> Option<QuoteLine> {
    let month = Usd::of_line_item(amount, rate.usd)?;
    let hour = billed(month.scaled(Decimal::ONE, Decimal::from(ESTIMATE_MONTH_HOURS))?)?;
    let (quantity, published, unit) = match rate.unit {
        Unit::GibpsMonth => (amount.checked_mul(Decimal::from(1024))?, per_mibps(rate.usd)?, "MiB/s-month"),
        unit => (amount, rate.usd, unit.name()),
    };
    Some(QuoteLine {
        part: Part::Storage,
        item,
        quantity,
        rate: published,
        unit,
        provenance: Some(rate.provenance),
        usd_per_hour_running: hour,
        usd_per_hour_stopped: hour,
        usd_per_month: month,
        usd_per_month_running: month,
        usd_per_month_stopped: month,
    })
}

/// Part by part, with the total.
pub fn quote_table(card: &RateCard, launch: &Launch, quote: &Quote) -> Table {
    let hours = exact(launch.hours_per_day);
    let mut table = Table::new(
        "quote",
        format!("Before you launch {} in {}", launch.kind.name, launch.region),
        vec![
            Column::left("item", "Item"),
            Column::right("quantity", "Quantity").detail(),
            Column::left("unit", "Unit").detail(),
            Column::right("rate_usd", "Rate"),
            Column::right("usd_per_hour_running", "Running /h"),
            Column::right("usd_per_hour_stopped", "Stopped /h"),
            Column::right("usd_per_month", format!("Month at {hours} h/day")),
            Column::left("rate_as_of", "Rate as of").detail(),
            Column::left("rate_mark", "Rate mark").detail(),
            Column::left("rate_source", "Rate from").detail(),
            Column::left("rate_sku_rate_code", "SKU").detail(),
        ],
    );
    if launch.ami_usd_per_hour.is_none() {
        table.push(unknown_ami_cells());
    }
    for line in &quote.lines {
        table.push(line_cells(line));
    }
    let mut total = vec![Cell::text(total_title(launch)), Cell::missing(""), Cell::missing(""), Cell::missing("")];
    total.push(per_hour(quote.total(|line| line.usd_per_hour_running)));
    total.push(per_hour(quote.total(|line| line.usd_per_hour_stopped)));
    total.push(Cell::cost(quote.usd_per_month()));
    total.extend((0..4).map(|_| Cell::missing("")));
    table.total = Some(total);
    table.notes = notes(card, launch, quote);
    table
}

/// What the sum leaves out: a volume, which every instance has, and a charge that nobody knows.
fn total_title(launch: &Launch) -> &'static str {
    match (launch.volumes.is_empty(), launch.ami_usd_per_hour.is_none()) {
        (false, false) => "Total",
        (true, false) => "Total without a volume",
        (false, true) => "Total without the AMI's charge",
        (true, true) => "Total without a volume and the AMI's charge",
    }
}

fn unknown_ami_cells() -> Vec<Cell> {
    let unknown = || Cell::missing("not known");
    let mut cells = vec![Cell::text(AMI), Cell::number(Decimal::ONE, 4), Cell::text(Unit::InstanceHour.name())];
    // A stopped instance is charged for no software.
    cells.extend([unknown(), unknown(), per_hour(Usd::ZERO), unknown()]);
    cells.extend((0..4).map(|_| Cell::missing("")));
    cells
}

fn line_cells(line: &QuoteLine) -> Vec<Cell> {
    let provenance = line.provenance.as_ref();
    let optional = |text: Option<&str>| text.map_or(Cell::missing(""), Cell::text);
    vec![
        Cell::text(line.item.clone()),
        Cell::number(line.quantity, 4),
        Cell::text(line.unit),
        Cell::new(format!("{}/{}", line.rate.rate(), unit_shown(line.unit)), line.rate.exact()),
        per_hour(line.usd_per_hour_running),
        per_hour(line.usd_per_hour_stopped),
        Cell::cost(line.usd_per_month),
        optional(provenance.map(|p| &*p.as_of)),
        optional(provenance.and_then(|p| p.mark.as_deref())),
        optional(provenance.map(|p| &*p.source)),
        optional(provenance.and_then(|p| p.sku_rate_code.as_deref())),
    ]
}

fn unit_shown(unit: &str) -> String {
    match unit.split_once('-') {
        Some((_, "hour")) => "h".to_owned(),
        Some((what, "month")) => format!("{what}-mo"),
        _ => unit.to_owned(),
    }
}

fn per_hour(usd: Usd) -> Cell {
    Cell::new(usd.rounded(4), usd.exact())
}

fn notes(card: &RateCard, launch: &Launch, quote: &Quote) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(not_offered(card, launch.kind, launch.region));
    notes.push(format!(
        "A month is estimated at {ESTIMATE_MONTH_HOURS} h (365 × 24 / 12); at {} h/day it runs {} h. Storage bills by \
         the month, running or stopped: its hour is the month over {ESTIMATE_MONTH_HOURS}.",
        exact(launch.hours_per_day),
        running_hours(launch.hours_per_day).shown,
    ));
    if launch.volumes.is_empty() {
        notes.push(
            "No volume is counted, but every EC2 instance needs one for its root, as large as its AMI asks: \
             --volume gp3:30."
                .to_owned(),
        );
    }
    notes.extend(volume_notes(card, launch));
    if launch.public_ipv4 {
        notes.push("An auto-assigned address is released at stop; an Elastic IP goes on at the same rate.".to_owned());
    }
    notes.push(dates(quote));
    notes.push("Not counted: data transfer, snapshots, taxes.".to_owned());
    notes
}

fn volume_notes(card: &RateCard, launch: &Launch) -> Option<String> {
    let has = |kinds: &[VolumeType]| launch.volumes.iter().any(|spec| kinds.contains(&spec.volume_type));
    let mut text = String::new();
    if has(&[VolumeType::Gp2, VolumeType::St1, VolumeType::Sc1, VolumeType::Standard]) {
        text.push_str("IOPS and throughput of gp2, st1, sc1 and standard volumes come with their size.");
    }
    if has(&[VolumeType::Standard]) {
        let rate = card.volume(launch.region, VolumeType::Standard, VolumeRate::IoRequest).ok();
        let at = rate
            .and_then(|rate| per_million(rate.usd))
            .map_or("at a rate the card lacks".to_owned(), |usd| format!("{} a million", usd.rate()));
        text.push_str(&format!(" standard also bills I/O requests, {at}: not counted."));
    }
    (!text.is_empty()).then_some(text)
}

/// That a type cannot be launched, or may not be, and what can in its place.
pub fn not_offered(card: &RateCard, kind: &InstanceType, region: &str) -> Option<String> {
    let state = match &kind.offering {
        Offering::Offered => return None,
        Offering::NotOffered { since } => format!(
            "{} is no longer offered since {since}: its rate is still published, but a launch is likely to be refused.",
            kind.name
        ),
        Offering::Unknown { why } => format!("{} is not known to be offered: {why}.", kind.name),
    };
    let successors: Vec<String> = kind
        .successors
        .iter()
        .map(|name| match card.on_demand(region, name) {
            Ok(rate) => format!("{name} at {}/h", rate.usd.rate()),
            Err(_) => format!("{name} (no rate in {region})"),
        })
        .collect();
    if successors.is_empty() {
        return Some(state);
    }
    Some(format!("{state} Offered in its place: {}.", successors.join(", ")))
}

/// Each rate's date once, in the order of the lines.
fn dates(quote: &Quote) -> String {
    let mut dated: Vec<(String, Vec<&str>)> = Vec::new();
    for line in &quote.lines {
        let Some(provenance) = &line.provenance else { continue };
        let mark = provenance.mark.as_ref().map_or(String::new(), |mark| format!(" ({mark})"));
        let when = format!("{}{mark}", provenance.as_of);
        let what = match line.part {
            Part::Storage => "EBS",
            _ => &line.item,
        };
        match dated.iter_mut().find(|(known, _)| *known == when) {
            Some((_, items)) if items.contains(&what) => {}
            Some((_, items)) => items.push(what),
            None => dated.push((when, vec![what])),
        }
    }
    let dated: Vec<String> = dated.iter().map(|(when, items)| format!("{} as of {when}", items.join(", "))).collect();
    format!("Rates: {}.", dated.join("; "))
}

fn running_hours(hours_per_day: Decimal) -> Cell {
    let hours = hours_per_day.checked_mul(DAYS_PER_YEAR).and_then(|hours| hours.checked_div(MONTHS_PER_YEAR));
    hours.map_or(Cell::missing("unknown"), |hours| Cell::number(hours, 2))
}

/// The month as planned, forgotten, and stopped throughout.
pub fn scenario_table(launch: &Launch, quote: &Quote) -> Table {
    let with_ami = launch.ami_usd_per_hour.is_some();
    let mut table = Table::new(
        "months",
        format!("A month of {} ({ESTIMATE_MONTH_HOURS} h)", launch.kind.name),
        vec![
            Column::left("scenario", "If it is"),
            Column::right("running_hours", "Hours"),
            Column::right("compute_usd_per_month", if with_ami { "Instance and AMI" } else { "Instance" }),
            Column::right("storage_usd_per_month", "Storage"),
            Column::right("public_ipv4_usd_per_month", "Public IPv4"),
            Column::right("total_usd_per_month", total_title(launch)),
        ],
    );
    let storage = |usd| if launch.volumes.is_empty() { Cell::missing("not named") } else { Cell::cost(usd) };
    let mut push = |scenario: String, hours: Cell, amount: fn(&QuoteLine) -> Usd| {
        table.push(vec![
            Cell::text(scenario),
            hours,
            Cell::cost(quote.total_of(&[Part::Ami, Part::Instance], amount)),
            storage(quote.total_of(&[Part::Storage], amount)),
            Cell::cost(quote.total_of(&[Part::Address], amount)),
            Cell::cost(quote.total(amount)),
        ]);
    };
    let planned = format!("run {} h each day", exact(launch.hours_per_day));
    push(planned, running_hours(launch.hours_per_day), |line| line.usd_per_month);
    let all = Cell::number(Decimal::from(ESTIMATE_MONTH_HOURS), 0);
    push("forgotten, never stopped".to_owned(), all, |line| line.usd_per_month_running);
    push("stopped all month".to_owned(), Cell::number(Decimal::ZERO, 0), |line| line.usd_per_month_stopped);
    table
}
