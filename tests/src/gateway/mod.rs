//! The Keeper gateway's part: writes the inputs, runs the real binary, and looks for leaks.

mod exec;
mod launch;
mod python;
mod run;
mod vault;
mod vault_file;
mod vault_keeper;
mod victim;
mod warm;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tempfile::TempDir;

use crate::canary::Canaries;
use crate::keeper::KeeperServer;
use crate::net::Authority;
use crate::record::Record;

pub use exec::Exec;
pub use launch::{Launch, Started};
pub use python::Python;
pub use run::Run;
pub use vault::{Vault, VaultKind};
pub use vault_file::VaultFile;
pub use vault_keeper::VaultKeeper;
pub use victim::{Signal, Victim};

/// The folder of the release build, where this very program stands too.
pub(crate) fn release() -> PathBuf {
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

/// The plugin of an SDK's template, as built under this name: `tokens-python`.
pub fn template(name: &str) -> PathBuf {
    built(target().join("templates").join(format!("{name}.wasm")))
}

/// A script among the guests: `misbehaving.py`.
pub fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("guests/scripts").join(name)
}

/// A script among the examples: `azure_app_secret.py`.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/scripts").join(name)
}

fn built(file: PathBuf) -> PathBuf {
    assert!(file.exists(), "{} is missing: run `make guests` first", file.display());
    file
}

/// A folder with everything that one gateway host has, for any number of runs.
pub struct Gateway {
    folder: TempDir,
    keeper: Option<KeeperServer>,
    canaries: RefCell<Vec<(String, String)>>,
}

impl Gateway {
    /// Makes an empty folder with the authority's certificate in it and a configuration whose
    /// waits are short. The vault will be a file.
    #[expect(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        Self::with(VaultKind::File)
    }

    /// The same with one of the vaults.
    pub fn with(vault: VaultKind) -> Self {
        let keeper = (vault == VaultKind::Keeper).then(KeeperServer::new);
        let gateway = Self { folder: tempfile::tempdir().unwrap(), keeper, canaries: RefCell::default() };
        for name in ["home", "tmp", "state", "inputs", "vault"] {
            std::fs::create_dir(gateway.path(name)).unwrap();
        }
        private(&gateway.path("state"), 0o700);
        std::fs::write(gateway.path("ca.pem"), Authority::shared().pem()).unwrap();
        let limits = "settle_window = \"2s\"\noutage_patience = \"3s\"";
        gateway.write("config.toml", format!("version = 1\n\n[limits]\n{limits}\n"));
        if let Some(server) = &gateway.keeper {
            let config = server.keeper.config();
            let keys: serde_json::Value = config.parse().unwrap();
            for name in ["privateKey", "appKey"] {
                gateway.plant(name, keys[name].as_str().unwrap());
            }
            gateway.write_input("ksm.json", config);
        }
        gateway
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder, for its owner only.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        write_private(&path, content);
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

    /// The values of all secrets that it watches for.
    pub fn planted(&self) -> Vec<String> {
        self.canaries.borrow().iter().map(|(_, value)| value.clone()).collect()
    }

    /// The vault.
    pub fn vault(&self) -> Vault {
        match &self.keeper {
            None => Vault::File(VaultFile(self.path("vault/vault.json"))),
            Some(server) => Vault::Keeper(VaultKeeper {
                keeper: server.keeper.clone(),
                config: self.path("inputs/ksm.json"),
            }),
        }
    }

    /// The server behind the vault, if that is what the vault is.
    pub fn keeper(&self) -> &KeeperServer {
        self.keeper.as_ref().expect("a gateway whose vault is at Keeper")
    }

    /// Adds these records to the vault, and watches for every hidden value in them.
    pub fn fill_vault<'a>(&self, records: impl IntoIterator<Item = &'a Record>) {
        for record in records {
            self.canaries.borrow_mut().extend(record.secrets());
            self.vault().add(record);
        }
    }

    /// What no client of the vault may do and the binary did.
    pub fn violations(&self) -> Vec<String> {
        self.keeper.as_ref().map(KeeperServer::violations).unwrap_or_default()
    }

    /// A run of any command of the binary.
    pub fn command(&self, arguments: &[&str]) -> Exec<'_> {
        let mut exec = Exec {
            gateway: self,
            binary: binary(),
            arguments: Vec::new(),
            environment: Vec::new(),
            input: Vec::new(),
            reveals: false,
            script: None,
            victim: Victim::default(),
        };
        for argument in arguments {
            exec = exec.argument(argument);
        }
        match &self.keeper {
            None => exec,
            Some(server) => exec.variable("HTTPS_PROXY", server.proxy_url()),
        }
    }

    /// A run of `exec`, as the gateway makes it.
    pub fn exec(&self, plugin: &Path, input: Vec<u8>) -> Exec<'_> {
        warm::warm_up(plugin, &self.path("state"));
        self.command(&["exec"])
            .argument(plugin)
            .flag("--config", self.path("config.toml"))
            .flag("--state-dir", self.path("state"))
            .flag("--ca-file", self.path("ca.pem"))
            .input(input)
    }

    /// Empties the folder of compiled plugins: the next run has to compile.
    pub fn forget_compiled(&self) {
        for file in self.compiled().into_keys() {
            std::fs::remove_file(file).unwrap();
        }
    }

    /// The compiled plugins that were kept, with the time of their last change.
    pub fn compiled(&self) -> HashMap<PathBuf, SystemTime> {
        let changed = |file: &PathBuf| std::fs::metadata(file).unwrap().modified().unwrap();
        let files = files_below(&self.folder.path().join("state/cache"));
        files.into_iter().map(|file| (file.clone(), changed(&file))).collect()
    }

    /// Finds a secret that stands where none may: in what a run printed, unless its stdout `reveals`
    /// them, or in a file.
    pub fn leak(&self, run: &Run, secrets: &[String], reveals: bool) -> Option<String> {
        let issued =
            secrets.iter().map(|value| ("a secret that the service gave out".to_owned(), value.clone()));
        let canaries = Canaries::new(self.canaries.borrow().iter().cloned().chain(issued));
        let check =
            |place: &str, text: &[u8]| canaries.find(text).map(|secret| format!("{place} holds {secret}"));
        let printed = [("stdout", &run.stdout), ("stderr", &run.stderr)];
        let in_print = printed
            .into_iter()
            .filter(|(place, _)| !reveals || *place != "stdout")
            .find_map(|(place, text)| check(place, text.as_bytes()));
        let in_file = |file: PathBuf| {
            let name = file.display().to_string();
            let is_vault = file == self.path("vault/vault.json")
                // What a save leaves that is cut short is gone with the next one.
                || run.is_cut_short() && file == self.path("vault/vault.json.new");
            let is_input = is_vault || file.starts_with(self.path("inputs"));
            let content = || if is_input { Vec::new() } else { std::fs::read(&file).unwrap() };
            check(&name, name.as_bytes()).or_else(|| check(&name, &content()))
        };
        in_print.or_else(|| files_below(self.folder.path()).into_iter().find_map(in_file))
    }
}

/// Writes a file for its owner only.
pub(crate) fn write_private(path: &Path, content: impl AsRef<[u8]>) {
    std::fs::write(path, content).unwrap();
    private(path, 0o600);
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
