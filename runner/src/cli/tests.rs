//! The command line as a whole: what is typed, and what it comes to.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::CommandFactory;

use super::args::Arguments;
use super::*;
use crate::limits::Limits;
use crate::units::{format_duration, format_size};

const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000aa";

/// One run of `exec`: what is typed, what is in the environment, what the file says.
#[derive(Default)]
struct Typed {
    flags: Vec<String>,
    variables: BTreeMap<String, String>,
    config: String,
}

impl Typed {
    fn flags(mut self, flags: &[&str]) -> Self {
        self.flags.extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    fn config(mut self, text: &str) -> Self {
        self.config.push_str(text);
        self
    }

    /// Gathers the settings, with a vault in the file when no other place names one.
    fn gather(self) -> Result<ExecSettings, CliError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let vault = if self.config.contains("vault") { "" } else { "vault = 'file:/vault.json'\n" };
        write(&file, &format!("version = 1\n{vault}{}", self.config));
        let mut flags = self.flags;
        flags.push(format!("--config={}", file.display()));
        let args = exec(&flags.iter().map(String::as_str).collect::<Vec<_>>());
        ExecSettings::gather(args, &|name| self.variables.get(name).map(OsString::from))
    }
}

#[expect(clippy::disallowed_methods, reason = "a test's own file")]
fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
}

fn typed(argv: &[&str]) -> Result<Command, Stop> {
    parse(["pamrun"].iter().chain(argv).map(OsString::from))
}

fn exec(flags: &[&str]) -> ExecArgs {
    match typed(&[&["exec", "plugin.wasm"], flags].concat()) {
        Ok(Command::Exec(args)) => *args,
        other => panic!("{other:?}"),
    }
}

fn set_texts(settings: &ExecSettings) -> Vec<(&str, &str)> {
    settings.settings.iter().map(|(key, value)| (key.as_str(), value.secret().expose())).collect()
}

