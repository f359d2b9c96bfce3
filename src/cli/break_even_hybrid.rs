//! `gpucost break-even` where the hours are more than one machine has.

use rust_decimal::Decimal;

use super::args::{BreakEvenArgs, ExplainArgs};
use super::break_even::write_chart;
use super::error::Failure;
use super::request::Request;
use crate::break_even::Question;
use crate::break_even::history::shared_by_day;
use crate::report::break_even::inputs_table;
use crate::report::hybrid::{hybrid_chart, hybrid_table};
use crate::report::table::Table;
use crate::time::utc_date;

const HOURS_A_DAY: Decimal = Decimal::from_parts(24, 0, 0, false, 0);
/// More machines for one instance are no plan but a slip of the speed ratio.
const MOST_MACHINES: Decimal = Decimal::from_parts(16, 0, 0, false, 0);

/// Whether a day's hours are more than one machine does in it, and some few would do. A commitment is owed for all its hours
/// whatever of them a machine does: there is no renting the rest.
pub fn is_overflow(question: &Question) -> bool {
    let (hours, speed) = (question.terms.hours_per_day.value, question.owning.speed_ratio.value);
    let has = HOURS_A_DAY.saturating_mul(speed);
    let is_by_the_hour = question.renting.committed.is_none();
    is_by_the_hour && hours > has && hours <= HOURS_A_DAY && hours <= has.saturating_mul(MOST_MACHINES)
}

/// Rent all, own and rent the rest, or own enough.
pub fn tables(
    args: &BreakEvenArgs,
    explain: &ExplainArgs,
    question: &Question,
    request: &Request,
) -> Result<Vec<Table>, Failure> {
    if explain.explain || explain.carbon.carbon {
        let option = if explain.explain { "--explain" } else { "--carbon" };
        return Err(Failure::usage(format!("{option}: the hours are more than one machine has, and it tells of one"))
            .hint("leave it out, or ask for fewer --hours-per-day"));
    }
    let shared = shared_by_day(question, utc_date(request.now))?;
    if let Some(path) = &args.chart {
        write_chart(path, &hybrid_chart(question, &shared))?;
    }
    let mut tables = vec![hybrid_table(question, &shared)];
    if request.verbose {
        tables.push(inputs_table(question));
    }
    Ok(tables)
}
