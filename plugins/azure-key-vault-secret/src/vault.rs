//! What is asked of Key Vault, as the admin app.

use std::collections::BTreeMap;

use http::{Method, Response, StatusCode};
use jiff::Timestamp;
use microsoft_graph::{Admin, Refusal, Service, patiently, read_json};
use pamrun_plugin::{Failure, FailureKind, Host, Request};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::refusal::{is_deleted, refused, refuser};
use crate::settings::Settings;

const VERSION: &str = "api-version=7.4";

/// A version of a secret.
#[derive(Deserialize)]
pub struct Secret {
    #[serde(default)]
    pub value: String,
    id: String,
    #[serde(default, rename = "contentType")]
    content_type: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    #[serde(default)]
    attributes: Attributes,
    /// Whether it is the private half of a certificate, which Key Vault itself writes.
    #[serde(default)]
    managed: bool,
}

#[derive(Default, Deserialize)]
struct Attributes {
    enabled: Option<bool>,
}

impl Secret {
    /// The id of the version.
    pub fn version(&self) -> Result<String, Failure> {
        let version =
            self.id.rsplit('/').next().filter(|version| version.len() > 8 && !version.contains('.'));
        version.map(str::to_owned).ok_or_else(|| {
            Failure::uncertain(
                "key-vault-unclear",
                "Key Vault's answer does not say which version it is about",
            )
        })
    }

    /// Whether consumers can read it.
    pub fn is_enabled(&self) -> bool {
        self.attributes.enabled != Some(false)
    }

    /// Refuses a secret that belongs to a certificate.
    pub fn must_be_ours_to_write(&self, settings: &Settings) -> Result<(), Failure> {
        if !self.managed {
            return Ok(());
        }
        let message =
            format!("{} belongs to a certificate of the Key Vault: name another secret", settings.address());
        Err(Failure::denied("secret-managed", message))
    }
}

/// A Key Vault, with the admin app logged in.
pub struct Vault<'a> {
    host: &'a dyn Host,
    service: Service<'a>,
    settings: &'a Settings,
}

impl<'a> Vault<'a> {
    /// Logs in.
    pub fn open(
        host: &'a dyn Host,
        request: &'a Request,
        settings: &'a Settings,
        admin: &'a Admin<'a>,
    ) -> Result<Self, Failure> {
        let service = Service::open(host, request, &settings.authority, &settings.resource, admin)?;
        Ok(Self { host, service, settings })
    }

    /// The newest version; nothing when there is no such secret.
    pub fn latest(&self) -> Result<Option<Secret>, Failure> {
        let path = format!("/secrets/{}", self.settings.name);
        let Some(answer) = self.get(&path)? else { return Ok(None) };
        read_json(answer.body()).map(Some).map_err(|_| {
            Failure::unavailable(
                "key-vault-unreadable",
                "Key Vault's answer is not the secret that was asked for",
            )
        })
    }

    /// Refuses a name that was deleted and can be recovered: nobody can write it.
    pub fn must_not_be_deleted(&self) -> Result<(), Failure> {
        // Whoever may not look at what is deleted finds out when it is written.
        match self.get(&format!("/deletedsecrets/{}", self.settings.name)) {
            Ok(Some(_)) => Err(self.deleted("and can still be recovered")),
            Ok(None) => Ok(()),
            Err(failure) if failure.kind == FailureKind::Denied => Ok(()),
            Err(failure) => Err(failure),
        }
    }

    fn deleted(&self, how: &str) -> Failure {
        let name = &self.settings.name;
        let message = format!(
            "the secret {name} of {} is deleted, {how}: recover it (az keyvault secret recover), purge it, or name another one",
            self.settings.host
        );
        Failure::denied("secret-deleted", message)
    }

    fn get(&self, path: &str) -> Result<Option<Response<Vec<u8>>>, Failure> {
        patiently(self.host, || {
            let sent = self.service.send(&Method::GET, &self.url(path), &[])?;
            let answer = sent.map_err(|error| error.while_reading())?;
            match answer.status() {
                status if status.is_success() => Ok(Some(answer)),
                StatusCode::NOT_FOUND => Ok(None),
                _ => Err(self.refusal(&answer).while_reading(refused)),
            }
        })
    }

    /// Makes a new version, with what the one before it was labelled with.
    pub fn set(&self, value: &str, before: Option<&Secret>, request: &Request) -> Result<Secret, Failure> {
        let body = body(value, before, request).to_string();
        let url = self.url(&format!("/secrets/{}", self.settings.name));
        patiently(self.host, || {
            let sent = self.service.send(&Method::PUT, &url, body.as_bytes())?;
            let answer = sent.map_err(|error| error.while_changing())?;
            if answer.status().is_success() {
                return read_json(answer.body()).map_err(|_| {
                    let message =
                        "Key Vault answered the writing of a secret with something that is not a secret";
                    Failure::uncertain("key-vault-unclear", message)
                });
            }
            Err(self.refusal(&answer).while_changing(|refusal| {
                let deleted = || self.deleted("and its name is taken until it is purged");
                is_deleted(refusal).then(deleted).or_else(|| refused(refusal))
            }))
        })
    }

    fn refusal(&self, answer: &Response<Vec<u8>>) -> Refusal {
        Refusal::of(refuser(self.settings), answer, self.host.now())
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}?{VERSION}", self.settings.host)
    }
}

/// What is written: the value, when it ends, and which credential it is.
fn body(value: &str, before: Option<&Secret>, request: &Request) -> Value {
    let delivered = |setting: &str| {
        let label = request.setting_text(setting).ok()?;
        let update = request.deliver.iter().find(|update| update.label == label)?;
        update.values.first().filter(|value| !value.is_empty())
    };
    let mut tags = before.map(|secret| secret.tags.clone()).unwrap_or_default();
    if let Some(id) = delivered("id_field") {
        tags.insert("CredentialId".to_owned(), id.clone());
    }
    let mut attributes = Map::from_iter([("enabled".to_owned(), Value::Bool(true))]);
    let ends = delivered("expires_field").and_then(|ends| ends.parse::<Timestamp>().ok());
    if let Some(ends) = ends {
        attributes.insert("exp".to_owned(), ends.as_second().into());
    }
    let mut body = json!({"value": value, "tags": tags, "attributes": attributes});
    let own = request.setting_text("content_type").ok();
    let content_type = own.or_else(|| before.and_then(|secret| secret.content_type.as_deref()));
    if let (Some(content_type), Some(body)) = (content_type, body.as_object_mut()) {
        body.insert("contentType".to_owned(), content_type.into());
    }
    body
}
