//! What a dry run finds besides. The clock stands at the beginning of 2030.

use pamrun_plugin::{Plugin, SettingValue};
use serde_json::{Value, json};

use super::cloud::Fault;
use super::*;

/// The findings of a dry run, without their fixes. Each has one, but for what needs none.
fn findings_of(cloud: &mut Cloud, request: Request) -> Vec<String> {
    let (plan, _) = run(cloud, |host| AzureAppSecret::preflight(host, &request.dry_run()));
    plan.unwrap().notes.iter().map(|note| note.lines().next().unwrap().to_owned()).collect()
}

fn findings(cloud: &mut Cloud) -> Vec<String> {
    findings_of(cloud, usual())
}

#[track_caller]
fn only(cloud: &mut Cloud, beginning: &str) -> String {
    let findings = findings(cloud);
    assert!(findings.len() == 1 && findings[0].starts_with(beginning), "{beginning}: {findings:?}");
    findings[0].clone()
}

#[test]
fn a_dry_run_looks_at_more_than_a_rotation_and_finds_nothing_where_all_is_well() {
    let (plan, calls) = run(&mut Cloud::new(), |host| AzureAppSecret::preflight(host, &usual().dry_run()));
    assert_eq!(plan.unwrap().notes, [""; 0]);
    assert_eq!(
        calls[2..],
        [
            format!("GET /v1.0/applications(appId='{ADMIN_ID}')"),
            format!("GET /v1.0/applications/{OBJECT_ID}"),
            format!("GET /v1.0/applications/{OBJECT_ID}/appManagementPolicies"),
            "GET /v1.0/policies/defaultAppManagementPolicy".to_owned(),
            format!("GET /v1.0/servicePrincipals(appId='{APP_ID}')"),
        ]
    );
}

#[test]
fn no_look_fails_the_preflight_or_is_repeated() {
    for fault in [
        Fault::Refuse(403, "Authorization_RequestDenied", "Insufficient privileges"),
        Fault::SlowDown(429, "30"),
        Fault::AnswerAfter(503),
        Fault::LoseAfter,
        Fault::Unreached,
    ] {
        let mut cloud = Cloud::new();
        // The app is first read by a rotation's own request, which is patient.
        let paths = [
            "(appId='33333333-0000-4000-8000-00000000000c')",
            "/appManagementPolicies",
            "(appId='22222222-0000-4000-8000-00000000000b')",
        ];
        cloud.faults.extend(paths.map(|path| (path, fault.clone())));
        let findings = findings(&mut cloud);
        let codes: Vec<_> = findings.iter().map(|finding| finding.split(':').next().unwrap()).collect();
        assert_eq!(
            codes,
            ["info admin-secret-end-unknown", "info policies-unread", "info service-principal-unread"]
        );
        assert!(cloud.faults.is_empty());
    }
    let mut cloud = Cloud::new();
    cloud.more["createdDateTime"] = json!(7);
    cloud.principal = Some(json!({"passwordCredentials": "odd"}));
    only(&mut cloud, "info service-principal-unread: ");
}

#[test]
fn an_object_that_cannot_be_read_whole_is_told() {
    let denied = Fault::Refuse(403, "Authorization_RequestDenied", "no");
    // The first read of the app by its object id is the rotation's own; here it has a client id.
    let request = usual().with_target(&[("application_object_id", APP_ID)]);
    let mut cloud = Cloud::new().failing(OBJECT_ID, &[denied]);
    let findings = findings_of(&mut cloud, request);
    assert!(findings.iter().any(|finding| finding.starts_with("info application-unread: ")), "{findings:?}");
}

// The secret of the admin app.

fn admin_with(ends: &[(&str, &str)]) -> Cloud {
    let secrets: Vec<Value> =
        ends.iter().map(|(hint, end)| json!({"hint": hint, "endDateTime": end})).collect();
    Cloud { admin: Some(json!({"passwordCredentials": secrets})), ..Cloud::new() }
}

#[test]
fn a_secret_of_the_admin_app_that_ends_within_thirty_days_is_told_with_the_date() {
    let soon = ("adm", "2030-01-30T12:00:00.7654321Z");
    let told = only(&mut admin_with(&[soon]), "warning admin-secret-ends-soon: ");
    assert!(told.contains("\"admin\" (admin) ends 2030-01-30T12:00:01Z"), "{told}");
    assert_eq!(findings(&mut admin_with(&[("adm", "2030-02-01T00:00:00Z")])), [""; 0]);
}

