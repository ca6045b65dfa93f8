//! `--deliver` and `[[deliver]]`: who hands the new value on, and with which settings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{CliError, SetValue, Sourced};
use crate::secret::Secret;

/// The name of what is built in.
const FILE: &str = "file";

/// A plugin that hands the new value to somebody who uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryChoice {
    /// Which one.
    pub by: DeliveredBy,
    /// The values for its settings, by key.
    pub settings: BTreeMap<String, SetValue>,
}

/// What hands it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveredBy {
    /// What is built in, and writes into a file of this machine.
    File,
    /// A plugin or script, by its absolute path.
    Plugin(PathBuf),
}

/// A delivery as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WrittenDelivery {
    pub(super) plugin: Sourced<String>,
    pub(super) settings: Vec<(String, Sourced<Secret>)>,
}

impl WrittenDelivery {
    /// Parses `PLUGIN_OR_SCRIPT[,KEY=VALUE…]`. It is never quoted, since people write secrets there
    /// all the same.
    pub(super) fn parse(written: &Sourced<Secret>) -> Result<Self, CliError> {
        let mut parts = written.value.expose().split(',');
        let plugin = parts.next().unwrap_or_default().trim();
        if plugin.is_empty() || plugin.contains('=') {
            return Err(written.wrong("write PLUGIN_OR_SCRIPT first, or `file`, and KEY=VALUE after commas"));
        }
        let setting = |part: &str| {
            let (key, value) = part.split_once('=').filter(|(key, _)| !key.trim().is_empty()).ok_or_else(
                || written.wrong("write KEY=VALUE after each comma; a value with a comma in it can only stand in the configuration file"),
            )?;
            Ok((key.trim().to_owned(), written.with(Secret::new(value))))
        };
        let settings = parts.map(setting).collect::<Result<_, CliError>>()?;
        Ok(Self { plugin: written.with(plugin.to_owned()), settings })
    }

    /// Checks it, and reads the files that hold settings.
    pub(super) fn choice(&self) -> Result<DeliveryChoice, CliError> {
        let is_built_in = self.plugin.value == FILE;
        let mut settings = BTreeMap::new();
        for (key, written) in &self.settings {
            let value = if is_built_in && key == "path" {
                // Whoever finishes the rotation may be started elsewhere.
                let path = written.path(written.value.expose())?;
                SetValue::Text(Secret::new(path.display().to_string()))
            } else {
                SetValue::read(written)?
            };
            if settings.insert(key.clone(), value).is_some() {
                return Err(written.wrong(format!("`{key}` is given twice")));
            }
        }
        let by = if is_built_in {
            DeliveredBy::File
        } else {
            DeliveredBy::Plugin(self.plugin.path(&self.plugin.value)?)
        };
        Ok(DeliveryChoice { by, settings })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Origin;

    fn choice(text: &str) -> Result<DeliveryChoice, CliError> {
        let written = Sourced { value: Secret::new(text), origin: Origin::Flag("deliver") };
        WrittenDelivery::parse(&written)?.choice()
    }

    fn text(choice: &DeliveryChoice, key: &str) -> String {
        choice.settings[key].secret().expose().to_owned()
    }

    #[test]
    fn a_delivery_is_a_plugin_with_settings_behind_commas() {
        let plugin = choice("/p/vault.wasm,key_vault=a.example,secret_name=b=c").unwrap();
        assert_eq!(plugin.by, DeliveredBy::Plugin("/p/vault.wasm".into()));
        assert_eq!(
            (text(&plugin, "key_vault"), text(&plugin, "secret_name")),
            ("a.example".into(), "b=c".into())
        );
        assert_eq!(choice("/p/vault.wasm").unwrap().settings.len(), 0);
    }

    #[test]
    fn paths_do_not_depend_on_where_we_are() {
        let built_in = choice("file,path=app/.env").unwrap();
        assert_eq!(built_in.by, DeliveredBy::File);
        assert!(text(&built_in, "path").starts_with('/') && text(&built_in, "path").ends_with("/app/.env"));
        let DeliveredBy::Plugin(path) = choice("./file").unwrap().by else { panic!("it is a path") };
        assert!(path.is_absolute());
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_not_quoted() {
        for text in ["", ",a=canary", "canary=x", "file,canary", "file,=canary", "file,", "file,a=canary,a=b"]
        {
            let error = choice(text).unwrap_err().to_string();
            assert!(error.starts_with("--deliver") && !error.contains("canary"), "{error}");
        }
    }
}
