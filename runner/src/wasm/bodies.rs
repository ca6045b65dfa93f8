//! Reads answers whole, and counts what all of them hold together.
//!
//! They are in the host's memory, and count towards no limit of the guest's: many answers must not become
//! more than the host can hold.

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

/// The answers of one rotation.
pub(super) struct Bodies {
    most: usize,
    total: usize,
    left: AtomicUsize,
}

impl Bodies {
    pub(super) fn new(limits: &Limits) -> Self {
        let (most, total) = (limits.response_body, limits.bodies);
        Self { most, total, left: AtomicUsize::new(total) }
    }

    /// Reads the body of an answer.
    pub(super) async fn read<B: Body<Data = Bytes>>(&self, body: B) -> Result<Bytes, Unread<B::Error>> {
        let exceeded = |limit, what: &str, most: usize| {
            let what = format_args!("{what} was longer than {most} bytes");
            Unread::Exceeded(Exceeded::new(limit, what))
        };
        let mut body = pin!(body);
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(Unread::Broken)?.into_data() else { continue };
            if whole.len() + data.len() > self.most {
                return Err(exceeded("response_body", "an answer", self.most));
            }
            let less = |left: usize| left.checked_sub(data.len());
            if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_err() {
                return Err(exceeded("bodies", "what the plugin was answered", self.total));
            }
            whole.extend_from_slice(&data);
        }
        Ok(whole.freeze())
    }
}
