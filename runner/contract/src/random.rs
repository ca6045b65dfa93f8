//! Random bytes, which whoever uses this crate hands in.

/// Gives random bytes that nobody can guess; what gives others makes keys that somebody can.
pub trait Random {
    /// Fills the whole of a buffer.
    fn fill(&mut self, bytes: &mut [u8]);
}

impl<F: FnMut(&mut [u8])> Random for F {
    fn fill(&mut self, bytes: &mut [u8]) {
        self(bytes);
    }
}
