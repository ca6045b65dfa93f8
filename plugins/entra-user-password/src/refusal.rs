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
pub fn unreadable(refusal: &Refusal) -> Option<Failure> {
    match refusal.status() {
        StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST => {
            Some(Failure::not_found("user-not-found", refusal.say("has no such user")))
        }
        _ if is_denied(refusal) => Some(Failure::denied(
            "insufficient-rights",
            refusal.say("does not let the admin app read users; grant it User.Read.All"),
        )),
        _ => None,
    }
}

/// Whether a right is missing.
fn is_denied(refusal: &Refusal) -> bool {
    refusal.is("Authorization_RequestDenied") || refusal.mentions(&["insufficient privileges"])
}

/// Tells whether the password is one that the user had before, and may have now.
pub fn is_used_before(refusal: &Refusal) -> bool {
    refusal.status() == StatusCode::BAD_REQUEST
        && refusal.mentions(&["history", "used before", "previously used", "recently used", "used recently"])
}

/// What a refused change of the password means.
pub fn refused(refusal: &Refusal) -> Option<Failure> {
    let is_bad = |words: &[&str]| refusal.status() == StatusCode::BAD_REQUEST && refusal.mentions(words);
    if refusal.status() == StatusCode::NOT_FOUND {
        Some(Failure::not_found("user-not-found", refusal.say("has no such user any more")))
    } else if is_denied(refusal) {
        Some(Failure::denied(
            "insufficient-rights",
            refusal.say(
                "does not let the admin app change this password; grant it User-PasswordProfile.ReadWrite.All, and \
                 assign it the role User Administrator, or Privileged Authentication Administrator where the user \
                 is an administrator",
            ),
        ))
    } else if is_bad(&["on-premises mastered", "directory sync"]) {
        Some(Failure::denied("user-synced", refusal.say(&format!("cannot change this user: {SYNCED}"))))
    } else if is_bad(&["federated"]) {
        Some(Failure::denied("user-federated", refusal.say(&format!("cannot change this user: {FEDERATED}"))))
    } else if is_bad(&["banned", "blocked by your admin", "guess", "too many times"]) {
        Some(Failure::denied(
            "password-banned",
            refusal.say(
                "finds a banned word in the password; let another be generated, or see the tenant's list of \
                 banned passwords",
            ),
        ))
    } else if is_bad(&["complexity", "too weak", "password policy", "password length"]) {
        Some(Failure::denied(
            "password-too-weak",
            refusal.say("finds the password too weak; raise the setting complexity, or the gateway's own"),
        ))
    } else {
        None
    }
}
