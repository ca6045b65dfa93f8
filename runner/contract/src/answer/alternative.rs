//! `success` and `rejects`: alternatives of a status and conditions, `2xx /access_token !/error`.

use std::fmt;
use std::str::FromStr;

use crate::answer::document::Scope;
use crate::answer::place::{Place, Root};
use crate::answer::written::from_text;
use crate::given::Given;
use crate::value::{Kind, Value};

/// A status and conditions that must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alternative {
    text: String,
    /// The status.
    pub status: Status,
    /// What must hold of the answer.
    pub conditions: Vec<Condition>,
}

/// One status, or a class of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// This very one.
    Exactly(u16),
    /// `2xx`, by its first digit. `4xx` is without 408 and 499, which say that time ran out.
    Class(u16),
}

/// Something that must hold of an answer, or of a row of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    text: String,
    /// Where to look.
    pub place: Place,
    /// What has to be there.
    pub expected: Expected,
}

/// What has to be at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// Anything but null and an empty text; in XML an empty element, too.
    Something,
    /// Nothing, or null, in a body that can be read. An empty text is neither there nor not there: `/p=""`.
    Nothing,
    /// This text.
    Literal(String),
    /// The value of a reference, written as between braces: `deliver.…`, `new.…` or `proposed`.
    Reference(String),
}

from_text!(
    Alternative,
    "conditions",
    "A status, `204` or `2xx`, then conditions: `/p` is there, `!/p` is not, `/p=VALUE`."
);
from_text!(Condition, "condition", "`/p` is there, `!/p` is not, or `/p=VALUE`.");

impl Status {
    /// Whether a status is meant.
    #[must_use]
    pub fn covers(self, status: u16) -> bool {
        match self {
            Self::Exactly(exactly) => status == exactly,
            Self::Class(class) => status / 100 == class && !matches!(status, 408 | 499),
        }
    }
}

impl FromStr for Status {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(class) = text
            .strip_suffix("xx")
            .and_then(|class| class.parse().ok())
            .filter(|class| (1..=5).contains(class))
        {
            return Ok(Self::Class(class));
        }
        let is_digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        match text.parse() {
            Ok(status) if is_digits && (100..600).contains(&status) => Ok(Self::Exactly(status)),
            _ => Err(format!("`{text}` is no status; write one such as `204`, or a class such as `2xx`")),
        }
    }
}

impl Alternative {
    /// Any answer of a status.
    #[must_use]
    pub fn of(status: Status) -> Self {
        Self { text: status.to_string(), status, conditions: Vec::new() }
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether an answer is one of these.
    pub(super) fn holds(&self, status: u16, scope: Scope<'_>, given: &dyn Given) -> bool {
        self.status.covers(status) && self.conditions.iter().all(|condition| condition.holds(scope, given))
    }

    /// What keeps it from being a success of a request that changes something or not; the mend follows `;`.
    pub(super) fn as_success(&self, is_effect: bool) -> Result<(), String> {
        let is_2xx = match self.status {
            Status::Exactly(status) => status / 100 == 2,
            Status::Class(class) => class == 2,
        };
        if is_effect && !is_2xx {
            return Err(format!(
                "`{self}` is no success of an effect; only 2xx says that something was done"
            ));
        }
        Ok(())
    }

    /// What keeps it from being a rejection, which says that nothing was done.
    pub(super) fn as_rejection(&self, is_effect: bool) -> Result<(), String> {
        if !is_effect {
            return Ok(());
        }
        let compares = self
            .conditions
            .iter()
            .any(|condition| matches!(condition.expected, Expected::Literal(_) | Expected::Reference(_)));
        let denies = self.conditions.iter().any(|condition| condition.expected == Expected::Nothing);
        match self.status {
            Status::Class(2) | Status::Exactly(200..=299) if !denies => Err(format!(
                "`{self}` may have been done; a 2xx rejects an effect only with what is not there, as in `2xx !/data/id`"
            )),
            Status::Exactly(500 | 408 | 499) if compares => Ok(()),
            Status::Exactly(500 | 408 | 499) => Err(format!(
                "a {} may come after the effect; it rejects only with what the service says, as in `{0} /code=NotDone`",
                self.status
            )),
            Status::Class(2 | 4) | Status::Exactly(200..=299 | 307 | 308 | 400..=499 | 501 | 503) => Ok(()),
            Status::Exactly(300..=399) | Status::Class(3) => Err(format!(
                "`{self}` may lead away from what was done; of redirects only 307 and 308 reject an effect"
            )),
            Status::Exactly(_) | Status::Class(_) => Err(format!(
                "`{self}` may come from a gateway while the effect is done; leave it out, and it is uncertain"
            )),
        }
    }
}

impl FromStr for Alternative {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut words = words(text)?.into_iter();
        let status = words.next().ok_or("an alternative begins with a status; write one such as `2xx`")?;
        let status = status.parse()?;
        let conditions = words.map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), status, conditions })
    }
}

