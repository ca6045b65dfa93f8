//! Which app is rotated: its identity in the plan, which later steps read back.

use microsoft_graph::is_guid;
use pamrun_plugin::{Failure, Plan};

/// The app that is rotated, by both of its ids.
///
/// Its tenant is left out: ids are unique without it, and in PAM configurations it is a secret
/// field, which no plan may contain.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    /// The object id: the app's address in Graph.
    pub object_id: String,
    /// The application (client) id: the name that it logs in with.
    pub app_id: String,
}

impl Target {
    /// The same text for everyone who rotates the app.
    pub fn identity(&self, graph: &str) -> String {
        format!("entra:{graph}/{}/{}", self.object_id, self.app_id).to_ascii_lowercase()
    }

    /// Reads the identity back from a plan.
    pub fn of(plan: &Plan, graph: &str) -> Result<Self, Failure> {
        let ids =
            plan.target.strip_prefix("entra:").and_then(|rest| rest.strip_prefix(graph)?.strip_prefix('/'));
        if let Some((object_id, app_id)) = ids.and_then(|ids| ids.split_once('/'))
            && is_guid(object_id)
            && is_guid(app_id)
        {
            return Ok(Self { object_id: object_id.to_owned(), app_id: app_id.to_owned() });
        }
        Err(Failure::invalid(
            "foreign-plan",
            format!("the plan is for {}, not for an app of {graph}", plan.target),
        ))
    }
}
