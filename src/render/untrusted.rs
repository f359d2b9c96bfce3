//! Text that other people wrote (names, tags, file contents) made safe to show.
//!
//! Terminals obey escape sequences, bidirectional overrides make text read differently from what it is, and
//! invisible characters make two names look alike. All of them are shown as what they are: `\u{1b}`, `\n`.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with every control, bidirectional and invisible character written out (`\u{1b}`, `\n`).
///
/// ```
/// use gpucost::render::untrusted::visible;
/// assert_eq!(visible("safe"), "safe");
/// assert_eq!(visible("\x1b[2Jgone\r\n"), r"\u{1b}[2Jgone\r\n");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    replaced(text, |c, out| out.extend(c.escape_default()))
}

/// The same characters as JSON's own escapes, which lose nothing. Only for text that is already JSON.
pub(super) fn json_escaped(json: &str) -> Cow<'_, str> {
    replaced(json, |c, out| {
        // Line breaks are the layout of pretty JSON; inside strings the writer has escaped them already.
        if c == '\n' {
            out.push(c);
            return;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// Whether a spreadsheet would take this text for a formula. Plain numbers (`-3.5`) are not formulas.
pub(super) fn is_formula(text: &str) -> bool {
    // Spreadsheets also obey the full-width forms.
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']) && !is_number(text)
}

/// Sign, digits, fraction, exponent, and nothing else.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.strip_prefix(['+', '-']).unwrap_or(exponent)),
        None => (unsigned, "0"),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    [whole, fraction, exponent].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}

fn replaced(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    // What most text is made of, seen at a glance.
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if is_plain || !text.contains(is_deceptive) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_deceptive(c) {
            escape(c, &mut out);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Controls, line and paragraph separators, bidirectional and other invisible format characters (Unicode's Cc,
/// Zl, Zp, Cf, default-ignorable), and the non-characters that XML forbids.
fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_number_is_no_formula() {
        for number in ["-3.5", "+2", "-4.0E-10", "-0.00000000000000000000000001", "12"] {
            assert!(!is_formula(number), "{number}");
        }
        for formula in ["=1+1", "-1+cmd|'/C calc'!A0", "+x", "@SUM(A1)", "-", "-1.", "-1e", "\tx", "＝1", "--1", "-1,5"]
        {
            assert!(is_formula(formula), "{formula}");
        }
    }

    #[test]
    fn deceptive_characters_are_shown() {
        assert_eq!(visible("a\u{202e}b\u{200d}c\u{9b}d\u{7f}"), r"a\u{202e}b\u{200d}c\u{9b}d\u{7f}");
        assert_eq!(visible("größe 東京 $1"), "größe 東京 $1");
    }

    #[test]
    fn json_keeps_the_characters() {
        let json = serde_json::to_string_pretty(&["a\u{202e}\u{e0041}\x1b\n"]).unwrap();
        let safe = json_escaped(&json);
        assert!(!safe.contains(['\u{202e}', '\u{e0041}', '\x1b']));
        assert_eq!(serde_json::from_str::<Vec<String>>(&safe).unwrap(), ["a\u{202e}\u{e0041}\x1b\n"]);
    }
}
