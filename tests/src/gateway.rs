//! The Keeper gateway's part: writes the inputs, runs the real binary, and looks for leaks.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::canary::Canaries;
use crate::net::Authority;
use crate::record::{self, Record};

/// No run of a test takes longer; one that does is killed, and the test fails.
const PATIENCE: Duration = Duration::from_secs(90);

/// The folder of the release build, where this very program stands too.
fn release() -> PathBuf {
    let program = std::env::current_exe().unwrap();
    let folder = program.parent().unwrap();
    if folder.ends_with("deps") { folder.parent().unwrap().into() } else { folder.into() }
}

/// The binary under test: `PAMRUN_BIN`, or the one beside this program.
pub fn binary() -> PathBuf {
    let beside = || release().join(format!("pamrun{}", std::env::consts::EXE_SUFFIX));
    std::env::var_os("PAMRUN_BIN").map_or_else(beside, PathBuf::from)
}

/// The target folder, where `plugins/` and `guests/` are.
pub fn target() -> PathBuf {
    release().parent().unwrap().into()
}

/// A built plugin: `azure-app-secret`.
pub fn plugin(name: &str) -> PathBuf {
    built(target().join("plugins").join(format!("{name}.wasm")))
}

/// A built guest: `misbehaving`.
pub fn guest(name: &str) -> PathBuf {
    built(target().join("guests").join(format!("{name}.wasm")))
}

fn built(file: PathBuf) -> PathBuf {
    assert!(file.exists(), "{} is missing: run `make plugins` first", file.display());
    file
}

/// A folder with everything that one gateway host has, for any number of runs.
pub struct Gateway {
    folder: TempDir,
    canaries: RefCell<Vec<(String, String)>>,
}

impl Gateway {
    /// Makes an empty folder with the authority's certificate in it and a configuration whose
    /// waits are short.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        let gateway = Self { folder: tempfile::tempdir().unwrap(), canaries: RefCell::default() };
        for name in ["home", "tmp", "state", "inputs", "vault"] {
            std::fs::create_dir(gateway.path(name)).unwrap();
        }
        private(&gateway.path("state"), 0o700);
        std::fs::write(gateway.path("ca.pem"), Authority::shared().pem()).unwrap();
        gateway.write("config.toml", "version = 1\n\n[limits]\nsettle_window = \"2s\"\n");
        gateway
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder, for its owner only.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        private(&path, 0o600);
        path
    }

    /// Writes a file that may hold secrets, since the test put them there.
    pub fn write_input(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        self.write(&format!("inputs/{name}"), content)
    }

    /// Watches for one more secret.
    pub fn plant(&self, name: &str, value: &str) {
        self.canaries.borrow_mut().push((name.to_owned(), value.to_owned()));
    }

    /// The vault.
    pub fn vault(&self) -> VaultFile {
        VaultFile(self.path("vault/vault.json"))
    }

    /// Writes the vault with these records, and watches for every hidden value in them.
    pub fn fill_vault<'a>(&self, records: impl IntoIterator<Item = &'a Record>) {
        let records: Vec<_> = records.into_iter().collect();
        self.canaries.borrow_mut().extend(records.iter().flat_map(|record| record.secrets()));
        let json: Vec<_> = records.iter().map(|record| record.json.clone()).collect();
        self.vault().write(&json!({ "records": json }));
    }

    /// A run of any command of the binary.
    pub fn command(&self, arguments: &[&str]) -> Exec<'_> {
        let mut exec = Exec { gateway: self, arguments: Vec::new(), input: Vec::new(), reveals: false };
        for argument in arguments {
            exec = exec.argument(argument);
        }
        exec
    }

    /// A run of `exec`, as the gateway makes it.
    pub fn exec(&self, plugin: &Path, input: Vec<u8>) -> Exec<'_> {
        self.command(&["exec"])
            .argument(plugin)
            .flag("--config", self.path("config.toml"))
            .flag("--state-dir", self.path("state"))
            .flag("--ca-file", self.path("ca.pem"))
            .input(input)
    }

    /// The compiled plugins that were kept, with the time of their last change.
    pub fn compiled(&self) -> HashMap<PathBuf, SystemTime> {
        let changed = |file: &PathBuf| std::fs::metadata(file).unwrap().modified().unwrap();
        let compiled = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "cwasm");
        let files = files_below(self.folder.path()).into_iter().filter(compiled);
        files.map(|file| (file.clone(), changed(&file))).collect()
    }

    /// Fails if a secret stands where none may.
    fn look_for_leaks(&self, run: &Run, secrets: &[String], reveals: bool) {
        let issued =
            secrets.iter().map(|value| ("a secret that the service gave out".to_owned(), value.clone()));
        let canaries = Canaries::new(self.canaries.borrow().iter().cloned().chain(issued));
        let check = |place: &str, text: &[u8]| {
            if let Some(secret) = canaries.find(text) {
                panic!("{place} holds {secret}\n{run}");
            }
        };
        if !reveals {
            check("stdout", run.stdout.as_bytes());
        }
        check("stderr", run.stderr.as_bytes());
        for file in files_below(self.folder.path()) {
            let is_input = file.starts_with(self.path("inputs")) || file == self.vault().0;
            check(&file.display().to_string(), file.as_os_str().as_encoded_bytes());
            if !is_input {
                check(&file.display().to_string(), &std::fs::read(&file).unwrap());
            }
        }
    }
}

