//! What can be wrong with an export, and where.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::quantity::NotANumber;
use crate::time::{EndsBeforeStart, NotATime};

/// An export that could not be read, with the file and, where there is one, the line.
///
/// Lines are counted from 1 as a text editor does, the header being line 1; a record that spans
/// lines is named by its first.
#[derive(Debug)]
pub struct ExportError {
    pub path: PathBuf,
    pub line: Option<u64>,
    pub fault: Fault,
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    #[error("cannot be read: {0}")]
    Io(#[source] io::Error),
    #[error("the gzip stream ends too early: the file is truncated")]
    TruncatedGzip,
    #[error("the gzip stream is damaged: {0}")]
    DamagedGzip(#[source] io::Error),
    #[error("the file is empty")]
    Empty,
    #[error("this is a {0} file: export FOCUS as CSV or CSV.gz")]
    NotCsv(&'static str),
    #[error("not a FOCUS export gpucost can use: the header lacks {}", .0.join(", "))]
    MissingColumns(Vec<&'static str>),
    #[error("the header names the column {0} twice")]
    RepeatedColumn(&'static str),
    #[error("the text is not UTF-8")]
    NotUtf8,
    #[error("a quoted field begins here and never ends")]
    UnclosedQuote,
    #[error("a quote stands inside a field: quoted fields must be quoted whole, with inner quotes doubled")]
    StrayQuote,
    #[error("a record longer than {limit} bytes begins here: is a quote unclosed?")]
    RecordTooLong { limit: usize },
    #[error("the record has {found} fields, the header {expected}")]
    Ragged { expected: usize, found: usize },
    #[error("{column} is empty, and unknown is not zero")]
    MissingValue { column: &'static str },
    #[error("{column}: {source}")]
    Number { column: &'static str, source: NotANumber },
    #[error("{column} is `{text}`, and usage cannot be negative")]
    Negative { column: &'static str, text: String },
    #[error("{column}: {source}")]
    Time { column: &'static str, source: NotATime },
    #[error("charge period: {0}")]
    EndsBeforeStart(#[source] EndsBeforeStart),
    #[error("the sum of {column} over this resource's day needs more than 28 digits")]
    SumTooLong { column: &'static str },
}

/// A fault and its line, before the file is known.
#[derive(Debug)]
pub(super) struct Located {
    pub line: Option<u64>,
    pub fault: Fault,
}

impl Located {
    pub fn at(line: u64, fault: Fault) -> Located {
        Located { line: Some(line), fault }
    }

    pub fn anywhere(fault: Fault) -> Located {
        Located { line: None, fault }
    }

    pub fn in_file(self, path: &Path) -> ExportError {
        ExportError { path: path.to_owned(), line: self.line, fault: self.fault }
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.fault)
    }
}

impl std::error::Error for ExportError {
    /// The fault's own cause: the fault itself is already in this error's text.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.fault)
    }
}
