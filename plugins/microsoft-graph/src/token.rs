//! Logging in at Entra: as an app (OAuth's client credentials grant), and, to try a password, as a
//! user through an app (its password grant).

use std::time::SystemTime;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::header::CONTENT_TYPE;
use http::{Response, StatusCode};
use pamrun_plugin::{Failure, Host, SendError};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

use crate::retry::asked;
use crate::said::{Said, read_json, text};

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
    /// The app is a public client, which no secret logs in.
    PublicClient,
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
    /// The app's proof is not accepted, for a reason that is not known here.
    Rejected,
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
        read_json(answer.body()).map_err(|_| {
            let reason = Reason::Outage { retry_after: None };
            LoginError::new(reason, "the answer to a login is not a token".to_owned())
        })
    }
}

impl LoginError {
    /// Reads an answer that is no token, and that came at the time `now`.
    fn refused(answer: &Response<Vec<u8>>, now: SystemTime) -> Self {
        let status = answer.status();
        let said = Said::of(answer);
        let codes = codes(answer.body());
        let is_outage = status.is_server_error()
            || status == StatusCode::TOO_MANY_REQUESTS
            || said.is("temporarily_unavailable")
            || codes.iter().any(|code| OUTAGES.contains(code));
        let reason = if is_outage {
            Reason::Outage { retry_after: asked(answer, now) }
        } else if let Some(reason) = codes.iter().find_map(|code| reason(*code)) {
            reason
        } else if !said.is("invalid_client") {
            Reason::Other
        } else if codes.is_empty() {
            Reason::WrongSecret
        } else {
            // The codes are refined over time; that it is the client's proof which is wrong stays.
            Reason::Rejected
        };
        let numbers: Vec<_> = codes.iter().map(|code| format!("AADSTS{code}")).collect();
        let mut detail = said.line(status.as_u16());
        if !numbers.iter().all(|number| detail.contains(number)) {
            detail = format!("{detail}; {}", numbers.join(", "));
        }
        Self { codes, ..Self::new(reason, detail) }
    }

    fn new(reason: Reason, detail: String) -> Self {
        Self { reason, codes: Vec::new(), detail }
    }

    /// That a secret is called expired that was made just now: so is one that has not spread yet. `who` says
    /// whose login it was.
    #[must_use]
    pub fn not_yet(&self, who: &str) -> Failure {
        let message = format!("{who} cannot log in: Entra still calls it expired ({})", self.detail);
        Failure::wrong_credential("expired-secret", message)
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
            Reason::PublicClient => Failure::denied(
                "public-client",
                said(
                    "it is a public client, which no secret logs in; in Entra (app registration, Authentication) do \
                     not allow public client flows, or let another app do this",
                ),
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
            Reason::Rejected => Failure::wrong_credential("login-refused", said("Entra refuses")),
            Reason::Other => Failure::denied("login-refused", said("Entra refuses")),
        }
    }
}

/// What Entra says when it may let the same login in a little later.
const OUTAGES: [u32; 7] = [50_000, 50_196, 90_006, 90_024, 90_033, 90_055, 90_090];

/// What a number of Entra's means, whatever else it says.
fn reason(code: u32) -> Option<Reason> {
    Some(match code {
        7_000_215 => Reason::WrongSecret,
        7_000_222 => Reason::ExpiredSecret,
        700_016 => Reason::UnknownApp,
        7_000_229 => Reason::NoServicePrincipal,
        7_000_112 => Reason::AppDisabled,
        700_025 => Reason::PublicClient,
        50_001 | 500_011 => Reason::UnknownService,
        90_002 | 900_021 | 900_023 | 900_382 | 900_432 => Reason::UnknownTenant,
        53_003 | 530_032 => Reason::ConditionalAccess,
        // Of requests and assertions, and of no secret: to try again is of no use.
        7_000_218 | 700_024 | 700_027 | 50_013 => Reason::Other,
        _ => return None,
    })
}

