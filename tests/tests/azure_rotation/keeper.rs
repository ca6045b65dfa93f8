//! With a vault at Keeper.

#[path = "suite.rs"]
mod suite;

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use pamrun_tests::azure::Azure;
use pamrun_tests::gateway::VaultKind;
use pamrun_tests::keeper::{Endpoint, Fault, Keeper, Odd, On, error_body};
use pamrun_tests::record::{Record, Shown, set, text};
use pamrun_tests::witness::{Language, Witness};
use serde_json::json;

use self::suite::cast;

const VAULT: VaultKind = VaultKind::Keeper;

fn keeper(azure: &Azure) -> &Keeper {
    &azure.gateway.keeper().keeper
}

/// Runs a rotation with this fault in the vault; it must succeed and leave exactly the new secret.
#[track_caller]
fn survives(on: On, fault: Fault) -> Azure {
    let azure = cast();
    keeper(&azure).fault(on, fault);
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    azure.expect_keys(&run, &[&azure.current()]);
    keeper(&azure).land_late_writes();
    azure.expect_rotated(&run);
    azure
}

// What others find in the vault afterwards, and what we find of others.

#[test]
fn keeper_s_own_clients_read_the_new_fields_and_everything_else_as_it_was() {
    let mut azure = cast();
    azure.record.json["x-number"] = "1.50e+3".parse().unwrap();
    azure.fill_vault();
    let (mut expected, _) = keeper(&azure).record(&azure.record.uid);
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    for label in ["client_secret_id", "client_secret", "expires"] {
        let new = azure.saved(label);
        assert!(new != text(&expected, label), "{label} is as it was\n{run}");
        set(&mut expected, label, &new);
    }
    for language in [Language::Python, Language::Rust] {
        let read = Witness::new(language, azure.gateway.keeper()).read(&azure.record.uid).unwrap();
        assert!(read.json == expected, "{language:?} reads something else that was changed\n{run}");
        assert!(read.text.contains("1.50e+3"), "a number has another text\n{run}");
    }
}

#[test]
fn what_keeper_s_own_clients_wrote_is_read() {
    for language in [Language::Python, Language::Rust] {
        let azure = cast();
        azure.fill_vault();
        let witness = Witness::new(language, azure.gateway.keeper());
        witness.set(&azure.record.uid, "retire", "none").unwrap();
        let run = azure.rotate(&[]);
        azure.expect_rotated(&run);
        azure.expect_keys(&run, &[&azure.current(), &azure.old]);
        assert_eq!(
            witness.read(&azure.record.uid).unwrap().json["title"],
            azure.record.json["title"],
            "{run}"
        );
    }
}

// What it costs.

#[test]
fn a_rotation_reads_saves_and_reads_back_on_one_connection() {
    let azure = cast();
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let requests = keeper(&azure).requests();
    let endpoints: Vec<_> = requests.iter().map(|request| request.endpoint).collect();
    assert_eq!(endpoints, [Endpoint::GetSecret, Endpoint::UpdateSecret, Endpoint::GetSecret], "{run}");
    let server = azure.gateway.keeper();
    assert_eq!((server.connections(), server.handshakes()), (1, 1), "{run}");
}

#[test]
fn rotation_credentials_that_the_params_lack_cost_one_more_get() {
    let mut azure = cast();
    azure.record = azure.record.script(&azure.attached[0]);
    azure.attached = vec![azure.attached.remove(0).shown(Shown::VaultOnly)];
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let endpoints: Vec<_> = keeper(&azure).requests().iter().map(|request| request.endpoint).collect();
    let (get, update) = (Endpoint::GetSecret, Endpoint::UpdateSecret);
    assert_eq!(endpoints, [get, get, update, get], "{run}");
}

