//! What a history says about owning, arranged: machines that instances could share, the last months, and hindsight.

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::break_even::history::{
    GROWTH_MONTHS, Hindsight, Load, Pattern, Plan, SEASON_MONTHS, Shared, Spread, Trailing, WEEKDAY_WEEKS,
};
use crate::break_even::{Answer, BreakEven, Question, Verdict};
use crate::money::Usd;
use crate::report::break_even::assumptions;
use crate::report::table::{Cell, Column, Table};
use crate::time::utc_date;

/// All that is said of one history.
#[derive(Clone, Debug)]
pub struct History<'a> {
    /// Of one instance; its hours are those of the first machine.
    pub question: &'a Question,
    pub instances: usize,
    pub load: &'a Load,
    pub shared: Shared,
    pub trailing: Vec<(Trailing, Answer)>,
    pub pattern: Pattern,
    pub hindsight: Vec<Hindsight>,
}

fn missing_if_none(cell: Option<Cell>) -> Cell {
    cell.unwrap_or_else(|| Cell::missing("-"))
}

fn out_of_range() -> Cell {
    Cell::missing("out of range")
}

/// "Hybrid: over 3 years, one machine and rent for the rest costs $1,200.00 less than renting all."
pub fn plans_sentence(question: &Question, instances: usize, shared: &Shared) -> String {
    let Shared { parts, machines, plans, .. } = shared;
    let (own, span) = (&question.owning.name, question.terms.horizon.value);
    let cost = |place: usize| plans.get(place).and_then(Plan::cost);
    let saved = |of: Option<Usd>| of.zip(cost(*machines)).and_then(|(all, best)| all.checked_add(-best));
    let than = |saved: Option<Usd>| saved.map_or_else(|| "less".to_owned(), |usd| format!("{usd} less"));
    let less = than(saved(cost(0)));
    let of_all = match instances {
        1 => "it".to_owned(),
        2 => "both".to_owned(),
        several => format!("all {several} of them"),
    };
    match (*machines, parts.len()) {
        (0, _) => {
            let more = than(saved(cost(1)));
            format!("Rent: over {span}, renting {of_all} costs {more} than owning {own}.")
        }
        (bought, enough) if bought == enough => {
            let what = if bought == 1 { own.clone() } else { format!("{bought} × {own}") };
            format!("Own: over {span}, {what} costs {less} than renting {of_all}.")
        }
        (bought, _) => {
            let what = if bought == 1 { own.clone() } else { format!("{bought} × {own}") };
            let without = than(saved(cost(parts.len())));
            format!(
                "Hybrid: over {span}, {what} and rent for the rest costs {less} than renting {of_all}, and {without} than \
                 owning enough for every hour."
            )
        }
    }
}

/// What each further machine would serve, and what it all costs with it, with what that rests on.
pub fn shared_table(history: &History<'_>) -> Table {
    let mut table = plans_table(history.question, history.instances, &history.shared);
    table.notes = shared_notes(history);
    table
}

/// The same without its notes.
pub fn plans_table(question: &Question, instances: usize, shared: &Shared) -> Table {
    let columns = vec![
        Column::right("machines", "Machines"),
        Column::right("hours_per_day", "It serves h/day"),
        Column::right("utilization", "Used"),
        Column::right("saves_usd", "It saves"),
        Column::right("owned_usd", "Owning"),
        Column::right("rented_usd", "Renting the rest"),
        Column::right("total_usd", "Together"),
    ];
    let mut table = Table::new("shared_machines", plans_sentence(question, instances, shared), columns);
    for plan in &shared.plans {
        let part = plan.machines.checked_sub(1).and_then(|place| shared.parts.get(place));
        table.push(vec![
            Cell::text(plan.machines.to_string()),
            missing_if_none(part.map(|part| Cell::number(part.hours_per_day, 2))),
            missing_if_none(part.map(|part| percent(part.utilization))),
            missing_if_none(part.map(|part| Cell::cost(part.answer.npv))),
            Cell::cost(plan.owned),
            Cell::cost(plan.rented),
            plan.cost().map_or_else(out_of_range, Cell::cost),
        ]);
    }
    table
}

fn shared_notes(history: &History<'_>) -> Vec<String> {
    let load = history.load;
    let window = load.window();
    let mut notes = vec![format!(
        "{} h of {} from {} to {}: at most {} at once, {} h with anything running",
        number(load.hours(), 2),
        history.question.renting.name,
        utc_date(window.start),
        utc_date(window.end),
        number(load.peak(), 2),
        number(load.busy_hours(), 2),
    )];
    if history.shared.parts.len() > 1 {
        notes.push(
            "assumed: a machine serves what runs at once up to its speed over the instance's; what it cannot serve is \
             rented, at the same rates"
                .to_owned(),
        );
    }
    if history.instances > 1 {
        notes.push("assumed: what runs there fits one machine's memory together".to_owned());
    }
    notes.extend(assumptions(history.question).into_iter().map(|said| format!("assumed: {said}")));
    let span = history.question.terms.horizon.value;
    if load.days() < Decimal::from(28) {
        notes.push(format!(
            "the ledger has only {} days of it: less than a month says little of the next {span}",
            number(load.days(), 1)
        ));
    }
    notes
}

fn percent(share: Decimal) -> Cell {
    let percent = Cell::number(share * Decimal::ONE_HUNDRED, 1).shown;
    Cell::new(format!("{percent}%"), Cell::number(share, 6).exact.unwrap_or_default())
}