/// Options with one value: name, table of the file, three values, and how to see which it was.
type SingleValue = (&'static str, &'static str, [&'static str; 3], fn(&ExecSettings) -> String);
const SINGLE_VALUES: [SingleValue; 10] = [
    ("vault", "", ["file:/1", "file:/2", "file:/3"], |s| match &s.vault {
        VaultChoice::File(path) => format!("file:{}", path.display()),
        other => format!("{other:?}"),
    }),
    ("state-dir", "", ["/1", "/2", "/3"], |s| s.state_dir.display().to_string()),
    ("ca-file", "", ["/1", "/2", "/3"], |s| s.ca_file.clone().unwrap().display().to_string()),
    ("proxy", "", ["http://a:1/", "http://b:1/", "http://c:1/"], |s| s.proxy.clone().unwrap().to_string()),
    ("format", "", ["text", "json", "text"], |s| format!("{:?}", s.format).to_lowercase()),
    ("interpreter", "", ["a", "b", "c"], |s| s.interpreter.clone().unwrap()),
    ("runtime", "", ["wasm", "script", "wasm"], |s| format!("{:?}", s.runtime.unwrap()).to_lowercase()),
    ("timeout", "[limits]\n", ["1m", "2m", "3m"], |s| format_duration(s.limits.timeout)),
    ("request-timeout", "[limits]\n", ["1s", "2s", "3s"], |s| format_duration(s.limits.request_timeout)),
    ("memory", "[limits]\n", ["1MiB", "2MiB", "3MiB"], |s| format_size(s.limits.memory)),
];

#[test]
fn each_option_is_read_from_flag_before_variable_before_file() {
    for (option, table, [flag, variable, file], get) in SINGLE_VALUES {
        let key = option.replace('-', "_");
        let in_file = || Typed::default().config(&format!("{table}{key} = '{file}'"));
        let in_both = || in_file().variable(&format!("PAMRUN_{}", key.to_uppercase()), variable);
        assert_eq!(get(&in_file().gather().unwrap()), file, "{option} in the file");
        assert_eq!(get(&in_both().gather().unwrap()), variable, "{option} in a variable");
        let in_all = in_both().flags(&[&format!("--{option}"), flag]);
        assert_eq!(get(&in_all.gather().unwrap()), flag, "--{option}");
    }
}

#[test]
fn no_option_is_forgotten_by_these_tests() {
    let command = Arguments::command();
    let exec = command.find_subcommand("exec").unwrap();
    let mut options: Vec<_> = exec.get_opts().filter_map(clap::Arg::get_long).collect();
    options.retain(|option| SINGLE_VALUES.iter().all(|(name, ..)| name != option));
    let others = [
        "set",
        "deliver",
        "env",
        "confine",
        "allow-managed",
        "config",
        "allow-host",
        "allow-private",
        "resolve",
        "dry-run",
        "record",
        "reveal",
    ];
    assert_eq!(options, others);
}

#[test]
fn deliveries_add_up_from_flags_variable_and_file() {
    let typed = Typed::default()
        .config("[[deliver]]\nplugin = '/3.wasm'\nsettings = { key = 'a,b' }")
        .variable("PAMRUN_DELIVER", "/2.wasm,key=x; file,path=/2")
        .flags(&["--deliver", "/1.py,key=y"]);
    let deliveries = typed.gather().unwrap().deliveries;
    let by: Vec<_> = deliveries.iter().map(|delivery| &delivery.by).collect();
    let plugin = |path: &str| DeliveredBy::Plugin(path.into());
    assert_eq!(by, [&plugin("/1.py"), &plugin("/2.wasm"), &DeliveredBy::File, &plugin("/3.wasm")]);
    assert_eq!(deliveries[3].settings["key"].secret().expose(), "a,b");
}

#[test]
fn flags_are_read_from_flag_before_variable_before_file() {
    for option in ["dry-run", "allow-managed", "confine"] {
        let is_set = |s: &ExecSettings| match option {
            "dry-run" => s.dry_run,
            "confine" => s.confine,
            _ => s.allow_managed,
        };
        let key = option.replace('-', "_");
        let variable = format!("PAMRUN_{}", key.to_uppercase());
        let in_file = || Typed::default().config(&format!("{key} = true"));
        assert!(!is_set(&Typed::default().gather().unwrap()), "{option}");
        assert!(is_set(&in_file().gather().unwrap()), "{option}");
        assert!(!is_set(&in_file().variable(&variable, "no").gather().unwrap()), "{option}");
        let typed = Typed::default().variable(&variable, "no").flags(&[&format!("--{option}")]);
        assert!(is_set(&typed.gather().unwrap()), "{option}");
    }
}

#[test]
fn what_a_script_sees_of_the_environment_is_named_in_flags_variables_and_the_file() {
    let settings = Typed::default()
        .variable("PATH", "/bin")
        .variable("TOKEN", "canary")
        .variable("PAMRUN_ENV", "TOKEN,MODE=variable")
        .flags(&["--env", "MODE=flag"])
        .config("env = ['MORE=file']")
        .gather()
        .unwrap();
    let seen: Vec<_> =
        settings.environment.variables.iter().map(|(_, value)| value.to_str().unwrap()).collect();
    assert_eq!(seen, ["/bin", "flag", "canary", "file"]);
    assert!(!format!("{settings:?}").contains("canary"));
}

#[test]
fn what_stands_after_two_dashes_is_for_the_script() {
    let args = exec(&["--dry-run", "--", "--vault", "x y"]);
    assert_eq!((args.run.arguments, args.run.vault), (vec!["--vault".into(), "x y".into()], None));
}

#[test]
fn the_configuration_file_may_be_named_by_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("named.toml");
    write(&file, "version = 1\nvault = 'file:v.json'");
    let environment = |name: &str| (name == "PAMRUN_CONFIG").then(|| file.as_os_str().to_owned());
    let settings = ExecSettings::gather(exec(&[]), &environment).unwrap();
    assert_eq!(settings.vault, VaultChoice::File(folder.path().join("v.json")));
}

#[test]
fn lists_add_up_without_doubles() {
    let settings = Typed::default()
        .flags(&["--allow-host", "a.example", "--allow-host", "B.example:8443"])
        .variable("PAMRUN_ALLOW_HOST", "c.example, a.example")
        .config("allow_hosts = ['d.example']")
        .gather()
        .unwrap();
    assert_eq!(settings.allow_hosts, ["a.example", "b.example:8443", "c.example", "d.example"]);
}

#[test]
fn what_opens_the_inner_network_is_not_taken_from_variables() {
    let settings = Typed::default()
        .variable("PAMRUN_ALLOW_PRIVATE", "v.example")
        .variable("PAMRUN_RESOLVE", "v.example:443:127.0.0.1:1")
        .variable("PAMRUN_REVEAL", "true")
        .flags(&["--allow-private", "f.example", "--resolve", "f.example:443:127.0.0.1:1"])
        .config("allow_private = ['c.example']\nresolve = ['c.example:443:[::1]:1']")
        .gather()
        .unwrap();
    assert_eq!(settings.allow_private, ["f.example", "c.example"]);
    let hosts: Vec<_> = settings.resolve.iter().map(|resolve| resolve.host.as_str()).collect();
    assert_eq!(hosts, ["f.example", "c.example"]);
    assert!(!settings.reveal);
}

#[test]
fn settings_are_set_by_flags_before_variables() {
    let settings = Typed::default()
        .variable("PAMRUN_SET", "retire=none,verify_interval=0s")
        .flags(&["--set", "retire=previous", "--set", "note=a=b"])
        .gather()
        .unwrap();
    assert_eq!(set_texts(&settings), [("note", "a=b"), ("retire", "previous"), ("verify_interval", "0s")]);
}

#[test]
fn a_setting_from_a_file_is_read_without_its_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret.txt");
    write(&file, "canary\n\r\n");
    let flag = format!("--set=api_key=@{}", file.display());
    let settings = Typed::default().flags(&[&flag]).gather().unwrap();
    let expected = SetValue::File(file, crate::secret::Secret::new("canary\n"));
    assert_eq!(settings.settings["api_key"], expected);
    assert!(!format!("{settings:?}").contains("canary"));
}

