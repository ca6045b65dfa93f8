//! What was typed: the tree of commands and options, checked only as text.
//!
//! Most options may also stand in the environment or the configuration file, so that their values
//! are judged in `settings`, by one rule, wherever they come from.

#![expect(clippy::doc_markdown, reason = "the comments are the help texts, for people without markdown")]

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::leading_hyphen::{has_led_uid, uids_last};
use super::{DoctorArgs, Format, Input, RunArgs, SecretsArgs};

const EXIT_CODES: &str = "\
Exit codes:
   0  rotated, planned or ran
   1  failed, and nothing is changed any more
   2  invalid: usage or bad input
   3  refused by policy
   4  a limit was met, and nothing is changed
   5  uncertain or incomplete: something may have changed, or is left to do
  70  a bug in pamrun";

const RECOVER_EXIT_CODES: &str = "\
Exit codes:
   0  no rotation is open, or none any more
   2  invalid: usage or bad input
   5  a rotation is open, and not under way
  70  a bug in pamrun";

const DOCTOR_EXIT_CODES: &str = "\
Exit codes:
   0  no error was found
   1  an error was found, or with --strict a warning
   2  invalid: usage
  70  a bug in pamrun";

const SECRETS_EXIT_CODES: &str = "\
Exit codes:
   0  all values are where they should be
   1  failed: the vault or a file could not be used, and nothing is written
   2  invalid: usage, or any query; nothing is written
   5  incomplete: some files are written, or some variables may be
  70  a bug in pamrun";

const PACK_EXIT_CODES: &str = "\
Exit codes:
   0  packed
   1  failed: the plugin could not be written, and nothing is changed
   2  invalid: usage, the guest or the manifest
  70  a bug in pamrun";

const TEST_EXIT_CODES: &str = "\
Exit codes:
   0  all cases passed
   1  some failed
   2  a case file is wrong, or usage
  70  a bug in pamrun";

const EXEC_NOTES: &str = "\
Options may also stand elsewhere; a flag goes before a variable, a variable before the configuration
file, and lists add up:
  variables  PAMRUN_ and the option's name (PAMRUN_STATE_DIR), lists separated by commas,
             those of PAMRUN_DELIVER by semicolons; not --reveal, --allow-private and --resolve
  file       keys such as state_dir, env and allow_hosts; timeout, request_timeout, memory and all other
             limits under [limits]; settings of one plugin under [[plugin]]; one delivery under
             [[deliver]]; not --reveal

Example:
  echo \"$LINE\" | pamrun exec --vault ksm \\
      --allow-host login.microsoftonline.com --allow-host graph.microsoft.com \\
      azure-app-secret.wasm";

