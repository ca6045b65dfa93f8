//! The plugin against a small stateful Key Vault, in virtual time.

use microsoft_graph::testing::{Fault, Faults, Played, form_field, refuse, token};
use pamrun_plugin::testing::{Answer, FakeHost, Sent, answer, request};
use pamrun_plugin::{
    Credential, Failure, FailureKind, Plan, Plugin, Proof, Request, Role, SettingValue, Update,
};
use serde_json::{Value, json};

use crate::AzureKeyVaultSecret;

const TENANT: &str = "99999999-0000-4000-8000-000000000009";
const ADMIN_SECRET: &str = "adm&in=+%:@[] ~secret";
const NEW: &str = "value-of-new";

#[derive(Default)]
struct Vault {
    versions: Vec<Value>,
    deleted: bool,
    faults: Faults,
    writes: usize,
}

impl Vault {
    fn holding(value: &str) -> Self {
        let mut vault = Self::default();
        vault.put(&json!({"value": value, "contentType": "text/plain", "tags": {"owner": "payroll"}}));
        vault
    }

    fn put(&mut self, body: &Value) -> Value {
        let mut version = body.clone();
        version["id"] =
            format!("https://payroll.vault.azure.net/secrets/app/{:032}", self.versions.len()).into();
        self.versions.push(version.clone());
        version
    }
}

impl Played for Vault {
    fn faults(&mut self) -> &mut Faults {
        &mut self.faults
    }

    fn apply(&mut self, sent: &Sent) -> Answer {
        let (host, path) = (sent.uri().host().unwrap(), sent.uri().path());
        if host == "login.microsoftonline.com" {
            assert_eq!(form_field(sent, "scope"), "https://vault.azure.net/.default");
            return token(&json!({}));
        }
        assert_eq!((host, sent.uri().query()), ("payroll.vault.azure.net", Some("api-version=7.4")));
        match (sent.method().as_str(), path) {
            ("GET", "/secrets/app") => match self.versions.last().filter(|_| !self.deleted) {
                Some(version) => answer(200, version.to_string()),
                None => refuse(404, "SecretNotFound", "not found"),
            },
            ("GET", "/deletedsecrets/app") if self.deleted => answer(200, "{}"),
            ("GET", "/deletedsecrets/app") => refuse(404, "SecretNotFound", "not found"),
            ("PUT", "/secrets/app") if self.deleted => inner(409, "ObjectIsDeletedButRecoverable"),
            ("PUT", "/secrets/app") => {
                self.writes += 1;
                let body = serde_json::from_slice(sent.body()).unwrap();
                answer(200, self.put(&body).to_string())
            }
            other => panic!("unexpected: {other:?}"),
        }
    }
}

fn inner(status: u16, code: &str) -> Answer {
    let error = json!({"error": {"code": "Forbidden", "message": "no", "innererror": {"code": code}}});
    answer(status, error.to_string())
}

fn usual() -> Request {
    let text = |value: &str| SettingValue::Text(value.to_owned());
    let mut request = request(&AzureKeyVaultSecret::manifest())
        .with_record(
            Role::Attached,
            "admin",
            &[("application_client_id", "app"), ("client_secret", ADMIN_SECRET), ("tenant_id", TENANT)],
        )
        .with_setting("key_vault", text("Payroll.vault.azure.net"))
        .with_setting("secret_name", text("app"));
    request.deliver = vec![
        Update::text("client_secret_id", "k2"),
        Update::secret("client_secret", NEW),
        Update::text("expires", "2031-01-01T00:00:00+00:00"),
    ];
    request
}

fn plan() -> Plan {
    let target = "https://payroll.vault.azure.net/secrets/app".to_owned();
    Plan { target, creates: String::new(), removes: Vec::new(), notes: Vec::new() }
}

