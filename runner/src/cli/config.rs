//! The configuration file. It is read by hand instead of by `serde`, so that every value knows its
//! line, an unknown key gets the nearest known one, and no message quotes a value.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::delivery::WrittenDelivery;
use super::toml_entry::{Document, Entry};
use super::values::host;
use super::{CliError, SetValue, Sourced};
use crate::limits::Limits;
use crate::secret::Secret;

const KEYS: [&str; 19] = [
    "version",
    "vault",
    "ca_file",
    "proxy",
    "state_dir",
    "format",
    "runtime",
    "interpreter",
    "env",
    "confine",
    "dry_run",
    "allow_managed",
    "audit",
    "allow_hosts",
    "allow_private",
    "resolve",
    "limits",
    "plugin",
    "deliver",
];
const DELIVER_KEYS: [&str; 2] = ["plugin", "settings"];
const PLUGIN_KEYS: [&str; 7] = ["digest", "allow_hosts", "settings", "lock", "read", "write", "network"];

/// What the configuration file says; of what it does not say there is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Config {
    /// The file itself; none where there is no configuration.
    pub file: Option<PathBuf>,
    /// Single values by key, those of `[limits]` by their own.
    pub values: BTreeMap<String, Sourced<String>>,
    /// Lists by key.
    pub lists: BTreeMap<String, Vec<Sourced<String>>>,
    /// The `[[plugin]]` tables.
    pub plugins: Vec<PluginConfig>,
    /// The `[[deliver]]` tables.
    pub deliveries: Vec<WrittenDelivery>,
}

/// A `[[plugin]]` table: what holds for one plugin file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginConfig {
    /// The digest of the file: `sha256:` and 64 digits in lower case.
    pub digest: String,
    /// Further hosts that this plugin may talk to: `host` or `host:port`.
    pub allow_hosts: Vec<String>,
    /// The settings that a record may not override.
    pub lock: Vec<String>,
    /// What the file may read when it is a script that is confined.
    pub read: Vec<PathBuf>,
    /// What it may write then.
    pub write: Vec<PathBuf>,
    /// Whether it may open sockets then.
    pub network: bool,
    settings: Vec<(String, Sourced<Secret>)>,
}

impl PluginConfig {
    /// Makes the table of one file, to which nothing is granted by it.
    #[must_use]
    pub fn new(digest: String, lock: Vec<String>, settings: Vec<(String, Sourced<Secret>)>) -> Self {
        Self {
            digest,
            allow_hosts: Vec::new(),
            lock,
            read: Vec::new(),
            write: Vec::new(),
            network: false,
            settings,
        }
    }

    /// Returns the settings. A text that begins with `@` names a file, as in `--set`; it is read
    /// now, so that the entry of one plugin cannot stop another.
    ///
    /// # Errors
    /// When such a file cannot be read.
    pub fn settings(&self) -> Result<Vec<(String, SetValue)>, CliError> {
        self.settings.iter().map(|(key, written)| Ok((key.clone(), SetValue::read(written)?))).collect()
    }
}

impl Config {
    /// Parses the text of the file.
    pub fn parse(file: &Path, text: &str) -> Result<Self, CliError> {
        let document = Document::new(file, text);
        let table = document.parse()?;
        let mut config = Self::default();
        let mut version = None;
        for entry in document.entries(table.get_ref(), "") {
            match entry.key {
                "version" => version = Some(entry.scalar()?),
                "vault" | "ca_file" | "proxy" | "state_dir" | "format" | "runtime" | "interpreter"
                | "audit" => {
                    config.values.insert(entry.key.to_owned(), entry.text()?);
                }
                "dry_run" | "allow_managed" | "confine" => {
                    config.values.insert(entry.key.to_owned(), entry.flag()?);
                }
                "allow_hosts" | "allow_private" | "resolve" | "env" => {
                    config.lists.insert(entry.key.to_owned(), entry.texts()?);
                }
                "limits" => {
                    for limit in entry.table()? {
                        if !Limits::KEYS.contains(&limit.key) {
                            return Err(limit.unknown(&Limits::KEYS));
                        }
                        config.values.insert(limit.key.to_owned(), limit.scalar()?);
                    }
                }
                "plugin" => {
                    for plugin in entry.tables()? {
                        let plugin = parse_plugin(&entry, &plugin)?;
                        if config.plugins.iter().any(|other| other.digest == plugin.digest) {
                            return Err(entry.wrong("two of these have the same digest: make them one"));
                        }
                        config.plugins.push(plugin);
                    }
                }
                "deliver" => {
                    for delivery in entry.tables()? {
                        config.deliveries.push(parse_delivery(&entry, &delivery)?);
                    }
                }
                key if Limits::KEYS.contains(&key) => {
                    return Err(entry.wrong(format!("this key stands under [limits]: `limits.{key}`")));
                }
                _ => return Err(entry.unknown(&KEYS)),
            }
        }
        match version {
            Some(version) if version.value == "1" => Ok(config),
            Some(version) => Err(version.wrong("this version of pamrun reads `version = 1` only")),
            None => Err(CliError::ConfigSyntax {
                path: file.to_owned(),
                line: 1,
                problem: "`version = 1` is missing".to_owned(),
                mend: None,
            }),
        }
    }
}