/// The numbers of Entra's errors: those that it lists, or those that stand in what it says.
fn codes(body: &[u8]) -> Vec<u32> {
    let text = text(body);
    let listed = serde_json::from_str::<Value>(&text).ok();
    let listed = listed.as_ref().and_then(|said| said.get("error_codes")?.as_array());
    let number = |code: &Value| code.as_u64().or_else(|| code.as_str()?.parse().ok());
    let listed: Vec<_> =
        listed.into_iter().flatten().filter_map(|code| u32::try_from(number(code)?).ok()).collect();
    if !listed.is_empty() {
        return listed;
    }
    let mut codes = Vec::new();
    for rest in text.split("AADSTS").skip(1) {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let code = rest.get(..digits).and_then(|digits| digits.parse().ok());
        codes.extend(code.filter(|code| !codes.contains(code)));
    }
    codes
}

fn claims(token: &str) -> Option<Claims> {
    let payload = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}

#[cfg(test)]
mod tests {
    use pamrun_plugin::FailureKind;
    use pamrun_plugin::testing::answer;

    use super::*;

    fn refused(status: u16, body: &str) -> LoginError {
        LoginError::refused(&answer(status, body).unwrap(), SystemTime::UNIX_EPOCH)
    }

    fn refused_with(code: u32) -> LoginError {
        let body = serde_json::json!({
            "error": "invalid_client", "error_codes": [code],
            "error_description": format!("AADSTS{code}: Something about it.\r\nTrace ID: t\r\nTimestamp: now"),
            "trace_id": "t1",
        });
        refused(401, &body.to_string())
    }

    #[test]
    fn n12_a_public_client_is_told_as_that() {
        let failure = refused_with(700_025).failure("the app");
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Denied, "public-client"));
        assert!(failure.message.contains("public client"), "{failure}");
    }

    #[test]
    fn n12_numbers_say_more_than_the_word_that_goes_with_them() {
        for (code, reason) in [
            (7_000_215, Reason::WrongSecret),
            (7_000_222, Reason::ExpiredSecret),
            (7_000_112, Reason::AppDisabled),
            (7_000_218, Reason::Other),
            (700_016, Reason::UnknownApp),
            (900_023, Reason::UnknownTenant),
            (90_033, Reason::Outage { retry_after: None }),
            (7_999_999, Reason::Rejected),
        ] {
            assert_eq!(refused_with(code).reason, reason, "{code}");
        }
    }

    #[test]
    fn a_number_that_nobody_knows_is_shown_as_it_came_with_status_and_request() {
        let failure = refused_with(7_999_999).failure("the app");
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::WrongCredential, "login-refused"));
        let said = "Entra refuses (HTTP 401 invalid_client: AADSTS7999999: Something about it.; request t1)";
        assert!(failure.message.ends_with(said), "{failure}");
        let failure = refused(400, r#"{"error":"invalid_request","error_codes":[1]}"#).failure("the app");
        assert_eq!(
            failure.message,
            "the app cannot log in: Entra refuses (HTTP 400 invalid_request; AADSTS1)"
        );
        assert_eq!(failure.kind, FailureKind::Denied);
    }

    #[test]
    fn n14_a_number_is_found_whatever_form_the_answer_has() {
        for body in [
            r#"{"error":"invalid_client","error_codes":[700025],"error_description":null}"#,
            r#"{"error":"invalid_client","error_codes":["700025"]}"#,
            r#"{"error":"invalid_client","error_codes":null,"error_description":"AADSTS700025: Client is public"}"#,
            r#"{"error":{"code":"invalid_client","message":"AADSTS700025: Client is public"}}"#,
            "\u{feff}{\"error\":\"invalid_client\",\"error_codes\":[700025]}",
            "AADSTS700025: Client is public so neither is to be presented.",
        ] {
            assert_eq!(refused(401, body).reason, Reason::PublicClient, "{body}");
        }
        for body in ["", "{}", "<html>AADSTS</html>", r#"{"error_codes":[-1, 99999999999]}"#, "null"] {
            assert_eq!(refused(400, body).reason, Reason::Other, "{body}");
            assert_eq!(refused(502, body).reason, Reason::Outage { retry_after: None }, "{body}");
        }
        assert_eq!(refused(401, r#"{"error":"invalid_client"}"#).reason, Reason::WrongSecret);
    }
}
