//! Rotates the client secret of an Azure app (Entra application) through Microsoft Graph.
//!
//! Each step is a module of its name; what they share is below them: `settings`, `target` (which
//! app), `graph` (what is asked of Graph), `refusal` (what its refusals mean), `room` (for another secret), `removal`. What preflight
//! looks at in dry runs only is in `outlook`. Logging in and talking to Graph is in the crate
//! `microsoft_graph`.

mod commit;
mod graph;
mod manifest;
mod outlook;
mod preflight;
mod refusal;
mod removal;
mod rollback;
mod room;
mod rotate;
mod settings;
mod target;
#[cfg(test)]
mod tests;
mod verify;

use pamrun_plugin::{Credential, Failure, Host, Manifest, Plan, Plugin, Proof, Removed, Request, Undone};

/// The plugin.
#[derive(Debug)]
pub struct AzureAppSecret;

impl Plugin for AzureAppSecret {
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

    fn commit(
        host: &dyn Host,
        request: &Request,
        plan: &Plan,
        handle: &str,
    ) -> Result<Vec<Removed>, Failure> {
        commit::commit(host, request, plan, handle)
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

pamrun_plugin::export!(AzureAppSecret);
