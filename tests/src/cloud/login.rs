//! The token endpoint of Entra: client credentials, users through an application, and error codes.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Directory, Sovereign, devops, key_vault};
use crate::net::{Answer, Received};

/// What tokens can be for besides Graph.
const OTHERS: [&str; 2] = [devops::RESOURCE, key_vault::RESOURCE];

pub(super) struct Refusal {
    status: u16,
    error: &'static str,
    code: u32,
    text: String,
}

/// What an application that has logged in is asking for.
enum Grant {
    /// A token of its own.
    App { app_id: String, audience: String },
    /// To be let in as a user.
    User { tenant: String, name: String, password: String },
}

pub(super) fn refuse(status: u16, error: &'static str, code: u32, text: impl Into<String>) -> Refusal {
    Refusal { status, error, code, text: text.into() }
}

/// Decodes a form.
pub(super) fn form(body: &[u8]) -> Vec<(String, String)> {
    let decode = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
    };
    String::from_utf8_lossy(body)
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// Who a token request says it is: the client id of the form, or of the `Authorization` header.
pub(super) fn client_id(request: &Received) -> Option<String> {
    let fields = form(&request.body);
    let named = fields.into_iter().find(|(key, _)| key == "client_id").map(|(_, value)| value);
    named.or_else(|| basic(request).map(|(id, _)| id))
}

/// Which user a token request signs in.
pub(super) fn username(request: &Received) -> Option<String> {
    form(&request.body).into_iter().find(|(key, _)| key == "username").map(|(_, value)| value)
}

fn basic(request: &Received) -> Option<(String, String)> {
    let encoded = request.header("authorization").strip_prefix("Basic ")?;
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decode = |part| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
    Some((decode(id), decode(secret)))
}

