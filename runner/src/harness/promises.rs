//! The four promises of pamrun, judged by what service, vault and journal of a case hold; never by
//! what pamrun believes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::judge::Played;
use super::world::{Credential, Fate, State, World};
use crate::model::Record;
use crate::rotation::{Entry, OpenRotation};

/// The outcomes that say that nothing is changed.
const NOTHING_CHANGED: [&str; 5] = ["failed", "invalid", "refused", "limit", "internal"];

/// Which process was the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The one that was disturbed.
    Disturbed,
    /// The one after it, with which nothing interferes.
    Next,
    /// The one that settles what is left, when nothing can be on its way any more.
    Recovery,
}

/// Judges the processes of one world, one after the other.
pub struct Promises<'a> {
    world: &'a World,
    /// How the run ends with which nothing interferes.
    undisturbed: String,
    /// Whether the case says which credentials the service accepts, and the record holds one.
    is_declared: bool,
    before: Vec<String>,
    record: Option<Value>,
    /// What was promised and not kept.
    pub broken: Vec<String>,
}

impl<'a> Promises<'a> {
    /// Looks at a world in which nothing has happened yet.
    #[must_use]
    pub fn new(world: &'a World, undisturbed: &Played) -> Self {
        let outcome = undisturbed.document.get("outcome").and_then(Value::as_str);
        // Each of them locks the state for itself.
        let before = world.state().live_ids();
        let record = world.record().map(|record| record.json.clone());
        Self {
            world,
            undisturbed: outcome.unwrap_or_default().to_owned(),
            is_declared: world.declares_credentials(),
            before,
            record,
            broken: Vec::new(),
        }
    }

    /// Judges what there is after a process; nothing is known of one that died.
    pub fn judge(&mut self, after: Stage, played: Option<&Played>) {
        let mut broken = Vec::new();
        if self.is_declared {
            broken.extend(self.record_works(after));
            broken.extend(self.all_is_known(after, played));
            broken.extend(self.nothing_else_is_touched());
            broken.extend(self.consumers_work(after));
        }
        broken.extend(self.world.leaked().into_iter().map(|leaked| format!("4. {leaked}")));
        if let Some(played) = played {
            broken.extend(self.words_are_true(after, played));
            broken.extend(self.no_secret_shows(played));
        }
        // A service that lets nothing be removed keeps even an undisturbed rotation open.
        if self.is_declared && after == Stage::Recovery && self.undisturbed != "uncertain" {
            let open = self.world.open_rotations();
            broken.extend(open.iter().map(|open| format!("2. rotation {} is still open", open.rotation_id)));
        }
        let when = match after {
            Stage::Disturbed => "after the run",
            Stage::Next => "after the next run",
            Stage::Recovery => "after recovery",
        };
        self.broken.extend(broken.into_iter().map(|broken| format!("{when}: {}", self.world.named(&broken))));
    }

    /// 1: the record holds what the service accepts; and not only as pending, after the next run.
    fn record_works(&self, after: Stage) -> Option<String> {
        let state = self.world.state();
        let record = state.records.iter().find(|record| record.uid == self.world.target)?;
        let held = holding(&state, record, after != Stage::Disturbed);
        held.is_empty().then(|| "1. the record holds no credential that the service accepts".to_owned())
    }

    /// 2: what we made is known to the vault or the journal, or is named.
    fn all_is_known(&self, after: Stage, played: Option<&Played>) -> Vec<String> {
        let open = self.world.open_rotations();
        let state = self.world.state();
        let named = played.map(|played| played.document.to_string()).unwrap_or_default();
        let is_known = |made: &Credential| {
            made.was_held
                || (after != Stage::Recovery || self.undisturbed == "uncertain")
                    && open.iter().any(|open| knows(open, made))
                || after != Stage::Recovery && named.contains(&made.id)
        };
        let made = state.credentials.iter().filter(|known| known.is_made && known.is_alive());
        made.filter(|made| !is_known(made))
            .map(|made| {
                format!(
                    "2. the service accepts {} ({}), and neither vault nor journal knows it",
                    made.id, made.name
                )
            })
            .collect()
    }

    /// Of 2: what was there before is gone only if it was planned, and after the new one was saved.
    fn nothing_else_is_touched(&self) -> Vec<String> {
        let state = self.world.state();
        let planned: BTreeSet<&str> = state
            .rotations
            .iter()
            .filter(|id| entries(&state, id).any(|entry| matches!(entry, Entry::Saved { .. })))
            .flat_map(|id| entries(&state, id))
            .filter_map(|entry| match entry {
                Entry::Intent(intent) => Some(intent.plan.removes.iter().map(|listed| listed.id.as_str())),
                _ => None,
            })
            .flatten()
            .collect();
        let gone = state.credentials.iter().filter(|old| !old.is_made && old.fate == Fate::Removed);
        gone.filter(|old| !planned.contains(old.id.as_str()))
            .map(|old| format!("2. {} is gone, and no saved rotation had planned that", old.id))
            .collect()
    }

