//! What Graph's refusals mean where an application is concerned.

use http::StatusCode;
use microsoft_graph::Refusal;
use pamrun_plugin::Failure;

/// Tells whether the app has no secret of the id that was to be removed; or not yet.
pub fn is_unknown_key(refusal: &Refusal) -> bool {
    matches!(refusal.status(), StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND)
        && refusal.mentions("No password credential found")
}

/// What a refused read means.
pub fn unreadable(refusal: &Refusal) -> Failure {
    // An id that cannot be one of an app: some backends do not say 404.
    if refusal.status() == StatusCode::BAD_REQUEST {
        return Failure::not_found("application-not-found", refusal.say("knows no such id"));
    }
    refused(refusal)
}

/// What a refusal means otherwise.
pub fn refused(refusal: &Refusal) -> Failure {
    match (refusal.status(), refusal.code()) {
        (StatusCode::NOT_FOUND, _) => {
            Failure::not_found("application-not-found", refusal.say("has no such app"))
        }
        (_, "CredentialTypeNotAllowedAsPerAppPolicy") => Failure::denied(
            "policy-forbids-secrets",
            refusal.say("may not add secrets to this app by policy"),
        ),
        (_, "CredentialInvalidLifetimeAsPerAppPolicy") => Failure::denied(
            "policy-limits-lifetime",
            refusal.say("allows only shorter lifetimes by policy; lower the setting expiry_days"),
        ),
        (StatusCode::FORBIDDEN, _) if refusal.mentions("size of the object") => {
            Failure::denied("application-full", refusal.say("has no room for another secret of this app"))
        }
        (StatusCode::FORBIDDEN, _) => Failure::denied(
            "insufficient-rights",
            refusal.say(
                "denies it to the admin app; grant it Application.ReadWrite.OwnedBy and make it an owner of \
                 the app, or grant it Application.ReadWrite.All",
            ),
        ),
        _ => Failure::denied("graph-refused", refusal.say("refuses")),
    }
}
