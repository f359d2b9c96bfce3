//! What a command failed with: what failed, on what, and what to do.

use std::fmt;
use std::io::Write;

use crate::catalog::NoRate;
use crate::render::untrusted::visible;
use crate::store::StoreError;

/// A message for stderr, a hint, and the exit code.
#[derive(Debug)]
pub struct Failure {
    pub message: String,
    pub hint: Option<String>,
    pub exit: Exit,
}

/// DESIGN law 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Ok = 0,
    Failed = 1,
    WrongUsage = 2,
    Findings = 3,
    Partial = 4,
}

impl Failure {
    pub fn new(message: impl fmt::Display) -> Failure {
        Failure { message: message.to_string(), hint: None, exit: Exit::Failed }
    }

    /// The command line itself is at fault.
    pub fn usage(message: impl fmt::Display) -> Failure {
        Failure { exit: Exit::WrongUsage, ..Failure::new(message) }
    }

    pub fn hint(self, hint: impl Into<String>) -> Failure {
        Failure { hint: Some(hint.into()), ..self }
    }

    /// Says so on stderr. A stderr that cannot be written to leaves the exit code to speak.
    pub fn print(&self) {
        _ = writeln!(anstream::stderr(), "{self}");
    }
}

/// `error: …` and, where there is one, `hint: …`. Both may quote file names and contents that others wrote:
/// what a terminal would obey is shown instead.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", visible(&self.message))?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {}", visible(hint)))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Failure {
        Failure { hint: error.hint(), ..Failure::new(error) }
    }
}

impl From<NoRate> for Failure {
    fn from(error: NoRate) -> Failure {
        // Nobody has such a region but who typed it.
        let exit = if matches!(error, NoRate::UnknownRegion { .. }) { Exit::WrongUsage } else { Exit::Failed };
        Failure { hint: error.hint(), exit, ..Failure::new(error) }
    }
}

impl From<crate::ledger::Overlap> for Failure {
    fn from(error: crate::ledger::Overlap) -> Failure {
        StoreError::from(error).into()
    }
}
