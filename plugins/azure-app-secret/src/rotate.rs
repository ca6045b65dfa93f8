//! Makes the new secret, named with the marker. Removes nothing.

use entra::Admin;
use pamrun_plugin::{Credential, Failure, Host, Plan, Request, rfc3339, time};

use crate::app::{NamedBy, graph, read};
use crate::preflight::ends;
use crate::refusal::refused;
use crate::requests::add_password;
use crate::requests::settings::Settings;
use crate::room;

pub fn rotate(host: &dyn Host, request: &Request, plan: &Plan) -> Result<Credential, Failure> {
    let settings = Settings::of(request)?;
    let admin = Admin::of(request)?;
    let graph = graph(host, &admin).after_preflight();
    let ends = ends(host, &settings);
    let made = graph.call(refused, |host| add_password(host, &ends)).map_err(|failure| {
        if failure.code != "application-full" {
            return failure;
        }
        // Says which secret is in the way, as far as Graph lists them.
        match read(&graph, NamedBy::of(plan)) {
            Ok(app) => failure.fix(room::remedy(&app.items, request)),
            Err(_) => failure,
        }
    })?;
    // Graph answers with fractions of a second, in up to seven digits.
    let expires = made.ends.as_deref().and_then(time).map_or(ends, rfc3339);
    Ok(Credential::new(made.id).returning("expires", expires.as_str()).expiring(expires))
}
