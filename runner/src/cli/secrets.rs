//! The options of `secrets`, and its settings.

#![expect(clippy::doc_markdown, reason = "the comments are the help texts, for people without markdown")]

use std::path::PathBuf;

use http::Uri;

use super::config::Config;
use super::environment::folder;
use super::leading_hyphen::notation;
use super::settings::{Layers, read_pem};
use super::{CliError, Environment, Input, OwnFiles, Sourced, VaultChoice, config_file, state, values};
use crate::dotenv::Dialect;
use crate::limits::Limits;

/// The options of `secrets`, as typed.
#[derive(Debug, Default, clap::Args)]
pub struct SecretsArgs {
    /// The file with the queries, or - for stdin [default: stdin, unless there is a --query]
    ///
    /// One query a line: NOTATION > DESTINATION. Empty lines and those that begin with # are passed
    /// over.
    #[arg(value_name = "FILE")]
    pub input: Option<Input>,

    /// Look this up too; repeat for more
    #[arg(
        long = "query",
        value_name = "NOTATION > DESTINATION",
        allow_hyphen_values = true,
        value_parser = notation
    )]
    pub queries: Vec<String>,

    /// How to hand over variables: azure-pipelines, json, github, or the lines of a file: dotenv, docker,
    /// gitlab, systemd, shell [default: azure-pipelines in a pipeline ($TF_BUILD is True), else json]
    ///
    /// `azure-pipelines`: commands for the agent, which sets secret variables and masks them in its log.
    ///
    /// `json`: one object, by name.
    ///
    /// `github`: in a step of GitHub Actions; `var:` and `env:` go to the file $GITHUB_ENV, `out:` to
    /// $GITHUB_OUTPUT, and commands to mask the values to stdout.
    ///
    /// `dotenv`: lines that libraries for .env files read alike.
    ///
    /// `docker`: for `docker run --env-file`.
    ///
    /// `gitlab`: a dotenv report, as `artifacts:reports:dotenv` takes it.
    ///
    /// `systemd`: for `EnvironmentFile=` of a unit.
    ///
    /// `shell`: for a POSIX shell, `set -a; . ./FILE`.
    #[arg(long, value_name = "FORM")]
    pub to: Option<String>,

    /// Where the records are: ksm, ksm:PATH or file:PATH [default: `vault` of the configuration
    /// file, else ksm]
    ///
    /// As for `pamrun exec`.
    #[arg(long, value_name = "VAULT", help_heading = "Vault and files")]
    pub vault: Option<String>,

    /// The configuration file [default: as for exec]
    #[arg(long, value_name = "FILE", help_heading = "Vault and files")]
    pub config: Option<String>,

    /// Reach the vault through an HTTP proxy [default: $HTTPS_PROXY, unless $NO_PROXY names the host]
    #[arg(long, value_name = "URL", help_heading = "Network")]
    pub proxy: Option<String>,

    /// Trust the certificate authorities in this PEM file too
    #[arg(long, value_name = "PEM", help_heading = "Network")]
    pub ca_file: Option<String>,

    /// The longest that one HTTP request may take [default: 10s]
    #[arg(long, value_name = "DURATION", help_heading = "Limits")]
    pub request_timeout: Option<String>,
}

/// How variables are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handover {
    /// As commands for the agent of Azure Pipelines.
    AzurePipelines {
        /// Whether it was told to take secrets of several lines.
        multiline: bool,
    },
    /// As one JSON object.
    Json,
    /// As lines of a file of variables. Those of GitHub Actions are added to the files of its runner.
    Lines(Dialect),
}

/// The files in which a step of GitHub Actions leaves what it hands over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GithubFiles {
    /// `GITHUB_ENV`: variables of the job.
    pub variables: Option<PathBuf>,
    /// `GITHUB_OUTPUT`: outputs of the step.
    pub outputs: Option<PathBuf>,
}

/// The settings of one `secrets`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretsSettings {
    /// Where queries are read from, besides those of the command line.
    pub input: Option<Input>,
    /// The queries of the command line.
    pub queries: Vec<String>,
    /// How variables are handed over.
    pub to: Handover,
    /// Where GitHub's runner takes them from, if it is one that started us.
    pub github: GithubFiles,
    /// Where the records are.
    pub vault: VaultChoice,
    /// The proxy that leads there.
    pub proxy: Option<Uri>,
    /// A PEM file of further certificate authorities.
    pub ca_file: Option<PathBuf>,
    /// The limits.
    pub limits: Limits,
    /// The files that must not be overwritten.
    pub own_files: OwnFiles,
}

