//! Both sides' dollars month by month, as they are paid.

use rust_decimal::Decimal;

use crate::break_even::{Answer, Question};
use crate::money::Usd;
use crate::report::table::{Cell, Column, Table};

/// One row a month of the horizon, not discounted; columns that are zero throughout are for programs.
pub fn cash_flow_table(question: &Question, answer: &Answer) -> Table {
    let flows = &answer.flows;
    let only = |shown: bool, column: Column| if shown { column } else { column.detail() };
    let columns = vec![
        Column::right("month", "Month"),
        Column::right("rent_use_usd", "Rent, hours used"),
        Column::right("rent_steady_usd", "Rent, each month"),
        only(flows.fee.is_some(), Column::right("rent_fee_usd", "Rent, fee")),
        Column::right("own_electricity_usd", "Own, electricity"),
        Column::right("own_upkeep_usd", "Own, upkeep"),
        only(flows.loan.is_some(), Column::right("own_payment_usd", "Own, loan")),
        only(flows.upgrade.is_some(), Column::right("own_upgrade_usd", "Own, upgrade")),
        Column::right("sold_for_usd", "Sells for").detail(),
        Column::right("owed_usd", "Owed").detail(),
    ];
    let mut table = Table::new("cash_flow", "What each month pays", columns);
    let months = question.terms.horizon.value.months(question.terms.month.value).unwrap_or_default();
    for flow in flows.months().take_while(|flow| Decimal::from(flow.month) <= months) {
        let mut row = vec![Cell::text(flow.month.to_string())];
        row.extend(
            [
                flow.rent_use,
                flow.rent_steady,
                flow.rent_fee,
                flow.own_electricity,
                flow.own_upkeep,
                flow.own_payment,
                flow.own_upgrade,
                flow.sold_for,
                flow.owed,
            ]
            .map(Cell::cost),
        );
        table.push(row);
    }
    let first: Usd = flows.price;
    table.notes.push(format!("before the first month: {first} for the machine, what a loan pays of it left out"));
    if !months.fract().is_zero() {
        table.notes.push("the horizon's last, begun month is not listed".to_owned());
    }
    table
}
