//! Logging in at Entra: as an app (OAuth's client credentials grant), and, to try a password, as a
//! user through an app (its password grant).

use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Response;
use http::header::CONTENT_TYPE;
use pamrun_plugin::{Failure, Host, SendError, retry_after};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// Where tokens are given out, as a pattern for rules of requests.
pub const TOKEN_PATH: &str = "/*/oauth2/v2.0/token";

/// Which app logs in, and where.
pub struct Login<'a> {
    /// The host that gives out tokens.
    pub authority: &'a str,
    /// What a token is asked for: a resource, and everything that the app was granted there.
    pub scope: String,
    /// The directory's id or one of its domains.
    pub tenant_id: &'a str,
    /// The app's client id.
    pub client_id: &'a str,
    /// The value of its client secret.
    pub client_secret: &'a str,
    /// Sent along for the service's logs.
    pub request_id: &'a str,
}

/// A token, and what it says of its bearer. Nobody verifies the claims: they are good for advice.
pub struct Token {
    /// The token itself, a secret.
    pub bearer: String,
    /// Its claims, where it is a token that can be read.
    pub claims: Option<Claims>,
}

/// What a token says of its bearer.
#[derive(Debug, Deserialize)]
pub struct Claims {
    /// The permissions that the app was granted.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The directory roles that the app holds, by the ids of their templates.
    #[serde(default)]
    pub wids: Vec<String>,
    /// The object id of the app's service principal.
    #[serde(default)]
    pub oid: String,
}

/// Why a login did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The app's secret is wrong, or not known yet.
    WrongSecret,
    /// The app's secret has expired.
    ExpiredSecret,
    /// The tenant has no such app, or not yet.
    UnknownApp,
    /// The app has no service principal in the tenant.
    NoServicePrincipal,
    /// The app is disabled.
    AppDisabled,
    /// The cloud has no such tenant.
    UnknownTenant,
    /// The tenant knows no such service as the token is asked for.
    UnknownService,
    /// Conditional Access does not let it in.
    ConditionalAccess,
    /// Nothing was decided.
    Outage {
        /// The seconds that the service asked to wait.
        retry_after: Option<u32>,
    },
    /// The host's policy does not let the request out.
    NotAllowed,
    /// Anything else; the codes may say more.
    Other,
}

/// A login that did not succeed.
#[derive(Debug)]
pub struct LoginError {
    /// Why.
    pub reason: Reason,
    /// The numbers of Entra's errors (AADSTS).
    pub codes: Vec<u32>,
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
    /// Asks for a token, once.
    ///
    /// # Errors
    /// When there is no token, and why.
    pub fn attempt(&self, host: &dyn Host) -> Result<Token, LoginError> {
        let granted = self.ask(host, &[("grant_type", "client_credentials"), ("scope", &self.scope)])?;
        Ok(Token { claims: claims(&granted.access_token), bearer: granted.access_token })
    }

    /// Signs a user in through the app, once. What it is granted is of no use, and dropped.
    ///
    /// # Errors
    /// When the user is not let in; that the password is right may show all the same.
    pub fn attempt_as(&self, host: &dyn Host, user: &str, password: &str) -> Result<(), LoginError> {
        let form =
            [("grant_type", "password"), ("scope", "openid"), ("username", user), ("password", password)];
        self.ask(host, &form).map(drop)
    }