#[test]
fn a_setting_that_cannot_be_read_is_an_error_that_quotes_no_value() {
    let error = Typed::default().flags(&["--set", "canary"]).gather().unwrap_err();
    assert_eq!(error.to_string(), "--set: write KEY=VALUE, or KEY=@FILE to read the value from a file");
    let error = Typed::default().flags(&["--set", "key=@/no/such/file"]).gather().unwrap_err();
    assert_eq!(error.to_string(), "/no/such/file cannot be read: there is no such file or folder");
}

#[test]
fn files_of_plugin_settings_are_found_beside_the_configuration_and_read_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    write(
        &file,
        &format!(
            "version = 1\nvault = 'none'\n[[plugin]]\ndigest = '{DIGEST}'\nsettings = {{ key = '@key.txt' }}"
        ),
    );
    let args = exec(&["--reveal", &format!("--config={}", file.display())]);
    let settings = ExecSettings::gather(args, &|_| None).unwrap();
    assert_eq!(settings.for_plugin("sha256:other"), None);
    let plugin = settings.for_plugin(DIGEST).unwrap();
    assert_eq!(plugin.settings().unwrap_err().code(), "file-unreadable");
    let key = folder.path().join("key.txt");
    write(&key, "value\n");
    let expected = SetValue::File(key, crate::secret::Secret::new("value"));
    assert_eq!(plugin.settings().unwrap(), [("key".to_owned(), expected)]);
}

#[test]
fn a_wrong_value_names_the_place_that_it_came_from() {
    let from_flag = Typed::default().flags(&["--timeout", "5 minutes"]).gather().unwrap_err();
    let problem =
        "`5 minutes` is not a duration: write a whole number and ms, s, m or h, as in 500ms, 2s, 5m";
    assert_eq!(from_flag.to_string(), format!("--timeout: {problem}"));
    let from_variable = Typed::default().variable("PAMRUN_TIMEOUT", "5 minutes").gather().unwrap_err();
    assert_eq!(from_variable.to_string(), format!("PAMRUN_TIMEOUT: {problem}"));
    let from_file =
        Typed::default().config("[limits]\ntimeout = '5 minutes'").gather().unwrap_err().to_string();
    assert!(from_file.starts_with("`limits.timeout` in /") && from_file.ends_with(problem), "{from_file}");
    assert!(from_file.contains("config.toml, line 4: "), "{from_file}");
}

