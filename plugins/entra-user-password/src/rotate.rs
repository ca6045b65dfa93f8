//! Sets the new password.

use pamrun_plugin::{Credential, Failure, Host, Plan, Request, Update};

use crate::password::{proposed, set};

/// The handle is the time of the change: of all that the directory tells about a password, the only
/// thing that changes with it.
pub fn rotate(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Credential, Failure> {
    let password = proposed(request)?;
    let at = set(host, request, plan, password)?;
    Ok(Credential { handle: at.to_string(), updates: vec![Update::password(password)], expires: None })
}
