//! `gpucost watch`: polls until told to stop; a table that ticks on a terminal, log lines elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{ErrorKind, Write, stdout};
use std::time::{Duration, Instant};

use console::Term;
use jiff::{SignedDuration, Timestamp};

use super::args::WatchArgs;
use super::error::{Exit, Failure};
use super::rates_card::refresh_if_live;
use super::request::Request;
use super::track::{Round, network_runtime, refuse_as_of, refuse_offline, regions};
use crate::aws::{Place, Places};
use crate::catalog::RateCard;
use crate::ledger::InstanceSeen;
use crate::render::text::{self, Style};
use crate::render::untrusted::visible;
use crate::report::table::Table;
use crate::report::watch::{Ledgers, Watched, changes, log_line, watch_table};
use crate::store::Store;
use crate::time::Month;

const TICK: Duration = Duration::from_secs(1);

/// The share of the time that drawing may take: a large ledger ticks slower.
const DRAWING_SHARE: u32 = 10;

/// Ends with 0 when it is told to (Ctrl-C, SIGTERM), and with an error only if the first look cannot be taken at all.
pub fn run(args: &WatchArgs, request: &Request) -> Result<Exit, Failure> {
    refuse_offline("gpucost watch", request)?;
    refuse_as_of("gpucost watch", request)?;
    refresh_rates(args, request)?;
    let card = request.card()?;
    let store = Store::create(&request.ledger)?;
    network_runtime()?.block_on(async {
        let mut stop = Stop::listen()?;
        let mut watch = Watch::new(args, request, card, store);
        let ended = watch.stay(&mut stop).await;
        watch.screen.leave();
        ended
    })
}

/// With `--live`: of every region that will be looked at, wherever its name comes from.
fn refresh_rates(args: &WatchArgs, request: &Request) -> Result<(), Failure> {
    if !request.live {
        return Ok(());
    }
    let looked_at = Places::resolve(&request.profiles, regions(args.all_regions, request));
    let places = network_runtime()?.block_on(looked_at).places;
    let regions: BTreeSet<&str> = places.iter().map(|place| place.region.as_str()).collect();
    refresh_if_live(request, regions)
}

struct Watch<'a> {
    args: &'a WatchArgs,
    request: &'a Request,
    card: &'a RateCard,
    store: Store,
    screen: Screen,
    since: Timestamp,
    /// Where to look, once that is known without a failure.
    places: Option<Vec<Place>>,
    last_poll: Option<Timestamp>,
    watched: Option<Watched>,
    before: Option<BTreeMap<String, InstanceSeen>>,
    /// The last poll saw all there is.
    is_complete: bool,
}

/// Whether anyone still reads.
enum Reader {
    There,
    Gone,
}

