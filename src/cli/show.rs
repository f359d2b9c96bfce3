//! Tables to stdout, in the format and width asked for.

use std::io::{ErrorKind, IsTerminal, Write, stdout};

use super::args::Output;
use super::error::{Exit, Failure};
use super::request::Request;
use crate::render::{self, RenderError, text::Style};
use crate::report::table::Table;

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Failure {
        Failure::new(error)
    }
}

/// Prints tables; in CSV each has a line of its own between it and the next.
pub fn tables(tables: &[Table], request: &Request) -> Result<Exit, Failure> {
    text(&formatted(tables, request)?)
}

fn formatted(tables: &[Table], request: &Request) -> Result<String, Failure> {
    match request.output {
        Output::Table => {
            let style = style(request);
            let texts: Vec<String> =
                tables.iter().map(|table| render::text::table(table, request.width, style)).collect();
            Ok(texts.join("\n"))
        }
        Output::Json => Ok(match tables {
            [one] => render::json::table(one)?,
            several => render::json::tables(several)?,
        }),
        Output::Md => {
            let texts: Vec<String> = tables.iter().map(render::markdown::table).collect();
            Ok(texts.join("\n"))
        }
        Output::Csv => {
            let texts: Vec<String> = tables.iter().map(render::csv::table).collect::<Result<_, _>>()?;
            Ok(texts.join("\n"))
        }
    }
}

pub fn style(request: &Request) -> Style {
    let unicode = !stdout().is_terminal() || speaks_utf8();
    Style { color: request.color, detail: request.verbose, unicode }
}

/// Whether the terminal's locale is one in which `─` is a line and not three odd letters.
fn speaks_utf8() -> bool {
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// Writes text to stdout. A reader that has closed the pipe has had enough: that is success.
pub fn text(text: &str) -> Result<Exit, Failure> {
    let mut out = stdout().lock();
    let end = if text.ends_with('\n') { "" } else { "\n" };
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(end.as_bytes())).and_then(|()| out.flush()) {
        Ok(()) => Ok(Exit::Ok),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Ok),
        Err(error) => Err(Failure::new(format!("cannot write to stdout: {error}"))),
    }
}
