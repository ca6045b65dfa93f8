//! What a rotation was begun with, as the journal keeps it: enough to finish it, and no secret. Of
//! a secret setting it names the file, as the operator had to.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fault::Fault;
use super::terms::Terms;
use crate::catalog::Digest;
use crate::cli::{
    CliError, ExecSettings, Format, Origin, PluginConfig, Resolve, Runtime, ScriptEnvironment, SetValue,
    Sourced, VaultChoice, process_environment,
};
use crate::limits::Limits;
use crate::model::RecordUid;
use crate::params::Params;
use crate::report::PluginInfo;
use crate::rotation::OpenRotation;
use crate::secret::Secret;

/// The settings that a rotation was begun with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Setup {
    /// The digest of the plugin, by which its copy is found.
    pub(super) digest: Digest,
    /// The plugin file, as it was named.
    plugin: PathBuf,
    name: String,
    version: String,
    /// How it is run, if it is a script.
    script: Option<ScriptSetup>,
    /// The PAM configuration.
    pub(super) provider_uid: Option<RecordUid>,
    /// The PAM resource.
    pub(super) resource_uid: Option<RecordUid>,
    /// What `--set` gave: texts, or `@FILE`.
    settings: BTreeMap<String, String>,
    /// What the configuration file's `[[plugin]] settings` gave, likewise.
    config_settings: BTreeMap<String, String>,
    lock: Vec<String>,
    /// Where the records are, as `--vault` takes it.
    vault: String,
    allow_hosts: Vec<String>,
    allow_private: Vec<String>,
    resolve: Vec<Resolve>,
    proxy: Option<String>,
    ca_file: Option<PathBuf>,
    limits: Limits,
    /// The plugins that deliver, in order.
    #[serde(default)]
    pub(super) deliveries: Vec<DeliverySetup>,
}

/// What a plugin that delivers was begun with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeliverySetup {
    /// The name that it went by.
    pub(super) name: String,
    /// Whether it is part of pamrun, and has no file.
    pub(super) built_in: bool,
    pub(super) setup: Setup,
}

/// What a script was begun with besides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ScriptSetup {
    runtime: Runtime,
    /// The program that ran it, as `--interpreter` takes it.
    interpreter: Option<String>,
    arguments: Vec<OsString>,
    /// As `--env` takes it: names, and values that are not secret.
    environment: Vec<String>,
    confine: bool,
    read: Vec<PathBuf>,
    write: Vec<PathBuf>,
    network: bool,
}

/// Who begins a rotation.
#[derive(Clone, Copy)]
pub(super) struct Began<'a> {
    pub(super) terms: &'a Terms,
    pub(super) info: &'a PluginInfo,
    /// The program that runs it, if it is a script.
    pub(super) interpreter: Option<&'a str>,
}

/// What counts now, whatever a rotation was begun with.
#[derive(Debug, Clone)]
pub(super) struct Now {
    pub(super) state_dir: PathBuf,
    /// Another vault than the one from before.
    pub(super) vault: Option<VaultChoice>,
    /// Another file of certificate authorities.
    pub(super) ca_file: Option<PathBuf>,
    /// The configuration file, if there is one.
    pub(super) config_file: Option<PathBuf>,
    /// Of these, how long it may take.
    pub(super) limits: Limits,
}

impl Now {
    /// What counts for a run that settles before it rotates itself.
    pub(super) fn new(settings: &ExecSettings) -> Self {
        let (state_dir, limits) = (settings.state_dir.clone(), settings.limits.clone());
        Self { state_dir, vault: None, ca_file: None, config_file: settings.config_file.clone(), limits }
    }
}

