//! What is run: each time against a cloud and a vault that are as before.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::On;
use pamrun_tests::gateway::{Exec, binary, plugin};
use tempfile::TempDir;

use crate::measure::{Measured, Watch, run};

/// The programs, and a state folder that holds the compiled plugin.
pub struct Contest {
    state: TempDir,
}

impl Contest {
    /// Compiles the plugin for all that follow.
    pub fn new() -> Self {
        let contest = Self { state: private_folder() };
        contest.refused();
        contest
    }

    /// Starts pamrun, and ends it.
    pub fn nothing() -> Measured {
        let (measured, output) = run(Command::new(binary()).arg("--version"), b"", &Watch::default());
        assert!(output.status.success(), "{output:?}");
        measured
    }

    /// A rotation whose hosts are not allowed, which shows once the plugin has said what it is.
    pub fn refused(&self) -> Measured {
        refused(self.state.path())
    }

    /// The same by somebody who runs this plugin for the first time.
    pub fn compiled() -> Measured {
        refused(private_folder().path())
    }

    /// A whole rotation.
    pub fn rotation(&self) -> (Measured, Azure) {
        let azure = Azure::new();
        let exec = with_state(azure.exec(), &azure, self.state.path());
        let measured = rotate(&azure, exec.command());
        (measured, azure)
    }

    /// The same by a straight program.
    pub fn straight() -> (Measured, Azure) {
        let azure = Azure::new();
        azure.fill_vault();
        let mut command = Command::new(env!("CARGO_BIN_EXE_straight"));
        command.arg(azure.cloud.address().to_string()).arg(azure.gateway.path("ca.pem"));
        command.arg(azure.gateway.path("vault/vault.json")).env_clear();
        let measured = rotate(&azure, command);
        (measured, azure)
    }
}

fn private_folder() -> TempDir {
    let only_ours = std::fs::Permissions::from_mode(0o700);
    tempfile::Builder::new().permissions(only_ours).tempdir().unwrap()
}

fn with_state<'a>(exec: Exec<'a>, azure: &Azure, state: &Path) -> Exec<'a> {
    let own = azure.gateway.path("state");
    exec.without("--state-dir", own.to_str().unwrap()).flag("--state-dir", state)
}

fn refused(state: &Path) -> Measured {
    let azure = Azure::new();
    azure.fill_vault();
    let line = azure.params().line();
    let exec = azure.gateway.exec(&plugin("azure-app-secret"), line.clone());
    let exec = exec.flag("--vault", azure.gateway.vault().flag());
    let (measured, output) = run(&mut with_state(exec, &azure, state).command(), &line, &Watch::default());
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    measured
}

/// Runs a program that rotates. Its memory is looked at when it sends its last request.
fn rotate(azure: &Azure, mut command: Command) -> Measured {
    let watch = Watch::default();
    let watching = watch.clone();
    azure.cloud.before(On::remove_password(), move |_| watching.look());
    let (measured, output) = run(&mut command, &azure.params().line(), &watch);
    assert!(output.status.success(), "{output:?}");
    let current = azure.current();
    assert_eq!(azure.cloud.keys_of(&azure.target), [current.key_id]);
    assert!(azure.cloud.accepts(&azure.target.app_id, &current.value));
    measured
}

/// The requests that were made, one a line, with names instead of ids that differ from run to run.
pub fn requests(azure: &Azure) -> Vec<String> {
    let names = [
        (&azure.target.object_id, "OBJECT"),
        (&azure.target.tenant, "TENANT"),
        (&azure.admin.app_id, "ADMIN"),
        (&azure.target.app_id, "APP"),
    ];
    let renamed = |text: &str| names.iter().fold(text.to_owned(), |text, (id, name)| text.replace(*id, name));
    let line = |seen: pamrun_tests::cloud::Seen| {
        let client = renamed(&seen.client_id.unwrap_or_default());
        let traced = seen.client_request_id.is_some();
        let target = renamed(&seen.target);
        format!(
            "{} {} {}{target} {client} {traced} {:?}",
            seen.connection, seen.method, seen.host, seen.status
        )
    };
    azure.cloud.requests().into_iter().map(line).collect()
}
