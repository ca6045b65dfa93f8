//! A session with Microsoft Graph, with the admin app logged in.

use std::cell::RefCell;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Response, StatusCode};
use pamrun_plugin::{Failure, Host, Request, SendError};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::admin::Admin;
use crate::cloud::Cloud;
use crate::refusal::Refusal;
use crate::retry::patiently;
use crate::token::{Claims, Login, Token};

/// Graph, with the admin app logged in.
pub struct Session<'a> {
    host: &'a dyn Host,
    login: Login<'a>,
    who: String,
    bearer: RefCell<String>,
    claims: Option<Claims>,
}

impl<'a> Session<'a> {
    /// Logs in.
    ///
    /// # Errors
    /// When the admin app is not let in.
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

    /// What the admin app's token says of it, where it can be read.
    #[must_use]
    pub fn claims(&self) -> Option<&Claims> {
        self.claims.as_ref()
    }

    /// The admin app, to log in once more.
    #[must_use]
    pub fn login(&self) -> &Login<'a> {
        &self.login
    }

    /// Reads what stands at a path below `/v1.0`; `explain` knows what refusals mean there.
    ///
    /// # Errors
    /// When Graph refuses, does not answer, or answers something else.
    pub fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        explain: impl Fn(&Refusal) -> Failure,
    ) -> Result<T, Failure> {
        patiently(self.host, || {
            let answer = self.exchange(&Method::GET, path, &[])?.map_err(|error| error.while_reading())?;
            if !answer.status().is_success() {
                return Err(self.refusal(&answer).while_reading(&explain));
            }
            serde_json::from_slice(answer.body()).map_err(|_| {
                Failure::unavailable("graph-unreadable", "Graph's answer is not what was asked for")
            })
        })
    }

    /// Sends a change to a path below `/v1.0`, and decides by the answer. What `judge` makes of a
    /// rejection is tried again where [`patiently`] does so.
    ///
    /// # Errors
    /// Those of `judge`, and of logging in again.
    pub fn change<T>(
        &self,
        method: &Method,
        path: &str,
        body: &Value,
        judge: impl Fn(Result<Response<Vec<u8>>, SendError>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let body = body.to_string();
        patiently(self.host, || judge(self.exchange(method, path, body.as_bytes())?))
    }

    /// Reads what Graph said instead of doing what it was asked.
    #[must_use]
    pub fn refusal(&self, answer: &Response<Vec<u8>>) -> Refusal {
        Refusal::new(answer, self.host.now())
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
