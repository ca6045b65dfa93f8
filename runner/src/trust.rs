//! Whom TLS connections trust: the machine's certificate authorities, and those of `--ca-file`.
//! A leaf, since plugins' requests and the vault's go by the same rule.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::text::decode;

/// Certificates that are trusted besides those of the machine.
pub(crate) type Extra = Vec<CertificateDer<'static>>;

/// Reads what `--ca-file` holds.
///
/// # Errors
/// What is wrong with the PEM text, or that there is no certificate in it.
pub(crate) fn parse_pem(pem: &[u8]) -> Result<Extra, String> {
    let text = decode(pem).map_err(|problem| format!("it {problem}"))?;
    let certificates: Extra = CertificateDer::pem_slice_iter(text.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    if certificates.is_empty() { Err("no BEGIN CERTIFICATE line".to_owned()) } else { Ok(certificates) }
}

/// Makes the settings of TLS connections that speak HTTP/1.1. Reading what the machine trusts takes
/// milliseconds. Returns nothing when TLS cannot be set up at all.
pub(crate) fn client_config(extra: Extra) -> Option<ClientConfig> {
    let roots = roots(extra);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Some(config)
}

/// Counts the certificate authorities that are trusted.
pub(crate) fn authorities(extra: Extra) -> usize {
    roots(extra).len()
}

fn roots(extra: Extra) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(native());
    roots.add_parsable_certificates(extra);
    roots
}

/// What the machine trusts. The folder beside a bundle holds the same certificates once more, in
/// a file for each, and takes three times as long to read.
fn native() -> Extra {
    let bundle = openssl_probe::probe().cert_file.filter(|_| !openssl_probe::has_ssl_cert_env_vars());
    let bundled = bundle.map(|bundle| rustls_native_certs::load_certs_from_paths(Some(&bundle), None).certs);
    bundled
        .filter(|certs| !certs.is_empty())
        .unwrap_or_else(|| rustls_native_certs::load_native_certs().certs)
}
