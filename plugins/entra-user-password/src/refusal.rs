//! What Graph's refusals mean where a user's password is concerned.

use entra::Refusal;
use pamrun_plugin::Failure;

/// Why a user's password cannot be set here, and what to do about it.
pub const SYNCED: &str =
    "its password is kept in the on-premises directory, and Graph writes none back to it";
pub const FEDERATED: &str = "its domain is federated, so that another identity provider keeps its password";
pub const THERE: &str = "rotate it there";

/// What a refused read means.
pub fn unreadable(refusal: &Refusal<'_>) -> Option<Failure> {
    match refusal.status() {
        404 | 400 => Some(Failure::not_found("user-not-found", refusal.say("has no such user"))),
        _ if is_denied(refusal) => Some(
            Failure::denied("insufficient-rights", refusal.say("does not let the admin app read users"))
                .fix("grant it User.Read.All"),
        ),
        _ => None,
    }
}

/// Whether a right is missing.
fn is_denied(refusal: &Refusal<'_>) -> bool {
    refusal.is("Authorization_RequestDenied") || refusal.mentions(&["insufficient privileges"])
}

/// Whether the password is one that the user had before, and may have now.
pub fn is_used_before(refusal: &Refusal<'_>) -> bool {
    let words = ["history", "used before", "previously used", "recently used", "used recently"];
    refusal.status() == 400 && refusal.mentions(&words)
}

/// What a refused change of the password means.
pub fn refused(refusal: &Refusal<'_>) -> Option<Failure> {
    let is_bad = |words: &[&str]| refusal.status() == 400 && refusal.mentions(words);
    let denied = |code: &str, what: &str, fix: &str| Failure::denied(code, refusal.say(what)).fix(fix);
    if refusal.status() == 404 {
        Some(Failure::not_found("user-not-found", refusal.say("has no such user any more")))
    } else if is_denied(refusal) {
        Some(denied(
            "insufficient-rights",
            "does not let the admin app change this password",
            "grant it User-PasswordProfile.ReadWrite.All, and assign it the role User Administrator, or Privileged \
             Authentication Administrator where the user is an administrator",
        ))
    } else if is_bad(&["on-premises mastered", "directory sync"]) {
        Some(denied("user-synced", &format!("cannot change this user: {SYNCED}"), THERE))
    } else if is_bad(&["federated"]) {
        Some(denied("user-federated", &format!("cannot change this user: {FEDERATED}"), THERE))
    } else if is_bad(&["banned", "blocked by your admin", "guess", "too many times"]) {
        Some(denied(
            "password-banned",
            "finds a banned word in the password",
            "let another be generated, or see the tenant's list of banned passwords",
        ))
    } else if is_bad(&["complexity", "too weak", "password policy", "password length"]) {
        Some(denied(
            "password-too-weak",
            "finds the password too weak",
            "raise the setting complexity, or the gateway's own",
        ))
    } else {
        None
    }
}
