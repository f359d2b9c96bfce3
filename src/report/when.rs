//! Buy now or wait, arranged: the advice in a sentence, its figures, the days behind it, and the chart.

use rust_decimal::Decimal;

use crate::break_even::Question;
use crate::break_even::online::{Followed, Outlook, Rule, Step, Threshold};
use crate::money::Usd;
use crate::report::chart::{Chart, CostLine, Crossing, CumulativeCost};
use crate::report::table::{Cell, Column, Table};

/// A rule followed through a history, with what is needed to say so.
#[derive(Clone, Debug)]
pub struct When<'a> {
    pub question: &'a Question,
    pub rule: Rule,
    pub how: How,
    pub threshold: Threshold,
    /// With [`When::threshold`].
    pub followed: Followed,
    pub outlook: Option<Outlook>,
    /// Of the random rule over the same history.
    pub expected: Option<Usd>,
    /// A commitment for a term is what is bought, not a machine.
    pub is_commitment: bool,
}

/// Which rule is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    Certain,
    Drawn { seed: u64 },
    Forecast { hours_per_day: Decimal, trust: Decimal },
}

impl When<'_> {
    /// "never worse than 1.94× the best in hindsight, whatever comes"
    fn promise(&self) -> String {
        match self.how {
            How::Certain => match self.rule.guarantee() {
                Some(ratio) => format!("never worse than {}× the best in hindsight, whatever comes", two_up(ratio)),
                None => "no ratio can be computed".to_owned(),
            },
            How::Drawn { .. } => match self.rule.guarantee_expected() {
                Some(ratio) => {
                    format!("on average over the draws never worse than {}× the best in hindsight", two_up(ratio))
                }
                None => "no ratio can be computed".to_owned(),
            },
            How::Forecast { trust, .. } => match self.rule.guarantee_with(trust) {
                Ok((right, whatever)) => format!(
                    "never worse than {}× the best in hindsight if the forecast is right, and {}× whatever comes",
                    two_up(right),
                    two_up(whatever)
                ),
                Err(_) => "no ratio can be computed".to_owned(),
            },
        }
    }

    fn last(&self) -> Option<&Step> {
        self.followed.last()
    }
}

/// Rounded up: a promise is not rounded in its own favor.
fn two_up(ratio: Decimal) -> String {
    Cell::number((ratio * Decimal::ONE_HUNDRED).ceil() / Decimal::ONE_HUNDRED, 2).shown
}

/// The advice in one sentence or two.
pub fn when_sentence(when: &When<'_>) -> String {
    let (own, rent) = (&when.question.owning.name, &when.question.renting.name);
    let at_once = when.rule.at_once();
    let promise = when.promise();
    match (when.followed.purchase, when.threshold, when.last()) {
        (Some(at), ..) => format!(
            "Buy: {own} has been worth buying since {}, when the rent of {rent} had come to {}; buying then is {promise}.",
            at.date, at.rent
        ),
        (None, Threshold::Never, _) => {
            let why = if when.rule.never_saves() { "an hour of it saves nothing" } else { "this draw never buys" };
            format!("Rent: {own} is never bought: {why}.")
        }
        (None, Threshold::Saved(threshold), last) => {
            let saved = last.map_or(Usd::ZERO, |step| step.saved);
            let of_price = if threshold == at_once { "it costs" } else { "at which to buy" };
            let pace = match &when.outlook {
                Some(Outlook { date: Some(date), .. }) => format!("at the recent pace that is met on {date}"),
                Some(_) => "at the recent pace that is met after the year 9999".to_owned(),
                None => "at the recent pace that is never met".to_owned(),
            };
            format!(
                "Wait: {own} would have saved {saved} of the {threshold} {of_price}; {pace}. Waiting until then is {promise}."
            )
        }
    }
}

/// The advice and its figures.
pub fn when_table(when: &When<'_>) -> Table {
    let columns = vec![Column::left("result", "Result"), Column::right("value", "Value"), Column::left("how", "How")];
    let mut table = Table::new("buy_now_or_wait", when_sentence(when), columns);
    advice_rows(&mut table, when);
    threshold_rows(&mut table, when);
    history_rows(&mut table, when);
    table.notes = notes(when);
    table
}

fn row(table: &mut Table, (key, label): (&str, &str), value: Cell, how: impl Into<String>) {
    table.push(vec![Cell::new(label, key), value, Cell::text(how)]);
}

