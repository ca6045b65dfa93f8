//! `lists`: the target's credentials, as an answer shows them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::answer::alternative::Condition;
use crate::answer::next::Next;
use crate::answer::output::Output;
use crate::answer::place::{Place, Root};
use crate::pattern::Pattern;

/// Where an answer shows the target's credentials.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Table")]
pub struct Lists {
    /// How they are shown.
    pub rows: Rows,
    /// Whether the list may be missing where there is none.
    pub optional: bool,
    /// Where the next page is.
    pub next: Option<Next>,
}

/// How credentials are shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    /// Each element of a list is one.
    Each(Box<Each>),
    /// There are fixed places, each of which is empty or has an id.
    Slots {
        /// The places.
        ids: Vec<Place>,
        /// What an id looks like; a slot with anything else is empty.
        pattern: Option<Pattern>,
    },
}

/// What is taken of each element; places lead from the element on.
#[derive(Debug, Clone, PartialEq)]
pub struct Each {
    /// Where the list is.
    pub list: Place,
    /// The id; without it the element itself is it.
    pub id: Option<Place>,
    /// What the id has to look like.
    pub pattern: Option<Pattern>,
    /// The name that people see.
    pub label: Option<Place>,
    /// When it was made.
    pub created: Option<Place>,
    /// When it ends.
    pub expires: Option<Place>,
    /// What holds of one that is disabled.
    pub disabled: Option<Condition>,
    /// What else the plugin sees of it.
    pub outputs: BTreeMap<String, Output>,
}

/// Where an answer shows the target's credentials: `each` or `ids`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Lists")]
struct Table {
    /// The list that has one credential in each element; `/` where the whole answer is the list.
    #[serde(default)]
    #[schemars(example = &"/keys")]
    each: Option<Place>,
    /// Fixed places of which each is empty or has an id, instead of `each`.
    #[serde(default)]
    #[schemars(example = ["/key1/id", "/key2/id"])]
    ids: Option<Vec<Place>>,
    /// The id, from an element on; without it the element itself is the id.
    #[serde(default)]
    #[schemars(example = &"/id")]
    id: Option<Place>,
    /// What a whole id must match; of `ids`, a place with anything else is empty.
    #[serde(default)]
    #[schemars(example = &"[A-Z0-9]{20}")]
    pattern: Option<Pattern>,
    /// The name that people see, from an element on. Strays are told from strangers' credentials by it.
    #[serde(default)]
    #[schemars(example = &"/displayName")]
    label: Option<Place>,
    /// When it was made, from an element on.
    #[serde(default)]
    #[schemars(example = &"/createdAt")]
    created: Option<Place>,
    /// When it ends, from an element on.
    #[serde(default)]
    #[schemars(example = &"/endDateTime")]
    expires: Option<Place>,
    /// What holds of an element that is disabled.
    #[serde(default)]
    #[schemars(example = &"/status=INACTIVE")]
    disabled: Option<Condition>,
    /// What else the plugin sees of each element, by name.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "scope": "/scope" }))]
    outputs: BTreeMap<String, Output>,
    /// Whether the list is missing where there is none. Without it an answer without the list is no answer.
    #[serde(default)]
    #[schemars(example = true)]
    optional: bool,
    /// Where the next page is. The host follows all of them, 100 pages and 10 000 credentials at most.
    #[serde(default)]
    #[schemars(example = &"header:Link")]
    next: Option<Next>,
}

impl JsonSchema for Lists {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        Table::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Table::json_schema(generator)
    }
}

impl TryFrom<Table> for Lists {
    type Error = String;

    fn try_from(table: Table) -> Result<Self, String> {
        let Table { each, ids, id, pattern, label, created, expires, disabled, outputs, optional, next } =
            table;
        let rows = match (each, ids) {
            (Some(each), None) => {
                // No list is a member without a name: a slash alone means the whole answer.
                let list = if each.text() == "/" { "".parse()? } else { each };
                let each = Each { list, id, pattern, label, created, expires, disabled, outputs };
                each.check()?;
                Rows::Each(Box::new(each))
            }
            (None, Some(ids)) => {
                if id.is_some()
                    || label.is_some()
                    || created.is_some()
                    || expires.is_some()
                    || disabled.is_some()
                    || !outputs.is_empty()
                {
                    return Err(
                        "fixed slots have ids alone; leave the others out, or write `each`".to_owned()
                    );
                }
                if next.is_some() {
                    return Err("fixed slots have no pages; leave `next` out".to_owned());
                }
                slots(&ids)?;
                Rows::Slots { ids, pattern }
            }
            _ => {
                return Err("`lists` has one of `each`, a list, and `ids`, fixed slots; write one".to_owned());
            }
        };
        Ok(Self { rows, optional, next })
    }
}

fn slots(ids: &[Place]) -> Result<(), String> {
    if ids.is_empty() {
        return Err("`ids` is empty; write the place of each slot".to_owned());
    }
    if let Some(place) = ids.iter().find(|place| place.path().is_none()) {
        return Err(format!("`{place}` is not in the body; a slot is a pointer or `xml:`"));
    }
    match ids.iter().find(|place| place.stars() > 0 || place.filters_make_list()) {
        Some(place) => {
            Err(format!("`{place}` makes a list, and a slot is one place; write `each` for a list"))
        }
        None => Ok(()),
    }
}

