//! What a dry run finds besides. The clock stands at the beginning of 2030.

use pamrun_plugin::testing::{Reply, answer, rejected, unavailable};
use pamrun_plugin::{Finding, FindingLevel};

use super::cloud::{Fault, POLICY, refuse};
use super::*;

fn found_of(cloud: &mut Cloud, request: Request) -> Vec<Finding> {
    let (plan, _) = run(cloud, |host| AzureAppSecret::preflight(host, &request.dry_run()));
    plan.unwrap().findings
}

fn found(cloud: &mut Cloud) -> Vec<Finding> {
    found_of(cloud, usual())
}

#[track_caller]
fn only(cloud: &mut Cloud, level: FindingLevel, code: &str) -> Finding {
    let mut findings = found(cloud);
    assert_eq!(findings.len(), 1, "{findings:?}");
    let finding = findings.remove(0);
    assert_eq!((finding.level, finding.code.as_str()), (level, code));
    finding
}

#[test]
fn a_dry_run_looks_at_more_than_a_rotation_and_finds_nothing_where_all_is_well() {
    let (plan, calls) = run(&mut Cloud::new(), |host| AzureAppSecret::preflight(host, &usual().dry_run()));
    assert_eq!(plan.unwrap().findings, []);
    assert_eq!(calls, ["token", "app", "admin-app", "object", "policies", "default-policy", "principal"]);
}

#[test]
fn no_look_fails_the_preflight_or_is_repeated() {
    let Fault::Reply(denied) = refuse(403, "Authorization_RequestDenied", "Insufficient privileges") else {
        panic!()
    };
    for reply in [denied, rejected(429).waiting(30), unavailable(503), unavailable(200), unavailable(0)] {
        let looks = ["admin-app", "object", "policies", "principal"];
        let mut cloud = looks
            .iter()
            .fold(Cloud::new(), |cloud, look| cloud.failing(look, &[Fault::Reply(reply.clone())]));
        let findings = found(&mut cloud);
        assert!(findings.iter().all(|finding| finding.level == FindingLevel::Info), "{findings:?}");
        let codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
        assert_eq!(
            codes,
            ["admin-secret-end-unknown", "application-unread", "policies-unread", "service-principal-unread"]
        );
    }
}

#[test]
fn a_secret_of_the_admin_app_that_ends_soon_is_told() {
    let mut cloud = Cloud { admin: answer().with("ends", ["2030-01-09T00:00:00Z"]), ..Cloud::new() };
    let told = only(&mut cloud, FindingLevel::Warning, "admin-secret-ends-soon");
    assert!(told.message.contains("ends 2030-01-09T00:00:00Z"), "{told:?}");
    // An app that rotates itself renews the very secret.
    assert_eq!(found_of(&mut cloud, own()), []);
}

// Policies: whether they are enabled, then of adding what, its state and its beginning; then of the lifetime.

const FORBIDDING: [&str; 3] = ["passwordAddition", "", "2021-01-01T10:37:00Z"];

const NOTHING: [&str; 3] = [""; 3];

fn row(addition: [&'static str; 3], lifetime: [&'static str; 3]) -> [&'static str; 8] {
    let [adding, adding_state, adding_since] = addition;
    let [longest, state, since] = lifetime;
    let kind = if lifetime == NOTHING { "" } else { "passwordLifetime" };
    ["true", adding, adding_state, adding_since, kind, longest, state, since]
}

fn limiting(lifetime: &'static str) -> [&'static str; 8] {
    row(NOTHING, [lifetime, "", ""])
}

fn governed(own: &[[&str; 8]], default: [&str; 8]) -> Cloud {
    let ([_, names @ ..], [enabled, said @ ..]) = (POLICY, default);
    let default_policy = names
        .iter()
        .zip(said)
        .filter(|(_, said)| !said.is_empty())
        .fold(answer().with("enabled", enabled == "true"), |reply, (name, said)| reply.with(name, said));
    Cloud { policies: Cloud::policies(own), default_policy, ..Cloud::new() }
}

#[test]
fn a_policy_that_forbids_secrets_is_an_error_wherever_it_stands() {
    let (forbidding, nothing) = (row(FORBIDDING, NOTHING), row(NOTHING, NOTHING));
    only(&mut governed(&[], forbidding), FindingLevel::Error, "policy-forbids-secrets");
    only(&mut governed(&[nothing, forbidding], nothing), FindingLevel::Error, "policy-forbids-secrets");
}

#[test]
fn a_policy_that_does_not_count_for_the_app_is_no_finding() {
    let forbidding = row(FORBIDDING, NOTHING);
    let mut off = forbidding;
    off[0] = "false";
    assert_eq!(found(&mut governed(&[off], off)), []);
    let exception = row(["passwordAddition", "disabled", ""], NOTHING);
    assert_eq!(found(&mut governed(&[exception], forbidding)), []);
    let for_new_apps = row(["passwordAddition", "", "2025-01-01T00:00:00Z"], NOTHING);
    assert_eq!(found(&mut governed(&[], for_new_apps)), []);
    // Nobody says when the app was made.
    let mut cloud = Cloud { object: answer().with("created", "x"), ..governed(&[], for_new_apps) };
    only(&mut cloud, FindingLevel::Error, "policy-forbids-secrets");
}

