//! The pipes to and from a script. None of them is ever waited for alone.

use std::os::fd::{AsFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::{Errno, read, write};
use zeroize::{Zeroize, Zeroizing};

/// What is read at once.
const CHUNK: usize = 16 * 1024;

/// What goes in.
pub(super) struct Inlet {
    pipe: Option<OwnedFd>,
    bytes: Zeroizing<Vec<u8>>,
    written: usize,
}

impl Inlet {
    pub(super) fn new(pipe: OwnedFd, bytes: Zeroizing<Vec<u8>>) -> rustix::io::Result<Self> {
        fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
        Ok(Self { pipe: Some(pipe), bytes, written: 0 })
    }

    /// What to wait for.
    pub(super) fn poll(&self) -> Option<PollFd<'_>> {
        self.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::OUT))
    }

    /// Writes what fits in now. A script need not read all of it.
    pub(super) fn pump(&mut self) {
        while let Some(pipe) = &self.pipe {
            let rest = self.bytes.get(self.written..).unwrap_or_default();
            match if rest.is_empty() { Ok(0) } else { write(pipe, rest) } {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Ok(0) | Err(_) => self.pipe = None,
                Ok(count) => self.written += count,
            }
        }
    }
}

/// What comes out.
pub(super) struct Outlet {
    pipe: Option<OwnedFd>,
    bytes: Zeroizing<Vec<u8>>,
    limit: usize,
    exceeded: bool,
}

impl Outlet {
    /// Keeps at most `limit` bytes.
    pub(super) fn new(pipe: OwnedFd, limit: usize) -> rustix::io::Result<Self> {
        fcntl_setfl(&pipe, OFlags::NONBLOCK)?;
        Ok(Self { pipe: Some(pipe), bytes: Zeroizing::default(), limit, exceeded: false })
    }

    /// What to wait for.
    pub(super) fn poll(&self) -> Option<PollFd<'_>> {
        self.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN))
    }

    /// Tells whether nobody can write to it any more.
    pub(super) fn is_closed(&self) -> bool {
        self.pipe.is_none()
    }

    /// Tells whether more came than is kept.
    pub(super) fn is_exceeded(&self) -> bool {
        self.exceeded
    }

    /// Reads what is there now, but not for ever: there may always be more.
    pub(super) fn pump(&mut self) {
        let mut chunk = Zeroizing::new([0; CHUNK]);
        let Some(pipe) = &self.pipe else { return };
        match read(pipe.as_fd(), chunk.as_mut_slice()) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            Ok(0) | Err(_) => self.pipe = None,
            Ok(count) => {
                let fits = count.min(self.limit - self.bytes.len());
                self.exceeded |= fits < count;
                self.keep(chunk.get(..fits).unwrap_or_default());
            }
        }
    }

    /// Reads the rest, once nobody writes any more.
    pub(super) fn finish(&mut self) -> Zeroizing<Vec<u8>> {
        let mut before = usize::MAX;
        while !self.is_closed() && before != self.bytes.len() {
            before = self.bytes.len();
            self.pump();
        }
        std::mem::take(&mut self.bytes)
    }

    /// A buffer that grows by itself leaves copies behind that nobody wipes.
    fn keep(&mut self, chunk: &[u8]) {
        let needed = self.bytes.len() + chunk.len();
        if needed > self.bytes.capacity() {
            let mut larger = Vec::with_capacity(needed.max(2 * self.bytes.capacity()).min(self.limit));
            larger.extend_from_slice(&self.bytes);
            self.bytes.zeroize();
            *self.bytes = larger;
        }
        self.bytes.extend_from_slice(chunk);
    }
}
