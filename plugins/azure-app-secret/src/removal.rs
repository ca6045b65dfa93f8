//! Removing one secret for certain.

use std::time::Duration;

use pamrun_plugin::{Failure, Host};

use crate::graph::{Graph, Removal};

/// Graph's lists lag behind its writes, and not all of its backends by the same time.
pub const LAG: Duration = Duration::from_secs(3);
const TRIES: usize = 3;

/// Removes a secret that was seen, and tells whether it is gone: Graph acknowledged it, or two
/// reads some seconds apart do not list it any more.
pub fn remove(host: &dyn Host, graph: &Graph<'_>, object_id: &str, key_id: &str) -> Result<bool, Failure> {
    for _ in 0..TRIES {
        if graph.remove_password(object_id, key_id)? == Removal::Done {
            return Ok(true);
        }
        if !is_listed(graph, object_id, key_id)? {
            host.sleep(LAG);
            if !is_listed(graph, object_id, key_id)? {
                return Ok(true);
            }
        }
        host.sleep(LAG);
    }
    Ok(false)
}

fn is_listed(graph: &Graph<'_>, object_id: &str, key_id: &str) -> Result<bool, Failure> {
    // A removal is under way, so a read that fails leaves more open than the read itself.
    let application =
        graph.application(object_id).map_err(|failure| Failure::uncertain(&failure.code, failure.message))?;
    Ok(application.password_credentials.iter().any(|secret| secret.key_id.eq_ignore_ascii_case(key_id)))
}
