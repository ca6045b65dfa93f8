//! What Key Vault's refusals mean.

use std::time::SystemTime;

use http::{Response, StatusCode};
use microsoft_graph::{Refusal, Refuser};
use pamrun_plugin::Failure;

use crate::settings::Settings;

/// Reads an answer that came at the time `now`.
pub fn refusal(answer: &Response<Vec<u8>>, settings: &Settings, now: SystemTime) -> Refusal {
    let vault = Refuser {
        name: settings.host.clone(),
        code: "key-vault",
        object: "secret",
        token_hint: ": is it of the same tenant and cloud as the vault?",
    };
    Refusal::of(vault, answer, now)
}

/// Whether the name belongs to a secret that is deleted, and not gone.
pub fn is_deleted(refusal: &Refusal) -> bool {
    refusal.status() == StatusCode::CONFLICT
        && ["ObjectIsDeletedButRecoverable", "ObjectIsBeingDeleted"].contains(&refusal.code())
}

/// Any other refusal.
pub fn refused(refusal: &Refusal) -> Failure {
    let (code, what) = match (refusal.status(), refusal.code()) {
        (StatusCode::FORBIDDEN, "ForbiddenByFirewall") => (
            "key-vault-firewall",
            "does not let this machine in: add its address to the firewall of the vault, or use a private endpoint",
        ),
        (StatusCode::FORBIDDEN, "ForbiddenByConnection") => {
            ("key-vault-firewall", "is reachable through its private endpoint only: run pamrun where that is")
        }
        (StatusCode::FORBIDDEN, "ForbiddenByPolicy" | "AccessDenied") => {
            ("missing-right", "denies it to the admin app: its access policy needs get and set for secrets")
        }
        (StatusCode::FORBIDDEN, _) => (
            "missing-right",
            "denies it to the admin app: give it the role Key Vault Secrets Officer on the vault or the secret",
        ),
        _ => ("key-vault-refused", "refuses"),
    };
    Failure::denied(code, refusal.say(what))
}
