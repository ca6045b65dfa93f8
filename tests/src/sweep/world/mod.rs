//! The world of one case: what is rotated, the vault with its records, and two gateway hosts that may
//! rotate them.

mod app;
mod consumers;
mod user;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::journal::Journal;
use super::scenario::{Rotator, Scenario, Subject};
use crate::azure::admin_record;
use crate::canary::random_text;
use crate::cloud::{Cloud, Sovereign};
use crate::gateway::{Exec, Gateway, Run, Vault, VaultKind, example, plugin};
use crate::keeper::Keeper;
use crate::net::Proxy;
use crate::params::Params;
use crate::record::Record;

pub(super) use app::AppCast;
pub(super) use user::{Pending, UserCast};

/// How long a credential may take to show up after an unclear write. What lands late lands within it.
pub(super) const SETTLE_WINDOW: Duration = Duration::from_secs(3);

/// A configuration whose waits are short.
pub(super) fn limits() -> String {
    let window = SETTLE_WINDOW.as_secs();
    format!(
        "version = 1\n\n[limits]\nsettle_window = \"{window}s\"\noutage_patience = \"3s\"\ntimeout = \"20s\"\nreserve = \"8s\"\n"
    )
}

/// The world of one case.
pub(super) struct World {
    pub scenario: &'static Scenario,
    pub cloud: Cloud,
    pub gateway: Gateway,
    /// Another gateway, with a state folder of its own.
    pub elsewhere: Gateway,
    /// The PAM User record, as it was at first.
    pub record: Record,
    pub cast: Cast,
    pub others: Others,
    binary: PathBuf,
    /// How a script, which no option of pamrun tells where hosts are, gets to the cloud.
    proxy: Option<Proxy>,
    attached: Vec<Record>,
    last_try: Cell<Instant>,
    /// What those who are handed the secret hold besides, as one text.
    consumers_own: String,
}

/// What is rotated.
pub(super) enum Cast {
    App(AppCast),
    User(UserCast),
}

/// What others do meanwhile. Its clones are the same one.
#[derive(Clone, Default)]
pub(super) struct Others(Arc<Mutex<Deeds>>);