fn advice_rows(table: &mut Table, when: &When<'_>) {
    let advice = match (when.followed.purchase, when.threshold) {
        (Some(_), _) => "buy",
        (None, Threshold::Saved(_)) => "wait",
        (None, Threshold::Never) => "rent",
    };
    let days = when.followed.steps.len();
    row(table, ("advice", "advice"), Cell::text(advice), format!("from {days} days, each by the days before it"));
    let ratio = |ratio: Option<Decimal>| match ratio {
        Some(ratio) => Cell::number(ratio, 4),
        None => Cell::missing("unknown"),
    };
    row(table, ("guarantee", "guarantee"), ratio(when.rule.guarantee()), "times the best in hindsight: 2 − α");
    let how = "in expectation, the threshold drawn: e/(e − 1 + α)";
    row(table, ("guarantee_expected", "drawn at random"), ratio(when.rule.guarantee_expected()), how);
    if let How::Forecast { trust, .. } = when.how {
        let both = when.rule.guarantee_with(trust).ok();
        let how = "if the forecast is right: 1 + λ(1 − α)";
        row(table, ("guarantee_if_right", "forecast right"), ratio(both.map(|both| both.0)), how);
        let how = "whatever comes: 1 + (1 − α)/λ";
        row(table, ("guarantee_whatever", "forecast wrong"), ratio(both.map(|both| both.1)), how);
    }
    let how = "α: what running it costs of each dollar of rent";
    row(table, ("running_share", "running share"), ratio(when.rule.running_share()), how);
}

fn threshold_rows(table: &mut Table, when: &When<'_>) {
    let at_once = if when.is_commitment { "the fee and every hour of the term" } else { "the price less the resale" };
    row(table, ("at_once_usd", "to make up"), Cell::cost(when.rule.at_once()), at_once);
    let saved = match when.threshold {
        Threshold::Saved(saved) => Cell::cost(saved),
        Threshold::Never => Cell::missing("never"),
    };
    row(table, ("threshold_saved_usd", "buy when it saved"), saved, "what owning would have saved");
    if let (How::Certain, Some(rent)) = (when.how, when.rule.threshold_rent()) {
        row(table, ("threshold_rent_usd", "that is in rent"), Cell::cost(rent), "the same, as rent paid");
    }
    let saved = when.last().map_or(Usd::ZERO, |step| step.saved);
    row(table, ("saved_usd", "it would have saved"), Cell::cost(saved), "so far, had it been there from the first day");
    if let Some(at) = when.followed.purchase {
        row(table, ("bought_on", "met on"), Cell::text(at.date.to_string()), format!("after {} of rent", at.rent));
    }
    if let Some(outlook) = &when.outlook {
        let pace = format!("at {} h a day, as in the last {} days", hours(outlook.hours_per_day), outlook.recent_days);
        row(table, ("rent_left_usd", "rent left to it"), Cell::cost(outlook.rent_left), pace.as_str());
        row(table, ("hours_left", "hours left to it"), Cell::number(outlook.hours_left, 1), pace.as_str());
        let date = outlook.date.map_or_else(|| Cell::missing("after year 9999"), |date| Cell::text(date.to_string()));
        row(table, ("threshold_date", "met on"), date, pace);
    }
}

fn hours(hours: Decimal) -> String {
    Cell::number(hours, 2).shown
}

fn history_rows(table: &mut Table, when: &When<'_>) {
    let Some(last) = when.last() else { return };
    row(table, ("rent_usd", "renting all along"), Cell::cost(last.rent), format!("to the end of {}", last.date));
    row(table, ("rule_usd", "following the rule"), Cell::cost(last.rule), "the purchase included, once made");
    row(
        table,
        ("best_usd", "best in hindsight"),
        Cell::cost(last.best),
        "renting all along, or bought on the first day",
    );
    let regret = |cost: Usd| cost.checked_add(-last.best).map_or_else(|| Cell::missing("out of range"), Cell::cost);
    row(table, ("regret_usd", "regret, renting"), regret(last.rent), "renting all along over the best");
    row(table, ("regret_rule_usd", "regret, the rule"), regret(last.rule), "following the rule over the best");
    if let Some(expected) = when.expected {
        row(table, ("expected_usd", "rule drawn at random"), Cell::cost(expected), "in expectation, not this draw");
    }
}

