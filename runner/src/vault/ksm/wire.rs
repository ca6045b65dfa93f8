//! Carries sealed requests to Keeper within the limits of one call, and remembers what became of
//! the last one: what Keeper's client says of an error has lost its cause.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use keeper_secrets_manager_core::dto::{EncryptedPayload, TransmissionKey};

use super::error::KsmError;
use super::refusal;

/// How many requests one call may send. Keeper's client repeats a request for ever while it is
/// told to use another key and has a key of its own.
const MOST_POSTS: u32 = 8;

/// A request that is signed and encrypted.
pub(super) struct Sealed {
    /// Its whole URL.
    pub(super) url: String,
    /// Name and value of each header.
    pub(super) headers: [(&'static str, String); 4],
    /// Its body.
    pub(super) body: Vec<u8>,
}

/// An answer of whatever answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// How long its header `Retry-After` asks to wait, where that is more than nothing.
    pub(super) retry_after: Option<Duration>,
    /// The body, whole.
    pub(super) body: Vec<u8>,
}

/// Sends a request and reads the whole answer. An error that is not [`KsmError::Lost`] says that
/// nothing was sent.
pub(super) trait Post: Send + Sync {
    fn post(&self, request: Sealed, timeout: Duration) -> Result<Answer, KsmError>;

    /// Fetches what is behind a URL, which is as good as a key to it.
    fn get(&self, url: &str, timeout: Duration) -> Result<Answer, KsmError>;
}

/// The way to Keeper, shared with Keeper's client.
pub(super) struct Wire {
    post: Box<dyn Post>,
    request_timeout: Duration,
    call: Mutex<Call>,
}

/// One call of the vault, and its requests so far.
struct Call {
    ends: Instant,
    posts: u32,
    /// The URL of the last request.
    url: String,
    /// Why the last request was no success.
    trouble: Option<KsmError>,
}

impl Wire {
    pub(super) fn new(post: Box<dyn Post>, request_timeout: Duration) -> Self {
        let call = Call { ends: Instant::now(), posts: 0, url: String::new(), trouble: None };
        Self { post, request_timeout, call: Mutex::new(call) }
    }

    /// Begins a call that must end by then.
    pub(super) fn begin(&self, ends: Instant) {
        let mut call = self.call();
        (call.ends, call.posts, call.trouble) = (ends, 0, None);
    }

    /// Sends a request within what is left for the call, and hands on whatever is answered.
    pub(super) fn exchange(
        &self,
        url: &str,
        key: &TransmissionKey,
        payload: &EncryptedPayload,
    ) -> Result<Answer, KsmError> {
        let result = self.timeout().and_then(|timeout| {
            let sealed = Sealed {
                url: url.to_owned(),
                headers: [
                    ("Content-Type", "application/octet-stream".to_owned()),
                    ("PublicKeyId", key.public_key_id.clone()),
                    ("TransmissionKey", BASE64_STANDARD.encode(&key.encrypted_key)),
                    (
                        "Authorization",
                        format!("Signature {}", BASE64_STANDARD.encode(payload.signature.as_bytes())),
                    ),
                ],
                body: payload.encrypted_payload.clone(),
            };
            self.post.post(sealed, timeout)
        });
        let mut call = self.call();
        url.clone_into(&mut call.url);
        call.trouble = match &result {
            Ok(answer) if answer.status == 200 => None,
            Ok(answer) => Some(refusal::read(host(url), answer)),
            // Why it was to be repeated tells more.
            Err(KsmError::OutOfTime) => call.trouble.take().or(Some(KsmError::OutOfTime)),
            Err(error) => Some(error.clone()),
        };
        result
    }

    /// Sends a request likewise, and returns the body of a success. That no more may be sent is
    /// [`KsmError::OutOfTime`].
    pub(super) fn send(
        &self,
        url: &str,
        key: &TransmissionKey,
        payload: &EncryptedPayload,
    ) -> Result<Vec<u8>, KsmError> {
        let answer = self.exchange(url, key, payload)?;
        self.trouble().map_or(Ok(answer.body), Err)
    }

    /// Fetches an attached file, encrypted, from where Keeper keeps them.
    pub(super) fn fetch(&self, url: &str) -> Result<Vec<u8>, KsmError> {
        let timeout = self.timeout()?;
        let host = host(url).to_owned();
        if !url.starts_with("https://") {
            return Err(KsmError::Untrusted { host, why: "it is not reached over TLS".to_owned() });
        }
        match self.post.get(url, timeout)? {
            Answer { status: 200, body, .. } => Ok(body),
            Answer { status, retry_after: after, .. } if status >= 500 => {
                Err(KsmError::Server { host, status, after })
            }
            Answer { status, .. } => Err(KsmError::File { host, status }),
        }
    }

    /// How long the next request may take.
    fn timeout(&self) -> Result<Duration, KsmError> {
        let mut call = self.call();
        call.posts += 1;
        let left = call.ends.saturating_duration_since(Instant::now());
        if call.posts > MOST_POSTS || left.is_zero() {
            return Err(KsmError::OutOfTime);
        }
        Ok(left.min(self.request_timeout))
    }

    /// Why the last request of this call was no success; nothing when it was one.
    pub(super) fn trouble(&self) -> Option<KsmError> {
        self.call().trouble.clone()
    }

    /// The host of the last request.
    pub(super) fn host(&self) -> String {
        host(&self.call().url).to_owned()
    }

    /// The URL of another endpoint at the place of the last request.
    pub(super) fn endpoint(&self, name: &str) -> String {
        let call = self.call();
        let base = call.url.rsplit_once('/').map_or("", |(base, _)| base);
        format!("{base}/{name}")
    }

    fn call(&self) -> MutexGuard<'_, Call> {
        // A panic of Keeper's client leaves nothing half done here.
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The host that a URL leads to, with its port.
pub(super) fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or(rest)
}