/// What others did.
#[derive(Default)]
pub(super) struct Deeds {
    /// The ids of the credentials that they made at the service.
    pub issued: Vec<String>,
    /// What they saved to the record: its id where it has one, and its value.
    pub rotated: Option<(String, String)>,
    /// The ids that they saw in the record.
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
        let (cloud, gateway, elsewhere) = (Cloud::new(), Gateway::with(scenario.vault), Gateway::new());
        for gateway in [&gateway, &elsewhere] {
            gateway.write("config.toml", limits());
        }
        let admin = cloud.register("pamrun admin");
        let mut attached = vec![admin_record(&admin, &cloud.issue(&admin, "admin").value)];
        let (cast, record) = match scenario.subject {
            Subject::AppSecret { service, retire } => {
                let (app, record) = AppCast::new(&cloud, &admin, service, retire, &mut attached);
                (Cast::App(app), record)
            }
            Subject::UserPassword { proposed } => {
                let (user, record) = UserCast::new(&cloud, &admin, proposed);
                (Cast::User(user), record)
            }
        };
        gateway.fill_vault(attached.iter().chain([&record]));
        let consumers_own = consumers::fill(&cloud, &record);
        let is_scripted = scenario.rotator == Rotator::Script;
        Self {
            proxy: is_scripted.then(|| Proxy::start(cloud.address())),
            scenario,
            cloud,
            gateway,
            elsewhere,
            record,
            cast,
            others: Others::default(),
            binary: binary.to_owned(),
            attached,
            last_try: Cell::new(Instant::now()),
            consumers_own,
        }
    }

    /// A rotation as the gateway starts it.
    pub fn exec(&self) -> Exec<'_> {
        self.exec_on(&self.gateway)
    }

    /// The same from elsewhere.
    pub fn exec_from_elsewhere(&self) -> Exec<'_> {
        let exec = self.exec_on(&self.elsewhere);
        match self.gateway.vault() {
            Vault::File(_) => exec,
            Vault::Keeper(_) => exec.variable("HTTPS_PROXY", self.gateway.keeper().proxy_url()),
        }
    }

    fn exec_on<'a>(&self, gateway: &'a Gateway) -> Exec<'a> {
        let (name, settings) = match &self.cast {
            Cast::App(app) => ("azure-app-secret", app.settings(self.scenario.rotator)),
            Cast::User(_) => ("entra-user-password", UserCast::SETTINGS.to_vec()),
        };
        let (new_password, old_password) = match &self.cast {
            Cast::App(_) => (random_text(24), random_text(24)),
            Cast::User(user) => user.passwords(self),
        };
        for (name, password) in [("newPassword", &new_password), ("oldPassword", &old_password)] {
            gateway.plant(name, password);
        }
        let params = Params {
            user_record: self.record.uid.clone(),
            new_password,
            old_password,
            records: self.attached.iter().chain([&self.record]).map(Record::flattened).collect(),
            ..Params::default()
        };
        let exec = match &self.proxy {
            None => gateway
                .exec(&plugin(name), params.line())
                .host(Sovereign::Global.login(), self.cloud.address())
                .host(Sovereign::Global.graph(), self.cloud.address()),
            Some(proxy) => gateway
                .exec(&example("azure_app_secret.py"), params.line())
                .flag("--env", format!("HTTPS_PROXY={}", proxy.url()))
                .flag("--env", format!("SSL_CERT_FILE={}", gateway.path("ca.pem").display())),
        };
        let exec = exec.binary(&self.binary).flag("--vault", self.gateway.vault().flag());
        let exec = if self.scenario.delivers { self.with_consumers(exec) } else { exec };
        let settings = settings.into_iter().chain(self.scenario.settings.iter().copied());
        settings.fold(exec, |exec, (key, value)| exec.set(key, value))
    }

    /// Settles what was interrupted, with nothing but what a host has at hand.
    pub fn recover(&self) -> Exec<'_> {
        recover(&self.gateway).binary(&self.binary)
    }

    /// Lets others do what they are bound to do while the rotation is under way.
    pub fn let_others_work(&self) {
        if let Cast::App(app) = &self.cast {
            app.expect_a_stranger(self);
        }
    }

    /// Somebody rotates by hand: at the service, and in the record.
    pub fn rotation_by_hand(&self) -> Box<dyn FnOnce() + Send> {
        match &self.cast {
            Cast::App(app) => Box::new(app.rotation_by_hand(self)),
            Cast::User(user) => Box::new(user.rotation_by_hand(self)),
        }
    }

    /// The id of the credential that a record holds; none where credentials have no ids.
    pub fn id_of(&self, record: &Value) -> Option<String> {
        match &self.cast {
            Cast::App(_) => Some(AppCast::held_in(record).key_id),
            Cast::User(_) => None,
        }
    }

    /// The labels of what a rotation writes into its record.
    pub fn written(&self) -> &'static [&'static str] {
        match &self.cast {
            Cast::App(_) => AppCast::WRITTEN,
            Cast::User(_) => UserCast::WRITTEN,
        }
    }

    /// Lets nothing go wrong from here on.
    pub fn calm(&self) {
        self.cloud.calm();
        if let Some(keeper) = self.keeper() {
            keeper.calm();
        }
        self.last_try.set(Instant::now());
    }

    /// Waits until what was on its way has landed.
    pub fn land(&self) {
        self.cloud.wait_for_late_writes();
        if let Some(keeper) = self.keeper() {
            keeper.land_late_writes();
        }
    }

    /// Waits until nothing can show up any more.
    pub fn settle(&self) {
        std::thread::sleep(SETTLE_WINDOW.saturating_sub(self.last_try.get().elapsed()));
    }

    fn keeper(&self) -> Option<&Keeper> {
        (self.scenario.vault == VaultKind::Keeper).then(|| &self.gateway.keeper().keeper)
    }

    /// The record as the vault has it now.
    pub fn saved(&self) -> Value {
        self.gateway.vault().record(&self.record.uid)
    }

    /// The journals of both gateways.
    pub fn journals(&self) -> [Journal; 2] {
        [&self.gateway, &self.elsewhere].map(|gateway| Journal::read(&gateway.path("state")))
    }

    /// Makes the journal longer than any other file that a rotation writes, by rotating.
    pub fn lengthen_journal(&self) {
        // What is kept for as long as somebody works need not be written again.
        let locks = self.gateway.path("state/locks");
        let mut share = None;
        loop {
            let run = self.exec().launch().run();
            assert_eq!(run.exit == Some(0), self.scenario.succeeds(), "{run}");
            self.others.deeds().held.extend(self.id_of(&self.saved()));
            share.get_or_insert_with(|| {
                let file = std::fs::File::open(locks.join("copies")).unwrap();
                file.lock_shared().unwrap();
                file
            });
            let vault = std::fs::metadata(self.gateway.path("vault/vault.json"));
            let longest = vault.map_or(0, |file| file.len()) + 1024;
            let copies = std::fs::read_dir(self.gateway.path("state/copies")).unwrap().count();
            if copies > 0 && self.journals()[0].length() > longest {
                return;
            }
        }
    }

    /// Finds a secret that stands where none may.
    pub fn leak(&self, run: &Run) -> Option<String> {
        let secrets = self.cloud.directory().secrets_ever();
        let all = [self.gateway.planted(), self.elsewhere.planted(), secrets].concat();
        self.gateway.leak(run, &all, false).or_else(|| self.elsewhere.leak(run, &all, false))
    }

    /// What no client may do and pamrun did.
    pub fn breaches(&self) -> Vec<String> {
        [self.cloud.violations(), self.gateway.violations()].concat()
    }
}

/// `pamrun recover --all` on a gateway host.
pub(super) fn recover(gateway: &Gateway) -> Exec<'_> {
    gateway
        .command(&["recover", "--all", "--timeout", "80s"])
        .flag("--config", gateway.path("config.toml"))
        .flag("--state-dir", gateway.path("state"))
}
