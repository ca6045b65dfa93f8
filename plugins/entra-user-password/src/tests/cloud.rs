//! A stand-in for Entra and Graph: one user, one admin, and faults to order.

use std::time::Duration;

pub use microsoft_graph::testing::Fault;
use microsoft_graph::testing::{Faults, answer_with, form_field, refuse, refuse_login, token};
use pamrun_plugin::testing::{Answer, Sent, answer};
use serde_json::{Value, json};

pub const TENANT: &str = "99999999-0000-4000-8000-000000000009";
pub const OBJECT_ID: &str = "11111111-0000-4000-8000-00000000000a";
pub const UPN: &str = "payroll@example.com";
pub const ADMIN_ID: &str = "33333333-0000-4000-8000-00000000000c";
pub const ADMIN_SECRET: &str = "the-admin-secret";
pub const GRAPH: &str = "graph.microsoft.com";
pub const OLD: &str = "0ld-P@ssword";
/// With everything that a form and JSON must encode.
pub const NEW: &str = "n3w&P=+%\\:\"@[] ~ssword";

/// Key of faults for sign-ins as the user.
pub const SIGN_IN: &str = "grant_type=password";

pub struct Cloud {
    pub password: String,
    /// From when on every backend knows it.
    pub usable_from: Duration,
    /// What a sign-in with the right password is answered with, instead of a token.
    pub next_demand: Option<u32>,
    /// Whether a password that was the user's before is refused.
    pub remembers: bool,
    /// Properties of the user.
    pub user: Value,
    /// From when on reads show that the password was changed.
    pub shows_change_from: Duration,
    /// The `Date` that Graph answers a change with.
    pub date: Option<&'static str>,
    pub account_type: &'static str,
    pub roles: Vec<&'static str>,
    pub wids: Vec<&'static str>,
    /// When the secret ends with which the admin app logs in; nothing where it may not read its own app.
    pub admin_secret_ends: Option<&'static str>,
    pub faults: Faults,
    /// What the last change of the password asked for besides.
    pub force_change: Option<bool>,
    /// Passwords of former times.
    pub before: Vec<String>,
    /// When the password was changed, if it was.
    pub changed: Option<Duration>,
}

impl Cloud {
    /// A user of this directory who may sign in, and an admin who may do all that is needed.
    pub fn new() -> Self {
        Self {
            password: OLD.to_owned(),
            usable_from: Duration::ZERO,
            next_demand: None,
            remembers: false,
            user: json!({
                "id": OBJECT_ID, "userPrincipalName": UPN, "displayName": "Payroll", "accountEnabled": true,
                "userType": "Member", "onPremisesSyncEnabled": null,
                "lastPasswordChangeDateTime": "2029-06-01T00:00:00Z",
            }),
            shows_change_from: Duration::ZERO,
            date: None,
            account_type: "Managed",
            roles: vec!["User-PasswordProfile.ReadWrite.All", "User.Read.All"],
            wids: vec!["fe930be7-5e62-47db-91af-98c3a49a38b1"],
            admin_secret_ends: Some("2031-01-01T00:00:00Z"),
            faults: Faults::new(),
            force_change: None,
            before: Vec::new(),
            changed: None,
        }
    }

    /// The same, with the new password already set.
    pub fn rotated() -> Self {
        Self { password: NEW.to_owned(), changed: Some(Duration::ZERO), ..Self::new() }
    }

    pub fn with(mut self, property: &str, value: impl Into<Value>) -> Self {
        self.user[property] = value.into();
        self
    }

    pub fn failing(mut self, what: &'static str, faults: &[Fault]) -> Self {
        self.faults.extend(faults.iter().map(|fault| (what, fault.clone())));
        self
    }

    pub fn answer(&mut self, sent: &Sent, elapsed: Duration) -> Answer {
        let mut faults = std::mem::take(&mut self.faults);
        let answer = answer_with(&mut faults, sent, || self.apply(sent, elapsed));
        self.faults = faults;
        answer
    }