#[test]
fn only_the_records_of_the_params_are_asked_for() {
    let azure = cast();
    azure.fill_vault();
    azure.gateway.vault().add(&Record::pam_user("Nobody's business"));
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let ours = [json!(azure.record.uid), json!(azure.attached[0].uid)];
    let requests = keeper(&azure).requests();
    let gets: Vec<_> = requests.iter().filter(|seen| seen.endpoint == Endpoint::GetSecret).collect();
    assert!(!gets.is_empty());
    for get in gets {
        let asked = get.payload["requestedRecords"].as_array().unwrap();
        assert!(!asked.is_empty() && asked.iter().all(|uid| ours.contains(uid)), "{asked:?}\n{run}");
    }
}

// Trouble with the vault.

#[test]
fn a_save_whose_answer_was_lost_is_found_or_repeated() {
    for fault in [
        Fault::DropBeforeApply,
        Fault::ApplyThenDrop,
        Fault::ApplyThenStatus(500),
        Fault::Odd(Odd::Garbage),
        Fault::Status(502, "<html>Bad gateway</html>".to_owned()),
    ] {
        survives(On::update(), fault);
    }
}

#[test]
fn a_save_that_lands_late_is_fenced_off() {
    let azure = survives(On::update(), Fault::LandLate(Duration::from_hours(1)));
    assert_eq!(keeper(&azure).count(Endpoint::UpdateSecret), 2);
}

/// Keeper's own client repeats a throttled request five times, and the engine repeats what that gave up:
/// each answer must cost one request, at the time that it names.
#[test]
fn n14_throttling_is_waited_out_in_every_call_and_never_multiplied() {
    let later = |text: &str| Fault::Later(429, Some(text.to_owned()));
    let date = || {
        let printer = jiff::fmt::rfc2822::DateTimePrinter::new();
        let soon = jiff::Timestamp::now() + Duration::from_secs(3);
        later(&printer.timestamp_to_rfc9110_string(&soon).unwrap())
    };
    for fault in [Fault::Throttle(Some(1)), later("1"), later("0.5")] {
        for on in [On::get().first(2), On::update().first(2), On::get().nth(2)] {
            let azure = survives(on, fault.clone());
            let (gets, updates) =
                (keeper(&azure).count(Endpoint::GetSecret), keeper(&azure).count(Endpoint::UpdateSecret));
            assert!(gets + updates <= 5, "{fault:?}: {gets} gets, {updates} updates");
            assert_eq!(keeper(&azure).violations(), Vec::<String>::new());
        }
    }
    for on in [On::get(), On::update(), On::get().nth(2)] {
        survives(on, date());
    }
}

#[test]
fn n14_a_vault_that_stays_throttled_ends_it_with_nothing_left_behind() {
    let azure = cast();
    keeper(&azure).fault(On::update().always(), Fault::Throttle(Some(2)));
    let run = azure.run(azure.exec().flag("--timeout", "40s"));
    run.ends("failed", 1).with_code("vault-throttled");
    azure.expect_unchanged(&run, &[]);
    // One that asks for more than there is, is not waited for at all.
    let azure = cast();
    keeper(&azure).fault(On::get().always(), Fault::Later(429, Some("3600".to_owned())));
    let run = azure.rotate(&[]);
    run.ends("failed", 1).with_code("vault-throttled");
    assert_eq!((keeper(&azure).count(Endpoint::GetSecret), azure.cloud.requests()), (1, vec![]), "{run}");
}

#[test]
fn a_vault_that_cannot_be_read_ends_it_before_anything_is_sent() {
    for fault in [
        Fault::DropBeforeApply,
        Fault::CutInTheMiddle,
        Fault::Status(403, error_body("access_denied", "Unable to validate application access")),
        Fault::Status(502, "<html>Bad gateway</html>".to_owned()),
        Fault::Odd(Odd::Empty),
        Fault::Odd(Odd::NoRecords),
        Fault::Odd(Odd::PaddedAppData),
        Fault::Odd(Odd::Garbage),
    ] {
        let azure = cast();
        keeper(&azure).fault(On::get().always(), fault);
        let run = azure.rotate(&[]);
        run.ends("failed", 1);
        assert_eq!(azure.cloud.requests(), [], "{run}");
        azure.expect_unchanged(&run, &[]);
    }
}