impl SecretsSettings {
    /// Puts the settings together, as [`ExecSettings::gather`](super::ExecSettings::gather) does.
    ///
    /// # Errors
    /// The first value that is wrong, with where it was written.
    pub fn gather(args: SecretsArgs, environment: Environment<'_>) -> Result<Self, CliError> {
        let named = Layers { environment, config: &Config::default() }.one("config", args.config)?;
        let config = config_file::load(named.as_ref(), environment)?;
        let layers = Layers { environment, config: &config };
        let is_true = |name| environment(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let multiline = is_true("SYSTEM_UNSAFEALLOWMULTILINESECRET");
        let by_default =
            if is_true("TF_BUILD") { Handover::AzurePipelines { multiline } } else { Handover::Json };
        let handover = |written: &Sourced<String>| match written.value.as_str() {
            "azure-pipelines" => Ok(Handover::AzurePipelines { multiline }),
            "json" => Ok(Handover::Json),
            other => Dialect::named(other).map(Handover::Lines).ok_or_else(|| {
                let dialects = Dialect::ALL.map(Dialect::word).join(", ");
                written.wrong(format!("`{other}` is no form: use azure-pipelines, json, {dialects}"))
            }),
        };
        let vault = layers.vault(args.vault, CliError::NothingToRead)?;
        if vault == VaultChoice::None {
            return Err(CliError::NothingToRead);
        }
        let github = GithubFiles {
            variables: folder(environment, "GITHUB_ENV"),
            outputs: folder(environment, "GITHUB_OUTPUT"),
        };
        let ca_file = layers.checked("ca-file", args.ca_file, |written| written.path(&written.value))?;
        let mut own_files = OwnFiles::of_all(environment);
        own_files.add("the configuration file", config.file.as_deref());
        own_files.add_vault(&vault);
        own_files.add("the file of certificate authorities", ca_file.as_deref());
        own_files.add_audit(layers.checked("audit", None, values::audit)?.as_ref());
        own_files.add("the file that GITHUB_ENV names", github.variables.as_deref());
        own_files.add("the file that GITHUB_OUTPUT names", github.outputs.as_deref());
        if let Some(Input::File(path)) = &args.input {
            own_files.add("the file with the queries", Some(path));
        }
        // Nothing is kept there by this command, so that there need not be one.
        let state = layers.one("state-dir", None)?;
        own_files.add_state(state::locate(state.as_ref(), environment).ok().as_deref());
        Ok(Self {
            input: args.input.or_else(|| args.queries.is_empty().then_some(Input::Stdin)),
            queries: args.queries,
            to: layers.checked("to", args.to, handover)?.unwrap_or(by_default),
            github,
            vault,
            proxy: layers.checked("proxy", args.proxy, values::proxy)?,
            ca_file,
            limits: layers.limits(None, args.request_timeout, None)?,
            own_files,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn gather(args: SecretsArgs, variables: &[(&str, &str)]) -> Result<SecretsSettings, CliError> {
        let environment =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
        SecretsSettings::gather(args, &environment)
    }

    fn of_file() -> SecretsArgs {
        SecretsArgs { vault: Some("file:/v.json".to_owned()), ..SecretsArgs::default() }
    }

    fn to(form: &str) -> SecretsArgs {
        SecretsArgs { to: Some(form.to_owned()), ..of_file() }
    }

    #[test]
    fn in_a_pipeline_its_agent_is_spoken_to_and_elsewhere_json() {
        let form = |args, variables: &[_]| gather(args, variables).unwrap().to;
        let pipeline = [("TF_BUILD", "True")];
        let unsafe_lines = [pipeline[0], ("SYSTEM_UNSAFEALLOWMULTILINESECRET", "TRUE")];
        assert_eq!(form(of_file(), &[]), Handover::Json);
        assert_eq!(form(of_file(), &pipeline), Handover::AzurePipelines { multiline: false });
        assert_eq!(form(of_file(), &unsafe_lines), Handover::AzurePipelines { multiline: true });
        assert_eq!(form(to("json"), &pipeline), Handover::Json);
        assert_eq!(
            form(of_file(), &[pipeline[0], ("PAMRUN_TO", "dotenv")]),
            Handover::Lines(Dialect::Dotenv)
        );
        for dialect in Dialect::ALL {
            assert_eq!(form(to(dialect.word()), &[]), Handover::Lines(dialect));
        }
        assert!(gather(to("yaml"), &[]).unwrap_err().to_string().contains("azure-pipelines"));
    }

    #[test]
    fn stdin_is_read_when_nothing_else_is_said() {
        let queries = |input: Option<Input>, queries: &[&str]| {
            let queries = queries.iter().map(|query| (*query).to_owned()).collect();
            gather(SecretsArgs { input, queries, ..of_file() }, &[]).unwrap().input
        };
        assert_eq!(queries(None, &[]), Some(Input::Stdin));
        assert_eq!(queries(None, &["a/type > x"]), None);
        assert_eq!(queries(Some(Input::Stdin), &["a/type > x"]), Some(Input::Stdin));
    }

    #[test]
    fn secrets_are_read_from_somewhere() {
        let none = SecretsArgs { vault: Some("none".to_owned()), ..SecretsArgs::default() };
        for error in [gather(none, &[]).unwrap_err(), gather(SecretsArgs::default(), &[]).unwrap_err()] {
            assert_eq!((error.code(), &error), ("no-vault", &CliError::NothingToRead));
            assert!(error.hint().unwrap().contains("--vault ksm:PATH"));
        }
        let keeper = gather(SecretsArgs::default(), &[("KSM_CONFIG", "{}")]).unwrap();
        assert!(matches!(keeper.vault, VaultChoice::Ksm(_)));
    }
}
