//! Any text: an error or a value, never a panic; and a valid row of notes becomes the fact it wrote.

use gpucost::ledger::{Noted, Purchase, VolumeNote};
use gpucost::money::Usd;
use gpucost::store::{looks_like_notes, read_descriptions, read_notes};
use gpucost::time::parse_timestamp;
use jiff::Timestamp;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rust_decimal::Decimal;

use crate::samples::{INSTANCES, NOTES, SNAPSHOTS, VOLUMES};

fn now() -> Timestamp {
    parse_timestamp("2026-12-01").expect("a time")
}

fn read_all(text: &str) {
    looks_like_notes(text);
    _ = read_notes(text, now());
    _ = read_descriptions(text, now(), None);
    _ = read_descriptions(text, now(), Some("us-east-1"));
}

/// What breaks parsers, and values at the edges of what they hold.
fn shard() -> impl Strategy<Value = String> {
    let known = [
        "",
        ",",
        "\"",
        "\"\"",
        "\n",
        "\r\n",
        "\r",
        "\0",
        "{",
        "}",
        "[",
        "]",
        ":",
        "null",
        "true",
        "-1",
        "0",
        "1e400",
        "4294967296",
        "18446744073709551616",
        "-9999-01-01",
        "9999-12-31T23:59:59Z",
        "2026-02-29",
        "24:00",
        "é",
        "🦀",
        "\u{feff}",
        "\u{202e}",
        "\\u0000",
        "\\ud800",
        "gp3:1:::",
        "gp2:75;;",
        ";",
        "é1a",
        "1é",
    ];
    prop_oneof![3 => select(known.map(str::to_owned).to_vec()), 1 => any::<String>()]
}

/// A valid document with pieces cut out, put in, or repeated.
fn mutated(documents: Vec<&'static str>) -> impl Strategy<Value = String> {
    let edit = (any::<Index>(), any::<Index>(), shard(), 0..3_u8);
    (select(documents), vec(edit, 1..6)).prop_map(|(document, edits)| {
        let mut chars: Vec<char> = document.chars().collect();
        for (at, length, shard, how) in edits {
            let at = at.index(chars.len() + 1);
            let until = (at + length.index(12)).min(chars.len());
            let piece: Vec<char> = match how {
                0 => shard.chars().collect(),
                1 => [chars[at..until].to_vec(), chars[at..until].to_vec()].concat(),
                _ => Vec::new(),
            };
            chars.splice(at..until, piece);
        }
        chars.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_an_error_or_a_value(text in any::<String>()) {
        read_all(&text);
    }

    #[test]
    fn any_shards_are_an_error_or_a_value(shards in vec(shard(), 0..40)) {
        read_all(&shards.concat());
        read_all(&format!("region,instance_id,start,end,volumes,volume_ids\n{}", shards.concat()));
    }

    #[test]
    fn a_broken_document_is_an_error_or_a_value(text in mutated(vec![NOTES, INSTANCES, VOLUMES, SNAPSHOTS])) {
        read_all(&text);
    }

    #[test]
    fn an_error_in_notes_names_a_line_of_the_text(text in mutated(vec![NOTES])) {
        if let Err(error) = read_notes(&text, now()) {
            let lines = text.matches('\n').count() as u64 + 1;
            prop_assert!((1..=lines).contains(&error.line), "{error} in {lines} lines");
        }
    }

    #[test]
    fn a_row_is_the_fact_it_wrote((noted, row) in row(), crlf in any::<bool>(), blank in 0..3_usize) {
        let end = if crlf { "\r\n" } else { "\n" };
        let text = format!("{HEADER}{end}{}{row}{end}", end.repeat(blank));
        let read = read_notes(&text, now()).map_err(|e| TestCaseError::fail(format!("{e}: {text}")))?;
        prop_assert_eq!(read, vec![(2 + blank as u64, noted.clone())], "{}", text);
        // And the ledger's own spelling of it is read back as the same fact.
        let body = serde_json::to_string(&noted).unwrap();
        prop_assert_eq!(serde_json::from_str::<Noted>(&body).unwrap(), noted);
    }
}

const HEADER: &str =
    "name,region,instance_id,instance_type,start,end,hours_per_day,volumes,public_ipv4,purchase_option,usd_per_hour";

/// A fact and the row a person would write for it.
fn row() -> impl Strategy<Value = (Noted, String)> {
    let id = "[a-z0-9][a-z0-9 \"',;é\n-]{0,10}[a-z0-9]";
    let span = (1_577_836_800_i64..1_790_000_000, 0..10_000_000_i64);
    let amounts = (0..=24_000_u32, 0..1_000_000_u32);
    let options = (any::<[bool; 5]>(), select(vec![Purchase::OnDemand, Purchase::Spot, Purchase::Other]));
    (id, id, span, amounts, options, 1..16_384_u32).prop_map(|(name, id, (start, length), amounts, options, gb)| {
        let ([has_end, has_hours, has_volume, public_ipv4, has_rate], purchase) = options;
        let start = Timestamp::from_second(start).expect("a time");
        let end = has_end.then(|| Timestamp::from_second(start.as_second() + length).expect("a time"));
        let hours_per_day = has_hours.then(|| Decimal::new(amounts.0.into(), 3));
        let usd_per_hour = has_rate.then(|| Usd::new(Decimal::new(amounts.1.into(), 4)));
        let spec = format!("gp2:{gb}");
        let volumes = has_volume.then(|| VolumeNote { id: format!("{id}/1"), spec: spec.parse().expect("a volume") });
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let shown = |text: Option<String>| text.unwrap_or_default();
        let row = [
            quoted(&name),
            "us-east-1".to_owned(),
            quoted(&id),
            "p2.xlarge".to_owned(),
            start.to_string(),
            shown(end.map(|end| end.to_string())),
            shown(hours_per_day.map(|hours| hours.to_string())),
            shown(has_volume.then_some(spec)),
            if public_ipv4 { "yes" } else { "" }.to_owned(),
            purchase.name().to_owned(),
            shown(usd_per_hour.map(Usd::exact)),
        ];
        let noted = Noted {
            account: String::new(),
            region: "us-east-1".to_owned(),
            name,
            instance_id: id,
            instance_type: Some("p2.xlarge".to_owned()),
            start,
            end,
            hours_per_day,
            volumes: volumes.into_iter().collect(),
            public_ipv4,
            purchase,
            usd_per_hour,
            noted_at: end.unwrap_or(now()),
        };
        (noted, row.join(","))
    })
}
