//! Setting the password that the host proposes: the new one in `rotate`, the old one in `rollback`.

use entra::{Admin, Refuser, Session};
use pamrun_plugin::{Failure, FailureKind, Host, Request};

use crate::refusal::{is_used_before, refused, unreadable};
use crate::requests;
use crate::requests::settings::{Settings, Verify};
use crate::sign_in::{SignIn, sign_in};

enum Change {
    Done,
    /// With what Graph says.
    UsedBefore(String),
}

/// Sets it. To set the same one again changes nothing but the time of the change.
pub fn set(host: &dyn Host, request: &Request) -> Result<(), Failure> {
    let settings = Settings::of(request)?;
    let graph = Session::new(host, Refuser::graph(), Admin::of(request)?.who()).after_preflight();
    let change = graph.call(refused, |host| match requests::set_password(host) {
        Ok(()) => Ok(Change::Done),
        Err(trouble) => graph.refusal(trouble, |refusal| {
            let said = || refusal.say("refuses a password that the user had before");
            is_used_before(refusal).then(said).map(Change::UsedBefore)
        }),
    })?;
    match change {
        Change::Done => Ok(()),
        Change::UsedBefore(said) => judge_used(&graph, &settings, &said),
    }
}

/// Decides what it means that the user had the password before: where an earlier try has set it, and
/// only its answer was lost, all is well.
fn judge_used(graph: &Session<'_>, settings: &Settings, said: &str) -> Result<(), Failure> {
    let unclear = |why: &str| {
        let message = format!("{said}; whether it is the current one is unknown: {why}");
        Err(Failure::uncertain("password-used-before", message))
    };
    if settings.verify == Verify::Trust {
        return unclear("the setting verify=trust allows no sign-in to find out");
    }
    if let Err(failure) = graph.call(unreadable, |host| requests::account(host)) {
        return unclear(&failure.message);
    }
    match sign_in(graph.host(), settings.verify_window) {
        Ok(SignIn::Right) => Ok(()),
        Ok(SignIn::Undecided(why)) => unclear(&why),
        Err(failure) if failure.kind == FailureKind::WrongCredential => {
            let message = format!("{said}, and it is not the current one");
            Err(Failure::denied("password-used-before", message).fix("let another be generated"))
        }
        Err(failure) => unclear(&failure.message),
    }
}
