//! What a look at the target found that an operator should know, with a word by which programs know it.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

/// The longest code, in bytes.
const CODE: usize = 64;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The rotation will fail.
    Error,
    /// It may fail, or something wants attention.
    Warning,
    /// Good to know.
    Info,
}

/// Something found, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// A stable word in kebab-case.
    pub code: String,
    /// What was found, and where.
    pub message: String,
    /// What to do about it.
    pub fix: Option<String>,
}

impl Level {
    const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Info];

    /// The word for it in notes and documents.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl Finding {
    /// Reads a note of a plan: `LEVEL CODE: MESSAGE`, and on the second line, if there is one, the
    /// fix. Nothing where the note has another form; then it is a text and no more.
    #[must_use]
    pub fn read(note: &str) -> Option<Self> {
        let (first, fix) = note.split_once('\n').map_or((note, None), |(first, fix)| (first, Some(fix)));
        let (head, message) = first.split_once(": ")?;
        let (word, code) = head.split_once(' ')?;
        let level = Level::ALL.into_iter().find(|level| level.word() == word)?;
        let is_word = !code.is_empty()
            && code.len() <= CODE
            && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        is_word.then(|| Self {
            level,
            code: code.to_owned(),
            message: message.to_owned(),
            fix: fix.map(str::to_owned).filter(|fix| !fix.is_empty()),
        })
    }

    /// The note that reads as this.
    #[must_use]
    pub fn note(&self) -> String {
        let Self { level, code, message, fix } = self;
        let fix = fix.as_ref().map_or_else(String::new, |fix| format!("\n{fix}"));
        format!("{} {code}: {message}{fix}", level.word())
    }
}

/// For people, in one line.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.fix.as_ref().map_or(Ok(()), |fix| write!(f, "; {fix}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_of_the_form_is_a_finding_and_becomes_the_same_note_again() {
        let note = "warning secret-expires: the secret \"a: b\" ends soon\nmake another one";
        let finding = Finding::read(note).unwrap();
        assert_eq!((finding.level, finding.code.as_str()), (Level::Warning, "secret-expires"));
        assert_eq!(finding.message, "the secret \"a: b\" ends soon");
        assert_eq!(finding.fix.as_deref(), Some("make another one"));
        assert_eq!(finding.note(), note);
        assert_eq!(finding.to_string(), "the secret \"a: b\" ends soon; make another one");
        let bare = Finding::read("info beta: as of today").unwrap();
        assert_eq!(
            (bare.note().as_str(), bare.to_string().as_str()),
            ("info beta: as of today", "as of today")
        );
    }

    #[test]
    fn any_other_note_is_a_text() {
        let long = format!("error {}: x", "a".repeat(65));
        for note in
            ["", "a text: with a colon", "error: x", "error Code: x", "fatal code: x", "error a b: x", &long]
        {
            assert_eq!(Finding::read(note), None, "{note}");
        }
    }
}
