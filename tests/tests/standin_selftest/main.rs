//! Checks with a plain client that the stand-in cloud behaves as Entra and Graph are known to.

mod consumers;
mod graph;
mod login;
mod trouble;
mod users;
mod watching;

use std::io;
use std::time::Duration;

use http::Method;
use jiff::{SignedDuration, Timestamp};
use pamrun_tests::azure::ADMIN_ROLE;
use pamrun_tests::cloud::{App, Cloud, CollisionForm, Fault, Issued, On, Policy, Propagation, Sovereign};
use pamrun_tests::net::{Client, Reply};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");
const JSON: (&str, &str) = ("content-type", "application/json");

/// A cloud with an admin and a target, and a client of it.
struct Bench {
    cloud: Cloud,
    client: Client,
    admin: App,
    admin_secret: Issued,
    target: App,
    old: Issued,
}

impl Bench {
    fn new() -> Self {
        let cloud = Cloud::new();
        let (admin, target) = (cloud.register("admin"), cloud.register("target"));
        cloud.directory().app(&admin).roles.push(ADMIN_ROLE.to_owned());
        let (admin_secret, old) = (cloud.issue(&admin, "admin"), cloud.issue(&target, "old"));
        let client = Client::new(cloud.address());
        Self { cloud, client, admin, admin_secret, target, old }
    }

    fn post_token(&mut self, host: &str, tenant: &str, form: &[(&str, &str)]) -> io::Result<Reply> {
        let escape = |text| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let fields: Vec<_> = form.iter().map(|(key, value)| format!("{key}={}", escape(value))).collect();
        let url = format!("https://{host}/{tenant}/oauth2/v2.0/token");
        self.client.send(&Method::POST, &url, &[FORM], fields.join("&"))
    }

    fn login(&mut self, app: &App, secret: &str) -> Reply {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &app.app_id),
            ("client_secret", secret),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        self.post_token("login.microsoftonline.com", &app.tenant, &form).unwrap()
    }

    fn bearer(&mut self) -> String {
        let reply = self.login(&self.admin.clone(), &self.admin_secret.value.clone());
        format!("Bearer {}", reply.json["access_token"].as_str().unwrap())
    }

    fn try_graph(&mut self, method: &Method, path: &str, body: Option<&Value>) -> io::Result<Reply> {
        let bearer = self.bearer();
        let url = format!("https://graph.microsoft.com/v1.0/{path}");
        let body = body.map_or_else(String::new, Value::to_string);
        self.client.send(method, &url, &[JSON, ("authorization", &bearer), ("client-request-id", "me")], body)
    }

    fn get(&mut self, path: &str) -> Reply {
        self.try_graph(&Method::GET, path, None).unwrap()
    }

    fn post(&mut self, path: &str, body: &Value) -> Reply {
        self.try_graph(&Method::POST, path, Some(body)).unwrap()
    }

    fn action(&self, action: &str) -> String {
        format!("applications/{}/{action}", self.target.object_id)
    }

    fn add(&mut self, name: &str) -> Reply {
        self.post(&self.action("addPassword"), &json!({"passwordCredential": {"displayName": name}}))
    }

    fn remove(&mut self, key: &str) -> Reply {
        self.post(&self.action("removePassword"), &json!({"keyId": key}))
    }

    /// The number of secrets that a read shows.
    fn listed(&mut self) -> usize {
        let reply = self.get(&format!("applications/{}", self.target.object_id));
        reply.json["passwordCredentials"].as_array().unwrap().len()
    }
}

#[track_caller]
fn is_login_error(reply: &Reply, status: u16, error: &str, code: u32) {
    assert_eq!((reply.status, reply.json["error"].as_str().unwrap()), (status, error), "{:?}", reply.json);
    assert_eq!(reply.json["error_codes"], json!([code]));
    let text = reply.json["error_description"].as_str().unwrap();
    assert!(text.starts_with(&format!("AADSTS{code}: ")) && text.contains("\r\nTrace ID: "), "{text}");
    assert!(reply.json["correlation_id"].is_string() && reply.json["error_uri"].is_string());
}

#[track_caller]
fn is_graph_error(reply: &Reply, status: u16, code: &str) {
    assert_eq!(
        (reply.status, reply.json["error"]["code"].as_str().unwrap()),
        (status, code),
        "{:?}",
        reply.json
    );
    assert!(reply.json["error"]["message"].is_string());
    assert_eq!(reply.json["error"]["innerError"]["client-request-id"], "me");
}
