//! A chart as values: `render` draws it as PNG or SVG.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::money::Usd;

/// What is drawn. The title says the finding; `subtitle` says what was measured and over which window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chart {
    /// One stacked bar a day.
    DailyBars(DailyBars),
    /// Cumulative dollars of several ways of paying, with the point where two of them meet.
    CumulativeCost(CumulativeCost),
    /// The same with the range in which most futures lie around its lines.
    BandedCost(BandedCost),
    /// What each input does alone, the largest first.
    Tornado(Tornado),
    /// What owning saves, by two inputs.
    HeatMap(HeatMap),
    /// Nothing to draw, and why.
    Empty { title: String, why: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DailyBars {
    pub title: String,
    pub subtitle: String,
    pub y_label: String,
    pub days: Vec<Date>,
    /// Each as long as `days`; stacked in this order from the bottom.
    pub series: Vec<BarSeries>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BarSeries {
    pub name: String,
    pub values: Vec<Usd>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CumulativeCost {
    pub title: String,
    pub subtitle: String,
    /// `days since 2026-10-01`: x values are days; `start` dates them on the axis where known.
    pub x_label: String,
    pub y_label: String,
    pub start: Option<Date>,
    pub lines: Vec<CostLine>,
    pub crossing: Option<Crossing>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CostLine {
    pub name: String,
    /// (days since the start, dollars so far), x ascending.
    pub points: Vec<(Decimal, Usd)>,
}

/// Where two lines cost the same, with the words that mark it (`break-even: day 489, 2027-06-01`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    pub days: Decimal,
    pub cost: Usd,
    pub label: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BandedCost {
    pub costs: CumulativeCost,
    /// Of the lines in their order; (days since the start, lower end, upper end), x ascending.
    pub bands: Vec<Vec<(Decimal, Usd, Usd)>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tornado {
    pub title: String,
    pub subtitle: String,
    /// What the dollars are.
    pub x_label: String,
    /// With every input at its median.
    pub at_medians: Usd,
    pub bars: Vec<TornadoBar>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornadoBar {
    pub name: String,
    /// The input's lower value as read, and the dollars there.
    pub low: (String, Usd),
    pub high: (String, Usd),
}

/// Rows from the bottom up, columns from the left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatMap {
    pub title: String,
    pub subtitle: String,
    pub x_label: String,
    pub y_label: String,
    pub rows: Vec<String>,
    pub columns: Vec<HeatMapColumn>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatMapColumn {
    pub name: String,
    /// As many as there are rows.
    pub cells: Vec<Usd>,
    /// Where the dollars are zero, in rows from the first: 2.5 is midway between the third and the fourth.
    pub zero_at: Option<Decimal>,
}
