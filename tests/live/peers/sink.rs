//! What alerts are sent to: an HTTP server that takes them, or behaves as badly as the network, and a mail server.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// What the server does with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    Take,
    /// This status; seconds of `Retry-After`.
    Answer(u16, Option<u32>),
    /// Takes it, says so, and breaks off in the body of its answer.
    TakeAndDieInTheBody,
    /// Takes it and closes the connection without a word.
    TakeAndSayNothing,
    /// Takes it, this much later.
    TakeAfter(Duration),
    Hang,
}

/// A request that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Taken {
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers))
    }
}

/// It lives as long as the test process.
#[derive(Clone)]
pub struct Sink {
    port: u16,
    next: Arc<Mutex<VecDeque<Does>>>,
    taken: Arc<Mutex<Vec<Taken>>>,
}

impl Sink {
    pub fn start() -> Sink {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("its number").port();
        let sink = Sink { port, next: Arc::default(), taken: Arc::default() };
        let server = sink.clone();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let server = server.clone();
                thread::spawn(move || server.serve(connection));
            }
        });
        sink
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it does with the next requests; after them it takes all.
    pub fn will(&self, does: &[Does]) {
        self.next.lock().expect("the plan").extend(does);
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().expect("the requests").clone()
    }

    fn serve(&self, connection: TcpStream) -> Option<()> {
        let mut reader = BufReader::new(connection.try_clone().ok()?);
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let path = line.split(' ').nth(1)?.to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let length = headers.iter().find(|(name, _)| name == "content-length")?.1.parse().ok()?;
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let taken = Taken { path, headers, body: String::from_utf8(body).ok()? };
        let does = self.next.lock().ok()?.pop_front().unwrap_or(Does::Take);
        let mut connection = connection;
        let take = || self.taken.lock().ok().map(|mut all| all.push(taken.clone()));
        let say = |connection: &mut TcpStream, status: u16, headers: &str, length: usize, body: &str| {
            let head =
                format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}");
            connection.write_all(head.as_bytes()).ok()
        };
        match does {
            Does::Take => {
                take()?;
                say(&mut connection, 200, "", 2, "ok")
            }
            Does::TakeAfter(wait) => {
                thread::sleep(wait);
                take()?;
                say(&mut connection, 200, "", 2, "ok")
            }
            Does::Answer(status, retry_after) => {
                let headers = retry_after.map_or_else(String::new, |after| format!("Retry-After: {after}\r\n"));
                say(&mut connection, status, &headers, 14, "<html>no</html>")
            }
            Does::TakeAndDieInTheBody => {
                take()?;
                say(&mut connection, 200, "", 1000, "o")
            }
            Does::TakeAndSayNothing => take(),
            Does::Hang => {
                thread::sleep(Duration::from_secs(120));
                Some(())
            }
        }
    }
}

/// What the mail server does with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mails {
    /// `550` to the recipient.
    RefuseForGood,
    /// `451` to the whole mail.
    RefuseForNow,
    /// Takes it and closes the connection without a word.
    TakeAndSayNothing,
    /// Takes it, this much later.
    TakeAfter(Duration),
    /// Not even a greeting.
    Hang,
}

/// A mail server without TLS; gives the port, and the mails as they came.
pub fn mail_server() -> (u16, Arc<Mutex<Vec<String>>>) {
    mail_server_that(&[])
}

/// One that does this with its first connections and then takes all.
pub fn mail_server_that(does: &[Mails]) -> (u16, Arc<Mutex<Vec<String>>>) {
    let mut plan: VecDeque<Mails> = does.iter().copied().collect();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let port = listener.local_addr().expect("its number").port();
    let mails: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&mails);
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let kept = Arc::clone(&kept);
            let does = plan.pop_front().unwrap_or(Mails::TakeAfter(Duration::ZERO));
            thread::spawn(move || take_mail(connection, does, &kept));
        }
    });
    (port, mails)
}

fn take_mail(mut connection: TcpStream, does: Mails, kept: &Mutex<Vec<String>>) -> Option<()> {
    if does == Mails::Hang {
        thread::sleep(Duration::from_secs(120));
        return Some(());
    }
    let mut reader = BufReader::new(connection.try_clone().ok()?);
    connection.write_all(b"220 sink\r\n").ok()?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return Some(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" => b"250-sink\r\n250 8BITMIME\r\n",
            "RCPT" if does == Mails::RefuseForGood => b"550 nobody of that name\r\n",
            "DATA" => {
                connection.write_all(b"354 go on\r\n").ok()?;
                let mut mail = String::new();
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).ok()?;
                    if line == ".\r\n" {
                        break;
                    }
                    mail += &line;
                }
                match does {
                    Mails::RefuseForNow => b"451 try again later\r\n",
                    Mails::TakeAndSayNothing => {
                        kept.lock().ok()?.push(mail);
                        return Some(());
                    }
                    Mails::TakeAfter(wait) => {
                        thread::sleep(wait);
                        kept.lock().ok()?.push(mail);
                        b"250 taken\r\n"
                    }
                    Mails::RefuseForGood | Mails::Hang => b"554 no\r\n",
                }
            }
            "QUIT" => {
                _ = connection.write_all(b"221 bye\r\n");
                return Some(());
            }
            _ => b"250 ok\r\n",
        };
        connection.write_all(answer).ok()?;
    }
}
