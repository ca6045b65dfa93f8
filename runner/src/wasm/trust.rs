//! Whom connections trust. Reading what the machine trusts takes milliseconds, and so it happens
//! on a thread of its own, while the plugin is loaded.

use std::sync::Arc;
use std::thread;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use tokio::sync::SetOnce;
use tokio_rustls::TlsConnector;

/// What makes TLS of connections, once it is there; nothing when it cannot be made.
pub(super) struct Trust(Arc<SetOnce<Option<TlsConnector>>>);

impl Trust {
    /// Begins to load what the machine trusts; `extra` is trusted besides.
    pub(super) fn load(extra: Vec<CertificateDer<'static>>) -> Self {
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

fn connector(extra: Vec<CertificateDer<'static>>) -> Option<TlsConnector> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(native());
    roots.add_parsable_certificates(extra);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(TlsConnector::from(Arc::new(config)))
}

/// What the machine trusts. The folder beside a bundle holds the same certificates once more, in
/// a file for each, and takes three times as long to read.
fn native() -> Vec<CertificateDer<'static>> {
    let bundle = openssl_probe::probe().cert_file.filter(|_| !openssl_probe::has_ssl_cert_env_vars());
    let bundled = bundle.map(|bundle| rustls_native_certs::load_certs_from_paths(Some(&bundle), None).certs);
    bundled
        .filter(|certs| !certs.is_empty())
        .unwrap_or_else(|| rustls_native_certs::load_native_certs().certs)
}
