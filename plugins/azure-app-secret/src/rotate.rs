//! Makes the new secret, named with the marker. Removes nothing.

use jiff::{Timestamp, Unit};
use microsoft_graph::Admin;
use pamrun_plugin::{Credential, Failure, Host, Plan, Request, Update};

use crate::graph::Graph;
use crate::manifest::{EXPIRES, SECRET, SECRET_ID};
use crate::preflight::ends;
use crate::room;
use crate::settings::Settings;
use crate::target::Target;

pub fn rotate(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Credential, Failure> {
    let settings = Settings::read(request)?;
    let target = Target::of(plan, &settings.cloud.graph)?;
    let admin = Admin::pick(request)?;
    let ends = ends(host, &settings)?;
    let graph = Graph::reopen(host, request, &settings.cloud, &admin)?;
    let made = graph
        .add_password(&target.object_id, &request.marker, &ends.to_string())
        .map_err(|failure| explained(&graph, &target, request, failure))?;
    let expires = made.end_date_time.as_deref().and_then(whole_seconds).unwrap_or(ends).to_string();
    Ok(Credential {
        updates: vec![
            Update::text(SECRET_ID, &made.key_id),
            Update::secret(SECRET, made.secret_text),
            Update::text(EXPIRES, &expires),
        ],
        handle: made.key_id,
        expires: Some(expires),
    })
}

/// Says of an app that is full which secret is in the way, as far as Graph lists them.
fn explained(graph: &Graph<'_>, target: &Target, request: &Request, failure: Failure) -> Failure {
    if failure.code != "application-full" {
        return failure;
    }
    match graph.application(&target.object_id) {
        Ok(application) => room::full(failure, &application, request),
        Err(_) => failure,
    }
}

/// Graph answers with fractions of a second, in up to seven digits.
fn whole_seconds(time: &str) -> Option<Timestamp> {
    time.parse::<Timestamp>().ok()?.round(Unit::Second).ok()
}
