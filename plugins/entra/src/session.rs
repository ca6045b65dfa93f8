//! Calling a service as the admin app: what its trouble means, and what is worth another try.

use std::fmt;
use std::time::Duration;

use pamrun_plugin::{Failure, FailureKind, Host, PATIENCE, Patience, Rejection, Trouble, repeat};

use crate::login::{LoginRefusal, Reason};
use crate::refusal::{Refusal, Refuser};
use crate::said::Said;

/// The name of the request by which the admin app logs in.
pub const LOGIN: &str = "token";

/// Pauses while what is known to be there is not found: together the host's settle window.
const LAG: [Duration; 5] = [
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(16),
    Duration::from_secs(30),
];

/// A service that is called as the admin app.
pub struct Session<'a> {
    host: &'a dyn Host,
    by: Refuser,
    /// Who logs in, in messages.
    who: String,
    /// Whether what is asked about was seen before.
    is_seen: bool,
}

/// What trouble means, and when it is worth another try.
struct Judged {
    failure: Failure,
    again: Again,
}

enum Again {
    Never,
    /// The service is busy, and may have said for how long.
    Busy(Option<Duration>),
    /// The token was not accepted, and the host asks for another one.
    Renewed,
    /// It was not found.
    Missing,
}

impl<'a> Session<'a> {
    /// A session in which what is not found is not there; `who` is the admin app in messages.
    #[must_use]
    pub fn new(host: &'a dyn Host, by: Refuser, who: impl Into<String>) -> Self {
        Self { host, by, who: who.into(), is_seen: false }
    }

    /// The same in a step after preflight, which has read what it is about: what is not found now is not yet
    /// known to some backend, and is asked for again.
    #[must_use]
    pub fn after_preflight(self) -> Self {
        Self { is_seen: true, ..self }
    }

    /// The world outside.
    #[must_use]
    pub fn host(&self) -> &'a dyn Host {
        self.host
    }

    /// Calls, and calls again while the service is busy or two changes meet; once more with another token where
    /// it does not accept the first; and, after preflight, while it does not find what was seen. None of these
    /// has done anything. `known` says what refusals mean there.
    ///
    /// # Errors
    /// What the trouble of the last call means.
    pub fn call<T>(
        &self,
        known: impl Fn(&Refusal<'_>) -> Option<Failure>,
        mut attempt: impl FnMut(&dyn Host) -> Result<T, Trouble>,
    ) -> Result<T, Failure> {
        let mut patience = Patience::new(PATIENCE);
        let mut lag = LAG.into_iter();
        let mut may_renew = true;
        let attempt = || attempt(self.host).map_err(|trouble| self.judge(&trouble, &known));
        let pause_after = |judged: &Judged| match judged.again {
            Again::Busy(asked) => patience.pause(asked),
            Again::Renewed => std::mem::take(&mut may_renew).then_some(Duration::ZERO),
            Again::Missing if self.is_seen => {
                // Patience with outages begins anew.
                patience = Patience::new(PATIENCE);
                lag.next()
            }
            Again::Missing | Again::Never => None,
        };
        repeat(self.host, attempt, pause_after).map_err(|judged| judged.failure)
    }

    /// Calls once for what is good to know and not needed. What is not there is
    /// [`FailureKind::NotFound`].
    ///
    /// # Errors
    /// What the trouble means. No step should fail because of it.
    pub fn look<T>(&self, attempt: impl FnOnce(&dyn Host) -> Result<T, Trouble>) -> Result<T, Failure> {
        attempt(self.host).map_err(|trouble| {
            let known = |refusal: &Refusal<'_>| {
                Some(match refusal.status() {
                    404 => Failure::not_found("graph-refused", refusal.say("has nothing there")),
                    _ => Failure::denied("graph-refused", refusal.say("does not show it")),
                })
            };
            self.judge(&trouble, known).failure
        })
    }

    /// What a rejection says of itself, to look for what only one request knows.
    ///
    /// # Errors
    /// The trouble, where it is no rejection of the request itself.
    pub fn refusal<T>(
        &self,
        trouble: Trouble,
        look: impl FnOnce(&Refusal<'_>) -> Option<T>,
    ) -> Result<T, Trouble> {
        let found = match &trouble {
            Trouble::Rejected(rejection) if rejection.request != LOGIN => {
                look(&Refusal::new(&self.by, rejection, &Said::of(rejection)))
            }
            _ => None,
        };
        found.ok_or(trouble)
    }

    /// What trouble means that is not worth another try; `known` says what refusals mean there.
    #[must_use]
    pub fn failure(&self, trouble: &Trouble, known: impl FnOnce(&Refusal<'_>) -> Option<Failure>) -> Failure {
        self.judge(trouble, known).failure
    }

    fn judge(&self, trouble: &Trouble, known: impl FnOnce(&Refusal<'_>) -> Option<Failure>) -> Judged {
        match trouble {
            Trouble::Rejected(rejection) | Trouble::Unavailable(rejection) if rejection.request == LOGIN => {
                self.login(rejection)
            }
            Trouble::Rejected(rejection) => {
                let said = Said::of(rejection);
                let failure = Refusal::new(&self.by, rejection, &said).failure(known);
                let again = match failure.kind {
                    FailureKind::Unavailable => Again::Busy(rejection.asks_to_wait()),
                    FailureKind::Conflict => Again::Busy(None),
                    FailureKind::NotFound => Again::Missing,
                    _ if rejection.status == 401 => Again::Renewed,
                    _ => Again::Never,
                };
                Judged { failure, again }
            }
            Trouble::Unavailable(rejection) => {
                let line = Said::of(rejection).line(rejection.status);
                let (code, what) = match rejection.status {
                    200..=299 => ("unreadable", "answers something else than what was asked for"),
                    _ => ("unavailable", "does not answer now"),
                };
                let message = format!("{} {what} ({line})", self.by.name);
                let failure = Failure::unavailable(&self.by.code(code), message);
                Judged { failure, again: Again::Busy(rejection.asks_to_wait()) }
            }
            Trouble::Uncertain(why) => {
                let message = format!("{} may or may not have done it ({why})", self.by.name);
                Judged { failure: Failure::uncertain(&self.by.code("unclear"), message), again: Again::Never }
            }
            Trouble::Refused(why) => {
                Judged { failure: Failure::denied("request-denied", why.as_str()), again: Again::Never }
            }
        }
    }

    fn login(&self, rejection: &Rejection) -> Judged {
        let refusal = LoginRefusal::of(rejection);
        let again = match refusal.reason {
            Reason::Outage => Again::Busy(refusal.asked),
            _ => Again::Never,
        };
        Judged { failure: refusal.failure(&self.who), again }
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failure.fmt(f)
    }
}

#[cfg(test)]
mod tests;
