//! Budgets: of a month, and of each instance in it.

use std::collections::BTreeSet;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::notice::{Kind, Matter, Measure, Notice};
use crate::advice::Dollars;
use crate::money::Usd;
use crate::time::Month;

/// At which shares of a budget one is told.
const PERCENTS: [u32; 3] = [50, 80, 100];

/// What may be spent in a calendar month.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Budgets {
    pub month: Option<Usd>,
    /// For each instance with its volumes and addresses.
    pub instance: Option<Usd>,
}

/// Whose spend it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpendOf {
    Month,
    Instance { id: String, name: String, account: String, region: String },
}

/// What was spent in a month up to `until`, and what it will be at its end if things go on as they were then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spend {
    pub of: SpendOf,
    pub month: Month,
    pub until: Timestamp,
    pub actual: Dollars,
    pub forecast: Dollars,
}

/// What to tell of budgets. `told` holds the keys of all notices so far; of several shares passed at once the highest is
/// told, and none twice. A budget that was changed is another: its shares are told anew.
pub fn crossings(spends: &[Spend], budgets: &Budgets, told: &BTreeSet<String>) -> Vec<Notice> {
    let mut notices = Vec::new();
    for spend in spends {
        let budget = match spend.of {
            SpendOf::Month => budgets.month,
            SpendOf::Instance { .. } => budgets.instance,
        };
        let Some(budget) = budget.filter(|budget| !budget.is_zero() && !budget.is_negative()) else { continue };
        for measure in [Measure::Actual, Measure::Forecast] {
            notices.extend(crossing(spend, budget, measure, told));
        }
    }
    notices
}

fn crossing(spend: &Spend, budget: Usd, measure: Measure, told: &BTreeSet<String>) -> Option<Notice> {
    let dollars = match measure {
        Measure::Actual => &spend.actual,
        Measure::Forecast => &spend.forecast,
    };
    // What is only possible crosses nothing: an alert that may be wrong is not sent as one that is right.
    let least = dollars.least()?;
    let share = |percent: u32| budget.scaled(Decimal::from(percent), Decimal::ONE_HUNDRED);
    let passed = |percent: &u32| share(*percent).is_some_and(|line| least >= line);
    let percent = PERCENTS.iter().rev().copied().find(|percent| passed(percent))?;
    let about = about(spend);
    let key = |percent: u32| format!("{about}:{}-of-{}", Kind::Budget { measure, percent }.key(), budget.exact());
    if PERCENTS.iter().any(|at| *at >= percent && told.contains(&key(*at))) {
        return None;
    }
    let what = match measure {
        Measure::Actual => format!("{dollars} spent"),
        Measure::Forecast => format!("{dollars} forecast"),
    };
    let (resource, name, account, region) = match &spend.of {
        SpendOf::Month => Default::default(),
        SpendOf::Instance { id, name, account, region } => (id.clone(), name.clone(), account.clone(), region.clone()),
    };
    let subject = if resource.is_empty() { String::new() } else { format!(" of {resource}") };
    Some(Notice {
        key: key(percent),
        kind: Kind::Budget { measure, percent },
        about: about.clone(),
        matter: Matter {
            rule: "budget".to_owned(),
            title: format!("{percent} % of the {budget} budget{subject} for {}: {what}", spend.month),
            resource,
            name,
            account,
            region,
            command: String::new(),
        },
        cost: dollars.to_string(),
        least_usd: dollars.least(),
        most_usd: dollars.most(),
        cost_note: dollars.why_unknown().unwrap_or_default().to_owned(),
        per_month: String::new(),
        saving_per_month: String::new(),
        last_seen: spend.until,
    })
}

/// `budget:2026-10`, `budget:2026-10:i-1`.
fn about(spend: &Spend) -> String {
    match &spend.of {
        SpendOf::Month => format!("budget:{}", spend.month),
        SpendOf::Instance { id, .. } => format!("budget:{}:{id}", spend.month),
    }
}
