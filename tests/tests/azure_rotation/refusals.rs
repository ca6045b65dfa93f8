//! What the services or the operator refuse: nothing is changed, and the reason is told.

use pamrun_tests::azure::Azure;
use pamrun_tests::cloud::{Fault, On, Policy};
use pamrun_tests::gateway::Run;
use pamrun_tests::record::set;

use super::cast;

/// Fails unless the rotation failed, with this in its message, and changed nothing.
#[track_caller]
fn fails(azure: &Azure, told: &str) -> Run {
    let run = azure.rotate(&[]);
    run.ends("failed", 1);
    let error = run.outcome["error"].to_string();
    assert!(error.contains(told), "{told} is not told\n{run}");
    azure.expect_unchanged(&run, &[]);
    run
}

#[test]
fn a_wrong_secret_of_the_admin_ends_it_at_once() {
    let azure = cast();
    azure.cloud.directory().revoke(&azure.admin, &azure.admin_secret.key_id);
    let run = fails(&azure, "7000215");
    assert_eq!(azure.cloud.requests().len(), 1, "{run}");
}

#[test]
fn an_expired_secret_of_the_admin_is_told_from_a_wrong_one() {
    let azure = cast();
    azure.cloud.directory().app(&azure.admin).secrets[0].ends = jiff::Timestamp::now();
    fails(&azure, "7000222");
}

#[test]
fn an_admin_that_the_tenant_does_not_know_is_explained() {
    let mut azure = cast();
    let wrong = azure.target.object_id.clone();
    set(&mut azure.attached[0].json, "application_client_id", &wrong);
    fails(&azure, "700016");
}

#[test]
fn an_unknown_tenant_is_explained() {
    let mut azure = cast();
    set(&mut azure.attached[0].json, "tenant_id", "nowhere.example.test");
    fails(&azure, "90002");
}

#[test]
fn a_tenant_that_would_change_the_path_is_refused_before_it_is_sent() {
    for wrong in ["../common", "a/b", "a?b", "%2e%2e"] {
        let mut azure = cast();
        set(&mut azure.attached[0].json, "tenant_id", wrong);
        azure.rotate(&[]).ends("invalid", 2).with_code("input-unfit");
        assert_eq!(azure.cloud.requests(), []);
    }
}

#[test]
fn a_missing_role_is_named_with_its_remedy() {
    let azure = cast();
    azure.cloud.directory().app(&azure.admin).roles.clear();
    fails(&azure, "Application.ReadWrite.OwnedBy");
}

#[test]
fn owned_by_without_ownership_is_named_with_its_remedy() {
    let azure = cast();
    azure.cloud.directory().app(&azure.admin).roles = vec!["Application.ReadWrite.OwnedBy".to_owned()];
    fails(&azure, "owner");
}

#[test]
fn owned_by_with_ownership_suffices() {
    let azure = cast();
    let admin = azure.admin.principal_id.clone();
    azure.cloud.directory().app(&azure.admin).roles = vec!["Application.ReadWrite.OwnedBy".to_owned()];
    azure.cloud.directory().app(&azure.target).owners.push(admin);
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
}

#[test]
fn a_refusal_of_the_write_itself_changes_nothing() {
    let azure = cast();
    azure.cloud.fault(On::add_password().always(), Fault::Denied);
    fails(&azure, "Authorization_RequestDenied");
}

#[test]
fn the_policies_of_the_tenant_are_told_in_its_words() {
    let azure = cast();
    azure.cloud.directory().app(&azure.target).policy = Policy { forbids_secrets: true, ..Policy::default() };
    fails(&azure, "CredentialTypeNotAllowedAsPerAppPolicy");
    let azure = cast();
    azure.cloud.directory().app(&azure.target).policy =
        Policy { longest_days: Some(90), ..Policy::default() };
    fails(&azure, "expiry_days");
    let run = azure.rotate(&[("expiry_days", "90")]);
    azure.expect_rotated(&run);
}

#[test]
fn an_object_that_is_full_is_told() {
    let azure = cast();
    azure.cloud.directory().app(&azure.target).capacity = 1;
    fails(&azure, "size");
}

// What our own policy refuses.

#[test]
fn a_host_that_the_operator_does_not_allow_is_refused_with_the_line_that_would() {
    for host in ["login.microsoftonline.com", "graph.microsoft.com"] {
        let azure = cast();
        let run = azure.run(azure.exec().without("--allow-host", host));
        run.ends("refused", 3);
        assert!(run.outcome["error"].to_string().contains(&format!("--allow-host {host}")), "{run}");
        assert_eq!(azure.cloud.requests(), [], "{run}");
        azure.expect_unchanged(&run, &[]);
    }
}

#[test]
fn an_address_of_this_machine_is_refused_with_the_line_that_would_allow_it() {
    let azure = cast();
    let run = azure.run(azure.exec().without("--allow-private", "login.microsoftonline.com"));
    run.ends("refused", 3);
    let line = "--allow-private login.microsoftonline.com";
    assert!(run.outcome["error"].to_string().contains(line), "{run}");
    assert_eq!(azure.cloud.requests(), [], "{run}");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn a_server_that_our_authorities_do_not_know_is_not_talked_to() {
    let azure = cast();
    let ca = azure.gateway.path("ca.pem");
    let run = azure.run(azure.exec().without("--ca-file", ca.to_str().unwrap()));
    run.ends("failed", 1);
    assert_eq!(azure.cloud.requests(), [], "{run}");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn more_requests_than_the_limit_are_not_sent() {
    let azure = cast();
    azure.gateway.write("config.toml", "version = 1\n[limits]\nrequests = 1\n");
    let run = azure.rotate(&[]);
    run.ends("limit", 4);
    assert_eq!(azure.cloud.requests().len(), 1, "{run}");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn a_record_that_another_system_manages_is_rotated_only_when_the_operator_says_so() {
    let mut azure = cast();
    let fields = azure.record.json["fields"].as_array_mut().unwrap();
    fields.iter_mut().find(|field| field["label"] == "managed").unwrap()["value"] = [true].into();
    let run = azure.rotate(&[]);
    run.ends("failed", 1).with_code("record-managed");
    assert_eq!(azure.cloud.requests(), [], "{run}");
    azure.expect_unchanged(&run, &[]);
    let run = azure.run(azure.exec().argument("--allow-managed"));
    azure.expect_rotated(&run);
}
