//! Pages: where the next one is, and when there is none.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use crate::answer::place::{Place, Root};
use crate::answer::take::Taken;
use crate::answer::written::{Written, from_text_or_table};
use crate::value::Value;

/// How many pages one call may have.
const MOST_PAGES: usize = 100;

/// How many items and rows one call may have.
pub(super) const MOST_ITEMS: usize = 10_000;

/// How long the address of a page may be.
const LONGEST_URL: usize = 8192;

/// Where the next page is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// At an address that the answer gives; of `header:Link` the one of `rel="next"`.
    Address(Place),
    /// At the same request with a value of the answer put into it; without one there is no next page.
    Token {
        /// Where the value is.
        at: Place,
        /// Where it goes.
        part: Part,
    },
    /// At the same request with the page's number in this query pair, from 1 on, until a page is empty.
    Number(String),
}

/// A part of a request that changes from page to page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A pair of the query.
    Query(String),
    /// A pair of the form.
    Form(String),
    /// A member of the JSON body, as its keys lead there.
    Json(Vec<String>),
}

/// The next page with all that may be said of it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "NextTable")]
pub(crate) struct Table {
    /// Where the value is that leads to the next page; one of the next three says where it goes.
    #[serde(default)]
    #[schemars(example = &"/next_cursor")]
    at: Option<Place>,
    /// The query pair that it goes into.
    #[serde(default)]
    #[schemars(example = &"cursor")]
    query: Option<String>,
    /// The form pair that it goes into.
    #[serde(default)]
    #[schemars(example = &"Marker")]
    form: Option<String>,
    /// The JSON member that it goes into: a key, or a pointer.
    #[serde(default)]
    #[schemars(example = &"/variables/after")]
    json: Option<String>,
    /// The query pair that counts pages from 1 on, instead of all others; the first empty page is the last.
    #[serde(default)]
    #[schemars(example = &"page")]
    number: Option<String>,
}

from_text_or_table!(Next, Table, "The next page: a place that gives its address, or a table.");

impl Written for Next {
    type Table = Table;
    const EXPECTED: &'static str = "a place such as \"/@odata.nextLink\" or \"header:Link\", or a table";

    fn from_text(text: &str) -> Result<Self, String> {
        let place: Place = text.parse()?;
        single(&place)?;
        Ok(Self::Address(place))
    }

    fn from_table(table: Table) -> Result<Self, String> {
        match table {
            Table { at: Some(at), query, form, json, number: None } => {
                single(&at)?;
                let part =
                    match (query, form, json) {
                        (Some(name), None, None) => Part::Query(name),
                        (None, Some(name), None) => Part::Form(name),
                        (None, None, Some(member)) => Part::Json(keys(&member)?),
                        _ => return Err(
                            "the next page has one of `query`, `form` and `json`; say where the value goes"
                                .to_owned(),
                        ),
                    };
                Ok(Self::Token { at, part })
            }
            Table { at: None, query: None, form: None, json: None, number: Some(name) } => {
                Ok(Self::Number(name))
            }
            _ => Err("the next page is `{ at, query | form | json }` or `{ number }`; write one of them"
                .to_owned()),
        }
    }
}

fn single(place: &Place) -> Result<(), String> {
    if place.stars() > 0 || place.filters_make_list() || place.root() == &Root::Status {
        return Err(format!("`{place}` is not one value; lead to the one that says where the next page is"));
    }
    Ok(())
}

/// The keys of a JSON member: of a pointer, or the one that it is.
fn keys(member: &str) -> Result<Vec<String>, String> {
    let Some(pointer) = member.strip_prefix('/') else { return Ok(vec![member.to_owned()]) };
    let keys: Vec<String> = pointer.split('/').map(|key| key.replace("~1", "/").replace("~0", "~")).collect();
    if keys.iter().any(String::is_empty) {
        return Err(format!("`{member}` has an empty key; write a pointer such as `/variables/after`"));
    }
    Ok(keys)
}

impl Next {
    /// The place that it reads, if any.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Address(place) | Self::Token { at: place, .. } => Some(place),
            Self::Number(_) => None,
        }
    }
}

/// What leads to the next page, as an answer says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPage {
    /// An address, which [`next_url`] judges.
    Address(String),
    /// The same request with another value in one part of it.
    Repeat(Part, Value),
    /// The same request with the next number in this query pair.
    Number(String),
}

/// Pages cannot be followed to the end, so what they list is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// There are too many pages.
    #[error("the list has more than {MOST_PAGES} pages")]
    Pages,
    /// There are too many items.
    #[error("the list has more than {MOST_ITEMS} items")]
    Items,
    /// The pages go round in a circle.
    #[error("a page of the list leads back to one that was there")]
    Circle,
    /// The address is none.
    #[error("the next page of the list has no address that can be read")]
    Malformed,
    /// The address leads away.
    #[error("the next page of the list is at another scheme, host, port or path than the request")]
    Elsewhere,
}

