//! What was typed, said by the environment and written in the configuration file, put together.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use http::Uri;
use serde::{Deserialize, Serialize};

use super::config::Config;
use super::delivery::{DeliveryChoice, WrittenDelivery};
use super::values::VaultName;
use super::{
    CliError, Environment, ExecArgs, KeeperChoice, Origin, PluginConfig, Resolve, ScriptEnvironment,
    SetValue, Sourced, config_file, keeper, state, values,
};
use crate::limits::Limits;
use crate::secret::Secret;

/// Where records are read from and saved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VaultChoice {
    /// Keeper Secrets Manager.
    Ksm(Box<KeeperChoice>),
    /// A JSON file.
    File(PathBuf),
    /// Nowhere: the caller takes the new values from stdout.
    None,
}

impl VaultChoice {
    /// Makes the choice again that [`Self::written`] wrote down; the configuration of Keeper Secrets
    /// Manager is read anew.
    ///
    /// # Errors
    /// When that is no choice, or the configuration is not there any more.
    pub fn again(written: &str, environment: Environment<'_>) -> Result<Self, CliError> {
        let written = Sourced { value: written.to_owned(), origin: Origin::Journal };
        Self::named(values::vault(&written)?, environment)
    }

    /// Returns the value of `--vault` that leads here again.
    #[must_use]
    pub fn written(&self) -> String {
        match self {
            Self::Ksm(keeper) => {
                keeper.file().map_or("ksm".to_owned(), |file| format!("ksm:{}", file.display()))
            }
            Self::File(path) => format!("file:{}", path.display()),
            Self::None => "none".to_owned(),
        }
    }

    pub(super) fn named(name: VaultName, environment: Environment<'_>) -> Result<Self, CliError> {
        match name {
            VaultName::Ksm(path) => Self::keeper(path, environment, CliError::NoKeeper),
            VaultName::File(path) => Ok(Self::File(path)),
            VaultName::None => Ok(Self::None),
        }
    }

    fn keeper(
        path: Option<PathBuf>,
        environment: Environment<'_>,
        missing: CliError,
    ) -> Result<Self, CliError> {
        let found = keeper::find(path, environment)?;
        Ok(Self::Ksm(Box::new(found.ok_or(missing)?)))
    }
}

/// How a plugin is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// In the WebAssembly sandbox.
    Wasm,
    /// With an external interpreter.
    Script,
    /// With Python, as a plugin made for Keeper's gateway.
    Saas,
}

/// How the outcome is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// One JSON document.
    #[default]
    Json,
    /// Lines for people.
    Text,
}

/// Where a line a run is noted for those who watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditChoice {
    /// In the system's log.
    Syslog,
    /// In a file.
    File(PathBuf),
}

/// The settings of one `exec`: checked, complete, and independent of where they came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct ExecSettings {
    /// The plugin file, as it was named.
    pub plugin: PathBuf,
    /// How to run it; `None` when the file is to tell.
    pub runtime: Option<Runtime>,
    /// What a script gets on its command line.
    pub arguments: Vec<OsString>,
    /// The program that runs a script; `None` when the script is to tell.
    pub interpreter: Option<String>,
    /// The environment that a script sees.
    pub environment: ScriptEnvironment,
    /// Whether a script is to be confined.
    pub confine: bool,
    /// The values for its settings, by key.
    pub settings: BTreeMap<String, SetValue>,
    /// Who is to be handed the new value, in this order.
    pub deliveries: Vec<DeliveryChoice>,
    /// Whether only to look.
    pub dry_run: bool,
    /// Whether a record may be rotated that is flagged as managed elsewhere.
    pub allow_managed: bool,
    /// Where the records are.
    pub vault: VaultChoice,
    /// Where the state folder is; nothing has been looked at there yet.
    pub state_dir: PathBuf,
    /// Hosts that any plugin may talk to: `host` or `host:port`.
    pub allow_hosts: Vec<String>,
    /// Hosts whose address may be a private one: `host` or `host:port`.
    pub allow_private: Vec<String>,
    /// Addresses to use instead of asking DNS; the first that fits counts.
    pub resolve: Vec<Resolve>,
    /// The proxy of the plugin's requests: an `http://` URL without a password.
    pub proxy: Option<Uri>,
    /// A PEM file of further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// Where a line a run is noted; nowhere by default.
    pub audit: Option<AuditChoice>,
    /// The limits.
    pub limits: Limits,
    /// Where a test case of the run is written.
    pub record: Option<PathBuf>,
    /// Whether updates are shown on stdout.
    pub reveal: bool,
    /// How the outcome is printed.
    pub format: Format,
    /// The configuration file, if there is one.
    pub config_file: Option<PathBuf>,
    /// What the configuration file says of single plugin files.
    pub plugins: Vec<PluginConfig>,
}

