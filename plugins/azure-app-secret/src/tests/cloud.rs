//! A stand-in for Entra and Graph: one app, one admin, and faults to order.

use std::collections::VecDeque;
use std::time::Duration;

pub use microsoft_graph::testing::Fault;
use microsoft_graph::testing::{Faults, answer_with, form_field, refuse, refuse_login, token};
use pamrun_plugin::testing::{Answer, Sent, answer};
use serde_json::{Value, json};

pub const TENANT: &str = "99999999-0000-4000-8000-000000000009";
pub const OBJECT_ID: &str = "11111111-0000-4000-8000-00000000000a";
pub const APP_ID: &str = "22222222-0000-4000-8000-00000000000b";
pub const ADMIN_ID: &str = "33333333-0000-4000-8000-00000000000c";
/// With everything that a form must encode.
pub const ADMIN_SECRET: &str = "adm&in=+%:@[] ~secret";
pub const GRAPH: &str = "graph.microsoft.com";

/// A secret of the app.
#[derive(Clone)]
pub struct Secret {
    pub id: String,
    pub name: String,
    pub value: String,
    /// From when on logins with it succeed.
    pub usable_from: Duration,
}

pub struct Cloud {
    pub secrets: Vec<Secret>,
    pub faults: Faults,
    /// Lists that are served before the true one, each once.
    pub stale_lists: VecDeque<Vec<Secret>>,
    pub roles: Vec<&'static str>,
    pub owners: Vec<&'static str>,
    /// Properties that the app has besides.
    pub more: Value,
    /// The admin app as Graph shows it; nothing where it is no app of this tenant.
    pub admin: Option<Value>,
    /// The app's service principal, if it has one.
    pub principal: Option<Value>,
    /// The policies of the app, and the tenant's default; nothing where the admin may not read them.
    pub policies: Option<(Vec<Value>, Value)>,
    /// The hosts that it answers for.
    pub hosts: (&'static str, &'static str),
    pub made: usize,
}

pub fn secret(id: &str, name: &str) -> Secret {
    Secret {
        id: id.to_owned(),
        name: name.to_owned(),
        value: format!("value-of-{id}"),
        usable_from: Duration::ZERO,
    }
}

impl Cloud {
    /// The app has two secrets, of which the record knows `old-1`; the admin may change all apps.
    pub fn new() -> Self {
        Self {
            secrets: vec![secret("old-1", "by hand"), secret("old-2", "of a stranger")],
            faults: Faults::new(),
            stale_lists: VecDeque::new(),
            roles: vec!["Application.ReadWrite.All"],
            owners: Vec::new(),
            more: json!({"signInAudience": "AzureADMyOrg", "createdDateTime": "2024-01-01T00:00:00Z"}),
            admin: Some(json!({"passwordCredentials": [
                {"hint": "adm", "endDateTime": "2031-01-01T00:00:00Z"},
                {"hint": "other", "endDateTime": "2030-01-02T00:00:00Z"},
            ]})),
            principal: Some(json!({"accountEnabled": true, "passwordCredentials": []})),
            policies: Some((Vec::new(), json!({"isEnabled": false, "applicationRestrictions": null}))),
            hosts: ("login.microsoftonline.com", GRAPH),
            made: 0,
        }
    }

    pub fn with_secrets(mut self, secrets: &[Secret]) -> Self {
        self.secrets.extend_from_slice(secrets);
        self
    }

    pub fn failing(mut self, path: &'static str, faults: &[Fault]) -> Self {
        self.faults.extend(faults.iter().map(|fault| (path, fault.clone())));
        self
    }

    pub fn ids(&self) -> Vec<&str> {
        self.secrets.iter().map(|secret| secret.id.as_str()).collect()
    }

    pub fn answer(&mut self, sent: &Sent, elapsed: Duration) -> Answer {
        let mut faults = std::mem::take(&mut self.faults);
        let answer = answer_with(&mut faults, sent, || self.apply(sent, elapsed));
        self.faults = faults;
        answer
    }

    fn apply(&mut self, sent: &Sent, elapsed: Duration) -> Answer {
        let path = sent.uri().path();
        let (authority, graph) = self.hosts;
        match sent.uri().host() {
            Some(host) if host == authority && path == format!("/{TENANT}/oauth2/v2.0/token") => {
                self.login(sent, elapsed)
            }
            Some(host) if host == graph => self.graph(sent, path, elapsed),
            host => panic!("unexpected: {host:?} {path}"),
        }
    }

