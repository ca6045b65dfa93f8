//! What a dry run predicts.

use jiff::{SignedDuration, Timestamp};
use pamrun_tests::cloud::{Application, Fault, On};
use pamrun_tests::gateway::{Run, VaultKind};

use super::bench::Bench;

/// A user whose password can be set; the admin may read its own application too.
fn bench(change: impl FnOnce(&mut Application)) -> Bench {
    let bench = Bench::new(VaultKind::File, false);
    let mut directory = bench.cloud.directory();
    let admin = directory.app(&bench.admin_app);
    admin.roles.push("Application.Read.All".to_owned());
    change(admin);
    drop(directory);
    bench
}

fn looking(bench: &Bench, settings: &[(&str, &str)]) -> Run {
    let exec = bench.exec().argument("--dry-run");
    settings.iter().fold(exec, |exec, (key, value)| exec.set(key, value)).run(Vec::new)
}

/// Fails unless a dry run finds exactly this, and changes nothing.
#[track_caller]
fn finds(bench: &Bench, settings: &[(&str, &str)], found: &[&str]) {
    let run = looking(bench, settings);
    let is_error = |found: &&str| found.starts_with("error ");
    assert_eq!(run.word("outcome"), if found.iter().any(is_error) { "failed" } else { "planned" }, "{run}");
    assert_eq!(run.findings(), found, "{run}");
    if !found.is_empty() {
        insta::assert_snapshot!(found.join("-").replace(' ', "-"), run.told_findings());
    }
    bench.expect_agreement(&run);
}

#[test]
fn where_all_is_well_nothing_is_found() {
    finds(&bench(|_| {}), &[], &[]);
}

#[test]
fn the_secret_of_the_admin_app_ends_soon_or_nobody_knows_when() {
    let soon = bench(|admin| admin.secrets[0].ends = Timestamp::now() + SignedDuration::from_hours(240));
    finds(&soon, &[], &["warning admin-secret-ends-soon"]);
    let blind = bench(|admin| drop(admin.roles.pop()));
    finds(&blind, &[], &["info admin-secret-end-unknown"]);
}

#[test]
fn a_right_that_is_missing_is_named() {
    let permission = bench(|admin| admin.roles.retain(|role| !role.starts_with("User-")));
    finds(&permission, &[], &["warning permission-missing"]);
    let role = bench(|admin| admin.directory_roles = vec!["0997a1d0-0d1d-4acb-b408-d5ca73121e90".to_owned()]);
    finds(&role, &[], &["warning directory-role-missing"]);
}

#[test]
fn a_disabled_user_cannot_prove_its_password() {
    let bench = bench(|_| {});
    bench.cloud.directory().user(&bench.user).enabled = false;
    finds(&bench, &[], &["warning user-disabled"]);
    finds(
        &bench,
        &[("verify", "prove"), ("force_change", "true")],
        &["error user-disabled", "warning force-change"],
    );
    // A rotation, too, says so before it touches anything.
    let run = bench.exec().set("verify", "prove").run(Vec::new);
    run.ends("failed", 1).with_code("user-disabled");
    bench.expect_agreement(&run);
}

#[test]
fn a_domain_that_nobody_can_tell_anything_about_is_an_info() {
    let bench = bench(|_| {});
    let realm = format!("/common/UserRealm/{}", bench.user.principal_name);
    bench.cloud.fault(On::path(&realm), Fault::DropBeforeApply);
    finds(&bench, &[], &["info federation-unknown"]);
}
