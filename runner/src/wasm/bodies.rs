//! Reads bodies whole, and counts what all of them hold together.
//!
//! What a guest has under way is in the host's memory, and counts towards no limit of its own. Many
//! bodies at once, or answers that are never read, must not become more than the host can hold.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Body;

use super::watch::Exceeded;
use crate::limits::Limits;

/// Why a body was not read to its end.
#[derive(Debug)]
pub(super) enum Unread<E> {
    /// It met a limit.
    Exceeded(Exceeded),
    /// Its writer broke off.
    Broken(E),
}

/// The bodies of one rotation.
pub(super) struct Bodies {
    request: usize,
    response: usize,
    total: usize,
    left: AtomicUsize,
}

impl Bodies {
    pub(super) fn new(limits: &Limits) -> Self {
        let total = limits.bodies;
        Self {
            request: limits.request_body,
            response: limits.response_body,
            total,
            left: AtomicUsize::new(total),
        }
    }

    /// Reads the body of a request.
    pub(super) async fn request<B: Body<Data = Bytes>>(&self, body: B) -> Result<Bytes, Unread<B::Error>> {
        let limit = ("request_body", "the body of a request", self.request);
        self.read(body, limit).await
    }

    /// Reads the body of an answer.
    pub(super) async fn response<B: Body<Data = Bytes>>(&self, body: B) -> Result<Bytes, Unread<B::Error>> {
        let limit = ("response_body", "an answer", self.response);
        self.read(body, limit).await
    }

    async fn read<B: Body<Data = Bytes>>(
        &self,
        body: B,
        (limit, what, most): (&'static str, &str, usize),
    ) -> Result<Bytes, Unread<B::Error>> {
        let exceeded = |limit, what: &str, most: usize| {
            let what = format_args!("{what} was longer than {most} bytes");
            Unread::Exceeded(Exceeded::new(limit, what))
        };
        let mut body = pin!(body);
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(Unread::Broken)?.into_data() else { continue };
            if whole.len() + data.len() > most {
                return Err(exceeded(limit, what, most));
            }
            let less = |left: usize| left.checked_sub(data.len());
            if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_err() {
                return Err(exceeded("bodies", "what the plugin sent and received", self.total));
            }
            whole.extend_from_slice(&data);
        }
        Ok(whole.freeze())
    }
}
