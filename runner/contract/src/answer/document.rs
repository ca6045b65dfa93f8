//! Looks at places in an answer, or in a row of it.

use crate::answer::known::Known;
use crate::answer::next::link_next;
use crate::answer::place::{Place, Root};
use crate::answer::received::Answer;
use crate::answer::xml::{self, Element};
use crate::filter::Filter;
use crate::given::Given;
use crate::path::Found;
use crate::value::{Json, Kind, Value};

/// What places lead from.
#[derive(Clone, Copy)]
pub(super) enum Scope<'a> {
    /// The whole answer.
    Answer(&'a Answer),
    /// A row of a JSON body.
    Json(&'a Json),
    /// A row of an XML body.
    Xml(&'a Element),
}

/// What stands at a place, after its filters.
#[derive(Debug)]
pub(super) enum Look {
    /// One value, or none.
    One(Option<Value>),
    /// A row of each element, of which one may lack it; or no list at all.
    Rows(Option<Vec<Option<Value>>>),
}

/// A place cannot be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Blind {
    /// The answer, or a filter's value, is not what it should be.
    Unreadable(String),
    /// A filter would make something else of a secret.
    Secret,
}

impl From<&str> for Blind {
    fn from(why: &str) -> Self {
        Self::Unreadable(why.to_owned())
    }
}

impl<'a> Scope<'a> {
    /// Looks at a place.
    pub(super) fn look(self, place: &Place, given: &dyn Given) -> Result<Look, Blind> {
        self.look_beside(place, given, None)
    }

    /// Looks at a place whose value the plugin will see: no filter may make something else of a secret, unless
    /// it is one whose result is none.
    pub(super) fn look_beside(
        self,
        place: &Place,
        given: &dyn Given,
        known: Option<&Known>,
    ) -> Result<Look, Blind> {
        let filtered = |value: Value| filter_all(place.filters(), value, known);
        match self.find(place, given)? {
            Look::One(value) => value.map(filtered).transpose().map(|value| Look::One(value.flatten())),
            Look::Rows(rows) => {
                let rows = rows.map(|rows| {
                    rows.into_iter().map(|row| row.map(filtered).transpose().map(Option::flatten))
                });
                Ok(Look::Rows(rows.map(Iterator::collect).transpose()?))
            }
        }
    }

    /// What stands at a place before its filters.
    fn find(self, place: &Place, given: &dyn Given) -> Result<Look, Blind> {
        match (place.root(), self) {
            (Root::Status, Self::Answer(answer)) => Ok(Look::One(Some(Value::integer(answer.status())))),
            (Root::Header(name), Self::Answer(answer)) => Ok(Look::One(answer.header(name).map(Value::text))),
            (Root::Words(words), Self::Answer(answer)) => {
                Ok(Look::One(answer.first_of(words).map(Value::text)))
            }
            (Root::Json(path), _) => {
                let value = |json: &Json| Value::json(json.clone());
                Ok(match path.find_json(self.json()?, given) {
                    Found::One(one) => Look::One(one.map(value)),
                    Found::Rows(rows) => {
                        Look::Rows(rows.map(|rows| rows.into_iter().map(|row| row.map(value)).collect()))
                    }
                })
            }
            (Root::Xml(path), _) => Ok(match self.xml()?.find(path, given)? {
                xml::Found::Siblings { elements, .. } => Look::One(xml::one(&elements)?.map(Element::value)),
                xml::Found::Rows(rows) => {
                    Look::Rows(rows.map(|rows| rows.into_iter().map(|row| row.map(Element::value)).collect()))
                }
            }),
            _ => Err("a place of the whole answer is asked of a row".into()),
        }
    }

    /// The elements of a list; none if there is no list.
    pub(super) fn list(
        self,
        place: &Place,
        given: &dyn Given,
        known: Option<&Known>,
    ) -> Result<Option<Vec<Row<'a>>>, Blind> {
        match (place.root(), self) {
            (Root::Json(path), Self::Answer(answer)) if place.filters().is_empty() => {
                match path.find_json(&answer.json()?.0, given) {
                    Found::One(None | Some(Json::Null)) => Ok(None),
                    Found::One(Some(Json::Array(items))) => Ok(Some(items.iter().map(Row::Json).collect())),
                    Found::One(Some(_)) => Err(format!("`{place}` is no list").as_str().into()),
                    Found::Rows(_) => Err(format!("`{place}` makes rows").as_str().into()),
                }
            }
            (Root::Xml(path), Self::Answer(answer)) if place.filters().is_empty() => {
                match answer.xml()?.find(path, given)? {
                    xml::Found::Siblings { has_parent: false, .. } | xml::Found::Rows(_) => Ok(None),
                    xml::Found::Siblings { elements, .. } => {
                        Ok(Some(elements.into_iter().map(Row::Xml).collect()))
                    }
                }
            }
            _ => match self.look_beside(place, given, known)? {
                Look::One(None) => Ok(None),
                Look::One(Some(value)) => match value.as_json() {
                    Some(Json::Array(items)) => {
                        Ok(Some(items.iter().cloned().map(Value::json).map(Row::Made).collect()))
                    }
                    _ => Err(format!("`{place}` is no list").as_str().into()),
                },
                Look::Rows(_) => Err(format!("`{place}` makes rows").as_str().into()),
            },
        }
    }

    /// All that stands at a place, in rows: of each element, of each sibling that an `xml:` place ends at, or
    /// of the list that a filter makes. None if there is nothing that it would stand in.
    pub(super) fn look_at_all(
        self,
        place: &Place,
        given: &dyn Given,
        known: Option<&Known>,
    ) -> Result<Option<Vec<Option<Value>>>, Blind> {
        if let (Root::Xml(path), 0, false) = (place.root(), place.stars(), place.filters_make_list()) {
            return match self.xml()?.find(path, given)? {
                xml::Found::Siblings { has_parent: true, elements } => {
                    let rows =
                        elements.into_iter().map(|row| filter_all(place.filters(), row.value(), known));
                    rows.collect::<Result<_, _>>().map(Some)
                }
                _ => Ok(None),
            };
        }
        Ok(match self.look_beside(place, given, known)? {
            Look::Rows(rows) => rows,
            Look::One(None) => None,
            Look::One(Some(value)) => match value.as_json() {
                Some(Json::Array(items)) if place.filters_make_list() => {
                    Some(items.iter().cloned().map(|item| Some(Value::json(item))).collect())
                }
                _ => Some(vec![Some(value)]),
            },
        })
    }

    fn xml(self) -> Result<&'a Element, Blind> {
        match self {
            Self::Answer(answer) => Ok(answer.xml()?),
            Self::Xml(row) => Ok(row),
            Self::Json(_) => Err("`xml:` leads into JSON".into()),
        }
    }

    fn json(self) -> Result<&'a Json, Blind> {
        match self {
            Self::Answer(answer) => Ok(&answer.json()?.0),
            Self::Json(row) => Ok(row),
            Self::Xml(_) => Err("a pointer leads into XML".into()),
        }
    }

    /// Whether what a place leads through is there, up to the list that it picks from or the element that it
    /// ends in: without it an answer shows nothing, and not that there is nothing.
    pub(super) fn has_around(self, place: &Place, given: &dyn Given) -> Result<bool, Blind> {
        match (place.root(), self) {
            (Root::Json(path), Self::Answer(answer)) => Ok(path.has_around(&answer.json()?.0, given)),
            (Root::Xml(path), Self::Answer(answer)) => match answer.xml()?.find(path, given)? {
                xml::Found::Siblings { has_parent, .. } => Ok(has_parent),
                xml::Found::Rows(rows) => Ok(rows.is_some()),
            },
            _ => Ok(false),
        }
    }
}

