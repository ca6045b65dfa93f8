//! Whose password is changed.

use jiff::Timestamp;
use microsoft_graph::{Session, is_guid};
use pamrun_plugin::{Failure, Plan, Request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::manifest::LOGIN;
use crate::refusal::unreadable;

/// A user, as far as it matters here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The object id, which never changes.
    pub id: String,
    /// What the user signs in with.
    #[serde(rename = "userPrincipalName")]
    pub principal_name: String,
    #[serde(default)]
    pub display_name: Option<String>,
    #[serde(default)]
    pub account_enabled: Option<bool>,
    #[serde(default, rename = "userType")]
    pub kind: Option<String>,
    #[serde(default)]
    pub on_premises_sync_enabled: Option<bool>,
    #[serde(default)]
    last_password_change_date_time: Option<String>,
}

const FIELDS: &str = "$select=id,userPrincipalName,displayName,accountEnabled,userType,onPremisesSyncEnabled,\
                      lastPasswordChangeDateTime";

/// What stays as it is in a path: a dot that is encoded would have two readings.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

impl User {
    /// Reads a user by object id or principal name.
    pub fn read(graph: &Session<'_>, name: &str) -> Result<Self, Failure> {
        graph.get(&format!("/users/{}?{FIELDS}", segment(name)), unreadable)
    }

    /// When the password was last changed, if Graph says so.
    pub fn last_change(&self) -> Option<Timestamp> {
        self.last_password_change_date_time.as_deref()?.parse().ok()
    }
}

/// A principal name as one segment of a path: a guest's has a `#` in it.
pub fn segment(name: &str) -> String {
    utf8_percent_encode(name, PLAIN).to_string()
}

/// What the record calls the user: the setting `user`, or else its login.
pub fn named(request: &Request) -> Result<&str, Failure> {
    let (what, name) = match request.setting_text("user") {
        Ok(name) => ("the setting user".to_owned(), name.trim()),
        Err(_) => (format!("the field {LOGIN} of the record"), request.target.text(LOGIN)?.trim()),
    };
    if is_guid(name) || is_principal_name(name) {
        return Ok(name);
    }
    let message = format!(
        "{what} \"{}\" ({}) is {name}, and must be the user's principal name (user@domain) or object id",
        request.target.title, request.target.uid
    );
    Err(Failure::invalid("user-malformed", message))
}

fn is_principal_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"'.-_!#^~+".contains(&b);
    text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && !domain.is_empty() && name.bytes().chain(domain.bytes()).all(allowed)
    })
}

/// The user of a plan, by object id: the identity that later steps read back.
#[derive(Debug, PartialEq, Eq)]
pub struct Target {
    pub object_id: String,
}

impl Target {
    /// The user that Graph found.
    pub fn of_user(user: &User) -> Result<Self, Failure> {
        if is_guid(&user.id) {
            return Ok(Self { object_id: user.id.to_ascii_lowercase() });
        }
        Err(Failure::unavailable("graph-unreadable", "Graph named the user by an id that is no GUID"))
    }

    /// The same text for everyone who rotates the user.
    pub fn identity(&self, graph: &str) -> String {
        format!("entra:{graph}/users/{}", self.object_id).to_ascii_lowercase()
    }

    /// Reads the identity back from a plan.
    pub fn of(plan: &Plan, graph: &str) -> Result<Self, Failure> {
        let id = plan.target.strip_prefix("entra:").and_then(|rest| rest.strip_prefix(graph));
        match id.and_then(|rest| rest.strip_prefix("/users/")) {
            Some(id) if is_guid(id) => Ok(Self { object_id: id.to_owned() }),
            _ => Err(Failure::invalid(
                "foreign-plan",
                format!("the plan is for {}, not for a user of {graph}", plan.target),
            )),
        }
    }
}
