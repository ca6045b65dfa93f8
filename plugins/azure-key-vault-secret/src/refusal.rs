//! What Key Vault's refusals mean.

use entra::Refusal;
use pamrun_plugin::Failure;

use crate::vault::Vault;

/// What a refusal means.
pub fn refused(refusal: &Refusal<'_>) -> Option<Failure> {
    let (code, what, fix) = if refusal.is("ForbiddenByFirewall") {
        (
            "key-vault-firewall",
            "does not let this machine in",
            "add its address to the firewall of the vault, or use a private endpoint",
        )
    } else if refusal.is("ForbiddenByConnection") {
        ("key-vault-firewall", "is reachable through its private endpoint only", "run pamrun where that is")
    } else if ["ForbiddenByPolicy", "AccessDenied"].iter().any(|code| refusal.is(code)) {
        ("missing-right", "denies it to the admin app", "its access policy needs get and set for secrets")
    } else if refusal.is("ForbiddenByRbac") || refusal.mentions(&["permission", "not authorized"]) {
        (
            "missing-right",
            "denies it to the admin app",
            "give it the role Key Vault Secrets Officer on the vault or the secret",
        )
    } else {
        return None;
    };
    (refusal.status() == 403).then(|| Failure::denied(code, refusal.say(what)).fix(fix))
}

/// What a refusal to write means: the name may belong to a secret that is deleted, and not gone.
pub fn refused_write(refusal: &Refusal<'_>, vault: &Vault) -> Option<Failure> {
    let is_deleted = refusal.status() == 409
        && ["ObjectIsDeletedButRecoverable", "ObjectIsBeingDeleted"].iter().any(|code| refusal.is(code));
    let deleted = || vault.deleted("and its name is taken until it is purged");
    is_deleted.then(deleted).or_else(|| refused(refusal))
}
