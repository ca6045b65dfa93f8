//! What a script is run with, and what must be left of it.

use std::path::{Path, PathBuf};

use pamrun_tests::canary::random_text;
use pamrun_tests::gateway::{Exec, Gateway, Run, VaultKind};
use pamrun_tests::params::Params;
use pamrun_tests::record::Record;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Short limits, so that whoever waits for them does not wait long; but time enough for whoever does not.
const CONFIG: &str = r#"
version = 1
[limits]
timeout = "60s"
reserve = "20s"
settle_window = "1s"
outage_patience = "1s"
cpu = "1s"
processes = 16
output = "256KiB"
grace = "300ms"
drain = "300ms"
"#;

/// The digest of a file or an input, in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A gateway with a record, and the record of a credential that is attached to the script.
pub struct Bench {
    pub gateway: Gateway,
    pub record: Record,
    pub attached: Record,
    pub new_password: String,
    /// What all processes of this test have in their command line.
    tag: String,
}

impl Bench {
    pub fn new() -> Self {
        Self::of(Record::pam_user("Router – Zürich").hidden("client_secret", &random_text(24)))
    }

    /// A gateway with this record.
    pub fn of(record: Record) -> Self {
        Self::with(VaultKind::File, record)
    }

    /// A gateway with this record in one of the vaults.
    pub fn with(vault: VaultKind, record: Record) -> Self {
        let gateway = Gateway::with(vault);
        let attached = Record::new("login", "Router Authentication Record")
            .text("host_endpoint", "router.example.com")
            .standard("login", "", "admin")
            .standard("password", "", &random_text(24));
        gateway.fill_vault([&record, &attached]);
        gateway.write("config.toml", CONFIG);
        let new_password = format!("it's {} \"new\"/+", random_text(16));
        gateway.plant("newPassword", &new_password);
        Self { gateway, record, attached, new_password, tag: Uuid::new_v4().to_string() }
    }

    /// Leaves little time to scripts.
    pub fn hurry(self) -> Self {
        let config = CONFIG.replace("60s", "10s").replace("20s", "2s");
        self.gateway.write("config.toml", config);
        self
    }

    pub fn params(&self) -> Params {
        let old_password = random_text(24);
        self.gateway.plant("oldPassword", &old_password);
        Params {
            user_record: self.record.uid.clone(),
            user: "svc-router".to_owned(),
            new_password: self.new_password.clone(),
            old_password,
            records: vec![self.attached.flattened(), self.record.flattened()],
            ..Params::default()
        }
    }

    /// A run of this script.
    pub fn exec(&self, script: &Path) -> Exec<'_> {
        self.gateway
            .exec(script, self.params().line())
            .flag("--vault", self.gateway.vault().flag())
            .flag("--env", format!("TAG={}", self.tag))
    }

    /// A run of a script with this text.
    pub fn exec_text(&self, name: &str, text: impl AsRef<[u8]>) -> Exec<'_> {
        self.exec(&self.write(name, text))
    }

    /// Writes a script.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        self.gateway.write(name, text)
    }

    /// Runs it; no process and no file of it may be left.
    #[track_caller]
    pub fn run(&self, exec: Exec<'_>) -> Run {
        let run = exec.run(Vec::new);
        assert_eq!(self.processes(), Vec::<String>::new(), "left running\n{run}");
        let work = self.gateway.path("state/work");
        let left = std::fs::read_dir(work).map_or(0, Iterator::count);
        assert_eq!(left, 0, "left behind\n{run}");
        run
    }

    /// The processes that see our tag.
    fn processes(&self) -> Vec<String> {
        let entries = std::fs::read_dir("/proc").unwrap().flatten();
        let environment = |process: &Path| std::fs::read(process.join("environ")).unwrap_or_default();
        let is_ours = |process: &PathBuf| {
            let environment = environment(process);
            environment.windows(self.tag.len()).any(|part| part == self.tag.as_bytes())
        };
        let command = |process: PathBuf| {
            String::from_utf8_lossy(&std::fs::read(process.join("cmdline")).unwrap_or_default()).into_owned()
        };
        entries.map(|entry| entry.path()).filter(is_ours).map(command).collect()
    }

    /// A field of the record, as the vault has it now.
    pub fn saved(&self, label: &str) -> String {
        pamrun_tests::record::text(&self.gateway.vault().record(&self.record.uid), label)
    }

    /// Fails unless the vault is as it was.
    #[track_caller]
    pub fn expect_unsaved(&self, run: &Run) {
        assert_eq!(self.gateway.vault().record(&self.record.uid), self.record.json, "\n{run}");
        assert_eq!(run.outcome["saved"], false, "\n{run}");
    }
}
