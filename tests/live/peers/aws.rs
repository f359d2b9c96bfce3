//! moto with the local AWS before it: what gpucost talks to in the tests.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::moto::{Moto, post};
use crate::program::Lab;

/// One account of a pair of servers.
pub struct Aws {
    pair: Arc<Pair>,
    account: String,
    private: bool,
}

struct Pair {
    moto: Moto,
    server: Child,
    port: u16,
}

/// A request that reached AWS, answered or not.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Call {
    /// As in IAM actions: `ec2`, `pricing`, `ce`, `cloudtrail`, `servicequotas`, `sts`; or `bulk`, a file's path as action.
    pub service: String,
    pub action: String,
    pub region: String,
    /// AWS was only asked whether it would.
    #[serde(default)]
    pub dry_run: bool,
}

impl Aws {
    /// A fresh account of the servers that all tests of this process share. Their clock is the real one.
    pub fn start() -> Aws {
        static SHARED: OnceLock<Arc<Pair>> = OnceLock::new();
        let pair = Arc::clone(SHARED.get_or_init(|| Arc::new(Pair::start())));
        Aws { pair, account: fresh_account(), private: false }
    }

    /// Servers of one's own, whose clock can be set.
    pub fn private() -> Aws {
        Aws { pair: Arc::new(Pair::start()), account: fresh_account(), private: true }
    }

    /// One more account of the same servers.
    pub fn another(&self) -> Aws {
        Aws { pair: Arc::clone(&self.pair), account: fresh_account(), private: self.private }
    }

    /// Twelve digits.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// It names the account: nobody checks the secret.
    pub fn access_key(&self) -> String {
        format!("AKIA{}", self.account)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.pair.port)
    }

    /// Where the offer files are, without credentials.
    pub fn offers_url(&self) -> String {
        format!("{}/as/{}", self.url(), self.account)
    }

    pub fn moto(&self) -> &Moto {
        &self.pair.moto
    }

    /// Credentials and endpoints of this account, and nothing that leads out of this machine.
    pub fn env(&self, command: &mut Command) {
        self.endpoints(command);
        command.env("AWS_ACCESS_KEY_ID", self.access_key()).env("AWS_SECRET_ACCESS_KEY", "nobody-checks-this-secret");
    }

    /// The endpoints alone: whoever runs this has no credentials.
    pub fn endpoints(&self, command: &mut Command) {
        command
            .env("AWS_ENDPOINT_URL", self.url())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("GPUCOST_OFFERS_URL", self.offers_url());
    }

    /// gpucost with this account's credentials.
    pub fn gpucost(&self, lab: &Lab, args: &[&str]) -> Command {
        let mut command = lab.gpucost(args);
        self.env(&mut command);
        command
    }

    /// An EC2 request of this account, straight to moto: it is not among the calls.
    #[track_caller]
    pub fn ec2(&self, region: &str, action: &str, params: &[(&str, &str)]) -> String {
        self.moto().ec2_of(&self.account, region, action, params)
    }

    /// A request of this account to another service that takes forms (SNS, SQS, CloudWatch), straight to moto.
    #[track_caller]
    pub fn query(&self, region: &str, service: &str, action: &str, params: &[(&str, &str)]) -> String {
        self.moto().query_of(&self.account, region, service, action, params)
    }

    /// Runs one instance; gives its id.
    #[track_caller]
    pub fn run_instance(&self, region: &str, instance_type: &str) -> String {
        self.moto().run_instance(&self.account, region, instance_type)
    }

    /// What reached AWS so far, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        let url = format!("{}/_{}/calls", self.url(), self.account);
        let mut answer = ureq::get(&url).call().expect("the calls");
        let said = answer.body_mut().read_to_string().expect("the calls");
        serde_json::from_str(&said).expect("calls")
    }

    /// `{"mode": …, "service"?, "action"?, "region"?, "times"?: 1, "skip"?: 0}`: the next matching requests go wrong, in the
    /// order in which this was said. Modes: `refuse` (reset before any answer), `throttle`, `html500`, `hang`,
    /// `reset_mid_body`, `truncate`, `slow` (`"seconds"`), `ignore_dry_run`, `access_denied`, `expired_token`, `garbage`, and `error` with
    /// `"code"`, `"message"` and `"status"`.
    pub fn misbehave(&self, fault: Value) {
        self.tell("misbehave", fault);
    }

    /// CloudTrail events, each as AWS writes it in `CloudTrailEvent`.
    pub fn add_events(&self, events: Value) {
        self.tell("events", events);
    }

    /// `{region: {code: value}}`; `null` where AWS knows only its default.
    pub fn set_quotas(&self, quotas: Value) {
        self.tell("quotas", quotas);
    }

    /// `[{"region", "zone", "type", "product", "price", "at", "zone_id"?}]`; without any, moto answers.
    pub fn add_spot_prices(&self, prices: Value) {
        self.tell("spot", prices);
    }

    /// `[{"region", "id", "name", "architecture"?, "platform"?, "operation"?, "product_codes"?: [code], "deprecated"?,
    /// "volumes_gb"?: [root, others]}]`; without any, moto answers, which knows less of images.
    pub fn add_images(&self, images: Value) {
        self.tell("images", images);
    }

    /// A new publication: `{"version"?, "published"?, "prices"?: {SKU: USD}, "gone"?: [SKU], "reserved_only"?: [SKU],
    /// "filler"?: rows}`.
    pub fn publish(&self, edition: Value) {
        self.tell("publish", edition);
    }

    /// What DescribeSnapshots says of every snapshot that moto calls completed.
    pub fn set_snapshot_state(&self, state: Option<&str>) {
        self.tell("snapshots", json!({ "state": state }));
    }

    /// In moto's answers to this action each match of the pattern is replaced: what moto cannot be. With `after` only once
    /// that action was called.
    pub fn edit(&self, action: &str, pattern: &str, put: &str, after: Option<&str>) {
        let mut edit = json!({ "action": action, "pattern": pattern, "put": put });
        if let Some(after) = after {
            edit["after"] = after.into();
        }
        self.tell("edits", json!([edit]));
    }

    /// No page has more than this.
    pub fn set_page_size(&self, size: u32) {
        self.tell("pages", json!({ "size": size }));
    }

    /// Every NextToken given out so far is void.
    pub fn expire_tokens(&self) {
        self.tell("expire", Value::Null);
    }

    /// The clock of both servers stands at `now` until it is set again.
    pub fn set_clock(&self, now: Timestamp) {
        assert!(self.private, "the shared servers have the real time: take Aws::private()");
        self.moto().set_clock(now);
        self.tell("clock", json!({ "now": now.to_string() }));
    }

    fn tell(&self, what: &str, said: Value) {
        let url = format!("{}/_{}/{what}", self.url(), self.account);
        post(&url, &[("Content-Type", "application/json")], &said.to_string())
            .unwrap_or_else(|e| panic!("{what} {said}: {e}"));
    }
}

fn fresh_account() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(210_000_000_001);
    NEXT.fetch_add(1, Ordering::Relaxed).to_string()
}

impl Pair {
    fn start() -> Pair {
        let moto = Moto::start();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/live/aws_server.py");
        let mut server = Command::new("python3")
            .arg("-B")
            .arg(script)
            .arg(moto.url())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs the local AWS");
        let mut port = String::new();
        let out = server.stdout.take().expect("its stdout");
        BufReader::new(out).read_line(&mut port).expect("its port");
        let port = port.trim().parse().expect("the local AWS says its port");
        Pair { moto, server, port }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
