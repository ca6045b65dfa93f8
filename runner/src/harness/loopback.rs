//! The service of a case for scripts, which nobody judges: a server on this machine, in plain HTTP and
//! in the machine's time.
//!
//! A script finds it at `{service}`, followed by the host that is meant: `http://127.0.0.1:1234/api.test/v1`
//! is `api.test`'s `/v1`. As an HTTP proxy it serves `http://api.test/v1` too.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use super::case::AnswerFault;
use super::request::Request;
use super::service::Answer;
use super::time::VirtualTime;
use super::world::World;
use crate::wasm::NoAnswer;

/// How often the time of the world is put right by the machine's.
const TICK: Duration = Duration::from_millis(5);

/// Serves for as long as it is polled.
pub async fn serve(world: Arc<World>, listener: TcpListener) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&world), request));
            // A connection that breaks is the script's affair, or a fault of the case.
            let _ =
                http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// Lets the time of the world pass as the machine's does, for as long as it is polled.
pub async fn follow(time: VirtualTime) {
    let began = tokio::time::Instant::now();
    let born = time.now();
    loop {
        tokio::time::sleep(TICK).await;
        time.advance_to(born + began.elapsed());
    }
}

/// Why a connection ends without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the case ends the connection")]
struct Broken;

async fn answer(
    world: Arc<World>,
    request: http::Request<Incoming>,
) -> Result<http::Response<Full<Bytes>>, Broken> {
    let request = meant(request).await.ok_or(Broken)?;
    let mut request = Request::of(&request);
    request.step = world.step();
    world.moment(|| format!("before {}", request.line())).await;
    let answer = world.answer(&request);
    world.moment(|| format!("after {}", request.line())).await;
    let Answer { response, delay, fault } = answer.map_err(|_: NoAnswer| Broken)?;
    world.time.wait(delay).await;
    match fault {
        None => Ok(response.map(Full::new)),
        // The far side sees no difference: it has half of an answer, or none.
        Some(AnswerFault::Refuse | AnswerFault::Reset | AnswerFault::Cut) => Err(Broken),
    }
}

/// The request that the service is meant to get: the host stands first in the path, or, where we
/// are asked as a proxy, in the URI.
async fn meant(request: http::Request<Incoming>) -> Option<http::Request<Bytes>> {
    let (mut parts, body) = request.into_parts();
    let body = body.collect().await.ok()?.to_bytes();
    let path_and_query = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let uri = match parts.uri.authority() {
        Some(authority) => format!("http://{authority}{path_and_query}"),
        None => format!("http:/{path_and_query}"),
    };
    parts.uri = uri.parse().ok()?;
    Some(http::Request::from_parts(parts, body))
}