fn run<T>(vault: &mut Vault, step: impl FnOnce(&FakeHost<'_>) -> Result<T, Failure>) -> Result<T, Failure> {
    let host = FakeHost::new(|sent, _| vault.answer(sent));
    let result = step(&host);
    let mut said = host.logged();
    said.extend(result.as_ref().err().map(|failure| failure.message.clone()));
    for secret in [ADMIN_SECRET, NEW, "Bearer", "token-of"] {
        assert!(!said.iter().any(|line| line.contains(secret)), "{secret} in {said:?}");
    }
    result
}

fn preflight(vault: &mut Vault, request: &Request) -> Result<Plan, Failure> {
    run(vault, |host| AzureKeyVaultSecret::preflight(host, request))
}

fn deliver(vault: &mut Vault, request: &Request) -> Result<Credential, Failure> {
    run(vault, |host| AzureKeyVaultSecret::rotate(host, request, &plan()))
}

fn verify(vault: &mut Vault, credential: &Credential) -> Result<Proof, Failure> {
    run(vault, |host| AzureKeyVaultSecret::verify(host, &usual(), &plan(), credential))
}

#[test]
fn a_new_version_says_which_credential_it_is_and_when_it_ends() {
    let mut vault = Vault::holding("old");
    assert_eq!(preflight(&mut vault, &usual()).unwrap().target, plan().target);
    let made = deliver(&mut vault, &usual()).unwrap();
    assert_eq!(made.handle, format!("{:032}", 1));
    let written = vault.versions.last().unwrap();
    assert_eq!(written["value"], NEW);
    assert_eq!(written["tags"], json!({"owner": "payroll", "CredentialId": "k2"}));
    assert_eq!(written["attributes"], json!({"enabled": true, "exp": 1_924_992_000}));
    assert_eq!(written["contentType"], "text/plain");
    assert_eq!(verify(&mut vault, &made), Ok(Proof::Verified));
}

#[test]
fn a_value_that_is_there_already_makes_no_version() {
    let mut vault = Vault::holding(NEW);
    let made = deliver(&mut vault, &usual()).unwrap();
    assert_eq!((made.handle, vault.writes), (format!("{:032}", 0), 0));
    vault.versions[0]["attributes"] = json!({"enabled": false});
    deliver(&mut vault, &usual()).unwrap();
    assert_eq!(vault.writes, 1);
}

#[test]
fn a_lost_answer_is_uncertain_and_the_next_try_finds_what_was_written() {
    for fault in [Fault::LoseAfter, Fault::AnswerAfter(503)] {
        let mut vault = Vault::holding("old").failing("PUT", fault);
        assert_eq!(deliver(&mut vault, &usual()).unwrap_err().kind, FailureKind::Uncertain);
        deliver(&mut vault, &usual()).unwrap();
        assert_eq!(vault.writes, 1);
    }
}

#[test]
fn what_somebody_else_wrote_after_us_is_no_proof() {
    let mut vault = Vault::holding("old");
    let made = deliver(&mut vault, &usual()).unwrap();
    vault.put(&json!({"value": "theirs"}));
    assert_eq!(verify(&mut vault, &made).unwrap_err().code, "secret-changed");
}

#[test]
fn a_deleted_name_is_found_before_anything_is_touched_and_when_it_is_written() {
    let mut vault = Vault { deleted: true, ..Vault::holding("old") };
    let failure = preflight(&mut vault, &usual()).unwrap_err();
    assert_eq!(failure.code, "secret-deleted");
    assert!(failure.message.contains("az keyvault secret recover"), "{failure}");
    assert_eq!(deliver(&mut vault, &usual()).unwrap_err().code, "secret-deleted");
    let plan = preflight(&mut Vault::default(), &usual()).unwrap();
    assert!(plan.notes[0].starts_with("info vault-secret-new: "));
}

#[test]
fn refusals_say_what_to_do() {
    for (code, expected, words) in [
        ("ForbiddenByRbac", "missing-right", "Key Vault Secrets Officer"),
        ("ForbiddenByPolicy", "missing-right", "get and set"),
        ("ForbiddenByFirewall", "key-vault-firewall", "firewall of the vault"),
        ("ForbiddenByConnection", "key-vault-firewall", "private endpoint"),
    ] {
        let request = usual();
        let host = FakeHost::new(|sent, _| {
            let is_login = sent.uri().path().ends_with("/token");
            if is_login { token(&json!({})) } else { inner(403, code) }
        });
        let failure = AzureKeyVaultSecret::preflight(&host, &request).unwrap_err();
        assert_eq!(failure.code, expected);
        assert!(failure.message.contains(words), "{failure}");
    }
}

#[test]
fn a_refusal_with_a_code_that_nobody_knows_is_shown_as_it_came() {
    let mut vault = Vault::holding("old").failing("PUT", Fault::Refuse(403, "Some_NewCode", "No."));
    let failure = deliver(&mut vault, &usual()).unwrap_err();
    assert_eq!(failure.code, "key-vault-refused");
    assert_eq!(failure.message, "payroll.vault.azure.net refuses (HTTP 403 Some_NewCode: No.)");
}

#[test]
fn a_secret_of_a_certificate_is_left_alone() {
    let mut vault = Vault::holding("old");
    vault.versions[0]["managed"] = true.into();
    assert_eq!(preflight(&mut vault, &usual()).unwrap_err().code, "secret-managed");
}

#[test]
fn settings_are_checked_before_anything_is_asked() {
    let text = |value: &str| SettingValue::Text(value.to_owned());
    for (key, value, code) in [
        ("key_vault", "https://payroll.vault.azure.net", "not-a-key-vault"),
        ("key_vault", "vault.azure.net", "not-a-key-vault"),
        ("key_vault", "payroll.vault.azure.net.evil.example", "not-a-key-vault"),
        ("secret_name", "a/b", "secret-name-malformed"),
        ("field", "other", "field-unknown"),
    ] {
        let request = usual().with_setting(key, text(value));
        assert_eq!(preflight(&mut Vault::default(), &request).unwrap_err().code, code, "{value}");
    }
}