    /// 1, for those who use the credential: each has one that the service accepts, and the current one
    /// after the next run. Where one is replaced in place, they have the old one until they are handed
    /// the new one.
    fn consumers_work(&self, after: Stage) -> Vec<String> {
        let state = self.world.state();
        let is_over = after != Stage::Disturbed && self.undisturbed == "rotated";
        let record = state.records.iter().find(|record| record.uid == self.world.target);
        let current = record.map(|record| holding(&state, record, true)).unwrap_or_default();
        let has = |known: &Credential, value: &str| known.secret == value;
        let works = |value: &str| {
            let is_current = current.iter().any(|known| has(known, value));
            let mut still = state.credentials.iter().filter(|known| known.fate != Fate::Removed);
            is_current || !is_over && still.any(|known| has(known, value))
        };
        let consumers = self.world.setting.consumers.iter();
        let without =
            consumers.filter(|name| !works(state.get(name)) && (is_over || !state.get(name).is_empty()));
        let what =
            if is_over { "the credential that the record holds" } else { "one that the service accepts" };
        without.map(|name| format!("1. the consumer {name} does not have {what}")).collect()
    }

    /// 3: the document says what is true.
    fn words_are_true(&self, after: Stage, played: &Played) -> Vec<String> {
        let document = &played.document;
        let outcome = document.get("outcome").and_then(Value::as_str).unwrap_or_default();
        let mut wrong = Vec::new();
        let state = self.world.state();
        if outcome == "rotated" && self.is_declared {
            let record = state.records.iter().find(|record| record.uid == self.world.target);
            let holds = record.map(|record| holding(&state, record, true)).unwrap_or_default();
            if !holds.iter().any(|held| held.is_made) {
                wrong.push("the record holds nothing new that works".to_owned());
            }
            let deliveries = document.get("deliveries").and_then(Value::as_array).into_iter().flatten();
            let missing = deliveries.filter(|delivery| delivery["delivered"] != true);
            wrong.extend(missing.map(|delivery| format!("{} did not get it", delivery["target"])));
            let removed = document.get("removed").and_then(Value::as_array).into_iter().flatten();
            let back = removed.filter_map(Value::as_str).filter(|id| state.live(id).is_some());
            wrong.extend(back.map(|id| format!("{id} is told to be removed, and works")));
        }
        if after == Stage::Disturbed && NOTHING_CHANGED.contains(&outcome) {
            if self.is_declared && state.live_ids() != self.before {
                wrong.push(format!(
                    "the service accepts {}, and accepted {}",
                    state.live_ids().join(", "),
                    self.before.join(", ")
                ));
            }
            let record = state.records.iter().find(|record| record.uid == self.world.target);
            if record.map(|record| &record.json) != self.record.as_ref() {
                wrong.push("the record has changed".to_owned());
            }
        }
        if after == Stage::Next && self.is_declared && self.undisturbed == "rotated" && outcome != "rotated" {
            let error = document.pointer("/error/message").and_then(Value::as_str).unwrap_or_default();
            wrong.push(format!("with which nothing interferes, it must be `rotated` ({error})"));
        }
        wrong.into_iter().map(|wrong| format!("3. it is told as `{outcome}`, but {wrong}")).collect()
    }

    /// 4: no secret stands where none may.
    fn no_secret_shows(&self, played: &Played) -> Vec<String> {
        let places = [
            ("the outcome document", played.document.to_string()),
            ("the log", played.log.join("\n")),
            ("the journal", self.world.journal_text()),
        ];
        places
            .into_iter()
            .filter(|(_, text)| self.world.finds_secret_in(text))
            .map(|(place, _)| format!("4. a secret stands in {place}"))
            .collect()
    }
}

fn entries<'s>(state: &'s State, id: &'s str) -> impl Iterator<Item = &'s Entry> {
    state.journal.iter().filter(move |(of, _)| of == id).map(|(_, entry)| entry)
}

/// Whether the journal of an open rotation tells of a credential: by its id, its name, or, where it
/// has none of ours, because something was tried.
fn knows(open: &OpenRotation, made: &Credential) -> bool {
    open.entries.iter().any(|entry| match entry {
        Entry::Made { handle, .. } => *handle == made.id,
        Entry::Try { marker, .. } => made.name == *marker || !made.name.starts_with("pamrun-"),
        _ => false,
    })
}

/// The credentials that the service accepts, and whose values a record holds; what is pending only
/// where that counts too.
pub(super) fn holding<'s>(state: &'s State, record: &Record, is_settled: bool) -> Vec<&'s Credential> {
    let mut texts = Vec::new();
    for field in record.fields().filter(|field| !is_settled || field.label != "pamrun_pending") {
        field.values.iter().for_each(|value| collect(value, &mut texts));
    }
    let live = state.credentials.iter().filter(|known| known.is_alive() && !known.secret.is_empty());
    live.filter(|known| texts.contains(&known.secret)).collect()
}

/// Collects the texts in JSON, and in JSON that stands in texts.
fn collect(json: &Value, texts: &mut Vec<String>) {
    match json {
        Value::String(text) => {
            if let Ok(inner @ Value::Object(_)) = serde_json::from_str(text) {
                collect(&inner, texts);
            }
            texts.push(text.clone());
        }
        Value::Array(list) => list.iter().for_each(|item| collect(item, texts)),
        Value::Object(map) => map.values().for_each(|item| collect(item, texts)),
        _ => {}
    }
}
