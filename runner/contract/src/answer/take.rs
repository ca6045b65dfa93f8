//! Takes outputs and secrets of a success.

use std::collections::BTreeMap;

use crate::answer::document::{Blind, Look, Scope};
use crate::answer::items::{Item, take_items};
use crate::answer::judge::{Seeing, Takes};
use crate::answer::known::Known;
use crate::answer::next::{MOST_ITEMS, NextPage};
use crate::answer::output::{Earlier, FreshFor, Kept, Output};
use crate::answer::paged::next_page;
use crate::answer::place::Place;
use crate::answer::received::Answer;
use crate::answer::typed::Type;
use crate::given::Given;
use crate::pattern::Pattern;
use crate::value::{Json, Kind, Value};

/// What was taken of a success.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Taken {
    /// What the plugin sees and requests refer to.
    pub outputs: BTreeMap<String, Value>,
    /// What requests refer to and the plugin does not see.
    pub secrets: BTreeMap<String, Value>,
    /// The id of what was made.
    pub id: Option<Value>,
    /// The target's credentials.
    pub items: Vec<Item>,
    /// How many seconds it stays fresh; none is to the end of the run.
    pub fresh_for: Option<u64>,
    /// What leads to the next page.
    pub(super) next: Option<NextPage>,
    pub(super) paged: Option<Paged>,
}

/// What has pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Paged {
    Items,
    Output(String),
}

/// Why nothing is taken of an answer.
pub(super) enum Miss {
    Unreadable(String),
    Leak(String),
}

impl From<String> for Miss {
    fn from(why: String) -> Self {
        Self::Unreadable(why)
    }
}

impl Takes {
    /// Takes all that a success has to have.
    pub(super) fn take(&self, answer: &Answer, seeing: &Seeing<'_>) -> Result<Taken, Miss> {
        let scope = Scope::Answer(answer);
        let mut taken = Taken::default();
        let mut known = seeing.known.clone();
        for (name, kept) in &self.secrets {
            if let Some(secret) = take_secret(scope, name, kept, seeing.given)? {
                known.add(&secret);
                taken.secrets.insert(name.clone(), secret);
            }
        }
        if let Some(place) = &self.id {
            let id = one_id(scope, place, seeing.given)?;
            clean(&known, &id, || "id".to_owned())?;
            taken.id = Some(id);
        }
        for (name, output) in &self.outputs {
            match take_output(scope, output, seeing.given, &known, Leaks::End)
                .map_err(|miss| miss.at("outputs", name))?
            {
                Some(value) => {
                    taken.outputs.insert(name.clone(), value);
                }
                None if output.optional => {}
                None => return Err(lacks(&format!("outputs.{name}"), &output.at)),
            }
            if let Some(next) = &output.next {
                taken.paged = Some(Paged::Output(name.clone()));
                taken.next = next_page(scope, next, seeing.given, taken.has_rows())?;
            }
        }
        if let Some(lists) = &self.lists {
            taken.items = take_items(scope, lists, seeing.given, &known)?;
            if let Some(next) = &lists.next {
                taken.paged = Some(Paged::Items);
                taken.next = next_page(scope, next, seeing.given, taken.has_rows())?;
            }
        }
        taken.fresh_for = self.fresh_for(scope, seeing.given)?;
        Ok(taken)
    }

    fn fresh_for(&self, scope: Scope<'_>, given: &dyn Given) -> Result<Option<u64>, Miss> {
        let seconds = match &self.fresh_for {
            None => return Ok(None),
            Some(FreshFor::Seconds(seconds)) => u64::from(*seconds),
            Some(FreshFor::Said(place)) => match scope.look(place, given) {
                Ok(Look::One(Some(value))) if !value.is_empty() => {
                    let seconds = Type::Int
                        .read(&value)
                        .map_err(|why| format!("has `fresh_for` (`{place}`), which {why}"))?;
                    seconds.as_json().and_then(Json::as_u64).unwrap_or_default()
                }
                _ => return Ok(None),
            },
        };
        Ok((seconds > 0).then_some(seconds))
    }
}

impl Miss {
    pub(super) fn at(self, table: &str, name: &str) -> Self {
        match self {
            Self::Unreadable(why) => Self::Unreadable(format!("has `{table}.{name}`, but it {why}")),
            Self::Leak(_) => Self::Leak(format!("{table}.{name}")),
        }
    }
}

pub(super) fn lacks(name: &str, place: &Place) -> Miss {
    Miss::Unreadable(format!("lacks `{name}` at `{place}`, or has it empty"))
}

/// Refuses a value that the plugin would see and that has a secret in it.
pub(super) fn clean(known: &Known, value: &Value, name: impl FnOnce() -> String) -> Result<(), Miss> {
    if known.meets(value) { Err(Miss::Leak(name())) } else { Ok(()) }
}

pub(super) fn one_id(scope: Scope<'_>, place: &Place, given: &dyn Given) -> Result<Value, Miss> {
    match scope.look(place, given) {
        Ok(Look::One(Some(value))) if !value.is_empty() => Type::Id
            .read(&value)
            .map_err(|why| Miss::Unreadable(format!("has `id` at `{place}`, but it {why}"))),
        Ok(_) => Err(lacks("id", place)),
        Err(blind) => Err(blind.into()),
    }
}

