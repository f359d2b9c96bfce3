//! A real Jupyter server, and one that answers whatever the test says.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::venv;

/// It stops when its stdin closes, which it does with the test, however that goes; its kernels with it.
const START: &str = "
import os, sys, threading
from jupyter_server.serverapp import ServerApp
def wait():
    sys.stdin.read()
    for kernel in list(app.kernel_manager._kernels.values()):
        try:
            os.killpg(os.getpgid(kernel.provisioner.pid), 9)
        except Exception:
            pass
    os._exit(0)
app = ServerApp.instance()
app.initialize(['--ServerApp.ip=127.0.0.1', '--ServerApp.port=' + sys.argv[1], '--ServerApp.port_retries=0',
    '--ServerApp.open_browser=False', '--ServerApp.allow_root=True', '--IdentityProvider.token=' + sys.argv[2],
    '--ServerApp.root_dir=' + sys.argv[3]])
threading.Thread(target=wait, daemon=True).start()
app.start()
";

/// Greets a kernel, as a notebook does that opens, and gives it work if there is any; by its connection file.
const GREET: &str = "
import sys
from jupyter_client.blocking import BlockingKernelClient
client = BlockingKernelClient()
client.load_connection_file(sys.argv[1])
client.start_channels()
client.wait_for_ready(timeout=60)
if sys.argv[2]:
    client.execute(sys.argv[2])
import time; time.sleep(1)
";

pub struct Jupyter {
    child: Child,
    dir: TempDir,
    port: u16,
    token: String,
}

impl Jupyter {
    pub fn start(token: &str) -> Jupyter {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port").local_addr().expect("it").port();
        let log = fs::File::create(dir.path().join("log")).expect("a log");
        let root = dir.path().join("root");
        fs::create_dir(&root).expect("a folder");
        let child = command(&dir)
            .args(["-c", START, &port.to_string(), token])
            .arg(root)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().expect("the log again"))
            .stderr(log)
            .spawn()
            .expect("Jupyter starts");
        let mut jupyter = Jupyter { child, dir, port, token: token.to_owned() };
        jupyter.wait("the server", |jupyter| jupyter.get("/api/status").is_some());
        jupyter
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn get(&self, path: &str) -> Option<Value> {
        let request = ureq::get(format!("{}{path}?no_track_activity=1", self.url()));
        let mut answer = request.header("Authorization", format!("token {}", self.token)).call().ok()?;
        serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()
    }

    fn wait(&mut self, what: &str, is_so: impl Fn(&Jupyter) -> bool) {
        let until = Instant::now() + Duration::from_secs(120);
        while !is_so(self) {
            let gone = self.child.try_wait().expect("its state");
            let log = || fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(gone.is_none() && Instant::now() < until, "no {what} ({gone:?}):\n{}", log());
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn states(&self) -> Vec<(String, String)> {
        let kernels = self.get("/api/kernels").unwrap_or_default();
        let text = |kernel: &Value, key: &str| kernel[key].as_str().unwrap_or_default().to_owned();
        kernels.as_array().into_iter().flatten().map(|k| (text(k, "id"), text(k, "execution_state"))).collect()
    }

    /// Starts a kernel and waits until it is idle; gives its id.
    pub fn start_kernel(&mut self) -> String {
        let request = ureq::post(format!("{}/api/kernels", self.url()));
        let request = request.header("Authorization", format!("token {}", self.token));
        let mut answer = request.send(r#"{"name":"python3"}"#).expect("a kernel");
        let kernel: Value = serde_json::from_str(&answer.body_mut().read_to_string().expect("it")).expect("JSON");
        let id = kernel["id"].as_str().expect("an id").to_owned();
        // Until somebody opens it, it is said to be starting.
        self.greet(&id, "");
        self.wait("idle kernel", |jupyter| jupyter.states().contains(&(id.clone(), "idle".to_owned())));
        id
    }

    /// Gives a kernel ten minutes of work.
    pub fn keep_busy(&mut self, kernel: &str) {
        self.greet(kernel, "import time; time.sleep(600)");
        let kernel = kernel.to_owned();
        self.wait("busy kernel", |jupyter| jupyter.states().contains(&(kernel.clone(), "busy".to_owned())));
    }

    fn greet(&self, kernel: &str, work: &str) {
        let file = self.dir.path().join(format!("runtime/kernel-{kernel}.json"));
        let ran = command(&self.dir).args(["-c", GREET]).arg(file).arg(work).output().expect("Python");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
}

impl Drop for Jupyter {
    fn drop(&mut self) {
        // Its end is told by its stdin, so that it takes its kernels with it.
        drop(self.child.stdin.take());
        let until = Instant::now() + Duration::from_secs(10);
        while self.child.try_wait().is_ok_and(|gone| gone.is_none()) && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(dir: &TempDir) -> Command {
    let mut command = Command::new(venv::jupyter());
    command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("HOME", dir.path());
    for (name, folder) in [
        ("JUPYTER_RUNTIME_DIR", "runtime"),
        ("JUPYTER_CONFIG_DIR", "config"),
        ("JUPYTER_DATA_DIR", "data"),
        ("IPYTHONDIR", "ipython"),
    ] {
        command.env(name, dir.path().join(folder));
    }
    command
}

/// A web server that gives every request these bytes, then closes; `None`: it says nothing and holds the line.
#[derive(Clone)]
pub struct Answers {
    port: u16,
    /// The heads of the requests.
    heard: Arc<Mutex<Vec<String>>>,
}

impl Answers {
    pub fn start(bytes: Option<Vec<u8>>) -> Answers {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let answers = Answers { port: listener.local_addr().expect("it").port(), heard: Arc::default() };
        let heard = Arc::clone(&answers.heard);
        thread::spawn(move || {
            for mut connection in listener.incoming().flatten() {
                let (heard, bytes) = (Arc::clone(&heard), bytes.clone());
                thread::spawn(move || {
                    let mut reader = BufReader::new(connection.try_clone().ok()?);
                    let (mut head, mut line) = (String::new(), String::new());
                    while reader.read_line(&mut line).ok()? > 2 {
                        head.push_str(&std::mem::take(&mut line));
                    }
                    heard.lock().ok()?.push(head);
                    match bytes {
                        Some(bytes) => connection.write_all(&bytes).ok(),
                        None => {
                            thread::sleep(Duration::from_secs(60));
                            Some(())
                        }
                    }
                });
            }
        });
        answers
    }

    pub fn with(status: u16, headers: &str, body: &str) -> Answers {
        let length = body.len();
        let answer =
            format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}");
        Answers::start(Some(answer.into_bytes()))
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().expect("the requests").clone()
    }
}