impl Each {
    fn check(&self) -> Result<(), String> {
        let each = &self.list;
        if each.path().is_none() {
            return Err(format!("`{each}` is not in the body; `each` is a pointer or `xml:`"));
        }
        if each.stars() > 0 {
            return Err(format!("`{each}` has a `*`, but `each` leads to the list itself; leave `/*` out"));
        }
        let is_object_of_ids = each.filters_make_list();
        if is_object_of_ids
            && (self.id.is_some()
                || self.label.is_some()
                || self.disabled.is_some()
                || !self.outputs.is_empty())
        {
            return Err(format!("`{each}` makes a list of texts, which are the ids; leave the others out"));
        }
        if self.id.is_none() && each.is_xml() {
            return Err("`lists` in XML needs `id`; write where it is in an element".to_owned());
        }
        let inner = [&self.id, &self.label, &self.created, &self.expires].into_iter().flatten();
        let inner = inner.chain(self.disabled.as_ref().map(|disabled| &disabled.place));
        for place in inner {
            self.leads_inwards(place)?;
            if place.stars() > 0 || place.filters_make_list() {
                return Err(format!("`{place}` makes a list, and here it is one value; lead to one"));
            }
        }
        for (name, output) in &self.outputs {
            self.leads_inwards(&output.at)?;
            if output.next.is_some() {
                return Err(format!("the output `{name}` of an item has no pages; write `next` in `lists`"));
            }
        }
        Ok(())
    }

    fn leads_inwards(&self, place: &Place) -> Result<(), String> {
        match (place.root(), self.list.is_xml()) {
            (Root::Json(_), false) | (Root::Xml(_), true) => Ok(()),
            (_, false) => {
                Err(format!("`{place}` does not lead from an element on; write a pointer such as `/id`"))
            }
            (_, true) => {
                Err(format!("`{place}` does not lead from an element on; write one such as `xml:Id`"))
            }
        }
    }
}

impl Lists {
    /// All places, with the keys that lead to them below `lists`.
    #[must_use]
    pub fn places(&self) -> Vec<(Vec<String>, &Place)> {
        let mut places = Vec::new();
        match &self.rows {
            Rows::Slots { ids, .. } => {
                places.extend(
                    ids.iter().enumerate().map(|(index, id)| (vec!["ids".to_owned(), index.to_string()], id)),
                );
            }
            Rows::Each(each) => {
                let Each { list, id, label, created, expires, disabled, outputs, .. } = &**each;
                let named = [
                    ("each", Some(list)),
                    ("id", id.as_ref()),
                    ("label", label.as_ref()),
                    ("created", created.as_ref()),
                    ("expires", expires.as_ref()),
                    ("disabled", disabled.as_ref().map(|disabled| &disabled.place)),
                ];
                places.extend(
                    named.into_iter().filter_map(|(name, place)| Some((vec![name.to_owned()], place?))),
                );
                places.extend(
                    outputs
                        .iter()
                        .map(|(name, output)| (vec!["outputs".to_owned(), name.clone()], &output.at)),
                );
            }
        }
        places.extend(self.next.as_ref().and_then(Next::place).map(|place| (vec!["next".to_owned()], place)));
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(toml: &str) -> Result<Lists, String> {
        #[derive(Deserialize)]
        struct File {
            l: Lists,
        }
        toml::from_str::<File>(&format!("l = {{ {toml} }}"))
            .map(|file| file.l)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn lists_and_slots_are_read() {
        let all = lists("each = '/v', id = '/name|last-segment', label = '/l', created = '/c', expires = '/e', disabled = '/s=OFF', outputs = { a = '/a' }, optional = true, next = { at = '/n', query = 'page' }").unwrap();
        assert_eq!(all.places().len(), 8);
        assert!(lists("ids = ['/a/[0=X]/1', '/b'], pattern = 'SHA256:.+'").is_ok());
        assert!(lists("each = '/keys'").is_ok());
        assert_eq!(lists("each = '', id = '/id'"), lists("each = '/', id = '/id'"));
        assert!(lists("each = '/versions|keys'").is_ok());
        assert!(lists("each = 'xml:A/B/member', id = 'xml:Id', disabled = 'xml:Status=Inactive'").is_ok());
    }

    #[test]
    fn what_does_not_fit_is_refused_with_a_mend() {
        for (toml, part) in [
            ("", "write one"),
            ("each = '/v', ids = ['/a']", "write one"),
            ("ids = []", "is empty"),
            ("ids = ['/a/*']", "write `each`"),
            ("ids = ['/a'], label = '/b'", "leave the others out"),
            ("ids = ['/a'], next = 'header:Link'", "leave `next` out"),
            ("ids = ['header:X']", "not in the body"),
            ("each = '/v/*', id = '/id'", "leave `/*` out"),
            ("each = 'header:X', id = '/id'", "not in the body"),
            ("each = '/v', id = 'xml:Id'", "write a pointer"),
            ("each = 'xml:A/B', id = '/id'", "`xml:Id`"),
            ("each = 'xml:A/B'", "needs `id`"),
            ("each = '/v', id = 'status'", "write a pointer"),
            ("each = '/v', id = '/a/*'", "one value"),
            ("each = '/v', id = '/id', disabled = 'status'", "leave it out here"),
            ("each = '/v|keys', id = '/id'", "leave the others out"),
            (
                "each = '/v', id = '/id', outputs = { a = { at = '/b/*', type = 'list', next = 'header:Link' } }",
                "in `lists`",
            ),
            ("each = '/v', ide = '/id'", "unknown field `ide`"),
        ] {
            let error = lists(toml).unwrap_err();
            assert!(error.contains(part), "{toml}: {error}");
        }
    }
}
