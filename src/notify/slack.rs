//! A Slack-compatible webhook: blocks of plain text, in which nothing is markup.
//!
//! At most 50 blocks, 150 characters in a header, 3,000 in a text.
//! <https://docs.slack.dev/reference/block-kit/blocks/> (the numbers read 2026-11-27 and 2026-11-28 in
//! libraries that hold to them and cite it; the page itself was not found). All blocks together are refused
//! (`msg_blocks_too_long`) somewhere above 12,000 characters, their containers counted: no page says so, users measured it
//! and a maintainer confirmed it, <https://github.com/slackapi/bolt-js/issues/2509> (read 2026-11-28).

use secrecy::SecretString;
use serde_json::{Value, json};

use super::post::{Address, post};
use super::{Fault, Message, headline, words};
use crate::alerts::Notice;

const MOST_HEADER: usize = 150;
const MOST_TEXT: usize = 3000;
/// With the header, the line on what is left out and the one that names the message, below 50 blocks.
const MOST_NOTICES: usize = 40;
/// Of all notices as JSON; the header, what is left out and the key take at most 1,500 more.
const MOST_CHARACTERS: usize = 10_000;

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
    blocks.extend(sections(message.notices));
    let key = format!("Message {}", message.key);
    blocks.push(json!({ "type": "context", "elements": [plain(&key, MOST_TEXT)] }));
    // What notifications show. It is read for mentions and links, which cannot be written without these three, and for
    // `*`, `_`, `~` and backticks unless that is turned off.
    json!({ "text": escaped(&title), "mrkdwn": false, "unfurl_links": false, "unfurl_media": false, "blocks": blocks })
}

/// As much as Slack takes: first the commands are left out, then the last notices, and either is said.
fn sections(notices: &[Notice]) -> Vec<Value> {
    let whole: Vec<Value> = notices.iter().map(|notice| section(&words::lines(notice).join("\n"))).collect();
    if whole.len() <= MOST_NOTICES && whole.iter().map(characters).sum::<usize>() <= MOST_CHARACTERS {
        return whole;
    }
    let mut room = MOST_CHARACTERS;
    let brief = notices.iter().map(|notice| section(&words::what(notice).join("\n")));
    let mut told: Vec<Value> = brief
        .take(MOST_NOTICES)
        .map_while(|block| {
            room = room.checked_sub(characters(&block))?;
            Some(block)
        })
        .collect();
    let what_to_do = "What to do about each is left out: gpucost advise";
    told.push(section(&match notices.len() - told.len() {
        0 => what_to_do.to_owned(),
        more => format!("and {more} more: gpucost alerts history\n{what_to_do}"),
    }));
    told
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": plain(text, MOST_TEXT) })
}

fn characters(block: &Value) -> usize {
    block.to_string().chars().count() + 1
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
    use jiff::Timestamp;

    use super::*;
    use crate::alerts::{Kind, Matter};

    fn notice(number: usize, name: &str, command: &str) -> Notice {
        Notice {
            key: format!("stopped-accruing:i-{number}#1:opened"),
            kind: Kind::Opened,
            about: format!("stopped-accruing:i-{number}"),
            matter: Matter {
                title: "Stopped for 14 days".to_owned(),
                resource: format!("i-{number}"),
                name: name.to_owned(),
                command: command.to_owned(),
                ..Matter::default()
            },
            cost: "$18.96".to_owned(),
            least_usd: None,
            most_usd: None,
            cost_note: String::new(),
            per_month: "$40.00".to_owned(),
            saving_per_month: String::new(),
            last_seen: Timestamp::UNIX_EPOCH,
        }
    }

    fn blocks(notices: &[Notice]) -> (Vec<String>, usize) {
        let body = body(&Message { key: "0123456789abcdef0123456789abcdef", notices, made_at: Timestamp::UNIX_EPOCH });
        let blocks = body["blocks"].as_array().unwrap();
        let texts = blocks.iter().filter_map(|block| block["text"]["text"].as_str()).map(str::to_owned).collect();
        (texts, body["blocks"].to_string().chars().count())
    }

    #[test]
    fn a_message_is_never_longer_than_slack_takes_and_says_what_it_leaves_out() {
        let few: Vec<_> = (0..3).map(|n| notice(n, "trainer", "aws ec2 stop-instances")).collect();
        let (texts, _) = blocks(&few);
        assert_eq!((texts.len(), texts.iter().filter(|text| text.contains("do: aws ec2 stop")).count()), (4, 3));
        // The commands go first.
        let command = format!("aws ec2 {}", "x".repeat(600));
        let many: Vec<_> = (0..30).map(|n| notice(n, "trainer", &command)).collect();
        let (texts, size) = blocks(&many);
        assert!(size <= 12_000 && texts.len() == 32 && !texts.concat().contains("do: aws"), "{size}: {texts:?}");
        assert!(texts[31].contains("What to do about each is left out"), "{texts:?}");
        // Then the last of them; each character of a hostile name is five.
        for name in ["&".repeat(300), "\u{e9}".repeat(300), "\\\"".repeat(150), "\u{1b}".repeat(300)] {
            for count in [40, 41, 500] {
                let (texts, size) = blocks(&(0..count).map(|n| notice(n, &name, &command)).collect::<Vec<_>>());
                assert!(size <= 12_000, "{count}: {size}");
                let told = texts.len() - 2;
                let more = format!("and {} more: gpucost alerts history", count - told);
                assert!(told > 0 && texts.last().unwrap().contains(&more), "{count}: {more}: {:?}", texts.last());
            }
        }
        // One that fills a message by itself is cut, not left out.
        let (texts, size) = blocks(&[notice(1, &"&".repeat(300), &"&".repeat(5000))]);
        assert!(size <= 12_000 && texts[1].contains("Stopped for 14 days"), "{size}: {texts:?}");
    }

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
