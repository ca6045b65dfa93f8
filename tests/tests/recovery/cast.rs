//! What all these tests do: interrupt a rotation at some request, and look at what is open.

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::{Fault, On};
use pamrun_tests::gateway::{Exec, Run, Signal, Victim};

/// The login that proves the new secret.
pub fn proof(azure: &Azure) -> On {
    On::token_of(&azure.target.app_id)
}

/// Sends a signal to `victim` when a request arrives.
pub fn signal_when(azure: &Azure, on: On, victim: &Victim, signal: Signal) {
    let victim = victim.clone();
    azure.cloud.before(on, move |_| victim.signal(signal));
}

/// A rotation that was killed when a request arrived; the request was answered all the same, unless
/// `lost` says that it never arrived.
#[track_caller]
pub fn killed(azure: &Azure, on: On, lost: bool) -> Run {
    killed_run(azure, azure.exec(), on, lost)
}

/// The same, for a run that was prepared.
#[track_caller]
pub fn killed_run(azure: &Azure, exec: Exec<'_>, on: On, lost: bool) -> Run {
    let victim = Victim::default();
    signal_when(azure, on.clone(), &victim, Signal::KILL);
    if lost {
        azure.cloud.fault(on, Fault::DropBeforeApply);
    }
    let run = azure.run(exec.as_victim(&victim));
    assert_eq!(run.exit, None, "was to be killed\n{run}");
    run
}

/// `pamrun recover` with these arguments.
pub fn recover<'a>(azure: &'a Azure, arguments: &[&str]) -> Exec<'a> {
    azure
        .gateway
        .command(&[&["recover"], arguments].concat())
        .flag("--config", azure.gateway.path("config.toml"))
        .flag("--state-dir", azure.gateway.path("state"))
}

/// The states of the rotations that a run of `recover` tells of, and its exit code.
pub fn states(run: &Run) -> (Vec<String>, Option<i32>) {
    let rotations = run.outcome["rotations"].as_array().cloned().unwrap_or_default();
    let state = |rotation: &serde_json::Value| rotation["state"].as_str().unwrap_or_default().to_owned();
    (rotations.iter().map(state).collect(), run.exit)
}

/// Fails unless exactly these states are listed as open or running.
#[track_caller]
pub fn expect_listed(azure: &Azure, expected: &[&str]) {
    let run = azure.run(recover(azure, &[]));
    let exit = if expected.contains(&"open") { 5 } else { 0 };
    assert_eq!(
        states(&run),
        (expected.iter().map(|state| (*state).to_owned()).collect(), Some(exit)),
        "{run}"
    );
}

/// The files in a sub-folder of the state folder.
pub fn state_files(azure: &Azure, folder: &str) -> Vec<std::path::PathBuf> {
    let files = std::fs::read_dir(azure.gateway.path("state").join(folder));
    files.map(|files| files.map(|file| file.unwrap().path()).collect()).unwrap_or_default()
}
