//! Writes pairs of a query.

use percent_encoding::utf8_percent_encode;

use super::path::RESERVED;

/// Encodes a value for a query.
pub(super) fn encode(value: &str) -> String {
    utf8_percent_encode(value, RESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::encode;
    use crate::any_text::any_text;

    proptest! {
        #[test]
        fn another_parser_reads_the_same_value(value in any_text()) {
            let url = url::Url::parse(&format!("https://a.example/x?$a={}&b=c", encode(&value))).unwrap();
            let pairs: Vec<(String, String)> = url.query_pairs().into_owned().collect();
            prop_assert_eq!(pairs, [("$a".to_owned(), value), ("b".to_owned(), "c".to_owned())]);
        }
    }
}
