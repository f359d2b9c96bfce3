//! A Slack-compatible webhook: blocks of plain text, in which nothing is markup.
//!
//! At most 50 blocks, 150 characters in a header, 3,000 in a text.
//! <https://docs.slack.dev/reference/block-kit/blocks/> (the numbers read 2026-11-27 and 2026-11-28 in
//! libraries that hold to them and cite it; the page itself was not found)

use secrecy::SecretString;
use serde_json::{Value, json};

use super::post::{Address, post};
use super::{Fault, Message, headline, words};

const MOST_HEADER: usize = 150;
const MOST_TEXT: usize = 3000;
/// With the header, the line on what is left out and the one that names the message, below 50 blocks.
const MOST_NOTICES: usize = 40;

#[derive(Debug)]
pub struct Slack {
    address: Address,
}

impl Slack {
    /// # Errors
    /// Why the address is none, without saying what it is.
    pub fn new(url: SecretString) -> Result<Slack, &'static str> {
        Ok(Slack { address: Address::new(url)? })
    }

    pub(super) fn send(&self, message: &Message<'_>) -> Result<(), Fault> {
        post(&self.address, &[("Idempotency-Key", message.key.to_owned())], &body(message).to_string())
    }
}

fn body(message: &Message<'_>) -> Value {
    let title = headline(message.notices);
    let mut blocks = vec![json!({ "type": "header", "text": plain(&title, MOST_HEADER) })];
    for notice in message.notices.iter().take(MOST_NOTICES) {
        blocks.push(json!({ "type": "section", "text": plain(&words::lines(notice).join("\n"), MOST_TEXT) }));
    }
    if message.notices.len() > MOST_NOTICES {
        let left = format!("and {} more: gpucost alerts history", message.notices.len() - MOST_NOTICES);
        blocks.push(json!({ "type": "section", "text": plain(&left, MOST_TEXT) }));
    }
    let key = format!("Message {}", message.key);
    blocks.push(json!({ "type": "context", "elements": [plain(&key, MOST_TEXT)] }));
    // What notifications show. It is read for mentions and links, which cannot be written without these three, and for
    // `*`, `_`, `~` and backticks unless that is turned off.
    json!({ "text": escaped(&title), "mrkdwn": false, "unfurl_links": false, "unfurl_media": false, "blocks": blocks })
}

fn plain(text: &str, most: usize) -> Value {
    json!({ "type": "plain_text", "text": cut(&escaped(text), most), "emoji": false })
}

/// `&`, `<` and `>` are Slack's only control characters.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Not within an escape.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 1).collect();
    let whole = match kept.rfind('&') {
        Some(at) if !kept.get(at..).unwrap_or_default().contains(';') => kept.get(..at).unwrap_or_default(),
        _ => kept.as_str(),
    };
    format!("{whole}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_leaves_no_half_escape() {
        assert_eq!(cut("abc&lt;d", 6), "abc…");
        assert_eq!(cut("abc&lt;d", 8), "abc&lt;d");
        assert_eq!(cut("abc&lt;defg", 9), "abc&lt;d…");
    }

    #[test]
    fn nothing_in_a_name_is_a_mention_or_a_link() {
        assert_eq!(
            escaped("<!channel> & <https://evil.example|click>"),
            "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;"
        );
    }
}