/// Runs KeeperPAM rotation plugins in a sandbox, and saves what they rotate.
///
/// A KeeperPAM gateway names `pamrun exec` as the script command of a PAM User record and pipes one
/// base64 line to it. pamrun lets the plugin make a new credential, proves it, saves it to the
/// record in the vault, and only then lets the plugin remove what it replaces.
#[derive(Debug, Parser)]
#[command(
    name = "pamrun",
    version,
    after_help = EXIT_CODES,
    max_term_width = 100,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// One of the things that pamrun does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Rotate one credential: params on stdin, one JSON document on stdout
    ///
    /// Reads the line that a KeeperPAM gateway pipes, runs the plugin or script, saves the new
    /// values to the PAM User record, and then lets the plugin remove the old credential. Prints
    /// what became of it as one JSON document on stdout; secrets are masked.
    #[command(after_help = EXIT_CODES, after_long_help = format!("{EXEC_NOTES}\n\n{EXIT_CODES}"))]
    Exec(Box<ExecArgs>),

    /// List the rotations that were interrupted, or settle them
    ///
    /// A rotation that was killed, or could not find out how it ended, stays open in the journal.
    /// The next `exec` of the same record settles it; this command does so without a gateway. Alone,
    /// it lists what is open. With records or --all, it finishes what the vault holds and removes
    /// what it does not, with the copy of the plugin that was kept for that and the settings, vault
    /// and network of the run that began it. Prints one JSON document on stdout.
    ///
    /// Records that the vault lacks are read from stdin: the line of a gateway, or one that `pamrun
    /// params encode` made.
    #[command(after_help = RECOVER_EXIT_CODES)]
    Recover(Box<RecoverArgs>),

    /// Look for what would make rotations fail: on this machine, in the vault and at the service
    ///
    /// Alone, it looks at this machine and the vault. With a record, it also looks at the record, and has
    /// the plugin look at what it would rotate, as `pamrun exec --dry-run` does; no gateway is needed. The
    /// plugin, and the options to run it with, are those of the record's rotation script, unless they are
    /// given here. Nothing is changed. Each finding has a code, what it means and what to do: see
    /// docs/doctor.md.
    #[command(after_help = DOCTOR_EXIT_CODES)]
    Doctor(Box<DoctorArgs>),

    /// Look up secrets in the vault, and hand them to a pipeline, a program or files
    ///
    /// A query names a value in Keeper Notation, and where it goes:
    ///
    ///   RECORD/field/password > out:NAME    a variable that other jobs can read too; also without `out:`
    ///   RECORD/custom_field/key > var:NAME  a variable of this job
    ///   RECORD/field/login > env:NAME       the same, with the name of an environment variable
    ///   RECORD/file/cert.pem > file:PATH    a file, for its owner only
    ///
    /// RECORD is a UID, or a title that only one record has. Variables go to stdout. All queries are
    /// checked before anything is written.
    #[command(verbatim_doc_comment, after_help = SECRETS_EXIT_CODES)]
    Secrets(Box<SecretsArgs>),

    /// Look into a plugin file, without running a rotation
    #[command(subcommand, arg_required_else_help = true)]
    Plugin(PluginCommand),

    /// Run test cases of a plugin or script, against a scripted service
    ///
    /// A case is a folder with a `case.toml`: which plugin to run, the records, what the service
    /// answers, and what is expected. The real engine, policy and redactor run it; no request leaves
    /// this process, and waiting takes no time. See docs/testing-plugins.md.
    #[command(after_help = TEST_EXIT_CODES)]
    Test(Box<TestArgs>),

    /// Make or read the base64 line that a gateway pipes
    #[command(subcommand, arg_required_else_help = true)]
    Params(ParamsCommand),

    /// Begin a plugin: write a small project that builds and passes its cases
    ///
    /// The project has a manifest, the five steps, a folder of cases, a README and all that it needs of
    /// pamrun's SDK. It rotates a token of an imaginary API until its author makes it rotate theirs.
    New {
        /// The language to write it in
        #[arg(long = "lang", value_name = "LANGUAGE")]
        language: Language,
        /// The name of the plugin, or a path that ends in it: the folder to make
        #[arg(value_name = "NAME")]
        folder: PathBuf,
    },

    /// Print a completion script for a shell
    Completions {
        /// The shell to complete for
        #[arg(value_name = "SHELL")]
        shell: Shell,
    },
}

/// A language that plugins can be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// Rust.
    Rust,
    /// Python.
    Python,
    /// JavaScript, with types for TypeScript.
    #[value(name = "javascript")]
    Javascript,
    /// C.
    C,
}