fn notes(when: &When<'_>) -> Vec<String> {
    let rates = "assumed: rates are what they are now on every day of the history".to_owned();
    if when.is_commitment {
        let term = when.question.terms.horizon.value;
        let owed =
            "all of the term is owed from its first day, used or not, so an hour of it saves its whole rent".to_owned();
        let history =
            format!("only the last {term} count: what is bought now ends after that, and a new decision begins");
        return vec![owed, history, rates];
    }
    let resale = when.question.owning.resale.value;
    let sure = if resale.is_zero() { "no resale is sure".to_owned() } else { format!("a resale of {resale} is sure") };
    let mut notes = vec![format!("assumed: {sure}")];
    if when.question.owning.electricity.is_none() {
        notes.push("assumed: electricity is left out, so an hour of one's own costs nothing".to_owned());
    }
    notes.push(rates);
    match when.how {
        How::Certain => {}
        How::Drawn { seed } => notes.push(format!("the threshold was drawn with seed {seed}")),
        How::Forecast { hours_per_day, trust } => notes.push(format!(
            "forecast: {} h a day over {}, trust λ = {trust} (towards 0 is more trust)",
            hours(hours_per_day),
            when.question.terms.horizon.value
        )),
    }
    notes
}

/// Every day behind the advice.
pub fn when_days_table(when: &When<'_>) -> Table {
    let columns = vec![
        Column::left("date", "Date"),
        Column::right("hours", "Hours"),
        Column::right("rent_usd", "Rent"),
        Column::right("saved_usd", "Would have saved"),
        Column::right("rule_usd", "The rule"),
        Column::right("best_usd", "Best in hindsight"),
    ];
    let mut table = Table::new("buy_now_or_wait_days", "Dollars so far, at each day's end", columns);
    for step in &when.followed.steps {
        table.push(vec![
            Cell::text(step.date.to_string()),
            Cell::number(step.hours, 2),
            Cell::cost(step.rent),
            Cell::cost(step.saved),
            Cell::cost(step.rule),
            Cell::cost(step.best),
        ]);
    }
    table
}

/// What owning would have saved against what it has to make up; the rule's cost and the best in hindsight beside.
pub fn when_chart(when: &When<'_>) -> Chart {
    let title = match (when.followed.purchase, when.threshold) {
        (Some(at), _) => format!("{} was worth buying on {}", capital(&when.question.owning.name), at.date),
        (None, Threshold::Never) => "Renting stays the better choice".to_owned(),
        (None, Threshold::Saved(_)) => format!("Not yet: {} has not made up for its price", when.question.owning.name),
    };
    let Some(first) = when.followed.steps.first() else {
        return Chart::Empty { title, why: "there is no day in the history".to_owned() };
    };
    let day = |n: usize| Decimal::from(n);
    let line = |name: &str, of: fn(&Step) -> Usd| {
        let days = when.followed.steps.iter().enumerate().map(|(n, step)| (day(n + 1), of(step)));
        CostLine { name: name.to_owned(), points: std::iter::once((Decimal::ZERO, Usd::ZERO)).chain(days).collect() }
    };
    let mut lines = vec![
        line("owning would have saved", |step| step.saved),
        line("following the rule", |step| step.rule),
        line("best in hindsight", |step| step.best),
    ];
    if let Threshold::Saved(threshold) = when.threshold {
        let ends = [Decimal::ZERO, day(when.followed.steps.len())];
        let points = ends.into_iter().map(|at| (at, threshold)).collect();
        lines.push(CostLine { name: "threshold: buy when saved".to_owned(), points });
    }
    Chart::CumulativeCost(CumulativeCost {
        title,
        subtitle: format!("{} against {}; {}", when.question.owning.name, when.question.renting.name, when.promise()),
        x_label: format!("days since {}", first.date),
        y_label: "US dollars so far".to_owned(),
        start: Some(first.date),
        lines,
        crossing: crossing(when),
    })
}

/// As a sentence begins.
fn capital(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn crossing(when: &When<'_>) -> Option<Crossing> {
    let (at, Threshold::Saved(threshold)) = (when.followed.purchase?, when.threshold) else { return None };
    let place = when.followed.steps.iter().position(|step| step.date == at.date)?;
    let after = when.followed.steps.get(place)?.saved.amount();
    let before = place.checked_sub(1).and_then(|place| when.followed.steps.get(place));
    let before = before.map_or(Decimal::ZERO, |step| step.saved.amount());
    let part = (threshold.amount() - before).checked_div(after - before).unwrap_or(Decimal::ZERO);
    let label = format!("buy: {}, after {} of rent", at.date, at.rent);
    Some(Crossing { days: Decimal::from(place) + part.clamp(Decimal::ZERO, Decimal::ONE), cost: threshold, label })
}
