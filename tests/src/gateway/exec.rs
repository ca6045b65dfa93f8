//! One run of the binary: its arguments, its input, its end.

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Gateway, Launch, Python, Run, Victim, warm};

/// A run that is being prepared.
pub struct Exec<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) binary: PathBuf,
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) input: Vec<u8>,
    pub(super) reveals: bool,
    /// The shell script that starts it, if one does.
    pub(super) script: Option<String>,
    pub(super) victim: Victim,
}

impl Exec<'_> {
    /// With another binary than the one under test.
    #[must_use]
    pub fn binary(mut self, binary: &Path) -> Self {
        binary.clone_into(&mut self.binary);
        self
    }

    /// With one more argument.
    #[must_use]
    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// With one more flag.
    #[must_use]
    pub fn flag(self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.argument(name).argument(value)
    }

    /// With an environment variable.
    #[must_use]
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Without an environment variable that was given before.
    #[must_use]
    pub fn without_variable(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self
    }

    /// With `--set KEY=VALUE`.
    #[must_use]
    pub fn set(self, key: &str, value: &str) -> Self {
        self.flag("--set", format!("{key}={value}"))
    }

    /// With one more consumer, and the plugin that delivers to it.
    #[must_use]
    pub fn deliver(self, plugin: &Path, settings: &str) -> Self {
        warm::warm_up_too(plugin, &self.gateway.path("state"));
        self.flag("--deliver", format!("{},{settings}", plugin.display()))
    }

    /// With a host that is reached at an address of this machine.
    #[must_use]
    pub fn host(self, host: &str, address: SocketAddr) -> Self {
        self.flag("--allow-host", host)
            .flag("--allow-private", host)
            .flag("--resolve", format!("{host}:443:{}:{}", address.ip(), address.port()))
    }

    /// With this on stdin.
    #[must_use]
    pub fn input(mut self, input: Vec<u8>) -> Self {
        self.input = input;
        self
    }

    /// Started by a shell script that ends with `exec "$@"`, which is the command.
    #[must_use]
    pub fn started_by(mut self, script: &str) -> Self {
        self.script = Some(script.to_owned());
        self
    }

    /// Within reach of `victim` while it runs.
    #[must_use]
    pub fn as_victim(mut self, victim: &Victim) -> Self {
        self.victim = victim.clone();
        self
    }

    /// With `--reveal`: stdout may then hold secrets.
    #[must_use]
    pub fn reveal(self) -> Self {
        self.capture_secret_stdout().argument("--reveal")
    }

    /// Lets stdout hold secrets, since that is what the command is for.
    #[must_use]
    pub fn capture_secret_stdout(mut self) -> Self {
        self.reveals = true;
        self
    }

    /// Without an argument that was given before, and its value.
    #[must_use]
    pub fn without(mut self, name: &str, value: &str) -> Self {
        let at = self.arguments.windows(2).position(|pair| pair[0] == name && pair[1] == value);
        self.arguments.drain(at.unwrap()..at.unwrap() + 2);
        self
    }

    /// With more arguments before one that was given.
    #[must_use]
    pub fn before(mut self, argument: &str, more: &[&OsStr]) -> Self {
        let at = self.arguments.iter().position(|given| given == argument).unwrap();
        self.arguments.splice(at..at, more.iter().map(|more| (*more).to_owned()));
        self
    }

    /// The arguments, for people.
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// The process that it is, for callers that run it themselves.
    pub fn command(&self) -> Command {
        let home = self.gateway.path("home");
        let mut command = match &self.script {
            None => Command::new(&self.binary),
            Some(script) => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", script, "sh"]).arg(&self.binary);
                shell
            }
        };
        command.args(&self.arguments).env_clear().current_dir(&home);
        command.env("HOME", &home).env("TMPDIR", self.gateway.path("tmp"));
        command.env("PATH", Python::of_this_machine().path());
        command.envs(self.environment.iter().cloned());
        command
    }

    /// The run itself, for callers that do not wait for its end.
    pub fn launch(self) -> Launch {
        Launch { command: self.command(), input: self.input, victim: self.victim, file_limit: None }
    }

    /// Runs it, and looks for leaks of what was planted and of `secrets()`, asked for afterwards.
    pub fn run(self, secrets: impl FnOnce() -> Vec<String>) -> Run {
        let (gateway, reveals) = (self.gateway, self.reveals);
        let run = self.launch().run();
        if let Some(leak) = gateway.leak(&run, &secrets(), reveals) {
            panic!("{leak}\n{run}");
        }
        run
    }
}
