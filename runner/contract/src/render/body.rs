//! Writes the body of a request.

use serde_json::{Map, Number};
use zeroize::Zeroizing;

use super::failure::Unrendered;
use super::fill::{Filled, Filler, Written};
use super::{form, query, xml};
use crate::answer::Part;
use crate::check::overrides_method;
use crate::manifest::{Effect, Json, Named, Whole};
use crate::template::meaning::Meaning;
use crate::template::{Expression, Reference, Template};
use crate::value::{self, Json as Tree, Value};

/// The body and its content type; none where there is none.
pub(super) fn write(
    filler: &mut Filler<'_>,
    whole: Whole<'_>,
    page: Option<(&Part, &Value)>,
) -> Result<Option<(String, Written)>, Unrendered> {
    let request = whole.request;
    let keeps_inputs = request.effect.changes() && request.effect != Effect::Updates;
    filler.refuses_secret_inputs = keeps_inputs;
    let written = match (&request.form, &request.json, &request.xml) {
        (Some(pairs), _, _) => Some(("application/x-www-form-urlencoded", write_form(filler, pairs, page)?)),
        (_, Some(json), _) => Some(("application/json", write_json(filler, json, page)?)),
        (_, _, Some(xml)) => Some(("application/xml", write_xml(filler, xml)?)),
        _ => None,
    };
    filler.refuses_secret_inputs = false;
    Ok(written.map(|(content_type, text)| {
        let content_type = request.content_type.as_deref().unwrap_or(content_type);
        (content_type.to_owned(), text)
    }))
}

fn write_form(
    filler: &mut Filler<'_>,
    pairs: &Named<Template>,
    page: Option<(&Part, &Value)>,
) -> Result<Written, Unrendered> {
    let mut whole = Written::empty();
    let turned = page.and_then(|(part, value)| match part {
        Part::Form(name) => Some((name.as_str(), value)),
        _ => None,
    });
    for (name, template) in pairs.iter().filter(|(name, _)| turned.is_none_or(|(turned, _)| turned != *name))
    {
        let place = format!("the form pair `{name}`");
        let encode = |_: Meaning<'_>, _: &Value, text: &str| Ok(Zeroizing::new(query::encode(text)));
        if let Some(text) = filler.text_with(&place, template, query::encode, encode)? {
            form::push(&mut whole.text, name, &text.text);
            whole.is_secret |= text.is_secret;
            whole.has_names |= text.has_names;
        }
    }
    if let Some((name, value)) = turned {
        let place = "the form of the next page";
        let text = value.to_text().map_err(|error| Unrendered::not_text(place, name, error))?;
        form::push(&mut whole.text, name, &query::encode(&text));
        whole.is_secret |= value.is_secret();
    }
    Ok(whole)
}

fn write_xml(filler: &mut Filler<'_>, template: &Template) -> Result<Written, Unrendered> {
    let encode = |_: Meaning<'_>, _: &Value, text: &str| xml::escape(text).map_err(str::to_owned);
    filler.text_with("the XML", template, str::to_owned, encode)?.ok_or_else(|| Unrendered::Missing {
        place: "the XML".to_owned(),
        reference: "a reference".to_owned(),
        mend: "set its value, or call another request",
    })
}

fn write_json(
    filler: &mut Filler<'_>,
    json: &Json,
    page: Option<(&Part, &Value)>,
) -> Result<Written, Unrendered> {
    let mut parts = Parts::default();
    let mut tree = parts.tree(filler, json, false)?.unwrap_or(Tree::Null);
    if let Some((Part::Json(keys), value)) = page {
        let turned = value
            .to_json()
            .map_err(|error| Unrendered::not_text("the JSON of the next page", "it", error))?;
        parts.is_secret |= value.is_secret();
        put(&mut tree, keys, turned);
    }
    let text = Zeroizing::new(tree.to_string());
    value::wipe(&mut tree);
    Ok(Written { text, is_secret: parts.is_secret, has_names: parts.has_names })
}

/// Puts a value where keys lead to, through objects that are made where they are lacking.
fn put(tree: &mut Tree, keys: &[String], value: Tree) {
    let Some((first, rest)) = keys.split_first() else {
        *tree = value;
        return;
    };
    if !tree.is_object() {
        *tree = Tree::Object(Map::new());
    }
    if let Tree::Object(members) = tree {
        put(members.entry(first.as_str()).or_insert(Tree::Null), rest, value);
    }
}

