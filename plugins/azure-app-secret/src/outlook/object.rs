//! The app's object as a whole: how full it is, and how fast it may be changed.

use jiff::Timestamp;
use pamrun_plugin::{Failure, Finding};
use serde_json::Value;

use crate::graph::Graph;
use crate::room::PERSONAL;
use crate::target::Target;

/// So many entries an app object holds, in all its lists together: the limit that Microsoft gives for the
/// app manifest. Graph refuses more by the size of the object, so that it can be a little sooner or later.
const LIMIT: usize = 1200;

/// From so many entries on it is told. What is left is room for a hundred rotations that remove nothing.
const NEARLY: usize = LIMIT - 100;

/// All that Graph shows of an app.
pub struct Object(Value);

impl Object {
    pub fn look(graph: &Graph<'_>, target: &Target) -> Result<Self, Failure> {
        graph.look(&format!("/applications/{}", target.object_id)).map(Self)
    }

    /// When it was made: policies may spare what is older than they are.
    pub fn created(&self) -> Option<Timestamp> {
        self.text("createdDateTime")?.parse().ok()
    }

    fn text(&self, property: &str) -> Option<&str> {
        self.0.get(property)?.as_str()
    }
}

pub fn judge(object: Result<Object, Failure>) -> Vec<Finding> {
    let object = match object {
        Ok(object) => object,
        Err(failure) => {
            let message = format!("how full the app's object is could not be looked up: {failure}");
            return vec![Finding::info("application-unread", message)];
        }
    };
    let mut findings = Vec::new();
    let count = entries(&object.0);
    let room =
        format!("the app's object has {count} entries in its lists, of about {LIMIT} that it can hold");
    if count >= LIMIT {
        findings.push(
            Finding::error("application-full", format!("{room}: it has no room for another secret"))
                .fix("remove secrets, redirect URIs or permissions that nobody needs"),
        );
    } else if count >= NEARLY {
        findings.push(
            Finding::warning("application-nearly-full", room).fix(
                "remove secrets, redirect URIs or permissions that nobody needs, before a rotation fails",
            ),
        );
    }
    if let Some(audience) = object.text("signInAudience").filter(|audience| PERSONAL.contains(audience)) {
        let message = format!(
            "the app is open to personal accounts ({audience}): Graph takes 60 changes a minute of such apps"
        );
        findings.push(
            Finding::info("personal-accounts", message)
                .fix("rotate such apps a few at a time; a rotation that is told to wait does so by itself"),
        );
    }
    findings
}

/// How many entries all lists hold, those inside of others included.
fn entries(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.len() + list.iter().map(entries).sum::<usize>(),
        Value::Object(properties) => properties.values().map(entries).sum(),
        _ => 0,
    }
}
