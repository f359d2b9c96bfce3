//! What the other side of renting costs: machines to buy, and electricity; and what both draw and emit.

use rust_decimal::Decimal;

use crate::catalog::rate::Provenance;
use crate::money::Usd;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MachineKind {
    /// Built by its author, who said what it cost.
    Build,
    /// A vendor's list or a dealer's price.
    List,
    /// A card without a machine around it.
    Card,
    /// A figure someone assumed.
    Assumption,
}

impl MachineKind {
    pub const fn name(self) -> &'static str {
        match self {
            MachineKind::Build => "build",
            MachineKind::List => "list",
            MachineKind::Card => "card",
            MachineKind::Assumption => "assumption",
        }
    }
}

/// A machine one could own, as a preset of the break-even.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    pub name: &'static str,
    pub gpus: &'static str,
    pub num_gpus: u32,
    /// `None`: nobody's price of it is known. It is asked for, never assumed.
    pub price: Option<Usd>,
    /// In the form of [`Provenance::as_of`]; `None` only with a mark that says so.
    pub price_date: Option<&'static str>,
    pub kind: MachineKind,
    /// Drawn under load by the whole machine; `None` is not known.
    pub load_watts: Option<u32>,
    pub note: &'static str,
    /// Id of a [`Source`](crate::catalog::Source).
    pub source: &'static str,
    /// Why the price is not to be taken as it stands (`implausible`, `card only: no host machine`).
    pub mark: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sector {
    Residential,
    Commercial,
    Industrial,
}

impl Sector {
    pub const fn name(self) -> &'static str {
        match self {
            Sector::Residential => "residential",
            Sector::Commercial => "commercial",
            Sector::Industrial => "industrial",
        }
    }
}

/// An average retail price of electricity in the United States or one of its states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Electricity {
    /// `US` or a state's name.
    pub area: &'static str,
    pub sector: Sector,
    pub usd_per_kwh: Usd,
    pub provenance: Provenance,
}

/// What the grid that a region draws from emits for a kilowatt-hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GridCarbon {
    pub region: &'static str,
    /// CO2-equivalent.
    pub grams_per_kwh: Decimal,
    pub provenance: Provenance,
}
