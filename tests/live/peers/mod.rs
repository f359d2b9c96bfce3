//! The servers that gpucost is tested against. They stop when the value that started them goes, or the whole test does.
//!
//! Most tests take [`Aws::start`]: all share one pair of servers, each has an account of its own, so they do not meet.
//! A test that needs days to pass takes [`Aws::private`] and sets the clock.
#![allow(dead_code, unused_imports, reason = "not every topic is tested with all of it")]

mod aws;
mod jupyter;
mod killer;
mod moto;
mod pty;
mod sink;
mod venv;

pub use aws::{Aws, Call};
pub use jupyter::{Answers, Jupyter};
pub use killer::Killer;
pub use moto::{Moto, all, faketime, first, stand_at};
pub use pty::on_a_terminal;
pub use sink::{Does, Mails, Sink, Taken, mail_server, mail_server_that};

/// A moto server of one's own, without the local AWS before it.
pub fn moto() -> Moto {
    Moto::start()
}
