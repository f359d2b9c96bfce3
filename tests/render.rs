//! Tables and charts as bytes: nothing wider than asked, nothing obeyed that a name says, nothing that panics.

mod render_samples;

use std::path::Path;

use gpucost::money::Usd;
use gpucost::render::text::Style;
use gpucost::render::{RenderError, chart, csv, json, markdown, text};
use gpucost::report::chart::{Chart, CostLine};
use gpucost::report::table::{Cell, Column, Table};
use proptest::prelude::*;
use render_samples::tables::tables;
use render_samples::xml::assert_well_formed;
use rust_decimal::Decimal;
use unicode_width::UnicodeWidthStr;

/// What terminals and editors obey, or do not show.
const OBEYED: [char; 8] = ['\u{1b}', '\u{7f}', '\u{9b}', '\u{202e}', '\u{2066}', '\u{200d}', '\r', '\t'];

fn usd(text: &str) -> Usd {
    text.parse().expect("a decimal")
}

fn bill() -> Table {
    let columns = vec![
        Column::left("resource", "Resource"),
        Column::left("what", "What"),
        Column::right("hours", "Hours"),
        Column::right("cost", "Cost"),
        Column::left("source", "Source").detail(),
    ];
    let mut table = Table::new("bill", "Bill for October 2026", columns);
    table.push(vec![
        Cell::text("i-0123456789abcdef0"),
        Cell::text("p2.xlarge running, Linux, on-demand"),
        Cell::number(Decimal::new(62_296_111, 6), 2),
        Cell::cost(usd("56.0664999")),
        Cell::text("offer file of 2026-11-20"),
    ]);
    table.push(vec![
        Cell::text("vol-0a1b2c3d4e5f60718"),
        Cell::text("gp2 75 GB while the instance was stopped"),
        Cell::missing("-"),
        Cell::missing("no rate"),
        Cell::missing(""),
    ]);
    table.total = Some(vec![
        Cell::text("Total"),
        Cell::missing(""),
        Cell::missing(""),
        Cell::cost(usd("56.0664999")),
        Cell::missing(""),
    ]);
    table.notes.push("Rates as of 2026-11-20; what has no rate is not in the total.".to_owned());
    table
}

#[test]
fn text_uses_the_width_it_gets() {
    assert_eq!(
        text::table(&bill(), 100, Style::PLAIN),
        "\
Bill for October 2026

Resource               What                                      Hours     Cost
─────────────────────  ────────────────────────────────────────  ─────  ───────
i-0123456789abcdef0    p2.xlarge running, Linux, on-demand        62.3   $56.07
vol-0a1b2c3d4e5f60718  gp2 75 GB while the instance was stopped      -  no rate
─────────────────────  ────────────────────────────────────────  ─────  ───────
Total                                                                    $56.07

Rates as of 2026-11-20; what has no rate is not in the total.
"
    );
}

#[test]
fn narrow_text_wraps_words_and_keeps_ids_and_amounts_whole() {
    assert_eq!(
        text::table(&bill(), 60, Style { unicode: false, ..Style::PLAIN }),
        "\
Bill for October 2026

Resource               What                   Hours     Cost
---------------------  ---------------------  -----  -------
i-0123456789abcdef0    p2.xlarge running,      62.3   $56.07
                       Linux, on-demand
vol-0a1b2c3d4e5f60718  gp2 75 GB while the        -  no rate
                       instance was stopped
---------------------  ---------------------  -----  -------
Total                                                 $56.07

Rates as of 2026-11-20; what has no rate is not in the
total.
"
    );
}

#[test]
fn columns_that_cannot_stand_side_by_side_are_stacked() {
    assert_eq!(
        text::table(&bill(), 40, Style::PLAIN),
        "\
Bill for October 2026

Resource  i-0123456789abcdef0
What      p2.xlarge running, Linux,
          on-demand
Hours     62.3
Cost      $56.07

Resource  vol-0a1b2c3d4e5f60718
What      gp2 75 GB while the instance
          was stopped
Hours     -
Cost      no rate
────────  ──────────────────────────────
Resource  Total
Cost      $56.07

Rates as of 2026-11-20; what has no rate
is not in the total.
"
    );
}

#[test]
fn details_and_colors_come_when_asked_for() {
    let style = Style { detail: true, color: true, ..Style::PLAIN };
    let colored = text::table(&bill(), 120, style);
    assert!(colored.contains("\x1b[1mBill for October 2026\x1b[0m\n"), "{colored:?}");
    assert!(colored.contains("Source") && colored.contains("offer file of 2026-11-20"));
    let plain = text::table(&bill(), 120, Style { detail: true, ..Style::PLAIN });
    assert_eq!(without_colors(&colored), plain);
}

