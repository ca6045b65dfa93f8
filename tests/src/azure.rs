//! The usual cast of an Azure rotation: an admin application, a target, their records, a gateway.

use std::cell::Cell;
use std::path::{Path, PathBuf};

use crate::canary::random_text;
use crate::cloud::{App, Cloud, Issued, Sovereign};
use crate::gateway::{Exec, Gateway, Run, VaultKind, example, plugin};
use crate::net::Proxy;
use crate::params::Params;
use crate::record::{Record, Shown, text};

/// The right that the admin application has.
pub const ADMIN_ROLE: &str = "Application.ReadWrite.All";

/// A right that it has besides, so that a dry run can look at everything.
pub const POLICY_ROLE: &str = "Policy.Read.All";

/// An application to rotate, and all that it takes. What a test changes before the first run counts.
pub struct Azure {
    /// The cloud.
    pub cloud: Cloud,
    /// Which of the four the applications live in.
    pub sovereign: Sovereign,
    /// The gateway.
    pub gateway: Gateway,
    /// The application that may manage others.
    pub admin: App,
    /// Its secret.
    pub admin_secret: Issued,
    /// The application that is rotated.
    pub target: App,
    /// The secret that its record holds.
    pub old: Issued,
    /// The PAM User record.
    pub record: Record,
    /// The records attached to the script.
    pub attached: Vec<Record>,
    /// The PAM configuration.
    pub provider: Option<Record>,
    new_password: String,
    old_password: String,
    filled: Cell<bool>,
    /// The way of the example script, where it takes the plugin's place.
    proxy: Option<Proxy>,
}

/// The test program whose cases are run with the example script instead of the plugin.
const WITH_SCRIPT: &str = "azure_script";

impl Azure {
    /// The plain case, in the global cloud and with a vault in a file: an attached record names the admin.
    #[expect(clippy::new_without_default, reason = "it starts servers")]
    pub fn new() -> Self {
        Self::with(VaultKind::File, Sovereign::Global)
    }

    /// The plain case with one of the vaults in one of the clouds.
    pub fn with(vault: VaultKind, sovereign: Sovereign) -> Self {
        let cloud = Cloud::new();
        let admin = cloud.directory().register(sovereign, "pamrun admin");
        let target = cloud.directory().register(sovereign, "payroll");
        cloud.directory().app(&admin).roles = [ADMIN_ROLE, POLICY_ROLE].map(str::to_owned).into();
        let admin_secret = cloud.issue(&admin, "admin");
        let old = cloud.issue(&target, "by hand");
        let record = Record::pam_user("Payroll – Löhne €")
            .text("application_object_id", &target.object_id)
            .text("client_secret_id", &old.key_id)
            .hidden("client_secret", &old.value)
            .text("expires", "2030-01-01T00:00:00+00:00")
            .hidden("Unrelated PIN", &random_text(20));
        let attached = vec![admin_record(&admin, &admin_secret.value)];
        let program = std::env::current_exe().unwrap();
        let is_scripted = program.file_stem().unwrap().to_str().unwrap().starts_with(WITH_SCRIPT);
        let azure = Self {
            proxy: is_scripted.then(|| Proxy::start(cloud.address())),
            cloud,
            sovereign,
            gateway: Gateway::with(vault),
            admin,
            admin_secret,
            target,
            old,
            record,
            attached,
            provider: None,
            new_password: random_text(24),
            old_password: random_text(24),
            filled: Cell::new(false),
        };
        azure.gateway.plant("newPassword", &azure.new_password);
        azure.gateway.plant("oldPassword", &azure.old_password);
        azure
    }

    /// The line that the gateway pipes.
    pub fn params(&self) -> Params {
        let shown = |record: &&Record| record.shown != Shown::VaultOnly;
        Params {
            provider: self.provider.as_ref().map_or_else(String::new, |record| record.uid.clone()),
            user_record: self.record.uid.clone(),
            new_password: self.new_password.clone(),
            old_password: self.old_password.clone(),
            user: "svc-payroll".to_owned(),
            records: self.records().filter(shown).map(Record::flattened).collect(),
            ..Params::default()
        }
    }

    fn records(&self) -> impl Iterator<Item = &Record> {
        self.provider.iter().chain(&self.attached).chain([&self.record])
    }

    /// Whether the example script takes the plugin's place. It has no manifest: nobody knows what it reads of
    /// a record, or which settings it has.
    pub fn is_scripted(&self) -> bool {
        self.proxy.is_some()
    }

