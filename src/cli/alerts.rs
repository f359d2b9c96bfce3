//! `gpucost alerts`: what is new, worse or over, told once to each channel.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp, ToSpan};

use super::advise;
use super::alerts_config::{AlertsConfig, TERMINAL, is_nothing};
use super::args::{AlertsArgs, AlertsCommand, AlertsHistoryArgs, AlertsRunArgs, AlertsTestArgs};
use super::error::{Exit, Failure};
use super::ledger::{load, load_activity};
use super::pages::Pages;
use super::request::Request;
use super::show;
use crate::advice::{Dollars, unjudged};
use crate::alerts::{
    Budgets, Decision, Kind, Look, Looks, Matter, Notice, Spend, SpendOf, crossings, decide, ends, evidence,
};
use crate::money::Usd;
use crate::notify::{Channel, Fault, Message};
use crate::report::alerts::{Delivery, Past, deliveries_table, history_table, notices_table, open_table};
use crate::report::watch::{Ledgers, Owner, Sum, Watched};
use crate::store::{Digest, Store};
use crate::time::Month;

/// What saves less a month is not worth a message, unless it is said otherwise.
const USUAL_MIN_USD: Usd = Usd::ONE;
/// A run that comes later has not just missed the month's end.
const LAST_MONTH_COUNTS: SignedDuration = SignedDuration::from_hours(3 * 24);

pub fn run(args: &AlertsArgs, request: &Request) -> Result<Exit, Failure> {
    match &args.command {
        AlertsCommand::Run(args) => {
            let mut pages = Pages::new(request);
            let ended = alert(args, request, &mut pages);
            pages.close(ended)
        }
        AlertsCommand::Test(args) => test(args, request),
        AlertsCommand::List => list(request),
        AlertsCommand::History(args) => history(args, request),
    }
}

/// After `gpucost track`, if the config file has channels and does not say otherwise: on the same pages.
pub fn after_track(request: &Request, pages: &mut Pages<'_>) -> Result<Exit, Failure> {
    let config = &request.alerts;
    if config.channels.is_empty() || config.after_track == Some(false) {
        return Ok(Exit::Ok);
    }
    // What was seen just now was seen after the command began.
    alert(&AlertsRunArgs::default(), &Request { now: Timestamp::now(), ..request.clone() }, pages)
}

fn alert(args: &AlertsRunArgs, request: &Request, pages: &mut Pages<'_>) -> Result<Exit, Failure> {
    let config = &request.alerts;
    config.check()?;
    let (budgets, min_usd) = (budgets(args, config)?, min_usd(args, config)?);
    let wanted = if args.channels.is_empty() { config.names() } else { args.channels.clone() };
    // A channel that cannot be used is told of at once; the others go on.
    let mut failures: BTreeMap<&str, Failure> = BTreeMap::new();
    let mut channels: Vec<(&str, Option<Channel>)> = Vec::new();
    for name in &wanted {
        match config.channel(name) {
            Ok(channel) => channels.push((name, channel)),
            Err(failure) if failure.exit == Exit::WrongUsage => return Err(failure),
            Err(failure) => _ = failures.insert(name, failure),
        }
    }
    let mut store = Store::open(&request.ledger)?;
    let Some(_lock) = store.lock_alerts()? else {
        return Err(Failure::new("another `gpucost alerts run` is at work on this ledger")
            .hint("it tells what there is to tell; run again when it is done"));
    };
    let decision = decision(&store, &budgets, min_usd, request)?;
    let mut told = config.names();
    told.extend(wanted.iter().filter(|name| !config.names().contains(name)).cloned());
    store.record_decision(&decision, &told, request.now)?;
    let mut round = Round { shown: Vec::new(), deliveries: Vec::new() };
    for (name, channel) in &channels {
        round.tell(name, channel.as_ref(), &mut store, request)?;
    }
    for (name, failure) in &failures {
        failure.print();
        round.deliveries.push(Delivery {
            channel: (*name).to_owned(),
            notices: 0,
            failed: Some(failure.message.clone()),
        });
    }
    round.finish(&channels, &store, request.now, pages)?;
    let any_open = store.episodes()?.values().any(crate::alerts::Episode::is_open);
    Ok(match round.deliveries.iter().any(|delivery| delivery.failed.is_some()) {
        true => Exit::Partial,
        false if args.fail_on_findings && any_open => Exit::Findings,
        false => Exit::Ok,
    })
}

