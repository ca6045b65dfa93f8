//! Sends requests over the network: with the operator's proxy, certificate authorities and time.

use std::error::Error;
use std::io::{self, Read};
use std::time::{Duration, Instant, SystemTime};

use http::HeaderMap;
use http::header::{DATE, RETRY_AFTER};
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::redirect::Policy;
use reqwest::{NoProxy, Proxy};

use super::KsmOptions;
use super::error::KsmError;
use super::wire::{Answer, Post, Sealed};
use crate::limits::Limits;
use crate::secret::Secret;
use crate::trust::{Extra, client_config, parse_pem};
use crate::units::parse_retry_after;

/// The proxy that the vault is reached through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KsmProxy {
    /// Its URL, with user and password where it wants them.
    pub url: Secret,
    /// Hosts that are reached without it, in the form of `NO_PROXY`.
    pub except: Option<String>,
}

/// Why the options of the network are of no use to the vault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KsmSetupError {
    /// The proxy's URL makes no sense. It is not quoted, since it may hold a password.
    #[error("the proxy of the vault has no URL of the form http://host:port")]
    Proxy,
    /// The certificates cannot be read.
    #[error("--ca-file holds no certificate in PEM form that can be read ({0})")]
    Certificates(String),
}

/// What a client is made of, checked.
pub(super) struct HttpsSetup {
    extra: Extra,
    proxy: Option<Proxy>,
    request_timeout: Duration,
    most: usize,
}

impl HttpsSetup {
    pub(super) fn new(options: &KsmOptions, limits: &Limits) -> Result<Self, KsmSetupError> {
        let extra = match &options.ca_file {
            None => Extra::new(),
            Some(pem) => parse_pem(pem).map_err(KsmSetupError::Certificates)?,
        };
        let proxy = options.proxy.as_ref().map(|proxy| {
            let made = Proxy::all(proxy.url.expose()).map_err(|_| KsmSetupError::Proxy)?;
            Ok(made.no_proxy(proxy.except.as_deref().and_then(NoProxy::from_string)))
        });
        Ok(Self {
            extra,
            proxy: proxy.transpose()?,
            request_timeout: limits.request_timeout,
            most: limits.response_body,
        })
    }

    /// Makes the client. Takes milliseconds, and must not happen on a thread of the async runtime.
    pub(super) fn build(self) -> Result<Https, KsmError> {
        let failed = |why: &str| KsmError::Setup { why: why.to_owned() };
        let tls = client_config(self.extra).ok_or_else(|| failed("TLS is not available"))?;
        // First without any proxy: the environment is read by `cli` only.
        let mut builder = Client::builder().no_proxy();
        if let Some(proxy) = self.proxy {
            builder = builder.proxy(proxy);
        }
        let client = builder
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            // Half of a request's time, so that a host which does not even answer the handshake is
            // known not to have got the request.
            .connect_timeout(self.request_timeout / 2)
            .build()
            .map_err(|error| failed(&root_cause(&error)))?;
        Ok(Https { client, most: self.most })
    }
}

/// The network.
pub(super) struct Https {
    client: Client,
    /// The longest answer, in bytes.
    most: usize,
}

impl Post for Https {
    fn post(&self, request: Sealed, timeout: Duration) -> Result<Answer, KsmError> {
        let mut builder = self.client.post(&request.url).body(request.body);
        for (name, value) in request.headers {
            builder = builder.header(name, value);
        }
        self.send(builder, timeout)
    }

    fn get(&self, url: &str, timeout: Duration) -> Result<Answer, KsmError> {
        self.send(self.client.get(url), timeout)
    }
}

impl Https {
    fn send(&self, request: RequestBuilder, timeout: Duration) -> Result<Answer, KsmError> {
        let ends = Instant::now() + timeout;
        let host = |error: &reqwest::Error| {
            error.url().and_then(|url| url.host_str()).unwrap_or("the vault").to_owned()
        };
        let response = request.timeout(timeout).send().map_err(|error| failure(host(&error), &error))?;
        let host = response.url().host_str().unwrap_or("the vault").to_owned();
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers());
        let body = self.body(response, ends).map_err(|why| KsmError::Lost { host, why })?;
        Ok(Answer { status, retry_after, body })
    }

    /// Reads the body. The client's own time limit begins anew with each piece of it.
    fn body(&self, mut response: Response, ends: Instant) -> Result<Vec<u8>, String> {
        let (mut body, mut piece) = (Vec::new(), [0; 8192]);
        loop {
            match response.read(&mut piece).map_err(|error| root_cause(&error))? {
                0 => return Ok(body),
                count => body.extend(piece.iter().take(count)),
            }
            if body.len() > self.most {
                return Err(format!("it is longer than {} bytes (response_body under [limits])", self.most));
            }
            if Instant::now() > ends {
                return Err("it took too long".to_owned());
            }
        }
    }
}

/// How long an answer asks to wait. A date counts from its own: the clocks need not agree.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let now = text(DATE).and_then(|date| httpdate::parse_http_date(date.trim()).ok());
    let asked = parse_retry_after(text(RETRY_AFTER)?, now.unwrap_or_else(SystemTime::now));
    asked.filter(|asked| !asked.is_zero())
}

/// What became of a request: as long as there was no connection, it was not sent.
fn failure(host: String, error: &reqwest::Error) -> KsmError {
    let why = if error.is_timeout() { "it took too long".to_owned() } else { root_cause(error) };
    match (error.is_connect(), rustls_error(error)) {
        (false, _) => KsmError::Lost { host, why },
        (true, Some(error)) if is_of_time(error) => KsmError::Clock { host, why: error.to_string() },
        (true, Some(error)) => KsmError::Untrusted { host, why: error.to_string() },
        (true, None) => KsmError::Unreachable { host, why },
    }
}

fn is_of_time(error: &rustls::Error) -> bool {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    matches!(
        error,
        rustls::Error::InvalidCertificate(
            Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }
        )
    )
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        // What an I/O error was made of is not its source, but the source of that is.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        inner.map(|inner| inner as _).or_else(|| error.source())
    })
}

fn rustls_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

/// The last cause: those before it only say that there is one.
fn root_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

#[cfg(test)]
mod tests;
