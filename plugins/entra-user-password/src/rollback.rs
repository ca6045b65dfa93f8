//! Puts an old password back.

use pamrun_plugin::{Failure, Host, Plan, Request, Undone};

use crate::password::{proposed, set};

/// The host proposes the old value, and says which change it takes back, where it knows that.
pub fn rollback(
    host: &dyn Host,
    request: &Request,
    plan: &Plan,
    handle: Option<&str>,
) -> Result<Undone, Failure> {
    set(host, request, plan, proposed(request)?)?;
    let change = handle.unwrap_or(&request.rotation_id).to_owned();
    Ok(Undone { seen: vec![change.clone()], gone: vec![change] })
}
