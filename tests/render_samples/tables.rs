//! Tables of any shape and any words.

use gpucost::report::table::{Align, Cell, Column, Table};
use proptest::prelude::*;

const KEYS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z ]{0,60}",
        "[a-z0-9-]{0,90}",
        "[東京🎉é\u{301}\u{1b}\u{9b}\u{202e}\u{200d}\n\t ]{0,40}",
        "[=+@'-][a-z0-9.+-]{0,10}",
    ]
}

fn cells() -> impl Strategy<Value = Cell> {
    (words(), prop::option::of(words())).prop_map(|(shown, exact)| Cell { shown, exact })
}

pub fn tables() -> impl Strategy<Value = Table> {
    let columns = prop::collection::vec((words(), any::<bool>(), any::<bool>()), 0..8);
    (columns, words(), prop::collection::vec(words(), 0..3), any::<bool>()).prop_flat_map(
        |(columns, title, notes, has_total)| {
            let columns: Vec<Column> = columns
                .into_iter()
                .zip(KEYS)
                .map(|((title, right, detail), key)| {
                    let align = if right { Align::Right } else { Align::Left };
                    Column { key, title, align, detail }
                })
                .collect();
            let row = prop::collection::vec(cells(), columns.len());
            prop::collection::vec(row, 0..8).prop_map(move |mut rows| {
                let total = if has_total { rows.pop() } else { None };
                let (columns, title, notes) = (columns.clone(), title.clone(), notes.clone());
                Table { key: "t", title, columns, rows, total, notes, commands: Vec::new() }
            })
        },
    )
}