#[test]
fn of_secrets_that_begin_alike_all_must_end_soon() {
    let (first, second) = (("adm", "2030-01-09T00:00:00Z"), ("adm", "2030-01-20T00:00:00Z"));
    let told = only(&mut admin_with(&[second, first]), "warning admin-secret-ends-soon: ");
    assert!(told.contains("2030-01-09"), "{told}");
    assert_eq!(findings(&mut admin_with(&[first, ("adm", "2031-01-01T00:00:00Z")])), [""; 0]);
    // One that has ended is not the one that has just logged in.
    assert_eq!(
        findings(&mut admin_with(&[("adm", "2029-12-31T00:00:00Z"), ("adm", "2031-01-01T00:00:00Z")])),
        [""; 0]
    );
}

#[test]
fn an_end_that_nobody_can_tell_is_no_more_than_an_info() {
    only(&mut admin_with(&[("xyz", "2030-01-09T00:00:00Z")]), "info admin-secret-end-unknown: ");
    only(&mut Cloud { admin: None, ..Cloud::new() }, "info admin-secret-end-unknown: ");
}

#[test]
fn an_app_that_rotates_itself_renews_the_very_secret() {
    assert_eq!(findings_of(&mut admin_with(&[]), own("value-of-old-1")), [""; 0]);
}

// Policies.

fn forbidding() -> Value {
    json!({"restrictionType": "passwordAddition", "maxLifetime": null, "restrictForAppsCreatedAfterDateTime": "2021-01-01T10:37:00Z"})
}

fn limiting(lifetime: &str) -> Value {
    json!({"restrictionType": "passwordLifetime", "maxLifetime": lifetime})
}

fn assigned(restrictions: &[Value]) -> Value {
    json!({"isEnabled": true, "restrictions": {"passwordCredentials": restrictions}})
}

fn default(restrictions: &[Value]) -> Value {
    json!({"isEnabled": true, "applicationRestrictions": {"passwordCredentials": restrictions}})
}

fn governed(own: &[Value], default: Value) -> Cloud {
    Cloud { policies: Some((own.to_vec(), default)), ..Cloud::new() }
}

#[test]
fn a_policy_that_forbids_secrets_is_an_error_wherever_it_stands() {
    only(&mut governed(&[], default(&[forbidding()])), "error policy-forbids-secrets: ");
    only(&mut governed(&[assigned(&[forbidding()])], default(&[])), "error policy-forbids-secrets: ");
}

#[test]
fn a_policy_that_does_not_count_for_the_app_is_no_finding() {
    let off = json!({"isEnabled": false, "applicationRestrictions": {"passwordCredentials": [forbidding()]}});
    assert_eq!(findings(&mut governed(&[], off)), [""; 0]);
    let mut exception = forbidding();
    exception["state"] = "disabled".into();
    assert_eq!(findings(&mut governed(&[assigned(&[exception])], default(&[forbidding()]))), [""; 0]);
    let mut for_new_apps = forbidding();
    for_new_apps["restrictForAppsCreatedAfterDateTime"] = "2025-01-01T00:00:00Z".into();
    assert_eq!(findings(&mut governed(&[], default(&[for_new_apps]))), [""; 0]);
    // Values that the plugin sends none of.
    let custom = json!({"restrictionType": "customPasswordAddition"});
    assert_eq!(findings(&mut governed(&[], default(&[custom]))), [""; 0]);
}

#[test]
fn a_lifetime_is_compared_with_the_setting_and_the_fix_names_the_longest() {
    for (lifetime, fix) in [
        ("P90D", "set expiry_days to 90 or less"),
        ("P4DT12H30M5S", "set expiry_days to 4 or less"),
        ("PT12H", "have the app excepted from the policy: a secret lives for a day at least"),
    ] {
        let (plan, _) = run(&mut governed(&[], default(&[limiting(lifetime)])), |host| {
            AzureAppSecret::preflight(host, &usual().dry_run())
        });
        let notes = plan.unwrap().notes;
        assert!(notes[0].starts_with("error policy-limits-lifetime: "), "{notes:?}");
        assert!(notes[0].contains(lifetime) && notes[0].ends_with(fix), "{notes:?}");
    }
    for enough in ["P365D", "P730DT1H", "PT10000H", "no duration", "P", "PxD"] {
        assert_eq!(findings(&mut governed(&[], default(&[limiting(enough)]))), [""; 0], "{enough}");
    }
    let short = usual().with_setting("expiry_days", SettingValue::Integer(90));
    assert_eq!(findings_of(&mut governed(&[], default(&[limiting("P90D")])), short), [""; 0]);
    let own = assigned(&[limiting("P400D")]);
    assert_eq!(findings(&mut governed(&[own], default(&[limiting("P90D")]))), [""; 0]);
}

