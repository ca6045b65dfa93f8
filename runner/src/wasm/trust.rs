//! Whom connections trust. Reading what the machine trusts takes milliseconds, and so it happens
//! on a thread of its own, while the plugin is loaded.

use std::sync::Arc;
use std::thread;

use tokio::sync::SetOnce;
use tokio_rustls::TlsConnector;

use crate::trust::{Extra, client_config};

/// What makes TLS of connections, once it is there; nothing when it cannot be made.
pub(super) struct Trust(Arc<SetOnce<Option<TlsConnector>>>);

impl Trust {
    /// Begins to load what the machine trusts; `extra` is trusted besides.
    pub(super) fn load(extra: Extra) -> Self {
        let loaded = Arc::new(SetOnce::new());
        let place = Arc::clone(&loaded);
        // It is set here and nowhere else, so neither can fail.
        let load = move || drop(place.set(connector(extra)));
        if thread::Builder::new().name("trust".to_owned()).spawn(load).is_err() {
            drop(loaded.set(None));
        }
        Self(loaded)
    }

    /// Waits until it is loaded.
    pub(super) async fn connector(&self) -> Option<&TlsConnector> {
        self.0.wait().await.as_ref()
    }
}

fn connector(extra: Extra) -> Option<TlsConnector> {
    client_config(extra).map(|config| TlsConnector::from(Arc::new(config)))
}
