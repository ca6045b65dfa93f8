//! Rotates the client secret of an Azure app (Entra application) through Microsoft Graph.
//!
//! `plugin.toml` declares what is sent. Each step is a module of its name; what they share is below them: `app`
//! (which app, and how it is read), `refusal` (what refusals mean where an app is concerned), `room` (for another
//! secret), `removal`. What preflight looks at in dry runs only is in `outlook`. What Entra and Graph answer
//! whatever was asked is in the crate `entra`.

mod app;
mod commit;
mod outlook;
mod preflight;
mod refusal;
mod removal;
mod rollback;
mod room;
mod rotate;
#[cfg(test)]
mod tests;
mod verify;

use pamrun_plugin::{Credential, Failure, Host, Plan, Plugin, Proof, Request, Retired};

pamrun_plugin::requests!("plugin.toml");

/// The plugin.
#[derive(Debug)]
pub struct AzureAppSecret;

impl Plugin for AzureAppSecret {
    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        preflight::preflight(host, request)
    }

    fn rotate(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Credential, Failure> {
        rotate::rotate(host, request, plan)
    }

    fn verify(host: &dyn Host, request: &Request, plan: &Plan, _: Option<&str>) -> Result<Proof, Failure> {
        verify::verify(host, request, plan)
    }

    fn commit(
        host: &dyn Host,
        request: &Request,
        plan: &Plan,
        id: Option<&str>,
    ) -> Result<Vec<Retired>, Failure> {
        commit::commit(host, request, plan, id)
    }

    fn rollback(
        host: &dyn Host,
        request: &Request,
        plan: &Plan,
        id: Option<&str>,
    ) -> Result<Vec<Retired>, Failure> {
        rollback::rollback(host, request, plan, id)
    }
}

pamrun_plugin::export!(AzureAppSecret);
