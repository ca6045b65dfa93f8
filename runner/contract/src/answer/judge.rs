//! What an answer means, and all that is taken of it.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::answer::alternative::{Alternative, Status};
use crate::answer::document::{Blind, Look, Row, Scope, address};
use crate::answer::known::Known;
use crate::answer::lists::{Each, Lists, Rows};
use crate::answer::next::{MOST_ITEMS, Next, NextPage};
use crate::answer::output::{FreshFor, Kept, Output};
use crate::answer::pending::{Pending, Poll};
use crate::answer::place::Place;
use crate::answer::received::Answer;
use crate::answer::retry_after::retry_after;
use crate::answer::typed::{Shown, Type};
use crate::given::Given;
use crate::pattern::Pattern;
use crate::value::{Json, Kind, Value};

/// What stands for a secret in an error of the service.
const MASK: &str = "********";

/// All that a request says of its answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Takes {
    /// Whether the request changes something.
    pub is_effect: bool,
    /// What the plugin sees.
    pub outputs: BTreeMap<String, Output>,
    /// What the host keeps.
    pub secrets: BTreeMap<String, Kept>,
    /// What the plugin sees of a rejection; all of it may be missing.
    pub errors: BTreeMap<String, Output>,
    /// Where the id is of what was made.
    pub id: Option<Place>,
    /// Where the target's credentials are.
    pub lists: Option<Lists>,
    /// The successes; none are `2xx`.
    pub success: Vec<Alternative>,
    /// The rejections, if they are not the usual ones.
    pub rejects: Option<Vec<Alternative>>,
    /// What says that it is not over.
    pub pending: Option<Pending>,
    /// How long what was taken stays fresh.
    pub fresh_for: Option<FreshFor>,
}

/// What is known when an answer arrives.
#[derive(Clone, Copy)]
pub struct Seeing<'a> {
    /// What references stand for.
    pub given: &'a dyn Given,
    /// The secrets so far.
    pub known: &'a Known,
    /// The time.
    pub now: Timestamp,
}

/// What an answer means.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It succeeded, and this was taken of it.
    Success(Box<Taken>),
    /// The service says that it did nothing.
    Rejected(Rejection),
    /// It goes on; this is asked next.
    Pending(Poll),
    /// A read's answer says neither.
    Unavailable {
        /// What it says all the same.
        rejection: Rejection,
        /// Why it is no success.
        why: String,
    },
    /// An effect's answer says neither: it may have been done.
    Uncertain {
        /// Why it is no success.
        why: String,
        /// The id of what was made, where it says that.
        id: Option<Value>,
        /// How long it asks to wait.
        retry_after: Option<Duration>,
    },
    /// It succeeded, and an output has a secret in it: the step ends.
    Leak {
        /// The output's name, as keys lead to it: `outputs.roles`.
        output: String,
        /// The id of what was made.
        id: Option<Value>,
    },
}

/// What the plugin sees of an answer that is no success.
#[derive(Debug, Clone, PartialEq)]
pub struct Rejection {
    /// The status.
    pub status: u16,
    /// What the service says, without secrets.
    pub errors: BTreeMap<String, Shown>,
    /// How long it asks to wait.
    pub retry_after: Option<Duration>,
}

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
    paged: Option<Paged>,
}

/// What has pages.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Paged {
    Items,
    Output(String),
}

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

/// Why nothing is taken of an answer.
enum Miss {
    Unreadable(String),
    Leak(String),
}

impl From<String> for Miss {
    fn from(why: String) -> Self {
        Self::Unreadable(why)
    }
}

impl Takes {
    /// Judges the answer to a request.
    #[must_use]
    pub fn judge(&self, answer: &Answer, seeing: &Seeing<'_>) -> Verdict {
        self.judge_after(answer, seeing, None)
    }

