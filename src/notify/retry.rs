//! A message that is tried a few times.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use backon::{BlockingRetryable, ExponentialBuilder};

use super::Fault;

const FIRST_WAIT: Duration = Duration::from_millis(500);
const REPETITIONS: usize = 2;
/// A server that wants to be left alone for longer is asked in the next run.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// How one try ended.
pub(super) struct Failed {
    pub fault: Fault,
    /// Another try may go better.
    pub passing: bool,
    pub retry_after: Option<Duration>,
}

impl Failed {
    /// Worth another try.
    pub(super) const fn passing(fault: Fault) -> Failed {
        Failed { fault, passing: true, retry_after: None }
    }

    /// Not worth one.
    pub(super) const fn lasting(fault: Fault) -> Failed {
        Failed { fault, passing: false, retry_after: None }
    }
}

/// Tries until it is taken, refused for good, or has failed a few times.
pub(super) fn until_taken(attempt: impl Fn() -> Result<(), Failed>) -> Result<(), Fault> {
    let asked = Rc::new(Cell::new(None));
    let told = Rc::clone(&asked);
    // Refused at the last try, it may still have arrived with an earlier one.
    let in_doubt = Cell::new(false);
    let attempt = || {
        attempt().inspect_err(|failed| {
            asked.set(failed.retry_after);
            in_doubt.set(in_doubt.get() || matches!(failed.fault, Fault::Unsure(_)));
        })
    };
    let waits = ExponentialBuilder::default().with_min_delay(FIRST_WAIT).with_max_times(REPETITIONS).with_jitter();
    attempt
        .retry(waits)
        .sleep(move |wait: Duration| std::thread::sleep(told.take().unwrap_or(wait).max(wait).min(LONGEST_WAIT)))
        .when(|failed| failed.passing && failed.retry_after.is_none_or(|wait| wait <= LONGEST_WAIT))
        .call()
        .map_err(|failed| match failed.fault {
            Fault::Refused(why) if in_doubt.get() => Fault::Unsure(why),
            fault => fault,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The faults of each try in turn; what comes of them, and how many tries it took.
    fn tried(faults: Vec<Option<Failed>>) -> (Result<(), Fault>, usize) {
        let (left, tries) = (Cell::new(faults), Cell::new(0));
        let ended = until_taken(|| {
            tries.set(tries.get() + 1);
            let mut faults = left.take();
            let first = faults.remove(0);
            left.set(faults);
            first.map_or(Ok(()), Err)
        });
        (ended, tries.get())
    }

    fn refused() -> Option<Failed> {
        Some(Failed::passing(Fault::Refused("busy".to_owned())))
    }

    fn unsure() -> Option<Failed> {
        Some(Failed::passing(Fault::Unsure("silent".to_owned())))
    }

    fn rejected() -> Option<Failed> {
        Some(Failed::lasting(Fault::Rejected("no".to_owned())))
    }

    #[test]
    fn what_passes_is_tried_again_and_what_lasts_is_not() {
        assert_eq!(tried(vec![refused(), refused(), None]), (Ok(()), 3));
        assert_eq!(tried(vec![rejected(), None]), (Err(Fault::Rejected("no".to_owned())), 1));
        assert_eq!(tried(vec![refused(), refused(), refused(), None]), (Err(Fault::Refused("busy".to_owned())), 3));
    }

    #[test]
    fn a_doubt_outlasts_a_refusal_but_not_the_last_word() {
        assert_eq!(tried(vec![unsure(), refused(), refused()]), (Err(Fault::Unsure("busy".to_owned())), 3));
        assert_eq!(tried(vec![unsure(), rejected()]), (Err(Fault::Rejected("no".to_owned())), 2));
        assert_eq!(tried(vec![unsure(), None]), (Ok(()), 2));
    }
}