fn private(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else if path.is_file() {
            files.push(path);
        }
    }
    files
}

/// A vault in one file.
#[derive(Debug, Clone)]
pub struct VaultFile(PathBuf);

impl VaultFile {
    /// The value of `--vault`.
    pub fn flag(&self) -> String {
        format!("file:{}", self.0.display())
    }

    /// Everything in it.
    pub fn read(&self) -> Value {
        serde_json::from_slice(&std::fs::read(&self.0).unwrap()).unwrap()
    }

    /// One record of it.
    pub fn record(&self, uid: &str) -> Value {
        let all = self.read();
        all["records"].as_array().unwrap().iter().find(|record| record["uid"] == uid).unwrap().clone()
    }

    /// Changes one record as somebody else would: its revision moves.
    pub fn edit(&self, uid: &str, edit: impl FnOnce(&mut Value)) {
        let mut all = self.read();
        let records = all["records"].as_array_mut().unwrap();
        let record = records.iter_mut().find(|record| record["uid"] == uid).unwrap();
        edit(record);
        record["revision"] = (record["revision"].as_i64().unwrap() + 1).into();
        self.write(&all);
    }

    /// Adds a record.
    pub fn add(&self, record: &Record) {
        let mut all = self.read();
        all["records"].as_array_mut().unwrap().push(record.json.clone());
        self.write(&all);
    }

    /// Deletes a record.
    pub fn delete(&self, uid: &str) {
        let mut all = self.read();
        all["records"].as_array_mut().unwrap().retain(|record| record["uid"] != uid);
        self.write(&all);
    }

    fn write(&self, json: &Value) {
        let new = self.0.with_extension("new");
        std::fs::write(&new, serde_json::to_vec_pretty(json).unwrap()).unwrap();
        private(&new, 0o600);
        std::fs::rename(new, &self.0).unwrap();
    }
}

/// A run that is being prepared.
pub struct Exec<'a> {
    gateway: &'a Gateway,
    arguments: Vec<OsString>,
    input: Vec<u8>,
    reveals: bool,
}

