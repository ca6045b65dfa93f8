//! One run of the binary: its arguments, its input, its end.

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::{Gateway, Run, Victim, binary};

/// No run of a test takes longer; one that does is killed, and the test fails.
const PATIENCE: Duration = Duration::from_secs(90);

/// A run that is being prepared.
pub struct Exec<'a> {
    pub(super) gateway: &'a Gateway,
    pub(super) arguments: Vec<OsString>,
    pub(super) environment: Vec<(OsString, OsString)>,
    pub(super) input: Vec<u8>,
    pub(super) reveals: bool,
    /// The shell script that starts it, if one does.
    pub(super) script: Option<String>,
    pub(super) victim: Victim,
}

impl Exec<'_> {
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

    /// The arguments, for people.
    pub fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// The process that it is, for callers that run it themselves.
    pub fn command(&self) -> Command {
        let home = self.gateway.path("home");
        let mut command = match &self.script {
            None => Command::new(binary()),
            Some(script) => {
                let mut shell = Command::new("/bin/sh");
                shell.args(["-c", script, "sh"]).arg(binary());
                shell
            }
        };
        command.args(&self.arguments).env_clear().current_dir(&home);
        command.env("HOME", &home).env("TMPDIR", self.gateway.path("tmp"));
        command.envs(self.environment.iter().cloned());
        command
    }

    /// Runs it, and looks for leaks of what was planted and of `secrets()`, asked for afterwards.
    pub fn run(self, secrets: impl FnOnce() -> Vec<String>) -> Run {
        let mut command = self.command();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}; run `make build` first", binary().display()));
        self.victim.is(child.id());
        let (mut stdin, mut stdout, mut stderr) =
            (child.stdin.take().unwrap(), child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let input = self.input;
        // A binary that refuses its input early does not read all of it.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let stdout = std::thread::spawn(move || read_all(&mut stdout));
        let stderr = std::thread::spawn(move || read_all(&mut stderr));
        let began = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break Some(status);
            }
            if began.elapsed() > PATIENCE {
                child.kill().unwrap();
                child.wait().unwrap();
                break None;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        writer.join().unwrap();
        let (stdout, stderr) = (stdout.join().unwrap(), stderr.join().unwrap());
        let outcome = serde_json::from_str(&stdout).unwrap_or_default();
        let exit = status.and_then(|status| status.code());
        let run = Run { exit, stdout, stderr, outcome };
        assert!(status.is_some(), "still running after {PATIENCE:?}\n{run}");
        self.gateway.look_for_leaks(&run, &secrets(), self.reveals);
        run
    }
}

fn read_all(from: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}