/// An element of a list.
pub(super) enum Row<'a> {
    /// Of a JSON list.
    Json(&'a Json),
    /// Of XML.
    Xml(&'a Element),
    /// What a filter made.
    Made(Value),
}

impl Row<'_> {
    /// What places lead from; none of a row that is a value itself.
    pub(super) fn scope(&self) -> Option<Scope<'_>> {
        match self {
            Self::Json(json) => Some(Scope::Json(json)),
            Self::Xml(element) => Some(Scope::Xml(element)),
            Self::Made(_) => None,
        }
    }

    /// The row itself as a value.
    pub(super) fn value(&self) -> Value {
        match self {
            Self::Json(json) => Value::json((*json).clone()),
            Self::Xml(element) => element.value(),
            Self::Made(value) => value.clone(),
        }
    }
}

fn filter_all(filters: &[Filter], value: Value, known: Option<&Known>) -> Result<Option<Value>, Blind> {
    let mut value = value;
    for filter in filters {
        if let Some(known) = known
            && filter.keeps_secrecy()
            // The names of what is kept whole are none of its values.
            && *filter != Filter::Keys
            && (known.has(&value) || (cuts(filter) && known.within(&value)))
        {
            return Err(Blind::Secret);
        }
        match filter.apply(&value).map_err(|error| Blind::Unreadable(error.to_string()))? {
            Some(made) => value = made,
            None => return Ok(None),
        }
    }
    Ok(Some(value))
}

/// Whether a filter makes something of a text that no longer has the text in it; what takes a part of JSON
/// leaves the others behind as they are.
fn cuts(filter: &Filter) -> bool {
    matches!(filter, Filter::LastSegment | Filter::Base64Decode)
}

/// The address that a place gives: of `header:Link` the one of `rel="next"`.
pub(super) fn address(place: &Place, value: &Value) -> Option<String> {
    let text = value.to_text().ok()?;
    match place.root() {
        Root::Header(name) if name == "link" => link_next(&text),
        _ if value.kind() == Kind::Text => Some(text.to_string()).filter(|text| !text.is_empty()),
        _ => None,
    }
}