impl Exec<'_> {
    /// With one more argument.
    #[must_use]
    pub fn argument(mut self, argument: impl AsRef<std::ffi::OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// With one more flag.
    #[must_use]
    pub fn flag(self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.argument(name).argument(value)
    }

    /// With `--set KEY=VALUE`.
    #[must_use]
    pub fn set(self, key: &str, value: &str) -> Self {
        self.flag("--set", format!("{key}={value}"))
    }

    /// With a host that is reached at an address of this machine.
    #[must_use]
    pub fn host(self, host: &str, address: SocketAddr) -> Self {
        self.flag("--allow-host", host)
            .flag("--allow-private", host)
            .flag("--resolve", format!("{host}:443:{}:{}", address.ip(), address.port()))
    }

    /// With this on stdin.
    #[must_use]
    pub fn input(mut self, input: Vec<u8>) -> Self {
        self.input = input;
        self
    }

    /// With `--reveal`: stdout may then hold secrets.
    #[must_use]
    pub fn reveal(self) -> Self {
        self.capture_secret_stdout().argument("--reveal")
    }

    /// Lets stdout hold secrets, since that is what the command is for.
    #[must_use]
    pub fn capture_secret_stdout(mut self) -> Self {
        self.reveals = true;
        self
    }

    /// Without an argument that was given before, and its value.
    #[must_use]
    pub fn without(mut self, name: &str, value: &str) -> Self {
        let at = self.arguments.windows(2).position(|pair| pair[0] == name && pair[1] == value);
        self.arguments.drain(at.unwrap()..at.unwrap() + 2);
        self
    }

    /// The arguments, for people.
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// Runs it, and looks for leaks of what was planted and of `secrets()`, asked for afterwards.
    pub fn run(self, secrets: impl FnOnce() -> Vec<String>) -> Run {
        let binary = binary();
        let home = self.gateway.path("home");
        let mut child = Command::new(&binary)
            .args(&self.arguments)
            .env_clear()
            .env("HOME", &home)
            .env("TMPDIR", self.gateway.path("tmp"))
            .current_dir(&home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; run `make build` first", binary.display()));
        let (mut stdin, mut stdout, mut stderr) =
            (child.stdin.take().unwrap(), child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let input = self.input;
        // A binary that refuses its input early does not read all of it.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let stdout = std::thread::spawn(move || read_all(&mut stdout));
        let stderr = std::thread::spawn(move || read_all(&mut stderr));
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if began.elapsed() > PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        writer.join().unwrap();
        let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
        let outcome = serde_json::from_str(&stdout).unwrap_or_default();
        let exit = status.and_then(|status| status.code());
        let run = Run { exit, stdout, stderr, outcome };
        assert!(status.is_some(), "still running after {PATIENCE:?}\n{run}");
        self.gateway.look_for_leaks(&run, &secrets(), self.reveals);
        run
    }
}

fn read_all(from: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What came of a run.
#[derive(Debug)]
pub struct Run {
    /// The exit code; none when a signal ended it.
    pub exit: Option<i32>,
    /// What it printed for programs.
    pub stdout: String,
    /// What it printed for people.
    pub stderr: String,
    /// stdout as JSON, or null.
    pub outcome: Value,
}

impl Run {
    /// Fails unless it ended like this.
    #[track_caller]
    pub fn ends(&self, outcome: &str, exit: i32) -> &Self {
        assert_eq!((self.word("outcome"), self.exit), (outcome, Some(exit)), "\n{self}");
        self
    }

    /// Fails unless it ended with this error code.
    #[track_caller]
    pub fn with_code(&self, code: &str) -> &Self {
        assert_eq!(self.outcome["error"]["code"], code, "\n{self}");
        self
    }

    /// A text of the outcome document; empty when it is not there.
    pub fn word(&self, key: &str) -> &str {
        self.outcome[key].as_str().unwrap_or_default()
    }

    /// A list of texts of the outcome document.
    pub fn list(&self, key: &str) -> Vec<String> {
        let list = self.outcome[key].as_array().cloned().unwrap_or_default();
        list.iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned)).collect()
    }

    /// What the outcome says will be removed: ids.
    pub fn planned_removals(&self) -> Vec<String> {
        let list = self.outcome["plan"]["removes"].as_array().cloned().unwrap_or_default();
        list.iter().map(|item| item["id"].as_str().unwrap_or_default().to_owned()).collect()
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let exit = self.exit.map_or("by signal".to_owned(), |code| code.to_string());
        write!(f, "--- exit {exit}\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr)
    }
}

/// The first value of a field of a record; see [`record::value`].
pub fn field(record: &Value, label: &str) -> String {
    record::value(record, label).as_str().unwrap_or_default().to_owned()
}
