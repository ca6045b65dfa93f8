//! Removes what this rotation made, and nothing else.

use entra::Admin;
use pamrun_plugin::{Failure, Host, Level, Plan, Request, Retired, State};

use crate::app::{NamedBy, graph, read};
use crate::removal::{LAG, remove};

/// How often the app is read, so that a secret that shows up late is found too.
const READS: usize = 3;

pub fn rollback(
    host: &dyn Host,
    request: &Request,
    plan: &Plan,
    id: Option<&str>,
) -> Result<Vec<Retired>, Failure> {
    let admin = Admin::of(request)?;
    let (graph, by) = (graph(host, &admin).after_preflight(), NamedBy::of(plan));
    // What was made was seen then, whatever a list that lags behind shows now.
    let mut ours: Vec<Retired> = id.map(Retired::present).into_iter().collect();
    for round in 0..READS {
        if round > 0 {
            host.sleep(LAG);
        }
        let app = match read(&graph, by) {
            Err(failure) if round > 0 => {
                host.log(Level::Warn, &format!("what is left could not be read: {failure}"));
                break;
            }
            app => app?,
        };
        let mut is_quiet = round > 0 && !ours.is_empty();
        for secret in app.items {
            let is_ours = secret.label.as_deref().is_some_and(|name| request.made_this(name));
            match ours.iter().find(|known| known.id == secret.id) {
                None if is_ours => ours.push(Retired::present(secret.id)),
                Some(known) if known.state != State::Gone => {}
                _ => continue,
            }
            is_quiet = false;
        }
        if is_quiet {
            break;
        }
        for secret in ours.iter_mut().filter(|secret| secret.state != State::Gone) {
            match remove(&graph, by, &secret.id) {
                Ok(true) => secret.state = State::Gone,
                Ok(false) => {}
                Err(failure) => {
                    let id = &secret.id;
                    host.log(Level::Warn, &format!("the secret {id} was not removed: {failure}"));
                }
            }
        }
    }
    Ok(ours)
}
