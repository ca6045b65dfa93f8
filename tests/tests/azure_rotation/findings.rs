//! What a dry run predicts, and that it comes true.

use jiff::{SignedDuration, Timestamp};
use pamrun_tests::azure::{ADMIN_ROLE, Azure, POLICY_ROLE, admin_record};
use pamrun_tests::cloud::{Application, Policy, Seen, Sovereign};
use pamrun_tests::gateway::{Run, VaultKind};
use pamrun_tests::record::set;

#[track_caller]
fn looking(azure: &Azure, settings: &[(&str, &str)]) -> Run {
    let exec = azure.exec().argument("--dry-run");
    azure.run(settings.iter().fold(exec, |exec, (key, value)| exec.set(key, value)))
}

/// Fails unless a dry run finds exactly this. An error ends it; what wants attention is said to people, too.
#[track_caller]
fn finds(azure: &Azure, settings: &[(&str, &str)], found: &str, told: &str) {
    let run = looking(azure, settings);
    let (level, code) = found.split_once(' ').unwrap();
    match level {
        "error" => run.ends("failed", 1).with_code(code),
        _ => run.ends("planned", 0),
    };
    assert_eq!(run.findings(), [found], "{run}");
    let message = run.outcome["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains(told), "{told} is not told\n{run}");
    assert!(level == "info" || run.stderr.contains(message), "{run}");
    insta::assert_snapshot!(found.replace(' ', "-"), run.told_findings());
    assert_eq!(azure.cloud.count("Password"), 0, "{run}");
    azure.expect_unchanged(&run, &[]);
}

fn target(change: impl FnOnce(&mut Application)) -> Azure {
    let azure = Azure::new();
    change(azure.cloud.directory().app(&azure.target));
    azure
}

fn admin(change: impl FnOnce(&mut Application)) -> Azure {
    let azure = Azure::new();
    change(azure.cloud.directory().app(&azure.admin));
    azure
}

fn full(entries: usize) -> Azure {
    // The old secret is an entry as well.
    target(|app| app.redirect_uris = vec!["https://app.example.test".to_owned(); entries - 1])
}

#[test]
fn where_all_is_well_nothing_is_found_and_a_rotation_sends_none_of_the_looks() {
    let azure = Azure::new();
    let run = looking(&azure, &[]);
    run.ends("planned", 0);
    assert_eq!(run.findings(), [""; 0], "{run}");
    let looks = azure.cloud.requests().len();
    let run = azure.rotate(&[]);
    azure.expect_rotated(&run);
    let sent = azure.cloud.requests();
    let is_look = |path: &str| path.contains("Polic") || path.contains("servicePrincipals");
    let count = |seen: &[Seen]| seen.iter().filter(|seen| is_look(seen.path())).count();
    assert_eq!((count(&sent[..looks]), count(&sent[looks..])), (3, 0), "{run}");
}

#[test]
fn the_secret_of_the_admin_app_ends_soon_or_nobody_knows_when() {
    let soon = admin(|app| app.secrets[0].ends = Timestamp::now() + SignedDuration::from_hours(240));
    finds(&soon, &[], "warning admin-secret-ends-soon", "Azure admin");
    let mut azure = Azure::new();
    let elsewhere = azure.cloud.directory().issue_to_principal(&azure.admin, "elsewhere");
    azure.cloud.directory().app(&azure.admin).secrets.clear();
    azure.attached = vec![admin_record(&azure.admin, &elsewhere.value)];
    finds(&azure, &[], "info admin-secret-end-unknown", "none of its secrets");
}

#[test]
fn a_right_that_is_missing_is_named() {
    let role = |role: &str| admin(|app| app.roles = [role, POLICY_ROLE].map(str::to_owned).into());
    finds(&role("Application.Read.All"), &[], "warning permission-missing", "permission");
    finds(&role("Application.ReadWrite.OwnedBy"), &[], "warning not-an-owner", "owner");
    let blind = admin(|app| app.roles = vec![ADMIN_ROLE.to_owned()]);
    finds(&blind, &[], "info policies-unread", "policy");
}

#[test]
fn what_the_record_says_is_compared_with_the_app() {
    let mut azure = Azure::new();
    let client_id = azure.target.app_id.clone();
    set(&mut azure.record.json, "application_object_id", &client_id);
    finds(&azure, &[], "warning client-id-for-object-id", &azure.target.object_id);
    let mut azure = Azure::new();
    let other = azure.target.object_id.clone();
    set(&mut azure.record.json, "client_secret_id", &other);
    finds(&azure, &[("retire", "previous")], "warning previous-secret-unknown", "client_secret_id");
}

#[test]
fn a_slow_or_nearly_full_app_and_secrets_of_its_principal_are_told() {
    let personal = target(|app| app.audience = "AzureADandPersonalMicrosoftAccount".to_owned());
    finds(&personal, &[], "info personal-accounts", "60 changes a minute");
    finds(&full(1150), &[], "warning application-nearly-full", "1150 entries");
    let azure = Azure::new();
    let outliving = azure.cloud.directory().issue_to_principal(&azure.target, "elsewhere");
    finds(&azure, &[], "warning service-principal-secrets", &outliving.key_id);
}

#[test]
fn what_is_called_an_error_does_fail() {
    let short = Policy { longest_days: Some(90), ..Policy::default() };
    let forbidding = Azure::new();
    forbidding.cloud.directory().default_policy = Policy { forbids_secrets: true, ..Policy::default() };
    for (azure, found, told) in [
        (forbidding, "error policy-forbids-secrets", "forbids"),
        (target(|app| app.policy = short), "error policy-limits-lifetime", "P90D"),
        (full(1200), "error application-full", "1200 entries"),
        (target(|app| app.has_principal = false), "error target-not-provable", "unproven=fail"),
        (target(|app| app.disabled = true), "error target-disabled", "disabled"),
    ] {
        finds(&azure, &[], found, told);
        let run = azure.rotate(&[]);
        run.ends("failed", 1);
        azure.expect_unchanged(&run, &[]);
    }
}

#[test]
fn n8_an_app_that_holds_two_secrets_at_most_names_the_one_that_could_go() {
    let azure = target(|app| app.audience = "PersonalMicrosoftAccount".to_owned());
    let other = azure.cloud.issue(&azure.target, "of the night jobs");
    for run in [looking(&azure, &[]), azure.rotate(&[])] {
        run.ends("failed", 1).with_code("application-full");
        let hint = run.outcome["error"]["hint"].as_str().unwrap();
        assert!(hint.starts_with(&format!("remove {} (\"of the night jobs\", ends ", other.key_id)), "{run}");
        assert_eq!(azure.cloud.count("Password"), 0, "{run}");
    }
    let app = azure.target.clone();
    azure.cloud.directory().app(&app).secrets.retain(|secret| secret.key_id != other.key_id);
    azure.expect_rotated(&azure.rotate(&[]));
}

#[test]
fn what_the_fix_says_helps() {
    let azure = target(|app| app.policy = Policy { longest_days: Some(90), ..Policy::default() });
    let fix = looking(&azure, &[]).outcome["findings"][0]["fix"].clone();
    assert_eq!(fix, "set expiry_days to 90 or less");
    let run = azure.rotate(&[("expiry_days", "90")]);
    azure.expect_rotated(&run);
    let azure = target(|app| app.has_principal = false);
    finds(&azure, &[("unproven", "save")], "warning target-not-provable", "unproven=save");
    let run = azure.rotate(&[("unproven", "save")]);
    run.ends("rotated", 0);
    assert_eq!(azure.cloud.count("/removePassword"), 0, "{run}");
}

#[test]
fn each_way_in_which_the_admin_app_is_not_let_in_has_its_own_code() {
    let own = |record: &str, value: &str| {
        let mut azure = Azure::new();
        set(&mut azure.attached[0].json, record, value);
        azure
    };
    let mut is_target = target(|app| app.roles.push(ADMIN_ROLE.to_owned()));
    is_target.attached = vec![admin_record(&is_target.target, &is_target.old.value)];
    for (azure, code) in [
        (admin(|app| app.secrets.clear()), "wrong-secret"),
        (admin(|app| app.secrets[0].ends = Timestamp::now()), "expired-secret"),
        (admin(|app| app.has_principal = false), "no-service-principal"),
        (admin(|app| app.disabled = true), "app-disabled"),
        (admin(|app| app.blocked = Some(53_003)), "conditional-access"),
        (own("tenant_id", "nowhere.example.test"), "unknown-tenant"),
        (own("tenant_id", "common"), "tenant-malformed"),
        (own("application_client_id", "11111111-0000-4000-8000-000000000001"), "unknown-app"),
        (is_target, "admin-is-target"),
    ] {
        let run = looking(&azure, &[]);
        run.with_code(code);
        insta::assert_snapshot!(code, run.told_error());
    }
}

#[test]
fn a_tenant_that_lives_in_the_other_us_cloud_has_its_own_code() {
    // The two share the host that gives out tokens.
    let azure = Azure::with(VaultKind::File, Sovereign::UsGov);
    let other = Sovereign::UsDod.graph();
    let exec = azure.exec().argument("--dry-run").host(other, azure.cloud.address());
    let exec = exec.set("authority", azure.sovereign.login()).set("graph", other);
    let run = azure.run(exec);
    run.with_code("unknown-service");
    insta::assert_snapshot!("unknown-service", run.told_error());
}