#[test]
fn a_table_without_rows_says_so() {
    let table = Table::new("bill", "Bill", vec![Column::left("resource", "Resource")]);
    assert_eq!(text::table(&table, 80, Style::PLAIN), "Bill\n\n(no rows)\n");
    assert_eq!(csv::table(&table).unwrap(), "resource\n");
}

#[test]
fn csv_has_every_digit_every_column_and_no_total() {
    assert_eq!(
        csv::table(&bill()).unwrap(),
        "\
resource,what,hours,cost,source
i-0123456789abcdef0,\"p2.xlarge running, Linux, on-demand\",62.296111,56.0664999,offer file of 2026-11-20
vol-0a1b2c3d4e5f60718,gp2 75 GB while the instance was stopped,,,
"
    );
}

#[test]
fn csv_runs_no_formula_and_breaks_no_number() {
    let mut table = Table::new("t", "", vec![Column::left("a", "A"), Column::right("b", "B")]);
    table.push(vec![Cell::text("=HYPERLINK(\"http://x\")"), Cell::cost(usd("-3.5"))]);
    table.push(vec![Cell::text("@SUM(1)\u{1b}[2J\nnext"), Cell::text("-1+1")]);
    let expected = "a,b\n\"'=HYPERLINK(\"\"http://x\"\")\",-3.5\n'@SUM(1)\\u{1b}[2J\\nnext,'-1+1\n";
    assert_eq!(csv::table(&table).unwrap(), expected);
}

#[test]
fn json_keeps_digits_as_strings_and_the_unknown_as_null() {
    let mut table = bill();
    table.columns.truncate(4);
    let expected = r#"{
  "title": "Bill for October 2026",
  "rows": [
    {
      "resource": "i-0123456789abcdef0",
      "what": "p2.xlarge running, Linux, on-demand",
      "hours": "62.296111",
      "cost": "56.0664999"
    },
    {
      "resource": "vol-0a1b2c3d4e5f60718",
      "what": "gp2 75 GB while the instance was stopped",
      "hours": null,
      "cost": null
    }
  ],
  "total": {
    "resource": "Total",
    "what": null,
    "hours": null,
    "cost": "56.0664999"
  },
  "notes": [
    "Rates as of 2026-11-20; what has no rate is not in the total."
  ]
}
"#;
    assert_eq!(json::table(&table).unwrap(), expected);
    let both = json::tables(&[table.clone(), Table::new("advice", "Advice", vec![])]).unwrap();
    let both: serde_json::Value = serde_json::from_str(&both).unwrap();
    assert_eq!(both["bill"], serde_json::from_str::<serde_json::Value>(expected).unwrap());
    assert_eq!(both["advice"]["total"], serde_json::Value::Null);
}

#[test]
fn markdown_shows_names_as_they_are() {
    let mut table = Table::new("t", "Costs of *all*", vec![Column::left("a", "A"), Column::right("b", "B")]);
    table.push(vec![Cell::text("a|b `c` <script>&\n# _x_ [l](u)"), Cell::cost(usd("-3.5"))]);
    table.total = Some(vec![Cell::missing(""), Cell::cost(usd("-3.5"))]);
    table.notes = vec!["# no heading".to_owned(), "1. no list".to_owned()];
    assert_eq!(
        markdown::table(&table),
        "## Costs of \\*all\\*

| A | B |
| :--- | ---: |
| a\\|b \\`c\\` &lt;script&gt;&amp;\\\\n# \\_x\\_ \\[l\\](u) | -$3.50 |
|  | **-$3.50** |

- \\# no heading
- 1\\. no list
"
    );
}

#[test]
fn pictures_have_the_size_they_say_and_the_same_bytes_each_time() {
    for (name, sample) in render_samples::charts() {
        let png = chart::png(&sample).unwrap();
        let decoder = png::Decoder::new(std::io::Cursor::new(&png));
        let mut reader = decoder.read_info().unwrap();
        let mut image = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut image).unwrap();
        assert_eq!((info.width, info.height), (chart::PNG_WIDTH, chart::PNG_HEIGHT), "{name}");
        assert!(image.iter().any(|byte| *byte < 128), "{name} is blank");
        assert!(
            image.chunks_exact(chart::PNG_WIDTH as usize * 3).all(|row| row[..30].iter().all(|b| *b == 255)),
            "{name} touches the edge"
        );
        assert_eq!(png, chart::png(&sample).unwrap(), "{name}");
        let svg = chart::svg(&sample).unwrap();
        assert_well_formed(&svg);
        assert_eq!(svg, chart::svg(&sample).unwrap(), "{name}");
    }
}

