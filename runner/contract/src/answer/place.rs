//! Places in an answer: `/pointer`, `xml:A/B/C`, `header:NAME`, `status`, `words:A,B`, and filters behind them.

use std::fmt;
use std::str::FromStr;

use crate::answer::written::from_text;
use crate::filter::Filter;
use crate::path::Path;

/// A place in an answer, or in a row of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    text: String,
    root: Root,
    filters: Vec<Filter>,
}

/// Where a place begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Root {
    /// A JSON pointer into the body.
    Json(Path),
    /// Elements of an XML body.
    Xml(Path),
    /// A header, its name in lower case.
    Header(String),
    /// The status.
    Status,
    /// The first of these words that stands in a body which is no JSON. What the body says besides stays where it is:
    /// it may hold anything, and be cut before what would be taken out as a secret.
    Words(Vec<String>),
}

from_text!(
    Place,
    "place",
    "A place in the answer: `/pointer`, `xml:A/B`, `header:NAME` or `status`, then filters; of `errors` also `words:A,B`, the first of these that stands in a body which is no JSON."
);

impl Place {
    /// As it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it begins.
    #[must_use]
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What its value passes, in order.
    #[must_use]
    pub fn filters(&self) -> &[Filter] {
        &self.filters
    }

    /// The path into the body, if it leads there.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.root {
            Root::Json(path) | Root::Xml(path) => Some(path),
            Root::Header(_) | Root::Status | Root::Words(_) => None,
        }
    }

    /// The references to settings in it.
    pub fn references(&self) -> impl Iterator<Item = &str> {
        self.path().into_iter().flat_map(Path::references)
    }

    /// How many `*` it has before its filters.
    #[must_use]
    pub fn stars(&self) -> usize {
        self.path().map_or(0, Path::stars)
    }

    /// Whether a filter makes a list.
    #[must_use]
    pub fn filters_make_list(&self) -> bool {
        self.filters.iter().any(|filter| match filter {
            Filter::Keys => true,
            Filter::At(path) => path.stars() > 0,
            _ => false,
        })
    }

    /// Whether it is in XML.
    #[must_use]
    pub fn is_xml(&self) -> bool {
        matches!(self.root, Root::Xml(_))
    }

    /// Whether what it gives of a secret place is no secret any more.
    #[must_use]
    pub fn sheds_secrecy(&self) -> bool {
        self.filters.iter().any(|filter| !filter.keeps_secrecy())
    }

    /// Whether one place gives what the other one gives, a part of it or the whole around it.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        match (&self.root, &other.root) {
            (Root::Json(one), Root::Json(other)) | (Root::Xml(one), Root::Xml(other)) => one.overlaps(other),
            (Root::Header(one), Root::Header(other)) => one == other,
            _ => false,
        }
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = split_outside_brackets(text, '|');
        let root = Root::parse(parts.next().unwrap_or_default())?;
        let filters: Vec<Filter> = parts.map(Filter::parse).collect::<Result<_, _>>()?;
        if let Some(filter) = filters.iter().find(|filter| !filter.reads_answers()) {
            return Err(format!(
                "the filter `{}` cannot stand behind a place; `at:`, `jwt`, `keys`, `last-segment` and \
                 `base64-decode` can, and the others where the value is used",
                filter.name()
            ));
        }
        let place = Self { text: text.to_owned(), root, filters };
        let lists = place.filters.iter().filter(|filter| match filter {
            Filter::Keys => true,
            Filter::At(path) => path.stars() > 0,
            _ => false,
        });
        if lists.count() + place.stars().min(1) > 1 {
            return Err(format!("`{text}` makes a list of lists; keep one of `*` and `keys`"));
        }
        let makes_list = place.filters_make_list();
        let is_last = matches!(place.filters.last(), Some(Filter::Keys))
            || place
                .filters
                .last()
                .is_some_and(|filter| matches!(filter, Filter::At(path) if path.stars() > 0));
        if makes_list && !is_last {
            return Err(format!(
                "`{text}` has a filter behind the one that makes a list; end it with that one"
            ));
        }
        Ok(place)
    }
}

