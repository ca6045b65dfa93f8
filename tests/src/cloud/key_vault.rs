//! A stand-in for one Azure Key Vault of the global cloud, and its secrets.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::Directory;
use crate::net::{Answer, Received};

/// Where it is.
pub const KEY_VAULT: &str = "payroll.vault.azure.net";
/// What tokens for it are for.
pub(super) const RESOURCE: &str = "vault.azure.net";

/// What it holds. What a test changes counts at once.
#[derive(Debug, Default)]
pub struct KeyVault {
    /// The versions of each secret, the newest last: what was put, and its `id`.
    pub secrets: BTreeMap<String, Vec<Value>>,
    /// The secrets that are deleted and can be recovered.
    pub deleted: Vec<String>,
    /// The inner code with which everybody is refused, if everybody is.
    pub refuses: Option<&'static str>,
}

impl KeyVault {
    /// Puts a new version, as somebody at the portal would.
    pub fn put(&mut self, name: &str, body: &Value) -> Value {
        let mut version = body.clone();
        let id = Uuid::new_v4().simple();
        version["id"] = format!("https://{KEY_VAULT}/secrets/{name}/{id}").into();
        self.secrets.entry(name.to_owned()).or_default().push(version.clone());
        version
    }

    /// The value of the newest version; empty when there is none.
    pub fn value(&self, name: &str) -> String {
        let newest = self.secrets.get(name).and_then(|versions| versions.last());
        newest.and_then(|version| version["value"].as_str()).unwrap_or_default().to_owned()
    }

    fn answer(&mut self, request: &Received, behind: usize) -> Answer {
        let refuse = |status, code: &str, inner: Option<&str>| {
            let inner = inner.map(|code| json!({"code": code}));
            Answer::json(
                status,
                &json!({"error": {"code": code, "message": "Refused.", "innererror": inner}}),
            )
        };
        if let Some(inner) = self.refuses {
            return refuse(403, "Forbidden", Some(inner));
        }
        if !request.query().starts_with("api-version=7") {
            return refuse(400, "BadParameter", None);
        }
        let path = request.path();
        let (kind, name) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        let is_deleted = self.deleted.iter().any(|deleted| deleted == name);
        match (request.method.as_str(), kind) {
            ("GET", "secrets") => {
                let versions = self.secrets.get(name).filter(|_| !is_deleted).map_or(&[][..], |all| &all[..]);
                let shown = versions.len().saturating_sub(behind.min(versions.len().saturating_sub(1)));
                match shown.checked_sub(1) {
                    Some(newest) => Answer::json(200, &versions[newest]),
                    None => refuse(404, "SecretNotFound", None),
                }
            }
            ("GET", "deletedsecrets") if is_deleted => Answer::json(200, &json!({"recoveryId": name})),
            ("PUT", "secrets") if is_deleted => {
                refuse(409, "Conflict", Some("ObjectIsDeletedButRecoverable"))
            }
            ("PUT", "secrets") => match serde_json::from_slice::<Value>(&request.body) {
                Ok(body) if body["value"].is_string() => Answer::json(200, &self.put(name, &body)),
                _ => refuse(400, "BadParameter", None),
            },
            _ => refuse(404, "SecretNotFound", None),
        }
    }
}

impl Directory {
    /// Answers a request to the Key Vault; reads are those of so many writes ago.
    pub(super) fn ask_key_vault(&mut self, request: &Received, behind: usize) -> Answer {
        if self.is_let_in(request, RESOURCE) {
            return self.key_vault.answer(request, behind);
        }
        let challenge = format!(
            "Bearer authorization=\"https://login.microsoftonline.com/\", resource=\"https://{RESOURCE}\""
        );
        Answer::json(401, &json!({"error": {"code": "Unauthorized", "message": "AKV10000"}}))
            .with("www-authenticate", challenge)
    }
}
