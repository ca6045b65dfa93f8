//! What a guest says on the way: held until its step ends, then cleaned line by line.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError};

use super::watch::Exceeded;
use crate::model::StepName;
use crate::rotation::{LogLevel, LogLine};
use crate::secret::Redactor;

/// Where a piece of text came from. What one stream wrote in a row belongs together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Import(LogLevel),
    Stdout,
    Stderr,
}

/// The log of one step. Clones share it.
#[derive(Clone)]
pub(super) struct StepLog(Arc<Mutex<Held>>);

struct Held {
    pieces: Vec<(Source, Vec<u8>)>,
    left: usize,
}

impl StepLog {
    /// A log that holds so many bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self(Arc::new(Mutex::new(Held { pieces: Vec::new(), left: limit })))
    }

    /// Takes a line from the log import.
    pub(super) fn write(&self, level: LogLevel, message: &str) -> Result<(), Exceeded> {
        self.push(Source::Import(level), message.as_bytes())
    }

    fn push(&self, source: Source, text: &[u8]) -> Result<(), Exceeded> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // An empty line costs too, or a guest could write them for ever.
        held.left = held
            .left
            .checked_sub(text.len().max(1))
            .ok_or_else(|| Exceeded::new("log", "the plugin logged more in one step than it may"))?;
        match held.pieces.last_mut() {
            Some((last, piece)) if *last == source && !matches!(source, Source::Import(_)) => {
                piece.extend_from_slice(text);
            }
            _ => held.pieces.push((source, text.to_vec())),
        }
        Ok(())
    }

    /// Hands out the lines.
    pub(super) fn lines(&self, step: StepName, redactor: &Redactor) -> Vec<LogLine> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = Vec::new();
        let mut leaks = false;
        for (source, piece) in held.pieces.drain(..) {
            let level = match source {
                Source::Import(level) => level,
                Source::Stdout => LogLevel::Info,
                Source::Stderr => LogLevel::Warn,
            };
            let text = String::from_utf8_lossy(&piece);
            leaks |= redactor.finds_secret_in(&text);
            lines.extend(LogLine::of_text(step, level, &text, redactor));
        }
        if leaks {
            let text = format!(
                "what this plugin logged in {step} held a secret, or what may be one; pamrun wrote [redacted] \
                 in its place. Its author should leave values out of the log"
            );
            lines.push(LogLine { step, level: LogLevel::Warn, text });
        }
        lines
    }

    /// The guest's standard output.
    pub(super) fn stdout(&self) -> Output {
        Output { log: self.clone(), source: Source::Stdout }
    }

    /// The guest's standard error.
    pub(super) fn stderr(&self) -> Output {
        Output { log: self.clone(), source: Source::Stderr }
    }
}

/// A standard stream of a guest that ends in the log.
#[derive(Clone)]
pub(super) struct Output {
    log: StepLog,
    source: Source,
}

impl IsTerminal for Output {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Output {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait::async_trait]
impl Pollable for Output {
    async fn ready(&mut self) {}
}

impl OutputStream for Output {
    fn write(&mut self, bytes: Bytes) -> Result<(), StreamError> {
        self.log.push(self.source, &bytes).map_err(|limit| StreamError::Trap(limit.into()))
    }

    fn flush(&mut self) -> Result<(), StreamError> {
        Ok(())
    }

    fn check_write(&mut self) -> Result<usize, StreamError> {
        Ok(64 * 1024)
    }
}

impl AsyncWrite for Output {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.log.push(self.source, bytes).map(|()| bytes.len()).map_err(io::Error::other))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