#[test]
fn the_picture_says_the_totals_to_the_cent() {
    let svg = chart::svg(&Chart::DailyBars(render_samples::october(31))).unwrap();
    for figure in ["Storage while stopped", "$43.39", "Total", "$111.57", "$4.87", "$0", "$5", "Oct 2026"] {
        assert!(svg.contains(&format!(">\n{figure}\n</text>")), "{figure}");
    }
}

#[test]
fn an_svg_shows_markup_as_text() {
    let title = "<script>alert('1')</script> & \u{202e}\u{1b}[0m".to_owned();
    let svg = chart::svg(&Chart::Empty { title, why: "]]>\u{fffe}".to_owned() }).unwrap();
    assert_well_formed(&svg);
    assert!(svg.contains("&lt;script&gt;alert(&apos;1&apos;)&lt;/script&gt; &amp; \\u{202e}\\u{1b}[0m"), "{svg}");
}

#[test]
fn what_cannot_be_drawn_truthfully_is_refused() {
    let mut uneven = render_samples::october(31);
    uneven.series[1].values.pop();
    let refusal = chart::png(&Chart::DailyBars(uneven)).unwrap_err();
    assert_eq!(refusal.to_string(), "the series `Storage while running` has 30 values for 31 days");

    let mut huge = render_samples::october(2);
    huge.series[0].values[1] = Usd::new(Decimal::MAX);
    assert!(matches!(chart::png(&Chart::DailyBars(huge)), Err(RenderError::TooLarge { .. })));
    let mut long = render_samples::october(31);
    long.days = vec![long.days[0]; 2000];
    assert!(matches!(chart::svg(&Chart::DailyBars(long)), Err(RenderError::TooMany { count: 2000, .. })));

    let mut back = render_samples::rent_or_own(100, 100, 10, 1, None);
    let point = |days: i64| (Decimal::from(days), Usd::ZERO);
    back.lines[0] = CostLine { name: "back".to_owned(), points: vec![point(3), point(2)] };
    let refusal = chart::png(&Chart::CumulativeCost(back)).unwrap_err();
    assert_eq!(refusal.to_string(), "the line `back` goes back in time, from day 3 to day 2");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn text_never_exceeds_the_width(table in tables(), width in 20..130_usize, detail: bool, color: bool) {
        let style = Style { color, detail, unicode: true };
        let shown = without_colors(&text::table(&table, width, style));
        for line in shown.lines() {
            prop_assert!(line.width() <= width, "{} > {width}: {line:?}", line.width());
        }
        prop_assert!(!shown.bytes().any(|byte| byte < 0x20 && byte != b'\n'));
        prop_assert!(!shown.contains(OBEYED), "obeyed");
    }

    #[test]
    fn amounts_are_never_broken(amounts in prop::collection::vec(any::<i64>(), 1..20), width in 60..100_usize) {
        let mut table = Table::new("t", "", vec![Column::left("a", "A"), Column::right("b", "B")]);
        for amount in &amounts {
            let prose = "prose that is long enough to be wrapped a few times in every terminal there is";
            table.push(vec![Cell::text(prose), Cell::cost(Usd::new(Decimal::new(*amount, 2)))]);
        }
        let shown = text::table(&table, width, Style::PLAIN);
        for amount in &amounts {
            prop_assert!(shown.contains(&Usd::new(Decimal::new(*amount, 2)).to_string()));
        }
    }

    #[test]
    fn csv_reads_back_as_the_same_values(amounts in prop::collection::vec((any::<i128>(), 0..28_u32, "[ -~äß東]{0,40}"), 0..20)) {
        let mut table = Table::new("t", "", vec![Column::left("name", "A"), Column::right("cost", "B")]);
        let exact = |n: i128, scale| Usd::new(Decimal::from_i128_with_scale(n >> 33, scale));
        for (amount, scale, name) in &amounts {
            table.push(vec![Cell::text(name), Cell::cost(exact(*amount, *scale))]);
        }
        let csv = csv::table(&table).unwrap();
        prop_assert!(!csv.bytes().any(|byte| byte < 0x20 && byte != b'\n'));
        let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(rows.len(), amounts.len());
        for (row, (amount, scale, name)) in rows.iter().zip(&amounts) {
            prop_assert_eq!(&row[1], exact(*amount, *scale).exact());
            prop_assert_eq!(row[0].strip_prefix('\'').unwrap_or(&row[0]), name.strip_prefix('\'').unwrap_or(name));
        }
    }

    #[test]
    fn csv_has_a_line_a_row_whatever_names_say(table in tables()) {
        let csv = csv::table(&table).unwrap();
        prop_assert_eq!(csv.lines().count(), table.rows.len() + 1);
        prop_assert!(!csv.contains(OBEYED), "obeyed");
        let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
        for row in reader.records() {
            for field in row.unwrap().iter() {
                prop_assert!(!field.starts_with(['=', '@']) , "{field:?}");
                prop_assert!(!field.starts_with(['+', '-']) || field.parse::<f64>().is_ok(), "{field:?}");
            }
        }
    }

    #[test]
    fn json_reads_back_as_the_same_text(table in tables()) {
        let json = json::table(&table).unwrap();
        prop_assert!(!json.contains(OBEYED), "obeyed");
        let read: serde_json::Value = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read["title"].as_str(), Some(table.title.as_str()));
        for (row, cells) in read["rows"].as_array().unwrap().iter().zip(&table.rows) {
            for (column, cell) in table.columns.iter().zip(cells) {
                prop_assert_eq!(row[column.key].as_str(), cell.exact.as_deref());
            }
        }
    }

    #[test]
    fn markdown_has_a_line_a_row_whatever_names_say(table in tables()) {
        let shown = markdown::table(&table);
        let rows = table.rows.len() + usize::from(table.total.is_some());
        let expected = if rows == 0 { 1 } else { rows + 2 };
        let title = if table.title.is_empty() { 0 } else { 2 };
        let notes = table.notes.len() + usize::from(!table.notes.is_empty());
        prop_assert_eq!(shown.lines().count(), title + expected + notes);
        prop_assert!(!shown.contains(['<', '>']) && !shown.contains(OBEYED), "obeyed");
    }

    #[test]
    fn any_words_make_a_well_formed_svg(title: String, why: String) {
        assert_well_formed(&chart::svg(&Chart::Empty { title, why }).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn any_values_are_drawn_or_refused(values in prop::collection::vec((any::<i64>(), 0..28_u32), 1..40), names in prop::collection::vec(any::<String>(), 3)) {
        let mut bars = render_samples::october(values.len());
        let amount = |&(digits, scale): &(i64, u32)| Usd::new(Decimal::new(digits, scale));
        bars.series[0].values = values.iter().map(amount).collect();
        bars.series[0].name.clone_from(&names[0]);
        bars.title.clone_from(&names[1]);
        check_drawn_or_refused(&Chart::DailyBars(bars))?;
        let mut costs = render_samples::rent_or_own(400, 10_000, 100, 20, None);
        let points = values.iter().enumerate().map(|(i, value)| (Decimal::from(i), amount(value))).collect();
        costs.lines.push(CostLine { name: names[2].clone(), points });
        check_drawn_or_refused(&Chart::CumulativeCost(costs))?;
    }
}

fn check_drawn_or_refused(sample: &Chart) -> Result<(), TestCaseError> {
    match (chart::png(sample), chart::svg(sample)) {
        (Ok(png), Ok(svg)) => {
            prop_assert!(png.starts_with(b"\x89PNG"));
            assert_well_formed(&svg);
        }
        (Err(RenderError::TooLarge { .. }), Err(RenderError::TooLarge { .. })) => {}
        (png, svg) => prop_assert!(false, "{:?} {:?}", png.map(|_| ()), svg.map(|_| ())),
    }
    Ok(())
}

fn without_colors(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut plain, part| {
        let (codes, rest) = part.split_once('m').expect("a color ends in m");
        assert!(codes.bytes().all(|b| b.is_ascii_digit() || b == b';'), "{codes:?}");
        plain.push_str(rest);
        plain
    })
}

/// Not a check: writes the sample charts for a person to look at, into the target directory.
#[test]
#[ignore = "writes pictures to look at"]
fn pictures_to_look_at() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    for (name, sample) in render_samples::charts() {
        std::fs::write(folder.join(format!("{name}.png")), chart::png(&sample).unwrap()).unwrap();
        std::fs::write(folder.join(format!("{name}.svg")), chart::svg(&sample).unwrap()).unwrap();
    }
    println!("{}", folder.display());
}
