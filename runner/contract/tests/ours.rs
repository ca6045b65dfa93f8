//! What the manifests of our own plugins make of values and of answers, as far as their judgement counts on it.

#![expect(
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test of our own files"
)]

use std::collections::{BTreeMap, HashMap};

use pamrun_contract::answer::{Answer, Known as Secrets, Seeing, Shown, Verdict};
use pamrun_contract::check::check_source;
use pamrun_contract::manifest::Manifest;
use pamrun_contract::render::{Known, render};
use pamrun_contract::template::Reference;
use pamrun_contract::value::Value;
use serde_json::{Value as Json, json};

const NOW: &str = "2026-11-29T10:00:00Z";

struct Plugin {
    manifest: Manifest,
    values: HashMap<&'static str, Value>,
}

impl Plugin {
    fn of(name: &str, values: &[(&'static str, Value)]) -> Self {
        let file = format!("{}/../../plugins/{name}/plugin.toml", env!("CARGO_MANIFEST_DIR"));
        let (manifest, _) = check_source(&std::fs::read_to_string(file).unwrap()).unwrap();
        Self { manifest, values: values.iter().cloned().collect() }
    }

    /// The body that a request is sent with.
    fn body(&self, request: &str) -> String {
        let values = |reference: &Reference| {
            let known = self.values.get(reference.to_string().as_str()).cloned();
            known.or_else(|| self.manifest.default_of(reference)).map_or(Known::Missing, Known::Value)
        };
        let mut random = |bytes: &mut [u8]| bytes.fill(7);
        let sent = render(&self.manifest, request, &values, NOW.parse().unwrap(), &mut random).unwrap();
        String::from_utf8(sent.body.unwrap().to_vec()).unwrap()
    }

    fn judge(&self, request: &str, status: u16, body: &Json) -> Verdict {
        let given = |reference: &str| self.values.get(reference).cloned();
        let seeing = Seeing { given: &given, known: &Secrets::default(), now: NOW.parse().unwrap() };
        let whole = self.manifest.whole(request, self.manifest.requests.get(request).unwrap());
        let json = vec![("content-type".to_owned(), "application/json".to_owned())];
        whole.takes().judge(&Answer::new(status, json, body.to_string().into_bytes()), &seeing)
    }

    /// What the plugin sees of a success.
    fn shown(&self, request: &str, status: u16, body: &Json) -> BTreeMap<String, Shown> {
        let whole = self.manifest.whole(request, self.manifest.requests.get(request).unwrap());
        match self.judge(request, status, body) {
            Verdict::Success(taken) => {
                whole.takes().show(&taken).map(|(name, shown)| (name.to_owned(), shown)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    /// What the plugin sees of a rejection.
    fn errors(&self, request: &str, status: u16, body: &Json) -> BTreeMap<String, Shown> {
        match self.judge(request, status, body) {
            Verdict::Rejected(rejection) => rejection.errors,
            other => panic!("{other:?}"),
        }
    }
}

fn text(text: &str) -> Shown {
    Shown::Text(text.to_owned())
}

#[test]
fn a_demand_that_follows_the_right_password_is_a_success_and_nothing_else_of_a_refused_sign_in() {
    let entra = Plugin::of("entra-user-password", &[]);
    let refused = |number: u32| json!({"error": "invalid_grant", "error_codes": [number]});
    for number in [
        50_055, 50_072, 50_074, 50_076, 50_079, 50_125, 50_142, 50_158, 53_000, 53_001, 53_002, 53_003,
        53_004, 530_032,
    ] {
        let verdict = entra.judge("sign-in", 400, &refused(number));
        assert!(matches!(verdict, Verdict::Success(_)), "{number}: {verdict:?}");
    }
    for number in [50_126, 50_053, 50_057, 65_001, 7_000_215] {
        let verdict = entra.judge("sign-in", 400, &refused(number));
        assert!(matches!(verdict, Verdict::Rejected(_)), "{number}: {verdict:?}");
    }
    assert!(matches!(entra.judge("sign-in", 503, &refused(50_076)), Verdict::Unavailable { .. }));
    assert!(matches!(entra.judge("sign-in", 200, &json!({})), Verdict::Unavailable { .. }));
    let page = Plugin::of("entra-user-password", &[]).judge("set-password", 200, &json!({"a": "page"}));
    assert!(matches!(page, Verdict::Uncertain { .. }), "{page:?}");
}

fn key_vault() -> Plugin {
    Plugin::of(
        "azure-key-vault-secret",
        &[
            ("setting.key_vault", Value::text("Payroll.vault.azure.net")),
            ("setting.secret_name", Value::text("app")),
            ("admin.tenant_id", Value::text("contoso.example")),
            ("admin.client_id", Value::text("app")),
            ("admin.client_secret", Value::text("the-admin-secret").secret()),
            ("rotation_id", Value::text("11111111-2222-4333-8444-555555555555")),
            ("token.access_token", Value::text("a-token-a-token").secret()),
            ("deliver.value", Value::text("value-of-new").secret()),
        ],
    )
}

#[test]
fn a_version_of_a_secret_keeps_labels_and_says_which_credential_it_is_and_when_it_ends() {
    let mut vault = key_vault();
    assert!(vault.body("token").ends_with("&scope=https%3A%2F%2Fvault.azure.net%2F.default"));
    let bare = json!({"value": "value-of-new", "tags": {}, "attributes": {"enabled": true}});
    assert_eq!(serde_json::from_str::<Json>(&vault.body("put")).unwrap(), bare);
    vault.values.extend([
        ("latest.tags", Value::json(json!({"owner": "payroll", "CredentialId": "k1"})).secret()),
        ("latest.content_type", Value::text("text/plain")),
        ("deliver.id", Value::text("k2")),
        ("deliver.expires", Value::text("2031-01-01T00:00:00+00:00")),
    ]);
    let full = json!({
        "tags": {"owner": "payroll", "CredentialId": "k2"}, "contentType": "text/plain", "value": "value-of-new",
        "attributes": {"enabled": true, "exp": 1_924_992_000},
    });
    assert_eq!(serde_json::from_str::<Json>(&vault.body("put")).unwrap(), full);
    vault.values.insert("setting.content_type", Value::text("application/x-secret"));
    assert!(vault.body("put").contains(r#""contentType":"application/x-secret""#));
}

#[test]
fn a_version_that_holds_the_value_is_told_from_others_and_from_none() {
    let vault = key_vault();
    let version = |value: &str, attributes: Json| json!({"value": value, "id": "https://v/secrets/app/0123456789abcdef", "attributes": attributes});
    let id = text("0123456789abcdef");
    for attributes in [json!({"enabled": true}), json!({})] {
        assert_eq!(vault.shown("compare", 200, &version("value-of-new", attributes))["version"], id);
    }
    for (value, enabled) in [("value-of-new", false), ("Value-of-new", true)] {
        let errors = vault.errors("compare", 200, &version(value, json!({"enabled": enabled})));
        assert_eq!(errors["version"], id);
    }
    let none = json!({"error": {"code": "SecretNotFound", "message": "not found"}});
    assert!(vault.shown("latest", 404, &none).is_empty());
    assert_eq!(vault.errors("compare", 404, &none)["code"], text("SecretNotFound"));
    assert_eq!(vault.shown("latest", 200, &version("any", json!({})))["version"], id);
    let denied =
        json!({"error": {"code": "Forbidden", "message": "no", "innererror": {"code": "ForbiddenByRbac"}}});
    assert_eq!(vault.errors("latest", 403, &denied)["code_inner"], text("ForbiddenByRbac"));
}

fn group() -> Json {
    json!({
        "id": 7, "name": "Payroll secrets", "type": "Vsts", "description": "of the payroll",
        "variables": {
            "Client_Secret": {"value": null, "isSecret": true},
            "OTHER": {"value": null, "isSecret": true},
            "plain": {"value": "as it \u{e9} was", "isReadOnly": true},
        },
        "variableGroupProjectReferences": [{"name": "Payroll secrets", "projectReference": {"id": "p1"}}, {}],
    })
}

fn devops(variable: &str, is_secret: bool) -> Plugin {
    let group = group();
    let mut devops = Plugin::of(
        "azure-devops-variable-group",
        &[
            ("setting.organization", Value::text("contoso")),
            ("setting.project", Value::text("pay roll")),
            ("setting.group", Value::text("PAYROLL secrets")),
            ("setting.variable", Value::text(variable)),
            ("pat.token", Value::text("pat-pat-pat").secret()),
            ("rotation_id", Value::text("11111111-2222-4333-8444-555555555555")),
            ("deliver.value", Value::text("value-of-new").secret()),
            ("group.id", Value::integer(7)),
            ("whole.name", Value::text("Payroll secrets")),
            ("whole.kind", Value::text("Vsts")),
            ("whole.description", Value::text("of the payroll")),
            ("whole.variables", Value::json(group["variables"].clone()).secret()),
            ("whole.references", Value::json(group["variableGroupProjectReferences"].clone()).secret()),
        ],
    );
    if is_secret {
        devops.values.insert("deliver.is_secret", Value::flag(true));
    }
    devops
}

#[test]
fn a_group_is_written_as_it_was_but_for_one_variable() {
    let written = |variable: &str, is_secret: bool| -> Json {
        serde_json::from_str(&devops(variable, is_secret).body("put")).unwrap()
    };
    let mut expected = group();
    expected["variables"]["Client_Secret"]["value"] = "value-of-new".into();
    assert_eq!(written("CLIENT_SECRET", true), expected);
    // What everybody may see makes no secret of a variable, and takes no secret from one.
    assert_eq!(written("client_secret", false), expected);
    let mut expected = group();
    expected["variables"]["plain"] = json!({"value": "value-of-new", "isReadOnly": true});
    assert_eq!(written("PLAIN", false), expected);
    expected["variables"]["plain"]["isSecret"] = true.into();
    assert_eq!(written("PLAIN", true), expected);
    let mut expected = group();
    expected["variables"]["NEW"] = json!({"value": "value-of-new", "isSecret": true});
    assert_eq!(written("NEW", true), expected);
}

#[test]
fn of_a_group_names_and_flags_are_seen_and_what_differs() {
    let plugin = devops("client_SECRET", true);
    let list =
        json!({"count": 2, "value": [{"id": 6, "name": "other"}, {"id": 7, "name": "Payroll Secrets"}]});
    assert_eq!(plugin.shown("by-name", 200, &list)["id"], text("7"));
    assert!(plugin.shown("by-name", 200, &json!({"count": 0, "value": []})).is_empty());
    let seen = plugin.shown("whole", 200, &group());
    let names = ["Client_Secret", "OTHER", "plain"].map(str::to_owned).to_vec();
    assert_eq!((&seen["names"], &seen["is_secret"]), (&Shown::Texts(names), &Shown::Flag(true)));
    assert_eq!(
        (&seen["id"], &seen["kind"], &seen["projects"]),
        (&text("7"), &text("Vsts"), &Shown::Integer(2))
    );
    let mut changed = group();
    changed["variables"]["plain"]["value"] = "by hand".into();
    changed["variables"]["more"] = json!({});
    let differ = Shown::Texts(vec!["plain".to_owned(), "more".to_owned()]);
    assert_eq!(plugin.shown("after", 200, &changed)["changed"], differ);
}

#[test]
fn a_variable_shows_the_value_or_that_it_is_secret_and_a_page_shows_nothing() {
    let mut shows = group();
    shows["variables"]["plain"]["value"] = "value-of-new".into();
    assert!(matches!(devops("PLAIN", false).judge("compare", 200, &shows), Verdict::Success(_)));
    let errors = devops("Client_secret", true).errors("compare", 200, &group());
    assert_eq!((&errors["name"], &errors["is_secret"]), (&text("Payroll secrets"), &Shown::Flag(true)));
    let plugin = devops("PLAIN", false);
    assert!(!plugin.errors("compare", 200, &group()).contains_key("is_secret"));
    for (request, status) in
        [("by-name", 203), ("by-id", 302), ("whole", 203), ("compare", 200), ("after", 302)]
    {
        assert!(!plugin.errors(request, status, &json!({})).contains_key("name"), "{request}");
    }
    for status in [203, 302, 500] {
        let verdict = plugin.judge("put", status, &json!({}));
        assert!(matches!(verdict, Verdict::Uncertain { .. }), "{status}: {verdict:?}");
    }
}
