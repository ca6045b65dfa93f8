//! The world of one case: an app and its secrets, those of others among them, the vault with its
//! records, and two gateway hosts that may rotate them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::Value;
use uuid::Uuid;

use super::journal::Journal;
use super::scenario::{Scenario, Service};
use crate::azure::{ADMIN_ROLE, Azure};
use crate::cloud::{Issued, On, PasswordCredential, Propagation, Sovereign};
use crate::gateway::{Exec, Gateway, Run, VaultKind};
use crate::keeper::Keeper;
use crate::record::{Record, text};

/// How long a credential may take to show up after an unclear write. What lands late lands within it.
pub(super) const SETTLE_WINDOW: Duration = Duration::from_secs(3);
/// The field of the record that says which secret it holds.
pub(super) const HANDLE: &str = "client_secret_id";
/// The field that holds it.
pub(super) const SECRET: &str = "client_secret";
/// What a rotation writes into its record.
pub(super) const WRITTEN: [&str; 3] = [HANDLE, SECRET, "expires"];

/// A configuration whose waits are short.
pub(super) fn limits() -> String {
    let window = SETTLE_WINDOW.as_secs();
    format!("version = 1\n\n[limits]\nsettle_window = \"{window}s\"\ntimeout = \"20s\"\nreserve = \"8s\"\n")
}

/// The world of one case.
pub(super) struct World {
    pub scenario: &'static Scenario,
    pub azure: Azure,
    binary: PathBuf,
    /// Another gateway, with a state folder of its own.
    pub elsewhere: Gateway,
    /// Secrets that nothing here may ever remove: other records hold them, or are about to.
    pub protected: Vec<Issued>,
    pub others: Others,
    /// The ids of all secrets that the record has held so far.
    pub held_before: BTreeSet<String>,
    last_try: Instant,
}

/// What others do meanwhile. Its clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Others(Arc<Mutex<Deeds>>);

/// What others did.
#[derive(Default)]
pub(super) struct Deeds {
    /// The secrets that they made at the service.
    pub issued: Vec<Issued>,
    /// The secret that they saved to the record.
    pub rotated: Option<Issued>,
    /// The ids of the secrets that they saw in the record.
    pub held: Vec<String>,
    /// What they called the record.
    pub title: Option<&'static str>,
    /// What came of a rotation from elsewhere.
    pub run: Option<Run>,
}

impl Others {
    pub fn deeds(&self) -> MutexGuard<'_, Deeds> {
        self.0.lock().unwrap()
    }
}

impl World {
    /// A world in which `binary` is pamrun.
    pub fn new(scenario: &'static Scenario, binary: &Path) -> Self {
        let mut azure = Azure::with(scenario.vault, Sovereign::Global);
        let neighbour = azure.cloud.issue(&azure.target, "for reports");
        let record = Record::pam_user("Payroll, for reports")
            .text("application_object_id", &azure.target.object_id)
            .text("client_secret_id", &neighbour.key_id)
            .hidden("client_secret", &neighbour.value);
        azure.attached.push(record);
        let marker = format!("pamrun-0123456789ab-{}.1", Uuid::new_v4());
        let at_work = azure.cloud.issue(&azure.target, &marker);
        azure.cloud.issue(&azure.target, "left by a colleague");
        match scenario.service {
            Service::Prompt => {}
            Service::Spreading => {
                azure.cloud.directory().propagation = Propagation { failing: 1, flaps: vec![true, false] };
            }
            Service::Unprovable => azure.cloud.directory().app(&azure.target).has_principal = false,
            Service::OwnAdmin => {
                azure.cloud.directory().app(&azure.target).roles.push(ADMIN_ROLE.to_owned());
                azure.attached.remove(0);
                azure.record = azure
                    .record
                    .text("application_client_id", &azure.target.app_id)
                    .text("tenant_id", &azure.target.tenant);
            }
        }
        let elsewhere = Gateway::new();
        for gateway in [&azure.gateway, &elsewhere] {
            gateway.write("config.toml", limits());
        }
        azure.fill_vault();
        let protected = vec![neighbour, at_work];
        let held_before = BTreeSet::from([azure.old.key_id.clone()]);
        let (others, last_try) = (Others::default(), Instant::now());
        let binary = binary.to_owned();
        Self { scenario, azure, binary, elsewhere, protected, others, held_before, last_try }
    }

