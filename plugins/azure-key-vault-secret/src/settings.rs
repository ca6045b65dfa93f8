//! The settings, read and checked as a whole.

use microsoft_graph::authority;
use pamrun_plugin::{Failure, Request};

/// The longest name of a secret.
const LONGEST: usize = 127;

/// What the names of Key Vaults end with: one suffix for each cloud.
const SUFFIXES: [&str; 3] = ["vault.azure.net", "vault.usgovcloudapi.net", "vault.azure.cn"];

/// The settings of one delivery.
#[derive(Debug)]
pub struct Settings {
    pub authority: String,
    /// The host of the Key Vault, in lower case.
    pub host: String,
    /// What a token is for.
    pub resource: String,
    /// The name of the secret.
    pub name: String,
}

impl Settings {
    pub fn read(request: &Request) -> Result<Self, Failure> {
        let host = request.setting_text("key_vault")?.trim().to_ascii_lowercase();
        let suffix = SUFFIXES.into_iter().find(|suffix| {
            let own = host.strip_suffix(suffix).and_then(|rest| rest.strip_suffix('.'));
            own.is_some_and(|own| {
                !own.is_empty() && own.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            })
        });
        let Some(suffix) = suffix else {
            let message = format!(
                "the setting key_vault is {host}, and must be the host of a Key Vault, such as NAME.{}: no https://, no path",
                SUFFIXES.join(" or NAME.")
            );
            return Err(Failure::invalid("not-a-key-vault", message));
        };
        let name = request.setting_text("secret_name")?.trim().to_owned();
        let is_name = (1..=LONGEST).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !is_name {
            let message = format!(
                "the setting secret_name is {name:?}, and must be 1 to {LONGEST} letters, digits and dashes"
            );
            return Err(Failure::invalid("secret-name-malformed", message));
        }
        Ok(Self { authority: authority(request)?, resource: format!("https://{suffix}"), host, name })
    }

    /// Where the secret is, the same for everyone who writes it.
    pub fn address(&self) -> String {
        format!("https://{}/secrets/{}", self.host, self.name.to_ascii_lowercase())
    }
}
