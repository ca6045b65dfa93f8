//! What a plugin says of itself.
//!
//! A builder, not a JSON file: the names of fields and settings can then be the same constants
//! that the plugin's logic reads them by.

use serde::Serialize;
use serde_json::Value;

use crate::setting::SettingSchema;
use crate::{Place, Role};

/// How old and new values relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// Both are valid for a while.
    Overlap,
    /// One value is replaced.
    InPlace,
    /// Nothing is rotated; a value is handed to a consumer.
    Deliver,
}

/// A step of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Looks, and changes nothing.
    Preflight,
    /// Makes the new credential.
    Rotate,
    /// Proves it.
    Verify,
    /// Removes what it replaces.
    Commit,
    /// Removes it again.
    Rollback,
}

/// A kind of record that a plugin wants to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecordAsk {
    role: Role,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    has: Vec<String>,
    fields: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    plain: Vec<String>,
}

impl RecordAsk {
    fn new<S: Into<String>>(role: Role, fields: impl IntoIterator<Item = S>) -> Self {
        Self { role, has: Vec::new(), fields: strings(fields), plain: Vec::new() }
    }

    /// These fields of the record that is rotated: by label, or by type where there is no label.
    pub fn target<S: Into<String>>(fields: impl IntoIterator<Item = S>) -> Self {
        Self::new(Role::Target, fields)
    }

    /// These fields of records that are attached to the script.
    pub fn attached<S: Into<String>>(fields: impl IntoIterator<Item = S>) -> Self {
        Self::new(Role::Attached, fields)
    }

    /// These fields of the PAM configuration.
    pub fn provider<S: Into<String>>(fields: impl IntoIterator<Item = S>) -> Self {
        Self::new(Role::Provider, fields)
    }

    /// Only records that have all these fields are meant.
    #[must_use]
    pub fn having<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.has = strings(fields);
        self
    }

    /// These of the fields are no secrets, even where only the gateway's params know them.
    #[must_use]
    pub fn plain<S: Into<String>>(mut self, fields: impl IntoIterator<Item = S>) -> Self {
        self.plain = strings(fields);
        self
    }
}

/// A field of the target record that a plugin may update.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Returned {
    label: String,
    place: Place,
    #[serde(rename = "type")]
    kind: String,
}

/// A kind of request that a plugin sends; in all steps, unless it says otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RequestRule {
    steps: Vec<Value>,
    method: &'static str,
    host: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    removes: Option<String>,
}

impl RequestRule {
    fn new(method: &'static str, host: &str, path: &str) -> Self {
        let steps = vec![Value::from("all")];
        Self { steps, method, host: host.to_owned(), path: path.to_owned(), removes: None }
    }

    /// Reads `path` of `host`. The host may be `{setting:KEY}`; `*` in the path is one segment, or
    /// a part of one within parentheses: `/applications(appId='*')`.
    #[must_use]
    pub fn get(host: &str, path: &str) -> Self {
        Self::new("GET", host, path)
    }

    /// Posts to `path` of `host`.
    #[must_use]
    pub fn post(host: &str, path: &str) -> Self {
        Self::new("POST", host, path)
    }

    /// Puts to `path` of `host`.
    #[must_use]
    pub fn put(host: &str, path: &str) -> Self {
        Self::new("PUT", host, path)
    }

    /// Patches `path` of `host`.
    #[must_use]
    pub fn patch(host: &str, path: &str) -> Self {
        Self::new("PATCH", host, path)
    }

    /// Deletes `path` of `host`.
    #[must_use]
    pub fn delete(host: &str, path: &str) -> Self {
        Self::new("DELETE", host, path)
    }

    /// It is sent in these steps only.
    #[must_use]
    pub fn during(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.steps = steps.into_iter().filter_map(|step| serde_json::to_value(step).ok()).collect();
        self
    }

    /// It removes a credential, whose id stands at `place`: a JSON pointer into the body, or `{id}`
    /// where the path has `{id}`. The host grants it for the ids of the moment only.
    #[must_use]
    pub fn removing(mut self, place: &str) -> Self {
        self.removes = Some(place.to_owned());
        self
    }
}

