//! Changes the password of an Entra user through Microsoft Graph.
//!
//! One value is replaced (strategy `in-place`), and the host brings it along: `rotate` sets the new
//! password, `rollback` puts an old one back, and nothing is ever removed. Each step is a module of
//! its name; what they share is below them: `settings`, `user` (whose password), `password` (setting
//! one), `rules` (which ones Entra takes), `sign_in` (trying one), `refusal` (what Graph's refusals
//! mean). Logging in and talking to Graph is in the crate `microsoft_graph`.

mod manifest;
mod password;
mod preflight;
mod refusal;
mod rollback;
mod rotate;
mod rules;
mod settings;
mod sign_in;
#[cfg(test)]
mod tests;
mod user;
mod verify;

use pamrun_plugin::{Credential, Failure, Host, Manifest, Plan, Plugin, Proof, Request, Undone};

/// The plugin.
#[derive(Debug)]
pub struct EntraUserPassword;

impl Plugin for EntraUserPassword {
    fn manifest() -> Manifest {
        manifest::manifest()
    }

    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        preflight::preflight(host, request)
    }

    fn rotate(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Credential, Failure> {
        rotate::rotate(host, request, plan)
    }

    fn verify(
        host: &dyn Host,
        request: &Request,
        plan: &Plan,
        credential: &Credential,
    ) -> Result<Proof, Failure> {
        verify::verify(host, request, plan, credential)
    }

    fn rollback(
        host: &dyn Host,
        request: &Request,
        plan: &Plan,
        handle: Option<&str>,
    ) -> Result<Undone, Failure> {
        rollback::rollback(host, request, plan, handle)
    }
}

pamrun_plugin::export!(EntraUserPassword);
