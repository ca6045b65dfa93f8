//! The plugin against a small stateful cloud, through its five steps, in virtual time.

mod cloud;
mod commit;
mod outlook;
mod preflight;
mod rollback;
mod rotate;
mod verify;

use pamrun_plugin::testing::{FakeHost, request};
use pamrun_plugin::{Credential, Failure, Plan, Plugin, Request, Role, SettingValue, Update};

use self::cloud::{ADMIN_ID, ADMIN_SECRET, APP_ID, Cloud, GRAPH, OBJECT_ID, TENANT};
use crate::AzureAppSecret;

/// A target with an object id and a saved secret, and an admin record of Keeper's page.
fn usual() -> Request {
    request(&AzureAppSecret::manifest())
        .with_target(&[("application_object_id", OBJECT_ID), ("client_secret_id", "old-1")])
        .with_record(
            Role::Attached,
            "admin",
            &[("application_client_id", ADMIN_ID), ("client_secret", ADMIN_SECRET), ("tenant_id", TENANT)],
        )
}

/// The same app as its own admin: only its own record is there.
fn own(secret: &str) -> Request {
    request(&AzureAppSecret::manifest()).with_target(&[
        ("application_object_id", OBJECT_ID),
        ("application_client_id", APP_ID),
        ("client_secret", secret),
        ("tenant_id", TENANT),
    ])
}

fn text(value: &str) -> SettingValue {
    SettingValue::Text(value.to_owned())
}

fn plan_removing(ids: &[&str]) -> Plan {
    let listed =
        |id: &&str| pamrun_plugin::Listed { id: (*id).to_owned(), label: String::new(), expires: None };
    Plan {
        target: format!("entra:{GRAPH}/{OBJECT_ID}/{APP_ID}"),
        creates: String::new(),
        removes: ids.iter().map(listed).collect(),
        notes: Vec::new(),
    }
}

fn credential(secret: &str) -> Credential {
    Credential {
        handle: "new".to_owned(),
        updates: vec![Update::secret("client_secret", secret)],
        expires: None,
    }
}

/// Runs a step against the cloud; gives its result and the requests it sent.
fn run<T>(
    cloud: &mut Cloud,
    step: impl FnOnce(&FakeHost<'_>) -> Result<T, Failure>,
) -> (Result<T, Failure>, Vec<String>) {
    let host = FakeHost::new(|sent, elapsed| cloud.answer(sent, elapsed));
    let result = step(&host);
    let mut said = host.logged();
    said.extend(result.as_ref().err().map(|failure| failure.message.clone()));
    for secret in [ADMIN_SECRET, "value-of-new", "Bearer", "token-of"] {
        assert!(!said.iter().any(|line| line.contains(secret)), "{secret} in {said:?}");
    }
    (result, host.calls())
}
