//! Writes values into the path of a URL.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::template::address::is_segment;

/// All but the characters that no path, query or form gives a meaning.
pub(super) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How a value may fill a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Filling {
    /// One segment, or a part of one.
    Segment,
    /// The same, with its slashes encoded.
    Slashes,
    /// Several segments.
    Segments,
}

/// Encodes a value for a path; the error says what of it must not be.
pub(super) fn encode(value: &str, filling: Filling) -> Result<String, &'static str> {
    if value.is_empty() {
        return Err("it is empty");
    }
    if value.contains(char::is_control) {
        return Err("it has control characters");
    }
    if value.contains('\\') {
        return Err("it has a backslash");
    }
    let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    match filling {
        Filling::Segment if value.contains('/') => Err("it has a slash, and stands for one segment"),
        // Some servers take an encoded slash for a slash.
        Filling::Slashes if value.split('/').any(|part| part == "." || part == "..") => {
            Err("a segment of it is `.` or `..`")
        }
        Filling::Segment | Filling::Slashes => Ok(encoded(value)),
        Filling::Segments if !value.split('/').all(is_segment) => {
            Err("a segment of it is empty, `.` or `..`")
        }
        Filling::Segments => Ok(value.split('/').map(encoded).collect::<Vec<_>>().join("/")),
    }
}

/// Whether a whole path, once every server has decoded it, still has the segments that it seems to have.
pub(super) fn is_clean(path: &str) -> bool {
    path.split('/').all(|segment| {
        let decoded = percent_encoding::percent_decode_str(segment).decode_utf8_lossy();
        decoded != "." && decoded != ".."
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::any_text::any_text;

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        for value in ["", "a/b", "a\\b", "a\nb", "\u{7f}", "\u{85}"] {
            assert!(encode(value, Filling::Segment).is_err(), "{value:?}");
        }
        for value in ["..", "a/../b", "./a"] {
            assert!(encode(value, Filling::Slashes).is_err(), "{value:?}");
        }
        for value in ["/a", "a/", "a//b", "a/../b", "."] {
            assert!(encode(value, Filling::Segments).is_err(), "{value:?}");
        }
        assert_eq!(encode("a b/ü", Filling::Slashes).unwrap(), "a%20b%2F%C3%BC");
        assert_eq!(encode("a b/c", Filling::Segments).unwrap(), "a%20b/c");
        assert!(is_clean("/a/%2E%2Ex/b") && !is_clean("/a/%2e%2E/b") && !is_clean("/.") && is_clean("/"));
    }

    proptest! {
        #[test]
        fn another_parser_reads_the_same_segment(value in any_text()) {
            if let Ok(encoded) = encode(&value, Filling::Segment) {
                let url = url::Url::parse(&format!("https://a.example/x/{encoded}z/y")).unwrap();
                let segments: Vec<&str> = url.path_segments().unwrap().collect();
                prop_assert_eq!(segments.len(), 3);
                let read = percent_encoding::percent_decode_str(segments[1]).decode_utf8().unwrap().into_owned();
                prop_assert_eq!(read, format!("{value}z"));
                prop_assert_eq!((url.query(), url.fragment()), (None, None));
            }
        }
    }
}
