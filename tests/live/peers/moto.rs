//! A moto server: EC2, STS and Cost Explorer as AWS answers them, in memory, on a clock that the test sets.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tempfile::TempDir;

use super::venv;

/// It stops when its stdin closes, which it does with the test, however that goes.
const START: &str = "
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(['-H', '127.0.0.1', '-p', '0'])
";

/// The account of a request that names none.
pub const ACCOUNT: &str = "123456789012";

pub struct Moto {
    child: Child,
    dir: TempDir,
    port: u16,
}

impl Moto {
    pub fn start() -> Moto {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let log = dir.path().join("log");
        let out = fs::File::create(&log).expect("a log");
        let child = Command::new(venv::python())
            .args(["-c", START])
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", dir.path())
            .env("TZ", "UTC")
            .env("LD_PRELOAD", faketime())
            .env("FAKETIME_TIMESTAMP_FILE", dir.path().join("clock"))
            .env("FAKETIME_NO_CACHE", "1")
            // Its own images have snapshots, which it shows to every account as theirs.
            .env("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
            // Threads wait on this clock: it goes on.
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .stdin(Stdio::piped())
            .stdout(out.try_clone().expect("the log again"))
            .stderr(out)
            .spawn()
            .expect("moto starts");
        let mut moto = Moto { child, dir, port: 0 };
        moto.port = moto.wait_for_port(&log);
        moto
    }

    fn wait_for_port(&mut self, log: &Path) -> u16 {
        const SIGN: &str = "Running on http://127.0.0.1:";
        let until = Instant::now() + Duration::from_secs(120);
        loop {
            let said = fs::read_to_string(log).unwrap_or_default();
            let port = said.split_once(SIGN).and_then(|(_, rest)| rest.split_once(|c: char| !c.is_ascii_digit()));
            if let Some((port, _)) = port {
                return port.parse().expect("a port");
            }
            let gone = self.child.try_wait().expect("moto's state");
            assert!(gone.is_none() && Instant::now() < until, "moto did not start ({gone:?}):\n{said}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The clock stands at `now` until it is set again: what happens meanwhile happens at that second exactly. Before
    /// the first call moto has the real time.
    pub fn set_clock(&self, now: Timestamp) {
        let (clock, fresh) = (self.dir.path().join("clock"), self.dir.path().join("clock.new"));
        fs::write(&fresh, now.strftime("%Y-%m-%d %H:%M:%S\n").to_string()).expect("the clock is written");
        // A rename, because moto may read at any moment.
        fs::rename(&fresh, &clock).expect("the clock is set");
    }

    /// Everything it knows is gone.
    pub fn reset(&self) {
        post(&format!("{}/moto-api/reset", self.url()), &[], "").expect("moto resets");
    }

    /// An EC2 request in us-east-1; gives the XML.
    #[track_caller]
    pub fn ec2(&self, action: &str, params: &[(&str, &str)]) -> String {
        self.ec2_of(ACCOUNT, "us-east-1", action, params)
    }

    #[track_caller]
    pub fn ec2_of(&self, account: &str, region: &str, action: &str, params: &[(&str, &str)]) -> String {
        self.query_of(account, region, "ec2", action, &[&[("Version", "2016-11-15")], params].concat())
    }

    /// A request to a service that takes forms and answers in XML.
    #[track_caller]
    pub fn query_of(
        &self,
        account: &str,
        region: &str,
        service: &str,
        action: &str,
        params: &[(&str, &str)],
    ) -> String {
        let mut form = format!("Action={action}");
        for (name, value) in params {
            form += &format!("&{name}={}", encoded(value));
        }
        let authorization = authorization(region, service);
        let headers = [
            ("Authorization", authorization.as_str()),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("x-moto-account-id", account),
        ];
        post(&self.url(), &headers, &form).unwrap_or_else(|e| panic!("{action} {params:?}: {e}"))
    }

    /// Runs one instance; gives its id.
    #[track_caller]
    pub fn run_instance(&self, account: &str, region: &str, instance_type: &str) -> String {
        let params =
            [("ImageId", "ami-12c6146b"), ("InstanceType", instance_type), ("MinCount", "1"), ("MaxCount", "1")];
        first(&self.ec2_of(account, region, "RunInstances", &params), "instanceId")
    }
}

/// The clock of a program that is run for a test stands at `now`.
pub fn stand_at(command: &mut Command, now: Timestamp) {
    command
        .env("TZ", "UTC")
        .env("LD_PRELOAD", faketime())
        .env("FAKETIME", now.strftime("%Y-%m-%d %H:%M:%S").to_string())
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What routes a request to a service and a region; nobody checks the signature.
pub fn authorization(region: &str, service: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIA{ACCOUNT}/20260101/{region}/{service}/aws4_request, SignedHeaders=host, \
         Signature=0"
    )
}

/// The first text of this tag in XML.
#[track_caller]
pub fn first(xml: &str, tag: &str) -> String {
    all(xml, tag).into_iter().next().unwrap_or_else(|| panic!("no <{tag}> in {xml}"))
}

/// The texts of this tag in XML, in their order.
pub fn all(xml: &str, tag: &str) -> Vec<String> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    xml.split(&open).skip(1).filter_map(|rest| Some(rest.split_once(&close)?.0.to_owned())).collect()
}

pub fn post(url: &str, headers: &[(&str, &str)], body: &str) -> Result<String, String> {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(60)));
    let mut request = ureq::Agent::from(agent.build()).post(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut answer = request.send(body).map_err(|e| e.to_string())?;
    let status = answer.status();
    let said = answer.body_mut().read_to_string().map_err(|e| e.to_string())?;
    if status.is_success() { Ok(said) } else { Err(format!("{status}: {said}")) }
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

/// Debian's package puts it into a folder named after the architecture.
pub fn faketime() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    folders
        .chain([PathBuf::from("/usr/lib")])
        .map(|folder| folder.join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists())
        .expect("the live tests need libfaketime: `apt-get install faketime` (`.ci/run` does it)")
}
