//! What was meant to be an answer and cannot be read as one. A text betrays it by a key of an answer that stands
//! there as a key: in JSON that is cut short, encoded twice or has a comma too many, or in what people write in
//! its place, such as `repr` of Python, `console.log` of JavaScript, tables of `PowerShell`, hashes of Ruby, YAML.
//! A log that only has the word in it, or braces, is none.

use std::ops::Range;

use regex::{Match, Regex};
use serde_json::{Map, Value};

use super::answer::VALUES;
use super::json::{Distinct, fault};
use super::suspects::is_long;
use super::text::place;
use super::tokens::{Token, Tokens, is_closing, is_opening, is_quote};

/// The last of so many takes all that follows: more are nobody's answers.
const MOST: usize = 32;
const ENCODED_TWICE: &str = "was encoded twice: it is JSON inside a text";

/// A near miss in a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NearMiss {
    pub(super) span: Range<usize>,
    /// What is wrong with it, which quotes nothing of it.
    pub(super) why: String,
    /// Whether new values may stand in it.
    pub(super) has_values: bool,
}

/// What betrays near misses.
pub(super) struct Signs {
    /// Where to look closer.
    any: Regex,
    /// A key of the answer, as a key.
    keys: Regex,
    /// A new value, where an answer may have some.
    update: Option<[Regex; 2]>,
}

impl Signs {
    /// The signs of an answer with one of these keys.
    pub(super) fn of(keys: &[&str]) -> Result<Self, regex::Error> {
        let quote = r#"(?u:["'`“”„‘’])"#;
        // PHP puts keys in brackets, too.
        let quoted = |words: &str| format!(r"\\*{quote}(?:{words})\\*{quote}\s*(?:\]\s*=>|[:=])");
        let entry = |words: &str| format!(r"[\[{{(,;]\s*:?(?:{words})\s*(?:=>|[:=])");
        let regex = |signs: &[&str]| Regex::new(&format!("(?i-u){}", signs.join("|")));
        let words = keys.join("|");
        let named = quoted(&words);
        // What is not in quotes is a key only before what may be its value.
        let bare = format!(r"{}\s*(?:[\[{{(@]|{quote}|System\.|$)", entry(&words));
        let listed = format!(r"(?m:^)[ \t]*(?:{words})[ \t]*[:=]?\s*(?:[\[{{@]|- |System\.)");
        // Its type in place of the value, as PowerShell shows it.
        let typed = format!(r"(?m:^)[ \t]*(?:{words})\s+:?\s*\{{?(?:System\.|@\{{)");
        let (label, bare_label) = (quoted("label"), entry("label"));
        let has_values = keys.contains(&VALUES);
        let labels: &[&str] = if has_values { &[&label, &bare_label] } else { &[] };
        let part = |word: &str| {
            regex(&[&format!(r"(?:^|[\s\[{{(,;\\:]|{quote}){word}\\*{quote}?\s*(?:\]\s*=>|[:=])")])
        };
        Ok(Self {
            any: regex(&[&[&*named, &bare, &typed, &listed], labels].concat())?,
            keys: regex(&[&named, &bare, &typed])?,
            update: if has_values { Some([part("label")?, part("values?")?]) } else { None },
        })
    }

    /// All near misses of a text, in order. In `json` nobody has to look; where one of the `answers` begins that
    /// has a line of its own, whatever was broken before has ended.
    pub(super) fn near_misses(
        &self,
        text: &str,
        json: &[Range<usize>],
        answers: &[Range<usize>],
    ) -> Vec<NearMiss> {
        let mut found = Vec::new();
        let mut json = json.iter().peekable();
        let mut answers = answers.iter().filter(|range| begins_a_line(text, range.start)).peekable();
        let mut floor = 0;
        for sign in self.any.find_iter(text) {
            while json.next_if(|range| range.end <= sign.start()).is_some() {}
            while let Some(range) = answers.next_if(|range| range.start <= sign.start()) {
                floor = floor.max(range.end);
            }
            if sign.start() < floor || json.peek().is_some_and(|range| range.contains(&sign.start())) {
                continue;
            }
            let ceiling = answers.peek().map_or(text.len(), |range| range.start);
            let span = span(text, &sign, floor..ceiling);
            // Whatever was opened before, and not closed, is in the span: nobody has to look there again.
            floor = sign.end().max(span.as_ref().map_or(0, |span| span.end));
            let Some(mut span) = span else { continue };
            if let Some(has_values) = self.judge(text.get(span.clone()).unwrap_or_default()) {
                let is_last = found.len() + 1 == MOST;
                if is_last {
                    span.end = text.len();
                }
                let is_encoded = sign.as_str().contains('\\');
                let why = if is_encoded { ENCODED_TWICE.to_owned() } else { why(text, &span) };
                found.push(NearMiss { span, why, has_values });
                if is_last {
                    break;
                }
            }
        }
        found
    }

