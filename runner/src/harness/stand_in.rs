//! Stands in for the plugin that rotates, where a case is about one that only delivers: an `overlap`
//! rotation of a credential of its own, made of the values that the case lists under `[new]`.

use std::sync::Arc;

use serde_json::{Value, json};

use super::case::{CredentialEntry, RecordRole, Setting};
use super::records::field;
use super::template::{expand, expand_json};
use super::world::{Credential, Fate, Scope, World};
use crate::model::{
    self, BuiltIn, Failure, FailureKind, Listed, Place, Plan, Proof, Removed, ReturnedField, Strategy,
    Undone, Update,
};
use crate::rotation::{Call, Change, Plugin, StepError, StepResult, Trace, marker_stem};
use crate::secret::Secret;

/// Its name.
const NAME: &str = "stand-in";
/// What becomes the id of the new credential.
const ID: &str = "{made:id}";
/// The credential that the record holds before.
const OLD: &str = "old";
const OLD_SECRET: &str = "{secret:old}";

impl Setting {
    /// The same with what stands in: what is delivered is complete, and where the case does not say
    /// otherwise, the record holds the credential that is replaced.
    #[must_use]
    pub fn with_stand_in(&self) -> Self {
        let mut setting = self.clone();
        if setting.new.is_empty() {
            setting.new.insert("secret".to_owned(), json!("{secret:new}"));
        }
        if !setting.new.values().any(is_id) {
            setting.new.insert("id".to_owned(), json!(ID));
        }
        if setting.credentials.is_empty() {
            let text = str::to_owned;
            let old = CredentialEntry { id: text(OLD), name: text("by hand"), secret: text(OLD_SECRET) };
            setting.credentials.push(old);
        }
        let target = setting.records.iter_mut().find(|record| record.role == RecordRole::Target);
        if let Some(target) = target {
            for (label, value) in &setting.new {
                let old = if is_id(value) { OLD } else { OLD_SECRET };
                if (is_id(value) || holds_secret(value)) && !target.fields.contains_key(label) {
                    target.fields.insert(label.clone(), with_value(value, old));
                }
            }
        }
        setting
    }
}

fn is_id(value: &Value) -> bool {
    value == ID || value.get("value").is_some_and(|value| value == ID)
}

fn holds_secret(value: &Value) -> bool {
    value.to_string().contains("{secret:")
}

/// A field as it is written in a case, with another value.
fn with_value(field: &Value, value: &str) -> Value {
    let mut changed = field.clone();
    match changed.get_mut("value") {
        Some(inner) => *inner = value.into(),
        None => changed = value.into(),
    }
    changed
}

/// A plugin without a service: its credentials are those of the case.
pub struct StandIn {
    world: Arc<World>,
    fields: Vec<NewField>,
}

/// A field of the record that gets a new value.
struct NewField {
    label: String,
    place: Place,
    kind: String,
    /// Texts with places in them.
    values: Value,
}

impl StandIn {
    /// Makes it for a world whose setting is [`Setting::with_stand_in`].
    ///
    /// # Errors
    /// What is wrong with a field under `[new]`.
    pub fn new(world: &Arc<World>) -> Result<Self, String> {
        let new_field = |(label, value): (&String, &Value)| {
            let (place, field) =
                field(label, value).map_err(|error| format!("`{label}` under [new]: {error}"))?;
            Ok(NewField {
                label: label.clone(),
                place: if place == "fields" { Place::Standard } else { Place::Custom },
                kind: field.get("type").and_then(Value::as_str).unwrap_or_default().to_owned(),
                values: field.get("value").cloned().unwrap_or_default(),
            })
        };
        let fields = world.setting.new.iter().map(new_field).collect::<Result<_, String>>()?;
        Ok(Self { world: Arc::clone(world), fields })
    }

    /// What it says of itself.
    #[must_use]
    pub fn built_in(&self) -> BuiltIn {
        let returned = |field: &NewField| ReturnedField {
            label: field.label.clone(),
            place: field.place,
            kind: field.kind.clone(),
        };
        let returns = self.fields.iter().map(returned).collect();
        BuiltIn { name: NAME, strategy: Strategy::Overlap, returns, settings: Vec::new() }
    }

    /// What is replaced is what the record holds, or held.
    fn look(&self) -> Plan {
        let state = self.world.state();
        let replaced = state.credentials.iter().filter(|known| known.is_alive() && known.was_held);
        let listed =
            |known: &Credential| Listed { id: known.id.clone(), label: known.name.clone(), expires: None };
        Plan {
            target: NAME.to_owned(),
            creates: "a new credential".to_owned(),
            removes: replaced.map(listed).collect(),
            ..Plan::default()
        }
    }

