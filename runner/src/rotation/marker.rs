//! The marker: what a new credential is named with, so that a stray can be told from a stranger's.

use ring::digest::{SHA256, digest};

const PREFIX: &str = "pamrun-";
const HASH_LENGTH: usize = 12;

/// Makes the marker of one try: `pamrun-<record hash>-<rotation id>.<try>`.
#[must_use]
pub fn marker(record_uid: &str, rotation_id: &str, attempt: u32) -> String {
    format!("{}{attempt}", marker_stem(record_uid, rotation_id))
}

/// What the markers of all tries of a rotation begin with.
#[must_use]
pub fn marker_stem(record_uid: &str, rotation_id: &str) -> String {
    format!("{PREFIX}{}-{rotation_id}.", record_hash(record_uid))
}

/// Tells whether a credential's label is a marker of the rotation that `marker` is of, of any try.
///
/// A service may fold the case of names, so case does not count.
#[must_use]
pub fn is_marker_of_rotation(label: &str, marker: &str) -> bool {
    let stem = marker.rsplit_once('.').map_or(marker, |(stem, _)| stem).to_ascii_lowercase();
    let label = label.to_ascii_lowercase();
    let attempt = label.strip_prefix(&stem).and_then(|rest| rest.strip_prefix('.'));
    !stem.is_empty()
        && attempt.is_some_and(|attempt| !attempt.is_empty() && attempt.bytes().all(|b| b.is_ascii_digit()))
}

/// Tells whether a credential's label is a marker that rotations of another record make.
///
/// A service may fold the case of names, so case does not count.
#[must_use]
pub fn is_marker_of_another(label: &str, record_uid: &str) -> bool {
    let label = label.to_ascii_lowercase();
    let hash = label.strip_prefix(PREFIX).and_then(|rest| rest.split_once('-')).map(|(hash, _)| hash);
    hash.is_some_and(|hash| {
        hash.len() == HASH_LENGTH
            && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
            && hash != record_hash(record_uid)
    })
}

/// The first twelve hex digits of the UID's SHA-256: enough to tell records apart, and no UID in
/// the names that everybody at the service can read.
fn record_hash(record_uid: &str) -> String {
    let digest = digest(&SHA256, record_uid.as_bytes());
    let bytes = digest.as_ref().iter().take(HASH_LENGTH / 2);
    bytes.fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_names_record_rotation_and_try() {
        assert_eq!(marker("target", "r1", 2), "pamrun-34a04005bcaf-r1.2");
    }

    #[test]
    fn only_a_marker_with_another_hash_is_of_another_record() {
        let own = marker("target", "earlier", 1);
        assert!(!is_marker_of_another(&own, "target"));
        assert!(!is_marker_of_another(&own.to_ascii_uppercase(), "target"));
        assert!(is_marker_of_another(&own, "other"));
        assert!(is_marker_of_another(&own.to_ascii_uppercase(), "other"));
        for label in ["", "pamrun", "pamrun-", "pamrun-test-1.1", "pamrun-34a04005bca-r.1", "my key"] {
            assert!(!is_marker_of_another(label, "other"), "{label}");
        }
    }
}
