//! Patterns: regular expressions that a whole value must match.

use std::borrow::Cow;
use std::sync::OnceLock;

use regex_automata::meta::Regex;
use regex_automata::nfa::thompson::{Compiler, Config, WhichCaptures};
use regex_syntax::hir::{Hir, Look};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};

/// How long a pattern may be, in bytes.
const LONGEST: usize = 1024;

/// How large the compiled form may become: a value is matched in time linear in its length.
const LARGEST: usize = 1 << 20;

/// A regular expression that a whole value must match, without anchors or other looks around.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    hir: Hir,
    /// Made when the first value is matched: most values of a manifest are never there.
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// Reads one; the error says what is wrong with it.
    ///
    /// # Errors
    /// It is no regular expression, none that a whole value can be matched with, or a monstrous one.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("a pattern has {LONGEST} characters at most; shorten it"));
        }
        let hir = regex_syntax::ParserBuilder::new().nest_limit(32).build().parse(text).map_err(|error| {
            let error = error.to_string();
            let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("the pattern is no regular expression: {last}; write a backslash before what is meant literally")
        })?;
        if !hir.properties().look_set().is_empty() {
            return Err("a pattern matches the whole value; leave `^`, `$` and `\\b` out".to_owned());
        }
        if hir.properties().maximum_len() == Some(0) {
            return Err(
                "the pattern matches nothing but the empty text; say what a value looks like".to_owned()
            );
        }
        let config = Config::new().nfa_size_limit(Some(LARGEST)).which_captures(WhichCaptures::None);
        Compiler::new().configure(config).build_from_hir(&hir).map_err(|_| {
            "the pattern is too large once it is compiled; use smaller repetitions".to_owned()
        })?;
        Ok(Self { text: text.to_owned(), hir, compiled: OnceLock::new() })
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its parsed form, without anchors.
    #[must_use]
    pub fn hir(&self) -> &Hir {
        &self.hir
    }

    /// Whether it matches the whole of a value.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        let compile = || {
            let whole = Hir::concat(vec![Hir::look(Look::Start), self.hir.clone(), Hir::look(Look::End)]);
            Regex::builder().build_from_hir(&whole).ok()
        };
        self.compiled.get_or_init(compile).as_ref().is_some_and(|compiled| compiled.is_match(value))
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(de::Error::custom)
    }
}

impl JsonSchema for Pattern {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Pattern".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "format": "regex", "description": "A regular expression that the whole value must match." })
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_pattern_matches_the_whole_value() {
        let pattern = Pattern::new("a|bc").unwrap();
        assert!(pattern.matches("a") && pattern.matches("bc"));
        assert!(!pattern.matches("ac") && !pattern.matches("a\n") && !pattern.matches("xa"));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["(", "^a$", "\\bx", "", "(?:)", "(?:a{1000}){1000}"] {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_hostile_value_costs_linear_time() {
        let pattern = Pattern::new("(a*)*b").unwrap();
        assert!(!pattern.matches(&"a".repeat(1_000_000)));
    }
}
