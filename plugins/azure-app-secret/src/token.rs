//! Logging in as an app: the OAuth client credentials grant of Entra.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Response;
use http::header::CONTENT_TYPE;
use pamrun_plugin::{Failure, Host, SendError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::cloud::Cloud;
use crate::refusal::retry_after;

/// Who logs in, and where.
pub struct Login<'a> {
    pub cloud: &'a Cloud,
    pub tenant_id: &'a str,
    pub client_id: &'a str,
    pub client_secret: &'a str,
    /// Sent along for the service's logs.
    pub request_id: &'a str,
}

/// A token, and what it says of its bearer. Nobody verifies the claims: they are good for advice.
pub struct Token {
    pub bearer: String,
    pub claims: Option<Claims>,
}

/// What a token says of its bearer.
#[derive(Debug, Deserialize)]
pub struct Claims {
    /// The Graph permissions that the app was granted.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The object id of the app's service principal.
    #[serde(default)]
    pub oid: String,
}

/// Why a login did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    WrongSecret,
    ExpiredSecret,
    UnknownApp,
    NoServicePrincipal,
    AppDisabled,
    UnknownTenant,
    ConditionalAccess,
    /// Nothing was decided.
    Outage {
        retry_after: Option<u32>,
    },
    /// The host's policy does not let the request out.
    NotAllowed,
    Other,
}

/// A login that did not succeed.
#[derive(Debug)]
pub struct LoginError {
    pub reason: Reason,
    /// What the service or the host said, without secrets.
    detail: String,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
}

#[derive(Default, Deserialize)]
struct Refused {
    #[serde(default)]
    error: String,
    #[serde(default)]
    error_codes: Vec<u32>,
}

/// RFC 3986's unreserved characters stay; secrets may contain any other.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

impl Login<'_> {
    /// Asks for a token for Graph, once.
    pub fn attempt(&self, host: &dyn Host) -> Result<Token, LoginError> {
        let url = format!("https://{}/{}/oauth2/v2.0/token", self.cloud.authority, self.tenant_id);
        let scope = self.cloud.scope();
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", self.client_id),
            ("client_secret", self.client_secret),
            ("scope", scope.as_str()),
        ];
        let body = form.map(|(key, value)| format!("{key}={}", utf8_percent_encode(value, FORM))).join("&");
        let request = http::Request::post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("client-request-id", self.request_id)
            .body(body.into_bytes())
            .map_err(|error| LoginError { reason: Reason::Other, detail: error.to_string() })?;
        let answer = host.send(request).map_err(|error| LoginError {
            reason: match error {
                SendError::Denied(_) => Reason::NotAllowed,
                // A login changes nothing, so it does not matter whether it arrived.
                SendError::NotSent(_) | SendError::Lost(_) => Reason::Outage { retry_after: None },
            },
            detail: error.to_string(),
        })?;
        if !answer.status().is_success() {
            return Err(LoginError::from(&answer));
        }
        let granted: Granted = serde_json::from_slice(answer.body()).map_err(|_| LoginError {
            reason: Reason::Outage { retry_after: None },
            detail: "the answer to a login is not a token".to_owned(),
        })?;
        Ok(Token { claims: claims(&granted.access_token), bearer: granted.access_token })
    }
}

impl From<&Response<Vec<u8>>> for LoginError {
    fn from(answer: &Response<Vec<u8>>) -> Self {
        let status = answer.status();
        let refused: Refused = serde_json::from_slice(answer.body()).unwrap_or_default();
        let by_code = refused.error_codes.iter().find_map(|code| {
            Some(match code {
                7_000_215 => Reason::WrongSecret,
                7_000_222 => Reason::ExpiredSecret,
                700_016 => Reason::UnknownApp,
                7_000_229 => Reason::NoServicePrincipal,
                7_000_112 => Reason::AppDisabled,
                90_002 | 900_382 | 900_432 => Reason::UnknownTenant,
                53_003 | 530_032 => Reason::ConditionalAccess,
                50_000 | 90_006 | 90_024 | 90_033 | 90_055 | 90_090 => {
                    Reason::Outage { retry_after: retry_after(answer) }
                }
                _ => return None,
            })
        });
        let is_outage = status.is_server_error()
            || status == http::StatusCode::TOO_MANY_REQUESTS
            || refused.error == "temporarily_unavailable";
        let reason = match by_code {
            _ if is_outage => Reason::Outage { retry_after: retry_after(answer) },
            Some(reason) => reason,
            // The codes are refined over time; that the client's proof is wrong stays.
            None if refused.error == "invalid_client" => Reason::WrongSecret,
            None => Reason::Other,
        };
        Self {
            reason,
            detail: format!("HTTP {} {}, AADSTS {:?}", status.as_u16(), refused.error, refused.error_codes),
        }
    }
}

impl LoginError {
    /// The failure that it is; `who` says whose login it was.
    pub fn failure(&self, who: &str) -> Failure {
        let said = |what: &str| format!("{who} cannot log in: {what} ({})", self.detail);
        match self.reason {
            Reason::WrongSecret => Failure::wrong_credential(
                "wrong-secret",
                said("its client secret is wrong; the value is needed, not the secret's id"),
            ),
            Reason::ExpiredSecret => {
                Failure::wrong_credential("expired-secret", said("its client secret has expired"))
            }
            Reason::UnknownApp => {
                Failure::invalid("unknown-app", said("the tenant has no app with this client id"))
            }
            Reason::NoServicePrincipal => Failure::invalid(
                "no-service-principal",
                said("it has no service principal in the tenant; create one (enterprise application)"),
            ),
            Reason::AppDisabled => Failure::denied("app-disabled", said("the app is disabled")),
            Reason::UnknownTenant => Failure::invalid(
                "unknown-tenant",
                said(
                    "there is no such tenant in this cloud; check the tenant id and the settings authority and graph",
                ),
            ),
            Reason::ConditionalAccess => {
                Failure::denied("conditional-access", said("Conditional Access blocks it from here"))
            }
            Reason::Outage { retry_after } => {
                Failure::unavailable("login-unavailable", said("the service does not answer now"))
                    .retry_after(retry_after)
            }
            Reason::NotAllowed => Failure::denied("request-denied", self.detail.clone()),
            Reason::Other => Failure::denied("login-refused", said("the service refuses")),
        }
    }
}

fn claims(token: &str) -> Option<Claims> {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}
