//! Plans, their results, and the record of what was done, as tables.

use super::table::{Cell, Column, Table};
use crate::advice::Dollars;
use crate::advice::plan::{Plan, Refusal};

/// What would be done, and what is refused.
pub fn plan_table(plans: &[Plan], refused: &[Refusal]) -> Table {
    let columns = vec![
        Column::left("verb", "Action").detail(),
        Column::left("resource", "Resource"),
        Column::left("name", "Name"),
        Column::left("region", "Region").detail(),
        Column::left("state", "State"),
        Column::right("saving_per_month", "Saves a month"),
        Column::right("goes_on_per_month", "Goes on").detail(),
        Column::left("lost", "What is lost").detail(),
        Column::left("steps", "Steps").detail(),
        Column::left("survive", "Left behind").detail(),
        Column::left("refused", "Refused").detail(),
    ];
    let verb = plans.first().map_or("action", |plan| plan.verb.name());
    let title = match plans.len() {
        0 => "Plan: nothing can be done".to_owned(),
        1 => format!("Plan: {verb} 1 resource"),
        many => format!("Plan: {verb} {many} resources"),
    };
    let mut table = Table::new("plan", title, columns);
    for plan in plans {
        let steps: Vec<String> = plan.steps.iter().map(|step| step.words()).collect();
        table.push(vec![
            Cell::text(plan.verb.name()),
            Cell::text(plan.id.clone()),
            Cell::text(plan.name.clone()),
            Cell::text(plan.region.clone()),
            Cell::text(plan.state.clone()),
            Cell::text(plan.saving_per_month.to_string()),
            Cell::text(plan.goes_on.to_string()),
            Cell::text(plan.lost.clone()),
            Cell::text(steps.join("; ")),
            Cell::text(plan.survive.join(", ")),
            Cell::missing("-"),
        ]);
        table.notes.push(format!("{}: {}.", plan.id, steps.join(", then ")));
        table.notes.push(format!("{}: lost: {}.", plan.id, plan.lost));
        if plan.goes_on != Dollars::ZERO {
            table.notes.push(format!("{}: {} a month goes on.", plan.id, plan.goes_on));
        }
        if !plan.survive.is_empty() {
            table.notes.push(format!("{}: left behind, and billed on: {}.", plan.id, plan.survive.join(", ")));
        }
        table.notes.extend(plan.saving_per_month.why_unknown().map(|why| format!("{}: {why}.", plan.id)));
    }
    for refusal in refused {
        let mut row = vec![Cell::missing("-"), Cell::text(refusal.id.clone()), Cell::missing("-"), Cell::missing("-")];
        row.push(Cell::new("refused", "refused"));
        row.extend((0..5).map(|_| Cell::missing("-")));
        row.push(Cell::text(refusal.why.clone()));
        table.push(row);
    }
    table
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub id: String,
    pub result: Result<String, String>,
}

pub fn results_table(ended: &[Ended]) -> Table {
    let columns =
        vec![Column::left("resource", "Resource"), Column::left("result", "Result"), Column::left("detail", "Detail")];
    let mut table = Table::new("results", "Done", columns);
    for one in ended {
        let (result, detail) = match &one.result {
            Ok(detail) => ("done", detail),
            Err(why) => ("not done", why),
        };
        table.push(vec![Cell::text(one.id.clone()), Cell::text(result), Cell::text(detail.clone())]);
    }
    table
}

/// A line of the record.
pub struct Recorded<'a> {
    pub at: &'a str,
    pub verb: &'a str,
    pub resource: &'a str,
    /// `None`: it was not asked for.
    pub account: Option<&'a str>,
    pub region: &'a str,
    pub step: &'a str,
    pub phase: &'a str,
    pub detail: &'a str,
    pub task: &'a str,
}

pub fn record_table<'a>(rows: impl Iterator<Item = Recorded<'a>>) -> Table {
    let columns = vec![
        Column::left("at", "At"),
        Column::left("verb", "Action").detail(),
        Column::left("resource", "Resource"),
        Column::left("account", "Account").detail(),
        Column::left("region", "Region").detail(),
        Column::left("step", "What"),
        Column::left("phase", "Phase"),
        Column::left("detail", "Detail").detail(),
        Column::left("task", "Task").detail(),
    ];
    let mut table = Table::new("actions", "Actions so far", columns);
    for row in rows {
        table.push(vec![
            Cell::new(row.at.get(..19).unwrap_or(row.at).replace('T', " "), row.at),
            Cell::text(row.verb),
            Cell::text(row.resource),
            row.account.map_or_else(|| Cell::missing("-"), Cell::text),
            Cell::text(row.region),
            // What is about the whole of an action is about its verb: one line is to say what was to be done.
            if row.step.is_empty() { Cell::missing(row.verb) } else { Cell::text(row.step) },
            Cell::text(row.phase),
            Cell::text(row.detail),
            Cell::text(row.task),
        ]);
    }
    table
}
