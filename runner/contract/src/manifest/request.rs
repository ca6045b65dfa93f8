//! One request, and what requests share.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::listed::one_or_list;
use super::{Auth, Effect, Json, Method, Named, Parameter};
use crate::answer::{Alternative, FreshFor, Kept, Lists, Output, Pending, Place};
use crate::sign::Signer;
use crate::template::Template;

/// A request, whole.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What it does at the service. It says in which steps it may be sent.
    #[schemars(example = &"creates")]
    pub effect: Effect,
    /// The name under which its answer is referred to, where it is not its own; several requests may fill one.
    #[serde(rename = "as", default)]
    #[schemars(example = &"app")]
    pub answers_as: Option<String>,
    /// What it shares with others: the name of a `[common.NAME]`. What it says itself goes before.
    #[serde(default)]
    #[schemars(example = &"admin")]
    pub common: Option<String>,
    /// The method. Where there is a body it is POST unless it is said.
    #[serde(default)]
    #[schemars(example = &"GET")]
    pub method: Option<Method>,
    /// Where it goes to. Scheme and host are literal, or those of one setting; a value fills a segment of the path, a
    /// part of one, or a value of the query.
    #[schemars(example = &"https://{setting.api}/v1/accounts/{target.account}/keys?limit=100")]
    pub url: Template,
    /// Pairs of the query, besides those of the URL; one whose optional value is missing is left out.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "name": "{target.name}" }))]
    pub query: Named<Template>,
    /// A body that is a form; a pair whose optional value is missing is left out.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "Action": "CreateAccessKey", "UserName": "{target.user}" }))]
    pub form: Option<Named<Template>>,
    /// A body that is JSON. A text that is exactly one reference takes the type of its value; a member whose optional
    /// value is missing is left out; a key may be one `{setting.KEY}`.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "name": "{marker}", "expires_days": "{setting.expiry_days}" }))]
    pub json: Option<Json>,
    /// A body that is XML. Values stand in texts and attributes, escaped.
    #[serde(default)]
    #[schemars(example = &"<user name=\"{target.user}\"><password>{proposed}</password></user>")]
    pub xml: Option<Template>,
    /// The body's `Content-Type`, where it is not plainly that of a form, JSON or XML.
    #[serde(default)]
    #[schemars(example = &"application/vnd.api+json")]
    pub content_type: Option<String>,
    /// Headers of its own; none that routes, frames, or says another method.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "X-Request-Id": "{rotation_id}" }))]
    pub headers: Named<Template>,
    /// How it says who sends it: one way, or a list, of which the first counts whose values are all there.
    #[serde(default, deserialize_with = "one_or_list")]
    #[schemars(example = serde_json::json!({ "bearer": "{token.access_token}" }))]
    #[schemars(with = "OneOrList<Auth>")]
    pub auth: Vec<Auth>,
    /// How it is signed, instead of `auth`.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "aws-sigv4": { "key_id": "{admin.key_id}", "secret": "{admin.secret_key}", "service": "iam", "region": "us-east-1" } }))]
    pub sign: Option<Signer<Template>>,
    /// What the plugin fills in, by name: all else of a request is the manifest's.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "key": "credential", "ends": "time" }))]
    pub params: Named<Parameter>,
    /// What a read must show for it to be sent, by reference: the host reads it just before. A text, or a list of
    /// literals; what is missing is `""`.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "user.second_key": "{key}" }))]
    pub only_if: Named<Allowed>,
    /// Which answers mean that it was done: any of these. Looked at before `rejects`.
    #[serde(default)]
    #[schemars(example = ["2xx /access_token"])]
    pub success: Option<Vec<Alternative>>,
    /// Which answers mean that it was not done: any of these.
    #[serde(default)]
    #[schemars(example = ["4xx", "500 /code=NotDone"])]
    pub rejects: Option<Vec<Alternative>>,
    /// What the plugin sees of a success, by name; references, too.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "name": { "at": "/displayName", "type": "text", "optional": true } }))]
    pub outputs: Named<Output>,
    /// What the host keeps of a success, by name: the plugin never sees it, and references may use it.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "access_token": "/access_token" }))]
    pub secrets: Named<Kept>,
    /// The id of what it created: a place in the answer, or a text with references that is made before it is sent.
    /// It is journaled before the plugin sees it.
    #[serde(default)]
    #[schemars(example = &"/keyId")]
    pub id: Option<Id>,
    /// Where a success shows the target's credentials, all of them. Such a request takes no parameters.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "each": "/keys", "id": "/id", "label": "/name", "expires": "/expires" }))]
    pub lists: Option<Lists>,
    /// What the plugin sees of an answer that is no success, by name; each may be missing.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "code": "/error/code", "message": { "at": "/error/message", "type": "text" } }))]
    pub errors: Named<Output>,
    /// For how many seconds its answer may be referred to: a place in it, or a number. Without it, and with 0, to the end
    /// of the run.
    #[serde(default)]
    #[schemars(example = &"/expires_in")]
    pub fresh_for: Option<FreshFor>,
    /// What says that it is not over yet, and the request by which the host asks until it is.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "status": "202", "request": "operation", "with": { "handle": "/id" } }))]
    pub pending: Option<Pending>,
}

