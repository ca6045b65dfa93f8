//! The options of `doctor`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::args::{Command, Stop, parse};
use super::leading_hyphen::uid;
use super::{ExecArgs, Format, RunArgs};

/// The options of `doctor`, as typed.
#[derive(Debug, Clone, clap::Args)]
pub struct DoctorArgs {
    /// What would rotate the record [default: its rotation script]
    #[arg(value_name = "PLUGIN_OR_SCRIPT", requires = "record")]
    pub plugin: Option<PathBuf>,

    /// The PAM User record to look at
    #[arg(long, value_name = "UID", allow_hyphen_values = true, value_parser = uid)]
    pub record: Option<String>,

    /// The record's PAM configuration [default: the only one that the vault has]
    #[arg(long, value_name = "UID", requires = "record", allow_hyphen_values = true, value_parser = uid)]
    pub provider: Option<String>,

    /// Count warnings as errors
    #[arg(long)]
    pub strict: bool,

    /// How to print what is found
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,

    /// How a plugin is run.
    #[command(flatten)]
    pub run: RunArgs,
}

impl DoctorArgs {
    /// The options of an `exec` that only looks, with this plugin.
    #[must_use]
    pub fn exec(self, plugin: PathBuf) -> ExecArgs {
        ExecArgs { plugin, run: self.run, dry_run: true, ..ExecArgs::default() }
    }

    /// The same before it is known which plugin that is.
    #[must_use]
    pub fn exec_alone(self) -> ExecArgs {
        self.exec(PathBuf::new())
    }

    /// The same for the script command of a record, to which the gateway adds the name of the attached
    /// `file`. What is typed goes before what the command says.
    ///
    /// # Errors
    /// Nothing where the command does not run `pamrun exec`, and else what is wrong with it.
    pub fn exec_as(self, command: &str, file: &Path) -> Result<ExecArgs, Option<Stop>> {
        let words = shlex::split(command).unwrap_or_default();
        let [program, verb, ..] = words.as_slice() else { return Err(None) };
        let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
        if !["pamrun", "pamrun.exe"].contains(&name) || verb != "exec" {
            return Err(None);
        }
        let line = words.iter().map(OsString::from).chain([file.into()]);
        match parse(line) {
            Ok(Command::Exec(args)) => {
                Ok(ExecArgs { run: self.run.before(args.run), dry_run: true, record: None, ..*args })
            }
            Ok(_) => Err(None),
            Err(stop) => Err(Some(stop)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> DoctorArgs {
        match parse(["pamrun", "doctor"].iter().chain(words).map(OsString::from)) {
            Ok(Command::Doctor(args)) => *args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_script_command_is_read_as_the_gateway_runs_it() {
        let args = typed(&["--record", "u1", "--config", "/mine.toml"]);
        let command = "/usr/local/bin/pamrun exec --config /theirs.toml --set 'retire=previous'";
        let exec = args.exec_as(command, Path::new("azure app.wasm")).unwrap();
        assert_eq!(exec.plugin, PathBuf::from("azure app.wasm"));
        assert_eq!(exec.run.config.as_deref(), Some("/mine.toml"));
        assert_eq!(exec.run.settings[0].expose(), "retire=previous");
        assert!(exec.dry_run);
    }

    #[test]
    fn another_command_is_not_ours_and_a_wrong_one_is_explained() {
        let read = |command: &str| typed(&["--record", "u1"]).exec_as(command, Path::new("p.wasm")).map(drop);
        for command in ["", "python3", "python3 -I", "pamrun recover", "'pamrun exec"] {
            assert_eq!(read(command), Err(None), "{command}");
        }
        let wrong = read("pamrun exec --no-such").unwrap_err().unwrap();
        assert!(wrong.text.contains("--no-such"), "{}", wrong.text);
    }

    #[test]
    fn a_plugin_is_looked_at_for_a_record_only() {
        let stop = parse(["pamrun", "doctor", "p.wasm"].map(OsString::from)).unwrap_err();
        assert!(stop.text.contains("--record"), "{}", stop.text);
    }
}
