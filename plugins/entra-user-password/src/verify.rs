//! Proves the new password, as far as the service can.

use entra::{Admin, Refuser, Session};
use pamrun_plugin::{Failure, FailureKind, Host, Plan, Proof, Request, Trial, rfc3339, time, until};

use crate::refusal::unreadable;
use crate::requests;
use crate::requests::settings::{Settings, Verify};
use crate::sign_in::{SignIn, sign_in};

/// Signs in as the user; where that is not allowed, or cannot decide, looks whether the directory shows another
/// time of the last change than before.
pub fn verify(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Proof, Failure> {
    let settings = Settings::of(request)?;
    let graph = Session::new(host, Refuser::graph(), Admin::of(request)?.who()).after_preflight();
    if settings.verify == Verify::Trust {
        return changed(&graph, plan, &settings, "the setting verify=trust allows no sign-in");
    }
    account(&graph)?;
    match sign_in(host, settings.verify_window)? {
        SignIn::Right => Ok(Proof::Verified),
        SignIn::Undecided(why) if settings.verify == Verify::Prove => {
            Err(Failure::denied("not-provable", why)
                .fix("set verify=auto, which takes what Graph says of the change"))
        }
        SignIn::Undecided(why) => changed(&graph, plan, &settings, &why),
    }
}

/// Waits until the directory shows the change that Graph has acknowledged.
fn changed(graph: &Session<'_>, plan: &Plan, settings: &Settings, why: &str) -> Result<Proof, Failure> {
    let before = time(&plan.context);
    until(graph.host(), settings.verify_window, || {
        let account = match account(graph) {
            Ok(account) => account,
            Err(failure) if failure.kind == FailureKind::Unavailable => {
                return Trial::Silent { asked: None, failure };
            }
            Err(failure) => return Trial::Decided(Err(failure)),
        };
        let unproven = |what: String| {
            Trial::Decided(Ok(Proof::Unproven(format!("{why}; Graph acknowledged the change, {what}"))))
        };
        match account.changed.as_deref().and_then(time) {
            None => unproven("and does not say when the password was last changed".to_owned()),
            Some(at) if before.is_none_or(|before| at > before) => {
                unproven(format!("and says that the password was last changed {}", rfc3339(at)))
            }
            Some(at) => Trial::NotYet(Failure::unavailable(
                "change-not-shown",
                format!(
                    "Graph acknowledged the change, but says that the password was last changed {}; {why}",
                    rfc3339(at)
                ),
            )),
        }
    })
}

/// Reads the user again. A wrong secret of the admin app says nothing about the user's password, which the host
/// would take back if it were called wrong.
fn account(graph: &Session<'_>) -> Result<requests::Account, Failure> {
    graph.call(unreadable, |host| requests::account(host)).map_err(|failure| match failure.kind {
        FailureKind::WrongCredential => Failure { kind: FailureKind::Denied, ..failure },
        _ => failure,
    })
}
