//! Which secret of which Key Vault it is.

use entra::{Refuser, Session};
use pamrun_plugin::{Failure, Host, Request};

use crate::requests::settings::Settings;

/// The longest name of a secret.
const LONGEST: usize = 127;

/// What the names of Key Vaults end with: one suffix for each cloud.
const SUFFIXES: [&str; 3] = ["vault.azure.net", "vault.usgovcloudapi.net", "vault.azure.cn"];

/// A secret.
#[derive(Debug)]
pub struct Vault {
    /// The host of the Key Vault, in lower case.
    pub host: String,
    /// The name of the secret.
    pub name: String,
}

impl Vault {
    /// Judges the settings. What a token is for follows from the host, which so has to be one of a Key Vault.
    pub fn of(request: &Request) -> Result<Self, Failure> {
        let Settings { key_vault, secret_name: name, .. } = Settings::of(request)?;
        let host = key_vault.to_ascii_lowercase();
        let is_vault = host.split_once('.').is_some_and(|(own, suffix)| {
            SUFFIXES.contains(&suffix) && !own.is_empty() && own.bytes().all(is_plain)
        });
        if !is_vault {
            let message = format!("the setting key_vault is {host}, which is no host of a Key Vault");
            let fix = format!("write one such as NAME.{}: no https://, no path", SUFFIXES.join(" or NAME."));
            return Err(Failure::invalid("not-a-key-vault", message).fix(fix));
        }
        if !(1..=LONGEST).contains(&name.len()) || !name.bytes().all(is_plain) {
            let message = format!(
                "the setting secret_name is {name:?}, and must be 1 to {LONGEST} letters, digits and dashes"
            );
            return Err(Failure::invalid("secret-name-malformed", message));
        }
        Ok(Self { host, name })
    }

    /// Key Vault, called as the admin app; `who` names it.
    pub fn service<'a>(&self, host: &'a dyn Host, who: String) -> Session<'a> {
        let by = Refuser {
            name: self.host.clone(),
            code: "key-vault",
            object: "secret",
            token_hint: ": is it of the same tenant and cloud as the vault?",
        };
        Session::new(host, by, who)
    }

    /// Where the secret is.
    pub fn address(&self) -> String {
        format!("https://{}/secrets/{}", self.host, self.name.to_ascii_lowercase())
    }

    /// That nobody can write the name.
    pub fn deleted(&self, how: &str) -> Failure {
        let message = format!("the secret {} of {} is deleted, {how}", self.name, self.host);
        Failure::denied("secret-deleted", message)
            .fix("recover it (az keyvault secret recover), purge it, or name another one")
    }
}

fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}
