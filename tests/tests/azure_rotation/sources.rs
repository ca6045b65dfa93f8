//! Where the target and the admin's credentials come from.

use pamrun_tests::azure::{ADMIN_ROLE, Azure, admin_record};
use pamrun_tests::canary::random_text;
use pamrun_tests::record::{Record, Shown, set};

use super::cast;

/// Fails unless a rotation succeeds with the admin's credentials, whatever else is at hand.
#[track_caller]
fn rotates(azure: &Azure) {
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    azure.expect_keys(&run, &[&azure.current()]);
}

/// The admin's credentials under other labels.
fn admin_as(azure: &Azure, [client_id, client_secret, tenant_id]: [&str; 3]) -> Record {
    Record::new("login", "Azure")
        .hidden(client_secret, &azure.admin_secret.value)
        .text(tenant_id, &azure.admin.tenant)
        .text(client_id, &azure.admin.app_id)
}

#[test]
fn the_record_of_the_page_names_the_admin() {
    rotates(&cast());
}

#[test]
fn an_attached_record_may_use_any_spelling_of_the_pam_configuration() {
    for labels in [
        ["clientId", "clientSecret", "tenantId"],
        ["pamazureclientid", "pamazureclientsecret", "pamazuretenantid"],
        ["Client Id", "Client Secret", "Tenant Id"],
    ] {
        let mut azure = cast();
        azure.attached = vec![admin_as(&azure, labels)];
        rotates(&azure);
    }
}

#[test]
fn the_page_s_labels_win_over_the_others_in_any_order() {
    for turn in [false, true] {
        let mut azure = cast();
        let stale = Record::new("login", "Stale")
            .text("clientId", &azure.admin.app_id)
            .hidden("clientSecret", &random_text(30))
            .text("tenantId", &azure.admin.tenant);
        azure.attached.insert(usize::from(turn), stale);
        rotates(&azure);
    }
}

#[test]
fn the_pam_configuration_names_the_admin_when_no_attached_record_does() {
    for shown in [Shown::Everywhere, Shown::ParamsOnly, Shown::VaultOnly] {
        let mut azure = cast();
        let provider = Record::pam_azure_configuration(
            &azure.admin.app_id,
            &azure.admin_secret.value,
            &azure.admin.tenant,
        );
        azure.attached =
            vec![Record::new("login", "Of something else").hidden("client_secret", &random_text(30))];
        azure.provider = Some(provider.shown(shown));
        rotates(&azure);
    }
}

#[test]
fn a_rotation_credential_that_the_params_lack_is_read_from_the_vault() {
    let mut azure = cast();
    azure.record = azure.record.script(&azure.attached[0]);
    azure.attached = vec![azure.attached.remove(0).shown(Shown::VaultOnly)];
    rotates(&azure);
}

#[test]
fn an_attached_record_wins_over_the_pam_configuration() {
    let mut azure = cast();
    let provider =
        Record::pam_azure_configuration(&azure.admin.app_id, &random_text(30), &azure.admin.tenant);
    azure.provider = Some(provider);
    rotates(&azure);
}

#[test]
fn an_attached_record_that_the_vault_lacks_is_used_as_it_is_in_the_params() {
    let mut azure = cast();
    azure.attached = vec![azure.attached[0].clone().shown(Shown::ParamsOnly)];
    rotates(&azure);
}

#[test]
fn what_the_vault_says_is_newer_than_what_the_params_say() {
    let azure = cast();
    let stale = azure.cloud.issue(&azure.admin, "stale");
    azure.cloud.directory().revoke(&azure.admin, &stale.key_id);
    azure.gateway.plant("stale secret of the admin", &stale.value);
    let mut params = azure.params();
    let value = params.records[0]["client_secret"].take();
    assert_eq!(value, azure.admin_secret.value.as_str());
    params.records[0]["client_secret"] = stale.value.into();
    let run = azure.run(azure.exec().input(params.line()));
    azure.expect_rotated(&run);
}

#[test]
fn the_target_s_own_record_rotates_itself() {
    let mut azure = cast();
    azure.cloud.directory().app(&azure.target).roles.push(ADMIN_ROLE.to_owned());
    azure.attached.clear();
    azure.record = azure
        .record
        .text("application_client_id", &azure.target.app_id)
        .text("tenant_id", &azure.target.tenant);
    rotates(&azure);
    // And again: now with the secret that the first run saved.
    let second = azure.rotate(&[]);
    second.ends("rotated", 0);
    azure.expect_keys(&second, &[&azure.current()]);
}

#[test]
fn the_target_s_own_record_with_the_client_id_of_another_app_logs_nobody_in() {
    let mut azure = cast();
    let stranger = azure.cloud.register("stranger");
    azure.attached.clear();
    azure.record =
        azure.record.text("application_client_id", &stranger.app_id).text("tenant_id", &azure.target.tenant);
    let run = azure.rotate(&[]);
    run.ends("failed", 1).with_code("wrong-secret");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn an_admin_that_is_the_target_but_has_a_record_of_its_own_is_refused() {
    let mut azure = cast();
    azure.cloud.directory().app(&azure.target).roles.push(ADMIN_ROLE.to_owned());
    azure.attached = vec![admin_record(&azure.target, &azure.old.value)];
    let run = azure.rotate(&[]);
    run.ends("failed", 1).with_code("admin-is-target");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn no_admin_at_all_is_explained() {
    let mut azure = cast();
    azure.attached.clear();
    let run = azure.rotate(&[]);
    run.ends("invalid", 2).with_code("input-missing");
    assert_eq!(azure.cloud.requests(), []);
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn a_client_id_in_the_place_of_the_object_id_is_recognised() {
    let mut azure = cast();
    let app_id = azure.target.app_id.clone();
    set(&mut azure.record.json, "application_object_id", &app_id);
    rotates(&azure);
}

#[test]
fn an_app_that_does_not_exist_is_told_apart_from_other_failures() {
    let mut azure = cast();
    let nobody = "00000000-0000-4000-8000-000000000000";
    set(&mut azure.record.json, "application_object_id", nobody);
    let run = azure.rotate(&[]);
    run.ends("failed", 1).with_code("application-not-found");
    azure.expect_unchanged(&run, &[]);
}

#[test]
fn an_object_id_that_is_no_id_is_refused_before_it_is_sent() {
    for wrong in ["", "payroll", "../../v1.0/users", "%2e%2e"] {
        let mut azure = cast();
        set(&mut azure.record.json, "application_object_id", wrong);
        let run = azure.rotate(&[]);
        run.ends("invalid", 2);
        assert!(run.outcome["error"]["message"].as_str().unwrap().contains("application_object_id"), "{run}");
        assert_eq!(azure.cloud.requests(), [], "{run}");
        azure.expect_unchanged(&run, &[]);
    }
}

#[test]
fn a_tenant_may_be_named_by_its_domain() {
    let mut azure = cast();
    let domain = azure.cloud.directory().domain(azure.sovereign).to_owned();
    set(&mut azure.attached[0].json, "tenant_id", &domain);
    rotates(&azure);
}
