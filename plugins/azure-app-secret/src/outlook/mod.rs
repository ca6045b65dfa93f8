//! What only a dry run looks at: what would make a rotation fail, or needs somebody's attention, and what a
//! rotation itself need not know.
//!
//! A look that is refused, or that nobody answers, is told and decides nothing.

mod object;
mod policy;
mod principal;

use entra::{Admin, Session, admin_secret_end};
use pamrun_plugin::{Finding, time};

use crate::requests;
use crate::requests::settings::Settings;

pub fn outlook(graph: &Session<'_>, admin: &Admin<'_>, settings: &Settings) -> Vec<Finding> {
    let now = graph.host().now();
    let mut findings = Vec::new();
    if !admin.is_own() {
        let listed = graph.look(requests::admin_app);
        findings.extend(admin_secret_end(listed.as_ref().map(|app| &app.ends[..]), admin, now));
    }
    let object = graph.look(requests::object);
    let created = object.as_ref().ok().and_then(|object| time(object.created.as_deref()?));
    findings.extend(object::judge(object));
    findings.extend(policy::judge(graph, settings, created));
    findings.extend(principal::judge(graph, settings, now));
    findings
}