impl<'a> Watch<'a> {
    fn new(args: &'a WatchArgs, request: &'a Request, card: &'a RateCard, store: Store) -> Watch<'a> {
        Watch {
            args,
            request,
            card,
            store,
            screen: Screen::new(request),
            since: this_second(),
            places: None,
            last_poll: None,
            watched: None,
            before: None,
            is_complete: false,
        }
    }

    async fn stay(&mut self, stop: &mut Stop) -> Result<Exit, Failure> {
        let until = self.args.stop_after.and_then(|long| self.since.checked_add(long).ok());
        loop {
            let at = this_second();
            let round = tokio::select! {
                biased;
                () = stop.asked() => return Ok(Exit::Ok),
                round = self.round() => round?,
            };
            if let Reader::Gone = self.take(round, at)? {
                return Ok(Exit::Ok);
            }
            // By the clock on the wall: after a night's sleep the next poll is due at once.
            let next = at.checked_add(self.args.every).unwrap_or(Timestamp::MAX);
            loop {
                let now = Timestamp::now();
                if until.is_some_and(|until| now >= until) {
                    return Ok(Exit::Ok);
                }
                let Ok(left) = Duration::try_from(next.min(until.unwrap_or(next)).duration_since(now)) else { break };
                if left.is_zero() {
                    break;
                }
                tokio::select! {
                    biased;
                    () = stop.asked() => return Ok(Exit::Ok),
                    () = tokio::time::sleep(left.min(self.screen.rest())) => {}
                }
                self.tick()?;
            }
        }
    }

    /// One poll of all places; on the first one credentials that are no good are the end.
    async fn round(&mut self) -> Result<Round, Failure> {
        let (places, mut round) = match self.places.take() {
            Some(places) => (places, Round::of(Vec::new(), Vec::new(), self.request)),
            None => {
                let found = Places::resolve(&self.request.profiles, regions(self.args.all_regions, self.request)).await;
                let is_first = self.last_poll.is_none();
                let is_complete = found.failures.is_empty();
                let mut round = Round::of(found.failures, found.notes, self.request);
                if is_first && found.places.is_empty() && !is_complete {
                    return Err(round.failures.remove(0));
                }
                self.places = is_complete.then(|| found.places.clone());
                (found.places, round)
            }
        };
        round.poll(&places, &mut self.store, Timestamp::now).await;
        // Credentials that were good once may be mended in the profile: it is read again.
        if round.failures.is_empty() {
            self.places = Some(places);
        }
        Ok(round)
    }

    fn take(&mut self, round: Round, at: Timestamp) -> Result<Reader, Failure> {
        let mut said: Vec<String> = Vec::new();
        said.extend(self.last_poll.and_then(|last| gap(last, at, self.args.every)));
        self.last_poll = Some(at);
        said.extend(round.failures.iter().map(ToString::to_string));
        self.is_complete = round.failures.is_empty();
        if let Err(failure) = self.look_again(at) {
            said.push(failure.to_string());
        }
        said.extend(round.notes);
        self.screen.said = said;
        self.show_poll(at)
    }

    /// Derives the ledger anew.
    fn look_again(&mut self, polled: Timestamp) -> Result<(), Failure> {
        // A poll takes its time: what it saw was seen after it began.
        let now = this_second().max(polled);
        let mut ledgers = Ledgers::of(self.store.facts()?, self.store.metered(Some(Month::of(now)))?, now)?;
        if let Some(places) = &self.places {
            let regions: Vec<String> = places.iter().map(|place| place.region.clone()).collect();
            ledgers.keep_regions(&regions);
        }
        // One poll that failed does not stop the meter of what ran before it.
        let seen_since = now.checked_sub(self.args.every * 2).unwrap_or(Timestamp::MIN);
        self.watched = Some(Watched::new(&ledgers, self.card, seen_since, self.since, now));
        Ok(())
    }

    fn show_poll(&mut self, at: Timestamp) -> Result<Reader, Failure> {
        if self.screen.is_live() {
            self.tick()?;
            return Ok(Reader::There);
        }
        for said in &self.screen.said {
            _ = writeln!(anstream::stderr(), "{} {}", at.strftime("%Y-%m-%dT%H:%M:%SZ"), visible(said));
        }
        let Some(watched) = &self.watched else { return Ok(Reader::There) };
        let reading = watched.read(self.card, at);
        let mut what = self.before.as_ref().map(|before| changes(before, watched.instances())).unwrap_or_default();
        if !self.is_complete {
            what.push("incomplete: see the errors".to_owned());
        }
        self.before = Some(watched.instances().clone());
        line(&visible(&log_line(watched, &reading, &what, at)))
    }

    fn tick(&mut self) -> Result<(), Failure> {
        if !self.screen.is_live() {
            return Ok(());
        }
        let started = Instant::now();
        let now = Timestamp::now();
        if self.watched.as_ref().is_some_and(|watched| !watched.is_of(now)) {
            self.look_again(now)?;
        }
        if let Some(watched) = &self.watched {
            let table = watch_table(watched, &watched.read(self.card, now), now);
            self.screen.draw(&table)?;
        }
        self.screen.rest = (started.elapsed() * DRAWING_SHARE).max(TICK);
        Ok(())
    }
}

/// A poll that came much later than it was due: the computer slept, or was busy.
fn gap(last: Timestamp, at: Timestamp, every: Duration) -> Option<String> {
    let due = SignedDuration::try_from(every).ok()?.checked_mul(2)?;
    (at.duration_since(last) > due).then(|| {
        format!(
            "No poll between {} and {}: what happened there is known as far as AWS's own times tell it.",
            last.strftime("%Y-%m-%d %H:%M:%S"),
            at.strftime("%Y-%m-%d %H:%M:%S UTC")
        )
    })
}

/// Polls are of whole seconds.
fn this_second() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// One line to stdout; a reader that has closed the pipe has had enough.
fn line(text: &str) -> Result<Reader, Failure> {
    let mut out = stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(Reader::There),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Reader::Gone),
        Err(error) => Err(Failure::new(format!("cannot write to stdout: {error}"))),
    }
}

/// The rule above the total, and the total.
const TOTAL_LINES: usize = 2;

/// Lines that a window is taken to have.
const SMALLEST: usize = 6;