impl Setup {
    /// Takes what is worth keeping of the settings of a run.
    ///
    /// # Errors
    /// When a file that the configuration names for a setting cannot be read.
    pub(super) fn new(
        settings: &ExecSettings,
        digest: Digest,
        began: Began<'_>,
        params: &Params,
    ) -> Result<Self, CliError> {
        let config = settings.for_plugin(&digest.to_string());
        let mut allow_hosts = settings.allow_hosts.clone();
        allow_hosts.extend(config.iter().flat_map(|config| config.allow_hosts.iter().cloned()));
        let given = config.map(PluginConfig::settings).transpose()?.unwrap_or_default();
        let keep =
            |(key, value): (&String, &SetValue)| Some((key.clone(), written(began.terms, key, value)?));
        Ok(Self {
            digest,
            plugin: settings.plugin.clone(),
            name: began.info.name.clone(),
            version: began.info.version.clone(),
            script: began.terms.is_script().then(|| ScriptSetup::new(settings, config, began)),
            provider_uid: params.provider_record_uid.clone(),
            resource_uid: params.resource_record_uid.clone(),
            settings: settings.settings.iter().filter_map(keep).collect(),
            config_settings: given.iter().map(|(key, value)| (key, value)).filter_map(keep).collect(),
            lock: config.map(|config| config.lock.clone()).unwrap_or_default(),
            vault: settings.vault.written(),
            allow_hosts,
            allow_private: settings.allow_private.clone(),
            resolve: settings.resolve.clone(),
            proxy: settings.proxy.as_ref().map(ToString::to_string),
            ca_file: settings.ca_file.clone(),
            limits: settings.limits.clone(),
            deliveries: Vec::new(),
        })
    }

    /// Reads what the journal kept of an open rotation.
    ///
    /// # Errors
    /// When another version of pamrun wrote it.
    pub(super) fn of(open: &OpenRotation) -> Result<Self, Fault> {
        let setup = open.intent().map_or(Value::Null, |intent| intent.setup.clone());
        serde_json::from_value(setup).map_err(|error| {
            let message =
                format!("what the rotation was begun with cannot be read from the journal: {error}");
            let hint = "use the version of pamrun that began it, or a newer one".to_owned();
            Fault::invalid("setup-unreadable", message, Some(hint))
        })
    }

    /// The form in which the journal keeps it.
    ///
    /// # Errors
    /// None that is known: all of it has a form in JSON.
    pub(super) fn to_value(&self) -> Result<Value, Fault> {
        serde_json::to_value(self).map_err(|error| Fault::internal("setup", error.to_string()))
    }

    /// Who began.
    pub(super) fn plugin_info(&self) -> PluginInfo {
        match &self.script {
            Some(script) if script.runtime == Runtime::Saas => {
                PluginInfo::saas(&self.name, self.digest, script.confine)
            }
            Some(script) => PluginInfo::script(&self.name, self.digest, script.confine),
            None => PluginInfo::wasm(&self.name, &self.version, self.digest),
        }
    }

    /// Makes settings of it, as if the rotation were begun again.
    ///
    /// # Errors
    /// When a file that holds a setting, or how to reach the vault, cannot be read any more.
    pub(super) fn settings(&self, now: &Now) -> Result<ExecSettings, CliError> {
        let read = |(key, text): (&String, &String)| Ok((key.clone(), SetValue::read(&journaled(text))?));
        let config = self.config_settings.iter().map(|(key, text)| (key.clone(), journaled(text))).collect();
        let mut config = PluginConfig::new(self.digest.to_string(), self.lock.clone(), config);
        let script = self.script.as_ref();
        if let Some(script) = script {
            config.read.clone_from(&script.read);
            config.write.clone_from(&script.write);
            config.network = script.network;
        }
        let environment = match script {
            Some(script) => ScriptEnvironment::again(&script.environment, &process_environment)?,
            None => ScriptEnvironment::default(),
        };
        Ok(ExecSettings {
            plugin: self.plugin.clone(),
            runtime: Some(script.map_or(Runtime::Wasm, |script| script.runtime)),
            arguments: script.map(|script| script.arguments.clone()).unwrap_or_default(),
            interpreter: script.and_then(|script| script.interpreter.clone()),
            environment,
            confine: script.is_some_and(|script| script.confine),
            settings: self.settings.iter().map(read).collect::<Result<_, CliError>>()?,
            deliveries: Vec::new(),
            dry_run: false,
            // It was, when this was begun.
            allow_managed: true,
            vault: match &now.vault {
                Some(vault) => vault.clone(),
                None => VaultChoice::again(&self.vault, &process_environment)?,
            },
            state_dir: now.state_dir.clone(),
            allow_hosts: self.allow_hosts.clone(),
            allow_private: self.allow_private.clone(),
            resolve: self.resolve.clone(),
            proxy: self.proxy.as_ref().and_then(|proxy| proxy.parse().ok()),
            ca_file: now.ca_file.as_ref().or(self.ca_file.as_ref()).cloned(),
            audit: None,
            limits: self.limits(now),
            record: None,
            reveal: false,
            format: Format::default(),
            config_file: now.config_file.clone(),
            plugins: vec![config],
        })
    }

