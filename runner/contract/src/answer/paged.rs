//! What of a success goes on over several pages.

use std::collections::HashSet;

use crate::answer::document::{Look, Scope, address};
use crate::answer::items::id_text;
use crate::answer::next::{Next, NextPage};
use crate::answer::place::Place;
use crate::answer::take::{Miss, Paged, Taken};
use crate::given::Given;
use crate::value::{Json, Value};

/// What leads to the next page, if there is one.
pub(super) fn next_page(
    scope: Scope<'_>,
    next: &Next,
    given: &dyn Given,
    has_rows: bool,
) -> Result<Option<NextPage>, Miss> {
    let look = |place: &Place| match scope.look(place, given) {
        Ok(Look::One(found)) => Ok(found.filter(|found| !found.is_empty())),
        Ok(Look::Rows(_)) => Ok(None),
        Err(blind) => Err(Miss::from(blind)),
    };
    Ok(match next {
        Next::Number(name) => has_rows.then(|| NextPage::Number(name.clone())),
        Next::Address(place) => look(place)?.and_then(|found| address(place, &found)).map(NextPage::Address),
        Next::Token { at, part } => match look(at)? {
            Some(token) => {
                token.to_text().map_err(|error| format!("has `next` at `{at}`, but it {error}"))?;
                Some(NextPage::Repeat(part.clone(), token))
            }
            None => None,
        },
    })
}

impl Taken {
    /// The rows of what has pages.
    pub(super) fn rows_of_page(&self) -> Option<Value> {
        match self.paged.as_ref()? {
            Paged::Output(name) => self.outputs.get(name).cloned(),
            Paged::Items => {
                let ids = self.items.iter().map(|item| item.id.to_json().unwrap_or_default());
                Some(Value::json(Json::Array(ids.collect())))
            }
        }
    }

    /// How many rows what has pages has.
    pub(super) fn count_rows(&self) -> usize {
        match &self.paged {
            None => 0,
            Some(Paged::Items) => self.items.len(),
            Some(Paged::Output(name)) => {
                self.outputs.get(name).and_then(Value::as_json).and_then(Json::as_array).map_or(0, Vec::len)
            }
        }
    }

    /// Whether what has pages has a row.
    pub(super) fn has_rows(&self) -> bool {
        self.count_rows() > 0
    }

    /// Adds the rows of another page, and takes its way to the next one.
    pub(super) fn append(&mut self, page: Self) {
        self.next = page.next;
        match &self.paged {
            None => {}
            Some(Paged::Items) => {
                let seen: HashSet<String> = self.items.iter().map(|item| id_text(&item.id)).collect();
                self.items.extend(page.items.into_iter().filter(|item| !seen.contains(&id_text(&item.id))));
            }
            Some(Paged::Output(name)) => {
                let rows = |value: Option<&Value>| -> Vec<Json> {
                    value.and_then(Value::as_json).and_then(Json::as_array).cloned().unwrap_or_default()
                };
                let mut all = rows(self.outputs.get(name));
                all.extend(rows(page.outputs.get(name)));
                self.outputs.insert(name.clone(), Value::json(Json::Array(all)));
            }
        }
    }
}
