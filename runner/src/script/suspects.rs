//! The strings of what cannot be read, or not relied on: any of them may be a new secret.

use std::collections::BTreeSet;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::tokens::{Token, Tokens, is_closing, is_opening, is_quote};
use crate::secret::Secret;

/// Shorter strings are words, and not taken for secrets.
const SHORTEST_SECRET: usize = 8;
/// Longer words that an answer is made of.
const WORDS: [&str; 6] = ["password", "multiline", "standard", "checkbox", "expirationDate", "oneTimeCode"];
/// How often a text may stand inside a text.
const DEPTH: usize = 3;

/// Strings of a near miss, or of an answer that is not one.
#[derive(Default)]
pub(super) struct Suspects {
    /// What it says: what stands in quotes, and longer words that do not.
    said: Vec<Zeroizing<String>>,
    /// Parts and other readings of that, since nobody knows how it was meant.
    read: Vec<Zeroizing<String>>,
}

impl Suspects {
    /// Those of a text that is nearly JSON.
    pub(super) fn of_text(text: &str) -> Self {
        let mut suspects = Self::default();
        suspects.add_text(text, DEPTH);
        suspects
    }

    /// Those of JSON.
    pub(super) fn of_json(json: &Value) -> Self {
        let mut suspects = Self::default();
        suspects.add_json(json);
        suspects
    }

    /// What may be secret: all that is long enough.
    pub(super) fn secrets(&self) -> impl Iterator<Item = Secret> {
        let is_secret = |text: &&Zeroizing<String>| is_long(text) && !WORDS.contains(&text.as_str());
        self.said.iter().chain(&self.read).filter(is_secret).map(|text| Secret::new(text.as_str()))
    }

    /// All that it says.
    pub(super) fn words(&self) -> BTreeSet<&str> {
        self.said.iter().map(|text| text.as_str()).collect()
    }

    pub(super) fn add_object(&mut self, map: &Map<String, Value>) {
        for (key, value) in map {
            self.said.push(owned(key));
            self.add_json(value);
        }
    }

    fn add_json(&mut self, json: &Value) {
        match json {
            Value::Object(map) => self.add_object(map),
            Value::Array(list) => list.iter().for_each(|item| self.add_json(item)),
            Value::String(text) => {
                self.said.push(owned(text));
                if text.contains(is_quote) {
                    self.read_text(text, DEPTH - 1);
                }
            }
            Value::Number(number) => self.said.push(Zeroizing::new(number.to_string())),
            Value::Bool(_) | Value::Null => {}
        }
    }

    fn add_text(&mut self, text: &str, depth: usize) {
        let mut bare = 0;
        let is_end =
            |c: char| is_quote(c) || is_opening(c) || is_closing(c) || is_separator(c) || ":=>".contains(c);
        for (token, _) in Tokens::of(text) {
            let Token::Quoted(range) = token else { continue };
            let words = text.get(bare..range.start).unwrap_or_default().split(is_end);
            self.said.extend(words.filter(|word| is_long(word)).map(owned));
            bare = range.end;
            let raw = text.get(range).unwrap_or_default();
            let plain = unescaped(raw);
            match depth.checked_sub(1) {
                // A text that has texts in it says what they say.
                Some(less) if plain.contains(is_quote) && plain.contains(is_opening) => {
                    self.add_text(&plain, less);
                }
                _ => self.said.push(plain),
            }
        }
        let words = text.get(bare..).unwrap_or_default().split(is_end);
        self.said.extend(words.filter(|word| is_long(word)).map(owned));
        self.read_text(text, depth);
    }

    /// Reads it in every way that it may be meant.
    fn read_text(&mut self, text: &str, depth: usize) {
        for (token, _) in Tokens::of(text) {
            let Token::Quoted(range) = token else { continue };
            let raw = text.get(range).unwrap_or_default();
            self.read.push(owned(raw));
            let plain = unescaped(raw);
            if let Some(less) = depth.checked_sub(1).filter(|_| plain.contains(is_quote)) {
                self.read_text(&plain, less);
            }
            self.read.push(plain);
        }
        for word in text.split(|c| is_quote(c) || is_opening(c) || is_closing(c) || is_separator(c)) {
            let value = word.split_once([':', '=']).map_or("", |(_, value)| value.trim_start_matches('>'));
            self.read.extend([word, value].into_iter().filter(|word| is_long(word)).map(owned));
        }
    }
}

fn owned(text: &str) -> Zeroizing<String> {
    Zeroizing::new(text.to_owned())
}

/// Whether a string is long enough for a secret.
pub(super) fn is_long(text: &str) -> bool {
    text.chars().count() >= SHORTEST_SECRET
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || ",;\\".contains(c)
}

/// What a text in quotes stands for, as JSON and most languages escape it.
fn unescaped(text: &str) -> Zeroizing<String> {
    let mut plain = Zeroizing::new(String::with_capacity(text.len()));
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        plain.push_str(before);
        let mut after = escape.chars();
        let code = || u32::from_str_radix(escape.get(1..5)?, 16).ok().and_then(char::from_u32);
        plain.extend(match after.next() {
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            Some('u') if let Some(character) = code() => {
                after = escape.get(5..).unwrap_or_default().chars();
                Some(character)
            }
            other => other,
        });
        rest = after.as_str();
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn n1_every_longer_string_of_a_near_miss_is_suspected_however_it_is_written() {
        let secret = "S3cr3t:Va=lue,{1}";
        for text in [
            format!("{{'updates': [{{'label': 'api_key', 'value': '{secret}'}}]}}"),
            format!(r#"{{"updates":[{{"value":"{secret}"#),
            format!(r#"{{\"updates\":[{{\"value\":\"{secret}\"}}]}}"#),
            format!(r#""{{\"updates\":[{{\"value\":\"{secret}\"}}]}}""#),
            "{'value': 'S3cr3t:\\u0056a=lue,{1}'}".to_owned(),
        ] {
            let suspects = Suspects::of_text(&text);
            assert!(suspects.secrets().any(|found| found.expose() == secret), "{text}");
        }
        let bare = Suspects::of_text("@{label=api_key; type=secret; value=S3cr3t:Value}");
        assert!(bare.secrets().any(|found| found.expose() == "S3cr3t:Value"));
        let json = Suspects::of_json(&serde_json::json!([{"a": {"b": ["S3cr3t-Value", 1_234_567_890]}}]));
        assert_eq!(json.secrets().count(), 2);
        let words = Suspects::of_text(r#"{"updates": [{"type": "password", "label": "short", }]}"#);
        assert_eq!(words.secrets().count(), 0);
    }

    #[test]
    fn what_is_said_twice_in_two_ways_says_the_same() {
        let json =
            Suspects::of_json(&serde_json::json!({"updates": [{"label": "a b", "value": "it's \"x\"{"}]}));
        let python = Suspects::of_text(r#"{'updates': [{'label': 'a b', 'value': 'it\'s "x"{'}]}"#);
        assert!(python.words().is_subset(&json.words()), "{:?} {:?}", python.words(), json.words());
        let other = Suspects::of_text("{'updates': [{'label': 'a b', 'value': 'y'}]}");
        assert!(!other.words().is_subset(&json.words()));
    }
}