/// What the ledger and its past say, with what crosses a budget.
fn decision(store: &Store, budgets: &Budgets, min_usd: Usd, request: &Request) -> Result<Decision, Failure> {
    // First of all: a poll from here on is in the ledger below, perhaps, and not among the looks it is held against.
    let mut looks = looks(store, request)?;
    let mut ledger = load(request, None)?;
    load_activity(&mut ledger, request)?;
    let findings = advise::findings(&ledger, store, request)?;
    let small = |most: Option<Usd>| most.is_some_and(|most| most < min_usd);
    let too_small = findings.iter().filter(|finding| small(finding.saving_per_month.most())).map(|finding| &finding.id);
    let sifted = advise::sifted(findings.clone(), &ledger, store, request)?;
    let suppressed = sifted.suppressed.iter().map(|one| &one.finding.id);
    let silenced: BTreeSet<String> = too_small.chain(suppressed).cloned().collect();
    let past = store.episodes()?;
    let homeless = past.values().filter(|episode| episode.is_open() && episode.matter.account.is_empty());
    looks.owners = store.owners(homeless.map(|episode| episode.matter.resource.as_str()))?;
    let mut evidence = evidence(&past, &ledger, &looks, request.now);
    let open = past.values().filter(|episode| episode.is_open()).map(|episode| episode.finding.as_str());
    for unknown in unjudged(open, &ledger, request.card()?, request.thresholds, request.now) {
        evidence.remove(unknown);
    }
    let steps = request.alerts.steps();
    let ends = ends(&past, &ledger);
    let look = Look { findings: &findings, silenced: &silenced, evidence: &evidence, ends: &ends, steps: &steps };
    let mut decision = decide(&look, &past, request.now);
    if *budgets != Budgets::default() {
        let spends = spends(store, request)?;
        decision.notices.extend(crossings(&spends, budgets, &store.budget_keys()?));
    }
    Ok(decision)
}

/// Of the regions typed alone, as the ledger is loaded: what lies elsewhere was not looked for.
fn looks(store: &Store, request: &Request) -> Result<Looks, Failure> {
    let typed = &request.ledger_regions;
    let is_typed = |region: &String| typed.is_empty() || typed.contains(region);
    let mut places = store.places_polled()?;
    places.retain(|(_, region), _| is_typed(region));
    Ok(Looks { places, noted: store.noted(is_typed)?, ..Looks::default() })
}

/// Of this month, and in its first days of the one before: it may have ended since the last run.
fn spends(store: &Store, request: &Request) -> Result<Vec<Spend>, Failure> {
    let start = Month::of(request.now).period().start;
    let mut spends = spends_as_of(store, request, request.now)?;
    if request.now.duration_since(start) < LAST_MONTH_COUNTS
        && let Ok(last) = start.checked_sub(1.second())
    {
        let over = || Dollars::unknown("the month is over");
        let before = spends_as_of(store, request, last)?;
        spends.extend(before.into_iter().map(|spend| Spend { forecast: over(), ..spend }));
    }
    Ok(spends)
}

