//! Which app is rotated, and how it is read.

use entra::{Admin, Refuser, Session};
use pamrun_plugin::{Failure, Host, Plan};

use crate::refusal::unreadable;
use crate::requests::{App, app, app_by_client_id};

/// The field that names the app.
pub const OBJECT_ID: &str = "application_object_id";
/// The field that names its secret.
pub const SECRET_ID: &str = "client_secret_id";

/// By which of its ids the record names the app: Keeper's page asks for the first and describes the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    ObjectId,
    ClientId,
}

impl NamedBy {
    const CLIENT_ID: &'static str = "client-id";

    /// What preflight notes of it for the later steps.
    pub fn context(self) -> &'static str {
        match self {
            Self::ObjectId => "",
            Self::ClientId => Self::CLIENT_ID,
        }
    }

    /// What preflight noted.
    pub fn of(plan: &Plan) -> Self {
        if plan.context == Self::CLIENT_ID { Self::ClientId } else { Self::ObjectId }
    }
}

/// Graph, asked as the admin app.
pub fn graph<'a>(host: &'a dyn Host, admin: &Admin<'_>) -> Session<'a> {
    Session::new(host, Refuser::graph(), admin.who())
}

/// Reads the app, with the secrets that it has.
pub fn read(graph: &Session<'_>, by: NamedBy) -> Result<App, Failure> {
    graph.call(unreadable, |host| match by {
        NamedBy::ObjectId => app(host),
        NamedBy::ClientId => app_by_client_id(host),
    })
}