    fn ask(&self, host: &dyn Host, grant: &[(&str, &str)]) -> Result<Granted, LoginError> {
        let url = format!("https://{}/{}/oauth2/v2.0/token", self.authority, self.tenant_id);
        let app = [("client_id", self.client_id), ("client_secret", self.client_secret)];
        let encode = |(key, value): &(&str, &str)| format!("{key}={}", utf8_percent_encode(value, FORM));
        let body = app.iter().chain(grant).map(encode).collect::<Vec<_>>().join("&");
        let request = http::Request::post(url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("client-request-id", self.request_id)
            .body(body.into_bytes())
            .map_err(|error| LoginError::new(Reason::Other, error.to_string()))?;
        let answer = host.send(request).map_err(|error| {
            let reason = match error {
                SendError::Denied(_) => Reason::NotAllowed,
                // A login changes nothing, so it does not matter whether it arrived.
                SendError::NotSent(_) | SendError::Lost(_) => Reason::Outage { retry_after: None },
            };
            LoginError::new(reason, error.to_string())
        })?;
        if !answer.status().is_success() {
            return Err(LoginError::refused(&answer, host.now()));
        }
        serde_json::from_slice(answer.body()).map_err(|_| {
            let reason = Reason::Outage { retry_after: None };
            LoginError::new(reason, "the answer to a login is not a token".to_owned())
        })
    }
}

impl LoginError {
    /// Reads an answer that is no token, and that came at the time `now`.
    fn refused(answer: &Response<Vec<u8>>, now: SystemTime) -> Self {
        let status = answer.status();
        let refused: Refused = serde_json::from_slice(answer.body()).unwrap_or_default();
        let by_code = refused.error_codes.iter().find_map(|code| {
            Some(match code {
                7_000_215 => Reason::WrongSecret,
                7_000_222 => Reason::ExpiredSecret,
                700_016 => Reason::UnknownApp,
                7_000_229 => Reason::NoServicePrincipal,
                7_000_112 => Reason::AppDisabled,
                500_011 => Reason::UnknownService,
                90_002 | 900_382 | 900_432 => Reason::UnknownTenant,
                53_003 | 530_032 => Reason::ConditionalAccess,
                50_000 | 90_006 | 90_024 | 90_033 | 90_055 | 90_090 => {
                    Reason::Outage { retry_after: retry_after(answer, now) }
                }
                _ => return None,
            })
        });
        let is_outage = status.is_server_error()
            || status == http::StatusCode::TOO_MANY_REQUESTS
            || refused.error == "temporarily_unavailable";
        let reason = match by_code {
            _ if is_outage => Reason::Outage { retry_after: retry_after(answer, now) },
            Some(reason) => reason,
            // The codes are refined over time; that the client's proof is wrong stays.
            None if refused.error == "invalid_client" => Reason::WrongSecret,
            None => Reason::Other,
        };
        let detail = format!("HTTP {} {}, AADSTS {:?}", status.as_u16(), refused.error, refused.error_codes);
        Self { codes: refused.error_codes, ..Self::new(reason, detail) }
    }

    fn new(reason: Reason, detail: String) -> Self {
        Self { reason, codes: Vec::new(), detail }
    }

    /// The failure that it is; `who` says whose login it was.
    #[must_use]
    pub fn failure(&self, who: &str) -> Failure {
        let said = |what: &str| format!("{who} cannot log in: {what} ({})", self.detail);
        match self.reason {
            Reason::WrongSecret => Failure::wrong_credential(
                "wrong-secret",
                said("its client secret is wrong; the value is needed, not the secret's id"),
            ),
            Reason::ExpiredSecret => Failure::wrong_credential(
                "expired-secret",
                said("its client secret has expired; make a new one in Entra and put it into the record"),
            ),
            Reason::UnknownApp => Failure::invalid(
                "unknown-app",
                said("the tenant has no app with this client id; check the client id and the tenant id"),
            ),
            Reason::NoServicePrincipal => Failure::invalid(
                "no-service-principal",
                said("it has no service principal in the tenant; create one (enterprise application)"),
            ),
            Reason::AppDisabled => Failure::denied(
                "app-disabled",
                said("the app is disabled; enable it in Entra (enterprise application, properties)"),
            ),
            Reason::UnknownTenant => Failure::invalid(
                "unknown-tenant",
                said(
                    "there is no such tenant in this cloud; check the tenant id and the settings authority and graph",
                ),
            ),
            Reason::UnknownService => Failure::invalid(
                "unknown-service",
                said(
                    "its tenant knows no service at the host that the token is for; check the settings, graph above \
                     all: the tenant may live in another cloud",
                ),
            ),
            Reason::ConditionalAccess => Failure::denied(
                "conditional-access",
                said(
                    "Conditional Access blocks it from here; let the policy except the app, or allow the address \
                     of this machine",
                ),
            ),
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
