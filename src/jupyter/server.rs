//! One server, asked once.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http::{StatusCode, Uri};

use super::token::Token;
use crate::ledger::JupyterSaid;
use crate::web::client_with_secret;

/// Thousands of kernels fit.
const MOST_BYTES: u64 = 1024 * 1024;

/// How long to wait for a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection, TLS and all.
    pub connect: Duration,
    /// For a whole answer.
    pub answer: Duration,
}

impl Patience {
    pub const USUAL: Patience = Patience { connect: Duration::from_secs(5), answer: Duration::from_secs(10) };
}

/// Where a server is: `http://127.0.0.1:8888`, `https://lab.example/user/me`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Without a slash at its end.
    base: String,
}

/// Why a text names no server. The text itself is not quoted: it may hold a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServer {
    #[error("it is no URL of a web server: write http://HOST:PORT or https://HOST:PORT")]
    NoUrl,
    #[error("it has a query: leave `?token=…` out, and name the token's variable or file")]
    Query,
    #[error("it has a user name in it")]
    User,
}

impl Server {
    /// # Errors
    /// A text that is no URL, or one with more than host and path.
    pub fn new(url: &str) -> Result<Server, InvalidServer> {
        if url.contains(['?', '#']) {
            return Err(InvalidServer::Query);
        }
        let uri: Uri = url.parse().map_err(|_| InvalidServer::NoUrl)?;
        let authority = uri.authority().ok_or(InvalidServer::NoUrl)?;
        if authority.as_str().contains('@') {
            return Err(InvalidServer::User);
        }
        match uri.scheme_str() {
            Some("http" | "https") => Ok(Server { base: url.trim_end_matches('/').to_owned() }),
            _ => Err(InvalidServer::NoUrl),
        }
    }

    pub fn url(&self) -> &str {
        &self.base
    }
}

