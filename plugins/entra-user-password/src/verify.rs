//! Proves the new password, as far as the service can.

use jiff::{SignedDuration, Timestamp};
use microsoft_graph::{Admin, Session, Trial, until_proven};
use pamrun_plugin::{Credential, Failure, FailureKind, Host, Plan, Proof, Request};

use crate::manifest::PASSWORD;
use crate::password::proposed;
use crate::settings::{Settings, Verify};
use crate::sign_in::{SignIn, sign_in};
use crate::user::{Target, User};

/// How far the clocks of the service's machines, or ours, may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Signs in as the user; where that is not allowed, or cannot decide, looks when the password was
/// last changed.
pub fn verify(
    host: &dyn Host,
    request: &Request,
    plan: &Plan,
    credential: &Credential,
) -> Result<Proof, Failure> {
    let settings = Settings::read(request)?;
    let target = Target::of(plan, &settings.cloud.graph)?;
    let admin = Admin::pick(request)?;
    let graph = Session::open(host, request, &settings.cloud, &admin).map_err(of_admin)?.after_preflight();
    if settings.verify == Verify::Trust {
        return changed(
            host,
            &graph,
            &target,
            credential,
            &settings,
            "the setting verify=trust allows no sign-in",
        );
    }
    let password = credential.value(PASSWORD).map_or_else(|| proposed(request), Ok)?;
    let user = User::read(&graph, &target.object_id).map_err(of_admin)?;
    match sign_in(host, graph.login(), &user.principal_name, password, settings.verify_window)? {
        SignIn::Right => Ok(Proof::Verified),
        SignIn::Undecided(why) if settings.verify == Verify::Prove => {
            let message = format!("{why}; the setting verify=auto would take what Graph says of the change");
            Err(Failure::denied("not-provable", message))
        }
        SignIn::Undecided(why) => changed(host, &graph, &target, credential, &settings, &why),
    }
}

/// Waits until the directory shows the change that Graph has acknowledged.
fn changed(
    host: &dyn Host,
    graph: &Session<'_>,
    target: &Target,
    credential: &Credential,
    settings: &Settings,
    why: &str,
) -> Result<Proof, Failure> {
    let since = since(credential)?;
    until_proven(host, settings.verify_window, || {
        let user = match User::read(graph, &target.object_id) {
            Ok(user) => user,
            Err(failure) => return unanswered(of_admin(failure)),
        };
        match user.last_change() {
            Some(at) if at >= since => Trial::Decided(Ok(Proof::Unproven(format!(
                "{why}; Graph acknowledged the change and says that the password was last changed {at}"
            )))),
            None => Trial::Decided(Ok(Proof::Unproven(format!(
                "{why}; Graph acknowledged the change, and does not say when the password was last changed"
            )))),
            Some(at) => Trial::NotYet(Failure::unavailable(
                "change-not-shown",
                format!(
                    "Graph acknowledged the change, but says that the password was last changed {at}; {why}"
                ),
            )),
        }
    })
}

/// From when on a change may be ours.
fn since(credential: &Credential) -> Result<Timestamp, Failure> {
    let at = credential.handle.parse::<Timestamp>().and_then(|at| at.checked_sub(SKEW));
    at.map_err(|_| {
        let message = format!("{} is no handle of this plugin, which is a time", credential.handle);
        Failure::invalid("foreign-handle", message)
    })
}

/// A wrong secret of the admin app says nothing about the user's password, which the host would
/// take back if it were called wrong.
fn of_admin(failure: Failure) -> Failure {
    match failure.kind {
        FailureKind::WrongCredential => Failure::denied(&failure.code, failure.message),
        _ => failure,
    }
}

fn unanswered<T>(failure: Failure) -> Trial<T> {
    match failure.kind {
        FailureKind::Unavailable { retry_after } => Trial::Silent { retry_after, failure },
        _ => Trial::Decided(Err(failure)),
    }
}
