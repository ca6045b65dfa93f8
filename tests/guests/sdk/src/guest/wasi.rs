//! The host, over WASI: HTTP through the gate, the clocks of std, our log.

use std::time::{Duration, Instant, SystemTime};

use http::{Method, Request, Response};

use super::bindings::pamrun::plugin::log;
use super::bindings::wasi::http::outgoing_handler;
use super::bindings::wasi::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method as WasiMethod, OutgoingBody, OutgoingRequest,
    Scheme,
};
use super::bindings::wasi::io::streams::StreamError;
use crate::{Host, Level, SendError};

/// What `blocking-write-and-flush` takes at once.
const CHUNK: usize = 4096;
const READ: u64 = 64 * 1024;

/// The world outside a component.
pub struct Wasi {
    began: Instant,
}

impl Wasi {
    /// Begins a step.
    pub fn new() -> Self {
        Self { began: Instant::now() }
    }
}

impl Host for Wasi {
    fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, SendError> {
        let (outgoing, body) = outgoing(&request)?;
        let answer = outgoing_handler::handle(outgoing, None).map_err(|code| match classify(code) {
            SendError::Lost(reason) => SendError::NotSent(reason),
            refused => refused,
        })?;
        // A refused request takes its body unread: only the answer knows why the writing failed.
        let written = write(body, request.body());
        answer.subscribe().block();
        let answer = match answer.get() {
            Some(Ok(answer)) => answer.map_err(classify)?,
            _ => return Err(SendError::Lost("the host gave no answer".to_owned())),
        };
        written.map_err(|()| SendError::Lost("the request could not be written".to_owned()))?;
        read(&answer)
    }

    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn log(&self, level: Level, message: &str) {
        let level = match level {
            Level::Debug => log::Level::Debug,
            Level::Info => log::Level::Info,
            Level::Warn => log::Level::Warn,
        };
        log::write(level, message);
    }
}

fn outgoing(request: &Request<Vec<u8>>) -> Result<(OutgoingRequest, OutgoingBody), SendError> {
    let unfit =
        |what: &str| SendError::NotSent(format!("the {what} of the request is not one that can be sent"));
    let uri = request.uri();
    let headers = Fields::new();
    for (name, value) in request.headers() {
        headers.append(name.as_str(), value.as_bytes()).map_err(|_| unfit("header"))?;
    }
    if !request.body().is_empty() {
        let length = request.body().len().to_string();
        headers.set("content-length", &[length.into_bytes()]).map_err(|_| unfit("length"))?;
    }
    let outgoing = OutgoingRequest::new(headers);
    let scheme = match uri.scheme_str() {
        Some("https") => Scheme::Https,
        Some("http") => Scheme::Http,
        _ => return Err(unfit("scheme")),
    };
    outgoing.set_scheme(Some(&scheme)).map_err(|()| unfit("scheme"))?;
    outgoing.set_method(&method(request.method())).map_err(|()| unfit("method"))?;
    outgoing.set_authority(uri.authority().map(http::uri::Authority::as_str)).map_err(|()| unfit("host"))?;
    outgoing
        .set_path_with_query(uri.path_and_query().map(http::uri::PathAndQuery::as_str))
        .map_err(|()| unfit("path"))?;
    let body = outgoing.body().map_err(|()| unfit("body"))?;
    Ok((outgoing, body))
}

fn method(method: &Method) -> WasiMethod {
    match method.as_str() {
        "GET" => WasiMethod::Get,
        "HEAD" => WasiMethod::Head,
        "POST" => WasiMethod::Post,
        "PUT" => WasiMethod::Put,
        "PATCH" => WasiMethod::Patch,
        "DELETE" => WasiMethod::Delete,
        other => WasiMethod::Other(other.to_owned()),
    }
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), ()> {
    {
        let stream = body.write()?;
        for chunk in bytes.chunks(CHUNK) {
            stream.blocking_write_and_flush(chunk).map_err(|_| ())?;
        }
    }
    OutgoingBody::finish(body, None).map_err(|_| ())
}

fn read(answer: &IncomingResponse) -> Result<Response<Vec<u8>>, SendError> {
    let lost = |why: &str| SendError::Lost(why.to_owned());
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers().entries() {
        response = response.header(name, value);
    }
    let body: IncomingBody = answer.consume().map_err(|()| lost("the answer has no body"))?;
    let stream = body.stream().map_err(|()| lost("the answer has no body"))?;
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(READ) {
            Ok(chunk) => bytes.extend(chunk),
            Err(StreamError::Closed) => break,
            Err(StreamError::LastOperationFailed(_)) => return Err(lost("the answer broke off")),
        }
    }
    response.body(bytes).map_err(|_| lost("the answer is not HTTP"))
}

/// Sorts the host's reasons by the one question that matters: may the service have acted? What is
/// not known to have happened before the request went out counts as lost.
fn classify(code: ErrorCode) -> SendError {
    let reason = words(&code);
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => SendError::Denied(reason),
        ErrorCode::DnsTimeout
        | ErrorCode::DnsError(_)
        | ErrorCode::DestinationNotFound
        | ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionLimitReached
        | ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_)
        | ErrorCode::HttpRequestLengthRequired
        | ErrorCode::HttpRequestBodySize(_)
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestUriTooLong
        | ErrorCode::HttpRequestHeaderSectionSize(_)
        | ErrorCode::HttpRequestHeaderSize(_) => SendError::NotSent(reason),
        _ => SendError::Lost(reason),
    }
}

/// What the host said, or else the name of the code in words: `ConnectionRefused` is "connection
/// refused".
fn words(code: &ErrorCode) -> String {
    if let ErrorCode::InternalError(Some(said)) = code {
        return said.clone();
    }
    let debug = format!("{code:?}");
    let name = debug.trim_start_matches("ErrorCode::").split('(').next().unwrap_or_default();
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}