#[test]
fn a_variable_that_is_empty_is_not_set() {
    let settings = Typed::default().variable("PAMRUN_PROXY", "").variable("PAMRUN_ALLOW_HOST", "").gather();
    let settings = settings.unwrap();
    assert_eq!((settings.proxy, settings.allow_hosts), (None, Vec::new()));
}

#[test]
fn every_limit_can_be_set_in_the_file() {
    let lines = Limits::KEYS.map(|key| {
        let fits = |value: &&str| Limits::default().set(key, value).is_ok();
        // Reserve and timeout may not be the same.
        let value =
            if key == "reserve" { "7s" } else { ["77s", "77KiB", "77"].into_iter().find(fits).unwrap() };
        format!("{key} = '{value}'\n")
    });
    let limits = Typed::default().config(&format!("[limits]\n{}", lines.concat())).gather().unwrap().limits;
    assert_eq!((limits.timeout, limits.reserve), (Duration::from_secs(77), Duration::from_secs(7)));
    assert_eq!((limits.log, limits.depth, limits.requests), (77 * 1024, 77, 77));
}

#[test]
fn some_time_must_be_left_beside_the_reserve() {
    let error = Typed::default().flags(&["--timeout", "30s"]).gather().unwrap_err();
    assert_eq!(error.code(), "no-time-left");
    assert!(Typed::default().flags(&["--timeout", "31s"]).gather().is_ok());
}

#[test]
fn without_a_vault_the_choices_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    write(&file, "version = 1");
    let args = exec(&[&format!("--config={}", file.display())]);
    let error = ExecSettings::gather(args, &|_| None).unwrap_err();
    assert_eq!(error, CliError::NoVault);
    assert!(error.hint().unwrap().contains("--vault ksm:PATH, --vault file:PATH, or --vault none"));
}

#[test]
fn without_a_vault_the_gateways_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    write(&file, "version = 1");
    let gather = |flags: &[&str]| {
        let config = format!("--config={}", file.display());
        let args = exec(&[&[config.as_str()], flags].concat());
        ExecSettings::gather(args, &|name| (name == "GATEWAY_CONFIG").then(|| OsString::from("e30=")))
    };
    for flags in [&[][..], &["--vault", "ksm"]] {
        let VaultChoice::Ksm(keeper) = gather(flags).unwrap().vault else { panic!("{flags:?}") };
        assert_eq!((keeper.place.as_str(), keeper.config.expose()), ("GATEWAY_CONFIG", "e30="));
    }
    let other = gather(&["--vault", "file:/v.json"]).unwrap().vault;
    assert_eq!(other, VaultChoice::File("/v.json".into()));
}

#[test]
fn keepers_vault_without_a_configuration_names_the_places_to_put_one() {
    let error = Typed::default().flags(&["--vault", "ksm"]).gather().unwrap_err();
    assert_eq!(error, CliError::NoKeeper);
    assert!(error.hint().unwrap().contains("KSM_CONFIG_FILE"));
}

#[test]
fn the_vault_none_needs_reveal_unless_nothing_is_made() {
    let none = || Typed::default().flags(&["--vault", "none"]);
    assert_eq!(none().gather().unwrap_err(), CliError::RevealMissing);
    assert!(none().flags(&["--reveal"]).gather().is_ok());
    assert!(none().flags(&["--dry-run"]).gather().is_ok());
}

#[test]
fn paths_become_absolute() {
    let settings =
        Typed::default().flags(&["--vault", "file:v.json", "--state-dir", "state"]).gather().unwrap();
    let here = std::path::absolute("state").unwrap();
    assert_eq!(settings.vault, VaultChoice::File(here.with_file_name("v.json")));
    assert_eq!(settings.state_dir, here);
}

#[test]
fn defaults_in_the_help_are_those_of_the_table() {
    let help = help(&["exec"]);
    let limits = Limits::default();
    for (option, default) in [
        ("--timeout", format_duration(limits.timeout)),
        ("--request-timeout", format_duration(limits.request_timeout)),
        ("--memory", format_size(limits.memory)),
    ] {
        let (_, after) = help.split_once(&format!("{option} <")).unwrap();
        let (_, shown) = after.split_once("[default: ").unwrap();
        assert!(shown.starts_with(&format!("{default}]")), "{option}");
    }
    assert!(help.contains(&format!("{} of it are kept", format_duration(limits.reserve))));
    assert_eq!(Typed::default().gather().unwrap().format, Format::Json);
}