impl From<Blind> for Miss {
    fn from(blind: Blind) -> Self {
        match blind {
            Blind::Unreadable(why) => Self::Unreadable(format!("cannot be read: {why}")),
            Blind::Secret => Self::Leak(String::new()),
        }
    }
}

pub(super) fn take_secret(
    scope: Scope<'_>,
    name: &str,
    kept: &Kept,
    given: &dyn Given,
) -> Result<Option<Value>, Miss> {
    let found = match scope.look(&kept.at, given) {
        Ok(Look::One(found)) => found.filter(|found| !found.is_empty()),
        Ok(Look::Rows(_)) => None,
        Err(Blind::Unreadable(_) | Blind::Secret) if kept.optional => None,
        Err(blind) => return Err(blind.into()),
    };
    match found {
        Some(found) if kept.at.is_xml() && found.kind() == Kind::Object => {
            Err(format!("has elements in `secrets.{name}` at `{}`, and no text", kept.at).into())
        }
        Some(found) => Ok(Some(found.secret())),
        None if kept.optional => Ok(None),
        None => Err(lacks(&format!("secrets.{name}"), &kept.at)),
    }
}

/// What to do about a secret in what is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaks {
    /// Take nothing.
    End,
    /// Take it; whoever asked masks it.
    Pass,
}

/// Takes an output; none if it is not there.
pub(super) fn take_output(
    scope: Scope<'_>,
    output: &Output,
    given: &dyn Given,
    known: &Known,
    leaks: Leaks,
) -> Result<Option<Value>, Miss> {
    let value = match find_output(scope, output, given, known) {
        Ok(value) => value,
        Err(Blind::Unreadable(_)) if output.optional => None,
        Err(blind) => return Err(blind.into()),
    };
    let Some(value) = value.filter(|value| !value.is_empty()) else { return Ok(None) };
    let value = if output.r#type == Type::Count { value } else { output.r#type.read(&value)? };
    if leaks == Leaks::End {
        clean(known, &value, String::new)?;
    }
    if let Some(pattern) = &output.pattern
        && !fits(pattern, &value)
    {
        return Err("does not match its pattern".to_owned().into());
    }
    Ok(Some(value))
}

pub(super) fn find_output(
    scope: Scope<'_>,
    output: &Output,
    given: &dyn Given,
    known: &Known,
) -> Result<Option<Value>, Blind> {
    match output.r#type {
        Type::Count => {
            let rows = scope.look_at_all(&output.at, given, Some(known))?;
            Ok(rows.map(|rows| Value::integer(rows.len())))
        }
        Type::List if let Some(Earlier(earlier)) = &output.differs_from => {
            let Look::One(found) = scope.look_beside(&output.at, given, Some(known))? else {
                return Err(Blind::Unreadable("it is a list".to_owned()));
            };
            found.map(|found| differing(&found, given.value(earlier).as_ref())).transpose()
        }
        Type::List => {
            let rows = scope.look_at_all(&output.at, given, Some(known))?;
            if rows.as_ref().is_some_and(|rows| rows.len() > MOST_ITEMS) {
                return Err(Blind::Unreadable(format!("its list has more than {MOST_ITEMS} items")));
            }
            rows.map(|rows| {
                rows.into_iter().map(|row| row.map_or(Ok(Json::Null), |row| row.to_json())).collect()
            })
            .transpose()
            .map(|items| items.map(|items: Vec<Json>| Value::json(Json::Array(items))))
            .map_err(|error| Blind::Unreadable(error.to_string()))
        }
        _ => match scope.look_beside(&output.at, given, Some(known))? {
            Look::One(found) => Ok(found),
            Look::Rows(_) => Err(Blind::Unreadable("it is a list".to_owned())),
        },
    }
}

/// The names of the members of two objects that are not the same in both.
fn differing(found: &Value, earlier: Option<&Value>) -> Result<Value, Blind> {
    let unreadable = |why: &str| Blind::Unreadable(why.to_owned());
    let earlier = earlier.ok_or_else(|| unreadable("there is no earlier answer to compare it with"))?;
    let (Some(Json::Object(now)), Some(Json::Object(then))) = (found.as_json(), earlier.as_json()) else {
        return Err(unreadable("it, or what it is compared with, is no object"));
    };
    let names = now.keys().chain(then.keys().filter(|name| !now.contains_key(*name)));
    let names = names.filter(|name| now.get(*name) != then.get(*name));
    Ok(Value::json(Json::Array(names.cloned().map(Json::String).collect())))
}

/// Whether a value, or each item of a list that is not empty, matches.
pub(super) fn fits(pattern: &Pattern, value: &Value) -> bool {
    let matches =
        |value: &Value| value.is_empty() || value.to_text().is_ok_and(|text| pattern.matches(&text));
    match value.as_json() {
        Some(Json::Array(items)) => items.iter().all(|item| matches(&Value::json(item.clone()))),
        _ => matches(value),
    }
}