    /// Judges the answer to a poll as the answer to the request that goes on.
    ///
    /// A refusal may be of the poll and not of what it asks for: too many polls, or a token that has ended. So
    /// of an effect only what the manifest itself says rejects, and no whole class of statuses.
    #[must_use]
    pub fn judge_poll(&self, answer: &Answer, seeing: &Seeing<'_>, last: &Poll) -> Verdict {
        self.judge_after(answer, seeing, Some(last))
    }

    fn judge_after(&self, answer: &Answer, seeing: &Seeing<'_>, last: Option<&Poll>) -> Verdict {
        let scope = Scope::Answer(answer);
        let is_page = answer.is_page();
        if !is_page
            && let Some(pending) = &self.pending
            && pending.holds(answer.status(), scope, seeing.given)
        {
            return match pending.poll(scope, seeing.given, last) {
                Ok(poll) => Verdict::Pending(poll),
                Err(why) => self.unclear(answer, seeing, &why),
            };
        }
        if !is_page && self.is_success(answer, seeing) {
            return match self.take(answer, seeing) {
                Ok(taken) => Verdict::Success(Box::new(taken)),
                Err(Miss::Leak(output)) => Verdict::Leak { output, id: self.id_of(answer, seeing) },
                Err(Miss::Unreadable(why)) => self.unclear(answer, seeing, &why),
            };
        }
        if !self.is_rejection(answer, seeing, last.is_some()) {
            let why = if is_page { "is a page for people" } else { "is neither a success nor a rejection" };
            return self.unclear(answer, seeing, why);
        }
        if self.is_effect && self.holds_what_was_made(answer, seeing) {
            return self.unclear(answer, seeing, "is a rejection that holds what was to be made");
        }
        Verdict::Rejected(self.rejection(answer, seeing))
    }

    fn is_success(&self, answer: &Answer, seeing: &Seeing<'_>) -> bool {
        let usual = [Alternative::of(Status::Class(2))];
        let success = if self.success.is_empty() { &usual } else { self.success.as_slice() };
        success.iter().any(|one| {
            one.as_success(self.is_effect).is_ok()
                && one.holds(answer.status(), Scope::Answer(answer), seeing.given)
        })
    }

    fn is_rejection(&self, answer: &Answer, seeing: &Seeing<'_>, is_poll: bool) -> bool {
        let status = answer.status();
        let Some(rejects) = &self.rejects else {
            let redirects = if self.is_effect { 307..=308 } else { 301..=308 };
            let is_usual = Status::Class(4).covers(status) || redirects.contains(&status);
            return is_usual && !(is_poll && self.is_effect);
        };
        rejects.iter().any(|one| {
            let is_said = !is_poll
                || !self.is_effect
                || !one.conditions.is_empty()
                || matches!(one.status, Status::Exactly(_));
            is_said
                && one.as_rejection(self.is_effect).is_ok()
                && one.holds(status, Scope::Answer(answer), seeing.given)
        })
    }

    /// Whether the id or a secret is there of what a rejection says was not made.
    fn holds_what_was_made(&self, answer: &Answer, seeing: &Seeing<'_>) -> bool {
        self.id.iter().chain(self.secrets.values().map(|kept| &kept.at)).any(|place| {
            let look = Scope::Answer(answer).look_at_all(place, seeing.given, None);
            look.is_ok_and(|rows| rows.into_iter().flatten().flatten().any(|value| !value.is_empty()))
        })
    }

    fn unclear(&self, answer: &Answer, seeing: &Seeing<'_>, why: &str) -> Verdict {
        let why = format!("the answer with status {} {why}", answer.status());
        if self.is_effect {
            let retry_after = retry_after(answer, seeing.now);
            return Verdict::Uncertain { why, id: self.id_of(answer, seeing), retry_after };
        }
        Verdict::Unavailable { rejection: self.rejection(answer, seeing), why }
    }

