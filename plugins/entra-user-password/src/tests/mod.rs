//! The plugin against a small stateful directory, through its steps, in virtual time.

mod cloud;
mod preflight;
mod rotate;
mod verify;

use pamrun_plugin::testing::{FakeHost, request};
use pamrun_plugin::{Credential, Failure, Plan, Plugin, Request, Role, SettingValue, Update};

use self::cloud::{ADMIN_ID, ADMIN_SECRET, Cloud, GRAPH, NEW, OBJECT_ID, OLD, TENANT, UPN};
use crate::EntraUserPassword;

/// A target with a login, an admin record of Keeper's page, and a new password from the gateway.
fn usual() -> Request {
    request(&EntraUserPassword::manifest())
        .with_target(&[("login", UPN)])
        .with_record(
            Role::Attached,
            "admin",
            &[("application_client_id", ADMIN_ID), ("client_secret", ADMIN_SECRET), ("tenant_id", TENANT)],
        )
        .with_proposed(NEW)
}

fn text(value: &str) -> SettingValue {
    SettingValue::Text(value.to_owned())
}

fn plan() -> Plan {
    Plan {
        target: format!("entra:{GRAPH}/users/{OBJECT_ID}"),
        creates: String::new(),
        removes: Vec::new(),
        notes: Vec::new(),
    }
}

fn credential() -> Credential {
    Credential {
        handle: "2030-01-01T00:00:00Z".to_owned(),
        updates: vec![Update::password(NEW)],
        expires: None,
    }
}

/// Runs a step against the cloud; gives its result, the requests it sent, and the seconds it took.
fn run<T>(
    cloud: &mut Cloud,
    step: impl FnOnce(&FakeHost<'_>) -> Result<T, Failure>,
) -> (Result<T, Failure>, Vec<String>, u64) {
    let host = FakeHost::new(|sent, elapsed| cloud.answer(sent, elapsed));
    let result = step(&host);
    let mut said = host.logged();
    said.extend(result.as_ref().err().map(|failure| failure.message.clone()));
    for secret in [ADMIN_SECRET, OLD, NEW, "Bearer", "token-of"] {
        assert!(!said.iter().any(|line| line.contains(secret)), "{secret} in {said:?}");
    }
    (result, host.calls(), pamrun_plugin::Host::elapsed(&host).as_secs())
}
