//! What is asked of Microsoft Graph, as the admin app.

use std::cell::RefCell;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Response, StatusCode};
use pamrun_plugin::{Failure, Host, Request, SendError};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::cloud::Cloud;
use crate::refusal::Refusal;
use crate::retry::patiently;
use crate::token::{Claims, Login, Token};

/// An application, as far as it matters here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    pub id: String,
    pub app_id: String,
    #[serde(default)]
    pub display_name: Option<String>,
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
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewSecret {
    pub key_id: String,
    pub secret_text: String,
    #[serde(default)]
    pub end_date_time: Option<String>,
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
pub struct Graph<'a> {
    host: &'a dyn Host,
    login: Login<'a>,
    who: String,
    bearer: RefCell<String>,
    claims: Option<Claims>,
}

impl<'a> Graph<'a> {
    /// Logs in.
    pub fn open(
        host: &'a dyn Host,
        request: &'a Request,
        cloud: &'a Cloud,
        admin: &'a Admin<'a>,
    ) -> Result<Self, Failure> {
        let login = Login {
            cloud,
            tenant_id: &admin.tenant_id,
            client_id: admin.client_id,
            client_secret: admin.client_secret,
            request_id: &request.rotation_id,
        };
        let who = admin.who();
        let Token { bearer, claims } =
            patiently(host, || login.attempt(host).map_err(|error| error.failure(&who)))?;
        Ok(Self { host, login, who, bearer: RefCell::new(bearer), claims })
    }

    /// Tells whether Graph may let the admin app change the app, as far as its token shows; with
    /// what to do about it where it seems not.
    pub fn missing_right(&self, application: &Application) -> Result<Option<String>, Failure> {
        let Some(Claims { roles, oid }) = &self.claims else { return Ok(None) };
        let granted = |role: &str| roles.iter().any(|given| given == role);
        if granted("Application.ReadWrite.All") || granted("Directory.ReadWrite.All") {
            return Ok(None);
        }
        if !granted("Application.ReadWrite.OwnedBy") {
            return Ok(Some(
                "the admin app's token names no Graph permission to change apps: unless it holds a directory role \
                 such as Cloud Application Administrator, grant it Application.ReadWrite.OwnedBy and make it an \
                 owner of the app, or grant it Application.ReadWrite.All"
                    .to_owned(),
            ));
        }
        let owners: Owners = self.get(&format!("/applications/{}/owners?$select=id", application.id))?;
        let is_owner = owners.value.iter().any(|owner| owner.id.eq_ignore_ascii_case(oid));
        Ok((!is_owner && owners.next_link.is_none()).then(|| {
            "the admin app may change only apps that it owns, and it is not an owner of this one: add its service \
             principal to the app's owners"
                .to_owned()
        }))
    }

    /// Reads an application by its object id.
    pub fn application(&self, object_id: &str) -> Result<Application, Failure> {
        self.get(&format!("/applications/{object_id}?{APPLICATION_FIELDS}"))
    }

    /// Reads an application by its application (client) id.
    pub fn application_by_client_id(&self, app_id: &str) -> Result<Application, Failure> {
        self.get(&format!("/applications(appId='{app_id}')?{APPLICATION_FIELDS}"))
    }

    /// Makes a secret. An explicit rejection is tried again; what may have been done never is.
    pub fn add_password(&self, object_id: &str, name: &str, ends: &str) -> Result<NewSecret, Failure> {
        let path = format!("/applications/{object_id}/addPassword");
        let body = json!({"passwordCredential": {"displayName": name, "endDateTime": ends}});
        patiently(self.host, || {
            let answer = self.post(&path, &body)?.map_err(|error| error.while_changing())?;
            if !answer.status().is_success() {
                return Err(Refusal::from(&answer).while_changing());
            }
            serde_json::from_slice(answer.body()).map_err(|_| {
                let message = "Graph answered the making of a secret with something that is not a secret";
                Failure::uncertain("graph-unclear", message)
            })
        })
    }

    /// Removes a secret, with tries again after explicit rejections.
    pub fn remove_password(&self, object_id: &str, key_id: &str) -> Result<Removal, Failure> {
        let path = format!("/applications/{object_id}/removePassword");
        let body = json!({"keyId": key_id});
        patiently(self.host, || {
            let answer = match self.post(&path, &body)? {
                Ok(answer) => answer,
                Err(SendError::Lost(_)) => return Ok(Removal::Unclear),
                Err(error) => return Err(error.while_changing()),
            };
            if answer.status().is_success() {
                return Ok(Removal::Done);
            }
            let refusal = Refusal::from(&answer);
            if refusal.is_unknown_key() || refusal.is_unclear() {
                return Ok(Removal::Unclear);
            }
            Err(refusal.while_changing())
        })
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        patiently(self.host, || {
            let answer = self.exchange(&Method::GET, path, &[])?.map_err(|error| error.while_reading())?;
            if !answer.status().is_success() {
                return Err(Refusal::from(&answer).while_reading());
            }
            serde_json::from_slice(answer.body()).map_err(|_| {
                Failure::unavailable("graph-unreadable", "Graph's answer is not what was asked for")
            })
        })
    }

    fn post(&self, path: &str, body: &Value) -> Result<Result<Response<Vec<u8>>, SendError>, Failure> {
        self.exchange(&Method::POST, path, body.to_string().as_bytes())
    }

    /// Sends one request; when Graph does not accept the token, once more with a new one. The
    /// outer error is that of logging in again.
    fn exchange(
        &self,
        method: &Method,
        path: &str,
        body: &[u8],
    ) -> Result<Result<Response<Vec<u8>>, SendError>, Failure> {
        let send = || {
            let mut request = http::Request::builder()
                .method(method)
                .uri(format!("https://{}/v1.0{path}", self.login.cloud.graph))
                .header(AUTHORIZATION, format!("Bearer {}", self.bearer.borrow()))
                .header("client-request-id", self.login.request_id);
            if !body.is_empty() {
                request = request.header(CONTENT_TYPE, "application/json");
            }
            Ok::<_, Failure>(self.host.send(request.body(body.to_vec())?))
        };
        let answer = send()?;
        if !matches!(&answer, Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED) {
            return Ok(answer);
        }
        let token = self.login.attempt(self.host).map_err(|error| error.failure(&self.who))?;
        self.bearer.replace(token.bearer);
        send()
    }
}

const APPLICATION_FIELDS: &str = "$select=id,appId,displayName,passwordCredentials";

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