impl ExecSettings {
    /// Puts the settings together: a flag goes before a variable, and a variable before the
    /// configuration file; lists add up.
    ///
    /// # Errors
    /// The first value that is wrong, with where it was written.
    pub fn gather(args: ExecArgs, environment: Environment<'_>) -> Result<Self, CliError> {
        let ExecArgs { plugin, run: args, dry_run, record, reveal, format } = args;
        let named = Layers { environment, config: &Config::default() }.one("config", args.config)?;
        let config = config_file::load(named.as_ref(), environment)?;
        let layers = Layers { environment, config: &config };

        let vault = layers.vault(args.vault, CliError::NoVault)?;
        let dry_run = layers.flag("dry-run", dry_run)?;
        if vault == VaultChoice::None && !reveal && !dry_run {
            return Err(CliError::RevealMissing);
        }
        let deliveries = layers.deliveries(args.deliver)?;
        if vault == VaultChoice::None && !deliveries.is_empty() {
            return Err(CliError::NothingToDeliver);
        }
        Ok(Self {
            plugin,
            runtime: layers.checked("runtime", args.runtime, values::runtime)?,
            arguments: args.arguments,
            interpreter: layers.one("interpreter", args.interpreter)?.map(|written| written.value),
            environment: ScriptEnvironment::gather(
                &layers.many("env", "env", args.environment, values::variable)?,
                environment,
            ),
            confine: layers.flag("confine", args.confine)?,
            settings: layers.settings(args.settings)?,
            deliveries,
            dry_run,
            allow_managed: layers.flag("allow-managed", args.allow_managed)?,
            vault,
            state_dir: state::locate(layers.one("state-dir", args.state_dir)?.as_ref(), environment)?,
            allow_hosts: layers.many("allow-host", "allow_hosts", args.allow_hosts, values::host)?,
            allow_private: layers.many("allow-private", "allow_private", args.allow_private, values::host)?,
            resolve: layers.many("resolve", "resolve", args.resolve, values::resolve)?,
            proxy: layers.checked("proxy", args.proxy, values::proxy)?,
            ca_file: layers.checked("ca-file", args.ca_file, |written| written.path(&written.value))?,
            audit: layers.checked("audit", None, values::audit)?,
            limits: layers.limits(args.timeout, args.request_timeout, args.memory)?,
            record,
            reveal,
            format: layers.checked("format", format, values::format)?.unwrap_or_default(),
            config_file: config.file,
            plugins: config.plugins,
        })
    }

    /// Reads the file of further certificate authorities.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn ca_pem(&self) -> Result<Option<Vec<u8>>, CliError> {
        read_pem(self.ca_file.as_deref())
    }

    /// The settings of a run as they are for one that delivers: its own file and settings, and none
    /// of the options that are about how the plugin that rotates is run.
    #[must_use]
    pub fn for_delivery(&self, plugin: PathBuf, settings: BTreeMap<String, SetValue>) -> Self {
        Self {
            plugin,
            settings,
            runtime: None,
            arguments: Vec::new(),
            interpreter: None,
            deliveries: Vec::new(),
            ..self.clone()
        }
    }

    /// Returns what the configuration file says of the plugin file with this digest.
    #[must_use]
    pub fn for_plugin(&self, digest: &str) -> Option<&PluginConfig> {
        self.plugins.iter().find(|plugin| plugin.digest == digest)
    }
}

/// Reads a file of certificate authorities, if there is one.
pub(super) fn read_pem(path: Option<&Path>) -> Result<Option<Vec<u8>>, CliError> {
    let read = |path: &Path| {
        #[expect(clippy::disallowed_methods, reason = "the operator named the file")]
        fs::read(path).map_err(|error| CliError::Unreadable { path: path.to_owned(), error: error.kind() })
    };
    path.map(read).transpose()
}

/// The places where a value may stand, but for the flags.
pub(super) struct Layers<'a> {
    pub(super) environment: Environment<'a>,
    pub(super) config: &'a Config,
}

