//! Azure DevOps, entered by the admin app or by whoever made a personal access token.

use entra::{Admin, Refusal, Refuser, Session};
use pamrun_plugin::{Failure, Host, Request, Trouble};

use crate::requests::inputs;
use crate::requests::settings::Settings;

/// Azure DevOps, entered.
pub struct Devops<'a> {
    session: Session<'a>,
    has_token: bool,
}

impl<'a> Devops<'a> {
    /// Enters it with a personal access token where a record has one, else as the admin app.
    ///
    /// # Errors
    /// `no-admin-credentials`, and those of the admin app.
    pub fn enter(host: &'a dyn Host, request: &'a Request) -> Result<Self, Failure> {
        let has_token = inputs::Pat::of(request).record.is_some();
        if !has_token && inputs::Admin::of(request).record.is_none() {
            return Err(Failure::invalid(
                "no-admin-credentials",
                "no record has the credentials of an admin app, or a personal access token",
            )
            .fix(
                "attach a record with the fields application_client_id, client_secret and tenant_id, or put clientId, \
                 clientSecret and tenantId into the PAM configuration; or attach a record with a personal access token \
                 in its field azure_devops_pat",
            ));
        }
        let by = Refuser { name: "Azure DevOps".to_owned(), code: "devops", object: "group", token_hint: "" };
        Ok(Self { session: Session::new(host, by, Admin::of(request)?.who()), has_token })
    }

    fn who(&self) -> &'static str {
        if self.has_token { "the personal access token" } else { "the admin app" }
    }

    /// Calls a request that reads.
    pub fn read<T>(&self, call: impl Fn(&dyn Host) -> Result<T, Trouble>) -> Result<T, Failure> {
        self.session.call(|refusal| self.known(refusal, false), call)
    }

    /// Calls a request that writes.
    pub fn write<T>(&self, call: impl Fn(&dyn Host) -> Result<T, Trouble>) -> Result<T, Failure> {
        self.session.call(|refusal| self.known(refusal, true), call)
    }

    /// That there is no group of the name.
    pub fn missing(&self, settings: &Settings) -> Failure {
        let Settings { organization, project, group, .. } = settings;
        let message = format!(
            "the project {project} of {organization} has no variable group {group:?}, or {} may not see it",
            self.who()
        );
        Failure::not_found("group-not-found", message)
    }

    fn known(&self, refusal: &Refusal<'_>, changes: bool) -> Option<Failure> {
        let who = self.who();
        match refusal.status() {
            403 if is_denied(refusal) => {
                let scope = if self.has_token {
                    ", and give the token the scope Variable Groups (read, create & manage)"
                } else {
                    ""
                };
                let failure = Failure::denied("missing-right", refusal.say(&format!("denies it to {who}")));
                Some(failure.fix(format!("make it an administrator of the variable group{scope}")))
            }
            401 if changes => {
                let what = format!("lets {who} read the group, and not write it");
                Some(
                    Failure::denied("missing-right", refusal.say(&what))
                        .fix("make it an administrator of the variable group"),
                )
            }
            404 => {
                let what = format!("has no such project or variable group, or {who} may not see it");
                Some(Failure::not_found("group-not-found", refusal.say(&what)))
            }
            // Whom it does not know it shows a page where people sign in, or sends there.
            401 | 200..=399 => Some(self.not_let_in(refusal.status())),
            _ => None,
        }
    }

    fn not_let_in(&self, status: u16) -> Failure {
        let (what, fix) = if self.has_token {
            ("it is wrong, has expired, or is for another organization", "make a new one")
        } else {
            (
                "it is no user of the organization",
                "add it to the users of the organization, which must be connected to its tenant",
            )
        };
        let message =
            format!("Azure DevOps does not know {} (HTTP {status}, a page for people): {what}", self.who());
        Failure::denied("token-refused", message).fix(fix)
    }
}

/// Whether a right is missing: each service of Azure DevOps has its own word for that, and all explain it.
fn is_denied(refusal: &Refusal<'_>) -> bool {
    refusal.is_nameless()
        || refusal.is("AccessDeniedException")
        || refusal.mentions(&["permission", "access denied", "not authorized"])
}
