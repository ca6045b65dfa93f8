//! The credentials that a success lists.

use std::collections::{BTreeMap, HashSet};

use crate::answer::document::{Blind, Look, Row, Scope};
use crate::answer::known::Known;
use crate::answer::lists::{Each, Lists, Rows};
use crate::answer::next::MOST_ITEMS;
use crate::answer::place::Place;
use crate::answer::take::{Leaks, Miss, clean, fits, lacks, take_output};
use crate::answer::typed::Type;
use crate::given::Given;
use crate::pattern::Pattern;
use crate::value::Value;

/// A credential of the target, as the service lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its id.
    pub id: Value,
    /// The name that people see.
    pub label: Option<String>,
    /// When it was made, RFC 3339.
    pub created: Option<String>,
    /// When it ends, RFC 3339.
    pub expires: Option<String>,
    /// Whether it is disabled.
    pub is_disabled: bool,
    /// What else the plugin sees of it.
    pub outputs: BTreeMap<String, Value>,
}

pub(super) fn take_items(
    scope: Scope<'_>,
    lists: &Lists,
    given: &dyn Given,
    known: &Known,
) -> Result<Vec<Item>, Miss> {
    match &lists.rows {
        Rows::Slots { ids, pattern } => {
            take_slots(scope, ids, pattern.as_ref(), lists.optional, given, known)
        }
        Rows::Each(each) => {
            let rows = match scope.list(&each.list, given, Some(known)) {
                Ok(Some(rows)) => rows,
                Ok(None) if lists.optional => Vec::new(),
                Ok(None) => return Err(format!("has no list at `{}`", each.list).into()),
                Err(Blind::Secret) => return Err(Miss::Leak("lists.each".to_owned())),
                Err(blind) => return Err(blind.into()),
            };
            if rows.len() > MOST_ITEMS {
                return Err(format!("lists more than {MOST_ITEMS} items").into());
            }
            let mut items = Vec::new();
            let mut seen = HashSet::new();
            for row in &rows {
                let item = take_item(row, each, given, known)?;
                // A list that changes while its pages are read shows an item twice.
                if seen.insert(id_text(&item.id)) {
                    items.push(item);
                }
            }
            Ok(items)
        }
    }
}

pub(super) fn id_text(id: &Value) -> String {
    id.to_text().map(|text| text.to_string()).unwrap_or_default()
}

fn take_slots(
    scope: Scope<'_>,
    ids: &[Place],
    pattern: Option<&Pattern>,
    optional: bool,
    given: &dyn Given,
    known: &Known,
) -> Result<Vec<Item>, Miss> {
    let mut items: Vec<Item> = Vec::new();
    for place in ids {
        if !optional && !scope.has_around(place, given)? {
            return Err(format!("has nothing around the slot `{place}`").into());
        }
        let found = match scope.look_beside(place, given, Some(known)) {
            Ok(Look::One(Some(found))) if !found.is_empty() => found,
            Ok(_) => continue,
            Err(Blind::Secret) => return Err(Miss::Leak("lists.ids".to_owned())),
            Err(blind) => return Err(blind.into()),
        };
        if pattern.is_some_and(|pattern| !fits(pattern, &found)) {
            continue;
        }
        let id = Type::Id.read(&found).map_err(|why| format!("has a slot at `{place}`, but it {why}"))?;
        clean(known, &id, || "lists.ids".to_owned())?;
        if !items.iter().any(|item| item.id == id) {
            items.push(Item::bare(id));
        }
    }
    Ok(items)
}

impl Item {
    pub(super) fn bare(id: Value) -> Self {
        Self { id, label: None, created: None, expires: None, is_disabled: false, outputs: BTreeMap::new() }
    }
}

fn take_item(row: &Row<'_>, each: &Each, given: &dyn Given, known: &Known) -> Result<Item, Miss> {
    let scope = row.scope();
    let found = match (&each.id, scope) {
        (Some(place), Some(scope)) => field(scope, "id", Some(place), given, known)?,
        _ => Some(row.value()).filter(|value| !value.is_empty()),
    };
    let id = found.ok_or_else(|| Miss::Unreadable("has an item without `lists.id`".to_owned()))?;
    let id = Type::Id.read(&id).map_err(|why| format!("has an item whose `lists.id` {why}"))?;
    clean(known, &id, || "lists.id".to_owned())?;
    if each.pattern.as_ref().is_some_and(|pattern| !fits(pattern, &id)) {
        return Err("has an item whose `lists.id` does not match its pattern".to_owned().into());
    }
    let mut item = Item::bare(id);
    let Some(scope) = scope else { return Ok(item) };
    let text = |name: &str, place: Option<&Place>, r#type: Type| -> Result<Option<String>, Miss> {
        let Some(found) = field(scope, name, place, given, known)? else { return Ok(None) };
        let found = r#type.read(&found).map_err(|why| format!("has an item whose `lists.{name}` {why}"))?;
        clean(known, &found, || format!("lists.{name}"))?;
        Ok(found.to_text().ok().map(|text| text.to_string()))
    };
    item.label = text("label", each.label.as_ref(), Type::Text)?;
    item.created = text("created", each.created.as_ref(), Type::Time)?;
    item.expires = text("expires", each.expires.as_ref(), Type::Time)?;
    item.is_disabled = each.disabled.as_ref().is_some_and(|disabled| disabled.holds(scope, given));
    for (name, output) in &each.outputs {
        match take_output(scope, output, given, known, Leaks::End)
            .map_err(|miss| miss.at("lists.outputs", name))?
        {
            Some(value) => {
                item.outputs.insert(name.clone(), value);
            }
            None if output.optional => {}
            None => return Err(lacks(&format!("lists.outputs.{name}"), &output.at)),
        }
    }
    Ok(item)
}

/// A value of a row; none if it has none.
fn field(
    scope: Scope<'_>,
    name: &str,
    place: Option<&Place>,
    given: &dyn Given,
    known: &Known,
) -> Result<Option<Value>, Miss> {
    let Some(place) = place else { return Ok(None) };
    match scope.look_beside(place, given, Some(known)) {
        Ok(Look::One(found)) => Ok(found.filter(|found| !found.is_empty())),
        Ok(Look::Rows(_)) => Ok(None),
        Err(Blind::Secret) => Err(Miss::Leak(format!("lists.{name}"))),
        Err(blind) => Err(blind.into()),
    }
}