impl Layers<'_> {
    /// The value of the variable that is named after an option; an empty one is not set.
    fn variable(&self, option: &str) -> Result<Option<Sourced<String>>, CliError> {
        let name = format!("PAMRUN_{}", snake(option).to_ascii_uppercase());
        let Some(value) = (self.environment)(&name).filter(|value| !value.is_empty()) else {
            return Ok(None);
        };
        let origin = Origin::Variable(name);
        match value.into_string() {
            Ok(value) => Ok(Some(Sourced { value, origin })),
            Err(_) => Err(CliError::BadValue { origin, problem: "this is not UTF-8".to_owned() }),
        }
    }

    /// The value of an option, from the first place that has one.
    pub(super) fn one(
        &self,
        option: &'static str,
        flag: Option<String>,
    ) -> Result<Option<Sourced<String>>, CliError> {
        if let Some(value) = flag {
            return Ok(Some(Sourced { value, origin: Origin::Flag(option) }));
        }
        Ok(self.variable(option)?.or_else(|| self.config.values.get(&snake(option)).cloned()))
    }

    /// The vault that is named, or else the one that a gateway has.
    pub(super) fn vault(&self, flag: Option<String>, missing: CliError) -> Result<VaultChoice, CliError> {
        match self.checked("vault", flag, values::vault)? {
            None => VaultChoice::keeper(None, self.environment, missing),
            Some(name) => VaultChoice::named(name, self.environment),
        }
    }

    pub(super) fn checked<T>(
        &self,
        option: &'static str,
        flag: Option<String>,
        check: impl Fn(&Sourced<String>) -> Result<T, CliError>,
    ) -> Result<Option<T>, CliError> {
        self.one(option, flag)?.as_ref().map(check).transpose()
    }

    fn flag(&self, option: &'static str, flag: bool) -> Result<bool, CliError> {
        let flag = flag.then(|| "true".to_owned());
        Ok(self.checked(option, flag, values::flag)?.unwrap_or(false))
    }

    /// The values of a list, from all places, the flags first.
    fn many<T: PartialEq>(
        &self,
        option: &'static str,
        key: &str,
        flags: Vec<String>,
        check: impl Fn(&Sourced<String>) -> Result<T, CliError>,
    ) -> Result<Vec<T>, CliError> {
        let flags = flags.into_iter().map(|value| Sourced { value, origin: Origin::Flag(option) });
        // What opens the inner network is left to what an administrator can see.
        let variable =
            if matches!(option, "allow-private" | "resolve") { None } else { self.variable(option)? };
        let config = self.config.lists.get(key).into_iter().flatten().cloned();
        let mut list = Vec::new();
        for written in flags.chain(variable.iter().flat_map(split)).chain(config) {
            let value = check(&written)?;
            if !list.contains(&value) {
                list.push(value);
            }
        }
        Ok(list)
    }

    /// The values of `--set`, the last of a place counting, as it does for shells and compilers.
    fn settings(&self, flags: Vec<Secret>) -> Result<BTreeMap<String, SetValue>, CliError> {
        let mut settings = BTreeMap::new();
        let variable = self.variable("set")?;
        let variable =
            variable.iter().flat_map(split).map(|item| item.with(Secret::new(item.value.as_str())));
        let flags = flags.into_iter().map(|value| Sourced { value, origin: Origin::Flag("set") });
        for written in variable.chain(flags) {
            let (key, value) =
                written.value.expose().split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(
                    || written.wrong("write KEY=VALUE, or KEY=@FILE to read the value from a file"),
                )?;
            settings.insert(key.to_owned(), SetValue::read(&written.with(Secret::new(value)))?);
        }
        Ok(settings)
    }

    /// The deliveries from all places, the flags first.
    fn deliveries(&self, flags: Vec<Secret>) -> Result<Vec<DeliveryChoice>, CliError> {
        let variable = self.variable("deliver")?;
        let variable = variable.iter().flat_map(|list| {
            let items = list.value.split(';').map(str::trim).filter(|item| !item.is_empty());
            items.map(|item| list.with(Secret::new(item)))
        });
        let flags = flags.into_iter().map(|value| Sourced { value, origin: Origin::Flag("deliver") });
        let written = flags.chain(variable).map(|written| WrittenDelivery::parse(&written));
        let written = written.chain(self.config.deliveries.iter().cloned().map(Ok));
        written.map(|written| written?.choice()).collect()
    }

    pub(super) fn limits(
        &self,
        timeout: Option<String>,
        request_timeout: Option<String>,
        memory: Option<String>,
    ) -> Result<Limits, CliError> {
        let options = [("timeout", timeout), ("request-timeout", request_timeout), ("memory", memory)];
        let mut limits = Limits::default();
        for key in Limits::KEYS {
            let written = match options.iter().find(|(option, _)| snake(option) == key) {
                Some((option, flag)) => self.one(option, flag.clone())?,
                None => self.config.values.get(key).cloned(),
            };
            if let Some(written) = written {
                let text = &written.value;
                limits.set(key, text).map_err(|error| written.wrong(format!("`{text}` {error}")))?;
            }
        }
        if limits.reserve >= limits.timeout {
            return Err(CliError::NoTimeLeft { timeout: limits.timeout, reserve: limits.reserve });
        }
        Ok(limits)
    }
}

fn snake(option: &str) -> String {
    option.replace('-', "_")
}

fn split(list: &Sourced<String>) -> impl Iterator<Item = Sourced<String>> {
    list.value.split(',').map(|item| list.with(item.trim().to_owned()))
}