    /// The limits from before, but for the time that there is.
    pub(super) fn limits(&self, now: &Now) -> Limits {
        Limits { timeout: now.limits.timeout, reserve: now.limits.reserve, ..self.limits.clone() }
    }
}

impl ScriptSetup {
    fn new(settings: &ExecSettings, config: Option<&PluginConfig>, began: Began<'_>) -> Self {
        Self {
            runtime: began.terms.runtime(),
            interpreter: began.interpreter.map(str::to_owned),
            arguments: settings.arguments.clone(),
            environment: settings.environment.named.clone(),
            confine: settings.confine,
            read: config.map(|config| config.read.clone()).unwrap_or_default(),
            write: config.map(|config| config.write.clone()).unwrap_or_default(),
            network: config.is_some_and(|config| config.network),
        }
    }
}

fn journaled(text: &str) -> Sourced<Secret> {
    Sourced { value: Secret::new(text), origin: Origin::Journal }
}

/// A setting as it was given; none where it would show a secret, with which nothing is begun.
fn written(terms: &Terms, key: &str, value: &SetValue) -> Option<String> {
    let shows = matches!(value, SetValue::Text(_));
    (!(terms.is_secret(key) && shows)).then(|| value.written())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;
    use serde_json::json;

    use super::*;
    use crate::catalog::PluginFile;
    use crate::cli::{ExecArgs, RunArgs};
    use crate::model::{BuiltIn, Plan, SettingSchema, SettingType, Strategy};
    use crate::rotation::{Entry, Intent};

    const CANARY: &str = "hunter2-hunter2";

    fn terms() -> Terms {
        let setting = |key: &str, label: &str, kind| SettingSchema {
            key: key.to_owned(),
            label: Some(label.to_owned()),
            aliases: Vec::new(),
            kind,
            default: None,
            values: Vec::new(),
            min: None,
            max: None,
            required: false,
            description: String::new(),
        };
        let settings =
            vec![setting("days", "Days", SettingType::Int), setting("token", "Token", SettingType::Secret)];
        Terms::BuiltIn(BuiltIn { name: "key", strategy: Strategy::Overlap, returns: Vec::new(), settings })
    }

    /// What the gateway pipes.
    fn params() -> Params {
        let line = BASE64_STANDARD.encode(r#"{"userRecordUid": "u1", "providerRecordUid": "p1"}"#);
        Params::read(line.as_bytes(), &Limits::default()).unwrap()
    }

    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The settings of a run in which `token` was given like this.
    fn settings(folder: &Path, token: &str) -> (ExecSettings, PluginFile) {
        let plugin = file(folder, "p.wasm", "\0asm");
        let plugin_file = PluginFile::read(&plugin, 1 << 10).unwrap();
        let digest = plugin_file.digest;
        let config = format!(
            "version = 1\n[limits]\nsettle_window = '7s'\n[[plugin]]\ndigest = '{digest}'\n\
             allow_hosts = ['b.example']\nsettings = {{ days = 30 }}\nlock = ['days']"
        );
        let args = ExecArgs {
            plugin,
            run: RunArgs {
                config: Some(file(folder, "c.toml", &config).display().to_string()),
                vault: Some("file:/v.json".to_owned()),
                settings: vec![Secret::new("days=7"), Secret::new(format!("token={token}"))],
                allow_hosts: vec!["a.example".to_owned()],
                allow_private: vec!["a.example".to_owned()],
                resolve: vec!["a.example:443:127.0.0.1:8443".to_owned()],
                proxy: Some("http://proxy:3128".to_owned()),
                ..RunArgs::default()
            },
            ..ExecArgs::default()
        };
        (ExecSettings::gather(args, &|_| None).unwrap(), plugin_file)
    }

    /// What the journal keeps of them.
    fn kept(settings: &ExecSettings, file: &PluginFile) -> Value {
        let info = PluginInfo::wasm("key", "0.1.0", file.digest);
        let began = Began { terms: &terms(), info: &info, interpreter: None };
        Setup::new(settings, file.digest, began, &params()).unwrap().to_value().unwrap()
    }

    fn open(setup: Value) -> OpenRotation {
        let plan = Plan::default();
        let intent = Intent {
            record_uid: "u1".to_owned(),
            strategy: Some(Strategy::Overlap),
            plan,
            spared: Vec::new(),
            records: Vec::new(),
            consumers: Vec::new(),
            setup,
        };
        OpenRotation { rotation_id: "r1".to_owned(), entries: vec![Entry::Intent(Box::new(intent))] }
    }

    #[test]
    fn settings_come_back_from_the_journal_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let token = format!("@{}", file(folder.path(), "token", CANARY).display());
        let (before, file) = settings(folder.path(), &token);
        let setup = Setup::of(&open(kept(&before, &file))).unwrap();
        let now = Now {
            limits: Limits { timeout: std::time::Duration::from_secs(99), ..Limits::default() },
            ..Now::new(&before)
        };
        let after = setup.settings(&now).unwrap();
        assert_eq!(after.settings, before.settings);
        assert_eq!(after.allow_hosts, ["a.example", "b.example"]);
        let digest = file.digest.to_string();
        let (table, old) = (after.for_plugin(&digest).unwrap(), before.for_plugin(&digest).unwrap());
        assert_eq!((table.settings().unwrap(), &table.lock), (old.settings().unwrap(), &old.lock));
        let of =
            |s: &ExecSettings| (s.vault.clone(), s.resolve.clone(), s.proxy.clone(), s.allow_private.clone());
        assert_eq!(of(&after), of(&before));
        assert_eq!(after.limits, Limits { timeout: now.limits.timeout, ..before.limits });
        assert_eq!((setup.provider_uid.as_deref(), setup.digest), (Some("p1"), file.digest));
    }

    #[test]
    fn of_a_secret_setting_only_the_name_of_its_file_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path(), "token", CANARY).display().to_string();
        let (in_file, plugin) = settings(folder.path(), &format!("@{path}"));
        let text = kept(&in_file, &plugin).to_string();
        assert!(text.contains(&path) && !text.contains(CANARY), "{text}");
        let (shown, plugin) = settings(folder.path(), CANARY);
        assert!(!kept(&shown, &plugin).to_string().contains(CANARY));
    }

    #[test]
    fn another_vault_goes_before_the_one_that_it_began_with() {
        let folder = tempfile::tempdir().unwrap();
        let (before, file) = settings(folder.path(), "@/dev/null");
        let setup = Setup::of(&open(kept(&before, &file))).unwrap();
        let moved = VaultChoice::File("/moved.json".into());
        let now = Now { vault: Some(moved.clone()), ..Now::new(&before) };
        assert_eq!(setup.settings(&now).unwrap().vault, moved);
    }

    #[test]
    fn what_another_version_wrote_down_is_told_as_such() {
        let fault = Setup::of(&open(json!({ "plugin": 7 }))).unwrap_err();
        assert_eq!(fault.code, "setup-unreadable");
        assert!(fault.hint.unwrap().contains("the version of pamrun that began it"));
    }
}