/// What was seen while JSON was filled.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) is_secret: bool,
    pub(super) has_names: bool,
}

impl Parts {
    /// The JSON of a template; none where it is a reference to what is missing. In claims times are numbers.
    pub(super) fn tree(
        &mut self,
        filler: &mut Filler<'_>,
        json: &Json,
        is_claim: bool,
    ) -> Result<Option<Tree>, Unrendered> {
        Ok(Some(match json {
            Json::Null => Tree::Null,
            Json::Bool(flag) => Tree::Bool(*flag),
            Json::Number(number) => Tree::Number(number.clone()),
            Json::Text(template) => return self.leaf(filler, template, is_claim),
            Json::List(items) => {
                // An item that is missing keeps its place: the others would move.
                let items =
                    items.iter().map(|item| Ok(self.tree(filler, item, is_claim)?.unwrap_or(Tree::Null)));
                Tree::Array(items.collect::<Result<_, Unrendered>>()?)
            }
            Json::Object(members) => {
                let mut object = Map::new();
                for (key, member) in members {
                    let key = self.key(filler, key)?;
                    if let Some(member) = self.tree(filler, member, is_claim)?
                        && object.insert(key, member).is_some()
                    {
                        let reason = "another member of the object has that name; set another one";
                        return Err(Unrendered::value("a key of JSON", "a setting", reason));
                    }
                }
                Tree::Object(object)
            }
        }))
    }

    fn key(&mut self, filler: &mut Filler<'_>, key: &Template) -> Result<String, Unrendered> {
        if let Some(text) = key.literal() {
            return Ok(text.to_owned());
        }
        let place = "a key of JSON";
        let text = filler.text(place, key)?.ok_or_else(|| Unrendered::Missing {
            place: place.to_owned(),
            reference: key.text().to_owned(),
            mend: "set it",
        })?;
        self.has_names |= text.has_names;
        if text.is_secret {
            return Err(Unrendered::value(place, key.text(), "it is a secret, and none is a key"));
        }
        if overrides_method(&text.text) {
            return Err(Unrendered::value(
                place,
                key.text(),
                "frameworks read another method of it; set another one",
            ));
        }
        Ok(text.text.to_string())
    }

    fn leaf(
        &mut self,
        filler: &mut Filler<'_>,
        template: &Template,
        is_claim: bool,
    ) -> Result<Option<Tree>, Unrendered> {
        let Some(expression) = template.sole() else {
            return Ok(filler.text("JSON", template)?.map(|text| {
                self.is_secret |= text.is_secret;
                self.has_names |= text.has_names;
                note(filler, text.is_secret, &text.text);
                Tree::String(text.text.to_string())
            }));
        };
        if let (true, Expression { reference: Reference::Now(seconds), filters, .. }) = (is_claim, expression)
            && filters.is_empty()
        {
            return Ok(Some(Tree::Number(Number::from(filler.now.as_second().saturating_add(*seconds)))));
        }
        match filler.fill(expression)? {
            Filled::Missing => Ok(None),
            Filled::Name(name) => {
                self.has_names = true;
                Ok(Some(Tree::String(name)))
            }
            Filled::Value(value) => {
                let tree =
                    value.to_json().map_err(|error| Unrendered::not_text("JSON", expression, error))?;
                self.is_secret |= value.is_secret();
                if value.is_secret() {
                    note_tree(filler, &tree);
                }
                Ok(Some(tree))
            }
        }
    }
}

/// Notes the forms that a secret text has in JSON.
fn note(filler: &mut Filler<'_>, is_secret: bool, text: &str) {
    if !is_secret {
        return;
    }
    filler.note_sent(text);
    let quoted = Zeroizing::new(Tree::String(text.to_owned()).to_string());
    filler.note_sent(quoted.trim_matches('"'));
}

fn note_tree(filler: &mut Filler<'_>, tree: &Tree) {
    match tree {
        Tree::String(text) => note(filler, true, text),
        Tree::Array(items) => items.iter().for_each(|item| note_tree(filler, item)),
        Tree::Object(members) => members.values().for_each(|member| note_tree(filler, member)),
        Tree::Number(number) => note(filler, true, &number.to_string()),
        Tree::Null | Tree::Bool(_) => {}
    }
}
