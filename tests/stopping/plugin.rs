//! The template's plugin, which breaks down at the end of the step that a setting names.

mod tokens;

use pamrun_plugin::{Credential, Failure, Host, Plan, Plugin, Proof, Request, Retired};
use tokens::Tokens;
use tokens::requests::settings::{By, Settings, StopsIn};

struct Stopping;

pamrun_plugin::export!(Stopping);

impl Plugin for Stopping {
    fn preflight(host: &dyn Host, request: &Request) -> Result<Plan, Failure> {
        stopping(request, StopsIn::Preflight, Tokens::preflight(host, request))
    }

    fn rotate(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Credential, Failure> {
        stopping(request, StopsIn::Rotate, Tokens::rotate(host, request, plan))
    }

    fn verify(host: &dyn Host, request: &Request, plan: &Plan, id: Option<&str>) -> Result<Proof, Failure> {
        stopping(request, StopsIn::Verify, Tokens::verify(host, request, plan, id))
    }

    fn commit(
        host: &dyn Host,
        request: &Request,
        plan: &Plan,
        id: Option<&str>,
    ) -> Result<Vec<Retired>, Failure> {
        stopping(request, StopsIn::Commit, Tokens::commit(host, request, plan, id))
    }

    fn rollback(
        host: &dyn Host,
        request: &Request,
        plan: &Plan,
        id: Option<&str>,
    ) -> Result<Vec<Retired>, Failure> {
        stopping(request, StopsIn::Rollback, Tokens::rollback(host, request, plan, id))
    }
}

fn stopping<T>(request: &Request, step: StopsIn, result: Result<T, Failure>) -> Result<T, Failure> {
    let settings = Settings::of(request)?;
    match settings.by {
        _ if settings.stops_in != step => result,
        By::Mistake => panic!("a mistake"),
        By::Memory => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(vec![1_u8; 1 << 20]);
            }
        }
    }
}