    /// A rotation as the gateway starts it.
    pub fn exec(&self) -> Exec<'_> {
        self.with_settings(self.azure.exec())
    }

    /// The same from elsewhere.
    pub fn exec_from_elsewhere(&self) -> Exec<'_> {
        self.with_settings(self.azure.exec_from(&self.elsewhere))
    }

    fn with_settings<'a>(&self, exec: Exec<'a>) -> Exec<'a> {
        let exec = exec.binary(&self.binary).set("retire", self.scenario.retire.word());
        self.scenario.settings.iter().fold(exec, |exec, (key, value)| exec.set(key, value))
    }

    /// Settles what was interrupted, with nothing but what a host has at hand.
    pub fn recover(&self) -> Exec<'_> {
        let gateway = &self.azure.gateway;
        gateway
            .command(&["recover", "--all", "--timeout", "80s"])
            .binary(&self.binary)
            .flag("--config", gateway.path("config.toml"))
            .flag("--state-dir", gateway.path("state"))
    }

    /// Lets somebody else add a secret to the app as soon as ours is about to be made.
    pub fn expect_a_stranger(&self) {
        let (others, target) = (self.others.clone(), self.azure.target.clone());
        self.azure.cloud.before(On::add_password(), move |directory| {
            let issued = directory.issue(&target, "added meanwhile");
            others.deeds().issued.push(issued);
        });
    }

    /// Lets everything land that is on its way, and nothing go wrong from here on.
    pub fn calm(&mut self) {
        self.azure.cloud.calm();
        if let Some(keeper) = self.keeper() {
            keeper.calm();
        }
        self.last_try = Instant::now();
    }

    /// Waits until what was on its way has landed.
    pub fn land(&self) {
        self.azure.cloud.wait_for_late_writes();
        if let Some(keeper) = self.keeper() {
            keeper.land_late_writes();
        }
    }

    /// Waits until nothing can show up any more.
    pub fn settle(&self) {
        std::thread::sleep(SETTLE_WINDOW.saturating_sub(self.last_try.elapsed()));
    }

    fn keeper(&self) -> Option<&Keeper> {
        (self.scenario.vault == VaultKind::Keeper).then(|| &self.azure.gateway.keeper().keeper)
    }

    /// The secrets that the app has now.
    pub fn secrets(&self) -> BTreeMap<String, PasswordCredential> {
        let secrets = self.azure.cloud.secrets_of(&self.azure.target);
        secrets.into_iter().map(|secret| (secret.key_id.clone(), secret)).collect()
    }

    /// The record as the vault has it now.
    pub fn record(&self) -> Value {
        self.azure.gateway.vault().record(&self.azure.record.uid)
    }

    /// The secret that the record holds now.
    pub fn held(&self) -> Issued {
        let record = self.record();
        Issued { key_id: text(&record, HANDLE), value: text(&record, SECRET) }
    }

    /// The journals of both gateways.
    pub fn journals(&self) -> [Journal; 2] {
        [&self.azure.gateway, &self.elsewhere].map(|gateway| Journal::read(&gateway.path("state")))
    }

    /// Makes the journal longer than any other file that a rotation writes, by rotating.
    pub fn lengthen_journal(&mut self) {
        // What is kept for as long as somebody works need not be written again.
        let locks = self.azure.gateway.path("state/locks");
        let mut share = None;
        loop {
            let run = self.exec().launch().run();
            assert_eq!(run.exit == Some(0), self.scenario.succeeds(), "{run}");
            self.held_before.insert(self.held().key_id);
            share.get_or_insert_with(|| {
                let file = std::fs::File::open(locks.join("copies")).unwrap();
                file.lock_shared().unwrap();
                file
            });
            let vault = std::fs::metadata(self.azure.gateway.path("vault/vault.json"));
            let longest = vault.map_or(0, |file| file.len()) + 1024;
            let copies = std::fs::read_dir(self.azure.gateway.path("state/copies")).unwrap().count();
            if copies > 0 && self.journals()[0].length() > longest {
                return;
            }
        }
    }

    /// Finds a secret that stands where none may.
    pub fn leak(&self, run: &Run) -> Option<String> {
        let secrets = self.azure.cloud.directory().secrets_ever();
        let gateway = &self.azure.gateway;
        gateway
            .leak(run, &secrets, false)
            .or_else(|| self.elsewhere.leak(run, &[gateway.planted(), secrets.clone()].concat(), false))
    }

    /// What no client may do and pamrun did.
    pub fn breaches(&self) -> Vec<String> {
        [self.azure.cloud.violations(), self.azure.gateway.violations()].concat()
    }
}
