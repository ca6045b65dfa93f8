//! Which strings of an answer may be a new secret.

use serde_json::Value;

/// The shortest string that is taken for a secret, in characters.
const SHORTEST: usize = 16;
/// The longest plain text that may be a secret as a whole, in bytes: more is a page or a log.
const LONGEST_TEXT: usize = 16 * 1024;

/// Collects the strings of `answer` that may be secrets: the strings of a JSON document, wherever
/// they stand, or else the whole text. What the request itself held is left out: the guest knew it.
pub(super) fn suspects(answer: &[u8], uri: &http::Uri, body: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    match serde_json::from_slice(answer) {
        Ok(json) => strings(json, &mut found),
        Err(_) if answer.len() <= LONGEST_TEXT => {
            found.extend(str::from_utf8(answer).map(|text| text.trim().to_owned()));
        }
        Err(_) => {}
    }
    // To look up every string in a long body takes too long; then some more are suspected.
    let body = if body.len() <= LONGEST_TEXT { String::from_utf8_lossy(body) } else { "".into() };
    let uri = uri.to_string();
    found.retain(|text| {
        text.chars().count() >= SHORTEST && !uri.contains(text.as_str()) && !body.contains(text.as_str())
    });
    found
}

fn strings(json: Value, found: &mut Vec<String>) {
    match json {
        Value::String(text) => found.push(text),
        Value::Array(list) => list.into_iter().for_each(|item| strings(item, found)),
        Value::Object(map) => map.into_iter().for_each(|(_, item)| strings(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(answer: &str) -> Vec<String> {
        let uri = http::Uri::from_static("https://graph.example/applications/11111111-2222-3333");
        suspects(answer.as_bytes(), &uri, br#"{"displayName":"pamrun-abcdef-0123.1"}"#)
    }

    #[test]
    fn long_strings_anywhere_in_json_are_suspects() {
        let answer =
            r#"{"value":[{"secretText":"aVeryLongSecretText","hint":"aVe","n":1234567890123456789}]}"#;
        assert_eq!(of(answer), ["aVeryLongSecretText"]);
    }

    #[test]
    fn what_the_request_held_is_no_suspect() {
        let answer = r#"{"id":"11111111-2222-3333","displayName":"pamrun-abcdef-0123.1"}"#;
        assert_eq!(of(answer), [""; 0]);
    }

    #[test]
    fn a_short_text_is_a_suspect_as_a_whole() {
        assert_eq!(of("  token-token-token \n"), ["token-token-token"]);
        assert_eq!(of(&"page ".repeat(10_000)), [""; 0]);
    }
}
