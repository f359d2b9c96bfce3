//! Notebook servers of the config file and the command line: asked, and what they say recorded.

use jiff::Timestamp;

use super::args::SignalsArgs;
use super::error::Failure;
use super::request::Request;
use super::signals_config::JupyterConfig;
use super::variable::{read_secret_file, read_variable};
use crate::jupyter::{Patience, Server, Token, ask};
use crate::ledger::{JupyterSaid, JupyterSeen};
use crate::report::table::{Cell, Column, Table};
use crate::store::Store;

/// A server to ask.
pub struct Asking {
    instance_id: String,
    server: Server,
    token: Option<Token>,
}

/// All that are named. What names none is wrong usage; a token that cannot be read is a failure of that server alone.
pub fn named(args: &SignalsArgs, request: &Request) -> Result<(Vec<Asking>, Vec<Failure>), Failure> {
    let mut all: Vec<JupyterConfig> = request.jupyter.clone();
    for typed in &args.jupyter {
        // The text is not quoted: it may hold a token.
        let (instance, url) = typed.split_once('=').filter(|(id, _)| !id.is_empty()).ok_or_else(|| {
            Failure::usage("--jupyter: write the instance and the URL, as in i-0123=http://127.0.0.1:8888")
        })?;
        all.push(JupyterConfig {
            instance: instance.to_owned(),
            url: url.to_owned(),
            token_env: args.jupyter_token_env.clone(),
            token_file: args.jupyter_token_file.clone(),
        });
    }
    let (mut askings, mut failures) = (Vec::new(), Vec::new());
    for config in all {
        let of = format!("the Jupyter server of {}", config.instance);
        let server = Server::new(&config.url).map_err(|why| {
            Failure::usage(format!("{of}: {why}")).hint(
                "write it as http://127.0.0.1:8888, and name the token's variable or file: --jupyter-token-env NAME, or \
                 token_env in the config file",
            )
        })?;
        match token(&config, &of) {
            Ok(token) => askings.push(Asking { instance_id: config.instance, server, token }),
            Err(failure) => failures.push(failure),
        }
    }
    Ok((askings, failures))
}

fn token(config: &JupyterConfig, whose: &str) -> Result<Option<Token>, Failure> {
    let text = match (&config.token_env, &config.token_file) {
        (Some(_), Some(_)) => {
            return Err(Failure::new(format!("{whose}: token_env and token_file are both named")).hint("leave one out"));
        }
        (None, None) => return Ok(None),
        (Some(name), None) => read_variable(whose, "token_env", name)?,
        (None, Some(path)) => read_secret_file(whose, "token_file", path)?,
    };
    let none = || {
        Failure::new(format!("{whose}: what the variable or file holds is no token"))
            .hint("one word is expected: `jupyter server list` shows it behind ?token=")
    };
    Token::new(&text).map(Some).ok_or_else(none)
}

/// Asks each server and records its answer, or that it gave none.
pub fn ask_all(askings: &[Asking], store: &mut Store, clock: fn() -> Timestamp) -> (Table, Vec<Failure>) {
    let (mut table, mut failures) = (empty_table(), Vec::new());
    for asking in askings {
        let answer = ask(&asking.server, asking.token.as_ref(), Patience::USUAL);
        // Whole seconds, as the ledger keeps its times.
        let now = clock();
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let said = match answer {
            Ok(said) => Some(said),
            Err(error) => {
                failures.push(Failure::new(&error).hint(error.hint()));
                None
            }
        };
        table.push(row(asking, said.as_ref()));
        let (instance_id, server) = (asking.instance_id.clone(), asking.server.url().to_owned());
        let seen = JupyterSeen { instance_id, server, first_at: now, last_at: now, said };
        if let Err(error) = store.record_jupyter(&seen) {
            failures.push(error.into());
        }
    }
    (table, failures)
}

fn empty_table() -> Table {
    let columns = vec![
        Column::left("instance", "Instance"),
        Column::left("server", "Server").detail(),
        Column::right("kernels", "Kernels"),
        Column::right("busy", "Busy"),
        Column::right("connections", "Clients"),
        Column::left("last_activity", "Last activity"),
    ];
    Table::new("jupyter", "Jupyter", columns)
}

fn row(asking: &Asking, said: Option<&JupyterSaid>) -> Vec<Cell> {
    let told =
        |of: fn(&JupyterSaid) -> String| said.map_or_else(|| Cell::missing("unknown"), |said| Cell::text(of(said)));
    vec![
        Cell::text(asking.instance_id.clone()),
        Cell::text(asking.server.url()),
        told(|said| said.kernels.to_string()),
        told(|said| said.busy.to_string()),
        told(|said| said.connections.to_string()),
        told(|said| said.last_activity.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()),
    ]
}
