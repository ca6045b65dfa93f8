//! Changes the password of an Entra user through Microsoft Graph.
//!
//! One value is replaced (strategy `in-place`): `rotate` sets the new password, `rollback` puts the old one back,
//! and nothing is ever removed. The host fills in whichever it is. Below the steps: `user` (what a record may call
//! one), `password` (setting one), `sign_in` (trying one), `refusal` (what Graph's refusals mean).

mod password;
mod preflight;
mod refusal;
mod sign_in;
#[cfg(test)]
mod tests;
mod user;
mod verify;

use pamrun_plugin::{Credential, Failure, Host, Plan, Plugin, Proof, Request, Retired};

pamrun_plugin::requests!("plugin.toml");

/// The plugin.
#[derive(Debug)]
pub struct EntraUserPassword;

impl Plugin for EntraUserPassword {
    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        preflight::preflight(host, request)
    }

    fn rotate(host: &dyn Host, request: &Request, _: &Plan) -> Result<Credential, Failure> {
        password::set(host, request).map(|()| Credential::default())
    }

    fn verify(host: &dyn Host, request: &Request, plan: &Plan, _: Option<&str>) -> Result<Proof, Failure> {
        verify::verify(host, request, plan)
    }

    fn rollback(
        host: &dyn Host,
        request: &Request,
        _: &Plan,
        id: Option<&str>,
    ) -> Result<Vec<Retired>, Failure> {
        password::set(host, request).map(|()| id.map(Retired::gone).into_iter().collect())
    }
}

pamrun_plugin::export!(EntraUserPassword);