/// The words between spaces, where those in `[…]`, `{…}` and quotes belong to a word.
fn words(text: &str) -> Result<Vec<&str>, String> {
    let (mut depth, mut is_quoted) = (0_u32, false);
    let words = text.split(|c: char| {
        match c {
            '"' => is_quoted = !is_quoted,
            '[' | '{' if !is_quoted => depth += 1,
            ']' | '}' if !is_quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ' ' && depth == 0 && !is_quoted
    });
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    if is_quoted {
        return Err(format!("`{text}` has a quote that is not closed; end it with `\"`"));
    }
    Ok(words)
}

impl Condition {
    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The reference that it compares with, written as between braces.
    #[must_use]
    pub fn reference(&self) -> Option<&str> {
        match &self.expected {
            Expected::Reference(reference) => Some(reference),
            _ => None,
        }
    }

    /// Whether it holds; of what cannot be read nothing holds. Of rows one suffices.
    pub(super) fn holds(&self, scope: Scope<'_>, given: &dyn Given) -> bool {
        let Ok(rows) = scope.look_at_all(&self.place, given, None) else { return false };
        let found: Vec<Value> = rows.into_iter().flatten().flatten().collect();
        match &self.expected {
            Expected::Something => found.iter().any(|value| self.place.is_xml() || !value.is_empty()),
            Expected::Nothing => found.iter().all(|value| value.kind() == Kind::Null),
            Expected::Literal(text) => {
                found.iter().any(|value| value.to_text().is_ok_and(|found| *found == *text))
            }
            Expected::Reference(reference) => given
                .value(reference)
                .is_some_and(|expected| found.iter().any(|value| is_same(value, &expected))),
        }
    }
}

/// Whether two values say the same: as texts, or as JSON where they are lists or objects.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.to_text(), other.to_text()) {
        (Ok(one), Ok(other)) => *one == *other,
        (Err(_), Err(_)) => one.clone().with_secrecy(false) == other.clone().with_secrecy(false),
        _ => false,
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (denied, rest) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut is_inside = false;
        let equals = rest.find(|c: char| {
            match c {
                '[' => is_inside = true,
                ']' => is_inside = false,
                _ => {}
            }
            c == '=' && !is_inside
        });
        let (place, value) = match equals.and_then(|at| rest.split_at_checked(at)) {
            Some((place, value)) => (place, value.strip_prefix('=')),
            None => (rest, None),
        };
        let expected = match (denied, value) {
            (false, None) => Expected::Something,
            (true, None) => Expected::Nothing,
            (false, Some(value)) => Expected::read(value)?,
            (true, Some(_)) => {
                return Err(format!(
                    "`{text}` cannot deny a value; write `!{place}` for what is not there at all"
                ));
            }
        };
        if place.is_empty() {
            return Err(format!("`{text}` lacks its place; write `/p`, `!/p` or `/p=VALUE`"));
        }
        let place: Place = place.parse()?;
        if place.root() == &Root::Status {
            return Err(format!(
                "`{text}`: the status stands at the beginning of an alternative; leave it out here"
            ));
        }
        Ok(Self { text: text.to_owned(), place, expected })
    }
}

