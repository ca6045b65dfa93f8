//! The app's object as a whole: how full it is, and how fast it may be changed.

use pamrun_plugin::{Failure, Finding};

use crate::requests::Object;
use crate::room::PERSONAL;

/// So many entries an app object holds, in all its lists together: the limit that Microsoft gives for the
/// app manifest. Graph refuses more by the size of the object, so that it can be a little sooner or later.
const LIMIT: i64 = 1200;

/// From so many entries on it is told. What is left is room for a hundred rotations that remove nothing.
const NEARLY: i64 = LIMIT - 100;

pub fn judge(object: Result<Object, Failure>) -> Vec<Finding> {
    let object = match object {
        Ok(object) => object,
        Err(failure) => {
            let message = format!("how full the app's object is could not be looked up: {failure}");
            return vec![Finding::info("application-unread", message)];
        }
    };
    let mut findings = Vec::new();
    let count = entries(&object);
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
    if let Some(audience) = object.audience.filter(|audience| PERSONAL.contains(&audience.as_str())) {
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
fn entries(object: &Object) -> i64 {
    let lists = [
        object.secrets,
        object.certificates,
        object.roles,
        object.role_members,
        object.scopes,
        object.clients,
        object.authorized,
        object.authorized_scopes,
        object.resources,
        object.permissions,
        object.identifiers,
        object.web_uris,
        object.web_uri_settings,
        object.spa_uris,
        object.client_uris,
        object.tags,
        object.add_ins,
        object.id_claims,
        object.access_claims,
        object.saml_claims,
    ];
    lists.into_iter().flatten().sum()
}