    /// Whether a part of a text is a near miss, and then whether it may have new values.
    pub(super) fn judge(&self, part: &str) -> Option<bool> {
        let has_update =
            self.update.as_ref().is_some_and(|signs| signs.iter().all(|sign| sign.is_match(part)));
        let may_have = has_update || self.update.is_some() && part.to_ascii_lowercase().contains(VALUES);
        (has_update || self.keys.is_match(part)).then_some(may_have)
    }

    /// What is wrong with JSON that has in it what an answer has, and is none; none where it is a log.
    pub(super) fn misplaced(&self, json: &Value) -> Option<&'static str> {
        self.update.as_ref().filter(|_| self.holds_answer(json))?;
        Some(match json {
            Value::Object(map) if map.iter().any(|(key, value)| is_part(key, value)) => {
                "must have its keys in small letters"
            }
            Value::Object(_) if is_update(json) => "must stand in a list `updates`, in an object",
            Value::Object(_) => "stands inside another object: an answer must be the outermost one",
            _ => "stands inside a list: an answer must be one object",
        })
    }

    fn holds_answer(&self, json: &Value) -> bool {
        match json {
            Value::Object(map) => {
                is_update(json)
                    || map.iter().any(|(key, value)| is_part(key, value))
                    || map.values().any(|value| self.holds_answer(value))
            }
            Value::Array(list) => list.iter().any(|item| self.holds_answer(item)),
            Value::String(text) => self.keys.find_iter(text).any(|sign| {
                let value = text.get(sign.end()..).unwrap_or_default().trim_start();
                sign.as_str().contains(VALUES) && value.starts_with(['[', '{'])
            }),
            _ => false,
        }
    }
}

/// Whether an entry is what makes an answer one, in whatever letters.
fn is_part(key: &str, value: &Value) -> bool {
    let is_list = value.is_array() || value.is_object();
    let has_kind = |failure: &Map<String, Value>| failure.keys().any(|key| key.eq_ignore_ascii_case("kind"));
    key.eq_ignore_ascii_case(VALUES) && is_list
        || key.eq_ignore_ascii_case("failure") && value.as_object().is_some_and(has_kind)
}

/// Whether JSON is a new value of a field, which nobody put into an answer.
fn is_update(json: &Value) -> bool {
    let is_secret = |value: &Value| value.as_str().is_some_and(is_long);
    let values = ["value", "values"].iter().filter_map(|key| json.get(key));
    let has_secret =
        |value: &Value| value.as_array().map_or_else(|| is_secret(value), |all| all.iter().any(is_secret));
    json.get("label").is_some_and(Value::is_string) && values.into_iter().any(has_secret)
}

fn begins_a_line(text: &str, at: usize) -> bool {
    let mut before = text.get(..at).unwrap_or_default().chars().rev();
    before.find(|c| *c == '\n' || !c.is_whitespace() && *c != '\u{feff}').is_none_or(|c| c == '\n')
}

/// How far what a sign stands in reaches, within `room`: from the bracket that was opened before it and not closed,
/// to the one that closes it, or else to the end of all.
fn span(text: &str, sign: &Match, room: Range<usize>) -> Option<Range<usize>> {
    let before = text.get(room.start..sign.start())?;
    let first = sign.as_str().chars().next()?;
    let opened =
        if is_opening(first) { Some(sign.start()) } else { last_open(before).map(|at| room.start + at) };
    let Some(opened) = opened else {
        let begins = sign.start();
        // What parts entries parts nothing where there are no brackets.
        return (![',', ';'].contains(&first))
            .then(|| begins..begins + block(text.get(begins..room.end).unwrap_or_default()));
    };
    let before = text.get(room.start..opened)?;
    let around = |c: char| is_opening(c) || is_quote(c) || "@$\\".contains(c);
    let mut begins = before;
    while begins.trim_end().ends_with(around) {
        begins = begins.trim_end().trim_end_matches(around);
    }
    let begins = room.start + begins.len();
    Some(begins..begins + closed(text.get(begins..room.end)?))
}

/// The last bracket that is opened and not closed.
fn last_open(text: &str) -> Option<usize> {
    let mut closed = 0_usize;
    text.char_indices().rev().find_map(|(at, c)| {
        if is_closing(c) {
            closed += 1;
        } else if is_opening(c) {
            return closed.checked_sub(1).map_or(Some(at), |left| {
                closed = left;
                None
            });
        }
        None
    })
}

