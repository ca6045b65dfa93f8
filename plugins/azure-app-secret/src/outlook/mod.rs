//! What only a dry run looks at: what would make a rotation fail, or needs somebody's attention, and what a
//! rotation itself need not know.
//!
//! A look that is refused, or that nobody answers, is told and decides nothing.

mod object;
mod policy;
mod principal;

use std::time::SystemTime;

use microsoft_graph::{Admin, admin_secret_end};
use pamrun_plugin::Finding;

use self::object::Object;
use crate::graph::Graph;
use crate::settings::Settings;
use crate::target::Target;

pub fn outlook(
    graph: &Graph<'_>,
    admin: &Admin<'_>,
    settings: &Settings,
    target: &Target,
    now: SystemTime,
) -> Vec<Finding> {
    let mut findings: Vec<_> = admin_secret_end(graph.session(), admin, now).into_iter().collect();
    let object = Object::look(graph, target);
    let created = object.as_ref().ok().and_then(Object::created);
    findings.extend(object::judge(object));
    findings.extend(policy::judge(graph, settings, target, created));
    findings.extend(principal::judge(graph, settings, target, now));
    findings
}
