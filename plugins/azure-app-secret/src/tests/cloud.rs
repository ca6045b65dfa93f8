//! A stand-in for Entra and Graph, by request name: one app, one admin, and faults to order.

use std::collections::VecDeque;
use std::time::Duration;

use pamrun_plugin::testing::{Call, Reply, answer, listed, rejected, uncertain};

pub const TENANT: &str = "99999999-0000-4000-8000-000000000009";
pub const OBJECT_ID: &str = "11111111-0000-4000-8000-00000000000a";
pub const APP_ID: &str = "22222222-0000-4000-8000-00000000000b";
pub const ADMIN_ID: &str = "33333333-0000-4000-8000-00000000000c";
pub const END: &str = "2031-01-01T00:00:00Z";

/// What a policy has: the outputs, in their order.
pub const POLICY: [&str; 8] = [
    "enabled",
    "addition",
    "addition_state",
    "addition_since",
    "lifetime",
    "lifetime_longest",
    "lifetime_state",
    "lifetime_since",
];

/// A secret of the app.
#[derive(Clone)]
pub struct Secret {
    pub id: String,
    pub name: String,
}

pub fn secret(id: &str, name: &str) -> Secret {
    Secret { id: id.to_owned(), name: name.to_owned() }
}

/// What goes wrong with one request.
#[derive(Clone)]
pub enum Fault {
    /// Answered so, and not applied.
    Reply(Reply),
    /// Applied, and then nothing is known of it.
    LoseAfter,
}

/// A refusal of Graph.
pub fn refuse(status: u16, code: &str, message: &str) -> Fault {
    Fault::Reply(rejected(status).with("code", code).with("message", message))
}

/// A refusal of a login.
pub fn refuse_login(status: u16, code: &str, number: u32) -> Reply {
    rejected(status).with("code", code).with("codes", vec![number.to_string()])
}

pub struct Cloud {
    pub secrets: Vec<Secret>,
    /// Faults in order, each for the next call of its request.
    pub faults: VecDeque<(&'static str, Fault)>,
    /// Lists that are served before the true one, each once.
    pub stale_lists: VecDeque<Vec<Secret>>,
    /// What the app is known by.
    pub is_known_by_object_id: bool,
    /// From when on logins with the new secret succeed.
    pub accepts_from: Duration,
    pub audience: &'static str,
    pub token: Reply,
    pub owners: Vec<&'static str>,
    pub admin: Reply,
    pub object: Reply,
    pub policies: Reply,
    pub default_policy: Reply,
    pub principal: Reply,
    pub made: usize,
}

impl Cloud {
    /// The app has two secrets, of which the record knows `old-1`; the admin may change all apps.
    pub fn new() -> Self {
        Self {
            secrets: vec![secret("old-1", "by hand"), secret("old-2", "of a stranger")],
            faults: VecDeque::new(),
            stale_lists: VecDeque::new(),
            is_known_by_object_id: true,
            accepts_from: Duration::ZERO,
            audience: "AzureADMyOrg",
            token: Self::token(&["Application.ReadWrite.All"]),
            owners: Vec::new(),
            admin: answer().with("ends", [END]),
            object: answer().with("audience", "AzureADMyOrg").with("created", "2024-01-01T00:00:00Z"),
            policies: Self::policies(&[]),
            default_policy: answer().with("enabled", false),
            principal: answer().with("enabled", true),
            made: 0,
        }
    }

    /// A token whose claims can be read.
    pub fn token(roles: &[&str]) -> Reply {
        answer().with("roles", roles).with("oid", "principal-of-admin")
    }

    /// The policies of the app: each as what it has, in the order of [`POLICY`].
    pub fn policies(rows: &[[&str; 8]]) -> Reply {
        POLICY.iter().enumerate().fold(answer(), |reply, (index, column)| {
            reply.with(column, &rows.iter().map(|row| row[index]).collect::<Vec<_>>()[..])
        })
    }

    pub fn with_secrets(mut self, secrets: &[Secret]) -> Self {
        self.secrets.extend_from_slice(secrets);
        self
    }

    pub fn failing(mut self, request: &'static str, faults: &[Fault]) -> Self {
        self.faults.extend(faults.iter().map(|fault| (request, fault.clone())));
        self
    }

    pub fn ids(&self) -> Vec<&str> {
        self.secrets.iter().map(|secret| secret.id.as_str()).collect()
    }

    pub fn answer(&mut self, call: &Call) -> Reply {
        let next = self.faults.iter().position(|(request, _)| *request == call.request);
        match next.and_then(|index| self.faults.remove(index)) {
            None => self.apply(call),
            Some((_, Fault::Reply(reply))) => reply,
            Some((_, Fault::LoseAfter)) => {
                let _ = self.apply(call);
                uncertain()
            }
        }
    }

    fn apply(&mut self, call: &Call) -> Reply {
        match call.request.as_str() {
            "token" => self.token.clone(),
            "app" if self.is_known_by_object_id => self.list(),
            "app-by-client-id" if !self.is_known_by_object_id => self.list(),
            "app" | "app-by-client-id" => rejected(404).with("code", "Request_ResourceNotFound"),
            "owners" => answer().with("ids", &self.owners[..]),
            "admin-app" => self.admin.clone(),
            "object" => self.object.clone(),
            "policies" => self.policies.clone(),
            "default-policy" => self.default_policy.clone(),
            "principal" => self.principal.clone(),
            "add-password" => self.add(call),
            "login-new" if self.accepts_from <= call.elapsed => answer(),
            "login-new" => refuse_login(401, "invalid_client", 7_000_215),
            "remove-password" => self.remove(call.text("key")),
            other => panic!("unexpected: {other}"),
        }
    }

    fn list(&mut self) -> Reply {
        let secrets = self.stale_lists.pop_front().unwrap_or_else(|| self.secrets.clone());
        let app = answer()
            .with("id", OBJECT_ID)
            .with("app_id", APP_ID)
            .with("name", "Payroll")
            .with("audience", self.audience);
        secrets.iter().fold(app, |app, secret| app.item(listed(&secret.id).label(&secret.name).expires(END)))
    }

    fn add(&mut self, call: &Call) -> Reply {
        self.made += 1;
        let id = format!("new-{}", self.made);
        self.secrets.push(secret(&id, "the marker, which the host writes"));
        answer().with("id", id).with("ends", call.text("ends"))
    }

    fn remove(&mut self, id: &str) -> Reply {
        let Some(index) = self.secrets.iter().position(|secret| secret.id == id) else {
            return rejected(400)
                .with("code", "Request_BadRequest")
                .with("message", "No password credential found with keyId");
        };
        self.secrets.remove(index);
        answer()
    }
}