#[test]
fn a_lifetime_is_compared_with_the_setting_and_the_fix_names_the_longest() {
    for (lifetime, fix) in [
        ("P90D", "set expiry_days to 90 or less"),
        ("P4DT12H30M5S", "set expiry_days to 4 or less"),
        ("PT12H", "have the app excepted from the policy: a secret lives for a day at least"),
    ] {
        let told =
            only(&mut governed(&[], limiting(lifetime)), FindingLevel::Error, "policy-limits-lifetime");
        assert!(told.message.contains(lifetime) && told.fix.as_deref() == Some(fix), "{told:?}");
    }
    for enough in ["P365D", "P730DT1H", "PT10000H", "no duration", "P", "PxD"] {
        assert_eq!(found(&mut governed(&[], limiting(enough))), [], "{enough}");
    }
    let short = usual().with_setting("expiry_days", 90);
    assert_eq!(found_of(&mut governed(&[], limiting("P90D")), short), []);
    assert_eq!(found(&mut governed(&[limiting("P400D")], limiting("P90D"))), []);
    // The app's own policy excepts it.
    let excepted = row(NOTHING, ["", "disabled", ""]);
    assert_eq!(found(&mut governed(&[excepted], limiting("P90D"))), []);
}

#[test]
fn policies_that_the_admin_may_not_read_are_named_with_the_right() {
    let mut cloud = Cloud { default_policy: rejected(403), ..Cloud::new() };
    let told = only(&mut cloud, FindingLevel::Info, "policies-unread");
    assert!(told.fix.unwrap().contains("Policy.Read.All"));
}

// The service principal.

#[test]
fn an_app_without_a_service_principal_cannot_be_proven() {
    let mut cloud = Cloud { principal: rejected(404), ..Cloud::new() };
    let told = only(&mut cloud, FindingLevel::Error, "target-not-provable");
    assert!(told.message.contains("unproven=fail"));
    let told = found_of(&mut cloud, usual().with_setting("unproven", "save")).remove(0);
    assert_eq!((told.level, told.code.as_str()), (FindingLevel::Warning, "target-not-provable"));
    assert!(told.message.contains("unproven=save"));
}

#[test]
fn a_disabled_service_principal_is_an_error() {
    let mut cloud = Cloud { principal: answer().with("enabled", false), ..Cloud::new() };
    only(&mut cloud, FindingLevel::Error, "target-disabled");
}

#[test]
fn secrets_of_the_service_principal_are_named_unless_they_have_ended() {
    let with = |ends: &[&str]| {
        let ids: Vec<String> = (1..=ends.len()).map(|number| format!("key-{number}")).collect();
        let principal =
            answer().with("key_ids", ids).with("key_names", vec!["by\nhand".to_owned(); ends.len()]);
        Cloud { principal: principal.with("key_ends", ends), ..Cloud::new() }
    };
    let (alive, ended) = ("2030-05-01T00:00:00Z", "2029-12-31T00:00:00Z");
    let told = only(&mut with(&[alive, ended]), FindingLevel::Warning, "service-principal-secrets");
    assert!(told.message.ends_with(": key-1 \"by hand\" (ends 2030-05-01T00:00:00Z)"), "{told:?}");
    let told = only(&mut with(&[alive; 7]), FindingLevel::Warning, "service-principal-secrets");
    assert!(told.message.ends_with(" and 2 more"), "{told:?}");
    assert_eq!(found(&mut with(&[ended])), []);
    // One that says no end lives on.
    let bare = answer().with("key_ids", ["key-1"]);
    let told = only(
        &mut Cloud { principal: bare, ..Cloud::new() },
        FindingLevel::Warning,
        "service-principal-secrets",
    );
    assert!(told.message.ends_with(": key-1"), "{told:?}");
}

// The object as a whole.

fn crowded(entries: i64) -> Reply {
    answer().with("secrets", 2).with("resources", 1).with("permissions", 1).with("web_uris", entries - 4)
}

#[test]
fn an_object_that_is_full_or_nearly_full_is_told() {
    let with = |entries| Cloud { object: crowded(entries), ..Cloud::new() };
    assert_eq!(found(&mut with(1099)), []);
    let told = only(&mut with(1100), FindingLevel::Warning, "application-nearly-full");
    assert!(told.message.contains("1100 entries"), "{told:?}");
    only(&mut with(1199), FindingLevel::Warning, "application-nearly-full");
    only(&mut with(1200), FindingLevel::Error, "application-full");
}

#[test]
fn an_app_for_personal_accounts_is_told_how_slowly_it_may_be_changed() {
    for audience in ["AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"] {
        let mut cloud = Cloud { object: answer().with("audience", audience), ..Cloud::new() };
        let told = only(&mut cloud, FindingLevel::Info, "personal-accounts");
        assert!(told.message.contains("60 changes a minute"));
    }
}
