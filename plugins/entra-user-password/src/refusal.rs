//! What Graph's refusals mean where a user's password is concerned.

use http::StatusCode;
use microsoft_graph::Refusal;
use pamrun_plugin::Failure;

/// What to do about a user whose password is kept elsewhere.
pub const SYNCED: &str = "its password is kept in the on-premises directory, and Graph writes none back to it: \
                          rotate it there";
pub const FEDERATED: &str =
    "its domain is federated, so that another identity provider keeps its password: rotate it there";

/// What a refused read means.
pub fn unreadable(refusal: &Refusal) -> Failure {
    match refusal.status() {
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => {
            Failure::not_found("user-not-found", refusal.say("has no such user"))
        }
        StatusCode::FORBIDDEN => Failure::denied(
            "insufficient-rights",
            refusal.say("does not let the admin app read users; grant it User.Read.All"),
        ),
        _ => Failure::denied("graph-refused", refusal.say("refuses")),
    }
}

/// Tells whether the password is one that the user had before, and may have now.
pub fn is_used_before(refusal: &Refusal) -> bool {
    refusal.status() == StatusCode::BAD_REQUEST
        && ["history", "used before", "previously used", "recently used", "used recently"]
            .iter()
            .any(|words| refusal.mentions(words))
}

/// What a refused change of the password means.
pub fn refused(refusal: &Refusal) -> Failure {
    let mentions = |words: &[&str]| words.iter().any(|words| refusal.mentions(words));
    match refusal.status() {
        StatusCode::NOT_FOUND => Failure::not_found("user-not-found", refusal.say("has no such user any more")),
        StatusCode::FORBIDDEN => Failure::denied(
            "insufficient-rights",
            refusal.say(
                "does not let the admin app change this password; grant it User-PasswordProfile.ReadWrite.All, and \
                 assign it the role User Administrator, or Privileged Authentication Administrator where the user \
                 is an administrator",
            ),
        ),
        StatusCode::BAD_REQUEST if mentions(&["on-premises mastered", "directory sync"]) => {
            Failure::denied("user-synced", refusal.say(&format!("cannot change this user: {SYNCED}")))
        }
        StatusCode::BAD_REQUEST if mentions(&["federated"]) => {
            Failure::denied("user-federated", refusal.say(&format!("cannot change this user: {FEDERATED}")))
        }
        StatusCode::BAD_REQUEST if mentions(&["banned", "blocked by your admin", "guess", "too many times"]) => {
            Failure::denied(
                "password-banned",
                refusal.say(
                    "finds a banned word in the password; let another be generated, or see the tenant's list of \
                     banned passwords",
                ),
            )
        }
        StatusCode::BAD_REQUEST if mentions(&["complexity", "too weak", "password policy", "password length"]) => {
            Failure::denied(
                "password-too-weak",
                refusal.say("finds the password too weak; raise the setting complexity, or the gateway's own"),
            )
        }
        _ => Failure::denied("graph-refused", refusal.say("refuses the password")),
    }
}