    /// A rotation as the gateway starts it; the first one fills the vault.
    pub fn exec(&self) -> Exec<'_> {
        self.exec_of(&self.plugin())
    }

    /// The same, by a file of the plugin that stands elsewhere.
    pub fn exec_of(&self, plugin: &Path) -> Exec<'_> {
        self.fill_vault();
        self.exec_by(plugin).flag("--vault", self.gateway.vault().flag())
    }

    /// Fills the vault, unless that is done already.
    pub fn fill_vault(&self) {
        if self.filled.replace(true) {
            return;
        }
        for (name, value) in self.records().flat_map(Record::secrets) {
            self.gateway.plant(&name, &value);
        }
        self.gateway.fill_vault(self.records().filter(|record| record.shown != Shown::ParamsOnly));
    }

    /// A rotation without `--vault`.
    pub fn exec_without_vault(&self) -> Exec<'_> {
        self.exec_by(&self.plugin())
    }

    /// What rotates: the plugin, or the example script.
    pub fn plugin(&self) -> PathBuf {
        if self.is_scripted() { example("azure_app_secret.py") } else { plugin("azure-app-secret") }
    }

    fn exec_by(&self, plugin: &Path) -> Exec<'_> {
        if let Some(proxy) = &self.proxy {
            // A script finds its way to the cloud, and trusts it, by the means of its own language.
            let authority = self.gateway.path("ca.pem");
            return self
                .gateway
                .exec(plugin, self.params().line())
                .flag("--env", format!("HTTPS_PROXY={}", proxy.url()))
                .flag("--env", format!("SSL_CERT_FILE={}", authority.display()));
        }
        self.gateway
            .exec(plugin, self.params().line())
            .host(self.sovereign.login(), self.cloud.address())
            .host(self.sovereign.graph(), self.cloud.address())
            .set("verify_interval", "0s")
    }

    /// Runs what was prepared; no request may have broken the rules.
    #[track_caller]
    pub fn run(&self, exec: Exec<'_>) -> Run {
        let run = exec.run(|| self.cloud.directory().secrets_ever());
        assert_eq!(self.cloud.violations(), Vec::<String>::new(), "\n{run}");
        assert_eq!(self.gateway.violations(), Vec::<String>::new(), "\n{run}");
        run
    }

    /// One rotation as it comes, with more settings.
    #[track_caller]
    pub fn rotate(&self, settings: &[(&str, &str)]) -> Run {
        self.run(settings.iter().fold(self.exec(), |exec, (key, value)| exec.set(key, value)))
    }

    /// A field of the target's record, as the vault has it now.
    pub fn saved(&self, label: &str) -> String {
        text(&self.gateway.vault().record(&self.record.uid), label)
    }

    /// Fails unless the vault holds a new secret that logs in, and the outcome says so.
    #[track_caller]
    pub fn expect_rotated(&self, run: &Run) {
        run.ends("rotated", 0);
        assert_eq!(run.outcome["saved"], true, "\n{run}");
        let (key, secret) = (self.saved("client_secret_id"), self.saved("client_secret"));
        assert_ne!(key, self.old.key_id, "\n{run}");
        let made = self.cloud.secrets_of(&self.target).into_iter().find(|secret| secret.key_id == key);
        let made = made.unwrap_or_else(|| panic!("the cloud does not know {key}\n{run}"));
        assert!(made.value == secret, "the record holds the value of another secret\n{run}");
        assert_eq!(self.saved("expires").parse().ok(), Some(made.ends), "\n{run}");
        let name = made.name.unwrap_or_default();
        let marker = name.starts_with("pamrun-") && name.contains(run.word("rotation_id"));
        assert!(marker, "the new secret is named {name}\n{run}");
    }

    /// Fails unless the vault is as it was, and of the secrets exactly the old one and these are left.
    #[track_caller]
    pub fn expect_unchanged(&self, run: &Run, others: &[&Issued]) {
        let expected = &self.record.json;
        assert_eq!(self.gateway.vault().record(&self.record.uid), *expected, "\n{run}");
        assert_ne!(run.outcome["saved"], true, "\n{run}");
        self.expect_keys(run, &[&[&self.old], others].concat());
    }

    /// Fails unless the target has exactly these secrets.
    #[track_caller]
    pub fn expect_keys(&self, run: &Run, expected: &[&Issued]) {
        let mut there = self.cloud.keys_of(&self.target);
        let mut expected: Vec<_> = expected.iter().map(|issued| issued.key_id.clone()).collect();
        there.sort();
        expected.sort();
        assert_eq!(there, expected, "\n{run}");
    }

    /// The secret that the vault holds now.
    pub fn current(&self) -> Issued {
        Issued { key_id: self.saved("client_secret_id"), value: self.saved("client_secret") }
    }
}

/// A record as the "Azure App Secret Rotation" page wants it for the admin application.
pub fn admin_record(app: &App, secret: &str) -> Record {
    Record::new("login", "Azure admin")
        .text("application_client_id", &app.app_id)
        .hidden("client_secret", secret)
        .text("tenant_id", &app.tenant)
}
