//! Secrets that were planted to be looked for, in every form in which they could leak.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

/// Shorter values would be found by chance.
const SHORTEST: usize = 8;

/// Makes a text of letters and digits that nobody can guess.
pub fn random_text(length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        let noise = BASE64_URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes());
        text.extend(noise.chars().filter(char::is_ascii_alphanumeric));
    }
    text.truncate(length);
    text
}

/// A set of secrets to look for.
pub struct Canaries {
    automaton: AhoCorasick,
    /// Whose form each pattern is, and which.
    meanings: Vec<(String, &'static str)>,
}

impl Canaries {
    /// Takes secrets as pairs of what they are, for messages, and their value.
    pub fn new(secrets: impl IntoIterator<Item = (String, String)>) -> Self {
        let (mut patterns, mut meanings) = (Vec::new(), Vec::new());
        for (name, value) in secrets.into_iter().filter(|(_, value)| value.len() >= SHORTEST) {
            for (form, pattern) in forms(&value) {
                patterns.push(pattern);
                meanings.push((name.clone(), form));
            }
        }
        // A set serves for a text or two: what is quickest to build is quickest.
        let kind = Some(AhoCorasickKind::NoncontiguousNFA);
        Self { automaton: AhoCorasick::builder().kind(kind).build(patterns).unwrap(), meanings }
    }

    /// Finds the first secret in some text, plain or encoded, and says which and in what form.
    pub fn find(&self, text: &[u8]) -> Option<String> {
        let found = self.automaton.find(text)?;
        let (name, form) = &self.meanings[found.pattern().as_usize()];
        Some(format!("{name} ({form})"))
    }
}

/// What stays as it is in a form or in a URL.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let quoted = serde_json::to_string(secret).unwrap();
    let escaped = utf8_percent_encode(secret, UNRESERVED).to_string();
    let hex: Vec<_> = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        ("plain", secret.to_owned()),
        ("JSON", quoted[1..quoted.len() - 1].to_owned()),
        ("percent-encoded", escaped.to_lowercase()),
        ("percent-encoded", utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string()),
        ("percent-encoded", escaped),
        ("hexadecimal", hex.concat()),
    ];
    // Inside a longer text, base64 has three forms; what depends on the neighbours is cut off.
    for before in 0..3 {
        let bytes = [&b"\0\0"[..before], secret.as_bytes()].concat();
        let start = (before * 8).div_ceil(6);
        let end = bytes.len() * 8 / 6;
        forms.push(("base64", BASE64_STANDARD_NO_PAD.encode(&bytes)[start..end].to_owned()));
        forms.push(("base64url", BASE64_URL_SAFE_NO_PAD.encode(&bytes)[start..end].to_owned()));
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(secret: &str) -> Canaries {
        Canaries::new([("it".to_owned(), secret.to_owned())])
    }

    #[test]
    fn a_secret_is_found_in_every_form() {
        let secret = "tSé+/\"~q?9 zz";
        let canaries = one(secret);
        let finds = |text: &str| canaries.find(text.as_bytes());
        for before in ["", "a", "ab", "abc"] {
            let text = format!("{before}{secret}{before}");
            assert!(finds(&BASE64_STANDARD_NO_PAD.encode(&text)).unwrap().contains("base64"));
            assert!(finds(&BASE64_URL_SAFE_NO_PAD.encode(&text)).unwrap().contains("base64"));
        }
        assert_eq!(finds(&serde_json::json!({ "value": secret }).to_string()).unwrap(), "it (JSON)");
        assert_eq!(finds("x=tS%C3%A9%2B%2F%22~q%3F9%20zz").unwrap(), "it (percent-encoded)");
        assert_eq!(finds("…tSé+/\"~q?9 zz…").unwrap(), "it (plain)");
    }

    #[test]
    fn a_text_without_the_secret_is_clean() {
        assert_eq!(one("another secret").find(b"tS%C3%A9+/ anotherXsecret"), None);
    }
}