impl Root {
    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.starts_with('/') {
            return Path::pointer(text).map(Self::Json);
        }
        if text == "status" {
            return Ok(Self::Status);
        }
        match text.split_once(':') {
            Some(("xml", path)) => Path::elements(path).map(Self::Xml),
            Some(("header", name)) if is_header_name(name) => Ok(Self::Header(name.to_ascii_lowercase())),
            Some(("words", words)) if words.split(',').all(is_word) => {
                Ok(Self::Words(words.split(',').map(str::to_owned).collect()))
            }
            Some(("words", _)) => Err(format!(
                "`{text}` has a word that is none; write words of letters, digits, `_`, `.` and `-`, at least {SHORTEST_WORD} characters \
                 each, as in `words:InvalidClient,TooManyRequests`"
            )),
            Some(("header", name)) => {
                Err(format!("`{name}` is no name of a header; write one such as `header:Link`"))
            }
            _ => Err(format!(
                "`{text}` is no place in an answer; write `/pointer`, `xml:Outer/Inner`, `header:NAME` or `status`"
            )),
        }
    }
}

/// So long is a word at least: the place tells that it stands there, and a shorter one would tell of secrets, too.
const SHORTEST_WORD: usize = 8;

fn is_word(word: &str) -> bool {
    word.len() >= SHORTEST_WORD && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

/// Whether it is a token of HTTP.
fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 128
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
}

/// Splits a text at a character, but not inside of `[…]`.
pub(super) fn split_outside_brackets(text: &str, at: char) -> impl Iterator<Item = &str> {
    let mut is_inside = false;
    text.split(move |c| {
        match c {
            '[' => is_inside = true,
            ']' => is_inside = false,
            _ => {}
        }
        c == at && !is_inside
    })
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Place {
        text.parse().unwrap()
    }

    #[test]
    fn every_kind_of_place_is_read() {
        assert!(matches!(read("/a/b").root(), Root::Json(_)));
        assert!(matches!(read("xml:A/B").root(), Root::Xml(path) if path.segments().len() == 2));
        assert_eq!(read("header:X-Next-Page").root(), &Root::Header("x-next-page".into()));
        assert_eq!(read("status").root(), &Root::Status);
        let words = vec!["InvalidClient".to_owned(), "AADSTS700025".to_owned()];
        assert_eq!(read("words:InvalidClient,AADSTS700025").root(), &Root::Words(words));
        let filtered = read("/access_token|jwt|at:/roles/*");
        assert_eq!(filtered.filters().len(), 2);
        assert!(filtered.filters_make_list() && filtered.sheds_secrecy() && filtered.stars() == 0);
        assert_eq!(read("/a/[name=x|y]/id|last-segment").filters().len(), 1);
    }

    #[test]
    fn what_is_no_place_is_refused_with_a_mend() {
        for (text, part) in [
            ("keyId", "`/pointer`"),
            ("body", "`/pointer`"),
            ("header:", "header:Link"),
            ("header:X Y", "header:Link"),
            ("words:", "at least 8"),
            ("words:InvalidClient,", "at least 8"),
            ("words:a b c d e f g", "at least 8"),
            ("/a|base64", "where the value is used"),
            ("/a|nothing", "there is no filter"),
            ("/a/*|keys", "list of lists"),
            ("/a|keys|last-segment", "end it with that one"),
            ("/a|at:b", "begin it with `/`"),
        ] {
            let error = text.parse::<Place>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_reading_a_place_panic(text in r"(/|xml:|header:)?[a-z/\[\]=*|{}~:.]{0,30}") {
            if let Ok(place) = text.parse::<Place>() {
                prop_assert_eq!(place.to_string().parse::<Place>().unwrap(), place);
            }
        }
    }
}