/// Gathers the pages of one call.
#[derive(Debug)]
pub struct Pages {
    taken: Taken,
    count: usize,
    followed: HashSet<[u8; 32]>,
    previous_rows: Option<Value>,
}

impl Pages {
    /// Begins with what was taken of the first page.
    #[must_use]
    pub fn new(first: Taken) -> Self {
        Self { previous_rows: first.rows_of_page(), taken: first, count: 1, followed: HashSet::new() }
    }

    /// What leads to the next page; none after the last one.
    #[must_use]
    pub fn next(&self) -> Option<NextPage> {
        self.taken.next.clone().map(|next| match next {
            NextPage::Number(name) => NextPage::Repeat(Part::Query(name), Value::integer(self.count + 1)),
            other => other,
        })
    }

    /// Adds what was taken of the next page.
    ///
    /// # Errors
    /// There are too many pages or items, or they go round in a circle.
    pub fn add(&mut self, page: Taken) -> Result<(), PageError> {
        if let Some(next) = self.next()
            && !self.followed.insert(fingerprint(&next))
        {
            return Err(PageError::Circle);
        }
        self.count += 1;
        if self.count > MOST_PAGES {
            return Err(PageError::Pages);
        }
        let rows = page.rows_of_page();
        // Who does not know the query pair gives the first page again and again.
        let is_again = matches!(self.taken.next, Some(NextPage::Number(_)))
            && rows.is_some()
            && rows == self.previous_rows;
        if is_again && page.has_rows() {
            return Err(PageError::Circle);
        }
        self.previous_rows = rows;
        self.taken.append(page);
        if self.taken.count_rows() > MOST_ITEMS { Err(PageError::Items) } else { Ok(()) }
    }

    /// All pages as one answer.
    #[must_use]
    pub fn finish(self) -> Taken {
        self.taken
    }
}

/// A page's token may be a secret to somebody: only its hash is kept.
fn fingerprint(next: &NextPage) -> [u8; 32] {
    let text = match next {
        NextPage::Address(address) => address.clone(),
        NextPage::Repeat(_, value) => value.to_text().map(|text| text.to_string()).unwrap_or_default(),
        NextPage::Number(name) => name.clone(),
    };
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref());
    fingerprint
}

/// The address of the next page, where it may be followed: at the same scheme, host and port, and below what
/// the manifest says literally of the address.
///
/// `current` is the whole address of this page, `literal` its beginning up to the first value in its path, and
/// `given` what the answer said, which may be relative.
///
/// # Errors
/// It is no address, or leads elsewhere.
pub fn next_url(current: &str, literal: &str, given: &str) -> Result<String, PageError> {
    if given.len() > LONGEST_URL || given.chars().any(|c| c.is_control() || c == '\\') {
        return Err(PageError::Malformed);
    }
    let current = Url::parse(current).map_err(|_| PageError::Malformed)?;
    let literal = Url::parse(literal).map_err(|_| PageError::Malformed)?;
    let mut next = current.join(given.trim()).map_err(|_| PageError::Malformed)?;
    next.set_fragment(None);
    let is_same = |one: &Url, other: &Url| {
        one.scheme() == other.scheme()
            && one.host_str() == other.host_str()
            && one.port_or_known_default() == other.port_or_known_default()
    };
    let has_login = !next.username().is_empty() || next.password().is_some();
    if !is_same(&next, &current) || !is_same(&literal, &current) || has_login {
        return Err(PageError::Elsewhere);
    }
    if !next.path().starts_with(literal.path()) || climbs(next.path()) {
        return Err(PageError::Elsewhere);
    }
    Ok(next.into())
}

/// Whether a path has a dot segment once everything in it is decoded.
fn climbs(path: &str) -> bool {
    let lower = path.to_ascii_lowercase().replace("%25", "%");
    let decoded = lower.replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    decoded.split('/').any(|segment| matches!(segment, "." | ".."))
}

/// The address of `rel="next"` in the value of a `Link` header, RFC 8288.
pub(super) fn link_next(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some((_, after)) = rest.split_once('<') {
        let (address, after) = after.split_once('>')?;
        let end = end_of_link(after);
        let (parameters, after) = after.split_at_checked(end)?;
        let is_next = parameters.split(';').any(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value
                        .trim()
                        .trim_matches('"')
                        .split_ascii_whitespace()
                        .any(|rel| rel.eq_ignore_ascii_case("next"))
            })
        });
        if is_next {
            return Some(address.trim().to_owned());
        }
        rest = after;
    }
    None
}

/// Where the parameters of a link end: at a comma that is not quoted.
fn end_of_link(text: &str) -> usize {
    let mut is_quoted = false;
    text.find(|c: char| {
        if c == '"' {
            is_quoted = !is_quoted;
        }
        c == ',' && !is_quoted
    })
    .unwrap_or(text.len())
}

#[cfg(test)]
mod tests;
