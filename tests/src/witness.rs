//! Keeper's own clients, as witnesses of what is in the vault and whether others can read it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::gateway::{release, target};
use crate::keeper::KeeperServer;
use crate::net::Authority;

/// Which client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// `tests/python/witness.py`.
    Python,
    /// `src/bin/witness.rs`.
    Rust,
}

/// One of Keeper's clients, and the folder of the host that it runs on.
pub struct Witness {
    language: Language,
    folder: TempDir,
    proxy: String,
}

/// What a client says when it fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The name of the error.
    pub error: String,
    /// Its text.
    pub message: String,
}

/// A record as a client got it.
#[derive(Debug, Clone, PartialEq)]
pub struct Testimony {
    /// The record's JSON, to the letter.
    pub text: String,
    /// The same, parsed.
    pub json: Value,
    /// Its revision.
    pub revision: i64,
    /// Whether the client may change it.
    pub editable: bool,
}

impl Witness {
    /// Sets up a client of a server.
    pub fn new(language: Language, server: &KeeperServer) -> Self {
        let folder = tempfile::tempdir().unwrap();
        crate::gateway::write_private(&folder.path().join("config.json"), server.keeper.config());
        std::fs::write(folder.path().join("ca.pem"), Authority::shared().pem()).unwrap();
        Self { language, folder, proxy: server.proxy_url() }
    }

    /// Calls the client: an action and its arguments, as `tests/python/witness.py` lists them.
    ///
    /// # Errors
    /// When the client says that it could not do it.
    pub fn ask(&self, arguments: &[&str]) -> Result<Value, Complaint> {
        let (mut command, certificates) = match self.language {
            Language::Python => (python(), "REQUESTS_CA_BUNDLE"),
            Language::Rust => (Command::new(release().join("witness")), "SSL_CERT_FILE"),
        };
        command.arg(self.folder.path().join("config.json")).args(arguments).current_dir(self.folder.path());
        command
            .env_clear()
            .env("HTTPS_PROXY", &self.proxy)
            .env(certificates, self.folder.path().join("ca.pem"));
        let output = command.stdin(Stdio::null()).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        let answer: Value = stdout.parse().unwrap_or_else(|_| {
            panic!("{arguments:?}: {stdout}\n{}", String::from_utf8_lossy(&output.stderr))
        });
        let word = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        if output.status.success() {
            Ok(answer)
        } else {
            Err(Complaint { error: word("error"), message: word("message") })
        }
    }

    /// Reads one record.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn read(&self, uid: &str) -> Result<Testimony, Complaint> {
        let answer = self.ask(&["read", uid])?;
        let text = answer["json"].as_str().unwrap().to_owned();
        Ok(Testimony {
            json: text.parse().unwrap(),
            text,
            revision: answer["revision"].as_i64().unwrap(),
            editable: answer["editable"].as_bool().unwrap(),
        })
    }

    /// Gives a custom field of a record a value; the field is made when it is missing.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn set(&self, uid: &str, label: &str, value: &str) -> Result<(), Complaint> {
        self.ask(&["set", uid, label, value]).map(drop)
    }
}

fn python() -> Command {
    let python = target().join("python/bin/python");
    assert!(python.exists(), "{} is missing: run tests/python/setup.sh first", python.display());
    let mut command = Command::new(python);
    command.arg(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("python/witness.py"));
    command
}
