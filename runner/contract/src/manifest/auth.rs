//! How a request says who sends it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::template::Template;

/// One way to authorize a request.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Auth {
    /// `Authorization: Bearer …`.
    #[schemars(example = serde_json::json!({ "bearer": "{token.access_token}" }))]
    Bearer(Template),
    /// `Authorization: Basic …`, of a user and a password.
    #[schemars(example = serde_json::json!({ "basic": ["{admin.user}", "{admin.password}"] }))]
    Basic(Template, Template),
    /// The whole of `Authorization`.
    #[schemars(example = serde_json::json!({ "authorization": "SSWS {admin.token}" }))]
    Authorization(Template),
}

impl Auth {
    /// The templates that it is made of, each with its key.
    pub fn templates(&self) -> impl Iterator<Item = (&'static [&'static str], &Template)> {
        let (first, second): ((&'static [&'static str], _), Option<(&'static [&'static str], _)>) = match self
        {
            Self::Bearer(token) => ((&["bearer"], token), None),
            Self::Basic(user, password) => ((&["basic", "0"], user), Some((&["basic", "1"], password))),
            Self::Authorization(whole) => ((&["authorization"], whole), None),
        };
        std::iter::once(first).chain(second)
    }
}
