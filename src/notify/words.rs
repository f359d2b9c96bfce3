//! A digest in words, for every channel that takes text.

use crate::alerts::{Kind, Measure, Notice};
use crate::render::untrusted::visible;

/// Names longer than this are cut: AWS allows 256 characters, other writers any number.
const LONGEST: usize = 300;

/// One line: what, and the dollars.
pub fn headline(notices: &[Notice]) -> String {
    if let [one] = notices {
        // The dollars come first: what is long is cut at its end.
        let cost = match (&one.kind, cost(one)) {
            (Kind::Budget { .. }, _) => String::new(),
            (_, cost) if cost.is_empty() => cost,
            (_, cost) => format!("{cost}: "),
        };
        return format!("gpucost: {cost}{}: {}", subject(one), short(&one.matter.title));
    }
    let words = ["new", "escalated", "budget", "reminder", "resolved"];
    let counts: Vec<String> = words
        .iter()
        .filter_map(|word| match notices.iter().filter(|notice| notice.kind.word() == *word).count() {
            0 => None,
            count => Some(format!("{count} {word}")),
        })
        .collect();
    format!("gpucost: {}{}", counts.join(", "), largest(notices))
}

/// `, the largest $18.96`; what nobody can price is not $0. A budget is no cost: its spend is told where nothing else is.
fn largest(notices: &[Notice]) -> String {
    let costs = notices.iter().filter(|notice| !matches!(notice.kind, Kind::Budget { .. }));
    let (known, unknown): (Vec<_>, Vec<_>) =
        costs.filter(|notice| !notice.cost.is_empty()).partition(|notice| notice.least_usd.is_some());
    match (known.iter().filter_map(|notice| notice.least_usd).max(), unknown.is_empty()) {
        (Some(largest), true) => format!(", the largest {largest}"),
        (Some(largest), false) => format!(", the largest known {largest}"),
        (None, false) => ", at unknown cost".to_owned(),
        (None, true) => largest_spend(notices),
    }
}

/// `, the largest $900.00 spent`; what is only forecast is not called spent.
fn largest_spend(notices: &[Notice]) -> String {
    let largest = |of: Measure| {
        let of_it = |notice: &&Notice| matches!(notice.kind, Kind::Budget { measure, .. } if measure == of);
        notices.iter().filter(of_it).filter_map(|notice| notice.least_usd).max()
    };
    match (largest(Measure::Actual), largest(Measure::Forecast)) {
        (Some(spent), _) => format!(", the largest {spent} spent"),
        (None, Some(forecast)) => format!(", the largest {forecast} forecast"),
        (None, None) => String::new(),
    }
}

fn subject(notice: &Notice) -> String {
    let resource = if notice.matter.resource.is_empty() { &notice.about } else { &notice.matter.resource };
    match notice.matter.name.as_str() {
        "" => short(resource),
        name => format!("{} ({})", short(resource), short(name)),
    }
}

/// `$12.30 so far, $40.00 a month, saves $15.00–$40.00 a month`, `$55.10 in all`.
fn cost(notice: &Notice) -> String {
    let span = if notice.kind == Kind::Resolved { "in all" } else { "so far" };
    let said = |text: &str, words: &str| (!text.is_empty()).then(|| words.replace("{}", text));
    let parts = [
        said(&notice.cost, &format!("{{}} {span}")),
        said(&notice.per_month, "{} a month"),
        said(&notice.saving_per_month, "saves {} a month"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// What happened, of what age or sum.
fn transition(kind: &Kind) -> String {
    match kind {
        Kind::Opened => "NEW".to_owned(),
        Kind::AgeStep { days } => format!("ESCALATED, {days} days"),
        Kind::DollarStep { usd } => format!("ESCALATED, ${usd}"),
        Kind::Reminder { number } => format!("REMINDER {number}"),
        Kind::Resolved => "RESOLVED".to_owned(),
        Kind::Budget { measure, percent } => format!("BUDGET, {} {percent} %", measure.name()),
    }
}

/// The lines on one notice, the first of them its heading, the last what to do, if there is anything.
pub(super) fn lines(notice: &Notice) -> Vec<String> {
    let mut lines = what(notice);
    if !notice.matter.command.is_empty() {
        lines.push(format!("do: {}", visible(&notice.matter.command)));
    }
    lines
}

/// Without what to do.
pub(super) fn what(notice: &Notice) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", transition(&notice.kind), subject(notice)), short(&notice.matter.title)];
    let cost = cost(notice);
    if !matches!(notice.kind, Kind::Budget { .. }) && !cost.is_empty() {
        lines.push(cost);
    }
    if !notice.cost_note.is_empty() {
        lines.push(short(&notice.cost_note));
    }
    let place = [notice.matter.region.as_str(), notice.matter.account.as_str()];
    let place: Vec<String> = place.into_iter().filter(|part| !part.is_empty()).map(short).collect();
    let seen = notice.last_seen.strftime("%Y-%m-%d %H:%M UTC");
    lines.push(if place.is_empty() {
        format!("as of {seen}")
    } else {
        format!("{}, as of {seen}", place.join(", account "))
    });
    lines
}

/// The whole digest as plain text.
pub fn text(key: &str, notices: &[Notice]) -> String {
    let mut text = format!("{}\n", headline(notices));
    for notice in notices {
        text.push('\n');
        for (at, line) in lines(notice).iter().enumerate() {
            text.push_str(&format!("{}{line}\n", if at == 0 { "" } else { "  " }));
        }
    }
    text.push_str(&format!(
        "\nMessage {key}. Ways out: gpucost advise. Silence one: gpucost advise --snooze ID --until DATE\n"
    ));
    text
}

/// Without what a terminal or a reader of mail would obey, and not longer than anyone reads.
pub(super) fn short(text: &str) -> String {
    let cut: String = text.chars().take(LONGEST).collect();
    let ellipsis = if cut.len() < text.len() { "…" } else { "" };
    format!("{}{ellipsis}", visible(&cut))
}