impl Expected {
    fn read(text: &str) -> Result<Self, String> {
        if let Some(quoted) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
            return Ok(Self::Literal(quoted.to_owned()));
        }
        if text.is_empty() {
            return Err("`=` lacks its value; write `/p=VALUE`, or `/p=\"\"` for an empty text".to_owned());
        }
        let Some(inner) = text.strip_prefix('{').filter(|inner| !inner.starts_with('{')) else {
            return Ok(Self::Literal(text.replace("{{", "{")));
        };
        let reference = inner.strip_suffix('}').unwrap_or_default();
        let first = reference.split('|').next().unwrap_or_default();
        if first == "proposed" || first.starts_with("deliver.") || first.starts_with("new.") {
            return Ok(Self::Reference(reference.to_owned()));
        }
        Err(format!(
            "an answer cannot be compared with `{text}`; write a text, or one of `{{deliver.…}}`, `{{new.…}}`, `{{proposed}}`"
        ))
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(status) => write!(f, "{status}"),
            Self::Class(class) => write!(f, "{class}xx"),
        }
    }
}

impl fmt::Display for Alternative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Alternative {
        text.parse().unwrap()
    }

    #[test]
    fn an_alternative_is_a_status_and_conditions() {
        let alternative = read("2xx /data/[name=a b]/id !/errors /state=\"all done\" /v={deliver.value}");
        assert_eq!(alternative.status, Status::Class(2));
        let expected: Vec<&Expected> =
            alternative.conditions.iter().map(|condition| &condition.expected).collect();
        assert_eq!(
            expected,
            [
                &Expected::Something,
                &Expected::Nothing,
                &Expected::Literal("all done".into()),
                &Expected::Reference("deliver.value".into())
            ]
        );
        assert_eq!(read("500 xml:Envelope/Body/Fault/faultcode=soap:Client").conditions.len(), 1);
    }

    #[test]
    fn what_is_no_alternative_is_refused_with_a_mend() {
        for (text, part) in [
            ("", "begins with a status"),
            ("ok", "`2xx`"),
            ("20", "`2xx`"),
            ("6xx", "`2xx`"),
            ("2xx data", "`/pointer`"),
            ("2xx /a=", "lacks its value"),
            ("2xx !", "lacks its place"),
            ("2xx =a", "lacks its place"),
            ("2xx !/a=b", "cannot deny a value"),
            ("2xx /a={setting.x}", "cannot be compared"),
            ("2xx /a={target.x}", "cannot be compared"),
            ("2xx /a=\"b", "not closed"),
            ("2xx status=200", "leave it out here"),
        ] {
            let error = text.parse::<Alternative>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn a_class_of_refusals_is_without_timeouts() {
        let refusals = read("4xx").status;
        assert!(
            refusals.covers(400) && refusals.covers(429) && !refusals.covers(408) && !refusals.covers(499)
        );
        assert!(read("408").status.covers(408));
    }

    #[test]
    fn what_may_have_been_done_is_no_rejection_of_an_effect() {
        for text in [
            "2xx",
            "200",
            "2xx /error",
            "3xx",
            "302",
            "303",
            "5xx",
            "500",
            "500 /error",
            "502",
            "504",
            "520",
            "1xx",
            "2xx /a=b",
        ] {
            assert!(read(text).as_rejection(true).is_err(), "{text}");
            assert!(read(text).as_rejection(false).is_ok(), "{text}");
        }
        for text in [
            "2xx !/data/id",
            "200 /error !/data",
            "307",
            "308",
            "4xx",
            "404",
            "500 /code=NotDone",
            "501",
            "503",
        ] {
            assert!(read(text).as_rejection(true).is_ok(), "{text}");
        }
    }

    #[test]
    fn only_2xx_is_a_success_of_an_effect() {
        assert!(read("404").as_success(true).is_err() && read("404").as_success(false).is_ok());
        assert!(read("204").as_success(true).is_ok() && read("2xx /id").as_success(true).is_ok());
    }
}