    fn apply(&mut self, sent: &Sent, elapsed: Duration) -> Answer {
        let name = self.user["userPrincipalName"].as_str().unwrap().replace('#', "%23");
        let path = sent.uri().path();
        let on_user = [OBJECT_ID, &name].iter().any(|id| path == format!("/v1.0/users/{id}"));
        match (sent.uri().host().unwrap(), sent.method().as_str()) {
            ("login.microsoftonline.com", "POST") if path == format!("/{TENANT}/oauth2/v2.0/token") => {
                self.login(sent, elapsed)
            }
            ("login.microsoftonline.com", "GET") if path == format!("/common/UserRealm/{name}") => {
                assert_eq!(sent.uri().query(), Some("api-version=1.0"));
                answer(200, json!({"ver": "1.0", "account_type": self.account_type}).to_string())
            }
            (GRAPH, _) => {
                let bearer = sent.headers().get("authorization").and_then(|value| value.to_str().ok());
                assert!(bearer.is_some_and(|bearer| bearer.starts_with("Bearer token-of-")));
                if path == format!("/v1.0/applications(appId='{ADMIN_ID}')") {
                    return match self.admin_secret_ends {
                        Some(end) => {
                            let secret = json!({"hint": &ADMIN_SECRET[..3], "endDateTime": end});
                            answer(200, json!({"passwordCredentials": [secret]}).to_string())
                        }
                        None => refuse(403, "Authorization_RequestDenied", "Insufficient privileges"),
                    };
                }
                match sent.method().as_str() {
                    _ if !on_user => refuse(404, "Request_ResourceNotFound", "does not exist"),
                    "GET" => self.read(elapsed),
                    _ => self.change(sent, elapsed),
                }
            }
            unexpected => panic!("unexpected: {unexpected:?} {path}"),
        }
    }

    fn login(&self, sent: &Sent, elapsed: Duration) -> Answer {
        let field = |name: &str| form_field(sent, name);
        assert_eq!((field("client_id").as_str(), field("client_secret").as_str()), (ADMIN_ID, ADMIN_SECRET));
        if field("grant_type") == "client_credentials" {
            assert_eq!(field("scope"), format!("https://{GRAPH}/.default"));
            return token(&json!({"roles": self.roles, "wids": self.wids, "oid": "principal-of-admin"}));
        }
        assert_eq!((field("grant_type").as_str(), field("scope").as_str()), ("password", "openid"));
        assert_eq!(self.user["userPrincipalName"], field("username"));
        if field("password") != self.password || elapsed < self.usable_from {
            return refuse_login(400, "invalid_grant", 50_126);
        }
        match self.next_demand {
            Some(code) => refuse_login(400, "invalid_grant", code),
            None => token(&json!({})),
        }
    }

    fn read(&self, elapsed: Duration) -> Answer {
        let mut user = self.user.clone();
        if let Some(changed) = self.changed.filter(|_| elapsed >= self.shows_change_from)
            && user["lastPasswordChangeDateTime"].is_string()
        {
            user["lastPasswordChangeDateTime"] =
                format!("2030-01-01T00:{:02}:00Z", changed.as_secs() / 60).into();
        }
        answer(200, user.to_string())
    }

    fn change(&mut self, sent: &Sent, elapsed: Duration) -> Answer {
        assert_eq!(
            (sent.method().as_str(), sent.headers()["content-type"].as_bytes()),
            ("PATCH", &b"application/json"[..])
        );
        let body: Value = serde_json::from_slice(sent.body()).unwrap();
        let profile = &body["passwordProfile"];
        assert_eq!((body.as_object().unwrap().len(), profile.as_object().unwrap().len()), (1, 2));
        let password = profile["password"].as_str().unwrap().to_owned();
        if self.remembers && (self.password == password || self.before.contains(&password)) {
            return refuse(400, "Request_BadRequest", "The password was used before by this user.");
        }
        self.force_change = profile["forceChangePasswordNextSignIn"].as_bool();
        self.before.push(std::mem::replace(&mut self.password, password));
        self.changed = Some(elapsed);
        let mut done = answer(204, "")?;
        if let Some(date) = self.date {
            done.headers_mut().insert("date", date.parse().unwrap());
        }
        Ok(done)
    }
}
