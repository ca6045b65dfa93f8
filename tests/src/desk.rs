//! The usual cast of a plugin that misbehaves: a key service, a record of one of its keys, a gateway, and
//! the guest `misbehaving`, which rotates the key in its own way.

use crate::gateway::{Exec, Gateway, Run, guest};
use crate::params::Params;
use crate::record::Record;
use crate::service::{Key, KeyService};

/// A key service, and a gateway whose guest rotates a key of it.
pub struct Desk {
    /// The service.
    pub service: KeyService,
    /// The gateway.
    pub gateway: Gateway,
    /// The PAM User record.
    pub record: Record,
    /// The key that its record holds.
    pub old: Key,
}

impl Desk {
    /// Sets it up; `limits` are lines below `[limits]` of the configuration file.
    pub fn new(limits: &str) -> Self {
        let (service, gateway) = (KeyService::new(), Gateway::new());
        let old = service.issue("by hand");
        let record = Record::pam_user("Key – Schlüssel").text("key_id", &old.id).hidden("key", &old.value);
        gateway.fill_vault([&record]);
        gateway.write("config.toml", format!("version = 1\n[limits]\n{limits}"));
        Self { service, gateway, record, old }
    }

    /// What the gateway hands over.
    pub fn params(&self) -> Params {
        Params {
            user_record: self.record.uid.clone(),
            records: vec![self.record.flattened()],
            ..Params::default()
        }
    }

    /// Prepares a run of the guest with this behaviour.
    pub fn exec(&self, behaviour: &str) -> Exec<'_> {
        self.gateway
            .exec(&guest("misbehaving"), self.params().line())
            .flag("--vault", self.gateway.vault().flag())
            .host(KeyService::HOST, self.service.address())
            .set("behaviour", behaviour)
    }

    /// Runs it, and fails when a key shows where none may.
    pub fn run(&self, exec: Exec<'_>) -> Run {
        exec.run(|| self.service.secrets_ever())
    }
}
