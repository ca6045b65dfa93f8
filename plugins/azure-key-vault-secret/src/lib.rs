//! Hands the new value to a secret of an Azure Key Vault, as its newest version.
//!
//! `vault` is what is asked of Key Vault, `refusal` what its refusals mean, `settings` what an operator may
//! say. Logging in is in the crate `microsoft_graph`.

mod manifest;
mod refusal;
mod settings;
#[cfg(test)]
mod tests;
mod vault;

use microsoft_graph::{Admin, chosen, value};
use pamrun_plugin::{Credential, Failure, Finding, Host, Manifest, Plan, Plugin, Proof, Request};

use self::settings::Settings;
use self::vault::{Secret, Vault};

/// The plugin.
#[derive(Debug)]
pub struct AzureKeyVaultSecret;

impl Plugin for AzureKeyVaultSecret {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        let settings = Settings::read(request)?;
        chosen(request)?;
        let admin = Admin::pick(request)?;
        let vault = Vault::open(host, request, &settings, &admin)?;
        let mut findings = Vec::new();
        if let Some(secret) = vault.latest()? {
            secret.must_be_ours_to_write(&settings)?;
        } else {
            vault.must_not_be_deleted()?;
            let message = format!("{} has no secret {} yet: it will be made", settings.host, settings.name);
            findings.push(Finding::info("vault-secret-new", message));
        }
        Ok(Plan {
            target: settings.address(),
            creates: "a new version".to_owned(),
            removes: Vec::new(),
            notes: findings.into_iter().map(String::from).collect(),
        })
    }

    /// A version that holds the value already is taken for ours: each write makes one more.
    fn rotate(host: &dyn Host, request: &Request, _plan: &Plan) -> Result<Credential, Failure> {
        let settings = Settings::read(request)?;
        let admin = Admin::pick(request)?;
        let vault = Vault::open(host, request, &settings, &admin)?;
        let value = value(request)?;
        let latest = vault.latest()?;
        if let Some(secret) = &latest {
            secret.must_be_ours_to_write(&settings)?;
        }
        let held = latest.as_ref().filter(|secret| secret.value == value && secret.is_enabled());
        let version = match held {
            Some(secret) => secret.version()?,
            None => vault.set(value, latest.as_ref(), request)?.version()?,
        };
        Ok(Credential { handle: version, updates: Vec::new(), expires: None })
    }

    fn verify(
        host: &dyn Host,
        request: &Request,
        _: &Plan,
        credential: &Credential,
    ) -> Result<Proof, Failure> {
        let settings = Settings::read(request)?;
        let admin = Admin::pick(request)?;
        let vault = Vault::open(host, request, &settings, &admin)?;
        let latest = vault.latest()?;
        if latest.as_ref().is_some_and(|secret| Ok(secret.value.as_str()) == value(request).as_deref()) {
            return Ok(Proof::Verified);
        }
        let shown = latest.as_ref().map(Secret::version).transpose()?.unwrap_or_default();
        let message = format!(
            "{} shows version {shown:?} as the newest, and not {}: somebody else may have written it",
            settings.address(),
            credential.handle
        );
        Err(Failure::conflict("secret-changed", message))
    }
}

pamrun_plugin::export!(AzureKeyVaultSecret);
