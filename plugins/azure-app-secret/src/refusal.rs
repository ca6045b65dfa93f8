//! What Graph's refusals mean where an application is concerned.

use http::StatusCode;
use microsoft_graph::Refusal;
use pamrun_plugin::Failure;

/// Whether the app has no secret of the id that was to be removed; or not yet.
pub fn is_unknown_key(refusal: &Refusal, key_id: &str) -> bool {
    matches!(refusal.status(), StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND)
        && refusal.mentions(&["No password credential found", key_id])
}

/// What a refused read means.
pub fn unreadable(refusal: &Refusal) -> Option<Failure> {
    // An id that cannot be one of an app: some backends do not say 404.
    if refusal.status() == StatusCode::BAD_REQUEST {
        return Some(Failure::not_found("application-not-found", refusal.say("knows no such id")));
    }
    refused(refusal)
}

/// What a refusal means otherwise.
pub fn refused(refusal: &Refusal) -> Option<Failure> {
    if refusal.is("CredentialTypeNotAllowedAsPerAppPolicy") {
        Some(Failure::denied(
            "policy-forbids-secrets",
            refusal.say("may not add secrets to this app by policy"),
        ))
    } else if refusal.is("CredentialInvalidLifetimeAsPerAppPolicy") {
        Some(Failure::denied(
            "policy-limits-lifetime",
            refusal.say("allows only shorter lifetimes by policy; lower the setting expiry_days"),
        ))
    } else if is_full(refusal) {
        Some(Failure::denied("application-full", refusal.say("has no room for another secret of this app")))
    } else if refusal.status() == StatusCode::NOT_FOUND {
        Some(Failure::not_found("application-not-found", refusal.say("has no such app")))
    } else if refusal.is("Authorization_RequestDenied") || refusal.mentions(&["insufficient privileges"]) {
        Some(Failure::denied(
            "insufficient-rights",
            refusal.say(
                "denies it to the admin app; grant it Application.ReadWrite.OwnedBy and make it an owner of \
                 the app, or grant it Application.ReadWrite.All",
            ),
        ))
    } else {
        None
    }
}

/// Whether the app can hold no further secret: by the size of its object, or since apps of its kind hold so many
/// and no more. Of the latter there are several wordings, and no code.
fn is_full(refusal: &Refusal) -> bool {
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
    use std::time::SystemTime;

    use microsoft_graph::Refuser;
    use pamrun_plugin::testing::answer;
    use serde_json::json;

    use super::*;

    fn refusal(status: u16, code: &str, message: &str) -> Refusal {
        let body = json!({"error": {"code": code, "message": message}}).to_string();
        let graph = Refuser { name: "Graph".to_owned(), code: "graph", object: "object", token_hint: "" };
        Refusal::of(graph, &answer(status, body).unwrap(), SystemTime::UNIX_EPOCH)
    }

    fn code(status: u16, code: &str, message: &str) -> String {
        refusal(status, code, message).while_changing(refused).code
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
        let failure = refusal(403, "Some_NewCode", "No.").while_changing(refused);
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
            assert_eq!(is_unknown_key(&refusal(status, "", message), "k1"), is_key, "{message}");
        }
    }
}