    /// The id of what was made, from whatever answer.
    fn id_of(&self, answer: &Answer, seeing: &Seeing<'_>) -> Option<Value> {
        self.id.as_ref().and_then(|place| one_id(Scope::Answer(answer), place, seeing.given).ok())
    }

    fn rejection(&self, answer: &Answer, seeing: &Seeing<'_>) -> Rejection {
        let scope = Scope::Answer(answer);
        let mut errors = BTreeMap::new();
        for (name, error) in &self.errors {
            // A filter that would cut a secret gives nothing; what is whole is masked.
            let Ok(Some(value)) = take_output(scope, error, seeing.given, seeing.known, Leaks::Pass) else {
                continue;
            };
            let shown = if seeing.known.meets(&value) {
                Shown::Text(MASK.to_owned())
            } else {
                error.r#type.show(&value)
            };
            errors.insert(name.clone(), shown);
        }
        Rejection { status: answer.status(), errors, retry_after: retry_after(answer, seeing.now) }
    }

    fn take(&self, answer: &Answer, seeing: &Seeing<'_>) -> Result<Taken, Miss> {
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

    /// The outputs as the plugin sees them, in the order of their names; those that are missing are not there.
    pub fn show<'a>(&'a self, taken: &'a Taken) -> impl Iterator<Item = (&'a str, Shown)> {
        show(&self.outputs, &taken.outputs)
    }

    /// The same of an item.
    pub fn show_item<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = (&'a str, Shown)> {
        let outputs = match &self.lists {
            Some(Lists { rows: Rows::Each(each), .. }) => Some(&each.outputs),
            _ => None,
        };
        outputs.into_iter().flat_map(|outputs| show(outputs, &item.outputs))
    }
}

fn show<'a>(
    outputs: &'a BTreeMap<String, Output>,
    values: &'a BTreeMap<String, Value>,
) -> impl Iterator<Item = (&'a str, Shown)> {
    values.iter().filter_map(|(name, value)| Some((name.as_str(), outputs.get(name)?.r#type.show(value))))
}

impl Miss {
    fn at(self, table: &str, name: &str) -> Self {
        match self {
            Self::Unreadable(why) => Self::Unreadable(format!("has `{table}.{name}`, but it {why}")),
            Self::Leak(_) => Self::Leak(format!("{table}.{name}")),
        }
    }
}

fn lacks(name: &str, place: &Place) -> Miss {
    Miss::Unreadable(format!("lacks `{name}` at `{place}`, or has it empty"))
}

/// Refuses a value that the plugin would see and that has a secret in it.
fn clean(known: &Known, value: &Value, name: impl FnOnce() -> String) -> Result<(), Miss> {
    if known.meets(value) { Err(Miss::Leak(name())) } else { Ok(()) }
}

fn one_id(scope: Scope<'_>, place: &Place, given: &dyn Given) -> Result<Value, Miss> {
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

fn take_secret(scope: Scope<'_>, name: &str, kept: &Kept, given: &dyn Given) -> Result<Option<Value>, Miss> {
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
enum Leaks {
    /// Take nothing.
    End,
    /// Take it; whoever asked masks it.
    Pass,
}

/// Takes an output; none if it is not there.
fn take_output(
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

fn find_output(
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

/// Whether a value, or each item of a list that is not empty, matches.
fn fits(pattern: &Pattern, value: &Value) -> bool {
    let matches =
        |value: &Value| value.is_empty() || value.to_text().is_ok_and(|text| pattern.matches(&text));
    match value.as_json() {
        Some(Json::Array(items)) => items.iter().all(|item| matches(&Value::json(item.clone()))),
        _ => matches(value),
    }
}

fn take_items(scope: Scope<'_>, lists: &Lists, given: &dyn Given, known: &Known) -> Result<Vec<Item>, Miss> {
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

fn id_text(id: &Value) -> String {
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
    fn bare(id: Value) -> Self {
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

fn next_page(
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

#[cfg(test)]
mod tests;