/// The length of what the text begins with, up to where all brackets are closed, or to the end of a line where none
/// is open, or of all.
fn closed(text: &str) -> usize {
    let mut open = 0_usize;
    for (token, end) in Tokens::of(text) {
        match token {
            Token::Open => open += 1,
            Token::Close if open <= 1 => {
                let rest = text.get(end..).unwrap_or_default();
                let more = rest.trim_start_matches(|c| is_closing(c) || is_quote(c) || "\\;,".contains(c));
                return text.len() - more.len();
            }
            Token::Close => open -= 1,
            Token::Break if open == 0 => return end,
            Token::Break | Token::Quoted(_) => {}
        }
    }
    text.len()
}

/// The length of the entries that the text begins with: where there are no brackets, the lines that are indented or
/// begin with a dash.
fn block(text: &str) -> usize {
    let first = closed(text);
    let rest = text.get(first..).unwrap_or_default();
    let more = rest.split_inclusive('\n').take_while(|line| line.starts_with([' ', '\t', '-']));
    first + more.map(str::len).sum::<usize>()
}

/// What is wrong with what stands there, and where, by the word of a reader of JSON.
pub(super) fn why(text: &str, span: &Range<usize>) -> String {
    let part = text.get(span.clone()).unwrap_or_default();
    let Err(error) = serde_json::from_str::<Distinct>(part) else { return "is not one object".to_owned() };
    if error.is_data() {
        return "has a key that stands twice in one object".to_owned();
    }
    let at = fault(part, &error);
    let is_open = || {
        part.get(at..).is_some_and(|rest| rest.starts_with(['\n', '\r']))
            && !part.trim_end().ends_with(is_closing)
    };
    if error.is_eof() || is_open() {
        return "stops in the middle: the end of the JSON is missing".to_owned();
    }
    let (before, after) = (part.get(..at).unwrap_or_default().trim_end(), part.get(at..).unwrap_or_default());
    let hint = match after.chars().next() {
        Some('\'') => ": keys and texts must stand in double quotes",
        Some('}' | ']') if before.ends_with(',') => ": there is a comma too many",
        Some('/' | '#') => ": JSON has no comments",
        Some('\n' | '\r') => ": a line ends inside a text, where `\\n` must stand",
        Some('x') if before.ends_with('\\') => ": what stands there is not UTF-8",
        Some(next) if next.is_control() => ": a control character stands there",
        Some(next) if before.ends_with(['{', ',']) && !is_opening(next) => {
            ": keys must stand in double quotes"
        }
        _ => "",
    };
    format!("is not JSON from {} on{hint}", place(text, span.start + at))
}

#[cfg(test)]
mod tests {
    use super::super::answer::keys;
    use super::*;
    use crate::model::StepName;

    fn near_misses(text: &str, keys: &[&str]) -> Vec<NearMiss> {
        Signs::of(keys).unwrap().near_misses(text, &[], &[])
    }

    #[test]
    fn n1_what_people_write_in_place_of_json_is_a_near_miss_as_a_whole() {
        for text in [
            r#"{"updates":[{"label":"key","value":"S3cr3t"#,
            r#"{"updates":[{"label":"key","value":"S3cr3t"},]}"#,
            "{'updates': [{'label': 'key', 'value': 'it}s'}]}",
            "[{'handle': 'x', 'updates': []}]",
            "{\n  updates: [\n    { label: 'key', value: 'S3cr3t' }\n  ]\n}",
            r#"{"type":"x","updates":[]"#,
            r#"{:updates=>[{:label=>"key", :value=>"S3cr3t"}]}"#,
            r#"{"updates"=>[{"label"=>"key"}]}"#,
            r#""{\"updates\": [{\"label\": \"key\", \"value\": \"S3cr3t\"}]}""#,
            r#"{\"updates\": [{\"label\": \"key\", \"value\": \"S3}cr3t\"}]}"#,
            "@{updates=System.Object[]}",
            "{@{label=api_key; type=secret; value=S3cr3t}}",
            "updates : {@{label=api_key; type=secret; value=S3cr3t}}",
            "{“updates”: [{“label”: “key”, “value”: “S3}cr3t”}]}",
            "{\n  [\"updates\"]=>\n  array(0) {\n }\n}",
            "updates                        {System.Collections.Hashtable}",
            "updates:\n- label: key\n  value: S3cr3t\n",
            "[{'label': 'key', 'value': 'S3cr3t'}]",
            r#""updates": [{"label": "key", "value": "S3cr3t"}]"#,
            "{\"updates\":[{\"label\":\"pem\",\"value\":\"-----BEGIN\nMII\n-----END\"}]}",
            "{\"updates\": [ // new\n {\"label\": \"key\"} ]}",
            r#"{"Updates": [{"label": "key", "value": NaN}]}"#,
        ] {
            let found = near_misses(text, keys(None));
            let spans: Vec<_> = found.iter().map(|near_miss| near_miss.span.clone()).collect();
            assert!(spans.len() == 1 && spans[0] == (0..text.len()), "{text}: {spans:?}");
            assert!(found[0].has_values && !found[0].why.contains("S3cr3t"), "{}", found[0].why);
            let logged = format!("begin {text}\nand (so) on: {{ok}}\n", text = text.trim_end());
            let found = near_misses(&logged, keys(None));
            assert!(found.len() == 1 || text.starts_with("updates"), "{logged}");
        }
    }

