//! What the operator wants: the command line, the environment and the configuration file.
//!
//! In: argv and a look-up of the environment. Out: a [`Command`], and [`ExecSettings`] for `exec`, [`RecoverSettings`] for
//! `recover`, [`SecretsSettings`] for `secrets`.
//! Touches: argv, the environment, files that one of the three names, and the state folder.

mod args;
mod config;
mod config_file;
mod delivery;
mod doctor;
mod environment;
mod error;
mod input;
mod keeper;
mod leading_hyphen;
mod own_files;
mod recover;
mod run_args;
mod script_environment;
mod secrets;
mod set_value;
mod settings;
mod source;
mod state;
mod test;
mod toml_entry;
mod values;

#[cfg(test)]
mod tests;

pub use args::{
    Command, ExecArgs, Language, PackArgs, ParamsCommand, PluginArgs, PluginCommand, RecoverArgs, RenderArgs,
    Stop, TestArgs, completions, parse,
};
pub use clap_complete::Shell;
pub use config::PluginConfig;
pub use delivery::{DeliveredBy, DeliveryChoice};
pub use doctor::DoctorArgs;
pub use environment::{Environment, process_environment};
pub use error::CliError;
pub use input::Input;
pub use keeper::KeeperChoice;
pub use own_files::OwnFiles;
pub use recover::{Kept, KeptIn, RecoverSettings, Which};
pub use run_args::RunArgs;
pub use script_environment::ScriptEnvironment;
pub use secrets::{GithubFiles, Handover, SecretsArgs, SecretsSettings};
pub use set_value::SetValue;
pub use settings::{AuditChoice, ExecSettings, Format, Runtime, VaultChoice};
pub use source::{Origin, Sourced};
pub use state::StateFolder;
pub use test::TestSettings;
pub use values::Resolve;
