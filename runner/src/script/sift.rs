//! Parts what a script wrote into answers, near misses and log.

use std::ops::Range;

use serde_json::Value;
use zeroize::Zeroizing;

use super::answer::Object;
use super::json::{Distinct, Json, outermost};
use super::near_miss::{Signs, why};
use super::suspects::Suspects;
use super::text::{decoded, place};

/// The name of the file that may hold the answer.
const FILE: &str = "the file in PAMRUN_OUTPUT";

/// What was found where a script may write.
pub(super) struct Sifted {
    /// Where that is, in words.
    name: &'static str,
    text: Zeroizing<String>,
    /// What is no log, in order, and apart from each other.
    pub(super) found: Vec<Found>,
}

/// An answer, or what was meant to be one.
pub(super) struct Found {
    pub(super) span: Range<usize>,
    pub(super) what: What,
}

/// What was found.
pub(super) enum What {
    Answer(Object),
    NotRead(NotRead),
}

/// What was meant to be an answer.
pub(super) struct NotRead {
    /// What is wrong with it, without a word of it.
    pub(super) why: String,
    /// Whether new values may stand in it.
    pub(super) has_values: bool,
    pub(super) suspects: Suspects,
}

impl Sifted {
    /// Nothing.
    pub(super) fn nothing() -> Self {
        Self::log_only(&[])
    }

    /// What has no answer in it, whatever it looks like.
    pub(super) fn log_only(bytes: &[u8]) -> Self {
        Self { name: "", text: decoded(bytes), found: Vec::new() }
    }

    /// Sifts what was written to a stream of this name.
    pub(super) fn stream(name: &'static str, bytes: &[u8], keys: &[&str], signs: &Signs) -> Self {
        let text = decoded(bytes);
        // A list without an object is no more than brackets: PHP, for one, puts keys in them.
        let mut json = outermost(&text);
        json.retain(|range| part(&text, range).contains('{'));
        let read =
            |span: &Range<usize>| Some(Found { what: read(&text, span, keys, signs)?, span: span.clone() });
        let mut found: Vec<_> = json.iter().filter_map(read).collect();
        let answers = found.iter().filter(|found| matches!(found.what, What::Answer(_)));
        let answers: Vec<_> = answers.map(|found| found.span.clone()).collect();
        let near_misses = signs.near_misses(&text, &json, &answers);
        // What stands inside one is part of it.
        let mut around = near_misses.iter().map(|near_miss| &near_miss.span).peekable();
        found.retain(|Found { span, .. }| {
            while around.next_if(|around| around.end <= span.start).is_some() {}
            around.peek().is_none_or(|around| span.end <= around.start)
        });
        found.extend(near_misses.into_iter().map(|near_miss| {
            let suspects = Suspects::of_text(part(&text, &near_miss.span));
            let not_read = NotRead { why: near_miss.why, has_values: near_miss.has_values, suspects };
            Found { span: near_miss.span, what: What::NotRead(not_read) }
        }));
        found.sort_by_key(|found| found.span.start);
        Self { name, text, found }
    }

    /// Reads a file, which must hold one answer and nothing else.
    pub(super) fn file(bytes: &[u8], keys: &[&str], signs: &Signs) -> Self {
        let text = decoded(bytes);
        let span = 0..text.len();
        let what = read(&text, &span, keys, signs).unwrap_or_else(|| {
            let why = match serde_json::from_str::<Distinct>(&text) {
                Ok(_) => format!("must be one object with one of the keys {}", keys.join(", ")),
                Err(_) => why(&text, &span),
            };
            What::not_read(why, Suspects::of_text(&text))
        });
        Self { name: FILE, text, found: vec![Found { span, what }] }
    }

    /// Where something begins, in words.
    pub(super) fn place(&self, found: &Found) -> String {
        if self.name == FILE {
            return FILE.to_owned();
        }
        format!("{} of {}", place(&self.text, found.span.start), self.name)
    }

    /// The text of something.
    pub(super) fn part(&self, found: &Found) -> &str {
        part(&self.text, &found.span)
    }

    /// Everything else. What looks like an answer is kept out of the log, with the lines that have nothing else in
    /// them: nobody knows which of its values are secret.
    pub(super) fn log(&self) -> Zeroizing<String> {
        let mut log = Zeroizing::new(String::with_capacity(self.text.len()));
        let mut kept = 0;
        for Found { span, .. } in &self.found {
            let (before, after) =
                (part(&self.text, &(kept..span.start)), part(&self.text, &(span.end..self.text.len())));
            let is_alone = is_blank(before.chars().rev()) && is_blank(after.chars());
            let line = if is_alone { before.trim_end_matches(is_blank_inside) } else { before };
            log.push_str(line);
            let rest = if is_alone { after.trim_start_matches(is_blank_inside) } else { after };
            let rest = if is_alone { rest.strip_prefix('\n').unwrap_or(rest) } else { rest };
            kept = self.text.len() - rest.len();
        }
        log.push_str(part(&self.text, &(kept..self.text.len())));
        log
    }
}

impl What {
    fn not_read(why: String, suspects: Suspects) -> Self {
        Self::NotRead(NotRead { why, has_values: true, suspects })
    }
}

fn part<'a>(text: &'a str, span: &Range<usize>) -> &'a str {
    text.get(span.clone()).unwrap_or_default()
}

/// Whether there is nothing to see up to the end of the line.
fn is_blank(mut line: impl Iterator<Item = char>) -> bool {
    line.find(|c| !is_blank_inside(*c)).is_none_or(|c| c == '\n')
}

fn is_blank_inside(c: char) -> bool {
    c != '\n' && (c.is_whitespace() || c == '\u{feff}')
}

/// What JSON is, or what looks like it; none where it is log.
fn read(text: &str, span: &Range<usize>, keys: &[&str], signs: &Signs) -> Option<What> {
    let json_text = part(text, span);
    let broken = || What::not_read(why(text, span), Suspects::of_text(json_text));
    let Ok(json) = serde_json::from_str::<Value>(json_text).map(Json) else {
        return signs.judge(json_text).map(|_| broken());
    };
    if keys.iter().any(|key| json.0.get(key).is_some()) {
        return Some(match serde_json::from_str::<Distinct>(json_text) {
            Ok(_) => What::Answer(Object::of(json)?),
            Err(_) => broken(),
        });
    }
    let why = signs.misplaced(&json.0)?;
    Some(What::not_read(why.to_owned(), Suspects::of_json(&json.0)))
}
