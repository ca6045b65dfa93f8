//! The log of requests, without bodies, and what no request may look like.

use super::login::{client_id, username};
use super::{DEVOPS, KEY_VAULT, Sovereign};
use crate::canary::Canaries;
use crate::net::Received;

/// A request as the cloud saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which connection it came on; each is one TLS handshake.
    pub connection: usize,
    /// The host.
    pub host: String,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// Who asks for a token, if that is what this is.
    pub client_id: Option<String>,
    /// Which user it signs in, if that is what this is.
    pub username: Option<String>,
    /// The `client-request-id`, if there is one.
    pub client_request_id: Option<String>,
    /// The status of the answer; none when the connection was broken.
    pub status: Option<u16>,
}

impl Seen {
    pub(super) fn of(request: &Received) -> Self {
        let id = request.header("client-request-id");
        Self {
            connection: request.connection,
            host: request.host.clone(),
            method: request.method.clone(),
            target: request.target.clone(),
            client_id: client_id(request),
            username: username(request),
            client_request_id: (!id.is_empty()).then(|| id.to_owned()),
            status: None,
        }
    }

    /// The path without the query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap()
    }
}

/// Lists what is wrong with requests, whatever their answers.
pub(super) fn violations(requests: &[Received], secrets: &[String]) -> Vec<String> {
    let canaries = Canaries::new(secrets.iter().map(|secret| ("a secret".to_owned(), secret.clone())));
    requests.iter().flat_map(|request| violations_in(request, &canaries)).collect()
}

fn violations_in(request: &Received, canaries: &Canaries) -> Vec<String> {
    let mut found = Vec::new();
    let path = request.path();
    let line = format!("{} {}{path}", request.method, request.host);
    if request.server_name != request.host {
        found.push(format!("{line}: the TLS name was {}", request.server_name));
    }
    let changes = matches!(request.method.as_str(), "POST" | "PATCH" | "PUT");
    if changes && !request.has_length() {
        found.push(format!("{line}: the body came without its length"));
    }
    if changes && request.header("content-type") != expected_type(request) {
        found.push(format!("{line}: the Content-Type was `{}`", request.header("content-type")));
    }
    let sets_password = request.method == "PATCH" && path.starts_with("/v1.0/users/");
    let is_handed_on = request.method == "PUT" && [KEY_VAULT, DEVOPS].contains(&request.host.as_str());
    if request.method == "PATCH" && !sets_password {
        found.push(format!("{line}: a PATCH replaces every secret at once"));
    }
    if let Some(secret) = canaries.find(request.target.as_bytes()) {
        found.push(format!("{line}: {secret} stands in the URL"));
    }
    for (name, value) in &request.headers {
        match canaries.find(value.as_bytes()) {
            Some(secret) if name != http::header::AUTHORIZATION => {
                found.push(format!("{line}: {secret} stands in the header {name}"));
            }
            _ => {}
        }
    }
    match canaries.find(&request.body) {
        Some(secret) if !path.ends_with("/token") && !sets_password && !is_handed_on => {
            found.push(format!("{line}: {secret} stands in the body"));
        }
        _ => {}
    }
    found
}

/// What the body of a change must be called.
fn expected_type(request: &Received) -> &'static str {
    if Sovereign::is_login(&request.host) { "application/x-www-form-urlencoded" } else { "application/json" }
}