/// What requests share.
#[derive(Debug, Clone, PartialEq, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// How they say who sends them.
    #[serde(default, deserialize_with = "one_or_list")]
    #[schemars(example = serde_json::json!([{ "basic": ["", "{pat.token}"] }, { "bearer": "{token.access_token}" }]))]
    #[schemars(with = "OneOrList<Auth>")]
    pub auth: Vec<Auth>,
    /// How they are signed, instead of `auth`.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "aws-sigv4": { "key_id": "{admin.key_id}", "secret": "{admin.secret_key}", "service": "iam", "region": "us-east-1" } }))]
    pub sign: Option<Signer<Template>>,
    /// Their headers; a request's own go before.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "X-Request-Id": "{rotation_id}" }))]
    pub headers: Named<Template>,
    /// Which answers mean that it was done: any of these. Looked at before `rejects`.
    #[serde(default)]
    #[schemars(example = ["2xx /access_token"])]
    pub success: Option<Vec<Alternative>>,
    /// Which answers mean that it was not done: any of these.
    #[serde(default)]
    #[schemars(example = ["4xx", "500 /code=NotDone"])]
    pub rejects: Option<Vec<Alternative>>,
    /// What the plugin sees of an answer that is no success, by name; each may be missing.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "code": "/error/code", "message": { "at": "/error/message", "type": "text" } }))]
    pub errors: Named<Output>,
}

/// The id of what a request created: taken from the answer, or made before it is sent.
#[derive(Debug, Clone, PartialEq)]
pub enum Id {
    /// Where it stands in the answer.
    Taken(Place),
    /// What it is made of.
    Made(Template),
}

/// What a value may be for a request to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// The value of a reference, or a text.
    Equal(Template),
    /// One of these texts; what is missing is the empty one.
    OneOf(Vec<String>),
}

/// One, or a list of them.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum OneOrList<T> {
    One(T),
    List(Vec<T>),
}

impl Request {
    /// The name under which its answer is referred to.
    #[must_use]
    pub fn answers_as<'a>(&'a self, own: &'a str) -> &'a str {
        self.answers_as.as_deref().unwrap_or(own)
    }

    /// Whether a body goes with it.
    #[must_use]
    pub fn has_body(&self) -> bool {
        self.form.is_some() || self.json.is_some() || self.xml.is_some()
    }

    /// The method that it is sent with; none where it would have to be said.
    #[must_use]
    pub fn method(&self) -> Option<Method> {
        self.method.or_else(|| self.has_body().then_some(Method::Post))
    }

    /// The parameters that are ids of credentials.
    pub fn credentials(&self) -> impl Iterator<Item = &str> {
        self.params
            .iter()
            .filter(|(_, parameter)| **parameter == Parameter::Credential)
            .map(|(name, _)| name.as_str())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let is_place = text.starts_with('/') || ["xml:", "header:"].iter().any(|kind| text.starts_with(kind));
        if is_place {
            return text.parse().map(Self::Taken).map_err(de::Error::custom);
        }
        text.parse().map(Self::Made).map_err(de::Error::custom)
    }
}

impl JsonSchema for Id {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Id".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "description": "A place in the answer, or a text with references that is made before the request is sent." })
    }
}

impl<'de> Deserialize<'de> for Allowed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Form;

        impl<'de> Visitor<'de> for Form {
            type Value = Allowed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text such as \"{key}\", or a list of texts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Allowed, E> {
                text.parse().map(Allowed::Equal).map_err(E::custom)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, list: A) -> Result<Allowed, A::Error> {
                Vec::deserialize(de::value::SeqAccessDeserializer::new(list)).map(Allowed::OneOf)
            }
        }

        deserializer.deserialize_any(Form)
    }
}

impl JsonSchema for Allowed {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Allowed".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
    }
}