fn parse_plugin(all: &Entry<'_>, entries: &[Entry<'_>]) -> Result<PluginConfig, CliError> {
    let mut digest = None;
    let mut plugin = PluginConfig::new(String::new(), Vec::new(), Vec::new());
    let paths = |entry: &Entry<'_>| -> Result<Vec<_>, CliError> {
        entry.texts()?.iter().map(|path| path.path(&path.value)).collect()
    };
    for entry in entries {
        match entry.key {
            "digest" => digest = Some(parse_digest(&entry.text()?)?),
            "allow_hosts" => {
                plugin.allow_hosts = entry.texts()?.iter().map(host).collect::<Result<_, _>>()?;
            }
            "read" => plugin.read = paths(entry)?,
            "write" => plugin.write = paths(entry)?,
            "network" => plugin.network = entry.flag()?.value == "true",
            "lock" => plugin.lock = entry.texts()?.into_iter().map(|key| key.value).collect(),
            "settings" => plugin.settings = parse_settings(entry)?,
            _ => return Err(entry.unknown(&PLUGIN_KEYS)),
        }
    }
    plugin.digest = digest.ok_or_else(|| {
        let place = entries.first().unwrap_or(all);
        place.wrong("its [[plugin]] has no `digest`, which tells what file it is for")
    })?;
    Ok(plugin)
}

fn parse_delivery(all: &Entry<'_>, entries: &[Entry<'_>]) -> Result<WrittenDelivery, CliError> {
    let (mut plugin, mut settings) = (None, Vec::new());
    for entry in entries {
        match entry.key {
            "plugin" => plugin = Some(entry.text()?),
            "settings" => settings = parse_settings(entry)?,
            _ => return Err(entry.unknown(&DELIVER_KEYS)),
        }
    }
    let plugin = plugin.ok_or_else(|| {
        let place = entries.first().unwrap_or(all);
        place.wrong("its [[deliver]] has no `plugin`, which names a file, or `file`, which is built in")
    })?;
    Ok(WrittenDelivery { plugin, settings })
}

fn parse_settings(entry: &Entry<'_>) -> Result<Vec<(String, Sourced<Secret>)>, CliError> {
    let mut settings = Vec::new();
    for setting in entry.table()? {
        let written = setting.scalar()?;
        let secret = written.with(Secret::new(written.value.as_str()));
        settings.push((setting.key.to_owned(), secret));
    }
    Ok(settings)
}

