//! A session with Microsoft Graph, with the admin app logged in.

use http::{Method, Response, StatusCode};
use pamrun_plugin::{Failure, Host, Request, SendError};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::admin::Admin;
use crate::cloud::Cloud;
use crate::refusal::Refusal;
use crate::retry::{despite_lag, patiently};
use crate::said::read_json;
use crate::service::{Answered, Service};
use crate::token::{Claims, Login};

/// Graph, with the admin app logged in.
pub struct Session<'a> {
    host: &'a dyn Host,
    service: Service<'a>,
    graph: &'a str,
    is_seen: bool,
}

impl<'a> Session<'a> {
    /// Logs in. What is not found then is not there.
    ///
    /// # Errors
    /// When the admin app is not let in.
    pub fn open(
        host: &'a dyn Host,
        request: &'a Request,
        cloud: &'a Cloud,
        admin: &'a Admin<'a>,
    ) -> Result<Self, Failure> {
        let resource = format!("https://{}", cloud.graph);
        let service = Service::open(host, request, &cloud.authority, &resource, admin)?;
        Ok(Self { host, service, graph: &cloud.graph, is_seen: false })
    }

    /// The same in a step after preflight, which has read what it is about: what is not found now is not yet
    /// known to some backend. It is read again, and a change that was refused so is sent again.
    #[must_use]
    pub fn after_preflight(self) -> Self {
        Self { is_seen: true, ..self }
    }

    /// What the admin app's token says of it, where it can be read.
    #[must_use]
    pub fn claims(&self) -> Option<&Claims> {
        self.service.claims()
    }

    /// The admin app, to log in once more.
    #[must_use]
    pub fn login(&self) -> &Login<'a> {
        self.service.login()
    }

    /// Reads what stands at a path below `/v1.0`; `known` says what refusals mean there.
    ///
    /// # Errors
    /// When Graph refuses, does not answer, or answers something else.
    pub fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        known: impl Fn(&Refusal) -> Option<Failure>,
    ) -> Result<T, Failure> {
        self.repeatedly(|| self.read(path, &known))
    }

    /// Reads what is good to know and not needed: once, without waiting for a service that does not answer.
    /// What is not there is [`FailureKind::NotFound`](pamrun_plugin::FailureKind::NotFound).
    ///
    /// # Errors
    /// As [`Self::get`]. No step should fail because of them.
    pub fn look<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.read(path, |refusal| {
            Some(match refusal.status() {
                StatusCode::NOT_FOUND => {
                    Failure::not_found("graph-refused", refusal.say("has nothing there"))
                }
                _ => Failure::denied("graph-refused", refusal.say("does not show it")),
            })
        })
    }

    fn read<T: DeserializeOwned>(
        &self,
        path: &str,
        known: impl Fn(&Refusal) -> Option<Failure>,
    ) -> Result<T, Failure> {
        let answer = self.exchange(&Method::GET, path, &[])?.map_err(|error| error.while_reading())?;
        if !answer.status().is_success() {
            return Err(self.refusal(&answer).while_reading(known));
        }
        read_json(answer.body())
            .map_err(|_| Failure::unavailable("graph-unreadable", "Graph's answer is not what was asked for"))
    }

    /// Sends a change to a path below `/v1.0`, and decides by the answer. What `judge` makes of a
    /// rejection is tried again where [`patiently`] does so, or where it lags behind.
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
        self.repeatedly(|| judge(self.exchange(method, path, body.as_bytes())?))
    }

    fn repeatedly<T>(&self, attempt: impl FnMut() -> Result<T, Failure>) -> Result<T, Failure> {
        if self.is_seen { despite_lag(self.host, attempt) } else { patiently(self.host, attempt) }
    }

    /// Reads what Graph said instead of doing what it was asked.
    #[must_use]
    pub fn refusal(&self, answer: &Response<Vec<u8>>) -> Refusal {
        Refusal::new(answer, self.host.now())
    }

    fn exchange(&self, method: &Method, path: &str, body: &[u8]) -> Result<Answered, Failure> {
        self.service.send(method, &format!("https://{}/v1.0{path}", self.graph), body)
    }
}
