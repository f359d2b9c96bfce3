//! Runs the real binary in a clean environment: an empty home, an empty folder to work in, no other variables.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A home and a working folder of its own; both go when it does.
pub struct Lab {
    dir: TempDir,
}

/// What a run left: exit code, stdout, stderr.
#[derive(Debug, PartialEq, Eq)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Lab {
    pub fn new() -> Lab {
        let lab = Lab { dir: tempfile::tempdir().expect("a temporary folder") };
        fs::create_dir(lab.home()).expect("a home");
        fs::create_dir(lab.cwd()).expect("a working folder");
        lab
    }

    pub fn home(&self) -> PathBuf {
        self.dir.path().join("home")
    }

    pub fn cwd(&self) -> PathBuf {
        self.dir.path().join("cwd")
    }

    /// Where the ledger is if nobody names one.
    pub fn ledger(&self) -> PathBuf {
        self.home().join("data/gpucost/ledger.db")
    }

    /// Where the config file is if nobody names one.
    pub fn config(&self) -> PathBuf {
        self.home().join("config/gpucost/config.toml")
    }

    /// Writes a file into the working folder (or to an absolute path), making its folder.
    pub fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.cwd().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("the folder is made");
        fs::write(&path, bytes).expect("the file is written");
        path
    }

    /// `program` with nothing in its environment but the lab's folders.
    pub fn clean(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.cwd()).stdin(Stdio::null());
        command.env("HOME", self.home());
        command.env("XDG_DATA_HOME", self.home().join("data"));
        command.env("XDG_CONFIG_HOME", self.home().join("config"));
        command.env("XDG_CACHE_HOME", self.home().join("cache"));
        command.env("TMPDIR", self.dir.path());
        command
    }

    pub fn gpucost(&self, args: &[&str]) -> Command {
        let mut command = self.clean(env!("CARGO_BIN_EXE_gpucost"));
        command.args(args);
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&mut self.gpucost(args))
    }

    /// Runs what must succeed and gives its stdout.
    #[track_caller]
    pub fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "gpucost {args:?}: {ran:?}");
        ran.out
    }

    /// The rows of all tables of the ledger; empty if there is none.
    pub fn recorded(&self) -> Vec<String> {
        recorded(&self.ledger())
    }
}

impl Ran {
    pub fn of(command: &mut Command) -> Ran {
        Ran::from(command.output().expect("the program runs"))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

fn shown(value: rusqlite::types::ValueRef<'_>) -> String {
    value.as_str().map_or_else(|_| format!("{value:?}"), str::to_owned)
}

/// The rows of all tables of a ledger, one text each; empty if there is no such file.
pub fn recorded(ledger: &Path) -> Vec<String> {
    if !ledger.exists() {
        return Vec::new();
    }
    let database = rusqlite::Connection::open(ledger).expect("the ledger opens");
    database.busy_timeout(std::time::Duration::from_secs(10)).expect("a timeout");
    let check: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(check, "ok");
    let mut found = Vec::new();
    for table in ["imports", "facts", "metered"] {
        let mut statement = database.prepare(&format!("SELECT * FROM {table} ORDER BY id")).expect("the table");
        let columns = statement.column_count();
        let mut rows = statement.query([]).expect("its rows");
        while let Some(row) = rows.next().expect("a row") {
            let values: Vec<_> = (0..columns).map(|i| shown(row.get_ref(i).expect("a value"))).collect();
            found.push(format!("{table}: {}", values.join(" | ")));
        }
    }
    found
}
