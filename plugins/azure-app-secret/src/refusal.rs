//! What Graph's refusals mean where an application is concerned.

use entra::Refusal;
use pamrun_plugin::Failure;

/// Whether the app has no secret of the id that was to be removed; or not yet.
pub fn is_unknown_key(refusal: &Refusal<'_>, key_id: &str) -> bool {
    matches!(refusal.status(), 400 | 404) && refusal.mentions(&["No password credential found", key_id])
}

/// What a refused read means.
pub fn unreadable(refusal: &Refusal<'_>) -> Option<Failure> {
    // An id that cannot be one of an app: some backends do not say 404.
    if refusal.status() == 400 {
        return Some(Failure::not_found("application-not-found", refusal.say("knows no such id")));
    }
    refused(refusal)
}

/// What a refusal means otherwise.
pub fn refused(refusal: &Refusal<'_>) -> Option<Failure> {
    if refusal.is("CredentialTypeNotAllowedAsPerAppPolicy") {
        Some(Failure::denied(
            "policy-forbids-secrets",
            refusal.say("may not add secrets to this app by policy"),
        ))
    } else if refusal.is("CredentialInvalidLifetimeAsPerAppPolicy") {
        let message = refusal.say("allows only shorter lifetimes by policy");
        Some(Failure::denied("policy-limits-lifetime", message).fix("lower the setting expiry_days"))
    } else if is_full(refusal) {
        Some(Failure::denied("application-full", refusal.say("has no room for another secret of this app")))
    } else if refusal.status() == 404 {
        Some(Failure::not_found("application-not-found", refusal.say("has no such app")))
    } else if refusal.is("Authorization_RequestDenied") || refusal.mentions(&["insufficient privileges"]) {
        let message = refusal.say("denies it to the admin app");
        Some(Failure::denied("insufficient-rights", message).fix(
            "grant it Application.ReadWrite.OwnedBy and make it an owner of the app, or grant it \
             Application.ReadWrite.All",
        ))
    } else {
        None
    }
}

/// Whether the app can hold no further secret: by the size of its object, or since apps of its kind hold so many
/// and no more. Of the latter there are several wordings, and no code.
fn is_full(refusal: &Refusal<'_>) -> bool {
    let is_too_large =
        refusal.is("Directory_ResourceSizeExceeded") || refusal.mentions(&["size of the object"]);
    let names_secrets = refusal.mentions(&["password", "credential", "secret"]);
    let counts = refusal.mentions(&[
        "maximum of",
        "maximum number",
        "not allowed to add",
        "limit has been reached",
        "limit reached",
        "limit exceeded",
        "too many",
    ]);
    is_too_large || names_secrets && counts && !refusal.mentions(&["lifetime", "wrong"])
}

#[cfg(test)]
mod tests {
    use entra::{Refuser, Session};
    use pamrun_plugin::testing::{FakeHost, rejected};

    use super::*;

    fn failure(status: u16, code: &str, message: &str) -> Failure {
        let reply = rejected(status).with("code", code).with("message", message);
        let host = FakeHost::new().on("x", move |_| reply.clone());
        let session = Session::new(&host, Refuser::graph(), "the admin app");
        session.call(refused, |host| pamrun_plugin::Host::call(host, "x", &[])).unwrap_err()
    }

    fn code(status: u16, code: &str, message: &str) -> String {
        failure(status, code, message).code
    }

    #[test]
    fn n8_an_app_that_can_hold_so_many_secrets_is_full_however_it_is_said() {
        for (status, said, message) in [
            (
                400,
                "Request_BadRequest",
                "Not allowed to add 3 passwords. You can only add a maximum of 2 passwords.",
            ),
            (
                400,
                "Request_BadRequest",
                "Not allowed to add 11 passwords. You can only add a maximum of 10 passwords.",
            ),
            (400, "Request_BadRequest", "You can only add a maximum of 2 encrypted credentials."),
            (400, "", "Unable to save changes because the credential limit has been reached."),
            (403, "Directory_QuotaExceeded", "The size of the object has exceeded its limit."),
            (403, "Directory_ResourceSizeExceeded", ""),
            (400, "Directory_ResourceSizeExceeded", "Too large."),
        ] {
            assert_eq!(code(status, said, message), "application-full", "{message}");
        }
    }

    #[test]
    fn n8_other_limits_are_no_full_app() {
        for (status, said, message, expected) in [
            (
                400,
                "CredentialInvalidLifetimeAsPerAppPolicy",
                "Credential lifetime exceeds the maximum of 90 days.",
                "policy-limits-lifetime",
            ),
            (
                403,
                "Directory_QuotaExceeded",
                "The directory object quota limit for the Principal has been exceeded.",
                "directory-full",
            ),
            (400, "Request_BadRequest", "Too many values for the property 'tags'.", "graph-refused"),
            (
                400,
                "Request_BadRequest",
                "The password credential's displayName exceeds its length.",
                "graph-refused",
            ),
        ] {
            assert_eq!(code(status, said, message), expected, "{message}");
        }
    }

    #[test]
    fn a_refusal_with_another_code_says_nothing_of_rights() {
        let failure = failure(403, "Some_NewCode", "No.");
        assert_eq!(failure.message, "Graph refuses (HTTP 403 Some_NewCode: No.)");
        let denied =
            code(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
        assert_eq!(denied, "insufficient-rights");
    }

    #[test]
    fn n11_a_key_that_is_not_known_is_told_from_an_app_that_is_not_known() {
        for (status, message, is_key) in [
            (400, "No password credential found with keyId 'k1'.", true),
            (404, "No password credential found with keyId.", true),
            (
                404,
                "Resource 'k1' does not exist or one of its queried reference-property objects are not present.",
                true,
            ),
            (404, "Resource 'the-app' does not exist.", false),
            (403, "No password credential found", false),
        ] {
            let reply = rejected(status).with("message", message);
            let host = FakeHost::new();
            let session = Session::new(&host, Refuser::graph(), "the admin app");
            let trouble = reply.0.unwrap_err();
            let found = session.refusal(trouble, |refusal| Some(is_unknown_key(refusal, "k1")));
            assert_eq!(found.ok(), Some(is_key), "{message}");
        }
    }
}
