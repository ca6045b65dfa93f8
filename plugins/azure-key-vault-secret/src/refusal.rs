//! What Key Vault's refusals mean.

use http::StatusCode;
use microsoft_graph::{Refusal, Refuser};
use pamrun_plugin::Failure;

use crate::settings::Settings;

/// How messages speak of the Key Vault.
pub fn refuser(settings: &Settings) -> Refuser {
    Refuser {
        name: settings.host.clone(),
        code: "key-vault",
        object: "secret",
        token_hint: ": is it of the same tenant and cloud as the vault?",
    }
}

/// What a refusal means.
pub fn refused(refusal: &Refusal) -> Option<Failure> {
    let (code, what) = if refusal.is("ForbiddenByFirewall") {
        (
            "key-vault-firewall",
            "does not let this machine in: add its address to the firewall of the vault, or use a private endpoint",
        )
    } else if refusal.is("ForbiddenByConnection") {
        ("key-vault-firewall", "is reachable through its private endpoint only: run pamrun where that is")
    } else if ["ForbiddenByPolicy", "AccessDenied"].iter().any(|code| refusal.is(code)) {
        ("missing-right", "denies it to the admin app: its access policy needs get and set for secrets")
    } else if refusal.is("ForbiddenByRbac") || refusal.mentions(&["permission", "not authorized"]) {
        (
            "missing-right",
            "denies it to the admin app: give it the role Key Vault Secrets Officer on the vault or the secret",
        )
    } else {
        return None;
    };
    (refusal.status() == StatusCode::FORBIDDEN).then(|| Failure::denied(code, refusal.say(what)))
}

/// Whether the name belongs to a secret that is deleted, and not gone.
pub fn is_deleted(refusal: &Refusal) -> bool {
    refusal.status() == StatusCode::CONFLICT
        && ["ObjectIsDeletedButRecoverable", "ObjectIsBeingDeleted"].iter().any(|code| refusal.is(code))
}
