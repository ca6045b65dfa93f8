//! Removes exactly the secrets of the plan.

use std::time::Duration;

use entra::Admin;
use pamrun_plugin::{Failure, FailureKind, Host, Level, Plan, Request, Retired, State};

use crate::app::{NamedBy, graph};
use crate::removal::{LAG, remove};

/// How long a backend may still not know the new secret when an app that rotated itself logs in.
const SPREADING: Duration = Duration::from_secs(30);

pub fn commit(
    host: &dyn Host,
    request: &Request,
    plan: &Plan,
    id: Option<&str>,
) -> Result<Vec<Retired>, Failure> {
    let admin = Admin::of(request)?;
    let (graph, by) = (graph(host, &admin).after_preflight(), NamedBy::of(plan));
    let is_new = |old: &str| id.is_some_and(|id| id.eq_ignore_ascii_case(old));
    let mut retired: Vec<Retired> =
        plan.removes.iter().filter(|old| !is_new(old)).map(Retired::present).collect();
    let mut stopped = None;
    for old in &mut retired {
        let removed = loop {
            match remove(&graph, by, &old.id) {
                Err(failure)
                    if admin.is_own()
                        && failure.kind == FailureKind::WrongCredential
                        && host.elapsed() < SPREADING =>
                {
                    host.sleep(LAG);
                }
                removed => break removed,
            }
        };
        match removed {
            Ok(true) => old.state = State::Gone,
            Ok(false) => {}
            Err(failure) => {
                host.log(Level::Warn, &format!("not all secrets were removed: {failure}"));
                stopped = Some(failure);
                break;
            }
        }
    }
    match stopped {
        // As long as nothing is removed, the reason is worth more than a list.
        Some(failure) if retired.iter().all(|old| old.state != State::Gone) => Err(failure),
        _ => Ok(retired),
    }
}