/// What a plugin says of itself: its name, what it wants to see, and what it wants to send.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Manifest {
    name: String,
    version: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    strategy: Strategy,
    records: Vec<RecordAsk>,
    returns: Vec<Returned>,
    pub(crate) settings: Vec<SettingSchema>,
    hosts: Vec<String>,
    requests: Vec<RequestRule>,
}

impl Manifest {
    /// Begins a manifest. `version` is usually `env!("CARGO_PKG_VERSION")`.
    #[must_use]
    pub fn new(name: &str, version: &str, strategy: Strategy) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            description: String::new(),
            strategy,
            records: Vec::new(),
            returns: Vec::new(),
            settings: Vec::new(),
            hosts: Vec::new(),
            requests: Vec::new(),
        }
    }

    /// Says in one sentence what the plugin does.
    #[must_use]
    pub fn description(mut self, text: &str) -> Self {
        text.clone_into(&mut self.description);
        self
    }

    /// Asks for records; they come in the order of asking.
    #[must_use]
    pub fn record(mut self, ask: RecordAsk) -> Self {
        self.records.push(ask);
        self
    }

    /// Names a field of the target record that the plugin updates.
    #[must_use]
    pub fn returns(mut self, place: Place, label: &str, kind: &str) -> Self {
        self.returns.push(Returned { label: label.to_owned(), place, kind: kind.to_owned() });
        self
    }

    /// Adds a setting.
    #[must_use]
    pub fn setting(mut self, schema: SettingSchema) -> Self {
        self.settings.push(schema);
        self
    }

    /// Asks for a kind of request, and with it for its host.
    #[must_use]
    pub fn request(mut self, rule: RequestRule) -> Self {
        let host = format!("https://{}", rule.host);
        if !self.hosts.contains(&host) {
            self.hosts.push(host);
        }
        self.requests.push(rule);
        self
    }

    /// The manifest as JSON text, as the host reads it.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn strings<S: Into<String>>(items: impl IntoIterator<Item = S>) -> Vec<String> {
    items.into_iter().map(Into::into).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_json_is_what_a_host_reads() {
        let manifest = Manifest::new("keys", "1.2.3", Strategy::InPlace)
            .record(RecordAsk::target(["key"]))
            .record(RecordAsk::attached(["id", "key"]).having(["id"]).plain(["id"]))
            .returns(Place::Custom, "key", "secret")
            .setting(
                SettingSchema::choice("mode", ["a", "b"], "How.").label("Mode").aliases(["M"]).default("a"),
            )
            .setting(SettingSchema::flag("deep", "Whether.").required())
            .setting(SettingSchema::explained_choice("old", [("keep", "It stays.")], "What becomes of it."))
            .setting(SettingSchema::int("days", "How long.").min(1).max(730))
            .setting(SettingSchema::duration("pause", "How long to wait.").max("5m").default("2s"))
            .request(RequestRule::get("{setting:host}", "/keys"))
            .request(
                RequestRule::delete("{setting:host}", "/keys/{id}").during([Step::Commit]).removing("{id}"),
            );
        let read: Value = serde_json::from_str(&manifest.to_json()).unwrap();
        assert_eq!(
            read,
            json!({
                "name": "keys", "version": "1.2.3", "strategy": "in-place",
                "records": [
                    {"role": "target", "fields": ["key"]},
                    {"role": "attached", "has": ["id"], "fields": ["id", "key"], "plain": ["id"]},
                ],
                "returns": [{"label": "key", "place": "custom", "type": "secret"}],
                "settings": [
                    {"key": "mode", "label": "Mode", "aliases": ["M"], "type": "enum", "default": "a",
                     "values": ["a", "b"], "description": "How."},
                    {"key": "deep", "type": "bool", "required": true, "description": "Whether."},
                    {"key": "old", "type": "enum", "values": [{"value": "keep", "description": "It stays."}],
                     "description": "What becomes of it."},
                    {"key": "days", "type": "int", "min": 1, "max": 730, "description": "How long."},
                    {"key": "pause", "type": "duration", "default": "2s", "max": "5m",
                     "description": "How long to wait."},
                ],
                "hosts": ["https://{setting:host}"],
                "requests": [
                    {"steps": ["all"], "method": "GET", "host": "{setting:host}", "path": "/keys"},
                    {"steps": ["commit"], "method": "DELETE", "host": "{setting:host}", "path": "/keys/{id}",
                     "removes": "{id}"},
                ],
            })
        );
    }
}
