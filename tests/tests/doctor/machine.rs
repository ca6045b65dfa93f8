//! Findings about this machine.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use pamrun_tests::cloud::{Fault, On};

use super::*;

#[test]
fn a_setting_that_is_wrong_ends_the_look() {
    let ward = Ward::in_file(|_| ());
    let run = ward.diagnose(ward.look_at_record().flag("--timeout", "soon"));
    assert_eq!(run.exit, Some(1));
    assert_eq!(states(&run)[..2], ["settings error", "state folder skipped"]);
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_state_folder_that_others_may_enter() {
    let ward = Ward::in_file(|_| ());
    let state = ward.0.gateway.path("state");
    std::fs::set_permissions(&state, std::fs::Permissions::from_mode(0o755)).unwrap();
    let run = ward.diagnose(ward.look_with_plugin());
    // The vault and the record can be looked at without it.
    assert_eq!(
        states(&run),
        [
            "settings ok",
            "state folder error",
            "certificates ok",
            "vault ok",
            "record ok",
            "script ok",
            "preflight skipped"
        ]
    );
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_machine_without_certificate_authorities() {
    let ward = Ward::in_file(|_| ());
    let ca_file = ward.0.gateway.path("ca.pem");
    let run = ward.diagnose(
        ward.look().without("--ca-file", ca_file.to_str().unwrap()).variable("SSL_CERT_FILE", "/dev/null"),
    );
    insta::assert_snapshot!(ward.findings(&run));
    let nothing = ward.0.gateway.write("nothing.pem", "nothing");
    let run =
        ward.diagnose(ward.look().without("--ca-file", ca_file.to_str().unwrap()).flag("--ca-file", nothing));
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_clock_that_is_not_the_services() {
    let ward = Ward::in_file(|_| ());
    ward.0.cloud.fault(On::token(), Fault::ClockBehind(Duration::from_secs(20 * 60 + 30)));
    let run = ward.diagnose(ward.look_with_plugin());
    assert_eq!(run.exit, Some(0), "{run}");
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn hosts_that_are_not_allowed() {
    let ward = Ward::in_file(|_| ());
    let (login, graph) = (Sovereign::Global.login(), Sovereign::Global.graph());
    let exec = ward.look_with_plugin().without("--allow-host", login).without("--allow-host", graph);
    let run = ward.diagnose(exec);
    assert_eq!(states(&run).last().unwrap(), "preflight error");
    insta::assert_snapshot!(ward.findings(&run));
}

#[test]
fn a_rotation_that_was_interrupted() {
    let ward = Ward::in_file(|_| ());
    let azure = &ward.0;
    // The service makes the secret, and does not say so.
    azure.cloud.fault(On::add_password(), Fault::Hang(Duration::from_mins(10)));
    let victim = pamrun_tests::gateway::Victim::default();
    let started = azure.exec().as_victim(&victim).launch().start();
    while azure.cloud.requests().iter().all(|seen| !seen.path().ends_with("/addPassword")) {
        std::thread::sleep(Duration::from_millis(10));
    }
    victim.signal(pamrun_tests::gateway::Signal::KILL);
    let killed = started.end();
    assert_eq!(killed.exit, None, "{killed}");
    azure.cloud.calm();
    let run = ward.diagnose(ward.look_with_plugin());
    assert_eq!(run.exit, Some(0), "{run}");
    let told = without_word_after(&ward.findings(&run), "which began ");
    insta::assert_snapshot!(without_word_after(&told, "\nrotation "));
}
