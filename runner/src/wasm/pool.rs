//! Connections that wait for the next request to their host.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;
use tokio::time::Instant;

/// How long a connection may wait and still be used. A server that closes it at the very moment
/// when a request leaves makes that request unclear; servers wait longer than this.
const LONGEST: Duration = Duration::from_secs(15);

/// The end of a connection into which requests go.
pub(super) type Sender = SendRequest<Full<Bytes>>;

type Origin = (String, u16);

/// The connections that wait, by host and port.
#[derive(Default)]
pub(super) struct Pool(Mutex<HashMap<Origin, Vec<Waiting>>>);

struct Waiting {
    sender: Sender,
    since: Instant,
}

impl Pool {
    /// Takes out the connection that waited least, if it is still open.
    pub(super) async fn take(&self, host: &str, port: u16) -> Option<Sender> {
        let origin = (host.to_owned(), port);
        loop {
            let Waiting { mut sender, since } = self.waiting().get_mut(&origin)?.pop()?;
            if since.elapsed() < LONGEST && sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    /// Puts a connection back whose last answer was read to its end.
    pub(super) fn put(&self, host: String, port: u16, sender: Sender) {
        let waiting = Waiting { sender, since: Instant::now() };
        self.waiting().entry((host, port)).or_default().push(waiting);
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Origin, Vec<Waiting>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
