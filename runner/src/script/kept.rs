//! What came out of a script so far.

use zeroize::{Zeroize, Zeroizing};

/// What is read at once.
pub(super) const CHUNK: usize = 16 * 1024;

/// The beginning of what came out.
pub(super) struct Kept {
    bytes: Zeroizing<Vec<u8>>,
    limit: usize,
    exceeded: bool,
}

impl Kept {
    /// Keeps at most `limit` bytes.
    pub(super) fn new(limit: usize) -> Self {
        Self { bytes: Zeroizing::default(), limit, exceeded: false }
    }

    /// How much it is.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Tells whether more came than is kept.
    pub(super) fn is_exceeded(&self) -> bool {
        self.exceeded
    }

    /// Keeps what fits. A buffer that grows by itself leaves copies behind that nobody wipes.
    pub(super) fn add(&mut self, chunk: &[u8]) {
        let fits = chunk.len().min(self.limit - self.bytes.len());
        self.exceeded |= fits < chunk.len();
        let needed = self.bytes.len() + fits;
        if needed > self.bytes.capacity() {
            let mut larger = Vec::with_capacity(needed.max(2 * self.bytes.capacity()).min(self.limit));
            larger.extend_from_slice(&self.bytes);
            self.bytes.zeroize();
            *self.bytes = larger;
        }
        self.bytes.extend_from_slice(chunk.get(..fits).unwrap_or_default());
    }

    /// Hands it out.
    pub(super) fn take(&mut self) -> Zeroizing<Vec<u8>> {
        std::mem::take(&mut self.bytes)
    }
}
