//! Sets the new password.

use pamrun_plugin::{Credential, Failure, Host, Plan, Request, Update};

use crate::password::set;

/// The handle is the time of the change: of all that the directory tells about a password, the only
/// thing that changes with it.
pub fn rotate(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Credential, Failure> {
    let at = set(host, request, plan)?;
    let password = request.proposed.clone().unwrap_or_default();
    Ok(Credential { handle: at.to_string(), updates: vec![Update::password(password)], expires: None })
}
