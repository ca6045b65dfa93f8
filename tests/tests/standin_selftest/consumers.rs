//! The Key Vault and the Azure DevOps organization.

use pamrun_tests::cloud::{DEVOPS, KEY_VAULT};

use super::*;

impl Bench {
    /// Sends a request to one of them, with a token for this resource.
    fn ask_consumer(&mut self, method: &Method, resource: &str, url: &str, body: Option<&Value>) -> Reply {
        let (admin, secret) = (self.admin.clone(), self.admin_secret.value.clone());
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &admin.app_id),
            ("client_secret", &secret),
            ("scope", &format!("{resource}/.default")),
        ];
        let token = self.post_token("login.microsoftonline.com", &admin.tenant, &form).unwrap();
        let bearer = format!("Bearer {}", token.json["access_token"].as_str().unwrap());
        let body = body.map_or_else(String::new, Value::to_string);
        self.client.send(method, url, &[JSON, ("authorization", &bearer)], body).unwrap()
    }

    fn vault(&mut self, method: &Method, path: &str, body: Option<&Value>) -> Reply {
        let url = format!("https://{KEY_VAULT}{path}?api-version=7.4");
        self.ask_consumer(method, "https://vault.azure.net", &url, body)
    }

    fn devops(&mut self, method: &Method, path: &str, body: Option<&Value>) -> Reply {
        let url =
            format!("https://{DEVOPS}/contoso{path}/_apis/distributedtask/variablegroups/7?api-version=7.1");
        self.ask_consumer(method, "499b84ac-1321-427f-aa17-267ca6975798", &url, body)
    }
}

#[test]
fn every_put_makes_a_version_and_the_newest_is_shown() {
    let mut bench = Bench::new();
    assert_eq!(bench.vault(&Method::GET, "/secrets/app", None).status, 404);
    let body = |value: &str| json!({"value": value, "tags": {"a": "b"}});
    let ids: Vec<_> = ["one", "two"]
        .iter()
        .map(|value| bench.vault(&Method::PUT, "/secrets/app", Some(&body(value))).json["id"].clone())
        .collect();
    assert_ne!(ids[0], ids[1]);
    let shown = bench.vault(&Method::GET, "/secrets/app", None).json;
    assert_eq!((&shown["value"], &shown["id"], &shown["tags"]["a"]), (&json!("two"), &ids[1], &json!("b")));
}

#[test]
fn a_deleted_name_cannot_be_written_and_a_token_for_graph_is_refused() {
    let mut bench = Bench::new();
    bench.cloud.directory().key_vault.deleted.push("app".to_owned());
    assert_eq!(bench.vault(&Method::GET, "/deletedsecrets/app", None).status, 200);
    let refused = bench.vault(&Method::PUT, "/secrets/app", Some(&json!({"value": "x"})));
    assert_eq!(refused.json["error"]["innererror"]["code"], "ObjectIsDeletedButRecoverable");
    let url = format!("https://{KEY_VAULT}/secrets/app?api-version=7.4");
    let stranger = bench.ask_consumer(&Method::GET, "https://graph.microsoft.com", &url, None);
    assert_eq!(stranger.status, 401);
    assert!(stranger.headers["www-authenticate"].to_str().unwrap().contains("vault.azure.net"));
    bench.cloud.directory().key_vault.refuses = Some("ForbiddenByFirewall");
    assert_eq!(bench.vault(&Method::GET, "/secrets/app", None).status, 403);
}

#[test]
fn a_group_is_taken_as_a_whole_and_secrets_are_never_shown() {
    let mut bench = Bench::new();
    let before = bench.cloud.directory().devops.all_but("");
    let mut group = bench.devops(&Method::GET, "/payroll", None).json;
    assert_eq!(group["variables"]["DATABASE"], json!({"value": null, "isSecret": true}));
    assert_eq!(bench.devops(&Method::PUT, "", Some(&group)).status, 200);
    assert_eq!(bench.cloud.directory().devops.all_but(""), before);
    group["variables"].as_object_mut().unwrap().remove("DATABASE");
    bench.devops(&Method::PUT, "", Some(&group));
    assert!(!bench.cloud.directory().devops.hidden.contains_key("DATABASE"));
    group["variableGroupProjectReferences"] = json!([]);
    assert_eq!(bench.devops(&Method::PUT, "", Some(&group)).status, 401);
}

#[test]
fn whom_it_does_not_know_it_shows_a_page() {
    let mut bench = Bench::new();
    let url =
        format!("https://{DEVOPS}/contoso/payroll/_apis/distributedtask/variablegroups/7?api-version=7.1");
    let stranger = bench.ask_consumer(&Method::GET, "https://graph.microsoft.com", &url, None);
    assert_eq!((stranger.status, stranger.headers["content-type"].to_str().unwrap()), (203, "text/html"));
}