fn help(path: &[&str]) -> String {
    // A fixed width, or else the text depends on the terminal of who runs the tests.
    let command = Arguments::command().term_width(100);
    let argv = [&["pamrun"], path, &["--help"]].concat();
    command.try_get_matches_from(argv).unwrap_err().render().to_string()
}

#[test]
fn help_is_no_mistake() {
    assert_eq!(typed(&["exec", "--help"]).unwrap_err().exit_code, 0);
}

#[test]
fn help_texts_stay_as_reviewed() {
    for path in [
        &[][..],
        &["exec"],
        &["secrets"],
        &["plugin"],
        &["plugin", "inspect"],
        &["plugin", "check"],
        &["test"],
        &["params"],
        &["params", "encode"],
        &["params", "decode"],
        &["new"],
        &["completions"],
    ] {
        let name = [&["pamrun"], path].concat().join(" ");
        insta::assert_snapshot!(name.replace(' ', "-"), help(path));
    }
}

#[test]
fn no_command_is_wrong_usage_and_shows_the_help() {
    let stop = typed(&[]).unwrap_err();
    assert_eq!(stop.exit_code, 2);
    assert!(stop.text.contains("Usage: pamrun <COMMAND>") && stop.text.contains("Exit codes:"));
}

#[test]
fn wrong_usage_exits_with_2_and_says_why() {
    for (argv, why) in [
        (&["exec"][..], "<PLUGIN_OR_SCRIPT>"),
        (&["exec", "p.wasm", "--alow-host", "h"], "--allow-host"),
        (&["exec", "p.wasm", "--timeout", "1m", "--timeout", "2m"], "--timeout"),
        (&["recover", "u1", "--all"], "--all"),
        (&["recover", "u1", "--dry-run"], "--dry-run"),
    ] {
        let stop = typed(argv).unwrap_err();
        assert_eq!(stop.exit_code, 2);
        assert!(stop.text.contains(why), "{}", stop.text);
    }
}

#[test]
fn the_version_is_printed_on_request() {
    let stop = typed(&["--version"]).unwrap_err();
    assert_eq!((stop.text.trim(), stop.exit_code), (concat!("pamrun ", env!("CARGO_PKG_VERSION")), 0));
}

#[test]
fn options_may_stand_before_and_after_the_plugin() {
    let Ok(Command::Exec(args)) = typed(&["exec", "--dry-run", "p.wasm", "--reveal"]) else { panic!() };
    assert_eq!((args.plugin, args.dry_run, args.reveal), (PathBuf::from("p.wasm"), true, true));
}

#[test]
fn params_are_read_from_stdin_unless_a_file_is_named() {
    let input = |argv: &[&str]| match typed(argv).unwrap() {
        Command::Params(ParamsCommand::Decode { input, .. } | ParamsCommand::Encode { input }) => input,
        other => panic!("{other:?}"),
    };
    assert_eq!(input(&["params", "decode"]), Input::Stdin);
    assert_eq!(input(&["params", "encode", "-"]), Input::Stdin);
    assert_eq!(input(&["params", "encode", "p.json"]), Input::File("p.json".into()));
    let missing = Input::File("/no/such/file".into());
    assert_eq!(missing.open().map(|_| ()).unwrap_err().code(), "file-unreadable");
}

#[test]
fn completions_know_every_command() {
    let script = String::from_utf8(completions(Shell::Bash)).unwrap();
    for command in Arguments::command().get_subcommands() {
        assert!(script.contains(command.get_name()));
    }
}

#[test]
fn the_uid_of_a_record_may_begin_with_a_hyphen() {
    let uid = "-Gx3MttfQbaDSVly1B4xCg";
    let Ok(Command::Recover(args)) = typed(&["recover", uid, "--state-dir", "/s", "ab"]) else {
        panic!("it is not understood");
    };
    assert_eq!(args.records, ["ab", uid]);
    assert_eq!(args.state_dir.as_deref(), Some("/s"));
    let stop = typed(&["recover", "-Gx3"]).unwrap_err();
    assert!(stop.text.contains("-G"), "{}", stop.text);
}
