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

/// A request, whole: nothing else can leave.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What it does at the service.
    pub effect: Effect,
    /// The name under which its answer is referred to, where it is not its own.
    #[serde(rename = "as", default)]
    pub answers_as: Option<String>,
    /// What it shares with others.
    #[serde(default)]
    pub common: Option<String>,
    /// The method; POST where there is a body and none is said.
    #[serde(default)]
    pub method: Option<Method>,
    /// Where it goes to.
    pub url: Template,
    /// Pairs of the query, besides those of the URL.
    #[serde(default)]
    pub query: Named<Template>,
    /// A body that is a form.
    #[serde(default)]
    pub form: Option<Named<Template>>,
    /// A body that is JSON.
    #[serde(default)]
    pub json: Option<Json>,
    /// A body that is XML.
    #[serde(default)]
    pub xml: Option<Template>,
    /// What the body is, where it is not plainly a form, JSON or XML.
    #[serde(default)]
    pub content_type: Option<String>,
    /// Headers of its own.
    #[serde(default)]
    pub headers: Named<Template>,
    /// How it says who sends it; of several ways the first whose inputs are complete.
    #[serde(default, deserialize_with = "one_or_list")]
    #[schemars(with = "OneOrList<Auth>")]
    pub auth: Vec<Auth>,
    /// How it is signed.
    #[serde(default)]
    pub sign: Option<Signer<Template>>,
    /// What the plugin fills in.
    #[serde(default)]
    pub params: Named<Parameter>,
    /// It is sent only while an answer holds this, which the host reads just before.
    #[serde(default)]
    pub only_if: Named<Allowed>,
    /// Which answers mean that it was done.
    #[serde(default)]
    pub success: Option<Vec<Alternative>>,
    /// Which answers mean that it was not done.
    #[serde(default)]
    pub rejects: Option<Vec<Alternative>>,
    /// What the plugin sees of an answer.
    #[serde(default)]
    pub outputs: Named<Output>,
    /// What the host keeps of an answer.
    #[serde(default)]
    pub secrets: Named<Kept>,
    /// The id of what it created.
    #[serde(default)]
    pub id: Option<Id>,
    /// The target's credentials in an answer.
    #[serde(default)]
    pub lists: Option<Lists>,
    /// What the plugin sees of a rejection.
    #[serde(default)]
    pub errors: Named<Output>,
    /// For how many seconds its answer stays fresh.
    #[serde(default)]
    pub fresh_for: Option<FreshFor>,
    /// How it goes on where the answer is not over yet.
    #[serde(default)]
    pub pending: Option<Pending>,
}

/// What requests share.
#[derive(Debug, Clone, PartialEq, Default, serde::Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// How they say who sends them.
    #[serde(default, deserialize_with = "one_or_list")]
    #[schemars(with = "OneOrList<Auth>")]
    pub auth: Vec<Auth>,
    /// How they are signed.
    #[serde(default)]
    pub sign: Option<Signer<Template>>,
    /// Their headers; a request's own go before.
    #[serde(default)]
    pub headers: Named<Template>,
    /// Which answers mean that it was done.
    #[serde(default)]
    pub success: Option<Vec<Alternative>>,
    /// Which answers mean that it was not done.
    #[serde(default)]
    pub rejects: Option<Vec<Alternative>>,
    /// What the plugin sees of a rejection.
    #[serde(default)]
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

/// For the schema: one, or a list of them.
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