    fn login(&self, sent: &Sent, elapsed: Duration) -> Answer {
        let field = |name: &str| form_field(sent, name);
        assert_eq!(field("grant_type"), "client_credentials");
        assert_eq!(field("scope"), format!("https://{}/.default", self.hosts.1));
        let (client, secret) = (field("client_id"), field("client_secret"));
        let is_right = match client.to_lowercase().as_str() {
            ADMIN_ID => secret == ADMIN_SECRET,
            APP_ID => self.secrets.iter().any(|known| known.value == secret && known.usable_from <= elapsed),
            _ => return refuse_login(400, "unauthorized_client", 700_016),
        };
        if !is_right {
            return refuse_login(401, "invalid_client", 7_000_215);
        }
        token(&json!({"roles": self.roles, "oid": "principal-of-admin"}))
    }

    fn graph(&mut self, sent: &Sent, path: &str, elapsed: Duration) -> Answer {
        let bearer = sent.headers().get("authorization").and_then(|value| value.to_str().ok());
        assert!(bearer.is_some_and(|bearer| bearer.starts_with("Bearer token-of-")));
        assert!(sent.headers().contains_key("client-request-id"));
        let body: Value = serde_json::from_slice(sent.body()).unwrap_or_default();
        let app = format!("/v1.0/applications/{OBJECT_ID}");
        let shown = |what: Option<Value>, status: u16, code: &str| match what {
            Some(what) => answer(200, what.to_string()),
            None => refuse(status, code, "not for you"),
        };
        match path.strip_prefix(&app) {
            Some("/appManagementPolicies") => {
                let assigned = self.policies.as_ref().map(|(assigned, _)| json!({"value": assigned}));
                shown(assigned, 403, "Authorization_RequestDenied")
            }
            None if path == "/v1.0/policies/defaultAppManagementPolicy" => {
                let default = self.policies.as_ref().map(|(_, default)| default.clone());
                shown(default, 403, "Authorization_RequestDenied")
            }
            None if path == format!("/v1.0/servicePrincipals(appId='{APP_ID}')") => {
                shown(self.principal.clone(), 404, "Request_ResourceNotFound")
            }
            None if path == format!("/v1.0/applications(appId='{ADMIN_ID}')") => {
                shown(self.admin.clone(), 404, "Request_ResourceNotFound")
            }
            Some("") => self.list(),
            None if path == format!("/v1.0/applications(appId='{APP_ID}')") => self.list(),
            Some("/owners") => {
                let owners: Vec<Value> = self.owners.iter().map(|id| json!({"id": id})).collect();
                answer(200, json!({"value": owners}).to_string())
            }
            Some("/addPassword") => self.add(&body["passwordCredential"], elapsed),
            Some("/removePassword") => self.remove(&body),
            _ => refuse(404, "Request_ResourceNotFound", "does not exist"),
        }
    }

    fn list(&mut self) -> Answer {
        let secrets = self.stale_lists.pop_front().unwrap_or_else(|| self.secrets.clone());
        let listed: Vec<Value> = secrets
            .iter()
            .map(|secret| json!({"keyId": secret.id, "displayName": secret.name, "endDateTime": "2031-01-01T00:00:00Z", "secretText": null}))
            .collect();
        let mut app = json!({"id": OBJECT_ID, "appId": APP_ID, "displayName": "Payroll", "passwordCredentials": listed});
        for (property, value) in self.more.as_object().unwrap() {
            app[property] = value.clone();
        }
        answer(200, app.to_string())
    }

    fn add(&mut self, asked: &Value, elapsed: Duration) -> Answer {
        self.made += 1;
        let made = Secret {
            usable_from: elapsed,
            ..secret(&format!("new-{}", self.made), asked["displayName"].as_str().unwrap())
        };
        self.secrets.push(made.clone());
        let made = json!({"keyId": made.id, "secretText": made.value, "displayName": made.name, "endDateTime": asked["endDateTime"]});
        answer(200, made.to_string())
    }

    fn remove(&mut self, body: &Value) -> Answer {
        let id = body["keyId"].as_str().unwrap();
        let Some(index) = self.secrets.iter().position(|secret| secret.id == id) else {
            return refuse(400, "Request_BadRequest", "No password credential found with keyId");
        };
        self.secrets.remove(index);
        answer(204, "")
    }
}
