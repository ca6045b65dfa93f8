//! The settings of `recover`.

use std::path::PathBuf;

use http::Uri;

use super::config::Config;
use super::settings::{Layers, read_pem};
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

/// What becomes of the values that a record keeps, since they could not be saved in their fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// They are only shown.
    Shown,
    /// They are put into their fields.
    Taken,
    /// They are forgotten.
    Dropped,
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
    /// What becomes of values that the records keep.
    pub kept: Kept,
    /// Where the records are that keep them; the error counts once somebody asks for them.
    pub kept_in: Result<KeptIn, CliError>,
    /// The limits; of those of a plugin, the ones from before count.
    pub limits: Limits,
    /// How the document is printed.
    pub format: Format,
    /// The configuration file, if there is one.
    pub config_file: Option<PathBuf>,
    /// Where audit lines go, if anywhere.
    pub audit: Option<AuditChoice>,
}

/// A vault as `exec` would use it now: values are kept in records of which no journal need tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptIn {
    /// Where the records are.
    pub vault: VaultChoice,
    /// A PEM file of further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// The proxy on the way there.
    pub proxy: Option<Uri>,
}

impl KeptIn {
    fn gather(layers: &Layers<'_>, vault: Option<String>, ca_file: Option<String>) -> Result<Self, CliError> {
        Ok(Self {
            vault: layers.vault(vault, CliError::NoVault)?,
            ca_file: layers.checked("ca-file", ca_file, |written| written.path(&written.value))?,
            proxy: layers.checked("proxy", None, values::proxy)?,
        })
    }

    /// Reads the file of further certificate authorities.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn ca_pem(&self) -> Result<Option<Vec<u8>>, CliError> {
        read_pem(self.ca_file.as_deref())
    }
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
        let kept = match (args.take, args.drop) {
            (true, _) => Kept::Taken,
            (false, true) => Kept::Dropped,
            (false, false) => Kept::Shown,
        };
        let kept_in = KeptIn::gather(&layers, args.vault.clone(), args.ca_file.clone());
        Ok(Self {
            which,
            kept,
            kept_in,
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
