//! The plugin against a small stateful cloud, through its five steps, in virtual time.

mod cloud;
mod commit;
mod outlook;
mod preflight;
mod rollback;
mod rotate;
mod verify;

use pamrun_plugin::testing::{FakeHost, request};
use pamrun_plugin::{Failure, Plan, Plugin, Request, State, Value};

use self::cloud::{ADMIN_ID, APP_ID, Cloud, OBJECT_ID, TENANT};
use crate::AzureAppSecret;
use crate::requests::settings::defaults;

/// A target with an object id and a saved secret, and an attached admin record.
fn usual() -> Request {
    request(defaults())
        .with_input("target.object_id", OBJECT_ID)
        .with_input("target.current", "old-1")
        .with_input("admin.client_id", ADMIN_ID)
        .with_input("admin.client_secret", Value::Secret)
        .with_input("admin.tenant_id", TENANT)
        .with_input("admin.record", "\"admin\" (u1)")
        .with_input("admin.role", "attached")
}

/// The same app as its own admin: only its own record is there.
fn own() -> Request {
    usual().with_input("admin.client_id", APP_ID).with_input("admin.role", "target")
}

fn plan_removing(ids: &[&str]) -> Plan {
    Plan { removes: ids.iter().map(|id| (*id).to_owned()).collect(), ..Plan::default() }
}

/// Runs a step against the cloud; gives its result and the requests that it called.
fn run<T>(
    cloud: &mut Cloud,
    step: impl FnOnce(&FakeHost<'_>) -> Result<T, Failure>,
) -> (Result<T, Failure>, Vec<String>) {
    let host = FakeHost::new().otherwise(|call| cloud.answer(call));
    let result = step(&host);
    (result, host.calls())
}
