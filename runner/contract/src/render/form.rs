//! Writes a form, as browsers send it.

use zeroize::Zeroizing;

use super::query::encode;

/// Adds a pair to a form, whose value is encoded already.
pub(super) fn push(form: &mut Zeroizing<String>, name: &str, encoded: &str) {
    if !form.is_empty() {
        form.push('&');
    }
    form.push_str(&encode(name));
    form.push('=');
    form.push_str(encoded);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use zeroize::Zeroizing;

    use super::*;
    use crate::any_text::any_text;

    proptest! {
        #[test]
        fn another_parser_reads_the_same_pairs(pairs in proptest::collection::vec((any_text(), any_text()), 0..5)) {
            let mut written = Zeroizing::new(String::new());
            for (name, value) in &pairs {
                push(&mut written, name, &encode(value));
            }
            let read: Vec<(String, String)> = url::form_urlencoded::parse(written.as_bytes()).into_owned().collect();
            prop_assert_eq!(read, pairs);
        }
    }
}