/// What to do with a plugin file.
#[derive(Debug, Subcommand)]
pub enum PluginCommand {
    /// Make a plugin of what a compiler built and its plugin.toml
    ///
    /// The manifest is checked and written to the beginning of the file, where it is read without compiling or
    /// running anything; a core module is made a component; what it imports and exports is checked. All problems
    /// are told at once, each with what to do. The same input makes the same file, byte for byte. A guest that
    /// was packed before is packed anew: its manifest is replaced.
    #[command(after_help = PACK_EXIT_CODES)]
    Pack(PackArgs),
    /// Show what a plugin is, what it asks for and how it can be set up
    ///
    /// Of a packed plugin, and of a plugin.toml: every request by what it does, with what the plugin may fill in
    /// and sees of the answer; every place that each secret goes to; and which hosts to allow.
    Inspect(PluginArgs),
    /// Tell whether a plugin can run here, and what its author should change
    ///
    /// All problems are told at once, each with what to do; those of a plugin.toml with their lines. The exit code
    /// is 0 when there are none, and else 2. A plugin made for Keeper's gateway is loaded for that, by its Python
    /// and with all rights of the user, and is not called.
    Check(PluginArgs),
    /// Show the HTTP that a request of a plugin becomes; nothing is sent
    ///
    /// Secrets, fields of records and answers stand there by the names of their references, as `{admin.token}`;
    /// so do parameters that are not given. Settings have their defaults unless they are set.
    Render(RenderArgs),
}

/// What to pack, and where to.
#[derive(Debug, clap::Args)]
pub struct PackArgs {
    /// What a compiler built: a WebAssembly component or core module
    #[arg(value_name = "GUEST.wasm")]
    pub guest: PathBuf,
    /// Its manifest
    #[arg(value_name = "plugin.toml")]
    pub manifest: PathBuf,
    /// The plugin to write; one that is there already is replaced
    #[arg(long, short, value_name = "NAME.wasm")]
    pub output: PathBuf,
}

/// Which request to show.
#[derive(Debug, clap::Args)]
pub struct RenderArgs {
    /// A packed plugin, or a plugin.toml
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The request, by its name in the manifest
    #[arg(value_name = "REQUEST")]
    pub request: String,
    /// Give a parameter, as the plugin would
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = pair)]
    pub params: Vec<(String, String)>,
    /// Give a setting, as the operator would; none that is a secret
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    pub settings: Vec<(String, String)>,
}

/// Reads `NAME=VALUE`.
fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

/// Which plugin, and how to show it.
#[derive(Debug, clap::Args)]
pub struct PluginArgs {
    /// The plugin: a packed plugin or its plugin.toml, a WebAssembly component or core module, or a script
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// The program that runs a script, as `exec` takes it
    #[arg(long, value_name = "CMD")]
    pub interpreter: Option<String>,
    /// How to print it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
}

/// What to do with params.
#[derive(Debug, Subcommand)]
pub enum ParamsCommand {
    /// Make a gateway line from plain JSON, with `records` as a plain array
    ///
    /// The line is not encrypted: it is as secret as what goes in.
    Encode {
        /// The JSON file, or - for stdin
        #[arg(value_name = "FILE", default_value = "-")]
        input: Input,
    },
    /// Show what a gateway line holds, as plain JSON
    ///
    /// Of records, only uid and title are shown; every other value and both passwords are masked.
    Decode {
        /// The file with the line, or - for stdin
        #[arg(value_name = "FILE", default_value = "-")]
        input: Input,
        /// Show secrets instead of masking them
        #[arg(long)]
        reveal: bool,
    },
}

/// The options of `exec`, as typed.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct ExecArgs {
    /// What to run: a WebAssembly component or core module, or a script
    #[arg(value_name = "PLUGIN_OR_SCRIPT")]
    pub plugin: PathBuf,

    /// How it is run.
    #[command(flatten)]
    pub run: RunArgs,

    /// Look and tell what would be made, saved and removed; change nothing
    #[arg(long, help_heading = "What to rotate")]
    pub dry_run: bool,

    /// Write a test case of this run to this new folder: what was sent and answered, without secrets
    ///
    /// `pamrun test FOLDER` plays it. For plugins only.
    #[arg(long, value_name = "FOLDER", help_heading = "Output")]
    pub record: Option<PathBuf>,

    /// Show the new values on stdout instead of masking them
    #[arg(long, help_heading = "Output")]
    pub reveal: bool,

    /// How to print the outcome: json or text [default: json]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<String>,
}

