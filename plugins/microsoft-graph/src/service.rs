//! A service of the cloud, with an app logged in.

use std::cell::RefCell;

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Response, StatusCode};
use pamrun_plugin::{Failure, Host, Request, SendError};

use crate::admin::Admin;
use crate::retry::patiently;
use crate::token::{Claims, Login, Token};

/// What came of a request.
pub type Answered = Result<Response<Vec<u8>>, SendError>;

/// A service, with the admin app logged in.
pub struct Service<'a> {
    host: &'a dyn Host,
    login: Login<'a>,
    who: String,
    bearer: RefCell<String>,
    claims: Option<Claims>,
}

impl<'a> Service<'a> {
    /// Logs in, for everything that the app was granted in `resource`.
    ///
    /// # Errors
    /// When the admin app is not let in.
    pub fn open(
        host: &'a dyn Host,
        request: &'a Request,
        authority: &'a str,
        resource: &str,
        admin: &'a Admin<'a>,
    ) -> Result<Self, Failure> {
        let login = Login {
            authority,
            scope: format!("{resource}/.default"),
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

    /// Sends one request; when the service does not accept the token, once more with a new one. The
    /// outer error is that of logging in again.
    ///
    /// # Errors
    /// When the admin app is not let in any more.
    pub fn send(&self, method: &Method, url: &str, body: &[u8]) -> Result<Answered, Failure> {
        let send = || {
            let mut request = http::Request::builder()
                .method(method)
                .uri(url)
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