fn parse_digest(written: &Sourced<String>) -> Result<String, CliError> {
    let digest = written.value.to_ascii_lowercase();
    let is_hex = |hex: &str| hex.len() == 64 && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    if digest.strip_prefix("sha256:").is_some_and(is_hex) {
        Ok(digest)
    } else {
        Err(written.wrong(
            "this is no digest: write `sha256:` and 64 hexadecimal digits, as `pamrun plugin inspect` shows",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";

    fn parse(text: &str) -> Result<Config, CliError> {
        Config::parse(Path::new("/etc/pamrun/config.toml"), text)
    }

    fn message(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_with_all_keys_is_understood() {
        let config = parse(&format!(
            "version = 1
            vault = 'file:/v.json'
            ca_file = '/ca.pem'
            proxy = 'http://proxy:3128'
            state_dir = '/state'
            format = 'text'
            runtime = 'wasm'
            dry_run = true
            interpreter = 'python3 -I'
            env = ['TOKEN', 'MODE=all']
            confine = true
            allow_managed = false
            audit = 'syslog'
            allow_hosts = ['a.example']
            allow_private = ['b.example']
            resolve = ['a.example:443:127.0.0.1:8443']
            [limits]
            timeout = '2m'
            requests = 50
            [[plugin]]
            digest = '{}'
            allow_hosts = ['C.example']
            settings = {{ retire = 'previous', expiry_days = 30, flag = true, ratio = 0.5 }}
            lock = ['retire']
            read = ['/opt/venv', 'beside']
            write = ['/var/lib/app']
            network = true
            [[deliver]]
            plugin = 'file'
            settings = {{ path = 'app/.env', format = 'env', key = 'A,B' }}",
            DIGEST.to_uppercase().replace("SHA", "sha"),
        ))
        .unwrap();
        assert_eq!(config.values["vault"].value, "file:/v.json");
        assert_eq!(config.values["dry_run"].value, "true");
        assert_eq!(config.values["interpreter"].value, "python3 -I");
        assert_eq!(config.values["confine"].value, "true");
        assert_eq!(config.lists["env"][1].value, "MODE=all");
        assert_eq!(config.values["timeout"].value, "2m");
        assert_eq!(config.values["requests"].value, "50");
        assert_eq!(config.lists["allow_hosts"][0].value, "a.example");
        let plugin = &config.plugins[0];
        assert_eq!((plugin.digest.as_str(), plugin.allow_hosts[0].as_str()), (DIGEST, "c.example"));
        assert_eq!(plugin.lock, ["retire"]);
        assert_eq!(plugin.read, [Path::new("/opt/venv"), Path::new("/etc/pamrun/beside")]);
        let delivery = &config.deliveries[0];
        assert_eq!((delivery.plugin.value.as_str(), delivery.settings.len()), ("file", 3));
        assert_eq!((plugin.write[0].as_path(), plugin.network), (Path::new("/var/lib/app"), true));
        let settings = plugin.settings().unwrap();
        let mut settings: Vec<_> =
            settings.iter().map(|(key, value)| (key.as_str(), value.secret().expose())).collect();
        settings.sort_unstable();
        assert_eq!(
            settings,
            [("expiry_days", "30"), ("flag", "true"), ("ratio", "0.5"), ("retire", "previous")]
        );
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_the_nearest_and_the_line() {
        assert_eq!(
            message("version = 1\nalow_hosts = []"),
            "unknown key `alow_hosts` in /etc/pamrun/config.toml, line 2; did you mean `allow_hosts`?"
        );
        assert_eq!(
            message("version = 1\n[limits]\n\nrequest_timout = '1s'"),
            "unknown key `limits.request_timout` in /etc/pamrun/config.toml, line 4; did you mean `request_timeout`?"
        );
        assert_eq!(
            message(&format!("version = 1\n[[plugin]]\ndigest = '{DIGEST}'\nlocked = []")),
            "unknown key `plugin.locked` in /etc/pamrun/config.toml, line 4; did you mean `lock`?"
        );
        assert_eq!(message("version = 1\nzzz = 1"), "unknown key `zzz` in /etc/pamrun/config.toml, line 2");
    }

    #[test]
    fn a_limit_outside_of_its_table_is_told_where_it_belongs() {
        assert_eq!(
            message("version = 1\ntimeout = '5m'"),
            "`timeout` in /etc/pamrun/config.toml, line 2: this key stands under [limits]: `limits.timeout`"
        );
    }

    #[test]
    fn a_value_of_the_wrong_type_is_told_what_is_expected_and_not_quoted() {
        for (text, expected) in [
            ("vault = 77", "expected a string, found an integer"),
            ("allow_hosts = 'canary'", "expected a list of strings, found a string"),
            ("allow_hosts = ['a', 77]", "expected a list of strings, found an array"),
            ("dry_run = 'canary'", "expected true or false, found a string"),
            ("limits = 'canary'", "expected a table, found a string"),
            ("limits = { timeout = [] }", "expected a string, a number, or true or false, found an array"),
            ("plugin = { digest = 'canary' }", "expected tables that begin with [[plugin]], found a table"),
        ] {
            let message = message(&format!("version = 1\n{text}"));
            assert!(message.ends_with(expected) && message.contains("line 2"), "{message}");
            assert!(!message.contains("canary"), "{message}");
        }
    }

    #[test]
    fn text_that_is_not_toml_is_told_its_line_and_not_quoted() {
        for text in ["version = 1\nvault = 'canary", "version = 1\ncanary", "version = 1\nvault = canary"] {
            let message = message(text);
            assert!(message.starts_with("/etc/pamrun/config.toml, line 2: "), "{message}");
            assert!(!message.contains("canary"), "{message}");
        }
    }

    #[test]
    fn the_version_must_be_there_and_be_one_that_we_read() {
        assert!(message("").ends_with("`version = 1` is missing"));
        assert!(message("version = 2").ends_with("this version of pamrun reads `version = 1` only"));
    }

    #[test]
    fn a_delivery_without_a_plugin_is_an_error() {
        assert!(message("version = 1\n[[deliver]]\nsettings = {}").contains("has no `plugin`"));
        assert!(message("version = 1\n[[deliver]]\nplugins = 'file'").contains("did you mean `plugin`?"));
    }

    #[test]
    fn a_plugin_without_a_digest_of_its_own_is_an_error() {
        assert!(message("version = 1\n[[plugin]]\nlock = []").contains("has no `digest`"));
        assert!(message("version = 1\n[[plugin]]").contains("has no `digest`"));
        assert!(message("version = 1\n[[plugin]]\ndigest = 'azure'").contains("this is no digest"));
        let twice = format!("version = 1\n[[plugin]]\ndigest = '{DIGEST}'\n[[plugin]]\ndigest = '{DIGEST}'");
        assert!(message(&twice).contains("two of these have the same digest"));
    }
}
