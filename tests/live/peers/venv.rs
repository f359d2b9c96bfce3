//! Virtual environments with moto and with Jupyter in the user's cache directory: made once, then used by every run of
//! the tests.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What is installed into an environment of its own, under a name that changes with it.
struct Kit {
    name: &'static str,
    packages: &'static [&'static str],
}

const MOTO: Kit = Kit { name: "moto-5.2.5", packages: &["moto[server]==5.2.5"] };
const JUPYTER: Kit = Kit { name: "jupyter-server-2.17.0", packages: &["jupyter-server==2.17.0", "ipykernel==7.1.0"] };

/// The Python that has moto.
pub fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| MOTO.python())
}

/// The Python that has a Jupyter server and its kernel.
pub fn jupyter() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(|| JUPYTER.python())
}

impl Kit {
    fn python(&self) -> PathBuf {
        let cache = cache_dir().join("gpucost-tests");
        fs::create_dir_all(&cache).unwrap_or_else(|e| panic!("cannot make {}: {e}", cache.display()));
        // Two test processes may start at once: the second waits here until the first has built it.
        let lock = File::create(cache.join(format!("{}.lock", self.name))).expect("a lock file");
        lock.lock().expect("the lock");
        let (folder, ready) = (cache.join(self.name), cache.join(format!("{}.ready", self.name)));
        let python = folder.join("bin/python");
        if !ready.exists() || !python.exists() {
            self.build(&folder, &python);
            fs::write(&ready, self.packages.join(" ")).expect("the marker is written");
        }
        python
    }

    fn build(&self, folder: &Path, python: &Path) {
        // What an interrupted build left is of no use.
        if folder.exists() {
            fs::remove_dir_all(folder).unwrap_or_else(|e| panic!("cannot remove {}: {e}", folder.display()));
        }
        eprintln!("installing {} into {}: once, about a minute", self.packages.join(" "), folder.display());
        run(
            Command::new("python3").arg("-m").arg("venv").arg(folder),
            "install python3 and python3-venv (`.ci/run` does)",
        );
        run(
            Command::new(python)
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(self.packages),
            "the live tests need PyPI once: check the network, or pip's configuration for your mirror",
        );
    }
}

fn cache_dir() -> PathBuf {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CACHE_HOME")
        .or_else(|| Some(set("HOME")?.join(".cache")))
        .expect("the tests need XDG_CACHE_HOME or HOME, for moto")
}

fn run(command: &mut Command, hint: &str) {
    let output = command.output().unwrap_or_else(|e| panic!("{command:?}: {e}\nhint: {hint}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{said}\nhint: {hint}", output.status);
}
