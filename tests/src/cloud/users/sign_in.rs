//! Signing in as a user through an application, and where users sign in at all.

use serde_json::json;

use super::Home;
use crate::canary::random_text;
use crate::cloud::Directory;
use crate::cloud::login::{Refusal, refuse};
use crate::net::{Answer, Received};

impl Directory {
    /// Judges a sign-in with a password, once the application has logged in. What it grants is good
    /// for nothing else here.
    pub(in crate::cloud) fn sign_in(
        &mut self,
        tenant: &str,
        name: &str,
        password: &str,
    ) -> Result<Answer, Refusal> {
        let user = self.account(tenant, |user| user.principal_name.eq_ignore_ascii_case(name));
        let Some(user) = user else {
            return Err(refuse(400, "invalid_grant", 50_034, "The user account does not exist."));
        };
        if let Some(code) = user.probe(password) {
            // What only a person can go on with has a word of its own.
            let error = if code / 1000 == 53 { "interaction_required" } else { "invalid_grant" };
            return Err(refuse(400, error, code, "The sign-in was stopped."));
        }
        let token = random_text(64);
        self.secrets_ever.insert(token.clone());
        let body =
            json!({"token_type": "Bearer", "scope": "openid", "expires_in": 3599, "access_token": token});
        Ok(Answer::json(200, &body))
    }

    /// Answers `GET /common/UserRealm/{principal name}`: who asks for this user's password.
    pub(in crate::cloud) fn realm(&self, name: &str) -> Answer {
        let user = self.users.iter().find(|user| user.ids.principal_name.eq_ignore_ascii_case(name));
        let domain = name.split('@').nth(1).unwrap_or_default();
        let known = self.tenants.iter().any(|tenant| !domain.is_empty() && tenant.domain == domain);
        let kind = match user.map(|user| user.home) {
            Some(Home::Federated) => "Federated",
            Some(_) => "Managed",
            None if known => "Managed",
            None => "Unknown",
        };
        Answer::json(200, &json!({"ver": "1.0", "account_type": kind, "domain_name": domain}))
    }

    /// Tells whether a request asks for a realm, and whose.
    pub(in crate::cloud) fn realm_asked(request: &Received) -> Option<String> {
        let path = request.path();
        let name = path.strip_prefix("/common/UserRealm/").filter(|name| !name.is_empty());
        let fits = request.method == "GET" && request.query().contains("api-version=");
        name.filter(|_| fits).map(str::to_owned)
    }
}
