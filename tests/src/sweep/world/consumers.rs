//! A Key Vault and a variable group that hold the secret, too.

use serde_json::json;

use super::World;
use crate::cloud::{Cloud, DEVOPS, KEY_VAULT};
use crate::gateway::{Exec, plugin};
use crate::record::{Record, text};

const SECRET: &str = "payroll";
const VARIABLE: &str = "CLIENT_SECRET";

/// Lets both hold what the record does; returns everything else that they hold.
pub(super) fn fill(cloud: &Cloud, record: &Record) -> String {
    let value = text(&record.json, "client_secret");
    let mut directory = cloud.directory();
    directory.key_vault.put(SECRET, &json!({"value": value}));
    directory.devops.hidden.insert(VARIABLE.to_owned(), value);
    directory.devops.all_but(VARIABLE)
}

impl World {
    /// The same rotation, with both of them as consumers.
    pub(super) fn with_consumers<'a>(&self, exec: Exec<'a>) -> Exec<'a> {
        let vault = format!("key_vault={KEY_VAULT},secret_name={SECRET}");
        let group = format!("organization=contoso,project=payroll,group=7,variable={VARIABLE}");
        exec.host(KEY_VAULT, self.cloud.address())
            .host(DEVOPS, self.cloud.address())
            .deliver(&plugin("azure-key-vault-secret"), &vault)
            .deliver(&plugin("azure-devops-variable-group"), &group)
    }

    /// The secrets that they hold now.
    pub fn handed_on(&self) -> [String; 2] {
        let directory = self.cloud.directory();
        [directory.key_vault.value(SECRET), directory.devops.hidden[VARIABLE].clone()]
    }

    /// Whether what else they hold is as it was.
    pub fn consumers_are_whole(&self) -> bool {
        self.cloud.directory().devops.all_but(VARIABLE) == self.consumers_own
    }
}
