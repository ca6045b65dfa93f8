//! What the unit tests of plugins need to play Entra and Graph: answers in their form, and faults
//! to order.

use std::collections::VecDeque;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::HeaderValue;
use http::header::RETRY_AFTER;
use pamrun_plugin::SendError;
use pamrun_plugin::testing::{Answer, Sent, answer};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

/// What goes wrong with one request.
#[derive(Clone)]
pub enum Fault {
    /// Refused with this status, code and text; not applied.
    Refuse(u16, &'static str, &'static str),
    /// Throttled, with seconds to wait.
    SlowDown(u16, &'static str),
    /// Applied, and then answered with this status.
    AnswerAfter(u16),
    /// Applied, and then cut off.
    LoseAfter,
    /// Cut off; not applied.
    LoseBefore,
    /// Never connected.
    Unreached,
    /// Login refused with this status, error and code.
    Login(u16, &'static str, u32),
}

/// Faults in order, each for the next request that fits: its method, the end of its path, or
/// something in its body.
pub type Faults = VecDeque<(&'static str, Fault)>;

/// A service that is played.
pub trait Played: Sized {
    /// What is to go wrong.
    fn faults(&mut self) -> &mut Faults;

    /// Does what is asked, when nothing goes wrong.
    ///
    /// # Errors
    /// Where there is no whole answer.
    fn apply(&mut self, sent: &Sent) -> Answer;

    /// The same service, with one fault more.
    #[must_use]
    fn failing(mut self, what: &'static str, fault: Fault) -> Self {
        self.faults().push_back((what, fault));
        self
    }

    /// Answers a request, unless a fault is planned for it.
    ///
    /// # Errors
    /// Where there is no whole answer.
    fn answer(&mut self, sent: &Sent) -> Answer {
        let mut faults = std::mem::take(self.faults());
        let answer = answer_with(&mut faults, sent, || self.apply(sent));
        *self.faults() = faults;
        answer
    }
}

/// Answers a request with `apply`, unless a fault is planned for it.
///
/// # Errors
/// Where the fault is that there is no whole answer.
pub fn answer_with(faults: &mut Faults, sent: &Sent, apply: impl FnOnce() -> Answer) -> Answer {
    let body = String::from_utf8_lossy(sent.body());
    let fits = |what: &str| sent.method() == what || sent.uri().path().ends_with(what) || body.contains(what);
    let next = faults.iter().position(|(what, _)| fits(what));
    match next.and_then(|index| faults.remove(index)).map(|(_, fault)| fault) {
        None => apply(),
        Some(Fault::Refuse(status, code, text)) => refuse(status, code, text),
        Some(Fault::SlowDown(status, seconds)) => {
            let mut answer = refuse(status, "TooManyRequests", "slow down")?;
            answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(seconds));
            Ok(answer)
        }
        Some(Fault::AnswerAfter(status)) => {
            apply()?;
            refuse(status, "ServiceUnavailable", "try later")
        }
        Some(Fault::LoseAfter) => {
            apply()?;
            Err(SendError::Lost("connection reset".to_owned()))
        }
        Some(Fault::LoseBefore) => Err(SendError::Lost("connection reset".to_owned())),
        Some(Fault::Unreached) => Err(SendError::NotSent("connection refused".to_owned())),
        Some(Fault::Login(status, error, code)) => refuse_login(status, error, code),
    }
}

/// A refusal of Graph.
///
/// # Errors
/// None: it is the `Ok` of an [`Answer`].
pub fn refuse(status: u16, code: &str, text: &str) -> Answer {
    answer(status, json!({"error": {"code": code, "message": text}}).to_string())
}

/// A refusal of a login.
///
/// # Errors
/// None: it is the `Ok` of an [`Answer`].
pub fn refuse_login(status: u16, error: &str, code: u32) -> Answer {
    answer(status, json!({"error": error, "error_codes": [code]}).to_string())
}

/// A token that makes these claims; its text begins with `token-of-`.
///
/// # Errors
/// None: it is the `Ok` of an [`Answer`].
pub fn token(claims: &Value) -> Answer {
    let token = format!("token-of-head.{}.signature", BASE64_URL_SAFE_NO_PAD.encode(claims.to_string()));
    answer(200, json!({"token_type": "Bearer", "access_token": token}).to_string())
}

/// A field of a form that was sent; empty where it is missing.
#[must_use]
pub fn form_field(sent: &Sent, name: &str) -> String {
    let body = String::from_utf8_lossy(sent.body());
    let pair = body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    percent_decode_str(pair.unwrap_or_default()).decode_utf8_lossy().into_owned()
}
