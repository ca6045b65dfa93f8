//! The usual cast of a plugin that misbehaves: a key service, a record of one of its keys, a gateway, and
//! the guest `misbehaving`, which rotates the key in its own way.

use std::path::{Path, PathBuf};

use crate::gateway::{Exec, Gateway, Run, guest};
use crate::params::Params;
use crate::record::Record;
use crate::service::{Key, KeyService};

/// What the guest's manifest is packed from.
const MANIFEST: &str = include_str!("../guests/misbehaving/plugin.toml");

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
        self.exec_of(&guest("misbehaving"), behaviour)
    }

    /// The same of the guest with another manifest.
    pub fn exec_of(&self, plugin: &Path, behaviour: &str) -> Exec<'_> {
        self.gateway
            .exec(plugin, self.params().line())
            .flag("--vault", self.gateway.vault().flag())
            .host(KeyService::HOST, self.service.address())
            .set("behaviour", behaviour)
    }

    /// Runs it, and fails when a key shows where none may.
    pub fn run(&self, exec: Exec<'_>) -> Run {
        exec.run(|| self.service.secrets_ever())
    }

    /// A manifest of the guest with another text in the place of one that stands there once.
    pub fn manifest(&self, text: &str, instead: &str) -> PathBuf {
        assert_eq!(MANIFEST.matches(text).count(), 1, "{text}");
        self.gateway.write("plugin.toml", MANIFEST.replacen(text, instead, 1))
    }

    /// Packs the guest with such a manifest, and fails where it is refused.
    pub fn repacked(&self, text: &str, instead: &str) -> PathBuf {
        let packed = self.gateway.path("misbehaving.wasm");
        let run = self.pack(&guest("misbehaving"), &self.manifest(text, instead), &packed);
        assert_eq!(run.exit, Some(0), "{run}");
        packed
    }

    /// What packing a guest with a manifest comes to.
    pub fn pack(&self, guest: &Path, manifest: &Path, packed: &Path) -> Run {
        let pack = self.gateway.command(&["plugin", "pack"]).argument(guest).argument(manifest);
        pack.flag("-o", packed).run(Vec::new)
    }
}
