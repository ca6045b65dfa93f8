//! What goes wrong, and with which request.

use std::time::Duration;

use super::directory::CollisionForm;
use super::login::{client_id, username};
use crate::net::Received;

/// How a request goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// This answer, and nothing done.
    Status(u16, String),
    /// A broken connection, and nothing done.
    DropBeforeApply,
    /// Done, but the connection breaks before the answer.
    ApplyThenDrop,
    /// Done, but the answer says otherwise.
    ApplyThenStatus(u16),
    /// Done, but the connection breaks in the middle of the answer.
    CutInTheMiddle,
    /// Done and answered, but not soon.
    Delay(Duration),
    /// A broken connection; done so much later.
    LandLate(Duration),
    /// No answer, and a broken connection so much later; done by then, whether or not anybody waits.
    Hang(Duration),
    /// Done and answered, by a clock that is so far behind.
    ClockBehind(Duration),
    /// 429, with or without a `Retry-After` in seconds.
    Throttle(Option<u32>),
    /// Refused, since another write is under way.
    Collision(CollisionForm),
    /// What is read as it was so many writes ago.
    StaleList(usize),
    /// All tokens have expired by the time this request arrives.
    ExpireTokens,
    /// 403: the role is missing, or the ownership. For logins 401: the secret is wrong.
    Denied,
    /// 400: the policy allows no secrets.
    DeniedByPolicy,
    /// 403: one more secret would make the object too large.
    SizeExceeded,
    /// 400 or 404: a key that is there is not known to this backend.
    UnknownKey(u16),
}

/// Which requests are meant. Without more words, the first one that fits.
#[derive(Debug, Clone)]
pub struct On {
    method: Option<&'static str>,
    ends_with: String,
    host: Option<String>,
    client: Option<String>,
    user: Option<String>,
    first: usize,
    last: usize,
    seen: usize,
}

impl On {
    /// Requests whose path, without the query, ends like this.
    pub fn path(ends_with: &str) -> Self {
        Self {
            method: None,
            ends_with: ends_with.to_owned(),
            host: None,
            client: None,
            user: None,
            first: 1,
            last: 1,
            seen: 0,
        }
    }

    /// Token requests.
    pub fn token() -> Self {
        Self::path("/oauth2/v2.0/token").method("POST")
    }

    /// Token requests of one application.
    pub fn token_of(app_id: &str) -> Self {
        Self { client: Some(app_id.to_owned()), ..Self::token() }
    }

    /// Sign-ins of one user.
    pub fn sign_in_of(principal_name: &str) -> Self {
        Self { user: Some(principal_name.to_owned()), ..Self::token() }
    }

    /// Reads, of whatever.
    pub fn read() -> Self {
        Self::path("").method("GET")
    }

    /// Calls of `addPassword`.
    pub fn add_password() -> Self {
        Self::path("/addPassword").method("POST")
    }

    /// Calls of `removePassword`.
    pub fn remove_password() -> Self {
        Self::path("/removePassword").method("POST")
    }

    /// Changes of a user's password.
    pub fn set_password() -> Self {
        Self::path("").method("PATCH")
    }

    /// Only requests of this method.
    #[must_use]
    pub fn method(mut self, method: &'static str) -> Self {
        self.method = Some(method);
        self
    }

    /// Only requests to this host.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    /// The `nth` of those that fit, counted from 1 and from now.
    #[must_use]
    pub fn nth(self, nth: usize) -> Self {
        Self { first: nth, last: nth, ..self }
    }

    /// The first so many of those that fit.
    #[must_use]
    pub fn first(self, count: usize) -> Self {
        Self { first: 1, last: count, ..self }
    }

    /// The `nth` of those that fit, and all later ones.
    #[must_use]
    pub fn from(self, nth: usize) -> Self {
        Self { first: nth, last: usize::MAX, ..self }
    }

    /// All of those that fit.
    #[must_use]
    pub fn always(self) -> Self {
        Self { first: 1, last: usize::MAX, ..self }
    }

    /// Counts the request if it fits, and says whether it is meant.
    pub(super) fn meets(&mut self, request: &Received) -> bool {
        let fits = self.method.is_none_or(|method| request.method == method)
            && request.path().ends_with(&self.ends_with)
            && self.host.as_ref().is_none_or(|host| request.host == *host)
            && self.client.as_ref().is_none_or(|client| client_id(request).as_ref() == Some(client))
            && self.user.as_ref().is_none_or(|user| username(request).as_ref() == Some(user));
        self.seen += usize::from(fits);
        fits && (self.first..=self.last).contains(&self.seen)
    }
}