/// The dollars of the month of `now` up to then, of all and of each instance, by what is known by the time of the run.
fn spends_as_of(store: &Store, request: &Request, now: Timestamp) -> Result<Vec<Spend>, Failure> {
    let card = request.card()?;
    let month = Month::of(now);
    let ledgers = Ledgers::of(store.facts()?, store.metered(Some(month))?, request.now)?;
    let watched = Watched::new(&ledgers, card, Timestamp::MIN, Timestamp::MIN, now);
    // What is known stops at the last sight; the forecast goes on from there.
    let known: BTreeMap<Owner, Sum> =
        watched.read(card, Timestamp::MIN).rows.into_iter().map(|(owner, spent)| (owner, spent.month)).collect();
    let reading = watched.read(card, now);
    let until = ledgers.now.instances.values().map(|(_, seen)| seen.seen_at).max().unwrap_or(now).min(now);
    let mut spends = vec![Spend {
        of: SpendOf::Month,
        month,
        until,
        actual: known.values().fold(Dollars::ZERO, |sum, part| sum.plus(dollars(*part))),
        forecast: dollars(reading.total.projected),
    }];
    for (owner, spent) in &reading.rows {
        let Owner::Instance(id) = owner else { continue };
        let Some((of, seen_at)) = instance_spend(&watched, id) else { continue };
        spends.push(Spend {
            of,
            month,
            until: seen_at.unwrap_or(now).min(now),
            actual: dollars(known.get(owner).copied().unwrap_or_default()),
            forecast: dollars(spent.projected),
        });
    }
    Ok(spends)
}

/// Of which instance, and when it was last seen, if it was.
fn instance_spend(watched: &Watched, id: &str) -> Option<(SpendOf, Option<Timestamp>)> {
    let of = |name: &str, account: &str, region: &str| SpendOf::Instance {
        id: id.to_owned(),
        name: name.to_owned(),
        account: account.to_owned(),
        region: region.to_owned(),
    };
    if let Some(seen) = watched.instances().get(id) {
        return Some((of(&seen.name, &seen.account, &seen.region), Some(seen.seen_at)));
    }
    let noted = watched.unseen().get(id)?;
    Some((of(&noted.name, &noted.account, &noted.region), None))
}

fn dollars(sum: Sum) -> Dollars {
    match sum.is_lower_bound {
        false => Dollars::Exact(sum.usd),
        true => Dollars::of(sum.usd, Err("a part of it has no rate".to_owned())),
    }
}

fn budgets(args: &AlertsRunArgs, config: &AlertsConfig) -> Result<Budgets, Failure> {
    let Budgets { month, instance } = config.budgets();
    let of = |option: &str, text: &Option<String>, usual: Option<Usd>| match text {
        None => Ok(usual),
        Some(text) => match amount(option, text)? {
            usd if is_nothing(usd) => {
                Err(Failure::usage(format!("{option}: a budget is more than 0, and {text} is not"))
                    .hint(format!("leave {option} out where there is no budget")))
            }
            usd => Ok(Some(usd)),
        },
    };
    Ok(Budgets {
        month: of("--budget-usd", &args.budget_usd, month)?,
        instance: of("--instance-budget-usd", &args.instance_budget_usd, instance)?,
    })
}

fn min_usd(args: &AlertsRunArgs, config: &AlertsConfig) -> Result<Usd, Failure> {
    match &args.min_usd {
        Some(text) => amount("--min-usd", text),
        None => Ok(config.min_usd.unwrap_or(USUAL_MIN_USD)),
    }
}

fn amount(option: &str, text: &str) -> Result<Usd, Failure> {
    let usd: Usd = text.parse().map_err(|e| Failure::usage(format!("{option}: {e}")))?;
    if usd.is_negative() { Err(Failure::usage(format!("{option}: {text} is negative"))) } else { Ok(usd) }
}

/// What a run shows, and whom it told.
struct Round {
    /// The terminal's, marked as sent once it is printed.
    shown: Vec<Digest>,
    deliveries: Vec<Delivery>,
}

