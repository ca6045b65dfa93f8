//! The system's randomness.

/// Fills `bytes` with what nobody can guess.
///
/// # Errors
/// Why the system has none.
pub(super) fn random(bytes: &mut [u8]) -> Result<(), String> {
    getrandom::fill(bytes).map_err(|error| error.to_string())
}
