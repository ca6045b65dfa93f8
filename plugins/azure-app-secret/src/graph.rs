//! What is asked of Microsoft Graph, as the admin app.

use http::{Method, StatusCode};
use microsoft_graph::{Admin, Claims, Cloud, Session, read_json};
use pamrun_plugin::{Failure, Finding, Host, Request, SendError};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::refusal::{is_unknown_key, refused, unreadable};

/// An application, as far as it matters here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    pub id: String,
    pub app_id: String,
    #[serde(default)]
    pub display_name: Option<String>,
    /// Whom it lets in.
    #[serde(default)]
    pub sign_in_audience: Option<String>,
    /// Required: a list that is not there must not pass for an empty one.
    pub password_credentials: Vec<Listing>,
}

/// A secret as Graph lists it: without its value.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    pub key_id: String,
    #[serde(default)]
    pub display_name: Option<String>,
    #[serde(default)]
    pub end_date_time: Option<String>,
}

/// A secret that was just made: the only time that its value shows.
pub struct NewSecret {
    pub key_id: String,
    pub secret_text: String,
    pub end_date_time: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    key_id: Option<String>,
    secret_text: Option<String>,
    end_date_time: Option<String>,
}

/// What became of a removal.
#[derive(Debug, PartialEq, Eq)]
pub enum Removal {
    /// Graph acknowledged it.
    Done,
    /// It cannot be told, or Graph does not know the secret: reads must decide.
    Unclear,
}

/// Graph, with the admin app logged in.
pub struct Graph<'a>(Session<'a>);

impl<'a> Graph<'a> {
    /// Logs in, to look for the app.
    pub fn open(
        host: &'a dyn Host,
        request: &'a Request,
        cloud: &'a Cloud,
        admin: &'a Admin<'a>,
    ) -> Result<Self, Failure> {
        Session::open(host, request, cloud, admin).map(Self)
    }

    /// Logs in after preflight, which has found the app.
    pub fn reopen(
        host: &'a dyn Host,
        request: &'a Request,
        cloud: &'a Cloud,
        admin: &'a Admin<'a>,
    ) -> Result<Self, Failure> {
        Session::open(host, request, cloud, admin).map(|session| Self(session.after_preflight()))
    }

    /// Tells whether Graph may let the admin app change the app, as far as its token shows; with
    /// what to do about it where it seems not.
    pub fn missing_right(&self, application: &Application) -> Result<Option<Finding>, Failure> {
        let Some(Claims { roles, oid, .. }) = self.0.claims() else { return Ok(None) };
        let granted = |role: &str| roles.iter().any(|given| given == role);
        if granted("Application.ReadWrite.All") || granted("Directory.ReadWrite.All") {
            return Ok(None);
        }
        if !granted("Application.ReadWrite.OwnedBy") {
            let message = "the admin app's token names no Graph permission to change apps";
            return Ok(Some(Finding::warning("permission-missing", message).fix(
                "unless it holds a directory role such as Cloud Application Administrator, grant it \
                 Application.ReadWrite.OwnedBy and make it an owner of the app, or grant it \
                 Application.ReadWrite.All",
            )));
        }
        let owners: Owners =
            self.0.get(&format!("/applications/{}/owners?$select=id", application.id), unreadable)?;
        let is_owner = owners.value.iter().any(|owner| owner.id.eq_ignore_ascii_case(oid));
        Ok((!is_owner && owners.next_link.is_none()).then(|| {
            let message =
                "the admin app may change only apps that it owns, and it is not an owner of this one";
            Finding::warning("not-an-owner", message)
                .fix("add its service principal to the app's owners, or grant it Application.ReadWrite.All")
        }))
    }

    /// The session, for what is common to all plugins for Graph.
    pub fn session(&self) -> &Session<'a> {
        &self.0
    }

    /// Reads once what is good to know and not needed; see [`Session::look`].
    pub fn look<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.0.look(path)
    }

    /// Reads an application by its object id.
    pub fn application(&self, object_id: &str) -> Result<Application, Failure> {
        self.0.get(&format!("/applications/{object_id}?{APPLICATION_FIELDS}"), unreadable)
    }

    /// Reads an application by its application (client) id.
    pub fn application_by_client_id(&self, app_id: &str) -> Result<Application, Failure> {
        self.0.get(&format!("/applications(appId='{app_id}')?{APPLICATION_FIELDS}"), unreadable)
    }

    /// Makes a secret. An explicit rejection is tried again; what may have been done never is.
    pub fn add_password(&self, object_id: &str, name: &str, ends: &str) -> Result<NewSecret, Failure> {
        let path = format!("/applications/{object_id}/addPassword");
        let body = json!({"passwordCredential": {"displayName": name, "endDateTime": ends}});
        self.0.change(&Method::POST, &path, &body, |answer| {
            let answer = answer.map_err(|error| error.while_changing())?;
            if !answer.status().is_success() {
                return Err(self.0.refusal(&answer).while_changing(refused));
            }
            usable(read_json(answer.body()).unwrap_or_default())
        })
    }

    /// Removes a secret, with tries again after explicit rejections.
    pub fn remove_password(&self, object_id: &str, key_id: &str) -> Result<Removal, Failure> {
        let path = format!("/applications/{object_id}/removePassword");
        let body = json!({"keyId": key_id});
        self.0.change(&Method::POST, &path, &body, |answer| {
            let answer = match answer {
                Ok(answer) => answer,
                Err(SendError::Lost(_)) => return Ok(Removal::Unclear),
                Err(error) => return Err(error.while_changing()),
            };
            match answer.status() {
                StatusCode::NO_CONTENT => return Ok(Removal::Done),
                // Graph has nothing else to say: this is the page of somebody in between.
                status if status.is_success() => return Ok(Removal::Unclear),
                _ => {}
            }
            let refusal = self.0.refusal(&answer);
            if is_unknown_key(&refusal, key_id) || refusal.is_unclear() {
                return Ok(Removal::Unclear);
            }
            Err(refusal.while_changing(refused))
        })
    }
}

const APPLICATION_FIELDS: &str = "$select=id,appId,displayName,signInAudience,passwordCredentials";

/// A secret that was made; without its id and value it is there, and of no use to anybody.
fn usable(made: Made) -> Result<NewSecret, Failure> {
    let said = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
    let Made { key_id, secret_text, end_date_time } = made;
    if let (Some(key_id), Some(secret_text)) = (said(key_id), said(secret_text)) {
        return Ok(NewSecret { key_id, secret_text, end_date_time });
    }
    let message = "Graph answered the making of a secret without its value, which it shows only once";
    Err(Failure::uncertain("graph-unclear", message))
}

#[derive(Deserialize)]
struct Owners {
    value: Vec<Owner>,
    #[serde(default, rename = "@odata.nextLink")]
    next_link: Option<String>,
}

#[derive(Deserialize)]
struct Owner {
    id: String,
}
