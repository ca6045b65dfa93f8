//! Hands the new value to a secret of an Azure Key Vault, as its newest version.
//!
//! `vault` is which secret it is, `refusal` what Key Vault's refusals mean.

mod refusal;
#[cfg(test)]
mod tests;
mod vault;

use entra::Admin;
use pamrun_plugin::{Credential, Failure, FailureKind, Finding, Host, Plan, Plugin, Proof, Request, Trouble};

use self::refusal::{refused, refused_write};
use self::vault::Vault;

pamrun_plugin::requests!("plugin.toml");

/// The plugin.
#[derive(Debug)]
pub struct AzureKeyVaultSecret;

impl Plugin for AzureKeyVaultSecret {
    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        let vault = Vault::of(request)?;
        let service = vault.service(host, Admin::of(request)?.who());
        let latest = service.call(refused, |host| requests::latest(host))?;
        let mut findings = Vec::new();
        if latest.version.is_some() {
            must_be_ours_to_write(&latest, &vault)?;
        } else {
            // Whoever may not look at what is deleted finds out when it is written.
            match service.call(refused, |host| requests::deleted(host)) {
                Ok(()) => return Err(vault.deleted("and can still be recovered")),
                Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Denied) => {}
                Err(failure) => return Err(failure),
            }
            let message = format!("{} has no secret {} yet: it will be made", vault.host, vault.name);
            findings.push(Finding::info("vault-secret-new", message));
        }
        Ok(Plan { creates: "a new version".to_owned(), findings, ..Plan::default() })
    }

    /// A version that holds the value already is taken for ours: each write makes one more.
    fn rotate(host: &dyn Host, request: &Request, _: &Plan) -> Result<Credential, Failure> {
        let vault = Vault::of(request)?;
        let service = vault.service(host, Admin::of(request)?.who());
        if let Held::Ours(version) = service.call(refused, held)? {
            return Ok(Credential::new(version));
        }
        // What it is labelled with now goes with the new version.
        let latest = service.call(refused, |host| requests::latest(host))?;
        must_be_ours_to_write(&latest, &vault)?;
        let put = service.call(|refusal| refused_write(refusal, &vault), |host| requests::put(host))?;
        Ok(Credential::new(put.version))
    }

    fn verify(host: &dyn Host, request: &Request, _: &Plan, id: Option<&str>) -> Result<Proof, Failure> {
        let vault = Vault::of(request)?;
        let service = vault.service(host, Admin::of(request)?.who());
        let shown = match service.call(refused, held)? {
            Held::Ours(_) => return Ok(Proof::Verified),
            Held::Another(shown) => shown.unwrap_or_default(),
        };
        let message = format!(
            "{} shows version {shown:?} as the newest, and not {}: somebody else may have written it",
            vault.address(),
            id.unwrap_or("ours")
        );
        Err(Failure::conflict("secret-changed", message))
    }
}

/// What the newest version holds.
enum Held {
    /// The value; and the version's id.
    Ours(String),
    /// Another value, or none that can be read; and the version's id.
    Another(Option<String>),
}

fn held(host: &dyn Host) -> Result<Held, Trouble> {
    match requests::compare(host) {
        Ok(found) => Ok(Held::Ours(found.version)),
        Err(Trouble::Rejected(said))
            if said.request == "compare" && matches!(said.status, 200..=299 | 404) =>
        {
            Ok(Held::Another(requests::Errors::of(&said).version))
        }
        Err(trouble) => Err(trouble),
    }
}

/// Refuses the private half of a certificate, which Key Vault itself writes.
fn must_be_ours_to_write(latest: &requests::Latest, vault: &Vault) -> Result<(), Failure> {
    if latest.managed != Some(true) {
        return Ok(());
    }
    let message = format!("{} belongs to a certificate of the Key Vault", vault.address());
    Err(Failure::denied("secret-managed", message).fix("name another secret"))
}

pamrun_plugin::export!(AzureKeyVaultSecret);
