//! Microsoft Graph, as far as users and their passwords go.

use serde_json::{Value, json};

use super::{Account, Home, PRIVILEGED_AUTHENTICATION_ADMINISTRATOR, USER_ADMINISTRATOR};
use crate::cloud::Directory;
use crate::cloud::graph::{Caller, GraphError, body_of, select};
use crate::net::{Answer, Received};

impl Caller {
    fn may_read_users(&self) -> bool {
        self.has(&["User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"])
    }

    /// It takes a permission and a directory role, and for an administrator a strong one.
    fn may_set_password_of(&self, user: &Account) -> bool {
        let strong = self.holds(PRIVILEGED_AUTHENTICATION_ADMINISTRATOR);
        self.has(&["User-PasswordProfile.ReadWrite.All", "User.ReadWrite.All"])
            && (strong || !user.is_admin && self.holds(USER_ADMINISTRATOR))
    }
}

impl Directory {
    /// Answers a request to `/users/{id or principal name}`; reads are those of so many changes ago.
    pub(in crate::cloud) fn route_user(
        &mut self,
        caller: &Caller,
        name: &str,
        request: &Received,
        behind: usize,
    ) -> Result<Answer, GraphError> {
        let propagation = self.propagation.clone();
        let known = self.account(&caller.tenant, |user| {
            user.object_id == name || user.principal_name.eq_ignore_ascii_case(name)
        });
        let allowed = match (request.method.as_str(), &known) {
            ("GET", _) => caller.may_read_users(),
            ("PATCH", Some(user)) => caller.may_set_password_of(user),
            ("PATCH", None) => true,
            (method, _) => {
                return Err(GraphError::new(405, "BadRequest", format!("{method} is not understood here.")));
            }
        };
        if !allowed {
            return Err(GraphError::denied());
        }
        let user = known.ok_or_else(|| GraphError::not_found(name))?;
        if request.method == "GET" {
            return Ok(Answer::json(200, &select(describe(user, behind), &request.query())));
        }
        let body = body_of(request)?;
        let profile = &body["passwordProfile"];
        // Without a password, the real one says so, too, and does nothing (microsoft-graph-docs#4267).
        if let Some(password) = profile["password"].as_str() {
            user.judge(password)?;
            user.change(password, propagation);
            user.must_change = profile["forceChangePasswordNextSignIn"].as_bool().unwrap_or(true);
            self.secrets_ever.insert(password.to_owned());
        }
        Ok(Answer::empty(204))
    }
}

fn describe(user: &Account, behind: usize) -> Value {
    json!({
        "id": user.ids.object_id,
        "userPrincipalName": user.ids.principal_name,
        "displayName": user.ids.name,
        "accountEnabled": user.enabled,
        "userType": if user.home == Home::OtherTenant { "Guest" } else { "Member" },
        "onPremisesSyncEnabled": (user.home == Home::OnPremises).then_some(true),
        "lastPasswordChangeDateTime": user.changed(behind).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    })
}