fn number(amount: Decimal, decimals: u32) -> String {
    Cell::number(amount, decimals).shown
}

/// What the first machine would have done in the last months, and how even they were.
pub fn trailing_table(history: &History<'_>) -> Table {
    let columns = vec![
        Column::right("months", "Last"),
        Column::left("from", "From").detail(),
        Column::right("hours_per_day", "h/day"),
        Column::right("least_per_day", "Least"),
        Column::right("median_per_day", "Median"),
        Column::right("most_per_day", "Most"),
        Column::right("hours", "Hours").detail(),
        Column::right("break_even_days", "Break-even days"),
        Column::right("npv_usd", "Owning saves"),
        Column::left("verdict", "Verdict"),
    ];
    let mut table = Table::new("trailing_months", "If the hours to come were those of the last months", columns);
    for (trailing, answer) in &history.trailing {
        let spread =
            |of: fn(Spread) -> Decimal| missing_if_none(trailing.spread.map(|spread| Cell::number(of(spread), 2)));
        let unit = if trailing.months == 1 { "month" } else { "months" };
        table.push(vec![
            Cell::new(format!("{} {unit}", trailing.months), trailing.months.to_string()),
            Cell::text(utc_date(trailing.window.start).to_string()),
            Cell::number(trailing.hours_per_day, 2),
            spread(|spread| spread.least),
            spread(|spread| spread.median),
            spread(|spread| spread.most),
            Cell::number(trailing.hours, 2),
            answer.break_even.reached().map_or_else(|| Cell::missing("never"), |at| Cell::number(at.days, 1)),
            Cell::cost(answer.npv),
            Cell::text(verdict(answer.verdict)),
        ]);
    }
    table.notes = trailing_notes(history);
    table
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Rent => "rent",
        Verdict::Own => "own",
        Verdict::Same => "same",
    }
}

fn trailing_notes(history: &History<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    for (trailing, _) in history.trailing.iter().filter(|(trailing, _)| trailing.is_short) {
        let days = Decimal::from(trailing.window.seconds()) / Decimal::from(86_400);
        notes.push(format!(
            "last {} months: the ledger has only {} days of them, and the verdict rests on those",
            trailing.months,
            number(days, 1)
        ));
    }
    if history.trailing.iter().any(|(trailing, _)| trailing.spread.is_some()) {
        notes.push("least, median and most are of whole months counted back, of weeks for one month".to_owned());
    }
    notes.extend(pattern_notes(&history.pattern));
    notes
}

fn pattern_notes(pattern: &Pattern) -> [String; 3] {
    let growth = match pattern.growth {
        Some(growth) => {
            let slope = growth.hours_per_day_each_month;
            let sign = if slope > Decimal::ZERO { "+" } else { "" };
            format!("growth: {sign}{} h a day each month, the median over {} months", number(slope, 2), growth.months)
        }
        None => {
            format!("growth: not known before there are {GROWTH_MONTHS} whole months; there are {}", pattern.months)
        }
    };
    let week = match pattern.weekdays_and_weekends {
        Some((weekdays, weekends)) => {
            format!(
                "week: {} h on a weekday, {} h on a day of the weekend (UTC)",
                number(weekdays, 2),
                number(weekends, 2)
            )
        }
        None => format!("week: not known before there are {WEEKDAY_WEEKS} whole weeks"),
    };
    let season = match pattern.season {
        Some((least, most)) => {
            format!("season: a month of the year has between {} and {} × the mean", number(least, 2), number(most, 2))
        }
        None => {
            format!("season: not known before there are {SEASON_MONTHS} whole months; there are {}", pattern.months)
        }
    };
    [growth, week, season]
}

/// Purchases in the past, judged now.
pub fn hindsight_table(history: &History<'_>) -> Table {
    let columns = vec![
        Column::left("bought_on", "Bought on"),
        Column::right("months_ago", "Months ago"),
        Column::right("hours_per_day", "h/day since"),
        Column::right("rent_usd", "Rent since"),
        Column::right("own_usd", "Owning since"),
        Column::right("saved_usd", "Owning saved"),
        Column::left("paid_off_on", "Pays for itself"),
    ];
    let mut table = Table::new("hindsight", "Had the machine been bought then", columns);
    for at in &history.hindsight {
        table.push(vec![
            Cell::text(at.bought_on.to_string()),
            at.months_ago.map_or_else(|| Cell::missing("first day"), |months| Cell::text(months.to_string())),
            Cell::number(at.hours_per_day, 2),
            Cell::cost(at.since.rent),
            Cell::cost(at.since.own),
            Cell::cost(at.saved),
            paid_off(&at.answer),
        ]);
    }
    table.notes.push("assumed: the machine's price and the rates were what they are now".to_owned());
    if history.question.owning.resale.value.is_zero() {
        table.notes.push("assumed: sold today, it would bring nothing".to_owned());
    } else {
        table.notes.push("owning since counts the resale as if it were sold today".to_owned());
    }
    table
}

fn paid_off(answer: &Answer) -> Cell {
    match answer.break_even {
        BreakEven::Never(_) => Cell::missing("never"),
        BreakEven::After(reached) => {
            let date = |date: Date| Cell::text(date.to_string());
            reached.date.map_or_else(|| Cell::missing("after year 9999"), date)
        }
    }
}
