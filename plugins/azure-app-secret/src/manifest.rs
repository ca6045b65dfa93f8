//! What the plugin asks for, and the names by which its logic reads it.

use microsoft_graph::{AUTHORITY, GRAPH, SPELLINGS, TOKEN_PATH, ask_for_admin, cloud_settings};
use pamrun_plugin::{Manifest, Place, RecordAsk, RequestRule, SettingSchema, Step, Strategy};

/// Fields of the target record.
pub const OBJECT_ID: &str = "application_object_id";
pub const SECRET_ID: &str = "client_secret_id";
pub const SECRET: &str = "client_secret";
pub const EXPIRES: &str = "expires";

pub fn manifest() -> Manifest {
    let [own, ..] = &SPELLINGS;
    let manifest = Manifest::new("azure-app-secret", env!("CARGO_PKG_VERSION"), Strategy::Overlap)
        .description("Rotates the client secret of an Azure app through Microsoft Graph.")
        .record(
            RecordAsk::target([OBJECT_ID, SECRET_ID, own.client_id, own.client_secret, own.tenant_id])
                .plain([OBJECT_ID, SECRET_ID, own.client_id, own.tenant_id]),
        );
    let manifest = ask_for_admin(manifest)
        .returns(Place::Custom, SECRET_ID, "text")
        .returns(Place::Custom, SECRET, "secret")
        .returns(Place::Custom, EXPIRES, "text");
    requests(cloud_settings(settings(manifest)))
}

fn settings(manifest: Manifest) -> Manifest {
    manifest
        .setting(
            SettingSchema::int("expiry_days", "How many days the new secret is valid.")
                .label("Expiry days")
                .min(1)
                .max(730)
                .default(365),
        )
        .setting(
            SettingSchema::choice(
                "retire",
                ["all", "previous", "none"],
                "Which old secrets are removed once the new one is saved: all that preflight listed, the one \
                 that client_secret_id names, or none.",
            )
            .label("Retire")
            .default("all"),
        )
        .setting(
            SettingSchema::choice(
                "unproven",
                ["fail", "save"],
                "What to do when the app cannot log in at all, so that the new secret cannot be tried (no \
                 service principal, Conditional Access): roll back, or save it and remove nothing.",
            )
            .default("fail"),
        )
        .setting(
            SettingSchema::int("verify_successes", "How many logins in a row must succeed.")
                .min(1)
                .max(20)
                .default(3),
        )
        .setting(SettingSchema::duration("verify_interval", "The pause between those logins.").default("1s"))
        .setting(
            SettingSchema::duration(
                "verify_window",
                "How long the new secret may still be called wrong before it is given up.",
            )
            .default("5m"),
        )
}

fn requests(manifest: Manifest) -> Manifest {
    manifest
        .request(RequestRule::post(AUTHORITY, TOKEN_PATH))
        .request(RequestRule::get(GRAPH, "/v1.0/applications/*").during([
            Step::Preflight,
            Step::Rotate,
            Step::Commit,
            Step::Rollback,
        ]))
        .request(RequestRule::get(GRAPH, "/v1.0/applications(appId='*')").during([Step::Preflight]))
        .request(RequestRule::get(GRAPH, "/v1.0/applications/*/owners").during([Step::Preflight]))
        // For dry runs alone.
        .request(
            RequestRule::get(GRAPH, "/v1.0/applications/*/appManagementPolicies").during([Step::Preflight]),
        )
        .request(
            RequestRule::get(GRAPH, "/v1.0/policies/defaultAppManagementPolicy").during([Step::Preflight]),
        )
        .request(RequestRule::get(GRAPH, "/v1.0/servicePrincipals(appId='*')").during([Step::Preflight]))
        .request(RequestRule::post(GRAPH, "/v1.0/applications/*/addPassword").during([Step::Rotate]))
        .request(
            RequestRule::post(GRAPH, "/v1.0/applications/*/removePassword")
                .during([Step::Commit, Step::Rollback])
                .removing("/keyId"),
        )
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn each_step_is_granted_exactly_the_requests_that_it_sends() {
        let manifest: Value = serde_json::from_str(&manifest().to_json()).unwrap();
        let rules = manifest["requests"].as_array().unwrap();
        let granted = |step: &str| -> Vec<String> {
            let applies = |rule: &&Value| {
                let steps = rule["steps"].as_array().unwrap();
                steps.iter().any(|granted| granted == step || granted == "all")
            };
            let request = |rule: &Value| {
                format!("{} {}", rule["method"].as_str().unwrap(), rule["path"].as_str().unwrap())
            };
            rules.iter().filter(applies).map(request).collect()
        };
        let login = "POST /*/oauth2/v2.0/token";
        let read = "GET /v1.0/applications/*";
        let remove = "POST /v1.0/applications/*/removePassword";
        assert_eq!(
            granted("preflight"),
            [
                login,
                read,
                "GET /v1.0/applications(appId='*')",
                "GET /v1.0/applications/*/owners",
                "GET /v1.0/applications/*/appManagementPolicies",
                "GET /v1.0/policies/defaultAppManagementPolicy",
                "GET /v1.0/servicePrincipals(appId='*')",
            ]
        );
        assert_eq!(granted("rotate"), [login, read, "POST /v1.0/applications/*/addPassword"]);
        assert_eq!(granted("verify"), [login]);
        assert_eq!(granted("commit"), [login, read, remove]);
        assert_eq!(granted("rollback"), [login, read, remove]);
        let removing: Vec<_> = rules.iter().filter(|rule| rule.get("removes").is_some()).collect();
        assert_eq!(removing.len(), 1);
        assert_eq!(
            (removing[0]["path"].as_str(), removing[0]["removes"].as_str()),
            (Some(&remove[5..]), Some("/keyId"))
        );
    }

    #[test]
    fn ids_are_asked_for_as_plain_and_secrets_never_are() {
        let manifest: Value = serde_json::from_str(&manifest().to_json()).unwrap();
        for ask in manifest["records"].as_array().unwrap() {
            let plain: Vec<_> = ask["plain"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert!(SPELLINGS.iter().all(|spelling| !plain.contains(&spelling.client_secret)), "{ask}");
            assert!(!plain.is_empty());
        }
    }
}
