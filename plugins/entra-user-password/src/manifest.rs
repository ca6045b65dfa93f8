//! What the plugin asks for, and the names by which its logic reads it.

use microsoft_graph::{AUTHORITY, GRAPH, TOKEN_PATH, ask_for_admin, cloud_settings};
use pamrun_plugin::{Manifest, Place, RecordAsk, RequestRule, SettingSchema, Step, Strategy};

/// Fields of the target record.
pub const LOGIN: &str = "login";
pub const PASSWORD: &str = "password";

pub fn manifest() -> Manifest {
    let manifest = Manifest::new("entra-user-password", env!("CARGO_PKG_VERSION"), Strategy::InPlace)
        .description("Changes the password of an Entra user through Microsoft Graph.")
        .record(RecordAsk::target([LOGIN]).plain([LOGIN]));
    let manifest = ask_for_admin(manifest).returns(Place::Standard, PASSWORD, "password");
    requests(cloud_settings(settings(manifest)))
}

fn settings(manifest: Manifest) -> Manifest {
    manifest
        .setting(
            SettingSchema::text(
                "user",
                "The user: a principal name or an object id. Without it, the record's login.",
            )
            .label("User Principal Name"),
        )
        .setting(
            SettingSchema::text(
                "complexity",
                "How a password is made where the gateway brings none: its length, then at least so many \
                 upper-case letters, lower-case letters, digits and symbols; and which symbols, in Keeper's form.",
            )
            .label("Password complexity")
            .default("32,2,2,2,2"),
        )
        .setting(
            SettingSchema::flag("force_change", "Whether the user must choose another one at the next sign-in.")
                .label("Force password change")
                .default(false),
        )
        .setting(
            SettingSchema::choice(
                "verify",
                ["auto", "prove", "trust"],
                "What counts as proof. prove: only a sign-in as the user. auto: where that cannot be decided, \
                 what Graph says of the last change; the outcome then says unproven. trust: what Graph says, \
                 without any sign-in.",
            )
            .default("auto"),
        )
        .setting(
            SettingSchema::duration(
                "verify_window",
                "How long the new password may still be called wrong, or its change not show.",
            )
            .default("5m"),
        )
}

fn requests(manifest: Manifest) -> Manifest {
    let changing = [Step::Rotate, Step::Rollback];
    let all = [Step::Preflight, Step::Rotate, Step::Verify, Step::Rollback];
    manifest
        .request(RequestRule::post(AUTHORITY, TOKEN_PATH).during(all))
        .request(RequestRule::get(AUTHORITY, "/common/UserRealm/*").during([Step::Preflight]))
        .request(RequestRule::get(GRAPH, "/v1.0/users/*").during(all))
        // For dry runs alone: when the admin app's own secret ends.
        .request(RequestRule::get(GRAPH, "/v1.0/applications(appId='*')").during([Step::Preflight]))
        .request(RequestRule::patch(GRAPH, "/v1.0/users/*").during(changing))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read() -> Value {
        serde_json::from_str(&manifest().to_json()).unwrap()
    }

    #[test]
    fn each_step_is_granted_exactly_the_requests_that_it_sends() {
        let manifest = read();
        let rules = manifest["requests"].as_array().unwrap();
        let granted = |step: &str| -> Vec<String> {
            let applies = |rule: &&Value| rule["steps"].as_array().unwrap().contains(&step.into());
            let request = |rule: &Value| {
                format!("{} {}", rule["method"].as_str().unwrap(), rule["path"].as_str().unwrap())
            };
            rules.iter().filter(applies).map(request).collect()
        };
        let login = "POST /*/oauth2/v2.0/token";
        let (realm, read, change) = ("GET /common/UserRealm/*", "GET /v1.0/users/*", "PATCH /v1.0/users/*");
        let admin = "GET /v1.0/applications(appId='*')";
        assert_eq!(granted("preflight"), [login, realm, read, admin]);
        assert_eq!(granted("rotate"), [login, read, change]);
        assert_eq!(granted("verify"), [login, read]);
        assert_eq!(granted("rollback"), [login, read, change]);
        assert!(granted("commit").is_empty());
    }

    #[test]
    fn of_the_target_only_the_login_is_read_and_only_the_password_updated() {
        let manifest = read();
        assert_eq!(
            manifest["records"][0],
            json!({"role": "target", "fields": ["login"], "plain": ["login"]})
        );
        assert_eq!(
            manifest["returns"],
            json!([{"label": "password", "place": "standard", "type": "password"}])
        );
    }
}
