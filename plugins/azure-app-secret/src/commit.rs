//! Removes exactly the secrets of the plan.

use std::time::Duration;

use microsoft_graph::Admin;
use pamrun_plugin::{Failure, FailureKind, Host, Level, Plan, Removed, Request};

use crate::graph::Graph;
use crate::removal::{LAG, remove};
use crate::settings::Settings;
use crate::target::Target;

/// How long a backend may still not know the new secret when an app that rotated itself logs in.
const SPREADING: Duration = Duration::from_secs(30);

pub fn commit(
    host: &dyn Host,
    request: &Request,
    plan: &Plan,
    handle: &str,
) -> Result<Vec<Removed>, Failure> {
    let settings = Settings::read(request)?;
    let target = Target::of(plan, &settings.cloud.graph)?;
    let admin = Admin::pick(request)?;
    let ids: Vec<&str> = plan
        .removes
        .iter()
        .map(|old| old.id.as_str())
        .filter(|id| !id.eq_ignore_ascii_case(handle))
        .collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let graph = loop {
        match Graph::reopen(host, request, &settings.cloud, &admin) {
            Err(failure)
                if admin.is_own()
                    && failure.kind == FailureKind::WrongCredential
                    && host.elapsed() < SPREADING =>
            {
                host.sleep(LAG);
            }
            opened => break opened?,
        }
    };
    let mut removed: Vec<Removed> =
        ids.iter().map(|id| Removed { id: (*id).to_owned(), gone: false }).collect();
    let mut stopped = None;
    for old in &mut removed {
        match remove(host, &graph, &target.object_id, &old.id) {
            Ok(gone) => old.gone = gone,
            Err(failure) => {
                host.log(Level::Warn, &format!("not all secrets were removed: {failure}"));
                stopped = Some(failure);
                break;
            }
        }
    }
    match stopped {
        // As long as nothing is removed, the reason is worth more than a list.
        Some(failure) if removed.iter().all(|old| !old.gone) => Err(failure),
        _ => Ok(removed),
    }
}
