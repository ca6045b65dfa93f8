//! How much memory a guest may take.

use wasmtime::ResourceLimiter;

use super::watch::Exceeded;

/// Counts what all memories and tables of a guest take together. Wasmtime's own limiter knows a
/// limit for each of them only, and a component may have many.
pub(super) struct Memory {
    used: usize,
    limit: usize,
}

impl Memory {
    pub(super) fn new(limit: usize) -> Self {
        Self { used: 0, limit }
    }

    fn grow(&mut self, current: usize, desired: usize) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        if used > self.limit {
            let limit = Exceeded {
                name: "memory",
                message: format!(
                    "the plugin asked for {used} bytes of memory and may have {}; --memory raises it",
                    self.limit
                ),
            };
            // Refused growth alone would end as some panic of the guest's, and nobody knew why.
            return Err(limit.into());
        }
        self.used = used;
        Ok(true)
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.grow(current, desired)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        const ELEMENT: usize = 16;
        self.grow(current.saturating_mul(ELEMENT), desired.saturating_mul(ELEMENT))
    }
}
