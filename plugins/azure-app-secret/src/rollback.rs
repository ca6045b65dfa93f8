//! Removes what this rotation made, and nothing else.

use microsoft_graph::Admin;
use pamrun_plugin::{Failure, Host, Level, Plan, Request, Undone};

use crate::graph::Graph;
use crate::removal::{LAG, remove};
use crate::settings::Settings;
use crate::target::Target;

/// How often the app is read, so that a secret that shows up late is found too.
const READS: usize = 3;

pub fn rollback(
    host: &dyn Host,
    request: &Request,
    plan: &Plan,
    handle: Option<&str>,
) -> Result<Undone, Failure> {
    let settings = Settings::read(request)?;
    let target = Target::of(plan, &settings.cloud.graph)?;
    let admin = Admin::pick(request)?;
    let graph = Graph::reopen(host, request, &settings.cloud, &admin)?;
    let mut undone = Undone::default();
    // It was seen when it was made, whatever a list that lags behind shows now.
    let mut pending: Vec<String> = handle.map(str::to_owned).into_iter().collect();
    for read in 0..READS {
        if read > 0 {
            host.sleep(LAG);
        }
        let application = match graph.application(&target.object_id) {
            Err(failure) if read > 0 => {
                host.log(Level::Warn, &format!("what is left could not be read: {failure}"));
                break;
            }
            application => application?,
        };
        for secret in application.password_credentials {
            let is_ours = secret.display_name.as_deref().is_some_and(|name| request.made_this(name));
            if is_ours && !undone.gone.contains(&secret.key_id) && !pending.contains(&secret.key_id) {
                pending.push(secret.key_id);
            }
        }
        if pending.is_empty() && !undone.seen.is_empty() {
            break;
        }
        for id in std::mem::take(&mut pending) {
            let gone = remove(host, &graph, &target.object_id, &id).unwrap_or_else(|failure| {
                host.log(Level::Warn, &format!("the secret {id} was not removed: {failure}"));
                false
            });
            if gone {
                undone.gone.push(id.clone());
            }
            if !undone.seen.contains(&id) {
                undone.seen.push(id);
            }
        }
    }
    Ok(undone)
}