impl Round {
    fn tell(
        &mut self,
        name: &str,
        channel: Option<&Channel>,
        store: &mut Store,
        request: &Request,
    ) -> Result<(), Failure> {
        let Some(channel) = channel else {
            self.shown = store.digests_to_show(name, request.now)?;
            return Ok(());
        };
        while let Some(digest) = store.digest_to_send(name, request.now)? {
            let message = Message { key: &digest.key, notices: &digest.notices, made_at: digest.made_at };
            let ended = if request.offline {
                Err(Fault::Refused("--offline forbids it".to_owned()))
            } else {
                channel.send(&message)
            };
            match &ended {
                Ok(()) => store.digest_sent(&digest, request.now)?,
                Err(Fault::Refused(why)) => store.digest_refused(&digest, why)?,
                Err(Fault::Rejected(why)) => store.digest_rejected(&digest, why)?,
                Err(Fault::Unsure(why)) => store.digest_unsure(&digest, why)?,
            }
            if let Err(fault) = &ended {
                let what = format!("the alert channel `{name}` ({}) was not told: {fault}", channel.kind());
                Failure::new(what).hint("nothing is lost: it is sent in the next run").print();
            }
            self.deliveries.push(Delivery {
                channel: name.to_owned(),
                notices: digest.notices.len(),
                failed: ended.err().map(|fault| fault.to_string()),
            });
            if self.deliveries.last().is_some_and(|delivery| delivery.failed.is_some()) {
                break;
            }
        }
        Ok(())
    }

    /// Prints what the terminal is told, then marks it as told.
    fn finish(
        &self,
        channels: &[(&str, Option<Channel>)],
        store: &Store,
        now: Timestamp,
        pages: &mut Pages<'_>,
    ) -> Result<(), Failure> {
        let notices: Vec<Notice> = self.shown.iter().flat_map(|digest| digest.notices.clone()).collect();
        let mut tables = Vec::new();
        if channels.iter().any(|(name, _)| *name == TERMINAL) {
            tables.push(notices_table(&notices));
        }
        if !self.deliveries.is_empty() || tables.is_empty() {
            tables.push(deliveries_table(&self.deliveries));
        }
        pages.show(tables)?;
        pages.flush()?;
        for digest in &self.shown {
            store.digest_sent(digest, now)?;
        }
        Ok(())
    }
}

fn test(args: &AlertsTestArgs, request: &Request) -> Result<Exit, Failure> {
    request.alerts.check()?;
    let channel = request.alerts.channel(&args.channel)?;
    let notices = [test_notice(request.now)];
    let Some(channel) = channel else {
        return show::tables(&[notices_table(&notices)], request);
    };
    if request.offline {
        return Err(Failure::usage("`gpucost alerts test` sends a message, and --offline forbids it"));
    }
    let key = format!("test-{}", request.now.as_second());
    channel.send(&Message { key: &key, notices: &notices, made_at: request.now }).map_err(|fault| {
        Failure::new(format!("the alert channel `{}` ({}) was not told: {fault}", args.channel, channel.kind()))
            .hint("mend it in the config file, or at the receiver, and test again")
    })?;
    let told = Delivery { channel: args.channel.clone(), notices: 1, failed: None };
    show::tables(&[deliveries_table(&[told])], request)
}

fn test_notice(now: Timestamp) -> Notice {
    Notice {
        key: format!("test#{}:opened", now.as_second()),
        kind: Kind::Opened,
        about: "test".to_owned(),
        matter: Matter {
            rule: "test".to_owned(),
            title: "A test of this channel: nothing is the matter".to_owned(),
            ..Matter::default()
        },
        cost: String::new(),
        least_usd: None,
        most_usd: None,
        cost_note: String::new(),
        per_month: String::new(),
        saving_per_month: String::new(),
        last_seen: now,
    }
}

fn list(request: &Request) -> Result<Exit, Failure> {
    let episodes = Store::open(&request.ledger)?.episodes()?;
    let open: Vec<_> = episodes.values().filter(|episode| episode.is_open()).collect();
    show::tables(&[open_table(&open, request.now)], request)
}

fn history(args: &AlertsHistoryArgs, request: &Request) -> Result<Exit, Failure> {
    let told = Store::open(&request.ledger)?.told()?;
    let mut table = history_table(told.iter().take(args.limit).map(|told| Past {
        notice: &told.notice,
        decided_at: &told.decided_at,
        channel: told.channel.as_deref(),
        sent_at: told.sent_at.as_deref(),
        failures: told.failures,
        last_failure: told.last_failure.as_deref(),
    }));
    if told.len() > args.limit {
        table.notes.push(format!("The newest {} of {}: --limit shows more.", args.limit, told.len()));
    }
    show::tables(&[table], request)
}