    #[test]
    fn n1_a_log_is_no_near_miss() {
        for text in [
            "",
            "3 updates: none",
            "Checking for updates: [1/3]",
            "updates available: 3",
            "updates: 3",
            "updates:\n3 of 4",
            "{} { } [updates] (updates) {updates}",
            "updates { installed }",
            "{updates: 3, failures: 0}",
            "Done (handle: 0x7f, failure: none)",
            "function updates() { return [1]; }",
            "the \"updates\" of {user}",
            "{label} value: 3",
            "it's {label: 'x'}",
            "data[\"updates\"] = count",
            "failure: [Errno 2] no such file",
        ] {
            assert_eq!(near_misses(text, keys(None)), [], "{text}");
        }
        assert_eq!(near_misses("{'updates': []}", keys(Some(StepName::Verify))), []);
    }

    #[test]
    fn n1_what_is_wrong_is_told_with_its_place() {
        for (text, told) in [
            ("{\"updates\":[", "stops in the middle"),
            ("{\"updates\":[{\"value\":\"S3cr\nand on", "stops in the middle"),
            (
                "x\n  {\n 'updates':[]}",
                "is not JSON from line 3, column 2 on: keys and texts must stand in double",
            ),
            ("{\"updates\":[],}", "is not JSON from line 1, column 15 on: there is a comma too many"),
            ("{\"updates\":[/*", "is not JSON from line 1, column 13 on: JSON has no comments"),
            ("{updates:[]}", "is not JSON from line 1, column 2 on: keys must stand in double quotes"),
            ("{\"updates\":\"a\nb\"}", "a line ends inside a text"),
            ("{\\\"updates\\\":[]}", "was encoded twice"),
            ("{\"updates\":[\"gr\\xfcn\"]}", "is not JSON from line 1, column"),
        ] {
            let found = near_misses(text, keys(None));
            assert!(found[0].why.contains(told), "{text}: {}", found[0].why);
        }
    }

    #[test]
    fn n1_json_that_has_an_answer_in_it_is_a_near_miss_and_other_json_is_log() {
        let signs = Signs::of(keys(None)).unwrap();
        let misplaced = |text: &str| signs.misplaced(&serde_json::from_str(text).unwrap());
        for (text, told) in [
            (r#"[{"updates":[]}]"#, "inside a list"),
            (r#"{"result":{"updates":[]}}"#, "inside another object"),
            (r#"{"Updates":[]}"#, "small letters"),
            (r#"{"Failure":{"Kind":"denied"}}"#, "small letters"),
            (r#"{"label":"key","value":"S3cr3t-Value"}"#, "in a list `updates`"),
            (r#"[{"label":"key","values":["S3cr3t-Value"]}]"#, "inside a list"),
            (r#"{"message":"{\"updates\": [{}]}"}"#, "inside another object"),
            (r#"{"x":{"failure":{"kind":"denied"}}}"#, "inside another object"),
        ] {
            assert!(misplaced(text).is_some_and(|why| why.contains(told)), "{text}");
        }
        for text in [
            r#"{"level":"info","msg":"3 updates: done"}"#,
            r#"{"data":{"updates":3,"failure":null}}"#,
            r#"{"label":"cpu","value":"3"}"#,
            r#"{"msg":"{\"updates\": 3}"}"#,
            "[1]",
        ] {
            assert_eq!(misplaced(text), None, "{text}");
        }
    }

    #[test]
    // It would run for hours if it took more than one look at each.
    fn n1_texts_of_signs_are_searched_in_time() {
        for hostile in [
            "{'updates':",
            ",updates:[",
            "{label:",
            "\"updates\":\n",
            "{{'label':'",
            "updates: {\n",
            "\\\"updates\\\":",
        ] {
            let text = hostile.repeat((1 << 18) / hostile.len());
            near_misses(&text, keys(None));
        }
    }
}