/// The lines, without some in the middle if there are more than fit; the last `kept` stay, as far as there is room.
fn cut(lines: Vec<&str>, kept: usize, fitting: usize) -> Vec<String> {
    let Some(too_many) = lines.len().checked_sub(fitting).filter(|more| *more > 0) else {
        return lines.into_iter().map(str::to_owned).collect();
    };
    let kept = kept.min(fitting.saturating_sub(2));
    let head = fitting.saturating_sub(kept + 1);
    let more = format!("… {} lines more: make the window taller", too_many + 1);
    let head = lines.iter().take(head).map(|line| (*line).to_owned());
    let tail = lines.iter().skip(lines.len() - kept).map(|line| (*line).to_owned());
    head.chain([more]).chain(tail).collect()
}

/// The part of the terminal that is drawn over; without a terminal nothing is.
struct Screen {
    term: Option<Term>,
    style: Style,
    /// Failures and notes of the last poll.
    said: Vec<String>,
    lines: usize,
    size: (u16, u16),
    rest: Duration,
}

impl Screen {
    fn new(request: &Request) -> Screen {
        let term = Term::buffered_stdout();
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb" || term.is_empty());
        let term = (term.is_term() && !is_dumb).then_some(term);
        if let Some(term) = &term {
            _ = term.hide_cursor();
        }
        let size = term.as_ref().map(Term::size).unwrap_or_default();
        Screen { term, style: super::show::style(request), said: Vec::new(), lines: 0, size, rest: TICK }
    }

    const fn is_live(&self) -> bool {
        self.term.is_some()
    }

    fn rest(&self) -> Duration {
        self.rest
    }

    fn draw(&mut self, table: &Table) -> Result<(), Failure> {
        let Some(term) = &self.term else { return Ok(()) };
        let size = term.size();
        let (rows, columns) = (usize::from(size.0), usize::from(size.1).clamp(40, 200));
        let said = self.said.iter().map(|said| text::prose(said, columns, self.style)).collect::<String>();
        // What is above the top of the window cannot be drawn over: notes go first, then rows.
        let fitting = rows.saturating_sub(2).max(SMALLEST);
        let mut drawn = text::table(table, columns, self.style) + &said;
        if drawn.lines().count() > fitting {
            drawn = text::table(&Table { notes: Vec::new(), ..table.clone() }, columns, self.style) + &said;
        }
        let lines = cut(drawn.lines().collect(), said.lines().count() + TOTAL_LINES, fitting);
        let draw = || {
            if size == self.size {
                term.move_cursor_up(self.lines)?;
            } else {
                term.clear_screen()?;
            }
            for line in &lines {
                term.clear_line()?;
                term.write_line(line)?;
            }
            term.clear_to_end_of_screen()?;
            term.flush()
        };
        draw().map_err(|e| Failure::new(format!("cannot write to the terminal: {e}")))?;
        (self.lines, self.size) = (lines.len(), size);
        Ok(())
    }

    /// The last view stays, the cursor comes back.
    fn leave(&mut self) {
        if let Some(term) = self.term.take() {
            _ = term.show_cursor();
            _ = term.flush();
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}

/// What asks a program to end.
struct Stop {
    #[cfg(unix)]
    signals: [tokio::signal::unix::Signal; 3],
}

impl Stop {
    #[cfg(unix)]
    fn listen() -> Result<Stop, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).map_err(|e| Failure::new(format!("cannot listen to signals: {e}")));
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
        let [interrupt, terminate, hangup] = kinds.map(listen);
        Ok(Stop { signals: [interrupt?, terminate?, hangup?] })
    }

    #[cfg(unix)]
    async fn asked(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.signals;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }

    #[cfg(not(unix))]
    fn listen() -> Result<Stop, Failure> {
        Ok(Stop {})
    }

    #[cfg(not(unix))]
    async fn asked(&mut self) {
        // Where Ctrl-C cannot be listened to, it ends the program as ever: each poll is one transaction.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_night_without_polls_is_said() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let (last, every) = (at("2026-10-20T22:00:00Z"), Duration::from_secs(60));
        assert_eq!(gap(last, at("2026-10-20T22:02:00Z"), every), None, "one poll that failed is no gap");
        let said = gap(last, at("2026-10-21T06:30:00Z"), every).unwrap();
        assert!(said.contains("2026-10-20 22:00:00") && said.contains("2026-10-21 06:30:00 UTC"), "{said}");
    }

    #[test]
    fn a_small_window_keeps_the_total() {
        let lines: Vec<String> = (0..20).map(|i| i.to_string()).collect();
        let lines = || lines.iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(cut(lines(), 2, 20), lines());
        assert_eq!(cut(lines(), 2, 6), ["0", "1", "2", "… 15 lines more: make the window taller", "18", "19"]);
        for fitting in SMALLEST..25 {
            assert!(cut(lines(), 9, fitting).len() <= fitting);
        }
    }
}