    fn make(&self, marker: &str) -> Result<model::Credential, String> {
        let world = &*self.world;
        let mut state = world.state();
        let secret = self.fields.iter().filter(|field| holds_secret(&field.values));
        let secret = secret.filter_map(|field| field.values.get(0)).find_map(Value::as_str);
        let count = state.credentials.iter().filter(|known| known.is_made).count() + 1;
        let entry = CredentialEntry {
            id: format!("new-{count}"),
            name: marker.to_owned(),
            secret: secret.unwrap_or_default().to_owned(),
        };
        world.renew(&entry);
        let made = Credential::of(&entry, &Scope::of(world, &state))?;
        world.add_made(&mut state, made);
        let scope = Scope::of(world, &state);
        let update = |field: &NewField| {
            let values = expand_json(&field.values, &scope)?;
            let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let values = values.as_array().into_iter().flatten().map(|value| Secret::new(text(value)));
            Ok(Update {
                label: field.label.clone(),
                place: field.place,
                kind: field.kind.clone(),
                values: values.collect(),
            })
        };
        let updates = self.fields.iter().map(update).collect::<Result<_, String>>()?;
        Ok(model::Credential { handle: expand(ID, &scope)?, updates, expires: None })
    }

    fn remove(&self, is_meant: impl Fn(&Credential) -> bool) -> Vec<String> {
        let mut state = self.world.state();
        let meant = state.credentials.iter_mut().filter(|known| known.is_alive() && is_meant(known));
        meant
            .map(|known| {
                known.end(Fate::Removed);
                known.id.clone()
            })
            .collect()
    }
}

fn told<T>(change: Change, result: Result<T, StepError>) -> StepResult<T> {
    StepResult { result, trace: Trace { change, ..Trace::default() } }
}

#[async_trait::async_trait(?Send)]
impl Plugin for StandIn {
    async fn preflight(&mut self, _: Call<'_>) -> StepResult<Plan> {
        told(Change::None, Ok(self.look()))
    }

    async fn rotate(&mut self, call: Call<'_>, _: &Plan) -> StepResult<model::Credential> {
        let made = self.make(&call.request.marker).map_err(|message| {
            let code = "case-malformed".to_owned();
            let message = format!("under [new]: {message}");
            StepError::Failure(Failure { kind: FailureKind::Invalid, code, message, fix: None })
        });
        told(Change::Possible, made)
    }

    async fn verify(&mut self, _: Call<'_>, _: &Plan, _: &model::Credential) -> StepResult<Proof> {
        told(Change::None, Ok(Proof::Verified))
    }

    async fn commit(&mut self, _: Call<'_>, plan: &Plan, _: &str) -> StepResult<Vec<Removed>> {
        self.remove(|known| plan.removes.iter().any(|listed| listed.id == known.id));
        let removed = plan.removes.iter().map(|listed| Removed { id: listed.id.clone(), gone: true });
        told(Change::Possible, Ok(removed.collect()))
    }

    async fn rollback(&mut self, call: Call<'_>, _: &Plan, handle: Option<&str>) -> StepResult<Undone> {
        let stem = marker_stem(&self.world.target, &call.request.rotation_id);
        let removed = self.remove(|known| known.name.starts_with(&stem) || Some(known.id.as_str()) == handle);
        told(Change::Possible, Ok(Undone { seen: removed.clone(), gone: removed }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(new: &Value, target: &Value) -> Setting {
        Setting {
            new: new.as_object().unwrap().clone(),
            records: vec![serde_json::from_value(target.clone()).unwrap()],
            ..Setting::default()
        }
        .with_stand_in()
    }

    #[test]
    fn the_record_holds_an_old_value_for_each_secret_and_the_id() {
        let new = json!({
            "password": {"value": "{secret:new}", "type": "password"},
            "key_id": "{made:id}",
            "expires": "{now+90d}",
        });
        let setting = setting(&new, &json!({"role": "target"}));
        let fields = json!({"password": {"value": "{secret:old}", "type": "password"}, "key_id": "old"});
        assert_eq!(Value::Object(setting.records[0].fields.clone()), fields);
        assert_eq!((setting.credentials[0].id.as_str(), setting.new.len()), ("old", 3));
    }

    #[test]
    fn a_case_need_not_say_what_is_delivered() {
        let setting = setting(&json!({}), &json!({"role": "target"}));
        assert_eq!(Value::Object(setting.new), json!({"secret": "{secret:new}", "id": "{made:id}"}));
    }

    #[test]
    fn what_the_case_says_of_the_record_counts() {
        let target = json!({"role": "target", "secret": "{secret:theirs}", "id": "k1"});
        let setting = setting(&json!({}), &target);
        assert_eq!(setting.records[0].fields["secret"], "{secret:theirs}");
        assert_eq!(setting.records[0].fields["id"], "k1");
    }
}
