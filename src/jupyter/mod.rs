//! Jupyter servers that the user names: whether a kernel of theirs is at work, and when one was last.
//!
//! `GET /api/status` counts as no activity; `GET /api/kernels` does, unless it is asked with `no_track_activity`.
//! <https://jupyter-server.readthedocs.io/en/latest/developers/rest-api.html> (that page was not found; read 2026-11-28 in
//! the code of jupyter-server 2.17.0, and measured with it: tests/live/jupyter.rs)

mod server;
mod token;

pub use server::{InvalidServer, JupyterError, Patience, Server, ask};
pub use token::Token;
