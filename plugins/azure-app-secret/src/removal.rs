//! Removing one secret for certain.

use std::time::Duration;

use entra::Session;
use pamrun_plugin::{Failure, FailureKind, Trouble};

use crate::app::{NamedBy, read};
use crate::refusal::{is_unknown_key, refused};
use crate::requests::remove_password;

/// Graph's lists lag behind its writes, and not all of its backends by the same time.
pub const LAG: Duration = Duration::from_secs(3);
const TRIES: usize = 3;

/// Removes a secret that was seen, and tells whether it is gone: Graph acknowledged it, or two reads some seconds
/// apart do not list it any more.
pub fn remove(graph: &Session<'_>, by: NamedBy, key_id: &str) -> Result<bool, Failure> {
    for _ in 0..TRIES {
        if is_acknowledged(graph, key_id)? {
            return Ok(true);
        }
        if !is_listed(graph, by, key_id)? {
            graph.host().sleep(LAG);
            if !is_listed(graph, by, key_id)? {
                return Ok(true);
            }
        }
        graph.host().sleep(LAG);
    }
    Ok(false)
}

/// Asks for the removal. What is unclear, or of a secret that Graph does not know, reads must decide.
fn is_acknowledged(graph: &Session<'_>, key_id: &str) -> Result<bool, Failure> {
    graph.call(refused, |host| match remove_password(host, key_id) {
        Ok(()) => Ok(true),
        Err(Trouble::Uncertain(_)) => Ok(false),
        Err(trouble) => graph.refusal(trouble, |refusal| is_unknown_key(refusal, key_id).then_some(false)),
    })
}

fn is_listed(graph: &Session<'_>, by: NamedBy, key_id: &str) -> Result<bool, Failure> {
    // A removal is under way, so a read that fails leaves more open than the read itself.
    let app = read(graph, by).map_err(|failure| Failure { kind: FailureKind::Uncertain, ..failure })?;
    Ok(app.items.iter().any(|secret| secret.id.eq_ignore_ascii_case(key_id)))
}
