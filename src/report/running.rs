//! What instances that run have cost and would cost.

use super::advice::{DollarKeys, dollar_cells, dollar_columns};
use super::table::{Cell, Column, Table};
use crate::advice::{Detail, Finding, Span};

const COST: DollarKeys = ["cost_usd", "cost_at_least_usd", "cost_at_most_usd"];

/// What each instance that runs has cost and would cost, by stretches of time.
pub fn running_table(findings: &[Finding]) -> Table {
    let mut columns = vec![
        Column::left("finding", "Id").detail(),
        Column::left("resource", "Resource").detail(),
        Column::left("span", "Span").detail(),
        Column::left("what", "Running"),
        Column::left("from", "From").detail(),
        Column::left("until", "Until").detail(),
    ];
    columns.extend(dollar_columns(COST, "Cost"));
    let mut table = Table::new("running", "", columns);
    for (finding, span) in findings.iter().flat_map(|finding| spans_of(finding).iter().map(move |span| (finding, span)))
    {
        let mut row = vec![
            Cell::text(finding.id.clone()),
            Cell::text(finding.resource.id.clone()),
            Cell::text(span.key),
            Cell::text(span.what.clone()),
            Cell::text(span.period.start.to_string()),
            Cell::text(span.period.end.to_string()),
        ];
        row.extend(dollar_cells(&span.dollars));
        table.push(row);
    }
    table
}

fn spans_of(finding: &Finding) -> &[Span] {
    match &finding.detail {
        Some(Detail::Spans(spans)) => spans,
        _ => &[],
    }
}