/// The options of `recover`, as typed.
#[derive(Debug, Default, clap::Args)]
pub struct RecoverArgs {
    /// The records whose rotations to settle [default: none, only list]
    #[arg(value_name = "RECORD_UID", conflicts_with = "all")]
    pub records: Vec<String>,

    /// Settle the rotations of all records, but for those that are under way
    #[arg(long)]
    pub all: bool,

    /// Put the values that runs kept in the record, since they could not be saved, into their fields
    ///
    /// Without it, and without --drop, they are shown, masked. Of several for one field the newest is taken.
    #[arg(long, requires = "records", conflicts_with_all = ["all", "drop"])]
    pub take: bool,

    /// Forget the values that runs kept in the record
    #[arg(long, requires = "records", conflicts_with = "all")]
    pub drop: bool,

    /// Where the records are now [default: where they were when the rotation began; of what they keep: as for exec]
    #[arg(long, value_name = "VAULT", help_heading = "Vault and files")]
    pub vault: Option<String>,

    /// The configuration file [default: as for exec]
    #[arg(long, value_name = "FILE", help_heading = "Vault and files")]
    pub config: Option<String>,

    /// The folder for state, in which the journal is [default: as for exec]
    #[arg(long, value_name = "FOLDER", help_heading = "Vault and files")]
    pub state_dir: Option<String>,

    /// Trust the certificate authorities in this PEM file now [default: as when it began]
    #[arg(long, value_name = "PEM", help_heading = "Network")]
    pub ca_file: Option<String>,

    /// The longest that all of it may take, waiting included [default: 10m]
    ///
    /// What may still show up at the service is waited for: a minute after the last try.
    #[arg(long, value_name = "DURATION", help_heading = "Limits")]
    pub timeout: Option<String>,

    /// How to print what is open: json or text [default: json]
    #[arg(long, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<String>,
}

/// The options of `test`, as typed.
#[derive(Debug, Default, clap::Args)]
pub struct TestArgs {
    /// Case folders, or folders that hold case folders
    #[arg(value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,

    /// Run only the cases whose path contains this
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,

    /// Replay each case with every fault at every request, and with death at every moment
    ///
    /// After each, a run without a fault follows, and then recovery; and what pamrun promises is judged
    /// by what the service of the case accepts, the record holds and the journal says.
    #[arg(long)]
    pub sweep: bool,

    /// How many cases run at the same time [default: one for each processor]
    #[arg(long, value_name = "NUMBER")]
    pub jobs: Option<NonZeroUsize>,

    /// Show what was sent and answered, and what the plugin logged; secrets are masked
    #[arg(long, short)]
    pub verbose: bool,

    /// How to print the results: json or text [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<String>,

    /// The folder in which compiled plugins are kept [default: as for exec]
    #[arg(long, value_name = "FOLDER")]
    pub state_dir: Option<String>,
}

/// Why there is no command to carry out: help was asked for, or the usage is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// What to print.
    pub text: String,
    /// 0: the text was asked for and belongs on stdout; 2: it explains a mistake, on stderr.
    pub exit_code: u8,
}

/// Parses a command line, the program's name first.
///
/// # Errors
/// When help or the version is asked for, or the usage is wrong. `pamrun` without a command is
/// wrong usage, so that a gateway that forgot the rest is not told that all went well.
pub fn parse(argv: impl IntoIterator<Item = OsString>) -> Result<Command, Stop> {
    let argv: Vec<OsString> = argv.into_iter().collect();
    // The tree of commands is made twice only for who needs it.
    let argv = if has_led_uid(&argv) { uids_last(&Arguments::command(), argv) } else { argv };
    Arguments::try_parse_from(argv).map(|arguments| arguments.command).map_err(|error| Stop {
        text: error.render().to_string(),
        exit_code: if error.use_stderr() { 2 } else { 0 },
    })
}

/// Generates the completion script of a shell.
#[must_use]
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "pamrun", &mut script);
    script
}