#[test]
fn policies_that_the_admin_may_not_read_are_named_with_the_right() {
    let (plan, _) = run(&mut Cloud { policies: None, ..Cloud::new() }, |host| {
        AzureAppSecret::preflight(host, &usual().dry_run())
    });
    let notes = plan.unwrap().notes;
    assert!(
        notes[0].starts_with("info policies-unread: ") && notes[0].contains("Policy.Read.All"),
        "{notes:?}"
    );
}

// The service principal.

#[test]
fn an_app_without_a_service_principal_cannot_be_proven() {
    let mut cloud = Cloud { principal: None, ..Cloud::new() };
    assert!(only(&mut cloud, "error target-not-provable: ").contains("unproven=fail"));
    let saving = usual().with_setting("unproven", text("save"));
    let told = findings_of(&mut cloud, saving);
    assert!(
        told[0].starts_with("warning target-not-provable: ") && told[0].contains("unproven=save"),
        "{told:?}"
    );
}

#[test]
fn a_disabled_service_principal_is_an_error() {
    let principal = json!({"accountEnabled": false, "passwordCredentials": []});
    only(&mut Cloud { principal: Some(principal), ..Cloud::new() }, "error target-disabled: ");
}

#[test]
fn secrets_of_the_service_principal_are_named_unless_they_have_ended() {
    let secret = |number: usize, end: &str| json!({"keyId": format!("key-{number}"), "displayName": "by\nhand", "endDateTime": end});
    let with = |secrets: &[Value]| Cloud {
        principal: Some(json!({"accountEnabled": true, "passwordCredentials": secrets})),
        ..Cloud::new()
    };
    let told = only(
        &mut with(&[secret(1, "2030-05-01T00:00:00Z"), secret(2, "2029-12-31T00:00:00Z")]),
        "warning service-principal-secrets: ",
    );
    assert!(told.ends_with(": key-1 \"by hand\" (ends 2030-05-01T00:00:00Z)"), "{told}");
    let many: Vec<Value> = (0..7).map(|number| secret(number, "2030-05-01T00:00:00Z")).collect();
    assert!(only(&mut with(&many), "warning ").ends_with(" and 2 more"));
    assert_eq!(findings(&mut with(&[secret(1, "2029-12-31T00:00:00Z")])), [""; 0]);
}

// The object as a whole.

fn crowded(entries: usize) -> Cloud {
    let mut cloud = Cloud::new();
    // Two secrets, one list in a list, and the rest.
    cloud.more["requiredResourceAccess"] = json!([{"resourceAccess": [{"type": "Role"}]}]);
    cloud.more["web"] = json!({"redirectUris": vec!["https://app.example.com"; entries - 4]});
    cloud
}

#[test]
fn an_object_that_is_full_or_nearly_full_is_told() {
    assert_eq!(findings(&mut crowded(1099)), [""; 0]);
    assert!(only(&mut crowded(1100), "warning application-nearly-full: ").contains("1100 entries"));
    only(&mut crowded(1199), "warning application-nearly-full: ");
    only(&mut crowded(1200), "error application-full: ");
}

#[test]
fn an_app_for_personal_accounts_is_told_how_slowly_it_may_be_changed() {
    for audience in ["AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"] {
        let mut cloud = Cloud::new();
        cloud.more["signInAudience"] = audience.into();
        cloud.secrets.pop();
        assert!(only(&mut cloud, "info personal-accounts: ").contains("60 changes a minute"));
    }
    let mut cloud = Cloud::new();
    cloud.more["signInAudience"] = "AzureADMultipleOrgs".into();
    assert_eq!(findings(&mut cloud), [""; 0]);
}
