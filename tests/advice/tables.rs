//! Findings as tables.

use gpucost::report::advice::{advice_tables, command_lines, finding_tables};

use crate::facts::*;
use crate::stopped::stopped_g5;

#[test]
fn tables_show_bounds_and_leave_unknown_empty() {
    let mut facts = stopped_g5();
    facts.push(volume("vol-0", "gp9", 2000).fact());
    let findings = advise(&facts, SEEN);
    let tables = advice_tables(&findings, at("2026-11-30"));
    assert_eq!(
        tables.iter().map(|table| table.key).collect::<Vec<_>>(),
        ["findings", "charges", "choices", "running", "idle_week"]
    );
    for table in tables.iter().chain(&finding_tables(&findings[0])) {
        assert!(table.rows.iter().all(|row| row.len() == table.columns.len()), "{}", table.key);
    }
    let cell = |row: usize, key: &str| {
        let column = tables[0].columns.iter().position(|column| column.key == key).unwrap();
        let cell = &tables[0].rows[row][column];
        (cell.shown.clone(), cell.exact.clone())
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(cell(0, "accrued_usd"), ("$38.71".to_owned(), some("38.7096774194")));
    assert_eq!(cell(0, "saving_usd_per_month"), ("$15.00–$40.00".to_owned(), None));
    assert_eq!(cell(0, "saving_at_least_usd_per_month").1, some("15"));
    assert_eq!(cell(1, "saving_usd_per_month"), ("unknown".to_owned(), None));
    assert_eq!(cell(1, "saving_at_least_usd_per_month").1, None);
    assert!(cell(0, "command").0.contains("create-snapshot"));
    let notes = tables[0].notes.join("\n");
    assert!(notes.contains("As of 2026-10-31, when last seen"), "{notes}");
    assert!(notes.contains("gpucost does not know the volume type `gp9`"), "{notes}");
}

#[test]
fn commands_fold_where_a_shell_allows_it() {
    let findings = advise(&stopped_g5(), SEEN);
    for choice in &findings[0].choices {
        let lines = command_lines(choice);
        assert!(lines.iter().all(|line| line.len() <= 80), "{lines:#?}");
        // As a shell joins them.
        let joined = lines.join("\n").replace(" \\\n", " ").replace("&&\n", "&& ");
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&joined), words(&choice.commands.join("\n")));
    }
}