impl Directory {
    /// Answers a request to a host that gives out tokens.
    pub(super) fn token(&mut self, request: &Received) -> Answer {
        if let Some(name) = Self::realm_asked(request) {
            return self.realm(&name);
        }
        let answer = match self.judge_login(request) {
            Ok(Grant::App { app_id, audience }) => {
                let token = self.issue_token(&app_id, &audience);
                let body = json!({"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599, "access_token": token});
                Ok(Answer::json(200, &body))
            }
            Ok(Grant::User { tenant, name, password }) => self.sign_in(&tenant, &name, &password),
            Err(refusal) => Err(refusal),
        };
        match answer {
            Ok(answer) => answer.with("cache-control", "no-store, no-cache"),
            Err(refusal) => refusal.answer(),
        }
    }

    fn judge_login(&mut self, request: &Received) -> Result<Grant, Refusal> {
        let path = request.path();
        let tenant = path.trim_start_matches('/').split('/').next().unwrap().to_owned();
        if request.method != "POST" || path != format!("/{tenant}/oauth2/v2.0/token") {
            return Err(refuse(404, "invalid_request", 90_023, "There is nothing here."));
        }
        if !request.header("content-type").starts_with("application/x-www-form-urlencoded") {
            return Err(refuse(400, "invalid_request", 900_144, "The request body must be a form."));
        }
        let fields = form(&request.body);
        let field = |key: &str| fields.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
        let for_user = field("grant_type").as_deref() == Some("password");
        if !for_user && field("grant_type").as_deref() != Some("client_credentials") {
            return Err(refuse(400, "unsupported_grant_type", 70_003, "The grant type is not supported."));
        }
        if ["common", "consumers", "organizations"].contains(&tenant.as_str()) {
            let text = format!("The grant type is not supported over the /{tenant} endpoint.");
            return Err(refuse(400, "invalid_request", 9_001_023, text));
        }
        let scope = field("scope").unwrap_or_default();
        let audience = if for_user && scope == "openid" { None } else { Some(judge_scope(&scope)?) };
        let known = self.tenants.iter().find(|known| known.id == tenant || known.domain == tenant);
        let Some(known) = known.filter(|known| known.sovereign.login() == request.host) else {
            let text = format!("Tenant '{tenant}' not found. Check to make sure you have the right cloud.");
            return Err(refuse(400, "invalid_request", 90_002, text));
        };
        // The login host of the US clouds serves two Graphs; a tenant lives in one of them.
        let graph = known.sovereign.graph();
        let is_other =
            |audience: &String| OTHERS.contains(&audience.as_str()) && known.sovereign == Sovereign::Global;
        let other = audience.clone().filter(is_other);
        if let Some(audience) = audience.filter(|audience| other.is_none() && audience != graph) {
            let text =
                format!("The resource principal named https://{audience} was not found in the tenant.");
            return Err(refuse(400, "invalid_resource", 500_011, text));
        }
        let tenant = known.id.clone();
        let (app_id, secret) = match (basic(request), field("client_id"), field("client_secret")) {
            (Some((id, secret)), ..) => (id, Some(secret)),
            (None, id, secret) => (id.unwrap_or_default(), secret),
        };
        let assertion = field("client_assertion").is_some();
        let Some(app) = self.find_mut(|app| app.ids.app_id == app_id && app.ids.tenant == tenant) else {
            let text = format!("Application with identifier '{app_id}' was not found in the directory.");
            return Err(refuse(400, "unauthorized_client", 700_016, text));
        };
        if !app.has_principal {
            let text =
                format!("The client application '{app_id}' is missing service principal in the tenant.");
            return Err(refuse(400, "unauthorized_client", 7_000_229, text));
        }
        if app.disabled {
            return Err(refuse(400, "unauthorized_client", 7_000_112, "The application is disabled."));
        }
        let Some(secret) = secret else {
            return Err(if assertion {
                refuse(
                    401,
                    "invalid_client",
                    700_027,
                    "The certificate is not registered on the application.",
                )
            } else {
                let text = "The request body must contain: 'client_assertion' or 'client_secret'.";
                refuse(401, "invalid_client", 7_000_218, text)
            });
        };
        let now = Timestamp::now();
        let matching: Vec<_> = app.all_secrets().filter(|known| known.value == secret).collect();
        if !matching.is_empty() && matching.iter().all(|known| known.ends <= now) {
            return Err(refuse(
                401,
                "invalid_client",
                7_000_222,
                "The provided client secret keys are expired.",
            ));
        }
        let valid = matching.iter().any(|known| known.starts <= now && now < known.ends);
        if !valid || !app.probe(&secret) {
            return Err(Refusal::wrong_secret());
        }
        if let Some(code) = app.blocked {
            let status = if code == 53_003 { 400 } else { 401 };
            let text = "Access has been blocked by Conditional Access policies.";
            return Err(refuse(status, "invalid_grant", code, text));
        }
        if for_user {
            let [name, password] = ["username", "password"].map(|key| field(key).unwrap_or_default());
            return Ok(Grant::User { tenant, name, password });
        }
        Ok(Grant::App { app_id, audience: other.unwrap_or_else(|| graph.to_owned()) })
    }
}

fn judge_scope(scope: &str) -> Result<String, Refusal> {
    let resource = scope.strip_suffix("/.default");
    if resource == Some(devops::RESOURCE) {
        return Ok(devops::RESOURCE.to_owned());
    }
    let host = resource.and_then(|resource| resource.strip_prefix("https://"));
    let Some(host) = host.filter(|host| !host.is_empty() && !host.contains(['/', ' '])) else {
        return Err(refuse(400, "invalid_scope", 70_011, "The provided value for 'scope' is not valid."));
    };
    if Sovereign::of_graph(host).is_none() && host != key_vault::RESOURCE {
        let text = format!("The resource principal named https://{host} was not found in the tenant.");
        return Err(refuse(400, "invalid_resource", 500_011, text));
    }
    Ok(host.to_owned())
}

/// What whoever logs in with a wrong secret is told.
pub(super) fn wrong_secret() -> Answer {
    Refusal::wrong_secret().answer()
}

impl Refusal {
    fn wrong_secret() -> Self {
        let text = "Invalid client secret provided. Ensure the secret being sent in the request is the client \
                    secret value, not the client secret ID.";
        refuse(401, "invalid_client", 7_000_215, text)
    }

    fn answer(self) -> Answer {
        Answer::json(self.status, &error_body(self.error, self.code, &self.text))
    }
}

/// The body of a failure, in Entra's form.
pub fn error_body(error: &str, code: u32, text: &str) -> Value {
    let [trace, correlation] = [Uuid::new_v4(), Uuid::new_v4()].map(|id| id.to_string());
    let time = Timestamp::now().strftime("%Y-%m-%d %H:%M:%SZ");
    json!({
        "error": error,
        "error_description":
            format!("AADSTS{code}: {text}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {time}"),
        "error_codes": [code],
        "timestamp": time.to_string(),
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
    })
}
