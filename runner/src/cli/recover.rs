//! The settings of `recover`.

use std::path::PathBuf;

use super::config::Config;
use super::settings::Layers;
use super::{
    AuditChoice, CliError, Environment, Format, Origin, RecoverArgs, Sourced, VaultChoice, config_file,
    state, values,
};
use crate::limits::Limits;
use crate::model::RecordUid;

/// Whose interrupted rotations are to be settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// Nobody's: they are listed.
    None,
    /// Those of these records.
    Records(Vec<RecordUid>),
    /// Everybody's.
    All,
}

/// The settings of one `recover`, checked. What a rotation was begun with stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoverSettings {
    /// What to do.
    pub which: Which,
    /// Where the records are, if no longer where they were.
    pub vault: Option<VaultChoice>,
    /// Where the state folder is; nothing has been looked at there yet.
    pub state_dir: PathBuf,
    /// A PEM file of further certificate authorities, if no longer the one from before.
    pub ca_file: Option<PathBuf>,
    /// The limits; of those of a plugin, the ones from before count.
    pub limits: Limits,
    /// How the document is printed.
    pub format: Format,
    /// The configuration file, if there is one.
    pub config_file: Option<PathBuf>,
    /// Where audit lines go, if anywhere.
    pub audit: Option<AuditChoice>,
}

impl RecoverSettings {
    /// Puts the settings together, as [`ExecSettings::gather`](super::ExecSettings::gather) does.
    ///
    /// # Errors
    /// The first value that is wrong, with where it was written.
    pub fn gather(args: RecoverArgs, environment: Environment<'_>) -> Result<Self, CliError> {
        let named = Layers { environment, config: &Config::default() }.one("config", args.config)?;
        let config = config_file::load(named.as_ref(), environment)?;
        let layers = Layers { environment, config: &config };
        // What goes without saying today need not be what did when the rotation began.
        let flag =
            |name, value: Option<String>| value.map(|value| Sourced { value, origin: Origin::Flag(name) });
        let vault = |written: &Sourced<String>| VaultChoice::named(values::vault(written)?, environment);
        let which = match args.records {
            _ if args.all => Which::All,
            records if records.is_empty() => Which::None,
            records => Which::Records(records),
        };
        Ok(Self {
            which,
            vault: flag("vault", args.vault).as_ref().map(vault).transpose()?,
            state_dir: state::locate(layers.one("state-dir", args.state_dir)?.as_ref(), environment)?,
            ca_file: flag("ca-file", args.ca_file).map(|file| file.path(&file.value)).transpose()?,
            limits: layers.limits(args.timeout, None, None)?,
            format: layers.checked("format", args.format, values::format)?.unwrap_or_default(),
            audit: layers.checked("audit", None, values::audit)?,
            config_file: config.file,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(args: RecoverArgs) -> RecoverSettings {
        let environment = |name: &str| match name {
            "PAMRUN_VAULT" => Some("file:/today.json".into()),
            "PAMRUN_STATE_DIR" => Some("/state".into()),
            _ => None,
        };
        RecoverSettings::gather(args, &environment).unwrap()
    }

    #[test]
    fn where_the_records_are_is_changed_by_a_flag_only() {
        assert_eq!(gather(RecoverArgs::default()).vault, None);
        let args = RecoverArgs { vault: Some("file:/moved.json".to_owned()), ..RecoverArgs::default() };
        assert_eq!(gather(args).vault, Some(VaultChoice::File("/moved.json".into())));
        assert_eq!(gather(RecoverArgs::default()).state_dir, PathBuf::from("/state"));
    }

    #[test]
    fn without_records_it_lists() {
        assert_eq!(gather(RecoverArgs::default()).which, Which::None);
        let args = RecoverArgs { records: vec!["u1".to_owned()], ..RecoverArgs::default() };
        assert_eq!(gather(args).which, Which::Records(vec!["u1".to_owned()]));
        assert_eq!(gather(RecoverArgs { all: true, ..RecoverArgs::default() }).which, Which::All);
    }
}
