//! The files that a run lives on. A value that is put in the place of one of them is the last thing that it
//! does: so they are no destination, however their path is written.

use std::path::{Path, PathBuf};

use super::{AuditChoice, DeliveredBy, Environment, ExecSettings, SetValue, VaultChoice, keeper};
use crate::system::Spot;

/// Files and folders with what they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnFiles(Vec<(&'static str, PathBuf)>);

impl OwnFiles {
    /// What belongs to every run: pamrun itself, and what leads Keeper's tools to a vault.
    pub(super) fn of_all(environment: Environment<'_>) -> Self {
        let mut own = Self::default();
        own.add("pamrun itself", std::env::current_exe().ok().as_deref());
        for file in keeper::files(environment) {
            own.add("a configuration of Keeper's", Some(&file));
        }
        own
    }

    pub(super) fn add(&mut self, what: &'static str, path: Option<&Path>) {
        self.0.extend(path.filter(|path| !path.as_os_str().is_empty()).map(|path| (what, path.to_owned())));
    }

    pub(super) fn add_vault(&mut self, vault: &VaultChoice) {
        match vault {
            VaultChoice::Ksm(keeper) => {
                self.add("the configuration of the vault", keeper.file().as_deref());
            }
            VaultChoice::File(path) => {
                self.add("the vault file", Some(path));
                // What its saves need beside it.
                for suffix in [".lock", ".new"] {
                    let mut beside = path.clone().into_os_string();
                    beside.push(suffix);
                    self.add("a part of the vault file", Some(Path::new(&beside)));
                }
            }
            VaultChoice::None => {}
        }
    }

    pub(super) fn add_audit(&mut self, audit: Option<&AuditChoice>) {
        if let Some(AuditChoice::File(path)) = audit {
            self.add("the audit file", Some(path));
        }
    }

    pub(super) fn add_state(&mut self, folder: Option<&Path>) {
        self.add("a part of the state folder", folder);
    }

    /// Finds out what a file at this path would take the place of.
    #[must_use]
    pub fn at(&self, path: &Path) -> Option<&'static str> {
        let spot = Spot::of(path).ok()?;
        let is_there = |own: &Path| Spot::of(own).is_ok_and(|own| spot.is(&own) || spot.is_in(&own));
        self.0.iter().find(|(_, own)| is_there(own)).map(|(what, _)| *what)
    }
}

impl ExecSettings {
    /// The files that a run with these settings lives on.
    #[must_use]
    pub fn own_files(&self, environment: Environment<'_>) -> OwnFiles {
        let mut own = OwnFiles::of_all(environment);
        own.add_vault(&self.vault);
        own.add_state(Some(&self.state_dir));
        own.add("the plugin or script itself", Some(&self.plugin));
        own.add("the configuration file", self.config_file.as_deref());
        own.add("the file of certificate authorities", self.ca_file.as_deref());
        own.add_audit(self.audit.as_ref());
        for delivery in &self.deliveries {
            if let DeliveredBy::Plugin(path) = &delivery.by {
                own.add("a plugin that delivers", Some(path));
            }
        }
        let of_deliveries = self.deliveries.iter().flat_map(|delivery| delivery.settings.values());
        for value in self.settings.values().chain(of_deliveries) {
            if let SetValue::File(path, _) = value {
                own.add("the file of a setting", Some(path));
            }
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's own files")]
    fn n4_a_file_is_known_by_what_it_is_however_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("state/cache")).unwrap();
        fs::create_dir(at("other")).unwrap();
        for name in ["v.json", "other/free"] {
            fs::write(at(name), "x").unwrap();
        }
        fs::hard_link(at("v.json"), at("other/hard")).unwrap();
        symlink(at("v.json"), at("other/soft")).unwrap();
        symlink(at("state"), at("other/way")).unwrap();
        let mut own = OwnFiles::default();
        own.add_vault(&VaultChoice::File(at("v.json")));
        own.add_state(Some(&at("state")));
        own.add_audit(Some(&AuditChoice::File(at("other/audit.log"))));
        for name in ["v.json", "./v.json", "other/../v.json", "other//..//v.json", "other/hard", "other/soft"]
        {
            assert_eq!(own.at(&at(name)), Some("the vault file"), "{name}");
        }
        for name in ["v.json.lock", "other/../v.json.new"] {
            assert_eq!(own.at(&at(name)), Some("a part of the vault file"), "{name}");
        }
        for name in ["state", "state/x", "state/cache/x/y", "other/way/x", "other/../state/cache/x"] {
            assert_eq!(own.at(&at(name)), Some("a part of the state folder"), "{name}");
        }
        // Neither is there yet.
        assert_eq!(own.at(&at("state/../other/audit.log")), Some("the audit file"));
        for name in ["other/free", "v.jsonx", "new", "none/x", "stat"] {
            assert_eq!(own.at(&at(name)), None, "{name}");
        }
    }

    #[test]
    fn n4_a_folder_that_is_not_there_yet_has_its_files_already() {
        let folder = tempfile::tempdir().unwrap();
        let mut own = OwnFiles::default();
        own.add_state(Some(&folder.path().join("a/state")));
        assert!(own.at(&folder.path().join("a/state/x")).is_some());
        assert_eq!(own.at(&folder.path().join("a/statex")), None);
        assert_eq!(own.at(&folder.path().join("b/state/x")), None);
    }

    #[test]
    fn n4_what_leads_to_a_vault_is_kept_whichever_vault_there_is() {
        let environment = |name: &str| (name == "KSM_CONFIG_FILE").then(|| "/none/ksm.json".into());
        let own = OwnFiles::of_all(&environment);
        let gateway = Path::new("/etc/keeper-gateway/gateway-config.json");
        for path in [Path::new("/none/ksm.json"), gateway] {
            assert_eq!(own.at(path), Some("a configuration of Keeper's"), "{}", path.display());
        }
        assert_eq!(own.at(&std::env::current_exe().unwrap()), Some("pamrun itself"));
    }
}