/// Why a server told nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JupyterError {
    #[error("Jupyter at {url}: no answer within {seconds} s")]
    Hangs { url: String, seconds: u64 },
    #[error("Jupyter at {url}: it cannot be reached: {why}")]
    Unreachable { url: String, why: String },
    #[error("Jupyter at {url}: {path} was refused ({status}){}", if *with_token { ": the token is not its own" } else { ": it wants a token" })]
    Refused { url: String, path: &'static str, status: u16, with_token: bool },
    #[error("Jupyter at {url}: {path} leads elsewhere ({status}), and the token is not sent there")]
    Redirected { url: String, path: &'static str, status: u16 },
    #[error("Jupyter at {url}: {path} answered {status}")]
    Status { url: String, path: &'static str, status: u16 },
    #[error("Jupyter at {url}: {path} is not what a Jupyter server answers: {why}")]
    NotJupyter { url: String, path: &'static str, why: String },
}

impl JupyterError {
    /// What to do about it.
    pub const fn hint(&self) -> &'static str {
        match self {
            JupyterError::Hangs { .. } | JupyterError::Unreachable { .. } => {
                "check that it runs and the URL; what it does is unknown, and counts as activity"
            }
            JupyterError::Refused { with_token: true, .. } => {
                "`jupyter server list` on the instance shows the token; put it into the variable or file"
            }
            JupyterError::Refused { with_token: false, .. } => {
                "name the token's variable or file: --jupyter-token-env NAME, --jupyter-token-file PATH, or token_env, \
                 token_file in the config file"
            }
            JupyterError::Redirected { .. } => {
                "name the URL that it leads to, or its own login is in the way: give the token"
            }
            JupyterError::Status { .. } | JupyterError::NotJupyter { .. } => {
                "name the URL that the browser shows, without /lab, /tree and what follows"
            }
        }
    }
}

#[derive(Deserialize)]
struct Status {
    last_activity: Timestamp,
    connections: u32,
}

#[derive(Deserialize)]
struct Kernel {
    last_activity: Option<Timestamp>,
    execution_state: Option<String>,
}

/// Asks what the server does.
///
/// # Errors
/// If it gives no answer, or none that can be read.
pub fn ask(server: &Server, token: Option<&Token>, patience: Patience) -> Result<JupyterSaid, JupyterError> {
    let question = Question { server, token, patience, agent: agent(patience) };
    let status: Status = question.get("/api/status", "")?;
    let kernels: Vec<Kernel> = question.get("/api/kernels", "?no_track_activity=1")?;
    // A state that is not told, or not known, may be work.
    let busy = kernels.iter().filter(|kernel| !matches!(kernel.execution_state.as_deref(), Some("idle" | "dead")));
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let last = kernels.iter().filter_map(|kernel| kernel.last_activity).chain([status.last_activity]).max();
    Ok(JupyterSaid {
        last_activity: last.unwrap_or(status.last_activity),
        kernels: count(kernels.len()),
        busy: count(busy.count()),
        connections: status.connections,
    })
}

fn agent(patience: Patience) -> ureq::Agent {
    client_with_secret().timeout_connect(Some(patience.connect)).timeout_global(Some(patience.answer)).build().into()
}

struct Question<'a> {
    server: &'a Server,
    token: Option<&'a Token>,
    patience: Patience,
    agent: ureq::Agent,
}

impl Question<'_> {
    fn get<T: DeserializeOwned>(&self, path: &'static str, query: &str) -> Result<T, JupyterError> {
        let mut request =
            self.agent.get(format!("{}{path}{query}", self.server.base)).header("Accept", "application/json");
        if let Some(token) = self.token {
            request = request.header("Authorization", token.header());
        }
        let mut answer = request.call().map_err(|error| self.unreachable(&error))?;
        self.check(answer.status(), path)?;
        let body = answer.body_mut().with_config().limit(MOST_BYTES).read_to_vec();
        let body = body.map_err(|error| self.unreachable(&error))?;
        serde_json::from_slice(&body).map_err(|error| {
            let looks_like_a_page = body.trim_ascii_start().starts_with(b"<");
            let why = if looks_like_a_page { "a web page".to_owned() } else { self.without_token(&error.to_string()) };
            JupyterError::NotJupyter { url: self.url(), path, why }
        })
    }

    fn check(&self, status: StatusCode, path: &'static str) -> Result<(), JupyterError> {
        let (url, with_token) = (self.url(), self.token.is_some());
        let code = status.as_u16();
        match status {
            StatusCode::OK => Ok(()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(JupyterError::Refused { url, path, status: code, with_token })
            }
            _ if status.is_redirection() => Err(JupyterError::Redirected { url, path, status: code }),
            _ => Err(JupyterError::Status { url, path, status: code }),
        }
    }

    fn unreachable(&self, error: &ureq::Error) -> JupyterError {
        let url = self.url();
        match error {
            ureq::Error::Timeout(_) => JupyterError::Hangs { url, seconds: self.patience.answer.as_secs() },
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
                JupyterError::Hangs { url, seconds: self.patience.answer.as_secs() }
            }
            ureq::Error::BodyExceedsLimit(_) => {
                JupyterError::Unreachable { url, why: "its answer is too long".to_owned() }
            }
            other => JupyterError::Unreachable { url, why: self.without_token(&other.to_string()) },
        }
    }

    fn url(&self) -> String {
        self.without_token(&self.server.base)
    }

    fn without_token(&self, text: &str) -> String {
        self.token.map_or_else(|| text.to_owned(), |token| token.hidden_in(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_url_without_secrets() {
        for url in ["http://127.0.0.1:8888", "https://lab.example/user/me/"] {
            assert_eq!(Server::new(url).expect(url).url(), url.trim_end_matches('/'));
        }
        for (url, why) in [
            ("http://h:8888/?token=hunter2", InvalidServer::Query),
            ("http://h:8888/lab#hunter2", InvalidServer::Query),
            ("http://hunter2@h:8888", InvalidServer::User),
            ("ftp://h", InvalidServer::NoUrl),
            ("h:8888", InvalidServer::NoUrl),
            ("", InvalidServer::NoUrl),
        ] {
            let error = Server::new(url).expect_err(url);
            assert_eq!(error, why, "{url}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn nobody_sees_a_token() {
        let token = Token::new(" hunter2\n").expect("a token");
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(token.header(), "token hunter2");
        assert_eq!(token.hidden_in("no such hunter2"), "no such …");
        for none in ["", " \n", "a b", "a\r\nX: y"] {
            assert!(Token::new(none).is_none(), "{none:?}");
        }
    }
}