#[test]
fn a_record_that_is_shared_read_only_is_told_before_anything_is_sent() {
    let azure = cast();
    azure.fill_vault();
    keeper(&azure).vault().set_editable(&azure.record.uid, false);
    let run = azure.rotate(&[]);
    run.ends("failed", 1).with_code("record-not-editable");
    assert_eq!(azure.cloud.requests(), [], "{run}");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn a_save_that_is_refused_rolls_the_rotation_back() {
    let azure = cast();
    keeper(&azure).fault(On::update().always(), Fault::Status(403, error_body("access_denied", "No")));
    let run = azure.rotate(&[]);
    run.ends("failed", 1);
    azure.expect_unchanged(&run, &[]);
}

// The way there.

#[test]
fn the_proxy_of_the_environment_is_taken_by_either_name_and_without_it_there_is_no_way() {
    let azure = cast();
    let url = azure.gateway.keeper().proxy_url();
    let without = || azure.exec().without_variable("HTTPS_PROXY");
    for exec in [without(), azure.exec().variable("NO_PROXY", "fake.keeper.test")] {
        let run = azure.run(exec);
        run.ends("failed", 1).with_code("vault-unreachable");
        assert_eq!((keeper(&azure).requests(), azure.cloud.requests()), (vec![], vec![]), "{run}");
    }
    let run = azure.run(without().variable("https_proxy", url));
    azure.expect_rotated(&run);
}

#[test]
fn a_private_authority_must_be_named() {
    let azure = cast();
    let ca = azure.gateway.path("ca.pem");
    let run = azure.run(azure.exec().without("--ca-file", ca.to_str().unwrap()));
    run.ends("failed", 1).with_code("vault-not-trusted");
    assert_eq!(keeper(&azure).requests(), [], "{run}");
}

#[test]
fn a_machine_that_trusts_nobody_by_itself_reaches_the_vault_of_the_ca_file() {
    let azure = cast();
    let none = azure.gateway.write("none.pem", "");
    let exec = azure.exec().variable("SSL_CERT_FILE", &none).variable("SSL_CERT_DIR", "/nonexistent");
    let run = azure.run(exec);
    azure.expect_rotated(&run);
}

#[test]
fn the_configuration_is_found_where_keeper_s_tools_look() {
    let azure = cast();
    azure.fill_vault();
    let config = keeper(&azure).config();
    let file = azure.gateway.path("inputs/ksm.json");
    for (name, value) in [
        ("KSM_CONFIG", config.clone()),
        ("KSM_CONFIG_FILE", file.to_str().unwrap().to_owned()),
        ("GATEWAY_CONFIG", BASE64_STANDARD.encode(config)),
    ] {
        let run = azure.run(azure.exec_without_vault().variable(name, value));
        run.ends("rotated", 0);
        azure.expect_keys(&run, &[&azure.current()]);
    }
}

#[test]
fn a_variable_that_would_trust_anybody_is_refused() {
    let azure = cast();
    let run = azure.run(azure.exec().variable("KSM_SKIP_VERIFY", "true"));
    run.ends("invalid", 2);
    assert_eq!((azure.gateway.keeper().connections(), azure.cloud.requests()), (0, vec![]), "{run}");
}

#[test]
fn the_gateway_s_configuration_is_left_as_it_is() {
    let azure = cast();
    let file = azure.gateway.path("inputs/ksm.json");
    let before = (std::fs::read(&file).unwrap(), std::fs::metadata(&file).unwrap().modified().unwrap());
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    assert!(before == (std::fs::read(&file).unwrap(), std::fs::metadata(&file).unwrap().modified().unwrap()));
}
