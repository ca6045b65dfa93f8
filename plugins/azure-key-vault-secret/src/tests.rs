//! The judgement of each step, against a Key Vault that is played.

use pamrun_plugin::testing::{FakeHost, Reply, answer, rejected, request, uncertain};
use pamrun_plugin::{Failure, FailureKind, Plan, Plugin, Proof, Request};

use crate::AzureKeyVaultSecret;
use crate::requests::settings;

fn usual() -> Request {
    request(settings::defaults())
        .with_setting("key_vault", "Payroll.vault.azure.net")
        .with_setting("secret_name", "app")
        .with_input("admin.record", "\"admin\" (u2)")
        .delivering(&["client_secret"])
}

fn version(id: &str) -> Reply {
    answer().with("version", id)
}

fn another() -> Reply {
    rejected(200).with("version", "version-0")
}

/// A vault whose secret has another value.
fn vault() -> FakeHost<'static> {
    FakeHost::new()
        .on("latest", |_| version("version-0"))
        .on("deleted", |_| rejected(404).with("code", "SecretNotFound"))
        .on("compare", |_| another())
        .on("put", |_| version("version-1"))
}

fn forbidden(code: &str) -> Reply {
    rejected(403).with("code", "Forbidden").with("code_inner", code).with("message", "no")
}

fn preflight(host: &FakeHost<'_>, request: &Request) -> Result<Plan, Failure> {
    AzureKeyVaultSecret::preflight(host, request)
}

fn rotate(host: &FakeHost<'_>) -> Result<Option<String>, Failure> {
    AzureKeyVaultSecret::rotate(host, &usual(), &Plan::default()).map(|made| made.id)
}

fn verify(host: &FakeHost<'_>) -> Result<Proof, Failure> {
    AzureKeyVaultSecret::verify(host, &usual(), &Plan::default(), Some("version-1"))
}

#[test]
fn a_delivery_looks_before_it_writes_and_reads_back() {
    let host = vault();
    assert_eq!(preflight(&host, &usual()).unwrap().findings, []);
    assert_eq!(rotate(&host), Ok(Some("version-1".to_owned())));
    assert_eq!(host.calls(), ["latest", "compare", "latest", "put"]);
    assert_eq!(verify(&vault().once("compare", version("version-1"))), Ok(Proof::Verified));
}

#[test]
fn a_value_that_is_there_already_makes_no_version() {
    let host = vault().once("compare", version("version-0"));
    assert_eq!(rotate(&host), Ok(Some("version-0".to_owned())));
    assert_eq!(host.calls(), ["compare"]);
}

#[test]
fn a_lost_answer_is_uncertain_and_the_next_try_finds_what_was_written() {
    let host = vault().once("put", uncertain());
    assert_eq!(rotate(&host).unwrap_err().kind, FailureKind::Uncertain);
    assert_eq!(host.count("put"), 1);
}

#[test]
fn what_somebody_else_wrote_after_us_is_no_proof() {
    let failure = verify(&vault()).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Conflict, "secret-changed"));
    assert!(failure.message.contains("\"version-0\" as the newest, and not version-1"), "{failure}");
    assert_eq!(verify(&vault().once("compare", rejected(404))).unwrap_err().code, "secret-changed");
}

#[test]
fn a_deleted_name_is_found_before_anything_is_touched_and_when_it_is_written() {
    let deleted = || vault().once("latest", answer()).once("deleted", answer());
    let failure = preflight(&deleted(), &usual()).unwrap_err();
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "secret-deleted"));
    assert!(failure.fix.unwrap().contains("az keyvault secret recover"));
    let taken = rejected(409).with("code", "Conflict").with("code_inner", "ObjectIsDeletedButRecoverable");
    let failure = rotate(&vault().once("put", taken)).unwrap_err();
    assert_eq!(failure.code, "secret-deleted");
    assert!(failure.message.contains("until it is purged"), "{failure}");
}

#[test]
fn a_secret_that_is_not_there_yet_is_told_also_where_what_is_deleted_may_not_be_seen() {
    for reply in [rejected(404), forbidden("ForbiddenByRbac")] {
        let plan = preflight(&vault().once("latest", answer()).once("deleted", reply), &usual()).unwrap();
        assert_eq!(plan.findings[0].code, "vault-secret-new");
    }
    let gone = vault().once("compare", rejected(404)).once("latest", answer());
    assert_eq!(rotate(&gone), Ok(Some("version-1".to_owned())));
}

#[test]
fn refusals_say_what_to_do() {
    for (code, expected, words) in [
        ("ForbiddenByRbac", "missing-right", "Key Vault Secrets Officer"),
        ("ForbiddenByPolicy", "missing-right", "get and set"),
        ("ForbiddenByFirewall", "key-vault-firewall", "firewall of the vault"),
        ("ForbiddenByConnection", "key-vault-firewall", "where that is"),
    ] {
        let failure = preflight(&vault().once("latest", forbidden(code)), &usual()).unwrap_err();
        assert_eq!(failure.code, expected);
        assert!(failure.fix.unwrap().contains(words), "{code}");
    }
    let strange = rejected(403).with("code", "Some_NewCode").with("message", "No.");
    let failure = rotate(&vault().once("put", strange)).unwrap_err();
    assert_eq!(failure.code, "key-vault-refused");
    assert_eq!(failure.message, "payroll.vault.azure.net refuses (HTTP 403 Some_NewCode: No.)");
    let stranger = rejected(401).with("code", "Unauthorized");
    let failure = preflight(&vault().times(2, "latest", &stranger), &usual()).unwrap_err();
    assert!(failure.code == "token-refused" && failure.message.contains("same tenant"), "{failure}");
}

#[test]
fn a_secret_of_a_certificate_is_left_alone() {
    let managed = || vault().once("latest", version("version-0").with("managed", true));
    assert_eq!(preflight(&managed(), &usual()).unwrap_err().code, "secret-managed");
    let host = managed();
    assert_eq!(rotate(&host).unwrap_err().code, "secret-managed");
    assert_eq!(host.count("put"), 0);
}

#[test]
fn settings_are_judged_before_anything_is_asked() {
    for (key, value, code) in [
        ("key_vault", "vault.azure.net", "not-a-key-vault"),
        ("key_vault", "a.b.vault.azure.net", "not-a-key-vault"),
        ("key_vault", "payroll.vault.azure.net.evil.example", "not-a-key-vault"),
        ("key_vault", "payroll.vault.azure.net:8443", "not-a-key-vault"),
        ("secret_name", "a/b", "secret-name-malformed"),
        ("secret_name", "", "secret-name-malformed"),
    ] {
        let host = vault();
        assert_eq!(preflight(&host, &usual().with_setting(key, value)).unwrap_err().code, code, "{value}");
        assert!(host.calls().is_empty());
    }
}
